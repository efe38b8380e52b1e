package gp

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/shopspring/decimal"
)

// Buy plays a buyer who receives goods so many times a second until ctx ends:
// a unit up to a dozen of an item at one of its sites. What is received is the
// same for the same seed and items.
func (s *Server) Buy(ctx context.Context, perSecond float64) error {
	return s.atRate(ctx, "buyer", perSecond, s.buyer(context.WithoutCancel(ctx)))
}

// buyer receives goods at each call.
func (s *Server) buyer(ctx context.Context) func() error {
	dice := rand.New(rand.NewPCG(s.cfg.Seed, 2)) //nolint:gosec // a sandbox's deliveries
	return func() error {
		return s.store.write(ctx, func(q querier) error {
			item, site, found, err := pick(ctx, q, dice, "IV00102", "ITEMNMBR", "LOCNCODE")
			if err != nil || !found {
				return err
			}
			return s.receive(ctx, q, item, site, decimal.NewFromInt(1+dice.Int64N(12)))
		})
	}
}

// Bookkeep plays a bookkeeper who edits customers so many times a second until ctx
// ends: hold, terms, credit limit, address or e-mail. The edits are the same
// for the same seed and customers.
func (s *Server) Bookkeep(ctx context.Context, perSecond float64) error {
	return s.atRate(ctx, "bookkeeper", perSecond, s.bookkeeper(context.WithoutCancel(ctx)))
}

// bookkeeper edits a customer at each call.
func (s *Server) bookkeeper(ctx context.Context) func() error {
	dice := rand.New(rand.NewPCG(s.cfg.Seed, 3)) //nolint:gosec // a sandbox's customers
	return func() error {
		return s.store.write(ctx, func(q querier) error {
			id, address, found, err := pick(ctx, q, dice, "RM00101", "CUSTNMBR", "ADRSCODE")
			if err != nil || !found {
				return err
			}
			c, err := s.callInside(ctx, q)
			if err != nil {
				return err
			}
			return c.editCustomer(ctx, id, s.someEdit(dice, address != ""))
		})
	}
}

// someEdit is one of the things that a bookkeeper does.
func (s *Server) someEdit(dice *rand.Rand, hasAddress bool) CustomerEdit {
	kinds := 3
	if hasAddress {
		kinds = 5
	}
	switch dice.IntN(kinds) {
	case 0:
		hold := dice.IntN(4) == 0 // most holds are lifted again soon
		return CustomerEdit{Hold: &hold}
	case 1:
		return CustomerEdit{Terms: &s.cfg.PaymentTerms[dice.IntN(len(s.cfg.PaymentTerms))].ID}
	case 2:
		limit := decimal.NewFromInt(500 * (1 + dice.Int64N(20)))
		return CustomerEdit{CreditLimit: &limit}
	case 3:
		line := fmt.Sprintf("%d Harbor Street", 1+dice.IntN(200))
		return CustomerEdit{Address: &AddressEdit{Line1: &line}}
	default:
		mail := fmt.Sprintf("accounts%d@example.com", 1+dice.IntN(1000))
		return CustomerEdit{Email: &mail}
	}
}

// pick is the first two columns of a random row.
func pick(ctx context.Context, q querier, dice *rand.Rand, table, key, second string) (first, other string, found bool, err error) {
	n, err := count(ctx, q, table)
	if err != nil || n == 0 {
		return "", "", false, err
	}
	if err := q.QueryRowContext(ctx, "SELECT "+key+", "+second+" FROM "+table+" ORDER BY "+key+", "+second+" LIMIT 1 OFFSET ?", dice.IntN(n)).
		Scan(&first, &other); err != nil {
		return "", "", false, fmt.Errorf("pick from %s: %w", table, err)
	}
	return first, other, true, nil
}

// atRate does something so many times a second until ctx ends. What is refused
// is logged, and work goes on.
func (s *Server) atRate(ctx context.Context, who string, perSecond float64, do func() error) error {
	if perSecond <= 0 {
		return fmt.Errorf("gp sandbox: %v acts of the %s per second", perSecond, who)
	}
	ticker := time.NewTicker(time.Duration(float64(time.Second) / perSecond))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if !s.enter() {
			return nil
		}
		err := do()
		s.calls.Done()
		var refused *validationError
		if errors.As(err, &refused) || errors.Is(err, ErrUnknown) {
			s.log.DebugContext(ctx, "refused", "who", who, "error", err)
		} else if err != nil {
			return fmt.Errorf("gp sandbox: %s: %w", who, err)
		}
	}
}
