package effect_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"testing"

	"github.com/cloudevents/sdk-go/v2/event"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/effect"
	"github.com/magpie-integration/magpie/libs/failure"
)

// oneStored is a key with one command, or with none.
type oneStored struct {
	newest    *bus.Stored
	err       error
	published []bus.Message
}

func (s *oneStored) Last(context.Context, string, string) (bus.Stored, bool, error) {
	if s.newest == nil {
		return bus.Stored{}, false, s.err
	}
	return *s.newest, true, s.err
}

func (s *oneStored) Scan(context.Context, string, string) iter.Seq2[bus.Stored, error] {
	return func(yield func(bus.Stored, error) bool) {
		switch {
		case s.err != nil:
			yield(bus.Stored{}, s.err)
		case s.newest != nil:
			yield(*s.newest, nil)
		}
	}
}

func (s *oneStored) Publish(_ context.Context, m bus.Message) (bus.Ack, error) {
	s.published = append(s.published, m)
	return bus.Ack{}, s.err
}

func command(change uint64, edit ...func(*events.Command)) events.Command {
	c := events.Command{
		Verb: events.Apply, Revision: revision(change), Flow: "order-to-gp", FlowVersion: 3, Write: 1, Target: "WEB1",
		Source: events.SourceRef{System: events.Magento, Entity: events.Order, Key: "000000001", ID: 9},
	}
	for _, e := range edit {
		e(&c)
	}
	return c
}

func stored(sequence uint64, c events.Command) *bus.Stored {
	data, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	return &bus.Stored{Sequence: sequence, Data: data}
}

func delivery(t *testing.T, sequence uint64, c events.Command) *bus.Delivery {
	t.Helper()
	ev := event.New()
	ev.SetID("the command")
	ev.SetType(events.TypeName(events.GP, events.Order, "write"))
	ev.SetExtension(events.ExtDepth, 2)
	if err := ev.SetData(event.ApplicationJSON, c); err != nil {
		t.Fatal(err)
	}
	return &bus.Delivery{Event: ev, Sequence: sequence, Subject: events.CommandSubject("main", events.GP, events.Order, "000000001")}
}

