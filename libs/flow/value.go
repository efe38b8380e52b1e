package flow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"

	"github.com/shopspring/decimal"
)

// kind is the kind of a value in expressions. Values are nil, bool, string,
// decimal.Decimal, []any and map[string]any; nothing else.
type kind uint8

const (
	kindAny kind = iota
	kindNull
	kindBool
	kindText
	kindNumber
	kindList
	kindRecord
	kindTable
)

var kindNames = [...]string{"anything", "nothing (null)", "yes or no", "text", "a number", "a list", "a record", "a table"}

func (k kind) String() string { return kindNames[k] }

var kindTypes = [...]reflect.Type{
	kindAny:    reflect.TypeFor[any](),
	kindNull:   reflect.TypeFor[any](),
	kindBool:   reflect.TypeFor[bool](),
	kindText:   reflect.TypeFor[string](),
	kindNumber: reflect.TypeFor[decimal.Decimal](),
	kindList:   reflect.TypeFor[[]any](),
	kindRecord: reflect.TypeFor[map[string]any](),
	kindTable:  reflect.TypeFor[*lookupTable](),
}

// kindOfType is the kind of an expression's static type.
func kindOfType(t reflect.Type) kind {
	if t == nil {
		return kindNull
	}
	for k, kt := range kindTypes {
		if kt == t {
			return kind(k)
		}
	}
	switch t.Kind() {
	case reflect.Slice:
		return kindList
	case reflect.Map:
		return kindRecord
	}
	return kindAny
}

func kindOf(v any) kind {
	switch v.(type) {
	case nil:
		return kindNull
	case bool:
		return kindBool
	case string:
		return kindText
	case decimal.Decimal:
		return kindNumber
	case []any:
		return kindList
	case map[string]any:
		return kindRecord
	case *lookupTable:
		return kindTable
	}
	return kindAny
}

// decodeJSON reads a record with every number as the decimal of its text.
func decodeJSON(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("more follows after the JSON value")
	}
	return decimals(v)
}

// decimals turns every json.Number of a decoded value into a decimal, in place.
func decimals(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case json.Number:
		return parseDecimal(string(v))
	case []any:
		for i, e := range v {
			if v[i], err = decimals(e); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for k, e := range v {
			switch e := e.(type) {
			case json.Number:
				if v[k], err = parseDecimal(string(e)); err != nil {
					return nil, fmt.Errorf("%s: %w", k, err)
				}
			case []any, map[string]any:
				if _, err = decimals(e); err != nil {
					return nil, err
				}
			}
		}
	}
	return v, nil
}

// textOf is the one text form of a value: decimals without trailing zeros.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case decimal.Decimal:
		return v.String()
	case bool:
		if v {
			return "true"
		}
		return "false"
	}
	b, _ := json.Marshal(v)
	return string(b)
}
