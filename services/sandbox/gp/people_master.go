package gp

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/shopspring/decimal"
)

// receiveGoods is the buyer's: up to a dozen of an item come at one of its sites.
func (s *Server) receiveGoods(ctx context.Context, dice *rand.Rand) error {
	return s.store.write(ctx, func(q querier) error {
		item, site, found, err := pick(ctx, q, dice, "IV00102", "ITEMNMBR", "LOCNCODE")
		if err != nil || !found {
			return err
		}
		return s.receive(ctx, q, item, site, decimal.NewFromInt(1+dice.Int64N(12)))
	})
}

// editACustomer is the bookkeeper's: hold, terms, credit limit, address or e-mail.
func (s *Server) editACustomer(ctx context.Context, dice *rand.Rand) error {
	return s.store.write(ctx, func(q querier) error {
		id, address, found, err := pick(ctx, q, dice, "RM00101", "CUSTNMBR", "ADRSCODE")
		if err != nil || !found {
			return err
		}
		c, err := s.hand(ctx, q, "BOOKKEEPER")
		if err != nil {
			return err
		}
		return c.editCustomer(ctx, id, s.someEdit(dice, address != ""))
	})
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
