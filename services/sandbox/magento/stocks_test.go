package magento

import (
	"net/http"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
)

func TestStockRoutes(t *testing.T) {
	s := open(t)
	s.setStock("CAMP-MUG", "default", 7, 1)
	s.setStock("CAMP-MUG", "store", 5, 1)
	s.setStock("CAMP-POT-2L", "default", 9, 0)
	s.setStock("FLASK/750+", "default", 30, 1)
	s.place(PlaceOrder{Store: "default", PaymentMethod: "checkmo", Lines: []PlaceLine{{SKU: "CAMP-MUG", Qty: decimal.New(2, 0)}}})
	s.place(PlaceOrder{Store: "en_eu", PaymentMethod: "checkmo", Lines: []PlaceLine{{SKU: "CAMP-MUG", Qty: decimal.New(3, 0)}}})
	const notEnough = `{"salable":false,"errors":[{"code":"is_salable_with_reservations-not_enough_qty","message":"The requested qty is not available"}]}`
	tests := []struct {
		path   string
		status int
		want   string
	}{
		{"get-product-salable-quantity/CAMP-MUG/1", 200, "5"}, // the second stock's orders don't count
		{"get-product-salable-quantity/camp-mug/2", 200, "9"},
		{"get-product-salable-quantity/FLASK%2F750%2B/1", 200, "30"},
		{"get-product-salable-quantity/CAMP-POT-2L/1", 200, "0"}, // its status says out of stock
		{"get-product-salable-quantity/CAMP-KITCHEN/1", 400, `{"message":"Can't check requested quantity for products without Source Items support."}`},
		{"get-product-salable-quantity/NOBODY/1", 404, `{"message":"The product that was requested doesn't exist. Verify the product and try again."}`},
		{"get-product-salable-quantity/CAMP-MUG/9", 404, `{"message":"Stock with id \"%value\" does not exist.","parameters":{"value":9}}`},
		{"is-product-salable/CAMP-MUG/1", 200, "true"},
		{"is-product-salable/CAMP-POT-2L/1", 200, "false"},
		{"is-product-salable/CAMP-KITCHEN/1", 200, "false"}, // the pot is a part of it
		{"is-product-salable/YOGA-SET/1", 200, "true"},
		{"is-product-salable/GUIDE-PDF/1", 200, "true"},
		{"is-product-salable/NOBODY/1", 200, "false"},
		{"is-product-salable-for-requested-qty/CAMP-MUG/1/5", 200, `{"salable":true,"errors":[]}`},
		{"is-product-salable-for-requested-qty/CAMP-MUG/1/5.5", 200, notEnough},
		{"is-product-salable-for-requested-qty/CAMP-MUG/2/9", 200, `{"salable":true,"errors":[]}`},
		{"are-products-salable?skus[0]=CAMP-MUG&skus[1]=CAMP-POT-2L&stockId=1", 200, `[{"sku":"CAMP-MUG","stock_id":1,"salable":true},{"sku":"CAMP-POT-2L","stock_id":1,"salable":false}]`},
		{"stock-resolver/website/eu", 200, `{"stock_id":2,"name":"Warehouse and Store","extension_attributes":{"sales_channels":[{"type":"website","code":"eu"}]}}`},
		{"stock-resolver/website/mars", 404, `{"message":"No linked stock found"}`},
		{"stocks/1", 200, `{"stock_id":1,"name":"Default Stock","extension_attributes":{"sales_channels":[{"type":"website","code":"base"}]}}`},
		{"stocks?fields=total_count", 200, `{"total_count":2}`},
		{"sources?fields=items[source_code]", 200, `{"items":[{"source_code":"default"},{"source_code":"store"}]}`},
		{"sources/store?fields=source_code,enabled", 200, `{"enabled":true,"source_code":"store"}`},
		{"sources/moon", 404, `{"message":"Source with code \"%value\" does not exist.","parameters":{"value":"moon"}}`},
		{"stock-source-links?fields=items[priority,source_code,stock_id]&" + where([3]string{"stock_id", "eq", "2"}), 200, `{"items":[{"priority":1,"source_code":"default","stock_id":2},{"priority":2,"source_code":"store","stock_id":2}]}`},
		{"export-stock-salable-qty/website/base?fields=items[sku,qty,is_salable]&" + where([3]string{"sku", "in", "CAMP-MUG,CAMP-POT-2L,GUIDE-PDF,CAMP-KITCHEN"}), 200, `{"items":[` +
			`{"is_salable":true,"qty":5,"sku":"CAMP-MUG"},{"is_salable":false,"qty":0,"sku":"CAMP-POT-2L"},{"is_salable":true,"qty":null,"sku":"GUIDE-PDF"}]}`},
	}
	for _, tt := range tests {
		a := s.do("GET", "/rest/V1/inventory/"+tt.path, "")
		// PHP's escapes are not what this test is about.
		if got := strings.ReplaceAll(strings.ReplaceAll(a.body, `\/`, "/"), `\u0027`, "'"); a.status != tt.status || got != tt.want {
			t.Errorf("%s: %d %s, want %s", tt.path, a.status, got, tt.want)
		}
	}
	dump := s.do("GET", "/rest/V1/inventory/dump-stock-index-data/website/eu", "").body
	if !strings.Contains(dump, `{"sku":"CAMP-MUG","qty":12,"is_salable":true}`) {
		t.Errorf("the index has no mug with both sources' quantity: %.200s", dump)
	}
}

