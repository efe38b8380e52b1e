package gp

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// People are those who work in the company while [Server.Run] runs. Each rate
// is actions a second, 0 for nobody; what they do follows from the seed and
// from what they find.
type People struct {
	Seed uint64
	// Warehouse fulfils and transfers orders that have something allocated, the
	// oldest first, sometimes in part, and sends one or several parcels.
	Warehouse float64
	// Accountant posts batches of invoices that the warehouse made. Batches with
	// other invoices or returns, receipts and journals are left alone: whoever
	// entered them checks them first.
	Accountant float64
	// Clerk enters orders that come by phone, with numbers of the document id,
	// in batch PHONE.
	Clerk float64
	// Buyer receives goods: up to a dozen of an item at one of its sites.
	Buyer float64
	// Bookkeeper edits customers: hold, terms, credit limit, address, e-mail.
	Bookkeeper float64
}

// Run lets people work until ctx ends or the server is closed, and then returns
// nil; at once when there are none.
func (s *Server) Run(ctx context.Context) error {
	var wait sync.WaitGroup
	for i, p := range []struct {
		name string
		rate float64
		act  func(context.Context, *rand.Rand) error
	}{
		{"warehouse", s.cfg.People.Warehouse, s.pickAnOrder},
		{"accountant", s.cfg.People.Accountant, s.postABatch},
		{"clerk", s.cfg.People.Clerk, s.answerThePhone},
		{"buyer", s.cfg.People.Buyer, s.receiveGoods},
		{"bookkeeper", s.cfg.People.Bookkeeper, s.editACustomer},
	} {
		if p.rate <= 0 {
			continue
		}
		rng := newPerson(s.cfg.People.Seed, i)
		wait.Go(func() { s.every(ctx, p.name, p.rate, func() error { return p.act(ctx, rng) }) })
	}
	wait.Wait()
	return nil
}

// newPerson is what a person's choices follow from.
func newPerson(seed uint64, person int) *rand.Rand {
	return rand.New(rand.NewPCG(seed, uint64(person))) //nolint:gosec // made-up people
}

// every acts at a steady rate. Refusals belong to a person's day.
func (s *Server) every(ctx context.Context, name string, rate float64, act func() error) {
	ticker := time.NewTicker(max(time.Duration(float64(time.Second)/rate), time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.done:
			return
		case <-ticker.C:
		}
		if !s.enter() {
			return // closed
		}
		err := act()
		s.calls.Done()
		var refused *validationError
		switch {
		case err == nil || ctx.Err() != nil:
		case errors.As(err, &refused):
			s.log.DebugContext(ctx, "refused", "person", name, "error", err)
		default:
			s.log.WarnContext(ctx, "not done", "person", name, "error", err)
		}
	}
}

// postABatch posts the oldest batch of the warehouse's invoices.
func (s *Server) postABatch(ctx context.Context, _ *rand.Rand) error {
	var batches []string
	err := s.store.read(ctx, func(q querier) (err error) {
		batches, err = texts(ctx, q, `SELECT b.BACHNUMB FROM SY00500 b JOIN SOP10100 h ON h.BACHNUMB = b.BACHNUMB AND h.SOPTYPE IN (3, 4)
			WHERE b.BCHSOURC = ? AND b.BCHSTTUS = 0 GROUP BY b.BACHNUMB HAVING min(h.SOPTYPE = 3 AND h.ORIGTYPE = 2) = 1
			ORDER BY b.CREATDDT, b.BACHNUMB LIMIT 1`, salesBatches)
		return err
	})
	if err != nil || len(batches) == 0 {
		return err
	}
	return s.PostBatch(ctx, salesBatches, batches[0])
}

// texts is the one column of a query.
func texts(ctx context.Context, q querier, query string, args ...any) ([]string, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("look for work: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var list []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("look for work: %w", err)
		}
		list = append(list, text)
	}
	return list, rows.Err()
}
