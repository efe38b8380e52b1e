// Package gpcapture reads orders, customers, items and stock from Dynamics GP and
// publishes them as changes. GP tells nobody of anything, so every notice is a
// sweep's; what is done with them is package capture's.
//
// What stamps what decides the sweeps (GP's tables have DEX_ROW_TS, which the
// services show and list by as LastModifiedDate):
//
//	an order's or invoice's header     its own stamp; posting and transfer make a new row
//	their lines, tracking, payments    nothing that a list shows: "open" reads them again
//	a customer                         its own stamp
//	an address of his                  the changed-key list, where eConnect feeds it; else "full"
//	an e-mail address                  nothing that a list shows: "full" reads all customers
//	an item, a price                   its own stamp
//	a list price                       nothing: "full" reads all items
//	a quantity at a site               the item's stamp (a trigger of GP), which names no site
//
// A stamp is of the time of the write, and seen after its commit, so sweeps overlap.
// What was deleted leaves no stamp: "full" and "open" miss it in their lists, and
// the change of it is {"number": …, "deleted": true}.
//
// There are two captures, with consumers and breakers of their own, so that a
// hundred thousand items hold up no order.
package gpcapture

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/breaker"
	"github.com/magpie-integration/magpie/libs/capture"
	"github.com/magpie-integration/magpie/libs/match"
	"github.com/magpie-integration/magpie/libs/telemetry"
)

// Config of the captures of one pair.
type Config struct {
	Pair string
	// Location is the company's time zone, in which its documents are dated.
	Location *time.Location
	// Parallel bounds the calls of one capture to GP at a time.
	Parallel int
	// Every is the time between two looks at what was stamped, Overlap how far each
	// goes back behind the last.
	Every, Overlap time.Duration
	// OpenEvery is the time between two looks at the documents that may change
	// without a stamp, OpenDays how old an invoice may be to be one of them.
	OpenEvery time.Duration
	OpenDays  int
	// FullEvery is the time in which each customer and each item is read once.
	FullEvery time.Duration
	// Looked and Waiting are capture.Config's.
	Looked  func(events.Reading)
	Waiting func(context.Context) (uint64, error)
}

// DocumentEntities and ItemEntities are what the two captures read; the first
// names the capture's consumer and breaker.
var (
	DocumentEntities = []events.Entity{events.Order, events.Customer}
	ItemEntities     = []events.Entity{events.Stock, events.Product}
)

// notFoundWait is how long a noticed record may stay unfound. A list shows what
// is committed, so only a number that an open window of GP reserves is waited for.
const notFoundWait = 5 * time.Minute

// productEvery is the time in which each item's prices are read once, where
// FullEvery is shorter: an item with its prices costs several calls.
const productEvery = 24 * time.Hour

// Documents makes the capture of a pair's orders and customers. The index is
// kept while customers are read.
func Documents(
	cfg Config, company Company, index Index, stream capture.Stream, cursors jetstream.KeyValue, b *breaker.Breaker, m *telemetry.Metrics,
) *capture.Capture {
	r := reader{calls: newCalls(b, cfg.Parallel), past: past{cfg.Pair, stream}}
	return newCapture(cfg, stream, cursors, b, m, newOrders(cfg, r, company), newCustomers(cfg, r, company, index))
}

// Items makes the capture of a pair's products and stock. Open may be nil.
func Items(
	cfg Config, company Company, open Open, stream capture.Stream, cursors jetstream.KeyValue, b *breaker.Breaker, m *telemetry.Metrics,
) *capture.Capture {
	r := reader{calls: newCalls(b, cfg.Parallel), past: past{cfg.Pair, stream}}
	shared := newItems(r.calls, company)
	return newCapture(cfg, stream, cursors, b, m, newStock(cfg, r, shared, open), newProducts(cfg, r, shared, company))
}

func newCapture(
	cfg Config, stream capture.Stream, cursors jetstream.KeyValue, b *breaker.Breaker, m *telemetry.Metrics, readers ...capture.Reader,
) *capture.Capture {
	return capture.New(capture.Config{
		Pair: cfg.Pair, System: events.GP, Role: events.RoleGPCapture,
		NotFoundWait: notFoundWait, Parallel: cfg.Parallel, Looked: cfg.Looked, Waiting: cfg.Waiting,
	}, stream, cursors, b, m, readers...)
}

// Company is what the captures need of GP; *gp.Client is one.
type Company interface {
	sales
	customerCards
	itemCards
	priceLists
}

// Index is what the captures tell of each customer; *match.Index is one.
type Index interface {
	Put(ctx context.Context, c match.Customer) error
	Remove(ctx context.Context, number events.Key) error
	Numbers(ctx context.Context) ([]events.Key, error)
	Complete(ctx context.Context) (bool, error)
	Completed(ctx context.Context) error
}
