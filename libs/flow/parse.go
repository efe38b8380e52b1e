package flow

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/shopspring/decimal"
)

// maxDocument is more than any flow needs and less than what could hurt.
const maxDocument = 256 << 10

// Parse reads a flow document and checks its form: every key known, every
// value of its kind. The name stands in messages. All faults are reported at
// once, in an [*InvalidError].
func Parse(name string, text []byte) (d *Document, err error) {
	p := &documentParser{doc: &Document{File: name, Flow: name}}
	defer func() {
		if r := recover(); r != nil { // the YAML library's, on malformed text
			d, err = nil, &InvalidError{[]Problem{{Flow: name, Message: fmt.Sprintf("not YAML that can be read: %v", r)}}}
		}
	}()
	if len(text) > maxDocument {
		return nil, &InvalidError{[]Problem{{Flow: name, Message: fmt.Sprintf("the document has %d bytes; %d are allowed", len(text), maxDocument)}}}
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, &InvalidError{[]Problem{yamlProblem(name, err)}}
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return nil, &InvalidError{[]Problem{{Flow: name, Message: "one YAML document is wanted, and this is none or several"}}}
	}
	p.document(file.Docs[0].Body)
	if len(p.problems) > 0 {
		return nil, &InvalidError{p.problems}
	}
	return p.doc, nil
}

func yamlProblem(name string, err error) Problem {
	problem := Problem{Flow: name, Message: err.Error()}
	var located yaml.Error
	if errors.As(err, &located) {
		problem.Message = located.GetMessage()
		if t := located.GetToken(); t != nil {
			problem.Line = t.Position.Line
		}
	}
	return problem
}

type documentParser struct {
	doc      *Document
	problems []Problem
}

func (p *documentParser) fail(line int, path, format string, args ...any) {
	p.problems = append(p.problems, Problem{
		Flow: p.doc.Flow, Path: path, Line: line, Message: fmt.Sprintf(format, args...),
	})
}

func (p *documentParser) document(body ast.Node) {
	d := p.doc
	root := p.shaped(body, "", documentShape{})
	if flow, ok := root["flow"]; ok {
		d.Flow = p.text(flow)
	}
	d.Version = p.number(root["version"])
	d.Title = p.text(root["title"])
	d.About = p.text(root["about"])
	d.Optional = p.choice(root["optional"], "true", "false") == "true"
	d.On = p.text(root["on"])
	d.onLine = root["on"].line()
	for _, e := range p.list(root["with"]) {
		d.With = append(d.With, p.text(e))
	}
	for _, e := range p.mapping(root["settings"]) {
		d.Settings = append(d.Settings, p.setting(e))
	}
	for _, e := range p.mapping(root["tables"]) {
		d.Tables = append(d.Tables, p.table(e))
	}
	for _, e := range p.mapping(root["let"]) {
		d.Let = append(d.Let, Let{Name: e.name, Value: p.expression(e)})
	}
	for _, e := range p.list(root["checks"]) {
		m := p.shaped(e.node, e.path, checkShape{})
		d.Checks = append(d.Checks, Check{
			That: p.expression(m["that"]), Else: Severity(p.choice(m["else"], "warn", "hold", "refuse")),
			Code: p.text(m["code"]), Field: p.text(m["field"]),
			Reason: p.template(m["reason"]), Fix: p.template(m["fix"]), Line: e.line(),
		})
	}
	for _, e := range p.list(root["write"]) {
		d.Write = append(d.Write, p.write(e))
	}
	if len(d.Write) == 0 && len(p.problems) == 0 {
		p.fail(root["write"].line(), "write", "a flow writes something: give one entry at least")
	}
}

func (p *documentParser) setting(e entry) Setting {
	m := p.shaped(e.node, e.path, settingShape{})
	s := Setting{
		Name: e.name, About: p.text(m["about"]), Type: p.choice(m["type"], "text", "number", "yesno"),
		Default: p.scalar(m["default"]), Line: e.line(),
	}
	for _, c := range p.list(m["choices"]) {
		s.Choices = append(s.Choices, p.text(c))
	}
	s.Type = cmp.Or(s.Type, settingType(s.Default))
	if fault := s.check(s.Default); fault != "" && m["default"].node != nil {
		p.fail(s.Line, e.path, "the default %s", fault)
	}
	return s
}

