package flow

import (
	"testing"
)

func TestTemplatesCompile(t *testing.T) {
	for _, name := range TemplateNames() {
		d, err := Template(name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		p, err := Compile(d)
		if err != nil {
			t.Fatalf("%s:\n%v", name, err)
		}
		if len(p.Unknown) > 0 {
			t.Errorf("%s reads fields that no record has: %v", name, p.Unknown)
		}
	}
}
