// Package effect carries out commands with one effect each: it drives the
// protocol of package claim around a target's own asking and writing, which a
// connector gives. Both writers use it, so there is one place where "once"
// is decided.
package effect

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/claim"
	"github.com/magpie-integration/magpie/libs/failure"
)

// Target is one record of a system, and the state that it is wanted in.
type Target interface {
	// Ask reads what the system has. It is called when an earlier write may have
	// landed, and changes nothing.
	Ask(ctx context.Context) (Has, error)
	// Write brings the record to the wanted state; exists is what is known of it.
	Write(ctx context.Context, exists bool) (claim.Applied, error)
}

// Teller is a Target whose write is told of before it is written down: a
// process that dies in between tells again, under the same id. So whoever waits
// for the first outcome of a write never waits in vain, and need not listen to
// the later ones that say "unchanged".
type Teller interface {
	Tell(ctx context.Context, a claim.Applied) error
}

// Has is what a system answered.
type Has struct {
	// Present: the record is there. Wanted: it is as it is wanted to be.
	Present, Wanted bool
	// Applied is written down when it is as wanted.
	Applied claim.Applied
}

// Done is what became of a target.
type Done struct {
	// Result is applied, unchanged or superseded.
	Result  events.Result
	Details map[string]string
	// Exists is false where the target is known not to be there.
	Exists bool
}

// Apply brings one target to a revision's state, once in effect. The errors
// are the connector's own, bus.Wait where another owner is at work or an
// earlier call's outcome is still open, and claim.ErrLost (see [Writer.Rewrite]).
func Apply(ctx context.Context, claims *claim.Store, key string, want claim.Wanted, t Target) (Done, error) {
	try, done, err := begin(ctx, claims, key, want)
	if err != nil || try == nil {
		return done, err
	}
	if teller, ok := t.(Teller); ok {
		try.tell = teller.Tell
	}
	if try.asks {
		early := try.claim.Patience() > 0 // before asking: what is asked early may change yet
		has, err := t.Ask(ctx)
		if err != nil {
			return Done{}, err
		}
		done, settled, err := try.asked(ctx, early, has)
		if err != nil || settled {
			return done, err
		}
	}
	calls, cancel := try.claim.Context(ctx)
	defer cancel()
	var applied claim.Applied
	if err = try.claim.Sendable(); err == nil {
		applied, err = t.Write(calls, try.exists)
	}
	return try.end(ctx, applied, err)
}

// attempt is one target's way through the protocol.
type attempt struct {
	claim       *claim.Claim
	fingerprint string // of the wanted state
	exists      bool   // what is known of the target
	asks        bool   // the system is to be asked before it is written
	tell        func(context.Context, claim.Applied) error
}

// begin claims a target. Without an attempt there is nothing to do, and Done says
// why.
func begin(ctx context.Context, claims *claim.Store, key string, want claim.Wanted) (*attempt, Done, error) {
	fingerprint := want.Fingerprint
	if want.Revision.Rewrite > 0 {
		// What was last written may not be what landed last, so no record of it
		// may keep a rewrite from being one.
		want.Fingerprint = ""
	}
	c, verdict, err := claims.Begin(ctx, key, want)
	if err != nil {
		return nil, Done{}, err
	}
	exists := c.Record.Exists
	switch verdict {
	case claim.Old:
		return nil, Done{Result: events.Superseded, Exists: exists}, nil
	case claim.Same:
		return nil, Done{Result: events.Unchanged, Exists: exists, Details: c.Record.Details}, nil
	case claim.Repeated:
		return nil, Done{Result: events.Applied, Exists: exists, Details: c.Record.Details}, nil
	case claim.Wait:
		return nil, Done{}, bus.Wait(c.RetryAfter, "another replica is writing this target")
	}
	return &attempt{claim: c, fingerprint: fingerprint, exists: exists, asks: verdict == claim.Ask}, Done{}, nil
}

// asked goes by what the system answered; early says that its earlier call could
// still be at work when it was asked. What is settled is not to be written.
func (a *attempt) asked(ctx context.Context, early bool, has Has) (done Done, settled bool, err error) {
	if has.Present && has.Wanted && (!early || a.claim.Landed()) {
		done, err := a.finish(ctx, has.Applied)
		return done, true, again(err)
	}
	if early {
		return Done{}, true, bus.Wait(min(a.claim.Patience(), time.Second),
			"the last call was not answered, and the system may still be at work on it")
	}
	if err := a.claim.TakeOver(ctx); err != nil {
		return Done{}, true, again(err)
	}
	a.exists = has.Present
	return Done{}, false, nil
}

// again is for a claim that was lost before anything was sent under it: nothing
// has to be mended, and what its new owner does is waited for.
func again(err error) error {
	if errors.Is(err, claim.ErrLost) {
		return bus.Wait(100*time.Millisecond, "another replica was faster")
	}
	return err
}

// end writes down what became of the write.
func (a *attempt) end(ctx context.Context, applied claim.Applied, err error) (Done, error) {
	// What is written down now must be, also when the role is told to stop.
	ctx = context.WithoutCancel(ctx)
	switch {
	case err == nil:
		return a.finish(ctx, applied)
	case errors.Is(err, failure.ErrUnknownOutcome):
		if lost := a.claim.Unknown(ctx); lost != nil {
			return Done{}, lost
		}
		return Done{}, bus.Wait(time.Second, "the call was not answered; the system will be asked")
	default:
		// Refused, or never sent: the target is as it was.
		if lost := a.claim.Release(ctx); lost != nil && !errors.Is(lost, claim.ErrLost) {
			return Done{}, errors.Join(err, lost)
		}
		return Done{}, err
	}
}

