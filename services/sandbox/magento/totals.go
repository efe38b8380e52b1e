package magento

import "github.com/shopspring/decimal"

var (
	one     = decimal.New(1, 0)
	hundred = decimal.New(100, 0)
)

// line is one thing in the basket as the shopper sees it, with its unit price
// in the base currency.
type line struct {
	product *Product
	parent  *Product // the configurable it is sold through, or nil
	qty     decimal.Decimal
	price   decimal.Decimal
}

// basket is everything that decides an order's amounts.
type basket struct {
	store           Store
	lines           []line
	freight         decimal.Decimal // base currency
	discountPercent decimal.Decimal
	discountFreight bool
	taxPercent      decimal.Decimal
}

// inBoth converts a base amount; each side is rounded on its own.
func (b *basket) inBoth(base decimal.Decimal) pair {
	return pair{Base: base.Round(2), Order: base.Mul(b.store.Rate).Round(2)}
}

// collect fills the amounts of an order whose rows carry qty and product.
// Prices exclude tax, discount comes before tax, and each row is rounded on
// its own (Magento core, Tax/Model/Calculation/RowBaseCalculator and
// Quote/Model/Quote/Address/Total/Grand), so the totals are sums of rows and
// reconcile in both currencies.
func (b *basket) collect(o *order) {
	o.Subtotal, o.SubtotalInclTax, o.Tax = pair{}, pair{}, pair{}
	var discount pair
	n := 0
	for _, it := range o.Items {
		if it.ParentItemID != 0 {
			continue // the parent carries the money
		}
		b.row(it, b.lines[n].price)
		n++
		o.Subtotal = o.Subtotal.add(it.RowTotal)
		o.SubtotalInclTax = o.SubtotalInclTax.add(it.RowTotalInclTax)
		o.Tax = o.Tax.add(it.Tax)
		discount = discount.add(it.Discount)
	}

	o.Shipping = b.inBoth(b.freight)
	if b.discountFreight {
		o.ShippingDiscount = b.share(o.Shipping, b.discountPercent)
		discount = discount.add(o.ShippingDiscount)
	}
	if b.store.TaxShipping {
		o.ShippingTax = b.share(o.Shipping.sub(o.ShippingDiscount), b.taxPercent)
		o.ShippingInclTax = o.Shipping.add(b.share(o.Shipping, b.taxPercent))
	} else {
		o.ShippingInclTax = o.Shipping
	}
	o.Tax = o.Tax.add(o.ShippingTax)
	o.Discount = discount.neg()
	o.GrandTotal = o.Subtotal.add(o.Discount).add(o.Shipping).add(o.Tax)
	o.TotalDue = o.GrandTotal
}

func (b *basket) row(it *orderItem, price decimal.Decimal) {
	it.Price = b.inBoth(price)
	it.OriginalPrice = it.Price
	it.RowTotal = it.Price.mul(it.QtyOrdered).cents()
	it.DiscountPercent = b.discountPercent
	it.Discount = b.share(it.RowTotal, b.discountPercent)
	it.TaxPercent = b.taxPercent
	it.Tax = b.share(it.RowTotal.sub(it.Discount), b.taxPercent)
	it.PriceInclTax = it.Price.mul(one.Add(b.taxPercent.Div(hundred))).cents()
	it.RowTotalInclTax = it.RowTotal.add(b.share(it.RowTotal, b.taxPercent))
}

// share is percent of an amount, rounded to cents.
func (b *basket) share(amount pair, percent decimal.Decimal) pair {
	return amount.mul(percent).mul(decimal.New(1, -2)).cents()
}
