package gp

import (
	"context"
	"fmt"
)

func (c *call) loadAddresses(ctx context.Context, customer string) ([]*object, error) {
	rows, err := addresses.query(ctx, c.q, c.cfg.units(), "WHERE CUSTNMBR = ? ORDER BY ADRSCODE", customer)
	if err != nil {
		return nil, err
	}
	var list []*object
	for _, r := range rows {
		mail, err := internet.query(ctx, c.q, c.cfg.units(), "WHERE Master_Type = 'CUS' AND Master_ID = ? AND ADRSCODE = ?", customer, r.str("Key.Id"))
		if err != nil {
			return nil, err
		}
		if len(mail) > 0 {
			r.set("InternetAddresses", mail[0].object)
		}
		list = append(list, r.object)
	}
	return list, nil
}

func (c *call) checkAddress(f *findings, a *object) {
	if a.str("Key.Id") == "" {
		f.add(ruleMissing, "Addresses.Key", "The address id is required.")
	}
	checkReference(f, a, "ShippingMethodKey.Id", c.cfg.ShippingMethods)
	checkReference(f, a, "TaxScheduleKey.Id", c.cfg.TaxSchedules)
	checkReference(f, a, "WarehouseKey.Id", c.cfg.Sites)
}

// putAddress writes an address over the old one of the same id, if there is one.
// The address has a stamp of its own; the customer's doesn't move.
func (c *call) putAddress(ctx context.Context, a *object, old []*object) error {
	customer, id := a.str("Key.CustomerKey.Id"), a.str("Key.Id")
	if a.bool("DeleteOnUpdate") {
		return c.removeAddresses(ctx, customer, "ADRSCODE = ?", id)
	}
	mail := a.object("InternetAddresses")
	a.drop("CreatedDate", "ModifiedDate", "LastModifiedDate")
	a.set("CreatedDate", c.now)
	for _, o := range old {
		if o.str("Key.Id") == id {
			a.set("CreatedDate", o.time("CreatedDate"))
			o.overlay(a)
			a = o
		}
	}
	a.set("ModifiedDate", c.now).set("LastModifiedDate", c.utc)
	if err := addresses.put(ctx, c.q, a, nil); err != nil {
		return err
	}
	if mail == nil {
		return nil
	}
	return c.putInternet(ctx, customer, id, mail)
}

// putInternet writes the e-mail of an address. It has a row and a stamp of its
// own, in SY01200, so that neither the address nor the customer is stamped.
func (c *call) putInternet(ctx context.Context, customer, id string, mail *object) error {
	return internet.put(ctx, c.q, mail, extras{"Master_Type": "CUS", "Master_ID": customer, "ADRSCODE": id, stampColumn: c.utc.Format(datetimeLayout)})
}

// removeAddresses deletes a customer's addresses that meet the condition, with
// the e-mail that hangs on them.
func (c *call) removeAddresses(ctx context.Context, customer, where string, args ...any) error {
	for _, from := range []string{"RM00102 WHERE CUSTNMBR = ?", "SY01200 WHERE Master_Type = 'CUS' AND Master_ID = ?"} {
		if _, err := c.q.ExecContext(ctx, "DELETE FROM "+from+" AND "+where, append([]any{customer}, args...)...); err != nil {
			return fmt.Errorf("delete addresses of %s: %w", customer, err)
		}
	}
	return nil
}

// address finds the address that a request names, nil when it isn't there.
func (c *call) address(ctx context.Context, customer, id string) (*object, []*object, error) {
	list, err := c.loadAddresses(ctx, customer)
	if err != nil {
		return nil, nil, err
	}
	for _, a := range list {
		if a.str("Key.Id") == id {
			return a, list, nil
		}
	}
	return nil, list, nil
}

func createCustomerAddress(ctx context.Context, c *call) (any, error) {
	a := c.args.object("address")
	customer, id := a.str("Key.CustomerKey.Id"), a.str("Key.Id")
	existing, old, err := c.address(ctx, customer, id)
	if err != nil {
		return nil, err
	}
	if existing != nil {
		return nil, refuse("CustomerAddress", ruleDuplicate, "Key", "The address %s of customer %s already exists.", id, customer)
	}
	return nil, c.saveAddress(ctx, a, old)
}

func updateCustomerAddress(ctx context.Context, c *call) (any, error) {
	a := c.args.object("address")
	customer, id := a.str("Key.CustomerKey.Id"), a.str("Key.Id")
	existing, old, err := c.address(ctx, customer, id)
	if err != nil {
		return nil, err
	}
	if existing == nil {
		return nil, c.notFound("CustomerAddress", customer+" "+id)
	}
	return nil, c.saveAddress(ctx, a, old)
}

func (c *call) saveAddress(ctx context.Context, a *object, old []*object) error {
	f := &findings{object: "CustomerAddress"}
	if a == nil {
		f.add(ruleMissing, "address", "The customer address is required.")
		return f.err()
	}
	checkText(f, a, "")
	c.checkAddress(f, a)
	customer := a.str("Key.CustomerKey.Id")
	found, err := count(ctx, c.q, "RM00101 WHERE CUSTNMBR = ?", customer)
	if err != nil {
		return err
	}
	if found == 0 {
		f.add(ruleUnknown, "Key.CustomerKey", "The customer %s does not exist.", customer)
	}
	if err := f.err(); err != nil {
		return err
	}
	return c.putAddress(ctx, a, old)
}

func getCustomerAddress(ctx context.Context, c *call) (any, error) {
	customer, id := c.args.str("key.CustomerKey.Id"), c.args.str("key.Id")
	a, _, err := c.address(ctx, customer, id)
	if err != nil {
		return nil, err
	}
	if a == nil {
		return nil, c.notFound("CustomerAddress", customer+" "+id)
	}
	return a, nil
}
