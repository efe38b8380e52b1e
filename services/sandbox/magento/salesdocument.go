package magento

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/shopspring/decimal"
)

// documentKind is what sort of paper an order gets.
type documentKind struct {
	name, table string // the model's name, and where its rows are
	created     string // its event in Mage-OS Async Events
}

var (
	invoiceKind    = documentKind{"invoice", "sales_invoice", asyncInvoiceCreated}
	shipmentKind   = documentKind{"shipment", "sales_shipment", asyncShipmentCreated}
	creditmemoKind = documentKind{"creditmemo", "sales_creditmemo", asyncCreditmemoCreated}
)

// document is an invoice, a shipment or a credit memo.
type document interface {
	kind() documentKind
	head() *documentHead
	// columns are those that are searched, beside the head's.
	columns() map[string]any
	// write appends the fields in the order that REST shows them.
	write(w *phpWriter)
}

// documentHead is what all of them have.
type documentHead struct {
	EntityID          int64           `json:"entity_id"`
	IncrementID       string          `json:"increment_id"`
	OrderID           int64           `json:"order_id"`
	StoreID           int64           `json:"store_id"`
	CustomerID        int64           `json:"customer_id"`
	BillingAddressID  int64           `json:"billing_address_id"`
	ShippingAddressID int64           `json:"shipping_address_id"`
	CreatedAt         string          `json:"created_at"`
	UpdatedAt         string          `json:"updated_at"`
	Qty               decimal.Decimal `json:"qty"`
	Rows              []documentRow   `json:"rows"`
	Comments          []documentNote  `json:"notes"`
}

// documentRow is how much of an order's row is in a document, and its money.
type documentRow struct {
	EntityID    int64           `json:"entity_id"`
	OrderItemID int64           `json:"order_item_id"`
	ProductID   int64           `json:"product_id"`
	SKU         string          `json:"sku"`
	Name        string          `json:"name"`
	Qty         decimal.Decimal `json:"qty"`
	Weight      decimal.Decimal `json:"weight"`
	Price       pair            `json:"price"`
	Total       pair            `json:"row_total"`
	Tax         pair            `json:"tax"`
	Discount    pair            `json:"discount"`
}

// documentNote is a comment on a document. It is not the order's history.
type documentNote struct {
	EntityID  int64  `json:"entity_id"`
	Comment   string `json:"comment"`
	CreatedAt string `json:"created_at"`
	Notified  int64  `json:"is_customer_notified"`
	Visible   int64  `json:"is_visible_on_front"`
}

// documentMoney are the totals of an invoice or a credit memo.
type documentMoney struct {
	Subtotal, Tax, Discount, Shipping, ShippingTax, Compensation, ShippingCompensation, Fees, Prepaid, Grand pair
}

func (s *Server) newHead(o *order, id int64, note documentRequest) documentHead {
	now := s.timestamp()
	h := documentHead{
		EntityID: id, IncrementID: fmt.Sprintf("%09d", id), OrderID: o.EntityID, StoreID: o.StoreID, CustomerID: o.CustomerID,
		BillingAddressID: o.BillingAddressID, ShippingAddressID: o.ShippingTo.EntityID, CreatedAt: now, UpdatedAt: now,
	}
	if note.append && note.comment.Comment != "" {
		h.Comments = []documentNote{{EntityID: s.ids.note.Add(1), Comment: note.comment.Comment, CreatedAt: now, Visible: note.comment.Visible}}
	}
	return h
}

// add appends a row. Its money is the caller's.
func (h *documentHead) add(it *orderItem, qty decimal.Decimal) *documentRow {
	h.Rows = append(h.Rows, documentRow{
		EntityID: h.EntityID*100 + int64(len(h.Rows)), OrderItemID: it.ItemID, ProductID: it.ProductID, SKU: it.SKU, Name: it.Name,
		Qty: qty, Weight: it.Weight, Price: it.Price,
	})
	return &h.Rows[len(h.Rows)-1]
}

func (h *documentHead) write(w *phpWriter) {
	w.int("entity_id", h.EntityID)
	w.textAlways("increment_id", h.IncrementID)
	w.int("order_id", h.OrderID)
	w.int("store_id", h.StoreID)
	w.int("billing_address_id", h.BillingAddressID)
	w.id("shipping_address_id", h.ShippingAddressID)
	w.textAlways("created_at", h.CreatedAt)
	w.textAlways("updated_at", h.UpdatedAt)
}

// writeRows writes the rows, with money unless it is a shipment's.
func (h *documentHead) writeRows(w *phpWriter, money bool) {
	w.list("items", func() {
		for _, r := range h.Rows {
			w.object("", func() {
				w.int("entity_id", r.EntityID)
				w.int("parent_id", h.EntityID)
				w.int("order_item_id", r.OrderItemID)
				w.id("product_id", r.ProductID)
				w.textAlways("sku", r.SKU)
				w.textAlways("name", r.Name)
				w.number("qty", r.Qty)
				if !money {
					w.number("price", r.Price.Order)
					w.number("weight", r.Weight)
					return
				}
				w.money("price", r.Price, false)
				w.money("row_total", r.Total, false)
				w.money("tax_amount", r.Tax, false)
				w.money("discount_amount", r.Discount, false)
			})
		}
	})
	w.list("comments", func() {
		for _, n := range h.Comments {
			w.object("", func() { n.write(w, h.EntityID) })
		}
	})
}

