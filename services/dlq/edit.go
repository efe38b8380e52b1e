package dlq

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/scrub"
)

// Edit replaces the payload of a letter's message and replays it. The payload
// is the whole body, a command's or a change's, and is checked before anything
// is stored: against the schema of its type, and that it still is the same
// record. Card data in it is removed. The revision's last part is raised, so
// that the edit counts where the unedited message was applied too; a newer
// change of the record still outranks it.
func (l *Letters) Edit(ctx context.Context, id, by string, payload []byte) (Letter, error) {
	o, err := l.get(ctx, id)
	if err != nil {
		return Letter{}, err
	}
	subject, err := events.ParseSubject(o.dead.Message.Subject)
	if err != nil || content[subject.Word] == "" {
		return Letter{}, failure.Rejected("dlq.edit.word", "", fmt.Sprintf("a %s has no record or document that could be edited", subject.Word),
			"replay or discard it")
	}
	clean, _ := scrub.JSON(payload)
	edited, err := checkEdit(subject, o.dead.Message, clean)
	if err != nil {
		return Letter{}, err
	}
	sent, err := l.sent(ctx, o)
	if err != nil {
		return Letter{}, err
	}
	rewrite, err := l.rewrite(ctx, subject, o.dead.Message, sent)
	if err != nil {
		return Letter{}, err
	}
	after := o.dead.Message
	if after.Body, err = withRewrite(subject, edited, rewrite); err != nil {
		return Letter{}, err
	}
	after.Raw = nil
	again := bus.Replay{Letter: o.dead}
	again.Letter.Message = after
	if subject.Word == events.WordChange {
		again.Rewrite = rewrite
	}
	if err := l.send(ctx, o, sent, again); err != nil {
		return Letter{}, fmt.Errorf("replay the edited letter %s: %w", id, err)
	}
	return o.Letter, l.handled(ctx, o, events.Audit{Action: "edited", By: by, Mode: string(AsCaptured), After: &after})
}

// checkEdit gives the edited body, when it is one.
func checkEdit(s events.Subject, m events.Message, payload []byte) (map[string]any, error) {
	if err := checkPayload(m.Headers["ce-type"], payload); err != nil {
		return nil, err
	}
	after, err := object(payload)
	if err != nil {
		return nil, failure.Rejected("dlq.edit.json", "payload", err.Error(), "send the whole body")
	}
	before, err := object(m.Body)
	if err != nil {
		return after, nil //nolint:nilerr // what could not be read is what the edit mends
	}
	if reflect.DeepEqual(before, after) {
		return nil, failure.Rejected("dlq.edit.same", "payload", "nothing was changed", "change something, or replay the letter as it is")
	}
	return after, checkIdentity(s, before, after)
}

// rewrite gives the last part of the revision of the edited message: above any
// that a command of the same change has had. An edit that was cut short keeps
// the one that it was sent with.
func (l *Letters) rewrite(ctx context.Context, s events.Subject, m events.Message, sent *bus.Stored) (uint64, error) {
	if sent != nil {
		return revisionOf(s, events.Message{Body: sent.Data, Headers: map[string]string{
			"ce-" + events.ExtRewrite: sent.Header.Get("ce-" + events.ExtRewrite),
		}}).Rewrite, nil
	}
	own := revisionOf(s, m)
	highest := own.Rewrite
	filter := fmt.Sprintf("magpie.command.%s.*.*.%s", s.Pair, s.Key.Token())
	for stored, err := range l.stream.Scan(ctx, bus.Commands, filter) {
		if err != nil {
			return 0, err
		}
		var cmd events.Command
		if json.Unmarshal(stored.Data, &cmd) == nil && cmd.Revision.Epoch == own.Epoch && cmd.Revision.Change == own.Change {
			highest = max(highest, cmd.Revision.Rewrite)
		}
	}
	return highest + 1, nil
}

// revisionOf gives the revision that a message has, or that what is made of it
// will have.
func revisionOf(s events.Subject, m events.Message) events.Revision {
	if s.Word == events.WordCommand {
		var cmd events.Command
		_ = json.Unmarshal(m.Body, &cmd) // what can't be read has none
		return cmd.Revision
	}
	number := func(name string) uint64 {
		n, _ := strconv.ParseUint(m.Headers["ce-"+name], 10, 64)
		return n
	}
	r := events.Revision{Epoch: m.Epoch, Change: m.Sequence, Rewrite: number(events.ExtRewrite)}
	if epoch := number(events.ExtOriginEpoch); epoch > 0 {
		r.Epoch = epoch
	}
	if origin := number(events.ExtOrigin); origin > 0 {
		r.Change = origin
	}
	return r
}

// withRewrite encodes the body; a command's revision is in it.
func withRewrite(s events.Subject, body map[string]any, rewrite uint64) (json.RawMessage, error) {
	if revision, ok := body["revision"].(map[string]any); ok && s.Word == events.WordCommand {
		revision["rewrite"] = rewrite
	}
	data, err := json.Marshal(body)
	if err != nil {
		return nil, failure.Defect("dlq.edit.encode", "the payload can't be encoded", err)
	}
	return data, nil
}
