package effect_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/broker"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/claim"
	"github.com/magpie-integration/magpie/libs/effect"
	"github.com/magpie-integration/magpie/libs/failure"
)

func bucket(t *testing.T) jetstream.KeyValue {
	t.Helper()
	s, err := broker.Start(broker.Config{Store: t.TempDir(), Name: "effect", Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	nc, err := nats.Connect(s.ClientURL(), nats.InProcessServer(s))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	kv, err := js.CreateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: "claims", Storage: jetstream.MemoryStorage})
	if err != nil {
		t.Fatal(err)
	}
	return kv
}

var patient = claim.Times{Call: time.Hour, Lease: 2 * time.Hour, Work: time.Hour}

// target answers as the test says.
type target struct {
	has   effect.Has
	ask   error
	write func(ctx context.Context, exists bool) error
	calls []string
}

func (r *target) Ask(context.Context) (effect.Has, error) {
	r.calls = append(r.calls, "ask")
	return r.has, r.ask
}

func (r *target) Write(ctx context.Context, exists bool) (claim.Applied, error) {
	r.calls = append(r.calls, fmt.Sprintf("write exists=%v", exists))
	applied := claim.Applied{Fingerprint: claim.AsExpected, Exists: true, Details: map[string]string{"by": "write"}}
	if r.write == nil {
		return applied, nil
	}
	return applied, r.write(ctx, exists)
}

func (r *target) took(t *testing.T, want ...string) {
	t.Helper()
	if fmt.Sprint(r.calls) != fmt.Sprint(want) {
		t.Errorf("calls %v, want %v", r.calls, want)
	}
	r.calls = nil
}

// fixture is a target key, and what is done to it in one test.
type fixture struct {
	*testing.T
	kv jetstream.KeyValue
}

func revision(change uint64) events.Revision { return events.Revision{Epoch: 1, Change: change} }

func (f fixture) store(owner string, times claim.Times) *claim.Store {
	return claim.NewStore(f.kv, owner, times)
}

func (f fixture) apply(s *claim.Store, r events.Revision, fingerprint string, t effect.Target) (effect.Done, error) {
	f.Helper()
	return effect.Apply(f.Context(), s, key, claim.Wanted{Revision: r, Fingerprint: fingerprint}, t)
}

// must is an application that has to come to a result.
func (f fixture) must(s *claim.Store, r events.Revision, fingerprint string, t effect.Target, want events.Result) effect.Done {
	f.Helper()
	done, err := f.apply(s, r, fingerprint, t)
	if err != nil {
		f.Fatal(err)
	}
	if done.Result != want {
		f.Errorf("revision %s: %s, want %s", r, done.Result, want)
	}
	return done
}

// takeOver is another replica, which waits for no lease.
func (f fixture) takeOver(r events.Revision, fingerprint string) {
	f.Helper()
	s := f.store("b", claim.Times{Call: time.Hour})
	err := errors.New("not tried")
	for range 3 {
		if _, err = f.apply(s, r, fingerprint, &target{}); !waiting(err) {
			break
		}
	}
	if err != nil {
		f.Fatal(err)
	}
}

func (f fixture) claim() claim.Record {
	f.Helper()
	r, err := f.store("reader", patient).Get(f.Context(), key)
	if err != nil {
		f.Fatal(err)
	}
	return r
}

func waiting(err error) bool { return err != nil && strings.HasPrefix(err.Error(), "waiting: ") }

var (
	errRefused  = failure.Rejected("gp.item.unknown", "ITEMNMBR", "no such item", "create it")
	errNoAnswer = failure.Unknown("gp.no_answer", errors.New("reset"))
)

func TestOneEffectARevision(t *testing.T) {
	f := fixture{t, bucket(t)}
	s, r := f.store("a", patient), &target{}
	done := f.must(s, revision(2), "two", r, events.Applied)
	if !done.Exists || done.Details["by"] != "write" {
		t.Errorf("done %+v", done)
	}
	r.took(t, "write exists=false")
	if done := f.must(s, revision(2), "two", r, events.Applied); done.Details["by"] != "write" {
		t.Errorf("a repetition has the details of the first: %+v", done)
	}
	f.must(s, revision(3), "two", r, events.Unchanged)
	if done := f.must(s, revision(1), "one", r, events.Superseded); !done.Exists {
		t.Errorf("superseded, and there: %+v", done)
	}
	r.took(t)
	f.must(s, revision(4), "four", r, events.Applied)
	r.took(t, "write exists=true")
}

