package flow

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/shopspring/decimal"
)

// maxLoops is how deep loops may nest: enough for items in orders, too few for
// an expression whose cost explodes.
const maxLoops = 2

// loops are the builtins of expr that stay: they only walk lists.
var loops = []string{"all", "any", "none", "one", "filter", "map", "find", "findLast", "count", "sum", "reduce"}

// rewriter turns expr's tree into one whose every operation is ours: literals
// become decimals, operators and reads become calls of typed functions. What
// is left to expr's machine are jumps, loops and variables.
type rewriter struct {
	scope    *scope
	literals literals
	// made are the nodes that were put in, so that none is taken for the author's.
	made map[ast.Node]bool
	// reads are the sources read, lets the named expressions used.
	reads []*access
	lets  []string
	names map[string]int
	err   *file.Error
}

func (w *rewriter) fail(n ast.Node, format string, args ...any) {
	if w.err == nil {
		w.err = &file.Error{Location: n.Location(), Message: fmt.Sprintf(format, args...)}
	}
}

// refuseChains refuses a < b < c. The parser makes one node, b, a child of two
// parents; nested chains would double the tree, and so the work, at each level.
func (w *rewriter) refuseChains(n ast.Node, seen map[ast.Node]bool) {
	if seen[n] {
		w.fail(n, "comparisons don't chain; write a < b and b < c")
		return
	}
	seen[n] = true
	for _, child := range children(n) {
		w.refuseChains(child, seen)
	}
}

// refuser is the first pass: it refuses what the language doesn't have.
type refuser struct{ *rewriter }

// Visit implements ast.Visitor.
func (w refuser) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		if strings.HasPrefix(n.Value, "__") || strings.HasPrefix(n.Value, "$") {
			w.fail(n, "names don't begin so: %s", n.Value)
		}
		w.names[n.Value]++
		if _, ok := w.scope.lets[n.Value]; ok && !slices.Contains(w.lets, n.Value) {
			w.lets = append(w.lets, n.Value)
		}
	case *ast.BytesNode:
		w.fail(n, "there are no byte texts; write it without the b")
	case *ast.SequenceNode:
		w.fail(n, "one expression is wanted; ; goes only after let")
	case *ast.VariableDeclaratorNode:
		if strings.HasPrefix(n.Name, "__") || w.scope.has(n.Name) {
			w.fail(n, "%s is taken already; choose another name", n.Name)
		}
	case *ast.UnaryNode:
		if n.Operator == "+" {
			w.fail(n, "+ stands between two values")
		}
	case *ast.BinaryNode:
		switch n.Operator {
		case "**", "^":
			w.fail(n, "there are no powers; multiply")
		case "..":
			w.fail(n, "there are no ranges")
		case "matches":
			if s, ok := n.Right.(*ast.StringNode); !ok {
				w.fail(n, "the pattern after matches is a constant text")
			} else if _, err := regexp.Compile(s.Value); err != nil {
				w.fail(n.Right, "the pattern can't be read: %v", err)
			}
		}
	case *ast.CallNode:
		callee, ok := n.Callee.(*ast.IdentifierNode)
		if !ok {
			w.fail(n, "values have no functions of their own; write f(x)")
		} else if _, ok := functionNames[callee.Value]; !ok {
			w.fail(n, "there is no function %s; %s", callee.Value, suggest(callee.Value, slices.Concat(loops, slices.Collect(maps.Keys(functionNames)))))
		}
	case *ast.BuiltinNode:
		if !slices.Contains(loops, n.Name) {
			w.fail(n, "%s is not part of the language of flows; %s", n.Name, suggest(n.Name, slices.Concat(loops, slices.Collect(maps.Keys(functionNames)))))
		}
		if nesting(n) > maxLoops {
			w.fail(n, "loops nest at most %d deep", maxLoops)
		}
	}
}

// nesting counts the loops that stand inside each other.
func nesting(n ast.Node) int {
	deepest := 0
	for _, child := range children(n) {
		deepest = max(deepest, nesting(child))
	}
	if _, ok := n.(*ast.BuiltinNode); ok {
		return deepest + 1
	}
	return deepest
}

