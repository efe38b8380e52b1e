package bus

import (
	"bytes"
	"context"
	"fmt"
	"time"

	cejs "github.com/cloudevents/sdk-go/protocol/nats_jetstream/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/event"
	jsonv1 "github.com/go-json-experiment/json/v1"
	"github.com/nats-io/nats.go"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/failure"
)

// Encode writes an event as a NATS message in the binding's binary mode, so
// that any CloudEvents client, and anyone with the nats CLI, can read along.
func Encode(ctx context.Context, subject string, ev event.Event) (*nats.Msg, error) {
	var body bytes.Buffer
	header, err := cejs.WriteMsg(binding.WithForceBinary(ctx), binding.ToMessage(&ev), &body)
	if err != nil {
		return nil, fmt.Errorf("encode event %s: %w", ev.ID(), err)
	}
	return &nats.Msg{Subject: subject, Header: header, Data: body.Bytes()}, nil
}

// Decode is the inverse of Encode. A message that is no CloudEvent is a defect.
func Decode(ctx context.Context, header nats.Header, body []byte) (event.Event, error) {
	ev, err := binding.ToEvent(ctx, cejs.NewMessage(&nats.Msg{Header: header, Data: body}))
	if err == nil {
		err = ev.Validate()
	}
	if err != nil {
		return event.Event{}, failure.Defect("bus.not_an_event", "the message is not a CloudEvent: "+err.Error(), err)
	}
	return *ev, nil
}

// Message is what a role publishes. The event's attributes come from here; the
// trace comes from the context, correlation and causation from Cause.
type Message struct {
	Subject events.Subject
	Type    string
	// ID names the occurrence and is the Nats-Msg-Id: the same id is one message.
	ID   string
	Data any
	// Cause is the event that led to this one, if one did.
	Cause *event.Event
	// Time is the occurrence's time; zero means now.
	Time time.Time
	// ExpectLast, when set, is the last sequence that the subject must have.
	ExpectLast *uint64
	// Depth counts the flows that outcomes have started in this chain.
	Depth int
}

func (m Message) event() (event.Event, error) {
	ev := event.New()
	ev.SetID(m.ID)
	ev.SetType(m.Type)
	ev.SetSource("/" + m.Subject.Pair + "/" + m.Subject.Scope)
	ev.SetSubject(attributeText(string(m.Subject.Key)))
	ev.SetTime(m.Time)
	if m.Time.IsZero() {
		ev.SetTime(time.Now().UTC())
	}
	ev.SetExtension(events.ExtPartitionKey, m.Subject.Key.Token())
	correlation := m.ID
	if m.Cause != nil {
		ev.SetExtension(events.ExtCausationID, m.Cause.ID())
		correlation = Correlation(*m.Cause)
	}
	ev.SetExtension(events.ExtCorrelationID, correlation)
	if m.Depth > 0 {
		ev.SetExtension(events.ExtDepth, m.Depth)
	}
	// The same bytes as encoding/json gives, in a fraction of its time: a change
	// carries a whole record, which it would scan twice.
	data, err := jsonv1.Marshal(m.Data)
	if err != nil {
		return ev, failure.Defect("bus.encode", "the payload of "+m.Type+" can't be encoded", err)
	}
	ev.SetDataContentType(event.ApplicationJSON)
	ev.DataEncoded = data
	return ev, nil
}

// attributeText makes a business key fit for a header: the CloudEvents
// attribute keeps readable text, and a key with control characters (which no
// header may hold) shows its token instead. Nothing reads the key from here;
// the NATS subject has it.
func attributeText(key string) string {
	for _, r := range key {
		if r < ' ' || r == 0x7f || r == '�' {
			return events.Key(key).Token()
		}
	}
	if key == "" {
		return "="
	}
	return key
}

// Correlation gives the id of the first event of an event's chain.
func Correlation(ev event.Event) string {
	if id, ok := ev.Extensions()[events.ExtCorrelationID].(string); ok && id != "" {
		return id
	}
	return ev.ID()
}
