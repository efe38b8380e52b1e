package gpwriter_test

import (
	"testing"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/gp"
)

func TestTaxDetailsUserDefinedFieldsAndLineDetailsAreSent(t *testing.T) {
	w := newWorld(t, patient)
	outcome := w.do(apply(10, mugs(func(d *events.SalesOrder) {
		d.Taxes = []events.SalesTax{{Detail: "USASTVT-06", Amount: dec("5.36")}}
		d.UserDefined = &events.UserDefined{Date1: "2026-11-30", List3: "GATE 4", Text1: "4711", Text5: "fragile"}
		d.Lines[0].Comment, d.Lines[0].SalesAccount = "Engrave: A.V.", "000-4100-00"
	})))
	w.want("differences", outcome.Differences, []events.Difference{})
	o := w.gp.order("WEB000000123")
	w.want("taxes", o.Taxes, []gp.DocumentTax{{DetailID: "USASTVT-06", Amount: gp.Amount(dec("5.36"))}})
	w.want("user-defined", o.UserDefined, gp.UserDefined{
		Date1: gp.Date{Year: 2026, Month: 11, Day: 30}, Lists: [3]string{"", "", "GATE 4"}, Texts: [5]string{"4711", "", "", "", "fragile"},
	})
	w.want("line", o.Lines[0].Comment+" "+o.Lines[0].SalesAccount, "Engrave: A.V. 000-4100-00")
}

func TestWhatGPMadeOfTheOtherFieldsIsTold(t *testing.T) {
	w := newWorld(t, patient)
	doc := mugs(func(d *events.SalesOrder) {
		d.Taxes = []events.SalesTax{{Detail: "STATE", Amount: dec("4.36")}, {Detail: "CITY", Amount: dec("1.00")}}
		d.UserDefined = &events.UserDefined{Text1: "4711"}
	})
	w.gp.on("CreateSalesOrder", func(work func() error) error {
		err := work()
		w.gp.change("WEB000000123", func(o *gp.SalesOrder) {
			o.Taxes = []gp.DocumentTax{{DetailID: "STATE", Amount: gp.Amount(dec("5.36"))}}
			o.UserDefined.Texts = [5]string{"", "entered by a person"}
		})
		return err
	})
	w.want("differences", w.do(apply(10, doc)).Differences, []events.Difference{
		{Field: "userDefined.text1", Sent: "4711"}, {Field: "taxes.STATE", Sent: "4.36", Found: "5.36"}, {Field: "taxes.CITY", Sent: "1", Found: "none"},
	})
}

func TestADateThatIsNoneIsRefused(t *testing.T) {
	w := newWorld(t, patient)
	f := w.refused(apply(10, mugs(func(d *events.SalesOrder) { d.UserDefined = &events.UserDefined{Date2: "tomorrow"} })))
	w.wantCode(f, failure.KindRejected, "gp.sales.date")
}

// Deposits are entered with the order; what is paid later is a cash receipt.
func TestAnUpdateLeavesTheDeposits(t *testing.T) {
	card := events.SalesPayment{Type: "Payment Card Deposit", Amount: dec("50.00"), Card: "VISA", Reference: "AUTH1"}
	paid := func(p ...events.SalesPayment) func(*events.SalesOrder) {
		return func(d *events.SalesOrder) { d.Payments = p }
	}
	w := newWorld(t, patient)
	w.do(apply(10, mugs(paid(card))))
	w.gp.forget()
	w.want("paid for since", w.do(apply(11, mugs(paid(card, card)))).Result, events.Unchanged)
	w.want("calls", w.gp.ops(), []string{})
	w.do(apply(12, mugs(paid(card, card), func(d *events.SalesOrder) { d.Comment = "ring twice" })))
	w.want("payments of the update", len(w.gp.updated.Payments), 0)
}

func TestWhatTheStoreReservesIsMarked(t *testing.T) {
	w := newWorld(t, patient)
	item := mugs().Lines[0].Item
	reserved := func(n string) func(*events.SalesOrder) {
		return func(d *events.SalesOrder) { d.Lines[0].Reserved = dec(n) }
	}
	w.do(apply(10, mugs(reserved("2"))))
	w.want("reserved", w.open.of("WEB000000123")[item], "2")
	w.want("shipped in the store since", w.do(apply(11, mugs(reserved("1")))).Result, events.Unchanged)
	w.want("reserved", w.open.of("WEB000000123")[item], "1")
	w.do(withdraw(12, mugs()))
	w.want("reserved, withdrawn", len(w.open.of("WEB000000123")), 0)
}
