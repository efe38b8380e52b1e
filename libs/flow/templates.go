package flow

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed templates/*.yaml
var templateFiles embed.FS

// Templates holds the flows that ship with Magpie, as <name>.yaml. They are the
// defaults of a pair: it works out of the box.
func Templates() fs.FS {
	sub, err := fs.Sub(templateFiles, "templates")
	if err != nil {
		panic(err) // embedded
	}
	return sub
}

// TemplateNames lists the flows that ship with Magpie.
func TemplateNames() []string {
	files, err := fs.Glob(Templates(), "*.yaml")
	if err != nil {
		panic(err) // the pattern is right
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(f, ".yaml")
	}
	return files
}

// Template gives one of the flows that ship with Magpie.
func Template(name string) (*Document, error) {
	text, err := fs.ReadFile(Templates(), name+".yaml")
	if err != nil {
		return nil, fmt.Errorf("no template %q ships with Magpie: %w", name, err)
	}
	return Parse(name+".yaml", text)
}
