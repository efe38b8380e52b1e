package magento

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
)

func TestConfigurableRows(t *testing.T) {
	s := open(t)
	var child Product
	products, err := s.SKUs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range products {
		if p.ParentSKU != "" {
			child = p
		}
	}
	row := s.place(PlaceOrder{Lines: []PlaceLine{{SKU: child.SKU, Qty: decimal.New(2, 0)}, {SKU: "FLASK/750+"}}, PaymentMethod: "checkmo"})
	doc := get[restDoc](s, "/rest/V1/orders/1")
	items := doc.list("items")
	if len(items) != 3 || string(doc["total_item_count"]) != "2" || string(doc["total_qty_ordered"]) != "3" {
		t.Fatalf("%d rows, count %s, qty %s", len(items), doc["total_item_count"], doc["total_qty_ordered"])
	}
	parent, kid := items[0], items[1]
	if string(parent["product_type"]) != `"configurable"` || string(kid["product_type"]) != `"simple"` {
		t.Errorf("types %s, %s", parent["product_type"], kid["product_type"])
	}
	if string(parent["sku"]) != string(kid["sku"]) || string(parent["product_id"]) == string(kid["product_id"]) {
		t.Error("both rows have the child's SKU and their own product id")
	}
	if string(kid["price"]) != "0" || string(kid["row_total"]) != "0" || kid["base_original_price"] != nil {
		t.Error("the child carries no money")
	}
	var embedded restDoc
	if err := json.Unmarshal(kid["parent_item"], &embedded); err != nil || string(embedded["item_id"]) != string(parent["item_id"]) {
		t.Errorf("parent_item %s: %v", kid["parent_item"], err)
	}
	var ext restDoc
	if err := json.Unmarshal(doc["extension_attributes"], &ext); err != nil {
		t.Fatal(err)
	}
	if n := len(ext.list("shipping_assignments")[0].list("items")); n != 3 {
		t.Errorf("shipping assignment repeats %d rows", n)
	}
	if row.IncrementID != "000000001" {
		t.Errorf("increment id %s", row.IncrementID)
	}
}

func TestNumbersPerStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	for _, want := range []struct{ us, eu string }{{"000000001", "2000000001"}, {"000000002", "2000000002"}} {
		s, err := New(Config{DB: path, Products: 20, Customers: 5, CommitDelay: -1})
		if err != nil {
			t.Fatal(err)
		}
		us, err := s.Place(t.Context(), PlaceOrder{Store: "default"})
		if err != nil {
			t.Fatal(err)
		}
		eu, err := s.Place(t.Context(), PlaceOrder{Store: "en_eu"})
		if err != nil {
			t.Fatal(err)
		}
		if us.IncrementID != want.us || eu.IncrementID != want.eu || eu.Currency != "EUR" {
			t.Errorf("got %s and %s %s, want %+v", us.IncrementID, eu.IncrementID, eu.Currency, want)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPaymentMethodsDecideTheState(t *testing.T) {
	s := open(t)
	for method, want := range map[string]string{
		"checkmo": "new/pending", "banktransfer": "new/pending", "cashondelivery": "new/pending", "purchaseorder": "new/pending",
		"braintree": "processing/processing", "payflow_link": "pending_payment/pending_payment",
	} {
		row := s.place(PlaceOrder{PaymentMethod: method})
		if got := row.State + "/" + row.Status; got != want {
			t.Errorf("%s: %s, want %s", method, got, want)
		}
	}
}

func TestRefusedOrders(t *testing.T) {
	s := open(t)
	for name, p := range map[string]PlaceOrder{
		"unknown SKU":      {Lines: []PlaceLine{{SKU: "NOPE"}}},
		"negative":         {Lines: []PlaceLine{{SKU: "wax-50%", Qty: decimal.New(-1, 0)}}},
		"unknown store":    {Store: "nope"},
		"unknown payment":  {PaymentMethod: "barter"},
		"unknown shipping": {ShippingMethod: "pigeon"},
		"unknown customer": {CustomerID: 999},
	} {
		if _, err := s.Place(t.Context(), p); !errors.Is(err, ErrInvalidOrder) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if rows, err := s.Orders(t.Context()); err != nil || len(rows) != 0 {
		t.Errorf("%d orders, %v", len(rows), err)
	}
}

func TestPHPJSON(t *testing.T) {
	s := open(t, func(c *Config) { c.NoiseEvery = 1 })
	price := decimal.RequireFromString("29.95")
	s.place(PlaceOrder{
		Guest: true, Billing: &Address{Firstname: "Zoë", Lastname: "李 😀", Street: []string{"1/2 Quay"}, City: "Köln", CountryID: "DE"},
		Lines: []PlaceLine{{SKU: "wax-50%", Price: &price}},
	})
	a := s.do("GET", "/rest/V1/orders/1", "")
	for _, want := range []string{`"price":29.949999999999999`, `Zo\u00eb`, `\u674e \ud83d\ude00`, `1\/2 Quay`, `"account_status":null`} {
		if !strings.Contains(a.body, want) {
			t.Errorf("no %s in the answer", want)
		}
	}
	for _, not := range []string{`"customer_id"`, `"coupon_code"`, `"region"`} {
		if strings.Contains(a.body, not) {
			t.Errorf("%s is null and must be absent", not)
		}
	}
}

func TestShop(t *testing.T) {
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := map[string]bool{}
	err := s.Shop(ctx, 500, func(incrementID string) {
		seen[incrementID] = true
		if len(seen) == 20 {
			cancel()
		}
	})
	if err != nil || len(seen) < 20 {
		t.Fatalf("%d orders, %v", len(seen), err)
	}
}

func BenchmarkPlace(b *testing.B) {
	s, err := New(Config{DB: filepath.Join(b.TempDir(), "store.db")})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Place(b.Context(), PlaceOrder{}); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkSearch100(b *testing.B) {
	s, err := New(Config{DB: filepath.Join(b.TempDir(), "store.db"), CommitDelay: -1})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for range 1000 {
		if _, err := s.Place(b.Context(), PlaceOrder{}); err != nil {
			b.Fatal(err)
		}
	}
	c := &call{query: parsePHPQuery("searchCriteria[pageSize]=100&searchCriteria[currentPage]=5&searchCriteria[sortOrders][0][field]=updated_at")}
	for b.Loop() {
		if _, err := s.searchOrders(b.Context(), c); err != nil {
			b.Fatal(err)
		}
	}
}
