package magento

import (
	"fmt"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
)

// TestRowsOfEachKind shows an order's rows as REST does: type, SKU, quantity,
// price, row total, tax, and whether the row has a parent.
func TestRowsOfEachKind(t *testing.T) {
	texas := &Address{Firstname: "A", Lastname: "B", Street: []string{"1 Main"}, City: "Austin", RegionCode: "TX", Postcode: "78701", CountryID: "US"}
	tests := []struct {
		name string
		line PlaceLine
		rows []string
		has  string // in the first row's product_option
	}{
		{
			"bundle with a dynamic price", PlaceLine{SKU: "YOGA-SET", Qty: amount("2")},
			[]string{
				"bundle YOGA-SET-YOGA-STRAP-06-YOGA-BLOCK-FOAM 2 24 48 3.96",
				"└ simple YOGA-STRAP-06 2 14 28 2.31",
				"└ simple YOGA-BLOCK-FOAM 4 5 20 1.65",
			},
			`"bundle_options":[{"option_id":4,"option_qty":1,"option_selections":[`,
		},
		{
			"bundle with a fixed price", PlaceLine{SKU: "CAMP-KITCHEN"},
			[]string{
				"bundle CAMP-KITCHEN 1 129.95 129.95 10.72",
				"└ simple CAMP-STOVE 1 0 0 0", "└ simple CAMP-POT-2L 1 0 0 0", "└ simple CAMP-MUG 2 0 0 0",
			},
			`"bundle_options":[`,
		},
		{"grouped", PlaceLine{SKU: "TEA-TASTING", Qty: amount("3")}, []string{"grouped TEA-MINT 3 4.25 12.75 1.05", "grouped TEA-CHAI 6 4.75 28.5 2.35"}, ""},
		{"virtual", PlaceLine{SKU: "CLASS-TICKET"}, []string{"virtual CLASS-TICKET 1 35 35 2.89"}, ""},
		{"downloadable", PlaceLine{SKU: "GUIDE-PDF"}, []string{"downloadable GUIDE-PDF 1 9 9 0.74"}, `"downloadable_option":{"downloadable_links":[21]}`},
		{"gift card", PlaceLine{SKU: "GIFT-CARD"}, []string{"giftcard GIFT-CARD 1 50 50 0"}, `"giftcard_item_option":{"giftcard_amount":"50.0000"`},
		{
			"custom option and special price", PlaceLine{SKU: "BTL-STEEL-1L", Options: map[string]string{"12": "Engrave: A.V."}},
			[]string{"simple BTL-STEEL-1L 1 7.45 7.45 0.61"}, `"custom_options":[{"option_id":"12","option_value":"Engrave: A.V."}]`,
		},
		{"by the metre", PlaceLine{SKU: "ROPE-8MM", Qty: amount("2.5")}, []string{"simple ROPE-8MM 2.5 2.35 5.88 0.49"}, ""},
		{"for nothing", PlaceLine{SKU: "SAMPLE-BAR"}, []string{"simple SAMPLE-BAR 1 0 0 0"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, func(c *Config) { c.NoiseEvery = -1 })
			s.place(PlaceOrder{Store: "default", Guest: true, Billing: texas, Lines: []PlaceLine{tt.line}, PaymentMethod: "checkmo"})
			doc := get[restDoc](s, "/rest/V1/orders/1")
			var got []string
			for _, it := range doc.list("items") {
				line := fmt.Sprintf("%s %s %s %s %s %s", it.text("product_type"), it.text("sku"), it["qty_ordered"], it["price"], it["row_total"], it["tax_amount"])
				if _, child := it["parent_item_id"]; child {
					line = "└ " + line
				}
				got = append(got, line)
			}
			if strings.Join(got, "\n") != strings.Join(tt.rows, "\n") {
				t.Errorf("rows\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.rows, "\n"))
			}
			if option := string(doc.list("items")[0]["product_option"]); !strings.Contains(option, tt.has) {
				t.Errorf("product_option %s", option)
			}
		})
	}
}

func TestBundleParents(t *testing.T) {
	s := open(t)
	s.place(PlaceOrder{
		Store: "default", PaymentMethod: "checkmo", CouponCode: "X", DiscountPercent: amount("10"),
		Lines: []PlaceLine{{SKU: "YOGA-SET"}, {SKU: "CAMP-KITCHEN"}},
	})
	doc := get[restDoc](s, "/rest/V1/orders/1")
	items := doc.list("items")
	dynamic, strap, fixed, stove := items[0], items[1], items[3], items[4]
	if dynamic["tax_percent"] != nil || string(dynamic["discount_amount"]) != "0" || string(strap["discount_amount"]) != "1.4" {
		t.Errorf("the parts of a dynamic bundle have its discount and tax: %s, %s", dynamic["discount_amount"], strap["discount_amount"])
	}
	if strap["base_original_price"] == nil || stove["base_original_price"] != nil {
		t.Error("only a row that carries money has a base_original_price")
	}
	if string(fixed["discount_amount"]) != "13" {
		t.Errorf("discount %s", fixed["discount_amount"])
	}
	if got := strap.object("parent_item").text("sku"); got != dynamic.text("sku") {
		t.Errorf("parent_item %s", got)
	}
	if string(doc["total_item_count"]) != "2" || string(doc["total_qty_ordered"]) != "2" {
		t.Errorf("%s things, %s pieces: parents only", doc["total_item_count"], doc["total_qty_ordered"])
	}
}

