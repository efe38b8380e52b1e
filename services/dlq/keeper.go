package dlq

import (
	"context"
	"log/slog"
	"time"
)

// Purger drops finished history; bus.Bus is one.
type Purger interface {
	Purge(ctx context.Context, keep time.Duration) (uint64, error)
}

// Keep drops history older than keep, once an hour until ctx ends. Finished
// work ages out, unfinished work does not; see bus.Purge.
func Keep(ctx context.Context, p Purger, keep time.Duration) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if n, err := p.Purge(ctx, keep); err != nil && ctx.Err() == nil {
			slog.Warn("history could not be purged; trying again in an hour", "role", "dlq", "error", err)
		} else if n > 0 {
			slog.Info("history purged", "role", "dlq", "messages", n, "older_than", keep)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
