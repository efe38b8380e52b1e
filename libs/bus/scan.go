package bus

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

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

// Start says where reading begins, and how much of each message is wanted.
// The zero value means all of them, whole.
type Start struct {
	// Sequence is the first one that is read; else those stored since Time are.
	Sequence uint64
	Time     time.Time
	// HeadersOnly leaves the bodies out.
	HeadersOnly bool
}

func (s Start) config(filter string) jetstream.ConsumerConfig {
	cfg := jetstream.ConsumerConfig{
		FilterSubject: filter, HeadersOnly: s.HeadersOnly,
		AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true, InactiveThreshold: 10 * time.Second,
	}
	switch {
	case s.Sequence > 0:
		cfg.DeliverPolicy, cfg.OptStartSeq = jetstream.DeliverByStartSequencePolicy, s.Sequence
	case !s.Time.IsZero():
		cfg.DeliverPolicy, cfg.OptStartTime = jetstream.DeliverByStartTimePolicy, &s.Time
	}
	return cfg
}

// readAtOnce is how many messages Since asks for in one request.
const readAtOnce = 500

// Since reads many messages of a stream that match a subject filter, oldest
// first, up to the present end. It is much faster than Scan for thousands; Scan
// is faster for the few of one key, since this makes a consumer.
func (b *Bus) Since(ctx context.Context, streamName, filter string, start Start) iter.Seq2[Stored, error] {
	return func(yield func(Stored, error) bool) {
		unread := func(err error) {
			yield(Stored{}, failure.Down("nats.read", "stream "+streamName+" can't be read", err))
		}
		s, err := b.stream(ctx, streamName)
		if err != nil {
			yield(Stored{}, err)
			return
		}
		c, err := s.CreateConsumer(ctx, start.config(filter))
		if err != nil {
			unread(err)
			return
		}
		defer func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishWait)
			defer cancel()
			_ = s.DeleteConsumer(ctx, c.CachedInfo().Name) // it ends by itself too
		}()
		for read := uint64(0); ; {
			batch, err := c.FetchNoWait(readAtOnce)
			if err != nil {
				unread(err)
				return
			}
			before := read
			for msg := range batch.Messages() {
				meta, err := msg.Metadata()
				if err == nil && meta.Sequence.Consumer != read+1 { // the connection broke in between
					err = fmt.Errorf("delivery %d came after delivery %d", meta.Sequence.Consumer, read)
				}
				if err != nil {
					unread(err)
					return
				}
				read++
				if !yield(Stored{meta.Sequence.Stream, meta.Timestamp.UTC(), msg.Subject(), msg.Headers(), msg.Data()}, nil) {
					return
				}
			}
			if err := batch.Error(); err != nil {
				unread(err)
				return
			}
			if read == before {
				return
			}
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
