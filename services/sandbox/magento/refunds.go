package magento

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"
)

// refundArguments are CreditmemoCreationArgumentsInterface, in the base currency.
type refundArguments struct {
	Shipping  *decimal.Decimal `json:"shipping_amount"` // nil means all that is left
	Positive  decimal.Decimal  `json:"adjustment_positive"`
	Negative  decimal.Decimal  `json:"adjustment_negative"`
	Extension struct {
		ReturnToStock []int64 `json:"return_to_stock_items"`
	} `json:"extension_attributes"`
}

// refundRequest is the body of a refund call.
type refundRequest struct {
	documentRequest
	refundArguments
	online    bool
	invoiceID int64 // 0 for a refund of the order
	allBack   bool  // all goods return to stock
}

func (c *call) refundRequest() (r refundRequest, err error) {
	if r.documentRequest, err = c.documentRequest(); err != nil {
		return r, err
	}
	if err := c.optional("arguments", &r.refundArguments); err != nil {
		return r, err
	}
	return r, c.optional("isOnline", &r.online)
}

// refundOrder is RefundOrderInterface::execute: offline, the money goes back by
// hand (Magento core, Sales/Model/RefundOrder).
func (s *Server) refundOrder(ctx context.Context, c *call) ([]byte, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	req, err := c.refundRequest()
	if err != nil {
		return nil, err
	}
	req.online = false
	cm, err := s.refund(ctx, id, req)
	if err != nil {
		return nil, err
	}
	return s.documentAnswer(cm.EntityID), nil
}

// refundInvoice is RefundInvoiceInterface::execute: with isOnline the gateway
// sends the money (Magento core, Sales/Model/RefundInvoice).
func (s *Server) refundInvoice(ctx context.Context, c *call) ([]byte, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	req, err := c.refundRequest()
	if err != nil {
		return nil, err
	}
	inv, err := readDocument[invoice](ctx, s.db.reader, invoiceKind, id)
	if err != nil {
		return nil, err
	}
	req.invoiceID = id
	cm, err := s.refund(ctx, inv.OrderID, req)
	if err != nil {
		return nil, err
	}
	return s.documentAnswer(cm.EntityID), nil
}

func (s *Server) refund(ctx context.Context, orderID int64, req refundRequest) (cm *creditmemo, err error) {
	_, err = s.changeByDocument(ctx, orderID, func(o *order) (change, error) {
		var inv *invoice
		if req.invoiceID != 0 {
			if inv, err = readDocument[invoice](ctx, s.db.reader, invoiceKind, req.invoiceID); err != nil {
				return change{}, err
			}
		}
		if problems := o.refundable(inv); len(problems) > 0 {
			return change{}, refused("Creditmemo", problems)
		}
		rows, problems := o.toRefund(inv, req.items)
		problems = append(problems, o.returnable(rows, req.Extension.ReturnToStock)...)
		cm = s.newCreditmemo(o, req)
		for _, row := range rows {
			cm.refundRow(o, row)
		}
		if err := cm.total(o, req.refundArguments); err != nil {
			return change{}, err
		}
		if cm.Money.Grand.Order.Sign() <= 0 && cm.Money.Prepaid.IsZero() {
			problems = append(problems, "The credit memo's total must be positive.")
		}
		if left := o.TotalPaid.Base.Sub(o.Refunded.Total.Base); cm.Money.Grand.Base.Round(2).GreaterThan(left.Round(2)) {
			problems = append(problems, fmt.Sprintf("The most money available to refund is %s.", left))
		}
		if len(problems) > 0 {
			return change{}, refused("Creditmemo", problems)
		}
		s.numberCreditmemo(cm)
		return s.bookRefund(o, cm, inv, rows, req), nil
	})
	return cm, err
}

