package gp

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"
)

// transfer is an order on its way to an invoice.
type transfer struct {
	order, invoice *document
	invoiced       map[int64]decimal.Decimal // QTYPRINV before, by line
	before, now    decimal.Decimal           // line totals invoiced before, and now
	whole          bool                      // all of the order, in one go
	complete       bool                      // nothing is left to invoice or back order
}

// transfer makes an invoice of what is fulfilled. The invoice has the order's
// master number and names it as its origin. An order of which nothing is left
// moves to history; one that is transferred in part stays in work with
// QTYPRINV raised.
func (c *call) transfer(ctx context.Context, o *object, batch string) (string, error) {
	t := &transfer{order: newDocument(orders, o), invoice: newDocument(invoices, newObject("SalesInvoice"))}
	var err error
	if t.invoiced, err = c.invoicedOf(ctx, o); err != nil {
		return "", err
	}
	currency, _ := c.cfg.currency(o.str("CurrencyKey.ISOCode"))
	t.order.currency, t.invoice.currency = currency, currency
	if err := c.transferLines(ctx, t); err != nil {
		return "", err
	}
	if len(t.invoice.lines) == 0 {
		return "", refuse("SalesOrder", ruleState, "Lines.QuantityFulfilled", "The order %s has nothing fulfilled to transfer.", o.str("Key.Id"))
	}
	c.transferHeader(t)
	c.transferAmounts(t)
	if err := c.transferDeposits(ctx, t); err != nil {
		return "", err
	}
	if batch == "" {
		batch = "SHIP" + c.now.Format("20060102")
	}
	t.invoice.set("BatchKey.Id", storedText(batch, true)).set("BatchKey.Source", salesBatches)
	if err := c.useBatch(ctx, &t.invoice.findings, salesBatches, t.invoice.str("BatchKey.Id")); err != nil {
		return "", err
	}
	if err := t.invoice.err(); err != nil {
		return "", err
	}
	if err := c.drawNumber(ctx, t.invoice); err != nil {
		return "", err
	}
	if err := c.writeDocument(ctx, t.invoice); err != nil {
		return "", err
	}
	return t.invoice.number(), c.settleOrder(ctx, t)
}

// transferLines takes what is fulfilled of each line. Its allocation goes with
// it, so stock doesn't change.
func (c *call) transferLines(ctx context.Context, t *transfer) error {
	t.whole, t.complete = true, true
	for _, from := range t.order.list("Lines") {
		sequence := from.int("Key.LineSequenceNumber")
		ordered, _ := from.amount("Quantity")
		canceled, _ := from.amount("QuantityCanceled")
		take, _ := from.amount("QuantityFulfilled")
		before := t.invoiced[sequence]
		l, stocked, err := c.storedLine(ctx, from)
		if err != nil {
			return err
		}
		unit := l.unitTotal()
		t.before = t.before.Add(before.Mul(unit))
		t.whole = t.whole && take.Equal(ordered) && before.IsZero()
		t.complete = t.complete && !ordered.Sub(canceled).Sub(before).Sub(take).IsPositive()
		if !take.IsPositive() {
			continue
		}
		to := newObject("SalesInvoiceLine")
		copyShared(to, from)
		l.object, l.origin = to, sequence
		places := l.item.QuantityDecimals
		total := t.order.cents(take.Mul(unit))
		allocated := take
		if !stocked {
			allocated = decimal.Zero
		}
		to.set("Key.LineSequenceNumber", sequence).set("Quantity", quantity(take, places)).
			set("TotalAmount", money(t.order.currency, total)).set("BillingQuantity", quantity(take, places)).
			set("QuantityFulfilled", quantity(take, places)).set("QuantityAllocated", quantity(allocated, places)).
			set("QuantityToBackorder", quantity(decimal.Zero, places)).set("QuantityCanceled", quantity(decimal.Zero, places)).
			set("TaxAmount", t.share(from, "TaxAmount", ordered, before, take))
		for _, tax := range to.list("Taxes") {
			for _, name := range []string{"TaxAmount", "TotalAmount", "TaxableAmount"} {
				tax.set(name, t.share(tax, name, ordered, before, take))
			}
		}
		t.now = t.now.Add(total)
		t.invoice.lines = append(t.invoice.lines, l)
	}
	return nil
}

