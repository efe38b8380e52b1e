package magento

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
)

const sourceItemClass = `Magento\InventoryApi\Api\Data\SourceItemInterface`

var sourceItemEntity = entity{
	from: "inventory_source_item", key: "source_item_id",
	doc: "json_object('sku', sku, 'source_code', source_code, 'quantity', quantity, 'status', status)",
	fields: map[string]field{
		"source_item_id": {"source_item_id", numberField}, "sku": {"sku", textField}, "source_code": {"source_code", textField},
		"quantity": {"CAST(quantity AS NUMERIC)", numberField}, "status": {"status", numberField},
	},
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

var sourceItemKeys = keySet("sku source_code quantity status extension_attributes")

var blank = regexp.MustCompile(`\s`)

// saveSourceItems writes all rows or none. An unknown SKU is accepted, an
// unknown source is not (magento/inventory, Inventory/Model/SourceItem).
func (s *Server) saveSourceItems(ctx context.Context, c *call) ([]byte, error) {
	items, err := s.sourceItems(c)
	if err != nil {
		return nil, err
	}
	for _, si := range items {
		switch {
		case strings.TrimSpace(si.SKU) == "":
			return nil, errSourceItem(`"sku" can not be empty.`)
		case si.SourceCode == "":
			return nil, errSourceItem(`"source_code" can not be empty.`)
		case blank.MatchString(si.SourceCode):
			return nil, errSourceItem(`"source_code" can not contain whitespaces.`)
		case si.Status != 0 && si.Status != 1:
			return nil, errSourceItem(`"status" should be a known status.`)
		}
	}
	return s.writeSourceItems(ctx, items, upsertSourceItem)
}

// deleteSourceItems takes rows away; what isn't there is no error.
func (s *Server) deleteSourceItems(ctx context.Context, c *call) ([]byte, error) {
	items, err := s.sourceItems(c)
	if err != nil {
		return nil, err
	}
	return s.writeSourceItems(ctx, items, func(ctx context.Context, tx *sql.Tx, si sourceItem) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM inventory_source_item WHERE sku = ? AND source_code = ?`, si.SKU, si.SourceCode)
		return err
	})
}

func errSourceItem(text string) *restError { return badRequest("Validation Failed: " + text) }

func (s *Server) sourceItems(c *call) ([]sourceItem, error) {
	rows, err := s.entities(c, "sourceItems", sourceItemClass)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, badRequest("Input data is empty")
	}
	items := make([]sourceItem, len(rows))
	for i, row := range rows {
		sent := given{}
		if err := decodeObject(row, "sourceItems", sourceItemClass, sourceItemKeys, &sent); err != nil {
			return nil, err
		}
		if items[i], err = sent.sourceItem(); err != nil {
			return nil, err
		}
	}
	return items, nil
}

func (g given) sourceItem() (si sourceItem, err error) {
	if err = g.text("sku", &si.SKU); err != nil {
		return si, err
	}
	if err = g.text("source_code", &si.SourceCode); err != nil {
		return si, err
	}
	if err = g.amount("quantity", &si.Quantity); err != nil {
		return si, err
	}
	return si, g.int("status", &si.Status)
}

// writeSourceItems is one call at a time, as long as its rows take. One that
// has to wait for another may be rolled back.
func (s *Server) writeSourceItems(ctx context.Context, items []sourceItem, write func(context.Context, *sql.Tx, sourceItem) error) ([]byte, error) {
	defer s.stockWriters.Add(-1)
	behaviour := s.Behaviour()
	meets := s.stockWriters.Add(1) > 1
	if s.conduct.happens(behaviour.DeadlockRate) || meets && s.conduct.happens(behaviour.ParallelDeadlockRate) {
		return nil, errSourceItemDeadlock
	}
	s.stockLock.Lock()
	defer s.stockLock.Unlock()
	if err := pause(ctx, time.Duration(behaviour.RowTime)*time.Duration(len(items))); err != nil {
		return nil, err
	}
	err := s.db.write(ctx, func(tx *sql.Tx) error {
		for _, si := range items {
			if !knownSource(si.SourceCode) { // the foreign key
				return errSourceItemDeadlock
			}
			if err := write(ctx, tx, si); err != nil {
				return fmt.Errorf("source item %s at %s: %w", si.SKU, si.SourceCode, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return []byte("[]"), nil
}
