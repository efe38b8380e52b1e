package magento

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"
)

// The states of an invoice (Magento core, Sales/Model/Order/Invoice).
const (
	invoiceOpen = 1
	invoicePaid = 2
)

var invoiceEntity = entity{
	from: "sales_invoice", key: "entity_id", doc: "doc", emptyIsNull: true,
	fields: documentFields(map[string]field{
		"state": {"state", numberField}, "grand_total": {"CAST(grand_total AS NUMERIC)", numberField},
	}),
}

func (s *Server) searchInvoices(ctx context.Context, c *call) ([]byte, error) {
	return s.searchDocuments(ctx, c, invoiceEntity)
}

func (s *Server) getInvoice(ctx context.Context, c *call) ([]byte, error) {
	return s.documentByID(ctx, c, `SELECT doc FROM sales_invoice WHERE entity_id = ?`)
}

// invoice is what one call adds to the order.
type invoice struct {
	id                                       int64
	incrementID                              string
	state                                    int64
	rows                                     []invoiceRow
	subtotal, tax, discount, shipping, grand pair
	compensation, fees, prepaid              pair
	totalQty                                 decimal.Decimal
	comment                                  string
	visible                                  int64
}

type invoiceRow struct {
	item                 *orderItem
	qty                  decimal.Decimal
	total, tax, discount pair
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
	var inv *invoice
	_, err = s.changeOrder(ctx, id, func(o *order) (change, error) {
		rows, problems := choose(o, req.items, (*orderItem).toInvoice, "invoice", "invoice", "uninvoiced")
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
		inv = s.newInvoice(o, rows, capture || !gatewayMethods[o.Payment.Method])
		if req.append {
			inv.comment, inv.visible = req.comment.Comment, req.comment.Visible
			s.addHistory(o, history{Comment: req.comment.Comment, Status: o.Status, EntityName: "invoice", VisibleOnFE: req.comment.Visible})
		}
		doc, now := inv.rest(o, s.timestamp()), s.timestamp()
		return change{inProcess: true, document: doc, event: asyncInvoiceCreated, also: func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO sales_invoice
				(entity_id, increment_id, order_id, store_id, state, grand_total, created_at, updated_at, doc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				inv.id, inv.incrementID, o.EntityID, o.StoreID, inv.state, inv.grand.Order.String(), now, now, string(doc))
			if err != nil {
				return fmt.Errorf("insert invoice %s: %w", inv.incrementID, err)
			}
			return nil
		}}, nil
	})
	if err != nil {
		return nil, err
	}
	return s.documentAnswer(inv.id), nil
}

// newInvoice takes the rows' share of the order's amounts; the invoice that
// takes the last of a row takes what is left of it. The first one takes the
// freight and the fees, and what was prepaid goes on the first ones.
func (s *Server) newInvoice(o *order, rows []chosen, paid bool) *invoice {
	first := !slices.ContainsFunc(o.Items, func(it *orderItem) bool { return it.QtyInvoiced.Sign() > 0 })
	inv := &invoice{id: s.ids.invoice.Add(1), state: invoiceOpen}
	inv.incrementID = fmt.Sprintf("%09d", inv.id)
	for _, row := range rows {
		inv.take(row.item, row.qty)
		for _, child := range o.children(row.item) {
			inv.take(child, row.qty.Mul(child.QtyOrdered).Div(row.item.QtyOrdered))
		}
		inv.totalQty = inv.totalQty.Add(row.qty)
	}
	if first {
		inv.shipping = o.Shipping
		inv.tax = inv.tax.add(o.ShippingTax).add(o.GiftWrap.tax())
		inv.discount = inv.discount.add(o.ShippingDiscount)
		inv.compensation = inv.compensation.add(o.ShippingCompensation)
		inv.fees = inv.fees.add(o.GiftWrap.price()).add(o.Surcharge)
	}
	inv.grand = inv.subtotal.sub(inv.discount).add(inv.shipping).add(inv.tax).add(inv.compensation).add(inv.fees)
	left := o.GiftCardsAmount.add(o.CustomerBalance).add(o.Reward).sub(o.PrepaidInvoiced)
	inv.prepaid = pair{decimal.Min(left.Base, inv.grand.Base), decimal.Min(left.Order, inv.grand.Order)}
	inv.grand = inv.grand.sub(inv.prepaid)

	o.PrepaidInvoiced = o.PrepaidInvoiced.add(inv.prepaid)
	o.SubtotalInvoiced = o.SubtotalInvoiced.add(inv.subtotal)
	o.TaxInvoiced = o.TaxInvoiced.add(inv.tax)
	o.DiscountInvoiced = o.DiscountInvoiced.sub(inv.discount)
	o.CompensationInvoiced = o.CompensationInvoiced.add(inv.compensation)
	o.ShippingInvoiced = o.ShippingInvoiced.add(inv.shipping)
	o.TotalInvoiced = o.TotalInvoiced.add(inv.grand)
	if paid {
		inv.state = invoicePaid
		o.TotalPaid = o.TotalPaid.add(inv.grand)
		o.TotalDue = o.GrandTotal.sub(o.TotalPaid)
		o.Payment.AmountPaid = o.TotalPaid
	}
	return inv
}

