package gp

import (
	"cmp"
	"context"
	"time"
)

// Action is GP's DataModificationAction.
type Action string

// The actions.
const (
	ActionCreated Action = "Created"
	ActionUpdated Action = "Updated"
	ActionDeleted Action = "Deleted"
)

// ChangedCriteria restricts a list of changed keys.
type ChangedCriteria struct {
	LastModified TimeRange
	Action       Action // empty for any
	// ID is that of the document, customer, address or item, and for prices the
	// item's; it takes no Like.
	ID Match
}

func (c ChangedCriteria) object(id string) object {
	return object{"LastModifiedDate": c.LastModified.object(), "Action": equalTo(string(c.Action)), id: c.ID.object()}
}

// ChangedKey is one record that was changed, and how. These lists are the only
// way to see in the services that a record was deleted, and need eConnect's
// requester tables to be kept in the company: where nothing feeds them they are
// empty, so that nothing must depend on them alone.
type ChangedKey struct {
	Action       Action
	LastModified time.Time
	ID           string // of the document, customer, address or item
	CustomerID   string // of an address
	// DocumentTypeID is that of a sales document, such as STDORD.
	DocumentTypeID string
	Pricing        PricingKey // of a price
}

// ChangedSalesOrders lists orders that were changed.
func (c *Client) ChangedSalesOrders(ctx context.Context, criteria ChangedCriteria) ([]ChangedKey, error) {
	return list(ctx, c, "GetChangedSalesOrderKeyList", criteria.object("SalesDocumentKeyId"), readChanged)
}

// ChangedSalesInvoices lists invoices that were changed.
func (c *Client) ChangedSalesInvoices(ctx context.Context, criteria ChangedCriteria) ([]ChangedKey, error) {
	return list(ctx, c, "GetChangedSalesInvoiceKeyList", criteria.object("SalesDocumentKeyId"), readChanged)
}

// ChangedCustomers lists customers that were changed.
func (c *Client) ChangedCustomers(ctx context.Context, criteria ChangedCriteria) ([]ChangedKey, error) {
	return list(ctx, c, "GetChangedCustomerKeyList", criteria.object("Id"), readChanged)
}

// ChangedCustomerAddresses lists addresses of customers that were changed.
func (c *Client) ChangedCustomerAddresses(ctx context.Context, criteria ChangedCriteria) ([]ChangedKey, error) {
	return list(ctx, c, "GetChangedCustomerAddressKeyList", criteria.object("AddressKeyId"), readChanged)
}

// ChangedItems lists items that were changed.
func (c *Client) ChangedItems(ctx context.Context, criteria ChangedCriteria) ([]ChangedKey, error) {
	return list(ctx, c, "GetChangedItemKeyList", criteria.object("ItemKeyId"), readChanged)
}

// ChangedPricings lists entries of price lists that were changed.
func (c *Client) ChangedPricings(ctx context.Context, criteria ChangedCriteria) ([]ChangedKey, error) {
	return list(ctx, c, "GetChangedPricingKeyList", criteria.object("ItemKeyId"), readChanged)
}

// readChanged looks for the id in the row and in its key: the row of a document
// was seen in no published WSDL.
func readChanged(r *reading, n *node) ChangedKey {
	k := ChangedKey{
		Action: Action(n.text("Action")), LastModified: r.time(n, "LastModifiedDate"),
		ID:             cmp.Or(n.text("Id"), n.text("Key", "Id"), n.text("SalesDocumentKey", "Id")),
		CustomerID:     cmp.Or(n.text("CustomerKey", "Id"), n.text("Key", "CustomerKey", "Id")),
		DocumentTypeID: n.text("SalesDocumentTypeKey", "Id"),
		Pricing:        readPricingKey(n),
	}
	if k.Pricing.ItemNumber == "" {
		k.Pricing = readPricingKey(n.child("Key"))
	}
	return k
}
