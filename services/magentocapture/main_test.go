package magentocapture

import (
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
	"github.com/magpie-integration/magpie/libs/capture"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shop is a Magento that the test moves.
type shop struct {
	lists // all but orders

	mu      sync.Mutex
	orders  []magento.Order
	foreign []magento.Order
	broken  []magento.Broken
	err     error
	pages   []magento.Page // of the sweep, in their order

	searches [][]string // what was asked for, search by search
	ids      [][]int64
	windows  []window
}

// window is what a sweep asked for.
type window struct {
	from, to time.Time
	after    magento.Cursor
}

// order makes an order; what is its content.
func order(number string, id int64, what string) magento.Order {
	raw := fmt.Sprintf(`{"entity_id":%d,"increment_id":%q,"state":%q}`, id, number, what)
	return magento.Order{Raw: json.RawMessage(raw), EntityID: id, IncrementID: number, StoreID: 1, State: what}
}

// put stores an order, in place of the one with its internal number.
func (s *shop) put(o magento.Order) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orders = append(slices.DeleteFunc(s.orders, func(have magento.Order) bool { return have.EntityID == o.EntityID }), o)
}

func (s *shop) OrdersByIncrementID(_ context.Context, numbers []string) (magento.Found, error) {
	s.mu.Lock()
	s.searches = append(s.searches, numbers)
	s.mu.Unlock()
	return s.find(
		func(o magento.Order) bool { return slices.Contains(numbers, o.IncrementID) },
		func(b magento.Broken) bool { return slices.Contains(numbers, b.ID) })
}

func (s *shop) OrdersByEntityID(_ context.Context, ids []int64) (magento.Found, error) {
	s.mu.Lock()
	s.ids = append(s.ids, ids)
	s.mu.Unlock()
	return s.find(
		func(o magento.Order) bool { return slices.Contains(ids, o.EntityID) },
		func(b magento.Broken) bool { return slices.Contains(ids, b.EntityID) })
}

func (s *shop) find(wanted func(magento.Order) bool, spoilt func(magento.Broken) bool) (magento.Found, error) {
	s.mu.Lock()
	found, err := magento.Found{
		Orders: only(s.orders, wanted), Foreign: only(s.foreign, wanted), Broken: only(s.broken, spoilt),
	}, s.err
	s.mu.Unlock()
	if err != nil {
		return magento.Found{}, err
	}
	return found, nil
}

func only[T any](all []T, wanted func(T) bool) (out []T) {
	for _, v := range all {
		if wanted(v) {
			out = append(out, v)
		}
	}
	return out
}

// OrdersUpdated gives the pages that the test laid out, else all orders.
func (s *shop) OrdersUpdated(_ context.Context, from, to time.Time, after magento.Cursor, _ int) (magento.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.windows = append(s.windows, window{from, to, after})
	switch {
	case s.err != nil:
		return magento.Page{}, s.err
	case len(s.pages) == 0:
		return magento.Page{Orders: slices.Clone(s.orders), Broken: slices.Clone(s.broken)}, nil
	}
	for i, p := range s.pages[:len(s.pages)-1] {
		if p.Next == after {
			return s.pages[i+1], nil
		}
	}
	return s.pages[0], nil
}

// reads is how many searches there were.
func (s *shop) reads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.searches)
}

// capture makes a capture of pair main over a bus.
func newCapture(t *testing.T, b *bus.Bus, s *shop) *capture.Capture {
	t.Helper()
	return captureOn(t, b, b, s, breaker.New("magento", breaker.Config{}))
}

func captureOn(t *testing.T, b *bus.Bus, stream capture.Stream, s Store, guard *breaker.Breaker) *capture.Capture {
	t.Helper()
	return New(config(), s, stream, cursors(t, b), guard, nil)
}

func config() Config {
	return Config{
		Pair: "main", NotFoundWait: 15 * time.Minute, EditWait: time.Minute, Parallel: 2, Every: 5 * time.Millisecond, Overlap: 10 * time.Minute,
	}
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
func handle(t *testing.T, c *capture.Capture, batch ...*bus.Delivery) {
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
func consume(t *testing.T, b *bus.Bus, c *capture.Capture) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	consumer := b.Consumer(bus.CaptureSpec(events.RoleMagentoCapture, "main", events.Magento, 1), nil)
	done := make(chan error, 1)
	go func() { done <- consumer.RunBatches(ctx, capture.BatchSize, c.Handle) }()
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
