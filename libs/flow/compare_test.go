package flow_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/flow"
)

// orders gives n changes of orders that differ in number, state, currency and total.
func orders(t testing.TB, n int) iter.Seq2[flow.Input, error] {
	t.Helper()
	base, err := os.ReadFile("testdata/order-to-gp/base.json")
	if err != nil {
		t.Fatal(err)
	}
	return func(yield func(flow.Input, error) bool) {
		for i := range n {
			record := parseJSON(t, base)
			number := fmt.Sprintf("%09d", i)
			record["increment_id"] = number
			switch i % 10 {
			case 3:
				record["state"] = "holded"
			case 4:
				record["payment"] = map[string]any{"method": "klarna"}
			case 5:
				record["order_currency_code"] = "EUR"
			}
			in := orderInput(record)
			in.Subject = events.ChangeSubject("us", events.Magento, events.Order, events.Key(number))
			if !yield(in, nil) {
				return
			}
		}
	}
}

func compare(t *testing.T, old, next *flow.Program, n, workers int) *flow.Comparison {
	t.Helper()
	c, err := flow.Compare(old, next, pending(orders(t, n)), workers)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func pending(inputs iter.Seq2[flow.Input, error]) iter.Seq2[flow.Pending, error] {
	return func(yield func(flow.Pending, error) bool) {
		for in, err := range inputs {
			if !yield(func() (flow.Input, error) { return in, err }, nil) {
				return
			}
		}
	}
}

func field(c *flow.Comparison, path string) *flow.FieldChange {
	for i := range c.Fields {
		if c.Fields[i].Path == path {
			return &c.Fields[i]
		}
	}
	return nil
}

// A version that takes a cent off the tax and puts it to the freight: the total
// stays, each difference is told to the cent, and per currency.
func TestADifferenceIsToldToTheCent(t *testing.T) {
	t.Parallel()
	old := changed(t, "order-to-gp")
	next := changed(t, "order-to-gp", "version: 1", "version: 2",
		"      freight: freight\n", "      freight: freight + 0.01\n", "      tax: tax\n", "      tax: tax - 0.01\n",
		"description: left(cp1252(row.name), 100)", `description: '"X" + left(cp1252(row.name), 99)'`)
	c := compare(t, old, next, 100, 2)
	if c.Inputs != 100 || c.Affected != 80 || len(c.Verdicts) != 0 { // 10 are on hold, 10 paid by a method that no row knows
		t.Errorf("got %+v", c)
	}
	for path, sums := range map[string]map[string]string{"freight": {"USD": "0.7", "EUR": "0.1"}, "tax": {"USD": "-0.7", "EUR": "-0.1"}} {
		f := field(c, path)
		if f == nil || f.Documents != 80 || len(f.Money) != 2 {
			t.Fatalf("%s: %+v", path, f)
		}
		for _, m := range f.Money {
			if want := decimal.RequireFromString(sums[m.Currency]); !m.Net.Equal(want) || !m.Moved.Equal(want.Abs()) {
				t.Errorf("%s: %+v, want %s", path, m, want)
			}
		}
	}
	if field(c, "total") != nil {
		t.Error("the total does not differ")
	}
	item := field(c, "lines[].description")
	if item == nil || item.Documents != 80 || item.Money != nil || item.Name != "lines.description (ITEMDESC)" || len(item.Examples) != 3 {
		t.Fatalf("got %+v", item)
	}
	if e := item.Examples[0]; e.Key != "000000000" || e.Path != "lines[0].description" || e.New != `"X`+e.Old[1:] {
		t.Errorf("got %+v", e)
	}
}

func TestWhatBecomesSomethingElseIsCounted(t *testing.T) {
	t.Parallel()
	old := changed(t, "order-to-gp")
	next := changed(t, "order-to-gp", `      - {that: order.state != "holded", else: skip, say: "is on hold in Magento (state holded)"}`, "", `["new", "processing", "complete"]`, `["new", "processing", "complete", "holded"]`,
		"      free: ", "      klarna:              {terms: \"Net 30\"}\n      free: ")
	c := compare(t, old, next, 50, 3)
	got := map[string]int{}
	for _, v := range c.Verdicts {
		got[v.Old+" -> "+v.New] = v.Inputs
	}
	want := map[string]int{"skip -> apply": 5, "refused order.payment.unmapped -> apply": 5}
	if !reflect.DeepEqual(got, want) || c.Affected != 10 || len(c.Fields) != 0 {
		t.Errorf("got %v, %+v", got, c)
	}
}

// Amounts that move in both directions cancel out in the sum, not in what moved.
func TestDifferencesThatCancelOutAreSeen(t *testing.T) {
	t.Parallel()
	old := changed(t, "order-to-gp")
	next := changed(t, "order-to-gp", "      sourceTotal: grandTotal", `      sourceTotal: 'grandTotal + (number(order.increment_id) % 2 == 0 ? 0.05 : -0.05)'`)
	f := field(compare(t, old, next, 2, 1), "sourceTotal")
	if f == nil || f.Documents != 2 || !f.Money[0].Net.IsZero() || f.Money[0].Moved.String() != "0.1" {
		t.Errorf("got %+v", f)
	}
}

func TestAComparisonIsTheSameForAnyNumberOfWorkers(t *testing.T) {
	t.Parallel()
	old := changed(t, "order-to-gp")
	next := changed(t, "order-to-gp", "city: cp1252(bill.city)", "city: upper(cp1252(bill.city))", "      free: ", "      klarna: {terms: \"Net 30\"}\n      free: ")
	one, err := json.Marshal(compare(t, old, next, 60, 1))
	if err != nil {
		t.Fatal(err)
	}
	many, err := json.Marshal(compare(t, old, next, 60, 7))
	if err != nil {
		t.Fatal(err)
	}
	if string(one) != string(many) {
		t.Errorf("one worker: %s\nseven: %s", one, many)
	}
	if c := compare(t, old, old, 30, 2); c.Affected != 0 || len(c.Fields)+len(c.Verdicts) != 0 {
		t.Errorf("a version differs from itself: %+v", c)
	}
}

func TestRulesOfTwoVersions(t *testing.T) {
	t.Parallel()
	old := changed(t, "order-to-gp").Document()
	next := changed(t, "order-to-gp", "# Who and where.", "# Another comment.", "site: settings.order.site\n      currency", "site: '\"MAIN\"'\n      currency",
		"      free: ", "      klarna: {terms: \"Net 30\"}\n      free: ", "  guest: number(order.customer_id, 0) == 0", "  guest: false").Document()
	got := map[string]string{}
	for _, r := range flow.Rules(old, next) {
		got[r.Path] = r.Old + " -> " + r.New
	}
	want := map[string]string{
		"tables.payment.klarna": ` -> {"terms":"Net 30"}`,
		"let.guest":             "number(order.customer_id, 0) == 0 -> false",
		"write[0].fields.site":  `settings.order.site -> "MAIN"`,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	if r := flow.Rules(old, old); len(r) != 0 {
		t.Errorf("a version differs from itself: %v", r)
	}
}

func TestOnlyTheVersionChanges(t *testing.T) {
	t.Parallel()
	text := []byte(small("version: 1 # mine"))
	got, err := flow.WithVersion(text, 12)
	if err != nil {
		t.Fatal(err)
	}
	if want := small("version: 12 # mine"); string(got) != want {
		t.Errorf("got %s", got)
	}
	if _, err := flow.WithVersion([]byte(strings.Replace(string(text), "version: 1 # mine\n", "", 1)), 2); err == nil {
		t.Error("a text without a version is accepted")
	}
}

func small(version string) string {
	return `# kept
flow: small
` + version + `
title: small
about: >-
  the version: 9 is not this
on: io.magpie.magento.order.ended.v1
write:
  - to: magento.order
    key: outcome.target   # kept too
    fields: {entityId: outcome.source.id, incrementId: outcome.source.key, comment: outcome.target, mark: outcome.target}
`
}

// A published row goes over the configuration's; what was looked up says whose it was.
func TestAnExplanationNamesTheRowsOfTables(t *testing.T) {
	t.Parallel()
	d, err := flow.Template("order-to-gp")
	if err != nil {
		t.Fatal(err)
	}
	p, err := flow.Compile(d, flow.WithTable("payment", map[string]any{"checkmo": map[string]any{"terms": "CONFIG"}}),
		flow.WithPublished("payment", 4, map[string]any{"checkmo": map[string]any{"terms": "NET 14"}}))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(p.Tables(), map[string]int{"payment": 4}) {
		t.Errorf("tables %v", p.Tables())
	}
	for in, err := range orders(t, 1) {
		if err != nil {
			t.Fatal(err)
		}
		all, err := p.Explain(in)
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(all, func(e flow.Explanation) bool { return e.Path == "paymentTerms" })
		want := []flow.Lookup{{Table: "payment", Key: "checkmo", Row: json.RawMessage(`{"terms":"NET 14"}`), From: "published", Version: 4, Via: "payment"}}
		if got := all[at].Lookups; !reflect.DeepEqual(got, want) || string(all[at].Value) != `"NET 14"` {
			t.Errorf("got %+v of %s", got, all[at].Value)
		}
		out := slices.IndexFunc(all, func(e flow.Explanation) bool { return e.Path == "userDefined" })
		if e := all[out]; e.LeftOut != `custom != nil` || string(e.Value) != "null" {
			t.Errorf("got %+v", e)
		}
	}
}

// BenchmarkCompare is the work of `flow diff` without the reading of the stream.
func BenchmarkCompare(b *testing.B) {
	old := changed(b, "order-to-gp")
	next := changed(b, "order-to-gp", "city: cp1252(bill.city)", "city: upper(cp1252(bill.city))")
	var inputs []flow.Input
	for in, err := range orders(b, 1000) {
		if err != nil {
			b.Fatal(err)
		}
		inputs = append(inputs, in)
	}
	for b.Loop() {
		c, err := flow.Compare(old, next, pending(func(yield func(flow.Input, error) bool) {
			for _, in := range inputs {
				if !yield(in, nil) {
					return
				}
			}
		}), runtime.GOMAXPROCS(0))
		if err != nil || c.Affected == 0 {
			b.Fatal(c, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "us/order")
}

func TestWhatCanNotBeReadIsCounted(t *testing.T) {
	t.Parallel()
	p := changed(t, "order-to-gp")
	c, err := flow.Compare(p, p, func(yield func(flow.Pending, error) bool) {
		_ = yield(func() (flow.Input, error) { return flow.Input{}, errors.New("no change") }, nil) &&
			yield(func() (flow.Input, error) { return flow.Input{Record: []byte(`{"a"`)}, nil }, nil)
	}, 2)
	if err != nil || c.Inputs != 0 || c.Unreadable != 2 {
		t.Errorf("got %+v, %v", c, err)
	}
	away := errors.New("the stream ends")
	if _, err := flow.Compare(p, p, func(yield func(flow.Pending, error) bool) { yield(nil, away) }, 2); !errors.Is(err, away) {
		t.Errorf("got %v", err)
	}
}
