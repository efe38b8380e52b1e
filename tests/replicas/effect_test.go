//go:build unix

package replicas

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/libs/claim"
)

// TestEveryEffectHappensOnceWhileReplicasAreKilledAndFrozen is the promise as a
// whole: whatever becomes of the replicas and of the target's answers, no two
// writes of a key meet in the target, no key goes back, no revision is written
// twice, and every key is at its newest in the end, without a dead letter.
func TestEveryEffectHappensOnceWhileReplicasAreKilledAndFrozen(t *testing.T) {
	keys, perSecond, rounds := 200, 200, 1
	if os.Getenv("MAGPIE_SOAK") != "" {
		keys, perSecond, rounds = 1000, 250, 6
	}
	began := time.Now()
	w := newWorld(t, replicaConfig{Parallel: 16, AckWait: 3 * time.Second}, faults{CutAfter: 20, CutBefore: 20, Refuse: true})
	load := newWorkload(w.rng, keys)
	replicas := []*process{w.replica(t, "r1"), w.replica(t, "r2"), w.replica(t, "r3")}
	until(t, "the durable is there", func() bool {
		_, err := w.bus.JetStream().Consumer(t.Context(), "COMMANDS", spec(1, 0).Name)
		return err == nil
	})
	var publishing sync.WaitGroup
	publishing.Go(func() { w.publishAll(t, load, perSecond) })
	defer publishing.Wait()

	until(t, "all replicas write", func() bool {
		return w.writesOf("r1") > 0 && w.writesOf("r2") > 0 && w.writesOf("r3") > 0
	})
	taken := 0
	for round := range rounds {
		// Each round has its share of the workload.
		at := func(percent int) {
			t.Helper()
			until(t, "the workload's next part", func() bool { return load.reached((100*round + percent) / rounds) })
		}
		w.rng.Shuffle(len(replicas), func(i, k int) { replicas[i], replicas[k] = replicas[k], replicas[i] })
		killed := replicas[2]
		kill := sync.OnceFunc(func() { taken += len(w.killInMidWork(t, killed, load.keys)) })

		at(5)
		// Either fault by itself, or both at once with one replica left.
		together := w.rng.IntN(2) == 0
		taken += w.freezeAndWake(t, replicas[0], load.keys, w.sentSome, func() {
			if together {
				kill()
			}
		})
		at(40)
		kill()
		at(60)
		taken += w.freezeAndWake(t, replicas[1], load.keys, w.sentNotAll, func() {})
		if replicas = replicas[:2]; round+1 < rounds {
			replicas = append(replicas, w.replica(t, fmt.Sprintf("%s.%d", killed.owner, round+2)))
		}
	}
	publishing.Wait()
	until(t, "everything is done", func() bool { return w.settled(t) && w.newest(t, load) == nil })
	for _, r := range replicas {
		r.stop()
	}

	s, rewrites := w.sums(), len(w.commands(t, isRewrite))
	t.Logf("%.1fs: %d messages (%d out of order, %d duplicates), %d writes, %d answers lost, %d connections refused, %d claims taken over, %d rewrites",
		time.Since(began).Seconds(), len(load.messages), load.late, load.duplicates, s.Writes, s.Lost, s.Refused,
		taken, rewrites)
	if rewrites > 10*taken {
		t.Errorf("%d rewrites: claims were taken from replicas that were at work", rewrites)
	}
	if !s.Wrong.none() {
		t.Error(s.Wrong)
	}
	// That the woken replica's claims were lost shows as rewrites.
	if s.Lost == 0 || s.Refused == 0 || taken == 0 || rewrites == 0 || load.late == 0 || load.duplicates == 0 {
		t.Error("a fault never came, so this run proves less than it should")
	}
	for _, err := range w.newest(t, load) {
		t.Error(err)
	}
	if letters := w.deadLetters(t); len(letters) != 0 {
		t.Errorf("dead letters: %+v", letters)
	}
}

// freezeAndWake freezes a replica at a moment in its work, for longer than its
// lease and until others have the claims that it held, and gives their number.
// It is awake when it has written again.
func (w *world) freezeAndWake(t *testing.T, p *process, keys []string, m moment, meanwhile func()) int {
	t.Helper()
	held := w.freeze(t, p, keys, m)
	meanwhile()
	until(t, "others take over what "+p.owner+" holds", func() bool {
		return time.Since(p.still) > times.Lease && len(w.held(t, p.owner, held)) == 0
	})
	before := w.writesOf(p.owner)
	p.wake()
	until(t, p.owner+" writes again", func() bool { return w.writesOf(p.owner) > before })
	return len(held)
}

// killInMidWork kills a replica while the target is at work for it, and gives
// the keys whose claims it leaves.
func (w *world) killInMidWork(t *testing.T, p *process, keys []string) []string {
	t.Helper()
	held := w.freeze(t, p, keys, w.sentSome)
	p.kill()
	return held
}

// moment tells whether a replica was caught where it should be: sent is how
// many of its calls the target is at work on, held the keys whose claims it has.
type moment func(t *testing.T, sent int, held []string) bool

func (w *world) sentSome(_ *testing.T, sent int, held []string) bool {
	return sent > 0 && len(held) > 0
}

// sentNotAll catches it between a claim and its call.
func (w *world) sentNotAll(t *testing.T, _ int, held []string) bool {
	return slices.ContainsFunc(held, func(key string) bool { return !w.came(key, w.claim(t, key).Claimed) })
}

// freeze stops a replica at a moment, and gives the keys whose claims it holds.
func (w *world) freeze(t *testing.T, p *process, keys []string, m moment) (held []string) {
	t.Helper()
	until(t, p.owner+" stands still in the middle of its work", func() bool {
		if w.running(p.owner) == 0 {
			return false
		}
		p.freeze()
		sent := w.running(p.owner) // at once: the target goes on
		held = w.held(t, p.owner, keys)
		caught := m(t, sent, held)
		if !caught {
			p.wake()
		}
		return caught
	})
	return held
}

// newest says which keys are not at their newest revision.
func (w *world) newest(t *testing.T, load *workload) (wrong []error) {
	t.Helper()
	for _, key := range load.keys {
		want, record := load.newest[key], w.claim(t, key)
		if record.State != claim.Idle || record.Applied.Change != uint64(want.change) {
			wrong = append(wrong, fmt.Errorf("claim of %s: %+v, want change %d", key, record, want.change))
		}
		if got, _ := w.read(key); got != want.doc.Content {
			wrong = append(wrong, fmt.Errorf("key %s has %q, want %q", key, got, want.doc.Content))
		}
	}
	return wrong
}
