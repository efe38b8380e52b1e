package capture

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
)

// sweep is a Sweep that a capture runs.
type sweep struct {
	Sweep

	entity events.Entity
	log    *slog.Logger

	mu sync.Mutex // held by the one look that runs
	// noticed are the stamps with which rows without a record were last noticed,
	// as far back as the next look will see them again.
	noticed map[events.Key]time.Time
}

func newSweep(entity events.Entity, way Sweep, log *slog.Logger) *sweep {
	return &sweep{
		Sweep: way, entity: entity, log: log.With("entity", string(entity), "way", way.Way),
		noticed: map[events.Key]time.Time{},
	}
}

// sweepAgain is when a sweep that failed is tried again, where sweeps are rarer.
const sweepAgain = 15 * time.Second

// RunSweeps runs every sweep of every reader, each by itself, until ctx ends.
// Several replicas may run at once: they read more than is needed and send the
// same notices.
func (c *Capture) RunSweeps(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, s := range c.sweeps {
		wg.Go(func() { c.run(ctx, s) })
	}
	wg.Wait()
	<-ctx.Done() // a capture without sweeps is no role that ended
	return nil
}

// run looks every so often until ctx ends.
func (c *Capture) run(ctx context.Context, s *sweep) {
	for {
		began := time.Now()
		read, err := c.look(ctx, s)
		if ctx.Err() != nil {
			return
		}
		due := began.Add(s.Every)
		if err != nil {
			s.log.Warn("the sweep did not finish; the next one begins at the same place", "error", err)
			due = began.Add(min(s.Every, sweepAgain))
		}
		read.Due = due.UTC()
		c.looked(read, err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(due)):
		}
	}
}

// Sweep makes one look of the sweep of that entity and name now, and tells what
// it read.
func (c *Capture) Sweep(ctx context.Context, entity events.Entity, way string) (events.Reading, error) {
	i := slices.IndexFunc(c.sweeps, func(s *sweep) bool { return s.entity == entity && s.Way == way })
	if i < 0 {
		return events.Reading{}, fmt.Errorf("no sweep %s looks for %s of %s", way, several(entity), c.systemName())
	}
	return c.look(ctx, c.sweeps[i])
}

// look reads one window. Its cursor moves only when every notice of the window
// was acknowledged, so what fails in between is looked at again.
func (c *Capture) look(ctx context.Context, s *sweep) (events.Reading, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	read := events.Reading{Entity: s.entity, Way: s.Way}
	if err := c.gate.Wait(ctx); err != nil {
		return read, err
	}
	began := time.Now().UTC()
	w, revision, err := c.window(ctx, s, began)
	if err != nil {
		return read, err
	}
	noticed := 0
	for after := ""; ; {
		if err := c.room(ctx); err != nil {
			return read, err
		}
		page, err := s.List(ctx, w, after)
		if err != nil {
			return read, fmt.Errorf("read %s: %w", w.of(s.entity), err)
		}
		read.Rows += len(page.Rows)
		for _, row := range page.Rows {
			if row.ModifiedAt.After(read.Newest) {
				read.Newest = row.ModifiedAt
			}
		}
		sent, err := c.noticeRows(ctx, s, page.Rows, began)
		if err != nil {
			return read, err
		}
		noticed += sent
		if page.Next == "" {
			break
		}
		if page.Next == after {
			return read, fmt.Errorf("read %s: a page is followed by itself (%s)", w.of(s.entity), after)
		}
		after = page.Next
	}
	c.metrics.Heartbeat(c.cfg.Pair, string(c.cfg.System), time.Now())
	s.found(noticed, read.Rows, c.cfg.System)
	if !s.Cursor {
		return read, nil
	}
	s.forget(w.To)
	return read, c.moveCursor(ctx, s.cursorKey(c.cfg), cursor{To: w.To}, revision)
}

// found tells of records that nobody told of. GP never tells, so there it is no
// news.
func (s *sweep) found(noticed, rows int, system events.System) {
	switch {
	case noticed == 0:
	case system == events.Magento:
		s.log.Info("the sweep found "+several(s.entity)+" that no webhook told", "noticed", noticed, "read", rows)
	default:
		s.log.Debug("the sweep found "+several(s.entity), "noticed", noticed, "read", rows)
	}
}

// window is what a look that begins now has to read.
func (c *Capture) window(ctx context.Context, s *sweep, now time.Time) (w Window, revision uint64, err error) {
	if !s.Cursor {
		return Window{}, 0, nil
	}
	at, revision, err := readCursor(ctx, c.cursors, s.cursorKey(c.cfg))
	if err != nil {
		return Window{}, 0, err
	}
	to := now.Add(-s.Settled)
	switch {
	case at.To.IsZero(): // the first look: older records were dealt with before Magpie came
		return Window{From: to.Add(-max(s.First, s.Overlap)), To: to}, revision, nil
	case at.To.After(to): // a clock was ahead
		at.To = to
	}
	return Window{From: at.To.Add(-s.Overlap), To: to}, revision, nil
}

// of says in texts what the window holds.
func (w Window) of(entity events.Entity) string {
	if w == (Window{}) {
		return "all " + several(entity)
	}
	return fmt.Sprintf("%s updated from %s to %s", several(entity), w.From.Format(time.DateTime), w.To.Format(time.DateTime))
}

// MostWaiting is how many notices may wait for a capture before its sweeps do.
const MostWaiting = 5000

// roomAgain is when a sweep that waits for room looks again.
const roomAgain = 500 * time.Millisecond

// room waits while too many notices wait for this capture: a sweep that lists
// faster than records are read would only fill the stream.
func (c *Capture) room(ctx context.Context) error {
	for c.cfg.Waiting != nil {
		n, err := c.cfg.Waiting(ctx)
		if err != nil {
			return fmt.Errorf("ask how many notices wait: %w", err)
		}
		if n <= MostWaiting {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(roomAgain):
		}
	}
	return nil
}

// noticeRows sends a notice for each row of a page that may be news, and tells
// how many it sent for records that can be read.
func (c *Capture) noticeRows(ctx context.Context, s *sweep, rows []Row, began time.Time) (sent int, err error) {
	var compared []events.Key
	for _, row := range rows {
		if row.Record != nil {
			compared = append(compared, row.Key)
		}
	}
	last, failed := c.previous(ctx, s.entity, compared)
	for _, row := range rows {
		if err := failed[row.Key]; err != nil {
			return sent, err
		}
		id := s.noticeID(c.subject(record{s.entity, row.Key}), row, last[row.Key], began)
		if id == "" {
			continue
		}
		key := row.Key
		if key == "" {
			key = events.InternalID(row.ID)
		} else {
			sent++
		}
		if err := c.noticeRow(ctx, s.entity, key, row.StoreID, id); err != nil {
			return sent, err
		}
		if s.Cursor && row.Record == nil && key == row.Key {
			s.noticed[key] = row.ModifiedAt
		}
	}
	return sent, nil
}

func (c *Capture) noticeRow(ctx context.Context, entity events.Entity, key events.Key, storeID int64, id string) error {
	_, err := c.stream.Publish(ctx, bus.Message{
		Subject: events.NoticeSubject(c.cfg.Pair, c.cfg.System, entity, key),
		Type:    events.TypeName(c.cfg.System, entity, "noticed"),
		ID:      "sweep:" + id,
		Data:    events.Notice{Via: events.WaySweep, At: time.Now().UTC(), StoreID: storeID},
	})
	return err
}
