package magento

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
)

// insertCustomer writes a new row, or the same row anew.
func insertCustomer(ctx context.Context, tx *sql.Tx, c customer) error {
	doc, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode customer %d: %w", c.ID, err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO customer_entity
		(entity_id, website_id, store_id, group_id, email, firstname, lastname, created_at, updated_at, doc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (entity_id) DO UPDATE SET website_id = excluded.website_id, store_id = excluded.store_id, group_id = excluded.group_id,
		email = excluded.email, firstname = excluded.firstname, lastname = excluded.lastname, updated_at = excluded.updated_at, doc = excluded.doc`,
		c.ID, c.WebsiteID, c.StoreID, c.GroupID, c.Email, c.Firstname, c.Lastname, c.CreatedAt, c.UpdatedAt, string(doc)); err != nil {
		return fmt.Errorf("write customer %d: %w", c.ID, err)
	}
	return nil
}

func (d *database) customer(ctx context.Context, id int64) (*customer, error) {
	return scanCustomer(d.reader.QueryRowContext(ctx, `SELECT doc FROM customer_entity WHERE entity_id = ?`, id), "customerId", id)
}

// customerOfAddress finds whose address it is.
func (d *database) customerOfAddress(ctx context.Context, id int64) (*customer, error) {
	return scanCustomer(d.reader.QueryRowContext(ctx, `SELECT doc FROM customer_entity, json_each(doc, '$.addresses') AS a
		WHERE json_extract(a.value, '$.id') = ?`, id), "addressId", id)
}

func scanCustomer(row *sql.Row, field string, id int64) (*customer, error) {
	var doc []byte
	switch err := row.Scan(&doc); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, errNoSuchEntity(field, id)
	case err != nil:
		return nil, fmt.Errorf("read customer by %s %d: %w", field, id, err)
	}
	c := new(customer)
	if err := json.Unmarshal(doc, c); err != nil {
		return nil, fmt.Errorf("decode customer by %s %d: %w", field, id, err)
	}
	return c, nil
}

// emailTaken reports whether another account of the website has the address;
// letters of either case are the same.
func (d *database) emailTaken(ctx context.Context, c *customer) (bool, error) {
	var n int
	err := d.reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM customer_entity WHERE website_id = ? AND email = ? AND entity_id <> ?`,
		c.WebsiteID, c.Email, c.ID).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for e-mail address: %w", err)
	}
	return n > 0, nil
}

// ofBilling reads a field of the default billing address, as the collection's
// joins do (Magento core, Customer/Model/ResourceModel/CustomerRepository).
func ofBilling(name string) field {
	return field{expr: `(SELECT NULLIF(json_extract(b.value, '$.` + name + `'), '') FROM json_each(doc, '$.addresses') AS b
		WHERE json_extract(b.value, '$.id') = json_extract(doc, '$.default_billing'))`}
}

var customerFields = map[string]field{
	"entity_id": {"entity_id", numberField}, "id": {"entity_id", numberField}, "website_id": {"website_id", numberField},
	"store_id": {"store_id", numberField}, "group_id": {"group_id", numberField}, "email": {"email", textField},
	"firstname": {"firstname", textField}, "lastname": {"lastname", textField}, "taxvat": inDoc("taxvat"), "gender": numberInDoc("gender", true),
	"prefix": inDoc("prefix"), "middlename": inDoc("middlename"), "suffix": inDoc("suffix"), "dob": inDoc("dob"),
	"default_billing": numberInDoc("default_billing", true), "default_shipping": numberInDoc("default_shipping", true),
	"created_at": {"created_at", timeField}, "updated_at": {"updated_at", timeField},
	"billing_postcode": ofBilling("postcode"), "billing_city": ofBilling("city"), "billing_region": ofBilling("region"),
	"billing_telephone": ofBilling("telephone"), "billing_country_id": ofBilling("country_id"), "company": ofBilling("company"),
}

// customerEntity has the merchant's own attributes too.
func (s *Server) customerEntity() entity {
	fields := maps.Clone(customerFields)
	for _, code := range s.cfg.CustomerAttributes {
		fields[code] = inDoc("custom." + code)
	}
	return entity{from: "customer_entity", key: "entity_id", doc: "doc", eav: true, fields: fields}
}
