package magento

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	_ "modernc.org/sqlite" // the driver
)

// schema keeps Magento's table and column names. Columns that are searched
// often stand beside the document; the others are read out of it. Money is
// decimal text.
const schema = `
CREATE TABLE IF NOT EXISTS sales_order (
	entity_id INTEGER PRIMARY KEY, increment_id TEXT NOT NULL, store_id INTEGER NOT NULL,
	state TEXT, status TEXT, customer_id INTEGER, customer_email TEXT, grand_total TEXT NOT NULL,
	created_at TEXT NOT NULL, updated_at TEXT NOT NULL, doc TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS sales_order_increment_id ON sales_order (store_id, increment_id);
CREATE INDEX IF NOT EXISTS sales_order_number ON sales_order (increment_id COLLATE NOCASE);
CREATE INDEX IF NOT EXISTS sales_order_updated_at ON sales_order (updated_at, entity_id);
CREATE INDEX IF NOT EXISTS sales_order_pending ON sales_order (created_at) WHERE state = 'pending_payment';
CREATE TABLE IF NOT EXISTS sales_order_item (
	item_id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, parent_item_id INTEGER, store_id INTEGER NOT NULL,
	product_id INTEGER, product_type TEXT, sku TEXT, name TEXT, qty_ordered TEXT,
	created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS sales_order_item_order ON sales_order_item (order_id);
CREATE TABLE IF NOT EXISTS sales_invoice (
	entity_id INTEGER PRIMARY KEY, increment_id TEXT NOT NULL, order_id INTEGER NOT NULL, store_id INTEGER NOT NULL,
	state INTEGER NOT NULL, grand_total TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, doc TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sales_shipment (
	entity_id INTEGER PRIMARY KEY, increment_id TEXT NOT NULL, order_id INTEGER NOT NULL, store_id INTEGER NOT NULL,
	customer_id INTEGER, total_qty TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, doc TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS customer_entity (
	entity_id INTEGER PRIMARY KEY, website_id INTEGER NOT NULL, store_id INTEGER NOT NULL, group_id INTEGER NOT NULL,
	email TEXT NOT NULL COLLATE NOCASE, firstname TEXT, lastname TEXT, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
	doc TEXT NOT NULL, UNIQUE (website_id, email));
CREATE TABLE IF NOT EXISTS catalog_product (
	entity_id INTEGER PRIMARY KEY, sku TEXT NOT NULL COLLATE NOCASE UNIQUE, type_id TEXT NOT NULL, name TEXT NOT NULL,
	price TEXT NOT NULL, status INTEGER NOT NULL, visibility INTEGER NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, doc TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS customer_updated_at ON customer_entity (updated_at, entity_id);
CREATE INDEX IF NOT EXISTS catalog_product_updated_at ON catalog_product (updated_at, entity_id);
CREATE TABLE IF NOT EXISTS inventory_source_item (
	source_item_id INTEGER PRIMARY KEY, sku TEXT NOT NULL COLLATE NOCASE, source_code TEXT NOT NULL,
	quantity TEXT NOT NULL, status INTEGER NOT NULL, UNIQUE (sku, source_code));
CREATE INDEX IF NOT EXISTS inventory_source_item_source ON inventory_source_item (source_code COLLATE NOCASE, source_item_id);
CREATE TABLE IF NOT EXISTS sandbox_key (name TEXT PRIMARY KEY, id TEXT NOT NULL, pkcs8 BLOB NOT NULL);
`

// database is one writer connection and, for a file, several readers beside it.
type database struct {
	writer, reader *sql.DB
}

func openDatabase(ctx context.Context, path string) (*database, error) {
	const pragmas = "?_pragma=busy_timeout(10000)&_pragma=synchronous(normal)&_pragma=temp_store(memory)"
	if path == "" {
		// A memory database belongs to its connection, so there is just one.
		db, err := sql.Open("sqlite", "file::memory:"+pragmas)
		if err != nil {
			return nil, fmt.Errorf("open memory database: %w", err)
		}
		db.SetMaxOpenConns(1)
		db.SetConnMaxLifetime(0)
		return (&database{writer: db, reader: db}).migrate(ctx)
	}
	dsn := "file:" + path + pragmas + "&_pragma=journal_mode(wal)"
	writer, err := sql.Open("sqlite", dsn+"&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	writer.SetMaxOpenConns(1)
	reader, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), writer.Close())
	}
	reader.SetMaxOpenConns(4)
	return (&database{writer: writer, reader: reader}).migrate(ctx)
}

