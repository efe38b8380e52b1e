// Package transform runs flows: it makes commands of changes and of outcomes.
// It is a pure function of the event, the flow version, the versions of tables
// and the pair's settings (libs/flow); this package only carries events to it
// and its decisions away.
//
// Nothing disappears here: a change that no flow takes ends in an outcome that
// names the flow and the condition, and one that a flow refuses is a dead
// letter with the difference or the field.
package transform

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/flow"
	"github.com/magpie-integration/magpie/libs/scrub/jsonscan"
	"github.com/magpie-integration/magpie/libs/telemetry"
)

// Stream is what transform needs of the bus.
type Stream interface {
	Publish(ctx context.Context, m bus.Message) (bus.Ack, error)
	Epoch(ctx context.Context) (uint64, error)
}

// MaxDepth bounds how many flows outcomes may start in one chain.
const MaxDepth = 4

// Flows gives what a pair runs at this moment. It is asked for each event, so
// it must not work for its answer; flowstore.Live is one.
type Flows interface {
	// Of gives a set that nobody changes, or nil for a pair that is not
	// configured. Its error, for a retry, says that there is no set now.
	Of(pair string) (*flow.Set, error)
}

// Transform runs the flows of all pairs.
type Transform struct {
	stream  Stream
	live    Flows
	metrics *telemetry.Metrics
	log     *slog.Logger

	mu      sync.Mutex
	epoch   uint64
	epochAt time.Time
}

// epochKept is how long the epoch is believed: it moves only when CHANGES is
// made anew, which a running system does not see happen.
const epochKept = 10 * time.Second

// New makes a transform of the flows that are live.
func New(stream Stream, live Flows, m *telemetry.Metrics) *Transform {
	return &Transform{
		stream: stream, live: live, metrics: m,
		log: slog.Default().With("role", string(events.RoleTransform)),
	}
}

// Change is the bus.Handler of changes.
func (t *Transform) Change(ctx context.Context, d *bus.Delivery) error {
	var change events.Change
	if err := d.Data(&change); err != nil {
		return err
	}
	set, err := t.live.Of(d.Subject.Pair)
	if err != nil {
		return err
	}
	if set == nil {
		return unknownPair(d.Subject.Pair)
	}
	epoch, err := t.currentEpoch(ctx)
	if err != nil {
		return err
	}
	run := run{
		Transform: t, d: d, flows: set.Flows,
		revision: events.Revision{Epoch: d.OriginEpoch(epoch), Change: d.Origin(), Rewrite: d.Rewrite()},
		source:   sourceOf(d.Subject, change.Record),
		input:    flow.FromChange(d.Subject, change, set.Settings),
	}
	return run.all(ctx)
}

func (t *Transform) currentEpoch(ctx context.Context) (uint64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if time.Since(t.epochAt) < epochKept {
		return t.epoch, nil
	}
	epoch, err := t.stream.Epoch(ctx)
	if err != nil {
		return 0, err
	}
	t.epoch, t.epochAt = epoch, time.Now()
	return epoch, nil
}

// Outcome is the bus.Handler of outcomes: they may start flows too.
func (t *Transform) Outcome(ctx context.Context, d *bus.Delivery) error {
	var outcome events.Outcome
	if err := d.Data(&outcome); err != nil {
		return err
	}
	if outcome.System == "" || d.Depth() >= MaxDepth {
		return nil // of a notice, or at the end of its chain
	}
	set, err := t.live.Of(d.Subject.Pair)
	if err != nil {
		return err
	}
	if set == nil {
		return nil // of a pair that is gone
	}
	revision := outcome.Revision
	revision.Outcome = d.Origin()
	input, err := flow.FromOutcome(d.Subject, outcome, d.Depth(), set.Settings)
	if err != nil {
		return failure.Defect("transform.outcome", "the outcome can't be encoded", err)
	}
	run := run{Transform: t, d: d, flows: set.Flows, revision: revision, source: outcome.Source, input: input}
	return run.all(ctx)
}

func unknownPair(pair string) error {
	return failure.Rejected("transform.pair", "pair", "no pair "+pair+" is configured",
		"add the pair to the configuration, then replay; or discard")
}

// run is one event on its way through the flows.
type run struct {
	*Transform
	d        *bus.Delivery
	flows    []*flow.Program
	revision events.Revision
	source   events.SourceRef
	input    flow.Input
}

// all runs every flow that starts from the event. One flow's refusal does not
// keep another from running; the refusals are told together.
func (r *run) all(ctx context.Context) error {
	var refused []error
	ran := false
	for _, program := range r.flows {
		if program.Document().On != r.input.Type {
			continue
		}
		ran = true
		decisions, err := program.Run(r.input)
		if err != nil {
			refused = append(refused, fmt.Errorf("flow %s: %w", program.Document().Flow, err))
			continue
		}
		for _, decision := range decisions {
			if err := r.carryAway(ctx, program, decision); err != nil {
				return err
			}
		}
	}
	if !ran && r.d.Subject.Word == events.WordChange {
		return r.tell(ctx, nil, flow.Decision{Reason: "no flow starts from " + r.input.Type})
	}
	return together(refused)
}

