package magentocapture

import (
	"context"
	"fmt"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/breaker"
	"github.com/magpie-integration/magpie/libs/capture"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

// orders reads orders by their increment ids.
type orders struct {
	cfg     Config
	store   Store
	breaker *breaker.Breaker
}

// Entity is the order.
func (r *orders) Entity() events.Entity { return events.Order }

// Read reads orders, and those that they replace.
func (r *orders) Read(ctx context.Context, keys []events.Key) (capture.Found, error) {
	numbers := make([]string, len(keys))
	for i, key := range keys {
		numbers[i] = string(key)
	}
	found, err := r.byNumber(ctx, numbers)
	if err != nil {
		return capture.Found{}, err
	}
	out := capture.Found{Failed: map[events.Key]error{}}
	lines := r.ancestors(ctx, found.Orders)
	times := map[events.Key]int{}
	for _, o := range found.Orders {
		times[orderKey(o)]++
	}
	for _, o := range found.Orders {
		key := orderKey(o)
		if n := times[key]; n > 1 {
			out.Failed[key] = ambiguous(events.Order, key, n)
			continue
		}
		record, err := r.record(o, lines[o.EntityID])
		if err != nil {
			out.Failed[key] = err
			continue
		}
		out.Records = append(out.Records, record)
	}
	for _, o := range found.Foreign {
		out.Foreign = append(out.Foreign, orderKey(o))
	}
	for _, broken := range found.Broken {
		out.Failed[events.Key(broken.ID)] = broken.Err
	}
	return out, nil
}

func (r *orders) byNumber(ctx context.Context, numbers []string) (found magento.Found, err error) {
	err = r.breaker.Do(ctx, numbers[0], func(ctx context.Context) (err error) {
		found, err = r.store.OrdersByIncrementID(ctx, numbers)
		return err
	})
	return found, err
}

// record gives an order with the line of those that it was made from.
func (r *orders) record(o magento.Order, line lineage) (capture.Record, error) {
	related, err := line.related()
	if err != nil {
		return capture.Record{}, err
	}
	record := capture.Record{
		Key: orderKey(o), JSON: o.Raw, Related: related, ModifiedAt: o.UpdatedAt, StoreID: o.StoreID,
		Hold: r.hold(o, line), Because: "the order was made from another, which may be about to be cancelled",
	}
	if o.ChildNumber != "" { // whether it replaces this one depends on what has just changed here
		record.Also = []capture.Also{{
			Entity: events.Order, Key: events.CanonicalKey(events.Magento, events.Order, o.ChildNumber),
			Event: "parent " + o.IncrementID + " changed",
		}}
	}
	return record, nil
}

// Resolve finds the increment ids of orders.
func (r *orders) Resolve(ctx context.Context, ids []int64) (capture.Resolved, error) {
	var found magento.Found
	err := r.breaker.Do(ctx, string(events.InternalID(ids[0])), func(ctx context.Context) (err error) {
		found, err = r.store.OrdersByEntityID(ctx, ids)
		return err
	})
	if err != nil {
		return capture.Resolved{}, err
	}
	out := capture.Resolved{Keys: map[int64]events.Key{}, Failed: map[int64]error{}}
	for _, o := range found.Orders {
		out.Keys[o.EntityID] = orderKey(o)
	}
	for _, o := range found.Foreign {
		out.Foreign = append(out.Foreign, o.EntityID)
	}
	for _, broken := range found.Broken {
		out.Failed[broken.EntityID] = broken.Err
	}
	return out, nil
}

// Sweeps looks for orders by updated_at.
func (r *orders) Sweeps() []capture.Sweep { return r.cfg.sweep(r.list) }

func (r *orders) list(ctx context.Context, w capture.Window, after string) (capture.Page, error) {
	cursor, err := cursorOf(after)
	if err != nil {
		return capture.Page{}, err
	}
	var page magento.Page
	err = r.breaker.Do(ctx, "sweep", func(ctx context.Context) (err error) {
		page, err = r.store.OrdersUpdated(ctx, w.From, w.To, cursor, pageSize)
		return err
	})
	if err != nil {
		return capture.Page{}, err
	}
	var out capture.Page
	for _, o := range page.Orders {
		out.Rows = append(out.Rows, capture.Row{Key: orderKey(o), ModifiedAt: o.UpdatedAt, Record: o.Raw, StoreID: o.StoreID})
	}
	for _, broken := range page.Broken {
		out.Rows = append(out.Rows, capture.Row{ID: broken.EntityID})
	}
	out.Next, err = afterOf(page.Next, page.More)
	return out, err
}

func orderKey(o magento.Order) events.Key {
	return events.CanonicalKey(events.Magento, events.Order, o.IncrementID)
}

// ambiguous is the failure of a number that several records of the website have:
// store views may count on their own (Magento core, SalesSequence).
func ambiguous(entity events.Entity, key events.Key, n int) error {
	return failure.Conflict("magento."+string(entity)+".ambiguous", "increment_id",
		fmt.Sprintf("%d %ss of this website have the number %s", n, entity, key),
		fmt.Sprintf("give each store view its own prefix of %s numbers in Magento", entity))
}