func (p *documentParser) table(e entry) Table {
	m := p.shaped(e.node, e.path, tableShape{})
	t := Table{Name: e.name, About: p.text(m["about"]), Rows: map[string]any{}, Line: e.line()}
	for _, r := range p.mapping(m["rows"]) {
		if !isMapping(r.node) {
			t.Rows[r.name] = p.scalar(r)
			continue
		}
		columns := map[string]any{}
		for _, c := range p.mapping(r) {
			columns[c.name] = p.scalar(c)
		}
		t.Rows[r.name] = columns
	}
	return t
}

func (p *documentParser) write(e entry) Write {
	m := p.shaped(e.node, e.path, writeShape{})
	w := Write{To: p.text(m["to"]), Key: p.expression(m["key"]), Mark: p.expression(m["mark"]), Line: e.line()}
	for _, c := range p.list(m["when"]) {
		cm := p.shaped(c.node, c.path, whenShape{})
		w.When = append(w.When, Condition{
			That: p.expression(cm["that"]), Else: p.choice(cm["else"], "skip", "withdraw", "omit"), Say: p.template(cm["say"]),
		})
	}
	for _, n := range p.list(m["needs"]) {
		nm := p.shaped(n.node, n.path, needShape{})
		w.Needs = append(w.Needs, Need{Link: p.text(nm["link"]), Key: p.expression(nm["key"]), When: p.expression(nm["when"]), Line: n.line()})
	}
	fields, hasFields := m["fields"]
	withdraw, withdraws := m["withdraw"]
	if hasFields == withdraws {
		p.fail(w.Line, e.path, "a write has either fields or withdraw")
	}
	w.Fields, w.Withdraw = p.fields(fields), p.template(withdraw)
	return w
}

func (p *documentParser) fields(e entry) []Field {
	var fields []Field
	for _, f := range p.mapping(e) {
		fields = append(fields, Field{Name: f.name, Rule: p.rule(f)})
	}
	return fields
}

func (p *documentParser) rule(e entry) Rule {
	if !isMapping(e.node) {
		return Rule{Value: p.expression(e), Line: e.line()}
	}
	m := p.shaped(e.node, e.path, ruleShape{})
	r := Rule{
		Value: p.expression(m["value"]), Each: p.expression(m["each"]), As: p.text(m["as"]),
		When: p.expression(m["when"]), Line: e.line(),
	}
	if c, ok := m["const"]; ok {
		r.Const = &Constant{p.scalar(c)}
	}
	fields, hasFields := m["fields"]
	r.Fields = p.fields(fields)
	_, hasValue := m["value"]
	_, hasEach := m["each"]
	var kinds []string
	for name, has := range map[string]bool{"value": hasValue, "const": r.Const != nil, "fields": hasFields} {
		if has {
			kinds = append(kinds, name)
		}
	}
	slices.Sort(kinds)
	if len(kinds) != 1 {
		p.fail(r.Line, e.path, "a rule has one of value, const and fields; this one has %s", cmp.Or(strings.Join(kinds, " and "), "none"))
	}
	if hasEach != (r.As != "") {
		p.fail(r.Line, e.path, "each and as go together: each names the list, as its element")
	}
	return r
}

// entry is a value of the document with its key (or index) and path.
type entry struct {
	name, path string
	node       ast.Node
	keyLine    int
}

func (e entry) line() int {
	if e.keyLine > 0 || e.node == nil {
		return e.keyLine
	}
	return e.node.GetToken().Position.Line
}

func isMapping(n ast.Node) bool {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return true
	}
	return false
}

// mapping gives the entries of a mapping in the order of the document.
func (p *documentParser) mapping(e entry) []entry {
	if e.node == nil {
		return nil
	}
	var values []*ast.MappingValueNode
	switch n := e.node.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		p.fail(e.line(), e.path, "a mapping of names to values is wanted, not %s", yamlKind(e.node))
		return nil
	}
	seen := map[string]bool{}
	entries := make([]entry, 0, len(values))
	for _, v := range values {
		line := v.Key.GetToken().Position.Line
		switch v.Key.(type) {
		case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		default:
			p.fail(line, e.path, "a plain key is wanted; merge keys, anchors and aliases are not used in flows")
			continue
		}
		name := v.Key.GetToken().Value
		if seen[name] {
			p.fail(line, join(e.path, name), "the key stands here twice")
			continue
		}
		seen[name] = true
		entries = append(entries, entry{name: name, path: join(e.path, name), node: v.Value, keyLine: line})
	}
	return entries
}

