package gp

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/shopspring/decimal"
)

// allocate splits a line's quantity into what is allocated, back ordered and
// canceled, by the option of behavior Quantity Shortage, and reserves stock.
// Available is on hand less allocated, in base units (IV00102). A kit has no
// stock: there are as many as its components make, and those are reserved.
func (c *call) allocate(ctx context.Context, d *document, l *line) error {
	ordered, _ := l.amount("Quantity")
	canceled, _ := l.amount("QuantityCanceled")
	wanted := ordered.Sub(canceled)
	backorder := decimal.Zero
	allocated := wanted
	stocked := l.item.allocated() && l.item.ItemNumber != "" && !l.bool("IsDropShip")
	if !stocked || !c.allocates {
		allocated = decimal.Zero
	} else {
		available, err := c.available(ctx, l)
		if err != nil {
			return err
		}
		if available.LessThan(wanted) {
			allocated, backorder, canceled = c.shortageOf(d, l, wanted, decimal.Max(available, decimal.Zero), canceled)
		}
		if err := c.changeStock(ctx, l, stockChange{allocated: allocated, backorder: backorder}); err != nil {
			return err
		}
	}
	bill := ordered.Sub(backorder).Sub(canceled)
	fulfilled, _ := l.amount("QuantityFulfilled")
	if stocked {
		fulfilled = decimal.Min(fulfilled, allocated)
	}
	l.set("QuantityAllocated", quantity(allocated, l.item.QuantityDecimals)).
		set("QuantityToBackorder", quantity(backorder, l.item.QuantityDecimals)).
		set("QuantityCanceled", quantity(canceled, l.item.QuantityDecimals)).
		set("QuantityFulfilled", quantity(decimal.Min(fulfilled, bill), l.item.QuantityDecimals))
	if l.has("QuantityToInvoice") {
		l.set("QuantityToInvoice", quantity(bill, l.item.QuantityDecimals))
	}
	return nil
}

// shortageOf applies the option: what is there, and what becomes of the rest.
func (c *call) shortageOf(d *document, l *line, wanted, available, canceled decimal.Decimal) (allocated, backorder, cancel decimal.Decimal) {
	short := wanted.Sub(available)
	switch c.shortage {
	case ShortageOverride:
		return wanted, decimal.Zero, canceled
	case ShortageBackorderAll:
		c.mayBackorder(d, l)
		return decimal.Zero, wanted, canceled
	case ShortageBackorderBalance:
		c.mayBackorder(d, l)
		return available, short, canceled
	case ShortageCancelAll:
		return decimal.Zero, decimal.Zero, canceled.Add(wanted)
	case ShortageSellBalance, ShortageCancelBalance:
		return available, decimal.Zero, canceled.Add(short)
	}
	d.add(ruleShortage, "Lines.Quantity", "The quantity %s of item %s is not available at site %s: there are %s.",
		wanted, l.item.ItemNumber, l.str("WarehouseKey.Id"), available)
	return decimal.Zero, decimal.Zero, canceled
}

func (c *call) mayBackorder(d *document, l *line) {
	if l.item.NoBackorder {
		d.add(ruleNoBackorder, "Lines.Quantity", "The item %s does not allow back orders.", l.item.ItemNumber)
	}
}

// available is in the line's unit.
func (c *call) available(ctx context.Context, l *line) (decimal.Decimal, error) {
	if l.item.Type != kitType {
		return c.onShelf(ctx, l)
	}
	kits := decimal.Zero
	parts, err := c.components(ctx, l)
	if err != nil {
		return kits, err
	}
	for i, p := range parts {
		there, err := c.onShelf(ctx, p.line)
		if err != nil {
			return kits, err
		}
		if n := there.Div(p.each).Floor(); i == 0 || n.LessThan(kits) {
			kits = n
		}
	}
	return kits.Div(l.unit.BaseUnits).Floor(), nil
}

// component is a line of one item of a kit, and how many one kit takes.
type component struct {
	*line
	each decimal.Decimal
}

func (c *call) components(ctx context.Context, kit *line) ([]component, error) {
	parts := make([]component, 0, len(kit.item.Components))
	for _, of := range kit.item.Components {
		item, found, err := loadItem(ctx, c.q, of.ItemNumber)
		if err != nil {
			return nil, err
		}
		if found && item.stocked() {
			parts = append(parts, component{&line{object: kit.object, item: item, unit: Unit{BaseUnits: decimal.NewFromInt(1)}}, of.Quantity})
		}
	}
	return parts, nil
}

