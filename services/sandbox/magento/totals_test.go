package magento

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

// restDoc is the part of an order's answer that money is checked on, decoded
// from the wire and not from the sandbox's own types.
type restDoc map[string]json.RawMessage

type fataler interface{ Fatalf(string, ...any) }

// money reads a number, or a text of a number as gift wrapping has it.
func (d restDoc) money(t fataler, name string) decimal.Decimal {
	raw, ok := d[name]
	if !ok {
		return decimal.Zero
	}
	var v decimal.Decimal
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%s is %s", name, raw)
	}
	return v.Round(4) // the noise of PHP's doubles is far below
}

func (d restDoc) list(name string) (out []restDoc) {
	_ = json.Unmarshal(d[name], &out)
	return out
}

func (d restDoc) object(name string) (out restDoc) {
	_ = json.Unmarshal(d[name], &out)
	return out
}

func (d restDoc) text(name string) (out string) {
	_ = json.Unmarshal(d[name], &out)
	return out
}

// moneyRows are the rows that carry money: those of a dynamic bundle are its
// parts, known by their price.
func (d restDoc) moneyRows(t fataler) []restDoc {
	items := d.list("items")
	carry := map[string]bool{} // parents whose children have a price
	for _, it := range items {
		parent := it.object("parent_item")
		if parent.text("product_type") == TypeBundle && it.money(t, "row_total_incl_tax").Sign() >= 0 && it["row_total_incl_tax"] != nil {
			carry[string(it["parent_item_id"])] = true
		}
	}
	var rows []restDoc
	for _, it := range items {
		parent, child := it["parent_item_id"]
		if child == carry[string(parent)] && !carry[string(it["item_id"])] {
			rows = append(rows, it)
		}
	}
	return rows
}

// randomOrder draws an order of anything the store can sell, in any way.
func randomOrder(r *rapid.T, skus []string) PlaceOrder {
	cents := func(name string, most int64) decimal.Decimal {
		return decimal.New(rapid.Int64Range(0, most).Draw(r, name), -2)
	}
	sometimes := func(name string, most int64) decimal.Decimal {
		if rapid.IntRange(0, 3).Draw(r, "with "+name) > 0 {
			return decimal.Zero
		}
		return cents(name, most)
	}
	inclusive := rapid.Bool().Draw(r, "inclusive")
	p := PlaceOrder{
		Store: rapid.SampledFrom([]string{"default", "en_eu"}).Draw(r, "store"), PaymentMethod: "checkmo",
		Currency:         rapid.SampledFrom([]string{"", "USD", "EUR", "CAD", "CHF"}).Draw(r, "currency"),
		PricesIncludeTax: &inclusive, TaxRounding: rapid.SampledFrom([]string{"", RoundUnit, RoundRow, RoundTotal}).Draw(r, "rounding"),
		DiscountShipping: rapid.Bool().Draw(r, "discount freight"), HideSurcharge: rapid.Bool().Draw(r, "hide"),
		StoreCredit: sometimes("credit", 20000), Reward: sometimes("reward", 3000), GiftWrap: sometimes("wrap", 900),
		GreetingCard: sometimes("card", 300), Surcharge: sometimes("surcharge", 900),
	}
	if v := sometimes("gift card", 30000); v.Sign() > 0 {
		p.GiftCards = []PlaceGiftCard{{Code: "A", Amount: v}, {Code: "B", Amount: v}}
	}
	for _, sku := range rapid.SliceOfNDistinct(rapid.SampledFrom(skus), 1, 6, rapid.ID).Draw(r, "products") {
		l := PlaceLine{SKU: sku, Qty: decimal.New(rapid.Int64Range(1, 12).Draw(r, "qty"), 0)}
		switch {
		case sku == "ROPE-8MM":
			l.Qty = decimal.New(rapid.Int64Range(1, 99999).Draw(r, "length"), -4)
		case sku == "YOGA-SET":
			strap, block := cents("strap", 9999), cents("block", 99)
			l.Parts = []PlacePart{{SKU: "YOGA-STRAP-06", Price: &strap}, {SKU: "YOGA-BLOCK-FOAM", Qty: decimal.New(3, 0), Price: &block}}
		case sku != "TEA-TASTING" && rapid.Bool().Draw(r, "own price"):
			price := cents("price", 99999)
			l.Price, l.GiftWrap = &price, sometimes("row wrap", 500)
		}
		p.Lines = append(p.Lines, l)
	}
	switch rapid.IntRange(0, 2).Draw(r, "coupon") {
	case 1:
		p.CouponCode, p.DiscountPercent = "ANY", cents("percent", 10000)
	case 2:
		p.CouponCode, p.DiscountAmount = "ANY", cents("off", 20000)
	}
	return p
}