// together makes one failure of the refusals of several flows. A dead letter
// has one code, which is the first's; its reason has them all.
func together(refused []error) error {
	if len(refused) < 2 {
		return errors.Join(refused...)
	}
	reasons := make([]string, len(refused))
	for i, err := range refused {
		reasons[i] = err.Error()
	}
	all := *failure.Of(refused[0])
	all.Reason = strings.Join(reasons, "; and ")
	return all.Because(errors.Join(refused...))
}

// carryAway publishes what a flow decided: a command, or why there is none.
func (r *run) carryAway(ctx context.Context, p *flow.Program, decision flow.Decision) error {
	if decision.Verb == flow.Skip {
		if r.d.Subject.Word == events.WordOutcome {
			return nil // an outcome of an outcome would say nothing new
		}
		return r.tell(ctx, p, decision)
	}
	target, ok := events.CommandType(decision.Target)
	if !ok {
		return failure.Defect("transform.target", "the flow writes to "+decision.Target+", which no writer knows", nil)
	}
	_, err := r.stream.Publish(ctx, bus.Message{
		Subject: events.CommandSubject(r.d.Subject.Pair, target.System, target.Entity, r.source.Key),
		Type:    target.Name,
		ID:      r.id("command", p, decision.Write),
		Data: events.Command{
			Verb: decision.Verb, Revision: r.revision,
			Flow: p.Document().Flow, FlowVersion: p.Document().Version, Write: decision.Write,
			Target: decision.TargetKey, Mark: decision.Mark, Source: r.source, Document: decision.Document, Reason: decision.Reason, Needs: decision.Needs,
			Warnings: decision.Warnings, Tables: p.Tables(),
		},
		Cause: &r.d.Event, Depth: r.d.Depth(),
	})
	if err == nil {
		r.metrics.Event(string(r.d.Subject.Word), string(events.RoleTransform), string(decision.Verb))
	}
	return err
}

// tell publishes the outcome of a change that becomes no command.
func (r *run) tell(ctx context.Context, p *flow.Program, decision flow.Decision) error {
	outcome := events.Outcome{
		Result: events.Skipped, Write: decision.Write, Revision: r.revision, Source: r.source,
		Target: decision.TargetKey, Reason: decision.Reason,
	}
	if p != nil {
		outcome.Flow, outcome.FlowVersion = p.Document().Flow, p.Document().Version
		if decision.Condition != "" {
			outcome.Details = map[string]string{"condition": decision.Condition}
		}
	}
	target, _ := events.CommandType(decision.Target)
	outcome.System, outcome.Entity = target.System, target.Entity
	_, err := r.stream.Publish(ctx, bus.Message{
		Subject: events.OutcomeSubject(r.d.Subject.Pair, r.source.System, r.source.Entity, r.source.Key),
		Type:    events.TypeName(r.source.System, r.source.Entity, "ended"),
		ID:      r.id("skip", p, decision.Write), Data: outcome,
		Cause: &r.d.Event, Depth: r.d.Depth() + 1,
	})
	r.metrics.Event(string(r.d.Subject.Word), string(events.RoleTransform), string(events.Skipped))
	return err
}

// id names an occurrence: the same event through the same version of the same
// flow, with the same versions of tables, is the same command.
func (r *run) id(what string, p *flow.Program, write int) string {
	name, version := "", 0
	var tables map[string]int
	if p != nil {
		name, version, tables = p.Document().Flow, p.Document().Version, p.Tables()
	}
	text := fmt.Appendf(nil, "%s\n%s\n%s\n%d\n%d", what, r.d.Event.ID(), name, version, write)
	for _, table := range slices.Sorted(maps.Keys(tables)) {
		text = fmt.Appendf(text, "\n%s %d", table, tables[table])
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// Refused is the bus.Consumer's Refused of changes: the outcome that goes with
// a dead letter.
func Refused(d *bus.Delivery, f *failure.Error) (bus.Message, bool) {
	if d.Subject.Word != events.WordChange {
		return bus.Message{}, false
	}
	source := events.SourceRef{System: d.Subject.System(), Entity: d.Subject.Entity, Key: d.Subject.Key}
	return bus.Message{
		Subject: events.OutcomeSubject(d.Subject.Pair, source.System, source.Entity, source.Key),
		Type:    events.TypeName(source.System, source.Entity, "ended"),
		ID:      "refused:" + d.Event.ID(), Cause: &d.Event, Depth: d.Depth() + 1,
		Data: events.Outcome{Result: events.Refused, Code: f.Code, Reason: f.Reason, Source: source},
	}, true
}

// sourceOf names the record that a change is of.
func sourceOf(s events.Subject, record json.RawMessage) events.SourceRef {
	ref := events.SourceRef{System: s.System(), Entity: s.Entity, Key: s.Key}
	text := func(field string) string {
		value, _ := jsonscan.Field(record, field)
		return strings.Trim(string(value), `"`)
	}
	ref.ID, _ = strconv.ParseInt(text("entity_id"), 10, 64)
	// Magento's times are UTC without a zone (docs: dates in REST).
	ref.At, _ = time.ParseInLocation(time.DateTime, text("created_at"), time.UTC)
	return ref
}
