// Package magentocapture reads whole orders from Magento and publishes them as
// changes. A notice is a hint; the store's API is the truth: stores fire their
// webhooks several times an order, out of order, and before the order is
// committed, so every notice means "look at this order now".
//
//   - Waiting notices are taken together, and those of one key are one read,
//     made after the newest of them arrived.
//   - Publish order is read order: the key's last change is fetched before the
//     read begins, and the change is published only if it still is the last.
//     A slow reader that lost reads again (rule: DESIGN "publish order is read
//     order").
//   - What reads as before is no change; that is an outcome, unchanged.
//   - An order that can't be found is waited for (webhooks come before the
//     commit: Magento core, Framework/Model/AbstractModel), and after a while
//     ends as "skipped: never committed".
//
// An edited order is read with those that it replaces (edited.go). A sweep
// (sweep.go) finds what no webhook told.
package magentocapture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/breaker"
	"github.com/magpie-integration/magpie/libs/bus"
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
}

// Stream is what the capture needs of the bus.
type Stream interface {
	Publish(ctx context.Context, m bus.Message) (bus.Ack, error)
	Last(ctx context.Context, stream, subject string) (bus.Stored, bool, error)
}

// Config of one pair's capture.
type Config struct {
	Pair string
	// NotFoundWait is how long an order may stay unfound after its notice.
	NotFoundWait time.Duration
	// EditWait is how long an edit may take: until then a new order whose parent
	// is alive may be an edit whose parent is about to be cancelled.
	EditWait time.Duration
	// Parallel bounds the searches under way at once.
	Parallel int
	// Every and Overlap are the sweep's; see Sweep.
	Every, Overlap time.Duration
	// Looked, when set, is told of every look at the store, for the heartbeat.
	Looked func(events.Reading)
}

// Capture reads one pair's orders.
type Capture struct {
	cfg     Config
	store   Store
	stream  Stream
	cursors jetstream.KeyValue
	breaker *breaker.Breaker
	metrics *telemetry.Metrics
	log     *slog.Logger
}

// looked tells the heartbeat of a look at the store that read these orders, or
// failed.
func (c *Capture) looked(r events.Reading, err error) {
	if c.cfg.Looked == nil {
		return
	}
	r.Pair, r.System = c.cfg.Pair, events.Magento
	if err != nil {
		r.Problem = err.Error()
	} else {
		r.At = time.Now().UTC()
	}
	c.cfg.Looked(r)
}

// newestOf is the time of the newest of some orders, zero for none.
func newestOf(t time.Time, orders []magento.Order) time.Time {
	for _, o := range orders {
		if o.UpdatedAt.After(t) {
			t = o.UpdatedAt
		}
	}
	return t
}

// New makes a capture. Cursors is the KV bucket of that name.
func New(cfg Config, store Store, stream Stream, cursors jetstream.KeyValue, b *breaker.Breaker, m *telemetry.Metrics) *Capture {
	return &Capture{
		cfg: cfg, store: store, stream: stream, cursors: cursors, breaker: b, metrics: m,
		log: slog.Default().With("role", string(events.RoleMagentoCapture), "pair", cfg.Pair),
	}
}

// BatchSize is how many waiting notices are taken together; SearchSize how many
// orders one search asks for.
const (
	BatchSize  = 200
	searchSize = 50
)

// Handle is the bus.BatchHandler of the pair's notices.
func (c *Capture) Handle(ctx context.Context, batch []*bus.Delivery) []error {
	results := make([]error, len(batch))
	byKey := map[events.Key][]int{}
	var keys, ids []events.Key
	for i, d := range batch {
		if d.Subject.Entity != events.Order {
			results[i] = c.end(ctx, d, events.Skipped, "nothing captures the entity "+string(d.Subject.Entity)+" of Magento yet")
			continue
		}
		key := d.Subject.Key
		if byKey[key] == nil {
			if _, internal := key.InternalID(); internal {
				ids = append(ids, key)
			} else {
				keys = append(keys, key)
			}
		}
		byKey[key] = append(byKey[key], i)
	}
	work := func(keys []events.Key, do func(context.Context, []events.Key) map[events.Key]error) func() error {
		return func() error {
			for key, err := range do(ctx, keys) {
				for _, i := range byKey[key] {
					results[i] = c.verdict(ctx, batch[i], err)
				}
			}
			return nil
		}
	}
	// Each key's newest notice stands for all of them, or the one by which a
	// person replays.
	newest := func(key events.Key) *bus.Delivery {
		all := byKey[key]
		for _, i := range slices.Backward(all) {
			if anew(batch[i]) {
				return batch[i]
			}
		}
		return batch[all[len(all)-1]]
	}
	var g errgroup.Group
	g.SetLimit(max(c.cfg.Parallel, 1))
	for _, some := range chunks(keys, searchSize) {
		g.Go(work(some, func(ctx context.Context, keys []events.Key) map[events.Key]error {
			return c.capture(ctx, keys, newest)
		}))
	}
	for _, some := range chunks(ids, searchSize) {
		g.Go(work(some, func(ctx context.Context, ids []events.Key) map[events.Key]error {
			return c.resolve(ctx, ids, newest)
		}))
	}
	_ = g.Wait() // each key has its own result
	return results
}

