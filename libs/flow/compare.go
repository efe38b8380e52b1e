package flow

import (
	"bytes"
	"cmp"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/events"
)

// Comparison tells how two versions of a flow differ over the same inputs.
type Comparison struct {
	Inputs int `json:"inputs"`
	// Unreadable counts the messages that no flow could start from.
	Unreadable int `json:"unreadable,omitempty"`
	// Affected counts the inputs of which anything differs.
	Affected int `json:"affected"`
	// Records counts the records that the inputs are of, AffectedRecords those
	// with an affected input: an order has several changes.
	Records         int `json:"records"`
	AffectedRecords int `json:"affectedRecords"`
	// Verdicts are inputs that become something else: applied before, refused now.
	Verdicts []VerdictChange `json:"verdicts"`
	// Fields are the differences of documents that both versions write.
	Fields []FieldChange `json:"fields"`
}

// VerdictChange is a group of inputs that became one thing and become another.
type VerdictChange struct {
	// Old and New are the verb of each write, or "refused" with the code.
	Old      string    `json:"old"`
	New      string    `json:"new"`
	Inputs   int       `json:"inputs"`
	Examples []Example `json:"examples"`
}

// FieldChange tells on how many documents a target field differs, and how.
type FieldChange struct {
	// Target is gp.order; Path the field, lines[].unitPrice for all lines. The
	// command's own parts are (key) and (warnings). Name is Path with the
	// target's own word: lines.unitPrice (UNITPRCE).
	Target    string `json:"target"`
	Path      string `json:"path"`
	Name      string `json:"name"`
	Documents int    `json:"documents"`
	// Money is set for amounts, one entry for each currency.
	Money    []Money   `json:"money,omitempty"`
	Examples []Example `json:"examples"`

	money map[string]Money
}

// Money is what a field's difference comes to in one currency, over all
// documents. An absent amount counts as zero.
type Money struct {
	Currency string `json:"currency"`
	// Net is the sum of new minus old; Moved the sum without signs, so that
	// differences that cancel out are seen.
	Net   decimal.Decimal `json:"net"`
	Moved decimal.Decimal `json:"moved"`
}

// Example is one input of which something differs. Of a field, Old and New are
// the values as JSON, empty where there is none; of a verdict, the reasons.
type Example struct {
	Key  events.Key `json:"key"`
	Path string     `json:"path,omitempty"`
	Old  string     `json:"old"`
	New  string     `json:"new"`

	input int
}

// examplesKept is how many examples each difference shows, the first ones.
const examplesKept = 3

// Pending is an input that is still to be read from its message, which a worker
// does. Its error is of a message that can't be read.
type Pending func() (Input, error)

// Compare runs two versions of a flow over the same inputs, on several CPUs.
// An input's record is decoded once for both. Its result is the same for any
// number of workers.
func Compare(old, changed *Program, inputs iter.Seq2[Pending, error], workers int) (*Comparison, error) {
	type numbered struct {
		read   Pending
		number int
	}
	work := make(chan numbered, 2*max(workers, 1))
	parts := make([]*comparer, max(workers, 1))
	var running sync.WaitGroup
	for i := range parts {
		parts[i] = &comparer{
			old: old, changed: changed, verdicts: map[[2]string]*VerdictChange{}, fields: map[[2]string]*FieldChange{}, records: map[events.Key]bool{},
		}
		running.Go(func() {
			for in := range work {
				parts[i].compare(in.number, in.read)
			}
		})
	}
	var failed error
	number := 0
	for in, err := range inputs {
		if err != nil {
			failed = err
			break
		}
		work <- numbered{in, number}
		number++
	}
	close(work)
	running.Wait()
	if failed != nil {
		return nil, failed
	}
	for _, p := range parts[1:] {
		parts[0].add(p)
	}
	return parts[0].result(), nil
}

// comparer is the part of a comparison that one worker does.
type comparer struct {
	old, changed     *Program
	inputs, affected int
	unreadable       int
	records          map[events.Key]bool // true where one is affected
	verdicts         map[[2]string]*VerdictChange
	fields           map[[2]string]*FieldChange
}

func (c *comparer) compare(number int, read Pending) {
	in, err := read()
	if err == nil {
		in, err = in.Decoded()
	}
	if err != nil {
		c.unreadable++
		return
	}
	c.inputs++
	before, after := c.old.Try(in), c.changed.Try(in)
	differs := false
	if before.Verdict() != after.Verdict() {
		differs = true
		c.verdict(number, in, before, after)
	}
	for i := range min(len(before.Decisions), len(after.Decisions)) {
		if c.documents(number, in, before.Decisions[i], after.Decisions[i]) {
			differs = true
		}
	}
	if differs {
		c.affected++
	}
	c.records[in.Subject.Key] = c.records[in.Subject.Key] || differs
}

