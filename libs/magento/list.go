package magento

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"

	"github.com/magpie-integration/magpie/libs/scrub/jsonscan"
)

// List is one of the lists that Magento searches and that can be swept by
// updated_at: [Orders] and its siblings. The internal number, by which pages are
// cut, is entity_id in every search, however the record itself calls it.
type List struct {
	one, many string // what texts call its records
	route     string
	store     string // the store code of the path, if not the client's
	id, key   string // the record's fields for Record.ID and Record.Key
	// website is the column by which a search keeps to the pair's website:
	// store_id, website_id, or none for records that all websites share.
	website string
}

// The lists (Magento core, the modules' etc/webapi.xml). Products are read with
// the default values of all store views, which is what [Client.SaveProduct]
// writes.
var (
	Orders      = List{one: "order", many: "orders", route: "/V1/orders", id: "entity_id", key: "increment_id", website: "store_id"}
	Invoices    = List{one: "invoice", many: "invoices", route: "/V1/invoices", id: "entity_id", key: "increment_id", website: "store_id"}
	Creditmemos = List{one: "credit memo", many: "creditmemos", route: "/V1/creditmemos", id: "entity_id", key: "increment_id", website: "store_id"}
	Shipments   = List{one: "shipment", many: "shipments", route: "/V1/shipments", id: "entity_id", key: "increment_id", website: "store_id"}
	Customers   = List{one: "customer", many: "customers", route: "/V1/customers/search", id: "id", key: "email", website: "website_id"}
	Products    = List{one: "product", many: "products", route: "/V1/products", store: allStores, id: "id", key: "sku"}
)

// allStores is the store code of default values (docs: REST endpoints).
const allStores = "all"

// String is what texts call the list.
func (l List) String() string { return l.many }

// Record is one record of a list as it came, and the few fields that captures
// and writers steer by. The rest of Magpie works on JSON.
type Record struct {
	JSON json.RawMessage
	// ID is Magento's internal number.
	ID int64
	// Key is what people know it by: the increment id, a customer's e-mail, a
	// product's SKU.
	Key string
	// StoreID is 0 when the record has none, or its store view was deleted.
	StoreID int64
	// WebsiteID is known of customers only.
	WebsiteID int64
	// OrderID is the order's internal number, for invoices, credit memos and shipments.
	OrderID int64
	// UpdatedAt has whole seconds, in UTC. It is zero if Magento tells none.
	UpdatedAt time.Time
}

// Attribute gives a custom attribute of a customer or a product as text; ok is
// false where the record has none. A list comes as its JSON.
func (r Record) Attribute(code string) (value string, ok bool) {
	var attributes []struct {
		Code  string          `json:"attribute_code"`
		Value json.RawMessage `json:"value"`
	}
	list, _ := jsonscan.Field(r.JSON, "custom_attributes")
	if json.Unmarshal(list, &attributes) != nil {
		return "", false
	}
	for _, a := range attributes {
		if a.Code == code {
			return plain(a.Value), true
		}
	}
	return "", false
}

// row is a record with the fields that are read of orders only.
type row struct {
	Record
	state, status string
	createdAt     time.Time
	parentNumber  string
	childNumber   string
	parentID      int64
}

func (r *row) cursor() Cursor { return Cursor{r.UpdatedAt, r.ID} }

func records(rows []row) []Record {
	var list []Record
	for _, r := range rows {
		list = append(list, r.Record)
	}
	return list
}

var (
	errNoRecord = errors.New("an item of the list is no record")
	errNoID     = errors.New("a record has no internal number")
)

// scan reads the record that begins with the token t. JSON is a copy, so that
// one record does not keep its whole page in memory.
func (l List) scan(body []byte, scan *jsonscan.Scanner, t jsonscan.Token) (row, error) {
	if t.Kind != jsonscan.ObjectStart {
		return row{}, errNoRecord
	}
	var r row
	start := t.Start
	for {
		t, err := scan.Next()
		if err != nil {
			return row{}, err
		}
		if t.Kind == jsonscan.ObjectEnd {
			break
		}
		v, err := scan.Next()
		if err != nil {
			return row{}, err
		}
		switch name := body[t.Start+1 : t.End-1]; { // compared in place: an order has some 150 fields
		case string(name) == l.id:
			r.ID = number(body, v)
		case string(name) == l.key:
			r.Key = text(body, v)
		default:
			r.read(name, body, v)
		}
		if err := scan.Skip(); err != nil {
			return row{}, err
		}
	}
	if r.ID == 0 {
		return row{}, errNoID
	}
	r.JSON = bytes.Clone(body[start:scan.Offset()])
	return r, nil
}

// read keeps a field that is called alike in all lists.
func (r *row) read(name, body []byte, v jsonscan.Token) {
	switch string(name) {
	case "store_id":
		r.StoreID = number(body, v)
	case "website_id":
		r.WebsiteID = number(body, v)
	case "order_id":
		r.OrderID = number(body, v)
	case "updated_at":
		r.UpdatedAt = timeOf(body, v)
	case "created_at":
		r.createdAt = timeOf(body, v)
	case "state":
		r.state = text(body, v)
	case "status":
		r.status = text(body, v)
	case "relation_parent_real_id":
		r.parentNumber = text(body, v)
	case "relation_parent_id":
		r.parentID = number(body, v)
	case "relation_child_real_id":
		r.childNumber = text(body, v)
	}
}

// parseOne reads an answer that is a single record.
func (l List) parseOne(body []byte) (row, error) {
	var scan jsonscan.Scanner
	scan.Reset(body, 0)
	t, err := scan.Next()
	if err != nil {
		return row{}, err
	}
	return l.scan(body, &scan, t)
}
