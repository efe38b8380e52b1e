package gp

import (
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// object is a value of a complex type. A value is a string (also for guid and
// enumeration), int64, decimal.Decimal, bool, time.Time, *object or []any.
// Nil and absent are one: XmlSerializer gives the program null for both.
type object struct {
	typ    *typeDef
	values map[string]any
}

func newObject(typ string) *object {
	t := schema[typ]
	if t == nil {
		panic("gp: no type " + typ + " in schema.txt")
	}
	return &object{typ: t, values: map[string]any{}}
}

// get follows a dotted path; a nil object has nothing in it.
func (o *object) get(path string) any {
	for {
		if o == nil {
			return nil
		}
		name, rest, more := strings.Cut(path, ".")
		v := o.values[name]
		if !more {
			return v
		}
		o, _ = v.(*object)
		path = rest
	}
}

// str is the text at path; absent is "".
func (o *object) str(path string) string {
	s, _ := o.get(path).(string)
	return s
}

// object is the object at path, or nil.
func (o *object) object(path string) *object {
	v, _ := o.get(path).(*object)
	return v
}

// list is the objects of the array at path.
func (o *object) list(path string) []*object {
	entries, _ := o.get(path).([]any)
	var list []*object
	for _, e := range entries {
		if v, ok := e.(*object); ok {
			list = append(list, v)
		}
	}
	return list
}

// value is the Value of an amount, quantity or percent.
func (o *object) value() decimal.Decimal {
	d, _ := o.get("Value").(decimal.Decimal)
	return d
}

// amount is the Value of the amount, quantity or percent at path, and whether
// it was sent.
func (o *object) amount(path string) (decimal.Decimal, bool) {
	v := o.object(path)
	return v.value(), v != nil
}

func (o *object) int(path string) int64 {
	n, _ := o.get(path).(int64)
	return n
}

func (o *object) bool(path string) bool {
	b, _ := o.get(path).(bool)
	return b
}

func (o *object) time(path string) time.Time {
	t, _ := o.get(path).(time.Time)
	return t
}

// set puts a value at a dotted path and makes the objects on the way. It
// returns o, so that answers can be written as chains.
func (o *object) set(path string, v any) *object {
	at := o
	for {
		name, rest, more := strings.Cut(path, ".")
		f, ok := at.typ.field(name)
		if !ok {
			panic("gp: type " + at.typ.name + " has no element " + name)
		}
		if !more {
			at.values[name] = v
			return o
		}
		next, _ := at.values[name].(*object)
		if next == nil {
			next = &object{typ: f.typ, values: map[string]any{}}
			at.values[name] = next
		}
		at, path = next, rest
	}
}

// drop removes top-level elements.
func (o *object) drop(names ...string) {
	for _, n := range names {
		delete(o.values, n)
	}
}

// overlay lets every element that top carries replace its twin in o whole.
func (o *object) overlay(top *object) {
	for name, v := range top.values {
		if v != nil {
			o.values[name] = v
		}
	}
}

// money is an amount in a currency with its decimals.
func money(c Currency, v decimal.Decimal) *object {
	return newObject("MoneyAmount").set("Currency", c.ISOCode).
		set("Value", v).set("DecimalDigits", int64(c.Decimals))
}

// quantity is a number of units at so many decimals.
func quantity(v decimal.Decimal, decimals int) *object {
	return newObject("Quantity").set("Value", v).set("DecimalDigits", int64(decimals))
}

func percent(v decimal.Decimal) *object {
	return newObject("Percent").set("Value", v).set("DecimalDigits", int64(2))
}

func anyList(objects []*object) []any {
	list := make([]any, len(objects))
	for i, o := range objects {
		list[i] = o
	}
	return list
}
