package dlq_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"pgregory.net/rapid"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/services/dlq"
)

func TestTheListSaysWhatAPersonNeeds(t *testing.T) {
	b := bustest.Start(t)
	publish(t, b, change("main", "123", "c1"))
	refuse(t, b, transformSpec, 1, mismatch())
	l := list(t, b, dlq.Filter{})[0]
	if l.First.IsZero() || l.Last.Before(l.First) {
		t.Errorf("from %s to %s", l.First, l.Last)
	}
	want := dlq.Letter{
		ID: "1", Group: l.Group, Pair: "main", Role: "transform", Entity: "order", Key: "123",
		Kind: "rejected", Code: "order.total.mismatch", Field: "total", Reason: "a difference of 1", Fix: "look at the totals", Tries: 1,
		First: l.First, Last: l.Last,
	}
	if l != want {
		t.Errorf("got %+v\nwant %+v", l, want)
	}
}

func TestTheListIsFiltered(t *testing.T) {
	b := bustest.Start(t)
	publish(t, b, change("main", "123", "c1"))
	refuse(t, b, transformSpec, 1, mismatch())
	publish(t, b, change("eu", "a.b", "c2"))
	refuse(t, b, transformSpec, 2, mismatch())
	publish(t, b, command("main", "123", "w1"))
	refuse(t, b, writerSpec, 3, failure.Conflict("gp.posted", "", "already posted", ""))

	for name, tc := range map[string]struct {
		filter dlq.Filter
		want   []string
	}{
		"all, oldest first":                {dlq.Filter{}, []string{"1", "2", "3"}},
		"by pair":                          {dlq.Filter{Pair: "main"}, []string{"1", "3"}},
		"by role":                          {dlq.Filter{Role: "gp-writer"}, []string{"3"}},
		"by entity":                        {dlq.Filter{Entity: "order"}, []string{"1", "2", "3"}},
		"by another entity":                {dlq.Filter{Entity: "customer"}, nil},
		"by key":                           {dlq.Filter{Key: "123"}, []string{"1", "3"}},
		"by a key with a dot":              {dlq.Filter{Key: "a.b"}, []string{"2"}},
		"by code":                          {dlq.Filter{Code: "gp.posted"}, []string{"3"}},
		"by all of them":                   {dlq.Filter{Pair: "main", Role: "transform", Entity: "order", Key: "123", Code: "order.total.mismatch"}, []string{"1"}},
		"a pair that can't be is nobody's": {dlq.Filter{Pair: ">"}, nil},
		"nor is one with a blank":          {dlq.Filter{Role: "gp writer"}, nil},
		"a star is no wildcard":            {dlq.Filter{Pair: "*"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, l := range list(t, b, tc.filter) {
				if l.Whole != nil {
					t.Error("a list has no payloads")
				}
				got = append(got, l.ID)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestOneLetterIsShownWhole(t *testing.T) {
	b := bustest.Start(t)
	ack := publish(t, b, change("main", "123", "c1"))
	refuse(t, b, transformSpec, 1, mismatch())
	l, err := dlq.NewLetters(b).Show(t.Context(), "1")
	if err != nil || l.Whole == nil {
		t.Fatalf("got %+v, %v", l, err)
	}
	m := l.Whole.Message
	if m.Subject != "magpie.change.main.magento.order.123" || m.Sequence != ack.Sequence || m.Headers["ce-id"] != "c1" {
		t.Errorf("got %+v", m)
	}
	if !strings.Contains(string(m.Body), "29.949999999999999") {
		t.Errorf("the numbers were touched: %s", m.Body)
	}
}

func TestALetterNamesItsTrace(t *testing.T) {
	b := bustest.Start(t)
	header := nats.Header{"ce-traceparent": {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}
	if _, err := b.JetStream().PublishMsg(t.Context(), &nats.Msg{Subject: "magpie.dead.main.transform.order.1", Header: header, Data: []byte(`{}`)}); err != nil {
		t.Fatal(err)
	}
	if got := list(t, b, dlq.Filter{})[0].Trace; got != "4bf92f3577b34da6a3ce929d0e0e4736" {
		t.Errorf("got %q", got)
	}
}

func TestALetterThatIsNotThereIsSaidSo(t *testing.T) {
	letters := dlq.NewLetters(bustest.Start(t))
	for _, id := range []string{"7", "0", "-1", "x", "", "99999999999999999999999"} {
		_, show := letters.Show(t.Context(), id)
		_, replay := letters.Replay(t.Context(), id, "ana", dlq.AsCaptured)
		_, discard := letters.Discard(t.Context(), id, "ana", "old")
		for _, err := range []error{show, replay, discard} {
			if !errors.Is(err, dlq.ErrNoLetter) {
				t.Errorf("%q: got %v", id, err)
			}
		}
	}
}

func TestAReplayIsTheSameEventUnderANewID(t *testing.T) {
	b := bustest.Start(t)
	publish(t, b, change("main", "122", "c0"))
	refuse(t, b, transformSpec, 1, mismatch())
	first := publish(t, b, change("main", "123", "c1"))
	refuse(t, b, transformSpec, 2, mismatch())
	before := scan(t, b, bus.Changes)[1]

	l, err := dlq.NewLetters(b).Replay(t.Context(), "2", "ana", dlq.AsCaptured)
	if err != nil || l.Key != "123" {
		t.Fatalf("got %+v, %v", l, err)
	}
	all := scan(t, b, bus.Changes)
	if len(all) != 3 {
		t.Fatalf("%d changes", len(all))
	}
	after := all[2]
	if after.Subject != before.Subject || string(after.Data) != string(before.Data) {
		t.Errorf("got %s %s\nwant %s %s", after.Subject, after.Data, before.Subject, before.Data)
	}
	for name, want := range map[string]string{
		"ce-id": "replay:dead:transform_changes:2", "Nats-Msg-Id": "replay:dead:transform_changes:2",
		"ce-causationid":    "dead:transform_changes:2",
		"ce-originsequence": fmt.Sprint(first.Sequence),
		"ce-correlationid":  "c1",
		"ce-type":           before.Header.Get("ce-type"), "ce-source": before.Header.Get("ce-source"), "ce-time": before.Header.Get("ce-time"),
		"ce-subject": "123", "ce-partitionkey": "123", "content-type": before.Header.Get("content-type"),
	} {
		if got := after.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if left := list(t, b, dlq.Filter{}); len(left) != 1 || left[0].ID != "1" {
		t.Errorf("left %+v", left)
	}
	trail := audits(t, b)
	if len(trail) != 1 || trail[0].Action != "replayed" || trail[0].By != "ana" || trail[0].At.IsZero() || trail[0].Letter.Code != "order.total.mismatch" {
		t.Errorf("the audit trail: %+v", trail)
	}
	if got := scan(t, b, bus.Audit)[0].Subject; got != "magpie.audit.main.transform.order.123" {
		t.Errorf("the audit trail stands under %s", got)
	}
}

func TestAReplayOfAReplayKeepsTheFirstSequence(t *testing.T) {
	b := bustest.Start(t)
	first := publish(t, b, change("main", "123", "c1"))
	letters := dlq.NewLetters(b)
	for i := range 3 {
		refuse(t, b, transformSpec, 1, mismatch())
		if _, err := letters.Replay(t.Context(), list(t, b, dlq.Filter{})[0].ID, "ana", dlq.AsCaptured); err != nil {
			t.Fatal(err)
		}
		all := scan(t, b, bus.Changes)
		if got := all[len(all)-1].Header.Get("ce-originsequence"); got != fmt.Sprint(first.Sequence) || len(all) != i+2 {
			t.Errorf("replay %d of %d messages: origin %s", i+1, len(all), got)
		}
	}
}

func TestAReplayThatWasCutShortIsOneMessage(t *testing.T) {
	b := bustest.Start(t)
	publish(t, b, command("main", "123", "w1"))
	refuse(t, b, writerSpec, 1, mismatch())
	for name, cut := range map[string]failing{
		"before the audit trail":    {Bus: b, publish: errAway},
		"before the letter is gone": {Bus: b, remove: errAway},
	} {
		if _, err := dlq.NewLetters(cut).Replay(t.Context(), "1", "ana", dlq.AsCaptured); !errors.Is(err, errAway) {
			t.Errorf("%s: got %v", name, err)
		}
		if left := list(t, b, dlq.Filter{}); len(left) != 1 {
			t.Fatalf("%s: a letter was forgotten", name)
		}
	}
	if _, err := dlq.NewLetters(b).Replay(t.Context(), "1", "ana", dlq.AsCaptured); err != nil {
		t.Fatal(err)
	}
	if got := len(scan(t, b, bus.Commands)); got != 2 {
		t.Errorf("%d commands, want the first and one replay", got)
	}
	if got := len(audits(t, b)); got != 1 {
		t.Errorf("%d entries in the audit trail", got)
	}
	if left := list(t, b, dlq.Filter{}); len(left) != 0 {
		t.Errorf("left %+v", left)
	}
}

func TestADiscardIsADecisionWithAReason(t *testing.T) {
	b := bustest.Start(t)
	publish(t, b, command("main", "123", "w1"))
	refuse(t, b, writerSpec, 1, mismatch())
	letters := dlq.NewLetters(b)
	if _, err := letters.Discard(t.Context(), "1", "ana", ""); err == nil || failure.Of(err).Code != "dlq.no_reason" {
		t.Errorf("without a reason: %v", err)
	}
	if len(list(t, b, dlq.Filter{})) != 1 || len(audits(t, b)) != 0 {
		t.Fatal("a refused discard changed something")
	}
	l, err := letters.Discard(t.Context(), "1", "ana", "written by hand as WEB9")
	if err != nil || l.ID != "1" {
		t.Fatalf("got %+v, %v", l, err)
	}
	trail := audits(t, b)
	if len(trail) != 1 || trail[0].Action != "discarded" || trail[0].By != "ana" || trail[0].Reason != "written by hand as WEB9" || trail[0].Letter.Message.Headers["ce-id"] != "w1" {
		t.Errorf("the audit trail: %+v", trail)
	}
	if len(list(t, b, dlq.Filter{})) != 0 || len(scan(t, b, bus.Commands)) != 1 {
		t.Error("the letter is still there, or was sent")
	}
	if _, err := letters.Replay(t.Context(), "1", "bob", dlq.AsCaptured); !errors.Is(err, dlq.ErrNoLetter) {
		t.Errorf("a replay of what was discarded: %v", err)
	}
}

func TestADiscardThatCantBeAuditedIsNone(t *testing.T) {
	b := bustest.Start(t)
	publish(t, b, command("main", "123", "w1"))
	refuse(t, b, writerSpec, 1, mismatch())
	if _, err := dlq.NewLetters(failing{Bus: b, publish: errAway}).Discard(t.Context(), "1", "ana", "old"); !errors.Is(err, errAway) {
		t.Errorf("got %v", err)
	}
	if len(list(t, b, dlq.Filter{})) != 1 {
		t.Error("the letter is gone, and nobody knows who did it")
	}
}

func TestWhatWasNoEventCanOnlyBeDiscarded(t *testing.T) {
	b := bustest.Start(t)
	if _, err := b.JetStream().Publish(t.Context(), "magpie.command.main.gp.order.7", []byte("hello")); err != nil {
		t.Fatal(err)
	}
	refuse(t, b, writerSpec, 1, mismatch())
	letters := dlq.NewLetters(b)
	l, err := letters.Show(t.Context(), "1")
	if err != nil || l.Kind != "defect" || string(l.Whole.Message.Raw) != "hello" {
		t.Fatalf("got %+v, %v", l, err)
	}
	if _, err := letters.Replay(t.Context(), "1", "ana", dlq.AsCaptured); err == nil || failure.Of(err).Code != "bus.not_an_event" {
		t.Errorf("got %v", err)
	}
	if len(list(t, b, dlq.Filter{})) != 1 || len(audits(t, b)) != 0 {
		t.Error("a replay that was refused changed something")
	}
	if _, err := letters.Discard(t.Context(), "1", "ana", "somebody's test"); err != nil {
		t.Error(err)
	}
}

func TestALetterThatCantBeReadHidesNoOther(t *testing.T) {
	b := bustest.Start(t)
	for _, subject := range []string{"magpie.dead.main.transform.order.1", "magpie.dead.main.transform.order.=no"} {
		if _, err := b.JetStream().Publish(t.Context(), subject, []byte("hello")); err != nil {
			t.Fatal(err)
		}
	}
	publish(t, b, command("main", "123", "w1"))
	refuse(t, b, writerSpec, 3, mismatch())
	letters := dlq.NewLetters(b)
	for i, l := range list(t, b, dlq.Filter{}) {
		if (l.Code == "dlq.unreadable") != (i < 2) {
			t.Errorf("letter %s: %+v", l.ID, l)
		}
	}
	if got := list(t, b, dlq.Filter{Code: "order.total.mismatch"}); len(got) != 1 {
		t.Errorf("got %+v", got)
	}
	l, err := letters.Show(t.Context(), "1")
	if err != nil || string(l.Whole.Message.Raw) != "hello" || l.Key != "1" || l.Kind != "defect" {
		t.Errorf("got %+v, %v", l, err)
	}
	if _, err := letters.Replay(t.Context(), "1", "ana", dlq.AsCaptured); err == nil || failure.Of(err).Code != "bus.not_an_event" {
		t.Errorf("got %v", err)
	}
	for _, id := range []string{"1", "2"} {
		if _, err := letters.Discard(t.Context(), id, "ana", "somebody's test"); err != nil {
			t.Error(err)
		}
	}
	if got := list(t, b, dlq.Filter{}); len(got) != 1 {
		t.Errorf("got %+v", got)
	}
	if got := audits(t, b); len(got) != 2 {
		t.Errorf("two discards, and %d entries in the audit trail", len(got))
	}
}

// Property: whatever a message was, its letter shows it as it was, and, if it
// was an event, a replay sends it as it was.
func TestAMessageComesThroughItsLetter(t *testing.T) {
	b := bustest.Start(t)
	letters := dlq.NewLetters(b)
	n := 0
	word := rapid.StringMatching(`[!-~]([ -~]{0,20}[!-~])?`)
	rapid.Check(t, func(rt *rapid.T) {
		n++
		key := events.Key(rapid.StringN(0, 40, 40).Draw(rt, "key"))
		body, raw := []byte(nil), []byte(nil)
		switch rapid.IntRange(0, 2).Draw(rt, "body") {
		case 0:
			body = []byte(`{"text":"` + rapid.StringMatching(`[ a-zA-Z0-9.:äß&<>]{0,30}`).Draw(rt, "text") + `"}`)
		case 1:
			body = []byte(`{"number":` + rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?`).Draw(rt, "number") + `}`)
		default:
			raw = append([]byte("\xff"), rapid.SliceOf(rapid.Byte()).Draw(rt, "raw")...)
		}
		want := events.Message{
			Subject:  events.CommandSubject("main", events.GP, events.Order, key).String(),
			Sequence: rapid.Uint64Range(1, 1<<40).Draw(rt, "sequence"), Body: body, Raw: raw,
			Headers: map[string]string{
				"ce-specversion": "1.0", "ce-id": word.Draw(rt, "id"), "ce-type": word.Draw(rt, "type"), "ce-source": "/main/gp",
				"ce-correlationid": word.Draw(rt, "correlation"), "content-type": "application/json",
			},
		}
		ack := publish(t, b, bus.Message{
			Subject: events.DeadSubject("main", events.RoleGPWriter, events.Order, key), Type: events.DeadType,
			ID: fmt.Sprint("letter ", n), Data: events.DeadLetter{Kind: "rejected", Code: "x", Message: want},
		})
		l, err := letters.Show(t.Context(), fmt.Sprint(ack.Sequence))
		if err != nil || l.Key != string(key) {
			rt.Fatalf("key %q: got %+v, %v", key, l, err)
		}
		got := l.Whole.Message
		if want.Body != nil && !reflect.DeepEqual(decoded(rt, got.Body), decoded(rt, want.Body)) {
			rt.Fatalf("the body %s became %s", want.Body, got.Body)
		}
		same := got
		same.Body = want.Body
		if !reflect.DeepEqual(same, want) {
			rt.Fatalf("got %+v\nwant %+v", got, want)
		}
		if _, err := letters.Replay(t.Context(), l.ID, "ana", dlq.AsCaptured); err != nil {
			rt.Fatal(err)
		}
		sent, ok, err := b.Last(t.Context(), bus.Commands, want.Subject)
		if err != nil || !ok || sent.Header.Get("ce-id") != fmt.Sprint("replay:letter ", n) {
			rt.Fatalf("replayed as %v, %v", sent.Header, err)
		}
		if want.Body != nil && string(sent.Data) != string(got.Body) {
			rt.Fatalf("the body %s was sent as %s", got.Body, sent.Data)
		}
		for _, name := range []string{"ce-type", "ce-source", "ce-correlationid", "content-type"} {
			if sent.Header.Get(name) != want.Headers[name] {
				rt.Fatalf("%s %q was sent as %q", name, want.Headers[name], sent.Header.Get(name))
			}
		}
		if origin := sent.Header.Get("ce-originsequence"); origin != fmt.Sprint(want.Sequence) {
			rt.Fatalf("origin %s, want %d", origin, want.Sequence)
		}
	})
}

func decoded(t *rapid.T, text []byte) (v any) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// hasty is a bus on which somebody else takes the letter away just before.
type hasty struct{ *bus.Bus }

func (h hasty) Delete(ctx context.Context, stream string, sequence uint64) error {
	if err := h.Bus.Delete(ctx, stream, sequence); err != nil {
		return err
	}
	return h.Bus.Delete(ctx, stream, sequence)
}

func TestTwoPeopleMayReplayALetterAtOnce(t *testing.T) {
	b := bustest.Start(t)
	publish(t, b, command("main", "123", "w1"))
	refuse(t, b, writerSpec, 1, mismatch())
	if _, err := dlq.NewLetters(hasty{b}).Replay(t.Context(), "1", "ana", dlq.AsCaptured); err != nil {
		t.Error(err)
	}
}
