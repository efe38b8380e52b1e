package config

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

var (
	secretType   = reflect.TypeFor[Secret]()
	syncType     = reflect.TypeFor[Sync]()
	durationType = reflect.TypeFor[time.Duration]()
)

// decoder fills a Config from a tree. It goes on after an error, to find all.
type decoder struct {
	*report
	references references
}

// structure fills a struct; n may be nil, then all has its default. initial is
// that of the field which stands for the whole struct.
func (d *decoder) structure(key string, v reflect.Value, n *node, initial string) {
	fields := fieldsOf(v.Type())
	if n != nil && n.kind == scalar {
		if short, ok := shortField(v.Type()); ok {
			n = &node{kind: mapping, names: []string{short.name}, values: []*node{n}, line: n.line, variable: n.variable}
		}
	}
	if n != nil && n.kind != mapping && n.kind != absent {
		d.note(key, n)
		d.fail(key, "", rule{"is " + n.kind.String(), "write a mapping with " + strings.Join(names(fields), ", ")})
		return
	}
	d.note(key, n)
	for _, f := range fields {
		if f.short {
			f.initial = initial
		}
		d.value(join(key, f.name), v.FieldByIndex(f.Index), n.get(f.name), f)
	}
	if n == nil {
		return
	}
	known := names(fields)
	for i, name := range n.names {
		if !slices.Contains(known, name) {
			at := join(key, name)
			d.note(at, n.values[i])
			d.problems = append(d.problems, Problem{
				Key: at, Rule: "is not a known key", Fix: nearest(name, known), Where: d.line(at),
			})
		}
	}
}

// value fills one setting.
func (d *decoder) value(key string, v reflect.Value, n *node, f field) {
	if n == nil || n.kind == absent {
		d.note(key, n)
		d.initial(key, v, f)
		return
	}
	d.note(key, n)
	switch {
	case isLeaf(v.Type()):
		if n.kind != scalar {
			d.fail(key, "", rule{"is " + n.kind.String(), "write a single value"})
			return
		}
		if text, ok := d.resolve(key, n); ok {
			d.leaf(key, v, text, f)
		}
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(key, v.Elem(), n, f)
	case v.Kind() == reflect.Struct:
		d.structure(key, v, n, f.initial)
	case v.Kind() == reflect.Slice:
		d.elements(key, v, n)
	default: // the one free map: flows
		if n.kind != mapping {
			d.fail(key, "", rule{"is " + n.kind.String(), "write a mapping"})
			return
		}
		v.Set(reflect.ValueOf(d.free(key, n)))
	}
}

// initial gives a setting that was not written its default.
func (d *decoder) initial(key string, v reflect.Value, f field) {
	switch {
	case isLeaf(v.Type()):
		if f.initial != "" {
			d.leaf(key, v, f.initial, f)
		}
	case v.Kind() == reflect.Struct:
		d.structure(key, v, nil, f.initial)
	}
}

func (d *decoder) elements(key string, v reflect.Value, n *node) {
	if n.kind != list {
		d.fail(key, "", rule{"is " + n.kind.String(), "write a list"})
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.values), len(n.values)))
	for i, item := range n.values {
		at := index(key, i)
		if !isLeaf(v.Type().Elem()) {
			d.structure(at, v.Index(i), item, "")
		} else {
			d.value(at, v.Index(i), item, field{})
		}
	}
}

// leaf reads a text into a setting that is written as one value.
func (d *decoder) leaf(key string, v reflect.Value, text string, f field) {
	var broken *rule
	switch {
	case v.Type() == secretType:
		v.Set(reflect.ValueOf(NewSecret(text)))
		return
	case v.Type() == durationType:
		var duration time.Duration
		duration, broken = parseDuration(text)
		v.SetInt(int64(duration))
	case v.Type() == syncType:
		var sync Sync
		sync, broken = parseSync(text)
		v.Set(reflect.ValueOf(sync))
	case v.Kind() == reflect.Bool:
		if text != "true" && text != "false" {
			broken = &rule{"is not a yes or no", "write true or false"}
		}
		v.SetBool(text == "true")
	case v.Kind() == reflect.Int:
		var n int
		n, broken = parseInt(text, f)
		v.SetInt(int64(n))
	default:
		broken = checkText(text, f)
		v.SetString(text)
	}
	if broken != nil {
		d.fail(key, text, *broken)
	}
}