func (n documentNote) write(w *phpWriter, parent int64) {
	w.int("entity_id", n.EntityID)
	w.int("parent_id", parent)
	w.textAlways("comment", n.Comment)
	w.text("created_at", n.CreatedAt)
	w.int("is_customer_notified", n.Notified)
	w.int("is_visible_on_front", n.Visible)
}

func (m documentMoney) write(w *phpWriter) {
	w.money("subtotal", m.Subtotal, false)
	w.money("tax_amount", m.Tax, false)
	w.money("discount_amount", m.Discount.neg(), false)
	w.money("shipping_amount", m.Shipping, false)
	w.money("shipping_tax_amount", m.ShippingTax, true)
	w.money("discount_tax_compensation_amount", m.Compensation, true)
	w.money("grand_total", m.Grand, false)
}

// restDocument is a document as its repository answers it.
func restDocument(d document) []byte {
	w := &phpWriter{}
	w.object("", func() { d.write(w) })
	return w.buf
}

// saveDocument inserts a document or writes it over its row.
func saveDocument(ctx context.Context, tx *sql.Tx, d document) error {
	doc, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("encode %s: %w", d.kind().name, err)
	}
	h := d.head()
	columns := map[string]any{
		"increment_id": h.IncrementID, "order_id": h.OrderID, "store_id": h.StoreID, "created_at": h.CreatedAt, "updated_at": h.UpdatedAt, "doc": string(doc),
	}
	maps.Copy(columns, d.columns())
	names, values, sets := []string{"entity_id"}, []any{h.EntityID}, []string(nil)
	for _, name := range sortedKeys(columns) {
		names, values, sets = append(names, name), append(values, columns[name]), append(sets, name+" = excluded."+name)
	}
	query := "INSERT INTO " + d.kind().table + " (" + strings.Join(names, ", ") + ") VALUES (?" + strings.Repeat(", ?", len(values)-1) + //nolint:gosec // the names are of this package
		") ON CONFLICT (entity_id) DO UPDATE SET " + strings.Join(sets, ", ")
	if _, err := tx.ExecContext(ctx, query, values...); err != nil {
		return fmt.Errorf("save %s %s: %w", d.kind().name, h.IncrementID, err)
	}
	return nil
}

// readDocument reads a document by its id.
func readDocument[D any](ctx context.Context, q queryer, kind documentKind, id int64) (*D, error) {
	var doc []byte
	switch err := q.QueryRowContext(ctx, "SELECT doc FROM "+kind.table+" WHERE entity_id = ?", id).Scan(&doc); { //nolint:gosec // a table of this package
	case errors.Is(err, sql.ErrNoRows):
		return nil, errNoEntity
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", kind.name, err)
	}
	d := new(D)
	if err := json.Unmarshal(doc, d); err != nil {
		return nil, internal("decode %s %d: %w", kind.name, id, err)
	}
	return d, nil
}

// queryer is a database or a transaction of it.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// searchDocuments answers a search over documents. Their repositories answer
// null when nothing is found.
func searchDocuments[D any, P interface {
	*D
	document
}](ctx context.Context, s *Server, c *call, e entity,
) ([]byte, error) {
	crit, err := parseCriteria(c.query, s.cfg.PageSizeLimit)
	if err != nil {
		return nil, err
	}
	rows, total, err := s.db.search(ctx, e, crit)
	if err != nil {
		return nil, err
	}
	items := make([][]byte, len(rows))
	for i, row := range rows {
		d := P(new(D))
		if err := json.Unmarshal(row.doc, d); err != nil {
			return nil, internal("decode %s: %w", e.from, err)
		}
		items[i] = restDocument(d)
	}
	return crit.envelope(items, total, e.emptyIsNull), nil
}

// documentByID answers one document.
func documentByID[D any, P interface {
	*D
	document
}](ctx context.Context, s *Server, c *call,
) ([]byte, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	d, err := readDocument[D](ctx, s.db.reader, P(new(D)).kind(), id)
	if err != nil {
		return nil, err
	}
	return restDocument(P(d)), nil
}

// documentEntity is how a kind of document is searched.
func documentEntity(kind documentKind, more map[string]field) entity {
	fields := map[string]field{
		"entity_id": {"entity_id", numberField}, "increment_id": {"increment_id", textField}, "order_id": {"order_id", numberField},
		"store_id": {"store_id", numberField}, "created_at": {"created_at", timeField}, "updated_at": {"updated_at", timeField},
	}
	maps.Copy(fields, more)
	return entity{from: kind.table, key: "entity_id", doc: "doc", emptyIsNull: true, fields: fields}
}
