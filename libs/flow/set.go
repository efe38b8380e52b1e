package flow

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/failure"
)

// Set is all that a pair runs: its live flows, compiled with its table rows,
// and its settings. Nobody changes one; another version is another set.
type Set struct {
	Flows    []*Program
	Settings map[string]any
}

// Flow gives the set's flow of a name, or nil.
func (s *Set) Flow(name string) *Program {
	for _, p := range s.Flows {
		if p.doc.Flow == name {
			return p
		}
	}
	return nil
}

// Check refuses a set that must not go live: two flows that write one target
// entity, since nobody could say which of them is right, or flows that outcomes
// start in a circle.
func (s *Set) Check() error {
	owner := map[string]string{}
	for _, p := range s.Flows {
		for _, w := range p.doc.Write {
			if other, taken := owner[w.To]; taken && other != p.doc.Flow {
				return failure.Rejected("flow.two_owners", w.To, fmt.Sprintf("the flows %s and %s both write %s; one live flow of a pair owns a target entity", other, p.doc.Flow, w.To),
					"give the version the name of the flow that it replaces, or write another entity")
			}
			owner[w.To] = p.doc.Flow
		}
	}
	return s.checkCycles()
}

// checkCycles looks for flows that start each other by their outcomes. A flow
// that a change starts can't be part of a circle: nothing here makes changes.
func (s *Set) checkCycles() error {
	var path []string
	done := map[string]bool{}
	var visit func(p *Program) error
	visit = func(p *Program) error {
		if at := slices.Index(path, p.doc.Flow); at >= 0 {
			circle := strings.Join(append(slices.Clone(path[at:]), p.doc.Flow), " -> ")
			return failure.Rejected("flow.cycle", "when", "the outcomes of these flows start each other in a circle: "+circle,
				`give one of them a condition on the outcome's target, such as outcome.system == "gp" and outcome.entity == "order"`)
		}
		if done[p.doc.Flow] {
			return nil
		}
		path = append(path, p.doc.Flow)
		for _, next := range s.Flows {
			if p.starts(next, s.Settings) {
				if err := visit(next); err != nil {
					return err
				}
			}
		}
		path = path[:len(path)-1]
		done[p.doc.Flow] = true
		return nil
	}
	for _, p := range s.Flows {
		if p.record == "outcome" {
			if err := visit(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// starts tells whether an outcome of p's writes may start a write of next: no
// condition of it that depends on the outcome's target and result alone says no.
// An outcome is about the source that p's own event was about, so both start
// from the same event type.
func (p *Program) starts(next *Program, settings map[string]any) bool {
	if next.record != "outcome" || p.doc.On != next.doc.On {
		return false
	}
	for _, w := range p.doc.Write {
		target, _ := events.CommandType(w.To)
		for _, result := range events.Results {
			outcome := events.Outcome{Result: result, System: target.System, Entity: target.Entity, Flow: p.doc.Flow}
			if next.mayTake(outcome, settings) {
				return true
			}
		}
	}
	return false
}

func (p *Program) mayTake(outcome events.Outcome, settings map[string]any) bool {
	record, err := json.Marshal(outcome)
	if err != nil {
		return true
	}
	r, err := p.newRun(Input{Type: p.doc.On, Record: record, Settings: settings})
	if err != nil {
		return true
	}
	for i := range p.writes {
		if !slices.ContainsFunc(p.writes[i].conditions, func(c condition) bool {
			if !p.decidable(c.that) {
				return false
			}
			ok, err := r.truth(c.that)
			return err == nil && !ok
		}) {
			return true
		}
	}
	return false
}

// known of an outcome before it happens.
var knownBefore = []string{"system", "entity", "result", "flow"}

// decidable tells whether an expression, with its lets, reads nothing of an
// outcome but what is known before it happens.
func (p *Program) decidable(c *compiled) bool {
	names := maps.Clone(c.names)
	for _, a := range c.reads {
		if a.root != "outcome" {
			continue
		}
		if field, _ := a.keys[0].(string); !slices.Contains(knownBefore, field) {
			return false
		}
		names["outcome"]--
	}
	for _, other := range []string{"outcome", "depth", "key", "related", "pair"} {
		if names[other] > 0 {
			return false
		}
	}
	for _, i := range c.lets {
		if !p.decidable(p.lets[i]) {
			return false
		}
	}
	return true
}
