package magento_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

// lists has a maker of records for each list: the i-th, in website 1 or 2.
var lists = []struct {
	list   magento.List
	route  string
	shared bool // by all websites
	make   func(i, website int) fields
}{
	{magento.Orders, "/V1/orders", false, document},
	{magento.Invoices, "/V1/invoices", false, document},
	{magento.Creditmemos, "/V1/creditmemos", false, document},
	{magento.Shipments, "/V1/shipments", false, document},
	{magento.Customers, "/V1/customers/search", false, func(i, website int) fields {
		return fields{"id": i, "email": fmt.Sprintf("key%d@example.com", i), "website_id": website, "store_id": 99, "updated_at": at(i / 2)}
	}},
	{magento.Products, "/V1/products", true, func(i, _ int) fields {
		return fields{"id": i, "sku": fmt.Sprintf("Key, %d/+", i), "updated_at": at(i / 2)}
	}},
}

func document(i, website int) fields {
	return fields{
		"entity_id": i, "increment_id": fmt.Sprintf("K%d", i), "order_id": i / 3, "store_id": map[int]int{1: 1, 2: 3}[website],
		"updated_at": at(i / 2), "grand_total": "29.949999999999999",
	}
}

// Each list keeps the rules of the sweep: two records share each second, one is
// broken, one is of another website, and the store's page limit is smaller than ours.
func TestEveryListIsSweptInOrderAroundBrokenRecords(t *testing.T) {
	for _, tt := range lists {
		t.Run(tt.list.String(), func(t *testing.T) {
			s := &recordStore{records: map[string][]fields{}, maxSize: 2}
			var want []int64
			for i := 1; i <= 9; i++ {
				website := 1
				if i == 4 {
					website = 2
				}
				f := tt.make(i, website)
				if i == 6 {
					f["broken"] = true
				}
				s.records[tt.route] = append(s.records[tt.route], f)
				if i <= 7 && (website == 1 || tt.shared) { // the window ends with the second of 7
					want = append(want, int64(i))
				}
			}
			slices.Reverse(s.records[tt.route])
			c := s.start(t, magento.Config{})
			var got []int64
			var cursor magento.Cursor
			for pages := 0; ; pages++ {
				p, err := c.Updated(t.Context(), tt.list, noon, noon.Add(3*time.Second), cursor, 5)
				if err != nil || pages > 20 {
					t.Fatalf("page %d: %v", pages, err)
				}
				for _, r := range p.Records {
					got = append(got, r.ID)
					if r.Key == "" || !r.UpdatedAt.Equal(noon.Add(time.Duration(r.ID/2)*time.Second)) || mustJSON(t, r.JSON)["updated_at"] == nil {
						t.Errorf("record %+v", r)
					}
				}
				for _, b := range p.Broken {
					got = append(got, b.EntityID)
					if b.EntityID != 6 || b.Err == nil {
						t.Errorf("broken %+v", b)
					}
				}
				if cursor = p.Next; !p.More {
					break
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("met %v, want %v", got, want)
			}
		})
	}
}

func TestEveryListIsLookedUpByIDAndKey(t *testing.T) {
	for _, tt := range lists {
		t.Run(tt.list.String(), func(t *testing.T) {
			s := &recordStore{records: map[string][]fields{tt.route: {tt.make(1, 1), tt.make(2, 2), tt.make(3, 1)}}}
			s.records[tt.route][2]["broken"] = true
			c := s.start(t, magento.Config{})
			foreign := 1
			if tt.shared {
				foreign = 0
			}
			check := func(found magento.FoundRecords, err error, missing string) {
				t.Helper()
				if err != nil || len(found.Records) != 2-foreign || len(found.Foreign) != foreign || len(found.Broken) != 1 ||
					!slices.Equal(found.Missing, []string{missing}) || found.Records[0].ID != 1 {
					t.Errorf("got %+v, %v", found, err)
				}
			}
			found, err := c.ByID(t.Context(), tt.list, []int64{1, 2, 3, 77})
			check(found, err, "77")
			key := func(i int) string {
				r := tt.make(i, 1)
				for _, name := range []string{"sku", "email", "increment_id"} {
					if r[name] != nil {
						return r.text(name)
					}
				}
				return ""
			}
			found, err = c.ByKey(t.Context(), tt.list, []string{strings.ToUpper(key(1)) + " ", key(2), key(3), "none"})
			check(found, err, "none")
		})
	}
}

func TestDocumentsOfManyOrders(t *testing.T) {
	s := &recordStore{records: map[string][]fields{}, maxSize: 4}
	for i := range 30 {
		s.records["/V1/shipments"] = append(s.records["/V1/shipments"], document(i+1, 1))
	}
	c := s.start(t, magento.Config{})
	found, err := c.OfOrders(t.Context(), magento.Shipments, []int64{1, 5, 6, 77})
	if err != nil || len(found.Records) != 9 || !slices.Equal(found.Missing, []string{"77"}) || found.Records[0].OrderID != 1 {
		t.Errorf("got %+v, %v", found, err)
	}
	if _, err := c.OfOrders(t.Context(), magento.Products, []int64{1}); failure.Of(err).Kind != failure.KindDefect {
		t.Errorf("products of orders: %v", err)
	}
}

func TestAStoreThatFailsOnEachProductIsDown(t *testing.T) {
	s := &recordStore{answers: map[string]string{"GET /V1/products": "500 " + report}}
	_, err := s.start(t, magento.Config{}).Products(t.Context(), []string{"A", "B"})
	if f := failure.Of(err); f.Code != "magento.products_fail" || !f.System {
		t.Errorf("got %v", err)
	}
}

func TestAttribute(t *testing.T) {
	r := magento.Record{JSON: []byte(`{"custom_attributes":[{"attribute_code":"shipment_type","value":"1"},{"attribute_code":"tags","value":["a"]}]}`)}
	for code, want := range map[string]string{"shipment_type": "1", "tags": `["a"]`, "none": ""} {
		if got, ok := r.Attribute(code); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %t", code, got, ok)
		}
	}
	if _, ok := (magento.Record{JSON: []byte(`{"custom_attributes":{}}`)}).Attribute("a"); ok {
		t.Error("an attribute of none")
	}
}

// However an SKU is spelled, its product is found once, in searches of any length.
func TestSpellingsOfOneSKUAreOneProduct(t *testing.T) {
	s := &recordStore{records: priced("ABC")}
	c := s.start(t, magento.Config{PageSize: 1})
	found, err := c.Products(t.Context(), []string{"abc", "ABC", "Abc ", "x"})
	if err != nil || len(found.Records) != 1 || !slices.Equal(found.Missing, []string{"x"}) {
		t.Errorf("got %+v, %v", found, err)
	}
}
