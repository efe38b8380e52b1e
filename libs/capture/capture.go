package capture

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/telemetry"
)

// Stream is what a capture needs of the bus.
type Stream interface {
	Publish(ctx context.Context, m bus.Message) (bus.Ack, error)
	Last(ctx context.Context, stream, subject string) (bus.Stored, bool, error)
}

// Config of the capture of one pair and system.
type Config struct {
	Pair   string
	System events.System
	// Role is the capture's own, in logs and metrics.
	Role events.Role
	// NotFoundWait is how long a record may stay unfound after its notice.
	NotFoundWait time.Duration
	// Parallel bounds the reads under way at once, of [ReadSize] keys each.
	Parallel int
	// Looked, when set, is told of every look at the system, for the heartbeat.
	Looked func(events.Reading)
	// Waiting, when set, tells how many notices wait for this capture. A sweep
	// reads no further page while they are more than MostWaiting.
	Waiting func(context.Context) (uint64, error)
}

// Capture reads the records of one pair and system.
type Capture struct {
	cfg     Config
	readers map[events.Entity]Reader
	sweeps  []*sweep
	stream  Stream
	cursors jetstream.KeyValue
	gate    bus.Gate
	metrics *telemetry.Metrics
	log     *slog.Logger
}

// New makes a capture of some readers, one for an entity. Cursors is the KV
// bucket of that name; the gate is the breaker that the readers call behind.
func New(cfg Config, stream Stream, cursors jetstream.KeyValue, gate bus.Gate, m *telemetry.Metrics, readers ...Reader) *Capture {
	c := &Capture{
		cfg: cfg, readers: map[events.Entity]Reader{}, stream: stream, cursors: cursors, gate: gate, metrics: m,
		log: slog.Default().With("role", string(cfg.Role), "pair", cfg.Pair),
	}
	for _, r := range readers {
		c.readers[r.Entity()] = r
		if s, ok := r.(Sweeper); ok {
			for _, way := range s.Sweeps() {
				c.sweeps = append(c.sweeps, newSweep(r.Entity(), way, c.log))
			}
		}
	}
	return c
}

// looked tells the heartbeat of a look at the system that read some records, or
// failed.
func (c *Capture) looked(r events.Reading, err error) {
	if c.cfg.Looked == nil {
		return
	}
	r.Pair, r.System = c.cfg.Pair, c.cfg.System
	if err != nil {
		r.Problem = err.Error()
	} else {
		r.At = time.Now().UTC()
	}
	c.cfg.Looked(r)
}

// BatchSize is how many waiting notices are taken together; ReadSize how many
// keys a reader is given at once.
const (
	BatchSize = 200
	ReadSize  = 50
)

// record names a record of the capture's system.
type record struct {
	entity events.Entity
	key    events.Key
}

// Handle is the bus.BatchHandler of the notices of all entities of the pair's
// system.
func (c *Capture) Handle(ctx context.Context, batch []*bus.Delivery) []error {
	results := make([]error, len(batch))
	notices := map[record][]int{}        // by their record, in their order
	keys := map[events.Entity]keysToDo{} // each once
	for i, d := range batch {
		r := record{d.Subject.Entity, d.Subject.Key}
		if reason := c.cannot(r); reason != "" {
			results[i] = c.end(ctx, d, events.Skipped, reason)
			continue
		}
		if notices[r] == nil {
			keys[r.entity] = keys[r.entity].with(r.key)
		}
		notices[r] = append(notices[r], i)
	}
	var g errgroup.Group
	g.SetLimit(max(c.cfg.Parallel, 1))
	for entity, todo := range keys {
		// Each key's newest notice stands for all of them, or the one by which a
		// person replays.
		newest := func(key events.Key) *bus.Delivery {
			all := notices[record{entity, key}]
			for _, i := range slices.Backward(all) {
				if anew(batch[i]) {
					return batch[i]
				}
			}
			return batch[all[len(all)-1]]
		}
		work := func(keys []events.Key, do func(context.Context, Reader, []events.Key, func(events.Key) *bus.Delivery) map[events.Key]error) func() error {
			return func() error {
				for key, err := range do(ctx, c.readers[entity], keys, newest) {
					for _, i := range notices[record{entity, key}] {
						results[i] = c.verdict(ctx, batch[i], err)
					}
				}
				return nil // each key has its own result
			}
		}
		for some := range slices.Chunk(todo.business, ReadSize) {
			g.Go(work(some, c.read))
		}
		for some := range slices.Chunk(todo.internal, ReadSize) {
			g.Go(work(some, c.resolve))
		}
	}
	_ = g.Wait()
	return results
}

