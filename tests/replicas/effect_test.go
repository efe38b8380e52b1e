//go:build unix

package replicas

import (
	"fmt"
	"os"
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

	taken := 0
	for round := range rounds {
		// Each round has its share of the workload; the kill is in its middle.
		share := int64(100 / rounds)
		start := int64(round) * share
		w.rng.Shuffle(len(replicas), func(i, k int) { replicas[i], replicas[k] = replicas[k], replicas[i] })
		frozen, killed := replicas[0], replicas[1]

		until(t, "all replicas write", func() bool {
			for _, r := range replicas {
				if w.writesOf(r.owner) == 0 {
					return false
				}
			}
			return load.reached(start + share/10)
		})
		held := w.freezeInMidWork(t, frozen, load.keys)
		taken += len(held)
		// Either fault alone, or both at once with one replica left.
		together := w.rng.IntN(2) == 0
		if together {
			taken += len(w.killInMidWork(t, killed, load.keys))
		}
		w.takenOver(t, frozen, held)
		atWaking := w.writesOf(frozen.owner)
		frozen.wake()
		if !together {
			until(t, "half of the round is published", func() bool { return load.reached(start + share/2) })
			taken += len(w.killInMidWork(t, killed, load.keys))
		}
		if round+1 < rounds {
			replicas[1] = w.replica(t, fmt.Sprintf("%s.%d", killed.owner, round+2))
		} else {
			replicas = append(replicas[:1], replicas[2:]...)
		}
		until(t, "the woken replica writes again", func() bool { return w.writesOf(frozen.owner) > atWaking })
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

// freezeInMidWork stops a replica at a moment at which the target is at work
// on its calls, and gives the keys whose claims it holds.
func (w *world) freezeInMidWork(t *testing.T, p *process, keys []string) (held []string) {
	t.Helper()
	until(t, p.owner+" stands still in the middle of its work", func() bool {
		if w.running(p.owner) < 2 {
			return false
		}
		p.freeze()
		sent := w.running(p.owner)
		held = w.held(t, p.owner, keys)
		midWork := sent > 0 && len(held) > 0
		if !midWork {
			p.wake()
		}
		return midWork
	})
	return held
}

// killInMidWork does the same and then kills it.
func (w *world) killInMidWork(t *testing.T, p *process, keys []string) []string {
	t.Helper()
	held := w.freezeInMidWork(t, p, keys)
	p.kill()
	return held
}

// takenOver waits until a replica is frozen for longer than its lease, and
// others have every claim that it held.
func (w *world) takenOver(t *testing.T, p *process, held []string) {
	t.Helper()
	until(t, "others take over what "+p.owner+" holds", func() bool {
		return time.Since(p.still) > times.Lease && len(w.held(t, p.owner, held)) == 0
	})
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
