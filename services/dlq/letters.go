// Package dlq is where dead letters are worked: grouped by cause, shown, edited,
// replayed and discarded, one or a group of them, by HTTP (api.go) and by the
// CLI, which use the same Letters. The stream DEAD holds exactly what needs a
// person: a letter that was replayed or discarded leaves it, and the audit trail
// has who did it and what it was.
//
// A replay can't make a second document: it is the same event under a new id,
// and what writers compare (the target's key and the revision) is in the event.
// A letter becomes one event, however many people replay it at once and
// wherever a process dies: the event's id is made of the letter's.
package dlq

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/failure"
)

// Stream is what Letters needs of the bus.
type Stream interface {
	Scan(ctx context.Context, stream, filter string) iter.Seq2[bus.Stored, error]
	Since(ctx context.Context, stream, filter string, start bus.Start) iter.Seq2[bus.Stored, error]
	Get(ctx context.Context, stream string, sequence uint64) (bus.Stored, bool, error)
	Delete(ctx context.Context, stream string, sequence uint64) error
	Publish(ctx context.Context, m bus.Message) (bus.Ack, error)
	Resend(ctx context.Context, r bus.Replay) (bus.Ack, error)
}

// Letter is a dead letter as people see it.
type Letter struct {
	ID string `json:"id"`
	// Group is the id of the letters of the same cause.
	Group  string      `json:"group"`
	Pair   string      `json:"pair"`
	Role   string      `json:"role"`
	Entity string      `json:"entity"`
	Key    string      `json:"key"`
	Kind   string      `json:"kind"`
	Code   string      `json:"code"`
	Reason string      `json:"reason"`
	Field  string      `json:"field"`
	Fix    string      `json:"fix,omitempty"`
	Tries  int         `json:"tries"`
	First  time.Time   `json:"first"`
	Last   time.Time   `json:"last"`
	Trace  string      `json:"trace,omitempty"`
	Whole  *WholeStory `json:"story,omitempty"`
}

// WholeStory is what a list leaves out.
type WholeStory struct {
	History []events.Try   `json:"history,omitempty"`
	Stack   string         `json:"stack,omitempty"`
	Message events.Message `json:"message"`
}

// Filter selects letters; empty fields select all.
type Filter struct{ Pair, Role, Entity, Key, Code, Group string }

// Letters works the stream DEAD.
type Letters struct{ stream Stream }

// NewLetters works the dead letters of a bus.
func NewLetters(stream Stream) *Letters { return &Letters{stream} }

// List gives the letters that wait, oldest first, without their payloads.
func (l *Letters) List(ctx context.Context, f Filter) ([]Letter, error) {
	out := []Letter{}
	for letter, err := range l.scan(ctx, f) {
		if err != nil {
			return nil, err
		}
		out = append(out, letter)
	}
	return out, nil
}

// scan reads the letters that match, oldest first, without their payloads.
func (l *Letters) scan(ctx context.Context, f Filter) iter.Seq2[Letter, error] {
	return func(yield func(Letter, error) bool) {
		for stored, err := range l.stream.Since(ctx, bus.Dead, f.subject(), bus.Start{}) {
			if err != nil {
				yield(Letter{}, err)
				return
			}
			letter, _ := read(stored)
			letter.Whole = nil
			if (f.Code == "" || f.Code == letter.Code) && (f.Group == "" || f.Group == letter.Group) && !yield(letter, nil) {
				return
			}
		}
	}
}

func (f Filter) subject() string {
	// Escaped, since a person may type anything; a name is its own token.
	token := func(s string) string {
		if s == "" {
			return "*"
		}
		return events.Key(s).Token()
	}
	return fmt.Sprintf("magpie.dead.%s.%s.%s.%s", token(f.Pair), token(f.Role), token(f.Entity), token(f.Key))
}

// Show gives one letter whole.
func (l *Letters) Show(ctx context.Context, id string) (Letter, error) {
	o, err := l.get(ctx, id)
	return o.Letter, err
}

// Discard takes a letter away for a reason.
func (l *Letters) Discard(ctx context.Context, id, by, reason string) (Letter, error) {
	return l.discard(ctx, id, events.Audit{By: by, Reason: reason})
}

