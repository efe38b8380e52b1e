package magento

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

// where builds one filter group per condition: field, condition, value.
func where(conditions ...[3]string) string {
	q := []string{}
	for g, c := range conditions {
		for i, name := range []string{"field", "condition_type", "value"} {
			q = append(q, fmt.Sprintf("searchCriteria[filter_groups][%d][filters][0][%s]=%s", g, name, url.QueryEscape(c[i])))
		}
	}
	return strings.Join(q, "&")
}

func TestSearchOrders(t *testing.T) {
	now := time.Date(2026, 8, 14, 16, 42, 7, 0, time.UTC)
	s := open(t, func(c *Config) { c.Now = func() time.Time { return now } })
	// Five orders, a minute apart; 2 and 4 with a coupon, 3 in the second store.
	for n := 1; n <= 5; n++ {
		p := PlaceOrder{
			Store: "default", Guest: true, Email: fmt.Sprintf("shopper%d@example.com", n), PaymentMethod: "checkmo", ShippingMethod: "freeshipping_freeshipping",
			Lines: []PlaceLine{{SKU: "FLASK/750+", Qty: decimal.New(int64(n), 0)}},
		}
		if n%2 == 0 {
			p.CouponCode = "TRAIL10"
		}
		if n == 3 {
			p.Store = "en_eu"
		}
		s.place(p)
		now = now.Add(time.Minute)
	}
	if err := s.Cancel(t.Context(), "000000001"); err != nil {
		t.Fatal(err)
	}
	all := []int64{1, 2, 3, 4, 5}
	tests := []struct {
		name, query string
		want        []int64
		total       int64 // 0 = len(want)
	}{
		{"empty criteria", "searchCriteria=", all, 0},
		{"snake_case parameter", "search_criteria[page_size]=0", all, 0},
		{"eq is the default", "searchCriteria[filterGroups][0][filters][0][field]=increment_id&searchCriteria[filterGroups][0][filters][0][value]=000000002", []int64{2}, 0},
		{"eq number", where([3]string{"store_id", "eq", "2"}), []int64{3}, 0},
		{"neq", where([3]string{"state", "neq", "new"}), []int64{1}, 0},
		{"in", where([3]string{"entity_id", "in", "1,3,5"}), []int64{1, 3, 5}, 0},
		{"in text", where([3]string{"increment_id", "in", "000000001,2000000001"}), []int64{1, 3}, 0},
		{"nin", where([3]string{"entity_id", "nin", "1,3,5"}), []int64{2, 4}, 0},
		{"like", where([3]string{"customer_email", "like", "SHOPPER_@%"}), all, 0},
		{"nlike", where([3]string{"increment_id", "nlike", "2%"}), []int64{1, 2, 4, 5}, 0},
		{"gt", where([3]string{"entity_id", "gt", "3"}), []int64{4, 5}, 0},
		{"gteq as moreq", where([3]string{"entity_id", "moreq", "3"}), []int64{3, 4, 5}, 0},
		{"lt and gteq in two groups", where([3]string{"entity_id", "gteq", "2"}, [3]string{"entity_id", "lt", "4"}), []int64{2, 3}, 0},
		{"from and to", where([3]string{"created_at", "from", "2026-08-14 16:43:07"}, [3]string{"created_at", "to", "2026-08-14 16:44:07"}), []int64{2, 3}, 0},
		{"the cancelled order was updated last", where([3]string{"updated_at", "gteq", "2026-08-14 16:46:08"}), []int64{1}, 0},
		{"a day", where([3]string{"created_at", "gteq", "2026-08-15"}), nil, 0},
		{"null", where([3]string{"coupon_code", "null", "1"}), []int64{1, 3, 5}, 0},
		{"notnull", where([3]string{"coupon_code", "notnull", "1"}), []int64{2, 4}, 0},
		{"finset", where([3]string{"applied_rule_ids", "finset", "1"}), []int64{2, 4}, 0},
		{"money", where([3]string{"base_subtotal", "gt", "83.85"}), []int64{4, 5}, 0},
		{"money is compared as a number", where([3]string{"base_subtotal", "eq", "55.9000"}), []int64{2}, 0},
		{
			"filters of a group are alternatives", "searchCriteria[filter_groups][0][filters][0][field]=entity_id&searchCriteria[filter_groups][0][filters][0][value]=1" +
				"&searchCriteria[filter_groups][0][filters][1][field]=store_id&searchCriteria[filter_groups][0][filters][1][value]=2", []int64{1, 3}, 0,
		},
		{"sort without direction is descending", "searchCriteria[sortOrders][0][field]=entity_id", []int64{5, 4, 3, 2, 1}, 0},
		{"two sorts", "searchCriteria[sortOrders][0][field]=store_id&searchCriteria[sortOrders][0][direction]=desc&searchCriteria[sortOrders][1][field]=entity_id&searchCriteria[sortOrders][1][direction]=asc", []int64{3, 1, 2, 4, 5}, 0},
		{"second page", "searchCriteria[pageSize]=2&searchCriteria[currentPage]=2", []int64{3, 4}, 5},
		{"page 0 is the first", "searchCriteria[pageSize]=2&searchCriteria[currentPage]=0", []int64{1, 2}, 5},
		{"past the end", "searchCriteria[pageSize]=2&searchCriteria[currentPage]=4", nil, 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &store{Server: s.Server, t: t, url: s.url}
			got := get[struct {
				Items []struct {
					EntityID int64 `json:"entity_id"`
				} `json:"items"`
				Criteria map[string]any `json:"search_criteria"`
				Total    int64          `json:"total_count"`
			}](s, "/rest/V1/orders?"+tt.query)
			var ids []int64
			for _, item := range got.Items {
				ids = append(ids, item.EntityID)
			}
			total := tt.total
			if total == 0 {
				total = int64(len(tt.want))
			}
			if !slices.Equal(ids, tt.want) || got.Total != total || got.Criteria == nil {
				t.Errorf("ids %v of %d, want %v of %d", ids, got.Total, tt.want, total)
			}
		})
	}
}

