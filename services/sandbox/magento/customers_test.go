package magento

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// sameJSON compares an answer with the JSON that is wanted.
func sameJSON(t *testing.T, got, want string) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		t.Fatalf("%v: %s", err, got)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(g, w) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// must sends a request that has to be answered 200.
func (s *store) must(method, path, body string) string {
	s.t.Helper()
	a := s.do(method, path, body)
	if a.status != http.StatusOK {
		s.t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
	}
	return a.body
}

type testCustomer struct {
	ID               int64  `json:"id"`
	GroupID          int64  `json:"group_id"`
	Email            string `json:"email"`
	DefaultBilling   string `json:"default_billing"`
	DefaultShipping  string `json:"default_shipping"`
	UpdatedAt        string `json:"updated_at"`
	Taxvat           string `json:"taxvat"`
	CustomAttributes []struct {
		Code  string `json:"attribute_code"`
		Value any    `json:"value"`
	} `json:"custom_attributes"`
	Addresses []struct {
		ID             int64  `json:"id"`
		City           string `json:"city"`
		DefaultBilling *bool  `json:"default_billing"`
	} `json:"addresses"`
}

const (
	anAddress = `"firstname":"Ada","lastname":"Quinn","street":["1 Elm Street"],"city":"Omaha","region_id":38,"country_id":"US","postcode":"68101","telephone":"402-555-0100"`
	aPerson   = `"email":"ada@example.com","firstname":"Ada","lastname":"Quinn","website_id":1`
)

func (s *store) newCustomer(t *testing.T) testCustomer {
	t.Helper()
	return decode[testCustomer](t, s.must("POST", "/rest/V1/customers", `{"customer":{`+aPerson+`,"taxvat":"T1","custom_attributes":[{"attribute_code":"erp_customer_number","value":"C1"}],
		"addresses":[{`+anAddress+`,"default_billing":true,"default_shipping":true},{`+strings.Replace(anAddress, "Omaha", "Lincoln", 1)+`}]},"password":"Secret-123"}`))
}

