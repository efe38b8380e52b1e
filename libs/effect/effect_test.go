package effect_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/libs/claim"
	"github.com/magpie-integration/magpie/libs/effect"
	"github.com/magpie-integration/magpie/libs/failure"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const key = "main.gp.order.WEB1"

// work is how long the system may be at work on an unanswered call.
const work = 300 * time.Millisecond

func newClaims(t *testing.T) *claim.Store {
	t.Helper()
	b := bustest.Start(t)
	kv, err := b.KV(t.Context(), bus.Claims)
	if err != nil {
		t.Fatal(err)
	}
	return claim.NewStore(kv, "test", claim.Times{Call: time.Minute, Lease: 2 * time.Minute, Work: work})
}

// record is a target whose system the test plays.
type record struct {
	state  string // what the system has
	want   string
	writes int
	fate   func() error // of the next write, if not done and answered at once
}

func (r *record) Ask(context.Context) (effect.Has, error) {
	return effect.Has{Present: r.state != "", Wanted: r.state == r.want,
		Applied: claim.Applied{Fingerprint: claim.AsExpected, Exists: true}}, nil
}

func (r *record) Write(context.Context, bool) (claim.Applied, error) {
	r.writes++
	if fate := r.fate; fate != nil {
		r.fate = nil
		return claim.Applied{}, fate()
	}
	r.state = r.want
	return claim.Applied{Fingerprint: claim.AsExpected, Exists: true}, nil
}

var errSilence = errors.New("silence")

func unanswered() error { return failure.Unknown("test.silence", errSilence) }

func apply(t *testing.T, s *claim.Store, r *record, change uint64, want string) (events.Result, error) {
	t.Helper()
	r.want = want
	done, err := effect.Apply(t.Context(), s, key,
		claim.Wanted{Revision: events.Revision{Epoch: 1, Change: change}, Fingerprint: want}, r)
	return done.Result, err
}

