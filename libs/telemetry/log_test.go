package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/slogtest"

	"go.opentelemetry.io/otel"

	"github.com/magpie-integration/magpie/libs/telemetry"
)

// setup gives a logger that writes JSON lines into the buffer.
func setup(t testing.TB) (*telemetry.Telemetry, *bytes.Buffer) {
	t.Helper()
	return setupWith(t, "")
}

// setupWith sets up with a collector; without one no span is recorded.
func setupWith(t testing.TB, collector string) (*telemetry.Telemetry, *bytes.Buffer) {
	t.Helper()
	was := slog.Default()
	t.Cleanup(func() { slog.SetDefault(was) })
	var out bytes.Buffer
	tel, shutdown, err := telemetry.Setup(t.Context(), telemetry.Config{Version: "1.2.3", LogWriter: &out, OTLP: collector})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return tel, &out
}

func lines(t *testing.T, out *bytes.Buffer) []map[string]any {
	t.Helper()
	var all []map[string]any
	for decoder := json.NewDecoder(bytes.NewReader(out.Bytes())); decoder.More(); {
		var line map[string]any
		if err := decoder.Decode(&line); err != nil {
			t.Fatal(err)
		}
		all = append(all, line)
	}
	return all
}

func TestLogKeepsSlogsContract(t *testing.T) {
	tel, out := setup(t)
	if err := slogtest.TestHandler(tel.Log.Handler(), func() []map[string]any { return lines(t, out) }); err != nil {
		t.Error(err)
	}
}

func TestContextIsLogged(t *testing.T) {
	tel, out := setup(t)
	ctx, span := otel.Tracer("test").Start(t.Context(), "work")
	defer span.End()
	ctx = telemetry.WithKey(ctx, "main", "order", "000000123")

	tel.Log.InfoContext(ctx, "plain")
	tel.Log.With("role", "transform").WithGroup("g").With("b", 1).InfoContext(ctx, "grouped", "a", 1)
	tel.Log.InfoContext(ctx, "own key wins", "key", "other")
	tel.Log.With("pair", "other").InfoContext(ctx, "own pair wins")
	tel.Log.Info("no context")

	got := lines(t, out)
	trace := span.SpanContext().TraceID().String()
	for i, want := range []map[string]any{
		{"trace_id": trace, "span_id": span.SpanContext().SpanID().String(), "pair": "main", "entity": "order", "key": "000000123"},
		{"trace_id": trace, "pair": "main", "key": "000000123", "role": "transform", "g": map[string]any{"a": 1.0, "b": 1.0}},
		{"trace_id": trace, "pair": "main", "key": "other"},
		{"trace_id": trace, "pair": "other", "key": "000000123"},
		{"trace_id": nil, "pair": nil},
	} {
		for name, value := range want {
			if fmt.Sprint(got[i][name]) != fmt.Sprint(value) {
				t.Errorf("line %d: %s is %v, want %v", i, name, got[i][name], value)
			}
		}
	}
	if strings.Count(out.String(), `"key"`) != 4 {
		t.Errorf("a key is there twice: %s", out)
	}
}

func TestLogIsScrubbed(t *testing.T) {
	type settings struct {
		Name     string
		APIToken string
	}
	for _, tt := range []struct {
		name string
		attr slog.Attr
		want string
	}{
		{"by the attribute's name", slog.String("gp_password", "hunter2"), `"gp_password":"[secret]"`},
		{"by the name of a header", slog.Any("headers", http.Header{"Authorization": {"hunter2"}}), `"headers":{"Authorization":"[secret]"}`},
		{"by the name of a field", slog.Any("settings", settings{"x", "hunter2"}), `"settings":{"APIToken":"[secret]","Name":"x"}`},
		{"in a group", slog.Group("secrets", "a", "hunter2"), `"secrets":{"a":"[secret]"}`},
		{"an e-mail address", slog.String("reason", "no customer jane.roe@example.com"), `"reason":"no customer j***@e***"`},
		{"in an error", slog.Any("error", errors.New("no jane@example.com")), `"error":"no j***@e***"`},
		{"in a list", slog.Any("to", []string{"jane@example.com"}), `"to":["j***@e***"]`},
		{"a card number", slog.String("reason", "card 4111 1111 1111 1111 refused"), `"reason":"card [scrubbed] refused"`},
		{"a URL's credentials", slog.String("url", "https://u:hunter2@gp/x"), `"url":"https://[secret]@gp/x"`},
		{"a bearer token", slog.String("sent", "Bearer hunter2hunter2"), `"sent":"Bearer [secret]"`},
		{"plain words", slog.String("auth", "Basic authentication"), `"auth":"Basic authentication"`},
		{"an increment id", slog.String("key", "000000123"), `"key":"000000123"`},
		{"a number", slog.Int64("sequence", 4111111111111111), `"sequence":4111111111111111`},
		{"nothing", slog.Any("what", nil), `"what":null`},
		{"what JSON can't hold", slog.Any("f", func() {}), `"f":"0x`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tel, out := setup(t)
			tel.Log.LogAttrs(t.Context(), slog.LevelInfo, "line", tt.attr)
			if !strings.Contains(out.String(), tt.want) || strings.Contains(out.String(), "hunter2") {
				t.Errorf("got %s, want %s", out, tt.want)
			}
		})
	}
}

func TestMessageIsScrubbed(t *testing.T) {
	tel, out := setup(t)
	tel.Log.Info("mail to jane@example.com")
	if strings.Contains(out.String(), "jane") {
		t.Errorf("got %s", out)
	}
}
