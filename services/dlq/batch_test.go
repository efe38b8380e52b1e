package dlq_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/services/dlq"
)

func groups(t *testing.T, w *world) map[string]dlq.Group {
	t.Helper()
	all, err := w.letters.Groups(t.Context(), dlq.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	byCause := map[string]dlq.Group{}
	for i, g := range all {
		if i > 0 && g.Count > all[i-1].Count {
			t.Error("the largest group comes first")
		}
		byCause[g.Cause] = g
	}
	return byCause
}

func TestTenFaultyOrdersAreMendedByTheirCauses(t *testing.T) {
	w := newWorld(t)
	w.set("A-1", noItem("A-1"))
	w.set("B-2", noItem("B-2"))
	w.set("gone", noItem("gone"))
	w.set("transform fee", failure.Rejected("order.total.mismatch", "total", "a difference of 3.50", "write a rule for the surcharge, then replay"))
	w.set("transform large", failure.Conflict("order.large", "total", "it is above 10000.00", "look at it, then replay"))
	w.place(t, 1, 4, "A-1")
	w.place(t, 5, 2, "B-2")
	w.place(t, 7, 2, "fee")
	w.place(t, 9, 1, "large")
	w.place(t, 10, 1, "gone")

	byCause := groups(t, w)
	for cause, want := range map[string]struct {
		count    int
		standing dlq.Standing
	}{
		"GP has no item A-1": {4, dlq.Rejected}, "GP has no item B-2": {2, dlq.Rejected}, "GP has no item gone": {1, dlq.Rejected},
		"a difference of #": {2, dlq.Rejected}, "it is above #": {1, dlq.Held},
	} {
		if g := byCause[cause]; g.Count != want.count || g.Standing != want.standing || g.Fix == "" || g.Oldest.IsZero() || g.Newest.Before(g.Oldest) || g.Example.ID == "" {
			t.Errorf("%s: %+v", cause, g)
		}
	}
	if len(byCause) != 5 {
		t.Errorf("%d groups", len(byCause))
	}

	// The item is created in GP, and its group replayed; the others stay.
	w.set("A-1", nil)
	r, left := w.work(t, dlq.Selection{Filter: dlq.Filter{Group: byCause["GP has no item A-1"].ID}}, dlq.Action{By: "ana"})
	if r.Done != 4 || r.Left != 0 || len(left) != 0 || !maps.Equal(r.Results, map[events.Result]int{events.Applied: 4}) || r.Mode != dlq.AsCaptured {
		t.Errorf("got %+v, %v", r, left)
	}
	// The surcharge gets a rule: the changes go through transform again.
	w.set("transform fee", nil)
	if r, _ := w.work(t, dlq.Selection{Filter: dlq.Filter{Code: "order.total.mismatch", Pair: "main"}}, dlq.Action{By: "ana"}); r.Results[events.Applied] != 2 {
		t.Errorf("got %+v", r)
	}
	// The large one was made smaller in the shop, and is read again.
	w.mu.Lock()
	w.items["000000009"] = "A-1"
	w.mu.Unlock()
	if r, _ := w.work(t, dlq.Selection{Filter: dlq.Filter{Group: byCause["it is above #"].ID}}, dlq.Action{By: "ana", Mode: dlq.Anew}); r.Results[events.Applied] != 1 || r.Mode != dlq.Anew {
		t.Errorf("got %+v", r)
	}
	// The one with an item that nobody sells is edited.
	gone := byCause["GP has no item gone"].Example
	body := whole(t, w, gone.ID).Body
	edited := strings.Replace(string(body), `"item":"gone"`, `"item":"A-1"`, 1)
	if _, err := w.letters.Edit(t.Context(), gone.ID, "ana", []byte(edited)); err == nil || failure.Of(err).Code != "dlq.edit.schema" {
		t.Errorf("the test's document is no sales order: %v", err)
	}
	if _, err := w.letters.Discard(t.Context(), gone.ID, "ana", "a test"); err != nil {
		t.Error(err)
	}
	// The other item is still missing.
	r, _ = w.work(t, dlq.Selection{Filter: dlq.Filter{Group: byCause["GP has no item B-2"].ID}}, dlq.Action{By: "ana"})
	if !maps.Equal(r.Refused, map[string]int{"gp.item.unknown": 2}) || r.Results[events.Refused] != 2 || r.UnderWay != 0 {
		t.Errorf("got %+v", r)
	}
	again := groups(t, w)
	if len(again) != 1 || again["GP has no item B-2"].ID != byCause["GP has no item B-2"].ID || again["GP has no item B-2"].Count != 2 {
		t.Errorf("left %+v", again)
	}
	for _, n := range []string{"1", "2", "3", "4", "7", "8", "9"} {
		if got := w.has("WEB00000000" + n); got != 1 {
			t.Errorf("order %s was written %d times", n, got)
		}
	}
}

func whole(t *testing.T, w *world, id string) events.Message {
	t.Helper()
	l, err := w.letters.Show(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return l.Whole.Message
}

func TestALetterThatIsRefusedAgainCarriesItsHistory(t *testing.T) {
	w := newWorld(t)
	w.set("A-1", noItem("A-1"))
	w.place(t, 1, 1, "A-1")
	first := list(t, w.Bus, dlq.Filter{})[0]
	for range 2 {
		w.work(t, dlq.Selection{Filter: dlq.Filter{Key: "000000001"}}, dlq.Action{By: "ana"})
	}
	l, err := w.letters.Show(t.Context(), list(t, w.Bus, dlq.Filter{})[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if l.ID == first.ID || l.Tries != 3 || !l.First.Equal(first.First) || l.Group != first.Group {
		t.Errorf("got %+v, first %+v", l, first)
	}
	if h := l.Whole.History; len(h) != 2 || h[0].Code != "gp.item.unknown" || h[0].Reason != "GP has no item A-1" || !h[0].At.Equal(first.Last) {
		t.Errorf("history %+v", h)
	}
}

func TestAnActionNeedsLettersAndAReason(t *testing.T) {
	w := newWorld(t)
	for name, tc := range map[string]struct {
		s    dlq.Selection
		a    dlq.Action
		want string
	}{
		"no such group":            {dlq.Selection{Filter: dlq.Filter{Group: "x"}}, dlq.Action{By: "ana"}, "dlq.no_group"},
		"nothing waits":            {dlq.Selection{}, dlq.Action{By: "ana"}, "dlq.none"},
		"a mode that isn't":        {dlq.Selection{}, dlq.Action{By: "ana", Mode: "fast"}, "dlq.mode"},
		"a discard without reason": {dlq.Selection{}, dlq.Action{By: "ana", Discard: true}, "dlq.no_reason"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := w.letters.Order(t.Context(), tc.s, tc.a); err == nil || failure.Of(err).Code != tc.want {
				t.Errorf("got %v", err)
			}
		})
	}
	if len(audits(t, w.Bus)) != 0 {
		t.Error("what was refused is in the audit trail")
	}
	for _, id := range []string{"", "0", "x", "1"} {
		if _, err := w.letters.Batch(t.Context(), id); !errors.Is(err, dlq.ErrNoBatch) {
			t.Errorf("batch %q: %v", id, err)
		}
	}
}

func TestAGroupIsDiscardedForOneReason(t *testing.T) {
	w := newWorld(t)
	w.set("A-1", noItem("A-1"))
	w.place(t, 1, 3, "A-1")
	r, left := w.work(t, dlq.Selection{Filter: dlq.Filter{Code: "gp.item.unknown"}}, dlq.Action{Discard: true, By: "ana", Reason: "test orders"})
	if r.Done != 3 || !r.Ended() || len(left) != 0 || r.Action != "discard" || r.Reason != "test orders" {
		t.Errorf("got %+v, %v", r, left)
	}
	trail := audits(t, w.Bus)
	if len(trail) != 4 || trail[0].Action != "ordered" || trail[0].Batch.Letters != 3 || trail[0].Batch.Code != "gp.item.unknown" || trail[0].By != "ana" {
		t.Fatalf("the audit trail: %+v", trail)
	}
	for _, a := range trail[1:] {
		if a.Action != "discarded" || a.Group != r.ID || a.Reason != "test orders" || a.By != "ana" || a.Letter == nil {
			t.Errorf("the audit trail: %+v", a)
		}
	}
	if len(list(t, w.Bus, dlq.Filter{})) != 0 {
		t.Error("letters are left")
	}
}

func TestTwoPeopleWhoReplayAGroupMakeOneEventOfEachLetter(t *testing.T) {
	w := newWorld(t)
	w.set("A-1", noItem("A-1"))
	w.place(t, 1, 12, "A-1")
	w.set("A-1", nil)
	s := dlq.Selection{Filter: dlq.Filter{Code: "gp.item.unknown"}}
	var both sync.WaitGroup
	for _, by := range []string{"ana", "bob"} {
		b, err := w.letters.Order(t.Context(), s, dlq.Action{By: by})
		if err != nil {
			t.Fatal(err)
		}
		both.Go(func() {
			if _, err := w.letters.Work(t.Context(), b, nil); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	until(t, "all are written", func() bool { return w.has("WEB000000012") > 0 && len(list(t, w.Bus, dlq.Filter{})) == 0 })
	if got := len(scan(t, w.Bus, bus.Commands)); got != 24 {
		t.Errorf("%d commands, want 12 and a replay of each", got)
	}
}

// cut is a bus that fails after so many letters were sent again.
type cut struct {
	*bus.Bus
	mu    sync.Mutex
	after int
	sent  int
}

func (c *cut) Delete(ctx context.Context, stream string, sequence uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.after--; c.after < 0 {
		return failure.Down("nats.away", "NATS is away", errAway)
	}
	return c.Bus.Delete(ctx, stream, sequence)
}

func (c *cut) Resend(ctx context.Context, r bus.Replay) (bus.Ack, error) {
	ack, err := c.Bus.Resend(ctx, r)
	if err == nil {
		c.mu.Lock()
		c.sent++
		c.mu.Unlock()
	}
	return ack, err
}

func TestAGroupThatWasCutShortGoesOnWithTheRest(t *testing.T) {
	w := newWorld(t)
	w.set("A-1", noItem("A-1"))
	w.place(t, 1, 10, "A-1")
	w.set("A-1", nil)
	s, a := dlq.Selection{Filter: dlq.Filter{Code: "gp.item.unknown"}}, dlq.Action{By: "ana"}

	broken := &cut{Bus: w.Bus, after: 3}
	b, err := dlq.NewLetters(broken).Order(t.Context(), s, a)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dlq.NewLetters(broken).Work(t.Context(), b, nil); !errors.Is(err, errAway) {
		t.Fatalf("got %v", err)
	}
	if got := len(list(t, w.Bus, dlq.Filter{})); got != 7 {
		t.Fatalf("%d letters are listed, want the 7 that were not taken away", got)
	}
	whole := &cut{Bus: w.Bus, after: 100}
	letters := dlq.NewLetters(whole)
	b, err = letters.Order(t.Context(), s, a)
	if err != nil {
		t.Fatal(err)
	}
	left, err := letters.Work(t.Context(), b, nil)
	if err != nil || len(left) != 0 {
		t.Fatalf("got %v, %v", left, err)
	}
	// What was sent is found in the stream, whose own memory of ids is short.
	if broken.sent+whole.sent > 10 || broken.sent < 3 {
		t.Errorf("%d and %d were sent, and there are 10 letters", broken.sent, whole.sent)
	}
	if r := w.follow(t, b, 0); r.Done != 7 || r.Results[events.Applied] != 7 {
		t.Errorf("got %+v", r)
	}
	if got := len(scan(t, w.Bus, bus.Commands)); got != 20 {
		t.Errorf("%d commands, want 10 and a replay of each", got)
	}
}

func TestProgressIsToldAndWhatCantBeReplayedIsLeft(t *testing.T) {
	w := newWorld(t)
	w.set("A-1", noItem("A-1"))
	w.place(t, 1, 3, "A-1")
	if _, err := w.JetStream().Publish(t.Context(), "magpie.dead.main.transform.order.x", []byte("hello")); err != nil {
		t.Fatal(err)
	}
	w.set("A-1", nil)
	b, err := w.letters.Order(t.Context(), dlq.Selection{}, dlq.Action{By: "ana"})
	if err != nil {
		t.Fatal(err)
	}
	var told []int
	left, err := w.letters.Work(t.Context(), b, func(done int) { told = append(told, done) })
	if err != nil || !slices.Equal(told, []int{1, 2, 3, 4}) {
		t.Errorf("told %v, %v", told, err)
	}
	if len(left) != 1 || left[0].ID != "4" || left[0].Code != "bus.not_an_event" {
		t.Errorf("left %+v", left)
	}
	if r := w.follow(t, b, len(left)); r.Letters != 4 || r.Done != 3 || r.Left != 1 || r.Results[events.Applied] != 3 {
		t.Errorf("got %+v", r)
	}
}

func TestTheReportSaysWhatIsUnderWay(t *testing.T) {
	w := newWorld(t)
	w.set("A-1", noItem("A-1"))
	w.place(t, 1, 1, "A-1")
	w.set("A-1", nil)
	gate := make(chan struct{})
	w.handling = func(cmd events.Command) { <-gate }
	b, err := w.letters.Order(t.Context(), dlq.Selection{}, dlq.Action{By: "ana"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.letters.Work(t.Context(), b, nil); err != nil {
		t.Fatal(err)
	}
	waited, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if r, err := w.letters.Follow(waited, b, 0); err != nil || r.UnderWay != 1 || r.Done != 1 || r.Ended() {
		t.Errorf("got %+v, %v", r, err)
	}
	close(gate)
	// Read back by its id, as another process does.
	same, err := w.letters.Batch(t.Context(), b.ID)
	if err != nil {
		t.Fatal(err)
	}
	if r := w.follow(t, same, 0); r.UnderWay != 0 || r.Results[events.Applied] != 1 || !r.Ended() || r.By != "ana" {
		t.Errorf("got %+v", r)
	}
}

func TestLettersOfOneRecordMayShareAReading(t *testing.T) {
	w := newWorld(t)
	w.set("transform large", failure.Conflict("order.large", "total", "it is above 10000.00", "look at it, then replay"))
	w.place(t, 1, 1, "large")
	publish(t, w.Bus, orderChange("000000001", "large", "another change"))
	until(t, "the second letter", func() bool { return len(list(t, w.Bus, dlq.Filter{})) == 2 })
	w.mu.Lock()
	w.items["000000001"] = "small"
	w.mu.Unlock()
	b, err := w.letters.Order(t.Context(), dlq.Selection{}, dlq.Action{By: "ana", Mode: dlq.Anew})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.letters.Work(t.Context(), b, nil); err != nil {
		t.Fatal(err)
	}
	if r := w.follow(t, b, 0); r.Results[events.Applied] != 2 {
		t.Errorf("got %+v", r)
	}
	for _, m := range scan(t, w.Bus, bus.Notices) {
		var n events.Notice
		if err := json.Unmarshal(m.Data, &n); err != nil || n.Via != "replay" || !n.Anew || m.Header.Get("ce-correlationid") == m.Header.Get("ce-id") {
			t.Errorf("the notice %s %v, %v", m.Data, m.Header, err)
		}
	}
}
