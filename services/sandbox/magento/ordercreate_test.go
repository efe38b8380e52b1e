package magento

import (
	"strings"
	"testing"
)

// imported is an order of another system: a configurable product with its child,
// shipped and paid.
const imported = `{"entity":{"increment_id":"IMP-77","customer_id":3,"customer_email":"sam@example.com","state":"processing","status":"processing",
	"grand_total":54,"base_grand_total":54,"subtotal":44,"base_subtotal":44,"shipping_amount":10,"base_shipping_amount":10,"total_qty_ordered":2,"ext_order_id":"ORD77",
	"items":[{"item_id":901,"product_type":"configurable","sku":"CAMP-MUG","name":"Mug","qty_ordered":2,"price":22,"base_price":22,"row_total":44,"base_row_total":44},
		{"item_id":902,"parent_item_id":901,"product_type":"simple","sku":"CAMP-MUG","name":"Mug-blue","qty_ordered":2,"price":0}],
	"billing_address":{"address_type":"billing","firstname":"Sam","lastname":"Lee","street":["1 Elm"],"city":"Reno","region_code":"NV","country_id":"US","postcode":"89501","telephone":"1"},
	"payment":{"method":"purchaseorder","po_number":"PO9","additional_information":["Purchase Order"]},
	"status_histories":[{"comment":"imported","is_customer_notified":0,"is_visible_on_front":0}],
	"extension_attributes":{"shipping_assignments":[{"shipping":{"address":{"firstname":"Sam","lastname":"Lee","street":["2 Oak"],"city":"Elko","country_id":"US"},"method":"flatrate_flatrate"}}]}}}`

func TestAnImportedOrder(t *testing.T) {
	s := open(t)
	before := s.stockNow("CAMP-MUG")
	a := s.do("PUT", "/rest/V1/orders/create", imported)
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	found := get[restDoc](s, "/rest/V1/orders?"+where([3]string{"customer_id", "eq", "3"})).list("items")
	if len(found) != 1 {
		t.Fatalf("the customer has %d orders", len(found))
	}
	doc := found[0]
	for name, want := range map[string]string{
		"increment_id": `"IMP-77"`, "state": `"processing"`, "grand_total": "54", "customer_is_guest": "0", "ext_order_id": `"ORD77"`, "is_virtual": "0",
		"total_item_count": "1", "total_due": "0",
	} {
		if string(doc[name]) != want {
			t.Errorf("%s is %s, want %s", name, doc[name], want)
		}
	}
	rows := doc.list("items")
	if len(rows) != 2 || string(rows[1]["parent_item_id"]) != string(rows[0]["item_id"]) {
		t.Errorf("rows %v", rows)
	}
	if doc.object("billing_address").text("city") != "Reno" || doc.object("payment").text("po_number") != "PO9" || len(doc.list("status_histories")) != 1 {
		t.Errorf("address %s, payment %s, histories %s", doc["billing_address"], doc["payment"], doc["status_histories"])
	}
	if ext := string(doc["extension_attributes"]); !strings.Contains(ext, "Elko") || !strings.Contains(ext, "flatrate_flatrate") {
		t.Errorf("shipping %s", ext)
	}
	if after := s.stockNow("CAMP-MUG"); after != before {
		t.Errorf("a save moved stock from %s to %s", before, after)
	}
	if a := s.do("POST", "/rest/V1/orders", imported); a.status != 400 || !strings.Contains(a.body, "Unique constraint violation found") {
		t.Errorf("the same number again: %d %s", a.status, a.body)
	}
	// It lives on as any other order.
	for _, call := range []string{"order/1/invoice", "order/1/ship"} {
		if a := s.do("POST", "/rest/V1/"+call, ""); a.status != 200 {
			t.Errorf("%s: %d %s", call, a.status, a.body)
		}
	}
	if state := get[restDoc](s, "/rest/V1/orders/1").text("state"); state != stateComplete {
		t.Errorf("order is %s", state)
	}
}

func TestOrderSaveChecksItsState(t *testing.T) {
	const row = `"items":[{"sku":"CAMP-MUG","qty_ordered":1,"qty_invoiced":1,"qty_shipped":1,"price":5}],
		"extension_attributes":{"shipping_assignments":[{"shipping":{"address":{"city":"Elko"},"method":"flatrate_flatrate"}}]}`
	for _, tt := range []struct{ name, columns, want string }{
		{"done", `"state":"processing","total_paid":5,`, "complete/complete"},
		{"held stays", `"state":"holded",`, "holded/holded"},
		{"its own status stays", `"state":"complete","status":"archived","total_paid":5,`, "complete/archived"},
	} {
		s := open(t)
		a := s.do("POST", "/rest/V1/orders", `{"entity":{`+tt.columns+`"grand_total":5,`+row+`}}`)
		if a.status != 200 {
			t.Fatalf("%s: %d %s", tt.name, a.status, a.body)
		}
		doc := decode[restDoc](t, a.body)
		if got := doc.text("state") + "/" + doc.text("status"); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
