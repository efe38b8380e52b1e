package gpcapture

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/capture"
	openbook "github.com/magpie-integration/magpie/libs/open"
)

// Reservations is the Open of a pair: it follows what is open, and has the stock
// of an item read again when that has changed, since its level is another then.
type Reservations struct {
	pair   string
	stream capture.Stream
	sums   *openbook.Sums

	mu      sync.Mutex
	known   map[string]openbook.Quantities // as last seen, of each item that changed
	changed map[string]uint64              // the items to notice, by the revision of their change
}

// gather is how long the changes of an item are put together to one notice.
const gather = 500 * time.Millisecond

// NewReservations follows a pair's records in the KV bucket "open" once it runs.
func NewReservations(kv jetstream.KeyValue, pair string, stream capture.Stream) *Reservations {
	r := &Reservations{pair: pair, stream: stream, known: map[string]openbook.Quantities{}, changed: map[string]uint64{}}
	r.sums = openbook.NewSums(kv, pair, r.saw)
	return r
}

// Of implements Open.
func (r *Reservations) Of(ctx context.Context, item string) (opened, closing decimal.Decimal, err error) {
	q, err := r.sums.Of(ctx, item)
	return q.Open, q.Closing, err
}

// Run follows the records until ctx ends.
func (r *Reservations) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() { r.notice(ctx) })
	defer wg.Wait()
	defer cancel()
	return r.sums.Run(ctx)
}

// saw notes an item of which something else is open than before. That a shipment
// begins is no news of the level: what the store then takes off its quantity is
// what the level holds for it, and a level without it, written before the
// shipment, would leave too little to ship from.
func (r *Reservations) saw(ctx context.Context, item string, revision uint64) {
	now, err := r.sums.Of(ctx, item)
	if err != nil {
		return // told to stop
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	was, there := r.known[item]
	r.known[item] = now
	if now.IsZero() {
		delete(r.known, item)
	}
	begins := there && now.Closing.GreaterThan(was.Closing) && now.Open.Add(now.Closing).Equal(was.Open.Add(was.Closing))
	if !begins {
		r.changed[item] = revision
	}
}

// notice sends the notices of what has changed, again and again.
func (r *Reservations) notice(ctx context.Context) {
	tick := time.NewTicker(gather)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for item, revision := range r.take() {
			if err := r.send(ctx, item, revision); err != nil && ctx.Err() == nil {
				slog.WarnContext(ctx, "what is open of an item can't be noticed; it is tried again", "pair", r.pair, "item", item, "error", err)
				r.again(item, revision)
			}
		}
	}
}

func (r *Reservations) take() map[string]uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.changed
	r.changed = map[string]uint64{}
	return taken
}

func (r *Reservations) again(item string, revision uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changed[item] = max(r.changed[item], revision)
}

// send sends a notice. Its id is of the change, so that all replicas send one.
func (r *Reservations) send(ctx context.Context, item string, revision uint64) error {
	subject := events.NoticeSubject(r.pair, events.GP, events.Stock, events.CanonicalKey(events.GP, events.Stock, item))
	_, err := r.stream.Publish(ctx, bus.Message{
		Subject: subject, Type: events.TypeName(events.GP, events.Stock, "noticed"), ID: fmt.Sprintf("open:%s:%d", subject, revision),
		Data: events.Notice{Event: "another quantity is open in the store", Via: "capture", At: time.Now().UTC()},
	})
	return err
}
