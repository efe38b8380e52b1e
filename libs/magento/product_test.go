package magento_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

const odd = "A/B +100%"

func product(sku string) string { return fmt.Sprintf(`{"id":4,"sku":%q,"updated_at":%q}`, sku, at(0)) }

func TestSaveProductWritesOnlyWhatIsGivenAsDefaultValues(t *testing.T) {
	s := &recordStore{answers: map[string]string{"PUT /V1/products/A%2FB%20%2B100%25": "200 " + product(odd)}}
	given := map[string]any{"price": 12, "sku": "renamed"}
	r, err := s.start(t, magento.Config{}).SaveProduct(t.Context(), odd, given)
	if err != nil || r.Key != odd {
		t.Fatalf("got %+v, %v", r, err)
	}
	w := s.written()
	if w[0].path != "/rest/all/V1/products/A%2FB%20%2B100%25" || wire(t, w[0].body) != `{"product":{"price":12,"sku":"A/B +100%"},"saveOptions":true}` || given["sku"] != "renamed" {
		t.Errorf("sent %+v", w)
	}
}

func TestSaveProductGoesByPostWhereThePathIsRefused(t *testing.T) {
	for name, refusal := range map[string]string{
		"the proxy decoded it":   `404 {"message":"Request does not match any route."}`,
		"the web server's page":  `404 <html>not found</html>`,
		"a firewall":             `403 <html>no</html>`,
		"another SKU was looked": `404 {"message":"The product that was requested doesn't exist. Verify the product and try again."}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := &recordStore{
				records: map[string][]fields{"/V1/products": {{"id": 4, "sku": odd}}},
				answers: map[string]string{"PUT /V1/products/A%2FB%20%2B100%25": refusal, "PUT /V1/products/plain": refusal, "POST /V1/products": "200 " + product(odd)},
			}
			c := s.start(t, magento.Config{})
			if _, err := c.SaveProduct(t.Context(), odd, map[string]any{"price": 12}); err != nil {
				t.Fatal(err)
			}
			w := s.written()
			if len(w) != 2 || w[1].method != "POST" || w[1].path != "/rest/all/V1/products" || wire(t, w[1].body) != wire(t, w[0].body) {
				t.Errorf("sent %+v", w)
			}
			if _, err := c.SaveProduct(t.Context(), "plain", map[string]any{"price": 12}); err == nil || len(s.written()) != 3 {
				t.Errorf("a plain SKU's refusal is no matter of the path: %v", err)
			}
		})
	}
}

func TestSaveProductMakesNoProduct(t *testing.T) {
	s := &recordStore{
		records: map[string][]fields{"/V1/products": {{"id": 4, "sku": "OTHER"}}},
		answers: map[string]string{
			"PUT /V1/products/NEW":  `400 {"message":"The \"%1\" attribute value is empty. Set the attribute and try again.","parameters":["Product Name"]}`,
			"PUT /V1/products/SEEN": "200 " + product("OTHER"),
		},
	}
	c := s.start(t, magento.Config{})
	for _, sku := range []string{"NEW", odd} {
		_, err := c.SaveProduct(t.Context(), sku, map[string]any{"price": 12})
		if failure.Of(err).Code != "magento.product.missing" || !errors.Is(err, magento.ErrNotFound) {
			t.Errorf("%s: %v", sku, err)
		}
	}
	if _, err := c.SaveProduct(t.Context(), "SEEN", map[string]any{"price": 12}); failure.Of(err).Code != "magento.product.other" {
		t.Errorf("another product: %v", err)
	}
	for _, w := range s.written() {
		if w.method == "POST" {
			t.Errorf("created %+v", w)
		}
	}
}

func TestProduct(t *testing.T) {
	s := &recordStore{records: map[string][]fields{"/V1/products": {{"id": 4, "sku": "ABC"}, {"id": 5, "sku": "TWICE"}, {"id": 6, "sku": "twice"}}}}
	c := s.start(t, magento.Config{})
	if r, err := c.Product(t.Context(), "abc"); err != nil || r.Key != "ABC" {
		t.Errorf("got %+v, %v", r, err)
	}
	if _, err := c.Product(t.Context(), "none"); failure.Of(err).Code != "magento.product.missing" {
		t.Errorf("missing: %v", err)
	}
	if _, err := c.Product(t.Context(), "Twice"); failure.Of(err).Kind != failure.KindConflict {
		t.Errorf("made twice: %v", err)
	}
	for _, call := range s.sent {
		if call.path != "/rest/all/V1/products" {
			t.Errorf("asked %s", call.path)
		}
	}
}

func priced(skus ...string) map[string][]fields {
	list := []fields{}
	for i, sku := range skus {
		list = append(list, fields{"id": i + 1, "sku": sku})
	}
	return map[string][]fields{"/V1/products": list}
}

func TestPricesTellWhichRowsWereRefused(t *testing.T) {
	s := &recordStore{records: priced("A", "A-1", "B", "C"), answers: map[string]string{"POST /V1/products/base-prices": `200 [
		{"message":"Invalid attribute %fieldName = %fieldValue.","parameters":["SKU","b"]},
		{"message":"Requested store is not found. Row ID: SKU = A-1, Store ID: 99.","parameters":[]},
		{"message":"Something else.","parameters":[]}]`}}
	refused, err := s.start(t, magento.Config{}).BasePrices(t.Context(), []magento.BasePrice{
		{SKU: "a-1", StoreID: 99, Price: dec("5.50")}, {SKU: "A", Price: dec("1.2500")}, {SKU: "B"}, {SKU: "C"}, {SKU: "NOPE"},
	})
	if err != nil || len(refused) != 4 {
		t.Fatalf("got %+v, %v", refused, err)
	}
	for i, want := range []struct{ sku, code, reason string }{
		{"NOPE", "magento.sku.missing", `the store has no product "NOPE"`},
		{"B", "magento.price.refused", "POST /V1/products/base-prices: Invalid attribute SKU = b."},
		{"a-1", "magento.price.refused", "POST /V1/products/base-prices: Requested store is not found. Row ID: SKU = A-1, Store ID: 99."},
		{"", "magento.price.refused", "POST /V1/products/base-prices: Something else."},
	} {
		if r := refused[i]; r.SKU != want.sku || r.Err.Code != want.code || r.Err.Reason != want.reason || r.Err.Fix == "" || r.Err.Kind != failure.KindRejected {
			t.Errorf("got %+v", r)
		}
	}
	const want = `{"prices":[{"price":1.25,"sku":"A","store_id":0},{"price":5.5,"sku":"A-1","store_id":99},{"price":0,"sku":"B","store_id":0},{"price":0,"sku":"C","store_id":0}]}`
	if got := wire(t, s.written()[0].body); got != want {
		t.Errorf("sent %s\nwant %s", got, want)
	}
}

func TestSpecialAndTierPrices(t *testing.T) {
	s := &recordStore{records: priced("A"), answers: map[string]string{
		"POST /V1/products/special-price": "200 []", "POST /V1/products/tier-prices": "200 []", "PUT /V1/products/tier-prices": "200 []",
	}}
	c := s.start(t, magento.Config{})
	tiers := []magento.TierPrice{{SKU: "A", Discount: true, Price: dec("7.5"), Group: "ALL GROUPS", Quantity: dec("10")}}
	_, err1 := c.SpecialPrices(t.Context(), []magento.SpecialPrice{{SKU: "A", Price: dec("9.99"), From: noon}})
	_, err2 := c.TierPrices(t.Context(), tiers)
	_, err3 := c.ReplaceTierPrices(t.Context(), tiers)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	const tier = `{"prices":[{"customer_group":"ALL GROUPS","price":7.5,"price_type":"discount","quantity":10,"sku":"A","website_id":0}]}`
	for i, want := range []string{`{"prices":[{"price":9.99,"price_from":"2026-08-14 12:00:00","sku":"A","store_id":0}]}`, tier, tier} {
		if got := wire(t, s.written()[i].body); got != want {
			t.Errorf("sent %s\nwant %s", got, want)
		}
	}
}

// A PUT replaces all tier prices of an SKU, so an SKU may not be cut in two,
// whatever the store's input limit.
func TestReplacedTierPricesOfOneSKUStayTogether(t *testing.T) {
	s := &recordStore{records: priced("A", "B", "C"), maxRows: 3, answers: map[string]string{"PUT /V1/products/tier-prices": "200 []"}}
	c := s.start(t, magento.Config{})
	var tiers []magento.TierPrice
	for _, sku := range []string{"A", "B", "C", "a", "B", "B"} {
		tiers = append(tiers, magento.TierPrice{SKU: sku, Group: "General"})
	}
	if _, err := c.ReplaceTierPrices(t.Context(), tiers); err != nil {
		t.Fatal(err)
	}
	var sizes []int
	for _, w := range s.written() {
		sizes = append(sizes, len(w.body["prices"].([]any)))
	}
	if !slices.Equal(sizes, []int{6, 2, 3, 1}) {
		t.Errorf("batches of %v rows", sizes)
	}
	_, err := c.ReplaceTierPrices(t.Context(), append(tiers, magento.TierPrice{SKU: "B"}))
	if failure.Of(err).Code != "magento.too_many_items" {
		t.Errorf("more prices of one SKU than the store takes: %v", err)
	}
}
