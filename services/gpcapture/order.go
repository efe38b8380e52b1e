package gpcapture

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/capture"
	"github.com/magpie-integration/magpie/libs/gp"
)

// sales is what the reader of orders needs of GP. Documents are read and listed in
// work and in history.
type sales interface {
	SalesOrder(ctx context.Context, number string) (gp.SalesOrder, error)
	SalesInvoice(ctx context.Context, number string) (gp.SalesInvoice, error)
	SalesOrders(ctx context.Context, criteria gp.SalesCriteria) ([]gp.SalesOrderSummary, error)
	SalesInvoices(ctx context.Context, criteria gp.SalesCriteria) ([]gp.SalesSummary, error)
}

// orders reads sales orders with the invoices that were made of them: the
// invoices tell what was shipped, under which tracking numbers, and billed.
//
// A document without a customer is the number that an open window of GP reserves:
// it is none yet.
type orders struct {
	reader

	cfg Config
	gp  sales

	mu    sync.Mutex
	roots map[invoiceID]events.Key // of invoices; empty where there is no order

	open open
}

// invoiceID tells an invoice from a later one that took the number of a deleted one.
type invoiceID struct {
	number string
	master int
}

func newOrders(cfg Config, r reader, company sales) *orders {
	o := &orders{reader: r, cfg: cfg, gp: company, roots: map[invoiceID]events.Key{}}
	o.open.orders = o
	return o
}

func (o *orders) Entity() events.Entity { return events.Order }

func (o *orders) Sweeps() []capture.Sweep {
	byStamp := capture.Sweep{Cursor: true, Every: o.cfg.Every, Overlap: o.cfg.Overlap, Settled: settled}
	orders, invoices := byStamp, byStamp
	orders.Way, orders.List = events.WaySweep, o.modified
	invoices.Way, invoices.List = "invoices", o.invoiced
	return []capture.Sweep{orders, invoices, {Way: "open", Every: o.cfg.OpenEvery, List: o.open.page}}
}

func (o *orders) Read(ctx context.Context, keys []events.Key) (capture.Found, error) {
	return o.each(ctx, keys, o.one)
}

func (o *orders) one(ctx context.Context, key events.Key) (capture.Record, bool, error) {
	order, err := o.order(ctx, string(key))
	switch {
	case errors.Is(err, gp.ErrNotFound):
		return o.past.gone(ctx, events.Order, key)
	case err != nil:
		return capture.Record{}, false, err
	case order.CustomerID == "":
		return capture.Record{}, false, nil
	}
	invoices, err := o.invoicesOf(ctx, order)
	if err != nil {
		return capture.Record{}, false, fmt.Errorf("read the invoices of order %s: %w", key, err)
	}
	related, err := json.Marshal(bare(invoices))
	if err != nil {
		return capture.Record{}, false, err
	}
	modified := order.LastModified
	order.LastModified = time.Time{}
	record, err := json.Marshal(order)
	return capture.Record{
		Key: key, JSON: record, Related: map[string]json.RawMessage{"invoices": related}, ModifiedAt: modified,
	}, true, err
}

// bare takes the stamps off: a stamp alone is no change, and bulk jobs of GP
// stamp everything.
func bare(invoices []gp.SalesInvoice) []gp.SalesInvoice {
	out := make([]gp.SalesInvoice, len(invoices)) // never nil: a list in JSON
	for i, invoice := range invoices {
		invoice.LastModified = time.Time{}
		out[i] = invoice
	}
	return out
}

func (o *orders) order(ctx context.Context, number string) (gp.SalesOrder, error) {
	return ask(ctx, o.calls, number, func(ctx context.Context) (gp.SalesOrder, error) { return o.gp.SalesOrder(ctx, number) })
}

func (o *orders) invoice(ctx context.Context, number string) (gp.SalesInvoice, error) {
	return ask(ctx, o.calls, number, func(ctx context.Context) (gp.SalesInvoice, error) { return o.gp.SalesInvoice(ctx, number) })
}

