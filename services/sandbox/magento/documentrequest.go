package magento

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// documentItem is a row of a request to invoice, ship or refund.
type documentItem struct {
	OrderItemID int64           `json:"order_item_id"`
	Qty         decimal.Decimal `json:"qty"`
}

// documentComment is the comment that comes with a document.
type documentComment struct {
	Comment string `json:"comment"`
	Visible int64  `json:"is_visible_on_front"`
}

// documentRequest is the part of the body that all three services share.
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
	if !ok {
		raw, ok = c.body[snake(name)]
	}
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

// rowChoice picks rows for a document (Magento core,
// Sales/Model/Order/{Invoice,Shipment,Creditmemo}/**/QuantityValidator).
type rowChoice struct {
	document, verb, undone string
	// left is how much of a row can be asked for, alone whether it can be.
	left  func(*orderItem) decimal.Decimal
	alone func(*orderItem) bool
}

// choose pairs the asked rows with the order's; asking for none means all that
// is left.
func (r rowChoice) choose(o *order, asked []documentItem) (rows []chosen, problems []string) {
	if len(asked) == 0 {
		for _, it := range o.Items {
			if r.alone(it) && r.left(it).Sign() > 0 {
				rows = append(rows, chosen{it, r.left(it)})
			}
		}
	}
	for n, want := range asked {
		it := o.item(want.OrderItemID)
		switch {
		case slices.ContainsFunc(asked[n+1:], func(later documentItem) bool { return later.OrderItemID == want.OrderItemID }):
			continue // quantities are kept by row, so the last one counts
		case it == nil:
			problems = append(problems, fmt.Sprintf(`The %s contains product SKU "" that is not part of the original order.`, r.document))
		case want.Qty.GreaterThan(r.left(it)):
			problems = append(problems, fmt.Sprintf(`The quantity to %s must not be greater than the %s quantity for product SKU "%s".`, r.verb, r.undone, it.SKU))
		case r.alone(it) && want.Qty.Sign() > 0:
			rows = append(rows, chosen{it, want.Qty})
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
