package effect

import (
	"context"
	"errors"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/claim"
	"github.com/magpie-integration/magpie/libs/telemetry"
)

// BulkCarrier carries out many commands of one type together.
type BulkCarrier interface {
	// CarryOutAll is Carrier.CarryOut of many commands, each of another target. What
	// it gives is in their order.
	CarryOutAll(ctx context.Context, commands []Command) []CarriedOut
}

// CarriedOut is what became of one command.
type CarriedOut struct {
	Outcome events.Outcome
	Err     error
}

// BulkWorker is [Worker] for a BulkCarrier: of the commands that wait for one
// target only the newest is carried out, the others end as superseded. It makes
// no links, and its commands need none: a level of stock is no record of its own.
type BulkWorker struct {
	Role    events.Role
	Pair    string
	Stream  Stream
	Claims  *claim.Store
	Carrier BulkCarrier
	Metrics *telemetry.Metrics
}

// Handle is the bus.BatchHandler of the worker's commands.
func (w *BulkWorker) Handle(ctx context.Context, batch []*bus.Delivery) []error {
	began := time.Now().UTC()
	results := make([]error, len(batch))
	commands := make([]events.Command, len(batch))
	newest := map[string]int{} // by the target's claim
	var old []int
	for i, d := range batch {
		cmd := &commands[i]
		if results[i] = d.Data(cmd); results[i] != nil {
			continue
		}
		key := w.claimKey(d, *cmd)
		other, there := newest[key]
		switch {
		case !there:
			newest[key] = i
		case commands[other].Revision.Compare(cmd.Revision) > 0:
			old = append(old, i)
		default:
			old = append(old, other)
			newest[key] = i
		}
	}
	var first []int
	for i := range batch { // in the order in which they came
		if at, ok := newest[w.claimKey(batch[i], commands[i])]; ok && at == i {
			first = append(first, i)
		}
	}
	overtaken := make([]bool, len(batch))
	beside(first, func(i int) {
		overtaken[i], results[i] = Writer{w.Stream}.Overtaken(ctx, batch[i], commands[i])
	})
	var carried []int
	var given []Command
	for _, i := range first {
		switch {
		case results[i] != nil:
		case overtaken[i]:
			old = append(old, i)
		default:
			carried = append(carried, i)
			given = append(given, Command{Command: commands[i], Pair: w.Pair})
		}
	}
	outcomes := map[int]events.Outcome{}
	for _, i := range old {
		outcomes[i] = superseded
	}
	if len(given) > 0 {
		for n, done := range w.Carrier.CarryOutAll(ctx, given) {
			i := carried[n]
			switch {
			case errors.Is(done.Err, claim.ErrLost):
				results[i] = Writer{w.Stream}.rewriteLost(ctx, w.Role, w.Claims, w.claimKey(batch[i], commands[i]), batch[i], commands[i])
			case done.Err != nil:
				results[i] = done.Err
			default:
				outcomes[i] = done.Outcome
			}
		}
	}
	var told []int
	for i := range outcomes {
		told = append(told, i)
	}
	beside(told, func(i int) {
		outcome := outcomes[i] // only read
		outcome.Began = began
		results[i] = w.tell(ctx, batch[i], commands[i], outcome)
	})
	return results
}

func (w *BulkWorker) claimKey(d *bus.Delivery, cmd events.Command) string {
	system, entity := d.Subject.System(), d.Subject.Entity
	return claim.Key(w.Pair, system, entity, string(events.CanonicalKey(system, entity, cmd.Target)))
}

func (w *BulkWorker) tell(ctx context.Context, d *bus.Delivery, cmd events.Command, outcome events.Outcome) error {
	if _, err := w.Stream.Publish(telemetry.Extract(ctx, d.Event), Outcome(d, cmd, outcome)); err != nil {
		return err
	}
	count(w.Metrics, w.Role, d, cmd, outcome)
	return nil
}
