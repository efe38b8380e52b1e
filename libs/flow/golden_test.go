package flow_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/flow"
)

var update = flag.Bool("update", false, "write what comes out as what is expected")

// TestGolden runs the cases of testdata/<flow>/*.txtar. A case has its pair's
// settings.yaml and tables.yaml, a change.json that is merged into the folder's
// base.json (RFC 7396) or into the file that record names, a related.json, and
// decisions.json or error.json. A new case is a new file.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, name := range flow.TemplateNames() {
		paths, err := filepath.Glob("testdata/" + name + "/*.txtar")
		if err != nil || len(paths) == 0 {
			t.Fatalf("no cases for %s: %v", name, err)
		}
		for _, path := range paths {
			t.Run(name+"/"+strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
				t.Parallel()
				golden(t, name, path)
			})
		}
	}
}

func golden(t *testing.T, name, path string) {
	t.Helper()
	c := readArchive(t, path)
	program := caseProgram(t, name, c)
	in := caseInput(t, program, path, c)
	got := result(t, program, in)
	file := "decisions.json"
	if bytes.HasPrefix(got, []byte("{")) {
		file = "error.json"
	}
	if *update {
		delete(c.files, "decisions.json")
		delete(c.files, "error.json")
		c.files[file] = string(got)
		if err := os.WriteFile(path, c.format(), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := c.files[file]; want != string(got) {
		t.Errorf("%s differs\n got: %s\nwant: %s", file, got, want)
	}
}

func compileTemplate(t testing.TB, name string) *flow.Program {
	t.Helper()
	d, err := flow.Template(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := flow.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// caseProgram compiles the flow with the tables of a case's pair.
func caseProgram(t testing.TB, name string, c archive) *flow.Program {
	t.Helper()
	d, err := flow.Template(name)
	if err != nil {
		t.Fatal(err)
	}
	var tables map[string]map[string]any
	if err := yaml.Unmarshal([]byte(c.files["tables.yaml"]), &tables); err != nil {
		t.Fatal(err)
	}
	var options []flow.Option
	for name, rows := range tables {
		options = append(options, flow.WithTable(name, numbersAsText(rows).(map[string]any)))
	}
	p, err := flow.Compile(d, options...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// caseInput makes the input of a case.
func caseInput(t testing.TB, program *flow.Program, path string, c archive) flow.Input {
	t.Helper()
	base, err := os.ReadFile(filepath.Join(filepath.Dir(path), cmp.Or(strings.TrimSpace(c.files["record"]), "base.json")))
	if err != nil {
		t.Fatal(err)
	}
	var settings map[string]any
	if err := yaml.Unmarshal([]byte(c.files["settings.yaml"]), &settings); err != nil {
		t.Fatal(err)
	}
	record, err := json.Marshal(merge(parseJSON(t, base), parseJSON(t, []byte(cmp.Or(c.files["change.json"], "{}")))))
	if err != nil {
		t.Fatal(err)
	}
	var related map[string]json.RawMessage
	if text := c.files["related.json"]; text != "" {
		decode(t, []byte(text), &related)
	}
	on := strings.Split(program.Document().On, ".") // io.magpie.<system>.<entity>.changed.v1
	return flow.Input{
		Related: related,
		Type:    program.Document().On, Pair: "us", Record: record, Settings: numbersAsText(settings).(map[string]any),
		Subject: events.ChangeSubject("us", events.System(on[2]), events.Entity(on[3]), "000000123"),
	}
}

// numbersAsText does what a configuration reader must: no floats.
func numbersAsText(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = numbersAsText(e)
		}
		return v
	case float64:
		b, _ := json.Marshal(v)
		return json.Number(b)
	case nil:
		return map[string]any{}
	}
	return v
}

// result runs a case and gives its decisions, or its refusal, as indented JSON.
func result(t testing.TB, program *flow.Program, in flow.Input) []byte {
	t.Helper()
	decisions, err := program.Run(in)
	var out any = decisions
	if err != nil {
		var e *failure.Error
		if !errors.As(err, &e) {
			t.Fatalf("%T is not a failure: %v", err, err)
		}
		out = map[string]string{"kind": string(e.Kind), "code": e.Code, "field": e.Field, "reason": e.Reason, "fix": e.Fix}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(out); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func parseJSON(t testing.TB, text []byte) map[string]any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// merge applies a JSON merge patch.
func merge(to, patch map[string]any) map[string]any {
	for k, v := range patch {
		inner, isMap := v.(map[string]any)
		was, wasMap := to[k].(map[string]any)
		switch {
		case v == nil:
			delete(to, k)
		case isMap && wasMap:
			to[k] = merge(was, inner)
		default:
			to[k] = v
		}
	}
	return to
}

// archive is a txtar file: a comment, then files between "-- name --" lines.
type archive struct {
	comment string
	names   []string
	files   map[string]string
}

func readArchive(t testing.TB, path string) archive {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a := archive{files: map[string]string{}}
	name := ""
	for line := range strings.Lines(string(text)) {
		if n, ok := strings.CutPrefix(strings.TrimSpace(line), "-- "); ok && strings.HasSuffix(n, " --") {
			name = strings.TrimSuffix(n, " --")
			a.names = append(a.names, name)
			continue
		}
		if name == "" {
			a.comment += line
		} else {
			a.files[name] += line
		}
	}
	return a
}

func (a archive) format() []byte {
	var b bytes.Buffer
	b.WriteString(a.comment)
	for _, name := range append(a.names, "decisions.json", "error.json") {
		if text, ok := a.files[name]; ok {
			b.WriteString("-- " + name + " --\n" + text)
			delete(a.files, name)
		}
	}
	return b.Bytes()
}

func decode(t testing.TB, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}
