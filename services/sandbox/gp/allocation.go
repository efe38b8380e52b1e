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
		if err := c.reserve(ctx, l, allocated, backorder, 1); err != nil {
			return err
		}
	}
	for name, v := range map[string]decimal.Decimal{
		"QuantityAllocated": allocated, "QuantityToBackorder": backorder, "QuantityCanceled": canceled,
		"QuantityToInvoice": ordered.Sub(backorder).Sub(canceled), "QuantityFulfilled": decimal.Zero,
	} {
		l.set(name, quantity(v, l.item.QuantityDecimals))
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

// reserve adds to the site's allocated and back ordered quantities, or takes
// away from them when sign is -1. Like the trigger on IV00102 it stamps the
// item's row: a change of stock shows as a change of the item.
func (c *call) reserve(ctx context.Context, l *line, allocated, backorder decimal.Decimal, sign int64) error {
	if allocated.IsZero() && backorder.IsZero() {
		return nil
	}
	if l.item.Type == kitType {
		parts, err := c.components(ctx, l)
		if err != nil {
			return err
		}
		for _, p := range parts {
			each := p.each.Mul(l.unit.BaseUnits)
			if err := c.reserve(ctx, p.line, allocated.Mul(each), backorder.Mul(each), sign); err != nil {
				return err
			}
		}
		return nil
	}
	site := l.str("WarehouseKey.Id")
	var hasAllocated, hasBackorder decimal.Decimal
	err := c.q.QueryRowContext(ctx, `SELECT ATYALLOC, QTYBKORD FROM IV00102 WHERE ITEMNMBR = ? AND LOCNCODE = ? AND RCRDTYPE = 2`,
		l.item.ItemNumber, site).Scan(&hasAllocated, &hasBackorder)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // the item lost its site meanwhile
	}
	if err != nil {
		return fmt.Errorf("read stock of %s: %w", l.item.ItemNumber, err)
	}
	base := l.unit.BaseUnits.Mul(decimal.NewFromInt(sign))
	if _, err := c.q.ExecContext(ctx, `UPDATE IV00102 SET ATYALLOC = ?, QTYBKORD = ? WHERE ITEMNMBR = ? AND LOCNCODE = ? AND RCRDTYPE = 2`,
		hasAllocated.Add(allocated.Mul(base)).String(), hasBackorder.Add(backorder.Mul(base)).String(), l.item.ItemNumber, site); err != nil {
		return fmt.Errorf("allocate %s: %w", l.item.ItemNumber, err)
	}
	if _, err := c.q.ExecContext(ctx, `UPDATE IV00101 SET DEX_ROW_TS = ? WHERE ITEMNMBR = ?`, c.utc.Format(datetimeLayout), l.item.ItemNumber); err != nil {
		return fmt.Errorf("stamp item %s: %w", l.item.ItemNumber, err)
	}
	return nil
}

// release gives back what a stored line has reserved.
func (c *call) release(ctx context.Context, o *object) error {
	item, found, err := loadItem(ctx, c.q, o.str("ItemKey.Id"))
	if err != nil || !found || !item.allocated() {
		return err
	}
	unit, ok := item.unit(o.str("UofM"))
	if !ok {
		unit = item.Units[0]
	}
	allocated, _ := o.amount("QuantityAllocated")
	backorder, _ := o.amount("QuantityToBackorder")
	return c.reserve(ctx, &line{object: o, item: item, unit: unit}, allocated, backorder, -1)
}
