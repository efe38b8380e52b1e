package capture

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/breaker"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/failure"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shop is a system that the test moves, and the reader of its orders.
type shop struct {
	guard *breaker.Breaker // of its calls; set by captureOn

	mu      sync.Mutex
	orders  []item
	foreign []item
	broken  []broken
	err     error
	pages   []Page // of the sweep, in their order; else all orders are one

	searches [][]events.Key // what was asked for, read by read
	ids      [][]int64
	windows  []window
	// answering, when set, runs between the moment that a read saw the orders
	// and its answer: a slow network.
	answering func()
	// chatty answers more than it was asked for.
	chatty bool
	// listing, when set, runs while a page is listed.
	listing func()
	sweep   Sweep // what is not as usual
}

// item is a record of the shop.
type item struct {
	Record

	ID int64
}

// broken is a record that the shop can't load.
type broken struct {
	ID  int64
	Key events.Key
	Err error
}

// window is what a sweep asked for.
type window struct {
	Window

	after string
}

// order makes an order; what is its content.
func order(number string, id int64, what string) item {
	raw := fmt.Sprintf(`{"entity_id":%d,"increment_id":%q,"state":%q}`, id, number, what)
	return item{Record{Key: events.Key(number), JSON: json.RawMessage(raw), StoreID: 1}, id}
}

// put stores an order, in place of the one with its internal number.
func (s *shop) put(o item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orders = append(slices.DeleteFunc(s.orders, func(have item) bool { return have.ID == o.ID }), o)
}

func (s *shop) Entity() events.Entity { return events.Order }

func (s *shop) Read(ctx context.Context, keys []events.Key) (found Found, err error) {
	err = s.ask(ctx, func() {
		s.searches = append(s.searches, keys)
		found = Found{Failed: map[events.Key]error{}}
		wanted := func(key events.Key) bool { return s.chatty || slices.Contains(keys, key) }
		for _, o := range s.orders {
			if wanted(o.Key) {
				found.Records = append(found.Records, o.Record)
			}
		}
		for _, o := range s.foreign {
			if wanted(o.Key) {
				found.Foreign = append(found.Foreign, o.Key)
			}
		}
		for _, b := range s.broken {
			if wanted(b.Key) {
				found.Failed[b.Key] = b.Err
			}
		}
	})
	return found, err
}

func (s *shop) Resolve(ctx context.Context, ids []int64) (found Resolved, err error) {
	err = s.ask(ctx, func() {
		s.ids = append(s.ids, ids)
		found = Resolved{Keys: map[int64]events.Key{}, Failed: map[int64]error{}}
		wanted := func(id int64) bool { return s.chatty || slices.Contains(ids, id) }
		for _, o := range s.orders {
			if wanted(o.ID) {
				found.Keys[o.ID] = o.Key
			}
		}
		for _, o := range s.foreign {
			if wanted(o.ID) {
				found.Foreign = append(found.Foreign, o.ID)
			}
		}
		for _, b := range s.broken {
			if wanted(b.ID) {
				found.Failed[b.ID] = b.Err
			}
		}
	})
	return found, err
}

// ask makes one call behind the breaker.
func (s *shop) ask(ctx context.Context, look func()) error {
	return s.guard.Do(ctx, "", func(context.Context) error {
		s.mu.Lock()
		look()
		err, answering := s.err, s.answering
		s.mu.Unlock()
		if answering != nil {
			answering()
		}
		return err
	})
}

func (s *shop) Sweeps() []Sweep {
	w := s.sweep
	w.Way, w.Cursor, w.Settled, w.List = events.WaySweep, true, settled, s.list
	w.Every, w.Overlap = cmp.Or(w.Every, 5*time.Millisecond), 10*time.Minute
	return []Sweep{w}
}

// settled is how long the shop's orders are left to settle.
const settled = 2 * time.Second

// list gives the pages that the test laid out, else all orders.
func (s *shop) list(_ context.Context, w Window, after string) (Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.windows = append(s.windows, window{w, after})
	if s.listing != nil {
		s.mu.Unlock()
		s.listing()
		s.mu.Lock()
	}
	switch {
	case s.err != nil:
		return Page{}, s.err
	case len(s.pages) == 0:
		return Page{Rows: s.rows()}, nil
	}
	for i, p := range s.pages[:len(s.pages)-1] {
		if p.Next == after {
			return s.pages[i+1], nil
		}
	}
	return s.pages[0], nil
}

func (s *shop) rows() (rows []Row) {
	for _, o := range s.orders {
		rows = append(rows, o.row())
	}
	for _, b := range s.broken {
		rows = append(rows, Row{ID: b.ID})
	}
	return rows
}

// row gives an order as a list has it.
func (o item) row() Row {
	return Row{Key: o.Key, ModifiedAt: o.ModifiedAt, Record: o.JSON, StoreID: o.StoreID}
}

// reads is how many reads there were.
func (s *shop) reads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.searches)
}

