package magento

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"net/mail"
	"reflect"
	"slices"
	"strings"
)

// The countries whose addresses need a region, and those that do without a
// postcode (general/region/state_required, general/country/optional_zip_countries).
var (
	stateRequired = []string{"AU", "BR", "CA", "US"}
	zipOptional   = []string{"HK", "IE", "MO", "PA"}
)

// customerEdit changes a copy of a customer before it is checked and saved.
type customerEdit func(c *customer) error

// saveCustomer saves a new customer, id 0, or a changed one. Its updated_at
// does not move when only addresses change (magento/magento2 5013).
func (s *Server) saveCustomer(ctx context.Context, id int64, edit customerEdit) (*customer, error) {
	s.customerLock.Lock()
	defer s.customerLock.Unlock()
	now := s.timestamp()
	before := &customer{GroupID: 1, CreatedAt: now}
	if id != 0 {
		var err error
		if before, err = s.db.customer(ctx, id); err != nil {
			return nil, err
		}
	}
	c := before.clone()
	if err := edit(c); err != nil {
		return nil, err
	}
	if err := s.checkCustomer(ctx, c); err != nil {
		return nil, err
	}
	if id == 0 {
		c.ID = s.ids.customer.Add(1)
	}
	for i := range c.Addresses {
		if a := &c.Addresses[i]; a.ID <= 0 {
			a.ID = s.numberAddress(c, a.ID)
		}
	}
	c.dropLostDefaults()
	if accountMoved(before, c) {
		c.UpdatedAt = now
	}
	s.customerEvent(eventCustomerSave, c)
	if err := s.commitDelay(ctx); err != nil {
		return nil, err
	}
	if err := s.db.write(ctx, func(tx *sql.Tx) error { return insertCustomer(ctx, tx, *c) }); err != nil {
		return nil, err
	}
	s.accounts.put(c)
	s.customerSaved(before, c)
	return c, nil
}

// numberAddress gives a new address its id; the defaults that named it by its
// negative place in the list name it by the id.
func (s *Server) numberAddress(c *customer, place int64) int64 {
	id := s.ids.address.Add(1)
	if c.DefaultBilling == place && place < 0 {
		c.DefaultBilling = id
	}
	if c.DefaultShipping == place && place < 0 {
		c.DefaultShipping = id
	}
	return id
}

func (c *customer) dropLostDefaults() {
	if c.address(c.DefaultBilling) == nil {
		c.DefaultBilling = 0
	}
	if c.address(c.DefaultShipping) == nil {
		c.DefaultShipping = 0
	}
}

// accountMoved reports whether something other than addresses changed.
func accountMoved(before, after *customer) bool {
	a, b := *before, *after
	a.Addresses, b.Addresses = nil, nil
	return !reflect.DeepEqual(a, b)
}

// setAddresses makes the list that was sent the final state: an address whose
// id isn't in it goes, one without an id is new. What an address with an id
// leaves out is kept.
func (s *Server) setAddresses(c *customer, rows []json.RawMessage) error {
	final := make([]customerAddress, 0, len(rows))
	for i, row := range rows {
		sent := given{}
		if err := decodeObject(row, "addresses", addressClass, addressKeys, &sent); err != nil {
			return err
		}
		var id int64
		if err := sent.int("id", &id); err != nil {
			return err
		}
		a := customerAddress{ID: int64(-i - 1)}
		if id != 0 {
			known := c.address(id)
			if known == nil { // nobody's, or another customer's
				return errNoSuchEntity("addressId", id)
			}
			a = *known
		}
		if err := sent.address(&a); err != nil {
			return err
		}
		for name, into := range map[string]*int64{"default_billing": &c.DefaultBilling, "default_shipping": &c.DefaultShipping} {
			switch string(sent[name]) {
			case "true", "1", `"1"`:
				*into = a.ID
			case "false", "0", `"0"`:
				if *into == a.ID {
					*into = 0
				}
			}
		}
		final = append(final, a)
	}
	c.Addresses = final
	return nil
}

var errEmailTaken = badRequest("A customer with the same email address already exists in an associated website.")

func (s *Server) checkCustomer(ctx context.Context, c *customer) error {
	var missing []string
	for _, f := range []struct{ label, value string }{{"First Name", c.Firstname}, {"Last Name", c.Lastname}} {
		if strings.TrimSpace(f.value) == "" {
			missing = append(missing, `"`+f.label+`" is a required value.`)
		}
	}
	switch {
	case c.Email == "":
		return badRequest("The customer email is missing. Enter and try again.")
	case c.WebsiteID == 0:
		missing = append(missing, `"Associate to Website" is a required value.`)
	}
	if len(missing) > 0 {
		return badRequest(strings.Join(missing, "\n"))
	}
	if a, err := mail.ParseAddress(c.Email); err != nil || a.Address != c.Email {
		return badRequest(`"Email" is not a valid email address.`)
	}
	if !slices.ContainsFunc(customerGroups, func(g customerGroup) bool { return g.ID == c.GroupID }) {
		return badRequest("The specified customer group id does not exist.")
	}
	if !slices.ContainsFunc(s.cfg.Stores, func(st Store) bool { return st.WebsiteID == c.WebsiteID }) {
		return &restError{Status: http.StatusNotFound, Message: "The website with id %1 that was requested wasn't found. Verify the website and try again.", Parameters: []any{c.WebsiteID}}
	}
	for i := range c.Addresses {
		if err := checkAddress(&c.Addresses[i].Address); err != nil {
			return err
		}
	}
	taken, err := s.db.emailTaken(ctx, c)
	if err == nil && taken {
		err = errEmailTaken
	}
	return err
}

// checkAddress sums up what is missing (Magento core, Customer/Model/Address/Validator).
func checkAddress(a *Address) error {
	var errs []*restError
	need := func(field string, ok bool) {
		if !ok {
			errs = append(errs, errRequired(field))
		}
	}
	given := func(v string) bool { return strings.TrimSpace(v) != "" }
	need("firstname", given(a.Firstname))
	need("lastname", given(a.Lastname))
	need("street", given(strings.Join(a.Street, "")))
	need("city", given(a.City))
	need("telephone", given(a.Telephone))
	need("postcode", given(a.Postcode) || slices.Contains(zipOptional, a.CountryID))
	switch {
	case !given(a.CountryID):
		need("countryId", false)
	case len(a.CountryID) != 2 || strings.ToUpper(a.CountryID) != a.CountryID:
		errs = append(errs, errInvalidField("countryId", a.CountryID))
	default:
		need("regionId", !slices.Contains(stateRequired, a.CountryID) || a.RegionID != 0 || given(a.Region) || given(a.RegionCode))
	}
	return errAggregated(errs)
}