// children lists a node's direct children.
func children(n ast.Node) []ast.Node {
	switch n := n.(type) {
	case *ast.UnaryNode:
		return []ast.Node{n.Node}
	case *ast.BinaryNode:
		return []ast.Node{n.Left, n.Right}
	case *ast.ChainNode:
		return []ast.Node{n.Node}
	case *ast.MemberNode:
		return []ast.Node{n.Node, n.Property}
	case *ast.SliceNode:
		return present(n.Node, n.From, n.To)
	case *ast.CallNode:
		return append([]ast.Node{n.Callee}, n.Arguments...)
	case *ast.BuiltinNode:
		return n.Arguments
	case *ast.PredicateNode:
		return []ast.Node{n.Node}
	case *ast.ConditionalNode:
		return []ast.Node{n.Cond, n.Exp1, n.Exp2}
	case *ast.VariableDeclaratorNode:
		return []ast.Node{n.Value, n.Expr}
	case *ast.ArrayNode:
		return n.Nodes
	case *ast.SequenceNode:
		return n.Nodes
	case *ast.MapNode:
		return n.Pairs
	case *ast.PairNode:
		return []ast.Node{n.Key, n.Value}
	}
	return nil
}

func present(nodes ...ast.Node) []ast.Node {
	return slices.DeleteFunc(nodes, func(n ast.Node) bool { return n == nil })
}

// Visit implements ast.Visitor; children come before their parents.
func (w *rewriter) Visit(node *ast.Node) {
	if w.err != nil || w.made[*node] {
		return
	}
	switch n := (*node).(type) {
	case *ast.IntegerNode, *ast.FloatNode:
		w.literal(node)
	case *ast.ChainNode: // reads are safe at any depth, so ?. is no more than .
		*node = n.Node
	case *ast.MemberNode:
		w.member(node, n)
	case *ast.SliceNode:
		w.call(node, opSlice, n.Node, w.bound(n.From), w.bound(n.To))
	case *ast.PointerNode:
		if n.Name == "index" {
			w.made[n] = true
			w.call(node, opNumber, n)
		}
	case *ast.PairNode:
		if s, ok := n.Key.(*ast.StringNode); ok {
			if text, ok := w.literals[s.Location().From]; ok { // a number as a key was masked too
				s.Value = text
			}
		}
	case *ast.UnaryNode:
		if n.Operator == "-" {
			if c, ok := n.Node.(*ast.ConstantNode); ok {
				if d, ok := c.Value.(decimal.Decimal); ok {
					w.put(node, &ast.ConstantNode{Value: d.Neg()})
					return
				}
			}
			w.call(node, opNegate, n.Node)
			return
		}
		w.wrap(&n.Node, opTruth)
	case *ast.BinaryNode:
		w.binary(node, n)
	case *ast.ConditionalNode:
		w.wrap(&n.Cond, opTruth)
	case *ast.CallNode:
		name := n.Callee.(*ast.IdentifierNode).Value
		if at, ok := tableArguments[name]; ok {
			w.table(n, at)
		}
	case *ast.BuiltinNode:
		w.loop(node, n)
	}
}

// put replaces a node.
func (w *rewriter) put(node *ast.Node, n ast.Node) {
	ast.Patch(node, n)
	w.made[n] = true
}

func (w *rewriter) call(node *ast.Node, name string, args ...ast.Node) {
	callee := &ast.IdentifierNode{Value: name}
	callee.SetLocation((*node).Location())
	w.made[callee] = true
	w.put(node, &ast.CallNode{Callee: callee, Arguments: args})
}

// wrap puts a conversion around a node that has none yet.
func (w *rewriter) wrap(node *ast.Node, name string) {
	if c, ok := (*node).(*ast.CallNode); ok {
		if id, ok := c.Callee.(*ast.IdentifierNode); ok && (id.Value == name || name == opTruth && truthful[id.Value]) {
			return
		}
	}
	w.call(node, name, *node)
}

// truthful are the calls that can give nothing but yes or no.
var truthful = map[string]bool{
	"__equal": true, "__unequal": true, "__less": true, "__atMost": true, "__more": true, "__atLeast": true, opIn: true,
}

func (w *rewriter) literal(node *ast.Node) {
	text, ok := w.literals[(*node).Location().From]
	if !ok {
		w.fail(*node, "a number whose text is lost")
		return
	}
	d, err := parseDecimal(text)
	if err != nil {
		w.fail(*node, "%v", err)
		return
	}
	w.put(node, &ast.ConstantNode{Value: d})
}

