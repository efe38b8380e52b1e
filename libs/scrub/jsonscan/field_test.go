package jsonscan_test

import (
	"testing"

	"github.com/magpie-integration/magpie/libs/scrub/jsonscan"
)

func TestField(t *testing.T) {
	const text = `{"a": {"b": 1}, "list":[1, {"b":2}] , "b" : "x\"y", "n":null, "c\u0061t": 3}`
	for name, want := range map[string]string{
		"a": `{"b": 1}`, "list": `[1, {"b":2}]`, "b": `"x\"y"`, "n": "null", "cat": "3", "missing": "",
	} {
		got, ok := jsonscan.Field([]byte(text), name)
		if string(got) != want || ok != (want != "") {
			t.Errorf("%s: %q, %t", name, got, ok)
		}
	}
	for _, text := range []string{"", "[]", `"b"`, "{", `{"b"`, `{"b":`, `{"a":[}`} {
		if v, ok := jsonscan.Field([]byte(text), "b"); ok {
			t.Errorf("%s: %q", text, v)
		}
	}
}
