package gpwriter_test

import (
	"testing"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/gp"
)

func TestAnOrderWithdrawnBeforeItWasWrittenNeverIs(t *testing.T) {
	w := newWorld(t, patient)
	older := w.deliver(apply(10, mugs()))
	outcome := w.do(withdraw(11, mugs()))
	w.want("result", outcome.Result, events.Withdrawn)
	w.want("reason", outcome.Reason, "canceled in the store")
	w.want("details", outcome.Details["voided"], "never written")
	w.gp.forget()
	w.want("the older one, which comes late", w.settle(w.replica, older).Result, events.Superseded)

	// The stream may have been purged meanwhile: then only the claim knows.
	late := *older
	late.Subject = events.CommandSubject(w.pair, events.GP, events.Order, "no command waits here")
	w.want("the older one, by the claim", w.settle(w.replica, &late).Result, events.Superseded)
	w.want("calls", w.gp.ops(), []string{})
}

func TestAWrittenOrderIsVoided(t *testing.T) {
	w := newWorld(t, patient)
	w.do(apply(10, mugs()))
	d := w.deliver(withdraw(11, mugs()))
	outcome := w.settle(w.replica, d)
	w.want("result", outcome.Result, events.Withdrawn)
	w.want("details", outcome.Details["voided"], "true")
	w.want("voided", w.gp.order("WEB000000123").Voided, true)

	w.gp.forget()
	w.want("delivered again", w.settle(w.replica, d).Result, events.Withdrawn)
	w.want("a newer change of the same", w.do(withdraw(12, mugs())).Result, events.Unchanged)
	w.want("calls", w.gp.ops(), []string{})
	w.wantCode(w.refused(apply(13, mugs())), failure.KindConflict, "gp.sales.posted")
}

func TestAnOrderThatAPersonVoidedNeedsNoVoid(t *testing.T) {
	w := newWorld(t, patient)
	w.do(apply(10, mugs()))
	w.gp.change("WEB000000123", func(o *gp.SalesOrder) { o.Voided, o.TransactionState = true, "History" })
	w.want("result", w.do(withdraw(11, mugs())).Result, events.Withdrawn)
	w.want("voids", len(w.gp.of("VoidSalesOrder")), 0)
}

func TestAPostedOrderIsNotWithdrawnButTold(t *testing.T) {
	w := newWorld(t, patient)
	w.do(apply(10, mugs()))
	w.gp.change("WEB000000123", func(o *gp.SalesOrder) { o.TransactionState = "History" })
	w.wantCode(w.refused(withdraw(11, mugs())), failure.KindConflict, "gp.sales.posted")
	w.want("voids", len(w.gp.of("VoidSalesOrder")), 0)
}

func TestAnothersOrderIsNotVoided(t *testing.T) {
	w := newWorld(t, patient)
	w.gp.orders["WEB000000123"] = gp.SalesOrder{Number: "WEB000000123", CustomerPO: "SOMEBODY", TransactionState: "Work"}
	outcome := w.do(withdraw(11, mugs()))
	w.want("result", outcome.Result, events.Withdrawn)
	w.want("details", outcome.Details["voided"], "never written")
	w.want("voided", w.gp.order("WEB000000123").Voided, false)
}

// A create whose answer is out may still land after the store's cancellation.
func TestAWithdrawalWaitsForWhatMayStillLand(t *testing.T) {
	w := newWorld(t, shortWork)
	var land func() error
	w.gp.on("CreateSalesOrder", func(work func() error) error { land = work; return errNoAnswer })
	if err := w.Handle(t.Context(), w.deliver(apply(10, mugs()))); !waiting(err) {
		t.Fatalf("got %v", err)
	}
	d := w.deliver(withdraw(11, mugs()))
	if err := w.Handle(t.Context(), d); !waiting(err) {
		t.Fatalf("got %v, want to wait out the work time", err)
	}
	if err := land(); err != nil {
		t.Fatal(err)
	}
	w.want("result", w.settle(w.replica, d).Result, events.Withdrawn)
	w.want("voided", w.gp.order("WEB000000123").Voided, true)
}
