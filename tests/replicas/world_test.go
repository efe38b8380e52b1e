//go:build unix

package replicas

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/broker"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/claim"
)

// world is what the replicas live in: a broker, a target, and the test's eye on both.
type world struct {
	*target
	bus    *bus.Bus
	claims *claim.Store // only to read
	config replicaConfig
	logs   string
	rng    *rand.Rand
}

func newWorld(t *testing.T, cfg replicaConfig, f faults) *world {
	t.Helper()
	rng := seeded(t)
	server, err := broker.Start(broker.Config{Store: t.TempDir(), Name: "replicas", Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Shutdown(); server.WaitForShutdown() })
	b, err := bus.Connect(server.ClientURL(), nats.InProcessServer(server))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	if _, err := b.Apply(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	kv, err := b.KV(t.Context(), bus.Claims)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		target: startTarget(t, rand.New(rand.NewPCG(rng.Uint64(), 0)), f),
		bus:    b, claims: claim.NewStore(kv, "the test", times), config: cfg, logs: t.TempDir(), rng: rng,
	}
	w.config.NATS, w.config.Target = server.ClientURL(), w.url
	return w
}

// seeded prints the seed, so that a run can be repeated.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("MAGPIE_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("MAGPIE_SEED: %v", err)
		}
	}
	t.Logf("MAGPIE_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// until waits for what happens on its own.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	const deadline = 90 * time.Second
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("not within %s: %s", deadline, what)
		case <-tick.C:
		}
	}
}

func (w *world) claim(t *testing.T, key string) claim.Record {
	t.Helper()
	r, err := w.claims.Get(t.Context(), claimKey(key))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// held are the keys whose claims an owner holds now.
func (w *world) held(t *testing.T, owner string, keys []string) (held []string) {
	t.Helper()
	for _, key := range keys {
		if r := w.claim(t, key); r.State == claim.Busy && r.Owner == owner {
			held = append(held, key)
		}
	}
	return held
}

// settled tells whether no command is waiting, under way or scheduled.
func (w *world) settled(t *testing.T) bool {
	t.Helper()
	return w.scheduled(t) == 0 && w.lag(t) == 0 && w.scheduled(t) == 0
}

func (w *world) lag(t *testing.T) uint64 {
	t.Helper()
	lag, err := w.bus.Consumer(spec(1, w.config.AckWait), nil).Lag(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return lag.Pending + uint64(lag.AckPending)
}

func (w *world) scheduled(t *testing.T) int {
	t.Helper()
	return w.count(t, bus.Commands, "magpie.later.command.>")
}

func (w *world) count(t *testing.T, stream, filter string) (n int) {
	t.Helper()
	for _, err := range w.bus.Scan(t.Context(), stream, filter) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// commands gives what the stream has of a kind.
func (w *world) commands(t *testing.T, of func(events.Command) bool) (found []events.Command) {
	t.Helper()
	for m, err := range w.bus.Scan(t.Context(), bus.Commands, "magpie.command.>") {
		var cmd events.Command
		if err == nil {
			err = json.Unmarshal(m.Data, &cmd)
		}
		if err != nil {
			t.Fatal(err)
		}
		if of(cmd) {
			found = append(found, cmd)
		}
	}
	return found
}

func isRewrite(cmd events.Command) bool { return cmd.Revision.Rewrite > 0 }

func (w *world) deadLetters(t *testing.T) (letters []events.DeadLetter) {
	t.Helper()
	for m, err := range w.bus.Scan(t.Context(), bus.Dead, ">") {
		var l events.DeadLetter
		if err == nil {
			err = json.Unmarshal(m.Data, &l)
		}
		if err != nil {
			t.Fatal(err)
		}
		letters = append(letters, l)
	}
	return letters
}
