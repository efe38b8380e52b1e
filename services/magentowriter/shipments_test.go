package magentowriter_test

import (
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
	"github.com/magpie-integration/magpie/services/magentowriter"
)

// line is so much of an item that is the product of the same name.
func line(item, quantity string) events.FulfilledLine {
	return events.FulfilledLine{Item: item, SKUs: []string{item}, Quantity: n(quantity)}
}

func invoice(number string, lines ...events.FulfilledLine) events.ShipmentPart {
	return events.ShipmentPart{Number: number, Source: "default", Lines: lines}
}

func with(p events.ShipmentPart, numbers ...string) events.ShipmentPart {
	for _, number := range numbers {
		p.Tracks = append(p.Tracks, events.Track{Carrier: "ups", Title: "UPS", Number: number})
	}
	return p
}

// ship is the change-th command of the order.
func ship(change uint64, parts ...events.ShipmentPart) events.Command {
	return fulfil("shipment-to-magento", change, events.Shipments{Order: "WEB000000123", Parts: parts})
}

func fulfil(flow string, change uint64, doc any) events.Command {
	document, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	source := events.SourceRef{System: events.GP, Entity: events.Order, Key: "WEB000000123"}
	return events.Command{
		Verb: events.Apply, Revision: events.Revision{Epoch: 1, Change: change}, Flow: flow, FlowVersion: 1,
		Target: "WEB000000123", Document: document, Source: source, Needs: []events.Ref{source.Ref()},
	}
}

// newSales is a world in which the order sells rows and is linked.
func newSales(t *testing.T, rows ...*fakeRow) *world {
	t.Helper()
	w := newWorld(t, magentowriter.Save, shortWork)
	w.store.sells(rows...)
	w.linked("000000123")
	return w
}

func (w *world) linked(number events.Key) {
	w.t.Helper()
	if err := w.Links.Make(w.t.Context(), events.Link{
		From: events.Ref{System: events.Magento, Entity: events.Order, Key: number}, Via: events.ViaWritten,
		To: events.Ref{System: events.GP, Entity: events.Order, Key: "WEB000000123"},
	}); err != nil {
		w.t.Fatal(err)
	}
}

// refused hands a command over and gives the failure with which it ends.
func (w *world) refused(cmd events.Command, kind failure.Kind, code string) *failure.Error {
	w.t.Helper()
	f := failure.Of(w.Handle(w.t.Context(), w.deliver(cmd)))
	if f == nil || f.Kind != kind || f.Code != code || f.Fix == "" {
		w.t.Fatalf("got %+v, want %s %s with a fix", f, kind, code)
	}
	return f
}

func TestPartsAreShippedWithTheirParcels(t *testing.T) {
	w := newSales(t, simple(1, "MUG", "3"), simple(2, "Lamp/Head 50%", "1"))
	first := with(invoice("INV1", line("MUG", "1")), "1Z1")
	outcome := w.do(ship(1, first))
	w.want("result", outcome.Result, events.Applied)
	w.want("details", outcome.Details, map[string]string{"order": "000000123", "shipped": "1 of 4", "shipments": "000000001 (INV1)"})
	w.want("reservations", w.book.told, []string{"closing WEB000000123 map[MUG:1]", "closed WEB000000123"})

	rest := with(invoice("INV2", line("MUG", "2"), events.FulfilledLine{Item: "LAMP", SKUs: []string{"LAMP/HEAD 50%", "LAMP"}, Quantity: n("1")}), "1Z2", "1Z3")
	outcome = w.do(ship(2, first, rest))
	w.want("details", outcome.Details, map[string]string{"order": "000000123", "shipped": "4 of 4", "shipments": "000000001 (INV1), 000000002 (INV2)"})
	w.want("shipments", w.store.shipped(), []string{"INV1: 1×1 1Z1", "INV2: 1×2 2×1 1Z2 1Z3"})
	w.want("source", w.store.sent[1].SourceCode, "") // the default one needs no MSI
	w.want("carrier", w.store.sent[1].Tracks[0], magento.Track{Carrier: "ups", Title: "UPS", Number: "1Z2"})

	w.store.forget()
	w.want("said again", w.do(ship(3, first, rest)).Result, events.Unchanged)
	older := ship(2, first)
	older.Revision.Epoch = 0
	w.want("an older state", w.do(older).Result, events.Superseded)
	w.want("calls", w.store.ops(), []string{})
	w.replica = w.withoutClaims()
	w.want("after the claims were lost", w.do(ship(4, first, rest)).Result, events.Unchanged)
	w.want("shipments", len(w.store.shipments), 2)
}

