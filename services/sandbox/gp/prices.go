package gp

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// lastQuantity is where the last price break of an item ends.
var lastQuantity = decimal.NewFromInt(999_999_999_999)

// priceKey is the key of a price group (IV00107).
type priceKey struct{ item, currency, level, unit string }

func (k priceKey) args() []any { return []any{k.item, k.currency, k.level, k.unit} }

const priceKeyIs = "ITEMNMBR = ? AND CURNCYID = ? AND PRCLEVEL = ? AND UOFM = ?"

// priceBreak is a row of IV00108: a price up to a quantity.
type priceBreak struct{ from, to, price decimal.Decimal }

// priceGroups are the groups that an item's setup asks for: the list price at
// the company's first level, and the levels that the item names.
func (s *Server) priceGroups(it Item) map[priceKey][]priceBreak {
	groups := map[priceKey][]priceBreak{}
	functional, listLevel := s.cfg.Currencies[0], s.cfg.PriceLevels[0].ID
	for _, u := range it.Units {
		for level, breaks := range it.Levels {
			groups[priceKey{it.ItemNumber, functional.ISOCode, storedText(level, true), u.Name}] = it.breaks(breaks, u)
		}
		for _, c := range s.cfg.Currencies {
			key := priceKey{it.ItemNumber, c.ISOCode, listLevel, u.Name}
			if price, ok := it.price(c, functional, u); ok && !price.IsZero() && groups[key] == nil {
				groups[key] = []priceBreak{{decimal.NewFromInt(1), lastQuantity, price}}
			}
		}
	}
	return groups
}

// breaks are the rows of the breaks of one selling unit, in another unit.
func (it Item) breaks(list []Break, u Unit) []priceBreak {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b Break) int { return a.From.Cmp(b.From) })
	rows := make([]priceBreak, len(list))
	for i, b := range list {
		rows[i] = priceBreak{from: b.From, to: lastQuantity, price: b.Price.Mul(u.BaseUnits)}
		if i > 0 {
			rows[i-1].to = b.From.Sub(it.smallest())
		}
	}
	return rows
}

// smallest is the smallest quantity of the item.
func (it Item) smallest() decimal.Decimal { return decimal.New(1, -int32(it.QuantityDecimals)) } //nolint:gosec // 0 to 5

// savePrices writes the groups that differ between two states of an item; what
// CreatePricing wrote of other groups stays.
func (s *Server) savePrices(ctx context.Context, q querier, old, it Item) error {
	before, after := s.priceGroups(old), s.priceGroups(it)
	for key := range before {
		if after[key] != nil {
			continue
		}
		for _, t := range []string{"IV00107", "IV00108"} {
			if _, err := q.ExecContext(ctx, "DELETE FROM "+t+" WHERE "+priceKeyIs, key.args()...); err != nil {
				return fmt.Errorf("delete price of %s: %w", key.item, err)
			}
		}
	}
	for key, breaks := range after {
		if slices.EqualFunc(before[key], breaks, priceBreak.equal) {
			continue
		}
		if err := putPrice(ctx, q, key, breaks); err != nil {
			return err
		}
	}
	return nil
}

func (b priceBreak) equal(other priceBreak) bool {
	return b.from.Equal(other.from) && b.to.Equal(other.to) && b.price.Equal(other.price)
}

// putPrice replaces a price group with its breaks.
func putPrice(ctx context.Context, q querier, key priceKey, breaks []priceBreak) error {
	if _, err := q.ExecContext(ctx, `INSERT INTO IV00107 (ITEMNMBR, CURNCYID, PRCLEVEL, UOFM, DEX_ROW_TS) VALUES (?, ?, ?, ?, (SELECT utc FROM clock))
		ON CONFLICT (ITEMNMBR, CURNCYID, PRCLEVEL, UOFM) DO UPDATE SET DEX_ROW_TS = excluded.DEX_ROW_TS`, key.args()...); err != nil {
		return fmt.Errorf("save price of %s: %w", key.item, err)
	}
	if _, err := q.ExecContext(ctx, "DELETE FROM IV00108 WHERE "+priceKeyIs, key.args()...); err != nil {
		return fmt.Errorf("save price of %s: %w", key.item, err)
	}
	for _, b := range breaks {
		if _, err := q.ExecContext(ctx, `INSERT INTO IV00108 (ITEMNMBR, CURNCYID, PRCLEVEL, UOFM, TOQTY, FROMQTY, UOMPRICE, DEX_ROW_TS)
			VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT utc FROM clock))`, append(key.args(), b.to.String(), b.from.String(), b.price.String())...); err != nil {
			return fmt.Errorf("save price of %s: %w", key.item, err)
		}
	}
	return nil
}

// priceKeyOf reads the key of a request; without a price level it is the
// company's first.
func (c *call) priceKeyOf(o *object) priceKey {
	k := priceKey{o.str("ItemKey.Id"), o.str("CurrencyKey.ISOCode"), o.str("PriceLevelKey.Id"), o.str("UofM")}
	orDefault(&k.level, c.cfg.PriceLevels[0].ID)
	return k
}

// describe is the key as the WSDL has it.
func (k priceKey) describe() *object {
	return newObject("PricingKey").set("ItemKey.Id", k.item).set("CurrencyKey.ISOCode", k.currency).
		set("PriceLevelKey.Id", k.level).set("UofM", k.unit)
}

