package magento

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"
)

var shipmentEntity = entity{
	from: "sales_shipment", key: "entity_id", doc: "doc", emptyIsNull: true,
	fields: documentFields(map[string]field{
		"customer_id": {"customer_id", numberField}, "total_qty": {"CAST(total_qty AS NUMERIC)", numberField},
	}),
}

func (s *Server) searchShipments(ctx context.Context, c *call) ([]byte, error) {
	return s.searchDocuments(ctx, c, shipmentEntity)
}

func (s *Server) getShipment(ctx context.Context, c *call) ([]byte, error) {
	return s.documentByID(ctx, c, `SELECT doc FROM sales_shipment WHERE entity_id = ?`)
}

// track is a parcel's number.
type track struct {
	CarrierCode string `json:"carrier_code"`
	Title       string `json:"title"`
	Number      string `json:"track_number"`
}

// shipOrder is ShipOrderInterface::execute (Magento core, Sales/Model/ShipOrder).
func (s *Server) shipOrder(ctx context.Context, c *call) ([]byte, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	req, err := c.documentRequest()
	if err != nil {
		return nil, err
	}
	var tracks []track
	if err := c.optional("tracks", &tracks); err != nil {
		return nil, err
	}
	shipmentID := int64(0)
	_, err = s.changeOrder(ctx, id, func(o *order) (change, error) {
		rows, problems := choose(o, req.items, (*orderItem).toShip, "shipment", "ship", "unshipped")
		switch o.State {
		case statePaymentReview, stateHolded, stateCanceled:
			problems = []string{"A shipment cannot be created when an order has a status of " + o.Status}
		default:
			if !o.canShip() {
				problems = []string{"The order does not allow a shipment to be created."}
			}
		}
		for _, t := range tracks {
			if strings.TrimSpace(t.Number) == "" {
				problems = append(problems, "Please enter a tracking number.")
			}
		}
		if len(problems) > 0 {
			return change{}, refused("Shipment", problems)
		}
		for _, row := range rows {
			row.item.QtyShipped = row.item.QtyShipped.Add(row.qty)
			for _, child := range o.children(row.item) {
				child.QtyShipped = child.QtyShipped.Add(row.qty.Mul(child.QtyOrdered).Div(row.item.QtyOrdered))
			}
		}
		if req.append {
			s.addHistory(o, history{Comment: req.comment.Comment, Status: o.Status, EntityName: "shipment", VisibleOnFE: req.comment.Visible})
		}
		shipmentID = s.ids.shipment.Add(1)
		save, doc := s.newShipment(o, shipmentID, rows, tracks, req)
		return change{inProcess: true, document: doc, event: asyncShipmentCreated, also: save}, nil
	})
	if err != nil {
		return nil, err
	}
	return s.documentAnswer(shipmentID), nil
}

// newShipment is a shipment as REST shows it, and what writes it and takes its
// goods out of the default source.
func (s *Server) newShipment(o *order, id int64, rows []chosen, tracks []track, req documentRequest) (save func(context.Context, *sql.Tx) error, doc []byte) {
	now := s.timestamp()
	increment := fmt.Sprintf("%09d", id)
	total := decimal.Zero
	for _, row := range rows {
		total = total.Add(row.qty)
	}
	w := &phpWriter{}
	w.object("", func() {
		w.int("entity_id", id)
		w.textAlways("increment_id", increment)
		w.int("order_id", o.EntityID)
		w.int("store_id", o.StoreID)
		w.id("customer_id", o.CustomerID)
		w.int("billing_address_id", o.BillingAddressID)
		w.id("shipping_address_id", o.ShippingTo.EntityID)
		w.number("total_qty", total)
		w.textAlways("created_at", now)
		w.textAlways("updated_at", now)
		w.list("items", func() {
			for n, row := range rows {
				w.object("", func() {
					w.int("entity_id", id*100+int64(n))
					w.int("parent_id", id)
					w.int("order_item_id", row.item.ItemID)
					w.int("product_id", row.item.ProductID)
					w.textAlways("sku", row.item.SKU)
					w.textAlways("name", row.item.Name)
					w.number("price", row.item.Price.Order)
					w.number("qty", row.qty)
					w.number("weight", row.item.Weight)
				})
			}
		})
		w.list("tracks", func() {
			for n, t := range tracks {
				w.object("", func() {
					w.int("entity_id", id*100+int64(n))
					w.int("parent_id", id)
					w.int("order_id", o.EntityID)
					w.textAlways("track_number", t.Number)
					w.text("title", t.Title)
					w.text("carrier_code", t.CarrierCode)
					w.textAlways("created_at", now)
					w.textAlways("updated_at", now)
				})
			}
		})
		w.list("packages", func() {})
		w.list("comments", func() {
			if req.append && req.comment.Comment != "" {
				w.object("", func() {
					w.textAlways("comment", req.comment.Comment)
					w.int("is_visible_on_front", req.comment.Visible)
					w.int("parent_id", id)
				})
			}
		})
		w.object("extension_attributes", func() { w.textAlways("source_code", defaultSource) })
	})
	return func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO sales_shipment
			(entity_id, increment_id, order_id, store_id, customer_id, total_qty, created_at, updated_at, doc) VALUES (?, ?, ?, ?, NULLIF(?, 0), ?, ?, ?, ?)`,
			id, increment, o.EntityID, o.StoreID, o.CustomerID, total.String(), now, now, string(w.buf)); err != nil {
			return fmt.Errorf("insert shipment %s: %w", increment, err)
		}
		for _, row := range rows {
			goods := []*orderItem{row.item}
			if row.item.ProductType == TypeBundle {
				goods = o.children(row.item)
			}
			for _, it := range goods {
				if err := takeStock(ctx, tx, it.SKU, row.qty.Mul(it.QtyOrdered).Div(row.item.QtyOrdered)); err != nil {
					return err
				}
			}
		}
		return nil
	}, w.buf
}