// applied repeats as the bus does, until nothing has to be waited for.
func applied(t *testing.T, s *claim.Store, r *record, change uint64, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		result, err := apply(t, s, r, change, want)
		if err == nil {
			if result != events.Applied {
				t.Fatalf("change %d is %s", change, result)
			}
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestAnUnansweredCallThatLandedIsAdoptedAtOnce(t *testing.T) {
	s, r := newClaims(t), &record{}
	for change, want := range []string{"created", "updated"} {
		r.fate = func() error { r.state = want; return unanswered() }
		if _, err := apply(t, s, r, uint64(change+1), want); err == nil {
			t.Fatal("an unanswered call is no success")
		}
		if result, err := apply(t, s, r, uint64(change+1), want); err != nil || result != events.Applied {
			t.Errorf("%s: %s, %v", want, result, err)
		}
	}
	if r.writes != 2 {
		t.Errorf("%d writes, want 2", r.writes)
	}
}

// An order is held (1), released (2, not answered) and held again (3). That it
// is held is no proof for 3 while the release may still be at work.
func TestAStateFromBeforeAnUnansweredCallIsNoProof(t *testing.T) {
	s, r := newClaims(t), &record{}
	applied(t, s, r, 1, "held")
	r.fate = unanswered
	if _, err := apply(t, s, r, 2, "released"); err == nil {
		t.Fatal("an unanswered call is no success")
	}
	if result, err := apply(t, s, r, 3, "held"); err == nil {
		t.Fatalf("%s, though the release may still land", result)
	}
	r.state = "released" // it lands now
	applied(t, s, r, 3, "held")
	if r.state != "held" {
		t.Errorf("the order is %s", r.state)
	}
}

// What was applied before an unanswered call is no longer what the target has,
// also when the write that came after the call was refused.
func TestARefusedTakeoverForgetsWhatWasAppliedBefore(t *testing.T) {
	s, r := newClaims(t), &record{}
	applied(t, s, r, 1, "held")
	r.fate = func() error { r.state = "released"; return unanswered() }
	if _, err := apply(t, s, r, 2, "released"); err == nil {
		t.Fatal("an unanswered call is no success")
	}
	refusal := failure.Rejected("test.refused", "", "no", "")
	r.fate = func() error { return refusal }
	for writes := r.writes; r.writes == writes; {
		_, _ = apply(t, s, r, 3, "cancelled") // waits until nothing can be at work
	}
	applied(t, s, r, 4, "held")
	if r.state != "held" {
		t.Errorf("the order is %s", r.state)
	}
}

// stream is a key's commands in the order in which they were stored.
type stream struct {
	commands  []events.Command
	published []bus.Message
}

func (s *stream) stored(i int) bus.Stored {
	data, _ := json.Marshal(s.commands[i])
	return bus.Stored{Sequence: uint64(i + 1), Data: data}
}

func (s *stream) Publish(_ context.Context, m bus.Message) (bus.Ack, error) {
	s.published = append(s.published, m)
	return bus.Ack{}, nil
}

func (s *stream) Last(context.Context, string, string) (bus.Stored, bool, error) {
	return s.stored(len(s.commands) - 1), true, nil
}

func (s *stream) Scan(_ context.Context, _, subjects string) iter.Seq2[bus.Stored, error] {
	return func(yield func(bus.Stored, error) bool) {
		for i, c := range s.commands {
			if of := string(c.Source.Key); of != "" && !strings.HasSuffix(subjects, ".*") && !strings.HasSuffix(subjects, "."+of) {
				continue
			}
			if !yield(s.stored(i), nil) {
				return
			}
		}
	}
}

// An edited order's sales order is the one of the order that it replaces: the
// newest command may be of another key, and it is the claim that knows.
func TestTheNewestCommandOfAnotherKeyIsRewritten(t *testing.T) {
	of := func(change uint64, key events.Key) events.Command {
		return events.Command{Target: "WEB1", Revision: events.Revision{Epoch: 1, Change: change}, Source: events.SourceRef{Key: key}}
	}
	lost := of(2, "1")
	s := &stream{commands: []events.Command{lost, of(5, "1-1"), of(4, "1")}}
	d := &bus.Delivery{Subject: events.CommandSubject("main", events.GP, events.Order, "1")}
	for claimed, want := range map[uint64]struct {
		key    events.Key
		change uint64
	}{4: {"1", 4}, 5: {"1-1", 5}} {
		s.published = nil
		if err := (effect.Writer{Stream: s}).RewriteClaimed(t.Context(), d, lost, events.Revision{Epoch: 1, Change: claimed}); err != nil {
			t.Fatal(err)
		}
		m := s.published[0]
		if got := m.Data.(events.Command); m.Subject.Key != want.key || got.Revision.Change != want.change || got.Revision.Rewrite != 1 {
			t.Errorf("claimed by %d: rewritten %+v on %s", claimed, got, m.Subject)
		}
	}
}

func TestTheNewestCommandIsRewrittenWhereverItStands(t *testing.T) {
	of := func(change uint64, target string) events.Command {
		return events.Command{Target: target, Revision: events.Revision{Epoch: 1, Change: change}}
	}
	lost := of(2, "WEB1")
	// The third was tried again, and so is stored behind the fourth.
	s := &stream{commands: []events.Command{lost, of(4, "WEB1"), of(3, "WEB1"), of(9, "another target")}}
	d := &bus.Delivery{Subject: events.CommandSubject("main", events.GP, events.Order, "1")}
	if err := (effect.Writer{Stream: s}).Rewrite(t.Context(), d, lost); err != nil {
		t.Fatal(err)
	}
	want := of(4, "WEB1")
	want.Revision.Rewrite = 1
	if got, ok := s.published[0].Data.(events.Command); !ok || got.Revision != want.Revision || got.Target != want.Target {
		t.Errorf("rewritten: %+v, want %+v", s.published[0].Data, want)
	}
}
