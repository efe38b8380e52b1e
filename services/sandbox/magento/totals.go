package magento

import "github.com/shopspring/decimal"

var (
	one     = decimal.New(1, 0)
	hundred = decimal.New(100, 0)
)

// basket is everything that decides an order's amounts.
type basket struct {
	store Store
	taxation
	lines           []line
	freight         decimal.Decimal // base currency
	discountPercent decimal.Decimal
	discountAmount  decimal.Decimal // base currency, spread over the rows
	discountFreight bool
	taxPercent      decimal.Decimal
	wrap, card      decimal.Decimal // prices of gift wrapping and greeting card
	surcharge       decimal.Decimal
	hideSurcharge   bool
	giftCards       []PlaceGiftCard
	credit, reward  decimal.Decimal
}

// moneyRow is a row that carries money, with its unit prices: those of a fixed
// bundle or a configurable product are parents, those of a dynamic bundle its
// parts.
type moneyRow struct {
	item            *orderItem
	bundle          *orderItem // the dynamic bundle it is a part of, or nil
	price, original pair
	fpt             pair
	wrap            pair
	taxPercent      decimal.Decimal
	undiscounted    bool
}

// worth is what a discount sees: the price as the catalogue shows it.
func (r *moneyRow) worth() pair { return r.price.mul(r.item.QtyOrdered).cents() }

// inBoth converts a base amount; each side is rounded on its own.
func (b *basket) inBoth(base decimal.Decimal) pair {
	return pair{Base: base.Round(2), Order: base.Mul(b.store.Rate).Round(2)}
}

// collect fills the amounts of an order: first the rows, then the totals as
// sums of rows, so that they reconcile in both currencies (Magento core,
// Quote/Model/Quote/Address/Total/Grand and Tax/Model/Sales/Total/Quote).
func (b *basket) collect(o *order, rows []*moneyRow) {
	discounts, freightDiscount := b.discounts(rows)
	var left, leftOrder carry
	var discount pair
	for n, r := range rows {
		b.row(r, discounts[n], &left, &leftOrder)
		it := r.item
		o.Subtotal = o.Subtotal.add(it.RowTotal)
		o.SubtotalInclTax = o.SubtotalInclTax.add(it.RowTotalInclTax)
		o.Tax = o.Tax.add(it.Tax)
		o.Compensation = o.Compensation.add(it.Compensation)
		o.FPT = o.FPT.add(it.FPTRow)
		discount = discount.add(it.Discount)
	}
	sumBundles(rows)
	b.collectFreight(o, freightDiscount)
	discount = discount.add(o.ShippingDiscount)
	o.Discount = discount.neg()
	b.collectGiftWrap(o, rows)
	o.Surcharge, o.SurchargeHidden = b.inBoth(b.surcharge), b.hideSurcharge
	o.GrandTotal = o.Subtotal.add(o.Discount).add(o.Shipping).add(o.Tax).add(o.Compensation).add(o.ShippingCompensation).
		add(o.FPT).add(o.GiftWrap.price()).add(o.Surcharge)
	b.collectPrepaid(o)
	o.TotalDue = o.GrandTotal
}

// discounts is what the coupon takes off each row and off the freight.
func (b *basket) discounts(rows []*moneyRow) ([]pair, pair) {
	each := make([]pair, len(rows))
	freight := pair{}
	if b.discountAmount.IsZero() {
		for n, r := range rows {
			if !r.undiscounted {
				each[n] = b.share(r.worth(), b.discountPercent)
				r.item.DiscountPercent = b.discountPercent
			}
		}
		if b.discountFreight {
			freight = b.share(b.inBoth(b.freight), b.discountPercent)
		}
		return each, freight
	}
	worth := make([]pair, len(rows)+1)
	for n, r := range rows {
		if !r.undiscounted {
			worth[n] = r.worth()
		}
	}
	if b.discountFreight {
		worth[len(rows)] = b.inBoth(b.freight)
	}
	amount := b.inBoth(b.discountAmount)
	base := spread(amount.Base, sides(worth, func(p pair) decimal.Decimal { return p.Base }))
	order := spread(amount.Order, sides(worth, func(p pair) decimal.Decimal { return p.Order }))
	for n := range each {
		each[n] = pair{base[n], order[n]}
	}
	return each, pair{base[len(rows)], order[len(rows)]}
}

func sides(from []pair, side func(pair) decimal.Decimal) []decimal.Decimal {
	out := make([]decimal.Decimal, len(from))
	for i, p := range from {
		out[i] = side(p)
	}
	return out
}

