package flow

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/shopspring/decimal"
)

// quotientPlaces is the scale of a quotient.
const quotientPlaces = 16

// maxText bounds what an expression may build.
const maxText = 64 << 10

// The names that the rewriter gives to operators and readers; no expression
// can write them, for names with two underscores in front are refused.
const (
	opAt     = "__at"
	opIndex  = "__index"
	opSlice  = "__slice"
	opNegate = "__negate"
	opTruth  = "__truth"
	opText   = "__text"
	opList   = "__list"
	opNumber = "__number"
	opSum    = "__sum"
	opIn     = "__in"
)

// binaryOperators maps the operators that are calls to their functions' names.
var binaryOperators = map[string]string{
	"+": "__add", "-": "__subtract", "*": "__multiply", "/": "__divide", "%": "__modulo",
	"==": "__equal", "!=": "__unequal", "<": "__less", "<=": "__atMost", ">": "__more", ">=": "__atLeast",
	"in": opIn,
}

// operator is a function that the rewriter calls: check gives the result's
// kind from the operands' or an error, at compile; call works on the values.
type operator struct {
	name  string
	check func(args []kind) (kind, error)
	call  func(args []any) (any, error)
}

var operators = []operator{
	{"__add", checkAdd, add},
	arithmetic("__subtract", "-", func(a, b decimal.Decimal) (decimal.Decimal, error) { return a.Sub(b), nil }),
	arithmetic("__multiply", "*", func(a, b decimal.Decimal) (decimal.Decimal, error) {
		d := a.Mul(b)
		return d, bounded(d)
	}),
	arithmetic("__divide", "/", divide),
	arithmetic("__modulo", "%", func(a, b decimal.Decimal) (decimal.Decimal, error) {
		if b.IsZero() {
			return decimal.Decimal{}, errZero
		}
		return a.Mod(b), nil
	}),
	equality("__equal", "==", true),
	equality("__unequal", "!=", false),
	comparison("__less", "<", func(c int) bool { return c < 0 }),
	comparison("__atMost", "<=", func(c int) bool { return c <= 0 }),
	comparison("__more", ">", func(c int) bool { return c > 0 }),
	comparison("__atLeast", ">=", func(c int) bool { return c >= 0 }),
	{opIn, checkIn, in},
	{opNegate, oneOf("-", kindNumber, kindNumber), func(args []any) (any, error) {
		d, ok := args[0].(decimal.Decimal)
		if !ok {
			return nil, fmt.Errorf("- needs a number and got %v", kindOf(args[0]))
		}
		return d.Neg(), nil
	}},
	{opTruth, oneOf("a condition", kindBool, kindBool), func(args []any) (any, error) {
		if b, ok := args[0].(bool); ok {
			return b, nil
		}
		return nil, fmt.Errorf("a condition needs yes or no and got %v: compare it with something", kindOf(args[0]))
	}},
	{opText, oneOf("this operator", kindText, kindText), func(args []any) (any, error) {
		switch v := args[0].(type) {
		case nil, string:
			return v, nil
		}
		return nil, fmt.Errorf("text is needed here and this is %v; write text(...)", kindOf(args[0]))
	}},
	{opList, oneOf("a loop", kindList, kindList), func(args []any) (any, error) {
		switch v := args[0].(type) {
		case nil:
			return []any{}, nil
		case []any:
			return v, nil
		}
		return nil, fmt.Errorf("a loop needs a list and got %v", kindOf(args[0]))
	}},
	{opNumber, func([]kind) (kind, error) { return kindNumber, nil }, func(args []any) (any, error) {
		if n, ok := args[0].(int); ok { // count and #index, the only machine integers of the VM
			return decimal.NewFromInt(int64(n)), nil
		}
		return nil, fmt.Errorf("a number is needed here")
	}},
	{opSum, oneOf("sum", kindList, kindNumber), sum},
	{opAt, func([]kind) (kind, error) { return kindAny, nil }, func(args []any) (any, error) {
		return args[1].(*access).read(args[0])
	}},
	{opIndex, checkIndex, func(args []any) (any, error) {
		switch key := args[1].(type) {
		case string:
			return element(args[0], key)
		case decimal.Decimal:
			n, err := wholeNumber(key)
			if err != nil {
				return nil, err
			}
			return element(args[0], n)
		}
		return nil, fmt.Errorf("an index is a number or a text, not %v", kindOf(args[1]))
	}},
	{opSlice, func(args []kind) (kind, error) {
		if args[0] == kindNumber || args[0] == kindBool || args[0] == kindRecord {
			return kindAny, fmt.Errorf("only texts and lists have parts, not %v", args[0])
		}
		return args[0], nil
	}, slice},
}

var errZero = fmt.Errorf("a division by zero")

