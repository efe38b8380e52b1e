package telemetry

import (
	"context"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
)

type roleInContext struct{}

// WithRole gives a context whose spans belong to the service
// "<Config.Service>-<role>", such as magpie-gp-writer. In a process with
// several roles each of them is a service of its own in Jaeger, as it is where
// it runs alone. Call it once for a role, not for each message.
func (t *Telemetry) WithRole(ctx context.Context, role string) context.Context {
	return context.WithValue(ctx, roleInContext{}, t.spans.service(t.spans.name+"-"+role))
}

// provider is the process's tracer provider. OpenTelemetry ties a service's
// name to a provider, so there is one for the process and one for each role;
// the context says which. They share the exporter and its queue.
type provider struct {
	embedded.TracerProvider
	name    string
	options []sdktrace.TracerProviderOption
	base    *resource.Resource
	process *sdktrace.TracerProvider
}

func newProvider(name string, base *resource.Resource, options ...sdktrace.TracerProviderOption) *provider {
	p := &provider{name: name, base: base, options: options}
	p.process = p.service(name)
	return p
}

func (p *provider) service(name string) *sdktrace.TracerProvider {
	res, err := resource.Merge(p.base, resource.NewSchemaless(attribute.String("service.name", name)))
	if err != nil { // only a schema's conflict, and one side has no schema
		res = p.base
	}
	return sdktrace.NewTracerProvider(append(slices.Clip(p.options), sdktrace.WithResource(res))...)
}

// Tracer implements trace.TracerProvider.
func (p *provider) Tracer(name string, options ...trace.TracerOption) trace.Tracer {
	return &roleTracer{name: name, options: options, process: p.process.Tracer(name, options...)}
}

// roleTracer starts a span with the tracer of the context's role.
type roleTracer struct {
	embedded.Tracer
	name    string
	options []trace.TracerOption
	process trace.Tracer
}

// Start implements trace.Tracer.
func (t *roleTracer) Start(ctx context.Context, span string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	if role, ok := ctx.Value(roleInContext{}).(*sdktrace.TracerProvider); ok {
		return role.Tracer(t.name, t.options...).Start(ctx, span, options...) //nolint:spancheck // its caller ends it
	}
	return t.process.Start(ctx, span, options...) //nolint:spancheck // its caller ends it
}
