package magento_test

import (
	"errors"
	"testing"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

const avery = `{"id":7,"email":"avery@example.com","firstname":"Avery","lastname":"Quinn","website_id":1,"store_id":1,"group_id":1,"taxvat":"X1",` +
	`"default_billing":"5","addresses":[{"id":5,"customer_id":7,"city":"Burlington","default_billing":true},{"id":6,"customer_id":7,"city":"Stowe"}],` +
	`"custom_attributes":[{"attribute_code":"credit","value":"100.10"}]}`

func TestSaveCustomerSendsWhatChangedAndWhatIsRequired(t *testing.T) {
	const always = `"email":"avery@example.com","firstname":"Avery",`
	for _, tt := range []struct {
		name   string
		change func(c map[string]any)
		want   string // "" when nothing is sent
	}{
		{"nothing", func(map[string]any) {}, ""},
		{"the same in other types", func(c map[string]any) { c["group_id"] = 1 }, ""},
		{"a group", func(c map[string]any) { c["group_id"] = 2 },
			`{"customer":{` + always + `"group_id":2,"id":7,"lastname":"Quinn","store_id":1,"website_id":1}}`},
		{"a field is cleared", func(c map[string]any) { c["taxvat"] = nil },
			`{"customer":{` + always + `"id":7,"lastname":"Quinn","store_id":1,"taxvat":null,"website_id":1}}`},
		{"one address", func(c map[string]any) { c["addresses"].([]any)[1].(map[string]any)["city"] = "Waterbury" },
			`{"customer":{"addresses":[{"city":"Burlington","customer_id":7,"default_billing":true,"id":5},{"city":"Waterbury","customer_id":7,"id":6}],` +
				always + `"id":7,"lastname":"Quinn","store_id":1,"website_id":1}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &recordStore{answers: map[string]string{"GET /V1/customers/7": "200 " + avery, "PUT /V1/customers/7": "200 " + avery}}
			r, err := s.start(t, magento.Config{}).SaveCustomer(t.Context(), 7, func(c map[string]any) error { tt.change(c); return nil })
			if err != nil || r.ID != 7 || r.Key != "avery@example.com" || r.WebsiteID != 1 {
				t.Fatalf("got %+v, %v", r, err)
			}
			got := ""
			if w := s.written(); len(w) > 0 {
				got = wire(t, w[0].body)
			}
			if got != tt.want {
				t.Errorf("sent %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestSaveCustomerStopsWhenTheChangeFails(t *testing.T) {
	s := &recordStore{answers: map[string]string{"GET /V1/customers/7": "200 " + avery, "GET /V1/customers/8": `404 {"message":"No such entity with %fieldName = %fieldValue","parameters":{"fieldName":"customerId","fieldValue":8}}`}}
	c := s.start(t, magento.Config{})
	broken := errors.New("no")
	if _, err := c.SaveCustomer(t.Context(), 7, func(map[string]any) error { return broken }); !errors.Is(err, broken) || len(s.written()) > 0 {
		t.Errorf("got %v", err)
	}
	if _, err := c.Customer(t.Context(), 8); !errors.Is(err, magento.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestCustomerByEmailIsOfOneWebsite(t *testing.T) {
	s := &recordStore{
		records: map[string][]fields{
			"/V1/customers/search": {
				{"id": 1, "email": "a@example.com", "website_id": 1}, {"id": 2, "email": "a@example.com", "website_id": 2},
				{"id": 3, "email": "b@example.com", "website_id": 2},
			},
			"/V1/customerGroups/search": {{"id": 0, "code": "NOT LOGGED IN"}, {"id": 1, "code": "General", "tax_class_id": 3, "tax_class_name": "Retail"}},
		},
		answers: map[string]string{"POST /V1/customers": "200 " + avery},
	}
	c := s.start(t, magento.Config{})
	for website, want := range map[int64]int64{0: 1, 1: 1, 2: 2} {
		if r, err := c.CustomerByEmail(t.Context(), "A@example.com", website); err != nil || r.ID != want {
			t.Errorf("website %d: %+v, %v", website, r, err)
		}
	}
	if _, err := c.CustomerByEmail(t.Context(), "b@example.com", 0); !errors.Is(err, magento.ErrNotFound) {
		t.Errorf("another website's: %v", err)
	}
	given := map[string]any{"email": "avery@example.com"}
	if r, err := c.CreateCustomer(t.Context(), given); err != nil || r.ID != 7 || len(given) != 1 {
		t.Errorf("got %+v, %v", r, err)
	}
	if got := wire(t, s.written()[0].body); got != `{"customer":{"email":"avery@example.com","website_id":1}}` {
		t.Errorf("sent %s", got)
	}
	if _, err := c.CreateCustomer(t.Context(), nil); failure.Of(err).Kind != failure.KindDefect {
		t.Errorf("nobody: %v", err)
	}
	groups, err := c.CustomerGroups(t.Context())
	if err != nil || len(groups) != 2 || groups[1] != (magento.CustomerGroup{ID: 1, Code: "General", TaxClassID: 3, TaxClassName: "Retail"}) {
		t.Errorf("got %+v, %v", groups, err)
	}
}
