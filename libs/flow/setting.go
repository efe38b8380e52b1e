package flow

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/failure"
)

// check says what is wrong with a value of the setting, or nothing.
func (s Setting) check(v any) string {
	switch v := v.(type) {
	case string:
		if s.Type != "text" {
			return "is a text, and a " + s.Type + " is wanted"
		}
		if len(s.Choices) > 0 && !slices.Contains(s.Choices, v) {
			return fmt.Sprintf("is %q, and none of %s", v, strings.Join(s.Choices, ", "))
		}
	case decimal.Decimal:
		if s.Type != "number" {
			return "is a number, and a " + s.Type + " is wanted"
		}
	case bool:
		if s.Type != "yesno" {
			return "is yes or no, and a " + s.Type + " is wanted"
		}
	default:
		return "is neither text, number nor yes or no"
	}
	return ""
}

// hasSetting tells whether a read of settings is of one that is declared, or
// of a group of them.
func (d *Document) hasSetting(a *access) bool {
	name := strings.TrimPrefix(a.path(), "settings.")
	return slices.ContainsFunc(d.Settings, func(s Setting) bool {
		return s.Name == name || strings.HasPrefix(s.Name, name+".")
	})
}

// settingValue brings a configured value to the kinds of expressions.
func settingValue(v any) (any, error) {
	switch v := v.(type) {
	case string, bool, decimal.Decimal, nil:
		return v, nil
	case int:
		return decimal.NewFromInt(int64(v)), nil
	case int64:
		return decimal.NewFromInt(v), nil
	case uint64:
		return parseDecimal(fmt.Sprint(v))
	case json.Number:
		return parseDecimal(v.String())
	case map[string]any:
		out := make(map[string]any, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			e, err := settingValue(v[key])
			if err != nil {
				return nil, err
			}
			out[key] = e
		}
		return out, nil
	case float32, float64:
		return nil, fmt.Errorf("a floating-point number came in; read the configuration with numbers as text (json.Number)")
	}
	return nil, fmt.Errorf("a value of type %T can't be used", v)
}

// settingsOf gives the settings that a run sees: the flow's, with the pair's
// values over the defaults. Values may stand nested or under a dotted name;
// those that the flow doesn't declare are other flows'.
func (d *Document) settingsOf(given map[string]any) (map[string]any, error) {
	out := map[string]any{}
	for _, s := range d.Settings {
		v := s.Default
		if own, ok := find(given, s.Name); ok {
			var err error
			if v, err = settingValue(own); err != nil {
				return nil, s.refused("can't be used: " + err.Error())
			}
			if fault := s.check(v); fault != "" {
				return nil, s.refused(fault)
			}
		}
		at := out
		parts := strings.Split(s.Name, ".")
		for _, part := range parts[:len(parts)-1] {
			next, ok := at[part].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[part] = next
			}
			at = next
		}
		at[parts[len(parts)-1]] = v
	}
	return out, nil
}

func (s Setting) refused(fault string) error {
	return failure.Rejected("flow.setting", "settings."+s.Name, "the pair's setting "+s.Name+" "+fault, "correct it in the pair's configuration")
}

func find(given map[string]any, name string) (any, bool) {
	if v, ok := given[name]; ok {
		return v, v != nil
	}
	head, tail, dotted := strings.Cut(name, ".")
	if inner, ok := given[head].(map[string]any); ok && dotted {
		return find(inner, tail)
	}
	return nil, false
}