// onShelf is the stock of an item at the line's site that nobody has.
func (c *call) onShelf(ctx context.Context, l *line) (decimal.Decimal, error) {
	var onHand, allocated decimal.Decimal
	err := c.q.QueryRowContext(ctx, `SELECT QTYONHND, ATYALLOC FROM IV00102 WHERE ITEMNMBR = ? AND LOCNCODE = ? AND RCRDTYPE = 2`,
		l.item.ItemNumber, l.str("WarehouseKey.Id")).Scan(&onHand, &allocated)
	if errors.Is(err, sql.ErrNoRows) {
		return decimal.Zero, nil // a component that the site doesn't have
	}
	if err != nil {
		return decimal.Zero, fmt.Errorf("read stock of %s: %w", l.item.ItemNumber, err)
	}
	return onHand.Sub(allocated).Div(l.unit.BaseUnits).Truncate(int32(l.item.QuantityDecimals)), nil //nolint:gosec // 0 to 5
}

// stockChange is what happens to an item's quantities at a site, in the line's
// unit.
type stockChange struct {
	onHand, allocated, backorder        decimal.Decimal
	returned, inUse, inService, damaged decimal.Decimal
}

// by is the change of so many times as much.
func (s stockChange) by(n decimal.Decimal) stockChange {
	return stockChange{
		s.onHand.Mul(n), s.allocated.Mul(n), s.backorder.Mul(n),
		s.returned.Mul(n), s.inUse.Mul(n), s.inService.Mul(n), s.damaged.Mul(n),
	}
}

// columns are those of IV00102.
func (s stockChange) columns() map[string]decimal.Decimal {
	return map[string]decimal.Decimal{
		"QTYONHND": s.onHand, "ATYALLOC": s.allocated, "QTYBKORD": s.backorder,
		"QTYRTRND": s.returned, "QTYINUSE": s.inUse, "QTYINSVC": s.inService, "QTYDMGED": s.damaged,
	}
}

// changeStock adds to the site's quantities. Of a kit, its components' change.
// Like the trigger on IV00102 it stamps the item's row: a change of stock shows
// as a change of the item.
func (c *call) changeStock(ctx context.Context, l *line, s stockChange) error {
	if s.isZero() {
		return nil
	}
	if l.item.Type == kitType {
		parts, err := c.components(ctx, l)
		if err != nil {
			return err
		}
		for _, p := range parts {
			if err := c.changeStock(ctx, p.line, s.by(p.each.Mul(l.unit.BaseUnits))); err != nil {
				return err
			}
		}
		return nil
	}
	site := l.str("WarehouseKey.Id")
	for column, v := range s.by(l.unit.BaseUnits).columns() {
		if v.IsZero() {
			continue
		}
		var has decimal.Decimal
		err := c.q.QueryRowContext(ctx, `SELECT `+column+` FROM IV00102 WHERE ITEMNMBR = ? AND LOCNCODE = ? AND RCRDTYPE = 2`,
			l.item.ItemNumber, site).Scan(&has)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // the item lost its site meanwhile
		}
		if err != nil {
			return fmt.Errorf("read stock of %s: %w", l.item.ItemNumber, err)
		}
		if _, err := c.q.ExecContext(ctx, `UPDATE IV00102 SET `+column+` = ? WHERE ITEMNMBR = ? AND LOCNCODE = ? AND RCRDTYPE = 2`,
			has.Add(v).String(), l.item.ItemNumber, site); err != nil {
			return fmt.Errorf("change stock of %s: %w", l.item.ItemNumber, err)
		}
	}
	if _, err := c.q.ExecContext(ctx, `UPDATE IV00101 SET DEX_ROW_TS = ? WHERE ITEMNMBR = ?`, c.utc.Format(datetimeLayout), l.item.ItemNumber); err != nil {
		return fmt.Errorf("stamp item %s: %w", l.item.ItemNumber, err)
	}
	return nil
}

func (s stockChange) isZero() bool {
	for _, v := range s.columns() {
		if !v.IsZero() {
			return false
		}
	}
	return true
}

// storedLine is a line as the tables have it, with its item. Found is false
// when the item is gone or has no stock.
func (c *call) storedLine(ctx context.Context, o *object) (l *line, found bool, err error) {
	item, found, err := loadItem(ctx, c.q, o.str("ItemKey.Id"))
	if err != nil {
		return nil, false, err
	}
	l = &line{object: o, item: item, unit: Unit{Name: o.str("UofM"), BaseUnits: decimal.NewFromInt(1)}}
	if !found || o.bool("IsNonInventory") {
		return l, false, nil
	}
	var ok bool
	if l.unit, ok = item.unit(o.str("UofM")); !ok {
		l.unit = item.Units[0]
	}
	return l, item.allocated() && !o.bool("IsDropShip"), nil
}

// release gives back what a stored line has reserved.
func (c *call) release(ctx context.Context, o *object) error {
	l, found, err := c.storedLine(ctx, o)
	if err != nil || !found {
		return err
	}
	allocated, _ := o.amount("QuantityAllocated")
	backorder, _ := o.amount("QuantityToBackorder")
	return c.changeStock(ctx, l, stockChange{allocated: allocated.Neg(), backorder: backorder.Neg()})
}
