package magento

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

// setStock makes a source have so much of a SKU.
func (s *store) setStock(sku, source string, qty, status int) {
	s.t.Helper()
	body := fmt.Sprintf(`{"sourceItems":[{"sku":%q,"source_code":%q,"quantity":%d,"status":%d}]}`, sku, source, qty, status)
	if a := s.do("POST", "/rest/V1/inventory/source-items", body); a.status != 200 {
		s.t.Fatalf("%d %s", a.status, a.body)
	}
}

// stockNow is "on hand / salable" of a SKU in the default source and stock.
func (s *store) stockNow(sku string) string {
	s.t.Helper()
	found := get[restDoc](s, "/rest/V1/inventory/source-items?"+where([3]string{"sku", "eq", sku}, [3]string{"source_code", "eq", "default"}))
	return found.list("items")[0].money(s.t, "quantity").String() + "/" + s.do("GET", "/rest/V1/inventory/get-product-salable-quantity/"+sku+"/1", "").body
}

func TestReservationsMove(t *testing.T) {
	tests := []struct {
		name  string
		steps [][3]string // call, body, stock
	}{
		{"shipped", [][3]string{{"order/1/ship", `{"items":[{"order_item_id":1,"qty":2}]}`, "18/15"}, {"order/1/ship", ``, "15/15"}}},
		{"cancelled", [][3]string{{"orders/1/cancel", ``, "20/20"}}},
		{"the rest cancelled", [][3]string{{"order/1/ship", `{"items":[{"order_item_id":1,"qty":2}]}`, "18/15"}, {"orders/1/cancel", ``, "18/18"}}},
		{"refunded unshipped", [][3]string{
			{"order/1/invoice", ``, "20/15"},
			{"order/1/refund", `{"items":[{"order_item_id":1,"qty":2}]}`, "20/17"},
			{"order/1/ship", ``, "17/17"},
		}},
		{"refunded and returned", [][3]string{
			{"order/1/invoice", ``, "20/15"},
			{"order/1/ship", ``, "15/15"},
			{"order/1/refund", `{"items":[{"order_item_id":1,"qty":2}],"arguments":{"extension_attributes":{"return_to_stock_items":[1]}}}`, "17/17"},
			{"order/1/refund", `{"items":[{"order_item_id":1,"qty":3}]}`, "17/17"},
		}},
		{"a comment", [][3]string{{"orders/1/comments", `{"statusHistory":{"comment":"x","is_customer_notified":0,"is_visible_on_front":0}}`, "20/15"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			s.setStock("CAMP-MUG", "default", 20, 1)
			mugs(s, "checkmo")
			if got := s.stockNow("CAMP-MUG"); got != "20/15" {
				t.Fatalf("placed: %s, want 20/15", got)
			}
			for _, st := range tt.steps {
				if a := s.do("POST", "/rest/V1/"+st[0], st[1]); a.status != 200 {
					t.Fatalf("%s: %d %s", st[0], a.status, a.body)
				}
				if got := s.stockNow("CAMP-MUG"); got != st[2] {
					t.Fatalf("after %s: %s, want %s", st[0], got, st[2])
				}
			}
		})
	}
}

// TestReservationsBalance: whatever is done to orders, what is reserved is what
// they still owe, and no reservation was ever changed.
func TestReservationsBalance(t *testing.T) {
	kinds := []string{"bundle", "bundle-fixed", "grouped", "mixed", "fraction", "special-price"}
	s := open(t)
	rapid.Check(t, func(rt *rapid.T) {
		row := s.place(PlaceOrder{Store: "default", Kind: rapid.SampledFrom(kinds).Draw(rt, "kind"), PaymentMethod: "checkmo", AnyStock: true})
		for range rapid.IntRange(1, 5).Draw(rt, "steps") {
			call := rapid.SampledFrom([]string{"order/%d/ship", "order/%d/invoice", "order/%d/refund", "orders/%d/cancel"}).Draw(rt, "call")
			body := ""
			if strings.HasPrefix(call, "order/") && rapid.Bool().Draw(rt, "part") {
				items := s.rest(t, row.EntityID).moneyRows(t)
				it := rapid.SampledFrom(items).Draw(rt, "row")
				body = fmt.Sprintf(`{"items":[{"order_item_id":%s,"qty":1}],"arguments":{"shipping_amount":0}}`, it["item_id"])
			}
			s.do("POST", fmt.Sprintf("/rest/V1/"+call, row.EntityID), body) // a refusal changes nothing
		}
		o, err := s.db.order(t.Context(), row.EntityID)
		if err != nil {
			rt.Fatal(err)
		}
		for _, it := range o.goods() {
			owed := it.QtyOrdered.Sub(it.QtyShipped).Sub(it.QtyCanceled).Sub(it.Released)
			if owed.IsNegative() {
				rt.Fatalf("%s owes %s", it.SKU, owed)
			}
			var units int64
			if err := s.DB().QueryRowContext(t.Context(), `SELECT COALESCE(SUM(quantity), 0) FROM inventory_reservation
				WHERE sku = ? AND json_extract(metadata, '$.object_increment_id') = ?`, it.SKU, o.IncrementID).Scan(&units); err != nil {
				rt.Fatal(err)
			}
			sum := decimal.Zero
			for _, same := range o.goods() {
				if same.SKU == it.SKU {
					sum = sum.Add(same.QtyOrdered.Sub(same.QtyShipped).Sub(same.QtyCanceled).Sub(same.Released))
				}
			}
			if !decimal.New(-units, -reservationScale).Equal(sum) {
				rt.Fatalf("%s: %d reserved, %s owed", it.SKU, units, sum)
			}
		}
	})
}

func TestNothingSalable(t *testing.T) {
	s := open(t)
	s.setStock("CAMP-MUG", "default", 3, 1)
	buy := func(qty int64, anyStock bool) error {
		_, err := s.Place(t.Context(), PlaceOrder{Store: "default", AnyStock: anyStock, Lines: []PlaceLine{{SKU: "CAMP-MUG", Qty: decimal.New(qty, 0)}}})
		return err
	}
	if err := buy(4, false); !errors.Is(err, ErrNotSalable) || !strings.Contains(err.Error(), "The requested qty is not available") {
		t.Errorf("four of three: %v", err)
	}
	if err := buy(3, false); err != nil {
		t.Error(err)
	}
	if a := s.do("POST", "/_sandbox/orders", `{"store":"default","lines":[{"sku":"CAMP-MUG"}]}`); a.status != http.StatusBadRequest || !strings.Contains(a.body, "not available") {
		t.Errorf("the fourth: %d %s", a.status, a.body)
	}
	if err := buy(1, true); err != nil {
		t.Errorf("a backorder: %v", err)
	}
	if got := s.stockNow("CAMP-MUG"); got != "3/-1" {
		t.Errorf("stock is %s", got)
	}
	s.setStock("CAMP-POT-2L", "default", 50, 0)
	if _, err := s.Place(t.Context(), PlaceOrder{Lines: []PlaceLine{{SKU: "CAMP-POT-2L"}}}); !errors.Is(err, ErrNotSalable) {
		t.Errorf("out of stock by its status: %v", err)
	}
	if _, err := s.Place(t.Context(), PlaceOrder{Lines: []PlaceLine{{SKU: "CAMP-KITCHEN"}}}); !errors.Is(err, ErrNotSalable) {
		t.Errorf("a bundle of a part that is out of stock: %v", err)
	}
}

// TestReservationOfAForbiddenOrder: a hook stops the order, and what was
// reserved is given back by a row of its own.
func TestReservationOfAForbiddenOrder(t *testing.T) {
	s := open(t)
	h := &hook{status: 200, answer: `{"op":"exception","message":"no"}`}
	h.listen(s, Webhook{})
	before := s.stockNow("CAMP-MUG")
	if _, err := s.Place(t.Context(), PlaceOrder{Store: "default", Lines: []PlaceLine{{SKU: "CAMP-MUG"}}}); err == nil {
		t.Fatal("the order was placed")
	}
	var rows int
	if err := s.DB().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM inventory_reservation`).Scan(&rows); err != nil || rows != 2 {
		t.Errorf("%d reservations %v", rows, err)
	}
	if after := s.stockNow("CAMP-MUG"); after != before {
		t.Errorf("stock %s, was %s", after, before)
	}
}

func TestShippingOfMoreThanASourceHas(t *testing.T) {
	for version, want := range map[string]string{
		Version246: "Could not save a shipment, see error log for details", Version247: "Not all of your products are available in the requested quantity.",
		Version248: "Negative quantity is not allowed.",
	} {
		t.Run(version, func(t *testing.T) {
			s := open(t, func(c *Config) { c.Version = version })
			mugs(s, "checkmo")
			s.setStock("CAMP-MUG", "default", 4, 1)
			s.setStock("CAMP-MUG", "store", 5, 1)
			a := s.do("POST", "/rest/V1/order/1/ship", "")
			if got := decode[restDoc](t, a.body).text("message"); a.status != 400 || got != want {
				t.Fatalf("%d %s", a.status, a.body)
			}
			if doc := get[restDoc](s, "/rest/V1/orders/1"); doc.text("state") != stateNew || doc.list("items")[0].money(t, "qty_shipped").Sign() != 0 {
				t.Errorf("a refused shipment left %s", doc["items"])
			}
			if a := s.do("POST", "/rest/V1/order/1/ship", `{"arguments":{"extension_attributes":{"source_code":"nowhere"}}}`); a.status != 400 {
				t.Errorf("unknown source: %d %s", a.status, a.body)
			}
			if a := s.do("POST", "/rest/V1/order/1/ship", `{"arguments":{"extension_attributes":{"source_code":"store"}}}`); a.status != 200 {
				t.Fatalf("from the store: %d %s", a.status, a.body)
			}
			rows := get[restDoc](s, "/rest/V1/inventory/source-items?"+where([3]string{"sku", "eq", "CAMP-MUG"}, [3]string{"source_code", "eq", "store"})).list("items")
			if string(rows[0]["quantity"]) != "0" || string(rows[0]["status"]) != "0" {
				t.Errorf("the store has %v", rows)
			}
			found := get[restDoc](s, "/rest/V1/shipments?"+where([3]string{"order_id", "eq", "1"})).list("items")
			if len(found) != 1 || found[0].object("extension_attributes").text("source_code") != "store" {
				t.Errorf("shipments %v", found)
			}
		})
	}
}

func TestABundleShipsTogetherOrSeparately(t *testing.T) {
	for _, separately := range []bool{false, true} {
		t.Run(fmt.Sprint(separately), func(t *testing.T) {
			s := open(t)
			s.setStock("YOGA-STRAP-06", "default", 10, 1)
			s.place(PlaceOrder{Store: "default", PaymentMethod: "checkmo", Lines: []PlaceLine{{SKU: "YOGA-SET", Qty: decimal.New(2, 0), ShipSeparately: separately}}})
			parent, child := `{"items":[{"order_item_id":1,"qty":1}]}`, `{"items":[{"order_item_id":2,"qty":1}]}`
			good, bad := parent, child
			if separately {
				good, bad = child, parent
			}
			if a := s.do("POST", "/rest/V1/order/1/ship", bad); a.status != 400 || !strings.Contains(a.body, "You can't create a shipment without products.") {
				t.Errorf("the wrong row: %d %s", a.status, a.body)
			}
			if a := s.do("POST", "/rest/V1/order/1/ship", good); a.status != 200 {
				t.Fatal(a.body)
			}
			if got := s.stockNow("YOGA-STRAP-06"); got != "9/8" {
				t.Errorf("stock %s, want 9/8", got)
			}
			s.do("POST", "/rest/V1/order/1/ship", "")
			s.do("POST", "/rest/V1/order/1/invoice", "")
			if state := get[restDoc](s, "/rest/V1/orders/1").text("state"); state != stateComplete {
				t.Errorf("order is %s", state)
			}
		})
	}
}

// TestParallelShipments: without the row lock of 2.4.6 both of two calls at once
// pass validation. A hook within the save holds each until both are there.
func TestParallelShipments(t *testing.T) {
	for _, noLock := range []bool{true, false} {
		t.Run(fmt.Sprint(noLock), func(t *testing.T) {
			s := open(t, func(c *Config) { c.NoOrderLock = noLock })
			mugs(s, "checkmo")
			var both sync.WaitGroup
			if noLock {
				both.Add(2)
			}
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if noLock {
					both.Done()
					both.Wait()
				}
				_, _ = w.Write([]byte(`{"op":"success"}`))
			}))
			t.Cleanup(srv.Close)
			s.withKeys()
			if _, err := s.AddWebhook(Webhook{URL: srv.URL, Scheme: SchemeAdobeWebhooks, Events: []string{"observer.sales_order_shipment_save_after"}}); err != nil {
				t.Fatal(err)
			}
			var calls sync.WaitGroup
			statuses := make([]int, 2)
			for n := range statuses {
				calls.Go(func() { statuses[n] = s.do("POST", "/rest/V1/order/1/ship", "").status })
			}
			calls.Wait()
			passed := 0
			for _, status := range statuses {
				if status == 200 {
					passed++
				}
			}
			want := 1
			if noLock {
				want = 2
			}
			if found := get[restDoc](s, "/rest/V1/shipments?"+where([3]string{"order_id", "eq", "1"})); passed != want || string(found["total_count"]) != fmt.Sprint(want) {
				t.Errorf("%d calls passed, %s shipments, want %d", passed, found["total_count"], want)
			}
		})
	}
}