func TestALaterTrackingNumberIsAdded(t *testing.T) {
	w := newSales(t, simple(1, "MUG", "3"))
	w.do(ship(1, invoice("INV1", line("MUG", "1"))))
	w.do(ship(2, with(invoice("INV1", line("MUG", "1")), "1Z1")))
	w.do(ship(3, with(invoice("INV1", line("MUG", "1")), "1Z1", "1z1 "), with(invoice("INV2", line("MUG", "1")), "1Z1", "1Z2")))
	w.want("each number once", w.store.shipped(), []string{"INV1: 1×1 1Z1", "INV2: 1×1 1Z2"})
}

func TestAnInvoiceThatGrewShipsTheRest(t *testing.T) {
	w := newSales(t, simple(1, "MUG", "3"))
	w.do(ship(1, invoice("INV1", line("MUG", "1"))))
	w.do(ship(2, invoice("INV1", line("MUG", "2.5"))))
	w.want("shipments", w.store.shipped(), []string{"INV1: 1×1", "INV1: 1×1.5"})
}

func TestALostAnswerOfAShipment(t *testing.T) {
	parts := []events.ShipmentPart{with(invoice("INV1", line("MUG", "1")), "1Z1"), invoice("INV2", line("MUG", "2"))}
	want := []string{"INV1: 1×1 1Z1", "INV2: 1×2"}
	for name, lost := range map[string]hook{"shipped": answerLost, "not shipped": neverDone} {
		t.Run(name, func(t *testing.T) {
			w := newSales(t, simple(1, "MUG", "5"))
			w.store.on("Ship", lost)
			w.want("result", w.do(ship(1, parts...)).Result, events.Applied)
			w.want("shipments", w.store.shipped(), want)
			w.want("the last word on reservations", w.book.told[len(w.book.told)-1], "closed WEB000000123")
		})
		t.Run("of the last one, "+name, func(t *testing.T) {
			w := newSales(t, simple(1, "MUG", "5"))
			w.store.on("Ship", func(work func() error) error { return work() })
			w.store.on("Ship", lost)
			w.want("result", w.do(ship(1, parts...)).Result, events.Applied)
			w.want("shipments", w.store.shipped(), want)
			w.want("nothing stays closing", w.book.open == nil, true)
		})
		t.Run("of a track, "+name, func(t *testing.T) {
			w := newSales(t, simple(1, "MUG", "5"))
			w.do(ship(1, invoice("INV1", line("MUG", "1"))))
			w.store.on("AddTrack", lost)
			w.do(ship(2, parts...))
			w.want("shipments", w.store.shipped(), want)
		})
	}
	t.Run("found again, which needs no waiting", func(t *testing.T) {
		w := newWorld(t, magentowriter.Save, patient)
		w.store.sells(simple(1, "MUG", "5"))
		w.linked("000000123")
		w.store.on("Ship", answerLost)
		w.want("result", w.do(ship(1, parts[:1]...)).Result, events.Applied)
		w.want("shipments", w.store.shipped(), want[:1])
	})
}

