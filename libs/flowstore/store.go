// Package flowstore keeps the versions of flows and tables that people publish
// into a running system. What ships with the binary and what the configuration
// says is a pair's [Base]; what is published goes over it:
//
//	flows    the live version of each, else the one that ships
//	rows     the flow's document, then flows.tables of the configuration, then the live published rows
//
// Both stand in the KV bucket "flows", for each pair by itself:
//
//	<pair>.flow.<name>.<version>    the YAML document; written once
//	<pair>.table.<name>.<version>   all rows that the pair added, as JSON; written once
//	<pair>.<kind>.<name>.live       which version is live ([Pointer]); moved by compare-and-set
//
// A version that is in use never changes, so a command that names its versions
// can be explained for as long as the streams keep it. Going back moves the
// pointer; version 0 is what ships.
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
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/failure"
)

// Kind is what is published.
type Kind string

// The kinds, as they stand in keys and in [events.Published].
const (
	Flow  Kind = "flow"
	Table Kind = "table"
)

const liveKey = "live"

// Pointer says which version of a flow or table is live, and who made it so.
type Pointer struct {
	// Version is 0 for what ships.
	Version int `json:"version"`
	// Before is the version that was live until then.
	Before int       `json:"before"`
	By     string    `json:"by"`
	Note   string    `json:"note,omitempty"`
	At     time.Time `json:"at"`

	revision uint64 // of the key; 0 where there is none
}

// LiveFlow is a flow of which something was published. Text is nil where the
// one that ships is live.
type LiveFlow struct {
	Pointer
	Text []byte
}

// LiveTable is a table of which something was published. Rows has texts,
// json.Number, truth values, and records of them.
type LiveTable struct {
	Pointer
	Rows map[string]any
}

// State is what is published for a pair.
type State struct {
	Flows  map[string]LiveFlow
	Tables map[string]LiveTable
}

// Trail is where it is written down who published what; bus.Bus is one.
type Trail interface {
	Publish(ctx context.Context, m bus.Message) (bus.Ack, error)
	Scan(ctx context.Context, stream, filter string) iter.Seq2[bus.Stored, error]
}

// Store keeps published versions. It is safe for concurrent use, by any number
// of processes.
type Store struct {
	kv    jetstream.KeyValue
	trail Trail
}

// Open opens the store of a bus.
func Open(ctx context.Context, b *bus.Bus) (*Store, error) {
	kv, err := b.KV(ctx, bus.Flows)
	if err != nil {
		return nil, failure.Down("flows.bucket", "the bucket of published flows can't be reached", err)
	}
	return &Store{kv: kv, trail: b}, nil
}

func key(pair string, kind Kind, name, last string) string {
	return strings.Join([]string{pair, string(kind), name, last}, ".")
}

func versionKey(pair string, kind Kind, name string, version int) string {
	return key(pair, kind, name, strconv.Itoa(version))
}

// validName tells whether a name may stand in a key as one token.
func validName(name string) bool { return name != "" && events.Key(name).Token() == name }

// pointers reads which versions of a pair are live, by kind and name.
func (s *Store) pointers(ctx context.Context, pair string) (map[Kind]map[string]Pointer, error) {
	found := map[Kind]map[string]Pointer{Flow: {}, Table: {}}
	keys, err := s.keys(ctx, key(pair, "*", "*", liveKey))
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		parts := strings.Split(k, ".")
		kind := Kind(parts[1])
		if found[kind] == nil {
			continue
		}
		p, err := s.pointer(ctx, pair, kind, parts[2])
		if err != nil {
			return nil, err
		}
		found[kind][parts[2]] = p
	}
	return found, nil
}

// pointer gives the zero Pointer for what nobody published.
func (s *Store) pointer(ctx context.Context, pair string, kind Kind, name string) (p Pointer, err error) {
	entry, err := s.kv.Get(ctx, key(pair, kind, name, liveKey))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return p, nil
	}
	if err != nil {
		return p, unreadable(err)
	}
	if err := json.Unmarshal(entry.Value(), &p); err != nil {
		return p, failure.Defect("flows.pointer", "the key "+entry.Key()+" can't be read", err)
	}
	p.revision = entry.Revision()
	return p, nil
}

