package magento

import (
	"bytes"
	"encoding/json"
	"errors"
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

var (
	errNoOrder  = errors.New("an item of the list is no order")
	errNoEntity = errors.New("an order has no entity_id")
)

// scanOrder reads the order that begins with the token t. Raw is a copy, so that
// one order does not keep its whole page in memory.
func scanOrder(body []byte, scan *jsonscan.Scanner, t jsonscan.Token) (Order, error) {
	if t.Kind != jsonscan.ObjectStart {
		return Order{}, errNoOrder
	}
	var o Order
	start := t.Start
	for {
		t, err := scan.Next()
		if err != nil {
			return Order{}, err
		}
		if t.Kind == jsonscan.ObjectEnd {
			break
		}
		v, err := scan.Next()
		if err != nil {
			return Order{}, err
		}
		switch string(body[t.Start+1 : t.End-1]) {
		case "entity_id":
			o.EntityID = number(body, v)
		case "store_id":
			o.StoreID = number(body, v)
		case "increment_id":
			o.IncrementID = text(body, v)
		case "state":
			o.State = text(body, v)
		case "status":
			o.Status = text(body, v)
		case "updated_at":
			o.UpdatedAt = timeOf(body, v)
		case "created_at":
			o.CreatedAt = timeOf(body, v)
		case "relation_parent_real_id":
			o.ParentNumber = text(body, v)
		case "relation_parent_id":
			o.ParentID = number(body, v)
		case "relation_child_real_id":
			o.ChildNumber = text(body, v)
		}
		if err := scan.Skip(); err != nil {
			return Order{}, err
		}
	}
	if o.EntityID == 0 {
		return Order{}, errNoEntity
	}
	o.Raw = bytes.Clone(body[start:scan.Offset()])
	return o, nil
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
