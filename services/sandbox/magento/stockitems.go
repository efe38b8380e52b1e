package magento

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"
	"github.com/shopspring/decimal"
)

const stockItemClass = `Magento\CatalogInventory\Api\Data\StockItemInterface`

var stockItemKeys = keySet(`item_id product_id stock_id qty is_in_stock is_qty_decimal show_default_notification_message use_config_min_qty
	min_qty use_config_min_sale_qty min_sale_qty use_config_max_sale_qty max_sale_qty use_config_backorders backorders
	use_config_notify_stock_qty notify_stock_qty use_config_qty_increments qty_increments use_config_enable_qty_inc
	enable_qty_increments use_config_manage_stock manage_stock low_stock_date is_decimal_divided stock_status_changed_auto
	extension_attributes`)

// stockItemSchema keeps what a legacy stock item has beside its quantity: that
// is the source item of the source "default", so the two can't differ.
const stockItemSchema = `CREATE TABLE IF NOT EXISTS cataloginventory_stock_item (product_id INTEGER PRIMARY KEY, settings TEXT NOT NULL);`

// stockDefaults are the settings of a stock item nobody touched, in the order
// REST prints them.
var stockDefaults = []struct {
	name, value string
}{
	{"is_qty_decimal", "false"}, {"show_default_notification_message", "false"}, {"use_config_min_qty", "true"}, {"min_qty", "0"},
	{"use_config_min_sale_qty", "1"}, {"min_sale_qty", "1"}, {"use_config_max_sale_qty", "true"}, {"max_sale_qty", "10000"},
	{"use_config_backorders", "true"}, {"backorders", "0"}, {"use_config_notify_stock_qty", "true"}, {"notify_stock_qty", "1"},
	{"use_config_qty_increments", "true"}, {"qty_increments", "0"}, {"use_config_enable_qty_inc", "true"}, {"enable_qty_increments", "false"},
	{"use_config_manage_stock", "true"}, {"manage_stock", "true"}, {"low_stock_date", "null"}, {"is_decimal_divided", "false"},
	{"stock_status_changed_auto", "0"},
}

// stockItem is the legacy stock item of a product; its id is the product's.
type stockItem struct {
	productID int64
	qty       decimal.Decimal
	inStock   bool
	settings  given
}

const stockItemSelect = `SELECT p.entity_id, COALESCE(i.quantity, '0'), COALESCE(i.status, 0), COALESCE(t.settings, '{}') FROM catalog_product AS p
	LEFT JOIN inventory_source_item AS i ON i.sku = p.sku AND i.source_code = 'default'
	LEFT JOIN cataloginventory_stock_item AS t ON t.product_id = p.entity_id `

func scanStockItem(scan func(...any) error) (it stockItem, err error) {
	var qty, settings string
	if err := scan(&it.productID, &qty, &it.inStock, &settings); err != nil {
		return it, err
	}
	if it.qty, err = decimal.NewFromString(qty); err != nil {
		return it, err
	}
	return it, json.Unmarshal([]byte(settings), &it.settings)
}

// stockItem answers errNoStock for an unknown SKU.
func (d *database) stockItem(ctx context.Context, sku string) (stockItem, error) {
	it, err := scanStockItem(d.reader.QueryRowContext(ctx, stockItemSelect+`WHERE p.sku = ?`, sku).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return it, &restError{Status: http.StatusNotFound, Message: `The Product with the "%1" SKU doesn't exist.`, Parameters: []any{sku}}
	}
	if err != nil {
		return it, fmt.Errorf("read stock item of %s: %w", sku, err)
	}
	return it, nil
}

func (s *Server) getStockItem(ctx context.Context, c *call) ([]byte, error) {
	it, err := s.db.stockItem(ctx, c.sku())
	if err != nil {
		return nil, err
	}
	w := &phpWriter{}
	w.stockItem("", it)
	return w.buf, nil
}

func (w *phpWriter) stockItem(name string, it stockItem) {
	w.object(name, func() {
		w.int("item_id", it.productID)
		w.int("product_id", it.productID)
		w.int("stock_id", 1)
		w.number("qty", it.qty)
		w.bool("is_in_stock", it.inStock)
		for _, def := range stockDefaults {
			value := json.RawMessage(def.value)
			if own, ok := it.settings[def.name]; ok {
				value = own
			}
			w.raw(def.name, phpJSON(value))
		}
	})
}

