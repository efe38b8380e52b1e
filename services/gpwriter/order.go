package gpwriter

import (
	"context"
	"errors"
	"fmt"
	"strings"

	jsonv1 "github.com/go-json-experiment/json/v1"
	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/claim"
	"github.com/magpie-integration/magpie/libs/effect"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/gp"
)

func document(cmd events.Command) (events.SalesOrder, error) {
	var doc events.SalesOrder
	if err := jsonv1.Unmarshal(cmd.Document, &doc); err != nil {
		return doc, failure.Defect("gp.document", "the command's document can't be read: "+err.Error(), err)
	}
	if err := gp.Check("SOPNUMBE", doc.Number); err != nil {
		return doc, err
	}
	return doc, nil
}

// orderTarget is a SOP order in the state that a command wants.
type orderTarget struct {
	writer *Writer
	doc    events.SalesOrder
	// differences is filled when the order was read back.
	differences []events.Difference
	tell        func(ctx context.Context, o events.Outcome) error
}

// Tell implements effect.Teller: the write-back starts from this outcome.
func (t *orderTarget) Tell(ctx context.Context, a claim.Applied) error {
	if err := t.writer.reserve(ctx, t.doc); err != nil {
		return err
	}
	return t.tell(ctx, events.Outcome{Result: events.Applied, Details: a.Details, Differences: t.differences})
}

// Ask implements effect.Target.
func (t *orderTarget) Ask(ctx context.Context) (effect.Has, error) {
	found, present, err := t.writer.find(ctx, t.doc.Number)
	if err != nil || !present {
		return effect.Has{}, err
	}
	if err := t.ours(found); err != nil {
		return effect.Has{}, err
	}
	return effect.Has{Present: true, Wanted: t.asWanted(found), Applied: t.readBack(found)}, nil
}

// Write implements effect.Target.
func (t *orderTarget) Write(ctx context.Context, exists bool) (claim.Applied, error) {
	order, err := t.order(ctx)
	if err != nil {
		return claim.Applied{}, err
	}
	if exists {
		err = t.update(ctx, order)
	} else {
		err = t.create(ctx, order)
	}
	if err != nil {
		return claim.Applied{}, err
	}
	found, present, err := t.writer.find(ctx, t.doc.Number)
	if err != nil || !present {
		// It was accepted and can't be read back: whether it is as it should be
		// is not known, so it is asked for again.
		return claim.Applied{}, failure.Unknown("gp.not_read_back", fmt.Errorf("order %s was accepted, but can't be read back: %w", t.doc.Number, err))
	}
	return t.readBack(found), nil
}

// create creates the order; one that is there already is adopted if it is ours
// and has the same content.
func (t *orderTarget) create(ctx context.Context, order gp.SalesOrder) error {
	err := t.writer.call(ctx, t.doc.Number, func(ctx context.Context) error {
		return t.writer.gp.CreateSalesOrder(ctx, order)
	})
	refused := failure.Of(err)
	if refused == nil || refused.Kind != failure.KindRejected || refused.Unsent {
		return err
	}
	// Whatever words GP refuses a duplicate in: look whether the order is there.
	found, present, lookErr := t.writer.find(ctx, t.doc.Number)
	duplicate := refused.Code == "gp.sales.duplicate"
	switch {
	case lookErr != nil && duplicate:
		return unsent(lookErr)
	case lookErr != nil, !present && !duplicate:
		return err
	case !present:
		return failure.Conflict("gp.sales.number_taken", "SOPNUMBE",
			"GP says that number "+t.doc.Number+" is taken, but has no such sales order: another kind of document may have it",
			"look for the number in GP, or give the pair another prefix")
	}
	if err := t.ours(found); err != nil {
		return err
	}
	if !t.asWanted(found) {
		return t.update(ctx, order)
	}
	return nil
}

