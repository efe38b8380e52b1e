// Package breaker stops a consumer from fetching while its target system is
// down. It wraps gobreaker and adds what an event consumer needs: an open
// breaker pauses instead of failing messages, so no delivery and no try is
// used up; a failing record counts once, however often it is tried, so one bad
// record never opens it; and only failures of the system count, never refusals.
//
//	closed ──failures of several keys, or of the connection──▶ open
//	  ▲                                                          │ after Probe
//	  └──────────one success────── half-open ◀───────────────────┘
//	                                  └──failure──▶ open
package breaker

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/failure"
)

// Config of a breaker; the zero value is good.
type Config struct {
	// Failures open the breaker: this many failing keys, or failures of the
	// system itself, with no success in between. Zero means 5.
	Failures int
	// Probe is how long it stays open before one call is tried. Zero means 5 s,
	// so that a system that is back is used again within seconds.
	Probe time.Duration
	// Moved is told of each change of state, in order, outside any lock.
	Moved func(ctx context.Context, m Move)
}

// Move is one change of state.
type Move struct {
	Scope    string
	From, To string // closed, half-open, open
	Reason   string // the failure that opened it
	At       time.Time
}

// Closed tells whether the system is back.
func (m Move) Closed() bool { return m.To == gobreaker.StateClosed.String() }

// Breaker guards the calls of one scope: one system of one pair, for one kind
// of traffic. It is safe for concurrent use, and is a bus.Gate.
type Breaker struct {
	scope string
	cb    *gobreaker.CircuitBreaker[struct{}]
	moved func(context.Context, Move)

	mu      sync.Mutex
	failing map[string]struct{} // keys that failed since the last success
	system  int                 // failures of the system since the last success
	reason  string
	pending []Move
}

// New makes a closed breaker.
func New(scope string, cfg Config) *Breaker {
	failures, probe := cfg.Failures, cfg.Probe
	if failures == 0 {
		failures = 5
	}
	if probe == 0 {
		probe = 5 * time.Second
	}
	b := &Breaker{scope: scope, failing: map[string]struct{}{}, moved: cfg.Moved}
	b.cb = gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name: scope, MaxRequests: 1, Timeout: probe,
		IsSuccessful: func(err error) bool { return !counts(err) },
		// A call that we cancelled ourselves says nothing of the system.
		IsExcluded: func(err error) bool { return errors.Is(err, context.Canceled) },
		ReadyToTrip: func(gobreaker.Counts) bool {
			b.mu.Lock()
			defer b.mu.Unlock()
			return len(b.failing)+b.system >= failures
		},
		OnStateChange: func(_ string, from, to gobreaker.State) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.pending = append(b.pending, Move{scope, from.String(), to.String(), b.reason, time.Now().UTC()})
		},
	})
	return b
}

// counts tells whether an error is a failure of the system. A refusal shows
// that it works.
func counts(err error) bool {
	return err != nil && failure.Of(err).Kind == failure.KindTransient
}

// Do makes one call for a key. While the breaker is open, or another call is
// probing, it makes none and gives bus.ErrPaused.
func (b *Breaker) Do(ctx context.Context, key string, call func(context.Context) error) error {
	_, err := b.cb.Execute(func() (struct{}, error) {
		err := call(ctx)
		b.note(key, err)
		return struct{}{}, err
	})
	b.deliver(ctx)
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return bus.ErrPaused
	}
	return err
}

// note keeps what ReadyToTrip will ask for.
func (b *Breaker) note(key string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !counts(err) {
		clear(b.failing)
		b.system = 0
		return
	}
	f := failure.Of(err)
	b.reason = f.Code + ": " + f.Reason
	if f.System {
		b.system++
	} else {
		b.failing[key] = struct{}{}
	}
}

// Wait returns when a call may be tried: at once while closed, after the probe
// time while open, and while another call is probing when that one is done.
func (b *Breaker) Wait(ctx context.Context) error {
	const look = 50 * time.Millisecond
	for {
		state := b.cb.State()
		b.deliver(ctx)
		switch {
		case state == gobreaker.StateClosed:
			return nil
		case state == gobreaker.StateHalfOpen && b.cb.Counts().Requests == 0:
			return nil
		}
		t := time.NewTimer(look)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
		}
	}
}

// State is closed, half-open or open.
func (b *Breaker) State() string { return b.cb.State().String() }

// Scope is the breaker's name.
func (b *Breaker) Scope() string { return b.scope }

// deliver tells of changes outside gobreaker's lock, which holds while it
// calls OnStateChange.
func (b *Breaker) deliver(ctx context.Context) {
	b.mu.Lock()
	moves := b.pending
	b.pending = nil
	b.mu.Unlock()
	if b.moved == nil {
		return
	}
	for _, m := range moves {
		b.moved(context.WithoutCancel(ctx), m)
	}
}
