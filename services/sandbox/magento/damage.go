package magento

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// damage changes places of a document that no store would answer so: the keys
// are JSON pointers (RFC 6901), null takes a place away.
type damage map[string]json.RawMessage

// apply returns the document with the damage done. A place that isn't there is
// an error, except the last name of a path into an object, which is added.
func (d damage) apply(doc []byte) ([]byte, error) {
	if len(d) == 0 {
		return doc, nil
	}
	root, err := decodeAny(doc)
	if err != nil {
		return nil, err
	}
	for _, pointer := range sortedKeys(d) {
		value, err := decodeAny(d[pointer])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", pointer, err)
		}
		names := strings.Split(pointer, "/")
		if names[0] != "" || len(names) < 2 {
			return nil, fmt.Errorf("%q is no JSON pointer: it begins with a slash", pointer)
		}
		if root, err = put(root, names[1:], value); err != nil {
			return nil, fmt.Errorf("%s: %w", pointer, err)
		}
	}
	return appendPHPValue(nil, root), nil
}

func decodeAny(raw []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	err := dec.Decode(&v)
	return v, err
}

var unescape = strings.NewReplacer("~1", "/", "~0", "~")

// put returns v with value at a path below it.
func put(v any, path []string, value any) (any, error) {
	if len(path) == 0 {
		return value, nil
	}
	name := unescape.Replace(path[0])
	switch v := v.(type) {
	case map[string]any:
		if len(path) == 1 && value == nil {
			delete(v, name)
			return v, nil
		}
		child, err := put(v[name], path[1:], value)
		v[name] = child
		return v, err
	case []any:
		n, err := strconv.Atoi(name)
		if err != nil || n < 0 || n >= len(v) {
			return v, fmt.Errorf("%q is not one of %d entries", name, len(v))
		}
		if len(path) == 1 && value == nil {
			return append(v[:n:n], v[n+1:]...), nil
		}
		v[n], err = put(v[n], path[1:], value)
		return v, err
	}
	return v, fmt.Errorf("there is no %q", name)
}
