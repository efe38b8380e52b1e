package config

import (
	"reflect"
	"strconv"
	"strings"
)

// field is a setting, as the tags of a struct's field describe it. The
// jsonschema tag serves the schema and the loader alike.
type field struct {
	reflect.StructField
	name    string
	initial string // its default
	allowed []string
	longest int // characters; 0 for any
	minimum *int
	maximum *int
	short   bool // stands for the whole struct when that is written as one value
}

// fieldsOf lists the settings of a struct type.
func fieldsOf(t reflect.Type) []field {
	fields := make([]field, 0, t.NumField())
	for f := range t.Fields() {
		out := field{StructField: f, name: f.Tag.Get("yaml"), short: f.Tag.Get("config") == "short"}
		for part := range strings.SplitSeq(f.Tag.Get("jsonschema"), ",") {
			word, value, _ := strings.Cut(part, "=")
			switch word {
			case "default":
				out.initial = value
			case "enum":
				out.allowed = append(out.allowed, value)
			case "maxLength":
				out.longest, _ = strconv.Atoi(value)
			case "minimum":
				out.minimum = number(value)
			case "maximum":
				out.maximum = number(value)
			}
		}
		fields = append(fields, out)
	}
	return fields
}

func number(text string) *int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return nil
	}
	return &n
}

// shortField gives the field that stands for a struct written as one value.
func shortField(t reflect.Type) (field, bool) {
	if t.Kind() != reflect.Struct {
		return field{}, false
	}
	for _, f := range fieldsOf(t) {
		if f.short {
			return f, true
		}
	}
	return field{}, false
}

// isLeaf tells whether a type is written as one value.
func isLeaf(t reflect.Type) bool {
	switch t {
	case secretType, syncType, durationType:
		return true
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Slice, reflect.Map, reflect.Pointer:
		return false
	default:
		return true
	}
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

func index(key string, i int) string { return key + "[" + strconv.Itoa(i) + "]" }
