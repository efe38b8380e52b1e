package dlq

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/telemetry"
)

// Mode says what a replay sends.
type Mode string

// The modes of a replay. AsCaptured is the default: it needs neither system, it
// judges the very record that was refused, and the revision that it keeps lets
// it overwrite nothing newer. Anew is for a record that was mended at its
// source, where no webhook told.
const (
	// AsCaptured sends the letter's message as it was.
	AsCaptured Mode = "as-captured"
	// Anew asks that the record be read again from its source, by a notice of the
	// same chain; the letter's own content is not used.
	Anew Mode = "anew"
)

func (m Mode) check() (Mode, error) {
	switch m {
	case "", AsCaptured:
		return AsCaptured, nil
	case Anew:
		return Anew, nil
	}
	return "", failure.Rejected("dlq.mode", "mode", fmt.Sprintf("there is no way %q to replay", string(m)),
		"say as-captured (the message as it was) or anew (the record is read again)")
}

// Replay sends the letter's message again, or has its record read again, and
// takes the letter away. A zero mode is AsCaptured.
func (l *Letters) Replay(ctx context.Context, id, by string, mode Mode) (Letter, error) {
	return l.replay(ctx, id, events.Audit{By: by, Mode: string(mode)})
}

func (l *Letters) replay(ctx context.Context, id string, audit events.Audit) (Letter, error) {
	mode, err := Mode(audit.Mode).check()
	if err != nil {
		return Letter{}, err
	}
	o, err := l.get(ctx, id)
	if err != nil {
		return Letter{}, err
	}
	if mode == Anew {
		err = l.askAnew(ctx, o)
	} else {
		err = l.sendAgain(ctx, o)
	}
	if err != nil {
		return Letter{}, fmt.Errorf("replay letter %s: %w", id, err)
	}
	audit.Action, audit.Mode = "replayed", string(mode)
	return o.Letter, l.handled(ctx, o, audit)
}

// replayID is the id of the event that a letter becomes.
func replayID(letterEvent string) string { return "replay:" + letterEvent }

func (l *Letters) sendAgain(ctx context.Context, o opened) error {
	sent, err := l.sent(ctx, o)
	if err != nil {
		return err
	}
	return l.send(ctx, o, sent, bus.Replay{Letter: o.dead})
}

// send publishes what the letter becomes, unless that was done before; done
// with another body, somebody else was faster.
func (l *Letters) send(ctx context.Context, o opened, sent *bus.Stored, r bus.Replay) error {
	r.ID, r.Cause = replayID(o.event), o.event
	if sent == nil {
		ack, err := l.stream.Resend(ctx, r)
		if err != nil || !ack.Duplicate {
			return err
		}
		stream, _ := streamOf(r.Letter.Message.Subject)
		stored, ok, err := l.stream.Get(ctx, stream, ack.Sequence)
		if err != nil || !ok {
			return err
		}
		sent = &stored
	}
	if body := r.Letter.Message.Body; body != nil && !bytes.Equal(sent.Data, body) {
		return errFaster
	}
	return nil
}

var errFaster = failure.Conflict("dlq.faster", "", "somebody else has just replayed this letter with another payload",
	"look what became of it: magpie trace, or the stream AUDIT")

// sent finds the event that the letter became, when a replay of it was cut
// short before the letter was gone. The stream itself knows an id for two
// minutes only.
func (l *Letters) sent(ctx context.Context, o opened) (*bus.Stored, error) {
	stream, ok := streamOf(o.dead.Message.Subject)
	if !ok {
		return nil, nil
	}
	for m, err := range l.stream.Scan(ctx, stream, o.dead.Message.Subject) {
		if err != nil {
			return nil, err
		}
		if m.Header.Get("ce-id") == replayID(o.event) {
			return &m, nil
		}
	}
	return nil, nil
}

// streamOf names the stream of work that a subject belongs to.
func streamOf(subject string) (string, bool) {
	s, err := events.ParseSubject(subject)
	if err != nil {
		return "", false
	}
	stream, ok := map[events.Word]string{
		events.WordNotice: bus.Notices, events.WordChange: bus.Changes, events.WordCommand: bus.Commands, events.WordOutcome: bus.Outcomes,
	}[s.Word]
	return stream, ok
}

// askAnew publishes a notice of the record that the letter's message came from.
func (l *Letters) askAnew(ctx context.Context, o opened) error {
	source, err := sourceOf(o.dead.Message)
	if err != nil {
		return err
	}
	letter, err := bus.Decode(ctx, o.stored.Header, o.stored.Data)
	if err != nil {
		return err
	}
	_, err = l.stream.Publish(telemetry.Extract(ctx, letter), bus.Message{
		Subject: events.NoticeSubject(o.Pair, source.System, source.Entity, source.Key),
		Type:    events.TypeName(source.System, source.Entity, "noticed"),
		ID:      replayID(o.event), Cause: &letter,
		Data: events.Notice{Via: "replay", At: o.stored.Time, Anew: true},
	})
	return err
}

// sourceOf names the record that a message is about.
func sourceOf(m events.Message) (events.SourceRef, error) {
	s, err := events.ParseSubject(m.Subject)
	var ref events.SourceRef
	switch {
	case err != nil:
	case s.Word == events.WordCommand:
		var cmd events.Command
		if json.Unmarshal(m.Body, &cmd) == nil {
			ref = cmd.Source
		}
	default:
		ref = events.SourceRef{System: s.System(), Entity: s.Entity, Key: s.Key}
	}
	if _, known := events.TypeOf(events.TypeName(ref.System, ref.Entity, "noticed")); !known || ref.Key == "" {
		return ref, failure.Rejected("dlq.no_source", "", "the message does not say of which record it is, or nothing reads such records",
			"replay it as captured, or discard it")
	}
	return ref, nil
}