func (l *Letters) discard(ctx context.Context, id string, audit events.Audit) (Letter, error) {
	if audit.Reason == "" {
		return Letter{}, errNoReason
	}
	o, err := l.get(ctx, id)
	if err != nil {
		return Letter{}, err
	}
	audit.Action = "discarded"
	return o.Letter, l.handled(ctx, o, audit)
}

var errNoReason = failure.Rejected("dlq.no_reason", "reason", "a discard needs a reason: it is a decision that is recorded",
	"say why this message is not wanted")

// handled writes the audit trail, then deletes the letter: a crash in between
// leaves a letter that was handled, never one that was forgotten.
func (l *Letters) handled(ctx context.Context, o opened, audit events.Audit) error {
	audit.At, audit.Letter = time.Now().UTC(), &o.dead
	_, err := l.stream.Publish(ctx, bus.Message{
		Subject: events.AuditSubject(o.Pair, events.Role(o.Role), events.Entity(o.Entity), events.Key(o.Key)),
		Type:    events.AuditType, ID: auditID(audit, o.event), Data: audit,
	})
	if err != nil {
		return fmt.Errorf("write the audit trail of letter %s: %w", o.ID, err)
	}
	if err := l.stream.Delete(ctx, bus.Dead, o.sequence); err != nil {
		if _, there, err := l.stream.Get(ctx, bus.Dead, o.sequence); err == nil && !there {
			return nil // somebody else was faster
		}
		return fmt.Errorf("letter %s was %s, but is still listed: %w", o.ID, audit.Action, err)
	}
	return nil
}

// ErrNoLetter is given for an id that no waiting letter has.
var ErrNoLetter = failure.Rejected("dlq.no_letter", "id", "there is no waiting dead letter with this id",
	"list them; it may have been replayed or discarded already (stream AUDIT says by whom)")

// opened is a letter with all that it holds.
type opened struct {
	Letter
	dead     events.DeadLetter
	event    string // the id of the event that the letter is
	stored   bus.Stored
	sequence uint64
}

func (l *Letters) get(ctx context.Context, id string) (opened, error) {
	sequence, err := strconv.ParseUint(id, 10, 64)
	if err != nil || sequence == 0 {
		return opened{}, ErrNoLetter
	}
	stored, ok, err := l.stream.Get(ctx, bus.Dead, sequence)
	if err != nil {
		return opened{}, err
	}
	if !ok {
		return opened{}, ErrNoLetter
	}
	letter, dead := read(stored)
	event := cmp.Or(stored.Header.Get(jetstream.MsgIDHeader), "letter:"+letter.ID)
	return opened{Letter: letter, dead: dead, event: event, stored: stored, sequence: sequence}, nil
}

// read opens a letter. One that can't be read, because something else than
// Magpie published it, is a letter too: it must neither hide the others nor
// stay for ever.
func read(stored bus.Stored) (Letter, events.DeadLetter) {
	var dead events.DeadLetter
	subject, err := events.ParseSubject(stored.Subject)
	if err != nil {
		subject = events.Subject{Pair: "unknown", Scope: "unknown", Entity: "unknown", Key: events.Key(stored.Subject)}
	} else {
		err = json.Unmarshal(stored.Data, &dead)
	}
	if err != nil {
		dead = events.DeadLetter{
			Kind: string(failure.KindDefect), Code: "dlq.unreadable", Reason: "this is no dead letter of Magpie: " + err.Error(),
			Fix: "find out who published it, and discard it", First: stored.Time, Last: stored.Time,
			Message: events.Message{Subject: stored.Subject, Sequence: stored.Sequence, Raw: stored.Data},
		}
	}
	letter := Letter{
		ID: strconv.FormatUint(stored.Sequence, 10), Pair: subject.Pair, Role: subject.Scope,
		Entity: string(subject.Entity), Key: string(subject.Key),
		Kind: dead.Kind, Code: dead.Code, Reason: dead.Reason, Field: dead.Field, Fix: dead.Fix,
		Tries: dead.Tries, First: dead.First, Last: dead.Last, Trace: events.TraceID(stored.Header.Get("ce-" + events.ExtTraceParent)),
		Whole: &WholeStory{History: dead.History, Stack: dead.Stack, Message: dead.Message},
	}
	letter.Group = groupOf(letter)
	return letter, dead
}
