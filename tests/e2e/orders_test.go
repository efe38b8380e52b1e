package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/services/sandbox/gp"
	"github.com/magpie-integration/magpie/services/sandbox/magento"
)

// undecided are the kinds that Magpie refuses as it comes, with the code and a
// word of the refusal; the pair "decided" has the settings and rows that they need.
var undecided = map[string][2]string{
	"gift-card-paid": {"order.credits.unmapped", "set order.credits"},
	"credit":         {"order.credits.unmapped", "set order.credits"},
	"reward":         {"order.credits.unmapped", "set order.credits"},
	"free":           {"order.credits.unmapped", "set order.credits"},
	"surcharge":      {"order.total.mismatch", "handling_surcharge: {to: misc}"},
}

// refused are the kinds that no setting of a pair helps.
var refused = map[string][2]string{
	"surcharge-hidden": {"order.total.mismatch", "a difference of 3.5"},
	"currency-unknown": {"gp.currency.unknown", "CHF"},
}

// TestEveryKindArrivesToTheCent places orders of every kind that the store
// knows, and compares what GP has with what the store has.
func TestEveryKindArrivesToTheCent(t *testing.T) {
	t.Parallel()
	for name, each := range map[string]int{"default": 2, "decided": 1} {
		p := all.pairs[name]
		var orders []placed
		for _, kind := range append(magento.Kinds(), "") { // "" is a shopper who buys simple things
			for range each {
				body := fmt.Sprintf(`{"store": "default", "payment_method": "checkmo", "kind": %q}`, kind)
				orders = append(orders, placed{p.place(t, body), kind})
			}
		}
		for _, o := range orders {
			t.Run(strings.Join([]string{name, o.Kind, o.IncrementID}, "/"), func(t *testing.T) {
				t.Parallel()
				refusal, isRefused := refused[o.Kind]
				if !isRefused && name == "default" {
					refusal, isRefused = undecided[o.Kind]
				}
				if !isRefused {
					for _, fault := range compare(p.order(t, o.IncrementID), o, p.written(t, o.IncrementID)) {
						t.Error(fault)
					}
					return
				}
				letter := p.refused(t, o.IncrementID)
				if said := letter.Reason + "\n" + letter.Fix; letter.Code != refusal[0] || !strings.Contains(said, refusal[1]) {
					t.Errorf("refused as %s: %s\nwant %s: … %s …", letter.Code, said, refusal[0], refusal[1])
				}
				if found := p.documents(t, o.IncrementID); len(found) > 0 {
					t.Errorf("a refused order is in GP: %+v", found)
				}
			})
		}
	}
}

// placed is an order of a kind.
type placed struct {
	magento.OrderRow
	Kind string
}

// compare says in what a sales order differs from the order as REST answers it.
// What the totals mean is in docs/orders.md.
func compare(order map[string]any, row placed, d gp.OrderRow) (faults []string) {
	more, _ := order["extension_attributes"].(map[string]any)
	paidBefore := money(more, "gift_cards_amount").Add(money(more, "customer_balance_amount")).Add(money(more, "reward_currency_amount"))
	is := func(what string, got, want decimal.Decimal) {
		if !got.Equal(want) {
			faults = append(faults, fmt.Sprintf("%s: GP has %s, want %s", what, got, want))
		}
	}
	is("grand total and what was paid before", d.Amount, row.GrandTotal.Add(paidBefore))
	is("sum of the parts", d.Subtotal.Add(d.Freight).Add(d.Misc).Add(d.Tax).Sub(d.Discount), d.Amount)
	is("freight", d.Freight, money(order, "shipping_amount"))
	is("tax", d.Tax, money(order, "tax_amount").Add(money(order, "discount_tax_compensation_amount")))
	// What GP's quantity x price can't express of a row without its tax goes to
	// the miscellaneous amount or the discount, up to order.restLimit.
	rest := money(order, "subtotal").Sub(d.Subtotal)
	if rest.IsZero() {
		is("discount", d.Discount, money(order, "discount_amount").Neg())
	} else if row.Kind != "tax-included" || rest.Abs().GreaterThan(decimal.NewFromInt(1)) {
		is("subtotal", d.Subtotal, money(order, "subtotal"))
	}

	got, want := map[string]decimal.Decimal{}, quantities(order)
	var lines decimal.Decimal
	for _, l := range d.Lines {
		got[l.Item] = got[l.Item].Add(l.Quantity)
		lines = lines.Add(l.Total)
		is("line of "+l.Item, l.Total, l.Price.Mul(l.Quantity).Round(2))
	}
	is("sum of the lines", lines, d.Subtotal)
	if text := func(v map[string]decimal.Decimal) string { b, _ := json.Marshal(v); return string(b) }; text(got) != text(want) {
		faults = append(faults, fmt.Sprintf("GP has %s, want %s", text(got), text(want)))
	}
	return faults
}

// quantities are the pieces of each item that GP is to have: of a configurable
// product the row that was bought, of a bundle the rows that have the money.
func quantities(order map[string]any) map[string]decimal.Decimal {
	rows, _ := order["items"].([]any)
	children := map[any][]map[string]any{}
	for _, r := range rows {
		if row := r.(map[string]any); row["parent_item_id"] != nil {
			children[row["parent_item_id"]] = append(children[row["parent_item_id"]], row)
		}
	}
	want := map[string]decimal.Decimal{}
	add := func(row map[string]any) {
		sku := strings.ToUpper(row["sku"].(string))
		want[sku] = want[sku].Add(decimal.NewFromFloat(row["qty_ordered"].(float64)).Round(4))
	}
	for _, r := range rows {
		row := r.(map[string]any)
		parts := children[row["item_id"]]
		priced := slices.ContainsFunc(parts, func(part map[string]any) bool { return money(part, "row_total").IsPositive() })
		switch {
		case row["parent_item_id"] != nil:
		case row["product_type"] == "bundle" && priced:
			for _, part := range parts {
				add(part)
			}
		default:
			add(row)
		}
	}
	return want
}

// money reads an amount, which may have the noise of PHP's floating point.
func money(record map[string]any, field string) decimal.Decimal {
	amount, _ := record[field].(float64)
	return decimal.NewFromFloat(amount).Round(2)
}
