package magento

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

var shipmentEntity = documentEntity(shipmentKind, map[string]field{
	"customer_id": {"customer_id", numberField}, "total_qty": {"CAST(total_qty AS NUMERIC)", numberField},
})

func (s *Server) searchShipments(ctx context.Context, c *call) ([]byte, error) {
	return searchDocuments[shipment](ctx, s, c, shipmentEntity)
}

func (s *Server) getShipment(ctx context.Context, c *call) ([]byte, error) {
	return documentByID[shipment](ctx, s, c)
}

// shipment is a row of sales_shipment.
type shipment struct {
	documentHead
	Source string  `json:"source_code"`
	Tracks []track `json:"parcels"`
}

func (sh *shipment) kind() documentKind  { return shipmentKind }
func (sh *shipment) head() *documentHead { return &sh.documentHead }
func (sh *shipment) columns() map[string]any {
	columns := map[string]any{"total_qty": sh.Qty.String()}
	if sh.CustomerID != 0 {
		columns["customer_id"] = sh.CustomerID
	}
	return columns
}

func (sh *shipment) write(w *phpWriter) {
	sh.documentHead.write(w)
	w.id("customer_id", sh.CustomerID)
	w.number("total_qty", sh.Qty)
	sh.writeRows(w, false)
	w.list("tracks", func() {
		for _, t := range sh.Tracks {
			w.object("", func() { t.write(w) })
		}
	})
	w.list("packages", func() {})
	w.object("extension_attributes", func() { w.textAlways("source_code", sh.Source) })
}

// shipRequest is the body of a ship call.
type shipRequest struct {
	documentRequest
	tracks []track
	source string // empty means the default one
}

func (c *call) shipRequest() (r shipRequest, err error) {
	if r.documentRequest, err = c.documentRequest(); err != nil {
		return r, err
	}
	if err := c.optional("tracks", &r.tracks); err != nil {
		return r, err
	}
	var arguments struct {
		Extension struct {
			Source string `json:"source_code"`
		} `json:"extension_attributes"`
	}
	err = c.optional("arguments", &arguments)
	r.source = arguments.Extension.Source
	return r, err
}

// shipOrder is ShipOrderInterface::execute (Magento core, Sales/Model/ShipOrder).
func (s *Server) shipOrder(ctx context.Context, c *call) ([]byte, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	req, err := c.shipRequest()
	if err != nil {
		return nil, err
	}
	sh, err := s.ship(ctx, id, req)
	if err != nil {
		return nil, err
	}
	return s.documentAnswer(sh.EntityID), nil
}

func (s *Server) ship(ctx context.Context, orderID int64, req shipRequest) (sh *shipment, err error) {
	_, err = s.changeByDocument(ctx, orderID, func(o *order) (change, error) {
		toShip := rowChoice{document: "shipment", verb: "ship", undone: "unshipped", left: (*orderItem).toShip, alone: o.shipsAlone}
		rows, problems := toShip.choose(o, req.items)
		if len(rows) == 0 && len(problems) == 0 {
			problems = append(problems, "You can't create a shipment without products.")
		}
		switch o.State {
		case statePaymentReview, stateHolded, stateCanceled:
			problems = []string{"A shipment cannot be created when an order has a status of " + o.Status}
		default:
			if !o.canShip() {
				problems = []string{"The order does not allow a shipment to be created."}
			}
		}
		for _, t := range req.tracks {
			if strings.TrimSpace(t.Number) == "" {
				problems = append(problems, "Please enter a tracking number.")
			}
		}
		if len(problems) > 0 {
			return change{}, refused("Shipment", problems)
		}
		sh = s.newShipment(o, req)
		var taken []chosen
		for _, row := range rows {
			sh.add(row.item, row.qty)
			sh.Qty = sh.Qty.Add(row.qty)
			taken = append(taken, o.shipped(row, sh.Source)...)
		}
		if req.append {
			s.addHistory(o, history{Comment: req.comment.Comment, Status: o.Status, EntityName: "shipment", VisibleOnFE: req.comment.Visible})
		}
		return change{inProcess: true, document: sh, isNew: true, also: func(ctx context.Context, tx *sql.Tx) error {
			if err := insertTracks(ctx, tx, sh.Tracks); err != nil {
				return err
			}
			return s.deduct(ctx, tx, o, sh, taken)
		}}, nil
	})
	return sh, err
}

func (s *Server) newShipment(o *order, req shipRequest) *shipment {
	sh := &shipment{documentHead: s.newHead(o, s.ids.shipment.Add(1), req.documentRequest), Source: orText(req.source, defaultSource)}
	for _, t := range req.tracks {
		sh.addTrack(s, t)
	}
	return sh
}

// shipped counts a row as shipped, its parts too, and returns the goods that
// left the source.
func (o *order) shipped(row chosen, source string) (goods []chosen) {
	row.item.QtyShipped = row.item.QtyShipped.Add(row.qty)
	goods = []chosen{row}
	if children := o.children(row.item); len(children) > 0 {
		goods = nil
		for _, child := range children {
			// What was given back of a part before it left doesn't leave any more.
			owed := child.QtyOrdered.Sub(child.QtyShipped).Sub(child.QtyCanceled).Sub(child.Released)
			part := chosen{child, least(row.qty.Mul(child.per(row.item)), owed)}
			if part.qty.IsZero() {
				continue
			}
			child.QtyShipped = child.QtyShipped.Add(part.qty)
			goods = append(goods, part)
		}
	}
	for _, g := range goods {
		g.item.deduct(source, g.qty)
	}
	return goods
}

// deduct takes shipped goods out of a source and gives back what the order had
// reserved of them, in the same moment (magento/inventory,
// InventoryShipping/Observer/SourceDeductionProcessor).
func (s *Server) deduct(ctx context.Context, tx *sql.Tx, o *order, sh *shipment, taken []chosen) error {
	for _, g := range taken {
		switch short, err := takeStock(ctx, tx, g.item.SKU, sh.Source, g.qty); {
		case err != nil:
			return err
		case short:
			return s.shortOf(sh)
		}
	}
	return s.reserve(ctx, tx, o, "shipment_created", taken)
}

// shortOf is what a shipment is told that its source can't serve. 2.4.6 hides
// the cause (magento/inventory 2847).
func (s *Server) shortOf(sh *shipment) error {
	switch s.Version() {
	case Version246:
		s.cfg.Logger.Warn("shipment refused", "source", sh.Source, "error", "not all of the products are available in the requested quantity")
		return badRequest("Could not save a shipment, see error log for details")
	case Version247:
		return badRequest("Not all of your products are available in the requested quantity.")
	default:
		return badRequest("Negative quantity is not allowed.")
	}
}

func insertTracks(ctx context.Context, tx *sql.Tx, tracks []track) error {
	for _, t := range tracks {
		if _, err := tx.ExecContext(ctx, `INSERT INTO sales_shipment_track (entity_id, parent_id) VALUES (?, ?)`, t.EntityID, t.ParentID); err != nil {
			return fmt.Errorf("insert track %s: %w", t.Number, err)
		}
	}
	return nil
}
