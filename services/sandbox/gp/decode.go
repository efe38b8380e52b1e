package gp

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"golang.org/x/text/encoding/charmap"
)

// decoder turns elements into objects as .NET's XmlSerializer does: an element
// of a wrong name or namespace is not seen, so its value is simply absent. In
// strict mode it refuses those, and elements out of schema order.
type decoder struct {
	strict   bool
	location *time.Location // of the company; instants become local dates
}

// object decodes e as the declared type, or as the derived one that xsi:type
// names. An abstract type without xsi:type can't be created (WSDL).
func (d decoder) object(e *element, declared *typeDef) (*object, error) {
	t := declared
	if name, ok := e.xsiType(); ok {
		t = schema[name.Local]
		if t == nil || t.ns != name.Space || !t.is(declared.name) {
			return nil, fmt.Errorf("the specified type was not recognized: name='%s', namespace='%s', at %s", name.Local, name.Space, e.Local)
		}
	}
	if t.abstract {
		return nil, fmt.Errorf("the specified type is abstract: name='%s', at %s", t.name, e.Local)
	}
	return d.fields(e, t)
}

// fields decodes the children of e as elements of t.
func (d decoder) fields(e *element, t *typeDef) (*object, error) {
	o := &object{typ: t, values: map[string]any{}}
	last := -1
	for _, c := range e.children {
		i, ok := t.byName[c.Local]
		if !ok || t.all[i].ns != c.Space {
			if d.strict {
				return nil, fmt.Errorf("%s has no element %s in namespace %q", t.name, c.Local, c.Space)
			}
			continue
		}
		if d.strict && i <= last {
			return nil, fmt.Errorf("%s: element %s is out of order", t.name, c.Local)
		}
		last = i
		v, err := d.value(c, t.all[i])
		if err != nil {
			return nil, err
		}
		if v != nil {
			o.values[c.Local] = v
		}
	}
	return o, nil
}

func (d decoder) value(e *element, f field) (any, error) {
	if e.isNil() {
		return nil, nil
	}
	switch f.kind {
	case kindAny:
		return nil, nil
	case kindObject:
		return d.object(e, f.typ)
	case kindArray:
		return d.array(e, f)
	default:
		v, err := d.scalar(e.text, f)
		if err != nil {
			return nil, fmt.Errorf("element %s: %w", e.Local, err)
		}
		return v, nil
	}
}

func (d decoder) array(e *element, f field) (any, error) {
	entry := field{name: f.name, kind: f.item, typ: f.typ}
	want := entryName(f)
	list := []any{}
	for _, c := range e.children {
		if c.Local != want || c.Space != f.entryNS() {
			if d.strict {
				return nil, fmt.Errorf("%s holds %s, not %s", f.name, want, c.Local)
			}
			continue
		}
		v, err := d.value(c, entry)
		if err != nil {
			return nil, err
		}
		if v != nil {
			list = append(list, v)
		}
	}
	return list, nil
}

// entryName is the element name of an array's entries: their type's name.
func entryName(f field) string {
	if f.typ != nil {
		return f.typ.name
	}
	for name, k := range scalars {
		if k == f.item {
			return name
		}
	}
	return "anyType"
}

// entryNS is the namespace of an array's entries: ArrayOfT is a type of its
// own, declared in gp for everything but dyn's extensions.
func (f field) entryNS() string {
	if f.typ != nil && f.typ.ns != nsGP {
		return f.typ.ns
	}
	return nsGP
}

func (d decoder) scalar(text string, f field) (any, error) {
	if f.kind == kindString {
		return storedText(text, f.id), nil
	}
	text = strings.TrimSpace(text)
	switch f.kind {
	case kindInt:
		n, err := strconv.ParseInt(text, 10, 32)
		return n, err
	case kindDecimal:
		if strings.ContainsAny(text, "eE") { // XmlConvert.ToDecimal takes no exponent
			return nil, fmt.Errorf("%q is no decimal", text)
		}
		return decimal.NewFromString(text)
	case kindBool:
		switch text {
		case "true", "1":
			return true, nil
		case "false", "0":
			return false, nil
		}
		return nil, fmt.Errorf("%q is no boolean", text)
	case kindDateTime:
		return d.dateTime(text)
	case kindGUID:
		id, err := uuid.Parse(text)
		if err != nil || len(text) != 36 {
			return nil, fmt.Errorf("%q is no guid", text)
		}
		return id.String(), nil
	case kindEnum:
		for _, v := range f.typ.enum {
			if v == text {
				return v, nil
			}
		}
		return nil, fmt.Errorf("'%s' is not a valid value for %s", text, f.typ.name)
	}
	return nil, fmt.Errorf("element %s: not a scalar", f.name)
}

// dateTime reads xs:dateTime or xs:date. A value without a zone is taken as
// it is; one with a zone is an instant, which .NET turns into the server's
// local time. The result is a wall clock of the company, kept as UTC.
func (d decoder) dateTime(text string) (any, error) {
	for _, layout := range []string{"2006-01-02T15:04:05.999999999", "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	t, err := time.Parse("2006-01-02T15:04:05.999999999Z07:00", text)
	if err != nil {
		return nil, fmt.Errorf("%q is no dateTime", text)
	}
	return wallClock(t.In(d.location)), nil
}

// wallClock is the same reading of the clock, in UTC.
func wallClock(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// storedText is what a char column keeps of a text: blanks at the right are
// padding, ids are in capitals, and a character outside of code page 1252
// becomes a question mark (GP Web Services and Invalid Character Errors).
func storedText(s string, id bool) string {
	s = strings.TrimRight(s, " \t\r\n")
	if id {
		s = strings.ToUpper(s)
	}
	for _, r := range s {
		if r >= 0x80 {
			return codePage1252(s)
		}
	}
	return s
}

func codePage1252(s string) string {
	var b strings.Builder
	for _, r := range s {
		if _, ok := charmap.Windows1252.EncodeRune(r); !ok {
			r = '?'
		}
		b.WriteRune(r)
	}
	return b.String()
}
