package claim_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/broker"
	"github.com/magpie-integration/magpie/libs/claim"
	"github.com/magpie-integration/magpie/libs/failure"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/nats-io/nats-server/v2/server.(*Server).eventLoop"))
}

func bucket(t *testing.T) jetstream.KeyValue {
	t.Helper()
	s, err := broker.Start(broker.Config{Store: t.TempDir(), Name: "claims"})
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
	kv, err := js.CreateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: "claims"})
	if err != nil {
		t.Fatal(err)
	}
	return kv
}

func revision(change uint64) events.Revision { return events.Revision{Epoch: 1, Change: change} }

func want(change uint64, fingerprint string) claim.Wanted {
	return claim.Wanted{Revision: revision(change), Fingerprint: fingerprint}
}

const key = "main.gp.order.WEB1"

// quick has times that a test can live through; slow ones never run out in it.
var (
	quick = claim.Times{Call: 20 * time.Millisecond, Lease: 30 * time.Millisecond, Work: 20 * time.Millisecond}
	slow  = claim.Times{Call: time.Hour, Lease: 2 * time.Hour, Work: time.Hour}
)

func begin(t *testing.T, s *claim.Store, w claim.Wanted, expect claim.Verdict) *claim.Claim {
	t.Helper()
	c, v, err := s.Begin(t.Context(), key, w)
	if err != nil {
		t.Fatal(err)
	}
	if v != expect {
		t.Fatalf("revision %s: verdict %d, want %d (record %+v)", w.Revision, v, expect, c.Record)
	}
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestRevisionsAreAppliedOnceAndNeverBackwards(t *testing.T) {
	s := claim.NewStore(bucket(t), "a", slow)
	c := begin(t, s, want(5, "five"), claim.Write)
	must(t, c.Done(t.Context(), claim.Applied{Fingerprint: "five", Exists: true, Details: map[string]string{"customer": "C1"}}))

	if c := begin(t, s, want(5, "five"), claim.Repeated); c.Record.Details["customer"] != "C1" {
		t.Error("a repeated revision has the details of the first")
	}
	begin(t, s, want(4, "four"), claim.Old)
	if c := begin(t, s, want(6, "five"), claim.Same); c.Record.Applied != revision(6) {
		t.Error("an equal state moves the revision on")
	}
	begin(t, s, want(5, "five"), claim.Old)
	must(t, begin(t, s, want(7, "seven"), claim.Write).Release(t.Context()))
	begin(t, s, want(6, "five"), claim.Old) // a newer one was claimed, though it was refused
	begin(t, s, want(7, "seven again"), claim.Write)
}

func TestAnOlderRevisionMayWriteASharedTargetThatNobodyEverWrote(t *testing.T) {
	s := claim.NewStore(bucket(t), "a", slow)
	shared := func(change uint64) claim.Wanted {
		w := want(change, "x")
		w.Shared = true
		return w
	}
	must(t, begin(t, s, shared(7), claim.Write).Release(t.Context())) // it failed for now
	must(t, begin(t, s, shared(5), claim.Write).Done(t.Context(), claim.Applied{Fingerprint: "of 5", Exists: true}))
	begin(t, s, shared(4), claim.Old)
	must(t, begin(t, s, shared(7), claim.Write).Done(t.Context(), claim.Applied{Fingerprint: "of 7", Exists: true}))
	begin(t, s, shared(5), claim.Old)
}

func TestAnotherOwnerIsWaitedForAndThenTakenOver(t *testing.T) {
	kv := bucket(t)
	dead := claim.NewStore(kv, "dead", quick)
	begin(t, dead, want(1, "x"), claim.Write) // and never ends it

	s := claim.NewStore(kv, "b", quick)
	began := time.Now()
	for {
		c, verdict, err := s.Begin(t.Context(), key, want(1, "x"))
		must(t, err)
		if verdict == claim.Wait {
			wait(t, c.RetryAfter)
			continue
		}
		if verdict != claim.Ask {
			t.Fatalf("verdict %d, want Ask", verdict)
		}
		if held := time.Since(began); held < quick.Lease {
			t.Errorf("taken over after %s, before the lease of %s", held, quick.Lease)
		}
		wait(t, c.Patience())
		must(t, c.TakeOver(t.Context()))
		must(t, c.Done(t.Context(), claim.Applied{Fingerprint: "x", Exists: true}))
		return
	}
}

// Two orders of one customer are two lanes of one process.
func TestAnotherLaneOfTheSameProcessIsWaitedForToo(t *testing.T) {
	s := claim.NewStore(bucket(t), "a", slow)
	c := begin(t, s, want(1, "x"), claim.Write)
	begin(t, s, want(2, "y"), claim.Wait)
	must(t, c.Done(t.Context(), claim.Applied{Fingerprint: "x", Exists: true}))
	begin(t, s, want(2, "y"), claim.Write)
}

// wait is real time: leases are.
func wait(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-t.Context().Done():
	case <-time.After(d):
	}
}

