package gp

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// createSalesItem makes an item without prices and sites: those have
// operations of their own (WSDL).
func createSalesItem(ctx context.Context, c *call) (any, error) {
	o := c.args.object("salesItem")
	f := &findings{object: "SalesItem"}
	number := o.str("Key.Id")
	if number == "" {
		f.add(ruleMissing, "Key", "The item number is required.")
		return nil, f.err()
	}
	if _, found, err := loadItem(ctx, c.q, number); err != nil {
		return nil, err
	} else if found {
		f.add(ruleDuplicate, "Key", "The item %s already exists.", number)
	}
	checkText(f, o, "")
	it := Item{
		ItemNumber: number, Description: o.str("Description"), ShortDescription: o.str("ShortDescription"),
		Generic: o.str("GenericDescription"), Class: o.str("ClassKey.Id"), UofMSchedule: o.str("UofMScheduleKey.Id"),
		QuantityDecimals: max(0, slices.Index(schema["QuantityDecimalPlaces"].enum, o.str("QuantityDecimalPlaces"))),
		CurrencyDecimals: max(0, slices.Index(schema["CurrencyDecimalPlaces"].enum, o.str("CurrencyDecimalPlaces"))),
		NoBackorder:      o.get("AllowBackOrder") == false, Discontinued: o.bool("IsDiscontinued"),
	}
	it.Cost, _ = o.amount("CurrentCost")
	if err := c.takeUnits(ctx, f, &it, o.str("DefaultSellingUofM")); err != nil {
		return nil, err
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	return nil, c.saveItem(ctx, c.q, it)
}

// takeUnits gives an item the units of its schedule, the selling unit first.
func (c *call) takeUnits(ctx context.Context, f *findings, it *Item, selling string) error {
	if it.UofMSchedule == "" {
		f.add(ruleMissing, "UofMScheduleKey", "The unit of measure schedule is required.")
		return nil
	}
	var where condition
	where.add("UOMSCHDL = ?", it.UofMSchedule)
	list, err := schedules(ctx, c.q, where)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		f.add(ruleUnknown, "UofMScheduleKey", "The unit of measure schedule %s does not exist.", it.UofMSchedule)
		return nil
	}
	it.Units = list[0].units
	if selling == "" {
		return nil
	}
	i := slices.IndexFunc(it.Units, func(u Unit) bool { return strings.EqualFold(u.Name, selling) })
	if i < 0 {
		f.add(ruleUnit, "DefaultSellingUofM", "The unit of measure %s is not in schedule %s.", selling, it.UofMSchedule)
		return nil
	}
	it.Units[0], it.Units[i] = it.Units[i], it.Units[0]
	return nil
}

// discontinueSalesItem marks the item: orders of it are refused, its stock
// stays. Doing so again changes nothing.
func discontinueSalesItem(ctx context.Context, c *call) (any, error) {
	number := c.args.str("key.Id")
	it, found, err := loadItem(ctx, c.q, number)
	if err != nil {
		return nil, err
	}
	if !found || !it.stocked() {
		return nil, c.notFound("SalesItem", number)
	}
	it.Discontinued = true
	return nil, c.saveItem(ctx, c.q, it)
}

// createItemWarehouse assigns an item to a site, with nothing on hand.
func createItemWarehouse(ctx context.Context, c *call) (any, error) {
	o := c.args.object("itemWarehouse")
	number, site := o.str("Key.ItemKey.Id"), o.str("Key.WarehouseKey.Id")
	f := &findings{object: "ItemWarehouse"}
	it, found, err := loadItem(ctx, c.q, number)
	if err != nil {
		return nil, err
	}
	if !found || !it.stocked() {
		f.add(ruleUnknown, "Key.ItemKey", "The sales item %s does not exist.", number)
	}
	if _, ok := find(c.cfg.Sites, site); !ok {
		f.add(ruleUnknown, "Key.WarehouseKey", "The site %s does not exist.", site)
	}
	if n, err := count(ctx, c.q, "IV00102 WHERE ITEMNMBR = ? AND LOCNCODE = ?", number, site); err != nil {
		return nil, err
	} else if n > 0 {
		f.add(ruleDuplicate, "Key", "The item %s is assigned to site %s already.", number, site)
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	return nil, c.saveStock(ctx, c.q, it.ItemNumber, map[string]decimal.Decimal{site: {}})
}

// getItemWarehouse answers with planning data, which holds no quantities but
// the requisitioned one (WSDL).
func getItemWarehouse(ctx context.Context, c *call) (any, error) {
	number, site := c.args.str("key.ItemKey.Id"), c.args.str("key.WarehouseKey.Id")
	n, err := count(ctx, c.q, "IV00102 WHERE ITEMNMBR = ? AND LOCNCODE = ?", number, site)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, c.notFound("ItemWarehouse", number+" "+site)
	}
	return newObject("ItemWarehouse").set("Key.ItemKey.Id", number).set("Key.WarehouseKey.Id", site).
		set("RequisitionedQuantity", quantity(decimal.Zero, 0)), nil
}