// refundable says why nothing of an order, or of one of its invoices, can be
// refunded (Magento core, Sales/Model/Order/Validation/CanRefund and
// Sales/Model/Order/Invoice/Validation/CanRefund).
func (o *order) refundable(inv *invoice) []string {
	switch o.State {
	case statePaymentReview, stateHolded, stateCanceled, stateClosed:
		return []string{"A creditmemo can not be created when an order has a status of " + o.Status}
	}
	if o.TotalPaid.Order.Equal(o.Refunded.Total.Order) || !o.canCreditmemo() {
		return []string{"The order does not allow a creditmemo to be created."}
	}
	if inv != nil && (inv.State != invoicePaid || !inv.Money.Grand.Base.GreaterThan(inv.Refunded.Base) || !gatewayMethods[o.Payment.Method]) {
		return []string{"We can't create creditmemo for the invoice."}
	}
	return nil
}

// toRefund pairs the asked rows with the order's; with an invoice its rows are
// the most that can be asked for. A row of quantity 0 asks for none of it, which
// leaves freight and adjustments.
func (o *order) toRefund(inv *invoice, asked []documentItem) (rows []chosen, problems []string) {
	left := func(it *orderItem) decimal.Decimal {
		most := it.toRefund()
		if inv != nil {
			most = decimal.Min(most, inv.qtyOf(it.ItemID))
		}
		return most
	}
	pick := rowChoice{document: "creditmemo", verb: "creditmemo", undone: "unrefunded", left: left, alone: o.carriesMoney}
	asked = slices.Clone(asked)
	for n := 0; n < len(asked); n++ { // a dynamic bundle stands for its parts
		it := o.item(asked[n].OrderItemID)
		if it == nil || !it.Dynamic || asked[n].Qty.GreaterThan(left(it)) {
			continue
		}
		for _, child := range o.children(it) {
			asked = append(asked, documentItem{child.ItemID, asked[n].Qty.Mul(child.per(it))})
		}
	}
	return pick.choose(o, asked)
}

func (inv *invoice) qtyOf(itemID int64) decimal.Decimal {
	for _, r := range inv.Rows {
		if r.OrderItemID == itemID {
			return r.Qty
		}
	}
	return decimal.Zero
}

// returnable checks what returns to stock (Magento core,
// SalesInventory/Model/Order/ReturnValidator).
func (o *order) returnable(rows []chosen, back []int64) (problems []string) {
	for _, id := range back {
		it := o.item(id)
		switch {
		case it == nil:
			problems = append(problems, "The return to stock argument contains product item that is not part of the original order.")
		case !slices.ContainsFunc(rows, func(r chosen) bool {
			return r.item == it || r.item.ItemID == it.ParentItemID || r.item.ParentItemID == id
		}):
			problems = append(problems, fmt.Sprintf(`The "%s" product is not part of the current creditmemo.`, it.SKU))
		}
	}
	return problems
}

func (s *Server) newCreditmemo(o *order, req refundRequest) *creditmemo {
	return &creditmemo{
		documentHead: s.newHead(o, 0, req.documentRequest), State: creditmemoRefunded, InvoiceID: req.invoiceID,
		BaseCurrency: o.BaseCurrency, OrderCurrency: o.OrderCurrency,
	}
}

// numberCreditmemo draws the ids of a credit memo that passed validation.
func (s *Server) numberCreditmemo(cm *creditmemo) {
	cm.EntityID = s.ids.creditmemo.Add(1)
	cm.IncrementID = fmt.Sprintf("%09d", cm.EntityID)
	for n := range cm.Rows {
		cm.Rows[n].EntityID = cm.EntityID*100 + int64(n)
	}
}

// refundRow takes a row and the rows below it that have no money, and counts
// them as refunded.
func (cm *creditmemo) refundRow(o *order, row chosen) {
	cm.take(row.item, row.qty)
	cm.Qty = cm.Qty.Add(row.qty)
	row.item.QtyRefunded = row.item.QtyRefunded.Add(row.qty)
	for _, child := range o.children(row.item) {
		qty := row.qty.Mul(child.per(row.item))
		cm.add(child, qty)
		child.QtyRefunded = child.QtyRefunded.Add(qty)
	}
	if parent := o.item(row.item.ParentItemID); parent != nil { // as many bundles as are complete
		refunded := parent.QtyInvoiced
		for _, child := range o.children(parent) {
			refunded = decimal.Min(refunded, child.QtyRefunded.Div(child.per(parent)))
		}
		parent.QtyRefunded = refunded
	}
}

