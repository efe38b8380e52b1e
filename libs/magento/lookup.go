package magento

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/magpie-integration/magpie/libs/failure"
)

// Found is what a look-up of many orders gave. Each id that was asked for is in
// exactly one of the lists; an increment id may stand for several orders, since
// store views count on their own (Magento core, SalesSequence).
type Found struct {
	// Orders are those of the pair's website.
	Orders []Order
	// Foreign are those of other websites.
	Foreign []Order
	// Missing are ids that Magento does not have, or not yet: a webhook comes
	// before the commit.
	Missing []string
	// Broken are ids whose orders Magento fails to load.
	Broken []Broken
}

// OrdersByIncrementID reads orders by the numbers that people see.
func (c *Client) OrdersByIncrementID(ctx context.Context, ids []string) (Found, error) {
	found, err := c.find(ctx, Orders, "increment_id", ids, "")
	return Found{orders(found.rows), orders(found.foreign), found.missing, found.broken}, err
}

// OrdersByEntityID reads orders by Magento's internal numbers.
func (c *Client) OrdersByEntityID(ctx context.Context, ids []int64) (Found, error) {
	found, err := c.find(ctx, Orders, "entity_id", numbers(ids), "")
	return Found{orders(found.rows), orders(found.foreign), found.missing, found.broken}, err
}

// Order reads one order by its increment id. It fails with [ErrNotFound] in the
// chain when there is none in the pair's website.
func (c *Client) Order(ctx context.Context, incrementID string) (Order, error) {
	found, err := c.OrdersByIncrementID(ctx, []string{incrementID})
	if err != nil {
		return Order{}, err
	}
	return found.order(incrementID)
}

// order gives the one order that has a number.
func (f Found) order(incrementID string) (Order, error) {
	has := func(o Order) bool { return strings.EqualFold(o.IncrementID, incrementID) }
	own := slices.IndexFunc(f.Orders, has)
	if own >= 0 {
		if more := slices.IndexFunc(f.Orders[own+1:], has); more >= 0 {
			return Order{}, failure.Conflict("magento.order_ambiguous", "increment_id",
				fmt.Sprintf("several orders of the website have the number %s", incrementID),
				"give the store views prefixes of their own for order numbers")
		}
		return f.Orders[own], nil
	}
	if i := slices.IndexFunc(f.Broken, func(b Broken) bool { return strings.EqualFold(b.ID, incrementID) }); i >= 0 {
		return Order{}, f.Broken[i].Err
	}
	if i := slices.IndexFunc(f.Foreign, has); i >= 0 {
		return Order{}, failure.Rejected("magento.order_foreign", "store_id",
			fmt.Sprintf("the order %s belongs to store view %d of another website", incrementID, f.Foreign[i].StoreID),
			"send its webhooks to the pair of that website").Because(ErrNotFound)
	}
	return Order{}, failure.Rejected("magento.not_found", "increment_id", fmt.Sprintf("the store has no order %s", incrementID),
		"see whether it was rolled back or deleted").Because(ErrNotFound)
}

// OrderState is where an order stands.
type OrderState struct {
	EntityID      int64
	IncrementID   string
	StoreID       int64
	State, Status string
	UpdatedAt     time.Time
}

// lightFields are what [Client.State] reads. They begin at the envelope: at
// another level Magento answers [] (magento/magento2 issue 23609).
const lightFields = "items[entity_id,increment_id,store_id,state,status,updated_at],total_count"

// State reads only where orders of the pair's website stand, by their internal
// numbers. It saves transfer, not the store's work (docs: retrieve filtered
// responses). Orders that are missing, foreign or broken are left out.
func (c *Client) State(ctx context.Context, ids []int64) ([]OrderState, error) {
	found, err := c.find(ctx, Orders, "entity_id", numbers(ids), lightFields)
	if err != nil {
		return nil, err
	}
	states := make([]OrderState, len(found.rows))
	for i, r := range found.rows {
		states[i] = r.order().state()
	}
	return states, nil
}

func (o Order) state() OrderState {
	return OrderState{o.EntityID, o.IncrementID, o.StoreID, o.State, o.Status, o.UpdatedAt}
}
