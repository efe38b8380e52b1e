package gp

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed schema.txt
var schemaText string

// schema is the WSDL's part that the sandbox speaks.
var schema = mustParseSchema(schemaText)

// typeDef is one complex type or enumeration of the WSDL.
type typeDef struct {
	name     string
	ns       string
	abstract bool
	base     *typeDef
	own      []field
	enum     []string

	all    []field        // base elements first: wire order
	byName map[string]int // local name to index in all
}

// field is one element of a type.
type field struct {
	name     string
	ns       string // of the type that declares it
	kind     kind
	typ      *typeDef // of an object, an enumeration or an array's entries
	item     kind     // of an array's entries
	length   int      // allowed length of text; 0 is no limit
	id       bool     // text that GP stores in capitals
	nillable bool     // absent values are written as xsi:nil
	required bool     // must appear, and not as nil
}

// kind is what an element holds.
type kind int

const (
	kindString kind = iota
	kindInt
	kindDecimal
	kindBool
	kindDateTime
	kindGUID
	kindEnum
	kindObject
	kindArray
	kindAny // accepted and not read
)

var scalars = map[string]kind{
	"string": kindString, "int": kindInt, "decimal": kindDecimal, "boolean": kindBool,
	"dateTime": kindDateTime, "guid": kindGUID, "any": kindAny,
}

// is reports whether t is the named type or derives from it.
func (t *typeDef) is(name string) bool {
	for ; t != nil; t = t.base {
		if t.name == name {
			return true
		}
	}
	return false
}

// field returns the element with this name.
func (t *typeDef) field(name string) (field, bool) {
	i, ok := t.byName[name]
	if !ok {
		return field{}, false
	}
	return t.all[i], true
}

// at follows a dotted path of element names to the last element.
func (t *typeDef) at(path string) (field, error) {
	var f field
	for i, name := range strings.Split(path, ".") {
		if i > 0 {
			if f.kind != kindObject {
				return f, fmt.Errorf("%s: %s in %s has no elements", t.name, f.name, path)
			}
			t = f.typ
		}
		var ok bool
		if f, ok = t.field(name); !ok {
			return f, fmt.Errorf("type %s has no element %s", t.name, name)
		}
	}
	return f, nil
}

func mustParseSchema(text string) map[string]*typeDef {
	types, err := parseSchema(text)
	if err != nil {
		panic(err) // schema.txt is part of the program
	}
	return types
}

// parseSchema reads the notation that the head of schema.txt explains.
func parseSchema(text string) (map[string]*typeDef, error) {
	types := map[string]*typeDef{}
	var order []*typeDef
	elements := map[*typeDef][]string{}
	bases := map[*typeDef]string{}
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		head, body, _ := strings.Cut(line, "=")
		t := &typeDef{ns: nsGP}
		name, isEnum := strings.CutPrefix(strings.TrimSpace(head), "enum ")
		name, t.abstract = strings.CutPrefix(name, "abstract ")
		name, base, _ := strings.Cut(name, "<")
		t.name = strings.TrimSpace(name)
		if prefix, local, ok := strings.Cut(t.name, ":"); ok {
			t.name, t.ns = local, prefixes[prefix]
		}
		if types[t.name] != nil || t.ns == "" {
			return nil, fmt.Errorf("schema.txt:%d: type %q is there twice or has an unknown prefix", n+1, t.name)
		}
		if isEnum {
			for _, v := range strings.Split(body, "|") {
				t.enum = append(t.enum, strings.TrimSpace(v))
			}
		} else {
			elements[t] = strings.Fields(body)
			bases[t] = strings.TrimSpace(base)
		}
		types[t.name] = t
		order = append(order, t)
	}
	for _, t := range order {
		for _, e := range elements[t] {
			f, err := parseField(types, e)
			if err != nil {
				return nil, fmt.Errorf("schema.txt: type %s: %w", t.name, err)
			}
			f.ns = t.ns
			t.own = append(t.own, f)
		}
		if b := bases[t]; b != "" {
			if t.base = types[b]; t.base == nil {
				return nil, fmt.Errorf("schema.txt: type %s: no base %s", t.name, b)
			}
		}
	}
	for _, t := range order {
		t.flatten()
	}
	return types, nil
}

func parseField(types map[string]*typeDef, element string) (field, error) {
	name, spec, _ := strings.Cut(element, ":")
	f := field{name: name}
	spec, f.required = strings.CutSuffix(spec, "!")
	spec, f.nillable = strings.CutSuffix(spec, "?")
	if inner, ok := strings.CutPrefix(spec, "["); ok {
		entry, err := parseField(types, name+":"+strings.TrimSuffix(inner, "]"))
		f.kind, f.item, f.typ = kindArray, entry.kind, entry.typ
		return f, err
	}
	for prefix, id := range map[string]bool{"char": false, "ID": true} {
		digits, ok := strings.CutPrefix(spec, prefix)
		if n, err := strconv.Atoi(digits); ok && err == nil {
			f.length, f.id = n, id
			return f, nil
		}
	}
	if spec == "" {
		return f, nil
	}
	if k, ok := scalars[spec]; ok {
		f.kind = k
		return f, nil
	}
	if f.typ = types[spec]; f.typ == nil {
		return f, fmt.Errorf("element %s: no type %s", name, spec)
	}
	if f.kind = kindObject; f.typ.enum != nil {
		f.kind = kindEnum
	}
	return f, nil
}

func (t *typeDef) flatten() {
	if t.byName != nil {
		return
	}
	if t.base != nil {
		t.base.flatten()
		t.all = append(t.all, t.base.all...)
	}
	t.all = append(t.all, t.own...)
	t.byName = make(map[string]int, len(t.all))
	for i, f := range t.all {
		t.byName[f.name] = i
	}
}

// columnLength is the SQL length of a char column whose allowed length is n:
// one more when n is even, so that a padded value shows where it came from
// (CREATE TABLE scripts of GP company databases).
func columnLength(n int) int {
	if n%2 == 0 {
		return n + 1
	}
	return n
}