// errNotFound and errForeign are results of a key, not failures.
var (
	errNotFound = errors.New("the store does not have this order (yet)")
	errForeign  = errors.New("the order belongs to another website")
)

// verdict turns a key's result into what becomes of one of its notices.
func (c *Capture) verdict(ctx context.Context, d *bus.Delivery, err error) error {
	switch {
	case errors.Is(err, errForeign):
		return c.end(ctx, d, events.Skipped, "the order belongs to another website than this pair's")
	case errors.Is(err, errNotFound):
		age := time.Since(d.First)
		if age < c.cfg.NotFoundWait {
			return bus.Wait(min(max(age/2, 500*time.Millisecond), 30*time.Second), "the order can't be read yet")
		}
		return c.end(ctx, d, events.Skipped, "never committed: the order could not be read for "+c.cfg.NotFoundWait.String())
	case errors.Is(err, errUnsettled):
		return bus.Wait(min(c.cfg.EditWait, 5*time.Second), err.Error())
	case errors.Is(err, bus.ErrOvertaken):
		return bus.Wait(10*time.Millisecond, "another reader was faster; the order is read again")
	default:
		return err
	}
}

// capture reads some orders and publishes those that changed.
func (c *Capture) capture(ctx context.Context, keys []events.Key, notice func(events.Key) *bus.Delivery) map[events.Key]error {
	results := make(map[events.Key]error, len(keys))
	last := make(map[events.Key]previous, len(keys))
	numbers := make([]string, 0, len(keys))
	for _, key := range keys {
		p, err := c.previous(ctx, key) // before the read begins
		if err != nil {
			results[key] = err
			continue
		}
		last[key] = p
		numbers = append(numbers, string(key))
	}
	if len(numbers) == 0 {
		return results
	}
	readAt := time.Now().UTC()
	var found magento.Found
	err := c.breaker.Do(ctx, numbers[0], func(ctx context.Context) (err error) {
		found, err = c.store.OrdersByIncrementID(ctx, numbers)
		return err
	})
	if !errors.Is(err, bus.ErrPaused) { // else nothing was asked
		c.looked(events.Reading{Way: events.WayNotices, Rows: len(found.Orders), Newest: newestOf(time.Time{}, found.Orders)}, err)
	}
	for _, number := range numbers {
		results[events.Key(number)] = err
		if err == nil {
			results[events.Key(number)] = errNotFound
		}
	}
	edited := c.ancestors(ctx, found.Orders)
	times := map[events.Key]int{}
	for _, order := range found.Orders {
		times[orderKey(order)]++
	}
	for _, order := range found.Orders {
		key := orderKey(order)
		p, asked := last[key]
		switch {
		case !asked:
		case times[key] > 1: // store views may count on their own (Magento core, SalesSequence)
			results[key] = failure.Conflict("magento.order.ambiguous", "increment_id",
				fmt.Sprintf("%d orders of this website have the number %s", times[key], key),
				"give each store view its own prefix of order numbers in Magento")
		default:
			results[key] = c.publish(ctx, key, reading{order, edited[order.EntityID], readAt}, p, notice(key))
		}
	}
	for _, order := range found.Foreign {
		if key := orderKey(order); errors.Is(results[key], errNotFound) {
			results[key] = errForeign
		}
	}
	for _, broken := range found.Broken {
		results[events.Key(broken.ID)] = broken.Err
	}
	return results
}

