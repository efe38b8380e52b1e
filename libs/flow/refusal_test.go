package flow_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/libs/failure"
)

// What is wrong with an order is told with the field, the value where it isn't a
// person's, the rule, and the next step.
func TestBadOrdersAreRefused(t *testing.T) {
	t.Parallel()
	row := func(change string) string {
		return `{"items": [` + string(must(json.Marshal(merge(map[string]any{
			"item_id": 1, "product_type": "simple", "sku": "SEED-KIT", "name": "Seed Starter Kit", "qty_ordered": 2, "price": 24.5, "row_total": 49,
		}, parseJSON(t, []byte(change)))))) + `]}`
	}
	for name, c := range map[string]struct {
		change   string
		settings map[string]any
		code     string
		field    string
		reason   string // a part of it
		private  string // a value that no message may show
	}{
		"no lines":              {change: `{"items": []}`, code: "order.items.none", field: "lines", reason: "the order has no rows"},
		"no list of lines":      {change: `{"items": null}`, code: "order.items.none", field: "lines", reason: "the order has no rows"},
		"a line that is none":   {change: `{"items": ["SEED-KIT"]}`, code: "order.items.unreadable", field: "items[0]", reason: "an item row is text"},
		"a negative quantity":   {change: row(`{"qty_ordered": -1}`), code: "order.items.quantity", field: "lines", reason: "the quantity of SEED-KIT is -1"},
		"no quantity":           {change: row(`{"qty_ordered": null}`), code: "order.items.quantity", field: "lines", reason: "the quantity of SEED-KIT is 0"},
		"a quantity of words":   {change: row(`{"qty_ordered": "two"}`), code: "flow.expression", field: "let.rows", reason: `items[0]: qty_ordered: "two" is not a number`},
		"a negative price":      {change: row(`{"price": -5, "row_total": -10}`), code: "order.items.price", field: "lines", reason: "the total of SEED-KIT is below zero"},
		"an unknown method":     {change: `{"payment": {"method": "klarna"}}`, code: "order.payment.unmapped", field: "payment.method", reason: "the payment method klarna has no row"},
		"no payment":            {change: `{"payment": null}`, code: "order.payment.unmapped", field: "payment.method", reason: "the payment method none has no row"},
		"a total that is off":   {change: `{"grand_total": 68.14}`, code: "order.total.mismatch", field: "total", reason: "a difference of 0.01"},
		"no grand total":        {change: `{"grand_total": null}`, code: "order.total.mismatch", field: "total", reason: "the order's grand total is 0: a difference of -68.13"},
		"no currency":           {change: `{"order_currency_code": null}`, code: "order.currency.missing", field: "currency", reason: "doesn't say its currency"},
		"a tax of words":        {change: `{"tax_amount": "n/a"}`, code: "flow.expression", field: "let.tax", reason: `tax_amount: "n/a" is not a number`},
		"a currency that isn't": {change: `{"order_currency_code": "Dollar"}`, code: "flow.expression", field: "let.places", reason: `"Dollar" is not a currency code of ISO 4217`},
		"a currency that GP lacks": {
			change: `{"order_currency_code": "CHF"}`, settings: map[string]any{"order.currencies": "USD, EUR"},
			code: "order.currency.unknown", field: "currency", reason: "the order is in CHF, and GP takes USD, EUR",
		},
		"negative freight": {change: `{"shipping_amount": -1, "grand_total": 59.18}`, code: "order.amount.negative", field: "freight", reason: "freight would be -1"},
		"a surcharge as discount": { // the amounts add up, and GP takes no negative discount
			change: `{"discount_amount": 5, "grand_total": 79.31}`, code: "order.discount.negative", field: "discount", reason: "the discount would be -5",
		},
		"no billing address": {change: `{"billing_address": null}`, code: "order.billing.missing", field: "billing_address", reason: "the order has no billing address"},
		"no address at all": {
			change: `{"billing_address": null, "extension_attributes": null}`, code: "order.billing.missing", field: "billing_address", reason: "no billing address",
		},
		"a name of 200 letters": {
			change: `{"customer_firstname": "` + strings.Repeat("Wolfgang", 25) + `"}`, code: "gp.order.too_long", field: "customer.name (CUSTNAME)",
			reason: "the value has 207 characters; 64 are taken", private: "Wolfgang",
		},
		"a postcode of 40 letters": {
			change: `{"billing_address": {"postcode": "` + strings.Repeat("53703", 8) + `"}}`, code: "gp.order.too_long",
			field: "customer.address.postalCode (ZIPCODE)", reason: "the value has 40 characters; 10 are taken", private: "53703",
		},
		"an SKU of 31 letters": {
			change: row(`{"sku": "` + strings.Repeat("x", 31) + `", "qty_ordered": 2}`), settings: map[string]any{"order.tolerance": json.Number("20")},
			code: "gp.order.too_long", field: "lines[0].item (ITEMNMBR)", reason: "the value has 31 characters (XXX",
		},
		"a number of 18 digits": {
			change: `{"increment_id": "000000000000000123"}`, code: "gp.order.too_long", field: "number (SOPNUMBE)",
			reason: "the value has 21 characters (WEB000000000000000123); 20 are taken",
		},
		"no time": {change: `{"created_at": null}`, code: "gp.order.missing", field: "date (DOCDATE)", reason: "the rule gives none"},
		"a user-defined value of 21 letters": {
			change: `{"ext_order_id": "123456789012345678901"}`, code: "gp.order.too_long", field: "userDefined.text1 (USERDEF1)",
			reason: "the value has 21 characters (123456789012345678901); 20 are taken",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tables := archive{files: map[string]string{"tables.yaml": "userDefined: {text1: ext_order_id}"}}
			base := must(os.ReadFile("testdata/order-to-gp/base.json"))
			in := orderInput(merge(parseJSON(t, base), parseJSON(t, []byte(c.change))))
			in.Settings = c.settings
			decisions, err := caseProgram(t, "order-to-gp", tables).Run(in)
			var f *failure.Error
			if !errors.As(err, &f) {
				t.Fatalf("not refused: %v %+v", err, decisions)
			}
			if f.Kind != failure.KindRejected || f.Code != c.code || f.Field != c.field || !strings.Contains(f.Reason, c.reason) || f.Fix == "" {
				t.Errorf("kind %s, code %s, field %s, fix %q: %s", f.Kind, f.Code, f.Field, f.Fix, f.Reason)
			}
			if c.private != "" && strings.Contains(f.Reason+f.Fix, c.private) {
				t.Errorf("it shows a person's data: %s; %s", f.Reason, f.Fix)
			}
		})
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
