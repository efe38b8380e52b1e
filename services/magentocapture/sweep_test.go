package magentocapture

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
	"github.com/magpie-integration/magpie/libs/magento"
)

// sweep sweeps once and gives the window that was read.
func sweep(t *testing.T, c *Capture, s *shop) window {
	t.Helper()
	before := len(s.windows)
	if _, err := c.sweepOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s.windows[before]
}

func TestASweepFindsWhatNoWebhookTold(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	s.put(order("123", 871, "new"))
	c := capture(t, b, s)
	sweep(t, c, s)
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
	sweep(t, c, s)
	if got := scan(t, b, bus.Notices); len(got) != 1 {
		t.Errorf("what reads as its last change was noticed again: %d", len(got))
	}
}

func TestRepeatedSweepsSendOneNotice(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	s.put(order("123", 871, "new"))
	s.broken = []magento.Broken{{EntityID: 900, Err: failure.Transient("magento.internal", "?", nil)}}
	c := capture(t, b, s)
	for range 3 {
		sweep(t, c, s)
	}
	if got := scan(t, b, bus.Notices); len(got) != 2 {
		t.Errorf("three sweeps of the same two orders sent %d notices", len(got))
	}
	s.put(order("123", 871, "processing"))
	sweep(t, c, s)
	if got := scan(t, b, bus.Notices); len(got) != 3 {
		t.Errorf("another content is another notice: %d", len(got))
	}
}

func TestASweepReadsPageAfterPage(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	first, second, third := magento.Cursor{UpdatedAt: at, EntityID: 2}, magento.Cursor{UpdatedAt: at, EntityID: 9}, magento.Cursor{UpdatedAt: at, EntityID: 10}
	s.pages = []magento.Page{
		{Orders: []magento.Order{order("1", 1, "new"), order("2", 2, "new")}, Next: first, More: true},
		{Next: second, More: true}, // empty, and there is more
		{Broken: []magento.Broken{{EntityID: 10, Err: failure.Transient("magento.internal", "?", nil)}}, Next: third, More: true},
		{Orders: []magento.Order{order("11", 11, "new")}},
	}
	sweep(t, capture(t, b, s), s)
	var after []magento.Cursor
	for _, w := range s.windows {
		after = append(after, w.after)
		if w.from != s.windows[0].from || w.to != s.windows[0].to {
			t.Errorf("the window moved: %+v", w)
		}
	}
	if !slices.Equal(after, []magento.Cursor{{}, first, second, third}) {
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
	w := sweep(t, capture(t, b, s), s)
	if w.to.Before(before.Add(-settled)) || w.to.After(time.Now().Add(-settled)) {
		t.Errorf("to %s, and rows may still be written in the last %s", w.to, settled)
	}
	if got := w.to.Sub(w.from); got != 10*time.Minute {
		t.Errorf("a window of %s", got)
	}
}

func TestTheNextSweepOverlapsTheLastAlsoAfterARestart(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	first := sweep(t, capture(t, b, s), s)
	second := sweep(t, capture(t, b, s), s) // another process
	if !second.from.Equal(first.to.Add(-10 * time.Minute)) {
		t.Errorf("from %s, and the last sweep came to %s", second.from, first.to)
	}
	if !second.to.After(first.to) {
		t.Errorf("to %s after %s", second.to, first.to)
	}
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
	at := sweep(t, capture(t, b, s), s)
	s.put(order("1", 1, "new"))
	s.broken = []magento.Broken{{EntityID: 2, Err: failure.Transient("magento.internal", "?", nil)}}
	for takes := range 2 {
		c := captureOn(t, b, &failing{b, takes}, s, breaker.New("magento", breaker.Config{}))
		if _, err := c.sweepOnce(t.Context()); !errors.Is(err, bus.ErrFull) {
			t.Errorf("after %d notices: %v", takes, err)
		}
	}
	s.err = failure.Down("magento.down", "no connection", nil)
	if _, err := capture(t, b, s).sweepOnce(t.Context()); failure.Of(err).Code != "magento.down" {
		t.Errorf("got %v", err)
	}
	s.err = nil
	if w := sweep(t, capture(t, b, s), s); !w.from.Equal(at.to.Add(-10 * time.Minute)) {
		t.Errorf("from %s: the cursor moved past a window that failed (to %s)", w.from, at.to)
	}
	if got := scan(t, b, bus.Notices); len(got) != 2 {
		t.Errorf("%d notices", len(got))
	}
}

func TestTheSlowerOfTwoReplicasLeavesTheCursorAlone(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	c := capture(t, b, s)
	_, revision, err := c.cursor(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sweep(t, capture(t, b, s), s) // the other one was faster
	faster, _, err := c.cursor(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.moveCursor(t.Context(), cursor{To: faster.To.Add(-time.Hour)}, revision); err != nil {
		t.Error(err)
	}
	if got, _, err := c.cursor(t.Context()); err != nil || !got.To.Equal(faster.To) {
		t.Errorf("got %v, %v; want %v", got, err, faster)
	}
}

func TestACursorThatSomebodyDeletedIsMadeAgain(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	c := capture(t, b, s)
	sweep(t, c, s)
	if err := cursors(t, b).Delete(t.Context(), c.cursorKey()); err != nil {
		t.Fatal(err)
	}
	first := sweep(t, c, s)
	if second := sweep(t, c, s); !second.from.Equal(first.to.Add(-10 * time.Minute)) {
		t.Errorf("from %s: the cursor did not move to %s", second.from, first.to)
	}
}

func TestACursorOfAClockThatWasAheadStopsNoSweep(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	c := capture(t, b, s)
	data, err := json.Marshal(cursor{To: time.Now().Add(365 * 24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cursors(t, b).Put(t.Context(), c.cursorKey(), data); err != nil {
		t.Fatal(err)
	}
	if w := sweep(t, c, s); w.to.Sub(w.from) != 10*time.Minute {
		t.Errorf("from %s to %s", w.from, w.to)
	}
}

func TestASweepWaitsForTheBreaker(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	c := captureOn(t, b, b, s, openBreaker(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.sweepOnce(ctx); !errors.Is(err, context.Canceled) {
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
	c, done := capture(t, b, s), make(chan error, 1)
	go func() { done <- c.Sweep(ctx) }()
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
	o.UpdatedAt = time.Date(2026, 8, 14, 12, 0, 0, 0, time.UTC)
	s.put(o)
	c := capture(t, b, s)
	c.cfg.Every = time.Hour
	told := make(chan events.Reading, 8)
	c.cfg.Looked = func(r events.Reading) { told <- r }
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Sweep(ctx) }()
	swept := <-told
	if swept.Pair != "main" || swept.System != events.Magento || swept.Way != events.WaySweep || swept.Rows != 1 ||
		!swept.Newest.Equal(o.UpdatedAt) || swept.At.IsZero() || swept.Due.Sub(swept.At).Round(time.Minute) != time.Hour || swept.Problem != "" {
		t.Errorf("got %+v", swept)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}

	consume(t, b, c)
	if read := <-told; read.Way != events.WayNotices || read.Rows != 1 || read.At.IsZero() || !read.Due.IsZero() {
		t.Errorf("got %+v", read)
	}
	s.mu.Lock()
	s.err = failure.Down("magento.down", "away", nil)
	s.mu.Unlock()
	c.cfg.Every = time.Millisecond
	ctx, cancel = context.WithCancel(t.Context())
	go func() { ended <- c.Sweep(ctx) }()
	if failed := <-told; failed.Problem == "" || !failed.At.IsZero() {
		t.Errorf("got %+v", failed)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
