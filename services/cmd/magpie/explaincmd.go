package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/flow"
	"github.com/magpie-integration/magpie/libs/flowstore"
)

type explainCmd struct {
	Entity string `arg:"" help:"What kind of record: order."`
	Key    string `arg:"" help:"Its business key, such as the order's increment id."`
	To     string `default:"gp" enum:"gp,magento" help:"The document in which system: gp or magento."`
	Field  string `help:"Only this field, such as lines[0].item or total; with its rule and sources whole."`
	Full   bool   `help:"Cut nothing."`
	pairFlag
}

// Run explains what was written of a record.
func (c explainCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	entity := events.Entity(c.Entity)
	if !slices.Contains(events.Entities, entity) {
		return fmt.Errorf("there is no entity %q; the entities are %s", c.Entity, join(events.Entities))
	}
	return root.withPublished(ctx, t, c.Pair, false, func(ctx context.Context, p *published) error {
		a, err := p.store.Explain(ctx, p.bus, p.base, events.System(c.To), entity, events.CanonicalKey(events.Magento, entity, c.Key))
		if err != nil {
			return err
		}
		if c.Field != "" {
			a.Fields = slices.DeleteFunc(a.Fields, func(w flowstore.Written) bool { return w.Path != c.Field && !strings.HasPrefix(w.Path, c.Field+".") })
			if len(a.Fields) == 0 {
				return fmt.Errorf("the document has no field %s; leave out --field to see all", c.Field)
			}
		}
		if t.json {
			return t.print(a)
		}
		return c.print(t, a)
	})
}

func (c explainCmd) print(t *terminal, a *flowstore.Account) error {
	fmt.Fprintf(t.out, "%s %s: %s %s %s, %s at %s\n", c.Entity, a.Key, a.Verb, a.Target, a.Number, resultWord(a.Result), a.At.Local().Format(time.DateTime))
	from := "published"
	if a.Shipped {
		from = "ships"
	}
	fmt.Fprintf(t.out, "flow %s version %d (%s)%s, change %d\n", a.Flow, a.Version, from, tablesText(a.Tables), a.Revision.Change)
	if a.Live != a.Version || !maps.Equal(a.LiveTables, a.Tables) {
		fmt.Fprintf(t.out, "live now: version %d%s\n", a.Live, tablesText(a.LiveTables))
	}
	if a.LiveVerdict != "" {
		fmt.Fprintf(t.out, "the live version would not do that: %s\n", a.LiveVerdict)
	}
	if a.Reason != "" {
		fmt.Fprintf(t.out, "because it %s\n", a.Reason)
	}
	for _, warning := range a.Warnings {
		fmt.Fprintf(t.out, "warning: %s\n", warning)
	}
	for _, note := range a.Notes {
		fmt.Fprintf(t.out, "note: %s\n", note)
	}
	if len(a.Fields) == 0 {
		return nil
	}
	fmt.Fprintln(t.out)
	if c.Field != "" {
		c.whole(t, a)
		return nil
	}
	var rows [][]string
	for _, w := range a.Fields {
		line := ""
		if w.Line > 0 {
			line = fmt.Sprint(w.Line)
		}
		rows = append(rows, []string{
			labelOf(w), c.cut(valueText(w), 40), line, c.cut(ruleText(w.Explanation), 60), c.cut(c.sources(w.Explanation), 100),
		})
	}
	return t.table("FIELD\tVALUE\tLINE\tRULE\tFROM", rows)
}

// whole prints fields with everything about them, a line each.
func (c explainCmd) whole(t *terminal, a *flowstore.Account) {
	for _, w := range a.Fields {
		fmt.Fprintf(t.out, "%s = %s\n  rule (line %d): %s\n", labelOf(w), valueText(w), w.Line, ruleText(w.Explanation))
		for _, r := range w.Reads {
			fmt.Fprintf(t.out, "  %s = %s%s\n", r.Path, c.source(r.Value), viaText(r.Via))
		}
		for _, l := range w.Lookups {
			fmt.Fprintf(t.out, "  %s%s\n", lookupText(l), viaText(l.Via))
		}
	}
}

// labelOf is the field's path with the target's own word for it.
func labelOf(w flowstore.Written) string {
	if i := strings.LastIndex(w.Name, " ("); i >= 0 {
		return w.Path + w.Name[i:]
	}
	return w.Path
}

func resultWord(r events.Result) string {
	if r == "" {
		return "on its way"
	}
	return string(r)
}

func tablesText(tables map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		parts = append(parts, fmt.Sprintf("%s version %d", name, tables[name]))
	}
	if len(parts) == 0 {
		return ""
	}
	return ", table " + strings.Join(parts, ", ")
}

// valueText shows what was sent, and where the rule of then or of now differs.
func valueText(w flowstore.Written) string {
	text := plainValue(w.Value)
	if w.Sent != nil {
		text = fmt.Sprintf("%s, but the rule gives %s", plainValue(w.Sent), text)
	}
	if w.Now != nil {
		text += fmt.Sprintf(" [live now: %s]", plainValue(w.Now))
	}
	return text
}

func plainValue(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil && s != "" {
		return s
	}
	if string(v) == "null" {
		return "-"
	}
	return string(v)
}

func ruleText(e flow.Explanation) string {
	if e.LeftOut != "" {
		return "left out: not " + e.LeftOut
	}
	return e.Rule
}

// sources lists what a rule read, in one line.
func (c explainCmd) sources(e flow.Explanation) string {
	var parts []string
	for _, l := range e.Lookups {
		parts = append(parts, lookupText(l))
	}
	for _, r := range e.Reads {
		parts = append(parts, r.Path+"="+c.source(r.Value))
	}
	return strings.Join(parts, ", ")
}

// source is a value that was read; of a record or a list only that it is one.
func (c explainCmd) source(v json.RawMessage) string {
	switch {
	case c.Full || len(v) == 0:
		return string(v)
	case v[0] == '{':
		return "{…}"
	case v[0] == '[':
		return "[…]"
	}
	return string(v)
}

func lookupText(l flow.Lookup) string {
	switch l.From {
	case "":
		return fmt.Sprintf("table %s has no row %s", l.Table, l.Key)
	case flow.FromPublished:
		return fmt.Sprintf("table %s version %d, row %s=%s", l.Table, l.Version, l.Key, l.Row)
	}
	return fmt.Sprintf("table %s (%s), row %s=%s", l.Table, l.From, l.Key, l.Row)
}

func viaText(via string) string {
	if via == "" {
		return ""
	}
	return " (through " + via + ")"
}

// cut shortens a cell for the table.
func (c explainCmd) cut(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if c.Full || utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
