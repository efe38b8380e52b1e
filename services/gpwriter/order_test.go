package gpwriter_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/gp"
)

func TestAnOrderIsCreatedOnceAfterItsCustomer(t *testing.T) {
	w := newWorld(t, patient)
	outcome := w.do(apply(10, mugs()))
	w.want("result", outcome.Result, events.Applied)
	w.want("calls", w.gp.ops(), []string{"Item", "Customer", "CreateCustomer", "CreateSalesOrder", "SalesOrder"})
	w.want("differences", outcome.Differences, []events.Difference{})
	w.want("target", outcome.Target, "WEB000000123")
	w.want("revision", outcome.Revision, events.Revision{Epoch: 1, Change: 10})
	w.want("details", outcome.Details, map[string]string{
		"allocated": "all", "batch": "WEB20261124", "customer": "WEB0000312", "sopNumber": "WEB000000123", "total": "77.86",
	})
	if outcome.Began.IsZero() || outcome.System != events.GP || outcome.Source.ID != 7 {
		t.Errorf("outcome %+v", outcome)
	}
	o := w.gp.order("WEB000000123")
	if o.CustomerPO != "000000123" || o.Date.String() != "2026-11-24" || o.Lines[0].Sequence != gp.LineStep || o.Lines[0].WarehouseID != "WAREHOUSE" ||
		o.ShipTo.Line1 != "1 Oak St" || o.ShipToAddressID != "PRIMARY" {
		t.Errorf("order %+v", o)
	}
	c := w.gp.customer("WEB0000312")
	if a, ok := c.Address("primary"); !ok || a.Email != "ada@example.com" || len(c.Addresses) != 1 || c.ClassID != "WEB" {
		t.Errorf("customer %+v", c)
	}
}

func TestWhatCostsGPNoCall(t *testing.T) {
	w := newWorld(t, patient)
	first := w.deliver(apply(10, mugs()))
	w.settle(w.replica, first)
	w.gp.forget()

	// A redelivery has the details of the first time.
	outcome := w.settle(w.replica, first)
	w.want("same revision", outcome.Result, events.Applied)
	w.want("its details", outcome.Details["total"], "77.86")

	// The write-back's own webhook makes a change with equal fields.
	outcome = w.do(apply(11, mugs()))
	w.want("newer revision with equal fields", outcome.Result, events.Unchanged)
	w.want("its details", outcome.Details["sopNumber"], "WEB000000123")

	w.want("older revision, other fields", w.do(apply(9, mugs(one))).Result, events.Superseded)

	older := w.deliver(apply(12, mugs(one)))
	w.deliver(apply(13, mugs()))
	w.want("a newer command is waiting", w.settle(w.replica, older).Result, events.Superseded)

	w.want("calls of GP", w.gp.ops(), []string{})
}

func TestACommandOfAnotherFlowDoesNotOvertake(t *testing.T) {
	w := newWorld(t, patient)
	d := w.deliver(apply(10, mugs()))
	other := apply(11, mugs(one))
	other.Flow = "another-flow"
	w.deliver(other)
	w.want("result", w.settle(w.replica, d).Result, events.Applied)
}

func TestAnUpdateWritesTheWholeStateAndTakesLinesAway(t *testing.T) {
	w := newWorld(t, patient)
	tea := events.SalesLine{Item: "TEA", Quantity: dec("3"), UnitPrice: dec("4.00"), Extended: dec("12.00")}
	two := func(d *events.SalesOrder) {
		d.Lines, d.Subtotal, d.Total = append(d.Lines, tea), dec("77.00"), dec("89.86")
	}
	w.do(apply(10, mugs(two)))
	w.gp.forget()
	outcome := w.do(apply(11, mugs(one)))
	w.want("result", outcome.Result, events.Applied)
	w.want("differences", outcome.Differences, []events.Difference{})
	w.want("calls", w.gp.ops(), []string{"SalesOrder", "UpdateSalesOrder", "SalesOrder"})
	o := w.gp.order("WEB000000123")
	if len(o.Lines) != 1 || !o.Lines[0].Quantity.Equal(dec("1")) || !o.Total.Decimal.Equal(dec("45.36")) {
		t.Errorf("order %+v", o)
	}
}

func TestALineThatGoesCarriesNoAmounts(t *testing.T) {
	// GP may hold a price with more decimals than the currency (an item's own
	// CurrencyDecimals); sent back, it would be refused for a line that goes anyway.
	w := newWorld(t, patient)
	tea := events.SalesLine{Item: "TEA", Quantity: dec("3"), UnitPrice: dec("4.00"), Extended: dec("12.00")}
	w.do(apply(10, mugs(func(d *events.SalesOrder) { d.Lines = append(d.Lines, tea) })))
	w.do(apply(11, mugs()))
	gone := w.gp.updated.Lines[1]
	if !gone.Delete || gone.ItemNumber != "TEA" || gone.Sequence != 2*gp.LineStep || gone.UnitPrice.Valid || gone.Total.Valid {
		t.Errorf("the line that goes is sent as %+v", gone)
	}
}

