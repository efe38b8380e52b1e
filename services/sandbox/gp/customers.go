package gp

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"
)

// checkText adds a violation for every text in o that is longer than its
// column's allowed length: the service refuses it, where T-SQL would cut it.
func checkText(f *findings, o *object, prefix string) {
	for _, fd := range o.typ.all {
		name := strings.TrimPrefix(prefix+"."+fd.name, ".")
		switch v := o.values[fd.name].(type) {
		case string:
			if n := utf8.RuneCountInString(v); fd.length > 0 && n > fd.length {
				f.add(ruleTooLong, name, "The length of %s is %d; the maximum length is %d.", name, n, fd.length)
			}
		case *object:
			checkText(f, v, name)
		case []any:
			for _, e := range v {
				if entry, ok := e.(*object); ok {
					checkText(f, entry, name)
				}
			}
		}
	}
}

// checkReference adds a violation when an id is given that isn't in the list.
func checkReference(f *findings, o *object, path string, list []Entry) {
	id := o.str(path)
	if id == "" {
		return
	}
	if _, ok := find(list, id); !ok {
		property, _, _ := strings.Cut(path, ".")
		f.add(ruleUnknown, property, "%s: %s does not exist.", property, id)
	}
}

// checkCurrency adds a violation for a currency that the company hasn't.
func (c *call) checkCurrency(f *findings, o *object) {
	iso := o.str("CurrencyKey.ISOCode")
	if _, ok := c.cfg.currency(iso); iso != "" && !ok {
		f.add(ruleUnknown, "CurrencyKey", "The currency %s does not exist or is not accessible to the company.", iso)
	}
}

func (c *call) loadCustomer(ctx context.Context, id string) (*object, error) {
	rows, err := customers.query(ctx, c.q, c.cfg.units(), "WHERE CUSTNMBR = ?", id)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	o := rows[0].object
	o.set("IsActive", rows[0].extra["INACTIVE"] == "0")
	readCredit(o)
	if a, b := rows[0].extra["TAXEXMT1"], rows[0].extra["TAXEXMT2"]; a+b != "" {
		o.set("TaxExemptNumbers", []any{a, b})
	}
	for _, name := range []string{"DefaultAddressKey", "ShipToAddressKey", "BillToAddressKey", "StatementToAddressKey"} {
		if o.object(name) != nil {
			o.set(name+".CustomerKey.Id", o.str("Key.Id"))
		}
	}
	return o, nil
}

func createCustomer(ctx context.Context, c *call) (any, error) {
	o := c.args.object("customer")
	if o == nil || o.str("Key.Id") == "" {
		return nil, refuse("Customer", ruleMissing, "Key", "The customer id is required.")
	}
	found, err := count(ctx, c.q, "RM00101 WHERE CUSTNMBR = ?", o.str("Key.Id"))
	if err != nil {
		return nil, err
	}
	if found > 0 {
		return nil, refuse("Customer", ruleDuplicate, "Key", "The customer %s already exists.", o.str("Key.Id"))
	}
	o.drop("CreatedDate", "ModifiedDate", "LastModifiedDate")
	o.set("CreatedDate", c.now)
	c.takeClassDefaults(o)
	if o.get("IsActive") == nil {
		o.set("IsActive", true)
	}
	if o.str("CurrencyKey.ISOCode") == "" {
		o.set("CurrencyKey.ISOCode", c.cfg.Currencies[0].ISOCode)
	}
	if o.get("StatementName") == nil {
		o.set("StatementName", o.str("Name"))
	}
	return nil, c.putCustomer(ctx, o, nil)
}

// takeClassDefaults fills what the customer lacks from its class.
func (c *call) takeClassDefaults(o *object) {
	for class, d := range c.cfg.ClassDefaults {
		if !strings.EqualFold(class, o.str("ClassKey.Id")) {
			continue
		}
		for path, id := range map[string]string{"PaymentTermsKey.Id": d.PaymentTerms, "PriceLevelKey.Id": d.PriceLevel, "CurrencyKey.ISOCode": d.Currency} {
			if id != "" && o.str(path) == "" {
				o.set(path, id)
			}
		}
		if o.get("TradeDiscountPercent") == nil {
			o.set("TradeDiscountPercent", percent(d.DiscountPercent))
		}
		if o.get("CreditLimit") == nil && d.CreditLimit != nil {
			o.set("CreditLimit.Amount", money(c.cfg.Currencies[0], *d.CreditLimit))
		}
	}
}

func updateCustomer(ctx context.Context, c *call) (any, error) {
	sent := c.args.object("customer")
	if sent == nil {
		return nil, refuse("Customer", ruleMissing, "customer", "The customer is required.")
	}
	id := sent.str("Key.Id")
	o, err := c.loadCustomer(ctx, id)
	if err != nil {
		return nil, err
	}
	if o == nil {
		return nil, c.notFound("Customer", id)
	}
	sent.drop("CreatedDate", "ModifiedDate", "LastModifiedDate")
	o.overlay(sent)
	old, err := c.loadAddresses(ctx, id)
	if err != nil {
		return nil, err
	}
	return nil, c.putCustomer(ctx, o, old)
}

