package magento

import (
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

// documents are how each kind is made, and what its event is about.
var documents = []struct {
	name, call, kind string
}{
	{"invoice", "order/1/invoice", asyncInvoiceCreated},
	{"shipment", "order/1/ship", asyncShipmentCreated},
	{"creditmemo", "order/1/refund", asyncCreditmemoCreated},
}

// make makes the document, after what it needs.
func (s *store) make(name string) {
	s.t.Helper()
	for _, d := range documents {
		if a := s.do("POST", "/rest/V1/"+d.call, ""); a.status != 200 {
			s.t.Fatalf("%s: %s", d.call, a.body)
		}
		if d.name == name {
			return
		}
	}
}

func TestDocumentEvents(t *testing.T) {
	for _, d := range documents {
		saved := "sales_order_" + d.name + "_save_after"
		for scheme, hook := range map[string]Webhook{
			SchemeHMAC:   {Secret: "s", Events: []string{saved}},
			SchemeBearer: {Scheme: SchemeBearer, Secret: "s", Body: BodyBare, Events: []string{saved}},
			SchemeMageOS: {Scheme: SchemeMageOS, Secret: "s", Events: []string{d.kind}},
		} {
			t.Run(scheme+" "+d.name, func(t *testing.T) {
				s := open(t)
				mugs(s, "checkmo")
				got := make(chan event, 16)
				s.receive(hook, func(e event) int { got <- e; return 200 })
				s.run()
				s.make(d.name)
				e := <-got
				doc := decode[restDoc](t, e.raw)
				if scheme == SchemeHMAC {
					if e.name != saved || e.data["order_id"] == nil {
						t.Fatalf("event %q %.120s", e.name, e.raw)
					}
					doc = doc.object("data")
				}
				if string(doc["order_id"]) != "1" || len(doc.list("items")) != 1 {
					t.Errorf("%.200s", e.raw)
				}
			})
		}
		t.Run("adobe-io "+d.name, func(t *testing.T) {
			s := open(t)
			r := &ioReceiver{way: "text"}
			r.register(s, Webhook{ClientID: "me", Events: []string{observer + saved}})
			s.run()
			mugs(s, "checkmo")
			s.make(d.name)
			e := <-r.events
			envelope := decode[restDoc](t, e.raw)
			if value := envelope.object("data").object("value"); envelope.text("type") != "com.adobe.commerce."+observer+saved || string(value["order_id"]) != "1" {
				t.Errorf("%.300s", e.raw)
			}
		})
		t.Run("adobe-webhooks "+d.name, func(t *testing.T) {
			s := open(t)
			mugs(s, "checkmo")
			for _, before := range documents {
				if before.name == d.name {
					break
				}
				s.do("POST", "/rest/V1/"+before.call, "")
			}
			h := &hook{status: 200, answer: `{"op":"exception","message":"not today"}`}
			h.listen(s, Webhook{Events: []string{observer + saved}})
			if a := s.do("POST", "/rest/V1/"+d.call, ""); a.status != 400 || !strings.Contains(a.body, "not today") {
				t.Errorf("%d %s", a.status, a.body)
			}
			if e := <-h.asked; !strings.HasPrefix(e.raw, `{"eventName":"`+observer+saved+`","data":{"`+d.name+`":{`) {
				t.Errorf("asked %.120s", e.raw)
			}
			var rows int
			if err := s.DB().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM sales_"+d.name).Scan(&rows); err != nil || rows != 0 {
				t.Errorf("%d documents of a save that was forbidden: %v", rows, err)
			}
		})
	}
}

// TestInvoiceIsPaidLater: an open invoice is created first and paid by a capture.
func TestInvoiceIsPaidLater(t *testing.T) {
	s := open(t)
	mugs(s, "braintree")
	got := make(chan event, 16)
	s.receive(Webhook{Scheme: SchemeMageOS, Secret: "s", Events: []string{asyncInvoiceCreated, asyncInvoicePaid}}, func(e event) int { got <- e; return 200 })
	s.run()
	s.do("POST", "/rest/V1/order/1/invoice", `{"capture":false}`)
	if doc := decode[restDoc](t, (<-got).raw); string(doc["state"]) != "1" {
		t.Errorf("a new invoice is in state %s", doc["state"])
	}
	if a := s.do("POST", "/rest/V1/invoices/1/capture", ""); a.body != "true" {
		t.Fatal(a.body)
	}
	if doc := decode[restDoc](t, (<-got).raw); string(doc["state"]) != "2" || doc.text("transaction_id") == "" {
		t.Errorf("a captured invoice is %s", doc["state"])
	}
	if a := s.do("POST", "/rest/V1/invoices/1/capture", ""); a.status != 400 {
		t.Errorf("captured twice: %d %s", a.status, a.body)
	}
}

func TestAdminActions(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := open(t, func(c *Config) { c.Now = func() time.Time { return now } })
	row := mugs(s, "braintree")
	path := "/_sandbox/orders/" + row.IncrementID
	for _, tt := range []struct {
		action, body string
		status       int
		want         string
	}{
		{"refund", ``, 409, "does not allow a creditmemo"},
		{"refund", `{"online":true}`, 409, "We can't create creditmemo for the invoice."},
		{"ship", `{"items":{"NOBODY":1}}`, 400, "has no row of"},
		{"ship", `{"items":{"CAMP-MUG":2},"track":"1Z","carrier":"ups","comment":"first parcel"}`, 201, `"entity_id":1`},
		{"invoice", `{"items":{"camp-mug":1}}`, 201, `"entity_id":1`},
		{"pay", ``, 204, ""},
		{"refund", `{"online":true,"items":{"CAMP-MUG":1},"shipping":5,"adjustment_positive":0,"adjustment_negative":0.5,"return_to_stock":true}`, 201, `"increment_id":"000000001"`},
		{"refund", `{"items":{"CAMP-MUG":1},"shipping":5,"adjustment_negative":0.5,"return_to_stock":true}`, 201, `"increment_id":"000000002"`},
		{"refund", `{"items":{"CAMP-MUG":4}}`, 409, "unrefunded quantity"},
		{"refund", `{"parts":1}`, 400, "unknown field"},
	} {
		if a := s.do("POST", path+"/"+tt.action, tt.body); a.status != tt.status || !strings.Contains(a.body, tt.want) {
			t.Errorf("%s %s: %d %s, want %d %s", tt.action, tt.body, a.status, a.body, tt.status, tt.want)
		}
	}
	if a := s.do("POST", "/_sandbox/orders/000000099/ship", ""); a.status != 404 {
		t.Errorf("unknown order: %d %s", a.status, a.body)
	}
	doc := get[restDoc](s, "/rest/V1/orders/1")
	if got := doc.amounts(t, "total_paid", "total_refunded"); got != "processing 75 29" {
		t.Errorf("order is %s", got)
	}
	redirect := s.place(PlaceOrder{PaymentMethod: "payflow_link"})
	if err := s.Pay(t.Context(), redirect.IncrementID); err != nil {
		t.Fatal(err)
	}
	if doc := get[restDoc](s, "/rest/V1/orders/2"); doc.text("state") == statePendingPayment || !doc.money(t, "total_due").Equal(decimal.Zero) {
		t.Errorf("a paid redirect is %s and owes %s", doc.text("state"), doc["total_due"])
	}
}
