package magento

import (
	"bytes"
	"encoding/json"
	"regexp"
)

// projection is the parsed fields parameter: a name with no children keeps
// the whole value.
type projection map[string]projection

var fieldsPattern = regexp.MustCompile(`^[A-Za-z0-9_\[\],]+$`)

// parseFields returns nil for a parameter that Magento can't read.
func parseFields(s string) projection {
	if !fieldsPattern.MatchString(s) {
		return nil
	}
	root := projection{}
	stack := []projection{root}
	name := ""
	flush := func() {
		if name != "" {
			if top := stack[len(stack)-1]; top[name] == nil {
				top[name] = projection{}
			}
			name = ""
		}
	}
	for _, r := range s {
		switch r {
		case ',':
			flush()
		case '[':
			if name == "" {
				return nil
			}
			child := projection{}
			stack[len(stack)-1][name] = child
			stack = append(stack, child)
			name = ""
		case ']':
			flush()
			if len(stack) == 1 {
				return nil
			}
			stack = stack[:len(stack)-1]
		default:
			name += string(r)
		}
	}
	flush()
	if len(stack) != 1 {
		return nil
	}
	return root
}

// project keeps only the named fields of an answer. A parameter that can't be
// read, or that names nothing at this level, leaves [] (Magento core,
// Framework/Webapi/Rest/Response/FieldsFilter). Scalars pass untouched.
func project(answer []byte, fields string) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(answer))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, internal("project fields: %w", err)
	}
	switch v.(type) {
	case map[string]any, []any:
	default:
		return answer, nil
	}
	p := parseFields(fields)
	if p == nil {
		return []byte("[]"), nil
	}
	return appendPHPValue(nil, p.of(v)), nil
}

func (p projection) of(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any)
		for name, child := range p {
			value, ok := v[name]
			if !ok {
				continue
			}
			if len(child) > 0 {
				value = child.of(value)
			}
			out[name] = value
		}
		if len(out) == 0 {
			return []any{} // PHP knows only one kind of empty array
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, e := range v {
			out = append(out, p.of(e))
		}
		return out
	default:
		return v
	}
}
