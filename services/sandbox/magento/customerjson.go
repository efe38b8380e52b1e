package magento

import (
	"encoding/json"
	"fmt"
)

// restCustomer renders CustomerInterface; default_billing and default_shipping
// are address ids as text.
func (s *Server) restCustomer(c *customer) []byte {
	w := &phpWriter{}
	w.object("", func() {
		w.int("id", c.ID)
		w.int("group_id", c.GroupID)
		w.textOfID("default_billing", c.DefaultBilling)
		w.textOfID("default_shipping", c.DefaultShipping)
		w.text("confirmation", c.Confirmation)
		w.textAlways("created_at", c.CreatedAt)
		w.textAlways("updated_at", c.UpdatedAt)
		w.textAlways("created_in", s.storeByID(c.StoreID).Name)
		w.text("dob", c.DOB)
		w.textAlways("email", c.Email)
		w.textAlways("firstname", c.Firstname)
		w.textAlways("lastname", c.Lastname)
		w.text("middlename", c.Middlename)
		w.text("prefix", c.Prefix)
		w.text("suffix", c.Suffix)
		w.id("gender", c.Gender)
		w.text("taxvat", c.Taxvat)
		w.int("store_id", c.StoreID)
		w.int("website_id", c.WebsiteID)
		w.list("addresses", func() {
			for _, a := range c.Addresses {
				w.customerAddress(c, a)
			}
		})
		w.int("disable_auto_group_change", c.FixedGroup)
		w.object("extension_attributes", func() { w.bool("is_subscribed", c.Subscribed) })
		w.customAttributes(c.Custom)
	})
	return w.buf
}

func (w *phpWriter) textOfID(name string, id int64) {
	if id != 0 {
		w.textAlways(name, fmt.Sprint(id))
	}
}

// customAttributes is left out when there are none.
func (w *phpWriter) customAttributes(values map[string]json.RawMessage) {
	if len(values) == 0 {
		return
	}
	w.list("custom_attributes", func() {
		for _, code := range sortedKeys(values) {
			w.customAttribute(code, values[code])
		}
	})
}

func (w *phpWriter) customAttribute(code string, value json.RawMessage) {
	w.object("", func() {
		w.textAlways("attribute_code", code)
		w.key("value")
		v, err := decodeAny(value)
		if err != nil {
			v = string(value)
		}
		w.buf = appendPHPValue(w.buf, v)
	})
}

// customerAddress renders AddressInterface; a default flag is only there when
// it is true.
func (w *phpWriter) customerAddress(c *customer, a customerAddress) {
	w.object("", func() {
		w.int("id", a.ID)
		w.int("customer_id", c.ID)
		w.object("region", func() {
			if a.RegionCode == "" {
				w.null("region_code") // required by the interface
			} else {
				w.textAlways("region_code", a.RegionCode)
			}
			w.text("region", a.Region)
			w.int("region_id", a.RegionID)
		})
		w.int("region_id", a.RegionID)
		w.text("country_id", a.CountryID)
		w.list("street", func() {
			for _, line := range a.Street {
				w.textAlways("", line)
			}
		})
		w.text("company", a.Company)
		w.text("telephone", a.Telephone)
		w.text("fax", a.Fax)
		w.text("postcode", a.Postcode)
		w.text("city", a.City)
		w.text("firstname", a.Firstname)
		w.text("lastname", a.Lastname)
		w.text("middlename", a.Middlename)
		w.text("prefix", a.Prefix)
		w.text("suffix", a.Suffix)
		w.text("vat_id", a.VATID)
		if c.DefaultShipping == a.ID {
			w.bool("default_shipping", true)
		}
		if c.DefaultBilling == a.ID {
			w.bool("default_billing", true)
		}
		w.customAttributes(a.Custom)
	})
}
