package dlq

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/failure"
)

// checkPayload holds an edited body against the JSON Schema of its event type.
// The refusal names each path and the rule that it breaks.
func checkPayload(typeName string, body []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return failure.Rejected("dlq.edit.json", "payload", "the payload is not JSON: "+err.Error(), "mend the JSON")
	}
	schema, err := schemaOf(typeName)
	if err != nil {
		return err
	}
	var invalid *jsonschema.ValidationError
	switch err := schema.Validate(value); {
	case err == nil:
		return nil
	case !asInvalid(err, &invalid):
		return failure.Defect("dlq.edit.schema", "the payload can't be checked: "+err.Error(), err)
	}
	var paths, rules []string
	for _, unit := range invalid.BasicOutput().Errors {
		if unit.Error == nil {
			continue
		}
		path := dotted(unit.InstanceLocation)
		paths, rules = append(paths, path), append(rules, path+": "+unit.Error.String())
	}
	return failure.Rejected("dlq.edit.schema", paths[0], strings.Join(rules, "; "),
		"mend these; the schema is events/schemas/"+typeName+".json")
}

func asInvalid(err error, into **jsonschema.ValidationError) bool {
	v, ok := err.(*jsonschema.ValidationError) //nolint:errorlint // the validator gives it unwrapped
	*into = v
	return ok
}

// schemaOf compiles the schema of an event type. It is stricter than the
// published one: a member that the type doesn't have is refused too, since a
// name with a typing error would be lost without a word.
func schemaOf(typeName string) (*jsonschema.Schema, error) {
	text, err := events.Schema(typeName)
	if err != nil {
		return nil, failure.Rejected("dlq.edit.type", "ce-type", "there is no event type "+typeName, "replay the letter as it is, or discard it")
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, failure.Defect("dlq.edit.schema", "the schema of "+typeName+" can't be read", err)
	}
	closeObjects(document)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(typeName, document); err != nil {
		return nil, failure.Defect("dlq.edit.schema", "the schema of "+typeName+" can't be read", err)
	}
	schema, err := c.Compile(typeName)
	if err != nil {
		return nil, failure.Defect("dlq.edit.schema", "the schema of "+typeName+" can't be compiled", err)
	}
	return schema, nil
}

// closeObjects lets every object that states its members have no others.
func closeObjects(schema any) {
	switch s := schema.(type) {
	case map[string]any:
		if _, states := s["properties"].(map[string]any); states && s["type"] == "object" && s["additionalProperties"] == nil {
			s["additionalProperties"] = false
		}
		for _, inner := range s {
			closeObjects(inner)
		}
	case []any:
		for _, inner := range s {
			closeObjects(inner)
		}
	}
}

var arrayIndex = regexp.MustCompile(`\.(\d+)`)

// dotted writes a JSON pointer as people write paths: document.lines[0].item.
func dotted(pointer string) string {
	path := strings.NewReplacer("/", ".", "~1", "/", "~0", "~").Replace(strings.TrimPrefix(pointer, "/"))
	if path == "" {
		return "payload"
	}
	return arrayIndex.ReplaceAllString(path, "[$1]")
}

// frozen are the members of a body that no edit may change, by its word: they
// say which record it is, what was read, and what made it. Magpie itself raises
// the revision.
var frozen = map[events.Word][]string{
	events.WordChange:  {"readAt", "hash"},
	events.WordCommand: {"revision", "flow", "flowVersion", "write", "target", "source", "tables"},
}

// content is the member that holds the record or document.
var content = map[events.Word]string{events.WordChange: "record", events.WordCommand: "document"}

// checkIdentity refuses an edit that would make another record of it: a second
// document in the target could come of that.
func checkIdentity(s events.Subject, before, after map[string]any) error {
	for _, name := range frozen[s.Word] {
		if !reflect.DeepEqual(before[name], after[name]) {
			return changed(name)
		}
	}
	// Where the key, or the target's, stands in the record or document itself.
	inside, _ := before[content[s.Word]].(map[string]any)
	edited, _ := after[content[s.Word]].(map[string]any)
	for name, value := range inside {
		isKey := value == string(s.Key) || value == before["target"] && value != nil
		if isKey && edited != nil && edited[name] != value {
			return changed(content[s.Word] + "." + name)
		}
	}
	return nil
}

func changed(path string) error {
	return failure.Rejected("dlq.edit.identity", path, "this says which record it is and what made it, and can't be edited",
		"leave it as it was; if the message is for another record altogether, discard it")
}

// object decodes a JSON object with its numbers as they are written.
func object(body []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("not a JSON object: %w", err)
	}
	return v, nil
}
