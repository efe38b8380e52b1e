package dlq_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/magpie-integration/magpie/services/dlq"
)

// purger counts what it is asked for.
type purger struct {
	keeps []time.Duration
	err   error
}

func (p *purger) Purge(_ context.Context, keep time.Duration) (uint64, error) {
	p.keeps = append(p.keeps, keep)
	return uint64(len(p.keeps)), p.err
}

func TestHistoryIsPurgedAtOnceAndEveryHourAlsoAfterAFailure(t *testing.T) {
	for name, err := range map[string]error{"well": nil, "NATS is away": errAway} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &purger{err: err}
				ctx, cancel := context.WithTimeout(t.Context(), 150*time.Minute)
				defer cancel()
				if err := dlq.Keep(ctx, p, 72*time.Hour); err != nil {
					t.Error(err)
				}
				if len(p.keeps) != 3 || p.keeps[0] != 72*time.Hour {
					t.Errorf("purged %v", p.keeps)
				}
			})
		})
	}
}
