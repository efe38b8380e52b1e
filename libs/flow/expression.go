package flow

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/types"
	"github.com/expr-lang/expr/vm"
)

// The bounds of one expression.
const (
	maxSource = 4096
	maxNodes  = 1000
	maxMemory = 200_000 // elements that lists and records made by one evaluation may have
)

// scope is what the expressions at one place may name.
type scope struct {
	names  map[string]kind
	lets   map[string]int
	tables map[string]*lookupTable
}

func (s *scope) has(name string) bool {
	_, ok := s.names[name]
	return ok
}

// with gives a scope that knows one name more.
func (s *scope) with(name string, k kind) *scope {
	inner := *s
	inner.names = maps.Clone(s.names)
	inner.names[name] = k
	return &inner
}

// compiled is an expression that can be evaluated.
type compiled struct {
	Expression
	path    string
	program *vm.Program
	kind    kind
	// lets are the named expressions that it uses, directly.
	lets []int
	// reads are the chains of fields that it reads.
	reads []*access
	// names counts how often it names each thing of its scope.
	names map[string]int
}

// compileExpression checks an expression's names and types and compiles it.
func compileExpression(e Expression, s *scope) (c *compiled, err error) {
	if !utf8.ValidString(e.Source) {
		return nil, &file.Error{Message: "the expression is not valid UTF-8"}
	}
	if len(e.Source) > maxSource {
		return nil, &file.Error{Message: fmt.Sprintf("the expression has %d bytes; %d are allowed: give parts of it names under let", len(e.Source), maxSource)}
	}
	masked, found, err := maskLiterals(e.Source)
	if err != nil {
		return nil, err
	}
	config := s.config()
	tree, err := parser.ParseWithConfig(masked, config)
	if err != nil {
		return nil, err
	}
	w := &rewriter{scope: s, literals: found, made: map[ast.Node]bool{}, names: map[string]int{}}
	if w.refuseChains(tree.Node, map[ast.Node]bool{}); w.err != nil {
		return nil, w.err
	}
	ast.Walk(&tree.Node, refuser{w})
	ast.Walk(&tree.Node, w)
	if w.err != nil {
		return nil, w.err
	}
	t, err := checker.Check(tree, config)
	if err != nil {
		return nil, err
	}
	program, err := compiler.Compile(tree, config)
	if err != nil {
		message, _, _ := strings.Cut(err.Error(), "\n")
		return nil, errors.New(message)
	}
	c = &compiled{Expression: e, program: program, kind: kindOfType(t), reads: w.reads, names: w.names}
	for _, name := range w.lets {
		c.lets = append(c.lets, s.lets[name])
	}
	return c, nil
}

// config is expr's configuration: nothing but our functions and the names of
// the scope. Its optimizer stays off, so what was checked is what runs.
func (s *scope) config() *conf.Config {
	c := conf.CreateNew()
	c.Optimize = false
	c.MaxNodes = maxNodes
	for name := range c.Builtins {
		c.Disabled[name] = true
	}
	env := types.Map{}
	for name, k := range s.names {
		if k == kindAny || k == kindNull {
			env[name] = types.Any
		} else {
			env[name] = types.TypeOf(reflect.Zero(kindTypes[k]).Interface())
		}
	}
	c.WithEnv(env)
	maps.Copy(c.Functions, exprFunctions)
	return c
}

// exprFunctions are the functions and operators as expr wants them.
var exprFunctions = func() map[string]*builtin.Function {
	all := map[string]*builtin.Function{}
	for _, o := range operators {
		all[o.name] = exprFunction(o.name, o.check, o.call)
	}
	for _, f := range functionTable {
		all[f.name] = exprFunction(f.name, f.check, f.run)
	}
	return all
}()

func exprFunction(name string, check func([]kind) (kind, error), call func([]any) (any, error)) *builtin.Function {
	return &builtin.Function{
		Name: name,
		Func: func(args ...any) (any, error) { return call(args) },
		Validate: func(args []reflect.Type) (reflect.Type, error) {
			kinds := make([]kind, len(args))
			for i, t := range args {
				kinds[i] = kindOfType(t)
			}
			k, err := check(kinds)
			return kindTypes[k], err
		},
	}
}

// problem makes an error of the compiler one for people.
func (e Expression) problem(flow, path string, err error) Problem {
	p := Problem{Flow: flow, Path: path, Line: e.Line, Expression: e.Source, Message: err.Error()}
	var at *file.Error
	if errors.As(err, &at) {
		p.Message = people.Replace(at.Message)
		at = at.Bind(file.NewSource(e.Source))
		p.Column = at.Column + 1
		if at.Line > 1 {
			p.Line += at.Line - 1
		}
	}
	return p
}

// people puts the kinds' names for Go's in the messages of expr's checker.
var people = strings.NewReplacer(
	"decimal.Decimal", "number", "map[string]interface {}", "record", "[]interface {}", "list", "interface {}", "anything", "string", "text",
)

// evaluate runs the expression; the error has no place in it yet.
func (c *compiled) evaluate(machine *vm.VM, env map[string]any) (any, error) {
	machine.MemoryBudget = maxMemory
	v, err := machine.Run(c.program, env)
	if err != nil {
		return nil, fmt.Errorf("%w", plain(err))
	}
	return v, nil
}

// plain takes the cause out of expr's error, which shows the source with masked literals.
func plain(err error) error {
	var at *file.Error
	if !errors.As(err, &at) {
		return err
	}
	if at.Prev != nil {
		return at.Prev
	}
	return errors.New(at.Message)
}
