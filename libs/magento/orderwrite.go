package magento

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/scrub/jsonscan"
)

// CreateOrder saves a new order as it is given, the body of "entity", with rows,
// addresses and payment. Magento runs none of the checkout's logic and reserves
// no stock, and draws the increment id unless the entity has one. It is not
// idempotent: look for the order first, by a field that the caller chose
// (ext_order_id, or the increment id).
func (c *Client) CreateOrder(ctx context.Context, entity json.RawMessage) (Order, error) {
	if !json.Valid(entity) {
		return Order{}, failure.Defect("magento.save_order", "the order to create is no JSON", nil)
	}
	if id, ok := jsonscan.Field(entity, "entity_id"); ok {
		return Order{}, failure.Defect("magento.save_order", "an order to create has no entity_id, this one has "+plain(id), nil)
	}
	return c.saveOrder(ctx, entity)
}

// SaveOrder writes the given columns over an order, without any of the store's
// logic but its check of the state. The entity must have entity_id, and
// increment_id, without which older versions draw a new one (magento/magento2
// issue 32397); a state goes with its status.
func (c *Client) SaveOrder(ctx context.Context, entity json.RawMessage) (Order, error) {
	var has struct {
		EntityID    ID     `json:"entity_id"`
		IncrementID string `json:"increment_id"`
		State       string `json:"state"`
		Status      string `json:"status"`
	}
	if err := json.Unmarshal(entity, &has); err != nil || has.EntityID == 0 || has.IncrementID == "" || (has.State == "") != (has.Status == "") {
		return Order{}, failure.Defect("magento.save_order", "saving an order needs entity_id and increment_id, and both or none of state and status", err)
	}
	o, err := c.saveOrder(ctx, entity)
	if err != nil {
		return Order{}, err
	}
	return o, o.kept(int64(has.EntityID), has.IncrementID)
}

func (c *Client) saveOrder(ctx context.Context, entity any) (Order, error) {
	req := call{method: http.MethodPost, route: "/V1/orders", entity: "entity_id", body: map[string]any{"entity": entity}}
	saved, err := c.saved(ctx, Orders, req)
	return saved.order(), err
}

// saved sends a write whose answer is the record.
func (c *Client) saved(ctx context.Context, l List, req call) (row, error) {
	var body []byte
	if err := c.do(ctx, req, &body); err != nil {
		return row{}, err
	}
	r, err := l.parseOne(body)
	if err != nil {
		return row{}, unreadable(req, err)
	}
	return r, nil
}

// Cancel cancels an order and sets its stock free. Magento cancels none that is
// invoiced, held, complete or canceled already; that is magento.order.not_cancelable.
func (c *Client) Cancel(ctx context.Context, orderID int64) error {
	return c.act(ctx, orderID, "/cancel")
}

// Hold puts an open order on hold; otherwise it fails with magento.order.hold_refused.
func (c *Client) Hold(ctx context.Context, orderID int64) error { return c.act(ctx, orderID, "/hold") }

// Unhold releases a held order; otherwise it fails with magento.order.hold_refused.
func (c *Client) Unhold(ctx context.Context, orderID int64) error {
	return c.act(ctx, orderID, "/unhold")
}

// act does what has no body. Magento tells some refusals by false and status 200.
func (c *Client) act(ctx context.Context, orderID int64, action string) error {
	req := call{method: http.MethodPost, route: orderRoute(orderID, action), entity: "entity_id", about: ofOrder}
	var done bool
	if err := c.do(ctx, req, &done); err != nil {
		return err
	}
	if !done {
		code := "magento.order.hold_refused"
		if action == "/cancel" {
			code = "magento.order.not_cancelable"
		}
		return failure.Rejected(code, "state", req.name()+": Magento refused to "+strings.TrimPrefix(action, "/")+" the order and gave no reason",
			"see the order's state in Magento: it may be invoiced, held, complete or canceled already; a paid order needs a credit memo")
	}
	return nil
}
