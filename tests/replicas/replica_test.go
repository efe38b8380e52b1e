//go:build unix

package replicas

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/breaker"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/claim"
	"github.com/magpie-integration/magpie/libs/effect"
)

// replicaEnv holds a replicaConfig; its presence makes the binary a replica.
const replicaEnv = "MAGPIE_TEST_REPLICA"

type replicaConfig struct {
	// Owner is the process's name in claims and before the target; like
	// bus.Owner it is never used twice.
	Owner    string
	NATS     string
	Target   string
	Parallel int
	AckWait  time.Duration
}

const pair = "main"

// times are short ones of the protocol. The target's work takes 50 ms at most
// while it answers and 100 ms after it hung up; the rest of Work is slack for a
// busy machine.
var times = claim.Of(time.Second, 300*time.Millisecond)

func spec(parallel int, ackWait time.Duration) bus.Spec {
	s := bus.WriterSpec(events.RoleGPWriter, pair, events.GP, events.Order, parallel)
	s.AckWait = ackWait
	return s
}

func claimKey(target string) string { return claim.Key(pair, events.GP, events.Order, target) }

// exitPoisoned is the exit code of a replica that a message killed.
const exitPoisoned = 3

// runReplica is a writer role in a process of its own, until SIGTERM.
func runReplica(encoded string) error {
	var cfg replicaConfig
	if err := json.Unmarshal([]byte(encoded), &cfg); err != nil {
		return err
	}
	// The test holds the other end: when it dies, however it does, so does this.
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(4)
	}()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()

	b, err := bus.Connect(cfg.NATS)
	if err != nil {
		return err
	}
	defer b.Close()
	kv, err := b.KV(ctx, bus.Claims)
	if err != nil {
		return err
	}
	w := &writer{
		claims: claim.NewStore(kv, cfg.Owner, times),
		effect: effect.Writer{Stream: b},
		client: newClient(cfg.Target, cfg.Owner),
		// The target is away for a quarter of a second at a time.
		breaker: breaker.New("target", breaker.Config{Probe: 100 * time.Millisecond}),
	}
	c := b.Consumer(spec(cfg.Parallel, cfg.AckWait), nil)
	c.Gate, c.Refused = w.breaker, effect.Refused
	return c.Run(ctx, w.handle)
}

// writer does what services/gpwriter does, for a target with one record a key.
type writer struct {
	claims  *claim.Store
	effect  effect.Writer
	client  *client
	breaker *breaker.Breaker
}

func (w *writer) handle(ctx context.Context, d *bus.Delivery) error {
	var cmd events.Command
	if err := d.Data(&cmd); err != nil {
		return err
	}
	if cmd.Reason == poison {
		os.Exit(exitPoisoned)
	}
	overtaken, err := w.effect.Overtaken(ctx, d, cmd)
	if err != nil {
		return err
	}
	outcome := events.Outcome{Result: events.Superseded}
	if !overtaken {
		outcome, err = w.apply(ctx, cmd)
		if errors.Is(err, claim.ErrLost) {
			slog.Warn("a claim was lost", "key", cmd.Target, "revision", cmd.Revision, "cause", err)
			return w.effect.Rewrite(ctx, d, cmd)
		}
		if err != nil {
			return err
		}
	}
	_, err = w.effect.Stream.Publish(ctx, effect.Outcome(d, cmd, outcome))
	return err
}

func (w *writer) apply(ctx context.Context, cmd events.Command) (events.Outcome, error) {
	var doc document
	if err := json.Unmarshal(cmd.Document, &doc); err != nil {
		return events.Outcome{}, fmt.Errorf("document: %w", err)
	}
	fingerprint, err := effect.Fingerprint(doc)
	if err != nil {
		return events.Outcome{}, err
	}
	done, err := effect.Apply(ctx, w.claims, claimKey(cmd.Target),
		claim.Wanted{Revision: cmd.Revision, Fingerprint: fingerprint},
		&record{writer: w, key: cmd.Target, revision: cmd.Revision, doc: doc})
	return events.Outcome{Result: done.Result}, err
}