func TestGraphQL(t *testing.T) {
	s := open(t)
	s.setStock("CAMP-MUG", "default", 4, 1)
	s.setStock("CAMP-POT-2L", "default", 0, 0)
	const items = `{items{sku stock_status only_x_left_in_stock price_range{minimum_price{final_price{value currency}}}}}`
	tests := []struct{ name, store, body, want string }{
		{
			"two products", "default", `{"query":"{products(filter:{sku:{in:[\"CAMP-MUG\",\"camp-pot-2l\",\"NOBODY\"]}})` + items + `}"}`,
			`{"data":{"products":{"items":[` +
				`{"only_x_left_in_stock":4,"price_range":{"minimum_price":{"final_price":{"currency":"USD","value":9.9}}},"sku":"CAMP-MUG","stock_status":"IN_STOCK"},` +
				`{"only_x_left_in_stock":null,"price_range":{"minimum_price":{"final_price":{"currency":"USD","value":39.5}}},"sku":"CAMP-POT-2L","stock_status":"OUT_OF_STOCK"}]}}}`,
		},
		{
			"variables, an alias, a special price in euros", "en_eu",
			`{"query":"query P($skus: [String!]) { p: products(filter: {sku: {in: $skus}}, pageSize: 20) {items {sku price_range {minimum_price {regular_price {value} final_price {value currency}}}}}}","variables":{"skus":["BTL-STEEL-1L"]}}`,
			`{"data":{"p":{"items":[{"price_range":{"minimum_price":{"final_price":{"currency":"EUR","value":6.85},"regular_price":{"value":8.23}}},"sku":"BTL-STEEL-1L"}]}}}`,
		},
		{"a bundle", "default", `{"query":"{products(filter:{sku:{eq:\"YOGA-SET\"}}){items{sku stock_status price_range{minimum_price{final_price{value}}}}}}"}`, `{"data":{"products":{"items":[{"price_range":{"minimum_price":{"final_price":{"value":24}}},"sku":"YOGA-SET","stock_status":"IN_STOCK"}]}}}`},
		{"unknown field", "default", `{"query":"{products(filter:{sku:{eq:\"CAMP-MUG\"}}){items{secret}}}"}`, `{"errors":[{"extensions":{"category":"graphql-input"},"message":"cannot query field \"secret\" on type \"items\""}]}`},
		{"no end", "default", `{"query":"{products(filter:{sku:"}`, `{"errors":[{"extensions":{"category":"graphql-input"},"message":"syntax error: unexpected end of the query"}]}`},
		{"other store", "mars", `{"query":"{products{items{sku}}}"}`, `{"errors":[{"extensions":{"category":"graphql-input"},"message":"requested store is not found"}]}`},
	}
	for _, tt := range tests {
		a := s.do("POST", "/graphql", tt.body, "Store", tt.store, "Authorization", "")
		if got := strings.TrimSpace(a.body); a.status != http.StatusOK || got != tt.want {
			t.Errorf("%s: %d %s, want %s", tt.name, a.status, got, tt.want)
		}
	}
}

func FuzzGraphQL(f *testing.F) {
	f.Add(`query A($s:[String]){products(filter:{sku:{in:$s}}){items{a:sku}}}`)
	f.Add(`{a(b:[1,"x",{c:d}]){e}`)
	f.Fuzz(func(t *testing.T, query string) {
		fields, err := parseGraphQL(query, nil)
		if err != nil {
			return
		}
		var check func(fields []graphField)
		check = func(fields []graphField) {
			for _, f := range fields {
				if f.name == "" || f.alias == "" {
					t.Fatalf("%q has a field without a name: %+v", query, f)
				}
				check(f.fields)
			}
		}
		check(fields)
	})
}