// TestTotalsReconcile holds every order to the equations of a real one, to the
// cent, in both currencies.
func TestTotalsReconcile(t *testing.T) {
	s := open(t, func(c *Config) { c.NoiseEvery = 1 })
	var skus []string
	all, err := s.SKUs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		skus = append(skus, p.SKU)
	}
	skus = append(skus[len(skus)-20:], "YOGA-SET", "TEA-TASTING", all[3].SKU)
	rapid.Check(t, func(r *rapid.T) {
		p := randomOrder(r, skus)
		row, err := s.Place(context.Background(), p)
		if err != nil {
			r.Fatal(err)
		}
		doc := s.rest(r, row.EntityID)
		for _, prefix := range []string{"", "base_"} {
			reconcile(r, p, doc, prefix)
		}
	})
}

func (s *Server) restDocOf(o *order) (doc restDoc, err error) {
	return doc, json.Unmarshal(s.restOrder(o), &doc)
}

// rest reads an order as REST answers it.
func (s *store) rest(t fataler, id int64) restDoc {
	o, err := s.db.order(context.Background(), id)
	if err != nil {
		t.Fatalf("order %d: %v", id, err)
	}
	doc, err := s.restDocOf(o)
	if err != nil {
		t.Fatalf("order %d: %v", id, err)
	}
	return doc
}

