package gp

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// LineStep is the distance between the sequences of lines: GP inserts a line
// between two by halving the gap.
const LineStep = 16384

// SalesOrder is a sales order (GP Web Services WSDL: SalesDocument, SalesOrder).
// What is empty, or an amount that isn't valid, is not sent: a create lets GP
// take its default, an update should leave it as it is. No document of GP
// promises the latter, so read back what matters.
type SalesOrder struct {
	// Number is the document's; empty lets GP take the next, and never tell it.
	Number         string
	DocumentTypeID string // such as STDORD
	Date           Date
	CustomerID     string
	CustomerName   string
	CustomerPO     string
	BatchID        string
	WarehouseID    string
	// CurrencyISO is the currency of every amount here.
	CurrencyISO string

	Freight, Miscellaneous, Tax, TradeDiscount decimal.NullDecimal

	ShippingMethodID, PaymentTermsID, TaxScheduleID, PriceLevelID string

	Reference, Comment, Note         string
	RequestedShipDate                Date
	ShipTo                           Address
	ShipToAddressID, BillToAddressID string

	Lines    []SalesLine
	Payments []Payment
	// Taxes are the document's by detail; their sum is Tax.
	Taxes       []DocumentTax
	UserDefined UserDefined

	// The rest is read, and never written.

	TransactionState      string // Work or History
	Voided                bool
	LineTotal, Total      decimal.NullDecimal
	Payment, Deposit      decimal.NullDecimal
	MasterNumber          int // ties an order to its back orders and invoices
	ShippingProcessStatus string
	ActualShipDate        Date
	LastModified          time.Time
	TrackingNumbers       []string
}

// SalesLine is a line of a sales order (GP Web Services WSDL: SalesOrderLine).
type SalesLine struct {
	// Sequence is a multiple of LineStep; zero lets GP take the next.
	Sequence    int
	ItemNumber  string
	Description string
	Quantity    decimal.Decimal
	// UnitPrice and Total are left to GP's price list when they aren't valid.
	UnitPrice, Total, Discount, Tax decimal.NullDecimal
	UofM                            string // a unit such as EACH, not a schedule
	WarehouseID                     string
	ShippingMethodID, TaxScheduleID string
	PriceLevelID                    string
	Comment                         string
	// SalesAccount is a GL account with its separators; empty for the item's own.
	SalesAccount           string
	RequestedShipDate      Date
	NonInventory, DropShip bool
	// Delete takes the line away in an update; lines that aren't listed stay.
	Delete bool

	// The rest is read, and never written.

	QuantityAllocated, QuantityToBackorder, QuantityToInvoice decimal.Decimal
	QuantityCanceled, QuantityFulfilled                       decimal.Decimal
	ActualShipDate                                            Date
}

// PaymentType is GP's SalesPaymentType. Orders take deposits, invoices payments.
type PaymentType string

// The types of payments.
const (
	CashDeposit  PaymentType = "Cash Deposit"
	CheckDeposit PaymentType = "Check Deposit"
	CardDeposit  PaymentType = "Payment Card Deposit"
	CashPayment  PaymentType = "Cash Payment"
	CheckPayment PaymentType = "Check Payment"
	CardPayment  PaymentType = "Payment Card Payment"
)

// Payment is money that came with the order (GP Web Services WSDL:
// SalesPayment). A card's number is left out for good: GP must not store it.
type Payment struct {
	Sequence    int
	Type        PaymentType
	Amount      decimal.NullDecimal
	Date        Date
	Number      string
	CheckbookID string
	CardID      string // the kind of card, as it is set up in GP
	CheckNumber string
	// AuthorizationCode is what the payment gateway gave.
	AuthorizationCode string
	Delete            bool
}

// DocumentTax is the tax of a document by one detail (GP Web Services WSDL:
// SalesDocumentTax).
type DocumentTax struct {
	DetailID string
	Amount   decimal.NullDecimal
}

// UserDefined are the fields that a company names itself.
type UserDefined struct {
	Date1, Date2 Date
	Lists        [3]string
	Texts        [5]string
}

// SalesOrderSummary is a row of a list. It has no lines.
type SalesOrderSummary struct {
	Number, DocumentTypeID               string
	CustomerID, CustomerName, CustomerPO string
	BatchID, CurrencyISO                 string
	Date                                 Date
	LineTotal, Freight, Tax, Total       decimal.NullDecimal
	TransactionState                     string
	LastModified                         time.Time
}

