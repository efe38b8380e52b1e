package gp

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// stamps gives transactions the UTC time that their rows carry in DEX_ROW_TS.
// It never goes back, and has the resolution of SQL Server's datetime.
type stamps struct {
	now  func() time.Time
	done <-chan struct{} // closed: no more waiting
	late atomic.Int64    // the most by which a commit follows its stamp
	wait func(ctx context.Context, atMost time.Duration)

	mu   sync.Mutex
	last time.Time
}

func newStamps(cfg Config, done <-chan struct{}) *stamps {
	s := &stamps{now: cfg.Now, done: done}
	s.wait = s.waitRandomly
	s.late.Store(int64(cfg.LateCommits))
	return s
}

// next is the stamp of a transaction that begins now.
func (s *stamps) next() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := rowStamp(s.now().UTC()); t.After(s.last) {
		s.last = t
	}
	return s.last
}

// early is the stamp of a transaction that commits late. The server stamps a
// row within its transaction, so a reader can pass over a row that is stamped
// and not committed yet (Beware DEX_ROW_TS). Without late commits there is none.
func (s *stamps) early(ctx context.Context) (time.Time, bool) {
	atMost := time.Duration(s.late.Load())
	if atMost <= 0 {
		return time.Time{}, false
	}
	stamp := s.next()
	s.wait(ctx, atMost)
	return stamp, true
}

func (s *stamps) waitRandomly(ctx context.Context, atMost time.Duration) {
	timer := time.NewTimer(time.Duration(rand.Int64N(int64(atMost)))) //nolint:gosec // a jitter
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-s.done:
	}
}

// resume goes on after the last stamp of an earlier process.
func (s *stamps) resume(ctx context.Context, q querier) error {
	last, err := stampOf(ctx, q)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = last
	return err
}

// setStamp tells the triggers the stamp of the transaction that q is in.
func setStamp(ctx context.Context, q querier, stamp time.Time) error {
	if _, err := q.ExecContext(ctx, `UPDATE clock SET utc = ?`, stamp.Format(datetimeLayout)); err != nil {
		return fmt.Errorf("stamp the transaction: %w", err)
	}
	return nil
}

// stampOf is the stamp of the transaction that q is in.
func stampOf(ctx context.Context, q querier) (time.Time, error) {
	var text string
	if err := q.QueryRowContext(ctx, `SELECT utc FROM clock`).Scan(&text); err != nil {
		return time.Time{}, fmt.Errorf("read the stamp: %w", err)
	}
	stamp, err := time.Parse(datetimeLayout, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("read the stamp: %w", err)
	}
	return stamp, nil
}

// setFeed turns on or off what feeds the lists of changed keys.
func setFeed(ctx context.Context, q querier, on bool) error {
	if _, err := q.ExecContext(ctx, `UPDATE clock SET feed = ?`, criterion(on)); err != nil {
		return fmt.Errorf("switch the feed of changed keys: %w", err)
	}
	return nil
}
