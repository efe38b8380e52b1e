package flowstore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/flow"
)

// Streams is what an account is read from; bus.Bus is one.
type Streams interface {
	Scan(ctx context.Context, stream, filter string) iter.Seq2[bus.Stored, error]
	Get(ctx context.Context, stream string, sequence uint64) (bus.Stored, bool, error)
}

// Account tells of each field of a written document how it came to be.
type Account struct {
	Pair   string        `json:"pair"`
	Key    events.Key    `json:"key"`
	Target string        `json:"target"` // gp.order
	Number string        `json:"number"` // the target's own key
	Verb   events.Verb   `json:"verb"`
	Result events.Result `json:"result,omitempty"` // what became of it; empty while it is under way
	At     time.Time     `json:"at"`
	Reason string        `json:"reason,omitempty"` // of a withdrawal
	// Warnings are what the flow's checks found and let pass.
	Warnings []string `json:"warnings,omitempty"`
	// Flow and Version made the command, of the rows that Tables names.
	Flow     string          `json:"flow"`
	Version  int             `json:"version"`
	Shipped  bool            `json:"shipped"` // the version is one that ships
	Tables   map[string]int  `json:"tables,omitempty"`
	Revision events.Revision `json:"revision"`
	// Live is the version that is live now, and LiveTables its rows.
	Live       int            `json:"live"`
	LiveTables map[string]int `json:"liveTables,omitempty"`
	// LiveVerdict is set where the live version would not write the document.
	LiveVerdict string    `json:"liveVerdict,omitempty"`
	Fields      []Written `json:"fields"`
	// Notes say what limits the account.
	Notes []string `json:"notes,omitempty"`
}

// Written is the account of one field.
type Written struct {
	flow.Explanation
	// Sent is the command's value where the rule, run again, gives another: a
	// setting was changed, or a person edited the command.
	Sent json.RawMessage `json:"sent,omitempty"`
	// Now is the value that the live version would give, where it is another;
	// null where it would give none.
	Now json.RawMessage `json:"now,omitempty"`
}

// Explain accounts for the newest command of a record that was written into a
// system, or, where none was, for the newest. It runs the version that made it
// over the change that it was made of, both as the command names them.
func (s *Store) Explain(ctx context.Context, streams Streams, b Base, target events.System, entity events.Entity, key events.Key) (*Account, error) {
	m, cmd, result, err := newest(ctx, streams, b.Pair, target, entity, key)
	if err != nil {
		return nil, err
	}
	a := &Account{
		Pair: b.Pair, Key: key, Target: string(target) + "." + string(entity), Number: cmd.Target, Verb: cmd.Verb, Result: result, At: m.Time,
		Reason: cmd.Reason, Warnings: cmd.Warnings, Flow: cmd.Flow, Version: cmd.FlowVersion, Tables: cmd.Tables, Revision: cmd.Revision, Fields: []Written{},
	}
	in, err := b.origin(ctx, streams, cmd)
	if err != nil {
		return nil, err
	}
	program, err := s.program(ctx, b, cmd, in, a)
	if err != nil {
		return nil, err
	}
	explained, err := program.Explain(in)
	if err != nil {
		a.Notes = append(a.Notes, "run again, the flow refuses the record: "+err.Error())
	}
	now, err := s.live(ctx, b, cmd, in, a)
	if err != nil {
		return nil, err
	}
	a.fill(cmd, explained, now)
	return a, nil
}

// newest finds the command to explain, and what became of it.
func newest(ctx context.Context, streams Streams, pair string, target events.System, entity events.Entity, key events.Key) (found bus.Stored, cmd events.Command, result events.Result, err error) {
	results := map[string]events.Result{}
	for m, err := range streams.Scan(ctx, bus.Outcomes, fmt.Sprintf("magpie.outcome.%s.*.%s.%s", pair, entity, key.Token())) {
		if err != nil {
			return found, cmd, "", err
		}
		var o events.Outcome
		if json.Unmarshal(m.Data, &o) == nil {
			results[m.Header.Get("ce-"+events.ExtCausationID)] = o.Result
		}
	}
	for m, err := range streams.Scan(ctx, bus.Commands, events.CommandSubject(pair, target, entity, key).String()) {
		if err != nil {
			return found, cmd, "", err
		}
		r := results[m.Header.Get("ce-id")]
		if written := r == events.Applied || r == events.Unchanged || r == events.Withdrawn; written || result == "" || found.Sequence == 0 {
			var c events.Command
			if err := json.Unmarshal(m.Data, &c); err != nil {
				return found, cmd, "", unreadableMessage(m, err)
			}
			found, cmd, result = m, c, r
		}
	}
	if found.Sequence == 0 {
		return found, cmd, "", failure.Rejected("explain.no_command", "key",
			fmt.Sprintf("no command for %s %s of the pair %s to %s is in the streams", entity, key, pair, target),
			fmt.Sprintf("`magpie trace %s %s` tells what became of it", entity, key))
	}
	return found, cmd, result, nil
}

// origin reads the change or outcome that a command was made of.
func (b Base) origin(ctx context.Context, streams Streams, cmd events.Command) (flow.Input, error) {
	stream, sequence := bus.Changes, cmd.Revision.Change
	subject := events.ChangeSubject(b.Pair, cmd.Source.System, cmd.Source.Entity, cmd.Source.Key)
	if cmd.Revision.Outcome > 0 {
		stream, sequence = bus.Outcomes, cmd.Revision.Outcome
		subject = events.OutcomeSubject(b.Pair, cmd.Source.System, cmd.Source.Entity, cmd.Source.Key)
	}
	m, ok, err := streams.Get(ctx, stream, sequence)
	if err != nil {
		return flow.Input{}, err
	}
	if !ok || m.Subject != subject.String() {
		return flow.Input{}, failure.Rejected("explain.aged_out", "", fmt.Sprintf("the message %d of %s, from which the command was made, is not kept any more", sequence, stream),
			"`keep` in the configuration says how long history stays")
	}
	return b.Input(m)
}

