package magento

import (
	"context"
	"database/sql"
	"slices"

	"github.com/shopspring/decimal"
)

// The states of an invoice (Magento core, Sales/Model/Order/Invoice).
const (
	invoiceOpen = 1
	invoicePaid = 2
)

var invoiceEntity = documentEntity(invoiceKind, map[string]field{
	"state": {"state", numberField}, "grand_total": {"CAST(grand_total AS NUMERIC)", numberField},
})

func (s *Server) searchInvoices(ctx context.Context, c *call) ([]byte, error) {
	return searchDocuments[invoice](ctx, s, c, invoiceEntity)
}

func (s *Server) getInvoice(ctx context.Context, c *call) ([]byte, error) {
	return documentByID[invoice](ctx, s, c)
}

// invoice is a row of sales_invoice.
type invoice struct {
	documentHead
	State         int64         `json:"state"`
	TransactionID string        `json:"transaction_id"`
	BaseCurrency  string        `json:"base_currency_code"`
	OrderCurrency string        `json:"order_currency_code"`
	Money         documentMoney `json:"money"`
	Refunded      pair          `json:"total_refunded"`
}

func (inv *invoice) kind() documentKind  { return invoiceKind }
func (inv *invoice) head() *documentHead { return &inv.documentHead }
func (inv *invoice) columns() map[string]any {
	return map[string]any{"state": inv.State, "grand_total": inv.Money.Grand.Order.String()}
}

func (inv *invoice) write(w *phpWriter) {
	inv.documentHead.write(w)
	w.int("state", inv.State)
	w.textAlways("base_currency_code", inv.BaseCurrency)
	w.textAlways("order_currency_code", inv.OrderCurrency)
	w.number("total_qty", inv.Qty)
	inv.Money.write(w)
	if inv.Refunded.Base.Sign() != 0 {
		w.number("base_total_refunded", inv.Refunded.Base)
	}
	w.text("transaction_id", inv.TransactionID)
	inv.writeRows(w, true)
}

// toInvoice pairs the asked rows with those that carry the money. A bundle with
// dynamic prices stands for all of its parts (Magento core,
// Sales/Model/Service/InvoiceService::prepareItemsQty).
func (o *order) toInvoice(asked []documentItem) (rows []chosen, problems []string) {
	var items []documentItem
	for _, want := range asked {
		it := o.item(want.OrderItemID)
		if it == nil || !it.Dynamic || want.Qty.GreaterThan(it.toInvoice()) {
			items = append(items, want)
			continue
		}
		for _, child := range o.children(it) {
			items = append(items, documentItem{OrderItemID: child.ItemID, Qty: want.Qty.Mul(child.per(it))})
		}
	}
	choice := rowChoice{document: "invoice", verb: "invoice", undone: "uninvoiced", left: (*orderItem).toInvoice, alone: o.carriesMoney}
	return choice.choose(o, items)
}

// invoiceOrder is InvoiceOrderInterface::execute (Magento core,
// Sales/Model/InvoiceOrder): it validates, invoices all or a part, and moves
// the order to processing or complete.
func (s *Server) invoiceOrder(ctx context.Context, c *call) ([]byte, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	req, err := c.documentRequest()
	if err != nil {
		return nil, err
	}
	var capture bool
	if err := c.optional("capture", &capture); err != nil {
		return nil, err
	}
	inv, err := s.invoice(ctx, id, req, capture)
	if err != nil {
		return nil, err
	}
	return s.documentAnswer(inv.EntityID), nil
}

