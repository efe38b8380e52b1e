package magento

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// EditOrder is what a merchant changes of an order in the Admin. What is left
// out stays as it was.
type EditOrder struct {
	Lines          []PlaceLine `json:"lines,omitempty"`
	ShippingMethod string      `json:"shipping_method,omitempty"`
	PaymentMethod  string      `json:"payment_method,omitempty"`
	Shipping       *Address    `json:"shipping_address,omitempty"`
	// ParentFirst cancels the old order before it places the new one; Delay is
	// the time between the two.
	ParentFirst bool     `json:"parent_first,omitempty"`
	Delay       Duration `json:"delay,omitempty"`
	// Reorder places the same order again and leaves the old one alone. It gets
	// a number with a suffix too, as 2.4.7 did by mistake (magento/magento2 39089).
	Reorder bool `json:"reorder,omitempty"`
}

// Edit replaces an order that isn't invoiced, as the Admin does: a new one is
// placed under the number <original>-1, -2, …, the old one is told of it and
// cancelled (Magento core, Sales/Model/AdminOrder/Create::createOrder).
func (s *Server) Edit(ctx context.Context, incrementID string, e EditOrder) (OrderRow, error) {
	parent, err := s.db.orderByIncrement(ctx, incrementID)
	if err != nil {
		return OrderRow{}, fmt.Errorf("magento: edit order %s: %w", incrementID, err)
	}
	switch {
	case parent.Request == nil:
		return OrderRow{}, fmt.Errorf("%w: order %s was saved by an API and not placed", ErrInvalidOrder, incrementID)
	case !e.Reorder && !parent.canEdit():
		return OrderRow{}, fmt.Errorf("%w: order %s is %s or invoiced, and can't be edited", ErrInvalidOrder, incrementID, parent.State)
	}
	ch, child, err := s.draft(ctx, e.apply(*parent.Request))
	if err != nil {
		return OrderRow{}, err
	}
	if err := s.relate(ctx, child, parent); err != nil {
		return OrderRow{}, err
	}
	steps := []func() error{
		func() error { return s.submit(ctx, ch, child) },
		func() error { return pause(ctx, time.Duration(e.Delay)) },
		func() error { return s.replace(ctx, parent.EntityID, child) },
	}
	switch {
	case e.Reorder:
		steps = steps[:1]
	case e.ParentFirst:
		slices.Reverse(steps)
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return OrderRow{}, fmt.Errorf("magento: edit order %s: %w", incrementID, err)
		}
	}
	return child.row(), nil
}

func (e EditOrder) apply(p PlaceOrder) PlaceOrder {
	if len(e.Lines) > 0 {
		p.Lines = e.Lines
	}
	if e.Shipping != nil {
		p.Shipping = e.Shipping
	}
	p.Damage = nil
	p.ShippingMethod, p.PaymentMethod = orText(e.ShippingMethod, p.ShippingMethod), orText(e.PaymentMethod, p.PaymentMethod)
	return p
}

// canEdit is false once anything was invoiced (Magento core, Sales/Model/Order).
func (o *order) canEdit() bool {
	return o.canHold() && !slices.ContainsFunc(o.Items, func(it *orderItem) bool { return it.QtyInvoiced.Sign() > 0 })
}

// relate gives the new order its ids and says where it comes from.
func (s *Server) relate(ctx context.Context, child, parent *order) error {
	child.OriginalIncrementID = orText(parent.OriginalIncrementID, parent.IncrementID)
	child.RelationParentID, child.RelationParentRealID = strconv.FormatInt(parent.EntityID, 10), parent.IncrementID
	child.EntityID = s.ids.order.Add(1)
	for child.EditIncrement = parent.EditIncrement + 1; ; child.EditIncrement++ {
		child.IncrementID = fmt.Sprintf("%s-%d", child.OriginalIncrementID, child.EditIncrement)
		switch _, err := s.db.orderByIncrement(ctx, child.IncrementID); {
		case errors.Is(err, errNoEntity):
			return nil
		case err != nil:
			return err
		}
	}
}

// replace cancels an order for another one.
func (s *Server) replace(ctx context.Context, id int64, child *order) error {
	_, err := s.changeOrder(ctx, id, func(o *order) (change, error) {
		o.RelationChildID, o.RelationChildRealID = strconv.FormatInt(child.EntityID, 10), child.IncrementID
		if o.canCancel() {
			return s.cancellation(o), nil
		}
		return change{}, nil
	})
	return err
}
