package dlq_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/libs/effect"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/services/dlq"
)

// world is a bus with a capture, a transform and a GP writer that do as little
// as the protocol asks: an order is refused as long as its fault stands.
type world struct {
	*bus.Bus
	letters *dlq.Letters

	mu       sync.Mutex
	faults   map[string]*failure.Error // by the item of the order
	written  map[string]int            // by target
	items    map[string]string         // what the shop has, by order
	handling func(events.Command)      // called before a command is handled
}

func newWorld(t *testing.T) *world {
	b := bustest.Start(t)
	w := &world{
		Bus: b, letters: dlq.NewLetters(b), faults: map[string]*failure.Error{}, written: map[string]int{}, items: map[string]string{},
		handling: func(events.Command) {},
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	run := func(c *bus.Consumer, handle bus.Handler) {
		running.Go(func() { _ = c.Run(ctx, handle) })
	}
	t.Cleanup(running.Wait)
	t.Cleanup(cancel)

	run(b.Consumer(bus.CaptureSpec(events.RoleMagentoCapture, "main", events.Magento, 4), nil), w.capture)
	transform := b.Consumer(bus.TransformChangesSpec(4), nil)
	transform.Refused = refusedChange
	run(transform, w.transform)
	writer := b.Consumer(bus.WriterSpec(events.RoleGPWriter, "main", events.GP, events.Order, 4), nil)
	writer.Refused = effect.Refused
	run(writer, w.write)
	return w
}

// order is the record of an order of one item, and its document too.
type order struct {
	IncrementID string `json:"increment_id"`
	Item        string `json:"item"`
}

func (w *world) capture(ctx context.Context, d *bus.Delivery) error {
	var n events.Notice
	if err := d.Data(&n); err != nil || !n.Anew {
		return err
	}
	w.mu.Lock()
	item := w.items[string(d.Subject.Key)]
	w.mu.Unlock()
	m := orderChange(string(d.Subject.Key), item, "read for "+d.Event.ID())
	m.Cause = &d.Event
	_, err := w.Publish(ctx, m)
	return err
}

func (w *world) transform(ctx context.Context, d *bus.Delivery) error {
	var change events.Change
	var o order
	if err := d.Data(&change); err != nil {
		return err
	}
	if err := json.Unmarshal(change.Record, &o); err != nil {
		return err
	}
	if err := w.fault("transform " + o.Item); err != nil {
		return err
	}
	_, err := w.Publish(ctx, bus.Message{
		Subject: events.CommandSubject(d.Subject.Pair, events.GP, events.Order, d.Subject.Key),
		Type:    events.TypeName(events.GP, events.Order, "write"), ID: "command of " + d.Event.ID(), Cause: &d.Event,
		Data: events.Command{
			Verb: events.Apply, Revision: events.Revision{Epoch: d.OriginEpoch(1), Change: d.Origin(), Rewrite: d.Rewrite()},
			Target: "WEB" + o.IncrementID, Document: change.Record,
			Source: events.SourceRef{System: events.Magento, Entity: events.Order, Key: d.Subject.Key},
		},
	})
	return err
}

func refusedChange(d *bus.Delivery, f *failure.Error) (bus.Message, bool) {
	return bus.Message{
		Subject: events.OutcomeSubject(d.Subject.Pair, events.Magento, events.Order, d.Subject.Key),
		Type:    events.TypeName(events.Magento, events.Order, "ended"), ID: "refused:" + d.Event.ID(), Cause: &d.Event,
		Data: events.Outcome{Result: events.Refused, Code: f.Code},
	}, true
}

func (w *world) write(ctx context.Context, d *bus.Delivery) error {
	var cmd events.Command
	var o order
	if err := d.Data(&cmd); err != nil {
		return err
	}
	if err := json.Unmarshal(cmd.Document, &o); err != nil {
		return err
	}
	w.handling(cmd)
	if err := w.fault(o.Item); err != nil {
		return err
	}
	w.mu.Lock()
	w.written[cmd.Target]++
	w.mu.Unlock()
	_, err := w.Publish(ctx, effect.Outcome(d, cmd, events.Outcome{Result: events.Applied}))
	return err
}

func (w *world) fault(item string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if f := w.faults[item]; f != nil {
		return f
	}
	return nil
}

func (w *world) set(item string, f *failure.Error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults[item] = f
}

// has tells how often a target was written.
func (w *world) has(target string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.written[target]
}

func orderChange(key, item, id string) bus.Message {
	m := change("main", events.Key(key), id)
	record, _ := json.Marshal(order{key, item})
	m.Data = events.Change{Hash: "h", Record: record}
	return m
}

// place publishes changes of orders with an item, and waits for their letters.
func (w *world) place(t *testing.T, first, n int, item string) {
	t.Helper()
	before := len(list(t, w.Bus, dlq.Filter{}))
	for i := range n {
		key := fmt.Sprintf("%09d", first+i)
		publish(t, w.Bus, orderChange(key, item, "change of "+key))
	}
	until(t, "the letters of "+item, func() bool { return len(list(t, w.Bus, dlq.Filter{})) == before+n })
}

// order orders an action, does it and follows it to its end.
func (w *world) work(t *testing.T, s dlq.Selection, a dlq.Action) (dlq.Report, []dlq.Left) {
	t.Helper()
	b, err := w.letters.Order(t.Context(), s, a)
	if err != nil {
		t.Fatal(err)
	}
	left, err := w.letters.Work(t.Context(), b, nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.follow(t, b, len(left)), left
}

func (w *world) follow(t *testing.T, b dlq.Batch, left int) dlq.Report {
	t.Helper()
	r, err := w.letters.Follow(t.Context(), b, left)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func noItem(item string) *failure.Error {
	return failure.Rejected("gp.item.unknown", "ITEMNMBR", "GP has no item "+item, "create the item in GP, then replay")
}
