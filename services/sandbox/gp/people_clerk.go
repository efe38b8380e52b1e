package gp

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/shopspring/decimal"
)

// phoneBatch is where orders by phone go.
const phoneBatch = "PHONE"

// PhoneOrder is an order that a clerk enters. Prices, terms and addresses are
// GP's own.
type PhoneOrder struct {
	Customer string                     `json:"customer"`
	PO       string                     `json:"po"`
	Lines    map[string]decimal.Decimal `json:"lines"` // quantities by item number
}

// EnterOrder enters an order at GP's window, and returns its number, the next
// of the document id. A refusal names the rules that it breaks.
func (s *Server) EnterOrder(ctx context.Context, p PhoneOrder) (string, error) {
	var number string
	err := s.store.write(ctx, func(q querier) error {
		c, err := s.hand(ctx, q, "CLERK")
		if err != nil {
			return err
		}
		if err := s.phoneCustomer(ctx, q, &p); err != nil {
			return err
		}
		o := newObject("SalesOrder").set("CustomerKey.Id", storedText(p.Customer, true)).set("CustomerPONumber", p.PO).
			set("DocumentTypeKey.Type", orders.name).set("DocumentTypeKey.Id", c.cfg.documentID(orders)).set("BatchKey.Id", phoneBatch)
		lines := []any{}
		for _, item := range slices.Sorted(maps.Keys(p.Lines)) {
			lines = append(lines, newObject("SalesOrderLine").set("ItemKey.Id", storedText(item, true)).set("Quantity", quantity(p.Lines[item], 0)))
		}
		d := newDocument(orders, o.set("Lines", lines))
		if err := c.enterDocument(ctx, d); err != nil {
			return err
		}
		number = d.number()
		return nil
	})
	return number, err
}

// phoneCustomer is who an order without a customer is for.
func (s *Server) phoneCustomer(ctx context.Context, q querier, p *PhoneOrder) error {
	if p.Customer != "" {
		return nil
	}
	p.Customer = "PHONE"
	n, err := count(ctx, q, "RM00101 WHERE CUSTNMBR = ?", p.Customer)
	if err != nil || n > 0 {
		return err
	}
	return s.seedCustomer(ctx, q, Customer{ID: p.Customer, Name: "Orders by phone", Address: Address{
		Name: "Orders by phone", Line1: "Counter", City: "Portland", State: "OR", PostalCode: "97201", Country: "US",
	}})
}

// answerThePhone enters an order of one to three items for a customer who may
// buy.
func (s *Server) answerThePhone(ctx context.Context, rng *rand.Rand) error {
	var people, goods []string
	err := s.store.read(ctx, func(q querier) (err error) {
		if people, err = texts(ctx, q, `SELECT CUSTNMBR FROM RM00101 WHERE HOLD = 0 AND INACTIVE = 0 ORDER BY CUSTNMBR LIMIT 1000`); err != nil {
			return err
		}
		goods, err = texts(ctx, q, `SELECT i.ITEMNMBR FROM IV00101 i JOIN IV00102 q ON q.ITEMNMBR = i.ITEMNMBR AND q.LOCNCODE = ?
			WHERE i.ITEMTYPE = 'Sales Item' AND i.DISCONTINUED = 0 ORDER BY i.ITEMNMBR LIMIT 1000`, s.cfg.Sites[0].ID)
		return err
	})
	if err != nil || len(goods) == 0 {
		return err
	}
	p := PhoneOrder{PO: fmt.Sprintf("TEL%07d", rng.IntN(1e7)), Lines: map[string]decimal.Decimal{}}
	if len(people) > 0 {
		p.Customer = people[rng.IntN(len(people))]
	}
	for range 1 + rng.IntN(3) {
		p.Lines[goods[rng.IntN(len(goods))]] = decimal.NewFromInt(1 + rng.Int64N(4))
	}
	_, err = s.EnterOrder(ctx, p)
	return err
}
