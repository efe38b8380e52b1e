package effect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/claim"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/telemetry"
)

// Carrier carries out the commands of one type: one entity of one system. A
// writer is a set of them.
type Carrier interface {
	// CarryOut brings the target to the command's state and says what became of
	// it. The outcome's Target, where it is set, is the target's own key, which
	// may be another than the command proposed. Errors are those of [Apply].
	CarryOut(ctx context.Context, c Command) (events.Outcome, error)
}

// Command is a command that a carrier is given.
type Command struct {
	events.Command
	Pair string
	// Links are those of the command's Needs, in their order.
	Links []events.Link
	// Tell publishes the outcome before CarryOut returns it, once however often it
	// is called; see [Teller].
	Tell func(ctx context.Context, o events.Outcome) error
}

// Links keeps which records of the two systems are the same thing.
type Links interface {
	Of(ctx context.Context, r events.Ref) (events.Link, bool, error)
	Make(ctx context.Context, l events.Link) error
}

// Worker is what is around all carriers of a writer: it waits for what a
// command needs, sees that the newest state of a target is what lands last,
// makes the link, and tells the outcome.
type Worker struct {
	Role   events.Role
	Pair   string
	Stream Stream
	Claims *claim.Store
	Links  Links
	// Carriers are by the name of their event type.
	Carriers map[string]Carrier
	// NeedsWait is how long a command waits for what it needs before a person is
	// told; a day if zero.
	NeedsWait time.Duration
	Metrics   *telemetry.Metrics
}

// Handle is the bus.Handler of the worker's commands.
func (w *Worker) Handle(ctx context.Context, d *bus.Delivery) error {
	var cmd events.Command
	if err := d.Data(&cmd); err != nil {
		return err
	}
	carrier := w.Carriers[d.Event.Type()]
	if carrier == nil {
		return failure.Defect("effect.type", string(w.Role)+" can't carry out a "+d.Event.Type(), nil)
	}
	began := time.Now().UTC()
	writer := Writer{Stream: w.Stream}
	overtaken, err := writer.Overtaken(ctx, d, cmd)
	if err != nil {
		return err
	}
	told := false
	tell := func(ctx context.Context, o events.Outcome) error {
		if told {
			return nil
		}
		o.Began = began
		_, err := w.Stream.Publish(ctx, Outcome(d, cmd, o))
		told = err == nil
		return err
	}
	outcome := superseded
	if !overtaken {
		links, err := w.needed(ctx, d, cmd)
		if err != nil {
			return err
		}
		outcome, err = carrier.CarryOut(ctx, Command{Command: cmd, Pair: w.Pair, Links: links, Tell: tell})
		if errors.Is(err, claim.ErrLost) {
			return writer.rewriteLost(ctx, w.Role, w.Claims, claim.Key(w.Pair, d.Subject.System(), d.Subject.Entity, cmd.Target), d, cmd)
		}
		if err != nil {
			return err
		}
		if err := w.link(ctx, d, cmd, outcome); err != nil {
			return err
		}
	}
	if err := tell(ctx, outcome); err != nil {
		return err
	}
	count(w.Metrics, w.Role, d, cmd, outcome)
	return nil
}

// superseded is the outcome of a command that need not be carried out any more.
var superseded = events.Outcome{Result: events.Superseded, Reason: "a newer command of this record was there first"}

// rewriteLost has the newest command of a target written again whose claim was lost
// after a call was sent.
func (w Writer) rewriteLost(ctx context.Context, role events.Role, claims *claim.Store, key string, d *bus.Delivery, cmd events.Command) error {
	slog.WarnContext(ctx, "a claim was lost; the newest command is written again", "role", string(role), "target", cmd.Target)
	record, err := claims.Get(ctx, key)
	if err != nil {
		return err
	}
	return w.RewriteClaimed(ctx, d, cmd, record.Claimed)
}

// count counts a command that has its outcome.
func count(m *telemetry.Metrics, role events.Role, d *bus.Delivery, cmd events.Command, o events.Outcome) {
	m.Event(string(events.WordCommand), string(role), string(o.Result))
	if o.Result == events.Applied && !cmd.Source.At.IsZero() {
		m.EndToEnd(string(d.Subject.Entity), time.Since(cmd.Source.At))
	}
}

// needsWait is how long a command waits for what it needs, if nothing is set.
const needsWait = 24 * time.Hour

// needed gives the links that a command needs, or says that it waits.
func (w *Worker) needed(ctx context.Context, d *bus.Delivery, cmd events.Command) ([]events.Link, error) {
	var links []events.Link
	for _, ref := range cmd.Needs {
		l, there, err := w.Links.Of(ctx, ref)
		if err != nil {
			return nil, err
		}
		if !there {
			return nil, Needs(d, w.NeedsWait, ref)
		}
		links = append(links, l)
	}
	return links, nil
}

// Needs is the error of a command that can't be written before a record is
// there in both systems: the command waits, and after a while a person is told.
func Needs(d *bus.Delivery, atMost time.Duration, ref events.Ref) error {
	if atMost == 0 {
		atMost = needsWait
	}
	age := time.Since(d.First)
	if age < atMost {
		return bus.Wait(min(max(age/2, 500*time.Millisecond), 30*time.Second), "needs "+ref.String()+", which is not in both systems yet")
	}
	return failure.Conflict("needs."+string(ref.Entity), "",
		fmt.Sprintf("needs %s, which has not come to be in both systems for %s", ref, atMost),
		"look why that record was not written (magpie dlq ls, magpie trace), mend that, then replay")
}

// link ties the command's source to its target, where both are records of the
// same entity.
func (w *Worker) link(ctx context.Context, d *bus.Delivery, cmd events.Command, o events.Outcome) error {
	if w.Links == nil || cmd.Source.Entity != d.Subject.Entity || cmd.Source.System == d.Subject.System() ||
		o.Result != events.Applied && o.Result != events.Unchanged {
		return nil
	}
	target := cmd.Target
	if o.Target != "" {
		target = o.Target
	}
	return w.Links.Make(ctx, events.Link{
		From: cmd.Source.Ref(), Via: events.ViaWritten, Details: o.Details,
		To: events.Ref{System: d.Subject.System(), Entity: d.Subject.Entity, Key: events.CanonicalKey(d.Subject.System(), d.Subject.Entity, target)},
	})
}
