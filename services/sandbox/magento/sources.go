package magento

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// sourceSchema is the table that source items belong to. A new store has the
// source of every installation and a shop in town.
const sourceSchema = `
CREATE TABLE IF NOT EXISTS inventory_source (source_code TEXT PRIMARY KEY COLLATE NOCASE, name TEXT NOT NULL, enabled INTEGER NOT NULL);
INSERT INTO inventory_source (source_code, name, enabled) VALUES ('default', 'Default Source', 1), ('store', 'Store in Town', 1)
	ON CONFLICT (source_code) DO NOTHING;
`

// sourceKnown compares as the foreign key of source items does: letters of
// either case are the same.
func sourceKnown(ctx context.Context, tx *sql.Tx, code string) (bool, error) {
	var found string
	err := tx.QueryRowContext(ctx, `SELECT source_code FROM inventory_source WHERE source_code = ?`, code).Scan(&found)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read source %s: %w", code, err)
	}
	return true, nil
}
