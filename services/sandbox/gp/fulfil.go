package gp

import (
	"context"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"
)

// Fulfilment is what the warehouse does with an order in one go.
type Fulfilment struct {
	// Lines are quantities by item number; none means all that is allocated.
	Lines map[string]decimal.Decimal `json:"lines"`
	// Tracking are numbers of parcels. They stand under the invoice, or under
	// the order where the site does so (Config.TrackingOnOrder) or there is no
	// invoice yet.
	Tracking []string `json:"tracking"`
	// Transfer makes an invoice of all that is fulfilled.
	Transfer bool `json:"transfer"`
	// Batch is the invoice's; "" means SHIP and the day.
	Batch string `json:"batch"`
}

// hand is a call that a person makes at a window of GP: no policy stands in
// the way of a batch that doesn't exist yet.
func (s *Server) hand(ctx context.Context, q querier, user string) (*call, error) {
	stamp, err := stampOf(ctx, q)
	if err != nil {
		return nil, err
	}
	c := &call{Server: s, q: q, now: wallClock(s.cfg.Now().In(s.cfg.Location)), utc: stamp, user: user}
	if c.behaviors, err = s.behaviorsOf(nil, nil); err != nil {
		return nil, err
	}
	c.createsBatches = true
	return c, nil
}

// FulfilOrder fulfils lines of an order in work, and transfers what is
// fulfilled to an invoice when told to. It returns the invoice's number, "" when
// there is none. A refusal names the rules that it breaks.
func (s *Server) FulfilOrder(ctx context.Context, number string, f Fulfilment) (invoice string, err error) {
	err = s.store.write(ctx, func(q querier) error {
		c, err := s.hand(ctx, q, "WAREHOUSE")
		if err != nil {
			return err
		}
		o, err := c.workDocument(ctx, orders, number, "fulfilled")
		if err != nil {
			return err
		}
		if err := c.fulfil(ctx, o, f.Lines); err != nil {
			return err
		}
		if f.Transfer {
			if invoice, err = c.transfer(ctx, o, f.Batch); err != nil {
				return err
			}
		}
		return c.track(ctx, o.str("Key.Id"), invoice, f.Tracking)
	})
	return invoice, err
}

// fulfil raises QTYFULFI, up to what is allocated. It writes to lines only: the
// header keeps its stamp (SOP10200 has its own).
func (c *call) fulfil(ctx context.Context, o *object, lines map[string]decimal.Decimal) error {
	wanted := map[string]decimal.Decimal{}
	for item, v := range lines {
		item = storedText(item, true)
		wanted[item] = wanted[item].Add(v)
	}
	f := &findings{object: "SalesOrder"}
	for item, v := range wanted {
		if v.IsNegative() {
			f.add(ruleAmount, "Lines.QuantityFulfilled", "The quantity to fulfil of item %s is less than zero.", item)
		}
	}
	if err := f.err(); err != nil {
		return err
	}
	for _, l := range o.list("Lines") {
		open, err := c.fulfillable(ctx, l)
		if err != nil {
			return err
		}
		item := l.str("ItemKey.Id")
		take := open
		if lines != nil {
			take = decimal.Min(open, wanted[item])
			wanted[item] = wanted[item].Sub(take)
		}
		if !take.IsPositive() {
			continue
		}
		fulfilled, _ := l.amount("QuantityFulfilled")
		fulfilled = fulfilled.Add(take)
		l.object("QuantityFulfilled").set("Value", fulfilled)
		today := dateOf(c.now)
		l.set("FulfillDate", today).set("ActualShipDate", today)
		if _, err := c.q.ExecContext(ctx, `UPDATE SOP10200 SET QTYFULFI = ?, FUFILDAT = ?, ACTLSHIP = ?, DEX_ROW_TS = ?
			WHERE SOPNUMBE = ? AND SOPTYPE = ? AND LNITMSEQ = ? AND CMPNTSEQ = 0`,
			fulfilled.String(), today.Format(datetimeLayout), today.Format(datetimeLayout), c.utc.Format(datetimeLayout),
			o.str("Key.Id"), orders.code, l.int("Key.LineSequenceNumber")); err != nil {
			return fmt.Errorf("fulfil %s: %w", o.str("Key.Id"), err)
		}
	}
	for item, left := range wanted {
		if left.IsPositive() {
			f.add(ruleShortage, "Lines.QuantityFulfilled", "The order %s has %s of item %s less to fulfil than asked for: only what is allocated can be.", o.str("Key.Id"), left, item)
		}
	}
	return f.err()
}

// fulfillable is how much of an order line can still be fulfilled: what is
// allocated, or, of what has no stock, what is to be invoiced.
func (c *call) fulfillable(ctx context.Context, l *object) (decimal.Decimal, error) {
	_, stocked, err := c.storedLine(ctx, l)
	limit, _ := l.amount("QuantityToInvoice")
	if stocked {
		allocated, _ := l.amount("QuantityAllocated")
		limit = decimal.Min(limit, allocated)
	}
	fulfilled, _ := l.amount("QuantityFulfilled")
	return limit.Sub(fulfilled), err
}

// track writes tracking numbers (SOP10107, which has no stamp).
func (c *call) track(ctx context.Context, order, invoice string, numbers []string) error {
	number, k := invoice, invoices
	if invoice == "" || c.cfg.TrackingOnOrder {
		number, k = order, orders
	}
	for _, n := range numbers {
		if n = storedText(n, false); n == "" || len(n) > 40 {
			return refuse(k.object, ruleTooLong, "TrackingNumbers.Key.Id", "The tracking number %q is blank or longer than 40.", n)
		}
		if _, err := c.q.ExecContext(ctx, `INSERT INTO SOP10107 (SOPTYPE, SOPNUMBE, Tracking_Number) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
			k.code, strings.ToUpper(number), n); err != nil {
			return fmt.Errorf("track %s: %w", number, err)
		}
	}
	return nil
}
