package magentocapture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/magpie-integration/magpie/libs/magento"
)

// Editing an order in Magento's Admin places a new one (000000123-1), then
// writes its number into the old one and cancels that, in one request but not in
// one transaction (Magento core, Sales/Model/AdminOrder/Create). Whether an
// order replaces its parent is thus seen only at the parent, so a change carries
// the whole line of parents, and a flow decides.

// ancestorsName is what flows ask for under with: a list, nearest first.
const ancestorsName = "ancestors"

// maxAncestors bounds the edits that are followed; more are a loop or a mistake.
const maxAncestors = 20

// lineage is the line of orders that an edited order was made from.
type lineage struct {
	orders []magento.Order
	err    error
}

// ancestors reads the parents of the orders that have some, by the orders'
// internal numbers. Each generation is one search for all of them.
func (r *orders) ancestors(ctx context.Context, orders []magento.Order) map[int64]lineage {
	lines := map[int64]lineage{}
	open := map[int64]magento.Order{} // the oldest known of each line
	for _, o := range orders {
		if o.ParentNumber != "" {
			open[o.EntityID] = o
		}
	}
	for range maxAncestors {
		if len(open) == 0 {
			break
		}
		var numbers []string
		for _, o := range open {
			numbers = append(numbers, o.ParentNumber)
		}
		slices.Sort(numbers)
		numbers = slices.Compact(numbers)
		found, err := r.byNumber(ctx, numbers)
		for id, child := range open {
			parent, has, failed := parentOf(child, found)
			line := lines[id]
			if line.err = errors.Join(err, failed); has && line.err == nil {
				line.orders = append(line.orders, parent)
			}
			lines[id] = line
			if open[id] = parent; !has || line.err != nil || parent.ParentNumber == "" {
				delete(open, id)
			}
		}
	}
	return lines
}

// parentOf finds the order that another was made from. Store views may use the
// same numbers, so the internal number decides where there are several.
func parentOf(child magento.Order, found magento.Found) (parent magento.Order, has bool, err error) {
	for _, o := range found.Orders {
		if strings.EqualFold(o.IncrementID, child.ParentNumber) && (!has || o.EntityID == child.ParentID) {
			parent, has = o, true
		}
	}
	for _, b := range found.Broken {
		if strings.EqualFold(b.ID, child.ParentNumber) && !has {
			return parent, false, b.Err
		}
	}
	return parent, has, nil
}

// related gives the line as a change carries it.
func (l lineage) related() (map[string]json.RawMessage, error) {
	if l.err != nil || len(l.orders) == 0 {
		return nil, l.err
	}
	records := make([]json.RawMessage, len(l.orders))
	for i, o := range l.orders {
		records[i] = o.Raw
	}
	list, err := json.Marshal(records)
	if err != nil {
		return nil, fmt.Errorf("encode the orders that an order replaces: %w", err)
	}
	return map[string]json.RawMessage{ancestorsName: list}, nil
}

// hold says how old the notice of an order must be that may be the first half of
// an edit: as old as edits take. The store's clock may be wrong, so it is not
// only the order's own age that counts.
func (r *orders) hold(o magento.Order, line lineage) time.Duration {
	parentIsAlive := len(line.orders) > 0 && line.orders[0].State != "canceled"
	if !parentIsAlive || o.CreatedAt.IsZero() || time.Since(o.CreatedAt) >= r.cfg.EditWait {
		return 0
	}
	return r.cfg.EditWait
}
