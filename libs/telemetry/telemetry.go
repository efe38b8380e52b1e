package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Config says what a process tells about itself, and where. The zero value is
// ready to use: no export, and JSON logs from level info on standard error.
type Config struct {
	// OTLP is the collector's URL, such as http://127.0.0.1:4318; without a path
	// traces go to /v1/traces. Empty means that traces are made but not exported.
	OTLP string
	// Service names the process in traces and metrics; empty means "magpie". A
	// role's spans have the role after it: [Telemetry.WithRole].
	Service string
	// Version is the build's version.
	Version string
	// LogLevel is debug, info, warn or error; empty means info.
	LogLevel string
	// LogFormat is json or text; empty means json.
	LogFormat string
	// LogWriter takes the log; nil means standard error.
	LogWriter io.Writer
}

// Telemetry is what a process observes itself with.
type Telemetry struct {
	// Log is the logger that Setup made slog's default.
	Log *slog.Logger
	// Metrics are Magpie's own, already registered.
	Metrics *Metrics
	// Registry is what /metrics shows. It is not Prometheus's global one, so two
	// of them can live in one test.
	Registry *prometheus.Registry

	spans *provider
}

// Setup prepares logs, traces and metrics and installs the process-wide ones;
// see the package's text. The function that it returns exports what is still
// waiting and then stops the exporter; give it a context with a deadline. It
// may be called more than once.
//
// A collector that can't be reached is no error: export goes on trying in the
// background and says so in the log, at a limited rate.
func Setup(ctx context.Context, c Config) (*Telemetry, func(context.Context) error, error) {
	if c.Service == "" {
		c.Service = "magpie"
	}
	logger, err := newLogger(c)
	if err != nil {
		return nil, nil, err
	}
	spans, err := newTracerProvider(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	registry := newRegistry(c)

	slog.SetDefault(logger)
	otel.SetErrorHandler(&errorHandler{log: logger})
	otel.SetTextMapPropagator(propagator)
	otel.SetTracerProvider(spans)
	observed := &Telemetry{Log: logger, Metrics: NewMetrics(registry), Registry: registry, spans: spans}
	return observed, spans.process.Shutdown, nil // it stops the exporter, which is everybody's
}

// propagator carries the trace and nothing else. Baggage is left out on
// purpose: whoever sends a webhook could fill it.
var propagator propagation.TextMapPropagator = propagation.TraceContext{}

// newTracerProvider makes a provider that samples all: without an endpoint its
// spans are not recorded, but their ids still tie logs and events together.
func newTracerProvider(ctx context.Context, c Config) (*provider, error) {
	res, err := resource.Merge(resource.Default(), resource.NewSchemaless(attribute.String("service.version", c.Version)))
	if err != nil && !errors.Is(err, resource.ErrSchemaURLConflict) {
		return nil, fmt.Errorf("describe this process to OpenTelemetry: %w", err)
	}
	var options []sdktrace.TracerProviderOption
	if c.OTLP == "" {
		options = append(options, sdktrace.WithSampler(sdktrace.NeverSample()))
	} else {
		endpoint, err := tracesURL(c.OTLP)
		if err != nil {
			return nil, err
		}
		exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(endpoint))
		if err != nil {
			return nil, fmt.Errorf("prepare the export of traces to %s: %w", c.OTLP, err)
		}
		options = append(options, sdktrace.WithBatcher(exporter))
	}
	return newProvider(c.Service, res, options...), nil
}

// tracesURL completes a collector's URL: the exporter takes its path as it is.
func tracesURL(endpoint string) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", fmt.Errorf("OTLP endpoint %q: write a URL such as http://127.0.0.1:4318", ScrubText(endpoint))
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/v1/traces"
	}
	return u.String(), nil
}
