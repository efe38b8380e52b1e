package magento

import (
	"fmt"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
)

// money makes a state and some of the order's amounts comparable.
func (d restDoc) amounts(t *testing.T, names ...string) string {
	t.Helper()
	out := d.text("state")
	for _, name := range names {
		v := decimal.Zero
		if d[name] != nil {
			v = d.money(t, name)
		}
		out += " " + v.String()
	}
	return out
}

// mugs places an order of five mugs at 10, freight 25, no tax, and returns it.
func mugs(s *store, method string) OrderRow {
	s.t.Helper()
	price := decimal.New(10, 0)
	return s.place(PlaceOrder{
		Store: "default", Guest: true, PaymentMethod: method, ShippingMethod: "flatrate_flatrate",
		Billing: &Address{Firstname: "A", Lastname: "Q", Street: []string{"1 Main"}, City: "Toronto", CountryID: "CA", Postcode: "M4C", Telephone: "1"},
		Lines:   []PlaceLine{{SKU: "CAMP-MUG", Qty: decimal.New(5, 0), Price: &price}},
	})
}

func TestRefundRefusals(t *testing.T) {
	const prefix = "Creditmemo Document Validation Error(s):\n"
	tests := []struct {
		name, method string
		before       []string // calls
		call, body   string
		want         string
	}{
		{"nothing paid", "checkmo", nil, "order/1/refund", "", prefix + "The order does not allow a creditmemo to be created."},
		{"held", "checkmo", []string{"order/1/invoice", "orders/1/hold"}, "order/1/refund", "", prefix + "A creditmemo can not be created when an order has a status of holded"},
		{"twice", "checkmo", []string{"order/1/invoice", "order/1/refund"}, "order/1/refund", "", prefix + "A creditmemo can not be created when an order has a status of closed"},
		{
			"too many", "checkmo", []string{"order/1/invoice"}, "order/1/refund", `{"items":[{"order_item_id":1,"qty":6}]}`,
			prefix + `The quantity to creditmemo must not be greater than the unrefunded quantity for product SKU "CAMP-MUG".`,
		},
		{
			"not of the order", "checkmo", []string{"order/1/invoice"}, "order/1/refund", `{"items":[{"order_item_id":77,"qty":1}]}`,
			prefix + `The creditmemo contains product SKU "" that is not part of the original order.`,
		},
		{
			"more than was paid", "checkmo", []string{"order/1/invoice"}, "order/1/refund", `{"arguments":{"adjustment_positive":0.01}}`,
			prefix + "The most money available to refund is 75.",
		},
		{
			"nothing", "checkmo", []string{"order/1/invoice"}, "order/1/refund", `{"items":[{"order_item_id":1,"qty":0}],"arguments":{"shipping_amount":0}}`,
			prefix + "The credit memo's total must be positive.",
		},
		{
			"a fee that eats it", "checkmo", []string{"order/1/invoice"}, "order/1/refund", `{"items":[{"order_item_id":1,"qty":1}],"arguments":{"shipping_amount":0,"adjustment_negative":10}}`,
			prefix + "The credit memo's total must be positive.",
		},
		{"more freight than there was", "checkmo", []string{"order/1/invoice"}, "order/1/refund", `{"arguments":{"shipping_amount":26}}`, "Maximum shipping amount allowed to refund is: %1"},
		{
			"return of another row", "checkmo", []string{"order/1/invoice"}, "order/1/refund",
			`{"items":[{"order_item_id":1,"qty":1}],"arguments":{"extension_attributes":{"return_to_stock_items":[9]}}}`,
			prefix + "The return to stock argument contains product item that is not part of the original order.",
		},
		{"invoice of an offline method", "checkmo", []string{"order/1/invoice"}, "invoice/1/refund", `{"isOnline":true}`, prefix + "We can't create creditmemo for the invoice."},
		{"no such invoice", "checkmo", nil, "invoice/8/refund", "", errNoEntity.Message},
		{"no such order", "checkmo", nil, "order/8/refund", "", errNoEntity.Message},
		{"invoice that isn't paid", "braintree", []string{"order/1/invoice"}, "invoice/1/refund", `{"isOnline":true}`, prefix + "The order does not allow a creditmemo to be created."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			mugs(s, tt.method)
			for _, call := range tt.before {
				if a := s.do("POST", "/rest/V1/"+call, ""); a.status != 200 {
					t.Fatalf("%s: %s", call, a.body)
				}
			}
			a := s.do("POST", "/rest/V1/"+tt.call, tt.body)
			if got := decode[restDoc](t, a.body).text("message"); a.status/100 != 4 || got != tt.want {
				t.Errorf("%d %q, want %q", a.status, got, tt.want)
			}
			if found := get[restDoc](s, "/rest/V1/creditmemos?searchCriteria="); len(found.list("items")) > 1 {
				t.Errorf("a refused call left %d credit memos", len(found.list("items")))
			}
		})
	}
}

