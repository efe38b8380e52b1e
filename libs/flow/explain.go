package flow

import (
	"encoding/json"
	"slices"
)

// Explanation tells how one value of a target document came to be.
type Explanation struct {
	// Write is the index of the write, Path the field in its document.
	Write int    `json:"write"`
	Path  string `json:"path"`
	// Name is the field in the target's own words: customer.name (CUSTNAME).
	Name string `json:"name"`
	// Rule is the expression, or the constant, that made the value; Line is its place in the flow.
	Rule string `json:"rule"`
	Line int    `json:"line"`
	// Reads are the values that the rule, and the named expressions in it, read.
	Reads []Read `json:"reads,omitempty"`
	// Value is the value as JSON, from the same evaluation that makes the command.
	Value json.RawMessage `json:"value"`
}

// Read is a source value that a rule reads.
type Read struct {
	// Path is the field: order.billing_address.city, settings.prefix, l.sku.
	Path string `json:"path"`
	// Via names the let through which it was read, if one.
	Via   string          `json:"via,omitempty"`
	Value json.RawMessage `json:"value"`
}

// Explain runs the flow and tells of each value of the documents which rule
// made it of which source values. Its error is that of [Program.Run].
func (p *Program) Explain(in Input) ([]Explanation, error) {
	var all []Explanation
	_, err := p.run(in, func(r *run, w *write, at *place, m *mapping, v any) {
		e := Explanation{Write: w.index, Path: at.path(), Name: m.target.label, Line: m.rule.Line, Value: valueJSON(v)}
		if m.rule.Const != nil {
			e.Rule = textOf(m.rule.Const.Value)
		} else {
			e.Rule = m.value.Source
			e.Reads = r.reads(m.value)
		}
		all = append(all, e)
	})
	return all, err
}

// reads lists what an expression read, through its lets too, each once.
func (r *run) reads(c *compiled) []Read {
	var list []Read
	var walk func(c *compiled, via string)
	seenLets := map[int]bool{}
	walk = func(c *compiled, via string) {
		for _, a := range c.reads {
			root, ok := r.env[a.root]
			if !ok { // an element of a loop inside the expression
				continue
			}
			v, err := a.read(root)
			if err != nil {
				continue
			}
			read := Read{Path: a.path(), Via: via, Value: valueJSON(v)}
			if !slices.ContainsFunc(list, func(o Read) bool { return o.Path == read.Path }) {
				list = append(list, read)
			}
		}
		for _, i := range c.lets {
			if !seenLets[i] {
				seenLets[i] = true
				walk(r.program.lets[i], r.program.doc.Let[i].Name)
			}
		}
	}
	walk(c, "")
	return list
}

func valueJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil { // values are made of what JSON has
		return json.RawMessage("null")
	}
	return b
}