func reconcile(t fataler, p PlaceOrder, doc restDoc, prefix string) {
	m := func(name string) decimal.Decimal { return doc.money(t, prefix+name) }
	ext := doc.object("extension_attributes")
	x := func(name string) decimal.Decimal { return ext.money(t, prefix+name) }
	equal := func(what string, got, want decimal.Decimal) {
		if !got.Equal(want) {
			t.Fatalf("%s%s is %s, should be %s", prefix, what, got, want)
		}
	}
	weee, shippingHidden := "weee_tax_applied_row_amount", "shipping_discount_tax_compensation_amount"
	if prefix != "" {
		weee, shippingHidden = "weee_tax_applied_row_amnt", "shipping_discount_tax_compensation_amnt"
	}
	var rows, tax, discount, inclTax, hidden, fpt decimal.Decimal
	for _, item := range doc.moneyRows(t) {
		rows = rows.Add(item.money(t, prefix+"row_total"))
		tax = tax.Add(item.money(t, prefix+"tax_amount"))
		discount = discount.Add(item.money(t, prefix+"discount_amount"))
		inclTax = inclTax.Add(item.money(t, prefix+"row_total_incl_tax"))
		hidden = hidden.Add(item.money(t, prefix+"discount_tax_compensation_amount"))
		fpt = fpt.Add(item.money(t, prefix+weee))
		if item.money(t, prefix+"discount_amount").IsNegative() || item.money(t, prefix+"tax_amount").IsNegative() {
			t.Fatalf("a row has %sdiscount %s and tax %s", prefix, item["discount_amount"], item["tax_amount"])
		}
	}
	wrapping, wrappingTax := decimal.Zero, decimal.Zero
	for _, part := range []string{"gw_", "gw_items_", "gw_card_"} {
		wrapping = wrapping.Add(ext.money(t, part+prefix+"price"))
		wrappingTax = wrappingTax.Add(ext.money(t, part+prefix+"tax_amount"))
	}
	equal("subtotal", m("subtotal"), rows)
	equal("subtotal_incl_tax", m("subtotal_incl_tax"), inclTax)
	equal("tax_amount", m("tax_amount"), tax.Add(m("shipping_tax_amount")).Add(wrappingTax))
	equal("discount_amount", m("discount_amount"), discount.Add(m("shipping_discount_amount")).Neg())
	equal("discount_tax_compensation_amount", m("discount_tax_compensation_amount"), hidden)
	if !*p.PricesIncludeTax && !hidden.IsZero() {
		t.Fatalf("prices exclude tax, and %s is hidden", hidden)
	}
	surcharge := x("handling_surcharge")
	if p.HideSurcharge && p.Surcharge.Sign() > 0 {
		if !surcharge.IsZero() {
			t.Fatalf("a hidden surcharge shows as %s", surcharge)
		}
		surcharge = p.Surcharge
		if prefix == "" {
			surcharge = p.Surcharge.Mul(doc.money(t, "base_to_order_rate")).Round(2)
		}
	}
	equal("grand_total", m("grand_total"), m("subtotal").Add(m("discount_amount")).Add(m("shipping_amount")).Add(m("tax_amount")).
		Add(m("discount_tax_compensation_amount")).Add(m(shippingHidden)).Add(fpt).Add(wrapping).Add(surcharge).
		Sub(x("gift_cards_amount")).Sub(x("customer_balance_amount")).Sub(x("reward_currency_amount")))
	equal("total_due", m("total_due"), m("grand_total"))
	if m("grand_total").IsNegative() {
		t.Fatalf("%sgrand_total is %s", prefix, m("grand_total"))
	}
	if free := doc.object("payment").text("method") == "free"; free != m("grand_total").IsZero() {
		t.Fatalf("method %s pays %s", doc["payment"], m("grand_total"))
	}
}