// resolve finds the increment ids of notices that have only an internal id, and
// sends them on as notices of their business key.
func (c *Capture) resolve(ctx context.Context, keys []events.Key, notice func(events.Key) *bus.Delivery) map[events.Key]error {
	results := make(map[events.Key]error, len(keys))
	ids := make([]int64, 0, len(keys))
	for _, key := range keys {
		id, _ := key.InternalID()
		ids = append(ids, id)
		results[key] = errNotFound
	}
	var found magento.Found
	err := c.breaker.Do(ctx, string(keys[0]), func(ctx context.Context) (err error) {
		found, err = c.store.OrdersByEntityID(ctx, ids)
		return err
	})
	if err != nil {
		for _, key := range keys {
			results[key] = err
		}
		return results
	}
	for _, order := range found.Orders {
		from := events.InternalID(order.EntityID)
		if _, asked := results[from]; !asked {
			continue
		}
		d := notice(from)
		var n events.Notice
		if err := d.Data(&n); err != nil {
			results[from] = err
			continue
		}
		_, err := c.stream.Publish(ctx, bus.Message{
			Subject: events.NoticeSubject(c.cfg.Pair, events.Magento, events.Order, orderKey(order)),
			Type:    d.Event.Type(), ID: d.Event.ID() + ":resolved", Data: n, Cause: &d.Event,
		})
		results[from] = err
	}
	for _, order := range found.Foreign {
		results[events.InternalID(order.EntityID)] = errForeign
	}
	for _, broken := range found.Broken {
		results[events.InternalID(broken.EntityID)] = broken.Err
	}
	return results
}

// previous is the newest change of a key, as CHANGES has it.
type previous struct {
	sequence uint64
	id       string
	hash     string
	record   json.RawMessage
}

func (c *Capture) previous(ctx context.Context, key events.Key) (previous, error) {
	stored, ok, err := c.stream.Last(ctx, bus.Changes, c.subject(key).String())
	if err != nil || !ok {
		return previous{}, err
	}
	var change events.Change
	if err := json.Unmarshal(stored.Data, &change); err != nil {
		// What can't be read can't be equal: the next change takes its place.
		return previous{sequence: stored.Sequence}, nil //nolint:nilerr // see above
	}
	return previous{stored.Sequence, stored.Header.Get(jetstream.MsgIDHeader), change.Hash, change.Record}, nil
}

func (c *Capture) subject(key events.Key) events.Subject {
	return events.ChangeSubject(c.cfg.Pair, events.Magento, events.Order, key)
}

// anew tells whether a notice asks for a change whatever the record reads as.
func anew(d *bus.Delivery) bool {
	var n events.Notice
	return d.Data(&n) == nil && n.Anew
}

// reading is an order as it was read.
type reading struct {
	order     magento.Order
	ancestors lineage
	at        time.Time
}

// publish publishes an order if it differs from the key's last change, or is
// asked for anew.
func (c *Capture) publish(ctx context.Context, key events.Key, r reading, last previous, notice *bus.Delivery) error {
	related, err := r.ancestors.related()
	if err != nil {
		return err
	}
	if err := r.settled(notice.First, c.cfg.EditWait); err != nil {
		return err
	}
	record, scrubbed := content(r.order)
	if len(scrubbed) > 0 {
		c.log.InfoContext(ctx, "card data was removed from an order", "key", string(key), "fields", scrubbed)
	}
	hash := hashOf(record, related)
	if hash == last.hash && !anew(notice) {
		return c.end(ctx, notice, events.Unchanged, "the order reads as before")
	}
	id := changeID(c.subject(key), hash, last)
	if err := c.noticeChild(ctx, r.order, id, notice); err != nil {
		return err
	}
	_, err = c.stream.Publish(telemetry.Extract(ctx, notice.Event), bus.Message{
		Subject: c.subject(key), Type: events.TypeName(events.Magento, events.Order, "changed"),
		ID:   id,
		Data: events.Change{ReadAt: r.at, Hash: hash, Record: record, Related: related},
		Time: r.at, Cause: &notice.Event, ExpectLast: &last.sequence,
	})
	if err == nil {
		c.metrics.Event(string(events.WordChange), string(events.RoleMagentoCapture), "published")
	}
	return err
}

// end says what became of a notice that led to no change.
func (c *Capture) end(ctx context.Context, notice *bus.Delivery, result events.Result, reason string) error {
	_, err := c.stream.Publish(telemetry.Extract(ctx, notice.Event), bus.Message{
		Subject: events.OutcomeSubject(c.cfg.Pair, events.Magento, notice.Subject.Entity, notice.Subject.Key),
		Type:    events.TypeName(events.Magento, notice.Subject.Entity, "ended"),
		ID:      "outcome:" + notice.Event.ID(),
		Data: events.Outcome{
			Result: result, Reason: reason,
			Source: events.SourceRef{System: events.Magento, Entity: notice.Subject.Entity, Key: notice.Subject.Key},
		},
		Cause: &notice.Event,
	})
	c.metrics.Event(string(events.WordNotice), string(events.RoleMagentoCapture), string(result))
	return err
}

func orderKey(o magento.Order) events.Key {
	return events.CanonicalKey(events.Magento, events.Order, o.IncrementID)
}

func chunks[T any](all []T, size int) (out [][]T) {
	for len(all) > 0 {
		n := min(size, len(all))
		out, all = append(out, all[:n]), all[n:]
	}
	return out
}
