package flow

import (
	"fmt"
	"strings"
)

// Document is a flow as its author wrote it, with the line of every part.
type Document struct {
	// File is the name given to [Parse], for messages.
	File    string
	Flow    string
	Version int
	Title   string
	About   string
	// Optional flows are off until a pair's configuration turns them on.
	Optional bool
	// On is the event type that starts the flow: a change or an outcome.
	On string
	// With names the related records that the capture must read too.
	With     []string
	Settings []Setting
	Tables   []Table
	Let      []Let
	Checks   []Check
	Write    []Write

	onLine int
}

// Expression is the source of an expression and where it stands.
type Expression struct {
	Source string
	Line   int
}

// IsZero tells whether there is no expression.
func (e Expression) IsZero() bool { return e == Expression{} }

// Message is a text with expressions in it: "order ${key} has no lines".
type Message = Expression

// Setting is a value that a pair's configuration may override. A dotted name
// (order.docid) is read as settings.order.docid.
type Setting struct {
	Name  string
	About string
	// Type is text, number or yesno; it is taken from Default when absent.
	Type    string
	Default any
	// Choices are the only texts allowed, where there are some.
	Choices []string
	Line    int
}

// Table is a lookup table, read by lookup() and known().
type Table struct {
	Name  string
	About string
	// Rows maps a key to a scalar, or to a record of scalars.
	Rows map[string]any
	Line int
}

// Let is a named expression.
type Let struct {
	Name  string
	Value Expression
}

// Severity says what becomes of a record that fails a check.
type Severity string

// The severities of a check.
const (
	Warn   Severity = "warn"   // it is written, and the warning goes with it
	Hold   Severity = "hold"   // a person must decide: a conflict
	Refuse Severity = "refuse" // the data must be mended: rejected
)

// Check is an assertion about what is going to be written. Checks run before
// the first applied write, never for one that is skipped or withdrawn.
type Check struct {
	That   Expression
	Else   Severity
	Code   string
	Field  string
	Reason Message
	Fix    Message
	Line   int
}

// Write is one command that a flow makes.
type Write struct {
	// To is the target, system.entity: gp.order.
	To  string
	Key Expression
	// Mark makes the text by which a writer knows the target as its own, where
	// that isn't the source's key; withdrawals carry it.
	Mark Expression
	When []Condition
	// Needs are the links without which the target can't be written yet.
	Needs []Need
	// Fields are the rules of the target document.
	Fields []Field
	// Withdraw stands in place of Fields: where the conditions hold, the target
	// is withdrawn, for this reason.
	Withdraw Message
	Line     int
}

// Need is a record whose link must exist before a target can be written: the
// sales order that a shipment is of. The command waits for it.
type Need struct {
	// Link is the record's system and entity (gp.order), Key its key.
	Link string
	Key  Expression
	// When leaves the need out where it does not hold.
	When Expression
	Line int
}

// Condition must hold for a write to be applied; the first that does not
// decides what becomes of it.
type Condition struct {
	That Expression
	// Else is skip, withdraw, or omit: the write has nothing to do with this
	// record, so nothing is told of it.
	Else string
	Say  Message
}

// Field is the rule of one target field.
type Field struct {
	Name string
	Rule Rule
}

// Rule says how one target value is made. Exactly one of Value, Const, Fields
// and Each is set; Each goes with As and either Fields or Value.
type Rule struct {
	Value Expression
	Const *Constant
	// Fields make an object.
	Fields []Field
	// Each makes a list: one element per element of this list, known as As.
	Each Expression
	As   string
	// When leaves the field out where it does not hold.
	When Expression
	Line int
}

// Constant is a value that is written as it is.
type Constant struct{ Value any }

// Problem is one fault of a document, for the person who edits it.
type Problem struct {
	Flow string `json:"flow,omitempty"`
	// Path names the part, such as write[0].fields.lines.quantity.
	Path string `json:"path,omitempty"`
	// Line is the line in the YAML, from 1.
	Line int `json:"line,omitempty"`
	// Expression is the expression at fault, Column the place in it, from 1.
	Expression string `json:"expression,omitempty"`
	Column     int    `json:"column,omitempty"`
	Message    string `json:"message"`
}

// String gives the form of compilers: flow:line: path: message.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.Flow)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	if p.Path != "" {
		fmt.Fprintf(&b, ": %s", p.Path)
	}
	fmt.Fprintf(&b, ": %s", p.Message)
	if p.Expression != "" {
		fmt.Fprintf(&b, " (column %d of `%s`)", p.Column, p.Expression)
	}
	return b.String()
}

// InvalidError lists all that is wrong with a document.
type InvalidError struct{ Problems []Problem }

// Error implements error, one problem a line.
func (e *InvalidError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}
