package config

import _ "embed"

//go:generate go run ./internal/schemagen

// Schema is the JSON Schema of the configuration file, for editors and for
// people: each key with its meaning, default and bounds. It is made from this
// package's structs and does not know references, so a number that is written
// as ${VAR} loads, though an editor may mark it.
//
//go:embed config.schema.json
var Schema []byte
