package flowstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/flow"
)

// Live follows the store and has, at any time, the set of flows that each pair
// runs. Asking for it is a read of one pointer: sets are compiled beside the
// work and put in place whole.
type Live struct {
	store *Store
	pairs map[string]*livePair
	log   *slog.Logger
	read  chan struct{} // closed when all pairs were read once
}

type livePair struct {
	base Base
	set  atomic.Pointer[flow.Set] // the last good one; nil before the first

	mu       sync.Mutex
	pointers map[Kind]map[string]Pointer // that set, or fault, was made of
	fault    error                       // of what is live now
}

// NewLive prepares to follow the store for these pairs.
func NewLive(store *Store, bases []Base) *Live {
	l := &Live{store: store, pairs: map[string]*livePair{}, read: make(chan struct{}), log: slog.Default().With("role", string(events.RoleTransform))}
	for _, b := range bases {
		l.pairs[b.Pair] = &livePair{base: b}
	}
	return l
}

// Of gives what a pair runs now; nil for a pair that is not configured. It
// fails, for a retry, while the pair has had no set that can be used.
func (l *Live) Of(pair string) (*flow.Set, error) {
	p := l.pairs[pair]
	if p == nil {
		return nil, nil
	}
	if set := p.set.Load(); set != nil {
		return set, nil
	}
	return nil, failure.Down("flows.none", "the live flows of the pair "+pair+" are not read yet, or can't be used (the log and /readyz say why)", nil)
}

// Wait returns when every pair's flows were read once, or with ctx's error.
func (l *Live) Wait(ctx context.Context) error {
	select {
	case <-l.read:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Ready fails until all was read, and while a live version can't be used by
// this binary; then the last good set goes on.
func (l *Live) Ready(context.Context) error {
	select {
	case <-l.read:
	default:
		return errors.New("the published flows are not read yet")
	}
	for name, p := range l.pairs {
		p.mu.Lock()
		fault := p.fault
		p.mu.Unlock()
		if fault != nil {
			return fmt.Errorf("pair %s: what is published can't be used: %w", name, fault)
		}
	}
	return nil
}

// A watch tells at once; the look at every pair is for a watch that stalls.
const (
	lookEvery  = 10 * time.Second
	retryAfter = time.Second
)

// Run follows the store until ctx ends.
func (l *Live) Run(ctx context.Context) error {
	for {
		err := l.follow(ctx)
		if err == nil {
			return nil
		}
		l.log.Warn("published flows can't be followed; trying again", "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(retryAfter):
		}
	}
}

// follow watches until something fails. What is live is always what the store
// has now; a message of the watch says whose flows to read.
func (l *Live) follow(ctx context.Context) error {
	watch, err := l.store.kv.Watch(ctx, key("*", "*", "*", liveKey), jetstream.UpdatesOnly())
	if err != nil {
		return err
	}
	defer func() { _ = watch.Stop() }()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	if err := l.refreshAll(ctx); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			err = l.refreshAll(ctx)
		case entry, open := <-watch.Updates():
			if !open {
				return errors.New("the watch ended")
			}
			err = l.told(ctx, entry)
		}
		if err != nil {
			return err
		}
	}
}

func (l *Live) refreshAll(ctx context.Context) error {
	for pair := range l.pairs {
		pointers, err := l.store.pointers(ctx, pair)
		if err != nil {
			return err
		}
		if err := l.refresh(ctx, pair, pointers); err != nil {
			return err
		}
	}
	l.allRead()
	return nil
}

// told takes in a pointer that was moved. A read may come from a replica that
// lags behind the watch, so the message itself has the last word on its key.
func (l *Live) told(ctx context.Context, entry jetstream.KeyValueEntry) error {
	if entry == nil { // the end of what was there before
		return nil
	}
	parts := strings.Split(entry.Key(), ".")
	pair, kind, name := parts[0], Kind(parts[1]), parts[2]
	if l.pairs[pair] == nil {
		return nil
	}
	pointers, err := l.store.pointers(ctx, pair)
	if err != nil {
		return err
	}
	var moved Pointer
	if of := pointers[kind]; of != nil && of[name].revision < entry.Revision() && json.Unmarshal(entry.Value(), &moved) == nil {
		moved.revision = entry.Revision()
		of[name] = moved
	}
	return l.refresh(ctx, pair, pointers)
}

func (l *Live) allRead() {
	select {
	case <-l.read:
	default:
		close(l.read)
	}
}

// refresh brings a pair to what pointers name. Its error is the store's; what
// can't be compiled is kept as the pair's fault.
func (l *Live) refresh(ctx context.Context, name string, pointers map[Kind]map[string]Pointer) error {
	p := l.pairs[name]
	p.mu.Lock()
	same := reflect.DeepEqual(pointers, p.pointers)
	p.mu.Unlock()
	if same {
		return nil
	}
	state, err := l.store.at(ctx, name, pointers)
	switch {
	case errors.Is(err, ErrNoVersion): // not here yet, or not at all: looked for again
		pointers = nil
	case err != nil && failure.Of(err).System:
		return err
	}
	var set *flow.Set
	if err == nil {
		set, err = p.base.Set(state)
	}
	p.mu.Lock()
	p.pointers, p.fault = pointers, err
	p.mu.Unlock()
	if err != nil {
		l.log.Error("what is published can't be used; the last good version goes on", "pair", name, "error", err)
		return nil
	}
	first := p.set.Swap(set) == nil
	if !first || len(state.Flows)+len(state.Tables) > 0 {
		l.log.Info("flows are live", "pair", name, "flows", versionsOf(set), "tables", tablesOf(state))
	}
	return nil
}

func versionsOf(set *flow.Set) map[string]int {
	versions := map[string]int{}
	for _, p := range set.Flows {
		versions[p.Document().Flow] = p.Document().Version
	}
	return versions
}

func tablesOf(state State) map[string]int {
	versions := map[string]int{}
	for name, table := range state.Tables {
		versions[name] = table.Version
	}
	return versions
}
