// Package history tells the life of a record from the streams: every message
// about it, in the order of time, in plain words. The CLI's trace and the
// console read it; nothing is stored for it.
package history

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
)

// Streams is what a history is read from; bus.Bus is one.
type Streams interface {
	Scan(ctx context.Context, stream, filter string) iter.Seq2[bus.Stored, error]
}

// Step is one message about the record.
type Step struct {
	At       time.Time   `json:"at"`
	Word     events.Word `json:"word"`
	Pair     string      `json:"pair"`
	Scope    string      `json:"scope"` // the system, or the role of a dead letter
	Text     string      `json:"text"`
	ID       string      `json:"id"`
	Cause    string      `json:"cause,omitempty"`
	Trace    string      `json:"trace,omitempty"`
	Stream   string      `json:"stream"`
	Sequence uint64      `json:"sequence"`
	Result   string      `json:"result,omitempty"`
	Details  any         `json:"details,omitempty"`
}

// Life is the whole story of a record.
type Life struct {
	Entity   events.Entity `json:"entity"`
	Key      events.Key    `json:"key"`
	Headline string        `json:"headline"`
	Steps    []Step        `json:"steps"`
}

// streams that have messages about records, in the order of an order's way.
var streams = []string{bus.Notices, bus.Changes, bus.Commands, bus.Outcomes, bus.Dead, bus.Audit}

// Of reads the life of a record; an empty pair means all pairs.
func Of(ctx context.Context, s Streams, pair string, entity events.Entity, key events.Key) (Life, error) {
	life := Life{Entity: entity, Key: key, Steps: []Step{}}
	if pair == "" {
		pair = "*"
	}
	suffix := fmt.Sprintf("%s.*.%s.%s", pair, entity, key.Token())
	for _, stream := range streams {
		filters := []string{"magpie.*." + suffix}
		if stream == bus.Notices || stream == bus.Commands {
			filters = append(filters, "magpie.later.*."+suffix+".*")
		}
		for _, filter := range filters {
			for stored, err := range s.Scan(ctx, stream, filter) {
				if err != nil {
					return life, fmt.Errorf("read the history of %s %s: %w", entity, key, err)
				}
				if step, ok := stepOf(stream, stored); ok {
					life.Steps = append(life.Steps, step)
				}
			}
		}
	}
	slices.SortStableFunc(life.Steps, func(a, b Step) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(slices.Index(streams, a.Stream), slices.Index(streams, b.Stream)))
	})
	life.Headline = headline(life)
	return life, nil
}

func stepOf(stream string, m bus.Stored) (Step, bool) {
	waiting := false
	name := m.Subject
	if rest, later := strings.CutPrefix(name, "magpie.later."); later {
		waiting = true
		name = "magpie." + rest[:strings.LastIndexByte(rest, '.')]
	}
	subject, err := events.ParseSubject(name)
	if err != nil {
		return Step{}, false
	}
	step := Step{
		At: m.Time, Word: subject.Word, Pair: subject.Pair, Scope: subject.Scope,
		ID: m.Header.Get("ce-id"), Cause: m.Header.Get("ce-" + events.ExtCausationID),
		Trace: events.TraceID(m.Header.Get("ce-" + events.ExtTraceParent)), Stream: stream, Sequence: m.Sequence,
	}
	step.describe(m.Data)
	tries := m.Header.Get("Magpie-Tries")
	switch {
	case waiting:
		step.Text = "waits for its next try " + strings.TrimPrefix(m.Header.Get("Nats-Schedule"), "@") + lastReason(m)
	case tries != "" && tries != "0":
		step.Text += " (tried again after " + tries + " failures" + lastReason(m) + ")"
	case tries == "0":
		step.Text += " (looked at again)"
	}
	if m.Header.Get("ce-"+events.ExtOrigin) != "" {
		step.Text += " (replayed)"
	}
	return step, true
}

func lastReason(m bus.Stored) string {
	var tries []events.Try
	if json.Unmarshal([]byte(m.Header.Get("Magpie-History")), &tries) != nil || len(tries) == 0 {
		return ""
	}
	return ": " + tries[len(tries)-1].Reason
}

// describe says in plain words what a message is.
func (s *Step) describe(body []byte) {
	switch s.Word {
	case events.WordNotice:
		var n events.Notice
		_ = json.Unmarshal(body, &n) // what can't be read has less to say
		s.Text = strings.TrimSpace("noticed by " + n.Via + " " + n.Event)
	case events.WordChange:
		var c events.Change
		_ = json.Unmarshal(body, &c)
		var record struct{ State, Status string }
		_ = json.Unmarshal(c.Record, &record)
		s.Text = "read from " + s.Scope
		if record.State != "" {
			s.Text += fmt.Sprintf(": state %s, status %s", record.State, record.Status)
		}
	case events.WordCommand:
		var c events.Command
		_ = json.Unmarshal(body, &c)
		s.Text = fmt.Sprintf("%s %s in %s, by flow %s version %d", c.Verb, c.Target, s.Scope, c.Flow, c.FlowVersion)
		for _, w := range c.Warnings {
			s.Text += "; warning: " + w
		}
	case events.WordOutcome:
		var o events.Outcome
		_ = json.Unmarshal(body, &o)
		s.Result, s.Text = string(o.Result), outcomeText(o)
		s.Details = o
	case events.WordDead:
		var d events.DeadLetter
		_ = json.Unmarshal(body, &d)
		s.Result = d.Kind
		s.Text = fmt.Sprintf("given up by %s as %s: %s (%s)", s.Scope, d.Kind, d.Reason, d.Code)
	case events.WordAudit:
		var a events.Audit
		_ = json.Unmarshal(body, &a)
		s.Result, s.Text = a.Action, fmt.Sprintf("dead letter %s by %s", a.Action, a.By)
		if a.Reason != "" {
			s.Text += ": " + a.Reason
		}
	}
}

func outcomeText(o events.Outcome) string {
	where := ""
	if o.System != "" {
		where = fmt.Sprintf(" in %s as %s", o.System, o.Target)
	}
	text := string(o.Result) + where
	if o.Reason != "" {
		text += ": " + o.Reason
	}
	for _, d := range o.Differences {
		text += fmt.Sprintf("; %s sent as %s is %s", d.Field, d.Sent, d.Found)
	}
	return text
}

// headline is the newest thing that matters, in one line.
func headline(l Life) string {
	const onItsWay = "on its way"
	text := fmt.Sprintf("nothing is known of %s %s", l.Entity, l.Key)
	if len(l.Steps) > 0 {
		text = onItsWay
	}
	over := false // it came to an end outside GP, which a new change opens again
	for _, step := range l.Steps {
		o, _ := step.Details.(events.Outcome)
		switch {
		case step.Word == events.WordDead:
			text, over = "needs a person: "+step.Text, false
		case step.Word == events.WordAudit && step.Result == "discarded":
			text, over = step.Text, true
		case step.Word == events.WordChange && over:
			text, over = onItsWay, false
		case o.System == events.GP && (o.Result == events.Applied || o.Result == events.Unchanged):
			if !strings.HasPrefix(text, "in GP as "+o.Target) {
				text = fmt.Sprintf("in GP as %s since %s", o.Target, step.At.Format(time.TimeOnly))
			}
			over = false
		case o.Result == events.Withdrawn, o.Result == events.Skipped && o.Flow != "",
			o.Result == events.Skipped && (over || text == onItsWay):
			text, over = outcomeText(o), true
		}
	}
	return text
}