func oneOf(what string, want, result kind) func([]kind) (kind, error) {
	return func(args []kind) (kind, error) {
		if args[0] != want && args[0] != kindAny {
			return kindAny, fmt.Errorf("%s needs %v and this is %v", what, want, args[0])
		}
		return result, nil
	}
}

// mixed is the message for operands that don't go together.
func mixed(op string, a, b kind) error {
	switch {
	case a == kindText && b == kindNumber, a == kindNumber && b == kindText:
		return fmt.Errorf("%v %s %v: text and numbers don't mix; write number(...) or text(...)", a, op, b)
	case a == kindNull || b == kindNull:
		return fmt.Errorf("%v %s %v: one side is absent; write number(x, 0) or x ?? 0", a, op, b)
	}
	return fmt.Errorf("%s doesn't work between %v and %v", op, a, b)
}

func arithmetic(name, op string, do func(a, b decimal.Decimal) (decimal.Decimal, error)) operator {
	return operator{name,
		func(k []kind) (kind, error) {
			for _, k1 := range k {
				if k1 != kindNumber && k1 != kindAny {
					return kindAny, mixed(op, k[0], k[1])
				}
			}
			return kindNumber, nil
		},
		func(args []any) (any, error) {
			a, aok := args[0].(decimal.Decimal)
			b, bok := args[1].(decimal.Decimal)
			if !aok || !bok {
				return nil, mixed(op, kindOf(args[0]), kindOf(args[1]))
			}
			return do(a, b)
		},
	}
}

func checkAdd(k []kind) (kind, error) {
	for _, k1 := range k {
		if k1 != kindNumber && k1 != kindText && k1 != kindAny {
			return kindAny, mixed("+", k[0], k[1])
		}
	}
	switch {
	case k[0] == kindAny:
		return k[1], nil
	case k[1] == kindAny || k[0] == k[1]:
		return k[0], nil
	}
	return kindAny, mixed("+", k[0], k[1])
}

func add(args []any) (any, error) {
	switch a := args[0].(type) {
	case decimal.Decimal:
		if b, ok := args[1].(decimal.Decimal); ok {
			return a.Add(b), nil
		}
	case string:
		if b, ok := args[1].(string); ok {
			return boundedText(a + b)
		}
	}
	return nil, mixed("+", kindOf(args[0]), kindOf(args[1]))
}

func boundedText(s string) (any, error) {
	if len(s) > maxText {
		return nil, fmt.Errorf("a text of %d bytes is too long; %d are allowed", len(s), maxText)
	}
	return s, nil
}

// divide gives the quotient with 16 places, half to even.
func divide(a, b decimal.Decimal) (decimal.Decimal, error) {
	if b.IsZero() {
		return decimal.Decimal{}, errZero
	}
	q, rest := a.QuoRem(b, quotientPlaces)
	unit := decimal.New(1, -quotientPlaces)
	switch twice := rest.Abs().Mul(decimal.NewFromInt(2)); twice.Cmp(b.Abs().Mul(unit)) {
	case 0:
		if q.Coefficient().Bit(0) == 0 { // QuoRem's quotient has just these places
			return q, nil
		}
		fallthrough
	case 1:
		if a.Sign()*b.Sign() < 0 {
			unit = unit.Neg()
		}
		q = q.Add(unit)
	}
	return q, nil
}

func equality(name, op string, want bool) operator {
	return operator{name,
		func(k []kind) (kind, error) {
			a, b := k[0], k[1]
			if a == kindAny || b == kindAny || a == kindNull || b == kindNull || a == b && a <= kindNumber {
				return kindBool, nil
			}
			return kindAny, mixed(op, a, b)
		},
		func(args []any) (any, error) {
			same, err := equal(op, args[0], args[1])
			return same == want, err
		},
	}
}

// equal compares by value; null equals null only, and kinds don't mix.
func equal(op string, a, b any) (bool, error) {
	if a == nil || b == nil {
		return a == nil && b == nil, nil
	}
	switch a := a.(type) {
	case bool:
		if b, ok := b.(bool); ok {
			return a == b, nil
		}
	case string:
		if b, ok := b.(string); ok {
			return a == b, nil
		}
	case decimal.Decimal:
		if b, ok := b.(decimal.Decimal); ok {
			return a.Equal(b), nil
		}
	}
	return false, mixed(op, kindOf(a), kindOf(b))
}

func comparison(name, op string, is func(int) bool) operator {
	return operator{name,
		func(k []kind) (kind, error) {
			for _, k1 := range k {
				if k1 != kindNumber && k1 != kindText && k1 != kindAny {
					return kindAny, mixed(op, k[0], k[1])
				}
			}
			if k[0] != k[1] && k[0] != kindAny && k[1] != kindAny {
				return kindAny, mixed(op, k[0], k[1])
			}
			return kindBool, nil
		},
		func(args []any) (any, error) {
			switch a := args[0].(type) {
			case decimal.Decimal:
				if b, ok := args[1].(decimal.Decimal); ok {
					return is(a.Cmp(b)), nil
				}
			case string:
				if b, ok := args[1].(string); ok {
					return is(strings.Compare(a, b)), nil
				}
			}
			return nil, mixed(op, kindOf(args[0]), kindOf(args[1]))
		},
	}
}

