package gpwriter_test

import (
	"testing"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/claim"
	"github.com/magpie-integration/magpie/libs/failure"
)

func TestALostAnswerAfterTheCreateIsFoundAndAdopted(t *testing.T) {
	w := newWorld(t, patient) // a work time of an hour: what is found needs no waiting
	w.gp.on("CreateSalesOrder", answerLost)
	d := w.deliver(apply(10, mugs()))
	if err := w.Handle(t.Context(), d); !waiting(err) {
		t.Fatalf("got %v, want to be asked again", err)
	}
	w.gp.forget()
	outcome := w.settle(w.replica, d)
	w.want("result", outcome.Result, events.Applied)
	w.want("calls", w.gp.ops(), []string{"SalesOrder"})
	w.want("details", outcome.Details["total"], "77.86")
	w.want("unchanged from now on", w.do(apply(11, mugs())).Result, events.Unchanged)
}

func TestACreateThatWasNotDoneWaitsOutTheWorkTime(t *testing.T) {
	w := newWorld(t, shortWork)
	w.gp.on("CreateSalesOrder", neverDone)
	w.want("result", w.do(apply(10, mugs())).Result, events.Applied)
	creates := w.gp.of("CreateSalesOrder")
	if len(creates) != 2 {
		t.Fatalf("creates %+v", creates)
	}
	if waited := creates[1].began.Sub(creates[0].ended); waited < nearly(shortWork.Work) {
		t.Errorf("written again after %s; GP may still be at work for %s", waited, shortWork.Work)
	}
	asked := false
	for _, c := range w.gp.of("SalesOrder") {
		asked = asked || c.began.After(creates[0].ended) && c.ended.Before(creates[1].began)
	}
	w.want("asked in between", asked, true)
}

// nearly allows for the claim's own look-ups, whose time it counts twice.
func nearly(d time.Duration) time.Duration { return d * 8 / 10 }

func TestACreateThatLandsLateIsNotDoneTwice(t *testing.T) {
	w := newWorld(t, shortWork)
	var land func() error
	w.gp.on("CreateSalesOrder", func(work func() error) error { land = work; return errNoAnswer })
	d := w.deliver(apply(10, mugs()))
	if err := w.Handle(t.Context(), d); !waiting(err) {
		t.Fatalf("got %v", err)
	}
	if err := land(); err != nil {
		t.Fatal(err)
	}
	w.want("result", w.settle(w.replica, d).Result, events.Applied)
	w.want("creates", len(w.gp.of("CreateSalesOrder")), 1)
}

func TestALostAnswerIsAskedForByWhicheverReplicaComesNext(t *testing.T) {
	w := newWorld(t, patient)
	w.gp.on("CreateSalesOrder", answerLost)
	d := w.deliver(apply(10, mugs()))
	if err := w.Handle(t.Context(), d); !waiting(err) {
		t.Fatalf("got %v", err)
	}
	w.want("result", w.settle(w.newReplica("second", patient), d).Result, events.Applied)
	w.want("creates", len(w.gp.of("CreateSalesOrder")), 1)
}

func TestALostUpdateIsWrittenAgain(t *testing.T) {
	for name, change := range map[string]func(*events.SalesOrder){
		"lines":            one,
		"ship-to address":  elsewhere,
		"the freight":      func(d *events.SalesOrder) { d.Freight, d.Total = dec("9.50"), dec("79.86") },
		"the comment":      func(d *events.SalesOrder) { d.Comment = "at the side door" },
		"the date":         func(d *events.SalesOrder) { d.Date = "2026-11-25" },
		"shipping method":  func(d *events.SalesOrder) { d.Shipping = "NEXT DAY" },
		"payment terms":    func(d *events.SalesOrder) { d.PaymentTerms = "Net 30" },
		"a line's price":   func(d *events.SalesOrder) { d.Lines[0].UnitPrice = dec("32.00") },
		"the batch":        func(d *events.SalesOrder) { d.Batch = "WEB20261125" },
		"another customer": func(d *events.SalesOrder) { d.Customer.Number = "WEB0000313" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, shortWork)
			w.do(apply(10, mugs()))
			w.gp.on("UpdateSalesOrder", neverDone)
			w.want("result", w.do(apply(11, mugs(change))).Result, events.Applied)
			w.want("updates", len(w.gp.of("UpdateSalesOrder")), 2)
			w.want("in GP is the newer state", w.do(apply(12, mugs(change))).Result, events.Unchanged)
		})
	}
}

func TestALostUpdateThatWasDoneIsNotWrittenAgain(t *testing.T) {
	w := newWorld(t, patient)
	w.do(apply(10, mugs()))
	w.gp.on("UpdateSalesOrder", answerLost)
	w.want("result", w.do(apply(11, mugs(one, elsewhere))).Result, events.Applied)
	w.want("updates", len(w.gp.of("UpdateSalesOrder")), 1)
}

// The state that was asked for changes while an answer is out: what the first
// call left must not pass for the newer state.
func TestALostCreateDoesNotPassForANewerState(t *testing.T) {
	w := newWorld(t, shortWork)
	w.gp.on("CreateSalesOrder", answerLost)
	if err := w.Handle(t.Context(), w.deliver(apply(10, mugs()))); !waiting(err) {
		t.Fatalf("got %v", err)
	}
	w.want("result", w.do(apply(11, mugs(elsewhere))).Result, events.Applied)
	w.want("ship-to line", w.gp.order("WEB000000123").ShipTo.Line1, "9 Elm Ave")
}

