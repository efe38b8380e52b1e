package gp

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// encoder writes objects as XmlSerializer does: schema order, absent
// references left out, absent nullable values as xsi:nil, absent required
// ones as the type's default.
type encoder struct {
	bytes.Buffer
	company int64
	pad     bool // text comes blank-padded, as the char column holds it
}

// unreadableError is a stored control character: XML can't carry it, so every
// read of that record fails (GP Web Services and Invalid Character Errors).
type unreadableError struct{ element string }

func (e unreadableError) Error() string {
	return "hexadecimal value in element " + e.element + " is an invalid character"
}

// object writes o as an element whose declared type may be a base of o's.
func (e *encoder) object(name xml.Name, o *object, declared *typeDef, outer string, inKey bool) error {
	e.start(name, outer)
	e.Truncate(e.Len() - 1)
	if declared != nil && o.typ != declared {
		if o.typ.ns == name.Space {
			fmt.Fprintf(e, ` xsi:type="%s"`, o.typ.name)
		} else {
			fmt.Fprintf(e, ` xsi:type="q1:%s" xmlns:q1="%s"`, o.typ.name, o.typ.ns)
		}
	}
	e.WriteString(">")
	isKey := o.typ.is("Key")
	for _, f := range o.typ.all {
		v := o.values[f.name]
		if f.name == "CompanyKey" && v == nil && o.typ.is("GreatPlainsKey") && !inKey {
			v = newObject("CompanyKey").set("Id", e.company)
		}
		if d, ok := v.(decimal.Decimal); ok && f.name == "Value" {
			v = d.StringFixed(max(int32(o.int("DecimalDigits")), -d.Exponent())) //nolint:gosec // an xsd:int, decoded as 32 bits
		}
		if err := e.field(f, v, name.Space, isKey); err != nil {
			return err
		}
	}
	e.end(name)
	return nil
}

func (e *encoder) field(f field, v any, outer string, inKey bool) error {
	name := xml.Name{Space: f.ns, Local: f.name}
	if v == nil {
		switch {
		case f.nillable:
			e.start(name, outer)
			e.Truncate(e.Len() - 1)
			e.WriteString(` xsi:nil="true"/>`)
		case f.required:
			return e.scalar(name, f, defaultOf(f), outer)
		}
		return nil
	}
	switch v := v.(type) {
	case *object:
		return e.object(name, v, f.typ, outer, inKey)
	case []any:
		return e.array(name, f, v, outer)
	default:
		return e.scalar(name, f, v, outer)
	}
}

func (e *encoder) array(name xml.Name, f field, entries []any, outer string) error {
	e.start(name, outer)
	entry := xml.Name{Space: f.entryNS(), Local: entryName(f)}
	for _, v := range entries {
		var err error
		if o, ok := v.(*object); ok {
			err = e.object(entry, o, f.typ, name.Space, false)
		} else {
			err = e.scalar(entry, field{name: entry.Local, kind: f.item, typ: f.typ}, v, name.Space)
		}
		if err != nil {
			return err
		}
	}
	e.end(name)
	return nil
}

func (e *encoder) start(name xml.Name, outer string) {
	e.WriteString("<" + name.Local)
	if name.Space != outer {
		fmt.Fprintf(e, ` xmlns="%s"`, name.Space)
	}
	e.WriteString(">")
}

func (e *encoder) end(name xml.Name) { e.WriteString("</" + name.Local + ">") }

func (e *encoder) scalar(name xml.Name, f field, v any, outer string) error {
	text := scalarText(v)
	if s, ok := v.(string); ok {
		if strings.ContainsFunc(s, unreadable) {
			return unreadableError{element: name.Local}
		}
		if n := columnLength(f.length); e.pad && f.length > 0 && f.length <= 200 {
			text += strings.Repeat(" ", max(0, n-len([]rune(s))))
		}
	}
	e.start(name, outer)
	if err := xml.EscapeText(e, []byte(text)); err != nil {
		return fmt.Errorf("write element %s: %w", name.Local, err)
	}
	e.end(name)
	return nil
}

func unreadable(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
}

func scalarText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case decimal.Decimal:
		return v.String()
	case time.Time:
		return v.Format("2006-01-02T15:04:05.999")
	}
	return fmt.Sprint(v)
}

// defaultOf is what .NET holds in a value that nobody set.
func defaultOf(f field) any {
	switch f.kind {
	case kindInt:
		return int64(0)
	case kindDecimal:
		return decimal.Zero
	case kindBool:
		return false
	case kindDateTime:
		return time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	case kindGUID:
		return "00000000-0000-0000-0000-000000000000"
	case kindEnum:
		return f.typ.enum[0]
	}
	return ""
}
