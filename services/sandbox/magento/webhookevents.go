package magento

import (
	"fmt"
	"strings"
)

// The events that the store dispatches. Each save of a record dispatches its
// save event inside the transaction and its commit event after it (Magento
// core, Framework/Model/AbstractModel).
const (
	eventOrderPlace     = "sales_order_place_after"
	eventOrderSave      = "sales_order_save_after"
	eventOrderCommit    = "sales_order_save_commit_after"
	eventCheckoutSubmit = "checkout_submit_all_after"
	eventCustomerSave   = "customer_save_after"
	eventCustomerCommit = "customer_save_commit_after"
)

// orderEvent sends an order as it is now.
func (s *Server) orderEvent(event string, o *order) {
	s.emitOrder(event, o, func(w *phpWriter) {
		w.orderModelID(o)
		w.orderModel(o)
	})
}

// orderModel is the PHP model of an order without its id.
func (w *phpWriter) orderModel(o *order) {
	w.orderColumns(o)
	w.list("items", func() {
		for _, row := range w.itemRows(o) {
			w.raw("", row)
		}
	})
}

// orderEcho sends a later save of an order. Some of them carry only what was
// changed, without the increment id.
func (s *Server) orderEcho(event string, o *order) {
	if every := int64(s.cfg.NoiseEvery); every <= 0 || o.EntityID%every != 0 {
		s.orderEvent(event, o)
		return
	}
	s.emitOrder(event, o, func(w *phpWriter) {
		w.orderModelID(o)
		w.int("store_id", o.StoreID)
		w.text("state", o.State)
		w.text("status", o.Status)
		w.text("updated_at", o.UpdatedAt)
	})
}

func (s *Server) emitOrder(event string, o *order, data func(*phpWriter)) {
	s.hooks.emit(event, func(shape string) []byte {
		switch shape {
		case BodyBare:
			return s.restOrder(o)
		case bodyAdobe:
			return adobeOrder(o)
		case bodyMetadata:
			return s.metadata(o.StoreID)
		}
		w := &phpWriter{model: true}
		w.object("", func() {
			w.textAlways("event", event)
			w.object("data", func() { data(w) })
		})
		return w.buf
	})
}

// orderModelID writes the id as PHP's last insert id gives it, as text, once
// the row has one.
func (w *phpWriter) orderModelID(o *order) {
	if o.EntityID != 0 {
		w.textAlways("entity_id", fmt.Sprint(o.EntityID))
	}
}

// customerEvent sends a customer.
func (s *Server) customerEvent(event string, c *customer) {
	s.hooks.emit(event, func(shape string) []byte {
		w := &phpWriter{model: true}
		switch shape {
		case BodyBare:
			return s.restCustomer(c)
		case bodyAdobe:
			w.object("", func() { w.customerModel(c) })
			return w.buf
		case bodyMetadata:
			return s.metadata(c.StoreID)
		}
		w.object("", func() {
			w.textAlways("event", event)
			w.object("data", func() { w.customerModel(c) })
		})
		return w.buf
	})
}

func (w *phpWriter) customerModel(c *customer) {
	w.textAlways("entity_id", fmt.Sprint(c.ID))
	w.int("website_id", c.WebsiteID)
	w.int("store_id", c.StoreID)
	w.int("group_id", c.GroupID)
	w.textAlways("email", c.Email)
	w.textAlways("firstname", c.Firstname)
	w.textAlways("lastname", c.Lastname)
	w.textAlways("created_at", c.CreatedAt)
	w.textAlways("updated_at", c.UpdatedAt)
}

// metadata is what an I/O Event says of the store.
func (s *Server) metadata(storeID int64) []byte {
	w := &phpWriter{}
	w.object("", func() {
		website := fmt.Sprint(s.storeByID(storeID).WebsiteID)
		w.textAlways("commerceEdition", "Adobe Commerce")
		w.textAlways("commerceVersion", s.Version())
		w.textAlways("storeId", fmt.Sprint(storeID))
		w.textAlways("websiteId", website)
		w.textAlways("storeGroupId", website)
	})
	return w.buf
}

// adobeOrder is the value of an I/O Event: the PHP model and not REST's shape.
// A new order may have no id yet, addresses are one list, additional
// information keeps its keys, and an empty object is a list to PHP.
func adobeOrder(o *order) []byte {
	w := &phpWriter{model: true, flags: true}
	w.object("", func() {
		isNew := o.UpdatedAt == o.CreatedAt
		if !isNew {
			w.orderModelID(o)
		}
		w.bool("_isNew", isNew)
		w.orderModel(o)
		w.list("addresses", func() {
			w.modelAddress("billing", o, o.Billing)
			if o.IsVirtual == 0 {
				w.modelAddress("shipping", o, o.ShippingTo)
			}
		})
		w.object("payment", func() {
			w.textAlways("method", o.Payment.Method)
			w.number("amount_ordered", o.Payment.AmountOrdered.Order)
			w.number("base_amount_ordered", o.Payment.AmountOrdered.Base)
			w.text("cc_last_4", o.Payment.CCLast4)
			w.text("po_number", o.Payment.PONumber)
			w.text("last_trans_id", o.Payment.LastTransID)
			w.object("additional_information", func() {
				for _, info := range o.Payment.Info {
					w.text(info.Key, info.Value)
				}
			})
			w.list("extension_attributes", func() {})
		})
		w.list("extension_attributes", func() {})
	})
	return w.buf
}

func (w *phpWriter) modelAddress(kind string, o *order, a orderAddress) {
	w.object("", func() {
		w.textAlways("address_type", kind)
		w.textAlways("parent_id", fmt.Sprint(o.EntityID))
		w.text("email", o.CustomerEmail)
		w.text("firstname", a.Firstname)
		w.text("lastname", a.Lastname)
		w.text("company", a.Company)
		w.textAlways("street", strings.Join(a.Street, "\n"))
		w.text("city", a.City)
		w.text("region", a.Region)
		w.text("region_code", a.RegionCode)
		w.text("postcode", a.Postcode)
		w.text("country_id", a.CountryID)
		w.text("telephone", a.Telephone)
	})
}
