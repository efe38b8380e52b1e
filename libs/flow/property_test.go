package flow_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/flow"
)

// order draws an order that is consistent as Magento makes them: rows rounded
// to the cent, prices that may be rounded otherwise, hidden tax, four decimals.
func order(t *rapid.T) (map[string]any, int32) {
	currency := rapid.SampledFrom([]string{"USD", "EUR", "JPY", "KWD"}).Draw(t, "currency")
	places := map[string]int32{"JPY": 0, "KWD": 3}[currency]
	if currency == "USD" || currency == "EUR" {
		places = 2
	}
	amount := func(name string, low, high int64) decimal.Decimal {
		return decimal.New(rapid.Int64Range(low, high).Draw(t, name), -places)
	}
	number := func(d decimal.Decimal) json.Number {
		if rapid.Bool().Draw(t, "four decimals") {
			return json.Number(d.StringFixed(4))
		}
		return json.Number(d.String())
	}
	var items []any
	var subtotal decimal.Decimal
	for i := range rapid.IntRange(1, 8).Draw(t, "rows") {
		quantity := decimal.New(rapid.Int64Range(1, 9999).Draw(t, "quantity"), -rapid.Int32Range(0, 2).Draw(t, "fraction"))
		total := amount("row total", 0, 999_999)
		subtotal = subtotal.Add(total)
		id := 10 * (i + 1)
		sku := fmt.Sprintf("SKU-%d", i)
		kind := rapid.SampledFrom([]string{"simple", "virtual", "configurable", "dynamic", "fixed"}).Draw(t, "type")
		row := map[string]any{
			"item_id": id, "product_type": kind, "sku": sku, "name": "Thing", "qty_ordered": json.Number(quantity.String()),
			"price": number(total.DivRound(quantity, 2)), "row_total": number(total),
		}
		child := map[string]any{
			"item_id": id + 1, "parent_item_id": id, "product_type": "simple", "sku": sku, "name": "Part",
			"qty_ordered": json.Number(quantity.String()), "price": 0, "row_total": 0,
		}
		items = append(items, row)
		switch kind {
		case "configurable":
			items = append(items, child)
		case "fixed":
			row["product_type"] = "bundle"
			items = append(items, child)
		case "dynamic":
			row["product_type"] = "bundle"
			child["price"], child["row_total"] = json.Number("1"), number(total)
			items = append(items, child)
		}
	}
	freight, tax, hidden := amount("freight", 0, 9999), amount("tax", 0, 99_999), amount("hidden tax", 0, 99)
	discount := decimal.Min(amount("discount", 0, 99_999), subtotal)
	grand := subtotal.Add(freight).Add(tax).Add(hidden).Sub(discount)
	return map[string]any{
		"entity_id": 5, "increment_id": "000000005", "state": "new", "created_at": "2026-03-01 00:00:00",
		"customer_id": rapid.IntRange(1, 1_000_000).Draw(t, "customer"), "customer_email": "a@example.com", "customer_firstname": "A", "customer_lastname": "B",
		"order_currency_code": currency, "subtotal": number(subtotal), "shipping_amount": number(freight), "tax_amount": number(tax),
		"discount_tax_compensation_amount": number(hidden), "discount_amount": number(discount.Neg()), "grand_total": number(grand),
		"billing_address": map[string]any{"firstname": "A", "lastname": "B", "street": []string{"1 Road"}, "city": "C", "country_id": "US"},
		"payment":         map[string]any{"method": "checkmo"}, "items": items,
	}, places
}

func orderInput(record any) flow.Input {
	text, err := json.Marshal(record)
	if err != nil {
		panic(err)
	}
	return flow.FromChange(events.ChangeSubject("us", events.Magento, events.Order, "000000005"), events.Change{Record: text},
		map[string]any{"order.pricePlaces": 5})
}

// Whatever the order, GP's three checks hold, to the last decimal: rows add up
// to the subtotal, parts to the total, and quantity x price to each row.
func TestOrdersReconcile(t *testing.T) {
	t.Parallel()
	program, again := compileTemplate(t, "order-to-gp"), compileTemplate(t, "order-to-gp")
	rapid.Check(t, func(t *rapid.T) {
		record, places := order(t)
		in := orderInput(record)
		decisions, err := program.Run(in)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			other, err := again.Run(in)
			if err != nil || !bytes.Equal(other[0].Document, decisions[0].Document) {
				t.Fatalf("the same input gave another command (%v):\n%s\n%s", err, decisions[0].Document, other[0].Document)
			}
		}
		var o events.SalesOrder
		if err := json.Unmarshal(decisions[0].Document, &o); err != nil {
			t.Fatal(err)
		}
		var lines decimal.Decimal
		for _, l := range o.Lines {
			lines = lines.Add(l.Extended)
			if !l.Quantity.Mul(l.UnitPrice).Round(places).Equal(l.Extended) {
				t.Fatalf("%s x %s is not %s", l.Quantity, l.UnitPrice, l.Extended)
			}
			if -l.UnitPrice.Exponent() > 5 {
				t.Fatalf("GP takes five places, not %s", l.UnitPrice)
			}
		}
		total := o.Subtotal.Add(o.Freight).Add(o.Misc).Add(o.Tax).Sub(o.Discount)
		grand := decimal.RequireFromString(string(record["grand_total"].(json.Number)))
		if !lines.Equal(o.Subtotal) || !total.Equal(o.Total) || !o.Total.Equal(grand) {
			t.Fatalf("lines %s, subtotal %s; parts %s, total %s, grand total %s", lines, o.Subtotal, total, o.Total, grand)
		}
		if o.Misc.IsNegative() || o.Discount.IsNegative() {
			t.Fatalf("misc %s, discount %s", o.Misc, o.Discount)
		}
	})
}

