package flow

import (
	"fmt"
	"slices"
	"strings"
)

// FunctionDoc documents one function of expressions; its example is a test.
type FunctionDoc struct {
	Group     string `json:"group"`
	Name      string `json:"name"`
	Signature string `json:"signature"`
	Doc       string `json:"doc"`
	Example   string `json:"example"`
	// Result is the example's value as JSON.
	Result string `json:"result"`
}

// Functions documents every function, in the order in which docs show them.
var Functions = func() []FunctionDoc {
	docs := make([]FunctionDoc, len(functionTable))
	for i, f := range functionTable {
		docs[i] = FunctionDoc{
			Group: f.group, Name: f.name, Signature: f.signature(), Doc: f.doc, Example: f.example, Result: f.result,
		}
	}
	return docs
}()

// function is one row of the registry. Arguments are checked against params,
// at compile and again for each value. A call with an absent (null) required
// argument gives null, unless nulls is set: so upper(order.x) is null where x
// is, and ?? or default() has its say.
type function struct {
	group, name string
	params      []param
	gives       kind
	doc         string
	example     string
	result      string
	// many lets the last parameter repeat.
	many  bool
	nulls bool
	do    func(args []any) (any, error)
}

type param struct {
	name     string
	kind     kind
	optional bool
}

var functionTable = slices.Concat(
	textFunctions, valueFunctions, moneyFunctions, dateFunctions, nameFunctions, addressFunctions, orderFunctions,
	surchargeFunctions, editFunctions, ledgerFunctions, fulfilFunctions,
)

// functionNames holds the functions that the author of a flow may call.
var functionNames = func() map[string]bool {
	names := map[string]bool{}
	for _, f := range functionTable {
		names[f.name] = true
	}
	return names
}()

// tableArguments says which argument of a function is a table; it is given by
// its name, a constant text.
var tableArguments = func() map[string]int {
	at := map[string]int{}
	for _, f := range functionTable {
		if i := slices.IndexFunc(f.params, func(p param) bool { return p.kind == kindTable }); i >= 0 {
			at[f.name] = i
		}
	}
	return at
}()

func need(name string, k kind) param { return param{name, k, false} }
func may(name string, k kind) param  { return param{name, k, true} }

func (f function) signature() string {
	parts := make([]string, len(f.params))
	for i, p := range f.params {
		parts[i] = p.name + " " + short[p.kind]
		if p.optional {
			parts[i] += "?"
		}
		if f.many && i == len(f.params)-1 {
			parts[i] += "..."
		}
	}
	return fmt.Sprintf("%s(%s) %s", f.name, strings.Join(parts, ", "), short[f.gives])
}

var short = [...]string{"any", "null", "yesno", "text", "number", "list", "record", "table"}

func (f function) param(i int) (param, bool) {
	if i < len(f.params) {
		return f.params[i], true
	}
	if f.many {
		return f.params[len(f.params)-1], true
	}
	return param{}, false
}

func (f function) check(kinds []kind) (kind, error) {
	for i, k := range kinds {
		p, ok := f.param(i)
		if !ok {
			return kindAny, fmt.Errorf("%s takes %d values, not %d: %s", f.name, len(f.params), len(kinds), f.signature())
		}
		if k != p.kind && k != kindAny && k != kindNull && p.kind != kindAny {
			return kindAny, fmt.Errorf("%s: %s is %v, and this is %v: %s", f.name, p.name, p.kind, k, f.signature())
		}
	}
	if len(kinds) < len(f.params) && !f.params[len(kinds)].optional {
		return kindAny, fmt.Errorf("%s misses %s: %s", f.name, f.params[len(kinds)].name, f.signature())
	}
	return f.gives, nil
}

func (f function) run(args []any) (any, error) {
	for i, v := range args {
		p, ok := f.param(i)
		switch {
		case !ok:
			return nil, fmt.Errorf("%s takes %d values, not %d", f.name, len(f.params), len(args))
		case v == nil:
			if !f.nulls && !p.optional {
				return nil, nil
			}
		case p.kind != kindAny && p.kind != kindOf(v):
			return nil, fmt.Errorf("%s: %s is %v, and this is %v", f.name, p.name, p.kind, kindOf(v))
		}
	}
	// Optional arguments that were not given are null, so that do() may index.
	if n := len(f.params); len(args) < n && !f.many {
		full := make([]any, n)
		copy(full, args)
		args = full
	}
	return f.do(args)
}

// textArg gives an optional text.
func textArg(args []any, i int, otherwise string) string {
	if i < len(args) {
		if s, ok := args[i].(string); ok {
			return s
		}
	}
	return otherwise
}
