package flowstore

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"

	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/flow"
)

// Tail reads the newest messages of a stream; bus.Bus is one.
type Tail interface {
	Tail(ctx context.Context, stream, filter string, n int) iter.Seq2[bus.Stored, error]
}

// Past gives the newest n events of a pair that a flow starts from, oldest
// first; on is the flow's event type. Key, if given, takes those of one record.
func Past(ctx context.Context, t Tail, b Base, on string, key events.Key, n int) (iter.Seq2[flow.Pending, error], error) {
	typ, ok := events.TypeOf(on)
	if !ok || typ.Word != events.WordChange && typ.Word != events.WordOutcome {
		return nil, fmt.Errorf("no flow starts from %s", on)
	}
	stream, token := bus.Changes, "*"
	if typ.Word == events.WordOutcome {
		stream = bus.Outcomes
	}
	if key != "" {
		token = key.Token()
	}
	filter := fmt.Sprintf("%s.%s.%s.%s.%s.%s", events.Root, typ.Word, b.Pair, typ.System, typ.Entity, token)
	return func(yield func(flow.Pending, error) bool) {
		for m, err := range t.Tail(ctx, stream, filter, n) {
			if !yield(func() (flow.Input, error) { return b.Input(m) }, err) || err != nil {
				return
			}
		}
	}, nil
}

// Input makes a flow's input of a stored change or outcome, as transform does.
func (b Base) Input(m bus.Stored) (flow.Input, error) {
	subject, err := events.ParseSubject(m.Subject)
	if err != nil {
		return flow.Input{}, err
	}
	switch subject.Word {
	case events.WordChange:
		var change events.Change
		if err := jsonv1.Unmarshal(m.Data, &change); err != nil { // a record is passed over once, not twice
			return flow.Input{}, unreadableMessage(m, err)
		}
		return flow.FromChange(subject, change, b.Settings), nil
	case events.WordOutcome:
		var outcome events.Outcome
		if err := json.Unmarshal(m.Data, &outcome); err != nil {
			return flow.Input{}, unreadableMessage(m, err)
		}
		depth, _ := strconv.Atoi(m.Header.Get("ce-" + events.ExtDepth))
		return flow.FromOutcome(subject, outcome, depth, b.Settings)
	default:
		return flow.Input{}, failure.Rejected("flow.input", "", "no flow starts from a message on "+m.Subject, "give a change or an outcome")
	}
}

func unreadableMessage(m bus.Stored, err error) error {
	return failure.Defect("bus.payload", fmt.Sprintf("message %d on %s can't be read: %v", m.Sequence, m.Subject, err), err)
}
