package bus

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Purge drops history that is older than keep from the streams of work, but
// never past what a consumer has still to acknowledge: finished work ages out,
// unfinished work does not. It tells how many messages went.
//
// Waiting retries stand in the same streams; they are re-stored at each try,
// at most fifteen minutes apart, so keep must be well above that: an hour at least.
func (b *Bus) Purge(ctx context.Context, keep time.Duration) (uint64, error) {
	var purged uint64
	for _, name := range []string{Notices, Changes, Commands, Outcomes} {
		n, err := b.purge(ctx, name, time.Now().Add(-keep))
		if err != nil {
			return purged, fmt.Errorf("purge %s: %w", name, err)
		}
		purged += n
	}
	return purged, nil
}

func (b *Bus) purge(ctx context.Context, name string, before time.Time) (uint64, error) {
	s, err := b.js.Stream(ctx, name)
	if err != nil {
		return 0, err
	}
	state := s.CachedInfo().State
	floor, read := state.LastSeq, false
	consumers := s.ListConsumers(ctx)
	for info := range consumers.Info() {
		read = true
		if info.NumPending > 0 || info.NumAckPending > 0 { // else it has nothing left to do here
			floor = min(floor, info.AckFloor.Stream)
		}
	}
	if !read { // nobody has begun yet: all of it is unfinished
		floor = 0
	}
	if err := consumers.Err(); err != nil {
		return 0, err
	}
	end, err := firstSince(ctx, s, state, before)
	if err != nil {
		return 0, err
	}
	end = min(end, floor+1)
	if end <= state.FirstSeq || state.Msgs == 0 {
		return 0, nil
	}
	if err := s.Purge(ctx, jetstream.WithPurgeSequence(end)); err != nil {
		return 0, err
	}
	after, err := s.Info(ctx)
	if err != nil {
		return 0, err
	}
	return state.Msgs - min(after.State.Msgs, state.Msgs), nil
}

// firstSince finds the first sequence that is not older than a time. Sequences
// are in the order of time, so it halves the range.
func firstSince(ctx context.Context, s jetstream.Stream, state jetstream.StreamState, t time.Time) (uint64, error) {
	if !state.LastTime.After(t) {
		return state.LastSeq + 1, nil
	}
	low, high := state.FirstSeq, state.LastSeq
	for low < high {
		middle := low + (high-low)/2
		msg, err := s.GetMsg(ctx, middle, jetstream.WithGetMsgSubject(">"))
		if err != nil {
			return 0, err
		}
		if msg.Time.Before(t) {
			low = msg.Sequence + 1
		} else {
			high = middle
		}
	}
	return low, nil
}
