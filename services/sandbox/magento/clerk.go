package magento

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/shopspring/decimal"
)

// Clerk is the merchant's customer service, which works on orders some time
// after their last change: it takes the money of authorised cards, cancels
// orders that are new, and gives money back for orders that were paid, with and
// without goods that return. What it does with an order depends on the seed and
// the order's id alone.
type Clerk struct {
	// Rate is the share of orders, from 0 to 1, that it works on; 0 is none.
	Rate float64 `json:"rate"`
	// After is how long an order has been left alone before; 0 means 30s.
	After Duration `json:"after,omitempty"`
}

func (c Clerk) check() error {
	if c.Rate < 0 || c.Rate > 1 || c.After < 0 {
		return fmt.Errorf("magento: clerk with rate %v after %v: a rate is from 0 to 1, a time isn't negative", c.Rate, time.Duration(c.After))
	}
	return nil
}

// clerk is the clerk at work.
type clerk struct {
	mu    sync.Mutex
	now   Clerk
	since string // orders that changed before were looked at
}

// Clerk returns how the clerk works now.
func (s *Server) Clerk() Clerk {
	s.clerk.mu.Lock()
	defer s.clerk.mu.Unlock()
	return s.clerk.now
}

// SetClerk changes how the clerk works, from the oldest order on.
func (s *Server) SetClerk(c Clerk) error {
	if err := c.check(); err != nil {
		return err
	}
	setDefault(&c.After, Duration(30*time.Second))
	s.clerk.mu.Lock()
	defer s.clerk.mu.Unlock()
	s.clerk.now, s.clerk.since = c, ""
	return nil
}

// clerkEvery is how often the clerk looks at the orders.
const clerkEvery = time.Second

// serveCustomers lets the clerk work until ctx ends.
func (s *Server) serveCustomers(ctx context.Context) error {
	tick := time.NewTicker(clerkEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := s.clerkRound(ctx); err != nil && ctx.Err() == nil {
				s.cfg.Logger.WarnContext(ctx, "customer service stopped short", "error", err)
			}
		}
	}
}

// clerkRound looks at each order whose last change is long enough ago, once
// after each change.
func (s *Server) clerkRound(ctx context.Context) error {
	s.clerk.mu.Lock()
	defer s.clerk.mu.Unlock()
	rate := s.clerk.now.Rate
	if rate == 0 {
		return nil
	}
	until := s.cfg.Now().Add(-time.Duration(s.clerk.now.After)).UTC().Format(time.DateTime)
	// The last second is read again: another change may have fallen into it.
	rows, err := s.db.reader.QueryContext(ctx, `SELECT doc FROM sales_order WHERE updated_at >= ? AND updated_at <= ?
		AND state IN ('new', 'processing', 'complete') ORDER BY updated_at, entity_id`, s.clerk.since, until)
	if err != nil {
		return fmt.Errorf("read orders: %w", err)
	}
	orders, err := scanDocs[order](rows)
	if err != nil {
		return err
	}
	for i := range orders {
		err := s.attend(ctx, &orders[i], rate)
		var refused *restError
		if err != nil && !errors.Is(err, errUnchanged) && !errors.As(err, &refused) { // refused: somebody was faster
			return fmt.Errorf("order %s: %w", orders[i].IncrementID, err)
		}
	}
	s.clerk.since = until
	return nil
}

// attend does what the clerk does with an order in its state, or nothing.
func (s *Server) attend(ctx context.Context, o *order, rate float64) error {
	rng := rand.New(rand.NewPCG(s.cfg.Seed, uint64(o.EntityID))) //nolint:gosec // an id is positive
	if rng.Float64() >= rate {
		return nil
	}
	task := rng.IntN(100)
	untouched := o.TotalInvoiced.IsZero() && !o.anyShipped()
	switch {
	case o.State == stateNew && untouched && task < 25:
		return s.cancel(ctx, o.EntityID)
	case gatewayMethods[o.Payment.Method] && o.TotalDue.Order.Sign() > 0 && o.State == stateProcessing:
		return s.takePayment(ctx, o)
	case o.Refunded.Memos == 0 && o.TotalPaid.Order.Sign() > 0 && task >= 25:
		return s.giveMoneyBack(ctx, rng, o)
	}
	return nil
}

func (o *order) anyShipped() bool {
	for _, it := range o.Items {
		if it.QtyShipped.Sign() > 0 {
			return true
		}
	}
	return false
}

// takePayment captures what is open, or invoices online.
func (s *Server) takePayment(ctx context.Context, o *order) error {
	open, err := s.openInvoices(ctx, o.EntityID)
	if err != nil {
		return err
	}
	for _, id := range open {
		if err := s.capture(ctx, id); err != nil {
			return err
		}
	}
	if o.canInvoice() {
		_, err = s.invoice(ctx, o.EntityID, documentRequest{}, true)
	}
	return err
}

func (s *Server) openInvoices(ctx context.Context, orderID int64) (ids []int64, err error) {
	err = eachRow(ctx, s.db.reader, `SELECT '', '', entity_id FROM sales_invoice WHERE order_id = ? AND state = ? ORDER BY entity_id`,
		[]any{orderID, invoiceOpen}, func(_, _ string, id int64) error {
			ids = append(ids, id)
			return nil
		})
	return ids, err
}

// giveMoneyBack refunds one piece, one row, or all of an order; freight and
// goods go back or don't, and some customers get or lose a little.
func (s *Server) giveMoneyBack(ctx context.Context, rng *rand.Rand, o *order) error {
	req := refundRequest{allBack: rng.IntN(2) == 0}
	no := decimal.Zero
	if what := rng.IntN(3); what < 2 {
		req.Shipping = &no
		for _, it := range o.Items {
			if left := it.toRefund(); o.carriesMoney(it) && left.Sign() > 0 {
				if what == 0 {
					left = decimal.Min(left, one)
				}
				req.items = []documentItem{{it.ItemID, left}}
				break
			}
		}
	} else if rng.IntN(2) == 0 {
		req.Shipping = &no
	}
	switch rng.IntN(4) {
	case 0:
		req.Negative = decimal.New(100, -2) // a restocking fee
	case 1:
		if len(req.items) > 0 {
			req.Positive = decimal.New(50, -2)
		}
	}
	_, err := s.refund(ctx, o.EntityID, req)
	return err
}
