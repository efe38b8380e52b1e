package bus

import (
	"context"
	"fmt"
	"iter"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/libs/failure"
)

// Tail reads the newest n messages of a stream that match a subject filter,
// oldest first, as they stand now; like [Bus.Since], for thousands.
func (b *Bus) Tail(ctx context.Context, streamName, filter string, n int) iter.Seq2[Stored, error] {
	return func(yield func(Stored, error) bool) {
		if n <= 0 {
			return
		}
		wanted := uint64(n)
		start, count, err := b.startOfLast(ctx, streamName, filter, wanted)
		if err != nil {
			yield(Stored{}, failure.Down("nats.read", "stream "+streamName+" can't be read", err))
			return
		}
		if count == 0 {
			return
		}
		for m, err := range b.Since(ctx, streamName, filter, Start{Sequence: start}) {
			if err == nil && count > wanted { // the search for the start went too far back
				count--
				continue
			}
			if !yield(m, err) {
				return
			}
		}
	}
}

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
	c, err := s.CreateConsumer(ctx, Start{Sequence: start}.config(filter))
	if err != nil {
		return 0, err
	}
	info := c.CachedInfo()
	return info.NumPending, s.DeleteConsumer(ctx, info.Name)
}
