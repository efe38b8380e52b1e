package magento

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

func TestCommentSemantics(t *testing.T) {
	type result struct {
		status int // HTTP
		order  string
	}
	const refused = `{"message":"Unable to add comment: The status \"%1\" is not part of the order status history.","parameters":["processing"]}`
	bodies := map[string]string{
		"none":       `{"statusHistory":{"comment":"seen","is_customer_notified":0,"is_visible_on_front":0}}`,
		"pending":    `{"statusHistory":{"comment":"seen","status":"pending","isCustomerNotified":0,"is_visible_on_front":0}}`,
		"processing": `{"statusHistory":{"comment":"seen","status":"processing","is_customer_notified":0,"is_visible_on_front":0}}`,
		"custom":     `{"statusHistory":{"comment":"seen","status":"erp_accepted","is_customer_notified":null,"is_visible_on_front":0}}`,
	}
	tests := []struct {
		version, body string
		want          result
	}{
		{Version246, "none", result{200, "null"}},
		{Version246, "pending", result{200, `"pending"`}},
		{Version246, "processing", result{200, `"processing"`}},
		{Version247, "none", result{200, `"pending"`}},
		{Version247, "processing", result{400, `"pending"`}},
		{Version247, "custom", result{400, `"pending"`}},
		{Version248, "none", result{200, `"pending"`}},
		{Version248, "pending", result{200, `"pending"`}},
		{Version248, "processing", result{400, `"pending"`}},
		{Version248, "custom", result{200, `"erp_accepted"`}},
		{Version249, "processing", result{400, `"pending"`}},
	}
	for _, tt := range tests {
		t.Run(tt.version+" "+tt.body, func(t *testing.T) {
			s := open(t, func(c *Config) {
				c.Version = tt.version
				c.Statuses = map[string][]string{stateNew: {"erp_accepted"}}
			})
			s.place(offline())
			a := s.do("POST", "/rest/V1/orders/1/comments", bodies[tt.body])
			if a.status != tt.want.status {
				t.Fatalf("%d %s", a.status, a.body)
			}
			if a.status == 200 && a.body != "true" || tt.body == "processing" && a.status == 400 && a.body != refused {
				t.Errorf("answered %s", a.body)
			}
			if got := s.do("GET", "/rest/V1/orders/1/statuses", "").body; got != tt.want.order {
				t.Errorf("order is %s, want %s", got, tt.want.order)
			}
			rows, err := s.Orders(t.Context())
			if err != nil || rows[0].State != stateNew {
				t.Errorf("a comment never changes the state: %+v %v", rows, err)
			}
			if comments := rows[0].Comments; (a.status == 200) != (len(comments) == 1 && comments[0].Text == "seen") {
				t.Errorf("comments %+v", comments)
			}
		})
	}
}

func TestCommentMovesUpdatedAt(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 999e6, time.UTC)
	s := open(t, func(c *Config) { c.Now = func() time.Time { return now } })
	s.place(offline())
	now = now.Add(time.Second)
	s.do("POST", "/rest/V1/orders/1/comments", `{"statusHistory":{"comment":"<b>é</b>","is_customer_notified":1,"is_visible_on_front":1}}`)
	doc := get[restDoc](s, "/rest/V1/orders/1")
	if string(doc["updated_at"]) != `"2026-01-02 03:04:06"` || string(doc["created_at"]) != `"2026-01-02 03:04:05"` {
		t.Errorf("created %s, updated %s", doc["created_at"], doc["updated_at"])
	}
	a := s.do("GET", "/rest/V1/orders/1/comments?fields=items[comment,status,is_customer_notified]", "")
	if want := `{"items":[{"comment":"<b>\u00e9<\/b>","is_customer_notified":1,"status":"pending"}]}`; a.body != want {
		t.Errorf("got %s, want %s", a.body, want)
	}
}

