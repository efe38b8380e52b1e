package flow

import (
	"regexp"
	"strings"
)

var identifier = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*$`)

// template is a compiled text with expressions.
type template struct {
	texts []string // one more than parts
	parts []*compiled
}

func (c *flowCompiler) template(t Message, path string, s *scope) *template {
	out := &template{}
	rest := t.Source
	for {
		before, after, found := strings.Cut(rest, "${")
		out.texts = append(out.texts, before)
		if !found {
			return out
		}
		end := closing(after)
		if end < 0 {
			c.fail(t.Line, path, "a ${ has no }")
			return out
		}
		if x := c.expression(Expression{Source: strings.TrimSpace(after[:end]), Line: t.Line}, path, s); x != nil {
			out.parts = append(out.parts, x)
		} else {
			out.parts = append(out.parts, nil)
		}
		rest = after[end+1:]
	}
}

// closing finds the brace that ends an expression, past braces and texts in it.
func closing(s string) int {
	depth := 0
	var quote byte
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == '\\' && quote != '`' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '{':
			depth++
		case c == '}' && depth == 0:
			return i
		case c == '}':
			depth--
		}
	}
	return -1
}

// text fills the template; an expression that fails stands as a question mark,
// for a message must not fail.
func (t *template) text(r *run) string {
	if t == nil {
		return ""
	}
	var b strings.Builder
	for i, s := range t.texts {
		b.WriteString(s)
		if i < len(t.parts) && t.parts[i] != nil {
			v, err := r.evaluate(t.parts[i])
			if err != nil {
				b.WriteByte('?')
				continue
			}
			b.WriteString(textOf(v))
		}
	}
	return b.String()
}
