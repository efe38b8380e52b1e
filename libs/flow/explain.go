package flow

import (
	"encoding/json"
	"slices"
	"sync"
)

// Explanation tells how one value of a target document came to be, or why a
// rule gave none.
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
	// Lookups are the rows of tables that they looked up.
	Lookups []Lookup `json:"lookups,omitempty"`
	// Value is the value as JSON, from the same evaluation that makes the
	// command; null where the rule gave none.
	Value json.RawMessage `json:"value"`
	// LeftOut is the condition (when) that didn't hold, so that the field, or the
	// whole object, was left out.
	LeftOut string `json:"leftOut,omitempty"`
}

// Read is a source value that a rule reads.
type Read struct {
	// Path is the field: order.billing_address.city, settings.prefix, l.sku.
	Path string `json:"path"`
	// Via names the let through which it was read, if one.
	Via   string          `json:"via,omitempty"`
	Value json.RawMessage `json:"value"`
}

// Lookup is a row of a table that a rule looked for.
type Lookup struct {
	Table string `json:"table"`
	Key   string `json:"key"`
	// Row is the row, null where the table has none.
	Row json.RawMessage `json:"row"`
	// From says where the row comes from: flow, configuration or published, with
	// the version of the table; empty where there is no row.
	From    string `json:"from,omitempty"`
	Version int    `json:"version,omitempty"`
	// Via names the let through which it was looked up, if one.
	Via string `json:"via,omitempty"`
}

// tracer notes the rows that expressions look up. A program that has one
// explains; it runs one input at a time.
type tracer struct {
	mu      sync.Mutex
	current *compiled
	seen    map[*compiled][]Lookup
}

// begin says that an expression is evaluated from here on.
func (t *tracer) begin(c *compiled) {
	t.current = c
	delete(t.seen, c)
}

func (t *tracer) saw(table *lookupTable, key string, row any, ok bool) {
	l := Lookup{Table: table.name, Key: key, Row: valueJSON(row)}
	if ok {
		l.From = FromFlow
	}
	if above := table.above[key]; above != nil {
		l.From, l.Version = above.from, above.version
	}
	t.seen[t.current] = append(t.seen[t.current], l)
}

// Explain runs the flow and tells of each value of the documents which rule
// made it of which source values. Its error is that of [Program.Run]; what was
// explained until then comes with it.
func (p *Program) Explain(in Input) ([]Explanation, error) {
	p, err := p.traced()
	if err != nil { // it was compiled before
		return nil, err
	}
	p.tracer.mu.Lock()
	defer p.tracer.mu.Unlock()
	p.tracer.seen = map[*compiled][]Lookup{}
	var all []Explanation
	_, err = p.run(in, func(r *run, w *write, at *place, m *mapping, when *compiled, v any) {
		e := Explanation{Write: w.index, Path: at.path(), Name: m.target.label, Line: m.rule.Line, Value: valueJSON(v)}
		switch {
		case when != nil:
			e.Rule, e.LeftOut = m.value.source(), when.Source
			e.Reads, e.Lookups = r.reads(when)
		case m.rule.Const != nil:
			e.Rule = textOf(m.rule.Const.Value)
		default:
			e.Rule = m.value.Source
			e.Reads, e.Lookups = r.reads(m.value)
		}
		all = append(all, e)
	})
	return all, err
}

func (c *compiled) source() string {
	if c == nil {
		return ""
	}
	return c.Source
}

// reads lists what an expression read and looked up, through its lets too, each once.
func (r *run) reads(c *compiled) (reads []Read, lookups []Lookup) {
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
			if !slices.ContainsFunc(reads, func(o Read) bool { return o.Path == read.Path }) {
				reads = append(reads, read)
			}
		}
		for _, l := range r.program.tracer.seen[c] {
			if !slices.ContainsFunc(lookups, func(o Lookup) bool { return o.Table == l.Table && o.Key == l.Key }) {
				l.Via = via
				lookups = append(lookups, l)
			}
		}
		for _, i := range c.lets {
			if !seenLets[i] && r.done[i] {
				seenLets[i] = true
				walk(r.program.lets[i], r.program.doc.Let[i].Name)
			}
		}
	}
	walk(c, "")
	return reads, lookups
}

func valueJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil { // values are made of what JSON has
		return json.RawMessage("null")
	}
	return b
}
