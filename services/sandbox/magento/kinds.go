package magento

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/shopspring/decimal"
)

// specials are the products beyond simple and configurable ones. They stand at
// the end of every catalogue, under the same SKUs.
func specials() []Product {
	price := decimal.RequireFromString
	simple := func(sku, name, amount, weight string) Product {
		return Product{SKU: sku, Name: name, Type: TypeSimple, Price: price(amount), Weight: price(weight)}
	}
	of := func(sku string, qty int64) Part { return Part{sku, decimal.New(qty, 0)} }
	bottle := simple("BTL-STEEL-1L", "Steel Bottle 1 l", "8.95", "0.35")
	bottle.Special = price("7.45")
	lamp := simple("LAMP-HEAD-USB", "Head Lamp, rechargeable", "34.90", "0.2")
	lamp.FPT = price("1.15")
	rope := simple("ROPE-8MM", "Static Rope 8 mm, by the metre", "2.35", "0.05")
	rope.Decimal = true
	return []Product{
		bottle, lamp, rope,
		simple("SAMPLE-BAR", "Energy Bar, sample", "0", "0.1"),
		simple("YOGA-STRAP-06", "Yoga Strap 6 ft", "14", "0.2"),
		simple("YOGA-BLOCK-FOAM", "Foam Block", "5", "0.3"),
		{SKU: "YOGA-SET", Name: "Yoga Starter Set", Type: TypeBundle, Parts: []Part{of("YOGA-STRAP-06", 1), of("YOGA-BLOCK-FOAM", 2)}},
		simple("CAMP-STOVE", "Gas Stove", "79", "1.1"),
		simple("CAMP-POT-2L", "Pot 2 l", "39.5", "0.9"),
		simple("CAMP-MUG", "Mug", "9.9", "0.2"),
		{
			SKU: "CAMP-KITCHEN", Name: "Camp Kitchen", Type: TypeBundle, FixedPrice: true, Price: price("129.95"),
			Parts: []Part{of("CAMP-STOVE", 1), of("CAMP-POT-2L", 1), of("CAMP-MUG", 2)},
		},
		simple("TEA-MINT", "Mint Tea", "4.25", "0.1"),
		simple("TEA-CHAI", "Chai", "4.75", "0.1"),
		{SKU: "TEA-TASTING", Name: "Tea Tasting", Type: TypeGrouped, Parts: []Part{of("TEA-MINT", 1), of("TEA-CHAI", 2)}},
		{SKU: "CLASS-TICKET", Name: "Avalanche Class, one seat", Type: TypeVirtual, Price: price("35")},
		{SKU: "GUIDE-PDF", Name: "Trail Guide (download)", Type: TypeDownloadable, Price: price("9"), Links: []int64{21}},
		{SKU: "GIFT-CARD", Name: "Gift Card", Type: TypeGiftCard, Price: price("50")},
	}
}

// kind makes up an order of one sort.
type kind struct {
	name string
	// usual is its weight in the mix of random shoppers, in a thousand. A kind
	// without one needs a decision of the merchant, such as where a surcharge
	// goes, that an integration doesn't have until somebody takes it.
	usual int
	fill  func(rng *rand.Rand, p *PlaceOrder)
}

func amount(v string) decimal.Decimal { return decimal.RequireFromString(v) }

// with puts products into the basket before what a shopper takes anyway.
func with(skus ...string) func(*rand.Rand, *PlaceOrder) {
	return func(rng *rand.Rand, p *PlaceOrder) {
		for _, sku := range skus {
			p.Lines = append(p.Lines, PlaceLine{SKU: sku, Qty: decimal.New(int64(1+rng.IntN(3)), 0)})
		}
	}
}

var kinds = []kind{
	{"bundle", 30, with("YOGA-SET")},
	{"bundle-fixed", 20, with("CAMP-KITCHEN")},
	{"grouped", 20, with("TEA-TASTING")},
	{"virtual", 15, with("CLASS-TICKET")},
	{"downloadable", 15, with("GUIDE-PDF")},
	{"mixed", 20, with("YOGA-SET", "GUIDE-PDF", "BTL-STEEL-1L")},
	{"gift-card", 10, with("GIFT-CARD")},
	{"special-price", 10, with("BTL-STEEL-1L")},
	{"zero-price", 5, with("SAMPLE-BAR", "CAMP-MUG")},
	{"fraction", 10, func(rng *rand.Rand, p *PlaceOrder) {
		p.Lines = append(p.Lines, PlaceLine{SKU: "ROPE-8MM", Qty: decimal.New(int64(5+rng.IntN(400)), -1)})
	}},
	{"coupon-fixed", 15, func(_ *rand.Rand, p *PlaceOrder) { p.CouponCode, p.DiscountAmount = "TENOFF", amount("10") }},
	{"coupon-shipping", 10, func(_ *rand.Rand, p *PlaceOrder) {
		p.CouponCode, p.DiscountPercent, p.DiscountShipping = "SPRING15", amount("15"), true
	}},
	{"fpt", 0, with("LAMP-HEAD-USB")},
	{"tax-included", 0, func(_ *rand.Rand, p *PlaceOrder) {
		yes := true
		p.PricesIncludeTax, p.CouponCode, p.DiscountPercent = &yes, "TRAIL10", amount("10")
	}},
	{"tax-total", 0, func(_ *rand.Rand, p *PlaceOrder) { p.TaxRounding = RoundTotal }},
	{"tax-unit", 0, func(_ *rand.Rand, p *PlaceOrder) { p.TaxRounding = RoundUnit }},
	{"gift-card-paid", 0, func(rng *rand.Rand, p *PlaceOrder) {
		p.GiftCards = []PlaceGiftCard{{Code: fmt.Sprintf("01KLMN%03d", rng.IntN(1000)), Amount: amount("25")}}
	}},
	{"credit", 0, func(_ *rand.Rand, p *PlaceOrder) { p.StoreCredit = amount("15") }},
	{"reward", 0, func(_ *rand.Rand, p *PlaceOrder) { p.Reward = amount("5") }},
	{"free", 0, func(_ *rand.Rand, p *PlaceOrder) {
		p.GiftCards = []PlaceGiftCard{{Code: "01KLMN999", Amount: amount("100000")}}
	}},
	{"gift-wrap", 0, func(_ *rand.Rand, p *PlaceOrder) { p.GiftWrap, p.GreetingCard = amount("4.5"), amount("1.25") }},
	{"surcharge", 0, func(_ *rand.Rand, p *PlaceOrder) { p.Surcharge = amount("3.5") }},
	{"surcharge-hidden", 0, func(_ *rand.Rand, p *PlaceOrder) { p.Surcharge, p.HideSurcharge = amount("3.5"), true }},
	{"currency", 0, func(_ *rand.Rand, p *PlaceOrder) { p.Currency = "CAD" }},
	{"currency-unknown", 0, func(_ *rand.Rand, p *PlaceOrder) { p.Currency = "CHF" }},
}

// Kinds are the names that PlaceOrder.Kind knows.
func Kinds() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	return names
}

// fillKind applies a kind to what the shopper left open.
func fillKind(rng *rand.Rand, p *PlaceOrder) error {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == p.Kind })
	if i < 0 {
		return fmt.Errorf("%w: kind %q is not one of %v", ErrInvalidOrder, p.Kind, Kinds())
	}
	kinds[i].fill(rng, p)
	return nil
}

// usualKind draws a kind by its weight; most shoppers have none.
func usualKind(rng *rand.Rand) string {
	n := rng.IntN(1000)
	for _, k := range kinds {
		if n -= k.usual; n < 0 {
			return k.name
		}
	}
	return ""
}