func parseDuration(text string) (time.Duration, *rule) {
	duration, err := time.ParseDuration(text)
	if err == nil && duration >= 0 && (duration > 0 || text != "0") {
		return duration, nil
	}
	if err == nil && duration < 0 {
		return 0, &rule{"is negative", `write a duration such as "10s"`}
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil && n >= 0 && !math.IsInf(n, 0) {
		return 0, &rule{"has no unit", "write " + strconv.Quote(text+"s")}
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n < 100_000 {
			return 0, &rule{"is in days, which have no unit here", fmt.Sprintf(`write "%dh"`, n*24)}
		}
	}
	return 0, &rule{"is not a duration", `write a number with a unit (ms, s, m, h), such as "10s"`}
}

func parseInt(text string, f field) (int, *rule) {
	n, err := strconv.Atoi(text)
	switch {
	case err != nil:
		return 0, &rule{"is not a whole number", "write one such as " + f.initial}
	case f.minimum != nil && n < *f.minimum:
		return n, &rule{"is too small", fmt.Sprintf("the least is %d", *f.minimum)}
	case f.maximum != nil && n > *f.maximum:
		return n, &rule{"is too large", fmt.Sprintf("the most is %d", *f.maximum)}
	}
	return n, nil
}

func checkText(text string, f field) *rule {
	if len(f.allowed) > 0 && !slices.Contains(f.allowed, text) {
		return &rule{"is not one of the known values", "write " + strings.Join(f.allowed, " or ")}
	}
	if n := utf8.RuneCountInString(text); f.longest > 0 && n > f.longest {
		return &rule{fmt.Sprintf("has %d characters", n), fmt.Sprintf("the most is %d", f.longest)}
	}
	return nil
}

// free gives a mapping that means nothing to this package.
func (d *decoder) free(key string, n *node) map[string]any {
	out := make(map[string]any, len(n.names))
	for i, name := range n.names {
		out[name] = d.freeValue(join(key, name), n.values[i])
	}
	return out
}

func (d *decoder) freeValue(key string, n *node) any {
	d.note(key, n)
	switch n.kind {
	case mapping:
		return d.free(key, n)
	case list:
		out := make([]any, len(n.values))
		for i, item := range n.values {
			out[i] = d.freeValue(index(key, i), item)
		}
		return out
	case scalar:
		text, ok := d.resolve(key, n)
		if !ok || text != n.text {
			return text
		}
		return plainValue(n.plain)
	default:
		return nil
	}
}

// plainValue makes numbers such as JSON can hold: int where one fits, and
// decimals as their digits.
func plainValue(v any) any {
	switch v := v.(type) {
	case int64:
		return int(v)
	case uint64:
		if v <= math.MaxInt {
			return int(v)
		}
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Sprint(v)
		}
		// As its digits: a tolerance of 0.05 is money, and no flow takes a float.
		return json.Number(strconv.FormatFloat(v, 'f', -1, 64))
	}
	return v
}

// resolve gives a scalar's text with its references resolved.
func (d *decoder) resolve(key string, n *node) (string, bool) {
	text, broken := d.references.resolve(n.text, n.variable == "")
	if broken != nil {
		d.fail(key, "", *broken)
		return "", false
	}
	if text != n.text {
		at := d.places[key]
		at.written = n.text
		d.places[key] = at
	}
	return text, true
}

// note remembers where a key was written.
func (d *decoder) note(key string, n *node) {
	if n != nil {
		d.places[key] = place{line: n.line, variable: n.variable}
	}
}

func names(fields []field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.name
	}
	return out
}
