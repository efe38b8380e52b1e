package flow

import (
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"
)

// The shapes are the YAML document as Go types. The parser takes the known
// keys from them and [Schema] the JSON Schema, so the two cannot differ.

type documentShape struct {
	Flow     string                  `json:"flow" jsonschema:"pattern=^[a-z][a-z0-9-]*$,description=The flow's name."`
	Version  int                     `json:"version" jsonschema:"minimum=1,description=A published version never changes."`
	Title    string                  `json:"title" jsonschema:"description=One sentence for people."`
	About    string                  `json:"about,omitempty" jsonschema:"description=What the flow does and why."`
	Optional bool                    `json:"optional,omitempty" jsonschema:"description=Off until a pair's configuration turns it on (flows: {run: {name: true}})."`
	On       string                  `json:"on" jsonschema:"description=The event type that starts the flow: a change or an outcome."`
	With     []string                `json:"with,omitempty" jsonschema:"description=Related records that the capture must read too."`
	Settings map[string]settingShape `json:"settings,omitempty" jsonschema:"description=What a pair's configuration may override."`
	Tables   map[string]tableShape   `json:"tables,omitempty" jsonschema:"description=Lookup tables for lookup() and known()."`
	Let      map[string]expression   `json:"let,omitempty" jsonschema:"description=Named expressions; each may use those above it."`
	Checks   []checkShape            `json:"checks,omitempty" jsonschema:"description=Assertions about what is going to be written."`
	Write    []writeShape            `json:"write" jsonschema:"minItems=1,description=The commands that the flow makes."`
}

type settingShape struct {
	About   string   `json:"about,omitempty" jsonschema:"description=For the person who sets it."`
	Type    string   `json:"type,omitempty" jsonschema:"enum=text,enum=number,enum=yesno"`
	Default scalar   `json:"default"`
	Choices []string `json:"choices,omitempty" jsonschema:"description=The only texts allowed."`
}

type tableShape struct {
	About string         `json:"about,omitempty"`
	Rows  map[string]row `json:"rows"`
}

type checkShape struct {
	That   expression `json:"that"`
	Else   string     `json:"else" jsonschema:"enum=warn,enum=hold,enum=refuse"`
	Code   string     `json:"code" jsonschema:"pattern=^[a-z][a-z0-9_]*(\\.[a-z0-9_]+)+$"`
	Field  string     `json:"field,omitempty"`
	Reason string     `json:"reason" jsonschema:"description=A text with ${expressions}."`
	Fix    string     `json:"fix,omitempty" jsonschema:"description=The next step for a person; a text with ${expressions}."`
}

type writeShape struct {
	To     string          `json:"to" jsonschema:"pattern=^[a-z]+(\\.[a-z]+)+$,description=The target: gp.order"`
	Key    expression      `json:"key" jsonschema:"description=The target's own key."`
	Mark   expression      `json:"mark,omitempty" jsonschema:"description=By what the target is known as the source's own; the source's key where there is none."`
	When   []whenShape     `json:"when,omitempty" jsonschema:"description=All must hold; the first that does not decides."`
	Needs  []needShape     `json:"needs,omitempty" jsonschema:"description=Records whose links must exist before this can be written; the command waits for them."`
	Fields map[string]rule `json:"fields,omitempty" jsonschema:"description=Target field to rule."`
	// Withdraw stands in place of Fields.
	Withdraw string `json:"withdraw,omitempty" jsonschema:"description=In place of fields: the target is always withdrawn and this is the reason; a text with ${expressions}."`
}

type needShape struct {
	Link string     `json:"link" jsonschema:"pattern=^(magento|gp)\\.[a-z]+$,description=The record's system and entity: gp.order"`
	Key  expression `json:"key" jsonschema:"description=The record's key."`
	When expression `json:"when,omitempty" jsonschema:"description=The need is left out where this does not hold."`
}

type whenShape struct {
	That expression `json:"that"`
	Else string     `json:"else" jsonschema:"enum=skip,enum=withdraw,enum=omit,description=omit: the write has nothing to do with this record and nothing is told."`
	Say  string     `json:"say,omitempty" jsonschema:"description=The reason for people; a text with ${expressions}."`
}

type ruleShape struct {
	Value  expression      `json:"value,omitempty"`
	Const  scalar          `json:"const,omitempty"`
	Fields map[string]rule `json:"fields,omitempty"`
	Each   expression      `json:"each,omitempty"`
	As     string          `json:"as,omitempty" jsonschema:"description=The element's name in the rules below."`
	When   expression      `json:"when,omitempty" jsonschema:"description=The field is left out where this does not hold."`
}

type (
	expression struct{}
	scalar     struct{}
	row        struct{}
	rule       struct{}
)

func (expression) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{
		Description: "An expression; numbers and true/false may be written bare.",
		OneOf:       []*jsonschema.Schema{{Type: "string", MinLength: length(1)}, {Type: "number"}, {Type: "boolean"}},
	}
}

func (scalar) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "string"}, {Type: "number"}, {Type: "boolean"}}}
}

func (row) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
		scalar{}.JSONSchema(), {Type: "object", AdditionalProperties: scalar{}.JSONSchema()},
	}}
}

func (rule) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{
		Description: "An expression, or an object with one of value, const, fields, or each with as and fields or value.",
		OneOf:       []*jsonschema.Schema{expression{}.JSONSchema(), {Ref: "#/$defs/ruleShape"}},
	}
}

func length(n uint64) *uint64 { return &n }

// keysOf lists the keys that a shape knows and those that it requires.
func keysOf(shape any) (known, required []string) {
	t := reflect.TypeOf(shape)
	for i := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		known = append(known, name)
		if options != "omitempty" {
			required = append(required, name)
		}
	}
	return known, required
}

//go:generate go test -run TestSchemaIsPublished -generate .

// Schema gives the JSON Schema of flow documents, published as flow.schema.json.
func Schema() *jsonschema.Schema {
	r := jsonschema.Reflector{ExpandedStruct: true, Anonymous: true}
	s := r.Reflect(documentShape{})
	s.ID = "https://magpie-integration.github.io/schemas/flow.schema.json"
	s.Title = "A flow of Magpie"
	rules := r.Reflect(ruleShape{})
	rules.Version = ""
	s.Definitions["ruleShape"] = rules
	return s
}
