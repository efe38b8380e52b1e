package magento

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

type testProduct struct {
	ID        int64   `json:"id"`
	SKU       string  `json:"sku"`
	Name      string  `json:"name"`
	Price     float64 `json:"price"`
	Status    int     `json:"status"`
	Type      string  `json:"type_id"`
	UpdatedAt string  `json:"updated_at"`
	Extension struct {
		Websites   []int `json:"website_ids"`
		Categories []any `json:"category_links"`
	} `json:"extension_attributes"`
	Tiers  []any `json:"tier_prices"`
	Custom []struct {
		Code  string `json:"attribute_code"`
		Value any    `json:"value"`
	} `json:"custom_attributes"`
}

func (p testProduct) attribute(code string) any {
	for _, a := range p.Custom {
		if a.Code == code {
			return a.Value
		}
	}
	return nil
}

const aProduct = `{"product":{"sku":"NEW/1 a+b","name":"New","price":9.5,"custom_attributes":[{"attribute_code":"upc","value":"0123"},{"attribute_code":"nope","value":"x"}]}}`

func TestProductRefusals(t *testing.T) {
	s := open(t)
	notThere := `{"message":"The product that was requested doesn't exist. Verify the product and try again."}`
	empty := func(label string) string {
		return fmt.Sprintf(`{"message":"The \"%%1\" attribute value is empty. Set the attribute and try again.","parameters":[%q]}`, label)
	}
	tests := []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"no name", "POST", "/rest/all/V1/products", `{"product":{"sku":"A","price":1}}`, 400, empty("Product Name")},
		{"no price", "PUT", "/rest/all/V1/products/A", `{"product":{"name":"A"}}`, 400, empty("Price")},
		{"no sku", "POST", "/rest/all/V1/products", `{"product":{"name":"A","price":1}}`, 400, empty("SKU")},
		{"name taken away", "PUT", "/rest/all/V1/products/FLASK%2F750%2B", `{"product":{"name":""}}`, 400, empty("Product Name")},
		{"long sku", "POST", "/rest/all/V1/products", `{"product":{"sku":"` + strings.Repeat("x", 65) + `","name":"A","price":1}}`, 400, `{"message":"SKU length should be %1 characters maximum.","parameters":[64]}`},
		{"no number", "PUT", "/rest/all/V1/products/FLASK%2F750%2B", `{"product":{"price":"abc"}}`, 400, `{"message":"Error occurred during \"price\" processing. The \"abc\" value's type is invalid. The \"float\" type was expected. Verify and try again."}`},
		{"unknown property", "PUT", "/rest/all/V1/products/A", `{"product":{"foo":1}}`, 400, `{"message":"Property \"Foo\" does not have accessor method \"getFoo\" in class \"Magento\\Catalog\\Api\\Data\\ProductInterface\"."}`},
		{"unknown product", "GET", "/rest/V1/products/NOPE", "", 404, notThere},
		{"delete an unknown product", "DELETE", "/rest/V1/products/NOPE", "", 404, notThere},
		{"a slash that isn't encoded", "GET", "/rest/V1/products/FLASK/750%2B", "", 404, `{"message":"Request does not match any route."}`},
		{"stock of an unknown product", "GET", "/rest/V1/stockItems/NOPE", "", 404, `{"message":"The Product with the \"%1\" SKU doesn't exist.","parameters":["NOPE"]}`},
		{"a list of stock items", "GET", "/rest/V1/stockItems", "", 404, `{"message":"Request does not match any route."}`},
		{"a new stock item", "POST", "/rest/V1/stockItems", "{}", 404, `{"message":"Request does not match any route."}`},
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

func TestProductUpsert(t *testing.T) {
	s := open(t)
	path := "/rest/all/V1/products/" + url.PathEscape("NEW/1 a+b")
	path = strings.ReplaceAll(path, "+", "%2B")
	made := decode[testProduct](t, s.must("POST", "/rest/all/V1/products", aProduct))
	if made.SKU != "NEW/1 a+b" || made.attribute("upc") != "0123" || made.attribute("nope") != nil || len(made.Extension.Websites) != 2 {
		t.Errorf("%+v", made)
	}
	again := decode[testProduct](t, s.must("POST", "/rest/all/V1/products", strings.ReplaceAll(aProduct, "NEW/1 a+b", "new/1 A+B ")))
	if again.ID != made.ID || again.SKU != made.SKU {
		t.Errorf("letters and blanks made another product: %+v", again)
	}
	got := decode[testProduct](t, s.must("PUT", path, `{"product":{"status":2,"extension_attributes":{"website_ids":[1],"category_links":[{"position":0,"category_id":"7"}]},"custom_attributes":[{"attribute_code":"erp_item_class","value":5}]}}`))
	if got.Name != "New" || got.Status != 2 || got.attribute("upc") != "0123" || got.attribute("erp_item_class") != "5" || len(got.Extension.Websites) != 1 || len(got.Extension.Categories) != 1 {
		t.Errorf("PUT keeps what is absent: %+v", got)
	}
	if _, err := s.Place(t.Context(), PlaceOrder{Store: "default", Guest: true, Lines: []PlaceLine{{SKU: made.SKU, Qty: one}}}); err == nil {
		t.Error("a disabled product was bought")
	}
	got = decode[testProduct](t, s.must("PUT", path, `{"product":{"status":1,"extension_attributes":{"website_ids":[],"category_links":[]}}}`))
	if len(got.Extension.Websites) != 0 || len(got.Extension.Categories) != 0 {
		t.Errorf("lists are final states: %+v", got)
	}
	if created := decode[testProduct](t, s.must("PUT", "/rest/V1/products/PUT-NEW", `{"product":{"name":"Put","price":1}}`)); created.SKU != "PUT-NEW" || len(created.Extension.Websites) != 1 {
		t.Errorf("PUT creates, in the website of the store: %+v", created)
	}
	if renamed := decode[testProduct](t, s.must("PUT", "/rest/all/V1/products/PUT-NEW", `{"product":{"sku":"RENAMED"}}`)); renamed.SKU != "RENAMED" {
		t.Errorf("rename: %+v", renamed)
	}
	if stock := get[map[string]any](s, "/rest/V1/stockItems/renamed"); fmt.Sprint(stock["qty"]) != "0" || stock["is_in_stock"] != false {
		t.Errorf("a new product has a stock item of nothing: %v", stock)
	}
	if body := s.must("DELETE", path, ""); body != "true" {
		t.Error(body)
	}
	if a := s.do("GET", path, ""); a.status != 404 {
		t.Errorf("%d", a.status)
	}
}

