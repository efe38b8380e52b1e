package flow_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/libs/flow"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	program := compileTemplate(t, "order-to-gp")
	base, err := os.ReadFile("testdata/order-to-gp/base.json")
	if err != nil {
		t.Fatal(err)
	}
	fields, err := program.Explain(orderInput(parseJSON(t, base)))
	if err != nil {
		t.Fatal(err)
	}
	byPath := map[string]flow.Explanation{}
	for _, f := range fields {
		byPath[f.Path] = f
	}
	item := byPath["lines[1].item"]
	if item.Name != "lines.item (ITEMNMBR)" || !strings.HasPrefix(item.Rule, `let sku = upper(trim(row.sku)); lookup("items", sku,`) || string(item.Value) != `"TRW-07"` || item.Line == 0 {
		t.Errorf("lines[1].item: %+v", item)
	}
	reads := func(path, field string) (string, string) {
		t.Helper()
		for _, r := range byPath[path].Reads {
			if r.Path == field {
				return string(r.Value), r.Via
			}
		}
		t.Errorf("%s does not read %s: %+v", path, field, byPath[path].Reads)
		return "", ""
	}
	if v, via := reads("lines[1].item", "row.sku"); v != `"TRW-07"` || via != "" {
		t.Errorf("row.sku is %s via %q", v, via)
	}
	if v, via := reads("date", "order.created_at"); v != `"2026-11-25 03:30:00"` || via != "orderDate" {
		t.Errorf("order.created_at is %s via %q", v, via)
	}
	if byPath["sopType"].Rule == "" || !slices.ContainsFunc(fields, func(f flow.Explanation) bool { return f.Path == "shipTo.line2" }) {
		t.Error("fields are missing")
	}
}

// A pair's own rows go over those of the flow.
func TestWithTable(t *testing.T) {
	t.Parallel()
	d, err := flow.Template("order-to-gp")
	if err != nil {
		t.Fatal(err)
	}
	program, err := flow.Compile(d, flow.WithTable("payment", map[string]any{
		"braintree": map[string]any{"terms": "CARD", "type": "Payment Card Deposit", "checkbook": "WEBBANK", "card": "VISA"},
	}), flow.WithTable("shipping", map[string]any{"flatrate_flatrate": "GROUND"}))
	if err != nil {
		t.Fatal(err)
	}
	base, err := os.ReadFile("testdata/order-to-gp/base.json")
	if err != nil {
		t.Fatal(err)
	}
	record := parseJSON(t, base)
	record["payment"] = map[string]any{"method": "braintree", "last_trans_id": "pk7x2m9q"}
	record["total_paid"] = record["grand_total"]
	decisions, err := program.Run(orderInput(record))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		PaymentTerms   string              `json:"paymentTerms"`
		ShippingMethod string              `json:"shippingMethod"`
		Payments       []map[string]string `json:"payments"`
	}
	decode(t, decisions[0].Document, &got)
	paid := map[string]string{"type": "Payment Card Deposit", "amount": "68.13", "checkbook": "WEBBANK", "card": "VISA", "reference": "pk7x2m9q"}
	if got.PaymentTerms != "CARD" || got.ShippingMethod != "GROUND" || len(got.Payments) != 1 || !maps.Equal(got.Payments[0], paid) {
		t.Errorf("got %+v", got)
	}
	if len(decisions[0].Warnings) != 0 {
		t.Errorf("warnings: %v", decisions[0].Warnings)
	}
	if _, err := flow.Compile(d, flow.WithTable("nothing", nil)); err == nil {
		t.Error("rows for a table that the flow doesn't have are accepted")
	}
	if _, err := flow.Compile(d, flow.WithTable("shipping", map[string]any{"x": 1.5})); err == nil {
		t.Error("a float is accepted")
	}
}

// A pair's settings are checked, and floats never get in.
func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	program := compileTemplate(t, "order-to-gp")
	base, err := os.ReadFile("testdata/order-to-gp/base.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, settings := range []map[string]any{
		{"order.currency": "euro"}, {"order": map[string]any{"tolerance": 0.01}}, {"order": map[string]any{"site": 3}}, {"order.timezone": "Mars/Olympus"},
	} {
		in := orderInput(parseJSON(t, base))
		in.Settings = settings
		if _, err := program.Run(in); err == nil {
			t.Errorf("%v is accepted", settings)
		} else {
			t.Log(err)
		}
	}
}
