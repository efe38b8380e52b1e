package capture

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/breaker"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
)

// ledger is a system whose list has keys and stamps only, in pages.
type ledger struct {
	rows  []Row
	size  int // of a page
	sweep Sweep
	lists int
}

func (l *ledger) Entity() events.Entity { return events.Customer }

func (l *ledger) Read(context.Context, []events.Key) (Found, error) { return Found{}, nil }

func (l *ledger) Sweeps() []Sweep {
	w := l.sweep
	w.Way, w.List = cmp.Or(w.Way, events.WaySweep), l.list
	return []Sweep{w}
}

// list pages by stamp and key, as readers do.
func (l *ledger) list(_ context.Context, w Window, after string) (Page, error) {
	l.lists++
	place := func(r Row) string { return r.ModifiedAt.Format("2006-01-02T15:04:05.000000000") + " " + string(r.Key) }
	rows := slices.Clone(l.rows)
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(place(a), place(b)) })
	rows = slices.DeleteFunc(rows, func(r Row) bool {
		outside := w != (Window{}) && (r.ModifiedAt.Before(w.From) || r.ModifiedAt.After(w.To))
		return outside || place(r) <= after
	})
	if len(rows) <= l.size {
		return Page{Rows: rows}, nil
	}
	return Page{Rows: rows[:l.size], Next: place(rows[l.size-1])}, nil
}

// touch stamps a record.
func (l *ledger) touch(key string, at time.Time) {
	l.rows = slices.DeleteFunc(l.rows, func(r Row) bool { return r.Key == events.Key(key) })
	l.rows = append(l.rows, Row{Key: events.Key(key), ModifiedAt: at})
}

// wire is a stream in memory that may fail.
type wire struct {
	left int // messages that it takes; negative for all
	ids  map[string]bool
	sent []events.Key
}

func (w *wire) Last(context.Context, string, string) (bus.Stored, bool, error) {
	return bus.Stored{}, false, nil
}

func (w *wire) Publish(_ context.Context, m bus.Message) (bus.Ack, error) {
	if w.left == 0 {
		return bus.Ack{}, bus.ErrFull
	}
	w.left--
	if w.ids[m.ID] {
		return bus.Ack{Duplicate: true}, nil
	}
	w.ids[m.ID] = true
	w.sent = append(w.sent, m.Subject.Key)
	return bus.Ack{}, nil
}

var open = breaker.New("ledger", breaker.Config{})

// Property: whatever fails or dies between a page and the cursor, each stamp of
// each record that the list showed is noticed, and none twice.
func TestASweepMissesNothingThatIsListed(t *testing.T) {
	b := bustest.Start(t)
	kv := cursors(t, b)
	var run atomic.Int64
	rapid.Check(t, func(t *rapid.T) {
		l := &ledger{
			size:  rapid.IntRange(1, 70).Draw(t, "page"),
			sweep: Sweep{Cursor: true, First: time.Hour, Overlap: rapid.SampledFrom([]time.Duration{0, time.Hour}).Draw(t, "overlap")},
		}
		w := &wire{ids: map[string]bool{}}
		cfg := config()
		cfg.Pair = "p" + strconv.FormatInt(run.Add(1), 10)
		process := func() *Capture { return New(cfg, w, kv, open, nil, l) }
		c := process()
		changed := map[events.Key]int{} // how often each key was given a new stamp
		look := func(takes int) {
			w.left = takes
			if _, err := c.Sweep(context.Background(), events.Customer, events.WaySweep); err != nil && !errors.Is(err, bus.ErrFull) {
				t.Fatal(err)
			}
		}
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			at := time.Now().UTC() // one stamp for all that is touched at once
			for range rapid.SampledFrom([]int{0, 1, 20, 300}).Draw(t, "touched") {
				key := fmt.Sprint("C", rapid.IntRange(0, 400).Draw(t, "key"))
				i := slices.IndexFunc(l.rows, func(r Row) bool { return r.Key == events.Key(key) })
				if i < 0 || !l.rows[i].ModifiedAt.Equal(at) {
					changed[events.Key(key)]++
				}
				l.touch(key, at)
			}
			if rapid.Bool().Draw(t, "killed") {
				c = process()
			}
			look(rapid.SampledFrom([]int{-1, 0, 1, 50, 299}).Draw(t, "takes"))
			if w.left == 0 { // all is seen before the next change, in the end
				look(-1)
			}
		}
		look(-1)
		noticed := map[events.Key]int{}
		for _, key := range w.sent {
			noticed[key]++
		}
		for key, n := range changed {
			if noticed[key] != n {
				t.Fatalf("%s had %d stamps and was noticed %d times", key, n, noticed[key])
			}
		}
	})
}