// SalesOrder reads an order, in work or in history.
func (c *Client) SalesOrder(ctx context.Context, number string) (SalesOrder, error) {
	const operation = "GetSalesOrderByKey"
	n, err := c.get(ctx, operation, "sales", "SOPNUMBE", number)
	if err != nil {
		return SalesOrder{}, err
	}
	order, err := readSalesOrder(n)
	if err != nil {
		return SalesOrder{}, unreadable(operation, err)
	}
	return order, nil
}

// SalesOrdersByPO lists the orders with a customer's purchase order number, in
// work and in history. It is how an order is found whose number GP took itself.
func (c *Client) SalesOrdersByPO(ctx context.Context, po string) ([]SalesOrderSummary, error) {
	const operation = "GetSalesOrderList"
	k, err := mustKey("CSTPONBR", po)
	if err != nil {
		return nil, err
	}
	po = k["Id"].(string)
	result, err := c.read(ctx, operation,
		object{"criteria": object{"CustomerPONumber": object{"EqualValue": po}}})
	if err != nil {
		return nil, err
	}
	var orders []SalesOrderSummary
	var r reading
	for _, n := range result.all() {
		// Another's order must not be taken for this one, whatever GP made of the criteria.
		if o := readSummary(&r, n); strings.EqualFold(o.CustomerPO, po) {
			orders = append(orders, o)
		}
	}
	if r.err != nil {
		return nil, unreadable(operation, r.err)
	}
	return orders, nil
}

// CreateSalesOrder creates an order. One which exists is the failure
// gp.sales.duplicate, whether it is in work or in history.
func (c *Client) CreateSalesOrder(ctx context.Context, order SalesOrder) error {
	return c.write(ctx, "CreateSalesOrder", object{"salesOrder": order.object()})
}

// UpdateSalesOrder changes what the order has set. Lines that it doesn't list
// stay as they are.
func (c *Client) UpdateSalesOrder(ctx context.Context, order SalesOrder) error {
	if _, err := mustKey("SOPNUMBE", order.Number); err != nil {
		return err
	}
	return c.write(ctx, "UpdateSalesOrder", object{"salesOrder": order.object()})
}

// VoidSalesOrder voids an order; its number stays taken.
func (c *Client) VoidSalesOrder(ctx context.Context, number string) error {
	k, err := mustKey("SOPNUMBE", number)
	if err != nil {
		return err
	}
	return c.write(ctx, "VoidSalesOrder", object{"key": k})
}

func currencyKey(iso string) object {
	if iso == "" {
		return nil
	}
	return object{"ISOCode": iso}
}

func (o SalesOrder) object() object {
	amount := func(d decimal.NullDecimal) money { return money{d, o.CurrencyISO} }
	var lines, payments, taxes []object
	for _, l := range o.Lines {
		lines = append(lines, l.object(o.CurrencyISO))
	}
	for _, p := range o.Payments {
		payments = append(payments, p.object(o.CurrencyISO))
	}
	for _, t := range o.Taxes {
		// The line of a document's own tax is 0 (SOP10105.LNITMSEQ).
		taxes = append(taxes, object{
			"TaxAmount": amount(t.Amount), "Key": object{"SequenceNumber": "0", "TaxDetailKey": key(t.DetailID)},
		})
	}
	return object{
		"Key": key(o.Number), "Date": o.Date.wire(),
		"FreightAmount": amount(o.Freight), "MiscellaneousAmount": amount(o.Miscellaneous), "TaxAmount": amount(o.Tax),
		"TradeDiscount": reduction(o.TradeDiscount, o.CurrencyISO),
		"CustomerName":  o.CustomerName, "CustomerPONumber": o.CustomerPO, "Reference": o.Reference,
		"RequestedShipDate": o.RequestedShipDate.wire(), "Comment": o.Comment, "Note": o.Note,
		"TaxScheduleKey":    key(o.TaxScheduleID),
		"DocumentTypeKey":   object{"Type": "Order", "Id": o.DocumentTypeID},
		"ShippingMethodKey": key(o.ShippingMethodID), "WarehouseKey": key(o.WarehouseID),
		"CustomerKey": key(o.CustomerID), "BatchKey": key(o.BatchID),
		"BillToAddressKey": customerAddressKey(o.CustomerID, o.BillToAddressID),
		"ShipToAddressKey": customerAddressKey(o.CustomerID, o.ShipToAddressID),
		"PaymentTermsKey":  key(o.PaymentTermsID), "CurrencyKey": currencyKey(o.CurrencyISO),
		"PriceLevelKey": key(o.PriceLevelID), "ShipToAddress": o.ShipTo.object(),
		"UserDefined": o.UserDefined.object(), "Lines": lines, "Payments": payments, "Taxes": taxes,
	}
}

