package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/config"
	"github.com/magpie-integration/magpie/services/magentocapture"
)

// natsPart examines the server, what waits in its streams, and what runs.
func natsPart(cfg *config.Config) part {
	var connected atomic.Pointer[bus.Bus] // by the gate
	with := func(what string, look func(context.Context, *notes, *bus.Bus)) check {
		return check{what, func(ctx context.Context, n *notes) { look(ctx, n, connected.Load()) }}
	}
	p := part{
		name: "nats",
		gate: check{"server", func(ctx context.Context, n *notes) {
			b, err := dial(cfg, nil, nats.RetryOnFailedConnect(false), nats.NoReconnect())
			if err != nil {
				n.fail("server", err.Error(), "start `magpie up` or the NATS server, or correct nats.url; before the first start that is as it should be")
				return
			}
			connected.Store(b)
			n.ok("server", "connected to "+b.Conn().ConnectedUrlRedacted()+", server "+b.Conn().ConnectedServerVersion())
			if err := b.Ready(ctx); err != nil {
				n.fail("streams", err.Error(), "start a role other than ingest: it creates them")
				return
			}
			n.ok("streams", "all are there")
		}},
	}
	p.rest = []check{
		with("stream settings", checkStreams),
		with("durability", func(ctx context.Context, n *notes, b *bus.Bus) { checkDurability(ctx, n, b, cfg.NATS) }),
		with("clock", checkServerClock),
		with("roles", checkRoles),
		with("consumers", checkLanes),
		with("dead letters", checkDead),
	}
	for _, pair := range cfg.Pairs {
		p.rest = append(p.rest,
			with("sweep of pair "+pair.Name, func(ctx context.Context, n *notes, b *bus.Bus) { checkSweep(ctx, n, b, pair) }),
			with("webhooks of pair "+pair.Name, func(ctx context.Context, n *notes, b *bus.Bus) { checkWebhooks(ctx, n, b, pair) }),
		)
	}
	p.after = func() {
		if b := connected.Load(); b != nil {
			b.Close()
		}
	}
	return p
}

func checkStreams(ctx context.Context, n *notes, b *bus.Bus) {
	drifted := false
	for _, want := range bus.Streams {
		s, err := b.JetStream().Stream(ctx, want.Name)
		if err != nil {
			n.err("stream "+want.Name, err)
			return
		}
		have := s.CachedInfo().Config
		want.Replicas = have.Replicas // who runs the cluster decides; see durability
		for _, d := range bus.Compare(have, want) {
			drifted = true
			n.warn("stream "+d.Name, d.String(), "start a role again: it mends what can be mended in place")
		}
	}
	if !drifted {
		n.ok("stream settings", "as this version wants them")
	}
}

func checkDurability(ctx context.Context, n *notes, b *bus.Bus, cfg config.NATS) {
	d, err := b.Durability(ctx)
	if err != nil {
		n.err("durability", err)
		return
	}
	sync, text := bus.SyncUnknown, "; whether it syncs each write is its own setting: look that it has jetstream { sync_interval: always }"
	switch {
	case cfg.Embedded() && cfg.Sync.Always:
		sync, text = bus.SyncAlways, ", and syncs it before it answers"
	case cfg.Embedded():
		sync = bus.SyncLater
	case d.Clustered:
		text = ""
	}
	if err := d.Weaker(sync); err != nil {
		n.err("durability", err)
		return
	}
	n.ok("durability", d.String()+text)
}

func checkServerClock(ctx context.Context, n *notes, b *bus.Bus) {
	before, server, after, err := b.ServerTime(ctx)
	if err != nil {
		n.err("clock", err)
		return
	}
	clock(n, "NATS's", skew(server, server, before, after), "ages, the times of retries and what is purged as history are off by it", 0)
}

// checkRoles looks at the heartbeats: what runs, what died, and what the
// captures read.
func checkRoles(ctx context.Context, n *notes, b *bus.Bus) {
	now := time.Now().UTC()
	hearts, err := b.Hearts(ctx)
	if err != nil {
		n.err("roles", err)
		return
	}
	s := status{At: now}
	for _, r := range roles {
		var alive, silent []events.Heartbeat
		for _, h := range hearts {
			switch {
			case h.Role != events.Role(r.name):
			case now.Sub(h.At) > bus.BeatLate:
				silent = append(silent, h)
			default:
				alive = append(alive, h)
			}
		}
		what := "role " + r.name
		for _, h := range silent {
			verdict := warned // another one does its work
			if len(alive) == 0 {
				verdict = failed
			}
			n.add(verdict, what, fmt.Sprintf("a process on %s last beat %s ago, and did not end in order", h.Host, ago(now, h.At)),
				"look at its log and start it again; it is forgotten after an hour")
		}
		switch {
		case len(alive) > 0:
			n.ok(what, fmt.Sprintf("%d process(es), the last beat %s ago", len(alive), ago(now, alive[0].At)))
		case len(silent) == 0:
			n.fail(what, "runs nowhere that this NATS knows of", "start it: `magpie up`, or `magpie run "+r.name+"`")
		}
		for _, h := range alive {
			for _, read := range h.Readings {
				noteReading(n, s, read)
			}
		}
	}
}

