package flow

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"
)

const small = `flow: small
version: 2
title: A small flow
on: io.magpie.magento.order.ended.v1
settings:
  status.name: {default: processing}
let:
  target: outcome.target ?? ""
write:
  - to: magento.order
    key: outcome.source.key
    when:
      - {that: 'target != ""', else: skip}
    fields:
      entityId: outcome.source.id
      incrementId: outcome.source.key
      from: {const: new}
      state: {const: processing}
      status: settings.status.name
      comment: '"Order " + target'
      mark: target
`

// TestProblems changes one thing in a good flow and wants to be told what and where.
func TestProblems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, old, new, want string }{
		{"good", "", "", ""},
		{"unknown key", "title:", "titel:", `small.yaml:3: titel: unknown key "titel"; did you mean title?`},
		{"missing key", "title: A small flow\n", "", `the key "title" is missing`},
		{"duplicate key", "version: 2", "version: 2\nversion: 3", "small.yaml:3: "},
		{"not yaml", "flow: small", "flow: [", "small.yaml:"},
		{"version", "version: 2", "version: two", "small:2: version: a whole number from 1 is wanted"},
		{"anchor", "settings:", "settings: &a", "a mapping of names to values is wanted, not an anchor"},
		{"event", "order.ended.v1", "order.endet.v1", "small:4: on: no flow starts from"},
		{"target", "to: magento.order", "to: magento.odrer", "did you mean magento.order?"},
		{"unknown field", "      mark: target", "      mark: target\n      marc: target", "small:22: write[0].fields.marc: the target has no field \"marc\"; did you mean mark?"},
		{"missing field", "      mark: target\n", "", "write[0].fields.mark: the target needs mark, and no rule makes it"},
		{"type", "mark: target", "mark: 12", "small:21: write[0].fields.mark: mark is a text, and this is a number"},
		{"const", "{const: new}", "{const: 12}", "small:17: write[0].fields.from: the constant doesn't fit"},
		{"two rules", "{const: new}", "{const: new, value: target}", "one of value, const and fields; this one has const and value"},
		{"each alone", "{const: new}", "{value: target, as: x}", "each and as go together"},
		{"no list", "{const: new}", "{each: target, as: x, value: x}", "from is a text, not a list"},
		{"when on required", "{const: new}", "{const: new, when: target == nil}", "is required, so it can't have a when"},
		{"condition", `'target != ""'`, "key", "small:13: write[0].when[0].that: a condition is yes or no"},
		{"else", "else: skip", "else: drop", `"drop" is none of skip, withdraw`},
		{"expression", `'"Order " + target'`, `'"Order " + 12'`, "small:20: write[0].fields.comment: text + a number: text and numbers don't mix; write number(...) or text(...) (column 10 of `\"Order \" + 12`)"},
		{"name", "mark: target", "mark: tarket", "unknown name tarket; did you mean target? (column 1 of `tarket`)"},
		{"setting", "settings.status.name", "settings.status.nam", "the flow has no settings.status.nam; did you mean settings.status.name?"},
		{"related", "mark: target", "mark: related.customer.id", "`with` doesn't ask for it"},
		{"with", "settings:", "with: [customer]\nsettings:", `with: no capture reads "customer" beside the record outcome`},
		{"fields and withdraw", "    fields:", "    withdraw: gone\n    fields:", "small:10: write[0]: a write has either fields or withdraw"},
		{"mark", "key: outcome.source.key", "key: outcome.source.key\n    mark: 12", "small:12: write[0].mark: a mark is a text, and this is a number"},
		{"table", "mark: target", `mark: surcharges(outcome, "fees").misc`, `there is no table "fees"`},
		{"let taken", "target: outcome", "outcome: outcome", "the name outcome is taken already"},
		{"let function", "  target: outcome", "  upper: 1\n  target: outcome", "upper is a function"},
		{"template", "else: skip}", "else: skip, say: 'see ${nobody}'}", "write[0].when[0].say: unknown name nobody"},
		{"open template", "else: skip}", "else: skip, say: 'see ${target'}", "a ${ has no }"},
		{"empty", "mark: target", `mark: ""`, `an empty text is written {const: ""}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(small, c.old, c.new, 1)
			d, err := Parse("small.yaml", []byte(text))
			if err == nil {
				_, err = Compile(d)
			}
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var invalid *InvalidError
			if !errors.As(err, &invalid) {
				t.Fatalf("got %v, want an *InvalidError with %q", err, c.want)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got:\n%v\nwant: %s", err, c.want)
			}
		})
	}
}

func TestUnknownFieldsAreListed(t *testing.T) {
	t.Parallel()
	d, err := Parse("small.yaml", []byte(strings.Replace(small, "mark: target", "mark: outcome.tarket", 1)))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Unknown) != 1 || p.Unknown[0] != "outcome.tarket" {
		t.Errorf("unknown fields are %v", p.Unknown)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	names, err := fs.Glob(Templates(), "*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(Templates(), name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := Parse("fuzz.yaml", text)
		if err != nil {
			var invalid *InvalidError
			if !errors.As(err, &invalid) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		p, err := Compile(d)
		if err != nil {
			return
		}
		_, _ = p.Run(Input{Type: d.On, Record: []byte(`{"state":"new"}`)})
	})
}

func FuzzExpression(f *testing.F) {
	for _, s := range []string{`0.1 + 0.2`, `sum(o.rows, .q * .p)`, `o.list[-1:2]`, `{a: 1}["a"] ?? "x"`, `let x = 1; x < 2 < 3`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		watchdog := time.AfterFunc(5*time.Second, func() { panic(fmt.Sprintf("does not end: %q", source)) })
		v, err := eval(source)
		watchdog.Stop()
		if err == nil {
			onlyOurs(t, source, v)
		}
	})
}