func (s *Store) keys(ctx context.Context, filter string) ([]string, error) {
	lister, err := s.kv.ListKeysFiltered(ctx, filter)
	if err != nil {
		return nil, unreadable(err)
	}
	var keys []string
	for k := range lister.Keys() {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys, ctx.Err()
}

func unreadable(err error) error {
	return failure.Down("flows.read", "the published flows can't be read", err)
}

// State reads what is published for a pair.
func (s *Store) State(ctx context.Context, pair string) (State, error) {
	pointers, err := s.pointers(ctx, pair)
	if err != nil {
		return State{}, err
	}
	return s.at(ctx, pair, pointers)
}

// at reads the versions that pointers name.
func (s *Store) at(ctx context.Context, pair string, pointers map[Kind]map[string]Pointer) (State, error) {
	state := State{Flows: map[string]LiveFlow{}, Tables: map[string]LiveTable{}}
	for name, p := range pointers[Flow] {
		live := LiveFlow{Pointer: p}
		if p.Version > 0 {
			text, err := s.FlowText(ctx, pair, name, p.Version)
			if err != nil {
				return state, err
			}
			live.Text = text
		}
		state.Flows[name] = live
	}
	for name, p := range pointers[Table] {
		live := LiveTable{Pointer: p}
		if p.Version > 0 {
			rows, err := s.Rows(ctx, pair, name, p.Version)
			if err != nil {
				return state, err
			}
			live.Rows = rows
		}
		state.Tables[name] = live
	}
	return state, nil
}

// ErrNoVersion is given for a version that was never published.
var ErrNoVersion = errors.New("no such version was published")

// FlowText gives the document of a published version.
func (s *Store) FlowText(ctx context.Context, pair, name string, version int) ([]byte, error) {
	return s.version(ctx, pair, Flow, name, version)
}

// Rows gives the rows of a published version of a table.
func (s *Store) Rows(ctx context.Context, pair, name string, version int) (map[string]any, error) {
	text, err := s.version(ctx, pair, Table, name, version)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // no float ever
	rows := map[string]any{}
	if err := d.Decode(&rows); err != nil {
		return nil, failure.Defect("flows.table", fmt.Sprintf("version %d of the table %s can't be read", version, name), err)
	}
	return rows, nil
}

func (s *Store) version(ctx context.Context, pair string, kind Kind, name string, version int) ([]byte, error) {
	if !validName(name) {
		return nil, fmt.Errorf("%s %s: %w", kind, name, ErrNoVersion)
	}
	entry, err := s.kv.Get(ctx, versionKey(pair, kind, name, version))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, fmt.Errorf("%s %s, version %d: %w", kind, name, version, ErrNoVersion)
	}
	if err != nil {
		return nil, unreadable(err)
	}
	return entry.Value(), nil
}

// Versions lists the published versions of a flow or table, oldest first.
func (s *Store) Versions(ctx context.Context, pair string, kind Kind, name string) ([]int, error) {
	keys, err := s.keys(ctx, key(pair, kind, name, "*"))
	if err != nil {
		return nil, err
	}
	var versions []int
	for _, k := range keys {
		if n, err := strconv.Atoi(k[strings.LastIndexByte(k, '.')+1:]); err == nil {
			versions = append(versions, n)
		}
	}
	slices.Sort(versions)
	return versions, nil
}

// withFlow gives a state with another version of one flow.
func (s State) withFlow(name string, live LiveFlow) State {
	s.Flows = maps.Clone(s.Flows)
	s.Flows[name] = live
	return s
}

// withTable gives a state with another version of one table.
func (s State) withTable(name string, live LiveTable) State {
	s.Tables = maps.Clone(s.Tables)
	s.Tables[name] = live
	return s
}