func (o *orders) listOrders(ctx context.Context, criteria gp.SalesCriteria) ([]gp.SalesSummary, error) {
	rows, err := ask(ctx, o.calls, "orders", func(ctx context.Context) ([]gp.SalesSummary, error) { return o.gp.SalesOrders(ctx, criteria) })
	return slices.DeleteFunc(rows, reserved), err
}

func (o *orders) listInvoices(ctx context.Context, criteria gp.SalesCriteria) ([]gp.SalesSummary, error) {
	rows, err := ask(ctx, o.calls, "invoices", func(ctx context.Context) ([]gp.SalesSummary, error) { return o.gp.SalesInvoices(ctx, criteria) })
	return slices.DeleteFunc(rows, reserved), err
}

func reserved(row gp.SalesSummary) bool { return row.CustomerID == "" || row.Number == "" }

// modified lists the orders that were stamped.
func (o *orders) modified(ctx context.Context, w capture.Window, after string) (capture.Page, error) {
	listed, next, err := stamped(ctx, w, after, func(ctx context.Context, r gp.TimeRange) ([]gp.SalesSummary, error) {
		return o.listOrders(ctx, gp.SalesCriteria{LastModified: r})
	})
	page := capture.Page{Next: next}
	for _, row := range listed {
		page.Rows = append(page.Rows, capture.Row{Key: keyOf(events.Order, row.Number), ModifiedAt: row.LastModified})
	}
	page.Rows = byStamp(page.Rows)
	return page, err
}

// invoicesOf gives the invoices that were made of an order, oldest first: those
// of its master number, which ties together what was transferred from one
// another. Where there is none, or it leads nowhere from an order that is done,
// the customer's PO number does.
func (o *orders) invoicesOf(ctx context.Context, order gp.SalesOrder) ([]gp.SalesInvoice, error) {
	var rows []gp.SalesSummary
	var err error
	if order.MasterNumber != 0 {
		rows, err = o.listInvoices(ctx, gp.SalesCriteria{MasterNumber: order.MasterNumber})
		rows = slices.DeleteFunc(rows, func(r gp.SalesSummary) bool { return r.MasterNumber != order.MasterNumber })
	}
	if err == nil && len(rows) == 0 && order.CustomerPO != "" && (order.MasterNumber == 0 || order.TransactionState == "History") {
		rows, err = o.listInvoices(ctx, gp.SalesCriteria{
			CustomerID: gp.Match{Equal: order.CustomerID}, CustomerPO: gp.Match{Equal: order.CustomerPO},
		})
	}
	if err != nil {
		return nil, err
	}
	var invoices []gp.SalesInvoice
	for _, row := range rows {
		invoice, err := o.invoice(ctx, row.Number)
		if errors.Is(err, gp.ErrNotFound) { // deleted in between
			continue
		}
		if err != nil {
			return nil, err
		}
		if madeOf(invoice, order) {
			invoices = append(invoices, invoice)
		}
	}
	slices.SortFunc(invoices, func(a, b gp.SalesInvoice) int {
		return cmp.Or(cmp.Compare(a.Date.String(), b.Date.String()), cmp.Compare(a.Created.String(), b.Created.String()), cmp.Compare(a.Number, b.Number))
	})
	return invoices, nil
}

// madeOf tells whether an invoice was made of an order: transferred from it, or
// from a back order of it, or entered by hand with its PO number.
func madeOf(invoice gp.SalesInvoice, order gp.SalesOrder) bool {
	tied := invoice.MasterNumber != 0 && invoice.MasterNumber == order.MasterNumber
	switch {
	case fromOrder(invoice):
		return strings.EqualFold(invoice.Original.Number, order.Number)
	case invoice.Original.Number != "":
		return tied
	default:
		return tied || order.CustomerPO != "" &&
			strings.EqualFold(invoice.CustomerPO, order.CustomerPO) && strings.EqualFold(invoice.CustomerID, order.CustomerID)
	}
}

// fromOrder tells whether an invoice says that an order was transferred to it.
func fromOrder(invoice gp.SalesInvoice) bool {
	return invoice.Original.Number != "" && (invoice.Original.Type == "Order" || invoice.Original.Type == "")
}
