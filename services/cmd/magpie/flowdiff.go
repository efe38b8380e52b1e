package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/flow"
)

type flowDiffCmd struct {
	A    string `arg:"" help:"live, template, a number, NAME@ one of these, or a file."`
	B    string `arg:"" help:"The version to compare with it, in the same way."`
	Flow string `help:"The flow, where neither says it."`
	pastFlags
	Rules bool `help:"Only what the documents say otherwise; run nothing."`
	pairFlag
}

// diffReport is what `flow diff` prints as JSON.
type diffReport struct {
	Flow  string            `json:"flow"`
	Old   string            `json:"old"`
	New   string            `json:"new"`
	Rules []flow.RuleChange `json:"rules"`
	*flow.Comparison

	took time.Duration
}

// Run compares two versions.
func (c flowDiffCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	return root.withPublished(ctx, t, c.Pair, c.Offline, func(ctx context.Context, p *published) error {
		name := cmp.Or(c.Flow, flowOf(c.A, c.B))
		a, err := p.program(ctx, c.A, name)
		if err != nil {
			return err
		}
		b, err := p.program(ctx, c.B, name)
		if err != nil {
			return err
		}
		if a.Document().On != b.Document().On {
			return fmt.Errorf("%s starts from %s and %s from %s: there is nothing that both could be run over", c.A, a.Document().On, c.B, b.Document().On)
		}
		r := diffReport{
			Flow: b.Document().Flow, Old: refText(c.A, a), New: refText(c.B, b), Rules: flow.Rules(a.Document(), b.Document()),
			Comparison: &flow.Comparison{Verdicts: []flow.VerdictChange{}, Fields: []flow.FieldChange{}},
		}
		if !c.Rules {
			// Everything made for one change is garbage after it: collect seldom.
			defer debug.SetGCPercent(debug.SetGCPercent(400))
			began := time.Now()
			inputs, err := p.events(ctx, b.Document().On, c.pastFlags)
			if err != nil {
				return err
			}
			if r.Comparison, err = flow.Compare(a, b, inputs, runtime.GOMAXPROCS(0)); err != nil {
				return err
			}
			r.took = time.Since(began)
		}
		if t.json {
			return t.print(r)
		}
		printRules(t.out, r)
		if c.Rules {
			return nil
		}
		return printComparison(t, r)
	})
}

func refText(ref string, p *flow.Program) string {
	return fmt.Sprintf("%s (version %d)", ref, p.Document().Version)
}

func printRules(w io.Writer, r diffReport) {
	fmt.Fprintf(w, "%s: %s -> %s\n\n", r.Flow, r.Old, r.New)
	if len(r.Rules) == 0 {
		fmt.Fprintln(w, "the rules are the same")
	}
	for _, rule := range r.Rules {
		fmt.Fprintf(w, "%s\n", rule.Path)
		if rule.Old != "" {
			fmt.Fprintf(w, "  - %s (line %d)\n", rule.Old, rule.OldLine)
		}
		if rule.New != "" {
			fmt.Fprintf(w, "  + %s (line %d)\n", rule.New, rule.NewLine)
		}
	}
	fmt.Fprintln(w)
}

func printComparison(t *terminal, r diffReport) error {
	fmt.Fprintf(t.out, "affects %d of %d changes, of %d of %d records (%s)\n", r.Affected, r.Inputs, r.AffectedRecords, r.Records, r.took.Round(time.Millisecond))
	if r.Unreadable > 0 {
		fmt.Fprintf(t.out, "%d messages can't be read, and are not counted\n", r.Unreadable)
	}
	if r.Inputs > 0 {
		fmt.Fprintf(t.out, "money: %s\n", moneyText(r.Fields))
	}
	for _, v := range r.Verdicts {
		fmt.Fprintf(t.out, "\n%d: %s -> %s\n", v.Inputs, v.Old, v.New)
		for _, e := range v.Examples {
			fmt.Fprintf(t.out, "  %s  %s -> %s\n", e.Key, cmp.Or(e.Old, "written"), cmp.Or(e.New, "written"))
		}
	}
	if len(r.Fields) == 0 {
		return nil
	}
	fmt.Fprintln(t.out)
	var rows [][]string
	for _, f := range r.Fields {
		for i, e := range f.Examples {
			name, documents, sums := f.Name, fmt.Sprint(f.Documents), sumsText(f.Money)
			if i > 0 {
				name, documents, sums = "", "", ""
			}
			rows = append(rows, []string{name, documents, sums, string(e.Key), exampleValue(f, e.Old) + " -> " + exampleValue(f, e.New)})
		}
	}
	return t.table("FIELD\tDOCUMENTS\tIN SUM\tSUCH AS\tOLD -> NEW", rows)
}

// exampleValue writes an amount as one, and any other value as JSON, so that
// spaces are seen.
func exampleValue(f flow.FieldChange, value string) string {
	if f.Money != nil {
		if d, err := decimal.NewFromString(strings.Trim(value, `"`)); err == nil {
			return amount(d)
		}
	}
	return cmp.Or(value, "-")
}

// moneyText says which amounts differ, and that the total doesn't, if so.
func moneyText(fields []flow.FieldChange) string {
	var parts []string
	total := false
	for _, f := range fields {
		if f.Money == nil {
			continue
		}
		total = total || f.Path == "total"
		parts = append(parts, fmt.Sprintf("%s differs on %d by %s in sum", f.Path, f.Documents, sumsText(f.Money)))
	}
	if !total {
		parts = slices.Insert(parts, 0, "total differs on 0")
	}
	return strings.Join(parts, "; ")
}

// sumsText writes sums with at least two places. What moved is told where the
// signs hide it.
func sumsText(sums []flow.Money) string {
	parts := make([]string, len(sums))
	for i, m := range sums {
		parts[i] = strings.TrimSpace(amount(m.Net) + " " + m.Currency)
		if !m.Net.Abs().Equal(m.Moved) {
			parts[i] += fmt.Sprintf(" (%s without signs)", amount(m.Moved))
		}
	}
	return strings.Join(parts, ", ")
}

func amount(d decimal.Decimal) string {
	return d.StringFixed(max(2, -d.Exponent()))
}