func TestVirtualOrder(t *testing.T) {
	s := open(t)
	s.place(PlaceOrder{Store: "default", Kind: "virtual", PaymentMethod: "checkmo"})
	doc := get[restDoc](s, "/rest/V1/orders/1")
	shipping := doc.object("extension_attributes").list("shipping_assignments")[0].object("shipping")
	if string(doc["is_virtual"]) != "1" || shipping["address"] != nil || shipping["method"] != nil || doc["shipping_description"] != nil {
		t.Errorf("is_virtual %s, shipping %v, %s", doc["is_virtual"], shipping, doc["shipping_description"])
	}
	if string(doc["shipping_amount"]) != "0" {
		t.Errorf("freight %s", doc["shipping_amount"])
	}
	if a := s.do("POST", "/rest/V1/order/1/ship", "{}"); a.status != 400 {
		t.Errorf("shipped: %d %s", a.status, a.body)
	}
	s.do("POST", "/rest/V1/order/1/invoice", "{}")
	if got := get[restDoc](s, "/rest/V1/orders/1").text("state"); got != stateComplete {
		t.Errorf("an invoiced virtual order is %s", got)
	}
}

func TestWhatIsPrepaid(t *testing.T) {
	s := open(t)
	s.place(PlaceOrder{Store: "en_eu", Kind: "free"})
	doc := get[restDoc](s, "/rest/V1/orders/1")
	ext := doc.object("extension_attributes")
	cards := ext.list("gift_cards")
	if string(doc["grand_total"]) != "0" || doc.object("payment").text("method") != "free" || len(cards) != 1 {
		t.Fatalf("grand_total %s, payment %s, gift cards %v", doc["grand_total"], doc["payment"], cards)
	}
	if string(cards[0]["amount"]) != string(ext["gift_cards_amount"]) || string(cards[0]["base_amount"]) != string(ext["base_gift_cards_amount"]) {
		t.Errorf("cards %v, sums %s %s", cards, ext["gift_cards_amount"], ext["base_gift_cards_amount"])
	}
}

// TestEachKindIsInvoicedAndShipped takes half of an order and then the rest: the
// invoices add up to what was to pay.
func TestEachKindIsInvoicedAndShipped(t *testing.T) {
	for _, name := range Kinds() {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			row := s.place(PlaceOrder{Store: "default", Kind: name, PaymentMethod: "checkmo"})
			doc := s.rest(t, row.EntityID)
			var half []string
			for _, it := range doc.list("items") {
				if _, child := it["parent_item_id"]; !child && it.money(t, "qty_ordered").GreaterThan(one) {
					half = append(half, fmt.Sprintf(`{"order_item_id":%s,"qty":1}`, it["item_id"]))
				}
			}
			if len(half) > 0 {
				if a := s.do("POST", "/rest/V1/order/1/invoice", `{"items":[`+strings.Join(half, ",")+`]}`); a.status != 200 {
					t.Fatalf("first invoice: %d %s", a.status, a.body)
				}
			}
			s.do("POST", "/rest/V1/order/1/invoice", "{}")
			s.do("POST", "/rest/V1/order/1/ship", "{}")
			doc = s.rest(t, row.EntityID)
			for _, prefix := range []string{"", "base_"} {
				if !doc.money(t, prefix+"total_invoiced").Equal(doc.money(t, prefix+"grand_total")) {
					t.Errorf("%stotal_invoiced is %s of %s", prefix, doc[prefix+"total_invoiced"], doc[prefix+"grand_total"])
				}
			}
			if doc.text("state") != stateComplete {
				t.Errorf("order is %s", doc.text("state"))
			}
			for _, it := range doc.list("items") {
				if !it.money(t, "qty_invoiced").Equal(it.money(t, "qty_ordered")) {
					t.Errorf("%s: %s of %s invoiced", it.text("sku"), it["qty_invoiced"], it["qty_ordered"])
				}
			}
		})
	}
}

