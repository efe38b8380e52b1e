package magento

import (
	"encoding/json"

	"github.com/shopspring/decimal"
)

// unwritten are parts of an order document that a save accepts and that the
// sandbox does not write over the row.
var unwritten = map[string]bool{
	"items": true, "billing_address": true, "payment": true, "status_histories": true, "extension_attributes": true,
}

// unkept are columns that the sandbox accepts without keeping.
var unkept = map[string]bool{
	"applied_taxes": true, "can_ship_partially": true, "can_ship_partially_item": true, "customer_dob": true,
	"forced_shipment_with_invoice": true, "payment_auth_expiration": true,
	"payment_authorization_amount": true, "quote_address_id": true,
	"shipping_address_id": true, "x_forwarded_for": true,
	"base_total_invoiced_cost": true,
}

// orderOverlay turns the sent columns into setters. Null clears a column.
func orderOverlay(given map[string]json.RawMessage) ([]func(*order), error) {
	return overlay(given, orderInterface, orderTexts, orderInts, orderNumbers, orderMoney)
}

// itemOverlay builds rows out of what was sent.
func itemOverlay(raw json.RawMessage) ([]*orderItem, error) {
	if raw == nil {
		return nil, nil
	}
	var sent []json.RawMessage
	if err := json.Unmarshal(raw, &sent); err != nil {
		return nil, errType("items", string(raw), `Magento\Sales\Api\Data\OrderItemInterface[]`)
	}
	const class = `Magento\Sales\Api\Data\OrderItemInterface`
	items := make([]*orderItem, 0, len(sent))
	for _, row := range sent {
		var given map[string]json.RawMessage
		if err := decodeObject(row, "items", class, nil, &given); err != nil {
			return nil, err
		}
		delete(given, "product_option")
		delete(given, "parent_item")
		set, err := overlay(given, class, itemTexts, itemInts, itemNumbers, itemMoney)
		if err != nil {
			return nil, err
		}
		it := &orderItem{ProductType: "simple", QtyOrdered: one}
		for _, fn := range set {
			fn(it)
		}
		items = append(items, it)
	}
	return items, nil
}

func overlay[Row any](given map[string]json.RawMessage, class string, texts []column[Row, string], ints []column[Row, int64], numbers []column[Row, decimal.Decimal], money []column[Row, pair]) ([]func(*Row), error) {
	var set []func(*Row)
	for _, name := range sortedKeys(given) {
		raw := given[name]
		if unwritten[name] || unkept[name] {
			continue
		}
		fn, wanted := setter(name, raw, texts, ints, numbers, money)
		switch {
		case wanted == "":
			return nil, errUnknownProperty(name, class)
		case fn == nil:
			return nil, errType(name, string(raw), wanted)
		}
		if name != "entity_id" {
			set = append(set, fn)
		}
	}
	return set, nil
}

// setter finds the column of a name. It returns no function for a value of a
// wrong type and no wanted type for an unknown name.
func setter[Row any](name string, raw json.RawMessage, texts []column[Row, string], ints []column[Row, int64], numbers []column[Row, decimal.Decimal], money []column[Row, pair]) (fn func(*Row), wanted string) {
	for _, c := range texts {
		if c.name == name {
			return assign(raw, c.of), "string"
		}
	}
	for _, c := range ints {
		if c.name == name {
			return assign(raw, c.of), "int"
		}
	}
	for _, c := range numbers {
		if c.name == name {
			return assign(raw, c.of), "float"
		}
	}
	for _, c := range money {
		switch name {
		case c.name:
			return assign(raw, func(r *Row) *decimal.Decimal { return &c.of(r).Order }), "float"
		case c.baseName():
			return assign(raw, func(r *Row) *decimal.Decimal { return &c.of(r).Base }), "float"
		}
	}
	return nil, ""
}

func assign[Row, V any](raw json.RawMessage, of func(*Row) *V) func(*Row) {
	var v V
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil
	}
	return func(r *Row) { *of(r) = v }
}
