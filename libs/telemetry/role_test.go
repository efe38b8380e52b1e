package telemetry_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/cloudevents/sdk-go/v2/event"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/magpie-integration/magpie/libs/telemetry"
)

// serviceOf tells the service that a span will be shown under.
func serviceOf(t testing.TB, span trace.Span) string {
	t.Helper()
	for _, a := range span.(sdktrace.ReadOnlySpan).Resource().Attributes() {
		if a.Key == "service.name" {
			return a.Value.AsString()
		}
	}
	t.Fatal("the span's resource has no service.name")
	return ""
}

func TestEachRoleIsAServiceOfItsOwn(t *testing.T) {
	collector := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(collector.Close)
	tel, _ := setupWith(t, collector.URL)
	tracer := otel.GetTracerProvider().Tracer("test")
	writer := tel.WithRole(t.Context(), "gp-writer")

	ctx, parent := tracer.Start(writer, "handle")
	_, child := tracer.Start(ctx, "call")
	ev := event.New()
	telemetry.Inject(ctx, &ev)
	reader := tel.WithRole(t.Context(), "transform")
	_, next := tracer.Start(telemetry.Extract(reader, ev), "handle what the other published")
	_, process := tracer.Start(t.Context(), "start")

	for _, tt := range []struct {
		name string
		span trace.Span
		want string
	}{
		{"a span", parent, "magpie-gp-writer"},
		{"its child", child, "magpie-gp-writer"},
		{"a span in another role's trace", next, "magpie-transform"},
		{"a span of no role", process, "magpie"},
	} {
		if got := serviceOf(t, tt.span); got != tt.want {
			t.Errorf("%s is of %s, want %s", tt.name, got, tt.want)
		}
	}
	if got := next.(sdktrace.ReadOnlySpan).Parent().SpanID(); got != parent.SpanContext().SpanID() {
		t.Errorf("the parent in the other role is %s, want %s", got, parent.SpanContext().SpanID())
	}
}

func TestSpansOfAllRolesAreExportedBeforeTheEnd(t *testing.T) {
	bodies := make(chan []byte, 8)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- body
	}))
	defer collector.Close()
	was := slog.Default()
	defer slog.SetDefault(was)
	tel, shutdown, err := telemetry.Setup(t.Context(), telemetry.Config{OTLP: collector.URL, LogWriter: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	tracer := otel.GetTracerProvider().Tracer("test")
	for _, role := range []string{"gp-writer", "transform"} {
		_, span := tracer.Start(tel.WithRole(t.Context(), role), "work")
		span.End()
	}
	if err := shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	close(bodies)
	var all []byte
	for body := range bodies {
		all = append(all, body...)
	}
	for _, want := range []string{"magpie-gp-writer", "magpie-transform"} {
		if !bytes.Contains(all, []byte(want)) {
			t.Errorf("no span of %s was exported", want)
		}
	}
}

func BenchmarkSpan(b *testing.B) {
	tel, _ := setup(b)
	tracer := otel.GetTracerProvider().Tracer("test")
	for name, ctx := range map[string]context.Context{
		"process": b.Context(),
		"role":    tel.WithRole(b.Context(), "gp-writer"),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, span := tracer.Start(ctx, "work")
				span.End()
			}
		})
	}
}
