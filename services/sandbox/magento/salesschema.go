package magento

// salesSchema are the tables of credit memos, tracking numbers, payments, and
// reservations, with Magento's names. A reservation's quantity is a
// decimal(10,4) there and counts ten-thousandths here, so that SQLite sums
// exactly.
const salesSchema = `
CREATE TABLE IF NOT EXISTS sales_creditmemo (
	entity_id INTEGER PRIMARY KEY, increment_id TEXT NOT NULL, order_id INTEGER NOT NULL, store_id INTEGER NOT NULL, invoice_id INTEGER,
	state INTEGER NOT NULL, grand_total TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, doc TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS sales_creditmemo_updated_at ON sales_creditmemo (updated_at, entity_id);
CREATE INDEX IF NOT EXISTS sales_invoice_updated_at ON sales_invoice (updated_at, entity_id);
CREATE INDEX IF NOT EXISTS sales_invoice_order ON sales_invoice (order_id);
CREATE INDEX IF NOT EXISTS sales_shipment_updated_at ON sales_shipment (updated_at, entity_id);
CREATE TABLE IF NOT EXISTS sales_shipment_track (entity_id INTEGER PRIMARY KEY, parent_id INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS sales_payment_transaction (
	transaction_id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, txn_id TEXT NOT NULL, parent_txn_id TEXT, txn_type TEXT NOT NULL,
	is_closed INTEGER NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS inventory_reservation (
	reservation_id INTEGER PRIMARY KEY, stock_id INTEGER NOT NULL, sku TEXT NOT NULL COLLATE NOCASE, quantity INTEGER NOT NULL, metadata TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS inventory_reservation_sku ON inventory_reservation (stock_id, sku, quantity);
`
