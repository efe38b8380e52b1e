package webhook

import (
	"fmt"
	"strconv"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/scrub/jsonscan"
)

// sight is what was seen of a body.
type sight struct {
	body      []byte
	scan      jsonscan.Scanner
	eventName string // the member that names the event
	event     string
	best      record
	order     record // the object that a member "order" holds
	bestRank  int
}

// record holds the fields of one object by which a record is told.
type record struct {
	wrapper                                             string
	rank                                                int // see wrappers
	incrementID, sku, stamp                             string
	badKey                                              bool // increment_id is there, but no key
	entityID, id, orderID, parentID, customerID, itemID int64
	storeID                                             int64
	shape                                               shape
}

// shape has a bit for each group of fields that was seen.
type shape uint

const (
	hasOrderParts   shape = 1 << iota // items, payment, billing_address, grand_total...
	hasProductParts                   // type_id, attribute_set_id, price, visibility
	hasCustomer                       // email with group_id, website_id or addresses
	hasEmail
	hasStock // qty with is_in_stock or source_code
	hasQuantity
)

// wrappers are the members that may hold the record, by how near they come to
// it. Observers pass it by its name, Adobe I/O Events as data.value.
var wrappers = map[string]int{
	"data": 1, "value": 2, "payload": 1, "entity": 2, "object": 2, "data_object": 2, "result": 2,
	"order": 4, "invoice": 3, "shipment": 3, "creditmemo": 3, "customer": 3, "product": 3, "item": 2, "stock_item": 3,
}

// maxWrap is how many wrappers may lie around a record.
const maxWrap = 3

// walk reads the body's value: an object, or a list of one.
func (s *sight) walk() error {
	t, err := s.scan.Next()
	if err != nil {
		return err
	}
	if t.Kind == jsonscan.ArrayStart {
		return s.list()
	}
	if t.Kind != jsonscan.ObjectStart {
		return failure.Rejected("webhook.no_record", "", "the body is not an object", "send the record, or {\"event\":...,\"data\":{...}}")
	}
	return s.object(record{}, 0)
}

// list reads a body that is a list. Only one record fits into a notice.
func (s *sight) list() error {
	for n := 0; ; n++ {
		t, err := s.scan.Next()
		switch {
		case err != nil:
			return err
		case t.Kind == jsonscan.ArrayEnd:
			return nil
		case n == 1:
			return failure.Rejected("webhook.batch", "", "the body is a list of several records", "let the store send one record a request")
		case t.Kind == jsonscan.ObjectStart:
			err = s.object(record{}, 0)
		default:
			err = s.scan.Skip()
		}
		if err != nil {
			return err
		}
	}
}

// object reads an object that may be the record or hold it.
func (s *sight) object(r record, wraps int) error {
	for {
		t, err := s.scan.Next()
		if err != nil {
			return err
		}
		if t.Kind == jsonscan.ObjectEnd {
			s.judge(r)
			return nil
		}
		name := s.name(t)
		rank, wraps2 := wrappers[name], wraps+1
		v, err := s.scan.Next()
		if err != nil {
			return err
		}
		if v.Kind == jsonscan.ObjectStart && rank > 0 && wraps2 <= maxWrap {
			err = s.object(record{wrapper: name, rank: r.rank + rank}, wraps2)
		} else {
			if wraps == 0 && name == s.eventName && v.Kind == jsonscan.String {
				s.event = s.text(v)
			}
			r.see(name, v, s)
			err = s.scan.Skip()
		}
		if err != nil {
			return err
		}
	}
}

// name gives a member's name; names that are too long for the tables are "".
func (s *sight) name(t jsonscan.Token) string {
	if t.End-t.Start > maxText {
		return ""
	}
	return jsonscan.Unquote(s.body, t)
}

// see notes a member of the record.
func (r *record) see(name string, v jsonscan.Token, s *sight) {
	if v.Kind == jsonscan.Null {
		return
	}
	switch name {
	case "increment_id":
		r.incrementID, r.badKey = s.key(v)
	case "sku":
		r.sku = s.text(v)
	case "updated_at":
		r.stamp = s.text(v)
	case "entity_id":
		r.entityID = s.number(v)
	case "id":
		r.id = s.number(v)
	case "order_id":
		r.orderID = s.number(v)
	case "parent_id":
		r.parentID = s.number(v)
	case "customer_id":
		r.customerID = s.number(v)
	case "product_id":
		r.itemID = s.number(v)
	case "store_id":
		r.storeID = s.number(v)
	case "items", "payment", "billing_address", "grand_total", "base_grand_total", "total_due",
		"order_currency_code", "customer_is_guest", "status_histories", "state":
		r.shape |= hasOrderParts
	case "type_id", "attribute_set_id", "visibility", "media_gallery_entries":
		r.shape |= hasProductParts
	case "email":
		r.shape |= hasEmail
	case "group_id", "website_id", "addresses", "created_in":
		r.shape |= hasCustomer
	case "qty", "quantity":
		r.shape |= hasQuantity
	case "is_in_stock", "source_code", "stock_id":
		r.shape |= hasStock
	}
}

// judge keeps the record that comes nearest to being the one that is meant.
func (s *sight) judge(r record) {
	if r.wrapper == "order" {
		s.order = r
	}
	rank := 1 + r.rank
	if r.empty() {
		rank = 0
	}
	if rank > s.bestRank {
		s.best, s.bestRank = r, rank
	}
}

