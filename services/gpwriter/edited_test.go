package gpwriter_test

import (
	"testing"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/gp"
)

// edited is a command of the order 000000123-1, which replaces 000000123 and so
// writes its sales order, with the first one's mark.
func edited(change uint64, doc events.SalesOrder) events.Command {
	cmd := apply(change, doc)
	cmd.Source.Key = "000000123-1"
	return cmd
}

// ownNumber is the withdrawal that goes with it: of what the order may have been
// written as before the first one was cancelled.
func ownNumber(change uint64) events.Command {
	cmd := withdraw(change, mugs(numbered("000000123-1")))
	cmd.Write, cmd.Mark = 1, "000000123-1"
	return cmd
}

func TestAnEditedOrderTakesOverTheSalesOrderOfTheFirst(t *testing.T) {
	w := newWorld(t, patient)
	first := w.deliver(apply(10, mugs()))
	w.settle(w.replica, first)
	w.gp.forget()
	outcome := w.do(edited(13, mugs(one)))
	w.want("result", outcome.Result, events.Applied)
	w.want("its outcome is told of", outcome.Source.Key, "000000123-1")
	w.want("calls", w.gp.ops(), []string{"SalesOrder", "UpdateSalesOrder", "SalesOrder"})
	o := w.gp.order("WEB000000123")
	w.want("mark", o.CustomerPO, "000000123")
	w.want("quantity", o.Lines[0].Quantity, "1")

	w.want("its own number", w.do(ownNumber(13)).Details["voided"], "never written")
	w.want("the first one, delivered late", w.settle(w.replica, first).Result, events.Superseded)
	w.want("documents", len(w.gp.orders), 1)
}

func TestAnEditedOrderThatComesBeforeTheFirstIsTheOnlyOneWritten(t *testing.T) {
	w := newWorld(t, patient)
	w.want("result", w.do(edited(13, mugs(one))).Result, events.Applied)
	w.want("the first", w.do(apply(10, mugs())).Result, events.Superseded)
	w.want("quantity", w.gp.order("WEB000000123").Lines[0].Quantity, "1")
}

func TestAnEditedOrderThatWasWrittenUnderItsOwnNumberIsVoidedThere(t *testing.T) {
	w := newWorld(t, patient)
	w.do(apply(10, mugs()))
	own := mugs(numbered("000000123-1"))
	w.do(apply(11, own)) // the first was not cancelled yet
	w.do(edited(13, mugs(one)))
	w.want("result", w.do(ownNumber(13)).Result, events.Withdrawn)
	w.want("voided", w.gp.order("WEB000000123-1").Voided, true)
	w.want("the first's is not", w.gp.order("WEB000000123").Voided, false)
}

// A cancelled edit withdraws the first one's document, which has the first one's
// mark; another's document of that number stays.
func TestACancelledEditVoidsTheSalesOrderByItsMark(t *testing.T) {
	for mark, voided := range map[string]bool{"000000123": true, "SOMEBODY": false} {
		w := newWorld(t, patient)
		w.do(apply(10, mugs()))
		w.gp.change("WEB000000123", func(o *gp.SalesOrder) { o.CustomerPO = mark })
		cmd := withdraw(14, mugs())
		cmd.Source.Key, cmd.Mark = "000000123-1", "000000123"
		w.want("result", w.do(cmd).Result, events.Withdrawn)
		w.want("voided, marked "+mark, w.gp.order("WEB000000123").Voided, voided)
	}
}

// The first one's writer freezes in its call, the edit is written meanwhile, and
// then that call lands: the edit must be written again, though its commands are
// of another key.
func TestAFrozenWriterOfTheFirstDoesNotUndoTheEdit(t *testing.T) {
	w := newWorld(t, patient)
	w.do(apply(10, mugs()))
	second := w.newReplica("second", noLease)
	first := w.deliver(apply(11, mugs(elsewhere)))
	var edit events.Subject
	w.gp.on("UpdateSalesOrder", func(work func() error) error {
		d := w.deliver(edited(13, mugs(one)))
		edit = d.Subject
		w.want("the edit's result", w.settle(second, d).Result, events.Applied)
		return work()
	})
	if err := w.Handle(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	w.want("the older state landed last", w.gp.order("WEB000000123").Lines[0].Quantity, "2")
	w.want("rewritten revision", last[events.Command](t, w.replica).Revision, events.Revision{Epoch: 1, Change: 13, Rewrite: 1})
	w.want("the rewrite's result", w.settle(second, w.newest(edit)).Result, events.Applied)
	w.want("quantity", w.gp.order("WEB000000123").Lines[0].Quantity, "1")
}

func TestAnEditOfAPostedSalesOrderIsAConflict(t *testing.T) {
	w := newWorld(t, patient)
	w.do(apply(10, mugs()))
	w.gp.change("WEB000000123", func(o *gp.SalesOrder) { o.TransactionState = "History" })
	w.wantCode(w.refused(edited(13, mugs(one))), failure.KindConflict, "gp.sales.posted")
}