func TestARewriteWritesWhatIsRecordedAsWritten(t *testing.T) {
	f := fixture{t, bucket(t)}
	s, r := f.store("a", patient), &target{}
	f.must(s, revision(2), "two", r, events.Applied)
	r.took(t, "write exists=false")
	again := revision(2)
	again.Rewrite = 1
	f.must(s, again, "two", r, events.Applied)
	r.took(t, "write exists=true")
	f.must(s, again, "two", r, events.Applied)
	f.must(s, revision(3), "two", r, events.Unchanged)
	r.took(t)
}

func TestWhatIsRefusedLeavesTheTargetAsItWas(t *testing.T) {
	f := fixture{t, bucket(t)}
	s := f.store("a", patient)
	f.must(s, revision(1), "one", &target{}, events.Applied)
	_, err := f.apply(s, revision(2), "two", &target{write: func(context.Context, bool) error { return errRefused }})
	if !errors.Is(err, errRefused) {
		t.Fatalf("got %v", err)
	}
	if r := f.claim(); r.State != claim.Idle || r.Applied != revision(1) || r.Fingerprint != "one" {
		t.Errorf("record %+v", r)
	}
	r := &target{}
	f.must(f.store("b", patient), revision(2), "two", r, events.Applied) // mended, and replayed
	r.took(t, "write exists=true")
}

func TestAnotherReplicaIsWaitedFor(t *testing.T) {
	f := fixture{t, bucket(t)}
	r := &target{}
	f.must(f.store("a", patient), revision(1), "one", &target{write: func(context.Context, bool) error {
		if _, err := f.apply(f.store("b", patient), revision(2), "two", r); !waiting(err) {
			t.Errorf("got %v, want to wait", err)
		}
		if done, err := f.apply(f.store("c", patient), revision(0), "none", r); err != nil || done.Result != events.Superseded {
			t.Errorf("got %+v, %v, want superseded", done, err)
		}
		return nil
	}}, events.Applied)
	r.took(t)
}

func TestAnUnansweredCallIsAskedForFirst(t *testing.T) {
	lost := func(context.Context, bool) error { return errNoAnswer }
	t.Run("adopted", func(t *testing.T) {
		f := fixture{t, bucket(t)}
		s := f.store("a", patient)
		r := &target{write: lost, has: effect.Has{Present: true, Wanted: true, Applied: claim.Applied{
			Fingerprint: claim.AsExpected, Exists: true, Details: map[string]string{"by": "ask"}}}}
		if _, err := f.apply(s, revision(1), "one", r); !waiting(err) {
			t.Fatalf("got %v", err)
		}
		if done := f.must(s, revision(1), "one", r, events.Applied); done.Details["by"] != "ask" {
			t.Errorf("done %+v", done)
		}
		r.took(t, "write exists=false", "ask")
		if got := f.claim(); got.Fingerprint != "one" || got.Applied != revision(1) {
			t.Errorf("record %+v", got)
		}
	})
	t.Run("too early to write", func(t *testing.T) {
		f := fixture{t, bucket(t)}
		s, r := f.store("a", patient), &target{write: lost}
		for range 3 {
			if _, err := f.apply(s, revision(1), "one", r); !waiting(err) {
				t.Fatalf("got %v", err)
			}
		}
		r.took(t, "write exists=false", "ask", "ask")
		if got := f.claim(); got.State != claim.Unknown || got.Owner != "" {
			t.Errorf("record %+v", got)
		}
	})
	t.Run("written again, onto what is there", func(t *testing.T) {
		f := fixture{t, bucket(t)}
		s := f.store("a", claim.Times{Call: time.Hour, Lease: time.Hour}) // no work time
		r := &target{write: lost, has: effect.Has{Present: true}}
		if _, err := f.apply(s, revision(1), "one", r); !waiting(err) {
			t.Fatalf("got %v", err)
		}
		r.write = nil
		f.must(s, revision(1), "one", r, events.Applied)
		r.took(t, "write exists=false", "ask", "write exists=true")
	})
	t.Run("the asking fails", func(t *testing.T) {
		f := fixture{t, bucket(t)}
		s, r := f.store("a", patient), &target{write: lost, ask: bus.ErrPaused}
		if _, err := f.apply(s, revision(1), "one", r); !waiting(err) {
			t.Fatalf("got %v", err)
		}
		if _, err := f.apply(s, revision(1), "one", r); !errors.Is(err, bus.ErrPaused) {
			t.Errorf("got %v, want bus.ErrPaused", err)
		}
		if got := f.claim(); got.State != claim.Unknown { // given back: another replica may ask at once
			t.Errorf("record %+v", got)
		}
	})
	t.Run("for ever", func(t *testing.T) {
		f := fixture{t, bucket(t)}
		s, r := f.store("a", claim.Times{Call: time.Hour, Lease: time.Hour}), &target{write: lost}
		var err error
		for range 10 {
			if _, err = f.apply(s, revision(1), "one", r); !waiting(err) {
				break
			}
		}
		if got := failure.Of(err); got == nil || got.Kind != failure.KindDefect || got.Code != "claim.takeovers" {
			t.Errorf("got %v, want a defect", err)
		}
	})
}

