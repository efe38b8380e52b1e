package config

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Problem is one thing that is wrong with a configuration, said so that it can
// be mended without looking anything up.
type Problem struct {
	// Key is the setting, such as pairs[0].gp.timeout; empty for the whole file.
	Key string
	// Value is what was written, quoted; empty when there is none, or a secret.
	Value string
	// Rule is the rule and how it was broken.
	Rule string
	// Fix is what to write instead, if there is one thing to write.
	Fix string
	// Where is the place: file and line, and the variable that sets the key.
	Where string
}

// String gives the problem in one line:
//
//	config: pairs[0].gp.timeout: "10" has no unit; write "10s" (magpie.yaml:31, or MAGPIE_PAIRS_0_GP_TIMEOUT)
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString("config: ")
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	if p.Value != "" {
		b.WriteString(p.Value + " ")
	}
	b.WriteString(p.Rule)
	if p.Fix != "" {
		b.WriteString("; " + p.Fix)
	}
	if p.Where != "" {
		b.WriteString(" (" + p.Where + ")")
	}
	return b.String()
}

// Error are all problems of a configuration.
type Error struct{ Problems []Problem }

// Error gives one problem a line.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Warning is a setting with which Magpie runs, but perhaps not as it was meant.
type Warning Problem

// String gives the warning in the form of a [Problem].
func (w Warning) String() string { return Problem(w).String() }

// rule is a broken rule and its fix.
type rule struct{ rule, fix string }

// place is where a value was written.
type place struct {
	// line in the file; 0 when the key is not in it.
	line int
	// variable is the environment variable that set it, if one did.
	variable string
	// written is the value before its references were resolved; such a value is
	// not shown, for it may be a secret.
	written string
}

// report collects problems and warnings, and knows where each key was written.
type report struct {
	file string
	// root is the tree that the keys are in.
	root     *node
	places   map[string]place
	problems []Problem
	warnings []Warning
}

func (r *report) fail(key, value string, broken rule) {
	r.problems = append(r.problems, r.problem(key, value, broken))
}

func (r *report) warn(key, value string, broken rule) {
	r.warnings = append(r.warnings, Warning(r.problem(key, value, broken)))
}

func (r *report) problem(key, value string, broken rule) Problem {
	if written := r.places[key].written; written != "" && value != "" {
		value = written
	}
	return Problem{Key: key, Value: shown(value), Rule: broken.rule, Fix: broken.fix, Where: r.where(key)}
}

// where names the file's line and the variable that can set the key.
func (r *report) where(key string) string {
	if set := r.places[key].variable; set != "" {
		return set
	}
	line, variable := r.line(key), variableOf(key)
	if len(ways(configType, r.root, strings.TrimPrefix(variable, variablePrefix))) == 0 {
		variable = "" // a whole list or mapping is not set by one
	}
	switch {
	case line == "":
		return variable
	case variable == "":
		return line
	}
	return line + ", or " + variable
}

// line names the file's line that has a key, or else what it should be in.
func (r *report) line(key string) string {
	for at := key; r.file != ""; at = parent(at) {
		if line := r.places[at].line; line > 0 {
			return filepath.Base(r.file) + ":" + strconv.Itoa(line)
		}
		if at == "" {
			break
		}
	}
	return ""
}

func (r *report) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	return &Error{r.problems}
}

// parent is the key of what holds a key: pairs[0].gp, pairs[0], pairs, "".
func parent(key string) string {
	return key[:max(strings.LastIndexAny(key, ".["), 0)]
}

// shownLength keeps a pasted certificate out of an error message.
const shownLength = 60

// shown quotes a value for a message, without the password of a URL.
func shown(value string) string {
	if value == "" {
		return ""
	}
	if scheme, rest, ok := strings.Cut(value, "://"); ok {
		if at := strings.LastIndexByte(rest, '@'); at >= 0 {
			value = scheme + "://" + hidden + rest[at:]
		}
	}
	if r := []rune(value); len(r) > shownLength {
		value = string(r[:shownLength]) + "…"
	}
	return strconv.Quote(value)
}

// nearest says which of the known names is most like one that is not known.
func nearest(name string, known []string) string {
	if len(known) == 0 {
		return ""
	}
	folded := strings.ToLower(name)
	return "the nearest is " + slices.MinFunc(known, func(a, b string) int {
		return levenshtein.ComputeDistance(folded, strings.ToLower(a)) -
			levenshtein.ComputeDistance(folded, strings.ToLower(b))
	})
}
