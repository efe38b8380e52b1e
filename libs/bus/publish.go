package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/telemetry"
)

var tracer = otel.Tracer("github.com/magpie-integration/magpie/libs/bus")

// ErrOvertaken is given when the subject's last sequence is not the expected
// one: somebody published a newer message in between.
var ErrOvertaken = errors.New("a newer message of this key was published in between")

// ErrFull is given when the stream takes no more: nothing was stored.
var ErrFull = errors.New("the stream is full")

// Ack tells where a message was stored.
type Ack struct {
	Sequence uint64
	// Duplicate is true when the id had been stored before.
	Duplicate bool
}

// Publish stores one event and returns when the stream has it. Until then the
// caller must not acknowledge what caused it.
func (b *Bus) Publish(ctx context.Context, m Message) (Ack, error) {
	subject := m.Subject.String()
	ctx, span := tracer.Start(ctx, "publish "+string(m.Subject.Word),
		trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithAttributes(
			attribute.String("messaging.system", "nats"),
			attribute.String("messaging.destination.name", subject),
			attribute.String("messaging.message.id", m.ID),
			attribute.String("magpie.pair", m.Subject.Pair),
			attribute.String("magpie.key", string(m.Subject.Key))))
	defer span.End()

	ev, err := m.event()
	if err != nil {
		return Ack{}, err
	}
	telemetry.Inject(ctx, &ev)
	msg, err := Encode(ctx, subject, ev)
	if err != nil {
		return Ack{}, failure.Defect("bus.encode", err.Error(), err)
	}
	options := []jetstream.PublishOpt{jetstream.WithMsgID(m.ID)}
	if m.ExpectLast != nil {
		options = append(options, jetstream.WithExpectLastSequencePerSubject(*m.ExpectLast))
	}
	ack, err := b.publish(ctx, msg, options...)
	if err != nil {
		span.SetStatus(codes.Error, telemetry.ScrubText(err.Error()))
		return Ack{}, fmt.Errorf("publish to %s: %w", subject, err)
	}
	return ack, nil
}

func (b *Bus) publish(ctx context.Context, msg *nats.Msg, options ...jetstream.PublishOpt) (Ack, error) {
	ctx, cancel := context.WithTimeout(ctx, publishWait)
	defer cancel()
	ack, err := b.js.PublishMsg(ctx, msg, options...)
	var api *jetstream.APIError
	switch {
	case err == nil:
		return Ack{Sequence: ack.Sequence, Duplicate: ack.Duplicate}, nil
	case errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
		api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant):
		return Ack{}, ErrOvertaken
	case errors.As(err, &api) && slices.Contains(codesFull, api.ErrorCode):
		return Ack{}, fmt.Errorf("%w: %w", ErrFull, err)
	default:
		return Ack{}, failure.Down("nats.no_ack", "NATS did not acknowledge the message", err)
	}
}

// codesFull are nats-server's codes for a store that takes no more:
// insufficient resources, storage resources exceeded, and a store that failed.
var codesFull = []jetstream.ErrorCode{10023, 10047, 10077}

// Stored is a message of a stream, as readers see it.
type Stored struct {
	Sequence uint64
	Time     time.Time
	Subject  string
	Header   nats.Header
	Data     []byte
}

// Last gives the newest message of a subject, or ok false when there is none.
func (b *Bus) Last(ctx context.Context, streamName, subject string) (msg Stored, ok bool, err error) {
	s, err := b.stream(ctx, streamName)
	if err != nil {
		return Stored{}, false, err
	}
	raw, err := s.GetLastMsgForSubject(ctx, subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return Stored{}, false, nil
	}
	if err != nil {
		return Stored{}, false, failure.Down("nats.read", "the last message of "+subject+" can't be read", err)
	}
	return stored(raw), true, nil
}

func (b *Bus) stream(ctx context.Context, name string) (jetstream.Stream, error) {
	if s, ok := b.streams.Load(name); ok {
		return s.(jetstream.Stream), nil
	}
	s, err := b.js.Stream(ctx, name)
	if err != nil {
		return nil, failure.Down("nats.stream", "stream "+name+" can't be reached", err)
	}
	b.streams.Store(name, s)
	return s, nil
}
