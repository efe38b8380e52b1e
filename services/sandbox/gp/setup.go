package gp

import "context"

// The setup reads below answer from the configuration: nothing changes them.

func (c *call) company() *object {
	return newObject("Company").set("Key", newObject("CompanyKey").set("Id", int64(c.cfg.Company))).
		set("Name", c.cfg.CompanyName)
}

func getCompany(_ context.Context, c *call) (any, error) {
	if id := c.args.int("key.Id"); id != int64(c.cfg.Company) {
		return nil, refuse("Company", ruleNotFound, "Key", "Company %d does not exist.", id)
	}
	return c.company(), nil
}

func listCompanies(_ context.Context, c *call) (any, error) { return []any{c.company()}, nil }

// described is the object of a setup entry; its key has the type's name and Key.
func described(typ string, e Entry) *object {
	o := newObject(typ).set("Key.Id", e.ID)
	if _, ok := o.typ.field("Description"); ok {
		o.set("Description", e.Description)
	}
	return o
}

func (c *call) entry(typ string, list []Entry) (any, error) {
	id := c.args.str("key.Id")
	e, ok := find(list, id)
	if !ok {
		return nil, c.notFound(typ, id)
	}
	return described(typ, e), nil
}

func entries(typ string, list []Entry) (any, error) {
	all := []any{}
	for _, e := range list {
		all = append(all, described(typ, e))
	}
	return all, nil
}

func getWarehouse(_ context.Context, c *call) (any, error) { return c.entry("Warehouse", c.cfg.Sites) }

func listWarehouses(_ context.Context, c *call) (any, error) {
	return entries("Warehouse", c.cfg.Sites)
}

func getShippingMethod(_ context.Context, c *call) (any, error) {
	return c.entry("ShippingMethod", c.cfg.ShippingMethods)
}

func listShippingMethods(_ context.Context, c *call) (any, error) {
	return entries("ShippingMethod", c.cfg.ShippingMethods)
}

func getPaymentTerms(_ context.Context, c *call) (any, error) {
	return c.entry("PaymentTerms", c.cfg.PaymentTerms)
}

func listPaymentTerms(_ context.Context, c *call) (any, error) {
	return entries("PaymentTerms", c.cfg.PaymentTerms)
}

func getPriceLevel(_ context.Context, c *call) (any, error) {
	return c.entry("PriceLevel", c.cfg.PriceLevels)
}

// getBank answers for a bank; the checkbook of the same id stands for it.
func getBank(_ context.Context, c *call) (any, error) {
	id := c.args.str("key.Id")
	b, ok := c.cfg.checkbook(id)
	if !ok {
		return nil, c.notFound("Bank", id)
	}
	return described("Bank", b.Entry).set("Name", b.Description), nil
}

// getTaxSchedule answers with the one setup type whose key isn't called Key.
func getTaxSchedule(_ context.Context, c *call) (any, error) {
	id := c.args.str("key.Id")
	e, ok := find(c.cfg.TaxSchedules, id)
	if !ok {
		return nil, c.notFound("TaxSchedule", id)
	}
	return newObject("TaxSchedule").set("TaxScheduleKey.Id", e.ID).set("TaxScheduleDescription", e.Description), nil
}

func getCurrency(_ context.Context, c *call) (any, error) {
	iso := c.args.str("key.ISOCode")
	k, ok := c.cfg.currency(iso)
	if !ok {
		return nil, c.notFound("Currency", iso)
	}
	return newObject("Currency").set("Key.ISOCode", k.ISOCode).set("Description", k.Name).set("Id", k.ISOCode), nil
}
