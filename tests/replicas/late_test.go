//go:build unix

package replicas

import (
	"testing"
	"time"

	"github.com/magpie-integration/magpie/libs/claim"
)

// TestACallThatGoesOutAfterItsClaimWasTakenIsMended is the one thing that no
// check can rule out: a process freezes between its last look at the clock and
// the kernel's taking the bytes. The call lands late and moves the target back;
// the replica finds its claim lost, and the newest command is written again,
// though the target's claim says that nothing is to be done, and though the
// newest command is not the last one of its key in the stream.
func TestACallThatGoesOutAfterItsClaimWasTakenIsMended(t *testing.T) {
	w := newWorld(t, replicaConfig{Parallel: 4, AckWait: time.Second}, faults{})
	const key = "K"
	send := func(change int, id string, doc document) {
		t.Helper()
		cmd, err := command(key, change, doc, "")
		if err != nil {
			t.Fatal(err)
		}
		w.publish(t, cmd, id)
	}
	frozen := w.replica(t, "frozen")
	send(1, "1", document{Content: "one"})
	until(t, "the first revision", func() bool { return w.claim(t, key).Applied.Change == 1 })
	send(2, "2", document{Content: "two", Stalls: true})
	until(t, "the replica is past its last check", func() bool { return w.waiting() == 1 })
	frozen.freeze()

	other := w.replica(t, "other")
	send(4, "4", document{Content: "four"})
	until(t, "another replica writes the newest", func() bool {
		r := w.claim(t, key)
		return r.State == claim.Idle && r.Applied.Change == 4
	})
	send(3, "3", document{Content: "three"})
	until(t, "what came late is done", func() bool { return w.settled(t) })

	close(w.opened)
	frozen.wake()
	until(t, "the late call lands", func() bool { return len(w.sums().Wrong.MovedBack) == 1 })
	until(t, "the newest is written again", func() bool {
		content, _ := w.read(key)
		return content == "four" && w.settled(t)
	})
	if n := len(w.commands(t, isRewrite)); n != 1 {
		t.Errorf("%d rewrites, want 1", n)
	}
	if s := w.sums().Wrong; len(s.MovedBack) != 1 || len(s.Overlaps) != 0 {
		t.Errorf("the one late call, and nothing else: %s", s)
	}
	frozen.stop()
	other.stop()
}
