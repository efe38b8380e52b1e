package magentowriter_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

// fakeSales is what order 7 has in it, and its documents.
type fakeSales struct {
	rows      []*fakeRow
	products  map[string]string // SKU to JSON
	shipments []magento.Document
	invoices  []magento.Document
	captured  []bool // by invoice
	sent      []magento.Shipment
	method    string
}

// fakeRow is a row of the order. Dummies are never in a document of that kind,
// but follow one that is (Magento core, Sales/Model/Order/Item::isDummy).
type fakeRow struct {
	ID          int64           `json:"item_id"`
	Parent      int64           `json:"parent_item_id,omitempty"`
	Product     int64           `json:"product_id"`
	SKU         string          `json:"sku"`
	Type        string          `json:"product_type"`
	Virtual     int             `json:"is_virtual"`
	Ordered     decimal.Decimal `json:"qty_ordered"`
	Shipped     decimal.Decimal `json:"qty_shipped"`
	Invoiced    decimal.Decimal `json:"qty_invoiced"`
	Canceled    decimal.Decimal `json:"qty_canceled"`
	Refunded    decimal.Decimal `json:"qty_refunded"`
	Price       decimal.Decimal `json:"price"`
	NeverShips  bool            `json:"-"`
	NeverBilled bool            `json:"-"`
}

func n(q string) decimal.Decimal { return decimal.RequireFromString(q) }

// simple is a row of a product of its own; its product's id is 100 more.
func simple(id int64, sku, ordered string) *fakeRow {
	return &fakeRow{ID: id, Product: 100 + id, SKU: sku, Type: "simple", Ordered: n(ordered), Price: n("10")}
}

func (f *fakeStore) sells(rows ...*fakeRow) {
	f.rows, f.method = rows, "checkmo"
	o := f.orders["000000123"]
	o.State, o.Status = "processing", "processing"
	f.orders["000000123"] = o
}

func (f *fakeSales) raw() json.RawMessage {
	raw, err := json.Marshal(map[string]any{"items": f.rows, "payment": map[string]any{"method": f.method}})
	if err != nil {
		panic(err)
	}
	return raw
}

func (f *fakeStore) Product(_ context.Context, sku string) (r magento.Record, err error) {
	err = f.do("Product", func() error {
		text, ok := f.products[sku]
		if !ok {
			return failure.Rejected("magento.product.missing", "sku", "no product "+sku, "make it").Because(magento.ErrNotFound)
		}
		r = magento.Record{Key: sku, JSON: json.RawMessage(text)}
		return nil
	})
	return r, err
}

func (f *fakeStore) Shipments(context.Context, int64) (d []magento.Document, err error) {
	err = f.do("Shipments", func() error { d = slices.Clone(f.shipments); return nil })
	return d, err
}

func (f *fakeStore) Invoices(context.Context, int64) (d []magento.Document, err error) {
	err = f.do("Invoices", func() error { d = slices.Clone(f.invoices); return nil })
	return d, err
}

func (f *fakeStore) Ship(_ context.Context, orderID int64, s magento.Shipment) (id int64, err error) {
	err = f.do("Ship", func() error {
		if err := f.may(orderID); err != nil {
			return err
		}
		d, err := f.document(s.Items, s.Comment, len(f.shipments)+1, func(r *fakeRow) (*decimal.Decimal, decimal.Decimal, bool) {
			return &r.Shipped, r.Ordered.Sub(decimal.Max(r.Shipped, r.Refunded)).Sub(r.Canceled), !r.NeverShips && r.Virtual == 0
		})
		if err != nil {
			return err
		}
		d.SourceCode = s.SourceCode
		if d.SourceCode == "" {
			d.SourceCode = "default"
		}
		d.Tracks = slices.Clone(s.Tracks)
		f.shipments, f.sent, id = append(f.shipments, d), append(f.sent, s), d.ID
		return nil
	})
	return id, err
}

