package flowstore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/flow"
)

// Author is who publishes, and why.
type Author struct{ By, Note string }

// ErrOvertaken is in the failure of a publish that would have gone over a
// version that its author had not seen.
var ErrOvertaken = errors.New("another version went live in between")

// PublishFlow makes a document the live version of its flow. Its version must be
// the live one, since that is what it was made from; over, if not 0, says so in
// its place. The store gives the new number and writes it into the text, which
// otherwise stays byte for byte.
//
// Nothing goes live that doesn't compile with the pair's rows, or that may not
// (see [flow.Set.Check]). Of two authors who publish at once one is refused
// with [ErrOvertaken].
func (s *Store) PublishFlow(ctx context.Context, b Base, text []byte, over int, a Author) (events.Published, error) {
	state, err := s.State(ctx, b.Pair)
	if err != nil {
		return events.Published{}, err
	}
	d, err := flow.Parse("flow", text)
	if err != nil {
		return events.Published{}, invalid("flow", err)
	}
	if !validName(d.Flow) {
		return events.Published{}, failure.Rejected("flow.name", "flow", fmt.Sprintf("a flow can't be named %q", d.Flow), "use small letters, digits and -")
	}
	if err := b.seen(state, d, text, over); err != nil {
		return events.Published{}, err
	}
	versions, err := s.Versions(ctx, b.Pair, Flow, d.Flow)
	if err != nil {
		return events.Published{}, err
	}
	version := max(slices.Max(append(versions, 0)), b.LiveVersion(State{}, d.Flow))
	for {
		version++
		numbered, err := flow.WithVersion(text, version)
		if err != nil {
			return events.Published{}, err
		}
		if _, err := b.Set(state.withFlow(d.Flow, LiveFlow{Pointer: Pointer{Version: version}, Text: numbered})); err != nil {
			return events.Published{}, err
		}
		_, err = s.kv.Create(ctx, versionKey(b.Pair, Flow, d.Flow, version), numbered)
		if errors.Is(err, jetstream.ErrKeyExists) {
			continue // somebody published at the same time; the pointer decides whose goes live
		}
		if err != nil {
			return events.Published{}, unwritable(err)
		}
		return s.move(ctx, b.Pair, Flow, d.Flow, state.Flows[d.Flow].Pointer, version, "published", a)
	}
}

// seen checks that the author knew the live version.
func (b Base) seen(state State, d *flow.Document, text []byte, over int) error {
	live := b.LiveVersion(state, d.Flow)
	if live == 0 {
		return nil
	}
	from := d.Version
	if over != 0 {
		from = over
	}
	if from != live {
		p := state.Flows[d.Flow]
		who := "it ships with this release"
		if p.Version > 0 {
			who = fmt.Sprintf("by %s at %s: %s", p.By, p.At.Format(time.RFC3339), p.Note)
		}
		return failure.Conflict("flow.overtaken", "version",
			fmt.Sprintf("the document was made from version %d of %s, and version %d is live (%s)", from, d.Flow, live, who),
			fmt.Sprintf("look at `magpie flow diff live FILE`, take over what is missing, and publish with --over %d", live)).Because(ErrOvertaken)
	}
	current, err := b.Text(state, d.Flow)
	if err != nil {
		return err
	}
	if same, err := flow.WithVersion(text, live); err == nil && bytes.Equal(same, current) {
		return failure.Rejected("flow.unchanged", "", fmt.Sprintf("the document is version %d of %s, which is live", live, d.Flow), "there is nothing to publish")
	}
	return nil
}

// Rollback makes an older version live again; 0 is what ships, or, of a flow of
// the pair's own, none.
func (s *Store) Rollback(ctx context.Context, b Base, kind Kind, name string, version int, a Author) (events.Published, error) {
	state, err := s.State(ctx, b.Pair)
	if err != nil {
		return events.Published{}, err
	}
	p := Pointer{Version: version}
	var was Pointer
	if kind == Flow {
		was = state.Flows[name].Pointer
		live := LiveFlow{Pointer: p}
		if version > 0 {
			if live.Text, err = s.FlowText(ctx, b.Pair, name, version); err != nil {
				return events.Published{}, noVersion(err)
			}
		}
		state = state.withFlow(name, live)
	} else {
		was = state.Tables[name].Pointer
		live := LiveTable{Pointer: p}
		if version > 0 {
			if live.Rows, err = s.Rows(ctx, b.Pair, name, version); err != nil {
				return events.Published{}, noVersion(err)
			}
		}
		state = state.withTable(name, live)
	}
	if was.Version == version {
		return events.Published{}, failure.Rejected("flow.unchanged", "version", fmt.Sprintf("version %d of %s is live already (0 is the one that ships)", version, name), "there is nothing to do")
	}
	if _, err := b.Set(state); err != nil {
		return events.Published{}, err
	}
	return s.move(ctx, b.Pair, kind, name, was, version, "rolled back", a)
}

