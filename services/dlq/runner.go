package dlq

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/magpie-integration/magpie/events"
)

// Runner does orders in the background, one after the other.
type Runner struct {
	letters *Letters
	log     *slog.Logger

	mu      sync.Mutex
	waiting []Batch
	more    chan struct{}
}

// NewRunner makes a runner; it works while Run does.
func NewRunner(l *Letters) *Runner {
	return &Runner{letters: l, log: slog.Default().With("role", string(events.RoleDLQ)), more: make(chan struct{}, 1)}
}

// Add hands an order over.
func (r *Runner) Add(b Batch) {
	r.mu.Lock()
	r.waiting = append(r.waiting, b)
	r.mu.Unlock()
	select {
	case r.more <- struct{}{}:
	default:
	}
}

// Run works until ctx ends. What is then not done stays listed as dead letters.
func (r *Runner) Run(ctx context.Context) error {
	for {
		for b, ok := r.next(); ok && ctx.Err() == nil; b, ok = r.next() {
			left, err := r.letters.Work(ctx, b, nil)
			r.log.InfoContext(ctx, "group action on dead letters", "id", b.ID, "action", b.Action, "letters", b.Letters, "not_done", len(left))
			if err != nil && !errors.Is(err, context.Canceled) {
				r.log.WarnContext(ctx, "a group action stopped; the rest of its letters stays listed", "id", b.ID, "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-r.more:
		}
	}
}

func (r *Runner) next() (Batch, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) == 0 {
		return Batch{}, false
	}
	b := r.waiting[0]
	r.waiting = r.waiting[1:]
	return b, true
}
