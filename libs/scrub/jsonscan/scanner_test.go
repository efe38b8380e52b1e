package jsonscan_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/magpie-integration/magpie/libs/scrub/jsonscan"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var texts = []string{
	``, ` `, `null`, `true`, `false`, `nul`, `truex`, `0`, `-0`, `01`, `-`, `1.`, `1.5e+3`, `1e`, `.5`, `1 2`,
	`""`, `"a`, "\"a\nb\"", `"\u00e9\n\/"`, `"\u00g0"`, `"\x"`, `"\`, `"\u12`,
	`{}`, `[]`, `{"a":1}`, `{"a":1,}`, `{"a"}`, `{"a" : [1, {"b":null}, "c"]}`, `{,}`, `[,]`, `[1,]`, `[1 2]`, `{1:2}`,
	`{"a":1]`, `[1}`, `{"a":`, `[1,`, `}`, ` {"a":{}} `, "\"\xff\"", `{"a":1}x`,
}

func scan(data []byte) error {
	var s jsonscan.Scanner
	s.Reset(data, 0)
	for {
		if _, err := s.Next(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

func TestAcceptsWhatTheStandardLibraryAccepts(t *testing.T) {
	for _, text := range texts {
		if got, want := scan([]byte(text)) == nil, json.Valid([]byte(text)); got != want {
			t.Errorf("%q: accepted %t, encoding/json says %t", text, got, want)
		}
	}
}

func FuzzScanner(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := scan(data)
		if got, want := err == nil, json.Valid(data); got != want {
			t.Fatalf("%q: accepted %t (%v), encoding/json says %t", data, got, err, want)
		}
		var s *jsonscan.SyntaxError
		if errors.As(err, &s) && (s.Offset < 0 || s.Offset > len(data)) {
			t.Fatalf("%q: offset %d", data, s.Offset)
		}
	})
}

func TestTokensAndSkip(t *testing.T) {
	data := []byte(`{"a 1": [1, {"x":[]}], "b":"tw\u006f 22", "c":{}, "d":-1.5}`)
	var s jsonscan.Scanner
	s.Reset(data, 0)
	var got []string
	for {
		tok, err := s.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%c:%s:%d", tok.Kind, data[tok.Start:tok.End], tok.Digits))
		if tok.Kind == jsonscan.ArrayStart || tok.Kind == jsonscan.Key && string(data[tok.Start:tok.End]) == `"c"` {
			if err := s.Skip(); err != nil {
				t.Fatal(err)
			}
		}
		if tok.Kind == jsonscan.String && jsonscan.Unquote(data, tok) != "two 22" {
			t.Errorf("unquoted %q", jsonscan.Unquote(data, tok))
		}
	}
	want := `{:{:0 k:"a 1":1 [:[:0 k:"b":0 s:"tw\u006f 22":2 k:"c":0 k:"d":0 n:-1.5:2 }:}:0`
	if strings.Join(got, " ") != want {
		t.Errorf("tokens\n %s, want\n %s", strings.Join(got, " "), want)
	}
}

func TestDepthIsLimited(t *testing.T) {
	var s jsonscan.Scanner
	s.Reset([]byte(`[[[]]]`), 2)
	var err error
	for err == nil {
		_, err = s.Next()
	}
	var syntax *jsonscan.SyntaxError
	if !errors.As(err, &syntax) || !syntax.TooDeep || syntax.Offset != 2 {
		t.Errorf("got %v", err)
	}
}
