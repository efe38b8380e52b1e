package telemetry

import (
	"context"
	"io"
	"testing"
)

func BenchmarkLog(b *testing.B) {
	logger, err := newLogger(Config{LogWriter: io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	ctx := WithKey(context.Background(), "main", "order", "000000123")
	b.ReportAllocs()
	for b.Loop() {
		logger.InfoContext(ctx, "order refused", "code", "gp.tax.unknown", "reason", "GP has no tax schedule TX-9")
	}
}
