package flow

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/magpie-integration/magpie/events"
)

// Program is a compiled flow. It holds no state: any number of goroutines may
// run it.
type Program struct {
	doc *Document
	// Unknown lists the fields that the flow reads and that Magento's core
	// doesn't have: an attribute of a module, or a typing error.
	Unknown []string

	record string // the name of the record in expressions: order, outcome
	kind   string // what it is: magento.order, outcome
	lets   []*compiled
	checks []check
	writes []write

	published map[string]int
	traced    func() (*Program, error) // see [Program.Explain]
	tracer    *tracer                  // of a traced program only
}

// Document is the flow's source.
func (p *Program) Document() *Document { return p.doc }

// Tables gives the versions of the published tables that the flow reads, by
// name; nil where it reads none. Nobody may change it.
func (p *Program) Tables() map[string]int { return p.published }

type check struct {
	Check
	that        *compiled
	reason, fix *template
}

type write struct {
	Write
	index      int
	key, mark  *compiled
	conditions []condition
	needs      []needed
	root       *mapping
	withdraw   *template // in place of root
}

// needed is a link that must exist before the target can be written.
type needed struct {
	ref       events.Ref // without its key
	key, when *compiled
}

type condition struct {
	Condition
	that *compiled
	say  *template
}

// mapping is the compiled rule of one target node.
type mapping struct {
	rule   Rule
	path   string
	target *target
	when   *compiled
	value  *compiled
	fields []*mapping // in the target's order
	each   *compiled
	as     string
	item   *mapping
}

// Compile checks a document against the event that it starts from and the
// targets that it writes: names, types, tables, required and unknown fields.
// All problems are reported at once, in an [*InvalidError].
func Compile(d *Document, opts ...Option) (*Program, error) {
	c := &flowCompiler{program: &Program{doc: d}, doc: d}
	for _, o := range opts {
		o(&c.options)
	}
	c.start()
	c.compile()
	if len(c.problems) > 0 {
		return nil, &InvalidError{c.problems}
	}
	c.program.traced = sync.OnceValues(func() (*Program, error) {
		return Compile(d, append(slices.Clip(opts), withTracer(&tracer{}))...)
	})
	return c.program, nil
}

type flowCompiler struct {
	program  *Program
	doc      *Document
	options  options
	scope    *scope
	problems []Problem
}

func (c *flowCompiler) fail(line int, path, format string, args ...any) {
	c.problems = append(c.problems, Problem{Flow: c.doc.Flow, Path: path, Line: line, Message: fmt.Sprintf(format, args...)})
}

// start sets up what expressions may name.
func (c *flowCompiler) start() {
	c.scope = &scope{
		names: map[string]kind{
			"settings": kindRecord, "related": kindRecord, "key": kindText, "pair": kindText, "depth": kindNumber,
		},
		lets: map[string]int{}, tables: map[string]*lookupTable{},
	}
	t, ok := events.TypeOf(c.doc.On)
	switch {
	case ok && t.Word == events.WordChange:
		c.program.record, c.program.kind = string(t.Entity), string(t.System)+"."+string(t.Entity)
	case ok && t.Word == events.WordOutcome:
		c.program.record, c.program.kind = "outcome", "outcome"
	default:
		var starts []string
		for _, t := range events.Types {
			if t.Word == events.WordChange || t.Word == events.WordOutcome {
				starts = append(starts, t.Name)
			}
		}
		c.fail(c.doc.onLine, "on", "no flow starts from %q; %s", c.doc.On, suggest(c.doc.On, starts))
		return
	}
	c.scope.names[c.program.record] = kindRecord
	for _, name := range c.doc.With {
		if can := relatedRecords[c.program.kind]; !slices.Contains(can, name) {
			c.fail(c.doc.onLine, "with", "no capture reads %q beside the record %s; %s", name, c.program.kind, suggest(name, can))
		}
	}
	c.tables()
}

