package capture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/telemetry"
)

// read reads some records of one entity and publishes those that changed.
func (c *Capture) read(ctx context.Context, reader Reader, keys []events.Key, notice func(events.Key) *bus.Delivery) map[events.Key]error {
	entity := reader.Entity()
	last, results := c.previous(ctx, entity, keys) // before the read begins
	asked := make([]events.Key, 0, len(last))
	for _, key := range keys {
		if _, ok := last[key]; ok {
			asked = append(asked, key)
		}
	}
	if len(asked) == 0 {
		return results
	}
	readAt := time.Now().UTC()
	found, err := reader.Read(ctx, asked)
	if !errors.Is(err, bus.ErrPaused) { // else nothing was asked
		c.looked(events.Reading{Entity: entity, Way: events.WayNotices, Rows: len(found.Records), Newest: newestOf(found.Records)}, err)
	}
	for _, key := range asked {
		results[key] = err
		if err == nil {
			results[key] = errNotFound
		}
	}
	if err != nil {
		return results
	}
	times := map[events.Key]int{}
	for _, r := range found.Records {
		times[r.Key]++
	}
	for _, r := range found.Records {
		p, wanted := last[r.Key]
		switch {
		case !wanted:
		case times[r.Key] > 1:
			results[r.Key] = c.ambiguous(record{entity, r.Key}, times[r.Key])
		default:
			results[r.Key] = c.publish(ctx, entity, r, readAt, p, notice(r.Key))
		}
	}
	for _, key := range found.Foreign {
		if errors.Is(results[key], errNotFound) {
			results[key] = errForeign
		}
	}
	for key, err := range found.Failed {
		results[key] = err
	}
	return results
}

// newestOf is the time of the newest of some records, zero for none.
func newestOf(records []Record) (t time.Time) {
	for _, r := range records {
		if r.ModifiedAt.After(t) {
			t = r.ModifiedAt
		}
	}
	return t
}

// previous is the newest change of a key, as CHANGES has it.
type previous struct {
	sequence uint64
	id       string
	hash     string
	record   json.RawMessage
}

// lastAtOnce bounds the last changes that are fetched at once: nats.go's
// JetStream asks for one subject at a time.
const lastAtOnce = 16

// previous fetches the newest changes of some keys; a key that had none has a
// zero previous. Each key is in one of the two results.
func (c *Capture) previous(ctx context.Context, entity events.Entity, keys []events.Key) (last map[events.Key]previous, failed map[events.Key]error) {
	last, failed = make(map[events.Key]previous, len(keys)), make(map[events.Key]error, len(keys))
	var mu sync.Mutex
	var g errgroup.Group
	g.SetLimit(lastAtOnce)
	for _, key := range keys {
		g.Go(func() error {
			p, err := c.lastChange(ctx, record{entity, key})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed[key] = err
			} else {
				last[key] = p
			}
			return nil
		})
	}
	_ = g.Wait() // each key has its own result
	return last, failed
}

func (c *Capture) lastChange(ctx context.Context, r record) (previous, error) {
	stored, ok, err := c.stream.Last(ctx, bus.Changes, c.subject(r).String())
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

func (c *Capture) subject(r record) events.Subject {
	return events.ChangeSubject(c.cfg.Pair, c.cfg.System, r.entity, r.key)
}

// publish publishes a record if it differs from the key's last change, or is
// asked for anew.
func (c *Capture) publish(ctx context.Context, entity events.Entity, r Record, readAt time.Time, last previous, notice *bus.Delivery) error {
	if time.Since(notice.First) < r.Hold {
		return &heldError{r.Hold, r.Because}
	}
	clean, related, scrubbed := r.clean()
	if len(scrubbed) > 0 {
		c.log.InfoContext(ctx, "card data was removed from a record", "entity", string(entity), "key", string(r.Key), "fields", scrubbed)
	}
	hash := hashOf(clean, related)
	if hash == last.hash && !anew(notice) {
		return c.end(ctx, notice, events.Unchanged, "the "+string(entity)+" reads as before")
	}
	subject := c.subject(record{entity, r.Key})
	id := changeID(subject, hash, last)
	if err := c.noticeAlso(ctx, r, id, notice); err != nil {
		return err
	}
	_, err := c.stream.Publish(telemetry.Extract(ctx, notice.Event), bus.Message{
		Subject: subject, Type: events.TypeName(c.cfg.System, entity, "changed"),
		ID:   id,
		Data: events.Change{ReadAt: readAt, Hash: hash, Record: clean, Related: related},
		Time: readAt, Cause: &notice.Event, ExpectLast: &last.sequence,
	})
	if err == nil {
		c.metrics.Event(string(events.WordChange), string(c.cfg.Role), "published")
	}
	return err
}

// noticeAlso has the records read again that depend on this one. It is sent
// before the change, whose being stored is what keeps it from being sent again.
func (c *Capture) noticeAlso(ctx context.Context, r Record, change string, cause *bus.Delivery) error {
	for _, also := range r.Also {
		subject := events.NoticeSubject(c.cfg.Pair, c.cfg.System, also.Entity, also.Key)
		_, err := c.stream.Publish(telemetry.Extract(ctx, cause.Event), bus.Message{
			Subject: subject, Type: events.TypeName(c.cfg.System, also.Entity, "noticed"),
			ID:    fmt.Sprintf("edited:%s:%s.%s", change, also.Entity, also.Key.Token()),
			Data:  events.Notice{Event: also.Event, Via: "capture", At: time.Now().UTC(), StoreID: r.StoreID},
			Cause: &cause.Event,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