func (f *fakeStore) Invoice(_ context.Context, orderID int64, i magento.Invoice) (id int64, err error) {
	err = f.do("Invoice", func() error {
		if err := f.may(orderID); err != nil {
			return err
		}
		d, err := f.document(i.Items, i.Comment, len(f.invoices)+1, func(r *fakeRow) (*decimal.Decimal, decimal.Decimal, bool) {
			return &r.Invoiced, r.Ordered.Sub(r.Invoiced).Sub(r.Canceled), !r.NeverBilled
		})
		if err != nil {
			return err
		}
		f.invoices, f.captured, id = append(f.invoices, d), append(f.captured, i.Capture), d.ID
		return nil
	})
	return id, err
}

func (f *fakeStore) may(orderID int64) error {
	if o := f.orders["000000123"]; o.EntityID != orderID || o.State == "canceled" || o.State == "holded" {
		return failure.Rejected("magento.shipment.not_allowed", "state", "does not allow it", "see")
	}
	return nil
}

// document adds rows to a document, as Magento validates them. What can't be in
// one is left out without a word.
func (f *fakeSales) document(items []magento.QtyOf, comment string, number int,
	of func(*fakeRow) (done *decimal.Decimal, left decimal.Decimal, alone bool),
) (magento.Document, error) {
	d := magento.Document{Record: magento.Record{ID: int64(number), Key: fmt.Sprintf("%09d", number)}, Comments: []magento.Comment{{Comment: comment}}}
	for _, i := range items {
		at := slices.IndexFunc(f.rows, func(r *fakeRow) bool { return r.ID == i.OrderItemID })
		if at < 0 {
			return d, failure.Rejected("magento.shipment.foreign_item", "order_item_id", "not part of the original order", "see")
		}
		done, left, alone := of(f.rows[at])
		if i.Qty.GreaterThan(left) {
			return d, failure.Rejected("magento.shipment.too_much", "qty", "must not be greater than the unshipped quantity", "see")
		}
		if alone {
			*done = done.Add(i.Qty)
			d.Items = append(d.Items, magento.DocumentItem{OrderItemID: i.OrderItemID, SKU: f.rows[at].SKU, Qty: i.Qty})
		}
	}
	if len(d.Items) == 0 {
		return d, failure.Rejected("magento.shipment.refused", "", "You can't create a shipment without products", "see")
	}
	return d, nil
}

func (f *fakeStore) AddTrack(_ context.Context, _, shipmentID int64, t magento.Track) (int64, error) {
	return 1, f.do("AddTrack", func() error {
		at := slices.IndexFunc(f.shipments, func(d magento.Document) bool { return d.ID == shipmentID })
		f.shipments[at].Tracks = append(f.shipments[at].Tracks, t)
		return nil
	})
}

// shipped says what each shipment has: "INV1: 1×2 (1Z1)" is two of row 1.
func (f *fakeStore) shipped() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return said(f.shipments)
}

func (f *fakeStore) invoiced() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return said(f.invoices)
}

func said(documents []magento.Document) []string {
	out := []string{}
	for _, d := range documents {
		words := strings.Fields(d.Comments[0].Comment)
		text := words[len(words)-1] + ":"
		for _, i := range d.Items {
			text += fmt.Sprintf(" %d×%s", i.OrderItemID, i.Qty)
		}
		for _, t := range d.Tracks {
			text += " " + t.Number
		}
		out = append(out, text)
	}
	return out
}

// byHand is a shipment that somebody made in the Admin.
func (f *fakeStore) byHand(row int64, qty, comment string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rows {
		if r.ID == row {
			r.Shipped = r.Shipped.Add(n(qty))
		}
	}
	number := len(f.shipments) + 1
	f.shipments = append(f.shipments, magento.Document{
		Record: magento.Record{ID: int64(number), Key: fmt.Sprintf("%09d", number)}, SourceCode: "default",
		Comments: []magento.Comment{{Comment: comment}}, Items: []magento.DocumentItem{{OrderItemID: row, Qty: n(qty)}},
	})
}

// fakeBook writes down what is told of reservations.
type fakeBook struct {
	mu   sync.Mutex
	told []string
	open map[string]decimal.Decimal // what is closing
}

func (b *fakeBook) Closing(_ context.Context, order string, shipping map[string]decimal.Decimal) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open = shipping
	b.told = append(b.told, fmt.Sprint("closing ", order, " ", shipping))
	return nil
}

func (b *fakeBook) Closed(_ context.Context, order string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open != nil {
		b.told = append(b.told, "closed "+order)
	}
	b.open = nil
	return nil
}
