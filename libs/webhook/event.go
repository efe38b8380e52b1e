package webhook

import (
	"fmt"
	"slices"
	"strings"
)

// Entities of notices, in the words of package events.
const (
	Order    = "order"
	Customer = "customer"
	Product  = "product"
	Stock    = "stock"
)

// role says what the record of an event is, and so which of its fields tells
// the entity.
type role int

const (
	self      role = iota // the entity itself: its business key, else entity_id
	document              // an invoice, shipment, credit memo or row of an order: order_id
	orderPart             // a history or address of an order: parent_id
	address               // an address of a customer: customer_id, parent_id
)

// rule maps events to an entity. A name that ends in '*' stands for all events
// that begin so; the longest name that fits decides.
type rule struct {
	name   string
	entity string
	role   role
}

// rules is the table of known events. Sources: Magento core, Sales, Customer,
// Catalog and CatalogInventory (dispatched events); Mage-OS Async Events,
// etc/async_events.xml; Adobe's docs, events/ and webhooks/ (plugin.*).
var rules = []rule{
	{"sales_order_*", Order, self},
	{"sales_order_save_after", Order, self},
	{"sales_order_save_commit_after", Order, self},
	{"sales_order_place_after", Order, self},
	{"sales_order_invoice_*", Order, document},
	{"sales_order_shipment_*", Order, document},
	{"sales_order_creditmemo_*", Order, document},
	{"sales_order_item_*", Order, document},
	{"sales_order_status_history_*", Order, orderPart},
	{"sales_order_address_*", Order, orderPart},
	{"sales_order_payment_*", Order, orderPart},
	{"sales_model_service_quote_submit_success", Order, self},
	{"checkout_submit_all_after", Order, self},
	{"order_cancel_after", Order, self},
	{"sales.order.*", Order, self},
	{"sales.invoice.*", Order, document},
	{"sales.shipment.*", Order, document},
	{"sales.creditmemo.*", Order, document},
	{"magento.sales.api.order_management.*", Order, self},
	{"magento.sales.api.order_repository.*", Order, self},
	{"customer_*", Customer, self},
	{"customer_address_*", Customer, address},
	{"customer.*", Customer, self},
	{"customer.address.*", Customer, address},
	{"catalog_product_*", Product, self},
	{"catalog.product.*", Product, self},
	{"cataloginventory_stock_item_*", Stock, self},
}

// KnownEvents lists the events that are understood; '*' stands for any ending.
func KnownEvents() []string {
	names := make([]string, len(rules))
	for i, r := range rules {
		names[i] = r.name
	}
	slices.Sort(names)
	return names
}

// lookUp finds the rule of an event. Adobe puts "observer." or "plugin." before
// the name, and "com.adobe.commerce." with or without a number before that
// (Adobe's docs, events/module-development): only what follows counts.
func lookUp(event string) (rule, bool) {
	for _, kind := range []string{"observer.", "plugin."} {
		if i := strings.LastIndex(event, kind); i == 0 || i > 0 && strings.HasPrefix(event, "com.adobe.commerce.") {
			event = event[i+len(kind):]
		}
	}
	best, ok := rule{}, false
	for _, r := range rules {
		head, open := strings.CutSuffix(r.name, "*")
		fits := event == r.name || open && strings.HasPrefix(event, head) && len(event) > len(head)
		if fits && (!ok || len(r.name) > len(best.name)) {
			best, ok = r, true
		}
	}
	return best, ok
}

// UnknownEventError is an event that no rule is for.
type UnknownEventError struct {
	Event string
	Known []string
}

// Error implements error.
func (e *UnknownEventError) Error() string {
	return fmt.Sprintf("the event %q is not known; known are %s", e.Event, strings.Join(e.Known, ", "))
}