func noVersion(err error) error {
	if errors.Is(err, ErrNoVersion) {
		return failure.Rejected("flow.no_version", "version", err.Error(), "list the versions: `magpie flow ls NAME`, `magpie table history NAME`").Because(err)
	}
	return err
}

// EditRows makes a new version of a table's published rows of the live one. Two
// people's edits of different rows are both kept: edit is called again on what
// the other left.
func (s *Store) EditRows(ctx context.Context, b Base, table string, edit func(rows map[string]any) error, a Author) (events.Published, error) {
	if !validName(table) {
		return events.Published{}, failure.Rejected("table.name", "table", fmt.Sprintf("no table is named %q", table), "list them: `magpie table ls`")
	}
	for {
		state, err := s.State(ctx, b.Pair)
		if err != nil {
			return events.Published{}, err
		}
		was := state.Tables[table]
		rows := maps.Clone(was.Rows)
		if rows == nil {
			rows = map[string]any{}
		}
		if err := edit(rows); err != nil {
			return events.Published{}, err
		}
		versions, err := s.Versions(ctx, b.Pair, Table, table)
		if err != nil {
			return events.Published{}, err
		}
		version := slices.Max(append(versions, 0)) + 1
		if _, err := b.Set(state.withTable(table, LiveTable{Pointer: Pointer{Version: version}, Rows: rows})); err != nil {
			return events.Published{}, err
		}
		text, err := json.Marshal(rows)
		if err != nil {
			return events.Published{}, failure.Defect("table.encode", "the rows can't be encoded", err)
		}
		_, err = s.kv.Create(ctx, versionKey(b.Pair, Table, table, version), text)
		if errors.Is(err, jetstream.ErrKeyExists) {
			continue
		}
		if err != nil {
			return events.Published{}, unwritable(err)
		}
		done, err := s.move(ctx, b.Pair, Table, table, was.Pointer, version, "published", a)
		if errors.Is(err, ErrOvertaken) {
			continue
		}
		return done, err
	}
}

// move makes a version live, if was still is, and writes it into the audit trail.
func (s *Store) move(ctx context.Context, pair string, kind Kind, name string, was Pointer, version int, action string, a Author) (events.Published, error) {
	done := events.Published{Kind: string(kind), Name: name, Version: version, Before: was.Version}
	now := time.Now().UTC()
	text, err := json.Marshal(Pointer{Version: version, Before: was.Version, By: a.By, Note: a.Note, At: now})
	if err != nil {
		return done, failure.Defect("flows.encode", "the pointer can't be encoded", err)
	}
	revision, err := s.set(ctx, key(pair, kind, name, liveKey), text, was.revision)
	if err != nil {
		return done, err
	}
	_, err = s.trail.Publish(ctx, bus.Message{
		Subject: auditSubject(pair, kind, name), Type: events.AuditType,
		ID:   fmt.Sprintf("%s:%s:%d", action, key(pair, kind, name, liveKey), revision),
		Data: events.Audit{Action: action, By: a.By, Reason: a.Note, At: now, Published: &done},
	})
	if err != nil {
		return done, fmt.Errorf("version %d of %s is live, but the audit trail doesn't have it: %w", version, name, err)
	}
	return done, nil
}

func (s *Store) set(ctx context.Context, key string, value []byte, revision uint64) (next uint64, err error) {
	if revision == 0 {
		next, err = s.kv.Create(ctx, key, value)
	} else {
		next, err = s.kv.Update(ctx, key, value, revision)
	}
	if errors.Is(err, jetstream.ErrKeyExists) {
		return 0, failure.Conflict("flow.overtaken", "version", "somebody else made another version live at this moment",
			"look at theirs (`magpie flow ls NAME`), and publish again").Because(ErrOvertaken)
	}
	if err != nil {
		return 0, unwritable(err)
	}
	return next, nil
}

func unwritable(err error) error {
	return failure.Down("flows.write", "the version can't be stored", err)
}

// auditSubject is magpie.audit.<pair>.transform.flow.<name>: transform is who
// does otherwise from then on. A flow or table stands where a record's entity
// stands, so a record's own trail never has it.
func auditSubject(pair string, kind Kind, name string) events.Subject {
	return events.AuditSubject(pair, events.RoleTransform, events.Entity(kind), events.Key(name))
}

// History tells who published and rolled back what, oldest first.
func (s *Store) History(ctx context.Context, pair string, kind Kind, name string) ([]events.Audit, error) {
	trail := []events.Audit{}
	for m, err := range s.trail.Scan(ctx, bus.Audit, auditSubject(pair, kind, name).String()) {
		if err != nil {
			return nil, err
		}
		var a events.Audit
		if err := json.Unmarshal(m.Data, &a); err != nil {
			return nil, failure.Defect("flows.audit", fmt.Sprintf("message %d of the audit trail can't be read", m.Sequence), err)
		}
		trail = append(trail, a)
	}
	return trail, nil
}