// take invoices some of a row. The row of a dynamic bundle only repeats what
// its parts have.
func (inv *invoice) take(it *orderItem, qty decimal.Decimal) {
	r := invoiceRow{item: it, qty: qty}
	var compensation pair
	if !it.Dynamic {
		if it.toInvoice().Equal(qty) {
			r.total, r.tax, r.discount = it.RowTotal.sub(it.RowInvoiced), it.Tax.sub(it.TaxInvoiced), it.Discount.sub(it.DiscountInvoiced)
			compensation = it.Compensation.sub(it.CompensationInvoiced)
			inv.fees = inv.fees.add(it.FPTRow.sub(it.FPT.mul(it.QtyInvoiced).cents()))
		} else {
			part := qty.Div(it.QtyOrdered)
			r.total, r.tax, r.discount = it.RowTotal.mul(part).cents(), it.Tax.mul(part).cents(), it.Discount.mul(part).cents()
			compensation = it.Compensation.mul(part).cents()
			inv.fees = inv.fees.add(it.FPT.mul(qty).cents())
		}
	}
	it.QtyInvoiced = it.QtyInvoiced.Add(qty)
	it.RowInvoiced, it.TaxInvoiced, it.DiscountInvoiced = it.RowInvoiced.add(r.total), it.TaxInvoiced.add(r.tax), it.DiscountInvoiced.add(r.discount)
	it.CompensationInvoiced = it.CompensationInvoiced.add(compensation)
	inv.rows = append(inv.rows, r)
	inv.subtotal, inv.tax, inv.discount = inv.subtotal.add(r.total), inv.tax.add(r.tax), inv.discount.add(r.discount)
	inv.compensation = inv.compensation.add(compensation)
}

func (inv *invoice) rest(o *order, now string) []byte {
	w := &phpWriter{}
	w.object("", func() {
		w.int("entity_id", inv.id)
		w.textAlways("increment_id", inv.incrementID)
		w.int("order_id", o.EntityID)
		w.int("store_id", o.StoreID)
		w.int("state", inv.state)
		w.int("billing_address_id", o.BillingAddressID)
		w.id("shipping_address_id", o.ShippingTo.EntityID)
		w.textAlways("base_currency_code", o.BaseCurrency)
		w.textAlways("order_currency_code", o.OrderCurrency)
		w.textAlways("created_at", now)
		w.textAlways("updated_at", now)
		w.number("total_qty", inv.totalQty)
		w.money("subtotal", inv.subtotal, false)
		w.money("tax_amount", inv.tax, false)
		w.money("discount_amount", inv.discount.neg(), false)
		w.money("shipping_amount", inv.shipping, false)
		w.money("discount_tax_compensation_amount", inv.compensation, true)
		w.money("grand_total", inv.grand, false)
		w.text("transaction_id", o.Payment.LastTransID)
		w.list("items", func() {
			for _, r := range inv.rows {
				inv.restRow(w, r.item, r)
			}
		})
		w.list("comments", func() {
			if inv.comment != "" {
				w.object("", func() {
					w.textAlways("comment", inv.comment)
					w.int("is_visible_on_front", inv.visible)
					w.int("parent_id", inv.id)
				})
			}
		})
	})
	return w.buf
}

func (inv *invoice) restRow(w *phpWriter, it *orderItem, r invoiceRow) {
	w.object("", func() {
		w.int("entity_id", it.ItemID*10+inv.id%10)
		w.int("parent_id", inv.id)
		w.int("order_item_id", it.ItemID)
		w.int("product_id", it.ProductID)
		w.textAlways("sku", it.SKU)
		w.textAlways("name", it.Name)
		w.number("qty", r.qty)
		w.money("price", it.Price, false)
		w.money("row_total", r.total, false)
		w.money("tax_amount", r.tax, false)
		w.money("discount_amount", r.discount, false)
	})
}
