package gp

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// withDefaults completes an item's setup.
func (it Item) withDefaults() Item {
	it.ItemNumber = storedText(it.ItemNumber, true)
	orDefault(&it.Type, "Sales Item")
	listDefault(&it.Units, Unit{"EACH", decimal.NewFromInt(1)})
	orDefault(&it.UofMSchedule, strings.ToUpper(it.Units[0].Name))
	orDefault(&it.CurrencyDecimals, 2)
	return it
}

// stocked reports whether the item has stock of its own; kits, services and
// fees have none.
func (it Item) stocked() bool { return it.Type == "Sales Item" }

// kitType is the ItemType of an item that is made of others.
const kitType = "Kit"

// allocated reports whether an order of the item reserves stock.
func (it Item) allocated() bool { return it.stocked() || it.Type == kitType }

func (it Item) unit(name string) (Unit, bool) {
	for _, u := range it.Units {
		if strings.EqualFold(u.Name, name) {
			return u, true
		}
	}
	return Unit{}, false
}

// price is the item's list price of one unit, and whether it has one.
func (it Item) price(c Currency, functional Currency, u Unit) (decimal.Decimal, bool) {
	base, ok := it.Prices[c.ISOCode]
	if !ok && c.ISOCode == functional.ISOCode {
		base, ok = it.Price, true
	}
	return base.Mul(u.BaseUnits), ok
}

// loadItem reads an item's setup.
func loadItem(ctx context.Context, q querier, number string) (Item, bool, error) {
	var setup string
	err := q.QueryRowContext(ctx, `SELECT SETUP FROM IV00101 WHERE ITEMNMBR = ?`, number).Scan(&setup)
	if errors.Is(err, sql.ErrNoRows) {
		return Item{}, false, nil
	}
	if err != nil {
		return Item{}, false, fmt.Errorf("read item %s: %w", number, err)
	}
	var it Item
	if err := json.Unmarshal([]byte(setup), &it); err != nil {
		return Item{}, false, fmt.Errorf("read item %s: %w", number, err)
	}
	return it, true, nil
}

// saveItem creates or changes an item; stock of sites that it doesn't name
// stays as it is. The item is stamped when its own fields change, and by the
// triggers when stock does; prices have stamps of their own.
func (s *Server) saveItem(ctx context.Context, q querier, it Item) error {
	it = it.withDefaults()
	if it.ItemNumber == "" || itemTypes[it.Type] == "" {
		return fmt.Errorf("item %q: no number, or type %q is no ItemType", it.ItemNumber, it.Type)
	}
	old, found, err := loadItem(ctx, q, it.ItemNumber)
	if err != nil {
		return err
	}
	if err := s.saveSetup(ctx, q, old, it, found); err != nil {
		return fmt.Errorf("save item %s: %w", it.ItemNumber, err)
	}
	if err := saveSchedule(ctx, q, it); err != nil {
		return err
	}
	if err := s.savePrices(ctx, q, old, it); err != nil {
		return err
	}
	return s.saveStock(ctx, q, it.ItemNumber, it.OnHand)
}

// seedItem puts in a configured item. One that is there stays as it is, but
// gets the schedule and the prices that a file of an older version lacks.
func (s *Server) seedItem(ctx context.Context, q querier, it Item) error {
	stored, found, err := loadItem(ctx, q, it.ItemNumber)
	if err != nil {
		return err
	}
	if !found {
		return s.saveItem(ctx, q, it)
	}
	if n, err := count(ctx, q, "IV00107 WHERE ITEMNMBR = ?", stored.ItemNumber); err != nil || n > 0 {
		return err
	}
	if err := saveSchedule(ctx, q, stored); err != nil {
		return err
	}
	return s.savePrices(ctx, q, Item{}, stored)
}

// saveSetup writes an item's own row.
func (s *Server) saveSetup(ctx context.Context, q querier, old, it Item, found bool) error {
	it.OnHand, old.OnHand = nil, nil // stock has a table of its own
	if found && toJSON(old.withoutPrices()) == toJSON(it.withoutPrices()) {
		_, err := q.ExecContext(ctx, `UPDATE IV00101 SET SETUP = ? WHERE ITEMNMBR = ?`, toJSON(it), it.ItemNumber)
		return err
	}
	today := dateOf(wallClock(s.cfg.Now().In(s.cfg.Location))).Format(datetimeLayout)
	_, err := q.ExecContext(ctx, `INSERT INTO IV00101
		(ITEMNMBR, ITEMDESC, ITEMTYPE, ITMCLSCD, ITMSHNAM, ITMGEDSC, DISCONTINUED, SETUP, CREATDDT, MODIFDT, DEX_ROW_TS)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT utc FROM clock))
		ON CONFLICT (ITEMNMBR) DO UPDATE SET ITEMDESC = excluded.ITEMDESC, ITEMTYPE = excluded.ITEMTYPE, ITMCLSCD = excluded.ITMCLSCD,
			ITMSHNAM = excluded.ITMSHNAM, ITMGEDSC = excluded.ITMGEDSC, DISCONTINUED = excluded.DISCONTINUED,
			SETUP = excluded.SETUP, MODIFDT = excluded.MODIFDT, DEX_ROW_TS = excluded.DEX_ROW_TS`,
		it.ItemNumber, it.Description, it.Type, it.Class, it.ShortDescription, it.Generic, it.Discontinued, toJSON(it), today, today)
	return err
}

