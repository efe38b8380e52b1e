package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/invopop/jsonschema"

	"github.com/magpie-integration/magpie/libs/flow"
)

// functionsPage lists the functions of expressions.
func functionsPage() (string, error) {
	p := newPage("Functions of expressions",
		"Each example is a test. A call with an absent (null) required argument gives null. What expressions are is told in [mapping](../mapping.md#expressions).")
	group := ""
	for _, f := range flow.Functions {
		if f.Group != group {
			group = f.Group
			p.heading(group)
			p.table("function", "what it gives", "example", "result")
		}
		p.row(code(f.Signature), f.Doc, code(f.Example), code(f.Result))
	}
	return p.String(), nil
}

// shipped are the flows that ship with Magpie, in the order of an order's way.
var shipped = []string{"order-to-gp", "order-status-to-magento", "stock-to-magento"}

// flowsPage lists the settings and tables of the flows that ship.
func flowsPage() (string, error) {
	p := newPage("Flows that ship: settings and tables",
		"A pair sets these under `pairs[].flows`, by the dotted name, and rows of tables under `pairs[].flows.tables`. What the rules make of them is told in [mapping](../mapping.md#the-order-flow).")
	for _, name := range shipped {
		d, err := flow.Template(name)
		if err != nil {
			return "", err
		}
		p.heading(fmt.Sprintf("%s, version %d", d.Flow, d.Version))
		p.text(d.Title + ". " + d.About)
		p.text("Starts from " + code(d.On) + ".")
		p.table("setting", "default", "choices", "what it is")
		for _, s := range d.Settings {
			choices := make([]any, len(s.Choices))
			for i, c := range s.Choices {
				choices[i] = c
			}
			initial := fmt.Sprint(s.Default)
			if initial == "" {
				initial = `""`
			}
			p.row(code(s.Name), code(initial), list(choices), s.About)
		}
		for i, t := range d.Tables {
			if i == 0 { // behind the rows of settings
				p.WriteString("\n")
			}
			p.text(fmt.Sprintf("Table %s. %s", code(t.Name), t.About))
			rows := make([]any, 0, len(t.Rows))
			for _, key := range slices.Sorted(maps.Keys(t.Rows)) {
				rows = append(rows, key)
			}
			if len(rows) == 0 {
				p.text("No rows.")
				continue
			}
			p.text("Rows: " + list(rows) + ".")
		}
	}
	return p.String(), nil
}

// documentsPage lists the fields of the documents that flows write.
func documentsPage() (string, error) {
	p := newPage("Documents that flows write",
		"The targets of `write`, with the column of GP where there is one, and the length that is taken. "+
			"A longer value is refused, never cut. The same as JSON Schema: `events/schemas`.")
	targets := flow.Targets()
	for _, name := range slices.Sorted(maps.Keys(targets)) {
		p.heading(name)
		p.table("field", "kind", "needed", "length", "what it is")
		fields(p, "", targets[name])
	}
	return p.String(), nil
}

func fields(p *page, path string, s *jsonschema.Schema) {
	for property := s.Properties.Oldest(); property != nil; property = property.Next() {
		f := property.Value
		name := property.Key
		if path != "" {
			name = path + "." + name
		}
		needed, length := "", ""
		if slices.Contains(s.Required, property.Key) {
			needed = "yes"
		}
		if f.MaxLength != nil {
			length = fmt.Sprint(*f.MaxLength)
		}
		about := f.Description
		if len(f.Enum) > 0 {
			about += "; one of " + list(f.Enum)
		}
		p.row(code(name), orElse(f.Format, f.Type), needed, length, about)
		switch {
		case f.Type == "object" && f.Properties != nil:
			fields(p, name, f)
		case f.Type == "array" && f.Items != nil && f.Items.Properties != nil:
			fields(p, name+"[]", f.Items)
		}
	}
}
