package main

import (
	"bytes"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/magpie-integration/magpie/libs/config"
)

func TestSchemaIsCurrent(t *testing.T) {
	t.Chdir("../..")
	want, err := generate(".")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(config.Schema, want) {
		t.Error("config.schema.json is not current: run go generate ./config")
	}
}

func TestSchemaJudges(t *testing.T) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(config.Schema))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(target, document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile(target)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, yaml string
		ok         bool
	}{
		{"the sandboxes' configuration", string(config.Sandbox), true},
		{"what doctor shows", config.Default().Redacted(), true},
		{"a listener with TLS", "http: {ingest: {listen: ':443', tls: {cert: c, key: k}}}", true},
		{"a key that is unknown", "nats: {uri: embedded}", false},
		{"a duration without a unit", "keep: '10'", false},
		{"a duration of a reference", "keep: ${KEEP}", true},
		{"an unknown preset", "pairs: [{gp: {paths: gp}}]", false},
		{"explicit paths", "pairs: [{gp: {paths: {sales: /S, ledger: /L}, company: TWO}}]", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text, err := yaml.YAMLToJSON([]byte(tt.yaml))
			if err != nil {
				t.Fatal(err)
			}
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(value); (err == nil) != tt.ok {
				t.Errorf("got %v, want ok %v", err, tt.ok)
			}
		})
	}
}
