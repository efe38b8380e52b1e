// Package magentowriter carries out commands in Magento.
//
// Comments, shipments and invoices can only be added, and Magento has no optimistic locking (Magento
// core, Sales/Model/Service/OrderService): so the writer claims the order,
// reads what is there, sends only what is missing, and reads again.
package magentowriter

import (
	"context"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/breaker"
	"github.com/magpie-integration/magpie/libs/claim"
	"github.com/magpie-integration/magpie/libs/effect"
	"github.com/magpie-integration/magpie/libs/magento"
)

// Store is what the writer needs of Magento.
type Store interface {
	Order(ctx context.Context, incrementID string) (magento.Order, error)
	Comments(ctx context.Context, entityID int64) ([]magento.Comment, error)
	AddComment(ctx context.Context, entityID int64, comment, status string) error
	SaveState(ctx context.Context, entityID int64, incrementID, state, status string) (magento.OrderState, error)
	Product(ctx context.Context, sku string) (magento.Record, error)
	Shipments(ctx context.Context, orderID int64) ([]magento.Document, error)
	Ship(ctx context.Context, orderID int64, s magento.Shipment) (int64, error)
	AddTrack(ctx context.Context, orderID, shipmentID int64, t magento.Track) (int64, error)
	Invoices(ctx context.Context, orderID int64) ([]magento.Document, error)
	Invoice(ctx context.Context, orderID int64, i magento.Invoice) (int64, error)
}

// Writer writes into one pair's store. What it writes of each entity is in a file
// of its own; a new one is a row in Carriers.
type Writer struct {
	pair         string
	way          string
	store        Store
	claims       *claim.Store
	breaker      *breaker.Breaker
	reservations Reservations
}

// New makes a writer of a pair; way is Save or Comment.
func New(pair, way string, store Store, claims *claim.Store, b *breaker.Breaker, reservations Reservations) *Writer {
	return &Writer{pair: pair, way: way, store: store, claims: claims, breaker: b, reservations: reservations}
}

// Carriers carry out commands, by the name of their event type.
func (w *Writer) Carriers() map[string]effect.Carrier {
	return map[string]effect.Carrier{
		events.TypeName(events.Magento, events.Order, "write"):    statuses{w},
		events.TypeName(events.Magento, events.Shipment, "write"): shipments{w},
		events.TypeName(events.Magento, events.Invoice, "write"):  invoices{w},
	}
}

// call makes one call of the store behind the breaker.
func (w *Writer) call(ctx context.Context, key string, do func(context.Context) error) error {
	return w.breaker.Do(ctx, key, do)
}

func (w *Writer) key(entity events.Entity, target string) string {
	return claim.Key(w.pair, events.Magento, entity, target)
}
