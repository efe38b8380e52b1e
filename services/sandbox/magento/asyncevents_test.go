package magento

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"testing"
	"time"
)

func TestAsyncEvents(t *testing.T) {
	tests := []struct {
		event string
		do    func(s *store)
		state string // of the order that comes, or empty for another document
	}{
		{asyncOrderCreated, func(s *store) { s.place(offline()) }, stateNew},
		{asyncOrderUpdated, func(s *store) { s.do("POST", "/rest/V1/orders/1/emails", "") }, stateNew},
		{asyncOrderHolded, func(s *store) { s.do("POST", "/rest/V1/orders/1/hold", "") }, stateHolded},
		{asyncOrderUnholded, func(s *store) {
			s.do("POST", "/rest/V1/orders/1/hold", "")
			s.do("POST", "/rest/V1/orders/1/unhold", "")
		}, stateNew},
		{asyncOrderCancelled, func(s *store) { s.do("POST", "/rest/V1/orders/1/cancel", "") }, stateCanceled},
		{asyncOrderPaid, func(s *store) { s.do("POST", "/rest/V1/order/1/invoice", "{}") }, stateProcessing},
		{asyncInvoiceCreated, func(s *store) { s.do("POST", "/rest/V1/order/1/invoice", "{}") }, ""},
		{asyncOrderShipped, func(s *store) { s.do("POST", "/rest/V1/order/1/ship", "{}") }, stateProcessing},
		{asyncShipmentCreated, func(s *store) { s.do("POST", "/rest/V1/order/1/ship", "{}") }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.event, func(t *testing.T) {
			s := open(t)
			s.place(PlaceOrder{PaymentMethod: "checkmo", Lines: []PlaceLine{{SKU: "CAMP-MUG"}}})
			got := make(chan event, 16)
			s.receive(Webhook{Scheme: SchemeMageOS, Secret: "token", Events: []string{tt.event}}, func(e event) int { got <- e; return 200 })
			s.run()
			tt.do(s)
			e := <-got
			mac := hmac.New(sha256.New, []byte("token"))
			mac.Write([]byte(e.raw))
			if want := hex.EncodeToString(mac.Sum(nil)); e.header.Get("x-magento-signature") != want {
				t.Errorf("signature %s, want %s", e.header.Get("x-magento-signature"), want)
			}
			doc := decode[restDoc](t, e.raw)
			if doc["event"] != nil || doc["entity_id"] == nil || doc["items"] == nil {
				t.Errorf("body %.80s", e.raw)
			}
			if tt.state != "" && doc.text("state") != tt.state {
				t.Errorf("order is %s, want %s", doc.text("state"), tt.state)
			}
			if a := s.do("GET", "/rest/V1/orders/1", ""); a.status != http.StatusOK {
				t.Errorf("read after the event: %d", a.status)
			}
		})
	}
}

func TestAsyncEventsRetryFiveTimes(t *testing.T) {
	s := open(t, func(c *Config) { c.WebhookBackoff = time.Millisecond })
	s.receive(Webhook{Scheme: SchemeMageOS, Secret: "s", Events: []string{asyncOrderCreated}}, func(event) int { return 503 })
	s.run()
	s.place(offline())
	s.settled(map[string]int64{countSent: 5, countGaveUp: 1})
}

// TestOthersDontHearAsyncEvents: their names are the module's alone.
func TestOthersDontHearAsyncEvents(t *testing.T) {
	w := Webhook{URL: "http://x", Secret: "s", Events: []string{"*"}}
	if err := w.setDefaults(); err != nil {
		t.Fatal(err)
	}
	if w.hears(asyncOrderCreated) || !w.hears(eventOrderCommit) {
		t.Error("a receiver of the store's events hears those of a module")
	}
	m := Webhook{URL: "http://x", Secret: "s", Scheme: SchemeMageOS}
	if err := m.setDefaults(); err != nil {
		t.Fatal(err)
	}
	if !m.hears(asyncOrderCreated) || m.hears(eventOrderCommit) || !slices.Contains(m.Events, asyncShipmentCreated) {
		t.Errorf("the module sends %v", m.Events)
	}
}
