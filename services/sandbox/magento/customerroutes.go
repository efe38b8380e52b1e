package magento

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
)

func (s *Server) searchCustomers(ctx context.Context, c *call) ([]byte, error) {
	crit, err := parseCriteria(c.query, s.cfg.PageSizeLimit)
	if err != nil {
		return nil, err
	}
	rows, total, err := s.db.search(ctx, s.customerEntity(), crit)
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

// createCustomer lets a group through only from a caller with a token; the
// website is that of the store in the path.
func (s *Server) createCustomer(ctx context.Context, c *call) ([]byte, error) {
	sent, addresses, err := s.customerBody(c)
	if err != nil {
		return nil, err
	}
	if !s.allowed(c.Request, "Magento_Customer::manage") {
		delete(sent, "group_id")
	}
	st, _ := s.storeByCode(c.store)
	saved, err := s.saveCustomer(ctx, 0, func(cust *customer) error {
		cust.StoreID, cust.WebsiteID = st.ID, st.WebsiteID
		if err := sent.customer(cust, s.cfg.CustomerAttributes); err != nil {
			return err
		}
		cust.DefaultBilling, cust.DefaultShipping = 0, 0 // they name addresses that aren't there yet
		return s.setAddresses(cust, addresses)
	})
	if err != nil {
		return nil, err
	}
	return s.restCustomer(saved), nil
}

// updateCustomer needs the required fields each time, also when they did not
// change.
func (s *Server) updateCustomer(ctx context.Context, c *call) ([]byte, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	sent, addresses, err := s.customerBody(c)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"email", "firstname", "lastname", "website_id"} {
		if _, ok := sent[name]; !ok {
			sent[name] = json.RawMessage("null")
		}
	}
	saved, err := s.saveCustomer(ctx, id, func(cust *customer) error {
		return s.editCustomer(cust, sent, addresses)
	})
	if err != nil {
		return nil, err
	}
	return s.restCustomer(saved), nil
}

func (s *Server) editCustomer(cust *customer, sent given, addresses []json.RawMessage) error {
	group := cust.GroupID
	if err := sent.customer(cust, s.cfg.CustomerAttributes); err != nil {
		return err
	}
	if isNull(orNull(sent["group_id"])) {
		cust.GroupID = group
	}
	if addresses == nil {
		return nil
	}
	return s.setAddresses(cust, addresses)
}

// customerBody reads the customer parameter. The addresses are nil when they
// were left out.
func (s *Server) customerBody(c *call) (given, []json.RawMessage, error) {
	sent := given{}
	if err := c.object("customer", customerClass, customerKeys, &sent); err != nil {
		return nil, nil, err
	}
	raw, ok := sent["addresses"]
	if !ok || isNull(raw) {
		return sent, nil, nil
	}
	addresses, err := s.entityList(c, raw, "addresses", addressClass)
	return sent, addresses, err
}

func (s *Server) deleteCustomer(ctx context.Context, c *call) ([]byte, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	s.customerLock.Lock()
	defer s.customerLock.Unlock()
	if _, err := s.db.customer(ctx, id); err != nil {
		return nil, err
	}
	err = s.db.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM customer_entity WHERE entity_id = ?`, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.accounts.remove(id)
	return jsonTrue, nil
}

func (s *Server) getAddress(ctx context.Context, c *call) ([]byte, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	cust, err := s.db.customerOfAddress(ctx, id)
	if err != nil {
		return nil, err
	}
	return restAddress(cust, *cust.address(id)), nil
}

func restAddress(c *customer, a customerAddress) []byte {
	w := &phpWriter{}
	w.customerAddress(c, a)
	return w.buf
}

func (s *Server) deleteAddress(ctx context.Context, c *call) ([]byte, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	owner, err := s.db.customerOfAddress(ctx, id)
	if err != nil {
		return nil, err
	}
	_, err = s.saveCustomer(ctx, owner.ID, func(cust *customer) error {
		if cust.address(id) == nil {
			return errNoSuchEntity("addressId", id)
		}
		cust.Addresses = slices.DeleteFunc(cust.Addresses, func(a customerAddress) bool { return a.ID == id })
		return nil
	})
	return jsonTrue, err
}

type customerGroup struct {
	ID   int64
	Code string
}

// customerGroups are those of a new installation.
var customerGroups = []customerGroup{{0, "NOT LOGGED IN"}, {1, "General"}, {2, "Wholesale"}, {3, "Retailer"}}

// groupEntity is a table of its own in SQL, since four groups need none.
var groupEntity = entity{
	from: "(SELECT 0 AS id, 'NOT LOGGED IN' AS code UNION ALL SELECT 1, 'General' UNION ALL SELECT 2, 'Wholesale' UNION ALL SELECT 3, 'Retailer')",
	key:  "id", doc: "code",
	fields: map[string]field{
		"customer_group_id": {"id", numberField}, "id": {"id", numberField}, "customer_group_code": {"code", textField}, "code": {"code", textField},
		"tax_class_id": {"3", numberField},
	},
}

func (s *Server) searchCustomerGroups(ctx context.Context, c *call) ([]byte, error) {
	crit, err := parseCriteria(c.query, s.cfg.PageSizeLimit)
	if err != nil {
		return nil, err
	}
	rows, total, err := s.db.search(ctx, groupEntity, crit)
	if err != nil {
		return nil, err
	}
	items := make([][]byte, len(rows))
	for i, row := range rows {
		w := &phpWriter{}
		w.object("", func() {
			w.int("id", row.key)
			w.textAlways("code", string(row.doc))
			w.int("tax_class_id", 3)
			w.textAlways("tax_class_name", "Retail Customer")
		})
		items[i] = w.buf
	}
	return crit.envelope(items, total, false), nil
}
