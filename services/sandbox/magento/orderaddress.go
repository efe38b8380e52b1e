package magento

import (
	"context"
	"database/sql"
	"encoding/json"
)

var orderAddressKeys = map[string]bool{
	"address_type": true, "entity_id": true, "parent_id": true, "customer_id": true, "customer_address_id": true, "email": true, "prefix": true,
	"firstname": true, "middlename": true, "lastname": true, "suffix": true, "company": true, "street": true, "city": true, "region": true,
	"region_code": true, "region_id": true, "postcode": true, "country_id": true, "telephone": true, "fax": true, "vat_id": true,
	"vat_is_valid": true, "vat_request_date": true, "vat_request_id": true, "vat_request_success": true, "extension_attributes": true,
}

const orderAddressInterface = `Magento\Sales\Api\Data\OrderAddressInterface`

// saveOrderAddress saves one address of an order. It is a row of its own, so
// the order's updated_at stays, and nothing is dispatched.
func (s *Server) saveOrderAddress(ctx context.Context, c *call) ([]byte, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	var kind struct {
		Type string `json:"address_type"`
	}
	if err := c.object("entity", orderAddressInterface, orderAddressKeys, &kind); err != nil {
		return nil, err
	}
	lock := &s.orderLocks[id%int64(len(s.orderLocks))]
	lock.Lock()
	defer lock.Unlock()
	o, err := s.db.order(ctx, id)
	if err != nil {
		return nil, err
	}
	to := &o.Billing
	if kind.Type = orText(kind.Type, "billing"); kind.Type == "shipping" {
		to = &o.ShippingTo
	}
	row := to.EntityID
	if err := c.object("entity", orderAddressInterface, orderAddressKeys, to); err != nil {
		return nil, err
	}
	to.EntityID = row
	if err := s.db.write(ctx, func(tx *sql.Tx) error { return updateOrder(ctx, tx, o) }); err != nil {
		return nil, err
	}
	w := &phpWriter{}
	w.address("", kind.Type, o, *to)
	return w.buf, nil
}

// decodeAddress reads an address of an order that is being saved.
func decodeAddress(raw json.RawMessage, into *orderAddress) error {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	return decodeObject(raw, "billing_address", orderAddressInterface, orderAddressKeys, into)
}
