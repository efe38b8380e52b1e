package magento_test

import (
	"os"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

func TestCreateAndSaveOrder(t *testing.T) {
	s := &recordStore{answers: map[string]string{
		"POST /V1/orders":           `200 {"entity_id":12,"increment_id":"000000012","state":"new"}`,
		"POST /V1/orders/12/cancel": "200 true", "POST /V1/orders/12/hold": "200 true", "POST /V1/orders/12/unhold": "200 true",
	}}
	c := s.start(t, magento.Config{})
	o, err := c.CreateOrder(t.Context(), []byte(`{"grand_total":29.9500}`))
	if err != nil || o.EntityID != 12 || o.IncrementID != "000000012" {
		t.Errorf("got %+v, %v", o, err)
	}
	if _, err := c.SaveOrder(t.Context(), []byte(`{"entity_id":12,"increment_id":"000000012","ext_order_id":"ORD1"}`)); err != nil {
		t.Error(err)
	}
	if _, err := c.SaveOrder(t.Context(), []byte(`{"entity_id":12,"increment_id":"000000099"}`)); failure.Of(err).Code != "magento.order_renamed" {
		t.Errorf("renamed: %v", err)
	}
	for _, bad := range []string{`{"entity_id":12}`, `{"increment_id":"1"}`, `{"entity_id":12,"increment_id":"000000012","state":"new"}`, `x`} {
		if _, err := c.SaveOrder(t.Context(), []byte(bad)); failure.Of(err).Kind != failure.KindDefect {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if _, err := c.CreateOrder(t.Context(), []byte(`{"entity_id":12}`)); failure.Of(err).Kind != failure.KindDefect {
		t.Errorf("create what is there: %v", err)
	}
	for _, do := range []error{c.Cancel(t.Context(), 12), c.Hold(t.Context(), 12), c.Unhold(t.Context(), 12)} {
		if do != nil {
			t.Error(do)
		}
	}
	if got := wire(t, s.written()[0].body); got != `{"entity":{"grand_total":29.95}}` || len(s.written()) != 6 {
		t.Errorf("sent %s, and %d writes", got, len(s.written()))
	}
}

func TestItems(t *testing.T) {
	raw, err := os.ReadFile("../scrub/testdata/order.json")
	if err != nil {
		t.Fatal(err)
	}
	if items, err := (magento.Order{Raw: raw}).Items(); err != nil || len(items) == 0 || items[0].SKU == "" || !items[0].QtyOrdered.IsPositive() {
		t.Errorf("got %+v, %v", items, err)
	}
	items, err := magento.Order{Raw: []byte(`{"items":[
		{"item_id":"5101","product_type":"bundle","sku":"B","qty_ordered":2.0000,"qty_shipped":"1","product_option":{"extension_attributes":{"shipment_type":"1"}}},
		{"item_id":5102,"parent_item_id":5101,"product_id":297,"sku":"C","is_virtual":1,"qty_ordered":4,"qty_canceled":null,"product_option":[]}]}`)}.Items()
	if err != nil || len(items) != 2 {
		t.Fatalf("got %+v, %v", items, err)
	}
	if b := items[0]; b.ID != 5101 || b.Type != "bundle" || b.ShipmentType != "1" || !b.QtyOrdered.Equal(dec("2")) || !b.QtyShipped.Equal(dec("1")) {
		t.Errorf("the bundle %+v", b)
	}
	if child := items[1]; child.ParentID != 5101 || child.ProductID != 297 || !child.Virtual || child.ShipmentType != "" || !child.QtyCanceled.IsZero() {
		t.Errorf("the child %+v", child)
	}
	if _, err := (magento.Order{Raw: []byte(`{"items":[{"item_id":"x"}]}`)}).Items(); err == nil || !strings.Contains(err.Error(), "magento.order_items") {
		t.Errorf("got %v", err)
	}
}