func TestLifeOfARefund(t *testing.T) {
	type step struct{ call, body, want string }
	tests := []struct {
		name, method string
		steps        []step // state, total_paid, total_refunded, online, adjustment_positive, adjustment_negative
	}{
		{"in parts", "checkmo", []step{
			{"order/1/invoice", ``, "processing 75 0 0 0 0"},
			{"order/1/ship", ``, "complete 75 0 0 0 0"},
			{"order/1/refund", `{"items":[{"order_item_id":1,"qty":2}],"arguments":{"shipping_amount":5}}`, "complete 75 25 0 0 0"},
			{"order/1/refund", `{"items":[{"order_item_id":1,"qty":0}],"arguments":{"shipping_amount":0,"adjustment_positive":3}}`, "complete 75 28 0 3 0"},
			{"order/1/refund", `{"items":[{"order_item_id":1,"qty":3}],"arguments":{"shipping_amount":17}}`, "closed 75 75 0 3 0"},
		}},
		{"with a fee that is kept", "checkmo", []step{
			{"order/1/invoice", ``, "processing 75 0 0 0 0"},
			{"order/1/ship", ``, "complete 75 0 0 0 0"},
			{"order/1/refund", `{"arguments":{"adjustment_negative":7.5}}`, "closed 75 67.5 0 0 7.5"},
		}},
		{"before it was shipped", "checkmo", []step{
			{"order/1/invoice", ``, "processing 75 0 0 0 0"},
			{"order/1/refund", ``, "closed 75 75 0 0 0"},
		}},
		{"a part before it was shipped", "checkmo", []step{
			{"order/1/invoice", ``, "processing 75 0 0 0 0"},
			{"order/1/refund", `{"items":[{"order_item_id":1,"qty":1}],"arguments":{"shipping_amount":0}}`, "processing 75 10 0 0 0"},
			{"order/1/ship", ``, "complete 75 10 0 0 0"},
		}},
		{"online", "braintree", []step{
			{"order/1/invoice", `{"capture":true}`, "processing 75 0 0 0 0"},
			{"invoice/1/refund", `{"isOnline":true,"items":[{"order_item_id":1,"qty":1}],"arguments":{"shipping_amount":0}}`, "processing 75 10 10 0 0"},
			{"order/1/ship", ``, "complete 75 10 10 0 0"},
			{"invoice/1/refund", `{"isOnline":false}`, "closed 75 75 10 0 0"},
		}},
		{"captured later", "braintree", []step{
			{"order/1/invoice", `{"capture":false}`, "processing 0 0 0 0 0"},
			{"invoices/1/capture", ``, "processing 75 0 0 0 0"},
			{"order/1/refund", ``, "closed 75 75 0 0 0"},
		}},
		{"a part cancelled", "checkmo", []step{
			{"order/1/invoice", `{"items":[{"order_item_id":1,"qty":2}]}`, "processing 45 0 0 0 0"},
			{"orders/1/cancel", ``, "processing 45 0 0 0 0"},
			{"order/1/ship", ``, "complete 45 0 0 0 0"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			mugs(s, tt.method)
			for n, st := range tt.steps {
				if a := s.do("POST", "/rest/V1/"+st.call, st.body); a.status != 200 {
					t.Fatalf("step %d %s: %d %s", n, st.call, a.status, a.body)
				}
				got := get[restDoc](s, "/rest/V1/orders/1").amounts(t, "total_paid", "total_refunded", "total_online_refunded", "adjustment_positive", "adjustment_negative")
				if got != st.want {
					t.Fatalf("step %d %s: %s, want %s", n, st.call, got, st.want)
				}
			}
		})
	}
}

// TestEachKindIsRefunded gives one piece of each row back and then the rest: the
// credit memos add up to what was paid, in both currencies.
func TestEachKindIsRefunded(t *testing.T) {
	for _, name := range Kinds() {
		for _, store := range []string{"default", "en_eu"} {
			t.Run(name+" "+store, func(t *testing.T) {
				s := open(t)
				row := s.place(PlaceOrder{Store: store, Kind: name, PaymentMethod: "checkmo"})
				if row.GrandTotal.IsZero() {
					return // nothing was paid
				}
				s.do("POST", "/rest/V1/order/1/invoice", "")
				var one []string
				for _, it := range s.rest(t, 1).moneyRows(t) {
					if it.money(t, "qty_ordered").GreaterThan(decimal.New(1, 0)) {
						one = append(one, fmt.Sprintf(`{"order_item_id":%s,"qty":1}`, it["item_id"]))
					}
				}
				body := `{"items":[` + strings.Join(one, ",") + `],"arguments":{"shipping_amount":0}}`
				if len(one) > 0 {
					if a := s.do("POST", "/rest/V1/order/1/refund", body); a.status != 200 {
						t.Fatalf("the first: %d %s", a.status, a.body)
					}
				}
				if a := s.do("POST", "/rest/V1/order/1/refund", ""); a.status != 200 {
					t.Fatalf("the rest: %d %s", a.status, a.body)
				}
				doc := s.rest(t, 1)
				for _, prefix := range []string{"", "base_"} {
					for refunded, of := range map[string]string{"total_refunded": "total_paid", "subtotal_refunded": "subtotal", "tax_refunded": "tax_amount"} {
						if got, want := doc.amounts(t, prefix+refunded), doc.amounts(t, prefix+of); got != want {
							t.Errorf("%s%s is %s, want %s", prefix, refunded, got, want)
						}
					}
				}
				if doc.text("state") != stateClosed {
					t.Errorf("order is %s", doc.text("state"))
				}
				for _, it := range doc.list("items") {
					if !it.money(t, "qty_refunded").Equal(it.money(t, "qty_ordered")) {
						t.Errorf("%s: %s of %s refunded", it.text("sku"), it["qty_refunded"], it["qty_ordered"])
					}
				}
			})
		}
	}
}

func TestCreditmemoAndTransactions(t *testing.T) {
	s := open(t)
	mugs(s, "braintree")
	s.do("POST", "/rest/V1/order/1/invoice", `{"capture":true}`)
	a := s.do("POST", "/rest/V1/invoice/1/refund", `{"isOnline":true,"appendComment":true,"comment":{"comment":"broken","is_visible_on_front":1},
		"items":[{"order_item_id":1,"qty":2}],"arguments":{"shipping_amount":5,"adjustment_negative":1}}`)
	if a.status != 200 || a.body != "1" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	cm := get[restDoc](s, "/rest/V1/creditmemo/1")
	for name, want := range map[string]string{
		"order_id": "1", "invoice_id": "1", "state": "2", "base_subtotal": "20", "shipping_amount": "5", "adjustment_negative": "1", "adjustment": "-1",
		"base_grand_total": "24", "increment_id": `"000000001"`,
	} {
		if string(cm[name]) != want {
			t.Errorf("%s is %s, want %s", name, cm[name], want)
		}
	}
	if rows := cm.list("items"); len(rows) != 1 || string(rows[0]["order_item_id"]) != "1" || string(rows[0]["qty"]) != "2" {
		t.Errorf("items %v", rows)
	}
	if notes := cm.list("comments"); len(notes) != 1 || notes[0].text("comment") != "broken" {
		t.Errorf("comments %v", notes)
	}
	found := get[restDoc](s, "/rest/V1/creditmemos?"+where([3]string{"updated_at", "gteq", "2020-01-01 00:00:00"}, [3]string{"order_id", "eq", "1"}))
	if string(found["total_count"]) != "1" {
		t.Errorf("%s credit memos", found["total_count"])
	}
	kinds := ""
	for _, txn := range get[restDoc](s, "/rest/V1/transactions?"+where([3]string{"order_id", "eq", "1"})).list("items") {
		kinds += txn.text("txn_type") + " "
		if txn.text("txn_type") != txnAuthorization && txn.text("parent_txn_id") == "" {
			t.Errorf("%s has no parent", txn.text("txn_id"))
		}
	}
	if kinds != "authorization capture refund " {
		t.Errorf("transactions %s", kinds)
	}
	if one := get[restDoc](s, "/rest/V1/transactions/2"); one.text("txn_type") != txnCapture || one.text("txn_id") != get[restDoc](s, "/rest/V1/invoices/1").text("transaction_id") {
		t.Errorf("capture %v", one)
	}
}