// putCustomer checks and writes a customer with the addresses that came with
// it; old are those that it has already.
func (c *call) putCustomer(ctx context.Context, o *object, old []*object) error {
	f := &findings{object: "Customer"}
	checkText(f, o, "")
	checkReference(f, o, "ClassKey.Id", c.cfg.CustomerClasses)
	checkReference(f, o, "PaymentTermsKey.Id", c.cfg.PaymentTerms)
	checkReference(f, o, "PriceLevelKey.Id", c.cfg.PriceLevels)
	checkReference(f, o, "BankAccountKey.Id", c.cfg.checkbooks())
	c.checkCurrency(f, o)
	checkCredit(f, o)

	id := o.str("Key.Id")
	known := map[string]bool{}
	for _, a := range old {
		known[a.str("Key.Id")] = true
	}
	sent := o.list("Addresses")
	for _, a := range sent {
		if owner := a.str("Key.CustomerKey.Id"); owner != "" && owner != id {
			f.add(ruleUnknown, "Addresses", "The address %s belongs to customer %s.", a.str("Key.Id"), owner)
		}
		c.checkAddress(f, a)
		known[a.str("Key.Id")] = !a.bool("DeleteOnUpdate")
	}
	for _, name := range []string{"DefaultAddressKey", "ShipToAddressKey", "BillToAddressKey", "StatementToAddressKey"} {
		if adr := o.str(name + ".Id"); adr != "" && !known[adr] {
			f.add(ruleUnknown, name, "The address %s does not exist for customer %s.", adr, id)
		}
	}
	if err := f.err(); err != nil {
		return err
	}
	// The first address is the default of all.
	if len(sent) > 0 && o.object("DefaultAddressKey") == nil {
		o.set("DefaultAddressKey.Id", sent[0].str("Key.Id"))
	}
	for _, name := range []string{"ShipToAddressKey", "BillToAddressKey", "StatementToAddressKey"} {
		if adr := o.str("DefaultAddressKey.Id"); adr != "" && o.object(name) == nil {
			o.set(name+".Id", adr)
		}
	}
	o.set("ModifiedDate", c.now).set("LastModifiedDate", c.utc)
	if err := c.putCustomerRow(ctx, o); err != nil {
		return err
	}
	for _, a := range sent {
		a.set("Key.CustomerKey.Id", id)
		if err := c.putAddress(ctx, a, old); err != nil {
			return err
		}
	}
	return nil
}

func getCustomer(ctx context.Context, c *call) (any, error) {
	id := c.args.str("key.Id")
	o, err := c.loadCustomer(ctx, id)
	if err != nil {
		return nil, err
	}
	if o == nil {
		return nil, c.notFound("Customer", id)
	}
	list, err := c.loadAddresses(ctx, id)
	if err != nil {
		return nil, err
	}
	return o.set("Addresses", anyList(list)), nil
}

// seedCustomer puts in a configured customer.
func (s *Server) seedCustomer(ctx context.Context, q querier, seed Customer) error {
	c, err := s.hand(ctx, q, "BOOKKEEPER")
	if err != nil {
		return err
	}
	id := storedText(seed.ID, true)
	if found, err := count(ctx, q, "RM00101 WHERE CUSTNMBR = ?", id); err != nil || found > 0 {
		return err
	}
	o := newObject("Customer").set("Key.Id", id).set("Name", seed.Name).set("IsOnHold", seed.OnHold).
		set("IsActive", !seed.Inactive).set("TradeDiscountPercent", percent(seed.DiscountPercent)).set("CreatedDate", c.now)
	iso := seed.Currency
	orDefault(&iso, s.cfg.Currencies[0].ISOCode)
	o.set("CurrencyKey.ISOCode", iso)
	for path, id := range map[string]string{"ClassKey.Id": seed.Class, "PaymentTermsKey.Id": seed.PaymentTerms, "PriceLevelKey.Id": seed.PriceLevel} {
		if id != "" {
			o.set(path, id)
		}
	}
	c.takeClassDefaults(o)
	if a := seed.Address; a.Line1 != "" {
		adr := newObject("CustomerAddress").set("Key.Id", "PRIMARY").set("Name", a.Name).set("Line1", a.Line1).set("Line2", a.Line2).
			set("City", a.City).set("State", a.State).set("PostalCode", a.PostalCode).set("CountryRegion", a.Country).
			set("Phone1.Value", a.Phone).set("InternetAddresses.EmailToAddress", a.Email)
		o.set("Addresses", []any{adr})
	}
	if err := c.putCustomer(ctx, o, nil); err != nil {
		return fmt.Errorf("seed customer %s: %w", seed.ID, err)
	}
	return nil
}
