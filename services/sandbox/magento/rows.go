package magento

import (
	"strings"

	"github.com/shopspring/decimal"
)

// line is one thing in the basket as the shopper sees it, with its unit prices
// in the base currency.
type line struct {
	product         *Product
	parent          *Product // the configurable it is sold through, or nil
	grouped         bool     // bought through a grouped product
	separate        bool     // a bundle whose parts are shipped one by one
	qty             decimal.Decimal
	price, original decimal.Decimal
	fpt, wrap       decimal.Decimal
	options         []customOption
	parts           []part // of a bundle
}

// part is a product in a bundle, with its price if the bundle has none.
type part struct {
	product         *Product
	option          int64
	selection       int64
	qty             decimal.Decimal // in one bundle
	price, original decimal.Decimal
}

// value is what the line costs before discount.
func (l line) value() decimal.Decimal {
	if !l.product.dynamicBundle() {
		return l.price.Mul(l.qty)
	}
	sum := decimal.Zero
	for _, p := range l.parts {
		sum = sum.Add(p.price.Mul(p.qty))
	}
	return sum.Mul(l.qty)
}

// addLine appends the rows of a line and returns those that carry money. REST
// and the database keep a parent before its children.
func (b *basket) addLine(o *order, l line) []*moneyRow {
	row := o.newItem(l.product, l.qty)
	row.CustomOptions = l.options
	if l.grouped {
		row.ProductType = TypeGrouped
	}
	o.Items = append(o.Items, row)
	o.TotalItemCount++
	o.TotalQtyOrdered = o.TotalQtyOrdered.Add(l.qty)
	money := []*moneyRow{{
		item: row, price: b.inBoth(l.price), original: b.inBoth(l.original), fpt: b.inBoth(l.fpt), wrap: b.inBoth(l.wrap), taxPercent: b.taxPercent,
	}}
	switch {
	case l.parent != nil:
		// The parent keeps the child's SKU and has its own product id.
		o.addChild(l.product, l.qty).Hollow = true
		row.ProductID, row.ProductType, row.Name, row.Options = l.parent.ID, TypeConfigurable, l.parent.Name, l.product.Options
	case l.product.Type == TypeBundle:
		if parts := b.addParts(o, row, l); l.product.dynamicBundle() {
			money = parts
		}
	case l.product.Type == TypeGiftCard:
		// A gift card is money: it has no tax and no rule discounts it.
		money[0].taxPercent, money[0].undiscounted = decimal.Zero, true
		row.GiftCard = &giftCardOption{
			Amount: l.price.StringFixed(4), SenderName: o.CustomerFirstname, SenderEmail: o.CustomerEmail,
			RecipientName: "A Friend", RecipientEmail: "friend@example.com",
		}
	}
	o.Weight = o.Weight.Add(row.RowWeight)
	return money
}

// addParts appends the rows of a bundle's parts. Only a dynamic bundle's carry
// money, and its SKU is made of theirs.
func (b *basket) addParts(o *order, row *orderItem, l line) (money []*moneyRow) {
	row.Dynamic, row.Separate = l.product.dynamicBundle(), l.separate
	row.Weight = decimal.Zero
	skus := []string{l.product.SKU}
	for _, p := range l.parts {
		child := o.addChild(p.product, p.qty.Mul(l.qty))
		row.Weight = row.Weight.Add(p.product.Weight.Mul(p.qty))
		row.BundleOptions = append(row.BundleOptions, bundleOption{p.option, p.qty, []int64{p.selection}})
		skus = append(skus, p.product.SKU)
		if !row.Dynamic {
			child.Hollow = true
			continue
		}
		child.RowWeight, child.RuleIDs = p.product.Weight.Mul(child.QtyOrdered), o.AppliedRuleIDs
		money = append(money, &moneyRow{item: child, bundle: row, price: b.inBoth(p.price), original: b.inBoth(p.original), taxPercent: b.taxPercent})
	}
	row.RowWeight = row.Weight.Mul(row.QtyOrdered)
	if row.Dynamic {
		row.SKU = strings.Join(skus, "-")
	}
	return money
}

func (o *order) newItem(p *Product, qty decimal.Decimal) *orderItem {
	return &orderItem{
		ProductID: p.ID, ProductType: p.Type, SKU: p.SKU, Name: p.Name, StoreID: o.StoreID, CreatedAt: o.CreatedAt, UpdatedAt: o.UpdatedAt,
		QtyOrdered: qty, Weight: p.Weight, RowWeight: p.Weight.Mul(qty), RuleIDs: o.AppliedRuleIDs,
		IsVirtual: asFlag(p.virtual()), Decimal: asFlag(p.Decimal), Links: p.Links,
	}
}

// addChild appends a row below the last one; its parent's id is set once that
// has one.
func (o *order) addChild(p *Product, qty decimal.Decimal) *orderItem {
	child := o.newItem(p, qty)
	child.ParentItemID = unnumbered
	child.RowWeight, child.RuleIDs = decimal.Zero, ""
	o.Items = append(o.Items, child)
	return child
}

func asFlag(v bool) int64 {
	if v {
		return 1
	}
	return 0
}