// Wherever a surcharge goes, and whether credits are discount or deposits, the
// cent is kept, and each deposit is one of GP's payments.
func TestSurchargesAndCreditsReconcile(t *testing.T) {
	t.Parallel()
	places := []string{"misc", "freight", "tax", "discount", "line"}
	rows := map[string]any{}
	for _, to := range places {
		rows["extension_attributes.to_"+to] = map[string]any{"to": to, "item": "FEE"}
	}
	document := must(flow.Template("order-to-gp"))
	program := must(flow.Compile(document, flow.WithTable("surcharges", rows), flow.WithTable("credits", map[string]any{
		"gift_cards": map[string]any{"type": "Cash Deposit", "checkbook": "GIFTCARDS"},
	})))
	rapid.Check(t, func(t *rapid.T) {
		record, digits := order(t)
		grand := decimal.RequireFromString(string(record["grand_total"].(json.Number)))
		amount := func(name string) decimal.Decimal {
			return decimal.New(rapid.Int64Range(0, 9999).Draw(t, name), -digits)
		}
		attributes, added := map[string]any{}, decimal.Zero
		for _, to := range places {
			a := amount(to)
			attributes["to_"+to] = a.StringFixed(4)
			if to == "discount" {
				a = a.Neg()
			}
			added = added.Add(a)
		}
		grand = grand.Add(added)
		credit := decimal.Min(amount("credit"), decimal.Max(grand, decimal.Zero))
		attributes["gift_cards_amount"] = json.Number(credit.String())
		record["extension_attributes"], record["grand_total"] = attributes, json.Number(grand.Sub(credit).String())
		in := orderInput(record)
		in.Settings["order.credits"] = rapid.SampledFrom([]string{"discount", "payment"}).Draw(t, "credits")
		decisions, err := program.Run(in)
		if err != nil {
			t.Fatal(err)
		}
		var o events.SalesOrder
		if err := json.Unmarshal(decisions[0].Document, &o); err != nil {
			t.Fatal(err)
		}
		var lines, paid decimal.Decimal
		for _, l := range o.Lines {
			lines = lines.Add(l.Extended)
		}
		for _, p := range o.Payments {
			paid = paid.Add(p.Amount)
		}
		total := o.Subtotal.Add(o.Freight).Add(o.Misc).Add(o.Tax).Sub(o.Discount)
		if !lines.Equal(o.Subtotal) || !total.Equal(o.Total) || !total.Sub(paid).Equal(grand.Sub(credit)) || !o.SourceTotal.Equal(grand.Sub(credit)) {
			t.Fatalf("lines %s, subtotal %s; parts %s, total %s, paid %s; grand total %s", lines, o.Subtotal, total, o.Total, paid, grand.Sub(credit))
		}
		if wants := in.Settings["order.credits"] == "payment"; wants && !paid.Equal(credit) || !wants && !paid.IsZero() {
			t.Fatalf("%s were paid by credits, and the deposits are %s", credit, paid)
		}
	})
}

// A document is what encoding/json makes of its Go type, and its JSON Schema accepts it.
func TestDocumentsAreCanonical(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]func() any{
		"order-to-gp":             func() any { return new(events.SalesOrder) },
		"order-status-to-magento": func() any { return new(events.OrderStatus) },
		"stock-to-magento":        func() any { return new(events.StockLevels) },
	} {
		paths, err := filepath.Glob("testdata/" + name + "/*.txtar")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			c := readArchive(t, path)
			program := caseProgram(t, name, c)
			decisions, err := program.Run(caseInput(t, program, path, c))
			if err != nil {
				continue
			}
			for _, d := range decisions {
				if d.Document == nil {
					continue
				}
				v := document()
				dec := json.NewDecoder(bytes.NewReader(d.Document))
				dec.DisallowUnknownFields()
				if err := dec.Decode(v); err != nil {
					t.Fatalf("%s: %v", path, err)
				}
				if want, _ := json.Marshal(v); !bytes.Equal(want, d.Document) {
					t.Errorf("%s:\n got %s\nwant %s", path, d.Document, want)
				}
				validate(t, flow.Targets()[d.Target], d.Document)
			}
		}
	}
}

func validate(t *testing.T, schema *jsonschema.Schema, document []byte) {
	t.Helper()
	text, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := validator.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := validator.NewCompiler()
	if err := c.AddResource("s.json", parsed); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("s.json")
	if err != nil {
		t.Fatal(err)
	}
	v, err := validator.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(v); err != nil {
		t.Error(err)
	}
}

func BenchmarkRun(b *testing.B) {
	program := compileTemplate(b, "order-to-gp")
	base, err := os.ReadFile("testdata/order-to-gp/base.json")
	if err != nil {
		b.Fatal(err)
	}
	record := parseJSON(b, base)
	in := orderInput(record)
	for len(in.Record) < 9<<10 { // what Magento sends beside: row details
		items := record["items"].([]any)
		for i, v := range items {
			row := v.(map[string]any)
			for j := range 20 {
				row[fmt.Sprintf("base_other_amount_%d_%d", len(in.Record), j+i)] = json.Number("12.3400")
			}
		}
		in = orderInput(record)
	}
	b.SetBytes(int64(len(in.Record)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := program.Run(in); err != nil {
			b.Fatal(err)
		}
	}
}