// reduction is a MoneyPercentChoice; ours are always amounts.
func reduction(d decimal.NullDecimal, currency string) object {
	if !d.Valid {
		return nil
	}
	return object{"Amount": money{d, currency}}
}

// sequenced is a key whose number is left to GP when it is zero.
func sequenced(name string, sequence int) object {
	if sequence == 0 {
		return nil
	}
	return object{name: strconv.Itoa(sequence)}
}

func (l SalesLine) object(currency string) object {
	amount := func(d decimal.NullDecimal) money { return money{d, currency} }
	return object{
		"Key":       sequenced("LineSequenceNumber", l.Sequence),
		"UnitPrice": unitPrice{l.UnitPrice, currency}, "TotalAmount": amount(l.Total), "Quantity": quantity(l.Quantity),
		"Discount": reduction(l.Discount, currency), "ItemDescription": l.Description,
		"IsNonInventory": yes(l.NonInventory), "IsDropShip": yes(l.DropShip),
		"RequestedShipDate": l.RequestedShipDate.wire(), "Comment": l.Comment, "UofM": l.UofM,
		"DeleteOnUpdate": yes(l.Delete), "TaxAmount": amount(l.Tax), "TaxScheduleKey": key(l.TaxScheduleID),
		"WarehouseKey": key(l.WarehouseID), "ItemKey": key(l.ItemNumber),
		"ShippingMethodKey": key(l.ShippingMethodID), "PriceLevelKey": key(l.PriceLevelID),
		"SalesGLAccountKey": key(l.SalesAccount),
	}
}

func (p Payment) object(currency string) object {
	return object{
		"Key": sequenced("SequenceNumber", p.Sequence), "Date": p.Date.wire(),
		"PaymentAmount":  money{p.Amount, currency},
		"BankAccountKey": key(p.CheckbookID), "PaymentCardTypeKey": key(p.CardID),
		"CheckNumber": p.CheckNumber, "AuthorizationCode": p.AuthorizationCode,
		"Type": string(p.Type), "Number": p.Number, "DeleteOnUpdate": yes(p.Delete),
		"CurrencyKey": currencyKey(currency),
	}
}

var (
	userLists = [3]string{"List01", "List02", "List03"}
	userTexts = [5]string{"Text01", "Text02", "Text03", "Text04", "Text05"}
)

func (u UserDefined) object() object {
	if u == (UserDefined{}) {
		return nil
	}
	o := object{"Date01": u.Date1.wire(), "Date02": u.Date2.wire()}
	for i, name := range userLists {
		o[name] = u.Lists[i]
	}
	for i, name := range userTexts {
		o[name] = u.Texts[i]
	}
	return o
}

func readSalesOrder(n *node) (SalesOrder, error) {
	var r reading
	o := SalesOrder{
		Number: n.text("Key", "Id"), DocumentTypeID: n.text("DocumentTypeKey", "Id"), Date: r.date(n, "Date"),
		CustomerID: n.text("CustomerKey", "Id"), CustomerName: n.text("CustomerName"), CustomerPO: n.text("CustomerPONumber"),
		BatchID: n.text("BatchKey", "Id"), WarehouseID: n.text("WarehouseKey", "Id"), CurrencyISO: n.text("CurrencyKey", "ISOCode"),
		Freight: r.amount(n, "FreightAmount"), Miscellaneous: r.amount(n, "MiscellaneousAmount"),
		Tax: r.amount(n, "TaxAmount"), TradeDiscount: r.amount(n, "TradeDiscount", "Amount"),
		ShippingMethodID: n.text("ShippingMethodKey", "Id"), PaymentTermsID: n.text("PaymentTermsKey", "Id"),
		TaxScheduleID: n.text("TaxScheduleKey", "Id"), PriceLevelID: n.text("PriceLevelKey", "Id"),
		Reference: n.text("Reference"), Comment: n.text("Comment"), Note: n.text("Note"),
		RequestedShipDate: r.date(n, "RequestedShipDate"), ShipTo: readAddress(n.child("ShipToAddress")),
		ShipToAddressID: n.text("ShipToAddressKey", "Id"), BillToAddressID: n.text("BillToAddressKey", "Id"),
		UserDefined:      readUserDefined(&r, n.child("UserDefined")),
		TransactionState: n.text("TransactionState"), Voided: n.yes("IsVoided"),
		LineTotal: r.amount(n, "LineTotalAmount"), Total: r.amount(n, "TotalAmount"),
		Payment: r.amount(n, "PaymentAmount"), Deposit: r.amount(n, "DepositAmount"),
		MasterNumber: r.int(n, "MasterNumber"), ShippingProcessStatus: n.text("ShippingProcessStatus"),
		ActualShipDate: r.date(n, "ActualShipDate"), LastModified: r.time(n, "LastModifiedDate"),
	}
	for _, l := range n.all("Lines") {
		o.Lines = append(o.Lines, readLine(&r, l))
	}
	for _, p := range n.all("Payments") {
		o.Payments = append(o.Payments, readPayment(&r, p))
	}
	for _, t := range n.all("Taxes") {
		o.Taxes = append(o.Taxes, DocumentTax{DetailID: t.text("Key", "TaxDetailKey", "Id"), Amount: r.amount(t, "TaxAmount")})
	}
	for _, t := range n.all("TrackingNumbers") {
		o.TrackingNumbers = append(o.TrackingNumbers, t.text("Key", "Id"))
	}
	return o, r.err
}