// keysToDo are keys that can be read, and internal numbers to be resolved.
type keysToDo struct{ business, internal []events.Key }

func (k keysToDo) with(key events.Key) keysToDo {
	if _, internal := key.InternalID(); internal {
		k.internal = append(k.internal, key)
	} else {
		k.business = append(k.business, key)
	}
	return k
}

// cannot says why a record can't be captured at all, if it can't.
func (c *Capture) cannot(r record) string {
	reader, ok := c.readers[r.entity]
	if !ok {
		return "nothing captures the entity " + string(r.entity) + " of " + c.systemName() + " yet"
	}
	if _, internal := r.key.InternalID(); internal {
		if _, ok := reader.(Resolver); !ok {
			return "nothing finds the entity " + string(r.entity) + " of " + c.systemName() + " by its internal number"
		}
	}
	return ""
}

func (c *Capture) systemName() string {
	if c.cfg.System == events.GP {
		return "GP"
	}
	return "Magento"
}

// errNotFound and errForeign are results of a key, not failures.
var (
	errNotFound = errors.New("the system does not have this record (yet)")
	errForeign  = errors.New("the record belongs to another website")
)

// heldError is the result of a key whose record is held back.
type heldError struct {
	hold    time.Duration
	because string
}

func (h *heldError) Error() string { return h.because }

// heldAgain is when a record that is held back is looked at again.
const heldAgain = 5 * time.Second

// verdict turns a key's result into what becomes of one of its notices.
func (c *Capture) verdict(ctx context.Context, d *bus.Delivery, err error) error {
	what := "the " + string(d.Subject.Entity)
	var held *heldError
	switch {
	case errors.Is(err, errForeign):
		return c.end(ctx, d, events.Skipped, what+" belongs to another website than this pair's")
	case errors.Is(err, errNotFound):
		age := time.Since(d.First)
		if age < c.cfg.NotFoundWait {
			return bus.Wait(min(max(age/2, 500*time.Millisecond), 30*time.Second), what+" can't be read yet")
		}
		return c.end(ctx, d, events.Skipped, "never committed: "+what+" could not be read for "+c.cfg.NotFoundWait.String())
	case errors.As(err, &held):
		return bus.Wait(min(held.hold, heldAgain), held.because)
	case errors.Is(err, bus.ErrOvertaken):
		return bus.Wait(10*time.Millisecond, "another reader was faster; "+what+" is read again")
	default:
		return err
	}
}

// end says what became of a notice that led to no change.
func (c *Capture) end(ctx context.Context, notice *bus.Delivery, result events.Result, reason string) error {
	entity, key := notice.Subject.Entity, notice.Subject.Key
	_, err := c.stream.Publish(telemetry.Extract(ctx, notice.Event), bus.Message{
		Subject: events.OutcomeSubject(c.cfg.Pair, c.cfg.System, entity, key),
		Type:    events.TypeName(c.cfg.System, entity, "ended"),
		ID:      "outcome:" + notice.Event.ID(),
		Data: events.Outcome{
			Result: result, Reason: reason,
			Source: events.SourceRef{System: c.cfg.System, Entity: entity, Key: key},
		},
		Cause: &notice.Event,
	})
	c.metrics.Event(string(events.WordNotice), string(c.cfg.Role), string(result))
	return err
}

// anew tells whether a notice asks for a change whatever the record reads as.
func anew(d *bus.Delivery) bool {
	var n events.Notice
	return d.Data(&n) == nil && n.Anew
}

// ambiguous is the result of a key that a reader gave several records of.
func (c *Capture) ambiguous(r record, n int) error {
	return failure.Conflict(string(c.cfg.System)+"."+string(r.entity)+".ambiguous", "",
		fmt.Sprintf("%d %s have the key %s", n, several(r.entity), r.key), "give each of them a key of its own in "+c.systemName())
}

// several says in texts what an entity's records are called.
func several(entity events.Entity) string {
	if entity == events.Stock {
		return "stock records"
	}
	return string(entity) + "s"
}