func TestCustomerRefusals(t *testing.T) {
	s := open(t)
	s.newCustomer(t)
	required := func(field string) string {
		return fmt.Sprintf(`{"message":"\"%%fieldName\" is required. Enter and try again.","parameters":{"fieldName":%q}}`, field)
	}
	const put = "/rest/V1/customers/21"
	tests := []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"no wrapper", "PUT", put, `{"email":"x"}`, 400, required("customer")},
		{"no email", "PUT", put, `{"customer":{"firstname":"A","lastname":"B","website_id":1}}`, 400, `{"message":"The customer email is missing. Enter and try again."}`},
		{"no website", "PUT", put, `{"customer":{"email":"ada@example.com","firstname":"A","lastname":"B"}}`, 400, `{"message":"\"Associate to Website\" is a required value."}`},
		{"no names", "PUT", put, `{"customer":{"email":"ada@example.com","website_id":1}}`, 400, `{"message":"\"First Name\" is a required value.\n\"Last Name\" is a required value."}`},
		{"unknown group", "PUT", put, `{"customer":{` + aPerson + `,"group_id":99}}`, 400, `{"message":"The specified customer group id does not exist."}`},
		{"unknown property", "PUT", put, `{"customer":{"foo":1}}`, 400, `{"message":"Property \"Foo\" does not have accessor method \"getFoo\" in class \"Magento\\Customer\\Api\\Data\\CustomerInterface\"."}`},
		{"group of a wrong type", "PUT", put, `{"customer":{` + aPerson + `,"group_id":"big"}}`, 400, `{"message":"Error occurred during \"group_id\" processing. The \"big\" value's type is invalid. The \"int\" type was expected. Verify and try again."}`},
		{"same email in other letters", "POST", "/rest/V1/customers", `{"customer":{"email":"ADA@example.com","firstname":"A","lastname":"B"}}`, 400, `{"message":"A customer with the same email address already exists in an associated website."}`},
		{"one error of an address", "PUT", put, `{"customer":{` + aPerson + `,"addresses":[{` + strings.Replace(anAddress, `"68101"`, `""`, 1) + `}]}}`, 400, required("postcode")},
		{
			"errors are summed up", "PUT", put, `{"customer":{` + aPerson + `,"addresses":[{"firstname":"A","lastname":"B","street":["x"],"city":"y","country_id":"US"}]}}`, 400,
			`{"message":"One or more input exceptions have occurred.","errors":[` + required("telephone") + `,` + required("postcode") + `,` + required("regionId") + `]}`,
		},
		{"another customer's address", "PUT", put, `{"customer":{` + aPerson + `,"addresses":[{"id":1,` + anAddress + `}]}}`, 404, `{"message":"No such entity with %fieldName = %fieldValue","parameters":{"fieldName":"addressId","fieldValue":1}}`},
		{"unknown customer", "PUT", "/rest/V1/customers/999", `{"customer":{` + aPerson + `}}`, 404, `{"message":"No such entity with %fieldName = %fieldValue","parameters":{"fieldName":"customerId","fieldValue":999}}`},
		{"delete an unknown customer", "DELETE", "/rest/V1/customers/999", "", 404, `{"message":"No such entity with %fieldName = %fieldValue","parameters":{"fieldName":"customerId","fieldValue":999}}`},
		{"unknown address", "GET", "/rest/V1/customers/addresses/999", "", 404, `{"message":"No such entity with %fieldName = %fieldValue","parameters":{"fieldName":"addressId","fieldValue":999}}`},
		{"delete an unknown address", "DELETE", "/rest/V1/addresses/999", "", 404, `{"message":"No such entity with %fieldName = %fieldValue","parameters":{"fieldName":"addressId","fieldValue":999}}`},
		{"unknown attribute", "GET", "/rest/V1/customers/search?" + where([3]string{"nope", "eq", "1"}), "", 400, `{"message":"Invalid attribute name: nope"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := s.do(tt.method, tt.path, tt.body)
			if a.status != tt.status {
				t.Fatalf("status %d, want %d: %s", a.status, tt.status, a.body)
			}
			sameJSON(t, a.body, tt.want)
		})
	}
}

// TestCustomerAddressesAreAFinalState is the trap of magento/magento2 2499.
func TestCustomerAddressesAreAFinalState(t *testing.T) {
	now := time.Date(2026, 8, 14, 16, 0, 0, 0, time.UTC)
	s := open(t, func(c *Config) { c.Now = func() time.Time { return now } })
	c := s.newCustomer(t)
	first, second := c.Addresses[0].ID, c.Addresses[1].ID
	if c.DefaultBilling != fmt.Sprint(first) || c.DefaultShipping != fmt.Sprint(first) || c.Addresses[0].DefaultBilling == nil || c.Addresses[1].DefaultBilling != nil {
		t.Fatalf("defaults: %+v", c)
	}
	put := func(rest string) testCustomer {
		t.Helper()
		now = now.Add(time.Minute)
		return decode[testCustomer](t, s.must("PUT", fmt.Sprintf("/rest/V1/customers/%d", c.ID), `{"customer":{`+aPerson+rest+`}}`))
	}
	if got := put(``); len(got.Addresses) != 2 || got.UpdatedAt != c.UpdatedAt || got.DefaultBilling != c.DefaultBilling {
		t.Errorf("absent addresses must stay, and nothing moves: %+v", got)
	}
	got := put(fmt.Sprintf(`,"addresses":[{"id":%d,"city":"Bellevue"},{%s}]`, second, anAddress))
	if len(got.Addresses) != 2 || got.Addresses[0].City != "Bellevue" || got.Addresses[1].ID <= second {
		t.Errorf("final state: %+v", got)
	}
	if got.DefaultBilling != "" || got.UpdatedAt == c.UpdatedAt {
		t.Errorf("the default went with its address, which moves the customer: %+v", got)
	}
	moved := got.UpdatedAt
	if got := put(fmt.Sprintf(`,"addresses":[{"id":%d,"city":"Kearney"}]`, second)); got.UpdatedAt != moved || len(got.Addresses) != 1 {
		t.Errorf("an address change moves updated_at: %+v", got)
	}
	if got := put(`,"addresses":[]`); len(got.Addresses) != 0 {
		t.Errorf("an empty list deletes all: %+v", got)
	}
	if got := put(`,"taxvat":null,"group_id":2,"custom_attributes":[{"attribute_code":"nope","value":"x"}]`); got.Taxvat != "" || got.GroupID != 2 || got.UpdatedAt == moved || len(got.CustomAttributes) != 1 {
		t.Errorf("null clears, an unknown attribute is dropped, those not sent stay: %+v", got)
	}
	if got := put(`,"custom_attributes":[{"attribute_code":"erp_customer_number","value":""}]`); got.GroupID != 2 || len(got.CustomAttributes) != 0 {
		t.Errorf("the group stays, an empty text clears: %+v", got)
	}
	// A shopper without addresses can still buy.
	s.place(PlaceOrder{CustomerID: c.ID, PaymentMethod: "checkmo"})
	if body := s.must("DELETE", fmt.Sprintf("/rest/V1/customers/%d", c.ID), ""); body != "true" {
		t.Errorf("delete: %s", body)
	}
}

func TestDeleteAddress(t *testing.T) {
	s := open(t)
	c := s.newCustomer(t)
	path := fmt.Sprintf("/rest/V1/customers/addresses/%d", c.Addresses[1].ID)
	if got := get[map[string]any](s, path); got["city"] != "Lincoln" || got["default_billing"] != nil {
		t.Errorf("%v", got)
	}
	if body := s.must("DELETE", fmt.Sprintf("/rest/V1/addresses/%d", c.Addresses[1].ID), ""); body != "true" {
		t.Error(body)
	}
	if a := s.do("GET", path, ""); a.status != 404 {
		t.Errorf("%d", a.status)
	}
}

func TestSearchCustomers(t *testing.T) {
	s := open(t)
	c := s.newCustomer(t)
	for _, q := range [][3]string{
		{"email", "eq", "ADA@EXAMPLE.COM"}, {"billing_postcode", "eq", "68101"}, {"billing_city", "like", "Oma%"},
		{"erp_customer_number", "eq", "C1"}, {"taxvat", "notnull", "1"},
	} {
		got := get[struct {
			Items []testCustomer `json:"items"`
		}](s, "/rest/V1/customers/search?"+where(q, [3]string{"entity_id", "eq", fmt.Sprint(c.ID)}))
		if len(got.Items) != 1 {
			t.Errorf("%v: %+v", q, got)
		}
	}
	groups := get[struct {
		Items []struct {
			ID   int    `json:"id"`
			Code string `json:"code"`
		} `json:"items"`
		Total int `json:"total_count"`
	}](s, "/rest/V1/customerGroups/search?"+where([3]string{"code", "eq", "wholesale"}))
	if groups.Total != 1 || groups.Items[0].ID != 2 {
		t.Errorf("%+v", groups)
	}
}

// TestGuestRegisters: the route needs no token, but a group does.
func TestGuestRegisters(t *testing.T) {
	s := open(t)
	a := s.do("POST", "/rest/V1/customers", `{"customer":{"email":"g@example.com","firstname":"G","lastname":"H","group_id":3}}`, "Authorization", "")
	if got := decode[testCustomer](t, a.body); a.status != 200 || got.GroupID != 1 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestAccountHolderIsDeterministic(t *testing.T) {
	history := func() []string {
		s := open(t)
		var out []string
		for range 40 {
			id, err := s.TouchAccount(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			c, err := s.db.customer(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, fmt.Sprint(c.ID, c.Email, c.Lastname, c.Addresses))
		}
		return out
	}
	a, b := history(), history()
	if !slices.Equal(a, b) || slices.Compact(slices.Clone(a))[0] == a[len(a)-1] {
		t.Errorf("same seed, other people:\n%v\n%v", a, b)
	}
}

func TestAccountsMoveWhileTheStoreRuns(t *testing.T) {
	s := open(t, func(*Config) {})
	s.run()
	s.do("PATCH", "/_sandbox/behaviour", `{"accountRate":200}`)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for ctx.Err() == nil && s.accounts.find(22) == nil {
		time.Sleep(5 * time.Millisecond)
	}
	if s.accounts.find(22) == nil {
		t.Error("nobody registered")
	}
}

func TestAdminCustomers(t *testing.T) {
	s := open(t)
	made := decode[testCustomer](t, s.must("POST", "/_sandbox/customers", `{"email":"zoe@example.com","group_id":2}`))
	if made.Email != "zoe@example.com" || made.GroupID != 2 || len(made.Addresses) != 1 || made.DefaultBilling == "" {
		t.Errorf("%+v", made)
	}
	path := fmt.Sprintf("/_sandbox/customers/%d", made.ID)
	if got := decode[testCustomer](t, s.must("POST", path, `{"taxvat":"NL1"}`)); got.Taxvat != "NL1" || got.GroupID != 2 || len(got.Addresses) != 1 {
		t.Errorf("%+v", got)
	}
	s.must("POST", path, "")
	if a := s.do("POST", "/_sandbox/customers/999", `{"taxvat":"x"}`); a.status != 404 {
		t.Errorf("%d %s", a.status, a.body)
	}
}