// TestTotalsByHand are amounts that were worked out on paper.
func TestTotalsByHand(t *testing.T) {
	yes := true
	at := func(v string) *decimal.Decimal { d := amount(v); return &d }
	texas := &Address{Firstname: "A", Lastname: "B", Street: []string{"1 Main"}, City: "Austin", RegionCode: "TX", Postcode: "78701", CountryID: "US"}
	tests := []struct {
		name  string
		order PlaceOrder
		want  map[string]string
	}{
		{
			"tax on top, ten percent off", // 20.00 − 2.00 = 18.00, of it 8.25 % = 1.485
			PlaceOrder{Lines: []PlaceLine{{SKU: "CAMP-MUG", Qty: amount("2"), Price: at("10")}}, CouponCode: "X", DiscountPercent: amount("10")},
			map[string]string{"subtotal": "20", "discount_amount": "-2", "tax_amount": "1.49", "grand_total": "19.49"},
		},
		{
			"tax included, ten percent off", // 20.00 holds 1.52 tax; 18.00 holds 1.37; 0.15 is hidden
			PlaceOrder{
				Lines:      []PlaceLine{{SKU: "CAMP-MUG", Qty: amount("2"), Price: at("10")}},
				CouponCode: "X", DiscountPercent: amount("10"), PricesIncludeTax: &yes,
			},
			map[string]string{
				"subtotal": "18.48", "subtotal_incl_tax": "20", "discount_amount": "-2", "tax_amount": "1.37",
				"discount_tax_compensation_amount": "0.15", "grand_total": "18",
			},
		},
		{
			"three equal rows, the rest of rounding is carried", // 1.00 × 8.25 % = 0.0825: 0.08, 0.09 (0.085), 0.08
			PlaceOrder{TaxRounding: RoundTotal, Lines: []PlaceLine{
				{SKU: "CAMP-MUG", Price: at("1")}, {SKU: "CAMP-STOVE", Price: at("1")}, {SKU: "CAMP-POT-2L", Price: at("1")},
			}},
			map[string]string{"subtotal": "3", "tax_amount": "0.25", "grand_total": "3.25"},
		},
		{
			"the same by row",
			PlaceOrder{TaxRounding: RoundRow, Lines: []PlaceLine{
				{SKU: "CAMP-MUG", Price: at("1")}, {SKU: "CAMP-STOVE", Price: at("1")}, {SKU: "CAMP-POT-2L", Price: at("1")},
			}},
			map[string]string{"tax_amount": "0.24", "grand_total": "3.24"},
		},
		{
			"by unit", // 0.10 × 8.25 % = 0.00825: 0.01 each
			PlaceOrder{TaxRounding: RoundUnit, Lines: []PlaceLine{{SKU: "CAMP-MUG", Qty: amount("10"), Price: at("0.10")}}},
			map[string]string{"tax_amount": "0.10", "grand_total": "1.10"},
		},
		{
			"a fixed coupon over three rows", // 10.00 over 3 × 9.99
			PlaceOrder{CouponCode: "X", DiscountAmount: amount("10"), Lines: []PlaceLine{
				{SKU: "CAMP-MUG", Price: at("9.99")}, {SKU: "CAMP-STOVE", Price: at("9.99")}, {SKU: "CAMP-POT-2L", Price: at("9.99")},
			}},
			map[string]string{"subtotal": "29.97", "discount_amount": "-10", "tax_amount": "1.65", "grand_total": "21.62"},
		},
		{
			"a gift card pays a part", // 20.00 + 1.65 − 5.00
			PlaceOrder{Lines: []PlaceLine{{SKU: "CAMP-MUG", Qty: amount("2"), Price: at("10")}}, GiftCards: []PlaceGiftCard{{Code: "X", Amount: amount("5")}}},
			map[string]string{"subtotal": "20", "tax_amount": "1.65", "grand_total": "16.65"},
		},
		{
			"fixed product tax, gift wrap and surcharge", // 34.90 + 1.15 + 4.00 + 3.50; tax of 34.90 2.88, of 4.00 0.33
			PlaceOrder{Lines: []PlaceLine{{SKU: "LAMP-HEAD-USB"}}, GiftWrap: amount("4"), Surcharge: amount("3.5")},
			map[string]string{"subtotal": "34.9", "tax_amount": "3.21", "grand_total": "46.76"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			tt.order.Store, tt.order.Guest, tt.order.Billing = "default", true, texas
			tt.order.ShippingMethod, tt.order.PaymentMethod = "freeshipping_freeshipping", "checkmo"
			doc := s.rest(t, s.place(tt.order).EntityID)
			for name, want := range tt.want {
				if got := doc.money(t, name); !got.Equal(amount(want)) {
					t.Errorf("%s is %s, want %s", name, got, want)
				}
			}
		})
	}
}

func TestSpreadAddsUp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		worth := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) decimal.Decimal {
			return decimal.New(rapid.Int64Range(0, 2000).Draw(r, "worth"), -2)
		}), 1, 12).Draw(r, "rows")
		amount := decimal.New(rapid.Int64Range(0, 20000).Draw(r, "amount"), -2)
		sum, all := decimal.Zero, decimal.Zero
		for i, share := range spread(amount, worth) {
			if share.IsNegative() || share.GreaterThan(worth[i]) {
				r.Fatalf("row %d is worth %s and got %s", i, worth[i], share)
			}
			sum, all = sum.Add(share), all.Add(worth[i])
		}
		if want := decimal.Min(amount, all); !sum.Equal(want) {
			r.Fatalf("shares are %s, want %s", sum, want)
		}
	})
}

func TestFreeIsRefusedWhileThereIsSomethingToPay(t *testing.T) {
	s := open(t)
	_, err := s.Place(t.Context(), PlaceOrder{PaymentMethod: "free", Lines: []PlaceLine{{SKU: "CAMP-MUG"}}})
	if !errors.Is(err, ErrInvalidOrder) {
		t.Errorf("%v", err)
	}
}
