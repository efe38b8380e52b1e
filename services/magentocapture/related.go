package magentocapture

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

// relatives are the records that belong to one, by the name under which flows
// ask for them, or why they can't be had.
type relatives struct {
	records map[string]json.RawMessage
	err     error
}

// order reads the orders of some documents, for each document by its number.
func (r *records) order(ctx context.Context, documents []magento.Record) (map[int64]relatives, error) {
	ids := orderIDs(documents)
	var found magento.FoundRecords
	err := r.breaker.Do(ctx, "order "+strconv.FormatInt(ids[0], 10), func(ctx context.Context) (err error) {
		found, err = r.store.ByID(ctx, magento.Orders, ids)
		return err
	})
	if err != nil {
		return nil, err
	}
	orders := map[int64]relatives{}
	for _, o := range slices.Concat(found.Records, found.Foreign) {
		orders[o.ID] = relatives{records: map[string]json.RawMessage{"order": o.JSON}}
	}
	for _, broken := range found.Broken {
		orders[broken.EntityID] = relatives{err: broken.Err}
	}
	out := map[int64]relatives{}
	for _, d := range documents {
		with, ok := orders[d.OrderID]
		if !ok {
			with.err = failure.Transient("magento.order.missing", fmt.Sprintf("the %s %s is of order %d, which the store does not show", r.entity, d.Key, d.OrderID), nil)
		}
		out[d.ID] = with
	}
	return out, nil
}

// orderAndInvoices reads the orders of some invoices, and all invoices of those
// orders, oldest first.
func (r *records) orderAndInvoices(ctx context.Context, documents []magento.Record) (map[int64]relatives, error) {
	out, err := r.order(ctx, documents)
	if err != nil {
		return nil, err
	}
	ids := orderIDs(documents)
	var found magento.FoundRecords
	err = r.breaker.Do(ctx, "order "+strconv.FormatInt(ids[0], 10), func(ctx context.Context) (err error) {
		found, err = r.store.OfOrders(ctx, magento.Invoices, ids)
		return err
	})
	if err != nil {
		return nil, err
	}
	all := slices.Concat(found.Records, found.Foreign)
	slices.SortFunc(all, func(a, b magento.Record) int { return cmp.Compare(a.ID, b.ID) })
	lists := map[int64][]json.RawMessage{}
	for _, i := range all {
		lists[i.OrderID] = append(lists[i.OrderID], i.JSON)
	}
	failed := map[string]error{}
	for _, broken := range found.Broken {
		failed[broken.ID] = broken.Err
	}
	for _, d := range documents {
		with := out[d.ID]
		if err := failed[strconv.FormatInt(d.OrderID, 10)]; err != nil && with.err == nil {
			with.err = err
		}
		if with.err == nil {
			list, err := json.Marshal(lists[d.OrderID])
			with = relatives{map[string]json.RawMessage{"order": with.records["order"], "invoices": list}, err}
		}
		out[d.ID] = with
	}
	return out, nil
}

func orderIDs(documents []magento.Record) (ids []int64) {
	for _, d := range documents {
		ids = append(ids, d.OrderID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
