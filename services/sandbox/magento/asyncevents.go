package magento

import "strings"

// The events of Mage-OS Async Events (mageos-common-async-events).
const (
	asyncOrderCreated    = "sales.order.created"
	asyncOrderUpdated    = "sales.order.updated"
	asyncOrderPaid       = "sales.order.paid"
	asyncOrderShipped    = "sales.order.shipped"
	asyncOrderHolded     = "sales.order.holded"
	asyncOrderUnholded   = "sales.order.unholded"
	asyncOrderCancelled  = "sales.order.cancelled"
	asyncShipmentCreated = "sales.shipment.created"
	asyncInvoiceCreated  = "sales.invoice.created"
	asyncCustomerCreated = "customer.created"
	asyncInvoicePaid     = "sales.invoice.paid"
	asyncCustomerUpdated = "customer.updated"
	asyncAddressCreated  = "customer.address.created"
	asyncAddressUpdated  = "customer.address.updated"
	asyncProductCreated  = "catalog.product.created"
	asyncProductUpdated  = "catalog.product.updated"

	asyncCreditmemoCreated = "sales.creditmemo.created"
)

// isAsyncEvent tells them from the store's own, which have no dots.
func isAsyncEvent(event string) bool { return strings.Contains(event, ".") }

// asyncOrder sends an order after its commit.
func (s *Server) asyncOrder(event string, o *order) {
	s.hooks.emit(event, func(string) []byte { return s.restOrder(o) })
}

// asyncChange sends what a save made of an order.
func (s *Server) asyncChange(before order, o *order, ch change) {
	s.asyncOrder(asyncOrderUpdated, o)
	switch {
	case before.State == o.State:
	case o.State == stateCanceled:
		s.asyncOrder(asyncOrderCancelled, o)
	case o.State == stateHolded:
		s.asyncOrder(asyncOrderHolded, o)
	case before.State == stateHolded:
		s.asyncOrder(asyncOrderUnholded, o)
	}
	if o.TotalDue.IsZero() && !before.TotalDue.IsZero() {
		s.asyncOrder(asyncOrderPaid, o)
	}
	if ch.document != nil {
		s.asyncDocument(ch.document, ch.isNew)
		if ch.isNew && ch.document.kind() == shipmentKind {
			s.asyncOrder(asyncOrderShipped, o)
		}
	}
}

// asyncDocument sends a document after its commit. An invoice is paid when it
// is made or later.
func (s *Server) asyncDocument(d document, isNew bool) {
	bare := func(string) []byte { return restDocument(d) }
	if isNew {
		s.hooks.emit(d.kind().created, bare)
	}
	if inv, ok := d.(*invoice); ok && inv.State == invoicePaid {
		s.hooks.emit(asyncInvoicePaid, bare)
	}
}
