package capture

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/breaker"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/libs/failure"
)

// sweepOnce sweeps once and gives the window that was read.
func sweepOnce(t *testing.T, c *Capture, s *shop) window {
	t.Helper()
	before := len(s.windows)
	if _, err := c.Sweep(t.Context(), events.Order, events.WaySweep); err != nil {
		t.Fatal(err)
	}
	return s.windows[before]
}

func TestASweepFindsWhatNoWebhookTold(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	s.put(order("123", 871, "new"))
	c := newCapture(t, b, s)
	sweepOnce(t, c, s)
	stored := scan(t, b, bus.Notices)
	if len(stored) != 1 || stored[0].Subject != "magpie.notice.main.magento.order.123" {
		t.Fatalf("%d notices", len(stored))
	}
	if n := payload[events.Notice](t, stored[0]); n.Via != "sweep" || n.StoreID != 1 || n.At.IsZero() {
		t.Errorf("got %+v", n)
	}
	if len(scan(t, b, bus.Changes)) != 0 {
		t.Error("a sweep publishes no change itself: the capture reads the order again")
	}

	consume(t, b, c)
	until(t, "the change", func() bool { return len(scan(t, b, bus.Changes)) == 1 })
	sweepOnce(t, c, s)
	if got := scan(t, b, bus.Notices); len(got) != 1 {
		t.Errorf("what reads as its last change was noticed again: %d", len(got))
	}
}

func TestRepeatedSweepsSendOneNotice(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	s.put(order("123", 871, "new"))
	s.broken = []broken{{ID: 900, Err: failure.Transient("magento.internal", "?", nil)}}
	c := newCapture(t, b, s)
	for range 3 {
		sweepOnce(t, c, s)
	}
	if got := scan(t, b, bus.Notices); len(got) != 2 {
		t.Errorf("three sweeps of the same two orders sent %d notices", len(got))
	}
	s.put(order("123", 871, "processing"))
	sweepOnce(t, c, s)
	if got := scan(t, b, bus.Notices); len(got) != 3 {
		t.Errorf("another content is another notice: %d", len(got))
	}
}

func TestASweepReadsPageAfterPage(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	row := func(number string, id int64) Row { return order(number, id, "new").row() }
	s.pages = []Page{
		{Rows: []Row{row("1", 1), row("2", 2)}, Next: "2"},
		{Next: "9"}, // empty, and there is more
		{Rows: []Row{{ID: 10}}, Next: "10"},
		{Rows: []Row{row("11", 11)}},
	}
	sweepOnce(t, newCapture(t, b, s), s)
	var after []string
	for _, w := range s.windows {
		after = append(after, w.after)
		if w.Window != s.windows[0].Window {
			t.Errorf("the window moved: %+v", w)
		}
	}
	if !slices.Equal(after, []string{"", "2", "9", "10"}) {
		t.Errorf("asked behind %v", after)
	}
	var keys []string
	for _, m := range scan(t, b, bus.Notices) {
		keys = append(keys, m.Subject[len("magpie.notice.main.magento.order."):])
	}
	if !slices.Equal(keys, []string{"1", "2", "=id=10", "11"}) {
		t.Errorf("noticed %v", keys)
	}
}

func TestTheFirstSweepBeginsAtItsOverlap(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	before := time.Now().UTC()
	w := sweepOnce(t, newCapture(t, b, s), s)
	if w.To.Before(before.Add(-settled)) || w.To.After(time.Now().Add(-settled)) {
		t.Errorf("to %s, and rows may still be written in the last %s", w.To, settled)
	}
	if got := w.To.Sub(w.From); got != 10*time.Minute {
		t.Errorf("a window of %s", got)
	}
}

func TestTheNextSweepOverlapsTheLastAlsoAfterARestart(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	first := sweepOnce(t, newCapture(t, b, s), s)
	second := sweepOnce(t, newCapture(t, b, s), s) // another process
	if !second.From.Equal(first.To.Add(-10 * time.Minute)) {
		t.Errorf("from %s, and the last sweep came to %s", second.From, first.To)
	}
	if !second.To.After(first.To) {
		t.Errorf("to %s after %s", second.To, first.To)
	}
}