// update writes the whole wanted state over an order that is there. Lines that
// are no longer wanted are deleted by their sequence.
func (t *orderTarget) update(ctx context.Context, order gp.SalesOrder) error {
	found, present, err := t.writer.find(ctx, t.doc.Number)
	if err != nil {
		return unsent(err)
	}
	if !present {
		return failure.Conflict("gp.sales.gone", "SOPNUMBE",
			"order "+t.doc.Number+" was in GP, and is gone: somebody deleted it",
			"decide in GP whether the order is wanted, then discard or replay")
	}
	if err := t.ours(found); err != nil {
		return err
	}
	if found.TransactionState == "History" || found.Voided {
		return failure.Conflict("gp.sales.posted", "SOPNUMBE",
			"order "+t.doc.Number+" is posted, transferred or voided in GP, so it can't be changed",
			"make the difference in GP by a new document, then discard")
	}
	wanted := map[int]bool{}
	for i := range order.Lines {
		wanted[order.Lines[i].Sequence] = true
	}
	for _, line := range found.Lines {
		if !wanted[line.Sequence] {
			// Without amounts: GP may hold more decimals than the currency has.
			order.Lines = append(order.Lines, gp.SalesLine{
				Sequence: line.Sequence, ItemNumber: line.ItemNumber, Quantity: line.Quantity,
				UofM: line.UofM, WarehouseID: line.WarehouseID, Delete: true,
			})
		}
	}
	// Deposits are entered with the order and never changed after: what is paid
	// later becomes a cash receipt.
	order.Payments = nil
	return t.writer.call(ctx, t.doc.Number, func(ctx context.Context) error {
		return t.writer.gp.UpdateSalesOrder(ctx, order)
	})
}

// ours refuses to touch an order that does not carry our mark: its customer's
// purchase order number is the source's key.
func (t *orderTarget) ours(found gp.SalesOrder) error {
	if strings.EqualFold(found.CustomerPO, t.doc.CustomerPO) {
		return nil
	}
	return failure.Conflict("gp.sales.not_ours", "SOPNUMBE",
		fmt.Sprintf("GP has an order %s whose customer PO number is %q, not %q: it was not made from this order",
			t.doc.Number, found.CustomerPO, t.doc.CustomerPO),
		"give the pair another prefix, or correct the PO number in GP, then replay")
}

// asWanted tells whether an order in GP needs no update. Whatever GP replaced by
// its own (prices) can't be told from what a lost update would have changed, so
// it is written once more: an update is the whole state, and twice is once. What
// is posted can't be written any more; it is as wanted when it has the lines.
func (t *orderTarget) asWanted(found gp.SalesOrder) bool {
	return t.sameLines(found) && (found.TransactionState == "History" || sameContent(t.doc, found))
}

// sameLines tells whether an order in GP has the customer, items and quantities
// of the wanted one.
func (t *orderTarget) sameLines(found gp.SalesOrder) bool {
	if !strings.EqualFold(found.CustomerID, t.doc.Customer.Number) || len(found.Lines) != len(t.doc.Lines) || found.Voided {
		return false
	}
	for i, line := range t.doc.Lines {
		if !strings.EqualFold(found.Lines[i].ItemNumber, line.Item) || !found.Lines[i].Quantity.Equal(line.Quantity) {
			return false
		}
	}
	return true
}

// order gives GP's order for the document.
func (t *orderTarget) order(ctx context.Context) (gp.SalesOrder, error) {
	d := t.doc
	date, err := gp.ParseDate(d.Date)
	if err != nil {
		return gp.SalesOrder{}, failure.Rejected("gp.sales.date", "DOCDATE", err.Error(), "map it as yyyy-mm-dd")
	}
	o := gp.SalesOrder{
		Number: d.Number, DocumentTypeID: d.DocumentType, Date: date,
		CustomerID: d.Customer.Number, CustomerName: d.Customer.Name, CustomerPO: d.CustomerPO,
		BatchID: d.Batch, WarehouseID: d.Site, CurrencyISO: d.Currency,
		Freight: amount(d.Freight), Miscellaneous: amount(d.Misc), Tax: amount(d.Tax), TradeDiscount: amount(d.Discount),
		ShippingMethodID: d.Shipping, PaymentTermsID: d.PaymentTerms, TaxScheduleID: d.TaxSchedule, Comment: d.Comment,
		ShipTo: address(d.ShipTo), ShipToAddressID: d.ShipTo.Code, BillToAddressID: d.BillTo.Code,
	}
	if d.Customer.Shared { // the addresses are the order's own, not the shared customer's
		o.ShipToAddressID, o.BillToAddressID = "", ""
	}
	for i, line := range d.Lines {
		unit := line.Unit
		if unit == "" {
			if unit, err = t.writer.unit(ctx, line.Item); err != nil {
				return o, err
			}
		}
		site := line.Site
		if site == "" {
			site = d.Site
		}
		o.Lines = append(o.Lines, gp.SalesLine{
			Sequence: (i + 1) * gp.LineStep, ItemNumber: line.Item, Description: line.Description,
			Quantity: line.Quantity, UnitPrice: amount(line.UnitPrice), Total: amount(line.Extended),
			UofM: unit, WarehouseID: site, Comment: line.Comment, SalesAccount: line.SalesAccount,
		})
	}
	for _, p := range d.Payments {
		o.Payments = append(o.Payments, gp.Payment{
			Type: gp.PaymentType(p.Type), Amount: amount(p.Amount), Date: date,
			CheckbookID: p.Checkbook, CardID: p.Card, CheckNumber: p.Reference,
		})
	}
	for _, t := range d.Taxes {
		o.Taxes = append(o.Taxes, gp.DocumentTax{DetailID: t.Detail, Amount: amount(t.Amount)})
	}
	if o.UserDefined, err = userDefined(d.UserDefined); err != nil {
		return o, failure.Rejected("gp.sales.date", "USRDAT01", err.Error(), "map it as yyyy-mm-dd")
	}
	return o, nil
}