func (s *Server) getStockStatus(ctx context.Context, c *call) ([]byte, error) {
	it, err := s.db.stockItem(ctx, c.sku())
	if err != nil {
		return nil, err
	}
	w := &phpWriter{}
	w.object("", func() {
		w.int("product_id", it.productID)
		w.int("stock_id", 1)
		w.number("qty", it.qty)
		w.int("stock_status", asFlag(it.inStock))
		w.stockItem("stock_item", it)
	})
	return w.buf, nil
}

// saveStockItem answers the item's id. The id in the path isn't checked: the
// SKU wins.
func (s *Server) saveStockItem(ctx context.Context, c *call) ([]byte, error) {
	id := chi.URLParam(c.Request, "itemId")
	if _, err := strconv.ParseInt(id, 10, 64); err != nil {
		return nil, errType("itemId", id, "int")
	}
	sent := given{}
	if err := c.object("stockItem", stockItemClass, stockItemKeys, &sent); err != nil {
		return nil, err
	}
	it, err := s.db.stockItem(ctx, c.sku())
	if err != nil {
		return nil, err
	}
	p, err := s.db.product(ctx, c.sku())
	if err != nil {
		return nil, err
	}
	s.stockLock.Lock()
	defer s.stockLock.Unlock()
	if err := s.db.write(ctx, func(tx *sql.Tx) error { return saveStockItemRow(ctx, tx, p, sent) }); err != nil {
		return nil, err
	}
	return strconv.AppendInt(nil, it.productID, 10), nil
}

// saveStockItemRow writes what was sent of a stock item: its quantity is that
// of the source "default".
func saveStockItemRow(ctx context.Context, tx *sql.Tx, p *Product, sent given) error {
	it, err := scanStockItem(tx.QueryRowContext(ctx, stockItemSelect+`WHERE p.entity_id = ?`, p.ID).Scan)
	if err != nil {
		return fmt.Errorf("read stock item of %s: %w", p.SKU, err)
	}
	if err := sent.amount("qty", &it.qty); err != nil {
		return err
	}
	switch string(sent["is_in_stock"]) {
	case "true", "1", `"1"`:
		it.inStock = true
	case "false", "0", `"0"`:
		it.inStock = false
	}
	settings := maps.Clone(it.settings)
	for _, def := range stockDefaults {
		if value, ok := sent[def.name]; ok {
			settings[def.name] = value
		}
	}
	doc, err := json.Marshal(settings)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO cataloginventory_stock_item (product_id, settings) VALUES (?, ?)
		ON CONFLICT (product_id) DO UPDATE SET settings = excluded.settings`, p.ID, string(doc)); err != nil {
		return fmt.Errorf("write stock item of %s: %w", p.SKU, err)
	}
	return upsertSourceItem(ctx, tx, sourceItem{SKU: p.SKU, SourceCode: defaultSource, Quantity: it.qty, Status: asFlag(it.inStock)})
}

// lowStock lists the stock items of at most qty pieces.
func (s *Server) lowStock(ctx context.Context, c *call) ([]byte, error) {
	text, ok := c.query.text("qty")
	if !ok {
		return nil, errRequired("qty")
	}
	if _, ok := c.query.text("scopeId", "scope_id"); !ok {
		return nil, errRequired("scopeId")
	}
	qty, err := decimal.NewFromString(text)
	if err != nil {
		return nil, errType("qty", text, "float")
	}
	page, err := intParameter(c.query, "currentPage", "current_page")
	if err != nil {
		return nil, err
	}
	size, err := intParameter(c.query, "pageSize", "page_size")
	if err != nil {
		return nil, err
	}
	const low = `WHERE p.type_id IN ('simple', 'virtual') AND CAST(COALESCE(i.quantity, '0') AS NUMERIC) <= CAST(? AS NUMERIC)`
	var total int64
	if err := s.db.reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM (`+stockItemSelect+low+`)`, qty.String()).Scan(&total); err != nil {
		return nil, fmt.Errorf("count low stock: %w", err)
	}
	limit := size
	if limit == 0 {
		limit = -1
	}
	rows, err := s.db.reader.QueryContext(ctx, stockItemSelect+low+` ORDER BY p.entity_id LIMIT ? OFFSET ?`, qty.String(), limit, (max(page, 1)-1)*size)
	if err != nil {
		return nil, fmt.Errorf("read low stock: %w", err)
	}
	defer rows.Close()
	var items [][]byte
	for rows.Next() {
		it, err := scanStockItem(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("read low stock: %w", err)
		}
		w := &phpWriter{}
		w.stockItem("", it)
		items = append(items, w.buf)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read low stock: %w", err)
	}
	return criteria{pageSize: size, currentPage: page}.envelope(items, total, false), nil
}
