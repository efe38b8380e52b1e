// Package magentocapture reads whole records from Magento, for package capture
// to publish as changes. What is here is what is particular to Magento: which
// calls read a record, what belongs to it, and how its list is swept.
//
// An edited order is read with those that it replaces (edited.go).
package magentocapture

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/breaker"
	"github.com/magpie-integration/magpie/libs/capture"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
	"github.com/magpie-integration/magpie/libs/telemetry"
)

// Store is what the capture needs of Magento.
type Store interface {
	// OrdersByIncrementID reads the orders that exist among these numbers.
	OrdersByIncrementID(ctx context.Context, numbers []string) (magento.Found, error)
	// OrdersByEntityID reads the orders that exist among these internal numbers.
	OrdersByEntityID(ctx context.Context, ids []int64) (magento.Found, error)
	// OrdersUpdated reads a page of a window of updated_at.
	OrdersUpdated(ctx context.Context, from, to time.Time, after magento.Cursor, limit int) (magento.Page, error)
	// ByKey and ByID read the records of a list that exist among these keys or
	// internal numbers, OfOrders the documents of orders.
	ByKey(ctx context.Context, l magento.List, keys []string) (magento.FoundRecords, error)
	ByID(ctx context.Context, l magento.List, ids []int64) (magento.FoundRecords, error)
	OfOrders(ctx context.Context, l magento.List, orderIDs []int64) (magento.FoundRecords, error)
	// Updated is OrdersUpdated for any list.
	Updated(ctx context.Context, l magento.List, from, to time.Time, after magento.Cursor, limit int) (magento.RecordPage, error)
}

// Config of one pair's capture.
type Config struct {
	Pair string
	// Entities are read besides orders: invoice, refund, customer, product.
	Entities []events.Entity
	// NotFoundWait is how long a record may stay unfound after its notice.
	NotFoundWait time.Duration
	// EditWait is how long an edit may take: until then a new order whose parent
	// is alive may be an edit whose parent is about to be cancelled.
	EditWait time.Duration
	// Parallel bounds the searches under way at once.
	Parallel int
	// Every and Overlap are the sweeps'; see capture.Sweep.
	Every, Overlap time.Duration
	// Looked and Waiting are as of capture.Config.
	Looked  func(events.Reading)
	Waiting func(context.Context) (uint64, error)
}

// New makes the capture of one pair's records. Cursors is the KV bucket of that
// name.
func New(cfg Config, store Store, stream capture.Stream, cursors jetstream.KeyValue, b *breaker.Breaker, m *telemetry.Metrics) *capture.Capture {
	readers := []capture.Reader{&orders{cfg: cfg, store: store, breaker: b}}
	for _, r := range others(cfg, store, b) {
		if slices.Contains(cfg.Entities, r.entity) {
			readers = append(readers, r)
		}
	}
	return capture.New(capture.Config{
		Pair: cfg.Pair, System: events.Magento, Role: events.RoleMagentoCapture,
		NotFoundWait: cfg.NotFoundWait, Parallel: cfg.Parallel, Looked: cfg.Looked, Waiting: cfg.Waiting,
	}, stream, cursors, b, m, readers...)
}

// SweptTo tells how far the sweep of a pair's orders has come; zero when none
// has ended yet. Cursors is the KV bucket of that name.
func SweptTo(ctx context.Context, cursors jetstream.KeyValue, pair string) (time.Time, error) {
	return capture.SweptTo(ctx, cursors, pair, events.Magento, events.Order, events.WaySweep)
}

// pageSize is how many records a sweep asks for at once.
const pageSize = 50

// settled is how long ago a row's time stamp must be before its window may be
// closed over it: updated_at has whole seconds, and a row can still be written
// in the second that is being read.
const settled = 2 * time.Second

// sweep is how a list is swept by updated_at. An overlap covers transactions
// that became visible late with an earlier time (MySQL stamps a row when it is
// written, not when it commits). The first sweep of a pair begins at its overlap
// before now: older records were dealt with before Magpie came.
func (cfg Config) sweep(list func(context.Context, capture.Window, string) (capture.Page, error)) []capture.Sweep {
	return []capture.Sweep{{
		Way: events.WaySweep, Every: cfg.Every, Overlap: cfg.Overlap, Cursor: true, Settled: settled, List: list,
	}}
}

// cursorOf and afterOf bring the place where a page ends to a text and back.
func cursorOf(after string) (c magento.Cursor, err error) {
	if after != "" {
		err = json.Unmarshal([]byte(after), &c)
	}
	if err != nil {
		return c, failure.Defect("magento.cursor", "the place where a page begins can't be read: "+after, err)
	}
	return c, nil
}

func afterOf(next magento.Cursor, more bool) (after string, err error) {
	if !more {
		return "", nil
	}
	data, err := json.Marshal(next)
	return string(data), err
}
