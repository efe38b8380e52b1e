package gpcapture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/breaker"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/capture"
	"github.com/magpie-integration/magpie/libs/failure"
)

// calls is the way to GP of one capture: behind its breaker, so many at a time.
type calls struct {
	breaker *breaker.Breaker
	room    chan struct{}
}

func newCalls(b *breaker.Breaker, parallel int) *calls {
	return &calls{b, make(chan struct{}, max(parallel, 1))}
}

// ask makes one call. The key is what the breaker counts a failure by: the
// record's, or the list's name.
func ask[T any](ctx context.Context, c *calls, key string, call func(context.Context) (T, error)) (answer T, err error) {
	select {
	case c.room <- struct{}{}:
		defer func() { <-c.room }()
	case <-ctx.Done():
		return answer, ctx.Err()
	}
	err = c.breaker.Do(ctx, key, func(ctx context.Context) (err error) {
		answer, err = call(ctx)
		return err
	})
	return answer, err
}

// reader is what the readers of all entities have.
type reader struct {
	calls *calls
	past  past
}

// readOne reads one record; ok is false for one that GP does not have.
type readOne func(ctx context.Context, key events.Key) (r capture.Record, ok bool, err error)

// each reads some records beside each other.
func (r reader) each(ctx context.Context, keys []events.Key, read readOne) (capture.Found, error) {
	found := capture.Found{Failed: map[events.Key]error{}}
	var (
		mu   sync.Mutex
		down error
		g    errgroup.Group
	)
	g.SetLimit(cap(r.calls.room))
	for _, key := range keys {
		g.Go(func() error {
			record, ok, err := read(ctx, key)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case aboutAll(err):
				down = err
			case err != nil:
				found.Failed[key] = err
			case ok:
				found.Records = append(found.Records, record)
			}
			return nil
		})
	}
	_ = g.Wait() // each key has its own result
	if down != nil {
		return capture.Found{}, down
	}
	return found, nil
}

// aboutAll tells whether a failure to read a record is one of every record: GP
// isn't there, or we are told to stop.
func aboutAll(err error) bool {
	return err != nil && (errors.Is(err, bus.ErrPaused) || errors.Is(err, context.Canceled) || failure.Of(err).System)
}

// past tells what was captured before.
type past struct {
	pair   string
	stream capture.Stream
}

// goneHold is how long a record must be missing before it is taken for deleted:
// a document on its way from work to history is in neither for a moment.
const goneHold = time.Minute

// gone gives the record of one that GP has no more: a tombstone, if it was ever
// captured. Of one that never was, nothing is known.
func (p past) gone(ctx context.Context, entity events.Entity, key events.Key) (capture.Record, bool, error) {
	subject := events.ChangeSubject(p.pair, events.GP, entity, key)
	_, captured, err := p.stream.Last(ctx, bus.Changes, subject.String())
	if err != nil || !captured {
		return capture.Record{}, false, err
	}
	record, err := json.Marshal(tombstone{string(key), true})
	return capture.Record{
		Key: key, JSON: record, Hold: goneHold,
		Because: fmt.Sprintf("the %s was in GP and can't be found: it may be on its way to history", entity),
	}, true, err
}

// tombstone is the record of what was deleted.
type tombstone struct {
	Number  string `json:"number"`
	Deleted bool   `json:"deleted"`
}

func keyOf(entity events.Entity, number string) events.Key {
	return events.CanonicalKey(events.GP, entity, number)
}
