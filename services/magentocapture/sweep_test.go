package magentocapture

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/libs/capture"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

// sweep sweeps once and gives the window that was read.
func sweep(t *testing.T, c *capture.Capture, s *shop) window {
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
	c := newCapture(t, b, s)
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
	sweep(t, newCapture(t, b, s), s)
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
	w := sweep(t, newCapture(t, b, s), s)
	if w.to.Before(before.Add(-settled)) || w.to.After(time.Now().Add(-settled)) {
		t.Errorf("to %s, and rows may still be written in the last %s", w.to, settled)
	}
	if got := w.to.Sub(w.from); got != 10*time.Minute {
		t.Errorf("a window of %s", got)
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
