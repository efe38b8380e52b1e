package magentocapture

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/magento"
)

// cursor is how far the sweep has come; bucket cursors keeps it per pair.
type cursor struct {
	// To is the end of the last window that was read to its end, in UTC.
	To time.Time `json:"to"`
}

// settled is how long ago a row's time stamp must be before its window may be
// closed over it: updated_at has whole seconds, and a row can still be written
// in the second that is being read.
const settled = 2 * time.Second

// sweepAgain is when a sweep that failed is tried again, where sweeps are rarer.
const sweepAgain = 15 * time.Second

// Sweep reads the orders that were updated since the last sweep, every so
// often until ctx ends, and sends a notice for each that reads otherwise than
// its last change. An overlap covers transactions that became visible late with
// an earlier time (MySQL stamps a row when it is written, not when it commits).
//
// The first sweep of a pair begins at its overlap before now: older orders
// were dealt with before Magpie came.
func (c *Capture) Sweep(ctx context.Context) error {
	for {
		began := time.Now()
		read, err := c.sweepOnce(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // told to stop
		}
		due := began.Add(c.cfg.Every)
		if err != nil {
			c.log.Warn("the sweep did not finish; the next one begins at the same place", "error", err)
			due = began.Add(min(c.cfg.Every, sweepAgain))
		}
		read.Way, read.Due = events.WaySweep, due.UTC()
		c.looked(read, err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Until(due)):
		}
	}
}

// sweepOnce reads one window. Its cursor moves only when every notice of the
// window was acknowledged. It tells how many orders were read, and the newest.
func (c *Capture) sweepOnce(ctx context.Context) (read events.Reading, err error) {
	if err := c.breaker.Wait(ctx); err != nil {
		return read, err
	}
	at, revision, err := c.cursor(ctx)
	if err != nil {
		return read, err
	}
	to := time.Now().UTC().Add(-settled)
	if at.To.IsZero() || at.To.After(to) { // the first sweep, or a clock was ahead
		at.To = to
	}
	from := at.To.Add(-c.cfg.Overlap)
	noticed := 0
	for after := (magento.Cursor{}); ; {
		var page magento.Page
		err := c.breaker.Do(ctx, "sweep", func(ctx context.Context) (err error) {
			page, err = c.store.OrdersUpdated(ctx, from, to, after, searchSize)
			return err
		})
		if err != nil {
			return read, fmt.Errorf("read orders updated from %s to %s: %w", from.Format(time.DateTime), to.Format(time.DateTime), err)
		}
		read.Rows, read.Newest = read.Rows+len(page.Orders), newestOf(read.Newest, page.Orders)
		for _, order := range page.Orders {
			sent, err := c.noticeChanged(ctx, order)
			if err != nil {
				return read, err
			}
			if sent {
				noticed++
			}
		}
		for _, broken := range page.Broken { // the capture will say what is wrong with it
			if err := c.noticeBroken(ctx, broken); err != nil {
				return read, err
			}
		}
		if !page.More {
			break
		}
		after = page.Next
	}
	c.metrics.Heartbeat(c.cfg.Pair, string(events.Magento), time.Now())
	if noticed > 0 {
		c.log.Info("the sweep found orders that no webhook told", "orders", noticed, "read", read.Rows)
	}
	return read, c.moveCursor(ctx, cursor{To: to}, revision)
}

// noticeChanged sends a notice for an order that reads otherwise than its last
// change. The notice's id is of the content, so repeated sweeps send one.
func (c *Capture) noticeChanged(ctx context.Context, order magento.Order) (sent bool, err error) {
	key := orderKey(order)
	last, err := c.previous(ctx, key)
	if err != nil {
		return false, err
	}
	// The record alone: a change of the orders that an edited one replaces is
	// noticed with theirs (noticeChild).
	record, _ := content(order)
	hash := hashOf(record, nil)
	if hash == last.hash || bytes.Equal(record, last.record) {
		return false, nil
	}
	_, err = c.stream.Publish(ctx, bus.Message{
		Subject: events.NoticeSubject(c.cfg.Pair, events.Magento, events.Order, key),
		Type:    events.TypeName(events.Magento, events.Order, "noticed"),
		ID:      "sweep:" + changeID(c.subject(key), hash, last),
		Data:    events.Notice{Via: "sweep", At: time.Now().UTC(), StoreID: order.StoreID},
	})
	return err == nil, err
}

// noticeBroken sends a notice for an order that Magento can't load in a list.
func (c *Capture) noticeBroken(ctx context.Context, broken magento.Broken) error {
	key := events.InternalID(broken.EntityID)
	_, err := c.stream.Publish(ctx, bus.Message{
		Subject: events.NoticeSubject(c.cfg.Pair, events.Magento, events.Order, key),
		Type:    events.TypeName(events.Magento, events.Order, "noticed"),
		ID:      "sweep:broken:" + c.cfg.Pair + ":" + string(key),
		Data:    events.Notice{Via: "sweep", At: time.Now().UTC()},
	})
	return err
}

// SweptTo tells how far the sweep of a pair has come; zero when none has ended
// yet. Cursors is the KV bucket of that name.
func SweptTo(ctx context.Context, cursors jetstream.KeyValue, pair string) (time.Time, error) {
	at, _, err := readCursor(ctx, cursors, cursorKey(pair))
	return at.To, err
}

func cursorKey(pair string) string { return pair + ".magento.order" }

func (c *Capture) cursorKey() string { return cursorKey(c.cfg.Pair) }

func (c *Capture) cursor(ctx context.Context) (at cursor, revision uint64, err error) {
	return readCursor(ctx, c.cursors, c.cursorKey())
}

func readCursor(ctx context.Context, cursors jetstream.KeyValue, key string) (at cursor, revision uint64, err error) {
	entry, err := cursors.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return cursor{}, 0, nil
	}
	if err != nil {
		return cursor{}, 0, fmt.Errorf("read the sweep's cursor: %w", err)
	}
	if err := json.Unmarshal(entry.Value(), &at); err != nil {
		return cursor{}, 0, fmt.Errorf("read the sweep's cursor: %w", err)
	}
	return at, entry.Revision(), nil
}

// moveCursor moves the cursor forward; another replica that was faster wins.
func (c *Capture) moveCursor(ctx context.Context, to cursor, revision uint64) error {
	data, err := json.Marshal(to)
	if err != nil {
		return err
	}
	if revision == 0 { // there is none, or somebody deleted it
		_, err = c.cursors.Create(ctx, c.cursorKey(), data)
	} else {
		_, err = c.cursors.Update(ctx, c.cursorKey(), data, revision)
	}
	if err != nil && !errors.Is(err, jetstream.ErrKeyExists) {
		return fmt.Errorf("move the sweep's cursor: %w", err)
	}
	return nil
}
