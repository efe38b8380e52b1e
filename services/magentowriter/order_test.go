package magentowriter_test

import (
	"errors"
	"testing"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
	"github.com/magpie-integration/magpie/services/magentowriter"
)

func TestANewOrderIsMovedAndGetsOneComment(t *testing.T) {
	w := newWorld(t, magentowriter.Save, patient)
	outcome := w.do(write(1, taken()))
	w.want("result", outcome.Result, events.Applied)
	w.want("differences", outcome.Differences, []events.Difference{})
	w.want("details", outcome.Details, map[string]string{"state": "processing", "status": "processing"})
	w.want("target", outcome.Target, "000000123")
	w.want("calls: the state first, since a comment may only carry a status of it", w.store.ops(),
		[]string{"Order", "Comments", "SaveState", "AddComment"})
	w.wantOrder("processing", "processing", 1)
	w.want("comment", w.store.comments[0].Comment, "SOP order WEB000000123 in Dynamics GP")
	w.want("its status", w.store.comments[0].Status, "processing")
}

func TestTheSameIsNotSaidTwice(t *testing.T) {
	w := newWorld(t, magentowriter.Save, patient)
	d := w.deliver(write(1, taken()))
	w.settle(w.replica, d)
	w.store.forget()
	older := write(1, taken(accepted))
	older.Revision.Change = 9
	w.want("delivered again", w.settle(w.replica, d).Result, events.Applied)
	w.want("another outcome of the same order", w.do(write(2, taken())).Result, events.Unchanged)
	w.want("an older one", w.do(older).Result, events.Superseded)
	w.want("calls", w.store.ops(), []string{})

	w.replica = w.withoutClaims()
	w.want("after the claims were lost", w.do(write(3, taken())).Result, events.Applied)
	w.want("calls", w.store.ops(), []string{"Order", "Comments"})
	w.wantOrder("processing", "processing", 1)
}

func TestALostAnswerOfTheComment(t *testing.T) {
	for _, way := range []string{magentowriter.Save, magentowriter.Comment} {
		t.Run(way+", posted", func(t *testing.T) {
			w := newWorld(t, way, patient) // a work time of an hour: what is found needs no waiting
			w.store.statuses["new"] = append(w.store.statuses["new"], "processing")
			w.store.on("AddComment", answerLost)
			w.want("result", w.do(write(1, taken())).Result, events.Applied)
			w.want("posts", w.store.count("AddComment"), 1)
		})
		t.Run(way+", not posted", func(t *testing.T) {
			w := newWorld(t, way, shortWork)
			w.store.statuses["new"] = append(w.store.statuses["new"], "processing")
			w.store.on("AddComment", neverDone)
			w.want("result", w.do(write(1, taken())).Result, events.Applied)
			w.want("comments", len(w.store.comments), 1)
			w.want("posts", w.store.count("AddComment"), 2)
		})
	}
}

func TestALostAnswerOfTheSave(t *testing.T) {
	for name, lost := range map[string]hook{"saved": answerLost, "not saved": neverDone} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, magentowriter.Save, shortWork)
			w.store.on("SaveState", lost)
			outcome := w.do(write(1, taken()))
			w.want("result", outcome.Result, events.Applied)
			w.want("differences, when all is well in the end", outcome.Differences, []events.Difference{})
			w.wantOrder("processing", "processing", 1)
		})
	}
}

func TestNoOtherStateIsEverMoved(t *testing.T) {
	for _, state := range []string{"canceled", "complete", "holded"} {
		t.Run(state, func(t *testing.T) {
			w := newWorld(t, magentowriter.Save, patient)
			w.store.move(state, state)
			outcome := w.do(write(1, taken()))
			w.want("result", outcome.Result, events.Applied)
			w.want("differences", outcome.Differences, difference("state", "processing", state))
			w.wantOrder(state, state, 1)
			w.want("saves", w.store.count("SaveState"), 0)
			w.do(write(2, taken()))
			w.wantOrder(state, state, 1)
		})
	}
	t.Run("processing already, by an invoice", func(t *testing.T) {
		w := newWorld(t, magentowriter.Save, patient)
		w.store.move("processing", "processing")
		w.want("differences", w.do(write(1, taken())).Differences, []events.Difference{})
		w.wantOrder("processing", "processing", 1)
		w.want("saves", w.store.count("SaveState"), 0)
	})
}

func TestACommentWithAStatusThatTheStoreRefuses(t *testing.T) {
	w := newWorld(t, magentowriter.Comment, patient)
	outcome := w.do(write(1, taken()))
	w.want("result", outcome.Result, events.Applied)
	w.want("differences", outcome.Differences, append(
		difference("status", "processing", "pending (the store refuses processing in state new)"),
		events.Difference{Field: "state", Sent: "processing", Found: "new"}))
	w.wantOrder("new", "pending", 1)
	w.want("its status is the current one", w.store.comments[0].Status, "pending")
	w.want("saves", w.store.count("SaveState"), 0)
}

