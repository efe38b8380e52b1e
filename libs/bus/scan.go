package bus

import (
	"context"
	"errors"
	"iter"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/libs/failure"
)

// Scan reads the messages of a stream that match a subject filter, oldest
// first, as they stand now: for lists and traces, not for work.
func (b *Bus) Scan(ctx context.Context, streamName, filter string) iter.Seq2[Stored, error] {
	return func(yield func(Stored, error) bool) {
		s, err := b.stream(ctx, streamName)
		if err != nil {
			yield(Stored{}, err)
			return
		}
		for next := uint64(1); ; {
			raw, err := s.GetMsg(ctx, next, jetstream.WithGetMsgSubject(filter))
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				return
			}
			if err != nil {
				yield(Stored{}, failure.Down("nats.read", "stream "+streamName+" can't be read", err))
				return
			}
			if !yield(stored(raw), nil) {
				return
			}
			next = raw.Sequence + 1
		}
	}
}

// Get reads one message by its sequence.
func (b *Bus) Get(ctx context.Context, streamName string, sequence uint64) (msg Stored, ok bool, err error) {
	s, err := b.stream(ctx, streamName)
	if err != nil {
		return Stored{}, false, err
	}
	raw, err := s.GetMsg(ctx, sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return Stored{}, false, nil
	}
	if err != nil {
		return Stored{}, false, failure.Down("nats.read", "stream "+streamName+" can't be read", err)
	}
	return stored(raw), true, nil
}

// Delete removes one message.
func (b *Bus) Delete(ctx context.Context, streamName string, sequence uint64) error {
	s, err := b.stream(ctx, streamName)
	if err != nil {
		return err
	}
	return s.DeleteMsg(ctx, sequence)
}

func stored(raw *jetstream.RawStreamMsg) Stored {
	return Stored{Sequence: raw.Sequence, Time: raw.Time.UTC(), Subject: raw.Subject, Header: raw.Header, Data: raw.Data}
}
