package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/libs/failure"
)

// stalledAfter is how long messages may wait at a consumer that is asked for
// them before it counts as stalled. It is above the ack wait: by then whatever a
// dead process had is delivered again.
const stalledAfter = time.Minute

// Watch compares the consumer's progress with its stream until ctx ends. A
// durable that hands out nothing although messages wait and this process asks
// for them is made again from its ack floor. It should not happen; published
// issues of nats-server say that it does (a consumer whose state ran ahead of
// its stream, one whose pending count was lost in a change of leader), and a
// consumer that somebody edited stalls just so.
//
// What was acknowledged beyond the floor is delivered once more, and is then a
// duplicate or superseded, as after any crash.
func (c *Consumer) Watch(ctx context.Context) error {
	after := c.StalledAfter
	if after == 0 {
		after = stalledAfter
	}
	tick := time.NewTicker(after / 6)
	defer tick.Stop()
	var seen progress
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		now, err := c.progress(ctx)
		switch {
		case err != nil: // NATS is away, or the durable is just being made
			seen = progress{}
		case !now.waiting() || !now.same(seen) || !c.asks():
			seen = now
		case now.at.Sub(seen.at) >= after:
			c.remake(ctx, now, after)
			seen = progress{}
		}
	}
}

// progress is how far a durable has come, at a time of this process's clock.
type progress struct {
	at      time.Time
	info    *jetstream.ConsumerInfo
	created time.Time
}

func (c *Consumer) progress(ctx context.Context) (progress, error) {
	consumer, err := c.bus.js.Consumer(ctx, c.Spec.Stream, c.Spec.Name)
	if err != nil {
		return progress{}, err
	}
	info := consumer.CachedInfo()
	return progress{time.Now(), info, info.Created}, nil
}

// waiting tells whether there is anything that the consumer should hand out. A
// paused one should not: somebody paused it on purpose.
func (p progress) waiting() bool { return p.info.NumPending > 0 && !p.info.Paused }

// same tells whether nothing has moved since.
func (p progress) same(before progress) bool {
	return before.info != nil && p.created.Equal(before.created) &&
		p.info.Delivered.Consumer == before.info.Delivered.Consumer && p.info.AckFloor.Stream == before.info.AckFloor.Stream
}

// asks tells whether this process is asking the server for messages: one that
// waits for its gate, or whose lanes are full, has no reason to complain.
func (c *Consumer) asks() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.paused.Load() && len(c.held) == 0 && !c.last.IsZero()
}

// remake makes the durable again, one process at a time: who writes the note
// first does it, and the others find a new consumer.
func (c *Consumer) remake(ctx context.Context, stalled progress, after time.Duration) {
	log := c.log.With("waiting", stalled.info.NumPending, "unacknowledged", stalled.info.NumAckPending,
		"ackFloor", stalled.info.AckFloor.Stream, "for", after.String())
	if err := c.claimRemake(ctx, stalled); err != nil {
		log.DebugContext(ctx, "the consumer is stalled, and another process makes it again", "error", err)
		return
	}
	log.ErrorContext(ctx, "the consumer hands out nothing although messages wait; it is made again from its ack floor")
	c.metrics.Stalled(string(c.Spec.Role), c.Spec.Name)
	c.making.Lock()
	defer c.making.Unlock()
	if err := c.bus.js.DeleteConsumer(ctx, c.Spec.Stream, c.Spec.Name); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		log.ErrorContext(ctx, "the stalled consumer can't be deleted", "error", err)
		return
	}
	config := c.Spec.config()
	config.DeliverPolicy, config.OptStartSeq = jetstream.DeliverByStartSequencePolicy, stalled.info.AckFloor.Stream+1
	// If this fails, the process ends here, or another process's fetch is faster,
	// there is a consumer that begins at the stream's first message: later, and
	// as correct.
	if _, err := c.bus.js.CreateConsumer(ctx, c.Spec.Stream, config); err != nil {
		log.ErrorContext(ctx, "the consumer can't be made again from its ack floor; it will begin at the stream's first message", "error", err)
	}
}

// remade is the note of a consumer that was made again.
type remade struct {
	// Created is when the stalled consumer had been made: it names that one.
	Created time.Time `json:"created"`
	By      string    `json:"by"`
}

// claimRemake fails for all but the first who wants to make a consumer again.
func (c *Consumer) claimRemake(ctx context.Context, stalled progress) error {
	kv, err := c.bus.KV(ctx, Meta)
	if err != nil {
		return err
	}
	key := "watchdog." + c.Spec.Name
	var revision uint64
	entry, err := kv.Get(ctx, key)
	switch {
	case err == nil:
		var note remade
		if json.Unmarshal(entry.Value(), &note) == nil && note.Created.Equal(stalled.created) {
			return fmt.Errorf("process %s does it", note.By)
		}
		revision = entry.Revision()
	case !errors.Is(err, jetstream.ErrKeyNotFound):
		return err
	}
	note, err := json.Marshal(remade{stalled.created, c.bus.Owner()})
	if err != nil {
		return err
	}
	return putKV(ctx, kv, key, note, revision)
}

// ensure creates the durable, or brings it to the spec's state. One that the
// watchdog made again keeps its beginning, which can't be changed.
func (c *Consumer) ensure(ctx context.Context) (jetstream.Consumer, error) {
	c.making.Lock()
	defer c.making.Unlock()
	config := c.Spec.config()
	existing, err := c.bus.js.Consumer(ctx, c.Spec.Stream, c.Spec.Name)
	switch {
	case err == nil:
		had := existing.CachedInfo().Config
		config.DeliverPolicy, config.OptStartSeq = had.DeliverPolicy, had.OptStartSeq
	case !errors.Is(err, jetstream.ErrConsumerNotFound):
		return nil, err
	}
	consumer, err := c.bus.js.CreateOrUpdateConsumer(ctx, c.Spec.Stream, config)
	if err != nil {
		return nil, failure.Down("nats.consumer", "the consumer "+c.Spec.Name+" can't be made", err)
	}
	return consumer, nil
}