// share is the part of an amount that falls to a quantity, so that the parts of
// all transfers make the whole.
func (t *transfer) share(o *object, name string, of, before, now decimal.Decimal) *object {
	v, _ := o.amount(name)
	return money(t.order.currency, t.part(v, of, before, now))
}

func (t *transfer) part(v, of, before, now decimal.Decimal) decimal.Decimal {
	if of.IsZero() {
		return decimal.Zero
	}
	upTo := func(n decimal.Decimal) decimal.Decimal { return t.order.cents(v.Mul(n).Div(of)) }
	return upTo(before.Add(now)).Sub(upTo(before))
}

// copyShared copies what both types have but the key.
func copyShared(to, from *object) {
	for name, v := range from.values {
		if to.has(name) && name != "Key" {
			to.values[name] = cloneValue(v)
		}
	}
}

// cloneValue copies a value with all that is in it.
func cloneValue(v any) any {
	switch v := v.(type) {
	case *object:
		twin := &object{typ: v.typ, values: make(map[string]any, len(v.values))}
		for name, inner := range v.values {
			twin.values[name] = cloneValue(inner)
		}
		return twin
	case []any:
		twins := make([]any, len(v))
		for i, inner := range v {
			twins[i] = cloneValue(inner)
		}
		return twins
	}
	return v
}

func (c *call) transferHeader(t *transfer) {
	i, o := t.invoice, t.order
	copyShared(i.object, o.object)
	i.drop("Lines", "Payments", "TrackingNumbers", "AuditTrailCode", "DocumentTypeKey", "LineTotalAmount", "TotalAmount", "TransactionState")
	today := dateOf(c.now)
	shipped := time.Time{}
	for _, l := range i.lines {
		if at := l.time("ActualShipDate"); at.After(shipped) {
			shipped = at
		}
	}
	i.set("Date", today).set("InvoiceDate", today).set("ActualShipDate", shipped).set("FulfillDate", shipped).
		set("CreatedDate", c.now).set("CreatedBy", c.user).
		set("DocumentTypeKey.Type", invoices.name).set("DocumentTypeKey.Id", c.cfg.documentID(invoices)).
		set("OriginalSalesDocumentKey.Id", o.number()).set("OriginalSalesDocumentType", orders.name)
}

// transferAmounts: freight and miscellaneous go with the first invoice, the
// trade discount by line totals, and tax with its lines. Tax that stands in the
// header only is lost unless the whole order is transferred in one go
// (taSopHdrIvcInsert, USINGHEADERLEVELTAXES).
func (c *call) transferAmounts(t *transfer) {
	i, o, zero := t.invoice, t.order, money(t.order.currency, decimal.Zero)
	if !t.before.IsZero() {
		for _, name := range []string{"FreightAmount", "MiscellaneousAmount", "FreightTaxAmount", "MiscellaneousTaxAmount"} {
			i.set(name, zero)
		}
		i.drop("FreightTaxes", "MiscellaneousTaxes")
	}
	if !t.whole {
		tax := decimal.Zero
		for _, l := range i.lines {
			v, _ := l.amount("TaxAmount")
			tax = tax.Add(v)
		}
		i.set("TaxAmount", money(o.currency, tax))
		i.drop("Taxes")
	}
	discount := o.money("TradeDiscount.Amount")
	if p, ok := o.amount("TradeDiscount.Percent"); ok {
		discount = i.cents(t.now.Mul(p).Div(decimal.NewFromInt(100)))
		i.set("TradeDiscount", newObject("MoneyPercentChoice").set("Percent", percent(p)).set("Amount", money(o.currency, discount)))
	} else {
		discount = t.part(discount, o.money("LineTotalAmount"), t.before, t.now)
		i.set("TradeDiscount", newObject("MoneyPercentChoice").set("Amount", money(o.currency, discount)))
	}
	total := t.now.Sub(discount)
	for _, name := range []string{"FreightAmount", "MiscellaneousAmount", "TaxAmount", "FreightTaxAmount", "MiscellaneousTaxAmount"} {
		total = total.Add(i.money(name))
	}
	i.set("LineTotalAmount", money(o.currency, t.now)).set("TotalAmount", money(o.currency, total))
}