// program compiles the version that made a command, with the rows of then. A
// number that is published may also be that of a version which shipped later;
// the one that makes the command again is it.
func (s *Store) program(ctx context.Context, b Base, cmd events.Command, in flow.Input, a *Account) (*flow.Program, error) {
	then := State{Tables: map[string]LiveTable{}}
	for name, version := range cmd.Tables {
		rows, err := s.Rows(ctx, b.Pair, name, version)
		if err != nil {
			return nil, fmt.Errorf("the rows that the command was made of: %w", err)
		}
		then.Tables[name] = LiveTable{Pointer: Pointer{Version: version}, Rows: rows}
	}
	var candidates []*flow.Document
	text, err := s.FlowText(ctx, b.Pair, cmd.Flow, cmd.FlowVersion)
	switch {
	case err == nil:
		d, err := flow.Parse(cmd.Flow, text)
		if err != nil {
			return nil, invalid(cmd.Flow, err)
		}
		candidates = append(candidates, d)
	case !errors.Is(err, ErrNoVersion):
		return nil, err
	}
	if d := b.Shipped(cmd.Flow); d != nil && d.Version == cmd.FlowVersion {
		candidates = append(candidates, d)
	}
	var chosen *flow.Program
	for _, d := range candidates {
		p, err := b.Compile(then, d)
		if err != nil {
			return nil, err
		}
		trial := p.Try(in)
		same := cmd.Write < len(trial.Decisions) && bytes.Equal(trial.Decisions[cmd.Write].Document, cmd.Document)
		if chosen == nil || same {
			chosen, a.Shipped = p, d == b.Shipped(cmd.Flow)
		}
		if same {
			break
		}
	}
	if chosen == nil {
		return nil, failure.Rejected("explain.no_version", "version", fmt.Sprintf("version %d of the flow %s is neither published nor in this release", cmd.FlowVersion, cmd.Flow),
			"run the release that wrote it")
	}
	return chosen, nil
}

// live runs the version that is live now; nil where it writes no document.
func (s *Store) live(ctx context.Context, b Base, cmd events.Command, in flow.Input, a *Account) (map[string]json.RawMessage, error) {
	state, err := s.State(ctx, b.Pair)
	if err != nil {
		return nil, err
	}
	set, err := b.Set(state)
	if err != nil {
		return nil, err
	}
	p := set.Flow(cmd.Flow)
	if p == nil {
		a.LiveVerdict = "the flow is not live any more"
		return nil, nil
	}
	a.Live, a.LiveTables = p.Document().Version, p.Tables()
	trial := p.Try(in)
	if trial.Refused != nil || cmd.Write >= len(trial.Decisions) || trial.Decisions[cmd.Write].Verb != events.Apply {
		if cmd.Verb == events.Apply {
			a.LiveVerdict = strings.TrimSuffix(trial.Verdict()+": "+trial.Reason(), ": ")
		}
		return nil, nil
	}
	if cmd.Verb != events.Apply {
		a.LiveVerdict = string(events.Apply)
	}
	return flow.Fields(trial.Decisions[cmd.Write].Document), nil
}

// fill puts the explanations beside what was written and what would be now.
func (a *Account) fill(cmd events.Command, explained []flow.Explanation, now map[string]json.RawMessage) {
	written := flow.Fields(cmd.Document)
	rest := maps.Clone(written)
	for _, e := range explained {
		if e.Write != cmd.Write {
			continue
		}
		delete(rest, e.Path)
		w := Written{Explanation: e}
		if sent := written[e.Path]; !sameValue(sent, e.Value) {
			w.Sent = orNull(sent)
		}
		if now != nil {
			if n := now[e.Path]; !sameValue(n, written[e.Path]) {
				w.Now = orNull(n)
			}
		}
		a.Fields = append(a.Fields, w)
	}
	for _, path := range slices.Sorted(maps.Keys(rest)) { // nothing that was written is left out
		a.Fields = append(a.Fields, Written{
			Explanation: flow.Explanation{Write: cmd.Write, Path: path, Name: path, Value: json.RawMessage("null")}, Sent: rest[path],
		})
	}
	for _, path := range slices.Sorted(maps.Keys(now)) { // nor what would be written now
		if _, was := written[path]; !was && !slices.ContainsFunc(a.Fields, func(w Written) bool { return w.Path == path }) {
			a.Fields = append(a.Fields, Written{
				Explanation: flow.Explanation{Write: cmd.Write, Path: path, Name: path, Value: json.RawMessage("null")}, Now: now[path],
			})
		}
	}
	if slices.ContainsFunc(a.Fields, func(w Written) bool { return w.Sent != nil }) {
		a.Notes = append(a.Notes, "some values are otherwise than the rules give them: a setting of the configuration was changed since, or a person edited the command")
	}
}

// sameValue compares values as JSON: an empty text, which is left out of a
// document, is the same as none, and a whole number the same as its text.
func sameValue(a, b json.RawMessage) bool {
	plain := func(v json.RawMessage) string {
		text := strings.Trim(string(v), `"`)
		if text == "null" || text == "false" { // left out too
			return ""
		}
		return text
	}
	return plain(a) == plain(b)
}

func orNull(v json.RawMessage) json.RawMessage {
	if v == nil {
		return json.RawMessage("null")
	}
	return v
}
