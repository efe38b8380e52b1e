package magento

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"

	"github.com/shopspring/decimal"
)

// defaultSource is the source that every installation has.
const defaultSource = "default"

// sourceItem is SourceItemInterface: the physical quantity of a SKU at a place.
type sourceItem struct {
	SKU        string          `json:"sku"`
	SourceCode string          `json:"source_code"`
	Quantity   decimal.Decimal `json:"quantity"`
	Status     int64           `json:"status"`
}

func insertStock(ctx context.Context, tx *sql.Tx, rng *rand.Rand, products []Product) error {
	for _, p := range products {
		if p.Type != TypeSimple {
			continue
		}
		if err := upsertSourceItem(ctx, tx, sourceItem{SKU: p.SKU, SourceCode: defaultSource, Quantity: decimal.New(int64(200+rng.IntN(2000)), 0), Status: 1}); err != nil {
			return err
		}
	}
	return nil
}

func upsertSourceItem(ctx context.Context, tx *sql.Tx, si sourceItem) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO inventory_source_item (sku, source_code, quantity, status) VALUES (?, ?, ?, ?)
		ON CONFLICT (sku, source_code) DO UPDATE SET quantity = excluded.quantity, status = excluded.status`,
		si.SKU, si.SourceCode, si.Quantity.String(), si.Status); err != nil {
		return fmt.Errorf("write stock of %s: %w", si.SKU, err)
	}
	return nil
}
