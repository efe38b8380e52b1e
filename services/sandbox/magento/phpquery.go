package magento

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// phpArray is what PHP makes of a query string such as a[b][0]=c: nested
// ordered maps with text at the leaves.
type phpArray struct {
	keys     []string
	children map[string]*phpArray
	value    string
	leaf     bool
}

// parsePHPQuery reads a raw query the way PHP fills $_GET.
func parsePHPQuery(raw string) *phpArray {
	root := &phpArray{}
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(part, "=")
		root.set(splitPHPKey(phpURLDecode(rawName)), phpURLDecode(rawValue))
	}
	return root
}

// phpURLDecode is PHP's urldecode: + is a space, and a broken escape stays.
func phpURLDecode(s string) string {
	if out, err := url.QueryUnescape(s); err == nil {
		return out
	}
	return strings.ReplaceAll(s, "+", " ")
}

// splitPHPKey turns a[b][] into a, b, "".
func splitPHPKey(key string) []string {
	name, rest, ok := strings.Cut(key, "[")
	path := []string{name}
	for ok {
		var segment string
		segment, rest, ok = strings.Cut(rest, "]")
		if !ok {
			break
		}
		path = append(path, segment)
		_, rest, ok = strings.Cut(rest, "[")
	}
	return path
}

func (a *phpArray) set(path []string, value string) {
	if len(path) == 0 {
		a.value, a.leaf = value, true
		return
	}
	key := path[0]
	if key == "" { // a[] appends
		key = strconv.Itoa(len(a.keys))
	}
	child := a.children[key]
	if child == nil {
		if a.children == nil {
			a.children = make(map[string]*phpArray)
		}
		child = &phpArray{}
		a.children[key] = child
		a.keys = append(a.keys, key)
	}
	child.set(path[1:], value)
}

// get returns the first of the names that was given: Magento takes both
// filter_groups and filterGroups.
func (a *phpArray) get(names ...string) *phpArray {
	if a == nil {
		return nil
	}
	for _, name := range names {
		if child := a.children[name]; child != nil {
			return child
		}
	}
	return nil
}

// text returns a leaf's value and whether the key was given at all.
func (a *phpArray) text(names ...string) (string, bool) {
	child := a.get(names...)
	if child == nil {
		return "", false
	}
	return child.value, true
}

// each yields the children in the order they were given.
func (a *phpArray) each(yield func(*phpArray) bool) {
	if a == nil {
		return
	}
	for _, key := range a.keys {
		if !yield(a.children[key]) {
			return
		}
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
