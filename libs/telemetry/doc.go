// Package telemetry makes a process observable in one call: traces, logs and
// metrics that can be joined by trace and by business key.
//
//	Setup ─┬─ traces   OpenTelemetry; exported by OTLP/HTTP if an endpoint is set; each role a service
//	       ├─ logs     slog, with trace_id, span_id, pair, entity and key from the context, scrubbed
//	       └─ metrics  a Prometheus registry of its own, scraped at /metrics
//
// Setup installs the process-wide OpenTelemetry provider, propagator and error
// handler and slog's default logger, so that libraries that know nothing of
// Magpie take part. Call it once, in main.
//
// Against the alternatives: traces are pushed, since a collector is where they
// are looked at; metrics are pulled, since a role that can't be scraped is
// itself the alarm, and KEDA and the HPA read Prometheus already. Logs stay on
// the process's output, where every platform collects them.
//
// A trace crosses the broker inside the event: [Inject] and [Extract] keep its
// W3C context in the CloudEvent's extensions, so that an event that waited a
// week in a stream, or was replayed, still belongs to its trace.
package telemetry
