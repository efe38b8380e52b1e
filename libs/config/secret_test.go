package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"pgregory.net/rapid"

	"github.com/magpie-integration/magpie/libs/config"
)

func TestSecretDoesNotShow(t *testing.T) {
	type inside struct {
		Public config.Secret
		hidden config.Secret
		list   []config.Secret
	}
	s := config.NewSecret("hunter2")
	in := inside{s, s, []config.Secret{s}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&out, verb+" "+verb+" "+verb+"\n", s, &s, in) //nolint:govet // the verbs are the test
	}
	fmt.Fprintln(&out, in.hidden, in.list, map[config.Secret]int{s: 1})
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("line", "s", s, "in", in)
	}
	if err := json.NewEncoder(&out).Encode(in); err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(text)
	for _, shown := range []string{"hunter2", fmt.Sprintf("%x", "hunter2"), fmt.Sprintf("%X", "hunter2")} {
		if strings.Contains(out.String(), shown) {
			t.Errorf("%s is shown:\n%s", shown, out.String())
		}
	}
	if !strings.Contains(string(text), `"[secret]"`) && !strings.Contains(string(text), `'[secret]'`) {
		t.Errorf("YAML shows %s", text)
	}
	if s.Reveal() != "hunter2" || s.Empty() || s.IsZero() {
		t.Error("the secret is lost")
	}
}

func TestEmptySecret(t *testing.T) {
	var s config.Secret
	if s.String() != "" || !s.Empty() || !s.IsZero() || s.Reveal() != "" || s != config.NewSecret("") {
		t.Errorf("got %q", s)
	}
}

func TestRedacted(t *testing.T) {
	c := mustLoad(t, `keep: 36h
nats: {sync: 90s}
http: {tls: {cert: c.pem, key: k.pem}}
pairs:
  - name: main
    magento:
      url: https://shop.example
      token: hunter2
      webhooks: [{secret: hunter2hunter2hunter2, previous_secrets: [hunter2hunter2hunter1]}]
    gp: {url: 'https://gp.example', timezone: UTC, company: -1, user: magpie, password: hunter2}
    flows: {terms: NET30, api_token: hunter2, list: [1]}
`)
	got := c.Redacted()
	if strings.Contains(got, "hunter") {
		t.Errorf("a secret is shown:\n%s", got)
	}
	for _, want := range []string{"keep: 36h\n", "sync: 1m30s\n", "company: -1\n", "work_time: 1m\n", "terms: NET30\n", "cert: c.pem\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// What doctor shows can be loaded, and then shows the same.
func TestRedactedLoads(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		word := rapid.StringMatching(`[A-Za-z0-9_-]{1,8}`)
		duration := rapid.SampledFrom([]string{"1ms", "90s", "1h", "1h30m", "100h", "2m0.5s"})
		text := fmt.Sprintf(`
keep: %s
nats: {sync: %s}
http: {ingest: '127.0.0.1:%d'}
pairs:
  - name: %q
    magento: {url: 'https://shop.example', token: %q, timeout: %s, parallel: %d}
    gp: {url: 'https://gp.example', company: %q, user: %q, password: %q, order: {prefix: %q}}
    flows: {%q: %q}
`,
			duration.Draw(rt, "keep"), duration.Draw(rt, "sync"), rapid.IntRange(0, 65535).Draw(rt, "port"),
			word.Draw(rt, "name"), word.Draw(rt, "token"), duration.Draw(rt, "timeout"), rapid.IntRange(1, 256).Draw(rt, "parallel"),
			word.Draw(rt, "company"), word.Draw(rt, "user"), word.Draw(rt, "password"), word.Draw(rt, "prefix"),
			word.Draw(rt, "flow"), word.Draw(rt, "value"))
		first, _, err := load(t, text)
		if err != nil {
			if strings.Contains(err.Error(), "is taken by") { // the port that was drawn
				rt.Skip()
			}
			rt.Fatalf("%v\n%s", err, text)
		}
		second, _, err := load(t, first.Redacted())
		if err != nil {
			rt.Fatalf("%v\n%s", err, first.Redacted())
		}
		if first.Redacted() != second.Redacted() {
			rt.Fatalf("%s\nbecame\n%s", first.Redacted(), second.Redacted())
		}
	})
}