// TestProductScopes: a PUT without a store code writes the default store view's
// value, which is the classic mistake.
func TestProductScopes(t *testing.T) {
	s := open(t)
	name := func(prefix string) string { return get[testProduct](s, prefix+"/V1/products/wax-50%25").Name }
	put := func(prefix, name string) {
		s.must("PUT", prefix+"/V1/products/wax-50%25", `{"product":{"name":`+name+`,"price":7}}`)
	}
	base := name("/rest/all")
	put("/rest", `"Default view"`)
	put("/rest/en_eu", `"European"`)
	for prefix, want := range map[string]string{"/rest/all": base, "/rest": "Default view", "/rest/default": "Default view", "/rest/en_eu": "European"} {
		if got := name(prefix); got != want {
			t.Errorf("%s: %q, want %q", prefix, got, want)
		}
	}
	if p := get[testProduct](s, "/rest/all/V1/products/wax-50%25"); p.Price != 7 {
		t.Errorf("prices are global: %+v", p)
	}
	put("/rest/all", `"For all"`)
	if got := name("/rest/en_eu"); got != "European" {
		t.Errorf("a default value replaced a store's own: %q", got)
	}
}

func TestOddSKUsInPaths(t *testing.T) {
	s := open(t)
	for path, want := range map[string]string{"CORD%23550": "CORD#550", "KIT%232%2FA%2BB%2050%25": "KIT#2/A+B 50%"} {
		if got := get[testProduct](s, "/rest/V1/products/"+path); got.SKU != want {
			t.Errorf("%s: %q", path, got.SKU)
		}
	}
}

func TestGenerate(t *testing.T) {
	s := open(t)
	s.do("POST", "/_sandbox/products/generate", `{"count":3}`)
	a := s.do("POST", "/_sandbox/products/generate", `{"count":5000,"sources":["default","store"]}`)
	if a.status != 201 || !strings.Contains(a.body, `"first":"GEN-000004","last":"GEN-005003"`) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if p := get[testProduct](s, "/rest/V1/products/GEN-004711"); p.Type != "simple" || p.Price <= 0 || p.attribute("cost") == nil {
		t.Errorf("%+v", p)
	}
	skus, rows := []string{}, []string{}
	for n := 1000; n < 1500; n++ {
		skus = append(skus, generatedSKU(int64(n)))
		rows = append(rows, fmt.Sprintf(`{"sku":"gen-%06d","source_code":"store","quantity":%d,"status":1}`, n, n))
	}
	start := time.Now()
	s.must("POST", "/rest/V1/inventory/source-items", `{"sourceItems":[`+strings.Join(rows, ",")+`]}`)
	got := get[struct {
		Total int `json:"total_count"`
		Items []sourceItem
	}](s, "/rest/V1/inventory/source-items?"+where([3]string{"sku", "in", strings.Join(skus, ",")}, [3]string{"source_code", "eq", "store"}))
	if got.Total != 500 || got.Items[0].Quantity.String() != "1000" {
		t.Errorf("%d rows, first %+v", got.Total, got.Items[0])
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("500 rows took %v", took)
	}
	s.place(PlaceOrder{Store: "default", Guest: true, PaymentMethod: "checkmo", Lines: []PlaceLine{{SKU: "GEN-000007", Qty: one}}})
	made := decode[testProduct](t, s.must("POST", "/rest/all/V1/products", aProduct))
	if made.ID <= get[testProduct](s, "/rest/V1/products/GEN-005003").ID {
		t.Errorf("id %d was used twice", made.ID)
	}
	if a := s.do("POST", "/_sandbox/products/generate", `{"count":1,"sources":["moon"]}`); a.status != 400 {
		t.Errorf("%d %s", a.status, a.body)
	}
}