func userDefined(u *events.UserDefined) (out gp.UserDefined, err error) {
	if u == nil {
		return out, nil
	}
	out.Lists = [3]string{u.List1, u.List2, u.List3}
	out.Texts = [5]string{u.Text1, u.Text2, u.Text3, u.Text4, u.Text5}
	if out.Date1, err = gp.ParseDate(u.Date1); err != nil {
		return out, err
	}
	out.Date2, err = gp.ParseDate(u.Date2)
	return out, err
}

func amount(d decimal.Decimal) decimal.NullDecimal { return decimal.NewNullDecimal(d) }

// readBack compares what GP has with what it was sent.
func (t *orderTarget) readBack(found gp.SalesOrder) claim.Applied {
	t.differences = compare(t.doc, found)
	details := map[string]string{
		"customer": t.doc.Customer.Number, "sopNumber": found.Number, "batch": found.BatchID,
		"allocated": allocation(found),
	}
	if found.Total.Valid {
		details["total"] = found.Total.Decimal.StringFixed(2)
	}
	return claim.Applied{Fingerprint: claim.AsExpected, Exists: true, Details: details}
}

// allocation says how much of the order GP could allocate.
func allocation(o gp.SalesOrder) string {
	ordered, allocated := decimal.Zero, decimal.Zero
	for _, l := range o.Lines {
		ordered, allocated = ordered.Add(l.Quantity), allocated.Add(l.QuantityAllocated)
	}
	switch {
	case allocated.IsZero():
		return "none"
	case allocated.LessThan(ordered):
		return allocated.String() + " of " + ordered.String()
	default:
		return "all"
	}
}

// find reads an order of GP.
func (w *Writer) find(ctx context.Context, number string) (o gp.SalesOrder, present bool, err error) {
	err = w.call(ctx, number, func(ctx context.Context) error {
		o, err = w.gp.SalesOrder(ctx, number)
		return err
	})
	if errors.Is(err, gp.ErrNotFound) {
		return o, false, nil
	}
	return o, err == nil, err
}

// withdrawal is an order that is not to be in GP.
type withdrawal struct {
	writer       *Writer
	number, mark string
}

// Ask implements effect.Target.
func (t *withdrawal) Ask(ctx context.Context) (effect.Has, error) {
	found, present, err := t.writer.find(ctx, t.number)
	if err != nil || !present {
		return effect.Has{}, err // it may still land; patience, then Write
	}
	return effect.Has{Present: true, Wanted: found.Voided, Applied: voided}, nil
}

var (
	voided       = claim.Applied{Fingerprint: claim.AsExpected, Exists: true, Withdrawn: true, Details: map[string]string{"voided": "true"}}
	neverWritten = claim.Applied{Fingerprint: claim.AsExpected, Withdrawn: true, Details: map[string]string{"voided": "never written"}}
)

// Write implements effect.Target. The claim is held by now, so no older command
// can write the order any more.
func (t *withdrawal) Write(ctx context.Context, _ bool) (claim.Applied, error) {
	found, present, err := t.writer.find(ctx, t.number)
	switch {
	case err != nil:
		return claim.Applied{}, unsent(err)
	case !present:
		return neverWritten, nil
	case found.Voided:
		return voided, nil
	case !strings.EqualFold(found.CustomerPO, t.mark):
		return neverWritten, nil // another's order has the number; it is not ours to void
	case found.TransactionState == "History":
		return claim.Applied{}, failure.Conflict("gp.sales.posted", "SOPNUMBE",
			"order "+t.number+" was cancelled in the store, but is posted or transferred in GP, so it can't be voided",
			"make a return in GP if goods or money have moved, then discard")
	}
	err = t.writer.call(ctx, t.number, func(ctx context.Context) error {
		return t.writer.gp.VoidSalesOrder(ctx, t.number)
	})
	return voided, err
}
