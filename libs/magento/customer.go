package magento

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"strconv"

	"github.com/magpie-integration/magpie/libs/failure"
)

// Customer reads one customer by its internal number, of any website. It fails
// with [ErrNotFound] in the chain when there is none.
func (c *Client) Customer(ctx context.Context, id int64) (Record, error) {
	r, err := c.saved(ctx, Customers, call{method: http.MethodGet, route: customerRoute(id), entity: "customerId"})
	return r.Record, err
}

// CustomerByEmail reads the customer who has an e-mail in a website; 0 stands
// for the pair's. Accounts of other websites with the same e-mail are other
// customers. It fails with [ErrNotFound] in the chain when there is none.
func (c *Client) CustomerByEmail(ctx context.Context, email string, websiteID int64) (Record, error) {
	found, err := c.ByKey(ctx, Customers, []string{email})
	if err != nil {
		return Record{}, err
	}
	if len(found.Broken) > 0 {
		return Record{}, found.Broken[0].Err
	}
	among := found.Records
	if websiteID != 0 {
		among = nil
		for _, r := range append(found.Records, found.Foreign...) {
			if r.WebsiteID == websiteID {
				among = append(among, r)
			}
		}
	}
	switch len(among) {
	case 0:
		return Record{}, failure.Rejected("magento.not_found", "email", "the website has no customer with this e-mail",
			"create the customer, or correct the e-mail").Because(ErrNotFound)
	case 1:
		return among[0], nil
	}
	return Record{}, failure.Conflict("magento.customer.ambiguous", "email", fmt.Sprintf("the website has %d customers with this e-mail", len(among)),
		"merge them in Magento, or give one another e-mail")
}

// CreateCustomer creates an account, the body of "customer", with its addresses
// and without a password: the shopper sets one through "forgot password". The
// website is the pair's unless website_id is given. An e-mail that the website
// has already fails with magento.customer.duplicate, so a create that was
// repeated makes no second account.
func (c *Client) CreateCustomer(ctx context.Context, customer map[string]any) (Record, error) {
	body := maps.Clone(customer)
	if len(body) == 0 {
		return Record{}, failure.Defect("magento.customer.create", "a customer to create needs e-mail and names", nil)
	}
	if body["website_id"] == nil {
		v, err := c.ownViews(ctx, 0)
		if err != nil {
			return Record{}, err
		}
		if !v.all {
			body["website_id"] = int64(v.website.ID)
		}
	}
	r, err := c.saved(ctx, Customers, call{method: http.MethodPost, route: "/V1/customers", about: ofCustomer, body: map[string]any{"customer": body}})
	return r.Record, err
}

// SaveCustomer reads a customer, lets change edit it, and writes back what
// changed. Numbers are [json.Number].
//
// A list of addresses is final: Magento deletes each address whose id is not in
// it and creates each one without an id. So it is sent only when change touched
// it, and then whole. E-mail, names and website are sent always, as Magento
// refuses a customer without them; a field that change takes out is kept by
// Magento, nil clears it (Magento core, Customer/Model/ResourceModel/CustomerRepository;
// magento/magento2 issues 2499, 25937). When nothing changed nothing is sent.
// What others write between the read and the write is lost for the fields that
// changed: Magento has no optimistic locking.
func (c *Client) SaveCustomer(ctx context.Context, id int64, change func(customer map[string]any) error) (Record, error) {
	before, err := c.Customer(ctx, id)
	if err != nil {
		return Record{}, err
	}
	was, err := fields(before.JSON)
	if err != nil {
		return Record{}, failure.Defect("magento.customer.unreadable", fmt.Sprintf("customer %d can't be read: %v", id, err), err)
	}
	now, _ := fields(before.JSON) // a copy of its own, for change
	if err := change(now); err != nil {
		return Record{}, err
	}
	changed := map[string]any{}
	for name, value := range now {
		if had, ok := was[name]; !ok || !sameJSON(had, value) {
			changed[name] = value
		}
	}
	if len(changed) == 0 {
		return before, nil
	}
	for _, name := range []string{"id", "email", "firstname", "lastname", "website_id", "store_id"} {
		if value, ok := now[name]; ok {
			changed[name] = value
		}
	}
	r, err := c.saved(ctx, Customers, call{
		method: http.MethodPut, route: customerRoute(id), entity: "customerId", about: ofCustomer, body: map[string]any{"customer": changed},
	})
	if err == nil && r.ID != id {
		return r.Record, failure.Conflict("magento.customer.other", "id", fmt.Sprintf("customer %d was saved, and Magento answered customer %d", id, r.ID),
			"see whether a module merges accounts")
	}
	return r.Record, err
}

func customerRoute(id int64) string { return "/V1/customers/" + strconv.FormatInt(id, 10) }

// fields reads an object and keeps the digits of its numbers.
func fields(raw json.RawMessage) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	m := map[string]any{}
	return m, dec.Decode(&m)
}

// sameJSON compares values as they would be sent, so that an int equals a
// [json.Number], and a list of strings a list of any.
func sameJSON(a, b any) bool {
	if reflect.DeepEqual(a, b) {
		return true
	}
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// CustomerGroup is a group of customers (Magento core, Customer/Api/Data/GroupInterface).
type CustomerGroup struct {
	ID           ID     `json:"id"`
	Code         string `json:"code"`
	TaxClassID   ID     `json:"tax_class_id"`
	TaxClassName string `json:"tax_class_name"`
}

// CustomerGroups gives all groups; 0 is the group of guests.
func (c *Client) CustomerGroups(ctx context.Context) ([]CustomerGroup, error) {
	return numbered(ctx, c, call{route: "/V1/customerGroups/search"}, search{sort: []string{"id"}},
		func(g CustomerGroup) any { return g.ID })
}
