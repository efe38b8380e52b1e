package gpwriter

import (
	"context"
	"errors"
	"strings"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/claim"
	"github.com/magpie-integration/magpie/libs/effect"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/gp"
)

// customer brings the order's customer to the state that the order carries,
// unless a newer order has already done so. A customer that orders share is
// referenced, never written.
func (w *Writer) customer(ctx context.Context, revision events.Revision, doc events.SalesOrder) error {
	if doc.Customer.Shared {
		return nil
	}
	fingerprint, err := effect.Fingerprint(struct {
		Customer events.SalesCustomer
		ShipTo   events.Address
		BillTo   events.Address
	}{doc.Customer, doc.ShipTo, doc.BillTo})
	if err != nil {
		return err
	}
	want := claim.Wanted{Revision: revision, Fingerprint: fingerprint, Shared: true}
	t := &customerTarget{writer: w, want: customerOf(doc)}
	done, err := effect.Apply(ctx, w.claims, w.key(events.Customer, doc.Customer.Number), want, t)
	if err != nil || done.Result != events.Superseded {
		return err
	}
	return t.addMissing(ctx)
}

// addMissing adds the addresses that the order refers to and its customer lacks:
// a newer order wrote the customer, with addresses of its own. An address's code
// is of its content, so adding one takes nothing from the newer state, in
// whatever order it happens.
func (t *customerTarget) addMissing(ctx context.Context) error {
	found, present, err := t.find(ctx)
	if err != nil || !present {
		return err // the newer order's write is still to come, and GP will say what is missing
	}
	more := gp.Customer{
		ID: found.ID, Name: found.Name, PostResultsTo: found.PostResultsTo, DefaultAddressID: found.DefaultAddressID,
		BillToAddressID: found.BillToAddressID, ShipToAddressID: found.ShipToAddressID,
	}
	for _, a := range t.want.Addresses {
		if _, there := found.Address(a.ID); !there {
			more.Addresses = append(more.Addresses, a)
		}
	}
	if len(more.Addresses) == 0 {
		return nil
	}
	return t.writer.call(ctx, t.want.ID, func(ctx context.Context) error { return t.writer.gp.UpdateCustomer(ctx, more) })
}

// customerOf gives GP's customer for an order: its own address, and the ship-to
// and bill-to addresses that the order refers to.
func customerOf(doc events.SalesOrder) gp.Customer {
	c := gp.Customer{ID: doc.Customer.Number, Name: doc.Customer.Name, ClassID: doc.Customer.Class}
	add := func(a events.Address) {
		if _, there := c.Address(a.Code); a.Code == "" || there {
			return
		}
		c.Addresses = append(c.Addresses, gp.CustomerAddress{
			ID: strings.ToUpper(a.Code), Address: address(a), Email: doc.Customer.Email,
		})
	}
	add(doc.Customer.Address)
	add(doc.BillTo)
	add(doc.ShipTo)
	c.DefaultAddressID = doc.Customer.Address.Code
	c.BillToAddressID, c.ShipToAddressID = doc.BillTo.Code, doc.ShipTo.Code
	return c
}

func address(a events.Address) gp.Address {
	return gp.Address{
		Name: a.Name, Contact: a.Contact, Line1: a.Line1, Line2: a.Line2, Line3: a.Line3,
		City: a.City, State: a.State, Zip: a.Postal, Country: a.Country, Phone1: gp.Phone{Number: a.Phone},
	}
}

// customerTarget is a customer in the state that an order wants.
type customerTarget struct {
	writer *Writer
	want   gp.Customer
}

// Ask implements effect.Target.
func (t *customerTarget) Ask(ctx context.Context) (effect.Has, error) {
	has, present, err := t.find(ctx)
	if err != nil || !present {
		return effect.Has{}, err
	}
	wanted := holds("CUSTNAME", t.want.Name, has.Name)
	for _, a := range t.want.Addresses {
		got, there := has.Address(a.ID)
		wanted = wanted && there && holdsAddress(a.Address, got.Address) && (a.Email == "" || a.Email == got.Email)
	}
	return effect.Has{Present: true, Wanted: wanted, Applied: claim.Applied{Fingerprint: claim.AsExpected, Exists: true}}, nil
}

// Write implements effect.Target: created if absent, else updated.
func (t *customerTarget) Write(ctx context.Context, _ bool) (claim.Applied, error) {
	applied := claim.Applied{Fingerprint: claim.AsExpected, Exists: true}
	// What exists is not always known to us: a person may have entered it. And
	// GP wants some fields back as they are (SDK: UpdateCustomer).
	found, present, err := t.find(ctx)
	if err != nil {
		return applied, unsent(err)
	}
	if present {
		t.want.PostResultsTo = found.PostResultsTo
		return applied, t.writer.call(ctx, t.want.ID, func(ctx context.Context) error {
			return t.writer.gp.UpdateCustomer(ctx, t.want)
		})
	}
	err = t.writer.call(ctx, t.want.ID, func(ctx context.Context) error {
		return t.writer.gp.CreateCustomer(ctx, t.want)
	})
	if f := failure.Of(err); f != nil && f.Code == "gp.customer.duplicate" { // somebody entered it just now
		err = t.writer.call(ctx, t.want.ID, func(ctx context.Context) error {
			return t.writer.gp.UpdateCustomer(ctx, t.want)
		})
	}
	return applied, err
}

func (t *customerTarget) find(ctx context.Context) (c gp.Customer, present bool, err error) {
	err = t.writer.call(ctx, t.want.ID, func(ctx context.Context) error {
		c, err = t.writer.gp.Customer(ctx, t.want.ID)
		return err
	})
	if errors.Is(err, gp.ErrNotFound) {
		return c, false, nil
	}
	return c, err == nil, err
}

// unsent keeps a failed look-up from passing for a write of unknown outcome.
func unsent(err error) error {
	if errors.Is(err, bus.ErrPaused) {
		return err
	}
	f := failure.Of(err)
	return &failure.Error{
		Kind: f.Kind, Code: f.Code, Field: f.Field, Reason: f.Reason, Fix: f.Fix,
		After: f.After, System: f.System, Unsent: true,
	}
}