// noteReading notes what a capture told of its last look at its system.
func noteReading(n *notes, s status, r events.Reading) {
	what := "capture of pair " + r.Pair
	switch {
	case r.Problem != "":
		n.warn(what, s.reading(r), "see the lines of "+string(r.System)+"; it goes on by itself")
	case !r.Due.IsZero() && s.At.Sub(r.Due) > max(r.Due.Sub(r.At), time.Minute):
		n.fail(what, s.reading(r), "see whether a breaker is open, and the role's log")
	default:
		n.ok(what, s.reading(r))
	}
}

// checkLanes looks at what waits, and whether it moves. What a breaker holds
// back is no fault of the consumer.
func checkLanes(ctx context.Context, n *notes, b *bus.Bus) {
	lanes, err := b.Survey(ctx)
	if err != nil {
		n.err("consumers", err)
		return
	}
	breakers, err := breakersOf(ctx, b)
	if err != nil {
		n.err("breakers", err)
		return
	}
	var held []string
	for _, m := range breakers {
		if m.To == "closed" {
			continue
		}
		n.warn("breaker "+m.Scope, fmt.Sprintf("is %s since %s: %s", m.To, m.At.Local().Format(time.DateTime), m.Reason),
			"see the lines of that system; it closes by itself when the system answers again")
		held = append(held, heldBy(m.Scope)...)
	}
	for _, l := range lanes {
		noteLane(n, l, held, time.Now())
	}
	if len(lanes) == 0 {
		n.skip("consumers", "there are none: no role has run yet")
	}
}

// noteLane notes how far a consumer has come; held are those before a breaker
// that is open.
func noteLane(n *notes, l bus.Lane, held []string, now time.Time) {
	what := "consumer " + l.Name
	text := fmt.Sprintf("%d wait, %d are under way", l.Pending, l.AckPending)
	if !l.Oldest.IsZero() {
		text += ", the oldest since " + ago(now, l.Oldest)
	}
	moved := "has never moved"
	if !l.Moved.IsZero() {
		moved = "nothing moved for " + ago(now, l.Moved)
	}
	switch {
	case !l.Stalled(now, stalledAfter):
		n.ok(what, text)
	case slices.Contains(held, l.Name):
		n.warn(what, text+"; its breaker is open", "nothing here: mend the system")
	default:
		n.fail(what, text+", and "+moved, "see whether its role runs, and its log; starting the role again is safe")
	}
}

// heldBy gives the names that the consumer of a breaker's scope may have; see
// bus.CaptureSpec and bus.WriterSpec.
func heldBy(scope string) []string {
	parts := strings.Split(scope, ".") // pair, system, entity, role
	if len(parts) != 4 {
		return nil
	}
	capture := parts[3] + "_" + parts[0]
	return []string{capture, capture + "_" + parts[2]}
}

func checkDead(ctx context.Context, n *notes, b *bus.Bus) {
	s, err := b.JetStream().Stream(ctx, bus.Dead)
	if err != nil {
		n.err("dead letters", err)
		return
	}
	if waiting := s.CachedInfo().State; waiting.Msgs > 0 {
		n.warn("dead letters", fmt.Sprintf("%d wait for a person, the oldest since %s", waiting.Msgs, ago(time.Now(), waiting.FirstTime)),
			"`magpie dlq ls` lists them with their causes")
		return
	}
	n.ok("dead letters", "none")
}

// lateSweeps is how many sweeps may be missed before one is late.
const lateSweeps = 3

func checkSweep(ctx context.Context, n *notes, b *bus.Bus, pair config.Pair) {
	what := "sweep of pair " + pair.Name
	kv, err := b.KV(ctx, bus.Cursors)
	if err != nil {
		n.err(what, err)
		return
	}
	to, err := magentocapture.SweptTo(ctx, kv, pair.Name)
	age := time.Since(to)
	switch {
	case err != nil:
		n.err(what, err)
	case to.IsZero():
		n.warn(what, "no sweep has ended yet", "start magento-capture; the first sweep runs at once")
	case age > lateSweeps*max(pair.Magento.Sweep.Every, time.Minute):
		n.fail(what, fmt.Sprintf("has come to %s, %s ago; it should run every %s", to.Local().Format(time.DateTime), ago(time.Now(), to), pair.Magento.Sweep.Every),
			"see the lines of magento, and the log of magento-capture")
	default:
		n.ok(what, fmt.Sprintf("has come to %s, %s ago", to.Local().Format(time.DateTime), ago(time.Now(), to)))
	}
}
