package tests

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const root = "github.com/magpie-integration/magpie/"

// pkg is what `go list -json` says of a package.
type pkg struct {
	ImportPath               string
	Dir                      string
	Imports                  []string
	TestImports              []string
	XTestImports             []string
	Doc                      string
	GoFiles                  []string
	IgnoredGoFiles, CgoFiles []string
}

// list gives the packages of a module.
func list(t *testing.T, module string) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Imports,TestImports,XTestImports,Doc,GoFiles", "./...")
	cmd.Dir = filepath.Join("..", module)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list in %s: %v", module, err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// TestDependenciesPointOneWay is the layer rule: events ← libs ← services ←
// tests, and no service imports another; they meet in events. Only the command
// composes them.
func TestDependenciesPointOneWay(t *testing.T) {
	allowed := map[string][]string{
		"events":   {"events"},
		"libs":     {"events", "libs"},
		"services": {"events", "libs", "services"},
	}
	for module, layers := range allowed {
		for _, p := range list(t, module) {
			for _, imported := range append(p.Imports, append(p.TestImports, p.XTestImports...)...) {
				rest, ours := strings.CutPrefix(imported, root)
				if !ours {
					continue
				}
				layer, _, _ := strings.Cut(rest, "/")
				if !contains(layers, layer) {
					t.Errorf("%s imports %s: %s may import only %s", p.ImportPath, imported, module, strings.Join(layers, ", "))
				}
				if layer == "services" {
					checkService(t, p.ImportPath, imported)
				}
			}
		}
	}
}

func checkService(t *testing.T, importer, imported string) {
	t.Helper()
	from, to := service(importer), service(imported)
	if from == to || from == "cmd" {
		return
	}
	t.Errorf("%s imports %s: a service never imports another; they meet in events", importer, imported)
}

// service is the folder under services that a package belongs to.
func service(path string) string {
	rest := strings.TrimPrefix(path, root+"services/")
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// TestTheSandboxesKnowNothingOfTheConnectors: both sides are written from the
// systems' contracts, so that a mistake can't hide on both.
func TestTheSandboxesKnowNothingOfTheConnectors(t *testing.T) {
	for _, p := range list(t, "services") {
		if service(p.ImportPath) != "sandbox" {
			continue
		}
		for _, imported := range append(p.Imports, append(p.TestImports, p.XTestImports...)...) {
			if rest, ours := strings.CutPrefix(imported, root); ours && !strings.HasPrefix(rest, "services/sandbox") {
				t.Errorf("%s imports %s: a sandbox imports nothing of Magpie", p.ImportPath, imported)
			}
		}
	}
}

// TestEveryPackageSaysWhatItIs: a stranger reads the package's text first.
func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, module := range []string{"events", "libs", "services", "tests"} {
		for _, p := range list(t, module) {
			if p.Doc == "" && len(p.GoFiles) > 0 {
				t.Errorf("%s has no package documentation", p.ImportPath)
			}
		}
	}
}

// TestEventsImportNoBroker: whoever reads our events in another language, or
// generates types from them, needs no NATS.
func TestEventsImportNoBroker(t *testing.T) {
	for _, p := range list(t, "events") {
		for _, imported := range p.Imports {
			if strings.Contains(imported, "nats-io") {
				t.Errorf("%s imports %s", p.ImportPath, imported)
			}
		}
	}
}

func contains(all []string, s string) bool {
	for _, v := range all {
		if v == s {
			return true
		}
	}
	return false
}
