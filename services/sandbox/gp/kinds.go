package gp

import (
	"slices"
	"strings"
)

// documentKind is a type of sales document that the sandbox keeps. All types
// share their tables, where SOPTYPE tells them apart, and most of their rules.
type documentKind struct {
	code          int    // SOPTYPE
	name          string // SalesDocumentType
	object, param string // type of the WSDL, and parameter of its operations
	// payments are the payment types that it takes: deposits ride on orders,
	// payments on invoices and returns.
	payments      []string
	takes         string // payments, for people
	work, history place
}

// place is where documents of a kind lie.
type place struct {
	state         string // SalesTransactionState
	header, lines table
}

func (k *documentKind) places() []place { return []place{k.work, k.history} }

var (
	deposits     = []string{"Cash Deposit", "Check Deposit", "Payment Card Deposit"}
	cashPayments = []string{"Cash Payment", "Check Payment", "Payment Card Payment"}

	orders = &documentKind{
		code: 2, name: "Order", object: "SalesOrder", param: "salesOrder", payments: deposits, takes: "an order takes deposits",
		work: place{"Work", headerWork, lineWork}, history: place{"History", headerHistory, lineHistory},
	}
	// An invoice that an order was transferred to has the order's deposits.
	invoices = newKind(3, "Invoice", append(slices.Clone(cashPayments), deposits...), "an invoice takes payments",
		[]column{{"PYMTRCVD", "PaymentAmount"}, {"DEPRECVD", "DepositAmount"}, {"GLPOSTDT", "GeneralLedgerPostingDate"},
			{"POSTEDDT", "PostedDate"}, {"PTDUSRID", "PostedBy"}},
		[]column{{"QTYTBAOR", "QuantityToBackorder"}, {"QTYCANCE", "QuantityCanceled"}, {"QTYFULFI", "QuantityFulfilled"},
			{"QTYTOINV", "BillingQuantity"}, {"ACTLSHIP", "ActualShipDate"}, {"ATYALLOC", "QuantityAllocated"}, {"FUFILDAT", "FulfillDate"}})
	returns = newKind(4, "Return", cashPayments, "a return takes payments",
		[]column{{"PYMTRCVD", "PaymentAmount"}, {"GLPOSTDT", "GeneralLedgerPostingDate"}, {"POSTEDDT", "PostedDate"}, {"PTDUSRID", "PostedBy"}},
		[]column{{"QTYONHND", "ReturnQuantity.OnHandQuantity"}, {"QTYRTRND", "ReturnQuantity.ReturnedQuantity"},
			{"QTYINUSE", "ReturnQuantity.InUseQuantity"}, {"QTYINSVC", "ReturnQuantity.InServiceQuantity"},
			{"QTYDMGED", "ReturnQuantity.DamagedQuantity"}})

	documentKinds = []*documentKind{orders, invoices, returns}
)

// newKind maps the shared tables to the types of another kind than orders.
func newKind(code int, name string, payments []string, takes string, header, line []column) *documentKind {
	k := &documentKind{code: code, name: name, object: "Sales" + name, param: "sales" + name, payments: payments, takes: takes}
	header = append(slices.Clone(headerColumns), header...)
	line = append(slices.Clone(lineColumns), line...)
	k.work = place{"Work", table{"SOP10100", k.object, header, headerExtra, documentKey}, table{"SOP10200", k.object + "Line", line, lineExtra, lineKey}}
	k.history = place{"History", table{"SOP30200", k.object, header, headerExtra, documentKey}, table{"SOP30300", k.object + "Line", line, lineExtra, lineKey}}
	return k
}

// kindOf is the kind of a document, or of a line of one.
func kindOf(o *object) *documentKind {
	for _, k := range documentKinds {
		if o.typ.is(k.object) || o.typ.is(k.object+"Line") {
			return k
		}
	}
	panic("gp: " + o.typ.name + " is no sales document")
}

// has reports whether the document's type has this element.
func (o *object) has(name string) bool {
	_, ok := o.typ.field(name)
	return ok
}

// documentID is the document id that people use for a kind of document.
func (c Config) documentID(k *documentKind) string {
	for _, d := range c.DocumentTypes {
		if d.Type == k.name {
			return strings.ToUpper(d.ID)
		}
	}
	return ""
}
