package magento

import (
	"fmt"
	"reflect"
	"strings"
)

// The events of an address's save.
const (
	eventAddressSave   = "customer_address_save_after"
	eventAddressCommit = "customer_address_save_commit_after"
)

// customerSaved sends what follows a customer's commit, and a save of each
// address that changed. An edit of addresses alone says nothing of the customer
// to Mage-OS.
func (s *Server) customerSaved(before, after *customer) {
	s.customerEvent(eventCustomerCommit, after)
	switch {
	case before.ID == 0:
		s.asyncCustomer(asyncCustomerCreated, after)
	case accountMoved(before, after):
		s.asyncCustomer(asyncCustomerUpdated, after)
	}
	for _, a := range after.Addresses {
		switch known := before.address(a.ID); {
		case known == nil:
			s.addressEvents(asyncAddressCreated, after, a)
		case !reflect.DeepEqual(*known, a):
			s.addressEvents(asyncAddressUpdated, after, a)
		}
	}
}

func (s *Server) asyncCustomer(event string, c *customer) {
	s.hooks.emit(event, func(string) []byte { return s.restCustomer(c) })
}

func (s *Server) addressEvents(async string, c *customer, a customerAddress) {
	s.addressEvent(eventAddressSave, c, a)
	s.addressEvent(eventAddressCommit, c, a)
	s.hooks.emit(async, func(string) []byte { return restAddress(c, a) })
}

func (s *Server) addressEvent(event string, c *customer, a customerAddress) {
	s.hooks.emit(event, func(shape string) []byte {
		w := &phpWriter{model: true}
		switch shape {
		case BodyBare:
			return restAddress(c, a)
		case bodyAdobe:
			w.object("", func() { w.addressModel(c, a) })
			return w.buf
		case bodyMetadata:
			return s.metadata(c.StoreID)
		}
		w.object("", func() {
			w.textAlways("event", event)
			w.object("data", func() { w.addressModel(c, a) })
		})
		return w.buf
	})
}

func (w *phpWriter) addressModel(c *customer, a customerAddress) {
	w.textAlways("entity_id", fmt.Sprint(a.ID))
	w.textAlways("parent_id", fmt.Sprint(c.ID))
	w.textAlways("customer_id", fmt.Sprint(c.ID))
	w.textAlways("firstname", a.Firstname)
	w.textAlways("lastname", a.Lastname)
	w.text("company", a.Company)
	w.textAlways("street", strings.Join(a.Street, "\n"))
	w.text("city", a.City)
	w.text("region", a.Region)
	w.textOfID("region_id", a.RegionID)
	w.text("postcode", a.Postcode)
	w.text("country_id", a.CountryID)
	w.text("telephone", a.Telephone)
}
