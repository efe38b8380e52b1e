package gp

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// periodClosed reports whether the fiscal period of a date is closed. Periods
// are calendar months; SY40100 has those that somebody closed or opened, and
// Config.ClosedThrough says of the others.
func periodClosed(ctx context.Context, q querier, cfg Config, date time.Time) (bool, error) {
	var closed bool
	err := q.QueryRowContext(ctx, `SELECT CLOSED FROM SY40100 WHERE YEAR1 = ? AND PERIODID = ?`, date.Year(), int(date.Month())).Scan(&closed)
	if errors.Is(err, sql.ErrNoRows) {
		return !cfg.ClosedThrough.IsZero() && !date.After(dateOf(cfg.ClosedThrough)), nil
	}
	if err != nil {
		return false, fmt.Errorf("read period of %s: %w", date.Format(time.DateOnly), err)
	}
	return closed, nil
}

// Periods are the fiscal periods of last year and this one, as "2026-11", and
// whether they are closed.
func (s *Server) Periods(ctx context.Context) (map[string]bool, error) {
	periods := map[string]bool{}
	err := s.store.read(ctx, func(q querier) error {
		year := s.cfg.Now().In(s.cfg.Location).Year()
		for month := time.Date(year-1, 1, 1, 0, 0, 0, 0, time.UTC); month.Year() <= year; month = month.AddDate(0, 1, 0) {
			closed, err := periodClosed(ctx, q, s.cfg, month)
			if err != nil {
				return err
			}
			periods[month.Format("2006-01")] = closed
		}
		return nil
	})
	return periods, err
}

// SetPeriods closes the named periods, or opens them when the value is false.
func (s *Server) SetPeriods(ctx context.Context, closed map[string]bool) error {
	return s.store.write(ctx, func(q querier) error {
		for name, v := range closed {
			month, err := time.Parse("2006-01", name)
			if err != nil {
				return refuse("FiscalPeriod", ruleUnknown, "PERIODID", "%q is no fiscal period: write it as 2026-11.", name)
			}
			if _, err := q.ExecContext(ctx, `INSERT INTO SY40100 (YEAR1, PERIODID, CLOSED) VALUES (?, ?, ?)
				ON CONFLICT (YEAR1, PERIODID) DO UPDATE SET CLOSED = excluded.CLOSED`, month.Year(), int(month.Month()), v); err != nil {
				return fmt.Errorf("set period %s: %w", name, err)
			}
		}
		return nil
	})
}
