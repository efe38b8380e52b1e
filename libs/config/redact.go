package config

import (
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// Redacted writes the configuration as YAML with all defaults and without any
// secret, for `magpie doctor`. Flow settings whose names sound like a secret
// are hidden too.
func (c *Config) Redacted() string {
	text, err := yaml.Marshal(redacted(reflect.ValueOf(*c)))
	if err != nil { // maps, lists and texts only
		return "# " + err.Error() + "\n"
	}
	return string(text)
}

func redacted(v reflect.Value) any {
	switch value := v.Interface().(type) {
	case Secret:
		return value.String()
	case Sync:
		return value.String()
	case time.Duration:
		return durationText(value)
	case Company:
		if n, ok := value.Number(); ok {
			return n
		}
	}
	switch v.Kind() {
	case reflect.Pointer:
		return redacted(v.Elem())
	case reflect.Struct:
		out := yaml.MapSlice{}
		for _, f := range fieldsOf(v.Type()) {
			if field := v.FieldByIndex(f.Index); !empty(field) {
				out = append(out, yaml.MapItem{Key: f.name, Value: redacted(field)})
			}
		}
		return out
	case reflect.Slice:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = redacted(v.Index(i))
		}
		return out
	case reflect.Map:
		return redactedFree(v.Interface())
	case reflect.String:
		return v.String()
	default:
		return v.Interface()
	}
}

// empty leaves out what was neither set nor has a default; false and zero stay.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String, reflect.Slice, reflect.Map:
		return v.Len() == 0
	case reflect.Struct, reflect.Pointer:
		return v.IsZero()
	default:
		return false
	}
}

// durationText writes 5m0s as 5m, and 336h0m0s as 336h.
func durationText(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// secretWords make a flow setting's value secret.
var secretWords = []string{"token", "password", "secret", "credential", "key"}

func redactedFree(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, value := range v {
			out[name] = redactedFree(value)
			for _, word := range secretWords {
				if strings.Contains(strings.ToLower(name), word) {
					out[name] = hidden
				}
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = redactedFree(v[i])
		}
		return out
	default:
		return v
	}
}
