package bus

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	jsonv1 "github.com/go-json-experiment/json/v1"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/failure"
)

// Delivery is one message as a handler sees it.
type Delivery struct {
	Event    event.Event
	Subject  events.Subject
	Sequence uint64
	// Stored is when the stream stored the message.
	Stored time.Time
	// Tries counts the failed attempts so far; History has the newest of them.
	Tries   int
	First   time.Time
	History []events.Try

	earlier earlier // what was before a replay
	msg     jetstream.Msg
}

// Data decodes the payload; one that can't be decoded is a defect.
func (d *Delivery) Data(into any) error {
	if err := jsonv1.Unmarshal(d.Event.DataEncoded, into); err != nil {
		return failure.Defect("bus.payload", fmt.Sprintf("the payload of %s can't be read: %v", d.Event.Type(), err), err)
	}
	return nil
}

// Depth is how many flows outcomes have started in this chain.
func (d *Delivery) Depth() int {
	switch v := d.Event.Extensions()[events.ExtDepth].(type) {
	case string:
		n, _ := strconv.Atoi(v)
		return n
	case int32:
		return int(v)
	}
	return 0
}

// Origin is the message's sequence, or, of a replay, the sequence that the
// first one had.
func (d *Delivery) Origin() uint64 {
	if n, ok := d.number(events.ExtOrigin); ok {
		return n
	}
	return d.Sequence
}

// OriginEpoch is the epoch in which Origin counts: the current one, or, of a
// replay, the one that the first message had.
func (d *Delivery) OriginEpoch(current uint64) uint64 {
	if n, ok := d.number(events.ExtOriginEpoch); ok {
		return n
	}
	return current
}

// Rewrite is the last part of the revisions that are made of a change: above 0
// when a person edited it.
func (d *Delivery) Rewrite() uint64 {
	n, _ := d.number(events.ExtRewrite)
	return n
}

func (d *Delivery) number(extension string) (uint64, bool) {
	text, _ := d.Event.Extensions()[extension].(string)
	n, err := strconv.ParseUint(text, 10, 64)
	return n, err == nil
}

// Headers of a retry: how often it failed, since when, and how.
const (
	headerTries   = "Magpie-Tries"
	headerFirst   = "Magpie-First"
	headerHistory = "Magpie-History"
)

// historyKept bounds the history that travels with a message.
const historyKept = 10

// read fills what the NATS message says besides the event.
func (d *Delivery) read() error {
	meta, err := d.msg.Metadata()
	if err != nil {
		return failure.Defect("bus.metadata", "the message has no JetStream metadata", err)
	}
	d.Sequence, d.Stored = meta.Sequence.Stream, meta.Timestamp.UTC()
	d.First = d.Stored
	header := d.msg.Headers()
	d.Tries, _ = strconv.Atoi(header.Get(headerTries))
	if t, err := time.Parse(time.RFC3339Nano, header.Get(headerFirst)); err == nil {
		d.First = t
	}
	if h := header.Get(headerHistory); h != "" {
		// A history that can't be read is no reason to lose the message.
		_ = json.Unmarshal([]byte(h), &d.History)
	}
	if e := header.Get(headerEarlier); e != "" {
		_ = json.Unmarshal([]byte(e), &d.earlier) // nor is this
	}
	if d.Subject, err = events.ParseSubject(d.msg.Subject()); err != nil {
		return failure.Defect("bus.subject", err.Error(), err)
	}
	return nil
}

// remember adds one failed attempt.
func (d *Delivery) remember(f *failure.Error, now time.Time) {
	d.History = newest(append(d.History, events.Try{At: now, Code: f.Code, Reason: truncate(f.Reason, 300)}))
}

// retryHeader is the header of the message's next attempt.
func (d *Delivery) retryHeader() nats.Header {
	h := nats.Header{}
	for name, values := range d.msg.Headers() {
		if strings.HasPrefix(name, "ce-") || name == "content-type" || name == headerEarlier {
			h[name] = values
		}
	}
	h.Set(headerTries, strconv.Itoa(d.Tries))
	h.Set(headerFirst, d.First.Format(time.RFC3339Nano))
	if history, err := json.Marshal(d.History); err == nil && len(d.History) > 0 {
		h.Set(headerHistory, string(history))
	}
	return h
}

func truncate(s string, n int) string {
	if len(s) <= n {
		return s
	}
	r := []rune(s)
	return string(r[:min(len(r), n)]) + "…"
}
