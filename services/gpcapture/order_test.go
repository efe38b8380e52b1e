package gpcapture

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/gp"
)

func noAnswer() error { return failure.Transient("gp.no_answer", "no answer within 1m0s", nil) }

// anOrder is an order in work, stamped now.
func anOrder(number string, master int) gp.SalesOrder {
	return gp.SalesOrder{
		Number: number, CustomerID: "AARONFIT0001", MasterNumber: master, TransactionState: "Work", LastModified: now(), Date: today(),
		Lines: []gp.SalesLine{{Sequence: gp.LineStep, ItemNumber: "WIRE100", Quantity: decimal.NewFromInt(1)}},
	}
}

func anInvoice(number string, master int, of string) gp.SalesInvoice {
	return gp.SalesInvoice{
		Number: number, CustomerID: "AARONFIT0001", MasterNumber: master, TransactionState: "Work", LastModified: now(), Date: today(),
		Original: gp.SalesRef{Type: "Order", Number: of},
	}
}

func (c *company) putOrder(o gp.SalesOrder)     { c.do(func() { c.orders[o.Number] = o }) }
func (c *company) putInvoice(i gp.SalesInvoice) { c.do(func() { c.invoices[i.Number] = i }) }
func (c *company) edit(number string, change func(*gp.SalesOrder)) {
	c.do(func() {
		o := c.orders[number]
		o.Lines = slices.Clone(o.Lines)
		change(&o)
		c.orders[number] = o
	})
}

// orderSeen is what the tests look at in the record of an order.
type orderSeen struct {
	Number, State string
	Deleted       bool
	Lines         []struct{ Quantity decimal.Decimal }
}

// invoicesSeen are the numbers of the invoices that an order's last change has.
func (s *site) invoicesSeen(t fatal, key events.Key) (numbers []string) {
	t.Helper()
	change, ok := s.last(t, events.Order, key)
	if !ok {
		t.Fatalf("order %s was not captured", key)
	}
	var invoices []struct {
		Number          string
		TrackingNumbers []string
	}
	if err := json.Unmarshal(change.Related["invoices"], &invoices); err != nil {
		t.Fatalf("invoices of %s: %v", key, err)
	}
	for _, i := range invoices {
		numbers = append(numbers, fmt.Sprint(append([]string{i.Number}, i.TrackingNumbers...)))
	}
	return numbers
}

func TestAnOrderIsCapturedWithItsInvoices(t *testing.T) {
	s := newSite(t)
	order := anOrder("WEB123", 7)
	order.CustomerPO = "000000123"
	s.gp.putOrder(order)
	s.sweep(t, events.Order, events.WaySweep)
	if got := s.invoicesSeen(t, "WEB123"); len(got) != 0 {
		t.Fatalf("invoices %v", got)
	}

	// Two partial transfers, the second by way of a back order; a third order's
	// invoice, one of another customer's same PO number, and a reserved number.
	first, second := anInvoice("INV2", 7, "web123"), anInvoice("INV1", 7, "BACK1")
	first.Date.Year, first.TrackingNumbers = first.Date.Year-1, []string{"1Z9"}
	second.Original.Type = "Backorder"
	alien, reserved := anInvoice("INV3", 7, "OTHER"), anInvoice("INV4", 7, "WEB123")
	reserved.CustomerID = ""
	for _, i := range []gp.SalesInvoice{first, second, alien, reserved} {
		s.gp.putInvoice(i)
	}
	s.sweep(t, events.Order, "invoices")
	if got := s.invoicesSeen(t, "WEB123"); !slices.Equal(got, []string{"[INV2 1Z9]", "[INV1]"}) {
		t.Errorf("invoices %v, want the two that were made of it, oldest first", got)
	}
	if _, ok := s.last(t, events.Order, "OTHER"); ok {
		t.Error("an order that GP does not have was captured")
	}
}