// withoutPrices is the item without what IV00105, IV00107 and IV00108 hold.
func (it Item) withoutPrices() Item {
	it.Price, it.Prices, it.Levels = decimal.Decimal{}, nil, nil
	return it
}

// saveStock sets the quantity on hand of the sites that are named; a site that
// the item wasn't assigned to becomes one of its sites. It fails with
// [ErrUnknown] for an item or a site that isn't there.
func (s *Server) saveStock(ctx context.Context, q querier, item string, onHand map[string]decimal.Decimal) error {
	for site, quantity := range onHand {
		if _, ok := find(s.cfg.Sites, site); !ok {
			return fmt.Errorf("save stock of item %s at site %s: %w", item, site, ErrUnknown)
		}
		saved, err := q.ExecContext(ctx, `INSERT INTO IV00102 (ITEMNMBR, LOCNCODE, QTYONHND) SELECT ITEMNMBR, ?, ? FROM IV00101 WHERE ITEMNMBR = ?
			ON CONFLICT (ITEMNMBR, RCRDTYPE, LOCNCODE) DO UPDATE SET QTYONHND = excluded.QTYONHND`,
			strings.ToUpper(site), quantity.String(), item)
		if err != nil {
			return fmt.Errorf("save stock of item %s: %w", item, err)
		}
		if n, err := saved.RowsAffected(); err != nil || n == 0 {
			return errors.Join(fmt.Errorf("save stock of item %s: %w", item, ErrUnknown), err)
		}
	}
	return nil
}

// stock is an item's row of IV00102 for one site.
type stock struct {
	site                         string
	onHand, allocated, backorder decimal.Decimal

	returned, inUse, inService, damaged decimal.Decimal // by returns
}

