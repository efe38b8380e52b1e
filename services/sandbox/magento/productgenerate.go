package magento

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
)

// generatedPrefix begins the SKUs of generated products: GEN-000001.
const generatedPrefix = "GEN-"

// Generate adds count simple products whose SKUs go on from the last generated
// one, with stock at each source, and returns the first and the last SKU. A
// hundred thousand take seconds.
func (s *Server) Generate(ctx context.Context, count int, sources []string) (first, last string, err error) {
	if count <= 0 {
		return "", "", fmt.Errorf("magento: %d products to generate", count)
	}
	if len(sources) == 0 {
		sources = []string{defaultSource}
	}
	for _, code := range sources {
		if !knownSource(code) {
			return "", "", fmt.Errorf("magento: no source has the code %q", code)
		}
	}
	s.productLock.Lock()
	defer s.productLock.Unlock()
	var from int64
	err = s.db.write(ctx, func(tx *sql.Tx) error {
		if from, err = lastGenerated(ctx, tx); err != nil {
			return err
		}
		return generate(ctx, tx, count, sources, s.timestamp())
	})
	if err != nil {
		return "", "", err
	}
	s.ids.product.Add(int64(count))
	return generatedSKU(from + 1), generatedSKU(from + int64(count)), nil
}

func generatedSKU(n int64) string { return fmt.Sprintf("%s%06d", generatedPrefix, n) }

func lastGenerated(ctx context.Context, tx *sql.Tx) (int64, error) {
	var last sql.NullInt64
	err := tx.QueryRowContext(ctx, `SELECT MAX(CAST(substr(sku, 5) AS INTEGER)) FROM catalog_product WHERE sku LIKE 'GEN-%'`).Scan(&last)
	return last.Int64, err
}

// generate lets the database make the rows: prices from 5.00 to 104.99, costs of
// six tenths, and 0 to 499 pieces at each source, all by the number.
func generate(ctx context.Context, tx *sql.Tx, count int, sources []string, now string) error {
	if count == 0 {
		return nil
	}
	last, err := lastGenerated(ctx, tx)
	if err != nil {
		return err
	}
	const numbers = `WITH RECURSIVE n(i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i < ?) `
	from, to := last+1, last+int64(count)
	if _, err := tx.ExecContext(ctx, numbers+`
		INSERT INTO catalog_product (entity_id, sku, type_id, name, price, status, visibility, created_at, updated_at, doc)
		SELECT base + i - ?, sku, 'simple', name, price, 1, 4, ?, ?, json_object('id', base + i - ?, 'sku', sku, 'name', name, 'type_id', 'simple',
			'price', price, 'cost', cost, 'weight', '1', 'created_at', ?)
		FROM (SELECT i, printf('GEN-%06d', i) AS sku, printf('Generated Product %d', i) AS name,
			printf('%d.%02d', 5 + i % 100, i % 97) AS price, printf('%d.%02d', (5 + i % 100) * 6 / 10, i % 89) AS cost,
			(SELECT MAX(entity_id) FROM catalog_product) + 0 AS base FROM n)`,
		from, to, last, now, now, last, now); err != nil {
		return fmt.Errorf("generate products: %w", err)
	}
	for _, code := range sources {
		if _, err := tx.ExecContext(ctx, numbers+`
			INSERT INTO inventory_source_item (sku, source_code, quantity, status)
			SELECT printf('GEN-%06d', i), ?, CAST((i * 37) % 500 AS TEXT), (i * 37) % 500 > 0 FROM n WHERE true
			ON CONFLICT (sku, source_code) DO UPDATE SET quantity = excluded.quantity, status = excluded.status`,
			from, to, code); err != nil {
			return fmt.Errorf("generate stock: %w", err)
		}
	}
	return nil
}

func (s *Server) adminGenerate(w http.ResponseWriter, r *http.Request) {
	var sent struct {
		Count   int      `json:"count"`
		Sources []string `json:"sources"`
	}
	if err := readJSON(w, r, &sent); err != nil {
		writeProblem(w, http.StatusBadRequest, err)
		return
	}
	first, last, err := s.Generate(r.Context(), sent.Count, sent.Sources)
	if err != nil {
		writeProblem(w, http.StatusBadRequest, err)
		return
	}
	writeJSON(w, http.StatusCreated, map[string]any{"count": sent.Count, "first": first, "last": last})
}