func TestAnInvoiceThatWasEnteredByHandIsFoundByThePO(t *testing.T) {
	s := newSite(t)
	order, invoice := anOrder("WEB5", 5), anInvoice("HAND", 9, "")
	order.CustomerPO, order.TransactionState, order.Voided = "000000005", "History", true
	invoice.CustomerPO, invoice.Original = "000000005", gp.SalesRef{}
	s.gp.putOrder(order)
	s.gp.putInvoice(invoice)
	s.sweep(t, events.Order, "invoices")
	if got := s.invoicesSeen(t, "WEB5"); !slices.Equal(got, []string{"[HAND]"}) {
		t.Errorf("invoices %v", got)
	}
}

func TestAnInvoiceWithoutAnOrderIsNobodys(t *testing.T) {
	s := newSite(t)
	counter := anInvoice("COUNTER", 11, "")
	counter.Original = gp.SalesRef{}
	s.gp.putInvoice(counter)
	for range 3 {
		s.sweep(t, events.Order, "invoices")
	}
	if n := s.changes(t, events.Order); n != 0 {
		t.Errorf("%d changes", n)
	}
	if n := s.gp.called("invoice"); n != 1 {
		t.Errorf("the invoice was read %d times, and has no order whenever it is", n)
	}
}

func TestANumberReservationIsNoOrder(t *testing.T) {
	s := newSite(t)
	order := anOrder("WEB1", 1)
	order.CustomerID = ""
	s.gp.putOrder(order)
	for _, way := range []string{events.WaySweep, "open"} {
		s.sweep(t, events.Order, way)
	}
	if err := s.documents.Handle(t.Context(), []*bus.Delivery{s.notice(t, events.Order, "WEB1", 0)})[0]; err == nil || s.changes(t, events.Order) != 0 {
		t.Errorf("a reservation was captured: %v", err)
	}
}

// What stamps no header is seen by reading what is open again.
func TestEditsWithoutAStamp(t *testing.T) {
	s := newSite(t)
	s.gp.putOrder(anOrder("WEB1", 1))
	s.gp.putOrder(anOrder("WEB2", 2))
	s.gp.putInvoice(anInvoice("INV2", 2, "WEB2"))
	for _, way := range []string{events.WaySweep, "invoices", "open"} {
		s.sweep(t, events.Order, way)
	}
	before := s.changes(t, events.Order)

	if s.sweep(t, events.Order, "open"); s.changes(t, events.Order) != before {
		t.Fatal("nothing was edited")
	}
	s.gp.edit("WEB1", func(o *gp.SalesOrder) { o.Lines[0].Quantity = decimal.NewFromInt(5) })
	s.gp.do(func() {
		i := s.gp.invoices["INV2"]
		i.TrackingNumbers = []string{"1Z9"}
		s.gp.invoices["INV2"] = i
	})
	if s.sweep(t, events.Order, events.WaySweep); s.changes(t, events.Order) != before {
		t.Fatal("the fake shows in a list what GP doesn't")
	}
	read := s.sweep(t, events.Order, "open")
	if got := record[orderSeen](t, s, events.Order, "WEB1").Lines[0].Quantity; !got.Equal(decimal.NewFromInt(5)) {
		t.Errorf("the quantity is %s", got)
	}
	if got := s.invoicesSeen(t, "WEB2"); !slices.Equal(got, []string{"[INV2 1Z9]"}) {
		t.Errorf("invoices %v", got)
	}
	if read.Rows != 2 {
		t.Errorf("%d orders were noticed, and two had changed", read.Rows)
	}
}

func TestOldInvoicesAreNotReadAgain(t *testing.T) {
	s := newSite(t)
	s.gp.putOrder(anOrder("WEB1", 1))
	old := anInvoice("INV1", 1, "WEB1")
	old.TransactionState = "History"
	old.Date = gp.DateOf(time.Now().UTC().AddDate(0, 0, -s.cfg.OpenDays-1))
	s.gp.putInvoice(old)
	young := anInvoice("INV2", 1, "WEB1")
	young.TransactionState = "History"
	young.Date = gp.DateOf(time.Now().UTC().AddDate(0, 0, -s.cfg.OpenDays))
	s.gp.putInvoice(young)
	if _, err := s.documents.Sweep(t.Context(), events.Order, "open"); err != nil {
		t.Fatal(err)
	}
	if n := s.gp.called("invoice"); n != 1 {
		t.Errorf("%d invoices were read, and one is young enough", n)
	}
}

