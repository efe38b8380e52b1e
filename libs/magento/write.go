package magento

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/scrub/jsonscan"
)

// Comment is a row of an order's history (Magento core,
// Sales/Api/Data/OrderStatusHistoryInterface).
type Comment struct {
	EntityID  int64
	Comment   string
	Status    string
	CreatedAt time.Time
	// About is "order", "invoice", "shipment" or "creditmemo".
	About string
}

// Comments gives the history that came with the order's record, the newest
// first; ok is false where the record has none (a projection, or a module that
// takes it out): then [Client.Comments] asks for it.
func (o Order) Comments() (comments []Comment, ok bool) {
	text, ok := jsonscan.Field(o.Raw, "status_histories")
	var histories []history
	if !ok || json.Unmarshal(text, &histories) != nil || histories == nil {
		return nil, false
	}
	return commentsOf(histories), true
}

// history is a row of status_histories.
type history struct {
	EntityID   ID     `json:"entity_id"`
	Comment    string `json:"comment"`
	Status     string `json:"status"`
	CreatedAt  string `json:"created_at"`
	EntityName string `json:"entity_name"`
}

// Comments reads an order's history, the newest first. It fails with
// [ErrNotFound] in the chain when there is no such order.
func (c *Client) Comments(ctx context.Context, entityID int64) ([]Comment, error) {
	var list struct {
		Items []history `json:"items"`
	}
	if err := c.do(ctx, call{method: http.MethodGet, route: orderRoute(entityID, "/comments"), entity: "entity_id"}, &list); err != nil {
		return nil, err
	}
	return commentsOf(list.Items), nil
}

func commentsOf(rows []history) []Comment {
	comments := make([]Comment, len(rows))
	for i, row := range rows {
		at, _ := time.Parse(stampLayout, row.CreatedAt) // zero if it is absent
		comments[i] = Comment{int64(row.EntityID), row.Comment, row.Status, at, row.EntityName}
	}
	return comments
}

// AddComment adds a comment, which the shopper neither sees nor is told of, and
// sets the order's status. Each call adds a row, so read [Client.Comments]
// first, and again when the outcome is unknown. The status must be given: up to
// 2.4.6 a comment without one empties the order's status, and the order vanishes
// from the grid (magento/magento2 issues 34180, 32968). A status that Magento
// refuses fails with [ErrStatusRefused] in the chain.
func (c *Client) AddComment(ctx context.Context, entityID int64, comment, status string) error {
	if comment == "" || status == "" {
		return failure.Defect("magento.comment", "a comment needs a text and the order's status", nil)
	}
	history := map[string]any{
		"comment": comment, "status": status, "is_customer_notified": 0, "is_visible_on_front": 0, "parent_id": entityID,
	}
	var done bool
	req := call{
		method: http.MethodPost, route: orderRoute(entityID, "/comments"), entity: "entity_id",
		body: map[string]any{"statusHistory": history}, status: status,
	}
	if err := c.do(ctx, req, &done); err != nil {
		return err
	}
	if !done {
		return failure.Rejected("magento.refused", "comment", req.name()+": Magento did not add the comment and gave no reason", "see the store's log")
	}
	return nil
}

// statusRefused recognises the refusal by its shape, as its text is translated:
// the one parameter is the status that was sent (Magento core,
// Sales/Model/Service/OrderService::addComment).
func statusRefused(req call, m message) bool {
	return req.status != "" &&
		(m.first() == req.status || strings.Contains(m.Message, "is not part of the order status history"))
}

// SaveState writes state and status over the order, without any of the store's
// logic but its check of the state, so the answer may differ from what was asked
// for (Magento core, Sales/Model/ResourceModel/Order/Handler/State). It always
// sends the increment id: without it older versions draw a new one
// (magento/magento2 issues 32397, 33666).
func (c *Client) SaveState(ctx context.Context, entityID int64, incrementID, state, status string) (OrderState, error) {
	if entityID <= 0 || incrementID == "" || state == "" || status == "" {
		return OrderState{}, failure.Defect("magento.save_state", "saving a state needs entity id, increment id, state and status", nil)
	}
	o, err := c.saveOrder(ctx, map[string]any{"entity_id": entityID, "increment_id": incrementID, "state": state, "status": status})
	if err != nil {
		return OrderState{}, err
	}
	return o.state(), o.kept(entityID, incrementID)
}

// kept fails when a saved order has other numbers than before.
func (o Order) kept(entityID int64, incrementID string) error {
	if o.EntityID != entityID || o.IncrementID != incrementID {
		return failure.Conflict("magento.order_renamed", "increment_id",
			fmt.Sprintf("order %d was saved as %s, and Magento made it order %d, %s", entityID, incrementID, o.EntityID, o.IncrementID),
			"correct the number in the store and update Magento")
	}
	return nil
}

func orderRoute(entityID int64, rest string) string {
	return "/V1/orders/" + strconv.FormatInt(entityID, 10) + rest
}
