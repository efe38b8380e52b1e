package magento

import (
	"context"

	"github.com/shopspring/decimal"
)

// creditmemoRefunded is the state of a credit memo whose money went back (Magento
// core, Sales/Model/Order/Creditmemo).
const creditmemoRefunded = 2

var creditmemoEntity = documentEntity(creditmemoKind, map[string]field{
	"state": {"state", numberField}, "invoice_id": {"invoice_id", numberField}, "grand_total": {"CAST(grand_total AS NUMERIC)", numberField},
})

func (s *Server) searchCreditmemos(ctx context.Context, c *call) ([]byte, error) {
	return searchDocuments[creditmemo](ctx, s, c, creditmemoEntity)
}

func (s *Server) getCreditmemo(ctx context.Context, c *call) ([]byte, error) {
	return documentByID[creditmemo](ctx, s, c)
}

// creditmemo is a row of sales_creditmemo.
type creditmemo struct {
	documentHead
	State         int64         `json:"state"`
	InvoiceID     int64         `json:"invoice_id"`
	TransactionID string        `json:"transaction_id"`
	BaseCurrency  string        `json:"base_currency_code"`
	OrderCurrency string        `json:"order_currency_code"`
	Money         documentMoney `json:"money"`
	Positive      pair          `json:"positive"`
	Negative      pair          `json:"negative"`
}

func (cm *creditmemo) kind() documentKind  { return creditmemoKind }
func (cm *creditmemo) head() *documentHead { return &cm.documentHead }
func (cm *creditmemo) columns() map[string]any {
	columns := map[string]any{"state": cm.State, "grand_total": cm.Money.Grand.Order.String()}
	if cm.InvoiceID != 0 {
		columns["invoice_id"] = cm.InvoiceID
	}
	return columns
}

func (cm *creditmemo) write(w *phpWriter) {
	cm.documentHead.write(w)
	w.int("state", cm.State)
	w.id("invoice_id", cm.InvoiceID)
	w.textAlways("base_currency_code", cm.BaseCurrency)
	w.textAlways("order_currency_code", cm.OrderCurrency)
	w.money("adjustment", cm.Positive.sub(cm.Negative), false)
	w.money("adjustment_positive", cm.Positive, false)
	w.money("adjustment_negative", cm.Negative, false)
	cm.Money.write(w)
	w.text("transaction_id", cm.TransactionID)
	cm.writeRows(w, true)
}

// take puts some of a row into the credit memo: its share of what was invoiced
// and not refunded, all of it with the last of the row (Magento core,
// Sales/Model/Order/Creditmemo/Total).
func (cm *creditmemo) take(it *orderItem, qty decimal.Decimal) {
	r, m := cm.add(it, qty), &cm.Money
	if it.Dynamic || qty.IsZero() {
		return
	}
	left := it.toRefund()
	share := func(invoiced, refunded pair) pair {
		rest := invoiced.sub(refunded)
		if qty.Equal(left) {
			return rest
		}
		return rest.mul(qty.Div(left)).cents()
	}
	r.Total, r.Tax, r.Discount = share(it.RowInvoiced, it.AmountRefunded), share(it.TaxInvoiced, it.TaxRefunded), share(it.DiscountInvoiced, it.DiscountRefunded)
	compensation := share(it.CompensationInvoiced, it.CompensationRefunded)
	fpt := share(it.FPT.mul(it.QtyInvoiced).cents(), it.FPTRefunded)

	it.AmountRefunded, it.TaxRefunded = it.AmountRefunded.add(r.Total), it.TaxRefunded.add(r.Tax)
	it.DiscountRefunded, it.CompensationRefunded = it.DiscountRefunded.add(r.Discount), it.CompensationRefunded.add(compensation)
	it.FPTRefunded = it.FPTRefunded.add(fpt)
	m.Subtotal, m.Tax, m.Discount = m.Subtotal.add(r.Total), m.Tax.add(r.Tax), m.Discount.add(r.Discount)
	m.Compensation, m.Fees = m.Compensation.add(compensation), m.Fees.add(fpt)
}

