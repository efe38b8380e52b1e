package flow

import (
	"maps"
	"slices"
)

// Option changes how a flow is compiled.
type Option func(*options)

type options struct {
	layers []layer
	tracer *tracer
}

// layer is rows that go over those that a table has so far.
type layer struct {
	table, from string
	version     int
	rows        map[string]any
}

// Where a row of a table comes from.
const (
	FromFlow          = "flow"          // the flow's document
	FromConfiguration = "configuration" // the pair's flows.tables
	FromPublished     = "published"     // rows that were published into the running system
)

// WithTable adds rows to a table of the flow, or replaces rows of the same key:
// a pair's own payment methods. Values are texts, numbers, truth values, or
// records (map[string]any) of them. Of several, the later goes over the earlier.
func WithTable(name string, rows map[string]any) Option {
	return func(o *options) { o.layers = append(o.layers, layer{table: name, from: FromConfiguration, rows: rows}) }
}

// WithPublished is WithTable for a published version of a table's rows; the
// program names the version (see [Program.Tables]).
func WithPublished(name string, version int, rows map[string]any) Option {
	return func(o *options) {
		o.layers = append(o.layers, layer{table: name, from: FromPublished, version: version, rows: rows})
	}
}

func withTracer(t *tracer) Option { return func(o *options) { o.tracer = t } }

// lookupTable is a table whose rows are ready for expressions.
type lookupTable struct {
	name string
	rows map[string]any
	// above are the rows that don't come from the flow's document.
	above  map[string]*layer
	sorted []string // the rows' keys
	tracer *tracer
}

func newLookupTable(name string, rows map[string]any) *lookupTable {
	t := &lookupTable{name: name, rows: rows, above: map[string]*layer{}}
	t.sort()
	return t
}

func (t *lookupTable) sort() { t.sorted = slices.Sorted(maps.Keys(t.rows)) }

// keys are the rows' keys in order, so that what is made of all rows is the same each time.
func (t *lookupTable) keys() []string { return t.sorted }

// row gives a row of the table.
func (t *lookupTable) row(key string) (any, bool) {
	v, ok := t.rows[key]
	if t.tracer != nil {
		t.tracer.saw(t, key, v, ok)
	}
	return v, ok
}

// tables makes the tables that the flow's expressions read.
func (c *flowCompiler) tables() {
	c.program.tracer = c.options.tracer
	for _, t := range c.doc.Tables {
		table := newLookupTable(t.Name, maps.Clone(t.Rows))
		table.tracer = c.options.tracer
		c.scope.tables[t.Name] = table
	}
	for i := range c.options.layers {
		l := &c.options.layers[i]
		at := slices.IndexFunc(c.doc.Tables, func(t Table) bool { return t.Name == l.table })
		if at < 0 {
			c.fail(0, "tables", "the flow has no table %q to which rows could be added", l.table)
			continue
		}
		table := c.scope.tables[l.table]
		for key, row := range l.rows {
			v, err := settingValue(row)
			if err != nil {
				c.fail(c.doc.Tables[at].Line, "tables."+l.table, "row %s: %v", key, err)
			}
			table.rows[key], table.above[key] = v, l
		}
		table.sort()
		if l.from == FromPublished {
			if c.program.published == nil {
				c.program.published = map[string]int{}
			}
			c.program.published[l.table] = l.version
		}
	}
}