// transferDeposits moves the order's deposits to the invoice, up to its total.
func (c *call) transferDeposits(ctx context.Context, t *transfer) error {
	moved, err := c.depositsMoved(ctx, t.order.number())
	if err != nil {
		return err
	}
	room, sum := t.invoice.money("TotalAmount"), decimal.Zero
	list := []any{}
	for _, p := range t.order.list("Payments") {
		v, _ := p.amount("PaymentAmount")
		skip := decimal.Min(moved, v)
		moved = moved.Sub(skip)
		take := decimal.Min(v.Sub(skip), room.Sub(sum))
		if !take.IsPositive() {
			continue
		}
		twin := newObject(p.typ.name)
		copyShared(twin, p)
		list = append(list, twin.set("Key.SequenceNumber", p.int("Key.SequenceNumber")).set("PaymentAmount", money(t.order.currency, take)))
		sum = sum.Add(take)
		if _, err := c.q.ExecContext(ctx, `UPDATE SOP10103 SET DEPSTATS = 1 WHERE SOPNUMBE = ? AND SOPTYPE = ? AND SEQNUMBR = ?`,
			t.order.number(), orders.code, p.int("Key.SequenceNumber")); err != nil {
			return fmt.Errorf("transfer deposit of %s: %w", t.order.number(), err)
		}
	}
	t.invoice.set("Payments", list).set("PaymentAmount", money(t.order.currency, sum)).set("DepositAmount", money(t.order.currency, sum))
	return nil
}

// depositsMoved is what earlier invoices of the order have of its deposits.
func (c *call) depositsMoved(ctx context.Context, order string) (decimal.Decimal, error) {
	sum := decimal.Zero
	for _, p := range invoices.places() {
		rows, err := p.header.query(ctx, c.q, c.cfg.units(), "WHERE SOPTYPE = ? AND ORIGTYPE = ? AND ORIGNUMB = ? AND VOIDSTTS = 0", invoices.code, orders.code, order)
		if err != nil {
			return sum, err
		}
		for _, r := range rows {
			v, _ := r.amount("DepositAmount")
			sum = sum.Add(v)
		}
	}
	return sum, nil
}

// settleOrder writes what is left of the order.
func (c *call) settleOrder(ctx context.Context, t *transfer) error {
	number, stamp := t.order.number(), c.utc.Format(datetimeLayout)
	for _, l := range t.order.list("Lines") {
		take, _ := l.amount("QuantityFulfilled")
		if !take.IsPositive() {
			continue
		}
		sequence := l.int("Key.LineSequenceNumber")
		toInvoice, _ := l.amount("QuantityToInvoice")
		allocated, _ := l.amount("QuantityAllocated")
		if _, err := c.q.ExecContext(ctx, `UPDATE SOP10200 SET QTYPRINV = ?, QTYTOINV = ?, ATYALLOC = ?, QTYFULFI = '0', DEX_ROW_TS = ?
			WHERE SOPNUMBE = ? AND SOPTYPE = ? AND LNITMSEQ = ? AND CMPNTSEQ = 0`,
			t.invoiced[sequence].Add(take).String(), toInvoice.Sub(take).String(), decimal.Max(allocated.Sub(take), decimal.Zero).String(), stamp,
			number, orders.code, sequence); err != nil {
			return fmt.Errorf("transfer %s: %w", number, err)
		}
	}
	if t.complete {
		return c.toHistory(ctx, t.order.object)
	}
	// What remains (REMSUBTO) is a column of the header, so its stamp moves.
	left := t.order.money("LineTotalAmount").Sub(t.before).Sub(t.now)
	if _, err := c.q.ExecContext(ctx, `UPDATE SOP10100 SET REMSUBTO = ?, MODIFDT = ?, DEX_ROW_TS = ? WHERE SOPNUMBE = ? AND SOPTYPE = ?`,
		left.String(), dateOf(c.now).Format(datetimeLayout), stamp, number, orders.code); err != nil {
		return fmt.Errorf("transfer %s: %w", number, err)
	}
	return nil
}
