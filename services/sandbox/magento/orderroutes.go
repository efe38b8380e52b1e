package magento

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/shopspring/decimal"
)

func (s *Server) searchOrders(ctx context.Context, c *call) ([]byte, error) {
	crit, err := parseCriteria(c.query, s.cfg.PageSizeLimit)
	if err != nil {
		return nil, err
	}
	rows, total, err := s.db.search(ctx, orderEntity, crit)
	if err != nil {
		return nil, err
	}
	items := make([][]byte, len(rows))
	for i, row := range rows {
		o, err := decodeOrder(row.doc)
		if err != nil {
			return nil, err
		}
		items[i] = s.restOrder(o)
	}
	return crit.envelope(items, total, false), nil
}

func (s *Server) getOrder(ctx context.Context, c *call) ([]byte, error) {
	o, err := s.orderOf(ctx, c)
	if err != nil {
		return nil, err
	}
	return s.restOrder(o), nil
}

func (s *Server) orderOf(ctx context.Context, c *call) (*order, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	return s.db.order(ctx, id)
}

func (s *Server) getStatus(ctx context.Context, c *call) ([]byte, error) {
	o, err := s.orderOf(ctx, c)
	if err != nil {
		return nil, err
	}
	if o.Status == "" {
		return []byte("null"), nil
	}
	return appendPHPString(nil, o.Status), nil
}

func (s *Server) searchItems(ctx context.Context, c *call) ([]byte, error) {
	crit, err := parseCriteria(c.query, s.cfg.PageSizeLimit)
	if err != nil {
		return nil, err
	}
	rows, total, err := s.db.search(ctx, itemEntity, crit)
	if err != nil {
		return nil, err
	}
	items := make([][]byte, 0, len(rows))
	for _, row := range rows {
		item, err := s.restItem(row)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return crit.envelope(items, total, false), nil
}

// restItem renders the row with the key out of its order's document.
func (s *Server) restItem(row found) ([]byte, error) {
	o, err := decodeOrder(row.doc)
	if err != nil {
		return nil, err
	}
	for n, rendered := range s.orderWriter(o).itemRows(o) {
		if o.Items[n].ItemID == row.key {
			return rendered, nil
		}
	}
	return nil, internal("order %s has no item %d", o.IncrementID, row.key)
}

func (s *Server) getItem(ctx context.Context, c *call) ([]byte, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	byID := criteria{groups: [][]filter{{{field: "item_id", value: fmt.Sprint(id), condition: "eq", hasField: true, hasValue: true}}}}
	rows, _, err := s.db.search(ctx, itemEntity, byID)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errNoEntity
	}
	return s.restItem(rows[0])
}

// cancelOrder answers false with status 200 for an order that can't be
// cancelled (Magento core, Sales/Model/Service/OrderService::cancel).
func (s *Server) cancelOrder(ctx context.Context, c *call) ([]byte, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	switch err := s.cancel(ctx, id); {
	case errors.Is(err, errUnchanged):
		return jsonFalse, nil
	case err != nil:
		return nil, err
	}
	return jsonTrue, nil
}

func (s *Server) cancel(ctx context.Context, id int64) error {
	_, err := s.changeOrder(ctx, id, func(o *order) (change, error) {
		if !o.canCancel() {
			return change{}, errUnchanged
		}
		return s.cancellation(o), nil
	})
	return err
}

// cancellation cancels an order and gives back what it had reserved.
func (s *Server) cancellation(o *order) change {
	before := make([]decimal.Decimal, 0, len(o.Items))
	goods := o.goods()
	for _, it := range goods {
		before = append(before, it.QtyCanceled)
	}
	o.cancel()
	var released []chosen
	for n, it := range goods {
		released = append(released, chosen{it, it.QtyCanceled.Sub(before[n])})
	}
	return change{also: func(ctx context.Context, tx *sql.Tx) error { return s.reserve(ctx, tx, o, "order_canceled", released) }}
}

func (s *Server) holdOrder(ctx context.Context, c *call) ([]byte, error) {
	return s.simpleChange(ctx, c, func(o *order) error {
		if !o.canHold() {
			return badRequest("A hold action is not available.")
		}
		o.hold()
		return nil
	})
}

func (s *Server) unholdOrder(ctx context.Context, c *call) ([]byte, error) {
	return s.simpleChange(ctx, c, func(o *order) error {
		if o.State != stateHolded {
			return badRequest("You cannot remove the hold.")
		}
		o.unhold()
		return nil
	})
}

func (s *Server) emailOrder(ctx context.Context, c *call) ([]byte, error) {
	return s.simpleChange(ctx, c, func(o *order) error {
		o.EmailSent = 1
		return nil
	})
}

// simpleChange answers true when fn accepted the order.
func (s *Server) simpleChange(ctx context.Context, c *call, fn func(o *order) error) ([]byte, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	if _, err := s.changeOrder(ctx, id, func(o *order) (change, error) { return change{}, fn(o) }); err != nil {
		return nil, err
	}
	return jsonTrue, nil
}

// orderInterface is the class that unknown keys of an order are reported for.
const orderInterface = `Magento\Sales\Api\Data\OrderInterface`

// saveOrder is OrderRepositoryInterface::save: it writes the given columns
// over the row, runs no business logic but the state check, and draws a new
// increment id on old versions when none is given (magento/magento2 32397).
func (s *Server) saveOrder(ctx context.Context, c *call) ([]byte, error) {
	var given map[string]json.RawMessage
	if err := c.object("entity", orderInterface, nil, &given); err != nil {
		return nil, err
	}
	columns, err := orderOverlay(given)
	if err != nil {
		return nil, err
	}
	var id int64
	if raw, ok := given["entity_id"]; ok {
		if err := json.Unmarshal(raw, &id); err != nil {
			return nil, errType("entity_id", string(raw), "int")
		}
	}
	if id == 0 {
		return s.createOrder(ctx, c, columns, given)
	}
	o, err := s.changeOrder(ctx, id, func(o *order) (change, error) {
		if _, ok := given["increment_id"]; !ok && s.Version() == Version246 {
			o.IncrementID = s.nextIncrement(o.StoreID)
		}
		for _, set := range columns {
			set(o)
		}
		return change{}, nil
	})
	if err != nil {
		return nil, err
	}
	return s.restOrder(o), nil
}
