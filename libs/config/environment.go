package config

import (
	"cmp"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// variablePrefix begins the variables that set keys.
const variablePrefix = "MAGPIE_"

// Reserved are variables that begin like ours and set no key. MAGPIE_CONFIG is
// the path of the file, which is read by package main.
var Reserved = []string{"MAGPIE_CONFIG"}

// serviceLink matches what Kubernetes (and Docker's old links) put into each
// container for a service called magpie or magpie-something. Refusing those
// would keep a role from starting only because of a service's name.
var serviceLink = regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)

// variableOf names the variable that sets a key; "" for the whole file.
func variableOf(key string) string {
	if key == "" {
		return ""
	}
	return variablePrefix + variableWord(key)
}

// variableWord writes a key, or a pair's name, as part of a variable's name.
func variableWord(key string) string {
	var b strings.Builder
	for _, r := range strings.ToUpper(strings.ReplaceAll(key, "]", "")) {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		} else {
			b.WriteByte('_')
		}
	}
	return b.String()
}

// environmentOf makes a map of "NAME=value" lines; the last of a name wins, as
// in package os.
func environmentOf(lines []string) map[string]string {
	out := make(map[string]string, len(lines))
	for _, line := range lines {
		if name, value, ok := strings.Cut(line, "="); ok {
			out[name] = value
		}
	}
	return out
}

// step is one part of the way from the root to a setting: a mapping's name or
// a list's index.
type step struct {
	name  string
	index int // of a list; -1 for a name
	short string
}

// configType is where every way to a setting begins.
var configType = reflect.TypeFor[Config]()

// overlay lays the variables over the tree.
type overlay struct{ *report }

// apply sets what the variables say. Names of pairs come first: the other
// variables may go by them.
func (o overlay) apply(environment map[string]string) {
	var variables []string
	for name := range environment {
		if strings.HasPrefix(name, variablePrefix) && !slices.Contains(Reserved, name) {
			variables = append(variables, name)
		}
	}
	slices.SortFunc(variables, func(a, b string) int {
		return cmp.Or(cmp.Compare(stage(a), stage(b)), compareVariables(a, b))
	})
	for _, name := range variables {
		o.applyOne(name, environment[name])
	}
}

var pairName = regexp.MustCompile(`^MAGPIE_PAIRS_[0-9]+_NAME$`)

func stage(variable string) int {
	if pairName.MatchString(variable) {
		return 0
	}
	return 1
}

// compareVariables orders by parts, and numbers by value, so that a list's
// elements are appended in their order.
func compareVariables(a, b string) int {
	return slices.CompareFunc(strings.Split(a, "_"), strings.Split(b, "_"), func(a, b string) int {
		n, errA := strconv.Atoi(a)
		m, errB := strconv.Atoi(b)
		if errA == nil && errB == nil {
			return cmp.Compare(n, m)
		}
		return cmp.Compare(a, b)
	})
}

func (o overlay) applyOne(variable, value string) {
	meant := ways(configType, o.root, strings.TrimPrefix(variable, variablePrefix))
	switch {
	case len(meant) == 1:
		o.root.put(meant[0], &node{kind: scalar, text: value, plain: guess(value), variable: variable})
	case len(meant) > 1:
		o.problems = append(o.problems, Problem{
			Key: variable, Rule: "may mean " + keyOfWay(meant[0]) + " or " + keyOfWay(meant[1]),
			Fix: "write the one with its index: " + variableOf(keyOfWay(meant[0])),
		})
	case serviceLink.MatchString(variable):
	default:
		o.problems = append(o.problems, Problem{
			Key: variable, Rule: "is not a known variable",
			Fix: nearest(variable, settable(configType, o.root, strings.TrimSuffix(variablePrefix, "_"))),
		})
	}
}