// sweptTo tells how far the sweep of the pair's orders has come.
func sweptTo(t *testing.T, b *bus.Bus) time.Time {
	t.Helper()
	to, err := SweptTo(t.Context(), cursors(t, b), "main", events.Magento, events.Order, events.WaySweep)
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// failing is a stream that takes so many messages and no more.
type failing struct {
	*bus.Bus
	takes int
}

func (f *failing) Publish(ctx context.Context, m bus.Message) (bus.Ack, error) {
	if f.takes--; f.takes < 0 {
		return bus.Ack{}, bus.ErrFull
	}
	return f.Bus.Publish(ctx, m)
}

func TestTheCursorMovesOnlyWhenEveryNoticeIsStored(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	at := sweepOnce(t, newCapture(t, b, s), s)
	s.put(order("1", 1, "new"))
	s.broken = []broken{{ID: 2, Err: failure.Transient("magento.internal", "?", nil)}}
	for takes := range 2 {
		c := captureOn(t, b, &failing{b, takes}, s, breaker.New("magento", breaker.Config{}))
		if _, err := c.Sweep(t.Context(), events.Order, events.WaySweep); !errors.Is(err, bus.ErrFull) {
			t.Errorf("after %d notices: %v", takes, err)
		}
	}
	s.err = failure.Down("magento.down", "no connection", nil)
	if _, err := newCapture(t, b, s).Sweep(t.Context(), events.Order, events.WaySweep); failure.Of(err).Code != "magento.down" {
		t.Errorf("got %v", err)
	}
	s.err = nil
	if w := sweepOnce(t, newCapture(t, b, s), s); !w.From.Equal(at.To.Add(-10 * time.Minute)) {
		t.Errorf("from %s: the cursor moved past a window that failed (to %s)", w.From, at.To)
	}
	if got := scan(t, b, bus.Notices); len(got) != 2 {
		t.Errorf("%d notices", len(got))
	}
}

func TestTheSlowerOfTwoReplicasLeavesTheCursorAlone(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	slower, faster := newCapture(t, b, s), time.Time{}
	s.listing = func() {
		s.listing = nil
		faster = sweepOnce(t, newCapture(t, b, s), s).To
	}
	sweepOnce(t, slower, s)
	if got := sweptTo(t, b); faster.IsZero() || !got.Equal(faster) {
		t.Errorf("came to %v, and the faster one came to %v", got, faster)
	}
}

func TestACursorThatSomebodyDeletedIsMadeAgain(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	c := newCapture(t, b, s)
	sweepOnce(t, c, s)
	if err := cursors(t, b).Delete(t.Context(), "main.magento.order"); err != nil {
		t.Fatal(err)
	}
	first := sweepOnce(t, c, s)
	if second := sweepOnce(t, c, s); !second.From.Equal(first.To.Add(-10 * time.Minute)) {
		t.Errorf("from %s: the cursor did not move to %s", second.From, first.To)
	}
}

func TestACursorOfAClockThatWasAheadStopsNoSweep(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	c := newCapture(t, b, s)
	data, err := json.Marshal(cursor{To: time.Now().Add(365 * 24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cursors(t, b).Put(t.Context(), "main.magento.order", data); err != nil {
		t.Fatal(err)
	}
	if w := sweepOnce(t, c, s); w.To.Sub(w.From) != 10*time.Minute {
		t.Errorf("from %s to %s", w.From, w.To)
	}
}

func TestASweepWaitsForTheBreaker(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	c := captureOn(t, b, b, s, openBreaker(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Sweep(ctx, events.Order, events.WaySweep); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if len(s.windows) != 0 {
		t.Errorf("the shop was asked for %v", s.windows)
	}
}

func TestSweepsGoOnUntilTheRoleIsToldToStop(t *testing.T) {
	b, s := bustest.Start(t), &shop{err: failure.Rejected("magento.refused", "", "not today", "")}
	windows := func() int { s.mu.Lock(); defer s.mu.Unlock(); return len(s.windows) }
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c, done := newCapture(t, b, s), make(chan error, 1)
	go func() { done <- c.RunSweeps(ctx) }()
	until(t, "two sweeps that fail", func() bool { return windows() >= 2 })
	s.mu.Lock()
	s.err = nil
	s.mu.Unlock()
	until(t, "a sweep that ends", func() bool { _, err := cursors(t, b).Get(t.Context(), "main.magento.order"); return err == nil })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestEachLookAtTheStoreIsToldForTheHeartbeat(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	o := order("123", 871, "new")
	o.ModifiedAt = time.Date(2026, 8, 14, 12, 0, 0, 0, time.UTC)
	s.put(o)
	s.sweep.Every = time.Hour
	c := newCapture(t, b, s)
	told := make(chan events.Reading, 8)
	c.cfg.Looked = func(r events.Reading) { told <- r }
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.RunSweeps(ctx) }()
	swept := <-told
	if swept.Pair != "main" || swept.System != events.Magento || swept.Entity != events.Order || swept.Way != events.WaySweep || swept.Rows != 1 ||
		!swept.Newest.Equal(o.ModifiedAt) || swept.At.IsZero() || swept.Due.Sub(swept.At).Round(time.Minute) != time.Hour || swept.Problem != "" {
		t.Errorf("got %+v", swept)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}

	consume(t, b, c)
	if read := <-told; read.Entity != events.Order || read.Way != events.WayNotices || read.Rows != 1 || read.At.IsZero() || !read.Due.IsZero() {
		t.Errorf("got %+v", read)
	}
	s.mu.Lock()
	s.err = failure.Down("magento.down", "away", nil)
	s.mu.Unlock()
	c.sweeps[0].Every = time.Millisecond
	ctx, cancel = context.WithCancel(t.Context())
	go func() { ended <- c.RunSweeps(ctx) }()
	if failed := <-told; failed.Problem == "" || !failed.At.IsZero() {
		t.Errorf("got %+v", failed)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