func (c *flowCompiler) compile() {
	if len(c.problems) > 0 {
		return
	}
	for _, l := range c.doc.Let {
		path := "let." + l.Name
		switch {
		case !identifier.MatchString(l.Name):
			c.fail(l.Value.Line, path, "a name has letters and digits only, and begins with a letter")
			continue
		case c.scope.has(l.Name):
			c.fail(l.Value.Line, path, "the name %s is taken already", l.Name)
			continue
		case functionNames[l.Name]:
			c.fail(l.Value.Line, path, "%s is a function; choose another name", l.Name)
			continue
		}
		x := c.expression(l.Value, path, c.scope)
		if x == nil { // go on with the rest as if it were there
			x = &compiled{Expression: l.Value, path: path}
		}
		c.program.lets = append(c.program.lets, x)
		c.scope.lets[l.Name] = len(c.program.lets) - 1
		c.scope.names[l.Name] = x.kind
	}
	for i, k := range c.doc.Checks {
		path := fmt.Sprintf("checks[%d]", i)
		c.program.checks = append(c.program.checks, check{
			Check: k, that: c.condition(k.That, path+".that", c.scope),
			reason: c.template(k.Reason, path+".reason", c.scope), fix: c.template(k.Fix, path+".fix", c.scope),
		})
	}
	for i, w := range c.doc.Write {
		c.write(i, w)
	}
}

func (c *flowCompiler) write(i int, w Write) {
	path := fmt.Sprintf("write[%d]", i)
	root, ok := targets[w.To]
	if !ok {
		c.fail(w.Line, path+".to", "there is no target %q; %s", w.To, suggest(w.To, slices.Collect(maps.Keys(targets))))
		return
	}
	out := write{
		Write: w, index: i,
		key: c.expression(w.Key, path+".key", c.scope), mark: c.expression(w.Mark, path+".mark", c.scope),
	}
	if out.key != nil && !formText.takes(out.key.kind) {
		c.fail(w.Key.Line, path+".key", "a key is a text, and this is %v", out.key.kind)
	}
	if out.mark != nil && !formText.takes(out.mark.kind) {
		c.fail(w.Mark.Line, path+".mark", "a mark is a text, and this is %v", out.mark.kind)
	}
	for j, k := range w.When {
		at := fmt.Sprintf("%s.when[%d]", path, j)
		out.conditions = append(out.conditions, condition{
			Condition: k, that: c.condition(k.That, at+".that", c.scope), say: c.template(k.Say, at+".say", c.scope),
		})
	}
	for j, n := range w.Needs {
		at := fmt.Sprintf("%s.needs[%d]", path, j)
		out.needs = append(out.needs, c.need(n, at))
	}
	if !w.Withdraw.IsZero() {
		out.withdraw = c.template(w.Withdraw, path+".withdraw", c.scope)
		c.program.writes = append(c.program.writes, out)
		return
	}
	out.root = &mapping{path: path + ".fields", target: root}
	out.root.fields = c.fields(w.Fields, root, out.root.path, w.Line, c.scope)
	c.program.writes = append(c.program.writes, out)
}

func (c *flowCompiler) need(n Need, path string) needed {
	system, entity, _ := strings.Cut(n.Link, ".")
	out := needed{
		ref: events.Ref{System: events.System(system), Entity: events.Entity(entity)},
		key: c.expression(n.Key, path+".key", c.scope), when: c.condition(n.When, path+".when", c.scope),
	}
	if !slices.Contains(events.Entities, out.ref.Entity) || out.ref.System != events.Magento && out.ref.System != events.GP {
		c.fail(n.Line, path+".link", "%q is no system and entity, such as gp.order", n.Link)
	}
	if out.key != nil && !formText.takes(out.key.kind) {
		c.fail(n.Key.Line, path+".key", "a key is a text, and this is %v", out.key.kind)
	}
	return out
}

// fields compiles the rules of an object, in the target's order.
func (c *flowCompiler) fields(rules []Field, object *target, path string, line int, s *scope) []*mapping {
	byName := map[string]Rule{}
	for _, f := range rules {
		if object.field(f.Name) == nil {
			c.fail(f.Rule.Line, join(path, f.Name), "the target has no field %q; %s", f.Name, suggest(f.Name, object.names()))
			continue
		}
		byName[f.Name] = f.Rule
	}
	var compiled []*mapping
	for _, t := range object.fields {
		r, ok := byName[t.name]
		switch {
		case ok:
			compiled = append(compiled, c.rule(r, t, join(path, t.name), s))
		case t.required:
			c.fail(line, join(path, t.name), "the target needs %s, and no rule makes it", t.label)
		}
	}
	return compiled
}

