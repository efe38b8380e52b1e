package magento

import (
	"context"
)

var historyKeys = map[string]bool{
	"comment": true, "created_at": true, "entity_id": true, "entity_name": true, "is_customer_notified": true,
	"is_visible_on_front": true, "parent_id": true, "status": true, "extension_attributes": true,
}

func (s *Server) getComments(ctx context.Context, c *call) ([]byte, error) {
	o, err := s.orderOf(ctx, c)
	if err != nil {
		return nil, err
	}
	rows := make([][]byte, 0, len(o.Histories))
	for _, h := range o.Histories {
		w := &phpWriter{}
		w.history(h)
		rows = append(rows, w.buf)
	}
	return criteria{}.envelope(rows, int64(len(rows)), false), nil
}

// addComment appends a history row and, by version, sets the order's status
// (Magento core, Sales/Model/Service/OrderService::addComment; magento/magento2
// 34180, 38659).
func (s *Server) addComment(ctx context.Context, c *call) ([]byte, error) {
	var sent struct {
		Comment  string  `json:"comment"`
		Status   *string `json:"status"`
		Notified *int64  `json:"is_customer_notified"`
		Visible  int64   `json:"is_visible_on_front"`
	}
	if err := c.object("statusHistory", `Magento\Sales\Api\Data\OrderStatusHistoryInterface`, historyKeys, &sent); err != nil {
		return nil, err
	}
	return s.simpleChange(ctx, c, func(o *order) error {
		status, err := s.commentStatus(o, sent.Status)
		if err != nil {
			return err
		}
		o.Status = status
		s.addHistory(o, history{Comment: sent.Comment, Status: status, Notified: sent.Notified, VisibleOnFE: sent.Visible})
		return nil
	})
}

// commentStatus is the status an order has after a comment that asks for one.
func (s *Server) commentStatus(o *order, wanted *string) (string, error) {
	version := s.Version()
	if version == Version246 { // writes what it was given, nothing included
		if wanted == nil {
			return "", nil
		}
		return *wanted, nil
	}
	if wanted == nil || *wanted == "" || *wanted == o.Status {
		return o.Status, nil
	}
	if version == Version247 || !s.statusFits(o.State, *wanted) {
		return "", badRequest(`Unable to add comment: The status "%1" is not part of the order status history.`, *wanted)
	}
	return *wanted, nil
}