func TestAWriterThatDiesBetweenTwoShipments(t *testing.T) {
	w := newSales(t, simple(1, "MUG", "5"))
	d := w.deliver(ship(1, invoice("INV1", line("MUG", "1")), invoice("INV2", line("MUG", "2"))))
	second := w.newReplica("second", noLease)
	w.store.on("Ship", func(work func() error) error { return work() })
	w.store.on("Ship", func(func() error) error { // the first replica never comes so far
		w.want("the other's result", w.settle(second, d).Result, events.Applied)
		return errNoAnswer
	})
	if err := w.Handle(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	rewrite := w.newest(d.Subject) // it finds its claim lost, so the newest command is written again
	w.want("rewritten revision", last[events.Command](t, w.replica).Revision.Rewrite, uint64(1))
	w.want("the rewrite's result", w.settle(second, rewrite).Result, events.Unchanged)
	w.want("shipments", w.store.shipped(), []string{"INV1: 1×1", "INV2: 1×2"})
}

func TestRacingReplicasShipOnce(t *testing.T) {
	w := newSales(t, simple(1, "MUG", "5"))
	second := w.newReplica("second", shortWork)
	d := w.deliver(ship(1, invoice("INV1", line("MUG", "2"))))
	w.store.on("Ship", func(work func() error) error {
		if err := second.Handle(t.Context(), d); !waiting(err) {
			t.Errorf("the second replica got %v, and has to wait", err)
		}
		return work()
	})
	w.settle(w.replica, d)
	w.want("the second's result", w.settle(second, d).Result, events.Applied)
	w.want("shipments", w.store.shipped(), []string{"INV1: 1×2"})
}

func TestWhatOthersShippedCounts(t *testing.T) {
	w := newSales(t, simple(1, "MUG", "4"), simple(2, "LAMP", "1"))
	w.store.byHand(1, "2", "by hand")
	outcome := w.do(ship(1, with(invoice("INV1", line("MUG", "2")), "1Z1")))
	w.want("result", outcome.Result, events.Unchanged)
	w.want("details", outcome.Details, map[string]string{"order": "000000123", "shipped": "2 of 5", "by others": "INV1"})
	w.do(ship(2, with(invoice("INV1", line("MUG", "2")), "1Z1"), invoice("INV2", line("MUG", "2"), line("LAMP", "1"))))
	w.want("shipments", w.store.shipped(), []string{"hand: 1×2", "INV2: 1×2 2×1"})
}

func TestAShipmentThatNamesTheInvoiceIsIts(t *testing.T) {
	w := newSales(t, simple(1, "MUG", "4"))
	w.store.byHand(1, "2", "went early, see INV1")
	w.store.byHand(1, "1", "another, INV12")
	w.do(ship(1, with(invoice("INV1", line("MUG", "2")), "1Z1")))
	w.want("its parcel is added", w.store.shipped(), []string{"INV1: 1×2 1Z1", "INV12: 1×1"})
}

// What was fulfilled on the order is transferred to an invoice: another number,
// the same goods.
func TestADocumentThatBecameAnother(t *testing.T) {
	w := newSales(t, simple(1, "MUG", "4"))
	w.do(ship(1, invoice("WEB000000123", line("MUG", "3"))))
	w.want("result", w.do(ship(2, invoice("INV1", line("MUG", "2")), invoice("WEB000000123", line("MUG", "1")))).Result, events.Unchanged)
	w.do(ship(3, invoice("INV1", line("MUG", "2")), invoice("INV2", line("MUG", "2"))))
	w.want("shipments", w.store.shipped(), []string{"WEB000000123: 1×3", "INV2: 1×1"})
}

func TestWhatAPersonHasToDecide(t *testing.T) {
	t.Run("more than ordered", func(t *testing.T) {
		w := newSales(t, simple(1, "MUG", "4"))
		w.do(ship(1, invoice("INV1", line("MUG", "2"))))
		f := w.refused(ship(2, invoice("INV1", line("MUG", "2")), invoice("INV2", line("MUG", "3"))), failure.KindConflict, "magento.shipment.too_much")
		w.want("numbers", f.Reason, "GP has 5 shipped of MUG (INV1 2, INV2 3); the order in the store has 4, of which 2 are shipped and 2 may still be")
		w.want("shipments", len(w.store.shipments), 1)
	})
	t.Run("refunded before", func(t *testing.T) {
		row := simple(1, "MUG", "4")
		row.Refunded = n("3")
		w := newSales(t, row)
		w.refused(ship(1, invoice("INV1", line("MUG", "2"))), failure.KindConflict, "magento.shipment.too_much")
	})
	t.Run("less than was told", func(t *testing.T) {
		w := newSales(t, simple(1, "MUG", "4"))
		w.do(ship(1, invoice("INV1", line("MUG", "2")), invoice("INV2", line("MUG", "1"))))
		w.refused(ship(2, invoice("INV2", line("MUG", "1"))), failure.KindConflict, "magento.shipment.excess")
	})
	t.Run("an item that the order lacks", func(t *testing.T) {
		w := newSales(t, simple(1, "MUG", "4"))
		f := w.refused(ship(1, invoice("INV1", line("MUG", "1"), line("CUP", "1"))), failure.KindRejected, "magento.shipment.item_unknown")
		w.want("words", f.Reason, "INV1 has item CUP, and the order in the store has no product CUP")
		w.want("shipments", len(w.store.shipments), 0)
	})
	for state, code := range map[string]string{"canceled": "canceled", "holded": "held", "payment_review": "review"} {
		t.Run(state, func(t *testing.T) {
			w := newSales(t, simple(1, "MUG", "4"))
			w.store.move(state, state)
			cmd := ship(1, invoice("INV1", line("MUG", "1")))
			w.refused(cmd, failure.KindConflict, "magento.shipment."+code)
			w.want("calls that ship", w.store.count("Ship"), 0)
			w.store.move("processing", "processing")
			w.want("replayed", w.do(cmd).Result, events.Applied)
		})
	}
	t.Run("what Magento refuses", func(t *testing.T) {
		w := newSales(t, simple(1, "MUG", "4"))
		w.store.on("Ship", fails(failure.Rejected("magento.shipment.no_stock", "source_code", "Negative quantity", "correct it")))
		w.refused(ship(1, invoice("INV1", line("MUG", "1"))), failure.KindRejected, "magento.shipment.no_stock")
		w.want("reservations", w.book.told, []string{"closing WEB000000123 map[MUG:1]", "closed WEB000000123"})
	})
}

func TestACompleteOrderNeedsNothing(t *testing.T) {
	w := newSales(t, simple(1, "MUG", "4"))
	w.store.byHand(1, "4", "all of it")
	w.store.move("complete", "complete")
	w.want("result", w.do(ship(1, invoice("INV1", line("MUG", "4")))).Result, events.Unchanged)
}

func TestAShipmentWaitsForItsOrder(t *testing.T) {
	w := newWorld(t, magentowriter.Save, shortWork)
	w.store.sells(simple(1, "MUG", "4"))
	d := w.deliver(ship(1, invoice("INV1", line("MUG", "1"))))
	d.First = time.Now()
	if err := w.Handle(t.Context(), d); !waiting(err) {
		t.Fatalf("got %v, and it has to wait", err)
	}
	d.First = d.First.Add(-25 * time.Hour)
	if f := failure.Of(w.Handle(t.Context(), d)); f == nil || f.Code != "needs.order" {
		t.Fatalf("got %v, and a person has to know", f)
	}
	w.want("calls", w.store.ops(), []string{})
	w.linked("000000123")
	w.want("result", w.settle(w.replica, d).Result, events.Applied)
}

func TestAnEditedOrderShipsItsNewest(t *testing.T) {
	w := newSales(t, simple(1, "MUG", "4"))
	w.store.orders["000000122"] = magento.Order{EntityID: 6, IncrementID: "000000122", State: "canceled", ChildNumber: "000000123"}
	w.linked("000000122") // the link of the newest is not made yet
	w.want("result", w.do(ship(1, invoice("INV1", line("MUG", "1")))).Result, events.Applied)
}

func TestRowsOfTheOrder(t *testing.T) {
	configurable := func() []*fakeRow {
		return []*fakeRow{
			{ID: 1, Product: 40, SKU: "JKT-M", Type: "configurable", Ordered: n("2"), Price: n("30")},
			{ID: 2, Parent: 1, Product: 41, SKU: "JKT-M", Type: "simple", Ordered: n("2"), NeverShips: true},
		}
	}
	bundle := func(price string, separately bool) []*fakeRow {
		rows := []*fakeRow{
			{ID: 1, Product: 46, SKU: "SET-A-B", Type: "bundle", Ordered: n("2"), Price: n("30"), NeverShips: separately},
			{ID: 2, Parent: 1, Product: 47, SKU: "A", Type: "simple", Ordered: n("2"), Price: n(price), NeverShips: !separately},
			{ID: 3, Parent: 1, Product: 48, SKU: "B", Type: "simple", Ordered: n("6"), Price: n(price), NeverShips: !separately},
		}
		return rows
	}
	kit := events.FulfilledLine{Item: "KIT", SKUs: []string{"#46"}, Quantity: n("1")}
	for name, c := range map[string]struct {
		rows  []*fakeRow
		type_ string // shipment_type of the product SET
		parts []events.ShipmentPart
		want  []string
	}{
		"a configurable by its parent":     {rows: configurable(), parts: []events.ShipmentPart{invoice("INV1", line("JKT-M", "1"))}, want: []string{"INV1: 1×1"}},
		"upper and lower case":             {rows: []*fakeRow{simple(1, "Mug", "1")}, parts: []events.ShipmentPart{invoice("INV1", line("MUG", "1"))}, want: []string{"INV1: 1×1"}},
		"two rows of a product, in order":  {rows: []*fakeRow{simple(1, "MUG", "2"), simple(2, "MUG", "3")}, parts: []events.ShipmentPart{invoice("INV1", line("MUG", "1")), invoice("INV2", line("MUG", "3"))}, want: []string{"INV1: 1×1", "INV2: 1×1 2×2"}},
		"two lines of an item":             {rows: []*fakeRow{simple(1, "MUG", "3")}, parts: []events.ShipmentPart{invoice("INV1", line("MUG", "1"), line("MUG", "2"))}, want: []string{"INV1: 1×3"}},
		"an item that is several products": {rows: []*fakeRow{simple(1, "MUG-B", "2")}, parts: []events.ShipmentPart{invoice("INV1", events.FulfilledLine{Item: "MUG", SKUs: []string{"MUG-A", "MUG-B"}, Quantity: n("2")})}, want: []string{"INV1: 1×2"}},
		"both products of an item":         {rows: []*fakeRow{simple(1, "MUG-A", "1"), simple(2, "MUG-B", "2")}, parts: []events.ShipmentPart{invoice("INV1", events.FulfilledLine{Item: "MUG", SKUs: []string{"MUG-A", "MUG-B"}, Quantity: n("2")})}, want: []string{"INV1: 1×1 2×1"}},
		"what is virtual is not shipped": {
			rows:  []*fakeRow{simple(1, "MUG", "1"), {ID: 2, SKU: "CARD", Type: "virtual", Virtual: 1, Ordered: n("1")}},
			parts: []events.ShipmentPart{invoice("INV1", line("MUG", "1"), line("CARD", "1"))}, want: []string{"INV1: 1×1"},
		},
		"a kit that ships together":      {rows: bundle("0", false), type_: "0", parts: []events.ShipmentPart{invoice("INV1", kit)}, want: []string{"INV1: 1×1"}},
		"a kit whose product is gone":    {rows: bundle("0", false), parts: []events.ShipmentPart{invoice("INV1", kit)}, want: []string{"INV1: 1×1"}},
		"a kit that ships in parts":      {rows: bundle("0", true), type_: "1", parts: []events.ShipmentPart{invoice("INV1", kit)}, want: []string{"INV1: 2×1 3×3"}},
		"a bundle that ships in parts":   {rows: bundle("5", true), type_: "1", parts: []events.ShipmentPart{invoice("INV1", line("B", "4"))}, want: []string{"INV1: 3×4"}},
		"a bundle that ships together":   {rows: bundle("5", false), type_: "0", parts: []events.ShipmentPart{invoice("INV1", line("A", "2"), line("B", "3"))}, want: []string{"INV1: 1×1"}},
		"a bundle that gets whole later": {rows: bundle("5", false), type_: "0", parts: []events.ShipmentPart{invoice("INV1", line("A", "2")), invoice("INV2", line("B", "6"))}, want: []string{"INV2: 1×2"}},
		"a bundle that is not whole":     {rows: bundle("5", false), type_: "0", parts: []events.ShipmentPart{invoice("INV1", line("A", "2"))}, want: []string{}},
		"an invoice of two sources":      {rows: []*fakeRow{simple(1, "MUG", "3")}, parts: []events.ShipmentPart{invoice("INV1", line("MUG", "1")), {Number: "INV1", Source: "north", Lines: []events.FulfilledLine{line("MUG", "2")}}}, want: []string{"INV1: 1×1", "INV1: 1×2"}},
		"rope by the metre":              {rows: []*fakeRow{simple(1, "ROPE", "7.5")}, parts: []events.ShipmentPart{invoice("INV1", line("ROPE", "2.5"))}, want: []string{"INV1: 1×2.5"}},
		"what a good is also a part of":  {rows: append(bundle("5", true), simple(4, "A", "1")), type_: "1", parts: []events.ShipmentPart{invoice("INV1", line("A", "3"))}, want: []string{"INV1: 2×2 4×1"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newSales(t, c.rows...)
			if c.type_ != "" {
				w.store.products = map[string]string{"SET": `{"custom_attributes": [{"attribute_code": "shipment_type", "value": "` + c.type_ + `"}]}`}
			}
			for i := range c.parts {
				w.do(ship(uint64(i+1), c.parts[:i+1]...))
			}
			w.want("shipments", w.store.shipped(), c.want)
			w.replica = w.withoutClaims()
			w.do(ship(9, c.parts...))
			w.want("told at once, nothing is missing", w.store.shipped(), c.want)
		})
	}
}

func TestAnIncompleteBundleIsTold(t *testing.T) {
	w := newSales(t,
		&fakeRow{ID: 1, Product: 46, SKU: "SET-A-B", Type: "bundle", Ordered: n("2"), Price: n("30")},
		&fakeRow{ID: 2, Parent: 1, Product: 47, SKU: "A", Type: "simple", Ordered: n("2"), Price: n("5"), NeverShips: true},
		&fakeRow{ID: 3, Parent: 1, Product: 48, SKU: "B", Type: "simple", Ordered: n("6"), Price: n("5"), NeverShips: true})
	w.want("details", w.do(ship(1, invoice("INV1", line("A", "2"), line("B", "3")))).Details,
		map[string]string{"order": "000000123", "shipped": "1 of 2", "shipments": "000000001 (INV1)", "incomplete bundles": "A"})
	w.want("reservations, in GP's items", w.book.told[0], "closing WEB000000123 map[A:1 B:3]")
}

func TestSourcesAndNotice(t *testing.T) {
	w := newSales(t, simple(1, "MUG", "3"))
	doc := events.Shipments{Order: "WEB000000123", Notify: true, Parts: []events.ShipmentPart{{Number: "INV1", Source: "north", Lines: []events.FulfilledLine{line("MUG", "1")}}}}
	w.do(fulfil("shipment-to-magento", 1, doc))
	w.want("source", w.store.sent[0].SourceCode, "north")
	w.want("notify", w.store.sent[0].Notify, true)
	w.want("comment", w.store.sent[0].Comment, "Shipped in Dynamics GP: INV1")
}

func TestUnreadableShipmentsAreDefects(t *testing.T) {
	w := newSales(t, simple(1, "MUG", "3"))
	unreadable, withdrawn, needless := ship(1), ship(2), ship(3)
	unreadable.Document = []byte(`{"order": 7}`)
	withdrawn.Verb = events.Withdraw
	needless.Needs = nil
	for cmd := range maps.Values(map[string]events.Command{"unreadable": unreadable, "withdrawn": withdrawn, "needless": needless}) {
		if f := failure.Of(w.Handle(t.Context(), w.deliver(cmd))); f == nil || f.Kind != failure.KindDefect {
			t.Errorf("got %v", f)
		}
	}
	w.want("calls", w.store.ops(), []string{})
}