// bookRefund turns a validated credit memo into what is saved.
func (s *Server) bookRefund(o *order, cm *creditmemo, inv *invoice, rows []chosen, req refundRequest) change {
	o.book(cm, req.online)
	how := "offline."
	var refundTxn *transaction
	if req.online {
		refundTxn = &transaction{orderID: o.EntityID, id: inv.TransactionID + "-refund-" + cm.IncrementID, parent: inv.TransactionID, kind: txnRefund, at: cm.CreatedAt}
		cm.TransactionID = refundTxn.id
		how = fmt.Sprintf("online. Transaction ID: %q", cm.TransactionID)
	}
	s.addHistory(o, history{Comment: fmt.Sprintf("We refunded %s %s", cm.Money.Grand.Base.StringFixed(2), how), Status: o.Status, EntityName: "creditmemo"})
	if req.append {
		s.addHistory(o, history{Comment: req.comment.Comment, Status: o.Status, EntityName: "creditmemo", VisibleOnFE: req.comment.Visible})
	}
	released, returned := o.giveBack(rows, req)
	return change{document: cm, isNew: true, also: func(ctx context.Context, tx *sql.Tx) error {
		if inv != nil {
			inv.Refunded, inv.UpdatedAt = inv.Refunded.add(cm.Money.Grand), cm.CreatedAt
			if err := saveDocument(ctx, tx, inv); err != nil {
				return err
			}
		}
		if refundTxn != nil {
			if err := refundTxn.insert(ctx, tx); err != nil {
				return err
			}
		}
		for _, back := range returned {
			if err := returnStock(ctx, tx, back); err != nil {
				return err
			}
		}
		return s.reserve(ctx, tx, o, "creditmemo_created", released)
	}}
}

// returnedGoods go back to the source that they were shipped from.
type returnedGoods struct {
	sku, source string
	qty         decimal.Decimal
}

// giveBack splits refunded goods: what was not shipped loses its reservation,
// what was shipped returns to its source if the request says so
// (magento/inventory, InventorySales/Model/ReturnProcessor/ProcessRefundItems).
func (o *order) giveBack(rows []chosen, req refundRequest) (released []chosen, returned []returnedGoods) {
	for _, row := range rows {
		goods := []chosen{row}
		if children := o.children(row.item); len(children) > 0 {
			goods = nil
			for _, child := range children {
				goods = append(goods, chosen{child, row.qty.Mul(child.per(row.item))})
			}
		}
		for _, g := range goods {
			it := g.item
			if it.IsVirtual == 1 {
				continue
			}
			open := least(g.qty, it.QtyOrdered.Sub(it.QtyShipped).Sub(it.QtyCanceled).Sub(it.Released))
			if open.Sign() > 0 {
				it.Released = it.Released.Add(open)
				released = append(released, chosen{it, open})
			}
			back := req.Extension.ReturnToStock
			if req.allBack || slices.Contains(back, it.ItemID) || slices.Contains(back, it.ParentItemID) {
				returned = append(returned, it.returnFrom(g.qty.Sub(open))...)
			}
		}
	}
	return released, returned
}

// deduct remembers what left a source.
func (i *orderItem) deduct(source string, qty decimal.Decimal) {
	if i.Deducted == nil {
		i.Deducted = map[string]decimal.Decimal{}
	}
	i.Deducted[source] = i.Deducted[source].Add(qty)
}

// returnFrom takes back what left each source, up to qty.
func (i *orderItem) returnFrom(qty decimal.Decimal) (out []returnedGoods) {
	for _, source := range sortedKeys(i.Deducted) {
		part := decimal.Min(qty, i.Deducted[source])
		if part.Sign() <= 0 {
			continue
		}
		i.Deducted[source] = i.Deducted[source].Sub(part)
		qty = qty.Sub(part)
		out = append(out, returnedGoods{i.SKU, source, part})
	}
	return out
}
