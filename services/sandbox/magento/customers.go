package magento

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
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
	VATID      string   `json:"vat_id,omitempty"`
}

// customer is a row of customer_entity with its addresses.
type customer struct {
	ID        int64             `json:"id"`
	GroupID   int64             `json:"group_id"`
	WebsiteID int64             `json:"website_id"`
	StoreID   int64             `json:"store_id"`
	Email     string            `json:"email"`
	Firstname string            `json:"firstname"`
	Lastname  string            `json:"lastname"`
	Gender    int64             `json:"gender"`
	Taxvat    string            `json:"taxvat"`
	CreatedAt string            `json:"created_at"`
	UpdatedAt string            `json:"updated_at"`
	Addresses []customerAddress `json:"addresses"` // the first is the default
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

func insertCustomer(ctx context.Context, tx *sql.Tx, c customer) error {
	doc, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode customer %d: %w", c.ID, err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO customer_entity
		(entity_id, website_id, store_id, group_id, email, firstname, lastname, created_at, updated_at, doc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.ID, c.WebsiteID, c.StoreID, c.GroupID, c.Email, c.Firstname, c.Lastname, c.CreatedAt, c.UpdatedAt, string(doc)); err != nil {
		return fmt.Errorf("insert customer %d: %w", c.ID, err)
	}
	return nil
}

var customerEntity = entity{
	from: "customer_entity", key: "entity_id", doc: "doc", eav: true,
	fields: map[string]field{
		"entity_id": {"entity_id", numberField}, "id": {"entity_id", numberField}, "website_id": {"website_id", numberField},
		"store_id": {"store_id", numberField}, "group_id": {"group_id", numberField}, "email": {"email", textField},
		"firstname": {"firstname", textField}, "lastname": {"lastname", textField}, "taxvat": inDoc("taxvat"), "gender": numberInDoc("gender", true),
		"created_at": {"created_at", timeField}, "updated_at": {"updated_at", timeField},
		"billing_postcode": inDoc("addresses[0].postcode"), "billing_city": inDoc("addresses[0].city"),
		"billing_telephone": inDoc("addresses[0].telephone"), "billing_country_id": inDoc("addresses[0].country_id"),
	},
}

func (s *Server) searchCustomers(ctx context.Context, c *call) ([]byte, error) {
	crit, err := parseCriteria(c.query, s.cfg.PageSizeLimit)
	if err != nil {
		return nil, err
	}
	rows, total, err := s.db.search(ctx, customerEntity, crit)
	if err != nil {
		return nil, err
	}
	items := make([][]byte, len(rows))
	for i, row := range rows {
		var cust customer
		if err := json.Unmarshal(row.doc, &cust); err != nil {
			return nil, internal("decode customer: %w", err)
		}
		items[i] = s.restCustomer(&cust)
	}
	return crit.envelope(items, total, false), nil
}

func (s *Server) getCustomer(ctx context.Context, c *call) ([]byte, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	cust, err := s.db.customer(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.restCustomer(cust), nil
}

func (d *database) customer(ctx context.Context, id int64) (*customer, error) {
	var doc []byte
	switch err := d.reader.QueryRowContext(ctx, `SELECT doc FROM customer_entity WHERE entity_id = ?`, id).Scan(&doc); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, errNoSuchEntity("customerId", id)
	case err != nil:
		return nil, fmt.Errorf("read customer %d: %w", id, err)
	}
	cust := new(customer)
	if err := json.Unmarshal(doc, cust); err != nil {
		return nil, fmt.Errorf("decode customer %d: %w", id, err)
	}
	return cust, nil
}

// restCustomer renders CustomerInterface; default_billing and default_shipping
// are address ids as text.
func (s *Server) restCustomer(c *customer) []byte {
	w := &phpWriter{}
	w.object("", func() {
		w.int("id", c.ID)
		w.int("group_id", c.GroupID)
		if len(c.Addresses) > 0 {
			w.textAlways("default_billing", fmt.Sprint(c.Addresses[0].ID))
			w.textAlways("default_shipping", fmt.Sprint(c.Addresses[0].ID))
		}
		w.textAlways("created_at", c.CreatedAt)
		w.textAlways("updated_at", c.UpdatedAt)
		w.textAlways("created_in", s.storeByID(c.StoreID).Name)
		w.textAlways("email", c.Email)
		w.textAlways("firstname", c.Firstname)
		w.textAlways("lastname", c.Lastname)
		w.id("gender", c.Gender)
		w.text("taxvat", c.Taxvat)
		w.int("store_id", c.StoreID)
		w.int("website_id", c.WebsiteID)
		w.list("addresses", func() {
			for n, a := range c.Addresses {
				w.customerAddress(c.ID, a, n == 0)
			}
		})
		w.int("disable_auto_group_change", 0)
		w.object("extension_attributes", func() { w.bool("is_subscribed", c.ID%3 == 0) })
	})
	return w.buf
}

func (w *phpWriter) customerAddress(customerID int64, a customerAddress, isDefault bool) {
	w.object("", func() {
		w.int("id", a.ID)
		w.int("customer_id", customerID)
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
		w.text("postcode", a.Postcode)
		w.text("city", a.City)
		w.text("firstname", a.Firstname)
		w.text("lastname", a.Lastname)
		w.text("vat_id", a.VATID)
		if isDefault {
			w.bool("default_shipping", true)
			w.bool("default_billing", true)
		}
	})
}
