package magento

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/magpie-integration/magpie/libs/scrub/jsonscan"
)

// Order is one order: its record as it came, and the few fields that Magpie's
// connectors steer by. The rest of Magpie works on Raw.
type Order struct {
	Raw json.RawMessage
	// EntityID is Magento's internal number, IncrementID what people see.
	EntityID    int64
	IncrementID string
	// StoreID is 0 when the store view was deleted after the order.
	StoreID int64
	// State drives logic, Status is a label of it that stores may add to; either
	// may be empty in old data (magento/magento2 issue 34180).
	State, Status string
	// UpdatedAt has whole seconds, in UTC. It is zero if Magento tells none.
	UpdatedAt time.Time
	// CreatedAt is when the order was placed, likewise.
	CreatedAt time.Time
	// ParentNumber is the increment id of the order from which this one was made
	// by editing or, in some versions, by re-ordering (magento/magento2 issue
	// 39089); ChildNumber that of the order made from this one. Most have neither.
	ParentNumber, ChildNumber string
	// ParentID is the parent's internal number.
	ParentID int64
}

// order gives the row of an order.
func (r *row) order() Order {
	return Order{
		Raw: r.JSON, EntityID: r.ID, IncrementID: r.Key, StoreID: r.StoreID, State: r.state, Status: r.status,
		UpdatedAt: r.UpdatedAt, CreatedAt: r.createdAt,
		ParentNumber: r.parentNumber, ChildNumber: r.childNumber, ParentID: r.parentID,
	}
}

func orders(rows []row) []Order {
	var list []Order
	for _, r := range rows {
		list = append(list, r.order())
	}
	return list
}

// text gives a value that may be text or a number; a number stays its digits.
func text(body []byte, v jsonscan.Token) string {
	switch v.Kind {
	case jsonscan.String:
		return jsonscan.Unquote(body, v)
	case jsonscan.Number:
		return string(body[v.Start:v.End])
	}
	return ""
}

// timeOf gives a time in UTC, or none.
func timeOf(body []byte, v jsonscan.Token) time.Time {
	at, err := time.Parse(stampLayout, text(body, v))
	if err != nil {
		return time.Time{}
	}
	return at
}

// number gives an id that may be a number or text.
func number(body []byte, v jsonscan.Token) int64 {
	n, err := strconv.ParseInt(text(body, v), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
