package gp

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// table maps the columns of a GP table to elements of a type of the WSDL, and
// is the one description from which the table is created, written, and read.
type table struct {
	name    string
	object  string
	columns []column
	extra   []string // definitions of columns that no element shows
	key     []string
}

// column is a column's name and the dotted path of its element.
type column struct{ name, path string }

// noDate is what a date column holds when there is no date (table scripts:
// no column is NULL).
var noDate = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)

const (
	datetimeLayout = "2006-01-02 15:04:05.000"
	stampColumn    = "DEX_ROW_TS" // the one datetime that keeps its time part
)

// querier is what reads and writes need of a transaction or a database.
type querier interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// ddl creates the table. No column is NULL: a blank, a zero or 1900-01-01
// stands for what isn't there. Money and quantity are exact decimals as text,
// because SQLite would turn a numeric column into floating point.
func (t table) ddl() string {
	defs := append(t.definitions(), "PRIMARY KEY ("+strings.Join(t.key, ", ")+")")
	return "CREATE TABLE IF NOT EXISTS " + t.name + " (\n" + strings.Join(defs, ",\n") + ")"
}

// definitions are those of all columns.
func (t table) definitions() []string {
	var defs []string
	for _, c := range t.columns {
		f := t.field(c)
		switch {
		case f.kind == kindInt || f.kind == kindBool || f.isPercent():
			defs = append(defs, c.name+" INTEGER NOT NULL DEFAULT 0")
		case f.kind == kindDecimal || f.kind == kindObject:
			defs = append(defs, c.name+" TEXT NOT NULL DEFAULT '0'")
		case f.kind == kindDateTime:
			defs = append(defs, c.name+" TEXT NOT NULL DEFAULT '"+noDate.Format(datetimeLayout)+"'")
		default:
			defs = append(defs, c.name+" TEXT NOT NULL DEFAULT '' COLLATE NOCASE")
		}
	}
	return append(defs, t.extra...)
}

func (t table) field(c column) field {
	f, err := schema[t.object].at(c.path)
	if err != nil {
		panic("gp: table " + t.name + ": " + err.Error()) // a mapping is part of the program
	}
	return f
}

func (f field) isPercent() bool { return f.kind == kindObject && f.typ.name == "Percent" }

// extras are values of a table's extra columns.
type extras map[string]any

// insert writes o as one row.
func (t table) insert(ctx context.Context, q querier, o *object, more extras) error {
	return t.write(ctx, q, o, more, func([]string) string { return "" })
}

// put writes o as one row, over the row with the same key when there is one.
// Unlike a delete and an insert it is an update to the triggers.
func (t table) put(ctx context.Context, q querier, o *object, more extras) error {
	return t.write(ctx, q, o, more, func(names []string) string {
		var set []string
		for _, name := range names {
			if !slices.Contains(t.key, name) {
				set = append(set, name+" = excluded."+name)
			}
		}
		return " ON CONFLICT (" + strings.Join(t.key, ", ") + ") DO UPDATE SET " + strings.Join(set, ", ")
	})
}

func (t table) write(ctx context.Context, q querier, o *object, more extras, onConflict func(names []string) string) error {
	var names []string
	var args []any
	for _, c := range t.columns {
		names = append(names, c.name)
		args = append(args, columnValue(t.field(c), c, o.get(c.path)))
	}
	for name, v := range more {
		names = append(names, name)
		args = append(args, v)
	}
	query := "INSERT INTO " + t.name + " (" + strings.Join(names, ", ") + ") VALUES (?" + strings.Repeat(", ?", len(names)-1) + ")" +
		onConflict(names)
	if _, err := q.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("insert into %s: %w", t.name, err)
	}
	return nil
}

func columnValue(f field, c column, v any) any {
	switch f.kind {
	case kindInt:
		n, _ := v.(int64)
		return n
	case kindBool:
		if b, _ := v.(bool); b {
			return 1
		}
		return 0
	case kindDecimal:
		d, _ := v.(decimal.Decimal)
		return d.String()
	case kindDateTime:
		t, ok := v.(time.Time)
		if !ok {
			t = noDate
		}
		if c.name != stampColumn {
			t = dateOf(t)
		}
		return t.Format(datetimeLayout)
	case kindObject: // an amount, a quantity or a percent
		o, _ := v.(*object)
		if f.isPercent() { // smallint with two implied decimals
			return o.value().Shift(2).Round(0).IntPart()
		}
		return o.value().String()
	default:
		s, _ := v.(string)
		return s
	}
}

