package telemetry

import (
	"context"
	"strings"

	"github.com/cloudevents/sdk-go/v2/event"
	"go.opentelemetry.io/otel/trace"
)

// EventCarrier lets a propagator write to and read from a CloudEvent's
// extensions. It implements propagation.TextMapCarrier.
type EventCarrier struct{ *event.Event }

// Get gives an extension that is text, or "".
func (c EventCarrier) Get(key string) string {
	value, _ := c.Extensions()[strings.ToLower(key)].(string)
	return value
}

// Set writes an extension. A value that no CloudEvent may hold stays out.
func (c EventCarrier) Set(key, value string) {
	_ = c.Context.SetExtension(strings.ToLower(key), value)
}

// Keys lists the extensions.
func (c EventCarrier) Keys() []string {
	extensions := c.Extensions()
	keys := make([]string, 0, len(extensions))
	for key := range extensions {
		keys = append(keys, key)
	}
	return keys
}

// Inject writes the context's trace into the event, as the extensions
// traceparent and tracestate (CloudEvents' distributed tracing extension). A
// context without a trace leaves the event as it is.
func Inject(ctx context.Context, ev *event.Event) {
	propagator.Inject(ctx, EventCarrier{ev})
}

// Extract gives a context that continues the event's trace. An event without
// one, or with a broken one, gives ctx back; so does one whose trace ctx is
// already in, since the span that works on the event is nearer than the one
// that published it.
func Extract(ctx context.Context, ev event.Event) context.Context {
	if ev.Context == nil {
		return ctx
	}
	continued := propagator.Extract(ctx, EventCarrier{&ev})
	if trace.SpanContextFromContext(ctx).TraceID() == trace.SpanContextFromContext(continued).TraceID() {
		return ctx
	}
	return continued
}