func (w *rewriter) bound(n ast.Node) ast.Node {
	if n == nil {
		n = &ast.NilNode{}
		w.made[n] = true
	}
	return n
}

// member makes one read of a chain of fields: order.billing_address.city
func (w *rewriter) member(node *ast.Node, n *ast.MemberNode) {
	var key any
	switch p := n.Property.(type) {
	case *ast.StringNode:
		key = p.Value
	case *ast.ConstantNode:
		d, ok := p.Value.(decimal.Decimal)
		i, err := wholeNumber(d)
		if !ok || err != nil {
			w.fail(n, "an index is a whole number")
			return
		}
		key = i
	default:
		w.call(node, opIndex, n.Node, n.Property)
		return
	}
	root, keys := n.Node, []any{key}
	a := &access{keys: keys}
	if inner, ok := n.Node.(*ast.CallNode); ok && w.made[inner] && inner.Callee.(*ast.IdentifierNode).Value == opAt {
		before := inner.Arguments[1].(*ast.ConstantNode).Value.(*access)
		root = inner.Arguments[0]
		a = &access{before.root, append(slices.Clone(before.keys), key)}
		w.reads = slices.DeleteFunc(w.reads, func(r *access) bool { return r == before })
	} else {
		switch r := root.(type) {
		case *ast.IdentifierNode:
			a.root = r.Value
		case *ast.PointerNode:
			a.root = "#" + r.Name
		}
	}
	constant := &ast.ConstantNode{Value: a}
	constant.SetLocation(n.Location())
	w.made[constant] = true
	w.reads = append(w.reads, a)
	w.call(node, opAt, root, constant)
}

func (w *rewriter) binary(node *ast.Node, n *ast.BinaryNode) {
	if name, ok := binaryOperators[n.Operator]; ok {
		w.call(node, name, n.Left, n.Right)
		return
	}
	switch n.Operator {
	case "and", "&&", "or", "||":
		w.wrap(&n.Left, opTruth)
		w.wrap(&n.Right, opTruth)
	case "contains", "startsWith", "endsWith":
		w.wrap(&n.Left, opText)
		w.wrap(&n.Right, opText)
	case "matches":
		w.wrap(&n.Left, opText)
	case "??":
	default:
		w.fail(n, "there is no operator %s", n.Operator)
	}
}

// table replaces the name of a table by the table, once and for all.
func (w *rewriter) table(n *ast.CallNode, at int) {
	if len(n.Arguments) <= at {
		return
	}
	name, ok := n.Arguments[at].(*ast.StringNode)
	if !ok {
		if _, done := n.Arguments[at].(*ast.ConstantNode); !done {
			w.fail(n, "the table's name is a constant text")
		}
		return
	}
	table, ok := w.scope.tables[name.Value]
	if !ok {
		w.fail(name, "there is no table %q; %s", name.Value, suggest(name.Value, slices.Collect(maps.Keys(w.scope.tables))))
		return
	}
	w.put(&n.Arguments[at], &ast.ConstantNode{Value: table})
}

func (w *rewriter) loop(node *ast.Node, n *ast.BuiltinNode) {
	if len(n.Arguments) == 0 {
		return
	}
	w.wrap(&n.Arguments[0], opList)
	switch n.Name {
	case "all", "any", "none", "one", "filter", "find", "findLast", "count":
		if len(n.Arguments) > 1 {
			if p, ok := n.Arguments[1].(*ast.PredicateNode); ok {
				w.wrap(&p.Node, opTruth)
			}
		}
	}
	switch {
	case n.Name == "count" && len(n.Arguments) == 2:
		w.made[n] = true
		w.call(node, opNumber, n)
	case n.Name == "count":
		w.fail(n, "count needs a condition; len(list) counts all")
	case n.Name == "sum" && len(n.Arguments) == 2:
		list := ast.Node(&ast.BuiltinNode{Name: "map", Arguments: n.Arguments})
		list.SetLocation(n.Location())
		w.made[list] = true
		w.call(node, opSum, list)
	case n.Name == "sum":
		w.call(node, opSum, n.Arguments[0])
	}
}
