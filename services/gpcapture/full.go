package gpcapture

import (
	"context"
	"hash/fnv"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/capture"
)

// full is the slow pass over all records of an entity, for what stamps nothing.
// Each record has its own moment within the time that a pass takes, by its key,
// so each look reads an even share, and the cursor says how far the pass has come.
// The first look reads all.
type full struct {
	entity events.Entity
	// every is the time of a pass, look the time between two of its looks.
	every, look time.Duration
	reader      reader
	read        readOne
	// list gives all keys that GP has; known, if set, those that were there when
	// this process began.
	list, known func(context.Context) ([]events.Key, error)
	// complete, if set, tells whether every record was read once since the pass was
	// first made; until then a look reads all. Completed is told when it was.
	complete  func(context.Context) (bool, error)
	completed func(context.Context) error

	mu     sync.Mutex
	keys   []events.Key // all, in order; as they were at listed
	listed time.Time
	gone   []events.Key // those that the list before had
	whole  bool         // whether the look under way reads all

	learning sync.Mutex
	learned  []events.Key // keys that were read since the last look
}

const (
	// passLooks is how many looks a pass is made of.
	passLooks = 360
	// fullPage is how many records a page of a pass has.
	fullPage = 100
)

func (f *full) sweep() capture.Sweep {
	return capture.Sweep{
		Way: "full", Cursor: true, First: f.every, Every: max(f.look, f.every/passLooks), List: f.page,
	}
}

// page reads the next records whose moment lies in the window.
func (f *full) page(ctx context.Context, w capture.Window, after string) (capture.Page, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var page capture.Page
	if after == "" {
		if err := f.begin(ctx, w); err != nil {
			return page, err
		}
		for _, key := range f.gone {
			tombstone, captured, err := f.reader.past.gone(ctx, f.entity, key)
			if err != nil {
				return page, err
			}
			if captured {
				page.Rows = append(page.Rows, capture.Row{Key: key, Record: tombstone.JSON})
			}
		}
	}
	start, found := slices.BinarySearch(f.keys, events.Key(after))
	if found {
		start++
	}
	var due []events.Key
	for _, key := range f.keys[start:] {
		if !f.whole && !f.due(key, w) {
			continue
		}
		if due = append(due, key); len(due) == fullPage {
			page.Next = string(key)
			break
		}
	}
	rows, err := f.rows(ctx, due)
	if err != nil {
		return page, err
	}
	page.Rows = append(page.Rows, rows...)
	if page.Next == "" && f.whole && f.completed != nil {
		return page, f.completed(ctx)
	}
	return page, nil
}

// learn adds a record to the pass that was read otherwise: it may be newer than
// the list.
func (f *full) learn(key events.Key) {
	f.learning.Lock()
	defer f.learning.Unlock()
	f.learned = append(f.learned, key)
}

// merge brings what was learned into the list.
func (f *full) merge() {
	f.learning.Lock()
	learned := f.learned
	f.learned = nil
	f.learning.Unlock()
	if len(learned) == 0 {
		return
	}
	f.keys = slices.Concat(f.keys, learned)
	slices.Sort(f.keys)
	f.keys = slices.Compact(f.keys)
}

// begin decides what a look reads, and lists the keys where the list is as old as
// a pass.
func (f *full) begin(ctx context.Context, w capture.Window) error {
	f.merge()
	f.whole = w.To.Sub(w.From) >= f.every
	if !f.whole && f.complete != nil {
		done, err := f.complete(ctx)
		if err != nil {
			return err
		}
		f.whole = !done
	}
	if !f.whole && time.Since(f.listed) < f.every {
		return nil
	}
	if f.listed.IsZero() && f.known != nil {
		known, err := f.known(ctx)
		if err != nil {
			return err
		}
		f.keys = append(f.keys, known...)
	}
	keys, err := f.list(ctx)
	if err != nil {
		return err
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	f.gone = slices.DeleteFunc(slices.Concat(f.gone, f.keys), func(key events.Key) bool {
		_, still := slices.BinarySearch(keys, key)
		return still
	})
	slices.Sort(f.gone)
	f.gone = slices.Compact(f.gone)
	f.keys, f.listed = keys, time.Now()
	return nil
}

// due tells whether a key's moment lies in a window, without its beginning.
func (f *full) due(key events.Key, w capture.Window) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	moment := time.Duration(float64(h.Sum32()) / (1 << 32) * float64(f.every))
	pass := func(t time.Time) int64 { return (t.UnixNano() - int64(moment)) / int64(f.every) }
	return pass(w.To) > pass(w.From)
}

// rows reads some records. One that can't be read is a row all the same: its
// notice will say why.
func (f *full) rows(ctx context.Context, keys []events.Key) ([]capture.Row, error) {
	rows := make([]capture.Row, len(keys))
	var g errgroup.Group
	g.SetLimit(cap(f.reader.calls.room))
	for i, key := range keys {
		g.Go(func() error {
			record, ok, err := f.read(ctx, key)
			switch {
			case aboutAll(err):
				return err
			case err != nil:
				slog.WarnContext(ctx, "a record of GP can't be read", "entity", string(f.entity), "key", string(key), "error", err)
				rows[i] = capture.Row{Key: key}
			case ok:
				rows[i] = capture.Row{Key: key, ModifiedAt: record.ModifiedAt, Record: record.JSON}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	// What GP doesn't have any more, and was never captured, has no row.
	return slices.DeleteFunc(rows, func(r capture.Row) bool { return r.Key == "" }), nil
}