func (a *attempt) finish(ctx context.Context, applied claim.Applied) (Done, error) {
	if a.tell != nil {
		if err := a.tell(ctx, applied); err != nil {
			return Done{}, err
		}
	}
	if applied.Fingerprint == claim.AsExpected {
		applied.Fingerprint = a.fingerprint
	}
	if err := a.claim.Done(ctx, applied); err != nil {
		return Done{}, err
	}
	return Done{Result: events.Applied, Exists: applied.Exists, Details: applied.Details}, nil
}

// Fingerprint is of a document's canonical JSON.
func Fingerprint(document any) (string, error) {
	data, err := json.Marshal(document)
	if err != nil {
		return "", failure.Defect("effect.fingerprint", "the document can't be encoded", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16]), nil
}

// Stream is what a Writer needs of the bus.
type Stream interface {
	Publish(ctx context.Context, m bus.Message) (bus.Ack, error)
	Last(ctx context.Context, stream, subject string) (bus.Stored, bool, error)
	Scan(ctx context.Context, stream, filter string) iter.Seq2[bus.Stored, error]
}

// Writer has what every writer does around its target: it looks whether a
// newer command waits, tells the outcome, and writes again what may have been
// overwritten.
type Writer struct {
	Stream Stream
}

// Overtaken tells whether a newer command for the same key is waiting: then
// this one need not be written any more. An order that was cancelled while the
// system was down is so never written at all.
func (w Writer) Overtaken(ctx context.Context, d *bus.Delivery, cmd events.Command) (bool, error) {
	last, ok, err := w.Stream.Last(ctx, bus.Commands, d.Subject.String())
	if err != nil || !ok || last.Sequence == d.Sequence {
		return false, err
	}
	var newer events.Command
	if json.Unmarshal(last.Data, &newer) != nil {
		return false, nil //nolint:nilerr // it will be found out when it is delivered
	}
	return newer.Target == cmd.Target && newer.Write == cmd.Write && newer.Flow == cmd.Flow &&
		newer.Revision.Compare(cmd.Revision) > 0, nil
}

// Rewrite publishes the key's newest command again with a higher rewrite
// number: a claim was lost after a call was sent, so an older state may have
// landed last.
func (w Writer) Rewrite(ctx context.Context, d *bus.Delivery, cmd events.Command) error {
	return w.RewriteClaimed(ctx, d, cmd, events.Revision{})
}

// RewriteClaimed is Rewrite for a target that several source records may want:
// an edited order goes on in the sales order of the one that it replaces.
// Claimed is the newest revision that the target's claim tells of. Where d's own
// key has no command as new, the commands of all keys are looked through, which
// takes its time, and is as rare as an edit under a frozen writer.
func (w Writer) RewriteClaimed(ctx context.Context, d *bus.Delivery, cmd events.Command, claimed events.Revision) error {
	subject := d.Subject
	newest, err := w.newest(ctx, subject.String(), cmd)
	if err == nil && claimed.Compare(newest.Revision) > 0 {
		newest, err = w.newest(ctx, strings.TrimSuffix(subject.String(), subject.Key.Token())+"*", newest)
		if newest.Source.Key != cmd.Source.Key {
			subject.Key = newest.Source.Key
		}
	}
	if err != nil {
		return err
	}
	newest.Revision.Rewrite++
	_, err = w.Stream.Publish(ctx, bus.Message{
		Subject: subject, Type: d.Event.Type(), Data: newest, Cause: &d.Event, Depth: d.Depth(),
		ID: fmt.Sprintf("rewrite:%s:%s:%s", subject, newest.Target, newest.Revision),
	})
	return err
}

// newest finds the newest command of cmd's target. It need not be the last one
// of its key: what is published late, or tried again, is stored behind it.
func (w Writer) newest(ctx context.Context, subjects string, cmd events.Command) (events.Command, error) {
	newest := cmd
	for m, err := range w.Stream.Scan(ctx, bus.Commands, subjects) {
		if err != nil {
			return newest, err
		}
		var c events.Command
		if json.Unmarshal(m.Data, &c) == nil && c.Target == cmd.Target && c.Revision.Compare(newest.Revision) > 0 {
			newest = c
		}
	}
	return newest, nil
}

// Outcome gives the message that tells what became of a command.
func Outcome(d *bus.Delivery, cmd events.Command, o events.Outcome) bus.Message {
	o.System, o.Entity = d.Subject.System(), d.Subject.Entity
	o.Flow, o.FlowVersion, o.Write, o.Revision, o.Source = cmd.Flow, cmd.FlowVersion, cmd.Write, cmd.Revision, cmd.Source
	if o.Target == "" {
		o.Target = cmd.Target
	}
	return bus.Message{
		Subject: events.OutcomeSubject(d.Subject.Pair, cmd.Source.System, cmd.Source.Entity, cmd.Source.Key),
		Type:    events.TypeName(cmd.Source.System, cmd.Source.Entity, "ended"),
		ID:      "outcome:" + d.Event.ID(), Data: o, Cause: &d.Event, Depth: d.Depth() + 1,
	}
}

// Refused is the bus.Consumer's Refused of every writer: the outcome that goes
// with a command's dead letter.
func Refused(d *bus.Delivery, f *failure.Error) (bus.Message, bool) {
	var cmd events.Command
	if d.Data(&cmd) != nil || cmd.Source.Key == "" {
		return bus.Message{}, false
	}
	return Outcome(d, cmd, events.Outcome{Result: events.Refused, Code: f.Code, Reason: f.Reason}), true
}