func TestAnOrderThatLeftWorkIsReadFromHistory(t *testing.T) {
	s := newSite(t)
	s.gp.putOrder(anOrder("WEB1", 1))
	s.sweep(t, events.Order, "open")
	s.gp.edit("WEB1", func(o *gp.SalesOrder) { o.TransactionState = "History" })
	s.sweep(t, events.Order, "open")
	if got := record[orderSeen](t, s, events.Order, "WEB1").State; got != "History" {
		t.Errorf("the order is in %s", got)
	}
}

func TestADeletedOrderIsATombstone(t *testing.T) {
	s := newSite(t)
	s.gp.putOrder(anOrder("WEB1", 1))
	s.sweep(t, events.Order, "open")
	s.gp.do(func() { delete(s.gp.orders, "WEB1") })

	young := s.notice(t, events.Order, "WEB1", goneHold/2)
	if err := s.documents.Handle(t.Context(), []*bus.Delivery{young})[0]; err == nil || s.changes(t, events.Order) != 1 {
		t.Fatalf("it may be on its way to history: %v", err)
	}
	if err := s.documents.Handle(t.Context(), []*bus.Delivery{s.notice(t, events.Order, "WEB1", goneHold)})[0]; err != nil {
		t.Fatal(err)
	}
	if got := record[orderSeen](t, s, events.Order, "WEB1"); !got.Deleted || got.Number != "WEB1" {
		t.Errorf("the record is %+v", got)
	}
}

// One document that can't be read must not keep the others from being seen.
func TestABrokenDocumentHoldsUpNoOther(t *testing.T) {
	s := newSite(t)
	for n := 1; n <= 2; n++ {
		s.gp.putOrder(anOrder(fmt.Sprint("WEB", n), n))
		s.gp.putInvoice(anInvoice(fmt.Sprint("INV", n), n, fmt.Sprint("WEB", n)))
	}
	broken := failure.Transient("gp.system_exception", "a control character", nil)
	s.gp.fails = func(operation, key string) error {
		if key == "INV1" || key == "WEB1" {
			return broken
		}
		return nil
	}
	for _, way := range []string{events.WaySweep, "invoices", "open"} {
		if _, err := s.documents.Sweep(t.Context(), events.Order, way); err != nil {
			t.Fatalf("%s: %v", way, err)
		}
	}
	failed := 0
	for _, batch := range s.notices(t) {
		for i, err := range s.documents.Handle(t.Context(), batch) {
			if (err != nil) != (batch[i].Subject.Key == "WEB1") {
				t.Errorf("%s: %v", batch[i].Subject.Key, err)
			} else if err != nil {
				failed++
			}
		}
	}
	if failed == 0 {
		t.Error("nobody is told of the order that can't be read")
	}
	if got := s.invoicesSeen(t, "WEB2"); !slices.Equal(got, []string{"[INV2]"}) {
		t.Errorf("invoices %v", got)
	}
}

func TestWhenGPIsDownASweepFailsAndForgetsNothing(t *testing.T) {
	s := newSite(t)
	s.gp.putOrder(anOrder("WEB1", 1))
	s.sweep(t, events.Order, "open")
	s.gp.edit("WEB1", func(o *gp.SalesOrder) { o.Lines[0].Quantity = decimal.NewFromInt(5) })
	s.gp.fails = func(operation, _ string) error {
		if operation == "order" {
			return failure.Down("gp.unreachable", "no connection", nil)
		}
		return nil
	}
	if _, err := s.documents.Sweep(t.Context(), events.Order, "open"); err == nil {
		t.Fatal("GP is down")
	}
	s.gp.fails = nil
	s.sweep(t, events.Order, "open")
	if got := record[orderSeen](t, s, events.Order, "WEB1").Lines[0].Quantity; !got.Equal(decimal.NewFromInt(5)) {
		t.Errorf("the quantity is %s", got)
	}
}
