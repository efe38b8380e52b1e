package magento

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// track is a parcel's number: a row of sales_shipment_track. Adding or taking
// one touches neither the shipment's nor the order's updated_at.
type track struct {
	EntityID    int64  `json:"entity_id"`
	ParentID    int64  `json:"parent_id"`
	OrderID     int64  `json:"order_id"`
	CarrierCode string `json:"carrier_code"`
	Title       string `json:"title"`
	Number      string `json:"track_number"`
	Description string `json:"description"`
	CreatedAt   string `json:"created_at"`
	UpdatedAt   string `json:"updated_at"`
}

func (t track) write(w *phpWriter) {
	w.int("entity_id", t.EntityID)
	w.int("parent_id", t.ParentID)
	w.int("order_id", t.OrderID)
	w.textAlways("track_number", t.Number)
	w.text("title", t.Title)
	w.text("carrier_code", t.CarrierCode)
	w.text("description", t.Description)
	w.textAlways("created_at", t.CreatedAt)
	w.textAlways("updated_at", t.UpdatedAt)
}

// addTrack appends a track with its ids and returns it.
func (sh *shipment) addTrack(s *Server, t track) track {
	t.EntityID, t.ParentID, t.OrderID = s.ids.track.Add(1), sh.EntityID, sh.OrderID
	t.CreatedAt = s.timestamp()
	t.UpdatedAt = t.CreatedAt
	sh.Tracks = append(sh.Tracks, t)
	return t
}

var trackKeys = map[string]bool{
	"entity_id": true, "parent_id": true, "order_id": true, "carrier_code": true, "title": true, "track_number": true, "description": true,
	"created_at": true, "updated_at": true, "qty": true, "weight": true, "extension_attributes": true,
}

// saveTrack adds a track to a shipment (Magento core,
// Sales/Model/Order/ShipmentTrackRepository and Shipment/Track/Validator).
func (s *Server) saveTrack(ctx context.Context, c *call) ([]byte, error) {
	var sent track
	if err := c.object("entity", `Magento\Sales\Api\Data\ShipmentTrackInterface`, trackKeys, &sent); err != nil {
		return nil, err
	}
	for _, required := range []struct {
		title string
		given bool
	}{
		{"Order Id", sent.OrderID != 0}, {"Parent Track Id", sent.ParentID != 0},
		{"Tracking Number", strings.TrimSpace(sent.Number) != ""}, {"Carrier Code", sent.CarrierCode != ""},
	} {
		if !required.given {
			return nil, badRequest("Could not save the shipment tracking.")
		}
	}
	err := s.changeShipment(ctx, sent.ParentID, func(sh *shipment, tx *sql.Tx) error {
		if sh.OrderID != sent.OrderID {
			return badRequest("The shipment doesn't belong to the order.")
		}
		sent = sh.addTrack(s, sent)
		return insertTracks(ctx, tx, []track{sent})
	})
	switch {
	case errors.Is(err, errNoEntity):
		return nil, badRequest("The shipment doesn't belong to the order.")
	case err != nil:
		return nil, err
	}
	w := &phpWriter{}
	w.object("", func() { sent.write(w) })
	return w.buf, nil
}

func (s *Server) deleteTrack(ctx context.Context, c *call) ([]byte, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	var parent int64
	switch err := s.db.reader.QueryRowContext(ctx, `SELECT parent_id FROM sales_shipment_track WHERE entity_id = ?`, id).Scan(&parent); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, errNoEntity
	case err != nil:
		return nil, fmt.Errorf("read track: %w", err)
	}
	err = s.changeShipment(ctx, parent, func(sh *shipment, tx *sql.Tx) error {
		kept := sh.Tracks[:0]
		for _, t := range sh.Tracks {
			if t.EntityID != id {
				kept = append(kept, t)
			}
		}
		sh.Tracks = kept
		_, err := tx.ExecContext(ctx, `DELETE FROM sales_shipment_track WHERE entity_id = ?`, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return jsonTrue, nil
}

// changeShipment changes what hangs on a shipment, not its own row: its
// updated_at stays, nothing is dispatched, and the order isn't touched.
func (s *Server) changeShipment(ctx context.Context, id int64, fn func(sh *shipment, tx *sql.Tx) error) error {
	return s.db.write(ctx, func(tx *sql.Tx) error {
		sh, err := readDocument[shipment](ctx, tx, shipmentKind, id)
		if err != nil {
			return err
		}
		if err := fn(sh, tx); err != nil {
			return err
		}
		return saveDocument(ctx, tx, sh)
	})
}

var noteKeys = map[string]bool{
	"comment": true, "created_at": true, "entity_id": true, "is_customer_notified": true, "is_visible_on_front": true, "parent_id": true,
	"extension_attributes": true,
}

// commentShipment adds a comment and answers it.
func (s *Server) commentShipment(ctx context.Context, c *call) ([]byte, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	var note documentNote
	if err := c.object("entity", `Magento\Sales\Api\Data\ShipmentCommentInterface`, noteKeys, &note); err != nil {
		return nil, err
	}
	note.EntityID, note.CreatedAt = s.ids.note.Add(1), s.timestamp()
	err = s.changeShipment(ctx, id, func(sh *shipment, _ *sql.Tx) error {
		sh.Comments = append(sh.Comments, note)
		return nil
	})
	if err != nil {
		return nil, err
	}
	w := &phpWriter{}
	w.object("", func() { note.write(w, id) })
	return w.buf, nil
}

// getShipmentComments answers the comments of a shipment as a search result.
func (s *Server) getShipmentComments(ctx context.Context, c *call) ([]byte, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	sh, err := readDocument[shipment](ctx, s.db.reader, shipmentKind, id)
	if err != nil {
		return nil, err
	}
	rows := make([][]byte, 0, len(sh.Comments))
	for _, n := range sh.Comments {
		w := &phpWriter{}
		w.object("", func() { n.write(w, id) })
		rows = append(rows, w.buf)
	}
	return criteria{}.envelope(rows, int64(len(rows)), false), nil
}
