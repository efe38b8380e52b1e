package magento

import (
	"context"
	"net/http"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/failure"
)

// QtyOf is a quantity of an order's row.
type QtyOf struct {
	OrderItemID int64
	Qty         decimal.Decimal
}

// Shipment is what [Client.Ship] sends.
type Shipment struct {
	// Items must be given: Magento takes none for everything that is open, which
	// is what All says.
	Items []QtyOf
	All   bool
	// Tracks are the parcels.
	Tracks []Track
	// Comment is for the merchant's eyes; in the shopper's mail too if Notify.
	Comment string
	Notify  bool
	// SourceCode is the source that shipped; empty for the default one.
	SourceCode string
}

// Ship ships rows of an order and gives the shipment's internal number. It is
// not idempotent, quantities add up: read [Client.Shipments] first, and again
// when the outcome is unknown. Refusals have codes magento.shipment.* (Magento
// core, Sales/Model/ShipOrder).
func (c *Client) Ship(ctx context.Context, orderID int64, s Shipment) (int64, error) {
	if (len(s.Items) == 0) != s.All {
		return 0, failure.Defect("magento.shipment", "a shipment has items, or is of all that is open", nil)
	}
	body := documentBody(s.Items, s.Notify, s.Comment)
	if len(s.Tracks) > 0 {
		tracks := make([]map[string]any, len(s.Tracks))
		for i, t := range s.Tracks {
			tracks[i] = trackBody(t)
		}
		body["tracks"] = tracks
	}
	if s.SourceCode != "" {
		body["arguments"] = map[string]any{"extension_attributes": map[string]any{"source_code": s.SourceCode}}
	}
	var id ID
	err := c.do(ctx, call{method: http.MethodPost, route: documentRoute(orderID, "/ship"), entity: "order_id", about: ofShipment, body: body}, &id)
	return int64(id), err
}

// Invoice is what [Client.Invoice] sends; its fields are as of [Shipment].
type Invoice struct {
	Items []QtyOf
	All   bool
	// Capture takes the money online; offline methods are paid at once anyway.
	Capture bool
	Notify  bool
	Comment string
}

// Invoice invoices rows of an order and gives the invoice's internal number. It
// is not idempotent: read [Client.Invoices] first, and again when the outcome is
// unknown. Refusals have codes magento.invoice.* (Magento core,
// Sales/Model/InvoiceOrder).
func (c *Client) Invoice(ctx context.Context, orderID int64, i Invoice) (int64, error) {
	if (len(i.Items) == 0) != i.All {
		return 0, failure.Defect("magento.invoice", "an invoice has items, or is of all that is open", nil)
	}
	body := documentBody(i.Items, i.Notify, i.Comment)
	body["capture"] = i.Capture
	var id ID
	err := c.do(ctx, call{method: http.MethodPost, route: documentRoute(orderID, "/invoice"), entity: "order_id", about: ofInvoice, body: body}, &id)
	return int64(id), err
}

// documentRoute has the singular "order", unlike all other routes of orders.
func documentRoute(orderID int64, rest string) string {
	return "/V1/order/" + strconv.FormatInt(orderID, 10) + rest
}

func documentBody(items []QtyOf, notify bool, comment string) map[string]any {
	body := map[string]any{"notify": notify}
	if len(items) > 0 {
		rows := make([]map[string]any, len(items))
		for i, item := range items {
			rows[i] = map[string]any{"order_item_id": item.OrderItemID, "qty": decimalJSON(item.Qty)}
		}
		body["items"] = rows
	}
	if comment != "" {
		body["appendComment"] = true
		body["comment"] = map[string]any{"comment": comment, "is_visible_on_front": 0}
	}
	return body
}

func trackBody(t Track) map[string]any {
	return map[string]any{"carrier_code": t.Carrier, "title": t.Title, "track_number": t.Number}
}

// AddTrack adds a parcel to a shipment and gives the track's internal number.
// Each call adds a row, and the shipment's updated_at stays: read
// [Client.Shipments] first.
func (c *Client) AddTrack(ctx context.Context, orderID, shipmentID int64, t Track) (int64, error) {
	if t.Number == "" {
		return 0, failure.Rejected("magento.shipment.no_track_number", "track_number", "a parcel needs a tracking number",
			"give the parcel its number, or leave it out")
	}
	entity := trackBody(t)
	entity["order_id"], entity["parent_id"] = orderID, shipmentID
	var saved struct {
		EntityID ID `json:"entity_id"`
	}
	err := c.do(ctx, call{
		method: http.MethodPost, route: "/V1/shipment/track", entity: "parent_id", about: ofShipment, body: map[string]any{"entity": entity},
	}, &saved)
	return int64(saved.EntityID), err
}

// CommentShipment adds a comment to a shipment, which the shopper neither sees
// nor is told of. Each call adds a row.
func (c *Client) CommentShipment(ctx context.Context, shipmentID int64, comment string) error {
	entity := map[string]any{"comment": comment, "is_customer_notified": 0, "is_visible_on_front": 0, "parent_id": shipmentID}
	var answer []byte
	return c.do(ctx, call{
		method: http.MethodPost, route: "/V1/shipment/" + strconv.FormatInt(shipmentID, 10) + "/comments", entity: "parent_id", about: ofShipment,
		body: map[string]any{"entity": entity},
	}, &answer)
}
