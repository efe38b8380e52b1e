package magento

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

// aDay lets a store take orders, ship some, and lets the clerk work on them
// until there is nothing left to do. It returns the orders as they ended.
func aDay(t *testing.T, seed uint64, rate float64) ([]restDoc, *store) {
	t.Helper()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := open(t, func(c *Config) {
		c.Seed, c.Clerk = seed, Clerk{Rate: rate, After: Duration(time.Minute)}
		c.Now = func() time.Time { return now }
	})
	for n := range 24 {
		s.place(PlaceOrder{Store: "default", Guest: true, PaymentMethod: []string{"checkmo", "braintree"}[n%2], Lines: []PlaceLine{{SKU: "CAMP-MUG", Qty: decimal.New(3, 0)}}})
		if n%4 == 0 {
			s.do("POST", fmt.Sprintf("/rest/V1/order/%d/invoice", n+1), "")
			s.do("POST", fmt.Sprintf("/rest/V1/order/%d/ship", n+1), "")
		}
	}
	for range 4 {
		if err := s.clerkRound(t.Context()); err != nil {
			t.Fatal(err)
		}
		now = now.Add(2 * time.Minute)
	}
	return get[restDoc](s, "/rest/V1/orders?searchCriteria[sortOrders][0][field]=entity_id&searchCriteria[sortOrders][0][direction]=ASC").list("items"), s
}

func TestTheClerk(t *testing.T) {
	orders, s := aDay(t, 7, 1)
	var canceled, captured, refunded int
	for _, o := range orders {
		switch {
		case o.text("state") == stateCanceled:
			canceled++
		case o.money(t, "total_refunded").Sign() > 0:
			refunded++
		}
		if o.object("payment").text("method") == "braintree" && o.money(t, "total_paid").Equal(o.money(t, "grand_total")) {
			captured++
		}
	}
	if canceled == 0 || captured == 0 || refunded == 0 {
		t.Errorf("%d cancelled, %d captured, %d refunded", canceled, captured, refunded)
	}
	memos := get[restDoc](s, "/rest/V1/creditmemos?searchCriteria=").list("items")
	if len(memos) != refunded {
		t.Errorf("%d credit memos of %d orders: one is all that the clerk gives", len(memos), refunded)
	}
	again, _ := aDay(t, 7, 1)
	for n := range orders {
		for _, name := range []string{"state", "total_paid", "total_refunded"} {
			if string(orders[n][name]) != string(again[n][name]) {
				t.Errorf("order %d: %s is %s and with the same seed %s", n+1, name, orders[n][name], again[n][name])
			}
		}
	}
}

func TestTheClerkIsAway(t *testing.T) {
	orders, s := aDay(t, 7, 0)
	for _, o := range orders {
		if o.text("state") == stateCanceled || o.money(t, "total_refunded").Sign() > 0 {
			t.Errorf("order %s is %s", o.text("increment_id"), o.text("state"))
		}
	}
	if a := s.do("PUT", "/_sandbox/clerk", `{"rate":2}`); a.status != 400 {
		t.Errorf("a rate of 2: %d %s", a.status, a.body)
	}
	if a := s.do("PUT", "/_sandbox/clerk", `{"rate":0.5,"after":"10s"}`); a.status != 200 || s.Clerk() != (Clerk{Rate: 0.5, After: Duration(10 * time.Second)}) {
		t.Errorf("%d %s: %+v", a.status, a.body, s.Clerk())
	}
	if _, err := New(Config{Clerk: Clerk{Rate: -1}}); err == nil {
		t.Error("a negative rate was taken")
	}
}
