package magento

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

func TestRefusals(t *testing.T) {
	s := open(t, func(c *Config) { c.PageSizeLimit = 300 })
	order := s.place(offline())
	tests := []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		want                     string // the JSON body
	}{
		{
			"no token", "GET", "/rest/V1/orders?searchCriteria=", "", []string{"Authorization", ""}, 401,
			`{"message":"The consumer isn't authorized to access %resources.","parameters":{"resources":"Magento_Sales::actions_view"}}`,
		},
		{
			"wrong token", "GET", "/rest/V1/customers/1", "", []string{"Authorization", "Bearer nope"}, 401,
			`{"message":"The consumer isn't authorized to access %resources.","parameters":{"resources":"Magento_Customer::customer"}}`,
		},
		{
			"three words are no token", "GET", "/rest/V1/customers/1", "", []string{"Authorization", "Bearer a b"}, 401,
			`{"message":"The consumer isn't authorized to access %resources.","parameters":{"resources":"Magento_Customer::customer"}}`,
		},
		{"unknown route", "GET", "/rest/V1/nothing", "", nil, 404, `{"message":"Request does not match any route."}`},
		{"unknown store is part of the path", "GET", "/rest/nope/V1/orders?searchCriteria=", "", nil, 404, `{"message":"Request does not match any route."}`},
		{"wrong verb is an unknown route", "DELETE", "/rest/V1/orders/1", "", nil, 404, `{"message":"Request does not match any route."}`},
		{"unknown verb", "PATCH", "/rest/V1/orders/1", "", nil, 405, `{"message":"The %1 HTTP method is not supported.","parameters":["PATCH"]}`},
		{
			"unknown media type", "GET", "/rest/V1/orders/1", "", []string{"Accept", "text/html"}, 406,
			`{"message":"Server cannot match any of the given Accept HTTP header media type(s) from the request: \"%1\" with media types from the config of response renderer.","parameters":["text/html"]}`,
		},
		{"no criteria", "GET", "/rest/V1/orders", "", nil, 400, `{"message":"\"%fieldName\" is required. Enter and try again.","parameters":{"fieldName":"searchCriteria"}}`},
		{"page over the limit", "GET", "/rest/V1/orders?searchCriteria[pageSize]=301", "", nil, 400, `{"message":"Maximum SearchCriteria pageSize is %max","parameters":{"max":300}}`},
		{
			"sort direction", "GET", "/rest/V1/orders?searchCriteria[sortOrders][0][field]=entity_id&searchCriteria[sortOrders][0][direction]=up", "", nil, 400,
			`{"message":"The sort order has to be specified as %1 for ascending order or %2 for descending order.","parameters":["ASC","DESC"]}`,
		},
		{
			"attribute of an EAV entity", "GET", "/rest/V1/products?searchCriteria[filter_groups][0][filters][0][field]=nope&searchCriteria[filter_groups][0][filters][0][value]=1", "", nil, 400,
			`{"message":"Invalid attribute name: nope"}`,
		},
		{"unknown order", "GET", "/rest/V1/orders/999", "", nil, 404, `{"message":"The entity that was requested doesn't exist. Verify the entity and try again."}`},
		{"unknown customer", "GET", "/rest/V1/customers/999", "", nil, 404, `{"message":"No such entity with %fieldName = %fieldValue","parameters":{"fieldName":"customerId","fieldValue":999}}`},
		{"unknown product", "GET", "/rest/V1/products/NOPE", "", nil, 404, `{"message":"The product that was requested doesn't exist. Verify the product and try again."}`},
		{
			"id of a wrong type", "GET", "/rest/V1/orders/abc", "", nil, 400,
			`{"message":"Error occurred during \"id\" processing. The \"abc\" value's type is invalid. The \"int\" type was expected. Verify and try again."}`,
		},
		{"no content type", "POST", "/rest/V1/orders/1/comments", `{}`, []string{"Content-Type", ""}, 400, `{"message":"Content-Type header is empty."}`},
		{"other content type", "POST", "/rest/V1/orders/1/comments", `{}`, []string{"Content-Type", "text/plain"}, 400, `{"message":"Server cannot understand Content-Type HTTP header media type %1","parameters":["text/plain"]}`},
		{"other charset", "POST", "/rest/V1/orders/1/comments", `{}`, []string{"Content-Type", "application/json; charset=latin1"}, 400, `{"message":"UTF-8 is the only supported charset."}`},
		{"bad JSON", "POST", "/rest/V1/orders/1/comments", `{"a":`, nil, 400, `{"message":"Decoding error."}`},
		{"wrong wrapper", "POST", "/rest/V1/orders/1/comments", `{"comment":{}}`, nil, 400, `{"message":"\"%fieldName\" is required. Enter and try again.","parameters":{"fieldName":"statusHistory"}}`},
		{
			"unknown property", "POST", "/rest/V1/orders/1/comments", `{"statusHistory":{"foo":1}}`, nil, 400,
			`{"message":"Property \"Foo\" does not have accessor method \"getFoo\" in class \"Magento\\Sales\\Api\\Data\\OrderStatusHistoryInterface\"."}`,
		},
		{"unhold what isn't held", "POST", "/rest/V1/orders/1/unhold", "", nil, 400, `{"message":"You cannot remove the hold."}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := s.do(tt.method, tt.path, tt.body, tt.headers...)
			if a.status != tt.status {
				t.Fatalf("status %d, want %d: %s", a.status, tt.status, a.body)
			}
			var got, want any
			if err := json.Unmarshal([]byte(a.body), &got); err != nil {
				t.Fatalf("%v: %s", err, a.body)
			}
			if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %s\nwant %s", a.body, tt.want)
			}
		})
	}
	if order.EntityID != 1 {
		t.Errorf("first order has the id %d", order.EntityID)
	}
}

func TestInternalErrorsHideTheirCause(t *testing.T) {
	s := open(t)
	for name, query := range map[string]string{
		"unknown column":    "searchCriteria[filter_groups][0][filters][0][field]=sku&searchCriteria[filter_groups][0][filters][0][value]=1",
		"missing index":     "searchCriteria[filter_groups][0][filters][][field]=state&searchCriteria[filter_groups][0][filters][][value]=new",
		"unknown condition": "searchCriteria[filter_groups][0][filters][0][field]=state&searchCriteria[filter_groups][0][filters][0][value]=1&searchCriteria[filter_groups][0][filters][0][condition_type]=is",
	} {
		a := s.do("GET", "/rest/V1/orders?"+query, "")
		if a.status != 500 || !strings.Contains(a.body, "Internal Error. Details are available in Magento log file. Report ID: webapi-") {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

func TestPathsOfOneRoute(t *testing.T) {
	s := open(t)
	s.place(offline())
	for _, prefix := range []string{"/rest", "/rest/all", "/rest/default", "/rest/en_eu", "/index.php/rest", "/index.php/rest/all"} {
		a := s.do("GET", prefix+"/V1/orders/1/statuses", "")
		if a.status != 200 || a.body != `"pending"` {
			t.Errorf("%s: %d %s", prefix, a.status, a.body)
		}
	}
	if n := s.Calls()["GET /V1/orders/{id}/statuses"]; n != 6 {
		t.Errorf("counted %d calls", n)
	}
}

func TestACL(t *testing.T) {
	s := open(t, func(c *Config) { c.Resources = []string{"Magento_Catalog::products"} })
	if a := s.do("GET", "/rest/V1/products/wax-50%25", ""); a.status != 200 {
		t.Errorf("granted: %d %s", a.status, a.body)
	}
	if a := s.do("GET", "/rest/V1/orders?searchCriteria=", ""); a.status != 401 {
		t.Errorf("not granted: %d", a.status)
	}
	off := open(t, func(c *Config) { c.BearerOff = true })
	if a := off.do("GET", "/rest/V1/products/wax-50%25", ""); a.status != 401 {
		t.Errorf("bearer off: %d", a.status)
	}
}

func TestProductPaths(t *testing.T) {
	s := open(t)
	for path, want := range map[string]string{
		"FLASK%2F750%2B":  "FLASK/750+",
		"flask%2f750%2b":  "FLASK/750+", // compares without case
		"Strap%2006%20ft": "Strap 06 ft",
		"Strap+06+ft":     "Strap 06 ft", // PHP reads + as a space
		"wax-50%25":       "wax-50%",
	} {
		got := get[map[string]any](s, "/rest/V1/products/"+path)
		if got["sku"] != want {
			t.Errorf("%s: %v", path, got["sku"])
		}
	}
}

func TestAnswersAsXML(t *testing.T) {
	s := open(t)
	a := s.do("GET", "/rest/V1/store/storeViews", "", "Accept", "text/html,application/xml;q=0.9")
	if !strings.HasPrefix(a.body, "<?xml version=\"1.0\"?>\n<response><item>") || a.header.Get("Content-Type") != "application/xml; charset=utf-8" {
		t.Errorf("%s %.80s", a.header.Get("Content-Type"), a.body)
	}
}

func TestCookies(t *testing.T) {
	s := open(t)
	a := s.do("GET", "/rest/V1/modules", "", "Cookie", "PHPSESSID=x")
	if !strings.Contains(a.header.Get("Set-Cookie"), "PHPSESSID=") || a.header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("headers %v", a.header)
	}
	if s.Calls()["(session cookie sent back)"] != 1 {
		t.Errorf("calls %v", s.Calls())
	}
}

func TestInjectedFaults(t *testing.T) {
	s := open(t)
	a := s.do(http.MethodPut, "/_sandbox/faults", `{"errorRate":1}`)
	if a.status != 200 {
		t.Fatal(a.body)
	}
	if a = s.do("GET", "/rest/V1/modules", ""); a.status != 500 || !strings.Contains(a.body, "Report ID: webapi-") {
		t.Errorf("%d %s", a.status, a.body)
	}
	s.do(http.MethodDelete, "/_sandbox/faults", "")
	if a = s.do("GET", "/rest/V1/modules", ""); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}