// row fills the money of a row, each currency on its own.
func (b *basket) row(r *moneyRow, discount pair, left, leftOrder *carry) {
	it := r.item
	base := b.taxation.row(r.price.Base, it.QtyOrdered, discount.Base, r.taxPercent, left)
	order := b.taxation.row(r.price.Order, it.QtyOrdered, discount.Order, r.taxPercent, leftOrder)
	it.Price, it.PriceInclTax = pair{base.price, order.price}, pair{base.priceInclTax, order.priceInclTax}
	it.OriginalPrice = r.original
	it.RowTotal, it.RowTotalInclTax = pair{base.total, order.total}, pair{base.totalInclTax, order.totalInclTax}
	it.Tax, it.TaxPercent = pair{base.tax, order.tax}, r.taxPercent
	it.Compensation = pair{base.compensation, order.compensation}
	it.Discount = discount
	it.FPT, it.FPTRow = r.fpt, r.fpt.mul(it.QtyOrdered).cents()
	if !r.wrap.IsZero() {
		it.GiftWrap, it.GiftWrapTax = r.wrap, b.share(r.wrap, b.taxPercent)
	}
}

// sumBundles repeats the sum of the parts in the row of a dynamic bundle; the
// discount stays with the parts (Magento core, Tax/Model/TaxCalculation).
func sumBundles(rows []*moneyRow) {
	for _, r := range rows {
		parent, it := r.bundle, r.item
		if parent == nil {
			continue
		}
		per := it.QtyOrdered.Div(parent.QtyOrdered)
		parent.Price = parent.Price.add(it.Price.mul(per).cents())
		parent.OriginalPrice = parent.OriginalPrice.add(it.OriginalPrice.mul(per).cents())
		parent.PriceInclTax = parent.PriceInclTax.add(it.PriceInclTax.mul(per).cents())
		parent.RowTotal = parent.RowTotal.add(it.RowTotal)
		parent.RowTotalInclTax = parent.RowTotalInclTax.add(it.RowTotalInclTax)
		parent.Tax = parent.Tax.add(it.Tax)
	}
}

// collectFreight taxes the freight as a row of one piece where the store does.
func (b *basket) collectFreight(o *order, discount pair) {
	freight, percent := b.inBoth(b.freight), decimal.Zero
	if b.store.TaxShipping {
		percent = b.taxPercent
	}
	base := b.taxation.row(freight.Base, one, discount.Base, percent, &carry{})
	order := b.taxation.row(freight.Order, one, discount.Order, percent, &carry{})
	o.Shipping, o.ShippingInclTax = pair{base.total, order.total}, pair{base.totalInclTax, order.totalInclTax}
	o.ShippingTax, o.ShippingCompensation = pair{base.tax, order.tax}, pair{base.compensation, order.compensation}
	o.ShippingDiscount = discount
	o.Tax = o.Tax.add(o.ShippingTax)
}

// collectGiftWrap adds wrapping and card; their tax is part of the order's.
func (b *basket) collectGiftWrap(o *order, rows []*moneyRow) {
	gw := giftWrap{Price: b.inBoth(b.wrap), Card: b.inBoth(b.card)}
	gw.PriceTax, gw.CardTax = b.share(gw.Price, b.taxPercent), b.share(gw.Card, b.taxPercent)
	for _, r := range rows {
		gw.Items = gw.Items.add(r.item.GiftWrap.mul(r.item.QtyOrdered).cents())
		gw.ItemsTax = gw.ItemsTax.add(r.item.GiftWrapTax.mul(r.item.QtyOrdered).cents())
	}
	o.GiftWrap = gw
	o.Tax = o.Tax.add(gw.tax())
}

// collectPrepaid takes off what the shopper had paid before: gift cards, then
// store credit, then reward points, as far as the order goes.
func (b *basket) collectPrepaid(o *order) {
	for n, card := range b.giftCards {
		used := b.use(o, card.Amount)
		if used.IsZero() {
			continue
		}
		o.GiftCards = append(o.GiftCards, giftCard{ID: int64(n + 17), Code: card.Code, Amount: used})
		o.GiftCardsAmount = o.GiftCardsAmount.add(used)
	}
	o.CustomerBalance = b.use(o, b.credit)
	o.Reward = b.use(o, b.reward)
	o.RewardPoints = o.Reward.Base.Mul(hundred).IntPart()
}

// use lowers the grand total by an amount or to zero, in both currencies at once.
func (b *basket) use(o *order, amount decimal.Decimal) pair {
	if amount.Sign() <= 0 {
		return pair{}
	}
	used := b.inBoth(amount)
	if !used.Base.LessThan(o.GrandTotal.Base) || !used.Order.LessThan(o.GrandTotal.Order) {
		used = o.GrandTotal
	}
	o.GrandTotal = o.GrandTotal.sub(used)
	return used
}

// share is percent of an amount, rounded to cents.
func (b *basket) share(amount pair, percent decimal.Decimal) pair {
	return amount.mul(percent).mul(decimal.New(1, -2)).cents()
}
