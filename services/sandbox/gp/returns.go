package gp

import (
	"context"

	"github.com/shopspring/decimal"
)

// returnQuantities splits a return line by where its goods go. What is sent
// must add up to the line's quantity (taSopLineIvcInsert: QTYONHND, QTYRTRND,
// QTYINUSE, QTYINSVC and QTYDMGED, of returns only).
func (c *call) returnQuantities(d *document, l *line) {
	total, _ := l.amount("Quantity")
	split := l.object.object("ReturnQuantity")
	if split == nil {
		d.add(ruleMissing, "Lines.ReturnQuantity", "The quantities of item %s by type are required: on hand, returned, in use, in service, damaged.", l.str("ItemKey.Id"))
		return
	}
	sum := decimal.Zero
	for _, f := range split.typ.all {
		v, _ := split.amount(f.name)
		checkDecimals(&d.findings, "Lines.ReturnQuantity."+f.name, v, l.item.QuantityDecimals)
		split.set(f.name, quantity(v, l.item.QuantityDecimals))
		sum = sum.Add(v)
	}
	if !sum.Equal(total) {
		d.add(ruleReturnQuantity, "Lines.ReturnQuantity", "The quantities %s by type of item %s are not its quantity %s.", sum, l.str("ItemKey.Id"), total)
	}
	if d.get("ReturnDate") == nil {
		d.set("ReturnDate", d.get("Date"))
	}
}

// putBack puts a posted return's goods into stock, each where it belongs.
func (c *call) putBack(ctx context.Context, o *object) error {
	l, found, err := c.storedLine(ctx, o)
	if err != nil || !found {
		return err
	}
	of := func(name string) decimal.Decimal {
		v, _ := o.amount("ReturnQuantity." + name)
		return v
	}
	return c.changeStock(ctx, l, stockChange{
		onHand: of("OnHandQuantity"), returned: of("ReturnedQuantity"), inUse: of("InUseQuantity"),
		inService: of("InServiceQuantity"), damaged: of("DamagedQuantity"),
	})
}
