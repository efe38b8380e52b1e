package gp

import (
	"context"

	"github.com/shopspring/decimal"
)

// allocateInvoice reserves stock as an order does. The document ids of
// invoices here have no separate fulfillment, so what is allocated counts as
// picked and shipped unless the line says how much is (taSopLineIvcInsert,
// QTYFULFI: absent is the default of the document id).
func (c *call) allocateInvoice(ctx context.Context, d *document, l *line) error {
	sent, given := l.amount("QuantityFulfilled")
	if err := c.allocate(ctx, d, l); err != nil {
		return err
	}
	billed, _ := l.amount("Quantity")
	backorder, _ := l.amount("QuantityToBackorder")
	canceled, _ := l.amount("QuantityCanceled")
	billed = billed.Sub(backorder).Sub(canceled)
	fulfilled := billed
	if l.item.allocated() && !l.bool("IsDropShip") {
		fulfilled, _ = l.amount("QuantityAllocated")
	}
	if given && sent.GreaterThan(fulfilled) {
		d.add(ruleAmount, "Lines.QuantityFulfilled", "The quantity fulfilled %s is more than %s, what is allocated.", sent, fulfilled)
	}
	if given {
		fulfilled = sent
	}
	l.set("BillingQuantity", quantity(billed, l.item.QuantityDecimals)).
		set("QuantityFulfilled", quantity(fulfilled, l.item.QuantityDecimals))
	if !fulfilled.IsZero() && l.get("FulfillDate") == nil {
		l.set("FulfillDate", dateOf(c.now))
	}
	if d.get("InvoiceDate") == nil {
		d.set("InvoiceDate", d.get("Date"))
	}
	return nil
}

// issue takes a posted invoice's goods out of stock.
func (c *call) issue(ctx context.Context, o *object) error {
	l, found, err := c.storedLine(ctx, o)
	if err != nil || !found {
		return err
	}
	fulfilled, _ := o.amount("QuantityFulfilled")
	allocated, _ := o.amount("QuantityAllocated")
	backorder, _ := o.amount("QuantityToBackorder")
	return c.changeStock(ctx, l, stockChange{onHand: fulfilled.Neg(), allocated: allocated.Neg(), backorder: backorder.Neg()})
}

// unfulfilled is how much of a stored invoice line is billed and not fulfilled.
func unfulfilled(o *object) decimal.Decimal {
	billed, _ := o.amount("BillingQuantity")
	fulfilled, _ := o.amount("QuantityFulfilled")
	return billed.Sub(fulfilled)
}
