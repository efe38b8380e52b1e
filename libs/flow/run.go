package flow

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/expr-lang/expr/vm"
	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/failure"
)

// Skip is the verb of a decision that makes no command: the outcome is skipped.
const Skip events.Verb = "skip"

// omit is the verb of a write that has nothing to do with the record; no
// decision is made of it.
const omit events.Verb = "omit"

// Input is all that a run depends on, beside the program.
type Input struct {
	// Type is the event's type; it must be the one that the flow starts from.
	Type    string
	Pair    string
	Subject events.Subject
	// Record is the change's record, or the outcome as JSON.
	Record  json.RawMessage
	Related map[string]json.RawMessage
	// Depth is how many outcomes led here.
	Depth int
	// Settings are the pair's, nested or with dotted names. Numbers are
	// decimals, json.Number or integers; floats are refused.
	Settings map[string]any

	decoded any // Record, once it was decoded
}

// Decoded gives the input with its record decoded, for several programs to run
// over: nothing that a flow does changes it.
func (in Input) Decoded() (Input, error) {
	if in.decoded != nil {
		return in, nil
	}
	record, err := decodeJSON(in.Record)
	if err != nil {
		return in, failure.Defect("flow.record.unreadable", "the record is not JSON that can be read: "+err.Error(), err)
	}
	in.decoded = record
	return in, nil
}

// FromChange makes the input of a flow that starts from a change.
func FromChange(subject events.Subject, c events.Change, settings map[string]any) Input {
	return Input{
		Type: events.TypeName(subject.System(), subject.Entity, "changed"), Pair: subject.Pair, Subject: subject,
		Record: c.Record, Related: c.Related, Settings: settings,
	}
}

// FromOutcome makes the input of a flow that starts from an outcome.
func FromOutcome(subject events.Subject, o events.Outcome, depth int, settings map[string]any) (Input, error) {
	record, err := json.Marshal(o)
	return Input{
		Type: events.TypeName(subject.System(), subject.Entity, "ended"), Pair: subject.Pair, Subject: subject,
		Record: record, Depth: depth, Settings: settings,
	}, err
}

// Decision is what a flow makes of an input for one of its writes.
type Decision struct {
	// Write is the index of the write, Target its target (gp.order).
	Write  int    `json:"write"`
	Target string `json:"target"`
	// Verb is apply, withdraw or skip.
	Verb events.Verb `json:"verb"`
	// TargetKey is the target's own key: the SOP number.
	TargetKey string `json:"targetKey,omitempty"`
	// Mark is by what the writer of a withdrawal knows the target as its own;
	// empty for the source's key.
	Mark string `json:"mark,omitempty"`
	// Needs are the records whose links must exist before this can be written.
	Needs []events.Ref `json:"needs,omitempty"`
	// Document is canonical: the same bytes as encoding/json makes of the
	// document's Go type, decimals as texts.
	Document json.RawMessage `json:"document,omitempty"`
	// Reason is for people; Condition is the condition that decided.
	Reason    string   `json:"reason,omitempty"`
	Condition string   `json:"condition,omitempty"`
	Warnings  []string `json:"warnings,omitempty"`
}

// Run makes the decisions of the flow, one for each of its writes but those
// that have nothing to do with the record. An error is
// a [*failure.Error]: rejected or conflict for what the data did, defect for a
// record that can't be read.
func (p *Program) Run(in Input) ([]Decision, error) {
	return p.run(in, nil)
}

// recorder is told of each value that is written, and of each rule that gave
// none: then v is nil, and when is the condition that did not hold, if one.
type recorder func(r *run, w *write, at *place, m *mapping, when *compiled, v any)

// run does the work of Run and of Explain.
func (p *Program) run(in Input, record recorder) ([]Decision, error) {
	r, err := p.newRun(in)
	if err != nil {
		return nil, err
	}
	r.record = record
	decisions := make([]Decision, 0, len(p.writes))
	for i := range p.writes {
		d, err := r.write(&p.writes[i])
		if err != nil {
			return nil, err
		}
		if d.Verb != omit {
			decisions = append(decisions, d)
		}
	}
	return decisions, nil
}

// run is the state of one run.
type run struct {
	program  *Program
	env      map[string]any
	machine  vm.VM
	done     []bool // of lets
	checked  bool
	warnings []string
	record   recorder
}