func TestTheUnitIsTheItems(t *testing.T) {
	w := newWorld(t, patient)
	doc := mugs(func(d *events.SalesOrder) {
		d.Lines = append(d.Lines,
			events.SalesLine{Item: "TEA", Quantity: dec("1"), Unit: "CASE"},
			events.SalesLine{Item: "TEA", Quantity: dec("1")})
	})
	w.do(apply(10, doc))
	var units []string
	for _, l := range w.gp.order(doc.Number).Lines {
		units = append(units, l.UofM)
	}
	w.want("units: EACH where the item says none, the flow's own, the item's", units, []string{"EACH", "CASE", "BOX"})
	w.want("look-ups", len(w.gp.of("Item")), 2)

	w.gp.forget()
	w.do(apply(11, mugs()))
	w.want("look-ups of known items", len(w.gp.of("Item")), 0)
}

func TestAnUnknownItemIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	w := newWorld(t, patient)
	f := w.refused(apply(10, mugs(func(d *events.SalesOrder) { d.Lines[0].Item = "NOPE" })))
	w.wantCode(f, failure.KindRejected, "gp.item.unknown")
	w.want("calls", w.gp.ops(), []string{"Item"})
}

func TestWhatGPMadeOtherwiseIsTold(t *testing.T) {
	w := newWorld(t, patient)
	w.gp.prices["MUG"] = dec("30.00")
	w.gp.stock["MUG"] = dec("1")
	outcome := w.do(apply(10, mugs()))
	w.want("result", outcome.Result, events.Applied)
	w.want("differences", outcome.Differences, []events.Difference{
		{Field: "subtotal", Sent: "65", Found: "60"}, {Field: "total", Sent: "77.86", Found: "72.86"},
		{Field: "lines[0].unitPrice", Sent: "32.5", Found: "30"}, {Field: "lines[0].extended", Sent: "65", Found: "60"},
		{Field: "lines[0].allocated", Sent: "2", Found: "1"},
	})
	w.want("allocated", outcome.Details["allocated"], "1 of 2")
}

func TestADuplicateIsAdoptedWhenItIsOurs(t *testing.T) {
	w := newWorld(t, patient)
	w.do(apply(10, mugs()))
	// The claims were lost (a bucket restored), so the order seems new.
	w.replica = w.withoutClaims()
	w.gp.forget()
	outcome := w.do(apply(10, mugs()))
	w.want("result", outcome.Result, events.Applied)
	w.want("creates of orders", len(w.gp.of("CreateSalesOrder")), 1)
	w.want("updates of orders", len(w.gp.of("UpdateSalesOrder")), 0)

	// With other content it is brought to the wanted one.
	w.replica = w.withoutClaims()
	w.do(apply(11, mugs(one)))
	if o := w.gp.order("WEB000000123"); !o.Lines[0].Quantity.Equal(dec("1")) {
		t.Errorf("order %+v", o)
	}
}

func TestADuplicateThatIsNotOursIsAConflict(t *testing.T) {
	w := newWorld(t, patient)
	w.do(apply(10, mugs()))
	w.gp.change("WEB000000123", func(o *gp.SalesOrder) { o.CustomerPO = "SOMEBODY" })
	before := w.gp.order("WEB000000123")
	w.wantCode(w.refused(apply(11, mugs(one))), failure.KindConflict, "gp.sales.not_ours")
	w.replica = w.withoutClaims()
	w.wantCode(w.refused(apply(12, mugs())), failure.KindConflict, "gp.sales.not_ours")
	w.want("the other's order", w.gp.order("WEB000000123"), before)
}

func TestANumberThatAnotherKindOfDocumentHas(t *testing.T) {
	w := newWorld(t, patient)
	w.gp.on("CreateSalesOrder", fails(failure.Rejected("gp.sales.duplicate", "Key", "GP says: it already exists", "mend it")))
	w.wantCode(w.refused(apply(10, mugs())), failure.KindConflict, "gp.sales.number_taken")
}

func TestWhatCanNotBeChangedAnyMoreIsAConflict(t *testing.T) {
	for name, tc := range map[string]struct {
		inGP func(*gp.SalesOrder)
		code string
	}{
		"posted or transferred": {func(o *gp.SalesOrder) { o.TransactionState = "History" }, "gp.sales.posted"},
		"voided by a person":    {func(o *gp.SalesOrder) { o.Voided = true }, "gp.sales.posted"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, patient)
			w.do(apply(10, mugs()))
			w.gp.change("WEB000000123", tc.inGP)
			w.wantCode(w.refused(apply(11, mugs(one))), failure.KindConflict, tc.code)
			w.want("updates", len(w.gp.of("UpdateSalesOrder")), 0)
		})
	}
	t.Run("deleted by a person", func(t *testing.T) {
		w := newWorld(t, patient)
		w.do(apply(10, mugs()))
		w.gp.remove("WEB000000123")
		w.wantCode(w.refused(apply(11, mugs(one))), failure.KindConflict, "gp.sales.gone")
		w.want("creates", len(w.gp.of("CreateSalesOrder")), 1)
	})
}