// total adds freight, fees and adjustments, and takes off what wasn't paid with
// money. Freight is what the request says, or all that is left of it.
func (cm *creditmemo) total(o *order, args refundArguments) error {
	m, r := &cm.Money, o.Refunded
	left := o.ShippingInvoiced.sub(r.Shipping)
	m.Shipping = left
	if args.Shipping != nil {
		m.Shipping = o.fromBase(*args.Shipping)
		if m.Shipping.Base.Equal(left.Base) {
			m.Shipping = left
		}
		if m.Shipping.Base.GreaterThan(left.Base) {
			return badRequest("Maximum shipping amount allowed to refund is: %1", left.Base.StringFixed(2))
		}
	}
	if !o.Shipping.Base.IsZero() && !m.Shipping.Base.IsZero() {
		part := m.Shipping.Base.Div(o.Shipping.Base)
		m.ShippingTax = o.ShippingTax.mul(part).cents()
		m.ShippingCompensation = o.ShippingCompensation.mul(part).cents()
		if m.Shipping == left {
			m.ShippingTax, m.ShippingCompensation = o.ShippingTax.sub(r.ShippingTax), o.ShippingCompensation.sub(r.ShippingCompensation)
		}
		m.Discount = m.Discount.add(o.ShippingDiscount.mul(part).cents())
		m.Tax, m.Compensation = m.Tax.add(m.ShippingTax), m.Compensation.add(m.ShippingCompensation)
	}
	if o.allRefunded() { // wrapping and surcharges go back with the last row
		m.Fees = o.FeesInvoiced.sub(r.Fees)
		m.Tax = o.TaxInvoiced.sub(r.Tax)
		if m.Shipping != left {
			m.Tax = m.Tax.sub(o.ShippingTax.sub(r.ShippingTax).sub(m.ShippingTax))
		}
	}
	cm.Positive, cm.Negative = o.fromBase(args.Positive), o.fromBase(args.Negative)
	m.Grand = m.Subtotal.sub(m.Discount).add(m.Tax).add(m.Shipping).add(m.Compensation).add(m.Fees).add(cm.Positive).sub(cm.Negative)
	prepaid := o.PrepaidInvoiced.sub(r.Prepaid)
	m.Prepaid = pair{least(prepaid.Base, m.Grand.Base), least(prepaid.Order, m.Grand.Order)}
	m.Grand = m.Grand.sub(m.Prepaid)
	return nil
}

// least is the smaller of both, and not below zero.
func least(a, b decimal.Decimal) decimal.Decimal {
	return decimal.Max(decimal.Zero, decimal.Min(a, b))
}

func (o *order) fromBase(base decimal.Decimal) pair {
	rate := o.BaseToOrderRate
	if rate.IsZero() {
		rate = one
	}
	return pair{Base: base, Order: base.Mul(rate).Round(2)}
}

// allRefunded reports whether no invoiced row is left.
func (o *order) allRefunded() bool {
	for _, it := range o.Items {
		if o.carriesMoney(it) && it.toRefund().Sign() > 0 {
			return false
		}
	}
	return true
}

// book adds a credit memo to the order's sums and its payment.
func (o *order) book(cm *creditmemo, online bool) {
	r, m := &o.Refunded, cm.Money
	r.Memos++
	r.Subtotal, r.Tax, r.Discount = r.Subtotal.add(m.Subtotal), r.Tax.add(m.Tax), r.Discount.sub(m.Discount)
	r.Shipping, r.ShippingTax = r.Shipping.add(m.Shipping), r.ShippingTax.add(m.ShippingTax)
	r.Compensation, r.ShippingCompensation = r.Compensation.add(m.Compensation), r.ShippingCompensation.add(m.ShippingCompensation)
	r.Fees, r.Prepaid = r.Fees.add(m.Fees), r.Prepaid.add(m.Prepaid)
	r.AdjustmentPositive, r.AdjustmentNegative = r.AdjustmentPositive.add(cm.Positive), r.AdjustmentNegative.add(cm.Negative)
	r.Total = r.Total.add(m.Grand)
	if online {
		r.Online = r.Online.add(m.Grand)
	} else {
		r.Offline = r.Offline.add(m.Grand)
	}
	o.Payment.AmountRefunded = o.Payment.AmountRefunded.add(m.Grand)
}