func (p *Program) newRun(in Input) (*run, error) {
	if in.Type != p.doc.On {
		return nil, failure.Defect("flow.type", fmt.Sprintf("the flow %s starts from %s, and a %s came in", p.doc.Flow, p.doc.On, in.Type), nil)
	}
	in, err := in.Decoded()
	if err != nil {
		return nil, err
	}
	if _, ok := in.decoded.(map[string]any); !ok {
		return nil, failure.Defect("flow.record.unreadable", fmt.Sprintf("the record is %v, not a record", kindOf(in.decoded)), nil)
	}
	related := map[string]any{}
	for _, name := range p.doc.With {
		text, ok := in.Related[name]
		if !ok {
			continue
		}
		if related[name], err = decodeJSON(text); err != nil {
			return nil, failure.Defect("flow.record.unreadable", "the related record "+name+" is not JSON that can be read: "+err.Error(), err)
		}
	}
	settings, err := p.doc.settingsOf(in.Settings)
	if err != nil {
		return nil, err
	}
	r := &run{program: p, done: make([]bool, len(p.lets)), env: make(map[string]any, 8+len(p.lets))}
	r.env["settings"], r.env["related"] = settings, related
	r.env["key"], r.env["pair"], r.env["depth"] = string(in.Subject.Key), in.Pair, decimal.NewFromInt(int64(in.Depth))
	r.env[p.record] = in.decoded
	return r, nil
}

// evaluate gives the value of an expression, after the lets that it uses.
func (r *run) evaluate(c *compiled) (any, error) {
	for _, i := range c.lets {
		if r.done[i] {
			continue
		}
		l := r.program.lets[i]
		v, err := r.evaluate(l)
		if err != nil {
			return nil, err
		}
		r.env[r.program.doc.Let[i].Name] = v
		r.done[i] = true
	}
	if r.program.tracer != nil {
		r.program.tracer.begin(c)
	}
	v, err := c.evaluate(&r.machine, r.env)
	if err != nil {
		return nil, r.program.failed(c, err)
	}
	return v, nil
}

// failed makes an error of an expression a refusal that says where it happened.
func (p *Program) failed(c *compiled, err error) error {
	var fe *failure.Error
	if errors.As(err, &fe) {
		if fe.Field == "" {
			located := *fe
			located.Field = c.path
			return &located
		}
		return fe
	}
	return failure.Rejected("flow.expression", c.path,
		fmt.Sprintf("the rule `%s` (%s, line %d) can't be worked out for this record: %v", c.Source, p.doc.Flow, c.Line, err),
		"mend the record, or the rule in the flow")
}

func (r *run) truth(c *compiled) (bool, error) {
	v, err := r.evaluate(c)
	if err != nil {
		return false, err
	}
	b, ok := v.(bool)
	if !ok {
		return false, r.program.failed(c, fmt.Errorf("a condition is yes or no, and this is %v", kindOf(v)))
	}
	return b, nil
}

func (r *run) write(w *write) (Decision, error) {
	d := Decision{Write: w.index, Target: w.To, Verb: events.Apply}
	for _, c := range w.conditions {
		ok, err := r.truth(c.that)
		if err != nil {
			return d, err
		}
		if ok {
			continue
		}
		d.Verb = events.Verb(c.Else)
		d.Condition = c.That.Source
		if d.Reason = c.say.text(r); d.Reason == "" {
			d.Reason = "this does not hold: " + d.Condition
		}
		break
	}
	if d.Verb == omit {
		return d, nil
	}
	if w.withdraw != nil && d.Verb == events.Apply {
		d.Verb, d.Reason = events.Withdraw, w.withdraw.text(r)
	}
	key, err := r.evaluate(w.key)
	text, ok := key.(string)
	if d.TargetKey = text; err != nil && d.Verb == Skip {
		return d, nil // what is not written needs no key
	} else if err != nil {
		return d, err
	} else if (!ok || text == "") && d.Verb != Skip {
		return d, r.program.failed(w.key, fmt.Errorf("a key is a text that is not empty, and this is %v", kindOf(key)))
	}
	if d.Verb != events.Apply {
		return d, r.mark(w, &d)
	}
	if err := r.check(); err != nil {
		return d, err
	}
	d.Warnings = r.warnings
	if d.Needs, err = r.needs(w); err != nil {
		return d, err
	}
	document, _, err := r.value(make([]byte, 0, 4096), &place{}, w, w.root)
	d.Document = document
	return d, err
}

// mark adds to a withdrawal by what its target is known.
func (r *run) mark(w *write, d *Decision) error {
	if w.mark == nil || d.Verb != events.Withdraw {
		return nil
	}
	v, err := r.evaluate(w.mark)
	if err != nil {
		return err
	}
	d.Mark = textOf(v)
	return nil
}

// needs lists the links that a write waits for.
func (r *run) needs(w *write) (needs []events.Ref, err error) {
	for _, n := range w.needs {
		if n.when != nil {
			if ok, err := r.truth(n.when); err != nil {
				return nil, err
			} else if !ok {
				continue
			}
		}
		key, err := r.evaluate(n.key)
		if err != nil {
			return nil, err
		}
		ref := n.ref
		if ref.Key = events.CanonicalKey(ref.System, ref.Entity, textOf(key)); ref.Key == "" {
			return nil, r.program.failed(n.key, fmt.Errorf("a key is a text that is not empty, and this is %v", kindOf(key)))
		}
		needs = append(needs, ref)
	}
	return needs, nil
}