func checkIn(k []kind) (kind, error) {
	if k[1] != kindList && k[1] != kindRecord && k[1] != kindAny {
		return kindAny, fmt.Errorf("in needs a list or a record and this is %v", k[1])
	}
	return kindBool, nil
}

func in(args []any) (any, error) {
	switch c := args[1].(type) {
	case nil:
		return false, nil
	case []any:
		for _, e := range c {
			if kindOf(e) != kindOf(args[0]) {
				continue
			}
			if same, err := equal("in", e, args[0]); err != nil || same {
				return same, err
			}
		}
		return false, nil
	case map[string]any:
		key, ok := args[0].(string)
		_, has := c[key]
		return ok && has, nil
	}
	return nil, fmt.Errorf("in needs a list or a record and got %v", kindOf(args[1]))
}

// sum adds the numbers of a list; what is absent adds nothing.
func sum(args []any) (any, error) {
	list, ok := args[0].([]any)
	if !ok && args[0] != nil {
		return nil, fmt.Errorf("sum needs a list and got %v", kindOf(args[0]))
	}
	var total decimal.Decimal
	for i, e := range list {
		switch e := e.(type) {
		case nil:
		case decimal.Decimal:
			total = total.Add(e)
		default:
			return nil, fmt.Errorf("sum needs numbers, and element %d is %v", i, kindOf(e))
		}
	}
	return total, nil
}

// access is a chain of fields and indexes from a root, known at compile.
type access struct {
	root string
	keys []any // string or int
}

// path is the chain as people write it: order.items[0].sku
func (a *access) path() string {
	var b strings.Builder
	b.WriteString(a.root)
	for _, k := range a.keys {
		if n, ok := k.(int); ok {
			fmt.Fprintf(&b, "[%d]", n)
		} else {
			fmt.Fprintf(&b, ".%s", k)
		}
	}
	return b.String()
}

// read follows the chain; what is absent, at any depth, is null.
func (a *access) read(v any) (any, error) {
	for i, key := range a.keys {
		next, err := element(v, key)
		if err != nil {
			return nil, fmt.Errorf("%s is %v and has no %v", (&access{a.root, a.keys[:i]}).path(), kindOf(v), key)
		}
		if v = next; v == nil {
			return nil, nil
		}
	}
	return v, nil
}

// element reads one field of a record or one element of a list; a negative
// index counts from the end, and what is not there is null.
func element(v, key any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case map[string]any:
		if name, ok := key.(string); ok {
			return v[name], nil
		}
	case []any:
		if n, ok := key.(int); ok {
			if n < 0 {
				n += len(v)
			}
			if n < 0 || n >= len(v) {
				return nil, nil
			}
			return v[n], nil
		}
	}
	return nil, fmt.Errorf("%v has no %v", kindOf(v), key)
}

func checkIndex(k []kind) (kind, error) {
	if k[1] != kindNumber && k[1] != kindText && k[1] != kindAny {
		return kindAny, fmt.Errorf("an index is a number or a text, not %v", k[1])
	}
	return kindAny, nil
}

func wholeNumber(d decimal.Decimal) (int, error) {
	if !d.IsInteger() || d.Abs().Cmp(decimal.NewFromInt(1<<31)) > 0 {
		return 0, fmt.Errorf("a whole number is needed here, not %s", d)
	}
	return int(d.IntPart()), nil
}

// slice gives a part of a text (in characters) or of a list; bounds beyond the
// ends mean the ends.
func slice(args []any) (any, error) {
	bounds := func(length int) (from, to int, err error) {
		to = length
		for i, at := range []*int{&from, &to} {
			v := args[i+1]
			if v == nil {
				continue
			}
			d, ok := v.(decimal.Decimal)
			if !ok {
				return 0, 0, fmt.Errorf("the ends of a part are numbers, not %v", kindOf(v))
			}
			if *at, err = wholeNumber(d); err != nil {
				return 0, 0, err
			}
			if *at < 0 {
				*at += length
			}
			*at = min(max(*at, 0), length)
		}
		return min(from, to), to, nil
	}
	switch v := args[0].(type) {
	case nil:
		return nil, nil
	case string:
		from, to, err := bounds(utf8.RuneCountInString(v))
		if err != nil {
			return nil, err
		}
		return string([]rune(v)[from:to]), nil
	case []any:
		from, to, err := bounds(len(v))
		if err != nil {
			return nil, err
		}
		return v[from:to:to], nil
	}
	return nil, fmt.Errorf("only texts and lists have parts, not %v", kindOf(args[0]))
}