func TestALostClaimIsSaid(t *testing.T) {
	for name, end := range map[string]error{"written": nil, "not answered": errNoAnswer} {
		t.Run(name, func(t *testing.T) {
			f := fixture{t, bucket(t)}
			_, err := f.apply(f.store("frozen", patient), revision(1), "one", &target{write: func(context.Context, bool) error {
				f.takeOver(revision(2), "two")
				return end
			}})
			if !errors.Is(err, claim.ErrLost) {
				t.Errorf("got %v, want ErrLost", err)
			}
			if got := f.claim(); got.Applied != revision(2) || got.Fingerprint != "two" {
				t.Errorf("record %+v", got)
			}
		})
	}
	t.Run("refused", func(t *testing.T) { // nothing landed, so there is nothing to write again
		f := fixture{t, bucket(t)}
		_, err := f.apply(f.store("frozen", patient), revision(1), "one", &target{write: func(context.Context, bool) error {
			f.takeOver(revision(2), "two")
			return errRefused
		}})
		if !errors.Is(err, errRefused) || errors.Is(err, claim.ErrLost) {
			t.Errorf("got %v, want the refusal", err)
		}
	})
}

func TestTheCallsEndWithTheClaimsTime(t *testing.T) {
	f := fixture{t, bucket(t)}
	s := f.store("a", patient)
	f.must(s, revision(1), "one", &target{write: func(ctx context.Context, _ bool) error {
		if at, ok := ctx.Deadline(); !ok || time.Until(at) > patient.Call {
			t.Errorf("deadline %v, %v", at, ok)
		}
		return nil
	}}, events.Applied)

	r := &target{}
	_, err := f.apply(f.store("held up", claim.Times{Lease: time.Hour}), revision(2), "two", r)
	if got := failure.Of(err); got == nil || got.Code != "claim.late" || !got.Unsent {
		t.Errorf("got %v", err)
	}
	r.took(t)
	if got := f.claim(); got.State != claim.Idle {
		t.Errorf("record %+v", got)
	}
}

func TestWhatWasWrittenIsWrittenDownThoughTheRoleStops(t *testing.T) {
	f := fixture{t, bucket(t)}
	ctx, stop := context.WithCancel(t.Context())
	done, err := effect.Apply(ctx, f.store("a", patient), key, claim.Wanted{Revision: revision(1), Fingerprint: "one"},
		&target{write: func(context.Context, bool) error { stop(); return nil }})
	if err != nil || done.Result != events.Applied {
		t.Fatalf("got %+v, %v", done, err)
	}
	if got := f.claim(); got.State != claim.Idle || got.Applied != revision(1) {
		t.Errorf("record %+v", got)
	}
}

func TestFingerprints(t *testing.T) {
	a, err := effect.Fingerprint(map[string]int{"x": 1, "y": 2})
	if err != nil {
		t.Fatal(err)
	}
	b, _ := effect.Fingerprint(map[string]int{"y": 2, "x": 1})
	c, _ := effect.Fingerprint(map[string]int{"y": 2, "x": 2})
	if a != b || a == c || len(a) != 32 {
		t.Errorf("%s, %s, %s", a, b, c)
	}
	if _, err := effect.Fingerprint(func() {}); failure.Of(err).Kind != failure.KindDefect {
		t.Errorf("got %v", err)
	}
}
