package dlq

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/failure"
)

// Action is what a person orders for many letters.
type Action struct {
	// Discard takes the letters away, for the Reason; else they are replayed.
	Discard bool
	// Mode of a replay; the zero mode is AsCaptured.
	Mode Mode
	// By is who orders it, Reason why; a discard needs one.
	By, Reason string
}

// Selection says which letters an action is for: those with the IDs, or, where
// there are none, all that the filter selects now.
type Selection struct {
	IDs    []string
	Filter Filter
}

// Batch is an action on many letters. Its id, and what it was ordered for, are
// an entry of the audit trail, and each letter's entry has the id; so any
// process can report on it. What is cut short leaves the rest of the letters
// listed: order it again for them.
type Batch struct {
	ID      string    `json:"id"`
	Action  string    `json:"action"`
	Mode    Mode      `json:"mode,omitempty"`
	By      string    `json:"by"`
	Reason  string    `json:"reason,omitempty"`
	At      time.Time `json:"at"`
	Letters int       `json:"letters"`

	ids []string // empty when it was read back
}

// Actions of batches, as they stand in the audit trail.
const (
	actionReplay  = "replay"
	actionDiscard = "discard"
)

// Order writes an action on many letters into the audit trail; Work does it.
func (l *Letters) Order(ctx context.Context, s Selection, a Action) (Batch, error) {
	order := events.Batch{Action: actionReplay}
	mode, err := a.Mode.check()
	switch {
	case err != nil:
		return Batch{}, err
	case a.Discard && a.Reason == "":
		return Batch{}, errNoReason
	case a.Discard:
		order.Action, mode = actionDiscard, ""
	}
	ids, place, err := l.selected(ctx, s)
	if err != nil {
		return Batch{}, err
	}
	f := s.Filter
	order.Letters, order.IDs = len(ids), s.IDs
	order.Cause, order.Pair, order.Role, order.Entity, order.Key, order.Code = f.Group, f.Pair, f.Role, f.Entity, f.Key, f.Code
	ack, err := l.stream.Publish(ctx, bus.Message{
		Subject: place, Type: events.AuditType,
		ID:   fmt.Sprintf("ordered:%s:%s:%d", ids[0], ids[len(ids)-1], time.Now().UnixNano()),
		Data: events.Audit{Action: "ordered", By: a.By, Reason: a.Reason, Mode: string(mode), At: time.Now().UTC(), Batch: &order},
	})
	if err != nil {
		return Batch{}, fmt.Errorf("write the order into the audit trail: %w", err)
	}
	b, err := l.Batch(ctx, strconv.FormatUint(ack.Sequence, 10))
	b.ids = ids
	return b, err
}

// selected gives the ids of the letters that wait and are selected, and the
// subject of the order's audit entry.
func (l *Letters) selected(ctx context.Context, s Selection) ([]string, events.Subject, error) {
	place := events.AuditSubject(anyToken(s.Filter.Pair), events.Role(anyToken(s.Filter.Role)), events.Entity(anyToken(s.Filter.Entity)),
		events.Key(cmp.Or(s.Filter.Group, s.Filter.Key)))
	if len(s.IDs) > 0 {
		return s.IDs, place, nil
	}
	var ids []string
	for letter, err := range l.scan(ctx, s.Filter) {
		if err != nil {
			return nil, place, err
		}
		ids = append(ids, letter.ID)
	}
	switch {
	case len(ids) > 0:
		return ids, place, nil
	case s.Filter.Group != "":
		return nil, place, ErrNoGroup
	}
	return nil, place, failure.Rejected("dlq.none", "", "no dead letter is selected", "list them, and see what the filter leaves out")
}

// anyToken is a subject's token for one name, as people type it, or "=" for all.
func anyToken(name string) string { return events.Key(name).Token() }

// ErrNoBatch is given for an id that is no group action's.
var ErrNoBatch = failure.Rejected("dlq.no_batch", "id", "there is no group action with this id", "take the id that its order was answered with")

// Batch reads an order back from the audit trail.
func (l *Letters) Batch(ctx context.Context, id string) (Batch, error) {
	sequence, err := strconv.ParseUint(id, 10, 64)
	if err != nil || sequence == 0 {
		return Batch{}, ErrNoBatch
	}
	stored, ok, err := l.stream.Get(ctx, bus.Audit, sequence)
	if err != nil {
		return Batch{}, err
	}
	var a events.Audit
	if !ok || json.Unmarshal(stored.Data, &a) != nil || a.Batch == nil {
		return Batch{}, ErrNoBatch
	}
	return Batch{
		ID: id, Action: a.Batch.Action, Mode: Mode(a.Mode), By: a.By, Reason: a.Reason, At: stored.Time, Letters: a.Batch.Letters,
	}, nil
}

// Left is a letter that an action could not be done to, and why.
type Left struct {
	ID     string `json:"id"`
	Code   string `json:"code"`
	Reason string `json:"reason"`
}

// lettersAtOnce lets the stores of several letters share a disk sync.
const lettersAtOnce = 8

// Work does an order's action to its letters, several at once: revisions, not
// the order of messages, decide what counts. Progress, which may be nil, is
// told how many are done, one call at a time. Letters that can't be replayed,
// or that somebody else has just worked, are left and told of; when NATS is
// away it stops, and the rest stays listed.
func (l *Letters) Work(ctx context.Context, b Batch, progress func(done int)) ([]Left, error) {
	var (
		mu   sync.Mutex
		left []Left
		done int
	)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(lettersAtOnce)
	for _, id := range b.ids {
		g.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			err := l.do(ctx, b, id)
			f := failure.Of(err)
			if err != nil && f.Kind == failure.KindTransient {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				left = append(left, Left{ID: id, Code: f.Code, Reason: f.Reason})
			}
			if done++; progress != nil {
				progress(done)
			}
			return nil
		})
	}
	return left, g.Wait()
}

func (l *Letters) do(ctx context.Context, b Batch, id string) error {
	audit := events.Audit{By: b.By, Reason: b.Reason, Mode: string(b.Mode), Group: b.ID}
	var err error
	if b.Action == actionDiscard {
		_, err = l.discard(ctx, id, audit)
	} else {
		_, err = l.replay(ctx, id, audit)
	}
	return err
}

// batchMark parts the letter's event from the batch in an audit entry's id: so a
// report needs only the headers of the audit trail, not each whole letter.
const batchMark = "@batch:"

func auditID(a events.Audit, letterEvent string) string {
	id := a.Action + ":" + letterEvent
	if a.Group != "" {
		id += batchMark + a.Group
	}
	return id
}

// letterOf gives the event of the letter that an audit entry of the batch is about.
func (b Batch) letterOf(auditID string) (letterEvent string, ok bool) {
	i := strings.LastIndex(auditID, batchMark)
	if i < 0 || auditID[i+len(batchMark):] != b.ID {
		return "", false
	}
	_, letterEvent, ok = strings.Cut(auditID[:i], ":")
	return letterEvent, ok
}
