package telemetry_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"
	"pgregory.net/rapid"

	"github.com/magpie-integration/magpie/libs/telemetry"
)

func TestSetupRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		c    telemetry.Config
		want string
	}{
		{"a level", telemetry.Config{LogLevel: "loud"}, `log level "loud"`},
		{"a format", telemetry.Config{LogFormat: "xml"}, `log format "xml"`},
		{"an endpoint", telemetry.Config{OTLP: "127.0.0.1:4318"}, `OTLP endpoint`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := telemetry.Setup(t.Context(), tt.c)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestSpansAreExported(t *testing.T) {
	type request struct {
		path string
		body []byte
	}
	requests := make(chan request, 1)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- request{r.URL.Path, body}
	}))
	defer collector.Close()
	was := slog.Default()
	defer slog.SetDefault(was)

	_, shutdown, err := telemetry.Setup(t.Context(), telemetry.Config{OTLP: collector.URL, Service: "magpie-test", LogWriter: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	_, span := otel.Tracer("test").Start(t.Context(), "a span of this test")
	span.End()
	if err := shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := <-requests
	if got.path != "/v1/traces" || !bytes.Contains(got.body, []byte("a span of this test")) || !bytes.Contains(got.body, []byte("magpie-test")) {
		t.Errorf("got %s %q", got.path, got.body)
	}
}

func TestTraceTravelsInEvents(t *testing.T) {
	setup(t)
	ctx, span := otel.Tracer("test").Start(t.Context(), "publish")
	defer span.End()
	ev := event.New()
	telemetry.Inject(ctx, &ev)
	if got := ev.Extensions()["traceparent"]; got == nil || !strings.Contains(got.(string), span.SpanContext().TraceID().String()) {
		t.Fatalf("traceparent is %v", got)
	}
	got := trace.SpanContextFromContext(telemetry.Extract(t.Context(), ev))
	if got.TraceID() != span.SpanContext().TraceID() || got.SpanID() != span.SpanContext().SpanID() || !got.IsRemote() {
		t.Errorf("got %v", got)
	}
	if keys := (telemetry.EventCarrier{Event: &ev}).Keys(); len(keys) != 1 || keys[0] != "traceparent" {
		t.Errorf("keys are %v", keys)
	}
}

func TestWorkOnAnEventStaysUnderItsSpan(t *testing.T) {
	setup(t)
	tracer := otel.GetTracerProvider().Tracer("test")
	published, publish := tracer.Start(t.Context(), "publish")
	defer publish.End()
	ev := event.New()
	telemetry.Inject(published, &ev)

	working, work := tracer.Start(telemetry.Extract(t.Context(), ev), "work")
	defer work.End()
	if got := trace.SpanContextFromContext(telemetry.Extract(working, ev)); got.SpanID() != work.SpanContext().SpanID() {
		t.Error("what is done in the event's trace is not under the span that does it")
	}
	elsewhere, many := tracer.Start(t.Context(), "a batch of many")
	defer many.End()
	if got := trace.SpanContextFromContext(telemetry.Extract(elsewhere, ev)); got.SpanID() != publish.SpanContext().SpanID() {
		t.Error("what is done in another trace does not go on in the event's")
	}
}

func TestExtractOfABrokenTrace(t *testing.T) {
	ev := event.New()
	ev.SetExtension("traceparent", "00-zz")
	for name, ev := range map[string]event.Event{"broken": ev, "none": event.New(), "no event": {}} {
		if trace.SpanContextFromContext(telemetry.Extract(t.Context(), ev)).IsValid() {
			t.Errorf("%s: a trace came from nowhere", name)
		}
	}
}

func TestEveryTraceTravels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var traceID trace.TraceID
		var spanID trace.SpanID
		copy(traceID[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "trace"))
		copy(spanID[:], rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "span"))
		state, err := trace.ParseTraceState(rapid.SampledFrom([]string{"", "vendor=1", "a=b,c=d"}).Draw(t, "state"))
		if err != nil {
			t.Fatal(err)
		}
		want := trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: spanID, TraceState: state, TraceFlags: trace.FlagsSampled, Remote: true})
		ev := event.New()
		telemetry.Inject(trace.ContextWithSpanContext(context.Background(), want), &ev)
		got := trace.SpanContextFromContext(telemetry.Extract(context.Background(), ev))
		if want.IsValid() && !got.Equal(want) || got.IsValid() != want.IsValid() {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

func TestMetrics(t *testing.T) {
	tel, _ := setup(t)
	m := tel.Metrics
	m.Event("notice", "ingest", "published")
	m.Handled("gp-writer", "ok", 20*time.Millisecond)
	m.EndToEnd("order", 2*time.Second)
	m.Breaker("main.gp.order", telemetry.BreakerOpen)
	m.Lag("gp-writer", "gp-writer_main_order", telemetry.Lag{Pending: 7, AckPending: 2, Oldest: 3 * time.Second})
	m.DeadLetter("gp-writer", "rejected", "gp.tax.unknown")
	m.Webhook("main", 202)
	m.WebhookLeft("main", "ingest.not_stored")
	m.Heartbeat("main", "magento", time.UnixMilli(1_700_000_000_500))

	const want = `
# HELP magpie_breaker_state Circuit breaker by scope: 0 closed, 1 half-open, 2 open.
# TYPE magpie_breaker_state gauge
magpie_breaker_state{scope="main.gp.order"} 2
# HELP magpie_capture_heartbeat_timestamp_seconds Unix time at which a capture last finished looking at its system.
# TYPE magpie_capture_heartbeat_timestamp_seconds gauge
magpie_capture_heartbeat_timestamp_seconds{pair="main",system="magento"} 1.7000000005e+09
# HELP magpie_consumer_oldest_message_age_seconds Age of the oldest message that a consumer has not acknowledged; 0 when there is none.
# TYPE magpie_consumer_oldest_message_age_seconds gauge
magpie_consumer_oldest_message_age_seconds{consumer="gp-writer_main_order",role="gp-writer"} 3
# HELP magpie_dead_letters_total Dead letters by role, kind of failure and code.
# TYPE magpie_dead_letters_total counter
magpie_dead_letters_total{code="gp.tax.unknown",kind="rejected",role="gp-writer"} 1
# HELP magpie_webhooks_left_total Webhooks answered with success though they were not stored, by pair and cause: the sweep finds their records.
# TYPE magpie_webhooks_left_total counter
magpie_webhooks_left_total{code="ingest.not_stored",pair="main"} 1
# HELP magpie_webhooks_total Webhook calls by pair and the HTTP status they were answered with.
# TYPE magpie_webhooks_total counter
magpie_webhooks_total{pair="main",status="202"} 1
`
	if err := testutil.GatherAndCompare(tel.Registry, strings.NewReader(want), "magpie_breaker_state", "magpie_dead_letters_total",
		"magpie_consumer_oldest_message_age_seconds", "magpie_webhooks_total", "magpie_webhooks_left_total", "magpie_capture_heartbeat_timestamp_seconds"); err != nil {
		t.Error(err)
	}
	families, err := tel.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, f := range families {
		shown[f.GetName()] = true
	}
	for _, name := range []string{"magpie_events_total", "magpie_handler_duration_seconds", "magpie_end_to_end_seconds", "magpie_build_info", "go_goroutines", "go_build_info"} {
		if !shown[name] {
			t.Errorf("%s is not shown", name)
		}
	}
	if problems, err := testutil.GatherAndLint(tel.Registry); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

func TestNoMetrics(*testing.T) {
	var m *telemetry.Metrics
	m.Event("", "", "")
	m.Handled("", "", 0)
	m.EndToEnd("", 0)
	m.Breaker("", telemetry.BreakerClosed)
	m.Lag("", "", telemetry.Lag{})
	m.DeadLetter("", "", "")
	m.Webhook("", 0)
	m.Heartbeat("", "", time.Time{})
}
