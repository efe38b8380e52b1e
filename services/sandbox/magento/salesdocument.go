package magento

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"
)

// documentItem is a row of a request to invoice or ship.
type documentItem struct {
	OrderItemID int64           `json:"order_item_id"`
	Qty         decimal.Decimal `json:"qty"`
}

// documentComment is the comment that comes with an invoice or a shipment.
type documentComment struct {
	Comment string `json:"comment"`
	Visible int64  `json:"is_visible_on_front"`
}

// documentRequest is the part of the body that both services share.
type documentRequest struct {
	items   []documentItem
	notify  bool
	append  bool
	comment documentComment
}

func (c *call) documentRequest() (documentRequest, error) {
	var d documentRequest
	for name, into := range map[string]any{"items": &d.items, "notify": &d.notify, "appendComment": &d.append, "comment": &d.comment} {
		if err := c.optional(name, into); err != nil {
			return d, err
		}
	}
	return d, nil
}

// optional decodes a parameter that may be absent or null.
func (c *call) optional(name string, into any) error {
	raw, ok := c.body[name]
	if !ok || bytes.Equal(raw, []byte("null")) {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return errType(name, strings.Trim(string(raw), `"`), "array")
	}
	return nil
}

// refused is a DocumentValidationException: all messages in one text.
func refused(document string, lines []string) error {
	return badRequest(document + " Document Validation Error(s):\n" + strings.Join(lines, "\n"))
}

// chosen is a row and how much of it goes into a document.
type chosen struct {
	item *orderItem
	qty  decimal.Decimal
}

// choose pairs the asked rows with the order's; asking for none means all that
// is left (Magento core, Sales/Model/Order/{Invoice,Shipment}/Validation/QuantityValidator).
func choose(o *order, asked []documentItem, left func(*orderItem) decimal.Decimal, document, verb, undone string) (rows []chosen, problems []string) {
	if len(asked) == 0 {
		for _, it := range o.Items {
			if it.ParentItemID == 0 && left(it).Sign() > 0 {
				rows = append(rows, chosen{it, left(it)})
			}
		}
	}
	for _, want := range asked {
		it := o.item(want.OrderItemID)
		switch {
		case it == nil:
			problems = append(problems, fmt.Sprintf(`The %s contains product SKU "" that is not part of the original order.`, document))
		case want.Qty.GreaterThan(left(it)):
			problems = append(problems, fmt.Sprintf(`The quantity to %s must not be greater than the %s quantity for product SKU "%s".`, verb, undone, it.SKU))
		case it.ParentItemID == 0 && want.Qty.Sign() > 0:
			rows = append(rows, chosen{it, want.Qty})
		}
	}
	if len(rows) == 0 && len(problems) == 0 {
		if document == "invoice" {
			problems = append(problems, "The invoice can't be created without products. Add products and try again.")
		} else {
			problems = append(problems, "You can't create a shipment without products.")
		}
	}
	return rows, problems
}

// documentAnswer is the id of a new document: the services declare an integer
// and older ones answered it as text.
func (s *Server) documentAnswer(id int64) []byte {
	if s.Version() == Version246 {
		return fmt.Appendf(nil, "%q", fmt.Sprint(id))
	}
	return fmt.Append(nil, id)
}

// searchDocuments answers a search over documents that are stored as REST
// shows them. These repositories answer null when nothing is found.
func (s *Server) searchDocuments(ctx context.Context, c *call, e entity) ([]byte, error) {
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
		items[i] = row.doc
	}
	return crit.envelope(items, total, e.emptyIsNull), nil
}

func (s *Server) documentByID(ctx context.Context, c *call, query string) ([]byte, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	var doc []byte
	switch err := s.db.reader.QueryRowContext(ctx, query, id).Scan(&doc); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, errNoEntity
	case err != nil:
		return nil, fmt.Errorf("read document: %w", err)
	}
	return doc, nil
}

// documentFields are the columns that invoices and shipments share.
func documentFields(more map[string]field) map[string]field {
	fields := map[string]field{
		"entity_id": {"entity_id", numberField}, "increment_id": {"increment_id", textField}, "order_id": {"order_id", numberField},
		"store_id": {"store_id", numberField}, "created_at": {"created_at", timeField}, "updated_at": {"updated_at", timeField},
	}
	for name, f := range more {
		fields[name] = f
	}
	return fields
}