// check runs the flow's checks, once.
func (r *run) check() error {
	if r.checked {
		return nil
	}
	r.checked = true
	for i := range r.program.checks {
		c := &r.program.checks[i]
		ok, err := r.truth(c.that)
		if err != nil {
			return err
		}
		if ok {
			continue
		}
		reason := c.reason.text(r)
		switch c.Else {
		case Warn:
			r.warnings = append(r.warnings, c.Code+": "+reason)
		case Hold:
			return failure.Conflict(c.Code, c.Field, reason, c.fix.text(r))
		default:
			return failure.Rejected(c.Code, c.Field, reason, c.fix.text(r))
		}
	}
	return nil
}

// place is where in the document a value stands.
type place struct {
	parent *place
	name   string
	index  int
}

func (p *place) path() string {
	switch {
	case p.parent == nil:
		return ""
	case p.name == "":
		return fmt.Sprintf("%s[%d]", p.parent.path(), p.index)
	}
	return join(p.parent.path(), p.name)
}

// value writes the value of a rule; none is true where there is nothing to write.
func (r *run) value(b []byte, at *place, w *write, m *mapping) (out []byte, none bool, err error) {
	if m.when != nil {
		if ok, err := r.truth(m.when); err != nil || !ok {
			if r.record != nil && err == nil {
				r.record(r, w, at, m, m.when, nil)
			}
			return b, true, err
		}
	}
	switch {
	case m.each != nil:
		return r.list(b, at, w, m)
	case m.fields != nil || m.target.form == formObject:
		return r.object(b, at, w, m)
	}
	var v any
	if m.rule.Const != nil {
		v = m.rule.Const.Value
	} else if v, err = r.evaluate(m.value); err != nil {
		return b, false, err
	}
	if v == nil {
		if m.target.required {
			return b, false, w.fault(at, m, failure.Rejected("missing", m.target.label, "the target needs a value, and the rule gives none",
				"give the record a value, or the rule a default"))
		}
		if r.record != nil {
			r.record(r, w, at, m, nil, nil)
		}
		return b, true, nil
	}
	out, empty, fault := m.target.append(b, v)
	if fault != nil {
		return b, false, w.fault(at, m, fault)
	}
	if r.record != nil {
		r.record(r, w, at, m, nil, v)
	}
	if empty && !m.target.required { // as omitempty has it
		return b, true, nil
	}
	return out, false, nil
}

func (r *run) object(b []byte, at *place, w *write, m *mapping) ([]byte, bool, error) {
	b = append(b, '{')
	first := true
	for _, f := range m.fields {
		start := len(b)
		if !first {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), f.target.name...), '"', ':')
		out, none, err := r.value(b, &place{parent: at, name: f.target.name}, w, f)
		if err != nil {
			return b, false, err
		}
		if none {
			b = out[:start]
			continue
		}
		b, first = out, false
	}
	return append(b, '}'), false, nil
}

func (r *run) list(b []byte, at *place, w *write, m *mapping) ([]byte, bool, error) {
	v, err := r.evaluate(m.each)
	if err != nil {
		return b, false, err
	}
	list, ok := v.([]any)
	if !ok && v != nil {
		return b, false, r.program.failed(m.each, fmt.Errorf("a list is wanted, and this is %v", kindOf(v)))
	}
	if len(list) < m.target.minItems {
		return b, false, w.fault(at, m, failure.Rejected("missing", m.target.label,
			fmt.Sprintf("the target needs %d at least, and the rule gives %d", m.target.minItems, len(list)), "look at the record's rows"))
	}
	b = append(b, '[')
	for i, e := range list {
		if i > 0 {
			b = append(b, ',')
		}
		r.env[m.as] = e
		var none bool
		if b, none, err = r.value(b, &place{parent: at, index: i}, w, m.item); err != nil {
			return b, false, err
		}
		if none {
			b = append(b, "null"...)
		}
	}
	delete(r.env, m.as)
	return append(b, ']'), len(list) == 0 && !m.target.required, nil
}

// fault completes the refusal of a value: its code gets the target's name, and
// the field the row that it stands in.
func (w *write) fault(at *place, m *mapping, e *failure.Error) error {
	e.Code = w.To + "." + e.Code
	label := at.path()
	if i := strings.LastIndex(m.target.label, " ("); i >= 0 {
		label += m.target.label[i:]
	}
	e.Field = label
	return e
}
