// Package gpwriter carries out commands in Dynamics GP: a sales order, and the
// customer that it needs. Each is claimed, compared and superseded by its own
// revision, customer before order, and neither claim is held while waiting for
// the other (DESIGN, composite commands).
//
// GP's web services give no idempotency: a create answers with nothing, and a
// repeated create is a duplicate or, with a number of GP's own choosing, a
// second document (GP Web Services WSDL). So the order's number is derived from
// the source, looked up whenever an earlier call's outcome is unknown, and
// every document is read back after it was written.
package gpwriter

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/breaker"
	"github.com/magpie-integration/magpie/libs/claim"
	"github.com/magpie-integration/magpie/libs/effect"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/gp"
)

// GP is what the writer needs of the company. A record that isn't there is
// gp.ErrNotFound; a call that was sent and not answered is
// failure.ErrUnknownOutcome.
type GP interface {
	Customer(ctx context.Context, id string) (gp.Customer, error)
	CreateCustomer(ctx context.Context, c gp.Customer) error
	UpdateCustomer(ctx context.Context, c gp.Customer) error
	SalesOrder(ctx context.Context, number string) (gp.SalesOrder, error)
	CreateSalesOrder(ctx context.Context, o gp.SalesOrder) error
	UpdateSalesOrder(ctx context.Context, o gp.SalesOrder) error
	VoidSalesOrder(ctx context.Context, number string) error
	Item(ctx context.Context, number string) (gp.Item, error)
}

// Writer writes into one pair's company. What it writes of each entity is in a
// file of its own; a new one is a row in Carriers.
type Writer struct {
	pair    string
	gp      GP
	claims  *claim.Store
	breaker *breaker.Breaker
	open    Reservations
	units   *units
}

// Reservations keeps what the store still reserves of orders that GP has
// allocated (open.Book).
type Reservations interface {
	Set(ctx context.Context, order string, reserved map[string]decimal.Decimal) error
}

// New makes a writer of a pair.
func New(pair string, company GP, claims *claim.Store, b *breaker.Breaker, reservations Reservations) *Writer {
	return &Writer{pair: pair, gp: company, claims: claims, breaker: b, open: reservations, units: newUnits()}
}

// Carriers carry out commands, by the name of their event type.
func (w *Writer) Carriers() map[string]effect.Carrier {
	return map[string]effect.Carrier{
		events.TypeName(events.GP, events.Order, "write"): orders{w},
	}
}

// orders carries out the commands of sales orders.
type orders struct{ *Writer }

// CarryOut implements effect.Carrier: it brings the customer, then the order, to
// the command's state.
func (w orders) CarryOut(ctx context.Context, c effect.Command) (events.Outcome, error) {
	switch c.Verb {
	case events.Apply:
		return w.apply(ctx, c)
	case events.Withdraw:
		return w.withdraw(ctx, c.Command)
	default:
		return events.Outcome{}, failure.Defect("gp.verb", fmt.Sprintf("the command's verb is %q", c.Verb), nil)
	}
}

func (w *Writer) apply(ctx context.Context, cmd effect.Command) (events.Outcome, error) {
	doc, err := document(cmd.Command)
	if err != nil {
		return events.Outcome{}, err
	}
	order := &orderTarget{writer: w, doc: doc, tell: cmd.Tell}
	fingerprint, err := effect.Fingerprint(written(doc))
	if err != nil {
		return events.Outcome{}, err
	}
	want := claim.Wanted{Revision: cmd.Revision, Fingerprint: fingerprint}

	// An order that is as wanted already, or has a newer state, makes no call at
	// all, so its customer is not looked at either.
	key := w.key(events.Order, doc.Number)
	record, err := w.claims.Get(ctx, key)
	if err != nil {
		return events.Outcome{}, err
	}
	if !overtaken(record, cmd.Revision) && !asWritten(record, want) {
		// What can't be made into an order is refused before its customer is written.
		if _, err := order.order(ctx); err != nil {
			return events.Outcome{}, err
		}
		if err := w.customer(ctx, cmd.Revision, doc); err != nil {
			return events.Outcome{}, err
		}
	}
	done, err := effect.Apply(ctx, w.claims, key, want, order)
	if err != nil {
		return events.Outcome{}, err
	}
	outcome := events.Outcome{Result: done.Result, Details: done.Details, Differences: order.differences}
	switch done.Result {
	case events.Superseded:
		outcome.Reason = "a newer state of this order was written, or is being written"
	case events.Unchanged:
		outcome.Reason = "the mapped fields are as they were last written"
		return outcome, w.reserve(ctx, doc)
	}
	return outcome, nil
}

// written is the part of a document that an update writes: neither deposits,
// which are entered with a new order only, nor what the store reserves.
func written(doc events.SalesOrder) events.SalesOrder {
	doc.Payments, doc.Lines = nil, slices.Clone(doc.Lines)
	for i := range doc.Lines {
		doc.Lines[i].Reserved = decimal.Zero
	}
	return doc
}

// reserve marks what the store still reserves of an order that is in GP.
func (w *Writer) reserve(ctx context.Context, doc events.SalesOrder) error {
	reserved := map[string]decimal.Decimal{}
	for _, l := range doc.Lines {
		item := strings.ToUpper(l.Item)
		reserved[item] = reserved[item].Add(l.Reserved)
	}
	return w.open.Set(ctx, doc.Number, reserved)
}

// overtaken tells whether a newer revision of the target was claimed or applied.
func overtaken(r claim.Record, revision events.Revision) bool {
	return revision.Compare(r.Claimed) < 0 || revision.Compare(r.Applied) < 0
}

// asWritten tells whether the target is known to be as it is wanted. A rewrite
// is ordered because that is in doubt.
func asWritten(r claim.Record, want claim.Wanted) bool {
	return r.State == claim.Idle && r.Fingerprint == want.Fingerprint && r.Claimed.Epoch == want.Revision.Epoch &&
		(want.Revision.Rewrite == 0 || r.Applied == want.Revision)
}

// withdraw makes sure that the order is not, and never will be, in GP.
func (w *Writer) withdraw(ctx context.Context, cmd events.Command) (events.Outcome, error) {
	want := claim.Wanted{Revision: cmd.Revision, Fingerprint: "withdrawn"}
	t := &withdrawal{writer: w, number: cmd.Target, mark: cmp.Or(cmd.Mark, string(cmd.Source.Key))}
	done, err := effect.Apply(ctx, w.claims, w.key(events.Order, cmd.Target), want, t)
	if err != nil {
		return events.Outcome{}, err
	}
	if done.Result != events.Superseded {
		if err := w.open.Set(ctx, cmd.Target, nil); err != nil {
			return events.Outcome{}, err
		}
	}
	outcome := events.Outcome{Result: done.Result, Reason: cmd.Reason, Details: done.Details}
	if done.Result == events.Applied {
		outcome.Result = events.Withdrawn
	}
	return outcome, nil
}

func (w *Writer) key(entity events.Entity, target string) string {
	return claim.Key(w.pair, events.GP, entity, target)
}

// call makes one call of GP behind the breaker.
func (w *Writer) call(ctx context.Context, key string, do func(context.Context) error) error {
	return w.breaker.Do(ctx, key, do)
}
