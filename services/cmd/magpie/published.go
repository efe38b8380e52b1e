package main

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/config"
	"github.com/magpie-integration/magpie/libs/flow"
	"github.com/magpie-integration/magpie/libs/flowstore"
)

// published is a pair's flows as a command works with them.
type published struct {
	bus   *bus.Bus         // nil when offline
	store *flowstore.Store // the same
	base  flowstore.Base
	state flowstore.State
}

// withPublished opens a pair's flows: of the running system, or, offline, what
// ships and what the configuration says.
func (c *cli) withPublished(ctx context.Context, t *terminal, pair string, offline bool, do func(context.Context, *published) error) error {
	cfg, err := c.loadConfig(t)
	if err != nil {
		return err
	}
	chosen, err := pairNamed(cfg, pair)
	if err != nil {
		return err
	}
	p := &published{}
	if p.base, err = pairBase(chosen); err != nil {
		return err
	}
	if offline {
		return do(ctx, p)
	}
	return c.withBus(ctx, t, func(ctx context.Context, b *bus.Bus) error {
		p.bus = b
		if p.store, err = flowstore.Open(ctx, b); err != nil {
			return err
		}
		if p.state, err = p.store.State(ctx, p.base.Pair); err != nil {
			return err
		}
		return do(ctx, p)
	})
}

// pairNamed finds a pair; of only one, no name is needed.
func pairNamed(cfg *config.Config, name string) (config.Pair, error) {
	if name == "" && len(cfg.Pairs) == 1 {
		return cfg.Pairs[0], nil
	}
	names := make([]string, 0, len(cfg.Pairs))
	for _, p := range cfg.Pairs {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	if name == "" {
		return config.Pair{}, fmt.Errorf("there are several pairs; give one with --pair: %s", strings.Join(names, ", "))
	}
	return config.Pair{}, fmt.Errorf("no pair is named %q; there are %s", name, strings.Join(names, ", "))
}

// The words for versions beside numbers and files.
const (
	refLive     = "live"
	refTemplate = "template"
)

// isFile tells whether a reference to a version is a file.
func isFile(ref string) bool {
	return strings.HasSuffix(ref, ".yaml") || strings.HasSuffix(ref, ".yml") || strings.ContainsRune(ref, filepath.Separator)
}

// document reads the version that a reference names: a file, or live, template
// or a number, of the flow that name or a "name@" before it says.
func (p *published) document(ctx context.Context, ref, name string) (*flow.Document, error) {
	if isFile(ref) {
		text, err := os.ReadFile(ref)
		if err != nil {
			return nil, err
		}
		return flow.Parse(ref, text)
	}
	text, err := p.text(ctx, ref, name)
	if err != nil {
		return nil, err
	}
	return flow.Parse(ref, text)
}

// text gives the document of a version that is not a file.
func (p *published) text(ctx context.Context, ref, name string) ([]byte, error) {
	if before, after, ok := strings.Cut(ref, "@"); ok {
		name, ref = before, after
	}
	if name == "" {
		return nil, fmt.Errorf("version %s of which flow? write NAME@%s, or give --flow; the flows are %s", ref, ref, strings.Join(p.base.Names(p.state), ", "))
	}
	number, err := strconv.Atoi(ref)
	shipped := p.base.Shipped(name)
	switch {
	case ref == refLive:
		return p.base.Text(p.state, name)
	case ref == refTemplate:
		return p.base.Text(flowstore.State{}, name)
	case err != nil:
		return nil, fmt.Errorf("%q is no version: give live, template, a number, or a file (.yaml)", ref)
	case p.store != nil:
		text, err := p.store.FlowText(ctx, p.base.Pair, name, number)
		if err == nil || shipped == nil || shipped.Version != number {
			return text, err
		}
	}
	if shipped == nil || shipped.Version != number {
		return nil, fmt.Errorf("version %d of %s is not in this release, and --offline reads no other", number, name)
	}
	return p.base.Text(flowstore.State{}, name)
}

// program compiles a version with the rows that are live.
func (p *published) program(ctx context.Context, ref, name string) (*flow.Program, error) {
	d, err := p.document(ctx, ref, name)
	if err != nil {
		return nil, err
	}
	return p.base.Compile(p.state, d)
}

// flowOf names the flow of the first reference that says it.
func flowOf(refs ...string) string {
	for _, ref := range refs {
		if isFile(ref) {
			if text, err := os.ReadFile(ref); err == nil {
				if d, err := flow.Parse(ref, text); err == nil {
					return d.Flow
				}
			}
		} else if name, _, ok := strings.Cut(ref, "@"); ok {
			return name
		}
	}
	return ""
}

// events gives what a flow is run over: files of a folder, or the newest of the stream.
func (p *published) events(ctx context.Context, on string, from pastFlags) (iter.Seq2[flow.Pending, error], error) {
	if from.Changes != "" {
		return p.files(from.Changes, on)
	}
	if p.bus == nil {
		return nil, fmt.Errorf("offline there is no stream; give a folder of changes with --changes")
	}
	key := events.Key("")
	if typ, ok := events.TypeOf(on); ok && from.Key != "" {
		key = events.CanonicalKey(typ.System, typ.Entity, from.Key)
	}
	return flowstore.Past(ctx, p.bus, p.base, on, key, from.Last)
}

// files reads *.json of a folder: a record as its system's API gives it, or a
// whole change; for a flow that an outcome starts, an outcome.
func (p *published) files(dir, on string) (iter.Seq2[flow.Pending, error], error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("%s: there is no .json file in it", dir)
	}
	slices.Sort(paths)
	typ, ok := events.TypeOf(on)
	if !ok {
		return nil, fmt.Errorf("no flow starts from %s", on)
	}
	return func(yield func(flow.Pending, error) bool) {
		for _, path := range paths {
			if !yield(func() (flow.Input, error) { return p.file(path, typ) }, nil) {
				return
			}
		}
	}, nil
}

func (p *published) file(path string, typ events.Type) (flow.Input, error) {
	body, err := os.ReadFile(path)
	if err != nil {
		return flow.Input{}, err
	}
	var head struct {
		Record json.RawMessage `json:"record"`
		Hash   string          `json:"hash"`
		ReadAt string          `json:"readAt"`
		Source struct {
			Key string `json:"key"`
		} `json:"source"`
	}
	if err := json.Unmarshal(body, &head); err != nil {
		return flow.Input{}, fmt.Errorf("%s: %w", path, err)
	}
	record := json.RawMessage(body)
	whole := head.Record != nil && (head.Hash != "" || head.ReadAt != "")
	if whole {
		record = head.Record
	} else if typ.Word == events.WordChange {
		if body, err = json.Marshal(events.Change{Record: record}); err != nil {
			return flow.Input{}, fmt.Errorf("%s: %w", path, err)
		}
	}
	key := head.Source.Key
	if typ.Word == events.WordChange {
		key = recordKey(record, strings.TrimSuffix(filepath.Base(path), ".json"))
	}
	subject := events.Subject{Word: typ.Word, Pair: p.base.Pair, Scope: string(typ.System), Entity: typ.Entity, Key: events.Key(key)}
	return p.base.Input(bus.Stored{Subject: subject.String(), Data: body})
}

// recordKey is an order's increment id; of another record, the file's name.
func recordKey(record json.RawMessage, otherwise string) string {
	var order struct {
		IncrementID string `json:"increment_id"`
	}
	if json.Unmarshal(record, &order) == nil && order.IncrementID != "" {
		return order.IncrementID
	}
	return otherwise
}