func (c *comparer) verdict(number int, in Input, before, after Trial) {
	key := [2]string{before.Verdict(), after.Verdict()}
	v := c.verdicts[key]
	if v == nil {
		v = &VerdictChange{Old: key[0], New: key[1]}
		c.verdicts[key] = v
	}
	v.Inputs++
	v.Examples = keep(v.Examples, Example{Key: in.Subject.Key, Old: before.Reason(), New: after.Reason(), input: number})
}

// documents compares what two versions would write of one input.
func (c *comparer) documents(number int, in Input, before, after Decision) bool {
	if before.Verb != events.Apply || after.Verb != events.Apply || before.Target != after.Target {
		return false
	}
	if bytes.Equal(before.Document, after.Document) && before.TargetKey == after.TargetKey && slices.Equal(before.Warnings, after.Warnings) {
		return false
	}
	old, changed := scalarsOf(before), scalarsOf(after)
	var paths []string
	for path, v := range old {
		if w, both := changed[path]; !both || v != w {
			paths = append(paths, path)
		}
	}
	for path := range changed {
		if _, both := old[path]; !both {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	currency := cmp.Or(textOf(changed["currency"]), textOf(old["currency"]))
	seen := map[string]bool{}
	for _, path := range paths {
		f := c.field(before.Target, path)
		if !seen[f.Path] {
			seen[f.Path] = true
			f.Documents++
			f.Examples = keep(f.Examples, Example{Key: in.Subject.Key, Path: path, Old: shown(old, path), New: shown(changed, path), input: number})
		}
		if f.money != nil {
			f.add(currency, amountIn(changed[path]).Sub(amountIn(old[path])))
		}
	}
	return len(seen) > 0
}

// shown is a value as JSON, empty where there is none.
func shown(fields map[string]any, path string) string {
	v, ok := fields[path]
	if !ok {
		return ""
	}
	return string(valueJSON(v))
}

func (f *FieldChange) add(currency string, difference decimal.Decimal) {
	m := f.money[currency]
	f.money[currency] = Money{Currency: currency, Net: m.Net.Add(difference), Moved: m.Moved.Add(difference.Abs())}
}

// field gives the record of differences of a field, over all rows of its list.
func (c *comparer) field(targetName, path string) *FieldChange {
	all := allRows(path)
	key := [2]string{targetName, all}
	f := c.fields[key]
	if f == nil {
		f = &FieldChange{Target: targetName, Path: all, Name: all}
		if t := targets[targetName].at(all); t != nil {
			f.Name = t.label
			if t.form == formDecimal && t.name != "quantity" {
				f.money = map[string]Money{}
			}
		}
		c.fields[key] = f
	}
	return f
}

// add takes in what another worker found.
func (c *comparer) add(o *comparer) {
	c.inputs += o.inputs
	c.affected += o.affected
	c.unreadable += o.unreadable
	for key, affected := range o.records {
		c.records[key] = c.records[key] || affected
	}
	for key, v := range o.verdicts {
		own := c.verdicts[key]
		if own == nil {
			c.verdicts[key] = v
			continue
		}
		own.Inputs += v.Inputs
		own.Examples = keep(own.Examples, v.Examples...)
	}
	for key, f := range o.fields {
		own := c.fields[key]
		if own == nil {
			c.fields[key] = f
			continue
		}
		own.Documents += f.Documents
		own.Examples = keep(own.Examples, f.Examples...)
		for currency, m := range f.money {
			was := own.money[currency]
			own.money[currency] = Money{Currency: currency, Net: was.Net.Add(m.Net), Moved: was.Moved.Add(m.Moved)}
		}
	}
}

func (c *comparer) result() *Comparison {
	out := &Comparison{Inputs: c.inputs, Unreadable: c.unreadable, Affected: c.affected, Verdicts: []VerdictChange{}, Fields: []FieldChange{}}
	out.Records = len(c.records)
	for _, affected := range c.records {
		if affected {
			out.AffectedRecords++
		}
	}
	for _, v := range c.verdicts {
		out.Verdicts = append(out.Verdicts, *v)
	}
	slices.SortFunc(out.Verdicts, func(a, b VerdictChange) int {
		return cmp.Or(b.Inputs-a.Inputs, cmp.Compare(a.Old, b.Old), cmp.Compare(a.New, b.New))
	})
	for _, f := range c.fields {
		for _, currency := range slices.Sorted(maps.Keys(f.money)) {
			f.Money = append(f.Money, f.money[currency])
		}
		out.Fields = append(out.Fields, *f)
	}
	slices.SortFunc(out.Fields, func(a, b FieldChange) int {
		return cmp.Or(b.Documents-a.Documents, cmp.Compare(a.Target, b.Target), cmp.Compare(a.Path, b.Path))
	})
	return out
}

// keep holds the first inputs' examples, one for each record.
func keep(have []Example, more ...Example) []Example {
	have = append(have, more...)
	slices.SortFunc(have, func(a, b Example) int { return a.input - b.input })
	kept := have[:0]
	for _, e := range have {
		if len(kept) < examplesKept && !slices.ContainsFunc(kept, func(k Example) bool { return k.Key == e.Key }) {
			kept = append(kept, e)
		}
	}
	return kept
}