func TestALostAnswerOnTheCustomer(t *testing.T) {
	t.Run("done", func(t *testing.T) {
		w := newWorld(t, patient)
		w.gp.on("CreateCustomer", answerLost)
		w.want("result", w.do(apply(10, mugs())).Result, events.Applied)
		w.want("creates", len(w.gp.of("CreateCustomer")), 1)
	})
	t.Run("not done", func(t *testing.T) {
		w := newWorld(t, shortWork)
		w.gp.on("CreateCustomer", neverDone)
		w.want("result", w.do(apply(10, mugs())).Result, events.Applied)
		creates := w.gp.of("CreateCustomer")
		if len(creates) != 2 || creates[1].began.Sub(creates[0].ended) < nearly(shortWork.Work) {
			t.Errorf("creates %+v", creates)
		}
		if o := w.gp.of("CreateSalesOrder"); len(o) != 1 || o[0].began.Before(creates[1].ended) {
			t.Errorf("the order came before its customer: %+v", o)
		}
	})
	t.Run("a lost update", func(t *testing.T) {
		mail := func(d *events.SalesOrder) { d.Customer.Email = "ada@example.org" }
		w := newWorld(t, shortWork)
		w.do(apply(10, mugs()))
		w.gp.on("UpdateCustomer", neverDone)
		w.want("result", w.do(apply(11, mugs(mail))).Result, events.Applied)
		a, _ := w.gp.customer("WEB0000312").Address("PRIMARY")
		w.want("e-mail", a.Email, "ada@example.org")
	})
}

func TestALostVoidIsAskedFor(t *testing.T) {
	for name, lost := range map[string]hook{"done": answerLost, "not done": neverDone} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, shortWork)
			w.do(apply(10, mugs()))
			w.gp.on("VoidSalesOrder", lost)
			w.want("result", w.do(withdraw(11, mugs())).Result, events.Withdrawn)
			w.want("voided", w.gp.order("WEB000000123").Voided, true)
		})
	}
}

// TestAFrozenOwnerIsOvertakenAndTheNewestStateIsWrittenAgain: the first replica
// freezes in the middle of a call; the second takes its claim over and writes a
// newer state; then the first one's call lands, last.
func TestAFrozenOwnerIsOvertakenAndTheNewestStateIsWrittenAgain(t *testing.T) {
	w := newWorld(t, patient)
	w.do(apply(10, mugs()))
	second := w.newReplica("second", noLease)
	older := w.deliver(apply(11, mugs(one)))
	newest := mugs(elsewhere)
	w.gp.on("UpdateSalesOrder", func(work func() error) error {
		w.want("the second one's result", w.settle(second, w.deliver(apply(12, newest))).Result, events.Applied)
		return work()
	})
	if err := w.Handle(t.Context(), older); err != nil {
		t.Fatal(err)
	}
	rewrite := last[events.Command](t, w.replica)
	w.want("rewritten revision", rewrite.Revision, events.Revision{Epoch: 1, Change: 12, Rewrite: 1})
	if o := w.gp.order("WEB000000123"); o.ShipTo.Line1 == "9 Elm Ave" {
		t.Fatalf("the older state did not land last: %+v", o)
	}

	d := w.newest(older.Subject)
	w.want("the rewrite's result", w.settle(second, d).Result, events.Applied)
	if o := w.gp.order("WEB000000123"); o.ShipTo.Line1 != "9 Elm Ave" || !o.Lines[0].Quantity.Equal(dec("2")) {
		t.Errorf("in GP is not the newest state: %+v", o)
	}
	w.gp.forget()
	w.want("the rewrite, delivered again", w.settle(second, d).Result, events.Applied)
	w.want("a later change with equal fields", w.settle(second, w.deliver(apply(13, newest))).Result, events.Unchanged)
	w.want("calls", w.gp.ops(), []string{})
}

func TestAFrozenOwnerOfACustomerIsOvertakenToo(t *testing.T) {
	email := func(address string) func(*events.SalesOrder) {
		return func(d *events.SalesOrder) { d.Customer.Email = address }
	}
	w := newWorld(t, patient)
	w.do(apply(10, mugs()))
	second := w.newReplica("second", noLease)
	w.gp.on("UpdateCustomer", func(work func() error) error {
		other := mugs(email("new@example.com"), numbered("000000124"))
		w.want("another order's result", w.settle(second, w.deliver(apply(12, other))).Result, events.Applied)
		return work()
	})
	if err := w.Handle(t.Context(), w.deliver(apply(11, mugs(email("old@example.com"))))); err != nil {
		t.Fatal(err)
	}
	w.want("rewritten revision", last[events.Command](t, w.replica).Revision, events.Revision{Epoch: 1, Change: 11, Rewrite: 1})
}

func TestAProcessThatWokeUpTooLateSendsNothing(t *testing.T) {
	w := newWorld(t, patient)
	late := w.newReplica("late", claim.Times{Lease: time.Hour})
	d := w.deliver(apply(10, mugs()))
	f := failure.Of(late.Handle(t.Context(), d))
	if f == nil || f.Code != "claim.late" || !f.Unsent {
		t.Errorf("got %v", f)
	}
	w.want("writes", len(w.gp.of("CreateCustomer")), 0)
}