// ways finds the settings that the rest of a variable's name can mean. There
// may be none or, with names that look alike as variables, several.
func ways(t reflect.Type, n *node, rest string) [][]step {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if isLeaf(t) {
		if rest == "" {
			return [][]step{nil}
		}
		return nil
	}
	var out [][]step
	follow := func(word string, via step, t reflect.Type, n *node) {
		if after, ok := strings.CutPrefix(rest, word); ok && (after == "" || after[0] == '_') {
			for _, way := range ways(t, n, strings.TrimPrefix(after, "_")) {
				out = append(out, append([]step{via}, way...))
			}
		}
	}
	switch t.Kind() {
	case reflect.Struct:
		short, hasShort := shortField(t)
		if rest == "" && hasShort {
			return [][]step{{{name: short.name, index: -1, short: short.name}}}
		}
		for _, f := range fieldsOf(t) {
			follow(variableWord(f.name), step{name: f.name, index: -1, short: short.name}, f.Type, n.get(f.name))
		}
	case reflect.Slice:
		var items []*node
		if n != nil && n.kind == list {
			items = n.values
		}
		for i := range len(items) + 1 { // one more than there are, to append
			var item *node
			if i < len(items) {
				item = items[i]
			}
			follow(strconv.Itoa(i), step{index: i}, t.Elem(), item)
			if name := item.get("name"); name != nil && name.text != "" {
				if word := variableWord(name.text); word != strconv.Itoa(i) {
					follow(word, step{index: i}, t.Elem(), item)
				}
			}
		}
	default: // the free map: one name of it
		if rest == "" {
			return nil
		}
		name := strings.ToLower(rest)
		if n != nil && n.kind == mapping {
			for _, known := range n.names {
				if variableWord(known) == rest {
					name = known
				}
			}
		}
		return [][]step{{{name: name, index: -1}}}
	}
	return out
}

// settable lists the variables that would be taken, as far as lists go now.
func settable(t reflect.Type, n *node, prefix string) []string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if isLeaf(t) {
		return []string{prefix}
	}
	var out []string
	switch t.Kind() {
	case reflect.Struct:
		for _, f := range fieldsOf(t) {
			out = append(out, settable(f.Type, n.get(f.name), prefix+"_"+variableWord(f.name))...)
		}
	case reflect.Slice:
		out = settable(t.Elem(), nil, prefix+"_0")
		if n != nil && n.kind == list {
			for i, item := range n.values {
				out = append(out, settable(t.Elem(), item, prefix+"_"+strconv.Itoa(i))...)
				if name := item.get("name"); name != nil && name.text != "" {
					out = append(out, settable(t.Elem(), item, prefix+"_"+variableWord(name.text))...)
				}
			}
		}
	default:
	}
	return out
}

// put sets a value, and makes what is missing on the way to it.
func (n *node) put(way []step, value *node) {
	at := way[0]
	want := mapping
	if at.index >= 0 {
		want = list
	}
	if n.kind == scalar && at.short != "" { // written short: make room beside it
		was := *n
		*n = node{kind: mapping, names: []string{at.short}, values: []*node{&was}, line: n.line, variable: n.variable}
	}
	if n.kind != want {
		if n.kind != absent {
			return // the decoder will say that it is no such thing
		}
		*n = node{kind: want, line: n.line, variable: value.variable}
	}
	var child *node
	switch {
	case want == mapping:
		if child = n.get(at.name); child == nil {
			child = &node{}
			n.set(at.name, child)
		}
	case at.index < len(n.values):
		child = n.values[at.index]
	default:
		child = &node{}
		n.values = append(n.values, child)
	}
	if len(way) == 1 {
		line := child.line
		*child = *value
		child.line = line
		return
	}
	child.put(way[1:], value)
}

func keyOfWay(way []step) string {
	key := ""
	for _, at := range way {
		if at.index >= 0 {
			key = index(key, at.index)
		} else {
			key = join(key, at.name)
		}
	}
	return key
}

// guess types a free value as YAML would.
func guess(text string) any {
	if n, err := strconv.Atoi(text); err == nil && strconv.Itoa(n) == text {
		return n
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && strings.ContainsAny(text, "0123456789") {
		return f
	}
	if text == "true" || text == "false" {
		return text == "true"
	}
	return text
}
