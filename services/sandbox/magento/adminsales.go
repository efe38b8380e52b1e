package magento

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/shopspring/decimal"
)

// DocumentOrder says what of an order a tester invoices, ships or refunds.
type DocumentOrder struct {
	// Items are quantities by SKU; none means all that is left. The SKU of a row
	// that has parts, such as a configurable product's, names that row.
	Items   map[string]decimal.Decimal `json:"items,omitempty"`
	Comment string                     `json:"comment,omitempty"`
	// Capture takes the money of an authorised card with the invoice.
	Capture bool `json:"capture,omitempty"`
	// Source, Carrier and Track are of a shipment; Track without Carrier is custom.
	Source  string `json:"source,omitempty"`
	Carrier string `json:"carrier,omitempty"`
	Track   string `json:"track,omitempty"`
	// Shipping and the adjustments are of a credit memo, in the base currency; no
	// Shipping means all that is left of it.
	Shipping           *decimal.Decimal `json:"shipping,omitempty"`
	AdjustmentPositive decimal.Decimal  `json:"adjustment_positive,omitzero"`
	AdjustmentNegative decimal.Decimal  `json:"adjustment_negative,omitzero"`
	ReturnToStock      bool             `json:"return_to_stock,omitempty"`
	// Online lets the payment gateway send the money back.
	Online bool `json:"online,omitempty"`
}

// salesRow answers the document that was made.
type salesRow struct {
	EntityID    int64  `json:"entity_id"`
	IncrementID string `json:"increment_id"`
	OrderID     int64  `json:"order_id"`
}

// Invoice invoices an order as the merchant does in the Admin, and returns the
// invoice's id. Errors of the store are its refusals.
func (s *Server) Invoice(ctx context.Context, incrementID string, d DocumentOrder) (int64, error) {
	h, err := s.makeDocument(ctx, incrementID, d, s.adminInvoice)
	return h.EntityID, err
}

// Ship ships an order, and returns the shipment's id.
func (s *Server) Ship(ctx context.Context, incrementID string, d DocumentOrder) (int64, error) {
	h, err := s.makeDocument(ctx, incrementID, d, s.adminShip)
	return h.EntityID, err
}

// Refund makes a credit memo, and returns its id.
func (s *Server) Refund(ctx context.Context, incrementID string, d DocumentOrder) (int64, error) {
	h, err := s.makeDocument(ctx, incrementID, d, s.adminRefund)
	return h.EntityID, err
}

// maker makes a document of an order out of the rows that a tester named.
type maker func(ctx context.Context, o *order, req documentRequest, d DocumentOrder) (document, error)

func (s *Server) makeDocument(ctx context.Context, incrementID string, d DocumentOrder, do maker) (salesRow, error) {
	o, err := s.db.orderByIncrement(ctx, incrementID)
	if err != nil {
		return salesRow{}, fmt.Errorf("magento: order %s: %w", incrementID, err)
	}
	req := documentRequest{append: d.Comment != "", comment: documentComment{Comment: d.Comment}}
	for _, sku := range sortedKeys(d.Items) {
		it := o.rowOf(sku)
		if it == nil {
			return salesRow{}, fmt.Errorf("%w: order %s has no row of %q", ErrInvalidOrder, incrementID, sku)
		}
		req.items = append(req.items, documentItem{it.ItemID, d.Items[sku]})
	}
	doc, err := do(ctx, o, req, d)
	if err != nil {
		return salesRow{}, fmt.Errorf("magento: order %s: %w", incrementID, err)
	}
	h := doc.head()
	return salesRow{h.EntityID, h.IncrementID, h.OrderID}, nil
}

// rowOf is the first row of a SKU, which is a parent's before its part's.
func (o *order) rowOf(sku string) *orderItem {
	for _, it := range o.Items {
		if strings.EqualFold(it.SKU, sku) {
			return it
		}
	}
	return nil
}

func (s *Server) adminInvoice(ctx context.Context, o *order, req documentRequest, d DocumentOrder) (document, error) {
	return s.invoice(ctx, o.EntityID, req, d.Capture)
}

func (s *Server) adminShip(ctx context.Context, o *order, req documentRequest, d DocumentOrder) (document, error) {
	ship := shipRequest{documentRequest: req, source: d.Source}
	if d.Track != "" {
		ship.tracks = []track{{CarrierCode: orText(d.Carrier, "custom"), Title: strings.ToUpper(orText(d.Carrier, "custom")), Number: d.Track}}
	}
	return s.ship(ctx, o.EntityID, ship)
}

func (s *Server) adminRefund(ctx context.Context, o *order, req documentRequest, d DocumentOrder) (document, error) {
	refund := refundRequest{documentRequest: req, online: d.Online, allBack: d.ReturnToStock}
	refund.Shipping, refund.Positive, refund.Negative = d.Shipping, d.AdjustmentPositive, d.AdjustmentNegative
	if d.Online {
		paid := int64(0)
		err := s.db.reader.QueryRowContext(ctx, `SELECT COALESCE(MAX(entity_id), 0) FROM sales_invoice WHERE order_id = ? AND state = ?`, o.EntityID, invoicePaid).Scan(&paid)
		if err != nil {
			return nil, fmt.Errorf("read invoices: %w", err)
		}
		if paid == 0 {
			return nil, refused("Creditmemo", []string{"We can't create creditmemo for the invoice."})
		}
		refund.invoiceID = paid
	}
	return s.refund(ctx, o.EntityID, refund)
}

// Pay brings an order's money in: a redirect payment is finished, open invoices
// are captured, and what isn't invoiced is, with its payment.
func (s *Server) Pay(ctx context.Context, incrementID string) error {
	o, err := s.db.orderByIncrement(ctx, incrementID)
	if err == nil && o.State == statePendingPayment {
		o, err = s.changeOrder(ctx, o.EntityID, s.finishPayment)
	}
	if err == nil {
		err = s.takePayment(ctx, o)
	}
	if err != nil {
		return fmt.Errorf("magento: pay order %s: %w", incrementID, err)
	}
	return nil
}

// adminDocument serves one of the three actions.
func (s *Server) adminDocument(do maker) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var d DocumentOrder
		if err := readJSON(w, r, &d); err != nil {
			writeProblem(w, http.StatusBadRequest, err)
			return
		}
		row, err := s.makeDocument(r.Context(), chi.URLParam(r, "increment"), d, do)
		var refused *restError
		switch {
		case errors.Is(err, errNoEntity):
			writeProblem(w, http.StatusNotFound, err)
		case errors.Is(err, ErrInvalidOrder):
			writeProblem(w, http.StatusBadRequest, err)
		case errors.As(err, &refused):
			writeProblem(w, http.StatusConflict, err)
		case err != nil:
			writeProblem(w, http.StatusInternalServerError, err)
		default:
			writeJSON(w, http.StatusCreated, row)
		}
	}
}

func (s *Server) adminClerk(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut {
		var c Clerk
		err := readJSON(w, r, &c)
		if err == nil {
			err = s.SetClerk(c)
		}
		if err != nil {
			writeProblem(w, http.StatusBadRequest, err)
			return
		}
	}
	writeJSON(w, http.StatusOK, s.Clerk())
}
