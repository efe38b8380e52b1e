package magento

import (
	"net/http"
	"strings"
	"testing"
)

func TestDamagedOrders(t *testing.T) {
	s := open(t, func(c *Config) { c.NoiseEvery = -1 })
	tests := []struct {
		name, damage string
		has, hasNot  string
	}{
		{"no rows", `{"/items":[]}`, `"items":[]`, ""},
		{"no billing address", `{"/billing_address":null}`, "", `"billing_address":`},
		{"negative quantity", `{"/items/0/qty_ordered":-1}`, `"qty_ordered":-1`, ""},
		{"five decimals", `{"/items/0/price":9.12345}`, `"price":9.12345`, ""},
		{"a total that nothing makes", `{"/grand_total":1}`, `"grand_total":1,`, ""},
		{"a text where a number should be", `{"/subtotal":"much"}`, `"subtotal":"much"`, ""},
		{"a field of a module", `{"/extension_attributes/odd~1name":{"a":[1]}}`, `"odd\/name":{"a":[1]}`, ""},
		{"one row less", `{"/items/1":null}`, `"total_item_count":2`, ""},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := s.do("POST", "/_sandbox/orders", `{"payment_method":"checkmo","lines":[{"sku":"CAMP-MUG"},{"sku":"CAMP-STOVE"}],"damage":`+tt.damage+`}`)
			if a.status != http.StatusCreated {
				t.Fatalf("%d %s", a.status, a.body)
			}
			got := s.do("GET", "/rest/V1/orders/"+string(rune('1'+i)), "").body
			if !strings.Contains(got, tt.has) || tt.hasNot != "" && strings.Contains(got, tt.hasNot) {
				t.Errorf("%.600s", got)
			}
		})
	}
	for _, damage := range []string{`{"grand_total":1}`, `{"/items/99":null}`, `{"/entity_id/x":1}`} {
		if a := s.do("POST", "/_sandbox/orders", `{"damage":`+damage+`}`); a.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", damage, a.status, a.body)
		}
	}
}

func TestADamagedOrderIsMended(t *testing.T) {
	s := open(t)
	const damaged = `{"payment_method":"checkmo","lines":[{"sku":"CAMP-MUG"}],"damage":{"/items":[]}}`
	if a := s.do("POST", "/_sandbox/orders", damaged); a.status != http.StatusCreated {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := s.do("POST", "/_sandbox/orders/000000001/mend", ""); a.status != http.StatusNoContent {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if got := s.do("GET", "/rest/V1/orders/1", "").body; !strings.Contains(got, `"sku":"CAMP-MUG"`) {
		t.Errorf("%.600s", got)
	}
	if a := s.do("POST", "/_sandbox/orders/000000009/mend", ""); a.status != http.StatusNotFound {
		t.Errorf("%d %s", a.status, a.body)
	}
}