func (c *flowCompiler) rule(r Rule, t *target, path string, s *scope) *mapping {
	m := &mapping{rule: r, path: path, target: t, when: c.condition(r.When, path+".when", s)}
	if m.when != nil && t.required {
		c.fail(r.Line, path, "%s is required, so it can't have a when; give a value for both cases", t.label)
	}
	if r.As != "" {
		if t.form != formList {
			c.fail(r.Line, path, "%s is %v, not a list", t.label, t.form)
			return m
		}
		m.each = c.expression(r.Each, path+".each", s)
		if m.each != nil && m.each.kind != kindList && m.each.kind != kindAny && m.each.kind != kindNull {
			c.fail(r.Each.Line, path+".each", "a list is wanted, and this is %v", m.each.kind)
		}
		if !identifier.MatchString(r.As) || s.has(r.As) || functionNames[r.As] {
			c.fail(r.Line, path+".as", "the name %q is taken already, or none", r.As)
			return m
		}
		m.as = r.As
		item := r
		item.When, item.As, item.Each = Expression{}, "", Expression{}
		m.item = c.rule(item, t.items, path, s.with(r.As, kindAny))
		return m
	}
	switch {
	case r.Const != nil:
		if _, _, fault := t.append(nil, r.Const.Value); fault != nil {
			c.fail(r.Line, path, "the constant doesn't fit %s: %s", t.label, fault.Reason)
		}
	case !r.Value.IsZero():
		m.value = c.expression(r.Value, path, s)
		if m.value != nil && !t.form.takes(m.value.kind) {
			c.fail(r.Value.Line, path, "%s is %v, and this is %v", t.label, t.form, m.value.kind)
		}
	case t.form != formObject:
		c.fail(r.Line, path, "%s is %v, not an object", t.label, t.form)
	default:
		m.fields = c.fields(r.Fields, t, path, r.Line, s)
	}
	return m
}

func (c *flowCompiler) condition(e Expression, path string, s *scope) *compiled {
	if e.IsZero() {
		return nil
	}
	x := c.expression(e, path, s)
	if x != nil && x.kind != kindBool && x.kind != kindAny {
		c.fail(e.Line, path, "a condition is yes or no, and this is %v", x.kind)
	}
	return x
}

func (c *flowCompiler) expression(e Expression, path string, s *scope) *compiled {
	if e.IsZero() {
		return nil
	}
	x, err := compileExpression(e, s)
	if err != nil {
		p := e.problem(c.doc.Flow, path, err)
		if name, ok := strings.CutPrefix(p.Message, "unknown name "); ok {
			p.Message += "; " + suggest(name, slices.Collect(maps.Keys(s.names)))
		}
		c.problems = append(c.problems, p)
		return nil
	}
	x.path = path
	for _, a := range x.reads {
		c.checkRead(e, path, a)
	}
	return x
}

// checkRead checks what can be known about a field that is read.
func (c *flowCompiler) checkRead(e Expression, path string, a *access) {
	switch a.root {
	case "settings":
		if !c.doc.hasSetting(a) {
			names := make([]string, len(c.doc.Settings))
			for i, s := range c.doc.Settings {
				names[i] = "settings." + s.Name
			}
			c.fail(e.Line, path, "the flow has no %s; %s", a.path(), suggest(a.path(), names))
		}
	case "related":
		if name, ok := a.keys[0].(string); !ok || !slices.Contains(c.doc.With, name) {
			c.fail(e.Line, path, "%s is read, and `with` doesn't ask for it", a.path())
		}
	case c.program.record:
		if !knownField(c.program.kind, a) && !slices.Contains(c.program.Unknown, a.path()) {
			c.program.Unknown = append(c.program.Unknown, a.path())
		}
	}
}