func TestARowWithoutARecordIsNoticedOncePerStamp(t *testing.T) {
	l := &ledger{size: 10, sweep: Sweep{Cursor: true, Overlap: time.Hour}}
	w := &wire{left: -1, ids: map[string]bool{}}
	c := New(config(), w, cursors(t, bustest.Start(t)), open, nil, l)
	look := func() {
		t.Helper()
		clear(w.ids) // the stream has forgotten what it had
		if _, err := c.Sweep(t.Context(), events.Customer, events.WaySweep); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now().UTC()
	l.touch("A", now.Add(-30*time.Minute))
	look()
	look()
	if !slices.Equal(w.sent, []events.Key{"A"}) {
		t.Errorf("noticed %v", w.sent)
	}
	l.touch("A", now.Add(-29*time.Minute))
	look()
	if len(w.sent) != 2 {
		t.Errorf("another stamp is news: %v", w.sent)
	}
	l.touch("B", time.Time{}) // outside of every window
	look()
	if len(w.sent) != 2 || len(c.sweeps[0].noticed) != 1 {
		t.Errorf("noticed %v, and %d are remembered", w.sent, len(c.sweeps[0].noticed))
	}
	c.sweeps[0].forget(now.Add(time.Hour))
	if len(c.sweeps[0].noticed) != 0 {
		t.Error("what no look will see again is remembered")
	}
}

func TestASweepWithoutACursorListsAllAtEachLook(t *testing.T) {
	b := bustest.Start(t)
	l := &ledger{size: 1, sweep: Sweep{Way: "full"}}
	l.touch("A", time.Time{})
	l.touch("B", time.Now().Add(-1000*time.Hour))
	w := &wire{left: -1, ids: map[string]bool{}}
	c := New(config(), w, cursors(t, b), open, nil, l)
	for range 2 {
		if read, err := c.Sweep(t.Context(), events.Customer, "full"); err != nil || read.Rows != 2 || read.Way != "full" {
			t.Fatalf("got %+v, %v", read, err)
		}
	}
	if !slices.Equal(w.sent, []events.Key{"A", "B", "A", "B"}) {
		t.Errorf("noticed %v", w.sent)
	}
	if _, err := c.Sweep(t.Context(), events.Customer, "open"); err == nil {
		t.Error("there is no such sweep")
	}
}

func TestEachWayAndEntityHasACursorOfItsOwn(t *testing.T) {
	b := bustest.Start(t)
	l := &ledger{size: 1, sweep: Sweep{Way: "open", Cursor: true}}
	c := New(config(), &wire{left: -1}, cursors(t, b), open, nil, l)
	if _, err := c.Sweep(t.Context(), events.Customer, "open"); err != nil {
		t.Fatal(err)
	}
	if _, err := cursors(t, b).Get(t.Context(), "main.magento.customer.open"); err != nil {
		t.Error(err)
	}
}

func TestTheFirstLookGoesBackAsFarAsItIsTold(t *testing.T) {
	l := &ledger{size: 1, sweep: Sweep{Cursor: true, Overlap: time.Minute, First: 48 * time.Hour}}
	w := &wire{left: -1, ids: map[string]bool{}}
	l.touch("A", time.Now().Add(-47*time.Hour))
	l.touch("B", time.Now().Add(-49*time.Hour))
	c := New(config(), w, cursors(t, bustest.Start(t)), open, nil, l)
	for range 2 {
		if _, err := c.Sweep(t.Context(), events.Customer, events.WaySweep); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(w.sent, []events.Key{"A"}) {
		t.Errorf("noticed %v", w.sent)
	}
}

func TestASweepWaitsWhileTooManyNoticesDo(t *testing.T) {
	l := &ledger{size: 1}
	l.touch("A", time.Time{})
	w := &wire{left: -1, ids: map[string]bool{}}
	cfg := config()
	asked, lists := 0, -1
	cfg.Waiting = func(context.Context) (uint64, error) {
		if asked++; asked == 1 {
			return MostWaiting + 1, nil
		}
		lists = l.lists
		return MostWaiting, nil
	}
	c := New(cfg, w, cursors(t, bustest.Start(t)), open, nil, l)
	if _, err := c.Sweep(t.Context(), events.Customer, events.WaySweep); err != nil || lists != 0 || len(w.sent) != 1 {
		t.Errorf("got %v after %d pages; noticed %v", err, lists, w.sent)
	}
	c.cfg.Waiting = func(context.Context) (uint64, error) { return MostWaiting + 1, nil }
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Sweep(ctx, events.Customer, events.WaySweep); !errors.Is(err, context.Canceled) || l.lists != 1 {
		t.Errorf("got %v after %d pages", err, l.lists)
	}
}

func TestAPageThatIsFollowedByItselfEndsTheLook(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	s.pages = []Page{{Next: "1"}, {Next: "1"}, {}}
	if _, err := newCapture(t, b, s).Sweep(t.Context(), events.Order, events.WaySweep); err == nil {
		t.Error("the look went on for ever, or ended as if all was read")
	}
}