// units says how a table's amounts and quantities are read.
type units struct {
	currency func(isoCode string) Currency // of the row's CURNCYID
	iso      string                        // for rows without CURNCYID
	decimals int                           // of quantities, unless the row has DECPLQTY
}

// row is an object and the extra columns beside it.
type row struct {
	*object
	extra map[string]string
}

// names are those of all columns, the extra ones last.
func (t table) names() []string {
	var names []string
	for _, c := range t.columns {
		names = append(names, c.name)
	}
	for _, def := range t.extra {
		name, _, _ := strings.Cut(def, " ")
		names = append(names, name)
	}
	return names
}

// query reads the rows that the SQL after the table's name selects.
func (t table) query(ctx context.Context, q querier, u units, tail string, args ...any) ([]row, error) {
	names := t.names()
	rows, err := q.QueryContext(ctx, "SELECT "+strings.Join(names, ", ")+" FROM "+t.name+" "+tail, args...)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", t.name, err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var list []row
	for rows.Next() {
		texts := make([]string, len(names))
		targets := make([]any, len(texts))
		for i := range texts {
			targets[i] = &texts[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, fmt.Errorf("read %s: %w", t.name, err)
		}
		r := row{object: newObject(t.object), extra: map[string]string{}}
		for i, name := range names[len(t.columns):] {
			r.extra[name] = texts[len(t.columns)+i]
		}
		if err := t.read(r, texts, u); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

func (t table) read(r row, texts []string, u units) error {
	iso := u.iso
	for i, c := range t.columns {
		if c.name == "CURNCYID" {
			iso = texts[i]
		}
	}
	decimals := u.decimals
	if places := r.extra["DECPLQTY"]; places != "" {
		if _, err := fmt.Sscan(places, &decimals); err != nil {
			return fmt.Errorf("read %s.DECPLQTY: %w", t.name, err)
		}
		decimals-- // DECPLQTY holds the places plus one
	}
	for i, c := range t.columns {
		if texts[i] == "" && strings.HasSuffix(c.path, "Key.Id") {
			continue // a blank id is no reference
		}
		f := t.field(c)
		v, err := elementValue(f, texts[i], iso, decimals, u)
		if err != nil {
			return fmt.Errorf("read %s.%s: %w", t.name, c.name, err)
		}
		if v != nil {
			r.set(c.path, v)
		}
	}
	return nil
}

// elementValue is the element of a column's text. A blank code stands for no
// value; other blanks are shown.
func elementValue(f field, text, iso string, decimals int, u units) (any, error) {
	switch f.kind {
	case kindInt:
		var n int64
		_, err := fmt.Sscan(text, &n)
		return n, err
	case kindBool:
		return text != "0", nil
	case kindDateTime:
		return time.Parse(datetimeLayout, text)
	case kindDecimal:
		return decimal.NewFromString(text)
	case kindObject:
		d, err := decimal.NewFromString(text)
		switch {
		case err != nil:
			return nil, err
		case f.isPercent() && d.IsZero():
			return nil, nil
		case f.isPercent():
			return percent(d.Shift(-2)), nil
		case f.typ.name == "Quantity":
			return quantity(d, decimals), nil
		}
		return money(u.currency(iso), d), nil
	case kindEnum:
		if text == "" {
			return nil, nil
		}
	case kindString:
		if text == "" && f.id {
			return nil, nil
		}
	}
	return text, nil
}

// dateOf drops the time part: a GP date is midnight (check constraint of
// every date column).
func dateOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// rowStamp rounds to SQL Server's datetime, whose milliseconds end in 0, 3 or 7.
func rowStamp(t time.Time) time.Time {
	ms := t.Nanosecond() / int(time.Millisecond)
	ms += []int{0, -1, 1, 0, -1, 2, 1, 0, -1, 1}[ms%10]
	return t.Truncate(time.Second).Add(time.Duration(ms) * time.Millisecond)
}