// getPricing answers with the price group of a key and its breaks. A break's
// key is the quantity up to which it holds (WSDL).
func getPricing(ctx context.Context, c *call) (any, error) {
	key := c.priceKeyOf(c.args.object("key"))
	it, found, err := loadItem(ctx, c.q, key.item)
	if err != nil {
		return nil, err
	}
	rows, err := c.q.QueryContext(ctx, `SELECT b.ITEMNMBR, b.CURNCYID, b.PRCLEVEL, b.UOFM, b.TOQTY, b.UOMPRICE, g.DEX_ROW_TS
		FROM IV00108 b JOIN IV00107 g USING (ITEMNMBR, CURNCYID, PRCLEVEL, UOFM) WHERE `+priceKeyIs+` ORDER BY CAST(TOQTY AS REAL)`, key.args()...)
	if err != nil {
		return nil, fmt.Errorf("read price of %s: %w", key.item, err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	o := newObject("Pricing")
	details := []any{}
	for rows.Next() {
		var to, price decimal.Decimal
		var stamp string
		if err := rows.Scan(&key.item, &key.currency, &key.level, &key.unit, &to, &price, &stamp); err != nil {
			return nil, fmt.Errorf("read price of %s: %w", key.item, err)
		}
		at, err := time.Parse(datetimeLayout, stamp)
		if err != nil {
			return nil, fmt.Errorf("read price of %s: %w", key.item, err)
		}
		k, _ := c.cfg.currency(key.currency)
		details = append(details, newObject("PricingDetail").set("Key.PricingKey", key.describe()).
			set("Key.ToQuantity", quantity(to, it.QuantityDecimals)).set("UofMPrice.Amount", money(k, price)).set("LastModifiedDate", at))
		o.set("LastModifiedDate", at)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read price of %s: %w", key.item, err)
	}
	if !found || len(details) == 0 {
		return nil, c.notFound("Pricing", key.item)
	}
	return o.set("Key", key.describe()).set("UofMSalesOption", it.salesOption()).set("Details", details), nil
}

// salesOption says in what quantities a unit is sold.
func (it Item) salesOption() string {
	options := schema["UofMSalesAvailable"].enum
	if it.QuantityDecimals == 0 {
		return options[1]
	}
	return options[2]
}

func listPricing(ctx context.Context, c *call) (any, error) {
	var where condition
	where.restrictAll(c.args.object("criteria"), map[string]string{
		"ItemId": "ITEMNMBR", "CurrencyISOCode": "CURNCYID", "PriceLevelId": "PRCLEVEL", "UofM": "UOFM", "LastModifiedDate": stampColumn,
	})
	rows, err := c.q.QueryContext(ctx, `SELECT ITEMNMBR, CURNCYID, PRCLEVEL, UOFM, DEX_ROW_TS FROM IV00107`+where.String()+
		orderByItem+`, CURNCYID, PRCLEVEL, UOFM`, where.args...)
	if err != nil {
		return nil, fmt.Errorf("read prices: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	list := []any{}
	for rows.Next() {
		var k priceKey
		var stamp string
		if err := rows.Scan(&k.item, &k.currency, &k.level, &k.unit, &stamp); err != nil {
			return nil, fmt.Errorf("read prices: %w", err)
		}
		at, err := time.Parse(datetimeLayout, stamp)
		if err != nil {
			return nil, fmt.Errorf("read price of %s: %w", k.item, err)
		}
		list = append(list, newObject("PricingSummary").set("Key", k.describe()).set("LastModifiedDate", at))
	}
	return list, rows.Err()
}

func createPricing(ctx context.Context, c *call) (any, error) {
	o := c.args.object("pricing")
	key := c.priceKeyOf(o.object("Key"))
	f := &findings{object: "Pricing"}
	it, found, err := loadItem(ctx, c.q, key.item)
	if err != nil {
		return nil, err
	}
	u, hasUnit := it.unit(key.unit)
	if !found {
		f.add(ruleUnknown, "Key.ItemKey", "The item %s does not exist.", key.item)
	} else if !hasUnit {
		f.add(ruleUnit, "Key.UofM", "The unit of measure %s is not in the schedule of item %s.", key.unit, key.item)
	}
	if _, ok := c.cfg.currency(key.currency); !ok {
		f.add(ruleUnknown, "Key.CurrencyKey", "The currency %s does not exist or is not accessible to the company.", key.currency)
	}
	if _, ok := find(c.cfg.PriceLevels, key.level); !ok {
		f.add(ruleUnknown, "Key.PriceLevelKey", "The price level %s does not exist.", key.level)
	}
	key.unit = u.Name
	if n, err := count(ctx, c.q, "IV00107 WHERE "+priceKeyIs, key.args()...); err != nil {
		return nil, err
	} else if n > 0 {
		f.add(ruleDuplicate, "Key", "Item %s has a price of level %s already.", key.item, key.level)
	}
	breaks := sentBreaks(f, it, o.list("Details"))
	if err := f.err(); err != nil {
		return nil, err
	}
	return nil, putPrice(ctx, c.q, key, breaks)
}

// sentBreaks are the breaks of a request: each begins where the one before ends.
func sentBreaks(f *findings, it Item, details []*object) []priceBreak {
	if len(details) == 0 {
		f.add(ruleMissing, "Details", "A price needs one price break or more.")
	}
	var breaks []priceBreak
	from := decimal.NewFromInt(1)
	for _, d := range details {
		to, hasEnd := d.amount("Key.ToQuantity")
		price, priced := d.amount("UofMPrice.Amount")
		switch {
		case !hasEnd || !priced:
			f.add(ruleMissing, "Details", "A price break needs a quantity that it ends with, and an amount.")
		case to.LessThan(from) || price.IsNegative():
			f.add(ruleAmount, "Details", "The price break up to %s at %s is out of order, or negative.", to, price)
		}
		breaks = append(breaks, priceBreak{from, to, price})
		from = to.Add(it.smallest())
	}
	return breaks
}
