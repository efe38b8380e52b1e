package bus

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/failure"
)

// Replay is a dead letter's message that is to be published again.
type Replay struct {
	// Letter holds the message, and the failures that led to it.
	Letter events.DeadLetter
	// ID is the new event's id, Cause the id of the event that led to it.
	ID, Cause string
	// Rewrite is set where a person edited a change: the last part of the
	// revisions that are made of it. A command has it in its body.
	Rewrite uint64
}

// Resend publishes a message again, as it was, under a new id. The event keeps
// its correlation, its trace and the sequence it first had, so that it never
// outranks what is newer; the failures so far go with it, for the case that it
// is refused again, but its tries are counted anew.
func (b *Bus) Resend(ctx context.Context, r Replay) (Ack, error) {
	m := r.Letter.Message
	header := nats.Header{}
	for name, value := range m.Headers {
		header.Set(name, value)
	}
	if header.Get("ce-specversion") == "" {
		return Ack{}, failure.Rejected("bus.not_an_event", "", "the message was no CloudEvent when it came in, so it can't be replayed",
			"mend its sender, and discard this letter")
	}
	header.Set("ce-id", r.ID)
	header.Set("ce-"+events.ExtCausationID, r.Cause)
	if header.Get("ce-"+events.ExtOrigin) == "" {
		header.Set("ce-"+events.ExtOrigin, strconv.FormatUint(m.Sequence, 10))
	}
	if header.Get("ce-"+events.ExtOriginEpoch) == "" && m.Epoch != 0 {
		header.Set("ce-"+events.ExtOriginEpoch, strconv.FormatUint(m.Epoch, 10))
	}
	if r.Rewrite > 0 {
		header.Set("ce-"+events.ExtRewrite, strconv.FormatUint(r.Rewrite, 10))
	}
	header.Set(jetstream.MsgIDHeader, r.ID)
	setEarlier(header, r.Letter)
	body := []byte(m.Body)
	if body == nil {
		body = m.Raw
	}
	return b.publish(ctx, &nats.Msg{Subject: m.Subject, Header: header, Data: body})
}

// headerEarlier holds, on a replayed message, what its dead letter counted: the
// next letter goes on from there. It is apart from headerTries, by which a
// record is found stuck.
const headerEarlier = "Magpie-Earlier"

// earlier is what was before a replay.
type earlier struct {
	Tries int       `json:"tries"`
	First time.Time `json:"first"`
}

func setEarlier(header nats.Header, letter events.DeadLetter) {
	was, _ := json.Marshal(earlier{letter.Tries, letter.First})
	header.Set(headerEarlier, string(was))
	history := newest(append(letter.History[:len(letter.History):len(letter.History)],
		events.Try{At: letter.Last, Code: letter.Code, Reason: truncate(letter.Reason, 300)}))
	if text, err := json.Marshal(history); err == nil {
		header.Set(headerHistory, string(text))
	}
}

// newest keeps as much of a history as travels with a message.
func newest(history []events.Try) []events.Try {
	return history[max(len(history)-historyKept, 0):]
}
