package gp

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/shopspring/decimal"
)

// pickAnOrder fulfils the oldest order that has something to fulfil, one in
// five in part only, and transfers it.
func (s *Server) pickAnOrder(ctx context.Context, rng *rand.Rand) error {
	var waiting []string
	err := s.store.read(ctx, func(q querier) (err error) {
		// A column of decimals is text; '0' is how the sandbox writes none.
		waiting, err = texts(ctx, q, `SELECT h.SOPNUMBE FROM SOP10100 h WHERE h.SOPTYPE = 2 AND EXISTS (SELECT 1 FROM SOP10200 l
			WHERE l.SOPNUMBE = h.SOPNUMBE AND l.SOPTYPE = 2 AND l.QTYTOINV <> '0') ORDER BY h.CREATDDT, h.DEX_ROW_TS, h.SOPNUMBE LIMIT 100`)
		return err
	})
	if err != nil {
		return err
	}
	for _, number := range waiting {
		f, err := s.plan(ctx, rng, number)
		if err != nil {
			return err
		}
		if f == nil {
			continue // nothing of it is allocated
		}
		_, err = s.FulfilOrder(ctx, number, *f)
		var refused *validationError
		if errors.As(err, &refused) {
			s.log.DebugContext(ctx, "order not picked", "order", number, "error", err)
			continue // its batch is being posted: another one, then
		}
		return err
	}
	return nil
}

// plan decides what of an order goes out; nil when nothing can.
func (s *Server) plan(ctx context.Context, rng *rand.Rand, number string) (*Fulfilment, error) {
	open, total := map[string]decimal.Decimal{}, decimal.Zero
	err := s.store.read(ctx, func(q querier) error {
		c, err := s.hand(ctx, q, "WAREHOUSE")
		if err != nil {
			return err
		}
		o, err := c.loadDocument(ctx, orders, number)
		if err != nil || o == nil || o.str("TransactionState") != "Work" {
			return err // it left meanwhile
		}
		for _, l := range o.list("Lines") {
			v, err := c.fulfillable(ctx, l)
			if err != nil {
				return err
			}
			ready, _ := l.amount("QuantityFulfilled")
			open[l.str("ItemKey.Id")] = open[l.str("ItemKey.Id")].Add(v)
			total = total.Add(v).Add(ready)
		}
		return nil
	})
	if err != nil || !total.IsPositive() {
		return nil, err
	}
	f := &Fulfilment{Transfer: true}
	if total.GreaterThan(decimal.NewFromInt(1)) && rng.IntN(5) == 0 {
		f.Lines = half(open)
	}
	for range 1 + rng.IntN(5)/3 { // two parcels of five orders have a second label
		f.Tracking = append(f.Tracking, fmt.Sprintf("1Z999AA1%010d", rng.Int64N(1e10)))
	}
	return f, nil
}

// half is about half of each quantity, rounded up to whole units, so that
// something goes out.
func half(open map[string]decimal.Decimal) map[string]decimal.Decimal {
	lines := map[string]decimal.Decimal{}
	for item, v := range open {
		lines[item] = decimal.Min(v, v.Div(decimal.NewFromInt(2)).Ceil())
	}
	return lines
}
