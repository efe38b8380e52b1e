package magentowriter

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/effect"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

// invoices carries out what was invoiced for an order: an invoice for each part
// that the store lacks, or lacks some of. Amounts are the store's.
type invoices struct{ *Writer }

// CarryOut implements effect.Carrier.
func (w invoices) CarryOut(ctx context.Context, c effect.Command) (events.Outcome, error) {
	var doc events.Invoices
	if err := json.Unmarshal(c.Document, &doc); err != nil {
		return events.Outcome{}, failure.Defect("magento.document", "the command's document can't be read: "+err.Error(), err)
	}
	t := &parent{
		kind: invoicing, documents: w.store.Invoices, lacks: func(*plan) bool { return false },
		basket: func(_ context.Context, _ magento.Order, items []magento.OrderItem) (*basket, error) {
			return invoiceable(items), nil
		},
		add: func(ctx context.Context, o magento.Order, p *plan) error { return w.add(ctx, o, p, doc) },
	}
	for _, p := range doc.Parts {
		t.parts = append(t.parts, covers{number: p.Number, lines: p.Lines})
	}
	return w.carry(ctx, c, events.Invoice, doc.Order, doc, t)
}

// add invoices what is missing, part by part.
func (w invoices) add(ctx context.Context, o magento.Order, p *plan, doc events.Invoices) error {
	method, err := paymentMethod(o)
	if err != nil {
		return err
	}
	online := slices.ContainsFunc(doc.Online, func(m string) bool { return strings.EqualFold(m, method) })
	for i, part := range doc.Parts {
		if len(p.missing[i]) == 0 {
			continue
		}
		if err := w.call(ctx, o.IncrementID, func(ctx context.Context) error {
			_, err := w.store.Invoice(ctx, o.EntityID, magento.Invoice{
				Items: p.missing[i], Capture: online, Comment: invoicing.mark + part.Number, Notify: doc.Notify,
			})
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// paymentMethod is the code of the method that the order is paid by.
func paymentMethod(o magento.Order) (string, error) {
	var fields struct {
		Payment struct {
			Method string `json:"method"`
		} `json:"payment"`
	}
	if err := json.Unmarshal(o.Raw, &fields); err != nil {
		return "", failure.Defect("magento.order_payment", "the payment of order "+o.IncrementID+" can't be read: "+err.Error(), err)
	}
	return fields.Payment.Method, nil
}