func TestARefusedOrderCanBeMendedAndReplayed(t *testing.T) {
	w := newWorld(t, patient)
	w.gp.on("CreateSalesOrder", fails(failure.Rejected("gp.customer.on_hold", "CustomerKey", "GP says: on hold", "lift it")))
	d := w.deliver(apply(10, mugs()))
	if f := failure.Of(w.Handle(t.Context(), d)); f == nil || f.Code != "gp.customer.on_hold" {
		t.Fatalf("got %v", f)
	}
	w.want("replayed", w.settle(w.replica, d).Result, events.Applied)
}

func TestAnOpenBreakerPausesAndUsesNoTry(t *testing.T) {
	w := newWorld(t, patient)
	for range 3 {
		w.gp.on("Customer", fails(errDown))
	}
	d := w.deliver(apply(10, mugs()))
	for range 3 {
		if err := w.Handle(t.Context(), d); failure.Of(err).Code != "gp.unreachable" {
			t.Fatalf("got %v", err)
		}
	}
	w.want("breaker", w.breaker.State(), "open")
	w.gp.forget()
	if err := w.Handle(t.Context(), d); !errors.Is(err, bus.ErrPaused) {
		t.Errorf("got %v, want bus.ErrPaused, which costs no try", err)
	}
	w.want("calls", w.gp.ops(), []string{})
	// Nothing was left that would keep another replica waiting.
	w.want("result", w.settle(w.newReplica("second", patient), d).Result, events.Applied)

	if err := w.Handle(t.Context(), w.deliver(withdraw(11, mugs()))); !errors.Is(err, bus.ErrPaused) {
		t.Errorf("a withdrawal: got %v, want bus.ErrPaused", err)
	}
	w.want("voided", w.gp.order("WEB000000123").Voided, false)
}

func TestAnOrderThatCanNotBeReadBackIsAskedFor(t *testing.T) {
	w := newWorld(t, shortWork)
	w.gp.on("SalesOrder", fails(errDown))
	d := w.deliver(apply(10, mugs()))
	if err := w.Handle(t.Context(), d); !waiting(err) {
		t.Fatalf("got %v", err)
	}
	w.want("result", w.settle(w.replica, d).Result, events.Applied)
	w.want("creates", len(w.gp.of("CreateSalesOrder")), 1)
}

func TestUnreadableCommandsAreDefects(t *testing.T) {
	w := newWorld(t, patient)
	broken := apply(10, mugs())
	broken.Document = []byte(`{"number": 7}`)
	verb := apply(11, mugs())
	verb.Verb = "destroy"
	for name, cmd := range map[string]events.Command{"document": broken, "verb": verb} {
		if f := w.refused(cmd); f.Kind != failure.KindDefect {
			t.Errorf("%s: got %v", name, f)
		}
	}
	long := w.refused(apply(12, mugs(func(d *events.SalesOrder) { d.Number = "WEB" + strings.Repeat("1", 18) })))
	w.wantCode(long, failure.KindRejected, "gp.sales_number.too_long")
	date := w.refused(apply(13, mugs(func(d *events.SalesOrder) { d.Date = "24.11.2026" })))
	w.wantCode(date, failure.KindRejected, "gp.sales.date")
	if writes := slices.DeleteFunc(w.gp.ops(), func(op string) bool { return !strings.HasPrefix(op, "Create") }); len(writes) != 0 {
		t.Errorf("a command that is refused writes nothing, but %v", writes)
	}
}

func TestASecondEpochAdoptsWhatIsThere(t *testing.T) {
	w := newWorld(t, patient)
	w.do(apply(900, mugs()))
	w.gp.forget()
	again := apply(1, mugs())
	again.Revision.Epoch = 2
	w.want("result", w.do(again).Result, events.Applied)
	w.want("calls", w.gp.ops(), []string{"Customer", "SalesOrder"})
}

func TestThePaymentIsSentAsItWasPaid(t *testing.T) {
	w := newWorld(t, patient)
	w.do(apply(10, mugs(func(d *events.SalesOrder) {
		d.Payments = []events.SalesPayment{{Type: "Payment Card Deposit", Amount: dec("77.86"), Card: "VISA", Reference: "TX1"}}
	})))
	p := w.gp.order("WEB000000123").Payments
	if len(p) != 1 || p[0].Type != gp.CardDeposit || !p[0].Amount.Decimal.Equal(dec("77.86")) || p[0].CardID != "VISA" {
		t.Errorf("payments %+v", p)
	}
}
