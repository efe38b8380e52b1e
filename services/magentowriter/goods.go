package magentowriter

import (
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/magento"
)

// group is the rows of an order that a shipment or an invoice may have, of one
// SKU. They are the same goods, so one row can stand for another.
type group struct {
	sku  string
	rows []*row
}

// row is one of them.
type row struct {
	magento.OrderItem
	done decimal.Decimal // shipped, or invoiced, by whomever
	open decimal.Decimal // what Magento would still let through
}

// good is what a line of GP may be in an order: a product that was bought.
// What it is in the document's rows may be something else: GP names a kit, and
// the store ships its parts; or the other way round.
type good struct {
	magento.OrderItem
	left   decimal.Decimal // ordered, and not yet in a line
	shares []share         // what one of it is; none where it is never shipped
	kit    *kit            // it is a part of one that the store counts as a whole
}

type share struct {
	group *group
	per   decimal.Decimal
}

// kit is a bundle that GP counts by its parts and the store as a whole: it is
// shipped as often as all of its parts are.
type kit struct {
	group *group
	parts []*part
	whole decimal.Decimal // so far
}

type part struct {
	good *good
	per  decimal.Decimal // in one kit
	got  decimal.Decimal
}

// basket is an order by what GP names, and by the rows that a document of the
// store has.
type basket struct {
	goods  []*good
	groups []*group
	kits   []*kit
	byRow  map[int64]*group
}

// shippable is an order as shipments take it (Magento core, Sales/Model/Order/
// Item::isDummy): a configurable by its own row, a bundle by its own row or by
// its parts' as it is shipped, and nothing that is virtual. GP has a line for a
// bundle with a fixed price, and one for each part of another; see the flow
// function orderMoneyRows.
func shippable(items []magento.OrderItem, separately func(bundle magento.OrderItem) bool) *basket {
	b := &basket{byRow: map[int64]*group{}}
	for _, top := range items {
		children := childrenOf(items, top)
		switch {
		case isChild(items, top): // comes with its parent
		case top.Type != bundle || len(children) == 0:
			b.plain(top, leftToShip)
		case dynamic(children) && separately(top):
			for _, child := range children {
				b.plain(child, leftToShip)
			}
		case dynamic(children):
			b.partsOf(top, children)
		case separately(top):
			g := b.good(top)
			for _, child := range children {
				if !child.Virtual {
					g.shares = append(g.shares, share{b.row(child, child.QtyShipped, leftToShip(child)), perOne(child, top)})
				}
			}
		default:
			b.plain(top, leftToShip)
		}
	}
	return b
}

// invoiceable is an order as invoices take it: a bundle by the rows that carry
// its money, which are those that GP has lines of.
func invoiceable(items []magento.OrderItem) *basket {
	b := &basket{byRow: map[int64]*group{}}
	for _, top := range items {
		children := childrenOf(items, top)
		switch {
		case isChild(items, top): // comes with its parent
		case top.Type == bundle && dynamic(children):
			for _, child := range children {
				b.invoiced(child)
			}
		default:
			b.invoiced(top)
		}
	}
	return b
}

const bundle = "bundle" // product_type

// plain adds a product that is one row; a virtual one is known, and never shipped.
func (b *basket) plain(i magento.OrderItem, left func(magento.OrderItem) decimal.Decimal) {
	g := b.good(i)
	if !i.Virtual {
		g.shares = []share{{b.row(i, i.QtyShipped, left(i)), decimal.NewFromInt(1)}}
	}
}

func (b *basket) invoiced(i magento.OrderItem) {
	left := i.QtyOrdered.Sub(i.QtyInvoiced).Sub(i.QtyCanceled)
	b.good(i).shares = []share{{b.row(i, i.QtyInvoiced, left), decimal.NewFromInt(1)}}
}

func (b *basket) partsOf(top magento.OrderItem, children []magento.OrderItem) {
	k := &kit{}
	for _, child := range children {
		g := b.good(child)
		if !child.Virtual {
			g.kit = k
			k.parts = append(k.parts, &part{good: g, per: perOne(child, top)})
		}
	}
	if len(k.parts) > 0 {
		k.group = b.row(top, top.QtyShipped, leftToShip(top))
		b.kits = append(b.kits, k)
	}
}

func (b *basket) good(i magento.OrderItem) *good {
	g := &good{OrderItem: i, left: i.QtyOrdered}
	b.goods = append(b.goods, g)
	return g
}

// row adds a row to the group of its SKU.
func (b *basket) row(i magento.OrderItem, done, open decimal.Decimal) *group {
	at := slices.IndexFunc(b.groups, func(g *group) bool { return strings.EqualFold(g.sku, i.SKU) })
	if at < 0 {
		at, b.groups = len(b.groups), append(b.groups, &group{sku: i.SKU})
	}
	g := b.groups[at]
	g.rows = append(g.rows, &row{OrderItem: i, done: done, open: decimal.Max(open, decimal.Zero)})
	b.byRow[i.ID] = g
	return g
}

// named gives the goods that a line may be, the likeliest first.
func (b *basket) named(skus []string) (found []*good) {
	for _, sku := range skus {
		for _, g := range b.goods {
			id, byID := strings.CutPrefix(sku, "#")
			if byID && id == strconv.FormatInt(g.ProductID, 10) || strings.EqualFold(g.SKU, sku) {
				found = append(found, g)
			}
		}
	}
	return found
}

// leftToShip is Magento's own sum (core, Sales/Model/Order/Item::getSimpleQtyToShip).
func leftToShip(i magento.OrderItem) decimal.Decimal {
	return i.QtyOrdered.Sub(decimal.Max(i.QtyShipped, i.QtyRefunded)).Sub(i.QtyCanceled)
}

// dynamic tells whether a bundle's parts carry its price.
func dynamic(children []magento.OrderItem) bool {
	return slices.ContainsFunc(children, func(i magento.OrderItem) bool { return !i.Price.IsZero() })
}

// perOne is how much of a part is in one bundle: a row's quantity is of all of them.
func perOne(child, top magento.OrderItem) decimal.Decimal {
	return child.QtyOrdered.Div(top.QtyOrdered)
}

func isChild(items []magento.OrderItem, i magento.OrderItem) bool {
	return i.ParentID != 0 && slices.ContainsFunc(items, func(parent magento.OrderItem) bool { return parent.ID == i.ParentID })
}

// childrenOf gives the rows under a row. One of which nothing was ordered is none.
func childrenOf(items []magento.OrderItem, top magento.OrderItem) (children []magento.OrderItem) {
	for _, i := range items {
		if i.ParentID == top.ID && i.QtyOrdered.IsPositive() && top.QtyOrdered.IsPositive() {
			children = append(children, i)
		}
	}
	return children
}