func TestEveryOrderFieldCanBeSearched(t *testing.T) {
	s := open(t)
	s.place(PlaceOrder{})
	for _, name := range sortedKeys(orderEntity.fields) {
		a := s.do("GET", "/rest/V1/orders?fields=total_count&"+where([3]string{name, "notnull", "1"}), "")
		if a.status != 200 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

func TestOtherSearches(t *testing.T) {
	s := open(t)
	s.place(PlaceOrder{Store: "default", PaymentMethod: "checkmo", Lines: []PlaceLine{{SKU: "wax-50%"}}})
	for path, want := range map[string]string{
		"/rest/V1/orders/items?fields=items[sku],total_count&" + where([3]string{"sku", "eq", "WAX-50%"}):                     `{"items":[{"sku":"wax-50%"}],"total_count":1}`,
		"/rest/V1/products?fields=items[sku]&" + where([3]string{"sku", "like", "wax%"}):                                      `{"items":[{"sku":"wax-50%"}]}`,
		"/rest/V1/customers/search?fields=items[id],total_count&" + where([3]string{"entity_id", "eq", "3"}):                  `{"items":[{"id":3}],"total_count":1}`,
		"/rest/V1/customers/search?fields=items,total_count&" + where([3]string{"billing_postcode", "eq", "nope"}):            `{"items":[],"total_count":0}`,
		"/rest/V1/inventory/source-items?fields=items[sku,source_code,status]&" + where([3]string{"sku", "eq", "FLASK/750+"}): `{"items":[{"sku":"FLASK\/750+","source_code":"default","status":1}]}`,
		"/rest/V1/invoices?searchCriteria=&fields=items,total_count":                                                          `{"items":null,"total_count":0}`,
		"/rest/V1/shipments?searchCriteria=&fields=total_count":                                                               `{"total_count":0}`,
		"/rest/V1/orders/1/comments?fields=total_count":                                                                       `{"total_count":0}`,
		"/rest/V1/orders?searchCriteria=&fields=increment_id":                                                                 `[]`, // wrong level
		"/rest/V1/orders/1?fields=increment_id,billing_address[country":                                                       `[]`,
		"/rest/V1/orders/1?fields=increment_id,payment[method]":                                                               `{"increment_id":"000000001","payment":{"method":"checkmo"}}`,
		"/rest/V1/orders/1/statuses?fields=nope":                                                                              `"pending"`,
	} {
		if a := s.do("GET", path, ""); a.status != 200 || a.body != want {
			t.Errorf("%s: %d %s, want %s", path, a.status, a.body, want)
		}
	}
}

func TestPHPQuery(t *testing.T) {
	q := parsePHPQuery("a[b][]=1&a[b][]=2&a[c]=x+y%2Bz&d=&a[b][7][e]=%zz")
	got, _ := json.Marshal([]any{q.get("a").get("b").keys, q.get("a").get("c").value, q.get("d") != nil, q.get("nope") == nil, q.get("a").get("b").get("7").get("e").value})
	if want := `[["0","1","7"],"x y+z",true,true,"%zz"]`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