func TestTheMix(t *testing.T) {
	for mix, allowed := range map[string]func(restDoc) bool{
		MixPlain: func(d restDoc) bool {
			for _, it := range d.list("items") {
				if typ := it.text("product_type"); typ != TypeSimple && typ != TypeConfigurable {
					return false
				}
			}
			return true
		},
		MixUsual: func(d restDoc) bool {
			ext := d.object("extension_attributes")
			return ext["gift_cards"] == nil && ext["handling_surcharge"] == nil && ext["gw_price"] == nil && d.text("order_currency_code") != "CHF"
		},
	} {
		s := open(t, func(c *Config) { c.Mix = mix })
		bundles := 0
		for range 200 {
			doc := s.rest(t, s.place(PlaceOrder{}).EntityID)
			if !allowed(doc) {
				t.Errorf("mix %s: %s", mix, doc["items"])
			}
			if strings.Contains(string(doc["items"]), `"bundle"`) {
				bundles++
			}
		}
		if (bundles > 0) != (mix == MixUsual) {
			t.Errorf("mix %s: %d bundles", mix, bundles)
		}
	}
	if _, err := New(Config{Mix: "odd"}); err == nil {
		t.Error("an unknown mix is taken")
	}
}

// TestTwoCurrencies is a worked example of the reference: rows are converted
// and rounded one by one, so the totals are not the converted totals.
func TestTwoCurrencies(t *testing.T) {
	s := open(t)
	price := func(v string) *decimal.Decimal { d := amount(v); return &d }
	var child Product
	all, err := s.SKUs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if p.ParentSKU != "" {
			child = p
		}
	}
	s.place(PlaceOrder{
		Store: "default", Currency: "EUR", Guest: true, PaymentMethod: "checkmo", CouponCode: "TRAIL10", DiscountPercent: amount("10"),
		Billing: &Address{Firstname: "A", Lastname: "B", Street: []string{"12 Maple Court"}, City: "Burlington", RegionCode: "VT", CountryID: "US"},
		Lines: []PlaceLine{
			{SKU: child.SKU, Qty: amount("2"), Price: price("52")}, {SKU: "BTL-STEEL-1L", Qty: amount("3")}, {SKU: "YOGA-SET"}, {SKU: "GUIDE-PDF"},
		},
	})
	doc := get[restDoc](s, "/rest/V1/orders/1")
	for name, want := range map[string]string{
		"base_subtotal": "159.35", "subtotal": "146.59", "base_discount_amount": "-15.94", "discount_amount": "-14.67",
		"base_tax_amount": "11.83", "tax_amount": "10.88", "base_subtotal_incl_tax": "172.5", "subtotal_incl_tax": "158.68",
		"base_to_order_rate": "0.92", "total_item_count": "4", "total_qty_ordered": "7",
	} {
		if got := doc.money(t, name); !got.Equal(amount(want)) {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if doc.text("order_currency_code") != "EUR" || doc.text("base_currency_code") != "USD" {
		t.Errorf("%s of %s", doc["order_currency_code"], doc["base_currency_code"])
	}
	if _, err := s.Place(t.Context(), PlaceOrder{Currency: "XAU"}); err == nil {
		t.Error("the store sells for gold")
	}
}

// The parts of a bundle with dynamic prices carry its money, so they are what is
// invoiced; the bundle's own row follows.
func TestBundleIsInvoicedByItsParts(t *testing.T) {
	s := open(t)
	row := s.place(PlaceOrder{Store: "default", PaymentMethod: "checkmo", Lines: []PlaceLine{{SKU: "YOGA-SET", Qty: decimal.New(2, 0)}}})
	for i, step := range []struct {
		share, bundles string
		state          string
	}{{"0.5", "1", "processing"}, {"0.5", "2", "processing"}} {
		var items []string
		for _, it := range s.rest(t, row.EntityID).list("items") {
			if _, child := it["parent_item_id"]; child {
				qty := it.money(t, "qty_ordered").Mul(decimal.RequireFromString(step.share))
				items = append(items, fmt.Sprintf(`{"order_item_id":%s,"qty":%s}`, it["item_id"], qty))
			}
		}
		if a := s.do("POST", "/rest/V1/order/1/invoice", `{"items":[`+strings.Join(items, ",")+`]}`); a.status != 200 {
			t.Fatalf("invoice %d: %d %s", i, a.status, a.body)
		}
		doc := s.rest(t, row.EntityID)
		if got := doc.list("items")[0].money(t, "qty_invoiced").String(); got != step.bundles || doc.text("state") != step.state {
			t.Errorf("invoice %d: %s bundles are invoiced, state %s", i, got, doc.text("state"))
		}
	}
	doc := s.rest(t, row.EntityID)
	if !doc.money(t, "total_invoiced").Equal(doc.money(t, "grand_total")) {
		t.Errorf("total_invoiced is %s of %s", doc["total_invoiced"], doc["grand_total"])
	}
}
