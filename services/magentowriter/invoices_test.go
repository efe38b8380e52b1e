package magentowriter_test

import (
	"testing"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/failure"
)

func bill(change uint64, online []string, parts ...events.InvoicePart) events.Command {
	return fulfil("invoice-to-magento", change, events.Invoices{Order: "WEB000000123", Parts: parts, Online: online})
}

func billed(number string, lines ...events.FulfilledLine) events.InvoicePart {
	return events.InvoicePart{Number: number, Lines: lines}
}

func TestPartsAreInvoicedOnce(t *testing.T) {
	w := newSales(t, simple(1, "MUG", "3"), &fakeRow{ID: 2, SKU: "CARD", Type: "virtual", Virtual: 1, Ordered: n("1")})
	first, second := billed("INV1", line("MUG", "1")), billed("INV2", line("MUG", "2"), line("CARD", "1"))
	outcome := w.do(bill(1, nil, first))
	w.want("result", outcome.Result, events.Applied)
	w.want("details", outcome.Details, map[string]string{"order": "000000123", "invoiced": "1 of 4", "invoices": "000000001 (INV1)"})
	w.do(bill(2, nil, first, second))
	w.want("invoices", w.store.invoiced(), []string{"INV1: 1×1", "INV2: 1×2 2×1"})
	w.want("said again", w.do(bill(3, nil, first, second)).Result, events.Unchanged)
	w.want("reservations are the shipments'", w.book.told, []string{})
}

func TestTheMoneyIsTakenOnlineByMethod(t *testing.T) {
	for method, online := range map[string]bool{"braintree": true, "checkmo": false} {
		w := newSales(t, simple(1, "MUG", "3"))
		w.store.method = method
		w.do(bill(1, []string{"Braintree", "paypal_express"}, billed("INV1", line("MUG", "1"))))
		w.want(method, w.store.captured, []bool{online})
	}
}

func TestAnOrderThatWasInvoicedAtCheckout(t *testing.T) {
	row := simple(1, "MUG", "3")
	row.Invoiced = n("3")
	w := newSales(t, row)
	outcome := w.do(bill(1, nil, billed("INV1", line("MUG", "2"))))
	w.want("result", outcome.Result, events.Unchanged)
	w.want("reason", outcome.Reason, "all of it is invoiced in the store already")
	w.want("details", outcome.Details, map[string]string{"order": "000000123", "invoiced": "3 of 3", "by others": "INV1"})
	w.want("calls", w.store.count("Invoice"), 0)
}

func TestALostAnswerOfAnInvoice(t *testing.T) {
	for name, lost := range map[string]hook{"invoiced": answerLost, "not invoiced": neverDone} {
		t.Run(name, func(t *testing.T) {
			w := newSales(t, simple(1, "MUG", "3"))
			w.store.on("Invoice", lost)
			w.want("result", w.do(bill(1, nil, billed("INV1", line("MUG", "1")), billed("INV2", line("MUG", "1")))).Result, events.Applied)
			w.want("invoices", w.store.invoiced(), []string{"INV1: 1×1", "INV2: 1×1"})
		})
	}
}

func TestBundlesAreInvoicedWhereTheirPriceIs(t *testing.T) {
	rows := func(price string) []*fakeRow {
		return []*fakeRow{
			{ID: 1, Product: 46, SKU: "SET-A-B", Type: "bundle", Ordered: n("2"), Price: n("30"), NeverBilled: price != "0"},
			{ID: 2, Parent: 1, Product: 47, SKU: "A", Type: "simple", Ordered: n("2"), Price: n(price), NeverBilled: price == "0"},
			{ID: 3, Parent: 1, Product: 48, SKU: "B", Type: "simple", Ordered: n("6"), Price: n(price), NeverBilled: price == "0"},
		}
	}
	w := newSales(t, rows("0")...)
	w.do(bill(1, nil, billed("INV1", events.FulfilledLine{Item: "KIT", SKUs: []string{"#46"}, Quantity: n("1")})))
	w.want("a fixed price", w.store.invoiced(), []string{"INV1: 1×1"})
	w = newSales(t, rows("5")...)
	w.do(bill(1, nil, billed("INV1", line("A", "1"), line("B", "3"))))
	w.want("dynamic prices", w.store.invoiced(), []string{"INV1: 2×1 3×3"})
}

func TestInvoicesThatAPersonHasToDecide(t *testing.T) {
	w := newSales(t, simple(1, "MUG", "3"))
	w.refused(bill(1, nil, billed("INV1", line("MUG", "4"))), failure.KindConflict, "magento.invoice.too_much")
	w.refused(bill(2, nil, billed("INV1", line("CUP", "1"))), failure.KindRejected, "magento.invoice.item_unknown")
	w.store.move("canceled", "canceled")
	w.refused(bill(3, nil, billed("INV1", line("MUG", "1"))), failure.KindConflict, "magento.invoice.canceled")
	w.want("invoices", w.store.invoiced(), []string{})
}
