package magento

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
)

// Address is a postal address as a shopper types it.
type Address struct {
	Prefix     string   `json:"prefix,omitempty"`
	Firstname  string   `json:"firstname,omitempty"`
	Middlename string   `json:"middlename,omitempty"`
	Lastname   string   `json:"lastname,omitempty"`
	Suffix     string   `json:"suffix,omitempty"`
	Company    string   `json:"company,omitempty"`
	Street     []string `json:"street,omitempty"`
	City       string   `json:"city,omitempty"`
	Region     string   `json:"region,omitempty"`
	RegionCode string   `json:"region_code,omitempty"`
	RegionID   int64    `json:"region_id,omitempty"`
	Postcode   string   `json:"postcode,omitempty"`
	CountryID  string   `json:"country_id,omitempty"`
	Telephone  string   `json:"telephone,omitempty"`
	Fax        string   `json:"fax,omitempty"`
	VATID      string   `json:"vat_id,omitempty"`
}

// customer is a row of customer_entity with its addresses. "" and 0 are null.
type customer struct {
	ID              int64                      `json:"id"`
	GroupID         int64                      `json:"group_id"`
	WebsiteID       int64                      `json:"website_id"`
	StoreID         int64                      `json:"store_id"`
	Email           string                     `json:"email"`
	Prefix          string                     `json:"prefix,omitempty"`
	Firstname       string                     `json:"firstname"`
	Middlename      string                     `json:"middlename,omitempty"`
	Lastname        string                     `json:"lastname"`
	Suffix          string                     `json:"suffix,omitempty"`
	DOB             string                     `json:"dob,omitempty"`
	Gender          int64                      `json:"gender"`
	Taxvat          string                     `json:"taxvat"`
	Confirmation    string                     `json:"confirmation,omitempty"`
	FixedGroup      int64                      `json:"disable_auto_group_change,omitempty"`
	Subscribed      bool                       `json:"is_subscribed"`
	DefaultBilling  int64                      `json:"default_billing"`
	DefaultShipping int64                      `json:"default_shipping"`
	Custom          map[string]json.RawMessage `json:"custom,omitempty"`
	CreatedAt       string                     `json:"created_at"`
	UpdatedAt       string                     `json:"updated_at"`
	Addresses       []customerAddress          `json:"addresses"`
}

// clone is a copy whose parts can be changed.
func (c *customer) clone() *customer {
	out := *c
	out.Addresses = slices.Clone(c.Addresses)
	out.Custom = maps.Clone(c.Custom)
	return &out
}

// address returns the address with that id, or nil.
func (c *customer) address(id int64) *customerAddress {
	for i := range c.Addresses {
		if c.Addresses[i].ID == id {
			return &c.Addresses[i]
		}
	}
	return nil
}

// billing is the default billing address, else the first one, else nil.
func (c *customer) billing() *Address {
	switch a := c.address(c.DefaultBilling); {
	case a != nil:
		return &a.Address
	case len(c.Addresses) > 0:
		return &c.Addresses[0].Address
	}
	return nil
}

// addressID is the id of an address that is in the customer's book, else 0.
func (c *customer) addressID(a *Address) int64 {
	for i := range c.Addresses {
		if reflect.DeepEqual(c.Addresses[i].Address, *a) {
			return c.Addresses[i].ID
		}
	}
	return 0
}

type customerAddress struct {
	ID int64 `json:"id"`
	Address
	Custom map[string]json.RawMessage `json:"custom,omitempty"`
}

// randomAddress makes up an address for a store view's shopper.
func randomAddress(rng *rand.Rand, st Store) Address {
	if abroad := rng.IntN(100) < 8; abroad || st.Country != "US" {
		f := pick(rng, foreigners)
		return Address{
			Firstname: f.first, Lastname: f.last, Street: []string{f.street}, City: f.city, Region: f.region,
			Postcode: f.postcode, CountryID: f.country, Telephone: f.phone,
		}
	}
	t := pick(rng, towns)
	a := Address{
		Firstname: pick(rng, firstNames), Lastname: pick(rng, lastNames),
		Street: []string{fmt.Sprintf("%d %s %s", 1+rng.IntN(9800), pick(rng, streetNames), pick(rng, streetKinds))},
		City:   t.city, Region: t.region, RegionCode: t.code, RegionID: t.regionID, CountryID: "US",
		Postcode: fmt.Sprintf("%s%02d", t.zip, rng.IntN(100)), Telephone: fmt.Sprintf("%s-555-%04d", t.area, 100+rng.IntN(100)),
	}
	if rng.IntN(4) == 0 {
		a.Street = append(a.Street, fmt.Sprintf("Apt %d%c", 1+rng.IntN(30), "ABCDEF"[rng.IntN(6)]))
	}
	if rng.IntN(8) == 0 {
		a.Company = pick(rng, companies)
	}
	if rng.IntN(5) == 0 {
		a.Postcode += fmt.Sprintf("-%04d", 1000+rng.IntN(9000))
	}
	return a
}

// emailFor builds an address in example.com that n keeps apart from others.
func emailFor(a Address, n int64) string {
	ascii := func(name string) string {
		return strings.Map(func(r rune) rune {
			switch {
			case r >= 'A' && r <= 'Z':
				return r + 'a' - 'A'
			case r >= 'a' && r <= 'z':
				return r
			}
			return -1
		}, name)
	}
	return fmt.Sprintf("%s.%s.%d@example.com", orText(ascii(a.Firstname), "shopper"), orText(ascii(a.Lastname), "x"), n)
}

func newCustomers(rng *rand.Rand, n int, stores []Store, now string) []customer {
	out := make([]customer, n)
	for i := range out {
		st := stores[0]
		if len(stores) > 1 && rng.IntN(6) == 0 {
			st = stores[1+rng.IntN(len(stores)-1)]
		}
		a := randomAddress(rng, st)
		id := int64(i + 1)
		out[i] = customer{
			ID: id, GroupID: 1, WebsiteID: st.WebsiteID, StoreID: st.ID, Email: emailFor(a, id), Firstname: a.Firstname, Lastname: a.Lastname,
			DefaultBilling: 2*id - 1, DefaultShipping: 2*id - 1, Subscribed: id%3 == 0,
			Gender: int64(1 + rng.IntN(3)), CreatedAt: now, UpdatedAt: now, Addresses: []customerAddress{{ID: 2*id - 1, Address: a}},
		}
		if a.Company != "" {
			out[i].GroupID = 2 // wholesale
		}
		if rng.IntN(5) == 0 {
			second := randomAddress(rng, st)
			second.Firstname, second.Lastname = a.Firstname, a.Lastname
			out[i].Addresses = append(out[i].Addresses, customerAddress{ID: 2 * id, Address: second})
		}
	}
	return out
}