func TestACommentWithAStatusOfTheMerchantsOwn(t *testing.T) {
	w := newWorld(t, magentowriter.Comment, patient)
	w.store.statuses["new"] = append(w.store.statuses["new"], "erp_accepted")
	w.do(write(1, taken(accepted)))
	w.wantOrder("new", "erp_accepted", 1)
	w.want("posts", w.store.count("AddComment"), 1)

	w = newWorld(t, magentowriter.Comment, patient)
	w.store.move("canceled", "canceled")
	w.do(write(1, taken(accepted)))
	w.wantOrder("canceled", "canceled", 1)
}

func TestALostRaceIsTold(t *testing.T) {
	t.Run("the store went on in the same save", func(t *testing.T) {
		w := newWorld(t, magentowriter.Save, patient)
		w.store.on("SaveState", func(work func() error) error {
			err := work()
			w.store.move("complete", "complete") // everything is invoiced and shipped meanwhile
			return err
		})
		outcome := w.do(write(1, taken()))
		w.want("differences", outcome.Differences, difference("state", "processing", "complete"))
		w.wantOrder("complete", "complete", 1)
	})
	t.Run("the order was shipped before the comment", func(t *testing.T) {
		w := newWorld(t, magentowriter.Save, patient)
		w.store.on("AddComment", func(work func() error) error {
			w.store.move("complete", "complete")
			return work()
		})
		outcome := w.do(write(1, taken()))
		w.want("differences", outcome.Differences, difference("state", "processing", "complete"))
		w.wantOrder("complete", "complete", 1)
	})
	t.Run("the order was cancelled before the comment", func(t *testing.T) {
		w := newWorld(t, magentowriter.Comment, patient)
		w.store.on("AddComment", func(work func() error) error {
			w.store.move("canceled", "canceled")
			return work()
		})
		outcome := w.do(write(1, taken()))
		w.want("result", outcome.Result, events.Applied)
		w.want("state", outcome.Differences[len(outcome.Differences)-1], events.Difference{Field: "state", Sent: "processing", Found: "canceled"})
		w.wantOrder("canceled", "canceled", 1)
	})
}

func TestAnOrderThatIsGoneIsAConflict(t *testing.T) {
	w := newWorld(t, magentowriter.Save, patient)
	delete(w.store.orders, "000000123")
	f := failure.Of(w.Handle(t.Context(), w.deliver(write(1, taken()))))
	if f == nil || f.Kind != failure.KindConflict || f.Code != "magento.order.gone" || f.Fix == "" {
		t.Errorf("got %v", f)
	}
}

func TestAnOpenBreakerPauses(t *testing.T) {
	w := newWorld(t, magentowriter.Save, patient)
	d := w.deliver(write(1, taken()))
	for range 3 {
		w.store.on("Order", fails(failure.Down("magento.unreachable", "connection refused", nil)))
		if f := failure.Of(w.Handle(t.Context(), d)); f == nil || f.Code != "magento.unreachable" {
			t.Fatalf("got %v", f)
		}
	}
	w.store.forget()
	if err := w.Handle(t.Context(), d); !errors.Is(err, bus.ErrPaused) {
		t.Errorf("got %v, want bus.ErrPaused, which costs no try", err)
	}
	w.want("calls", w.store.ops(), []string{})
	w.want("another replica's result", w.settle(w.newReplica("second", patient), d).Result, events.Applied)
}

func TestAFrozenOwnerIsOvertaken(t *testing.T) {
	w := newWorld(t, magentowriter.Save, patient)
	second := w.newReplica("second", noLease)
	d := w.deliver(write(1, taken()))
	w.store.on("SaveState", func(work func() error) error {
		w.settle(second, w.deliver(write(2, taken(func(o *events.OrderStatus) { o.Comment += ", batch 2" }))))
		return work()
	})
	if err := w.Handle(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	rewrite := last[events.Command](t, w.replica)
	w.want("rewritten revision", rewrite.Revision, events.Revision{Epoch: 1, Change: 10, Outcome: 2, Rewrite: 1})
	w.want("the rewrite's result", w.settle(second, w.newest(d.Subject)).Result, events.Applied)
	// Comments can only be added: the frozen call may have added its own, no more.
	w.wantOrder("processing", "processing", 2)
}

func TestUnreadableDocumentsAreDefects(t *testing.T) {
	w := newWorld(t, magentowriter.Save, patient)
	cmd := write(1, taken())
	cmd.Document = []byte(`{"entityId": "seven"}`)
	withdrawn := write(2, taken())
	withdrawn.Verb, withdrawn.Document = events.Withdraw, nil
	for _, cmd := range []events.Command{cmd, withdrawn} {
		if f := failure.Of(w.Handle(t.Context(), w.deliver(cmd))); f == nil || f.Kind != failure.KindDefect {
			t.Errorf("got %v", f)
		}
	}
	w.want("calls", w.store.ops(), []string{})
}

func TestADocumentWithoutAMarkIsFoundByItsComment(t *testing.T) {
	w := newWorld(t, magentowriter.Save, patient)
	w.store.comments = []magento.Comment{{Comment: "Please leave it at the side door."}}
	w.store.on("AddComment", answerLost)
	w.want("result", w.do(write(1, taken(func(d *events.OrderStatus) { d.Mark = "" }))).Result, events.Applied)
	w.want("posts", w.store.count("AddComment"), 1)
}
