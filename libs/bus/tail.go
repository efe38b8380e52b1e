package bus

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/libs/failure"
)

// Tail reads the newest n messages of a stream that match a subject filter,
// oldest first, as they stand now. It streams: thousands take a second, where
// [Bus.Scan] asks for each.
func (b *Bus) Tail(ctx context.Context, streamName, filter string, n int) iter.Seq2[Stored, error] {
	return func(yield func(Stored, error) bool) {
		if n <= 0 {
			return
		}
		if err := b.tail(ctx, streamName, filter, uint64(n), func(m Stored) bool { return yield(m, nil) }); err != nil {
			yield(Stored{}, failure.Down("nats.read", "stream "+streamName+" can't be read", err))
		}
	}
}

func (b *Bus) tail(ctx context.Context, streamName, filter string, n uint64, yield func(Stored) bool) error {
	start, count, err := b.startOfLast(ctx, streamName, filter, n)
	if err != nil || count == 0 {
		return err
	}
	consumer, err := b.js.OrderedConsumer(ctx, streamName, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{filter}, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: start,
		InactiveThreshold: tailWait,
	})
	if err != nil {
		return err
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(1000))
	if err != nil {
		return err
	}
	defer messages.Stop()
	for seen := uint64(1); seen <= count; seen++ {
		next, cancel := context.WithTimeout(ctx, tailWait)
		msg, err := messages.Next(jetstream.NextContext(next))
		cancel()
		if err != nil {
			return err
		}
		meta, err := msg.Metadata()
		if err != nil {
			return err
		}
		if count-seen < n && !yield(Stored{
			Sequence: meta.Sequence.Stream, Time: meta.Timestamp.UTC(), Subject: msg.Subject(), Header: msg.Headers(), Data: msg.Data(),
		}) {
			return nil
		}
		if meta.NumPending == 0 { // some were purged meanwhile
			return nil
		}
	}
	return nil
}

// tailWait bounds the wait for one message, and how long the server keeps the
// consumer of a reader that is gone.
const tailWait = 30 * time.Second

// startOfLast finds a sequence from which at least n messages match, or the
// first; and how many match from there. It looks twice as far back each time.
func (b *Bus) startOfLast(ctx context.Context, streamName, filter string, n uint64) (start, count uint64, err error) {
	s, err := b.js.Stream(ctx, streamName)
	if err != nil {
		return 0, 0, err
	}
	state := s.CachedInfo().State
	for back := n; ; back *= 2 {
		start = max(state.FirstSeq, 1)
		if state.LastSeq > back {
			start = max(start, state.LastSeq-back+1)
		}
		if count, err = b.matching(ctx, s, filter, start); err != nil {
			return 0, 0, fmt.Errorf("count from %d: %w", start, err)
		}
		if count >= n || start <= max(state.FirstSeq, 1) {
			return start, count, nil
		}
	}
}

// matching counts the messages from a sequence on: a consumer knows when it is made.
func (b *Bus) matching(ctx context.Context, s jetstream.Stream, filter string, start uint64) (uint64, error) {
	c, err := s.CreateConsumer(ctx, jetstream.ConsumerConfig{
		FilterSubject: filter, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: start,
		AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true, Replicas: 1, InactiveThreshold: tailWait,
	})
	if err != nil {
		return 0, err
	}
	info := c.CachedInfo()
	return info.NumPending, s.DeleteConsumer(ctx, info.Name)
}
