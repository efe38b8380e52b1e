package config

import (
	_ "embed"
	"fmt"
	"reflect"
)

// Sandbox is the configuration of `magpie up` without a file: one pair of both
// sandboxes on this machine. It is an example too: Load reads it like any file.
//
//go:embed sandbox.yaml
var Sandbox []byte

// Default gives the configuration of [Sandbox], without any environment.
func Default() *Config {
	c, _, err := Load("", nil)
	if err != nil { // a test loads it
		panic(err)
	}
	return c
}

// fileMax bounds the configuration file.
const fileMax = 1 << 20

// Load reads the file at path, lays env ("NAME=value" lines, as of os.Environ)
// over it, resolves references, and checks all of it; see the package's text.
// Without a path it starts from [Sandbox]. Its error is an [*Error] with every
// problem there is.
func Load(path string, env []string) (*Config, []Warning, error) {
	text := Sandbox
	if path != "" {
		var err error
		if text, err = readAtMost(path, fileMax); err != nil {
			return nil, nil, &Error{[]Problem{{
				Value: shown(path), Rule: fmt.Sprintf("can't be read: %v", cause(err)),
				Fix: "give the path of a file that this process may read",
			}}}
		}
		if len(text) > fileMax {
			return nil, nil, &Error{[]Problem{{Value: shown(path), Rule: fmt.Sprintf("is larger than %d KiB", fileMax>>10)}}}
		}
	}
	return load(path, text, environmentOf(env))
}

func load(file string, text []byte, environment map[string]string) (*Config, []Warning, error) {
	r := &report{file: file, places: map[string]place{}}
	root, broken := parse(text)
	if broken != nil {
		r.places[""] = place{line: broken.line}
		r.fail("", "", rule{broken.reason, ""})
		return nil, nil, r.err()
	}
	r.root = root
	overlay{r}.apply(environment)

	var c Config
	d := &decoder{report: r, references: references{environment}}
	d.structure("", reflect.ValueOf(&c).Elem(), root, "")
	c.complete(r)

	v := &validator{report: r}
	v.config(&c)
	if err := r.err(); err != nil {
		return nil, r.warnings, err
	}
	return &c, r.warnings, nil
}

// complete settles what depends on more than one setting: http.tls is for each
// listener, and paths of their own leave no room for the default preset.
func (c *Config) complete(r *report) {
	for _, l := range []*Listener{&c.HTTP.Ingest, &c.HTTP.Console, &c.HTTP.Health} {
		if l.TLS == nil {
			l.TLS = c.HTTP.TLS
		}
	}
	for i := range c.Pairs {
		paths := &c.Pairs[i].GP.Paths
		if _, written := r.places[index("pairs", i)+".gp.paths.preset"]; !written && paths.anyExplicit() {
			paths.Preset = ""
		}
	}
}