func (d *database) migrate(ctx context.Context) (*database, error) {
	for _, tables := range []string{schema, salesSchema, stockItemSchema, bulkSchema} {
		if _, err := d.writer.ExecContext(ctx, tables); err != nil {
			return nil, errors.Join(fmt.Errorf("create tables: %w", err), d.close())
		}
	}
	return d, nil
}

func (d *database) close() error {
	if d.reader == d.writer {
		return d.writer.Close()
	}
	return errors.Join(d.reader.Close(), d.writer.Close())
}

// write runs fn in the only write transaction. fn must use tx for its reads.
func (d *database) write(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := d.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := fn(tx); err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// maxID returns the highest id of a table, 0 when it is empty.
func (d *database) maxID(ctx context.Context, query string) (int64, error) {
	var id sql.NullInt64
	if err := d.reader.QueryRowContext(ctx, query).Scan(&id); err != nil {
		return 0, fmt.Errorf("%s: %w", query, err)
	}
	return id.Int64, nil
}

func (d *database) insertOrder(ctx context.Context, o *order) error {
	doc, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("encode order %s: %w", o.IncrementID, err)
	}
	return d.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO sales_order
			(entity_id, increment_id, store_id, state, status, customer_id, customer_email, grand_total, created_at, updated_at, doc)
			VALUES (?, ?, ?, ?, NULLIF(?, ''), NULLIF(?, 0), ?, ?, ?, ?, ?)`,
			o.EntityID, o.IncrementID, o.StoreID, o.State, o.Status, o.CustomerID, o.CustomerEmail,
			o.GrandTotal.Order.String(), o.CreatedAt, o.UpdatedAt, string(doc)); err != nil {
			return fmt.Errorf("insert order %s: %w", o.IncrementID, err)
		}
		for _, it := range o.Items {
			if _, err := tx.ExecContext(ctx, `INSERT INTO sales_order_item
				(item_id, order_id, parent_item_id, store_id, product_id, product_type, sku, name, qty_ordered, created_at, updated_at)
				VALUES (?, ?, NULLIF(?, 0), ?, NULLIF(?, 0), ?, ?, ?, ?, ?, ?)`,
				it.ItemID, it.OrderID, it.ParentItemID, it.StoreID, it.ProductID, it.ProductType, it.SKU, it.Name,
				it.QtyOrdered.String(), it.CreatedAt, it.UpdatedAt); err != nil {
				return fmt.Errorf("insert item %s of order %s: %w", it.SKU, o.IncrementID, err)
			}
		}
		if o.Payment.CCTransID != "" {
			return o.authorization().insert(ctx, tx)
		}
		return nil
	})
}

// updateOrder writes an order's row; items keep the columns that are searched.
func updateOrder(ctx context.Context, tx *sql.Tx, o *order) error {
	doc, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("encode order %s: %w", o.IncrementID, err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE sales_order SET increment_id = ?, state = ?, status = NULLIF(?, ''),
		customer_id = NULLIF(?, 0), customer_email = ?, grand_total = ?, created_at = ?, updated_at = ?, doc = ? WHERE entity_id = ?`,
		o.IncrementID, o.State, o.Status, o.CustomerID, o.CustomerEmail, o.GrandTotal.Order.String(),
		o.CreatedAt, o.UpdatedAt, string(doc), o.EntityID); err != nil {
		return fmt.Errorf("update order %s: %w", o.IncrementID, err)
	}
	return nil
}

// order returns errNoEntity for an id that isn't committed.
func (d *database) order(ctx context.Context, id int64) (*order, error) {
	return scanOrder(d.reader.QueryRowContext(ctx, `SELECT doc FROM sales_order WHERE entity_id = ?`, id))
}

func (d *database) orderByIncrement(ctx context.Context, incrementID string) (*order, error) {
	return scanOrder(d.reader.QueryRowContext(ctx, `SELECT doc FROM sales_order WHERE increment_id = ? COLLATE NOCASE ORDER BY entity_id`, incrementID))
}

func scanOrder(row *sql.Row) (*order, error) {
	var doc []byte
	switch err := row.Scan(&doc); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, errNoEntity
	case err != nil:
		return nil, fmt.Errorf("read order: %w", err)
	}
	return decodeOrder(doc)
}

func decodeOrder(doc []byte) (*order, error) {
	o := new(order)
	if err := json.Unmarshal(doc, o); err != nil {
		return nil, fmt.Errorf("decode order: %w", err)
	}
	return o, nil
}
