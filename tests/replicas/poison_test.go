//go:build unix

package replicas

import (
	"fmt"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/events"
)

// TestAMessageThatKillsItsProcessIsDeadAfterFiveDeaths: a poison message can't
// take a role down for ever, and costs no innocent one anything but time. The
// test is the supervisor that starts what died.
func TestAMessageThatKillsItsProcessIsDeadAfterFiveDeaths(t *testing.T) {
	const innocents, deaths = 60, 5
	w := newWorld(t, replicaConfig{Parallel: 4, AckWait: time.Second}, faults{})
	send := func(key, reason string) {
		t.Helper()
		cmd, err := command(key, 1, document{Content: key}, reason)
		if err != nil {
			t.Fatal(err)
		}
		w.publish(t, cmd, key)
	}
	for i := range innocents {
		if i == innocents/2 {
			send("poisonous", poison)
		}
		send(fmt.Sprintf("I%02d", i), "")
	}

	alive := []*process{w.replica(t, "r1.0"), w.replica(t, "r2.0")}
	died := 0
	var letters []events.DeadLetter
	until(t, "a dead letter, and all else done", func() bool {
		for i, p := range alive {
			if !p.ended() {
				continue
			}
			if code := p.cmd.ProcessState.ExitCode(); code != exitPoisoned {
				t.Fatalf("%s ended with %s", p.owner, p.cmd.ProcessState)
			}
			died++
			alive[i] = w.replica(t, fmt.Sprintf("r%d.%d", i+1, died))
		}
		letters = w.deadLetters(t)
		return len(letters) > 0 && w.settled(t)
	})
	if len(letters) != 1 || letters[0].Code != "bus.poison" || letters[0].Message.Subject != events.CommandSubject(pair, events.GP, events.Order, "poisonous").String() {
		t.Errorf("dead letters: %+v", letters)
	}
	if died != deaths {
		t.Errorf("%d processes died, want %d", died, deaths)
	}
	for i := range innocents {
		key := fmt.Sprintf("I%02d", i)
		if got, _ := w.read(key); got != key {
			t.Errorf("innocent %s has %q", key, got)
		}
	}
	if s := w.sums(); !s.Wrong.none() {
		t.Error(s.Wrong)
	}
	for _, p := range alive {
		p.stop()
	}
}
