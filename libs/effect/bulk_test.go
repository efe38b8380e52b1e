package effect_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/claim"
	"github.com/magpie-integration/magpie/libs/effect"
	"github.com/magpie-integration/magpie/libs/failure"
)

// shelf is a system that keeps a text for each record, and takes many at once.
type shelf struct {
	names  []string // of the members
	want   []string
	writes int
	// before is called with the members of a write; what it gives is their error,
	// and lost says that the work is done all the same.
	before func(members []int) (errs []error, lost bool)

	mu  sync.Mutex
	has map[string]string
}

func (s *shelf) Ask(_ context.Context, members []int) ([]effect.Has, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	has := make([]effect.Has, len(members))
	for n, i := range members {
		text, there := s.has[s.names[i]]
		has[n] = effect.Has{Present: there, Wanted: text == s.want[i], Applied: claim.Applied{Fingerprint: claim.AsExpected, Exists: true}}
	}
	return has, nil
}

func (s *shelf) Write(_ context.Context, members []int) []effect.Written {
	s.writes++
	errs, done := make([]error, len(members)), true
	if s.before != nil {
		errs, done = s.before(members)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	written := make([]effect.Written, len(members))
	for n, i := range members {
		written[n] = effect.Written{Applied: claim.Applied{Fingerprint: claim.AsExpected, Exists: true}, Err: errs[n]}
		if errs[n] == nil || done && errors.Is(errs[n], failure.ErrUnknownOutcome) {
			s.has[s.names[i]] = s.want[i]
		}
	}
	return written
}

// members are records that are wanted in a state each, by revision.
func (s *shelf) members(r events.Revision, want map[string]string) (members []effect.Member) {
	s.names, s.want = nil, nil
	for name, text := range want {
		s.names, s.want = append(s.names, name), append(s.want, text)
		members = append(members, effect.Member{Key: "p.magento.stock." + name, Want: claim.Wanted{Revision: r, Fingerprint: text}})
	}
	return members
}

func (f fixture) all(s *claim.Store, on *shelf, r events.Revision, want map[string]string) map[string]effect.Result {
	f.Helper()
	members := on.members(r, want)
	got := map[string]effect.Result{}
	for i, result := range effect.ApplyAll(f.Context(), s, members, on) {
		got[on.names[i]] = result
	}
	return got
}

func (f fixture) wantAll(got map[string]effect.Result, want events.Result) {
	f.Helper()
	for name, r := range got {
		if r.Err != nil || r.Done.Result != want {
			f.Errorf("%s: %s, %v; want %s", name, r.Done.Result, r.Err, want)
		}
	}
}

func TestManyAreWrittenInOneCallOnce(t *testing.T) {
	f := fixture{t, bucket(t)}
	s, on := f.store("a", patient), &shelf{has: map[string]string{}}
	want := map[string]string{}
	for i := range 100 {
		want[fmt.Sprintf("N%d", i)] = "1"
	}
	f.wantAll(f.all(s, on, revision(2), want), events.Applied)
	if on.writes != 1 || len(on.has) != 100 {
		t.Errorf("%d writes, %d records", on.writes, len(on.has))
	}
	f.wantAll(f.all(s, on, revision(2), want), events.Applied) // delivered again
	f.wantAll(f.all(s, on, revision(1), want), events.Superseded)
	f.wantAll(f.all(s, on, revision(3), want), events.Unchanged)
	if on.writes != 1 {
		t.Errorf("%d writes, want the first alone", on.writes)
	}
}

// What is refused, or has no answer, is so alone: the others are written.
func TestEachOfManyEndsByItself(t *testing.T) {
	f := fixture{t, bucket(t)}
	s, on := f.store("a", claim.Times{Call: time.Hour, Lease: 2 * time.Hour}), &shelf{has: map[string]string{}} // no work time
	on.before = func(members []int) ([]error, bool) {
		errs := make([]error, len(members))
		for n, i := range members {
			switch on.names[i] {
			case "REFUSED":
				errs[n] = errRefused
			case "LOST":
				errs[n] = errNoAnswer
			}
		}
		return errs, true
	}
	want := map[string]string{"REFUSED": "1", "LOST": "1", "FINE": "1"}
	got := f.all(s, on, revision(1), want)
	if got["FINE"].Err != nil || !errors.Is(got["REFUSED"].Err, errRefused) || !waiting(got["LOST"].Err) {
		t.Fatalf("got %+v", got)
	}
	on.before = nil
	f.wantAll(f.all(s, on, revision(1), want), events.Applied)
	if on.writes != 2 { // LOST was done: it is asked for, and not written again
		t.Errorf("%d writes", on.writes)
	}
}

func TestManyOfAnUnansweredCallAreAskedForFirst(t *testing.T) {
	lost := func(done bool) func([]int) ([]error, bool) {
		return func(members []int) ([]error, bool) { return slices.Repeat([]error{errNoAnswer}, len(members)), done }
	}
	want := map[string]string{"A": "1", "B": "1"}
	t.Run("done", func(t *testing.T) {
		f := fixture{t, bucket(t)}
		s, on := f.store("a", patient), &shelf{has: map[string]string{}, before: lost(true)}
		f.all(s, on, revision(1), want)
		f.wantAll(f.all(s, on, revision(1), want), events.Applied)
		if on.writes != 1 {
			t.Errorf("%d writes", on.writes)
		}
	})
	t.Run("not done, and too early to write", func(t *testing.T) {
		f := fixture{t, bucket(t)}
		s, on := f.store("a", patient), &shelf{has: map[string]string{}, before: lost(false)}
		for range 3 {
			for name, r := range f.all(s, on, revision(1), want) {
				if !waiting(r.Err) {
					t.Errorf("%s: %v", name, r.Err)
				}
			}
		}
		if on.writes != 1 {
			t.Errorf("%d writes", on.writes)
		}
	})
	t.Run("not done", func(t *testing.T) {
		f := fixture{t, bucket(t)}
		s, on := f.store("a", claim.Times{Call: time.Hour, Lease: time.Hour}), &shelf{has: map[string]string{}, before: lost(false)}
		f.all(s, on, revision(1), want)
		on.before = nil
		f.wantAll(f.all(s, on, revision(1), want), events.Applied)
	})
}

// A frozen owner's call lands after another replica's: who was overtaken says so.
func TestAFrozenOwnerOfManyIsTold(t *testing.T) {
	f := fixture{t, bucket(t)}
	frozen, on := f.store("frozen", patient), &shelf{has: map[string]string{}}
	on.before = func(members []int) ([]error, bool) {
		other := &shelf{has: on.has}
		second := f.store("b", claim.Times{Call: time.Hour}) // it waits for no lease
		for range 2 {
			f.all(second, other, revision(2), map[string]string{"A": "2"})
		}
		return make([]error, len(members)), true
	}
	got := f.all(frozen, on, revision(1), map[string]string{"A": "1", "B": "1"})
	if !errors.Is(got["A"].Err, claim.ErrLost) || got["B"].Err != nil {
		t.Errorf("got %+v", got)
	}
}

// Whatever is delivered in whatever batches, and however answers are lost, what
// is there in the end is the newest that was wanted of each record.
func TestManyEndAtTheNewest(t *testing.T) {
	kv := bucket(t)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		f := fixture{t, kv}
		on := &shelf{has: map[string]string{}}
		s := f.store("a", claim.Times{Call: time.Hour, Lease: time.Hour})
		newest := map[string]string{}
		for r := range rapid.IntRange(1, 6).Draw(rt, "batches") {
			want := map[string]string{}
			for _, name := range []string{"A", "B", "C"} {
				if rapid.Bool().Draw(rt, "in it") {
					name = fmt.Sprintf("%d%s", n, name)
					want[name] = rapid.SampledFrom([]string{"1", "2"}).Draw(rt, "state")
					newest[name] = want[name]
				}
			}
			on.before = func(members []int) ([]error, bool) {
				errs := make([]error, len(members))
				done := rapid.Bool().Draw(rt, "done")
				for i := range errs {
					if rapid.Bool().Draw(rt, "no answer") {
						errs[i] = errNoAnswer
					}
				}
				return errs, done
			}
			got := f.all(s, on, revision(uint64(r+1)), want)
			on.before = nil
			again := map[string]string{}
			for name, result := range got {
				if result.Err != nil {
					again[name] = want[name]
				}
			}
			if rapid.Bool().Draw(rt, "tried again at once") {
				f.all(s, on, revision(uint64(r+1)), again)
			}
		}
		f.all(s, on, revision(99), newest)
		for name, want := range newest {
			if on.has[name] != want {
				rt.Fatalf("%s is %q, want %q", name, on.has[name], want)
			}
		}
	})
}
