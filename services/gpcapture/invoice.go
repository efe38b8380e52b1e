package gpcapture

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/capture"
	"github.com/magpie-integration/magpie/libs/gp"
)

// invoiced lists the orders whose invoices were stamped.
func (o *orders) invoiced(ctx context.Context, w capture.Window, after string) (capture.Page, error) {
	listed, next, err := stamped(ctx, w, after, func(ctx context.Context, r gp.TimeRange) ([]gp.SalesSummary, error) {
		return o.listInvoices(ctx, gp.SalesCriteria{LastModified: r})
	})
	if err != nil {
		return capture.Page{}, err
	}
	found := make([]events.Key, len(listed))
	var g errgroup.Group
	g.SetLimit(cap(o.calls.room))
	for i, row := range listed {
		g.Go(func() (err error) {
			found[i], err = o.root(ctx, row)
			if err != nil && !aboutAll(err) {
				// It would hold up all others: "open" looks at it again.
				slog.WarnContext(ctx, "it can't be told of which order an invoice is", "invoice", row.Number, "error", err)
				return nil
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return capture.Page{}, err
	}
	page := capture.Page{Next: next}
	for i, row := range listed {
		if found[i] != "" {
			page.Rows = append(page.Rows, capture.Row{Key: found[i], ModifiedAt: ownStamp(row.LastModified, row.Number)})
		}
	}
	page.Rows = byStamp(page.Rows)
	return page, nil
}

// maxRoots bounds what is remembered of invoices.
const maxRoots = 100_000

// root gives the order that an invoice was made of, or nothing where there is
// none. A row of a list doesn't say, so the invoice is read, once.
func (o *orders) root(ctx context.Context, row gp.SalesSummary) (events.Key, error) {
	id := invoiceID{row.Number, row.MasterNumber}
	o.mu.Lock()
	key, known := o.roots[id]
	o.mu.Unlock()
	if known {
		return key, nil
	}
	invoice, err := o.invoice(ctx, row.Number)
	switch {
	case errors.Is(err, gp.ErrNotFound): // deleted in between
		return "", nil
	case aboutAll(err):
		return "", err
	case err != nil: // it can't be read: what the row says has to do
		invoice = ofRow(row)
	}
	return o.rootOf(ctx, invoice)
}

// ofRow is what a row of a list says of an invoice.
func ofRow(row gp.SalesSummary) gp.SalesInvoice {
	return gp.SalesInvoice{
		Number: row.Number, MasterNumber: row.MasterNumber, CustomerID: row.CustomerID, CustomerPO: row.CustomerPO,
	}
}

// rootOf is root of an invoice that was read.
func (o *orders) rootOf(ctx context.Context, invoice gp.SalesInvoice) (events.Key, error) {
	id := invoiceID{invoice.Number, invoice.MasterNumber}
	o.mu.Lock()
	key, known := o.roots[id]
	o.mu.Unlock()
	if known {
		return key, nil
	}
	key, err := o.findRoot(ctx, invoice)
	if err != nil {
		return "", err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.roots) >= maxRoots {
		clear(o.roots)
	}
	o.roots[id] = key
	return key, nil
}

func (o *orders) findRoot(ctx context.Context, invoice gp.SalesInvoice) (events.Key, error) {
	if fromOrder(invoice) {
		return keyOf(events.Order, invoice.Original.Number), nil
	}
	if invoice.MasterNumber != 0 { // made of a back order
		rows, err := o.listOrders(ctx, gp.SalesCriteria{MasterNumber: invoice.MasterNumber})
		if err != nil {
			return "", err
		}
		for _, row := range rows {
			if row.MasterNumber == invoice.MasterNumber {
				return keyOf(events.Order, row.Number), nil
			}
		}
	}
	if invoice.Original.Number != "" || invoice.CustomerPO == "" {
		return "", nil
	}
	rows, err := o.listOrders(ctx, gp.SalesCriteria{
		CustomerID: gp.Match{Equal: invoice.CustomerID}, CustomerPO: gp.Match{Equal: invoice.CustomerPO},
	})
	if err != nil {
		return "", err
	}
	for _, row := range rows {
		if strings.EqualFold(row.CustomerPO, invoice.CustomerPO) && strings.EqualFold(row.CustomerID, invoice.CustomerID) {
			return keyOf(events.Order, row.Number), nil
		}
	}
	return "", nil
}
