// Package config reads Magpie's one configuration file.
//
//	file ──▶ tree ──▶ environment laid over ──▶ references resolved ──▶ Config ──▶ validated
//	          │ knows each value's line           ${VAR}, file:PATH      │ defaults from the fields' tags
//	          └──────────── every error names key, rule, fix and line ───┘
//
// The structs of this package are the one place that says what may be set:
// names, defaults and bounds are tags on the fields, and the JSON Schema
// (config.schema.json, made by go generate) takes its descriptions from their
// comments. Adding a setting is adding a field.
//
// # Environment
//
// Every key may be set by a variable: MAGPIE_ and the key in upper case, with
// every other character as "_". A list's element is named by its index, a pair
// also by its name: MAGPIE_PAIRS_0_GP_URL and, for the pair "main",
// MAGPIE_PAIRS_MAIN_GP_URL. A variable wins over the file. One that matches no
// key is refused, so that a misspelt one can't go unnoticed; left alone are
// [Reserved] and those that Kubernetes sets for a service called magpie.
//
// # References
//
// In any value of the file, ${VAR} stands for an environment variable ($${ for
// a plain "${"), and a value that begins with "file:" for the content of that
// file without its last line break. In a variable's value only "file:" is
// resolved: the shell has done the rest. What a reference gives is not looked
// at again.
//
// # Against the alternatives
//
// A layered library (koanf, viper) merges maps and then decodes: by then it no
// longer knows which line or variable a value came from, so its errors can't
// say where to fix it, and a misspelt variable is dropped. Here the tree keeps
// positions to the end, at the price of a decoder of our own.
package config