func TestAFrozenOwnerFindsItsClaimLost(t *testing.T) {
	kv := bucket(t)
	frozen := claim.NewStore(kv, "frozen", quick)
	old := begin(t, frozen, want(1, "x"), claim.Write)

	s := claim.NewStore(kv, "b", claim.Times{Call: quick.Call}) // no lease: takes over at once
	c := begin(t, s, want(2, "y"), claim.Ask)
	must(t, c.Done(t.Context(), claim.Applied{Fingerprint: "y", Exists: true}))

	wait(t, quick.Call)
	if err := old.Sendable(); failure.Of(err) == nil || !failure.Of(err).Unsent {
		t.Errorf("a call is sent after its time: %v", err)
	}
	if err := old.Done(t.Context(), claim.Applied{}); !errors.Is(err, claim.ErrLost) {
		t.Errorf("got %v, want ErrLost", err)
	}
}

// NATS hands a key's retries to the replicas in turn, so each looks only every
// other time; what one does must not set back what the other has waited.
func TestReplicasThatAskInTurnDoNotSetEachOtherBack(t *testing.T) {
	kv := bucket(t)
	times := claim.Times{Call: time.Hour, Lease: time.Hour, Work: 120 * time.Millisecond}
	must(t, begin(t, claim.NewStore(kv, "a", times), want(1, "x"), claim.Write).Unknown(t.Context()))
	unanswered := time.Now()

	replicas := []*claim.Store{claim.NewStore(kv, "b", times), claim.NewStore(kv, "c", times)}
	asked := 0
	for ; ; asked++ {
		c := begin(t, replicas[asked%2], want(1, "x"), claim.Ask)
		if c.Patience() == 0 {
			must(t, c.TakeOver(t.Context()))
			break
		}
		wait(t, 20*time.Millisecond)
	}
	if held := time.Since(unanswered); held < times.Work || asked > 8 {
		t.Errorf("taken over after %s and %d askings of 20 ms; the work time is %s", held, asked, times.Work)
	}
}

func TestOfTwoThatAskOneTakesOver(t *testing.T) {
	kv := bucket(t)
	times := claim.Times{Call: time.Hour, Lease: time.Hour}
	must(t, begin(t, claim.NewStore(kv, "a", times), want(1, "x"), claim.Write).Unknown(t.Context()))
	first := begin(t, claim.NewStore(kv, "b", times), want(1, "x"), claim.Ask)
	second := begin(t, claim.NewStore(kv, "c", times), want(1, "x"), claim.Ask)
	must(t, second.TakeOver(t.Context()))
	if err := first.TakeOver(t.Context()); !errors.Is(err, claim.ErrLost) {
		t.Errorf("got %v, want ErrLost", err)
	}
	if err := first.Done(t.Context(), claim.Applied{}); !errors.Is(err, claim.ErrLost) {
		t.Errorf("got %v, want ErrLost", err)
	}
}

func TestTheFifthTakeoverIsADefect(t *testing.T) {
	kv := bucket(t)
	s := claim.NewStore(kv, "a", claim.Times{Call: time.Hour})
	must(t, begin(t, s, want(1, "x"), claim.Write).Unknown(t.Context()))
	for range 4 {
		c := begin(t, s, want(1, "x"), claim.Ask)
		must(t, c.TakeOver(t.Context()))
		must(t, c.Unknown(t.Context()))
	}
	err := begin(t, s, want(1, "x"), claim.Ask).TakeOver(t.Context())
	if f := failure.Of(err); f == nil || f.Kind != failure.KindDefect {
		t.Errorf("got %v, want a defect", err)
	}
	if err := begin(t, s, want(1, "x"), claim.Ask).TakeOver(t.Context()); err != nil {
		t.Errorf("a person replays it, and it begins anew: %v", err)
	}
}

func TestAClaimOfAnOlderEpochIsOnlyAMemory(t *testing.T) {
	s := claim.NewStore(bucket(t), "a", slow)
	must(t, begin(t, s, want(900, "x"), claim.Write).Done(t.Context(), claim.Applied{Fingerprint: "x", Exists: true}))
	c := begin(t, s, claim.Wanted{Revision: events.Revision{Epoch: 2, Change: 1}, Fingerprint: "x"}, claim.Ask)
	if c.Patience() != 0 {
		t.Errorf("nothing is at work; patience is %s", c.Patience())
	}
}

func TestTheCallsDeadlineCountsFromBeforeTheClaim(t *testing.T) {
	s := claim.NewStore(bucket(t), "a", quick)
	before := time.Now()
	c := begin(t, s, want(1, "x"), claim.Write)
	ctx, cancel := c.Context(context.Background())
	defer cancel()
	deadline, ok := ctx.Deadline()
	if !ok || deadline.After(time.Now().Add(quick.Call)) || deadline.Before(before) {
		t.Errorf("deadline %v", deadline.Sub(before))
	}
}
