package magento

import (
	"testing"

	"github.com/shopspring/decimal"
)

func TestPriceStorage(t *testing.T) {
	const to = "/rest/V1/products/"
	tests := []struct{ name, path, body, want string }{
		{"good row", "base-prices", `{"prices":[{"price":12.34,"store_id":0,"sku":"wax-50%"}]}`, `[]`},
		{
			"unknown SKU, while the other row is written", "base-prices", `{"prices":[{"price":1,"store_id":0,"sku":"NOPE-1"},{"price":12.34,"store_id":0,"sku":"WAX-50%"}]}`,
			`[{"message":"Invalid attribute %fieldName = %fieldValue.","parameters":["SKU","NOPE-1"]}]`,
		},
		{"negative", "base-prices", `{"prices":[{"price":-1,"store_id":0,"sku":"wax-50%"}]}`, `[{"message":"Invalid attribute %fieldName = %fieldValue.","parameters":["Price","-1"]}]`},
		{
			"unknown store", "base-prices", `{"prices":[{"price":1,"store_id":99,"sku":"wax-50%"}]}`,
			`[{"message":"Requested store is not found. Row ID: SKU = wax-50%, Store ID: 99.","parameters":["wax-50%","99"]}]`,
		},
		{"a dynamic bundle has no price", "base-prices", `{"prices":[{"price":1,"store_id":0,"sku":"YOGA-SET"}]}`, `[{"message":"Invalid attribute %fieldName = %fieldValue.","parameters":["SKU","YOGA-SET"]}]`},
		{
			"negative cost", "cost", `{"prices":[{"cost":-2,"store_id":0,"sku":"wax-50%"}]}`,
			`[{"message":"Invalid attribute Cost = -2. Row ID: SKU = wax-50%, Store ID: 0.","parameters":["-2","wax-50%","0"]}]`,
		},
		{
			"special price of a store, prices being global", "special-price", `{"prices":[{"price":1,"store_id":1,"sku":"wax-50%","price_from":"2026-01-01 00:00:00"}]}`,
			`[{"message":"Could not change non global Price when price scope is global. Row ID: SKU = wax-50%, Store ID: 1, Price From: 2026-01-01 00:00:00, Price To: .","parameters":["wax-50%","1","2026-01-01 00:00:00",""]}]`,
		},
		{
			"special price from no date", "special-price", `{"prices":[{"price":1,"store_id":0,"sku":"wax-50%","price_from":"soon"}]}`,
			`[{"message":"Invalid attribute Price From = . Row ID: SKU = wax-50%, Store ID: 0, Price From: soon, Price To: .","parameters":["Price From","wax-50%","0","soon",""]}]`,
		},
		{
			"special price of nothing", "special-price", `{"prices":[{"price":1,"store_id":0,"sku":"NOPE"}]}`,
			`[{"message":"The product that was requested doesn't exist. Verify the product and try again. Row ID: SKU = NOPE, Store ID: 0, Price From: , Price To: .","parameters":["NOPE","0","",""]}]`,
		},
		{
			"unknown group", "tier-prices", `{"prices":[{"price":1,"price_type":"fixed","website_id":0,"sku":"wax-50%","customer_group":"VIP","quantity":2}]}`,
			`[{"message":"No such entity with Customer Group = %customerGroup. Row ID: SKU = %SKU, Website ID: %websiteId, Customer Group: %customerGroup, Quantity: %qty.","parameters":["wax-50%","0","VIP","2"]}]`,
		},
		{
			"website, prices being global", "tier-prices", `{"prices":[{"price":1,"price_type":"fixed","website_id":1,"sku":"wax-50%","customer_group":"ALL GROUPS","quantity":2}]}`,
			`[{"message":"Invalid attribute Website ID = %websiteId. Row ID: SKU = %SKU, Website ID: %websiteId, Customer Group: %customerGroup, Quantity: %qty.","parameters":["wax-50%","1","ALL GROUPS","2"]}]`,
		},
		{
			"more than all off", "tier-prices", `{"prices":[{"price":101,"price_type":"discount","website_id":0,"sku":"wax-50%","customer_group":"General","quantity":2}]}`,
			`[{"message":"Invalid attribute Price = %price. Row ID: SKU = %SKU, Website ID: %websiteId, Customer Group: %customerGroup, Quantity: %qty.","parameters":["101","wax-50%","0","General","2"]}]`,
		},
		{"unknown SKUs are skipped", "base-prices-information", `{"skus":["NOPE"]}`, `[]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, func(c *Config) { c.NoiseEvery = -1 })
			before := get[testProduct](s, "/rest/all"+to[5:]+"wax-50%25").UpdatedAt
			sameJSON(t, s.must("POST", to+tt.path, tt.body), tt.want)
			if after := get[testProduct](s, "/rest/all"+to[5:]+"wax-50%25"); after.UpdatedAt != before {
				t.Errorf("updated_at moved to %s", after.UpdatedAt)
			} else if tt.want == "[]" && tt.path == "base-prices" && after.Price != 12.34 {
				t.Errorf("price %v", after.Price)
			}
		})
	}
}

func TestPriceStorageRoundTrip(t *testing.T) {
	s := open(t, func(c *Config) { c.NoiseEvery, c.WebsitePrices = -1, true })
	call := func(path, body, want string) {
		t.Helper()
		sameJSON(t, s.must("POST", "/rest/V1/products/"+path, body), want)
	}
	const sku = `{"skus":["WAX-50%"]}`
	call("base-prices", `{"prices":[{"price":5,"store_id":0,"sku":"wax-50%"},{"price":6,"store_id":2,"sku":"wax-50%"}]}`, `[]`)
	call("base-prices-information", sku, `[{"price":5,"store_id":0,"sku":"wax-50%"},{"price":6,"store_id":2,"sku":"wax-50%"}]`)
	if p := get[testProduct](s, "/rest/en_eu/V1/products/wax-50%25"); p.Price != 6 {
		t.Errorf("the store's price: %+v", p)
	}
	call("cost", `{"prices":[{"cost":2.5,"store_id":0,"sku":"wax-50%"}]}`, `[]`)
	call("cost-information", sku, `[{"cost":2.5,"store_id":0,"sku":"wax-50%"}]`)
	call("cost-delete", sku, `true`)
	call("cost-information", sku, `[]`)
	special := `{"price":4,"store_id":0,"sku":"wax-50%","price_from":"2026-01-01 00:00:00","price_to":"2099-01-01 00:00:00"}`
	call("special-price", `{"prices":[`+special+`]}`, `[]`)
	call("special-price-information", sku, `[`+special+`]`)
	row := s.place(PlaceOrder{Store: "default", Guest: true, PaymentMethod: "checkmo", Lines: []PlaceLine{{SKU: "wax-50%", Qty: one}}})
	if o, err := s.db.order(t.Context(), row.EntityID); err != nil || !o.Items[0].Price.Base.Equal(decimal.New(4, 0)) {
		t.Errorf("the shopper does not get the special price: %v", err)
	}
	call("special-price-delete", `{"prices":[`+special+`]}`, `[]`)
	call("special-price-information", sku, `[]`)

	tier := func(qty, price, group string) string {
		return `{"price":` + price + `,"price_type":"fixed","website_id":0,"sku":"wax-50%","customer_group":"` + group + `","quantity":` + qty + `}`
	}
	call("tier-prices", `{"prices":[`+tier("5", "4", "ALL GROUPS")+`,`+tier("9", "3", "wholesale")+`]}`, `[]`)
	call("tier-prices", `{"prices":[`+tier("5", "3.5", "ALL GROUPS")+`]}`, `[]`)
	call("tier-prices-information", sku, `[`+tier("9", "3", "Wholesale")+`,`+tier("5", "3.5", "ALL GROUPS")+`]`)
	call("tier-prices-delete", `{"prices":[`+tier("5", "3.5", "ALL GROUPS")+`]}`, `[]`)
	sameJSON(t, s.must("PUT", "/rest/V1/products/tier-prices", `{"prices":[`+tier("2", "4.5", "General")+`]}`), `[]`)
	call("tier-prices-information", sku, `[`+tier("2", "4.5", "General")+`]`)
	twice := s.must("POST", "/rest/V1/products/tier-prices", `{"prices":[`+tier("7", "4", "General")+`,`+tier("7", "3", "general")+`]}`)
	if got := decode[[]any](t, twice); len(got) != 2 {
		t.Errorf("duplicates: %s", twice)
	}
}
