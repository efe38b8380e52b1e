package config

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// node is one value of the file, or of a variable, with its place.
type node struct {
	kind kind
	// text is a scalar as it was written, without quotes.
	text string
	// plain is a scalar as YAML's core schema types it; it counts where a free
	// value is wanted.
	plain any
	// names and values are a mapping's, in the file's order; a list has only values.
	names  []string
	values []*node

	line     int
	variable string
}

type kind int

const (
	absent kind = iota // null, or not there
	scalar
	mapping
	list
)

func (k kind) String() string {
	return [...]string{"nothing", "a single value", "a mapping", "a list"}[k]
}

// get gives a mapping's value, or nil.
func (n *node) get(name string) *node {
	if n == nil || n.kind != mapping {
		return nil
	}
	for i, known := range n.names {
		if known == name {
			return n.values[i]
		}
	}
	return nil
}

// set puts a mapping's value.
func (n *node) set(name string, value *node) {
	for i, known := range n.names {
		if known == name {
			n.values[i] = value
			return
		}
	}
	n.names, n.values = append(n.names, name), append(n.values, value)
}

// nodesMax bounds what aliases can blow a small file up to.
const nodesMax = 100_000

// parse reads a YAML document into a tree.
func parse(text []byte) (*node, *syntaxError) {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, newSyntaxError(err)
	}
	var bodies []ast.Node
	for _, document := range file.Docs {
		if document.Body != nil {
			bodies = append(bodies, document.Body)
		}
	}
	switch len(bodies) {
	case 0:
		return &node{kind: mapping, line: 1}, nil
	case 1:
	default:
		return nil, &syntaxError{bodies[1].GetToken().Position.Line, "the file has more than one document"}
	}
	t := &treeBuilder{anchors: map[string]ast.Node{}, open: map[string]bool{}}
	root, err := t.node(bodies[0])
	if err != nil {
		return nil, newSyntaxError(err)
	}
	return root, nil
}

// syntaxError is a fault of the YAML itself. It has no excerpt of the file,
// where secrets may be.
type syntaxError struct {
	line   int
	reason string
}

// Error implements error.
func (e *syntaxError) Error() string { return e.reason }

func newSyntaxError(err error) *syntaxError {
	if own := (*syntaxError)(nil); errors.As(err, &own) {
		return own
	}
	out := &syntaxError{1, "is not YAML"}
	var detailed yaml.Error
	if errors.As(err, &detailed) {
		out.reason = "is not YAML: " + detailed.GetMessage()
		if t := detailed.GetToken(); t != nil && t.Position != nil {
			out.line = t.Position.Line
		}
	}
	return out
}

// treeBuilder turns the parser's tree into ours: anchors, aliases and merge
// keys are resolved.
type treeBuilder struct {
	anchors map[string]ast.Node
	open    map[string]bool // the aliases that are being resolved
	count   int
}

func (t *treeBuilder) node(from ast.Node) (*node, error) {
	if t.count++; t.count > nodesMax {
		return nil, &syntaxError{lineOf(from), "the file is too large once its aliases are resolved"}
	}
	out := &node{line: lineOf(from)}
	switch from := from.(type) {
	case nil, *ast.NullNode:
	case *ast.AnchorNode:
		t.anchors[from.Name.GetToken().Value] = from.Value
		return t.node(from.Value)
	case *ast.AliasNode:
		return t.alias(from)
	case *ast.TagNode:
		return t.tagged(from)
	case *ast.MappingNode:
		out.kind = mapping
		return out, t.entries(out, from.Values)
	case *ast.MappingValueNode:
		out.kind = mapping
		return out, t.entries(out, []*ast.MappingValueNode{from})
	case *ast.SequenceNode:
		out.kind = list
		for _, value := range from.Values {
			item, err := t.node(value)
			if err != nil {
				return nil, err
			}
			out.values = append(out.values, item)
		}
	case *ast.LiteralNode:
		out.kind, out.text, out.plain = scalar, from.Value.Value, from.Value.Value
	case ast.ScalarNode:
		out.kind, out.text, out.plain = scalar, from.GetToken().Value, from.GetValue()
		if s, ok := from.(*ast.StringNode); ok {
			out.text, out.plain = s.Value, s.Value
		}
	default:
		return nil, &syntaxError{out.line, fmt.Sprintf("has a %s, which is not supported here", from.Type().YAMLName())}
	}
	return out, nil
}

// tagged takes !!str as what it says, and other tags as if they were not there.
func (t *treeBuilder) tagged(from *ast.TagNode) (*node, error) {
	out, err := t.node(from.Value)
	if err == nil && out.kind == scalar && from.Start.Value == string(token.StringTag) {
		out.plain = out.text
	}
	return out, err
}

func (t *treeBuilder) alias(from *ast.AliasNode) (*node, error) {
	name := from.Value.GetToken().Value
	target, ok := t.anchors[name]
	if !ok {
		return nil, &syntaxError{lineOf(from), "has the alias *" + name + ", but no anchor &" + name + " before it"}
	}
	if t.open[name] {
		return nil, &syntaxError{lineOf(from), "has the alias *" + name + " inside its own anchor"}
	}
	t.open[name] = true
	defer delete(t.open, name)
	return t.node(target)
}

func (t *treeBuilder) entries(out *node, entries []*ast.MappingValueNode) error {
	var merged []*node
	for _, entry := range entries {
		value, err := t.node(entry.Value)
		if err != nil {
			return err
		}
		if _, merge := entry.Key.(*ast.MergeKeyNode); merge {
			if value.kind == list {
				merged = append(merged, value.values...)
			} else {
				merged = append(merged, value)
			}
			continue
		}
		line := lineOf(entry.Key)
		key, err := t.node(keyOf(entry.Key))
		if err != nil {
			return err
		}
		if key.kind == list || key.kind == mapping {
			return &syntaxError{line, "has a key that is " + key.kind.String()}
		}
		if out.get(key.text) != nil {
			return &syntaxError{line, "has the key " + strconv.Quote(key.text) + " twice in one mapping"}
		}
		value.line = line
		out.set(key.text, value)
	}
	for _, from := range merged { // a mapping's own keys win, then the first merge
		if from.kind != mapping {
			return &syntaxError{out.line, "merges (<<) " + from.kind.String() + "; only a mapping can be merged"}
		}
		for i, name := range from.names {
			if out.get(name) == nil {
				out.set(name, from.values[i])
			}
		}
	}
	return nil
}

// keyOf takes the "? " off a key that is written with it.
func keyOf(key ast.MapKeyNode) ast.Node {
	if explicit, ok := key.(*ast.MappingKeyNode); ok {
		return explicit.Value
	}
	return key
}

func lineOf(n ast.Node) int {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 1
	}
	if m, ok := n.(*ast.MappingValueNode); ok { // its token is the colon
		return lineOf(m.Key)
	}
	return n.GetToken().Position.Line
}
