package history_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/libs/history"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The messages of an order's life, with the words that are told of them.
var (
	noticed = events.NoticeSubject("main", events.Magento, events.Order, "123")
	changed = events.ChangeSubject("main", events.Magento, events.Order, "123")
	written = events.CommandSubject("main", events.GP, events.Order, "123")
	told    = events.CommandSubject("main", events.Magento, events.Order, "123")
	ended   = events.OutcomeSubject("main", events.Magento, events.Order, "123")
	buried  = events.DeadSubject("main", events.RoleGPWriter, events.Order, "123")
	handled = events.AuditSubject("main", events.RoleGPWriter, events.Order, "123")

	webhook  = events.Notice{Event: "sales_order_save_after", Via: "webhook"}
	newOrder = events.Change{Record: json.RawMessage(`{"state":"new","status":"pending"}`)}
	write    = events.Command{Verb: events.Apply, Target: "WEB123", Flow: "order-to-gp", FlowVersion: 1}
	tell     = events.Command{Verb: events.Apply, Target: "123", Flow: "order-status-to-magento", FlowVersion: 2}
	applied  = events.Outcome{Result: events.Applied, System: events.GP, Entity: events.Order, Target: "WEB123", Flow: "order-to-gp"}
	wrote    = events.Outcome{Result: events.Applied, System: events.Magento, Entity: events.Order, Target: "123", Flow: "order-status-to-magento"}
	refused  = events.Outcome{Result: events.Refused, System: events.GP, Entity: events.Order, Target: "WEB123", Flow: "order-to-gp", Reason: "no item X"}
	letter   = events.DeadLetter{Kind: "rejected", Code: "gp.item.unknown", Reason: "no item X"}
	tries    = []events.Try{{Code: "gp.locked", Reason: "in use by sa"}, {Code: "gp.locked", Reason: "in use by ana"}}
)