// invoice makes an invoice; one of a payment that isn't a gateway's is paid at
// once, one of a gateway's with capture.
func (s *Server) invoice(ctx context.Context, orderID int64, req documentRequest, capture bool) (inv *invoice, err error) {
	_, err = s.changeByDocument(ctx, orderID, func(o *order) (change, error) {
		rows, problems := o.toInvoice(req.items)
		if len(rows) == 0 && len(problems) == 0 {
			problems = append(problems, "The invoice can't be created without products. Add products and try again.")
		}
		switch o.State {
		case statePaymentReview, stateHolded, stateCanceled, stateComplete, stateClosed:
			problems = []string{"An invoice cannot be created when an order has a status of " + o.Status}
		default:
			if !o.canInvoice() {
				problems = []string{"The order does not allow an invoice to be created."}
			}
		}
		if len(problems) > 0 {
			return change{}, refused("Invoice", problems)
		}
		inv = s.newInvoice(o, rows, req)
		if req.append {
			s.addHistory(o, history{Comment: req.comment.Comment, Status: o.Status, EntityName: "invoice", VisibleOnFE: req.comment.Visible})
		}
		ch := change{inProcess: true, document: inv, isNew: true}
		if capture || !gatewayMethods[o.Payment.Method] {
			ch.also = s.payInvoice(o, inv)
		}
		return ch, nil
	})
	return inv, err
}

// captureInvoice takes the money of an open invoice.
func (s *Server) captureInvoice(ctx context.Context, c *call) ([]byte, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	if err := s.capture(ctx, id); err != nil {
		return nil, err
	}
	return jsonTrue, nil
}

func (s *Server) capture(ctx context.Context, invoiceID int64) error {
	inv, err := readDocument[invoice](ctx, s.db.reader, invoiceKind, invoiceID)
	if err != nil {
		return err
	}
	_, err = s.changeOrder(ctx, inv.OrderID, func(o *order) (change, error) {
		if inv, err = readDocument[invoice](ctx, s.db.reader, invoiceKind, invoiceID); err != nil {
			return change{}, err
		}
		if inv.State != invoiceOpen {
			return change{}, badRequest("The invoice's state doesn't allow to capture it.")
		}
		inv.UpdatedAt = s.timestamp()
		return change{document: inv, also: s.payInvoice(o, inv)}, nil
	})
	return err
}

// payInvoice pays an invoice, and returns what is to be written beside it.
func (s *Server) payInvoice(o *order, inv *invoice) func(context.Context, *sql.Tx) error {
	inv.State = invoicePaid
	o.TotalPaid = o.TotalPaid.add(inv.Money.Grand)
	o.TotalDue = o.GrandTotal.sub(o.TotalPaid)
	o.Payment.AmountPaid = o.TotalPaid
	if !gatewayMethods[o.Payment.Method] {
		return nil
	}
	captured := transaction{orderID: o.EntityID, id: o.Payment.CCTransID + "-capture", parent: o.Payment.CCTransID, kind: txnCapture, at: s.timestamp()}
	if o.Payment.LastTransID == captured.id { // each part of a payment has a number of its own
		captured.id += "-" + inv.IncrementID
	}
	inv.TransactionID, o.Payment.LastTransID = captured.id, captured.id
	return captured.insert
}

