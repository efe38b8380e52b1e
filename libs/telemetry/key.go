package telemetry

import (
	"context"
	"log/slog"
)

type keyInContext struct{}

// businessKey is what people search by: the pair, the kind of record and its number.
type businessKey struct{ pair, entity, key string }

// WithKey gives a context whose log lines carry the business key. An empty
// part is left out of them.
func WithKey(ctx context.Context, pair, entity, key string) context.Context {
	return context.WithValue(ctx, keyInContext{}, businessKey{pair, entity, key})
}

func keyAttrs(ctx context.Context) []slog.Attr {
	k, ok := ctx.Value(keyInContext{}).(businessKey)
	if !ok {
		return nil
	}
	attrs := make([]slog.Attr, 0, 5)
	for _, a := range []slog.Attr{
		slog.String("pair", k.pair), slog.String("entity", k.entity), slog.String("key", k.key),
	} {
		if a.Value.String() != "" {
			attrs = append(attrs, a)
		}
	}
	return attrs
}