func readLine(r *reading, n *node) SalesLine {
	return SalesLine{
		Sequence: r.int(n, "Key", "LineSequenceNumber"), ItemNumber: n.text("ItemKey", "Id"), Description: n.text("ItemDescription"),
		Quantity: r.quantity(n, "Quantity"), UnitPrice: r.amount(n, "UnitPrice"), Total: r.amount(n, "TotalAmount"),
		Discount: r.amount(n, "Discount", "Amount"), Tax: r.amount(n, "TaxAmount"),
		UofM: n.text("UofM"), WarehouseID: n.text("WarehouseKey", "Id"),
		ShippingMethodID: n.text("ShippingMethodKey", "Id"), TaxScheduleID: n.text("TaxScheduleKey", "Id"),
		PriceLevelID: n.text("PriceLevelKey", "Id"), Comment: n.text("Comment"), RequestedShipDate: r.date(n, "RequestedShipDate"),
		SalesAccount: n.text("SalesGLAccountKey", "Id"), NonInventory: n.yes("IsNonInventory"), DropShip: n.yes("IsDropShip"), Delete: n.yes("DeleteOnUpdate"),
		QuantityAllocated: r.quantity(n, "QuantityAllocated"), QuantityToBackorder: r.quantity(n, "QuantityToBackorder"),
		QuantityToInvoice: r.quantity(n, "QuantityToInvoice"), QuantityCanceled: r.quantity(n, "QuantityCanceled"),
		QuantityFulfilled: r.quantity(n, "QuantityFulfilled"), ActualShipDate: r.date(n, "ActualShipDate"),
	}
}

func readPayment(r *reading, n *node) Payment {
	return Payment{
		Sequence: r.int(n, "Key", "SequenceNumber"), Type: PaymentType(n.text("Type")), Amount: r.amount(n, "PaymentAmount"),
		Date: r.date(n, "Date"), Number: n.text("Number"), CheckbookID: n.text("BankAccountKey", "Id"),
		CardID: n.text("PaymentCardTypeKey", "Id"), CheckNumber: n.text("CheckNumber"),
		AuthorizationCode: n.text("AuthorizationCode"), Delete: n.yes("DeleteOnUpdate"),
	}
}

func readUserDefined(r *reading, n *node) UserDefined {
	u := UserDefined{Date1: r.date(n, "Date01"), Date2: r.date(n, "Date02")}
	for i, name := range userLists {
		u.Lists[i] = n.text(name)
	}
	for i, name := range userTexts {
		u.Texts[i] = n.text(name)
	}
	return u
}

func readSummary(r *reading, n *node) SalesOrderSummary {
	return SalesOrderSummary{
		Number: n.text("Key", "Id"), DocumentTypeID: n.text("DocumentTypeKey", "Id"),
		CustomerID: n.text("CustomerKey", "Id"), CustomerName: n.text("CustomerName"), CustomerPO: n.text("CustomerPONumber"),
		BatchID: n.text("BatchKey", "Id"), CurrencyISO: n.text("CurrencyKey", "ISOCode"), Date: r.date(n, "Date"),
		LineTotal: r.amount(n, "LineTotalAmount"), Freight: r.amount(n, "FreightAmount"),
		Tax: r.amount(n, "TaxAmount"), Total: r.amount(n, "TotalAmount"),
		TransactionState: n.text("TransactionState"), LastModified: r.time(n, "LastModifiedDate"),
	}
}