func stocks(ctx context.Context, q querier, item string) ([]stock, error) {
	rows, err := q.QueryContext(ctx, `SELECT LOCNCODE, QTYONHND, ATYALLOC, QTYBKORD, QTYRTRND, QTYINUSE, QTYINSVC, QTYDMGED FROM IV00102 WHERE ITEMNMBR = ? AND RCRDTYPE = 2 ORDER BY LOCNCODE`, item)
	if err != nil {
		return nil, fmt.Errorf("read stock of %s: %w", item, err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var list []stock
	for rows.Next() {
		var st stock
		if err := rows.Scan(&st.site, &st.onHand, &st.allocated, &st.backorder, &st.returned, &st.inUse, &st.inService, &st.damaged); err != nil {
			return nil, fmt.Errorf("read stock of %s: %w", item, err)
		}
		list = append(list, st)
	}
	return list, rows.Err()
}

// itemTypes are the xsi:types of GetItemByKey's answer by ItemType.
var itemTypes = map[string]string{
	"Sales Item": "SalesItem", "Kit": "Kit", "Miscellaneous Charges": "MiscellaneousCharges",
	"Service": "Service", "Flat Fee": "FlatFee",
}

// getItem answers with the abstract Item, so xsi:type tells what it is.
func getItem(ctx context.Context, c *call) (any, error) {
	number := c.args.str("key.Id")
	it, found, err := loadItem(ctx, c.q, number)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, c.notFound("Item", number)
	}
	return c.describeItem(ctx, it)
}

func getInventoriedItem(ctx context.Context, c *call) (any, error) {
	number := c.args.str("key.Id")
	it, found, err := loadItem(ctx, c.q, number)
	if err != nil {
		return nil, err
	}
	if !found || !it.stocked() {
		return nil, c.notFound("InventoriedItem", number)
	}
	return c.describeItem(ctx, it)
}

func (c *call) describeItem(ctx context.Context, it Item) (*object, error) {
	var created, modified, stamp string
	if err := c.q.QueryRowContext(ctx, `SELECT CREATDDT, MODIFDT, DEX_ROW_TS FROM IV00101 WHERE ITEMNMBR = ?`, it.ItemNumber).
		Scan(&created, &modified, &stamp); err != nil {
		return nil, fmt.Errorf("read item %s: %w", it.ItemNumber, err)
	}
	functional := c.cfg.Currencies[0]
	places := schema["QuantityDecimalPlaces"].enum
	o := newObject(itemTypes[it.Type])
	o.set("Key.Id", it.ItemNumber).set("Description", it.Description).set("ShortDescription", it.ShortDescription).
		set("GenericDescription", it.Generic).set("Type", it.Type).set("UofMScheduleKey.Id", it.UofMSchedule).
		set("QuantityDecimalPlaces", places[it.QuantityDecimals]).set("CurrencyDecimalPlaces", places[it.CurrencyDecimals]).
		set("StandardCost", money(functional, it.Cost)).set("CurrentCost", money(functional, it.Cost)).
		set("AllowBackOrder", !it.NoBackorder).set("PriceMethod", "Currency Amount").
		set("DefaultWarehouseKey.Id", c.cfg.Sites[0].ID).set("IsDiscontinued", it.Discontinued).
		set("DefaultPriceLevelKey.Id", c.cfg.PriceLevels[0].ID).set("DefaultSellingUofM", it.Units[0].Name)
	if it.Class != "" {
		o.set("ClassKey.Id", it.Class)
	}
	for path, text := range map[string]string{"CreatedDate": created, "ModifiedDate": modified, "LastModifiedDate": stamp} {
		at, err := time.Parse(datetimeLayout, text)
		if err != nil {
			return nil, fmt.Errorf("read item %s: %w", it.ItemNumber, err)
		}
		o.set(path, at)
	}
	if !it.stocked() {
		return o, nil
	}
	list, err := stocks(ctx, c.q, it.ItemNumber)
	if err != nil {
		return nil, err
	}
	quantities := []any{}
	for _, st := range list {
		row := newObject("SalesItemWarehouse").set("Key.ItemKey.Id", it.ItemNumber).set("Key.WarehouseKey.Id", st.site)
		for name, v := range map[string]decimal.Decimal{
			"InUseQuantity": st.inUse, "InServiceQuantity": st.inService, "ReturnedQuantity": st.returned, "DamagedQuantity": st.damaged, "OnOrderQuantity": {},
			"OnHandQuantity": st.onHand, "AllocatedQuantity": st.allocated, "BackOrderedQuantity": st.backorder,
		} {
			row.set(name, quantity(v, it.QuantityDecimals))
		}
		quantities = append(quantities, row)
	}
	return o.set("ValuationMethod", "FIFO Perpetual").set("TrackingOption", "None").set("Quantities", quantities), nil
}

func listItems(ctx context.Context, c *call) (any, error) { return c.itemSummaries(ctx, condition{}) }

func listInventoriedItems(ctx context.Context, c *call) (any, error) {
	var where condition
	where.add("ITEMTYPE = ?", "Sales Item")
	return c.itemSummaries(ctx, where)
}

// orderByItem sorts what a condition leaves. The plus keeps SQLite from reading
// all items in order instead of those of a window of stamps.
const orderByItem = ` ORDER BY +ITEMNMBR`

func (c *call) itemSummaries(ctx context.Context, where condition) (any, error) {
	where.restrictAll(c.args.object("criteria"), map[string]string{
		"ItemId": "ITEMNMBR", "Description": "ITEMDESC", "ShortDescription": "ITMSHNAM", "GenericDescription": "ITMGEDSC",
		"ItemClassId": "ITMCLSCD", "CreatedDate": "CREATDDT", "ModifiedDate": "MODIFDT", "LastModifiedDate": stampColumn,
		"Type": "ITEMTYPE", "IsDiscontinued": "DISCONTINUED",
	})
	rows, err := c.q.QueryContext(ctx, `SELECT ITEMNMBR, ITEMDESC, ITMSHNAM, ITMGEDSC, ITMCLSCD, ITEMTYPE, DISCONTINUED,
		CREATDDT, MODIFDT, DEX_ROW_TS FROM IV00101`+where.String()+orderByItem, where.args...)
	if err != nil {
		return nil, fmt.Errorf("read items: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	list := []any{}
	for rows.Next() {
		var number, description, short, generic, class, typ string
		var discontinued bool
		dates := make([]string, 3)
		if err := rows.Scan(&number, &description, &short, &generic, &class, &typ, &discontinued, &dates[0], &dates[1], &dates[2]); err != nil {
			return nil, fmt.Errorf("read items: %w", err)
		}
		o := newObject("ItemSummary").set("Key.Id", number).set("Description", description).set("ShortDescription", short).
			set("GenericDescription", generic).set("Type", typ).set("IsDiscontinued", discontinued)
		if class != "" {
			o.set("ItemClassKey.Id", class)
		}
		for i, name := range []string{"CreatedDate", "ModifiedDate", "LastModifiedDate"} {
			at, err := time.Parse(datetimeLayout, dates[i])
			if err != nil {
				return nil, fmt.Errorf("read item %s: %w", number, err)
			}
			o.set(name, at)
		}
		list = append(list, o)
	}
	return list, rows.Err()
}
