package gpcapture

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/capture"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/gp"
)

// open is the sweep that reads the documents which may change without a stamp:
// the orders in work, and the invoices in work or of the last days. An edit of a
// line, a fulfilled quantity, a tracking number stamp no header.
//
// It reads each document itself, and lists the orders of those that read otherwise
// than in the look before: thousands of orders wait in work, and their notices
// would hold up those of what did change. What it has seen it remembers in this
// process only; the first look lists all.
type open struct {
	orders *orders

	mu    sync.Mutex
	seen  map[document]sight // of the last look that was noticed to its end
	next  map[document]sight // of the look under way
	found []gp.SalesSummary  // its rows: the orders, then the invoices from firstInvoice on

	firstInvoice int
}

// document names an order or an invoice.
type document struct {
	invoice bool
	number  string
}

// sight is what a document was when it was looked at, and of which order.
type sight struct {
	sum   [sha256.Size]byte
	order events.Key
}

// openPage is how many documents a page of the sweep has.
const openPage = 100

// page reads the next documents. A page is named by the number of documents before it.
func (s *open) page(ctx context.Context, _ capture.Window, after string) (capture.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if after == lastPage { // all rows were noticed
		s.seen = s.next
		return capture.Page{}, nil
	}
	var page capture.Page
	if after == "" {
		vanished, err := s.begin(ctx)
		if err != nil {
			return page, err
		}
		page.Rows = vanished
	}
	start, err := strconv.Atoi(cmp.Or(after, "0"))
	if err != nil {
		return page, fmt.Errorf("the page after %q: %w", after, err)
	}
	end := min(start+openPage, len(s.found))
	sights, err := s.look(ctx, start, end)
	if err != nil {
		return page, err
	}
	for i := range sights {
		if sights[i].order == "" { // no order's, or gone since it was listed
			continue
		}
		d := s.document(start + i)
		s.next[d] = sights[i]
		if s.seen[d] != sights[i] {
			page.Rows = append(page.Rows, capture.Row{Key: sights[i].order})
		}
	}
	if page.Next = lastPage; end < len(s.found) {
		page.Next = strconv.Itoa(end)
	}
	page.Rows = byStamp(page.Rows)
	return page, nil
}

// begin lists the documents of a look, and gives the orders of those that were
// there in the look before: they are in history now, or deleted.
func (s *open) begin(ctx context.Context) (vanished []capture.Row, err error) {
	o := s.orders
	work, err := o.listOrders(ctx, gp.SalesCriteria{State: "Work"})
	if err != nil {
		return nil, err
	}
	invoices, err := o.listInvoices(ctx, gp.SalesCriteria{State: "Work"})
	if err != nil {
		return nil, err
	}
	since := gp.DateOf(time.Now().In(o.cfg.Location).AddDate(0, 0, -o.cfg.OpenDays))
	recent, err := o.listInvoices(ctx, gp.SalesCriteria{Date: gp.DateRange{From: since}})
	if err != nil {
		return nil, err
	}
	s.found, s.firstInvoice, s.next = slices.Concat(work, once(invoices, recent)), len(work), map[document]sight{}
	still := make(map[document]bool, len(s.found))
	for i := range s.found {
		still[s.document(i)] = true
	}
	for d, was := range s.seen {
		if !still[d] {
			vanished = append(vanished, capture.Row{Key: was.order})
		}
	}
	return vanished, nil
}

// once puts two lists together whose rows may be in both.
func once(a, b []gp.SalesSummary) []gp.SalesSummary {
	all := slices.Concat(a, b)
	slices.SortStableFunc(all, func(a, b gp.SalesSummary) int { return cmp.Compare(a.Number, b.Number) })
	return slices.CompactFunc(all, func(a, b gp.SalesSummary) bool { return a.Number == b.Number })
}

// document names the document of a row.
func (s *open) document(i int) document { return document{i >= s.firstInvoice, s.found[i].Number} }

// look reads the documents of some rows beside each other.
func (s *open) look(ctx context.Context, start, end int) ([]sight, error) {
	sights := make([]sight, end-start)
	var g errgroup.Group
	g.SetLimit(max(1, cap(s.orders.calls.room)/2)) // notices are to be read beside it
	for i := range sights {
		g.Go(func() (err error) {
			row := s.found[start+i]
			if s.document(start + i).invoice {
				sights[i], err = s.invoice(ctx, row)
			} else {
				sights[i], err = s.order(ctx, row)
			}
			return err
		})
	}
	return sights, g.Wait()
}

func (s *open) order(ctx context.Context, row gp.SalesSummary) (sight, error) {
	order, err := s.orders.order(ctx, row.Number)
	order.LastModified = time.Time{}
	return sightOf(keyOf(events.Order, row.Number), order, err)
}

func (s *open) invoice(ctx context.Context, row gp.SalesSummary) (sight, error) {
	invoice, err := s.orders.invoice(ctx, row.Number)
	switch {
	case errors.Is(err, gp.ErrNotFound):
		return sight{}, nil
	case aboutAll(err):
		return sight{}, err
	case err != nil:
		invoice = ofRow(row)
	}
	key, failed := s.orders.rootOf(ctx, invoice)
	switch {
	case aboutAll(failed):
		return sight{}, failed
	case failed != nil || key == "":
		return sight{}, nil //nolint:nilerr // its order can't be told now; the next look tries again
	}
	invoice.LastModified = time.Time{}
	return sightOf(key, invoice, err)
}

// sightOf is what was seen of a document. One that can't be read is noticed too,
// once for each kind of failure: its reading will say what is wrong.
func sightOf(order events.Key, document any, err error) (sight, error) {
	switch {
	case errors.Is(err, gp.ErrNotFound):
		return sight{order: order}, nil // gone since it was listed
	case aboutAll(err):
		return sight{}, err
	case err != nil:
		return sight{sha256.Sum256([]byte(failure.Of(err).Code)), order}, nil
	}
	data, err := json.Marshal(document)
	return sight{sha256.Sum256(data), order}, err
}