func TestSave(t *testing.T) {
	body := `{"entity":{"entity_id":1,%s"state":"processing","status":"processing","extOrderId":"ORD1","base_grand_total":12.5}}`
	for _, tt := range []struct {
		name, version, increment, want string
	}{
		{"with increment id", Version246, `"increment_id":"000000001",`, `"000000001"`},
		{"without, old version", Version246, "", `"000000002"`},
		{"without, current version", Version248, "", `"000000001"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, func(c *Config) { c.Version = tt.version; c.NoiseEvery = -1 })
			s.place(PlaceOrder{Store: "default", PaymentMethod: "checkmo"})
			for _, call := range [][2]string{{"POST", "/rest/V1/orders"}, {"PUT", "/rest/V1/orders/create"}} {
				a := s.do(call[0], call[1], fmt.Sprintf(body, tt.increment))
				if a.status != 200 {
					t.Fatalf("%d %s", a.status, a.body)
				}
				doc := decode[restDoc](t, a.body)
				if string(doc["state"]) != `"processing"` || string(doc["ext_order_id"]) != `"ORD1"` || string(doc["base_grand_total"]) != "12.5" {
					t.Errorf("saved %s %s %s", doc["state"], doc["ext_order_id"], doc["base_grand_total"])
				}
				if call[0] == "POST" && string(doc["increment_id"]) != tt.want {
					t.Errorf("increment id %s, want %s", doc["increment_id"], tt.want)
				}
			}
		})
	}
	s := open(t)
	a := s.do("POST", "/rest/V1/orders", `{"entity":{"customer_email":"erp@example.com","grand_total":10,"items":[{"sku":"X-1","qty_ordered":2,"price":5}]}}`)
	doc := decode[restDoc](t, a.body)
	if a.status != 200 || string(doc["increment_id"]) != `"000000001"` || len(doc.list("items")) != 1 {
		t.Errorf("created %d %s", a.status, a.body)
	}
	if a = s.do("POST", "/rest/V1/orders", `{"entity":{"entity_id":1,"grand_total":"abc"}}`); a.status != 400 || !strings.Contains(a.body, `The \"float\" type was expected`) {
		t.Errorf("wrong type: %d %s", a.status, a.body)
	}
	if a = s.do("POST", "/rest/V1/orders", `{"entity":{"entity_id":1,"grandest_total":1}}`); a.status != 400 || !strings.Contains(a.body, "getGrandestTotal") {
		t.Errorf("unknown property: %d %s", a.status, a.body)
	}
}

// step is one call and what the order looks like after it.
type step struct {
	call, body string
	status     int
	answer     string
	state      string
}

func TestLifeOfAnOrder(t *testing.T) {
	const bought = 5
	tests := []struct {
		name    string
		payment string
		steps   []step
	}{
		{"invoiced, then shipped", "checkmo", []step{
			{"order/1/invoice", `{"capture":false}`, 200, "1", "processing/processing"},
			{"order/1/invoice", ``, 400, `{"message":"Invoice Document Validation Error(s):\nThe order does not allow an invoice to be created."}`, "processing/processing"},
			{"order/1/ship", `{"tracks":[{"carrier_code":"ups","title":"UPS","track_number":"1Z9"}]}`, 200, "1", "complete/complete"},
			{"order/1/ship", ``, 400, `{"message":"Shipment Document Validation Error(s):\nThe order does not allow a shipment to be created."}`, "complete/complete"},
			{"order/1/invoice", ``, 400, `{"message":"Invoice Document Validation Error(s):\nAn invoice cannot be created when an order has a status of complete"}`, "complete/complete"},
			{"orders/1/cancel", ``, 200, "false", "complete/complete"},
			{"orders/1/hold", ``, 400, `{"message":"A hold action is not available."}`, "complete/complete"},
		}},
		{"shipped in parts, then invoiced", "checkmo", []step{
			{"order/1/ship", `{"items":[{"order_item_id":1,"qty":2}]}`, 200, "1", "processing/processing"},
			{"order/1/ship", `{"items":[{"order_item_id":1,"qty":4}]}`, 400, `{"message":"Shipment Document Validation Error(s):\nThe quantity to ship must not be greater than the unshipped quantity for product SKU \"wax-50%\"."}`, "processing/processing"},
			{"order/1/ship", `{"items":[{"order_item_id":99,"qty":1}]}`, 400, `{"message":"Shipment Document Validation Error(s):\nThe shipment contains product SKU \"\" that is not part of the original order."}`, "processing/processing"},
			{"order/1/ship", `{"items":[{"order_item_id":1,"qty":0}]}`, 400, `{"message":"Shipment Document Validation Error(s):\nYou can't create a shipment without products."}`, "processing/processing"},
			{"order/1/ship", `{"tracks":[{"carrier_code":"ups","title":"UPS","track_number":""}]}`, 400, `{"message":"Shipment Document Validation Error(s):\nPlease enter a tracking number."}`, "processing/processing"},
			{"order/1/ship", `{"items":[{"order_item_id":1,"qty":2},{"order_item_id":1,"qty":3}]}`, 200, "2", "processing/processing"},
			{"order/1/invoice", `{"items":[{"order_item_id":1,"qty":1}]}`, 200, "1", "processing/processing"},
			{"order/1/invoice", `{"items":[{"order_item_id":1,"qty":5}]}`, 400, `{"message":"Invoice Document Validation Error(s):\nThe quantity to invoice must not be greater than the uninvoiced quantity for product SKU \"wax-50%\"."}`, "processing/processing"},
			{"order/1/invoice", ``, 200, "2", "complete/complete"},
		}},
		{"held", "braintree", []step{
			{"orders/1/hold", ``, 200, "true", "holded/holded"},
			{"order/1/ship", ``, 400, `{"message":"Shipment Document Validation Error(s):\nA shipment cannot be created when an order has a status of holded"}`, "holded/holded"},
			{"orders/1/cancel", ``, 200, "false", "holded/holded"},
			{"orders/1/hold", ``, 400, `{"message":"A hold action is not available."}`, "holded/holded"},
			{"orders/1/unhold", ``, 200, "true", "processing/processing"},
		}},
		{"cancelled", "checkmo", []step{
			{"orders/1/emails", ``, 200, "true", "new/pending"},
			{"orders/1/cancel", ``, 200, "true", "canceled/canceled"},
			{"orders/1/cancel", ``, 200, "false", "canceled/canceled"},
			{"order/1/invoice", ``, 400, `{"message":"Invoice Document Validation Error(s):\nAn invoice cannot be created when an order has a status of canceled"}`, "canceled/canceled"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			s.place(PlaceOrder{PaymentMethod: tt.payment, Lines: []PlaceLine{{SKU: "wax-50%", Qty: decimal.New(bought, 0)}}})
			for n, st := range tt.steps {
				a := s.do("POST", "/rest/V1/"+st.call, st.body)
				if got := decode[any](t, a.body); a.status != st.status || fmt.Sprint(got) != fmt.Sprint(decode[any](t, st.answer)) {
					t.Fatalf("step %d %s: %d %s", n, st.call, a.status, a.body)
				}
				rows, err := s.Orders(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if got := rows[0].State + "/" + rows[0].Status; got != st.state {
					t.Fatalf("step %d %s: order is %s, want %s", n, st.call, got, st.state)
				}
			}
		})
	}
}

func TestInvoicesAddUp(t *testing.T) {
	s := open(t, func(c *Config) { c.NoiseEvery = -1 })
	s.place(PlaceOrder{
		Store: "en_eu", PaymentMethod: "banktransfer", ShippingMethod: "flatrate_flatrate", CouponCode: "ODD", DiscountPercent: decimal.New(733, -2), DiscountShipping: true,
		Lines: []PlaceLine{{SKU: "wax-50%", Qty: decimal.New(7, 0)}, {SKU: "FLASK/750+", Qty: decimal.New(3, 0)}},
	})
	for _, body := range []string{`{"items":[{"order_item_id":1,"qty":2}]}`, `{"items":[{"order_item_id":1,"qty":3},{"order_item_id":2,"qty":1}]}`, ``} {
		if a := s.do("POST", "/rest/V1/order/1/invoice", body); a.status != 200 {
			t.Fatal(a.body)
		}
	}
	doc := get[restDoc](s, "/rest/V1/orders/1")
	for _, prefix := range []string{"", "base_"} {
		for paid, due := range map[string]string{"total_invoiced": "grand_total", "total_paid": "grand_total", "tax_invoiced": "tax_amount", "discount_invoiced": "discount_amount"} {
			if got, want := doc.money(t, prefix+paid), doc.money(t, prefix+due); !got.Equal(want) {
				t.Errorf("%s%s is %s, want %s", prefix, paid, got, want)
			}
		}
		if due := doc.money(t, prefix+"total_due"); !due.IsZero() {
			t.Errorf("%stotal_due is %s", prefix, due)
		}
	}
	found := get[restDoc](s, "/rest/V1/invoices?"+where([3]string{"order_id", "eq", "1"}))
	if string(found["total_count"]) != "3" {
		t.Errorf("%s invoices", found["total_count"])
	}
}

func TestShippingTakesStock(t *testing.T) {
	s := open(t)
	quantity := func() decimal.Decimal {
		found := get[restDoc](s, "/rest/V1/inventory/source-items?"+where([3]string{"sku", "eq", "wax-50%"}))
		return found.list("items")[0].money(t, "quantity")
	}
	if a := s.do("POST", "/rest/V1/inventory/source-items", `{"sourceItems":[{"sku":"WAX-50%","source_code":"default","quantity":100,"status":1}]}`); a.status != 200 || a.body != "[]" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	s.place(PlaceOrder{PaymentMethod: "checkmo", Lines: []PlaceLine{{SKU: "wax-50%", Qty: decimal.New(4, 0)}}})
	s.do("POST", "/rest/V1/order/1/ship", "")
	if got := quantity(); !got.Equal(decimal.New(96, 0)) {
		t.Errorf("%s on hand", got)
	}
	if a := s.do("POST", "/rest/V1/inventory/source-items", `{"sourceItems":[{"sku":"","source_code":"default","quantity":1,"status":1}]}`); a.status != 400 || !strings.Contains(a.body, "can not be empty") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestRedirectPaymentsAreSettled(t *testing.T) {
	settled := make(chan string, 16)
	s := open(t, func(c *Config) { c.PendingPaymentAfter = time.Millisecond })
	s.receive(Webhook{Secret: "s", Events: []string{eventOrderCommit}}, func(e event) int {
		if st := e.data["state"]; st != statePendingPayment {
			settled <- fmt.Sprint(e.data["entity_id"], " ", st)
		}
		return 200
	})
	for range 5 {
		s.place(PlaceOrder{PaymentMethod: "payflow_link"})
	}
	s.run()
	got := map[string]bool{}
	for len(got) < 5 {
		got[<-settled] = true
	}
	for _, want := range []string{"1 canceled", "2 processing", "3 processing", "4 processing", "5 canceled"} {
		if !got[want] {
			t.Errorf("%s missing in %v", want, got)
		}
	}
}
