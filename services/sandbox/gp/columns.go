package gp

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"strings"
)

//go:embed documents.sql
var documentsSQL string

// stockColumns are quantities of IV00102 that returns fill.
var stockColumns = []string{
	"QTYRTRND TEXT NOT NULL DEFAULT '0'", "QTYINUSE TEXT NOT NULL DEFAULT '0'",
	"QTYINSVC TEXT NOT NULL DEFAULT '0'", "QTYDMGED TEXT NOT NULL DEFAULT '0'",
}

// addColumns brings a database that an older sandbox made up to date: every
// column has a default, so old rows need nothing.
func addColumns(ctx context.Context, db *sql.DB) error {
	wanted := map[string][]string{"IV00102": stockColumns}
	for _, t := range mapped {
		wanted[t.name] = t.definitions()
	}
	for name, definitions := range wanted {
		has, err := columnsOf(ctx, db, name)
		if err != nil {
			return err
		}
		for _, d := range definitions {
			column, _, _ := strings.Cut(d, " ")
			if has[strings.ToUpper(column)] {
				continue
			}
			if _, err := db.ExecContext(ctx, "ALTER TABLE "+name+" ADD COLUMN "+d); err != nil {
				return fmt.Errorf("add %s.%s: %w", name, column, err)
			}
		}
	}
	return nil
}

func columnsOf(ctx context.Context, db *sql.DB, table string) (map[string]bool, error) {
	rows, err := db.QueryContext(ctx, "SELECT name FROM pragma_table_info(?)", table)
	if err != nil {
		return nil, fmt.Errorf("columns of %s: %w", table, err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	has := map[string]bool{}
	for rows.Next() {
		var column string
		if err := rows.Scan(&column); err != nil {
			return nil, fmt.Errorf("columns of %s: %w", table, err)
		}
		has[strings.ToUpper(column)] = true
	}
	return has, rows.Err()
}

// nextNumber counts up one of the company's numbers.
func nextNumber(ctx context.Context, q querier, name string) (int64, error) {
	var n int64
	if err := q.QueryRowContext(ctx, `INSERT INTO next_numbers (name, value) VALUES (?, 1)
		ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value`, name).Scan(&n); err != nil {
		return 0, fmt.Errorf("next number of %s: %w", name, err)
	}
	return n, nil
}
