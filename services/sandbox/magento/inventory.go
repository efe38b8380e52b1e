package magento

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"

	"github.com/shopspring/decimal"
)

// defaultSource is the source that every installation has.
const defaultSource = "default"

var sourceItemEntity = entity{
	from: "inventory_source_item", key: "source_item_id",
	doc: "json_object('sku', sku, 'source_code', source_code, 'quantity', quantity, 'status', status)",
	fields: map[string]field{
		"source_item_id": {"source_item_id", numberField}, "sku": {"sku", textField}, "source_code": {"source_code", textField},
		"quantity": {"CAST(quantity AS NUMERIC)", numberField}, "status": {"status", numberField},
	},
}

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

func (s *Server) searchSourceItems(ctx context.Context, c *call) ([]byte, error) {
	crit, err := parseCriteria(c.query, s.cfg.PageSizeLimit)
	if err != nil {
		return nil, err
	}
	rows, total, err := s.db.search(ctx, sourceItemEntity, crit)
	if err != nil {
		return nil, err
	}
	items := make([][]byte, len(rows))
	for i, row := range rows {
		var si sourceItem
		if err := json.Unmarshal(row.doc, &si); err != nil {
			return nil, internal("decode source item: %w", err)
		}
		w := &phpWriter{}
		w.object("", func() {
			w.textAlways("sku", si.SKU)
			w.textAlways("source_code", si.SourceCode)
			w.number("quantity", si.Quantity)
			w.int("status", si.Status)
		})
		items[i] = w.buf
	}
	return crit.envelope(items, total, false), nil
}

var sourceItemKeys = map[string]bool{"sku": true, "source_code": true, "quantity": true, "status": true, "extension_attributes": true}

var blank = regexp.MustCompile(`\s`)

// saveSourceItems writes all rows or none. An unknown SKU is accepted, an
// unknown source is not (magento/inventory, Inventory/Model/SourceItem).
func (s *Server) saveSourceItems(ctx context.Context, c *call) ([]byte, error) {
	raw, ok := c.body["sourceItems"]
	if !ok {
		return nil, errRequired("sourceItems")
	}
	var rows []json.RawMessage
	if err := json.Unmarshal(raw, &rows); err != nil {
		return nil, errType("sourceItems", string(raw), "array")
	}
	if len(rows) == 0 {
		return nil, badRequest("Input data is empty")
	}
	items := make([]sourceItem, len(rows))
	for i, row := range rows {
		if err := decodeObject(row, "sourceItems", `Magento\InventoryApi\Api\Data\SourceItemInterface`, sourceItemKeys, &items[i]); err != nil {
			return nil, err
		}
		switch si := items[i]; {
		case strings.TrimSpace(si.SKU) == "":
			return nil, badRequest(`Validation Failed: "sku" can not be empty.`)
		case si.SourceCode == "":
			return nil, badRequest(`Validation Failed: "source_code" can not be empty.`)
		case blank.MatchString(si.SourceCode):
			return nil, badRequest(`Validation Failed: "source_code" can not contain whitespaces.`)
		case si.Status != 0 && si.Status != 1:
			return nil, badRequest(`Validation Failed: "status" should be a known status.`)
		case !knownSource(si.SourceCode):
			return nil, badRequest("Could not save Source Item")
		}
	}
	err := s.db.write(ctx, func(tx *sql.Tx) error {
		for _, si := range items {
			if err := upsertSourceItem(ctx, tx, si); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return []byte("[]"), nil
}
