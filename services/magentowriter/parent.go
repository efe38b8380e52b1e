package magentowriter

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/claim"
	"github.com/magpie-integration/magpie/libs/effect"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

// parent is an order of the store that is to get what it lacks of one kind of
// documents: the effect.Target of both. The claim is on the order, by its SOP
// number, since documents can only be added.
type parent struct {
	writer *Writer
	kind   kind
	number string // its increment id, or that of an order that it replaces
	parts  []covers
	// basket and documents read what the kind needs of an order.
	basket    func(ctx context.Context, o magento.Order, items []magento.OrderItem) (*basket, error)
	documents func(ctx context.Context, orderID int64) ([]magento.Document, error)
	// lacks tells whether there is more to write than quantities, add writes all
	// that a plan says.
	lacks func(*plan) bool
	add   func(ctx context.Context, o magento.Order, p *plan) error

	wrote, looked bool
}

// carry brings a claimed order to the state of a document.
func (w *Writer) carry(ctx context.Context, c effect.Command, entity events.Entity, order string, doc any, t *parent) (events.Outcome, error) {
	if c.Verb != events.Apply || len(c.Links) == 0 {
		return events.Outcome{}, failure.Defect(t.kind.code("command"), fmt.Sprintf("a %s is applied to the order that the command needs", t.kind.noun), nil)
	}
	fingerprint, err := effect.Fingerprint(doc)
	if err != nil {
		return events.Outcome{}, err
	}
	t.writer, t.number = w, string(c.Links[0].To.Key)
	done, err := effect.Apply(ctx, w.claims, w.key(entity, order), claim.Wanted{Revision: c.Revision, Fingerprint: fingerprint}, t)
	if err != nil {
		return events.Outcome{}, err
	}
	outcome := events.Outcome{Result: done.Result, Details: done.Details}
	switch {
	case done.Result == events.Superseded:
		outcome.Reason = "a newer state of this order's " + t.kind.noun + "s was written, or is being written"
	case done.Result == events.Unchanged:
		outcome.Reason = "GP tells nothing new"
	case t.looked && !t.wrote:
		outcome.Result, outcome.Reason = events.Unchanged, "all of it is "+t.kind.done+" in the store already"
	}
	return outcome, nil
}

// Ask implements effect.Target.
func (t *parent) Ask(ctx context.Context) (effect.Has, error) {
	order, p, err := t.read(ctx)
	if err != nil {
		return effect.Has{}, err
	}
	return effect.Has{Present: true, Wanted: !t.incomplete(p), Applied: t.applied(order, p)}, nil
}

// Write implements effect.Target.
func (t *parent) Write(ctx context.Context, _ bool) (claim.Applied, error) {
	order, p, err := t.read(ctx)
	if err != nil {
		return claim.Applied{}, err
	}
	t.looked = true
	if !t.incomplete(p) {
		return t.applied(order, p), nil
	}
	if err := t.allowed(order, p); err != nil {
		return claim.Applied{}, err
	}
	t.wrote = true
	if err := t.add(ctx, order, p); err != nil {
		return claim.Applied{}, err
	}
	if p, err = t.reckon(ctx, order); err != nil {
		return claim.Applied{}, failure.Unknown("magento.not_read_back", err)
	}
	return t.applied(order, p), nil
}

func (t *parent) incomplete(p *plan) bool { return !p.complete() || t.lacks(p) }

// allowed tells what an order's state keeps from being done, before Magento does
// (core, Sales/Model/Order::canShip, canInvoice).
func (t *parent) allowed(o magento.Order, p *plan) error {
	if p.complete() {
		return nil
	}
	refuse := func(what, is, fix string) error {
		return failure.Conflict(t.kind.code(what), "state",
			fmt.Sprintf("GP has %s of order %s %s, and the order is %s in the store", t.lacking(p), o.IncrementID, t.kind.done, is), fix)
	}
	switch o.State {
	case "canceled":
		return refuse("canceled", "canceled", "place the order anew in Magento for what was "+t.kind.done+", or take it back in GP; then discard this letter")
	case "holded":
		return refuse("held", "on hold", "release the order in Magento (Unhold), then replay")
	case "payment_review":
		return refuse("review", "under payment review", "accept or deny the payment in Magento, then replay")
	}
	return nil
}

// lacking names the documents of GP that the store lacks.
func (t *parent) lacking(p *plan) string {
	var numbers []string
	for i, part := range t.parts {
		if len(p.missing[i]) > 0 {
			numbers = append(numbers, part.number)
		}
	}
	return strings.Join(numbers, ", ")
}

// applied is what is written down, and told.
func (t *parent) applied(o magento.Order, p *plan) claim.Applied {
	details := map[string]string{
		"order":     o.IncrementID,
		t.kind.done: fmt.Sprintf("%s of %s", p.done, p.ordered),
	}
	var ours, others []string
	for i, part := range t.parts {
		for _, d := range p.own[i] {
			ours = append(ours, fmt.Sprintf("%s (%s)", d.Key, part.number))
		}
		if p.covered[i] {
			others = append(others, part.number)
		}
	}
	if ours != nil {
		details[t.kind.noun+"s"] = strings.Join(ours, ", ")
	}
	if others != nil {
		details["by others"] = strings.Join(others, ", ")
	}
	if p.waiting != nil {
		details["incomplete bundles"] = strings.Join(p.waiting, ", ")
	}
	return claim.Applied{Fingerprint: claim.AsExpected, Exists: true, Details: details}
}

// read gives the order, and what its documents lack.
func (t *parent) read(ctx context.Context) (magento.Order, *plan, error) {
	order, err := t.writer.newest(ctx, t.number)
	if err != nil {
		return order, nil, err
	}
	p, err := t.reckon(ctx, order)
	return order, p, err
}

func (t *parent) reckon(ctx context.Context, order magento.Order) (*plan, error) {
	items, err := order.Items()
	if err != nil {
		return nil, err
	}
	b, err := t.basket(ctx, order, items)
	if err != nil {
		return nil, err
	}
	var documents []magento.Document
	if err := t.writer.call(ctx, order.IncrementID, func(ctx context.Context) (err error) {
		documents, err = t.documents(ctx, order.EntityID)
		return err
	}); err != nil {
		return nil, err
	}
	return reckon(t.kind, b, t.parts, documents)
}

// maxEdits bounds how many times an order was replaced by another.
const maxEdits = 20

// newest reads an order, or the one that has replaced it meanwhile: editing
// cancels an order and places another, whose link is made a little later.
func (w *Writer) newest(ctx context.Context, incrementID string) (magento.Order, error) {
	order, err := w.order(ctx, incrementID)
	for range maxEdits {
		if err != nil || order.State != "canceled" || order.ChildNumber == "" {
			break
		}
		order, err = w.order(ctx, order.ChildNumber)
	}
	return order, err
}

// order reads an order that must be there.
func (w *Writer) order(ctx context.Context, incrementID string) (order magento.Order, err error) {
	err = w.call(ctx, incrementID, func(ctx context.Context) error {
		order, err = w.store.Order(ctx, incrementID)
		return err
	})
	if errors.Is(err, magento.ErrNotFound) {
		return order, failure.Conflict("magento.order.gone", "increment_id",
			fmt.Sprintf("the store no longer has order %s, which is in GP", incrementID),
			"look for the order in the store; discard this letter if it was deleted on purpose")
	}
	return order, err
}
