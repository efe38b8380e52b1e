package magento

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
)

// saveProductRow writes a new row, or the same row anew.
func saveProductRow(ctx context.Context, tx *sql.Tx, p *Product) error {
	doc, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode product %s: %w", p.SKU, err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO catalog_product
		(entity_id, sku, type_id, name, price, status, visibility, created_at, updated_at, doc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (entity_id) DO UPDATE SET sku = excluded.sku, name = excluded.name, price = excluded.price, status = excluded.status,
		visibility = excluded.visibility, updated_at = excluded.updated_at, doc = excluded.doc`,
		p.ID, p.SKU, p.Type, p.Name, p.Price.String(), p.status(), p.visibility(), p.CreatedAt, orText(p.UpdatedAt, p.CreatedAt), string(doc)); err != nil {
		return fmt.Errorf("write product %s: %w", p.SKU, err)
	}
	return nil
}

// product finds by SKU as MySQL compares: letters of either case are the same,
// and blanks at the end don't count. It returns errNoProduct.
func (d *database) product(ctx context.Context, sku string) (*Product, error) {
	var doc []byte
	switch err := d.reader.QueryRowContext(ctx, `SELECT doc FROM catalog_product WHERE sku = ?`, strings.TrimRight(sku, " ")).Scan(&doc); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, errNoProduct
	case err != nil:
		return nil, fmt.Errorf("read product %s: %w", sku, err)
	}
	return decodeProduct(doc)
}

func decodeProduct(doc []byte) (*Product, error) {
	p := new(Product)
	if err := json.Unmarshal(doc, p); err != nil {
		return nil, internal("decode product: %w", err)
	}
	return p, nil
}

var productFields = map[string]field{
	"entity_id": {"entity_id", numberField}, "sku": {"sku", textField}, "type_id": {"type_id", textField}, "name": {"name", textField},
	"price": {"CAST(price AS NUMERIC)", numberField}, "status": {"status", numberField}, "visibility": {"visibility", numberField},
	"created_at": {"created_at", timeField}, "updated_at": {"updated_at", timeField},
}

// productEntity searches default values, whatever the store in the path.
func (s *Server) productEntity() entity {
	fields := maps.Clone(productFields)
	for _, code := range s.productAttributes() {
		fields[code] = inDoc("custom." + code)
	}
	fields["cost"], fields["special_price"] = numberInDoc("cost", true), numberInDoc("special_price", true)
	fields["special_from_date"], fields["special_to_date"] = inDoc("special_from"), inDoc("special_to")
	return entity{from: "catalog_product", key: "entity_id", doc: "doc", eav: true, fields: fields}
}
