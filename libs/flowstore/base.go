package flowstore

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/flow"
)

// Base is what a pair has before anything is published.
type Base struct {
	Pair string
	// Flows are the flows that ship, in the order in which they run.
	Flows []*flow.Document
	// Tables are the configuration's rows, by table.
	Tables map[string]map[string]any
	// Settings are the configuration's.
	Settings map[string]any
}

// Shipped gives the flow of a name that ships, or nil.
func (b Base) Shipped(name string) *flow.Document {
	for _, d := range b.Flows {
		if d.Flow == name {
			return d
		}
	}
	return nil
}

// Text gives the live document of a flow.
func (b Base) Text(state State, name string) ([]byte, error) {
	if live := state.Flows[name]; live.Version > 0 {
		return live.Text, nil
	}
	if b.Shipped(name) == nil {
		return nil, b.noFlow(state, name)
	}
	return fs.ReadFile(flow.Templates(), name+".yaml")
}

// Names lists the pair's live flows: those that ship, then the pair's own.
func (b Base) Names(state State) []string {
	var names []string
	for _, d := range b.Flows {
		names = append(names, d.Flow)
	}
	for _, name := range slices.Sorted(maps.Keys(state.Flows)) {
		if state.Flows[name].Version > 0 && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func (b Base) noFlow(state State, name string) error {
	return failure.Rejected("flow.unknown", "flow", fmt.Sprintf("the pair %s has no flow %s", b.Pair, name),
		fmt.Sprintf("the flows are %v", b.Names(state)))
}

// LiveVersion is the version that commands name: the published one that is
// live, else that of the flow that ships; 0 where there is none.
func (b Base) LiveVersion(state State, name string) int {
	if live := state.Flows[name]; live.Version > 0 {
		return live.Version
	}
	if d := b.Shipped(name); d != nil {
		return d.Version
	}
	return 0
}

// Set compiles what a pair runs, and checks that it may go live.
func (b Base) Set(state State) (*flow.Set, error) {
	set := &flow.Set{Settings: b.Settings}
	for _, name := range b.Names(state) {
		d := b.Shipped(name)
		if live := state.Flows[name]; live.Version > 0 {
			var err error
			if d, err = flow.Parse(name, live.Text); err != nil {
				return nil, invalid(name, err)
			}
		}
		p, err := b.Compile(state, d)
		if err != nil {
			return nil, err
		}
		set.Flows = append(set.Flows, p)
	}
	return set, set.Check()
}

// Compile compiles one flow with the rows that are live.
func (b Base) Compile(state State, d *flow.Document) (*flow.Program, error) {
	p, err := flow.Compile(d, b.rows(d, state.Tables)...)
	if err != nil {
		return nil, invalid(d.Flow, err)
	}
	return p, nil
}

// rows gives the rows of a flow's tables, published over configured.
func (b Base) rows(d *flow.Document, tables map[string]LiveTable) []flow.Option {
	var options []flow.Option
	for _, t := range d.Tables {
		if rows, ok := b.Tables[t.Name]; ok {
			options = append(options, flow.WithTable(t.Name, rows))
		}
		if live := tables[t.Name]; live.Version > 0 {
			options = append(options, flow.WithPublished(t.Name, live.Version, live.Rows))
		}
	}
	return options
}

// invalid makes one failure of all that is wrong with a document.
func invalid(name string, err error) error {
	var problems *flow.InvalidError
	if !errors.As(err, &problems) {
		return err
	}
	return failure.Rejected("flow.invalid", "", fmt.Sprintf("the flow %s can't be used:\n%v", name, problems), "mend the document; `magpie flow check` shows the same").Because(err)
}
