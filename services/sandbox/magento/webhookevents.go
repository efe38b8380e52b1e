package magento

import "fmt"

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
		w.orderColumns(o)
		w.list("items", func() {
			for _, row := range w.itemRows(o) {
				w.raw("", row)
			}
		})
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
		if shape == BodyBare {
			return s.restOrder(o)
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
		if shape == BodyBare {
			return s.restCustomer(c)
		}
		w := &phpWriter{model: true}
		w.object("", func() {
			w.textAlways("event", event)
			w.object("data", func() {
				w.textAlways("entity_id", fmt.Sprint(c.ID))
				w.int("website_id", c.WebsiteID)
				w.int("store_id", c.StoreID)
				w.int("group_id", c.GroupID)
				w.textAlways("email", c.Email)
				w.textAlways("firstname", c.Firstname)
				w.textAlways("lastname", c.Lastname)
				w.textAlways("created_at", c.CreatedAt)
				w.textAlways("updated_at", c.UpdatedAt)
			})
		})
		return w.buf
	})
}