// newInvoice takes the rows' share of the order's amounts; the invoice that
// takes the last of a row takes what is left of it. The first one takes the
// freight and the fees, and what was prepaid goes on the first ones.
func (s *Server) newInvoice(o *order, rows []chosen, req documentRequest) *invoice {
	first := !slices.ContainsFunc(o.Items, func(it *orderItem) bool { return it.QtyInvoiced.Sign() > 0 })
	inv := &invoice{documentHead: s.newHead(o, s.ids.invoice.Add(1), req), State: invoiceOpen, BaseCurrency: o.BaseCurrency, OrderCurrency: o.OrderCurrency}
	m := &inv.Money
	for _, row := range rows {
		inv.take(row.item, row.qty)
		for _, child := range o.children(row.item) {
			inv.take(child, row.qty.Mul(child.per(row.item)))
		}
		inv.Qty = inv.Qty.Add(row.qty)
	}
	for _, it := range o.Items { // a bundle is invoiced as often as all of its parts are
		if whole := o.wholeInvoiced(it).Sub(it.QtyInvoiced); it.Dynamic && whole.Sign() > 0 {
			inv.take(it, whole)
		}
	}
	if first {
		m.Shipping, m.ShippingTax, m.ShippingCompensation = o.Shipping, o.ShippingTax, o.ShippingCompensation
		m.Tax = m.Tax.add(o.ShippingTax).add(o.GiftWrap.tax())
		m.Discount = m.Discount.add(o.ShippingDiscount)
		m.Compensation = m.Compensation.add(o.ShippingCompensation)
		m.Fees = m.Fees.add(o.GiftWrap.price()).add(o.Surcharge)
	}
	m.Grand = m.Subtotal.sub(m.Discount).add(m.Shipping).add(m.Tax).add(m.Compensation).add(m.Fees)
	left := o.GiftCardsAmount.add(o.CustomerBalance).add(o.Reward).sub(o.PrepaidInvoiced)
	m.Prepaid = pair{decimal.Min(left.Base, m.Grand.Base), decimal.Min(left.Order, m.Grand.Order)}
	m.Grand = m.Grand.sub(m.Prepaid)

	o.PrepaidInvoiced = o.PrepaidInvoiced.add(m.Prepaid)
	o.FeesInvoiced = o.FeesInvoiced.add(m.Fees)
	o.SubtotalInvoiced = o.SubtotalInvoiced.add(m.Subtotal)
	o.TaxInvoiced = o.TaxInvoiced.add(m.Tax)
	o.DiscountInvoiced = o.DiscountInvoiced.sub(m.Discount)
	o.CompensationInvoiced = o.CompensationInvoiced.add(m.Compensation)
	o.ShippingInvoiced = o.ShippingInvoiced.add(m.Shipping)
	o.TotalInvoiced = o.TotalInvoiced.add(m.Grand)
	return inv
}

// wholeInvoiced is how many of a bundle are invoiced in all of their parts.
func (o *order) wholeInvoiced(bundle *orderItem) decimal.Decimal {
	whole := bundle.QtyOrdered
	for _, child := range o.children(bundle) {
		whole = decimal.Min(whole, child.QtyInvoiced.Div(child.per(bundle)).Floor())
	}
	return whole
}

// take invoices some of a row. The row of a dynamic bundle only repeats what
// its parts have.
func (inv *invoice) take(it *orderItem, qty decimal.Decimal) {
	r, m := inv.add(it, qty), &inv.Money
	var compensation pair
	if !it.Dynamic {
		if it.toInvoice().Equal(qty) {
			r.Total, r.Tax, r.Discount = it.RowTotal.sub(it.RowInvoiced), it.Tax.sub(it.TaxInvoiced), it.Discount.sub(it.DiscountInvoiced)
			compensation = it.Compensation.sub(it.CompensationInvoiced)
			m.Fees = m.Fees.add(it.FPTRow.sub(it.FPT.mul(it.QtyInvoiced).cents()))
		} else {
			part := qty.Div(it.QtyOrdered)
			r.Total, r.Tax, r.Discount = it.RowTotal.mul(part).cents(), it.Tax.mul(part).cents(), it.Discount.mul(part).cents()
			compensation = it.Compensation.mul(part).cents()
			m.Fees = m.Fees.add(it.FPT.mul(qty).cents())
		}
	}
	it.QtyInvoiced = it.QtyInvoiced.Add(qty)
	it.RowInvoiced, it.TaxInvoiced, it.DiscountInvoiced = it.RowInvoiced.add(r.Total), it.TaxInvoiced.add(r.Tax), it.DiscountInvoiced.add(r.Discount)
	it.CompensationInvoiced = it.CompensationInvoiced.add(compensation)
	m.Subtotal, m.Tax, m.Discount = m.Subtotal.add(r.Total), m.Tax.add(r.Tax), m.Discount.add(r.Discount)
	m.Compensation = m.Compensation.add(compensation)
}