func TestOvertaken(t *testing.T) {
	own := command(5)
	for name, tc := range map[string]struct {
		newest *bus.Stored
		want   bool
	}{
		"the stream has none":          {nil, false},
		"it is the newest itself":      {stored(40, command(9)), false},
		"a newer revision":             {stored(41, command(6)), true},
		"a newer withdrawal":           {stored(41, command(6, func(c *events.Command) { c.Verb = events.Withdraw })), true},
		"the same again, a retry":      {stored(41, command(5)), false},
		"an older one, a retry":        {stored(41, command(4)), false},
		"of another target":            {stored(41, command(6, func(c *events.Command) { c.Target = "WEB2" })), false},
		"of another flow":              {stored(41, command(6, func(c *events.Command) { c.Flow = "mine" })), false},
		"of another write of the flow": {stored(41, command(6, func(c *events.Command) { c.Write = 2 })), false},
		"one that can't be read":       {&bus.Stored{Sequence: 41, Data: []byte("?")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := effect.Writer{Stream: &oneStored{newest: tc.newest}}.Overtaken(t.Context(), delivery(t, 40, own), own)
			if err != nil || got != tc.want {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	down := failure.Down("nats.read", "away", nil)
	if _, err := (effect.Writer{Stream: &oneStored{err: down}}).Overtaken(t.Context(), delivery(t, 40, own), own); !errors.Is(err, down) {
		t.Errorf("got %v", err)
	}
}

func TestRewrite(t *testing.T) {
	own := command(5)
	for name, tc := range map[string]struct {
		newest *bus.Stored
		want   events.Revision
	}{
		"the stream has none":    {nil, events.Revision{Epoch: 1, Change: 5, Rewrite: 1}},
		"its own is the newest":  {stored(40, own), events.Revision{Epoch: 1, Change: 5, Rewrite: 1}},
		"a newer one":            {stored(41, command(6)), events.Revision{Epoch: 1, Change: 6, Rewrite: 1}},
		"a rewrite already":      {stored(41, command(5, func(c *events.Command) { c.Revision.Rewrite = 3 })), events.Revision{Epoch: 1, Change: 5, Rewrite: 4}},
		"an older one, a retry":  {stored(41, command(4)), events.Revision{Epoch: 1, Change: 5, Rewrite: 1}},
		"of another target":      {stored(41, command(6, func(c *events.Command) { c.Target = "WEB2" })), events.Revision{Epoch: 1, Change: 5, Rewrite: 1}},
		"one that can't be read": {&bus.Stored{Sequence: 41, Data: []byte("?")}, events.Revision{Epoch: 1, Change: 5, Rewrite: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &oneStored{newest: tc.newest}
			d := delivery(t, 40, own)
			if err := (effect.Writer{Stream: s}).Rewrite(t.Context(), d, own); err != nil {
				t.Fatal(err)
			}
			m := s.published[0]
			if got := m.Data.(events.Command); got.Revision != tc.want || got.Target != "WEB1" {
				t.Errorf("rewritten %+v", got)
			}
			if m.Subject != d.Subject || m.Type != d.Event.Type() || m.Depth != 2 || m.Cause.ID() != "the command" {
				t.Errorf("message %+v", m)
			}
		})
	}
	down := failure.Down("nats.read", "away", nil)
	if err := (effect.Writer{Stream: &oneStored{err: down}}).Rewrite(t.Context(), delivery(t, 40, own), own); !errors.Is(err, down) {
		t.Errorf("got %v", err)
	}
}

func TestRewritesOfDifferentTargetsAreDifferentMessages(t *testing.T) {
	ids := map[string]bool{}
	for _, subject := range []events.Subject{
		events.CommandSubject("main", events.GP, events.Order, "000000001"),
		events.CommandSubject("main", events.Magento, events.Order, "000000001"),
		events.CommandSubject("other", events.GP, events.Order, "000000001"),
	} {
		for _, target := range []string{"WEB1", "WEB2"} {
			s := &oneStored{}
			c := command(5, func(c *events.Command) { c.Target = target })
			d := delivery(t, 40, c)
			d.Subject = subject
			for range 2 { // the same rewrite twice is one message
				if err := (effect.Writer{Stream: s}).Rewrite(t.Context(), d, c); err != nil {
					t.Fatal(err)
				}
				ids[s.published[len(s.published)-1].ID] = true
			}
		}
	}
	if len(ids) != 6 {
		t.Errorf("ids %v", ids)
	}
}

func TestOutcomesNameTheirCommand(t *testing.T) {
	c := command(5)
	d := delivery(t, 40, c)
	m := effect.Outcome(d, c, events.Outcome{Result: events.Applied})
	if m.Subject != events.OutcomeSubject("main", events.Magento, events.Order, "000000001") ||
		m.Type != "io.magpie.magento.order.ended.v1" || m.ID != "outcome:the command" || m.Depth != 3 || m.Cause.ID() != "the command" {
		t.Errorf("message %+v", m)
	}
	o := m.Data.(events.Outcome)
	if o.System != events.GP || o.Entity != events.Order || o.Target != "WEB1" || o.Flow != c.Flow || o.FlowVersion != 3 || o.Write != 1 ||
		o.Revision != c.Revision || o.Source != c.Source {
		t.Errorf("outcome %+v", o)
	}
}

func TestARefusalIsAnOutcomeToo(t *testing.T) {
	c := command(5)
	m, ok := effect.Refused(delivery(t, 40, c), errRefused)
	if o, _ := m.Data.(events.Outcome); !ok || o.Result != events.Refused || o.Code != "gp.item.unknown" || o.Reason != "no such item" || o.Target != "WEB1" {
		t.Errorf("got %+v, %v", m, ok)
	}
	nobody := command(5, func(c *events.Command) { c.Source.Key = "" })
	if _, ok := effect.Refused(delivery(t, 40, nobody), errRefused); ok {
		t.Error("a command of no source has no outcome")
	}
	unreadable := delivery(t, 40, c)
	unreadable.Event.DataEncoded = []byte("?")
	if _, ok := effect.Refused(unreadable, errRefused); ok {
		t.Error("a command that can't be read has no outcome")
	}
}