// shaped gives the entries of a mapping by name, and complains about those
// that the shape doesn't know or misses.
func (p *documentParser) shaped(n ast.Node, path string, shape any) map[string]entry {
	known, required := keysOf(shape)
	m := map[string]entry{}
	if n == nil {
		return m
	}
	e := entry{path: path, node: n}
	if !isMapping(n) {
		p.mapping(e)
		return m
	}
	for _, v := range p.mapping(e) {
		if !slices.Contains(known, v.name) {
			p.fail(v.line(), v.path, "unknown key %q; %s", v.name, suggest(v.name, known))
			continue
		}
		m[v.name] = v
	}
	for _, name := range required {
		if _, ok := m[name]; !ok {
			p.fail(e.line(), path, "the key %q is missing", name)
		}
	}
	return m
}

func (p *documentParser) list(e entry) []entry {
	if e.node == nil {
		return nil
	}
	n, ok := e.node.(*ast.SequenceNode)
	if !ok {
		p.fail(e.line(), e.path, "a list is wanted, not %s", yamlKind(e.node))
		return nil
	}
	entries := make([]entry, len(n.Values))
	for i, v := range n.Values {
		entries[i] = entry{name: strconv.Itoa(i), path: fmt.Sprintf("%s[%d]", e.path, i), node: v}
	}
	return entries
}

// source gives a scalar as it stands in the document.
func (p *documentParser) source(e entry) (string, bool) {
	switch n := e.node.(type) {
	case nil:
		return "", false
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	p.fail(e.line(), e.path, "a single value is wanted, not %s", yamlKind(e.node))
	return "", false
}

func (p *documentParser) text(e entry) string {
	s, _ := p.source(e)
	return strings.TrimSpace(s)
}

func (p *documentParser) expression(e entry) Expression {
	s, ok := p.source(e)
	if !ok {
		return Expression{}
	}
	s = strings.TrimSpace(s)
	if s == "" {
		p.fail(e.line(), e.path, `an expression is missing here; an empty text is written {const: ""}`)
	}
	return Expression{Source: s, Line: e.line()}
}

func (p *documentParser) template(e entry) Message {
	s, _ := p.source(e)
	return Message{Source: strings.TrimSpace(s), Line: e.line()}
}

func (p *documentParser) number(e entry) int {
	s, ok := p.source(e)
	n, err := strconv.Atoi(s)
	if ok && (err != nil || n < 1) {
		p.fail(e.line(), e.path, "a whole number from 1 is wanted, not %q", s)
	}
	return n
}

func (p *documentParser) choice(e entry, choices ...string) string {
	s := p.text(e)
	if e.node != nil && !slices.Contains(choices, s) {
		p.fail(e.line(), e.path, "%q is none of %s", s, strings.Join(choices, ", "))
	}
	return s
}

// scalar gives a constant: a decimal, a truth value or a text.
func (p *documentParser) scalar(e entry) any {
	switch n := e.node.(type) {
	case nil:
		return nil
	case *ast.BoolNode:
		return n.Value
	case *ast.IntegerNode, *ast.FloatNode:
		d, err := parseDecimal(n.GetToken().Value)
		if err != nil {
			p.fail(e.line(), e.path, "%v", err)
		}
		return d
	}
	s, _ := p.source(e)
	return s
}

func settingType(v any) string {
	switch v.(type) {
	case bool:
		return "yesno"
	case decimal.Decimal:
		return "number"
	}
	return "text"
}

func yamlKind(n ast.Node) string {
	switch n.(type) {
	case nil, *ast.NullNode:
		return "nothing"
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		return "an anchor or alias (not used in flows)"
	case *ast.TagNode:
		return "a tagged value (not used in flows)"
	}
	return "a single value"
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
