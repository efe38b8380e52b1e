package main

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
)

// heart beats for a role in this process: `magpie status` and doctor tell by
// it what runs, and when a capture last looked at its system.
type heart struct {
	role    events.Role
	bus     *bus.Bus
	log     *slog.Logger
	started time.Time
	first   chan struct{} // a pair was looked at for the first time

	mu       sync.Mutex
	readings []events.Reading
}

// heart gives the role's heart, and adds it to the process when it is new.
func (a *app) heart(role events.Role) *heart {
	h, ok := a.hearts[role]
	if !ok {
		h = newHeart(role, a.bus, a.log)
		a.hearts[role] = h
		a.add(component{name: string(role) + " heart", run: h.run})
	}
	return h
}

func newHeart(role events.Role, b *bus.Bus, log *slog.Logger) *heart {
	return &heart{role: role, bus: b, log: log, started: time.Now().UTC(), first: make(chan struct{}, 1)}
}

// run beats until ctx ends, and once more for the first look at each pair, so
// that what starts is seen at once. A beat that can't be stored is no reason to stop
// a role: its lack is what people then see.
func (h *heart) run(ctx context.Context) error {
	tick := time.NewTicker(bus.BeatEvery)
	defer tick.Stop()
	for {
		if err := h.bus.Beat(ctx, h.beat(time.Now().UTC())); err != nil && ctx.Err() == nil {
			h.log.DebugContext(ctx, "the heartbeat can't be stored", "role", string(h.role), "error", err)
		}
		select {
		case <-ctx.Done():
			return h.stop(context.WithoutCancel(ctx))
		case <-tick.C:
		case <-h.first:
		}
	}
}

// stop takes the heartbeat away, if NATS is still there.
func (h *heart) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := h.bus.Stopped(ctx, h.role, h.bus.Owner()); err != nil {
		h.log.DebugContext(ctx, "the heartbeat can't be taken away", "role", string(h.role), "error", err)
	}
	return nil
}

// beat is the role's heartbeat of now.
func (h *heart) beat(now time.Time) events.Heartbeat {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return events.Heartbeat{
		Role: h.role, Version: version, Host: host, Instance: h.bus.Owner(), Started: h.started, At: now,
		Readings: slices.Clone(h.readings),
	}
}

// looked keeps the newest reading of each pair, entity and way for the next beat. A
// look that failed keeps what the last good one read.
func (h *heart) looked(r events.Reading) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.IndexFunc(h.readings, func(have events.Reading) bool {
		return have.Pair == r.Pair && have.System == r.System && have.Entity == r.Entity && have.Way == r.Way
	})
	if i < 0 {
		h.readings = append(h.readings, r)
		select {
		case h.first <- struct{}{}:
		default: // a beat is due already
		}
		return
	}
	if last := h.readings[i]; r.Problem != "" {
		r.At, r.Rows, r.Newest = last.At, last.Rows, last.Newest
	}
	h.readings[i] = r
}
