package gp

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"
)

// saveSchedule adds an item's units to its schedule; a unit that the schedule
// has stays as it is.
func saveSchedule(ctx context.Context, q querier, it Item) error {
	for i, u := range it.Units {
		if _, err := q.ExecContext(ctx, `INSERT INTO IV40202 (UOMSCHDL, UOFM, SEQNUMBR, QTYBSUOM, UMDPQTYS, DEX_ROW_TS)
			VALUES (?, ?, ?, ?, ?, (SELECT utc FROM clock)) ON CONFLICT DO NOTHING`,
			storedText(it.UofMSchedule, true), u.Name, (i+1)*lineStep, u.BaseUnits.String(), it.QuantityDecimals); err != nil {
			return fmt.Errorf("save schedule %s: %w", it.UofMSchedule, err)
		}
	}
	return nil
}

// schedule is a unit of measure schedule.
type schedule struct {
	id       string
	units    []Unit
	decimals int
	stamp    time.Time
}

// base is the unit that the others are counted in.
func (s schedule) base() string {
	for _, u := range s.units {
		if u.BaseUnits.Equal(decimal.NewFromInt(1)) {
			return u.Name
		}
	}
	return s.units[0].Name
}

func schedules(ctx context.Context, q querier, where condition) ([]schedule, error) {
	rows, err := q.QueryContext(ctx, `SELECT UOMSCHDL, UOFM, QTYBSUOM, UMDPQTYS, DEX_ROW_TS FROM IV40202`+where.String()+` ORDER BY UOMSCHDL, SEQNUMBR, UOFM`, where.args...)
	if err != nil {
		return nil, fmt.Errorf("read schedules: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var list []schedule
	for rows.Next() {
		var u Unit
		var s schedule
		var stamp string
		if err := rows.Scan(&s.id, &u.Name, &u.BaseUnits, &s.decimals, &stamp); err != nil {
			return nil, fmt.Errorf("read schedules: %w", err)
		}
		if s.stamp, err = time.Parse(datetimeLayout, stamp); err != nil {
			return nil, fmt.Errorf("read schedule %s: %w", s.id, err)
		}
		if last := len(list) - 1; last < 0 || list[last].id != s.id {
			list = append(list, s)
		}
		at := &list[len(list)-1]
		at.units = append(at.units, u)
		if s.stamp.After(at.stamp) {
			at.stamp = s.stamp
		}
	}
	return list, rows.Err()
}

// describe sets what the schedule and its summary have in common.
func (s schedule) describe(typ string) *object {
	return newObject(typ).set("Key.Id", s.id).set("Description", s.id).set("BaseUofM", s.base()).
		set("UofMDecimalPlacesQuantities", schema["QuantityDecimalPlaces"].enum[s.decimals]).set("LastModifiedDate", s.stamp)
}

func getUofMSchedule(ctx context.Context, c *call) (any, error) {
	id := c.args.str("key.Id")
	var where condition
	where.add("UOMSCHDL = ?", id)
	list, err := schedules(ctx, c.q, where)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, c.notFound("UofMSchedule", id)
	}
	s := list[0]
	details := []any{}
	for i, u := range s.units {
		details = append(details, newObject("UofMScheduleDetail").set("Key.UofMScheduleKey.Id", s.id).set("Key.SequenceNumber", int64(i+1)*lineStep).
			set("UofM", u.Name).set("EquivalentUofM", s.base()).set("EquivalentUofMQuantity", quantity(u.BaseUnits, s.decimals)).
			set("QuantityInBaseUofM", quantity(u.BaseUnits, s.decimals)).set("LongDescription", u.Name).set("LastModifiedDate", s.stamp))
	}
	return s.describe("UofMSchedule").set("Details", details), nil
}

func listUofMSchedules(ctx context.Context, c *call) (any, error) {
	var where, units condition
	units.restrictAll(c.args.object("criteria"), map[string]string{"UnitofMeasureScheduleId": "UOMSCHDL", "LastModifiedDate": stampColumn})
	where.add("UOMSCHDL IN (SELECT UOMSCHDL FROM IV40202"+units.String()+")", units.args...)
	found, err := schedules(ctx, c.q, where)
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, s := range found {
		list = append(list, s.describe("UofMScheduleSummary"))
	}
	return list, nil
}