func TestTheLifeOfAnOrder(t *testing.T) {
	b := bustest.Start(t)
	publish := func(s events.Subject, id string, data any) {
		t.Helper()
		if _, err := b.Publish(t.Context(), bus.Message{Subject: s, Type: "t", ID: id, Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	// send publishes a message as only the bus does: a retry, a replay.
	send := func(subject string, data any, headers map[string]string) {
		t.Helper()
		m := &nats.Msg{Subject: subject, Header: nats.Header{}, Data: encode(t, data)}
		for name, value := range headers {
			m.Header.Set(name, value)
		}
		if _, err := b.JetStream().PublishMsg(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	past := string(encode(t, tries))
	publish(noticed, "n1", webhook)
	publish(changed, "c1", newOrder)
	publish(written, "w1", write)
	send(written.String(), write, map[string]string{"ce-id": "w1", "Magpie-Tries": "2", "Magpie-History": past})
	publish(buried, "d1", letter)
	publish(ended, "o1", refused)
	publish(handled, "a1", events.Audit{Action: "replayed", By: "ana", Letter: &letter})
	send(written.String(), write, map[string]string{
		"ce-id": "replay:d1", "ce-originsequence": "1", "ce-causationid": "d1",
		"ce-traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
	})
	publish(ended, "o2", applied)
	publish(told, "w2", tell)
	send(told.String(), tell, map[string]string{"ce-id": "w2", "Magpie-Tries": "0"})
	send(events.LaterSubject(told, "w2"), tell, map[string]string{
		"ce-id": "w2", "Magpie-Tries": "1", "Magpie-History": past,
		"Nats-Schedule": "@at 2099-01-01T00:00:00Z", "Nats-Schedule-Target": told.String(),
	})
	// Others' lives.
	publish(events.NoticeSubject("main", events.Magento, events.Order, "124"), "n2", webhook)
	publish(events.NoticeSubject("main", events.Magento, events.Customer, "123"), "n3", webhook)
	publish(events.NoticeSubject("eu", events.Magento, events.Order, "123"), "n4", webhook)

	life, err := history.Of(t.Context(), b, "main", events.Order, "123")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, s := range life.Steps {
		got = append(got, fmt.Sprintf("%s %s %s: %s", s.Word, s.Scope, s.ID, s.Text))
		if i > 0 && s.At.Before(life.Steps[i-1].At) {
			t.Errorf("step %d is before the one before it", i)
		}
		if s.Pair != "main" || s.Sequence == 0 || s.Stream == "" {
			t.Errorf("step %+v", s)
		}
	}
	want := []string{
		"notice magento n1: noticed by webhook sales_order_save_after",
		"change magento c1: read from magento: state new, status pending",
		"command gp w1: apply WEB123 in gp, by flow order-to-gp version 1",
		"command gp w1: apply WEB123 in gp, by flow order-to-gp version 1 (tried again after 2 failures: in use by ana)",
		"dead gp-writer d1: given up by gp-writer as rejected: no item X (gp.item.unknown)",
		"outcome magento o1: refused in gp as WEB123: no item X",
		"audit gp-writer a1: dead letter replayed by ana",
		"command gp replay:d1: apply WEB123 in gp, by flow order-to-gp version 1 (replayed)",
		"outcome magento o2: applied in gp as WEB123",
		"command magento w2: apply 123 in magento, by flow order-status-to-magento version 2",
		"command magento w2: apply 123 in magento, by flow order-status-to-magento version 2 (looked at again)",
		"command magento w2: waits for its next try at 2099-01-01T00:00:00Z: in use by ana",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
	replay := life.Steps[7]
	if replay.Cause != "d1" || replay.Trace != "4bf92f3577b34da6a3ce929d0e0e4736" {
		t.Errorf("the replay is of %q in trace %q", replay.Cause, replay.Trace)
	}
	if !strings.HasPrefix(life.Headline, "in GP as WEB123 since ") {
		t.Errorf("headline %q", life.Headline)
	}

	all, err := history.Of(t.Context(), b, "", events.Order, "123")
	if err != nil || len(all.Steps) != len(want)+1 || all.Steps[len(want)].Pair != "eu" {
		t.Errorf("of all pairs: %d steps, %v", len(all.Steps), err)
	}
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// tape is streams that the test writes: a message a second, from noon on.
type tape struct {
	messages map[string][]bus.Stored // by stream
	count    int
	err      error
}

func (s *tape) add(t *testing.T, stream string, subject events.Subject, data any) {
	t.Helper()
	if s.messages == nil {
		s.messages = map[string][]bus.Stored{}
	}
	at := time.Date(2026, 11, 24, 12, 0, s.count, 0, time.UTC)
	s.count++
	s.messages[stream] = append(s.messages[stream], bus.Stored{
		Sequence: uint64(s.count), Time: at, Subject: subject.String(), Header: nats.Header{}, Data: encode(t, data),
	})
}

func (s *tape) Scan(_ context.Context, stream, filter string) iter.Seq2[bus.Stored, error] {
	return func(yield func(bus.Stored, error) bool) {
		if s.err != nil {
			yield(bus.Stored{}, s.err)
			return
		}
		for _, m := range s.messages[stream] {
			// With slashes for dots, a subject's wildcards are a path's.
			fits, _ := path.Match(strings.ReplaceAll(filter, ".", "/"), strings.ReplaceAll(m.Subject, ".", "/"))
			if fits && !yield(m, nil) {
				return
			}
		}
	}
}

func TestTheHeadlineIsTheNewestThingThatMatters(t *testing.T) {
	skipped := func(flow, reason string) events.Outcome {
		o := events.Outcome{Result: events.Skipped, Flow: flow, Reason: reason}
		if flow != "" {
			o.System, o.Target = events.GP, "WEB123"
		}
		return o
	}
	discarded := events.Audit{Action: "discarded", By: "ana", Reason: "written by hand"}
	for name, tc := range map[string]struct {
		life []any
		want string
	}{
		"nothing is there":         {nil, "nothing is known of order 123"},
		"only a notice":            {[]any{webhook}, "on its way"},
		"read, and a command sent": {[]any{webhook, newOrder, write}, "on its way"},
		"never committed":          {[]any{webhook, skipped("", "never committed")}, "skipped: never committed"},
		"read after all":           {[]any{webhook, skipped("", "never committed"), webhook, newOrder}, "on its way"},
		"no flow starts from it":   {[]any{webhook, newOrder, skipped("", "no flow starts from it")}, "skipped: no flow starts from it"},
		"a flow waits": {
			[]any{webhook, newOrder, skipped("order-to-gp", "waits for its payment")}, "skipped in gp as WEB123: waits for its payment",
		},
		"paid, and on its way": {[]any{newOrder, skipped("order-to-gp", "waits for its payment"), webhook, newOrder, write}, "on its way"},
		"withdrawn": {
			[]any{newOrder, write, events.Outcome{Result: events.Withdrawn, System: events.GP, Target: "WEB123", Reason: "was cancelled"}},
			"withdrawn in gp as WEB123: was cancelled",
		},
		"in GP":                                {[]any{webhook, newOrder, write, applied}, "in GP as WEB123 since 12:00:03"},
		"in GP, and the shop knows":            {[]any{webhook, newOrder, write, applied, tell, wrote}, "in GP as WEB123 since 12:00:03"},
		"in GP since the first time":           {[]any{newOrder, write, applied, newOrder, write, applied}, "in GP as WEB123 since 12:00:02"},
		"in GP, and noticed once more":         {[]any{newOrder, applied, webhook, skipped("", "never committed")}, "in GP as WEB123 since 12:00:01"},
		"in GP without a call":                 {[]any{newOrder, events.Outcome{Result: events.Unchanged, System: events.GP, Target: "WEB123"}}, "in GP as WEB123 since 12:00:01"},
		"in the shop only":                     {[]any{newOrder, wrote}, "on its way"},
		"a dead letter":                        {[]any{newOrder, write, letter, refused}, "needs a person: given up by gp-writer as rejected: no item X (gp.item.unknown)"},
		"a dead letter, and a change after it": {[]any{newOrder, write, letter, newOrder}, "needs a person: given up by gp-writer as rejected: no item X (gp.item.unknown)"},
		"a dead letter after it was in GP":     {[]any{newOrder, applied, letter}, "needs a person: given up by gp-writer as rejected: no item X (gp.item.unknown)"},
		"replayed":                             {[]any{newOrder, write, refused, events.Audit{Action: "replayed", By: "ana"}, write}, "on its way"},
		"replayed, and in GP":                  {[]any{newOrder, write, refused, events.Audit{Action: "replayed", By: "ana"}, write, applied}, "in GP as WEB123 since 12:00:05"},
		"discarded":                            {[]any{newOrder, write, refused, discarded}, "dead letter discarded by ana: written by hand"},
		"discarded, and changed since":         {[]any{newOrder, write, refused, discarded, newOrder}, "on its way"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &tape{}
			for _, data := range tc.life {
				switch v := data.(type) {
				case events.Notice:
					s.add(t, bus.Notices, noticed, v)
				case events.Change:
					s.add(t, bus.Changes, changed, v)
				case events.Command:
					s.add(t, bus.Commands, written, v)
				case events.Outcome:
					s.add(t, bus.Outcomes, ended, v)
				case events.DeadLetter:
					s.add(t, bus.Dead, buried, v)
				case events.Audit:
					s.add(t, bus.Audit, handled, v)
				}
			}
			life, err := history.Of(t.Context(), s, "main", events.Order, "123")
			if err != nil || life.Headline != tc.want {
				t.Errorf("got %q, %v\nwant %q", life.Headline, err, tc.want)
			}
			if len(life.Steps) != len(tc.life) || life.Steps == nil {
				t.Errorf("%d steps of %d messages", len(life.Steps), len(tc.life))
			}
		})
	}
}

func TestStepsOfOneMomentStandInTheOrderOfTheWay(t *testing.T) {
	s := &tape{}
	for _, m := range []struct {
		stream  string
		subject events.Subject
	}{{bus.Audit, handled}, {bus.Dead, buried}, {bus.Outcomes, ended}, {bus.Commands, written}, {bus.Changes, changed}, {bus.Notices, noticed}} {
		s.add(t, m.stream, m.subject, struct{}{})
		s.messages[m.stream][0].Time = time.Time{}
	}
	life, err := history.Of(t.Context(), s, "main", events.Order, "123")
	if err != nil {
		t.Fatal(err)
	}
	var got []events.Word
	for _, step := range life.Steps {
		got = append(got, step.Word)
	}
	want := []events.Word{events.WordNotice, events.WordChange, events.WordCommand, events.WordOutcome, events.WordDead, events.WordAudit}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestAnOutcomeTellsWhatTheTargetHasOtherwise(t *testing.T) {
	s := &tape{}
	o := applied
	o.Differences = []events.Difference{{Field: "TAXAMNT", Sent: "4.61", Found: "4.62"}, {Field: "SHIPMTHD", Sent: "UPS", Found: ""}}
	s.add(t, bus.Outcomes, ended, o)
	life, err := history.Of(t.Context(), s, "main", events.Order, "123")
	if err != nil || len(life.Steps) != 1 {
		t.Fatalf("got %+v, %v", life, err)
	}
	if want := "applied in gp as WEB123; TAXAMNT sent as 4.61 is 4.62; SHIPMTHD sent as UPS is "; life.Steps[0].Text != want {
		t.Errorf("got %q", life.Steps[0].Text)
	}
}

func TestWhatCantBeReadStopsNoHistory(t *testing.T) {
	s := &tape{}
	s.add(t, bus.Changes, changed, "hello")
	s.messages[bus.Dead] = []bus.Stored{{Subject: "magpie.dead.main.gp-writer.order.123", Data: []byte("{")}}
	life, err := history.Of(t.Context(), s, "main", events.Order, "123")
	if err != nil || len(life.Steps) != 2 {
		t.Errorf("got %+v, %v", life, err)
	}
}

func TestAHistoryThatCantBeReadIsAnError(t *testing.T) {
	s := &tape{err: errors.New("NATS is away")}
	if _, err := history.Of(t.Context(), s, "main", events.Order, "123"); !errors.Is(err, s.err) {
		t.Errorf("got %v", err)
	}
}