func listItemWarehouses(ctx context.Context, c *call) (any, error) {
	var where condition
	where.restrictAll(c.args.object("criteria"), map[string]string{"ItemId": "ITEMNMBR", "WarehouseId": "LOCNCODE", "BuyerId": "''", "PlannerId": "''"})
	rows, err := c.q.QueryContext(ctx, `SELECT ITEMNMBR, LOCNCODE FROM IV00102`+where.String()+` ORDER BY ITEMNMBR, LOCNCODE`, where.args...)
	if err != nil {
		return nil, fmt.Errorf("read sites of items: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	list := []any{}
	for rows.Next() {
		var number, site string
		if err := rows.Scan(&number, &site); err != nil {
			return nil, fmt.Errorf("read sites of items: %w", err)
		}
		list = append(list, newObject("ItemWarehouseSummary").set("Key.ItemKey.Id", number).set("Key.WarehouseKey.Id", site))
	}
	return list, rows.Err()
}

// listPrice is the item's row of IV00105 for a currency.
func (c *call) listPrice(it Item, k Currency) (decimal.Decimal, bool) {
	return it.price(k, c.cfg.Currencies[0], Unit{BaseUnits: decimal.NewFromInt(1)})
}

func (c *call) itemCurrency(it Item, k Currency) *object {
	price, _ := c.listPrice(it, k)
	return newObject("ItemCurrency").set("Key.ItemKey.Id", it.ItemNumber).set("Key.CurrencyKey.ISOCode", k.ISOCode).
		set("CurrencyDecimalPlaces", schema["CurrencyDecimalPlaces"].enum[it.CurrencyDecimals]).set("ListPrice", money(k, price))
}

func getItemCurrency(ctx context.Context, c *call) (any, error) {
	number, iso := c.args.str("key.ItemKey.Id"), c.args.str("key.CurrencyKey.ISOCode")
	it, found, err := loadItem(ctx, c.q, number)
	if err != nil {
		return nil, err
	}
	k, known := c.cfg.currency(iso)
	if _, priced := c.listPrice(it, k); !found || !known || !priced {
		return nil, c.notFound("ItemCurrency", number+" "+iso)
	}
	return c.itemCurrency(it, k), nil
}

func listItemCurrencies(ctx context.Context, c *call) (any, error) {
	var where condition
	var currencies []string
	for _, k := range c.cfg.Currencies {
		currencies = append(currencies, "SELECT ? COLLATE NOCASE AS CURNCYID")
		where.args = append(where.args, k.ISOCode)
	}
	where.restrictAll(c.args.object("criteria"), map[string]string{"ItemId": "ITEMNMBR", "CurrencyISOCode": "CURNCYID"})
	rows, err := c.q.QueryContext(ctx, `SELECT SETUP, CURNCYID FROM IV00101, (`+strings.Join(currencies, " UNION ALL ")+`)`+where.String()+
		` ORDER BY ITEMNMBR, CURNCYID`, where.args...)
	if err != nil {
		return nil, fmt.Errorf("read list prices: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	list := []any{}
	for rows.Next() {
		var setup, iso string
		if err := rows.Scan(&setup, &iso); err != nil {
			return nil, fmt.Errorf("read list prices: %w", err)
		}
		var it Item
		if err := json.Unmarshal([]byte(setup), &it); err != nil {
			return nil, fmt.Errorf("read list prices: %w", err)
		}
		k, _ := c.cfg.currency(iso)
		if _, priced := c.listPrice(it, k); priced {
			list = append(list, c.itemCurrency(it, k))
		}
	}
	return list, rows.Err()
}

// createItemCurrency gives an item its list price in a currency.
func createItemCurrency(ctx context.Context, c *call) (any, error) {
	o := c.args.object("itemCurrency")
	number, iso := o.str("Key.ItemKey.Id"), o.str("Key.CurrencyKey.ISOCode")
	f := &findings{object: "ItemCurrency"}
	it, found, err := loadItem(ctx, c.q, number)
	if err != nil {
		return nil, err
	}
	if !found {
		f.add(ruleUnknown, "Key.ItemKey", "The item %s does not exist.", number)
	}
	k, known := c.cfg.currency(iso)
	if !known {
		f.add(ruleUnknown, "Key.CurrencyKey", "The currency %s does not exist or is not accessible to the company.", iso)
	}
	price, _ := o.amount("ListPrice")
	if price.IsNegative() {
		f.add(ruleAmount, "ListPrice", "The list price %s is negative.", price)
	}
	if has, priced := c.listPrice(it, k); priced && !has.IsZero() {
		f.add(ruleDuplicate, "Key", "The item %s has a list price in %s already.", number, iso)
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	if k.ISOCode == c.cfg.Currencies[0].ISOCode {
		it.Price = price
	} else {
		prices := map[string]decimal.Decimal{k.ISOCode: price}
		for iso, p := range it.Prices {
			prices[iso] = p
		}
		it.Prices = prices
	}
	return nil, c.saveItem(ctx, c.q, it)
}
