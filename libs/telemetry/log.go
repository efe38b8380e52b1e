package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"

	"go.opentelemetry.io/otel/trace"
)

func newLogger(c Config) (*slog.Logger, error) {
	var level slog.Level
	if c.LogLevel != "" {
		if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
			return nil, fmt.Errorf("log level %q: write debug, info, warn or error", c.LogLevel)
		}
	}
	var w io.Writer = os.Stderr
	if c.LogWriter != nil {
		w = c.LogWriter
	}
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: redact}
	switch c.LogFormat {
	case "", "json":
		return slog.New(newContextHandler(slog.NewJSONHandler(w, options))), nil
	case "text":
		return slog.New(newContextHandler(slog.NewTextHandler(w, options))), nil
	default:
		return nil, fmt.Errorf("log format %q: write json or text", c.LogFormat)
	}
}

// contextHandler adds to each record what its context knows: the trace, the
// span and the business key. They always stand at the top level, so that one
// query finds them, whatever groups a logger has opened.
type contextHandler struct {
	root slog.Handler
	// steps are the With calls since root, and next is root after them. Only a
	// logger with an open group needs the steps again.
	steps   []func(slog.Handler) slog.Handler
	next    slog.Handler
	grouped bool
	// given names the top-level attributes of With: they win over the context's.
	given []string
}

func newContextHandler(root slog.Handler) *contextHandler {
	return &contextHandler{root: root, next: root}
}

// Enabled implements slog.Handler.
func (h *contextHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h *contextHandler) Handle(ctx context.Context, r slog.Record) error {
	attrs := keyAttrs(ctx)
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		attrs = append(attrs,
			slog.String("trace_id", span.TraceID().String()),
			slog.String("span_id", span.SpanID().String()))
	}
	attrs = slices.DeleteFunc(attrs, func(a slog.Attr) bool { return slices.Contains(h.given, a.Key) })
	if len(attrs) == 0 {
		return h.next.Handle(ctx, r)
	}
	if h.grouped {
		next := h.root.WithAttrs(attrs)
		for _, step := range h.steps {
			next = step(next)
		}
		return next.Handle(ctx, r)
	}
	r = r.Clone()
	r.Attrs(func(own slog.Attr) bool {
		attrs = slices.DeleteFunc(attrs, func(a slog.Attr) bool { return a.Key == own.Key })
		return true
	})
	r.AddAttrs(attrs...)
	return h.next.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h *contextHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	with := h.with(func(next slog.Handler) slog.Handler { return next.WithAttrs(attrs) })
	if !h.grouped {
		with.given = slices.Clone(h.given)
		for _, a := range attrs {
			with.given = append(with.given, a.Key)
		}
	}
	return with
}

// WithGroup implements slog.Handler.
func (h *contextHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	with := h.with(func(next slog.Handler) slog.Handler { return next.WithGroup(name) })
	with.grouped = true
	return with
}

func (h *contextHandler) with(step func(slog.Handler) slog.Handler) *contextHandler {
	with := *h
	with.steps = append(slices.Clip(h.steps), step)
	with.next = step(h.next)
	return &with
}