// newCapture makes a capture of pair main over a bus.
func newCapture(t *testing.T, b *bus.Bus, s *shop) *Capture {
	t.Helper()
	return captureOn(t, b, b, s, breaker.New("magento", breaker.Config{}))
}

func captureOn(t *testing.T, b *bus.Bus, stream Stream, s *shop, guard *breaker.Breaker) *Capture {
	t.Helper()
	s.guard = guard
	return New(config(), stream, cursors(t, b), guard, nil, s)
}

func config() Config {
	return Config{Pair: "main", System: events.Magento, Role: events.RoleMagentoCapture, NotFoundWait: 15 * time.Minute, Parallel: 2}
}

func cursors(t *testing.T, b *bus.Bus) jetstream.KeyValue {
	t.Helper()
	kv, err := b.KV(t.Context(), bus.Cursors)
	if err != nil {
		t.Fatal(err)
	}
	return kv
}

// openBreaker is a breaker that lets no call through.
func openBreaker(t *testing.T) *breaker.Breaker {
	t.Helper()
	b := breaker.New("magento", breaker.Config{Failures: 1, Probe: time.Hour})
	_ = b.Do(t.Context(), "", func(context.Context) error { return failure.Down("magento.down", "the shop is down", nil) })
	if b.State() != "open" {
		t.Fatalf("the breaker is %s", b.State())
	}
	return b
}

// notice publishes a notice and gives it as a consumer would deliver it.
func notice(t *testing.T, b *bus.Bus, entity events.Entity, key events.Key, id string) *bus.Delivery {
	t.Helper()
	ack, err := b.Publish(t.Context(), noticeMessage(entity, key, id))
	if err != nil {
		t.Fatal(err)
	}
	stored, ok, err := b.Get(t.Context(), bus.Notices, ack.Sequence)
	if err != nil || !ok {
		t.Fatalf("the notice is not there: %v", err)
	}
	ev, err := bus.Decode(t.Context(), stored.Header, stored.Data)
	if err != nil {
		t.Fatal(err)
	}
	return &bus.Delivery{
		Event: ev, Subject: events.NoticeSubject("main", events.Magento, entity, key),
		Sequence: ack.Sequence, Stored: stored.Time, First: stored.Time,
	}
}

func noticeMessage(entity events.Entity, key events.Key, id string) bus.Message {
	return bus.Message{
		Subject: events.NoticeSubject("main", events.Magento, entity, key),
		Type:    events.TypeName(events.Magento, entity, "noticed"), ID: id,
		Data: events.Notice{Event: "sales_order_save_after", Via: "webhook", StoreID: 2},
	}
}

func orderNotice(t *testing.T, b *bus.Bus, key events.Key, id string) *bus.Delivery {
	t.Helper()
	return notice(t, b, events.Order, key, id)
}

// handle hands a batch over; every notice of it must be done.
func handle(t *testing.T, c *Capture, batch ...*bus.Delivery) {
	t.Helper()
	for i, err := range c.Handle(t.Context(), batch) {
		if err != nil {
			t.Fatalf("notice %s: %v", batch[i].Event.ID(), err)
		}
	}
}

// isWait tells whether a notice is to come again, at no cost.
func isWait(err error) bool { return err != nil && strings.HasPrefix(err.Error(), "waiting: ") }

// consume runs the capture as a consumer of the bus until the test ends.
func consume(t *testing.T, b *bus.Bus, c *Capture) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	consumer := b.Consumer(bus.CaptureSpec(events.RoleMagentoCapture, "main", events.Magento, 1), nil)
	consumer.Gate = c.gate
	done := make(chan error, 1)
	go func() { done <- consumer.RunBatches(ctx, BatchSize, c.Handle) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// until waits for something that happens on its own.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatal("never happened: " + what)
		case <-tick.C:
		}
	}
}

// scan gives what a stream has, oldest first.
func scan(t *testing.T, b *bus.Bus, stream string) (out []bus.Stored) {
	t.Helper()
	for m, err := range b.Scan(t.Context(), stream, "magpie.>") {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

// changes gives what CHANGES has, oldest first.
func changes(t *testing.T, b *bus.Bus) (out []events.Change) {
	t.Helper()
	for _, m := range scan(t, b, bus.Changes) {
		out = append(out, payload[events.Change](t, m))
	}
	return out
}

// outcomes gives what OUTCOMES has, oldest first.
func outcomes(t *testing.T, b *bus.Bus) (out []events.Outcome) {
	t.Helper()
	for _, m := range scan(t, b, bus.Outcomes) {
		out = append(out, payload[events.Outcome](t, m))
	}
	return out
}

func payload[T any](t *testing.T, m bus.Stored) (v T) {
	t.Helper()
	if err := json.Unmarshal(m.Data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// contents gives the states that the changes tell, in their order.
func contents(t *testing.T, b *bus.Bus) (out []string) {
	t.Helper()
	for _, c := range changes(t, b) {
		var o struct{ State string }
		if err := json.Unmarshal(c.Record, &o); err != nil {
			t.Fatal(err)
		}
		out = append(out, o.State)
	}
	return out
}
