// Command schemagen writes config.schema.json from the structs of package
// config. It runs in that package's folder, by go generate.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/magpie-integration/magpie/libs/config"
)

const (
	module = "github.com/magpie-integration/magpie/libs/config"
	target = "config.schema.json"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "schemagen:", err)
		os.Exit(1)
	}
}

func run() error {
	text, err := generate(".")
	if err != nil {
		return err
	}
	return os.WriteFile(target, text, 0o644) //nolint:gosec // a source file, to be read by all
}

// generate makes the schema of the package in dir, which must be the working
// directory or below it: comments are found by relative path.
func generate(dir string) ([]byte, error) {
	reflector := jsonschema.Reflector{
		Anonymous: true, ExpandedStruct: true, RequiredFromJSONSchemaTags: true,
		FieldNameTag: "yaml", Mapper: mapped,
	}
	if err := reflector.AddGoComments(module, dir, jsonschema.WithFullComment()); err != nil {
		return nil, fmt.Errorf("read comments: %w", err)
	}
	for name, comment := range reflector.CommentMap {
		reflector.CommentMap[name] = strings.Join(strings.Fields(comment), " ")
	}
	schema := reflector.Reflect(config.Config{})
	schema.ID = "https://magpie-integration.github.io/schemas/config.schema.json"
	schema.Title = "Magpie's configuration"
	stateDefaults(schema, reflect.TypeFor[config.HTTP]())
	stateDefaults(schema, reflect.TypeFor[config.GP]())
	allowShort(schema, reflect.TypeFor[config.Listener](), "listen")
	allowShort(schema, reflect.TypeFor[config.Paths](), "preset")

	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(schema); err != nil {
		return nil, fmt.Errorf("encode the schema: %w", err)
	}
	return out.Bytes(), nil
}

// mapped describes the types that are written as one value.
func mapped(t reflect.Type) *jsonschema.Schema {
	const duration = `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`
	switch t {
	case reflect.TypeFor[time.Duration]():
		return &jsonschema.Schema{Type: "string", Pattern: duration + `|\$\{`}
	case reflect.TypeFor[config.Sync]():
		return &jsonschema.Schema{Type: "string", Pattern: `^always$|` + duration + `|\$\{`}
	case reflect.TypeFor[config.Secret]():
		return &jsonschema.Schema{Type: "string", WriteOnly: true}
	case reflect.TypeFor[config.Company]():
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "integer"}, {Type: "string"}}}
	}
	return nil
}

// allowShort lets a struct be written as its one field.
func allowShort(schema *jsonschema.Schema, t reflect.Type, field string) {
	full := *schema.Definitions[t.Name()]
	short, _ := full.Properties.Get(field)
	schema.Definitions[t.Name()] = &jsonschema.Schema{
		Description: full.Description,
		AnyOf:       []*jsonschema.Schema{short, &full},
	}
}

// stateDefaults copies the defaults of fields that refer to another type: the
// reflector takes them from fields with a type of their own only.
func stateDefaults(schema *jsonschema.Schema, t reflect.Type) {
	for f := range t.Fields() {
		property, ok := schema.Definitions[t.Name()].Properties.Get(f.Tag.Get("yaml"))
		if !ok || property.Ref == "" {
			continue
		}
		if _, initial, ok := strings.Cut(f.Tag.Get("jsonschema"), "default="); ok {
			property.Default = initial
		}
	}
}
