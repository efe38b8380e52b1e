package flow

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/failure"
)

// Trial is what a flow makes of an input: decisions, or a refusal.
type Trial struct {
	Decisions []Decision
	Refused   *failure.Error
}

// Try is Run with the refusal as a part of the result.
func (p *Program) Try(in Input) Trial {
	decisions, err := p.Run(in)
	return Trial{Decisions: decisions, Refused: failure.Of(err)}
}

// Verdict is the verb of each write, or "refused" with the code.
func (t Trial) Verdict() string {
	if t.Refused != nil {
		return "refused " + t.Refused.Code
	}
	verbs := make([]string, len(t.Decisions))
	for i, d := range t.Decisions {
		verbs[i] = string(d.Verb)
	}
	return strings.Join(verbs, ", ")
}

// Reason says in words why a verdict is none that applies; else it is empty.
func (t Trial) Reason() string {
	if t.Refused != nil {
		return t.Refused.Reason
	}
	var reasons []string
	for _, d := range t.Decisions {
		if d.Reason != "" {
			reasons = append(reasons, d.Reason)
		}
	}
	return strings.Join(reasons, "; ")
}

// Fields gives the values of a document by their paths, as [Program.Explain]
// names them: lines[1].item. Objects and lists are given by what is in them.
func Fields(document json.RawMessage) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for path, v := range scalars(document) {
		out[path] = valueJSON(v)
	}
	return out
}

// scalars is Fields with texts, truth values and json.Number.
func scalars(document json.RawMessage) map[string]any {
	out := map[string]any{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, e := range v {
				walk(join(path, name), e)
			}
		case []any:
			for i, e := range v {
				walk(path+"["+strconv.Itoa(i)+"]", e)
			}
		default:
			out[path] = v
		}
	}
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	var v any
	if d.Decode(&v) == nil && v != nil {
		walk("", v)
	}
	return out
}

// scalarsOf gives the document's fields and what else a command says.
func scalarsOf(d Decision) map[string]any {
	fields := scalars(d.Document)
	fields["(key)"] = d.TargetKey
	if len(d.Warnings) > 0 {
		fields["(warnings)"] = strings.Join(d.Warnings, "; ")
	}
	return fields
}

// allRows gives the path of a field for all rows: lines[].item of lines[1].item.
func allRows(path string) string {
	var b strings.Builder
	inside := false
	for _, c := range path {
		switch c {
		case '[':
			inside = true
			b.WriteRune(c)
		case ']':
			inside = false
			b.WriteRune(c)
		default:
			if !inside {
				b.WriteRune(c)
			}
		}
	}
	return b.String()
}

// at finds the field of a path for all rows, or nil.
func (t *target) at(path string) *target {
	for part := range strings.SplitSeq(path, ".") {
		name := strings.TrimSuffix(part, "[]")
		if t = t.field(name); t == nil {
			return nil
		}
		if name != part {
			t = t.items
		}
	}
	return t
}

func amountIn(v any) decimal.Decimal {
	d, err := decimal.NewFromString(textOf(v))
	if err != nil {
		return decimal.Zero // absent
	}
	return d
}
