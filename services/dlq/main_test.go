package dlq_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/services/dlq"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func publish(t *testing.T, b *bus.Bus, m bus.Message) bus.Ack {
	t.Helper()
	ack, err := b.Publish(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return ack
}

// change is a change of an order.
func change(pair string, key events.Key, id string) bus.Message {
	return bus.Message{
		Subject: events.ChangeSubject(pair, events.Magento, events.Order, key),
		Type:    events.TypeName(events.Magento, events.Order, "changed"), ID: id,
		Data: events.Change{Hash: "h", Record: json.RawMessage(`{"entity_id":871,"grand_total":29.949999999999999}`)},
	}
}

// command is a command for a sales order.
func command(pair string, key events.Key, id string) bus.Message {
	return bus.Message{
		Subject: events.CommandSubject(pair, events.GP, events.Order, key),
		Type:    events.TypeName(events.GP, events.Order, "write"), ID: id,
		Data: events.Command{Verb: events.Apply, Target: "WEB" + string(key), Revision: events.Revision{Epoch: 1, Change: 5}},
	}
}

var (
	transformSpec = bus.TransformChangesSpec(1)
	writerSpec    = bus.WriterSpec(events.RoleGPWriter, "main", events.GP, events.Order, 1)
)

// refuse runs a consumer that refuses everything, until DEAD has so many letters.
func refuse(t *testing.T, b *bus.Bus, spec bus.Spec, letters int, f *failure.Error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- b.Consumer(spec, nil).Run(ctx, func(context.Context, *bus.Delivery) error { return f })
	}()
	until(t, "the dead letters", func() bool { return len(list(t, b, dlq.Filter{})) == letters })
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// mismatch is a refusal.
func mismatch() *failure.Error {
	return failure.Rejected("order.total.mismatch", "total", "a difference of 1", "look at the totals")
}

// until waits for something that happens on its own.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatal("never happened: " + what)
		case <-tick.C:
		}
	}
}

func list(t *testing.T, b *bus.Bus, f dlq.Filter) []dlq.Letter {
	t.Helper()
	letters, err := dlq.NewLetters(b).List(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return letters
}

// scan gives what a stream has, oldest first.
func scan(t *testing.T, b *bus.Bus, stream string) (out []bus.Stored) {
	t.Helper()
	for m, err := range b.Scan(t.Context(), stream, "magpie.>") {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

// audits gives the audit trail, oldest first.
func audits(t *testing.T, b *bus.Bus) (out []events.Audit) {
	t.Helper()
	for _, m := range scan(t, b, bus.Audit) {
		var a events.Audit
		if err := json.Unmarshal(m.Data, &a); err != nil {
			t.Fatal(err)
		}
		out = append(out, a)
	}
	return out
}

var errAway = errors.New("NATS is away")

// failing is a bus on which some calls fail.
type failing struct {
	*bus.Bus
	publish, remove, scan error
}

func (f failing) Publish(ctx context.Context, m bus.Message) (bus.Ack, error) {
	if f.publish != nil {
		return bus.Ack{}, f.publish
	}
	return f.Bus.Publish(ctx, m)
}

func (f failing) Delete(ctx context.Context, stream string, sequence uint64) error {
	if f.remove != nil {
		return f.remove
	}
	return f.Bus.Delete(ctx, stream, sequence)
}

func (f failing) Get(ctx context.Context, stream string, sequence uint64) (bus.Stored, bool, error) {
	if f.scan != nil {
		return bus.Stored{}, false, f.scan
	}
	return f.Bus.Get(ctx, stream, sequence)
}