func (r *record) empty() bool {
	return r.incrementID == "" && !r.badKey && r.sku == "" && r.entityID == 0 && r.id == 0 && r.orderID == 0 &&
		r.parentID == 0 && r.customerID == 0 && r.itemID == 0
}

// text gives a string's text if it may be a key, else nothing.
func (s *sight) text(v jsonscan.Token) string {
	if v.Kind != jsonscan.String || v.End-v.Start > 6*maxText {
		return ""
	}
	text := jsonscan.Unquote(s.body, v)
	if !printable(text) {
		return ""
	}
	return text
}

// key gives an increment id; a number stays its digits. Magento's ids are text,
// but PHP's json_encode makes numbers of them where a module casts them.
func (s *sight) key(v jsonscan.Token) (key string, bad bool) {
	switch v.Kind {
	case jsonscan.String:
		key = s.text(v)
		return key, key == "" && v.End-v.Start > 2
	case jsonscan.Number:
		if v.Digits == v.End-v.Start && v.Digits <= maxText {
			return string(s.body[v.Start:v.End]), false
		}
	}
	return "", true
}

// number gives a positive whole number, sent as a number or as text, else 0.
func (s *sight) number(v jsonscan.Token) int64 {
	if v.Digits == 0 || v.Digits > 19 {
		return 0
	}
	var n int64
	var err error
	switch v.Kind {
	case jsonscan.Number:
		n, err = strconv.ParseInt(string(s.body[v.Start:v.End]), 10, 64)
	case jsonscan.String:
		n, err = strconv.ParseInt(s.text(v), 10, 64)
	}
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// notice makes a notice of what was seen.
func (s *sight) notice(event string) (Notice, error) {
	r := s.best
	n := Notice{Event: event, StoreID: r.storeID, Stamp: r.stamp}
	as, err := r.rule(event)
	if err != nil {
		return Notice{Event: event}, err
	}
	n.Entity = as.entity
	switch as.role {
	case document:
		if n.ID = r.orderID; n.ID == 0 && s.order.rank > 0 { // the document's order came along
			n.Key, n.ID = s.order.incrementID, s.order.entityID
		}
	case orderPart:
		n.ID = firstOf(r.orderID, r.parentID)
	case address:
		n.ID = firstOf(r.customerID, r.parentID)
	case self:
		switch as.entity {
		case Order:
			if r.badKey {
				return n, failure.Rejected("webhook.increment_id", "increment_id", "it is neither a text of at most 128 printable characters nor a whole number",
					"send increment_id as the store shows it")
			}
			n.Key, n.ID = r.incrementID, r.entityID
		case Customer:
			n.ID = firstOf(r.entityID, r.id, r.customerID)
		case Product:
			n.Key, n.ID = r.sku, firstOf(r.entityID, r.id)
		case Stock:
			n.Key, n.ID = r.sku, r.itemID
		}
	}
	if n.Key == "" && n.ID == 0 {
		return n, failure.Rejected("webhook.no_key", as.field(), fmt.Sprintf("the body does not say which %s it is about", as.entity),
			"add the field to the webhook's body")
	}
	return n, nil
}

// field is what must be in the body for a notice.
func (r rule) field() string {
	switch {
	case r.role == document:
		return "order_id"
	case r.role == orderPart:
		return "parent_id"
	case r.role == address:
		return "customer_id"
	case r.entity == Order:
		return "increment_id"
	case r.entity == Customer:
		return "entity_id"
	}
	return "sku"
}

// rule finds what the record is, by the event or by its shape.
func (r *record) rule(event string) (rule, error) {
	if event != "" {
		as, ok := lookUp(event)
		if !ok {
			unknown := &UnknownEventError{Event: shorten(event), Known: KnownEvents()}
			return rule{}, failure.Rejected("webhook.event_unknown", "event", unknown.Error(),
				"switch the event off in the store, or correct its name").Because(unknown)
		}
		return as, nil
	}
	switch {
	case r.orderID != 0 && r.parentID == 0 && r.sku == "":
		return rule{entity: Order, role: document}, nil
	case r.incrementID != "" || r.badKey || r.shape&hasOrderParts != 0 && r.entityID != 0:
		return rule{entity: Order}, nil
	case r.shape&hasQuantity != 0 && r.shape&hasStock != 0 && (r.sku != "" || r.itemID != 0):
		return rule{entity: Stock}, nil
	case r.sku != "":
		return rule{entity: Product}, nil
	case r.shape&hasEmail != 0 && r.shape&hasCustomer != 0:
		return rule{entity: Customer}, nil
	case r.entityID != 0 && r.shape&(hasEmail|hasProductParts|hasCustomer) == 0:
		return rule{entity: Order}, nil // an echo with only the changed fields
	}
	return rule{}, failure.Rejected("webhook.no_record", "", "the body names no event and has the shape of no known record",
		"send {\"event\":...,\"data\":{...}}, or name the event in a header or in the path")
}

func shorten(s string) string {
	if len(s) > maxText {
		s = s[:maxText] + "..."
	}
	return s
}

func firstOf(ids ...int64) int64 {
	for _, id := range ids {
		if id != 0 {
			return id
		}
	}
	return 0
}
