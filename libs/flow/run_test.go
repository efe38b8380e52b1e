package flow

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/failure"
)

func compileSmall(t *testing.T, text string) *Program {
	t.Helper()
	d, err := Parse("small.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func smallInput(t *testing.T, o events.Outcome) Input {
	t.Helper()
	in, err := FromOutcome(events.OutcomeSubject("us", events.Magento, events.Order, "000000123"), o, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// The kind of a failure says who must act.
func TestFailureKinds(t *testing.T) {
	t.Parallel()
	good := events.Outcome{Result: events.Applied, Target: "WEB1", Source: events.SourceRef{Key: "000000123", ID: 7}}
	check := func(severity string) string {
		return strings.Replace(small, "write:", `checks:
  - {that: target == "WEB2", else: `+severity+`, code: order.test, field: mark, reason: "the order is ${target} (${outcome.no + 1})", fix: "look"}
write:`, 1)
	}
	for _, c := range []struct {
		name, flow string
		change     func(*Input)
		kind       failure.Kind
		code, text string
	}{
		{"refuse", check("refuse"), nil, failure.KindRejected, "order.test", "the order is WEB1 (?)"},
		{"hold", check("hold"), nil, failure.KindConflict, "order.test", "the order is WEB1"},
		{"unreadable", small, func(in *Input) { in.Record = []byte(`{"a":`) }, failure.KindDefect, "flow.record.unreadable", "not JSON"},
		{"trailing", small, func(in *Input) { in.Record = []byte(`{} {}`) }, failure.KindDefect, "flow.record.unreadable", "more follows"},
		{"no record", small, func(in *Input) { in.Record = []byte(`[]`) }, failure.KindDefect, "flow.record.unreadable", "a list"},
		{"out of bounds", small, func(in *Input) { in.Record = []byte(`{"a":1e99999}`) }, failure.KindDefect, "flow.record.unreadable", "out of bounds"},
		{"other event", small, func(in *Input) { in.Type = "io.magpie.gp.order.ended.v1" }, failure.KindDefect, "flow.type", "starts from"},
		{"no key", small, func(in *Input) { in.Record = []byte(`{"target":"WEB1"}`) }, failure.KindRejected, "flow.expression", "a key is a text that is not empty"},
		{"wrong kind", small, func(in *Input) {
			in.Record = []byte(`{"target":5,"source":{"key":"1","id":1}}`)
		}, failure.KindRejected, "flow.expression", "don't mix"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := smallInput(t, good)
			if c.change != nil {
				c.change(&in)
			}
			_, err := compileSmall(t, c.flow).Run(in)
			var e *failure.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v", err)
			}
			if e.Kind != c.kind || e.Code != c.code || !strings.Contains(e.Reason, c.text) {
				t.Errorf("got %s %v", e.Kind, e)
			}
		})
	}
	decisions, err := compileSmall(t, check("warn")).Run(smallInput(t, good))
	if err != nil || len(decisions[0].Warnings) != 1 {
		t.Errorf("got %+v, %v", decisions, err)
	}
}

// A skipped write is not mapped at all: what is wrong with it doesn't matter.
func TestSkipLooksNoFurther(t *testing.T) {
	t.Parallel()
	in := smallInput(t, events.Outcome{Result: events.Skipped})
	decisions, err := compileSmall(t, small).Run(in)
	if err != nil {
		t.Fatal(err)
	}
	if d := decisions[0]; d.Verb != Skip || d.Condition != `target != ""` || d.Reason != `this does not hold: target != ""` || d.Document != nil {
		t.Errorf("got %+v", d)
	}
}

// A write that has nothing to do with a record makes no decision, and one
// without fields withdraws its target, by its mark.
func TestOmitAndWithdraw(t *testing.T) {
	t.Parallel()
	head, writes, _ := strings.Cut(small, "write:\n")
	program := compileSmall(t, head+`write:
  - to: magento.order
    key: outcome.source.key
    mark: target + "!"
    when: [{that: target != "WEB1", else: omit}]
    withdraw: "${target} is no more"
`+writes)
	for target, want := range map[string]Decision{
		"WEB2": {Target: "magento.order", Verb: events.Withdraw, TargetKey: "000000123", Mark: "WEB2!", Reason: "WEB2 is no more"},
		"WEB1": {Write: 1, Target: "magento.order", Verb: events.Apply, TargetKey: "000000123"},
	} {
		decisions, err := program.Run(smallInput(t, events.Outcome{Target: target, Source: events.SourceRef{Key: "000000123", ID: 7}}))
		if err != nil {
			t.Fatal(err)
		}
		wanted := 1
		if target == "WEB2" { // the second write is an ordinary one
			wanted = 2
		}
		first := decisions[0]
		first.Document = nil
		if len(decisions) != wanted || !reflect.DeepEqual(first, want) {
			t.Errorf("%s: got %+v", target, decisions)
		}
	}
}
