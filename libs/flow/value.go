package flow

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/scrub/jsonscan"
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
	d := decoder{text: text}
	d.scan.Reset(text, 0)
	v, err := d.value()
	if err != nil {
		return nil, err
	}
	if _, err := d.scan.Next(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more follows after the JSON value")
	}
	return v, nil
}

// decoder makes values of a scanned text in one pass: records are read for
// every change, so this is one of the two costly parts of a run.
type decoder struct {
	text []byte
	scan jsonscan.Scanner
}

func (d *decoder) value() (any, error) {
	t, err := d.scan.Next()
	if err != nil {
		return nil, err
	}
	return d.from(t)
}

func (d *decoder) from(t jsonscan.Token) (any, error) {
	switch t.Kind {
	case jsonscan.ObjectStart:
		return d.record()
	case jsonscan.ArrayStart:
		return d.list()
	case jsonscan.String:
		// As encoding/json has it: what is no UTF-8 becomes U+FFFD.
		return strings.ToValidUTF8(jsonscan.Unquote(d.text, t), "\uFFFD"), nil
	case jsonscan.Number:
		return parseDecimal(string(d.text[t.Start:t.End]))
	case jsonscan.True, jsonscan.False:
		return t.Kind == jsonscan.True, nil
	default:
		return nil, nil //nolint:nilnil // JSON's null is expr's nil
	}
}

func (d *decoder) record() (any, error) {
	record := map[string]any{}
	for {
		t, err := d.scan.Next()
		if err != nil || t.Kind == jsonscan.ObjectEnd {
			return record, err
		}
		name := jsonscan.Unquote(d.text, t)
		if record[name], err = d.value(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
}

func (d *decoder) list() (any, error) {
	list := []any{}
	for {
		t, err := d.scan.Next()
		if err != nil || t.Kind == jsonscan.ArrayEnd {
			return list, err
		}
		v, err := d.from(t)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
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
