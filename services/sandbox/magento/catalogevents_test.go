package magento

import (
	"fmt"
	"testing"
)

// TestCatalogEvents: what a save of a customer, an address and a product tells,
// under the store's names and under the module's.
func TestCatalogEvents(t *testing.T) {
	edit := func(s *store, rest string) {
		c := s.newCustomer(t)
		s.must("PUT", fmt.Sprintf("/rest/V1/customers/%d", c.ID), `{"customer":{`+aPerson+`,`+fmt.Sprintf(rest, c.Addresses[0].ID, c.Addresses[1].ID)+`}}`)
	}
	const addressEdit = `"addresses":[{"id":%d,"city":"Kearney"},{"id":%d}]`
	register := func(s *store) { s.newCustomer(t) }
	product := func(s *store) { s.must("POST", "/rest/all/V1/products", aProduct) }
	change := func(s *store) {
		s.must("PUT", "/rest/all/V1/products/wax-50%25", `{"product":{"name":"Renamed"}}`)
	}
	tests := []struct {
		event     string
		do        func(s *store)
		key, want string // a field of the record
	}{
		{asyncCustomerCreated, register, "email", "ada@example.com"},
		{asyncCustomerUpdated, func(s *store) { edit(s, `"taxvat":"T%d-%d"`) }, "email", "ada@example.com"},
		{asyncAddressCreated, register, "postcode", "68101"},
		{asyncAddressUpdated, func(s *store) { edit(s, addressEdit) }, "city", "Kearney"},
		{asyncProductCreated, product, "sku", "NEW/1 a+b"},
		{asyncProductUpdated, change, "name", "Renamed"},
		{eventCustomerCommit, register, "email", "ada@example.com"},
		{eventAddressCommit, register, "postcode", "68101"},
		{eventProductSave, change, "name", "Renamed"},
		{eventProductCommit, product, "sku", "NEW/1 a+b"},
	}
	for _, tt := range tests {
		t.Run(tt.event, func(t *testing.T) {
			s := open(t)
			hook := Webhook{Secret: "token", Events: []string{tt.event}}
			if isAsyncEvent(tt.event) {
				hook.Scheme = SchemeMageOS
			}
			got := make(chan event, 16)
			s.receive(hook, func(e event) int { got <- e; return 200 })
			s.run()
			tt.do(s)
			doc := decode[map[string]any](t, (<-got).raw)
			if !isAsyncEvent(tt.event) {
				if doc["event"] != tt.event {
					t.Errorf("event %v", doc["event"])
				}
				doc, _ = doc["data"].(map[string]any)
			}
			if doc[tt.key] != tt.want {
				t.Errorf("%s is %v, want %s", tt.key, doc[tt.key], tt.want)
			}
		})
	}
}

// TestAddressEditSaysNothingOfTheCustomer: the module's customer.updated does
// not come for a change of addresses alone.
func TestAddressEditSaysNothingOfTheCustomer(t *testing.T) {
	s := open(t)
	c := s.newCustomer(t)
	got := make(chan event, 16)
	s.receive(Webhook{Scheme: SchemeMageOS, Secret: "x", Events: []string{asyncCustomerUpdated, asyncAddressUpdated}}, func(e event) int { got <- e; return 200 })
	s.run()
	s.must("POST", fmt.Sprintf("/_sandbox/customers/%d", c.ID), fmt.Sprintf(`{"addresses":[{"id":%d,"city":"Kearney"}]}`, c.Addresses[0].ID))
	if doc := decode[map[string]any](t, (<-got).raw); doc["city"] != "Kearney" {
		t.Errorf("the first event is %v", doc)
	}
	if n := len(got); n != 0 || s.WebhookCounts()["queued"] != 0 {
		t.Errorf("%d more events", n)
	}
}
