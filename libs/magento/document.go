package magento

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/scrub/jsonscan"
)

// Document is an invoice, a credit memo or a shipment of an order.
type Document struct {
	Record
	// State is 1 open, 2 paid or refunded, 3 canceled; 0 for shipments.
	State int64
	Items []DocumentItem
	// Tracks, SourceCode are of shipments only.
	Tracks     []Track
	SourceCode string
	Comments   []Comment
}

// DocumentItem is a row of a document.
type DocumentItem struct {
	OrderItemID int64
	SKU         string
	Qty         decimal.Decimal
}

// Track is a parcel of a shipment.
type Track struct {
	// ID is 0 for a track to be added.
	ID int64
	// Carrier is a carrier's code, such as ups; "custom" for one that Magento
	// does not know.
	Carrier string
	// Title is what shoppers read.
	Title  string
	Number string
}

// Shipments reads an order's shipments with their tracks and comments, the
// oldest first. Read them before [Client.Ship] is sent again.
func (c *Client) Shipments(ctx context.Context, orderID int64) ([]Document, error) {
	return c.documents(ctx, Shipments, orderID)
}

// Invoices reads an order's invoices, the oldest first.
func (c *Client) Invoices(ctx context.Context, orderID int64) ([]Document, error) {
	return c.documents(ctx, Invoices, orderID)
}

// Creditmemos reads an order's credit memos, the oldest first.
func (c *Client) Creditmemos(ctx context.Context, orderID int64) ([]Document, error) {
	return c.documents(ctx, Creditmemos, orderID)
}

func (c *Client) documents(ctx context.Context, l List, orderID int64) ([]Document, error) {
	found, err := c.OfOrders(ctx, l, []int64{orderID})
	if err != nil {
		return nil, err
	}
	if len(found.Broken) > 0 {
		return nil, fmt.Errorf("read the %s of order %d: %w", l.many, orderID, found.Broken[0].Err)
	}
	var all []Document
	for _, r := range append(found.Records, found.Foreign...) {
		d, err := r.Document()
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

// Document reads a record of [Invoices], [Creditmemos] or [Shipments].
func (r Record) Document() (Document, error) {
	var fields struct {
		State ID `json:"state"`
		Items []struct {
			OrderItemID ID              `json:"order_item_id"`
			SKU         string          `json:"sku"`
			Qty         decimal.Decimal `json:"qty"`
		} `json:"items"`
		Tracks []struct {
			EntityID    ID     `json:"entity_id"`
			CarrierCode string `json:"carrier_code"`
			Title       string `json:"title"`
			TrackNumber string `json:"track_number"`
		} `json:"tracks"`
		Comments   []history       `json:"comments"`
		Extensions json.RawMessage `json:"extension_attributes"` // {}, or [] when PHP has none
	}
	if err := json.Unmarshal(r.JSON, &fields); err != nil {
		return Document{}, failure.Defect("magento.document", fmt.Sprintf("the record %s can't be read: %v", r.Key, err), err)
	}
	d := Document{Record: r, State: int64(fields.State), Comments: commentsOf(fields.Comments)}
	if source, ok := jsonscan.Field(fields.Extensions, "source_code"); ok {
		d.SourceCode = plain(source)
	}
	for _, i := range fields.Items {
		d.Items = append(d.Items, DocumentItem{int64(i.OrderItemID), i.SKU, i.Qty})
	}
	for _, t := range fields.Tracks {
		d.Tracks = append(d.Tracks, Track{int64(t.EntityID), t.CarrierCode, t.Title, t.TrackNumber})
	}
	return d, nil
}
