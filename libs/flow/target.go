package flow

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/invopop/jsonschema"
	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/failure"
)

// target is a node of a target document's schema, in the form in which values
// are checked and written. It is made from the JSON Schema of the Go type.
type target struct {
	name string
	// label is the field in the target's own words: customer.name (CUSTNAME).
	label     string
	form      form
	required  bool
	maxLength int
	choices   []string
	minItems  int
	// private values are about a person: a refusal never shows them.
	private bool
	fields  []*target // in the order of the Go type
	items   *target
}

type form uint8

const (
	formText form = iota
	formDate
	formDecimal
	formInteger
	formTruth
	formObject
	formList
)

var formNames = [...]string{"a text", "a date such as 2026-11-24", "a number", "a whole number", "yes or no", "an object (fields)", "a list (each)"}

func (f form) String() string { return formNames[f] }

// takes tells whether an expression of a kind can give a value of this form.
func (f form) takes(k kind) bool {
	switch f {
	case formText, formDate:
		return k == kindText || k == kindAny || k == kindNull
	case formDecimal, formInteger:
		return k == kindNumber || k == kindAny || k == kindNull
	case formTruth:
		return k == kindBool || k == kindAny || k == kindNull
	}
	return false
}

// Targets gives the JSON Schema of every document that a flow can write, by
// target name (gp.order).
func Targets() map[string]*jsonschema.Schema {
	schemas := map[string]*jsonschema.Schema{}
	for _, t := range events.Types {
		if t.Word == events.WordCommand && t.Document != nil {
			schemas[t.Target()] = documentSchema(t.Document)
		}
	}
	return schemas
}

// documentSchema is the JSON Schema of a document type. Decimals are texts.
func documentSchema(document any) *jsonschema.Schema {
	r := jsonschema.Reflector{
		ExpandedStruct: true, DoNotReference: true, Anonymous: true,
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			if t == reflect.TypeFor[decimal.Decimal]() {
				return &jsonschema.Schema{Type: "string", Format: "decimal", Pattern: `^-?\d+(\.\d+)?$`}
			}
			return nil
		},
	}
	return r.Reflect(document)
}

var targets = func() map[string]*target {
	all := map[string]*target{}
	for _, t := range events.Types {
		if t.Word == events.WordCommand && t.Document != nil {
			root := newTarget("", "", documentSchema(t.Document), true)
			root.hidePersons(false)
			all[t.Target()] = root
		}
	}
	return all
}()

// ownName is the target's word for a field at the head of its description: CUSTNAME.
var ownName = regexp.MustCompile(`^[A-Z][A-Z0-9]{3,}\b|^ShipToName\b`)

func newTarget(name, path string, s *jsonschema.Schema, required bool) *target {
	t := &target{name: name, label: path, required: required}
	if own := ownName.FindString(s.Description); own != "" {
		t.label += " (" + own + ")"
	}
	if s.MaxLength != nil {
		t.maxLength = int(*s.MaxLength) //nolint:gosec // lengths of columns
	}
	if s.MinItems != nil {
		t.minItems = int(*s.MinItems) //nolint:gosec // a few
	}
	for _, c := range s.Enum {
		t.choices = append(t.choices, fmt.Sprint(c))
	}
	switch s.Type {
	case "object":
		t.form = formObject
		for p := s.Properties.Oldest(); p != nil; p = p.Next() {
			t.fields = append(t.fields, newTarget(p.Key, join(path, p.Key), p.Value, slices.Contains(s.Required, p.Key)))
		}
	case "array":
		t.form = formList
		t.items = newTarget(name, path, s.Items, true)
	case "boolean":
		t.form = formTruth
	case "integer":
		t.form = formInteger
	default:
		switch s.Format {
		case "decimal":
			t.form = formDecimal
		case "date":
			t.form = formDate
		}
	}
	return t
}

// impersonal are the fields of a person's record that say nothing of the person.
var impersonal = []string{"number", "class", "shared", "code", "state", "country"}

func (t *target) hidePersons(person bool) {
	person = person || slices.Contains([]string{"customer", "shipTo", "billTo", "address"}, t.name)
	t.private = t.form != formObject && person && !slices.Contains(impersonal, t.name) || t.name == "comment"
	for _, f := range t.fields {
		f.hidePersons(person)
	}
	if t.items != nil {
		t.items.hidePersons(person)
	}
}

func (t *target) field(name string) *target {
	for _, f := range t.fields {
		if f.name == name {
			return f
		}
	}
	return nil
}

func (t *target) names() []string {
	names := make([]string, len(t.fields))
	for i, f := range t.fields {
		names[i] = f.name
	}
	return names
}

var isoDate = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

// append writes a scalar in canonical JSON; fault says in which way the value
// is none of this form. Empty is true where the Go type would leave it out.
func (t *target) append(b []byte, v any) (out []byte, empty bool, fault *failure.Error) {
	switch v := v.(type) {
	case string:
		if t.form != formText && t.form != formDate {
			break
		}
		if n := utf8.RuneCountInString(v); t.maxLength > 0 && n > t.maxLength {
			return b, false, t.tooLong(v, n)
		}
		if t.form == formDate && !isoDate.MatchString(v) {
			break
		}
		if len(t.choices) > 0 && !slices.Contains(t.choices, v) {
			return b, false, failure.Rejected("not_allowed", t.label,
				fmt.Sprintf("%s is none of the values that are taken: %s", t.show(v), strings.Join(t.choices, ", ")), "mend the rule of the field in the flow")
		}
		return appendText(b, v), v == "", nil
	case decimal.Decimal:
		switch t.form {
		case formDecimal:
			return append(append(append(b, '"'), v.String()...), '"'), v.IsZero(), nil
		case formInteger:
			n, err := strconv.ParseInt(v.String(), 10, 64)
			if err != nil {
				return b, false, failure.Rejected("not_whole", t.label, fmt.Sprintf("%s is not a whole number", t.show(v.String())), "mend the rule of the field in the flow")
			}
			return strconv.AppendInt(b, n, 10), n == 0, nil
		}
	case bool:
		if t.form == formTruth {
			return strconv.AppendBool(b, v), !v, nil
		}
	}
	return b, false, failure.Rejected("wrong_kind", t.label, fmt.Sprintf("%v is wanted, and the rule gives %v", t.form, kindOf(v)), "mend the rule of the field in the flow")
}

func (t *target) tooLong(v string, n int) *failure.Error {
	value, fix := "", "shorten the value in the source, or in the rule (a shorter prefix, left()), then replay"
	if !t.private {
		value = fmt.Sprintf(" (%s)", v)
	}
	return failure.Rejected("too_long", t.label, fmt.Sprintf("the value has %d characters%s; %d are taken", n, value, t.maxLength), fix)
}

// show gives a value for a message, unless it is about a person.
func (t *target) show(v string) string {
	if t.private {
		return "the value"
	}
	return strconv.Quote(left(v, 60))
}

// appendText writes a JSON string just as encoding/json does.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, _ := json.Marshal(s)
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
