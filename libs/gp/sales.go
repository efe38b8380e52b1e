package gp

import (
	"time"

	"github.com/shopspring/decimal"
)

// LineStep is the distance between the sequences of lines: GP inserts a line
// between two by halving the gap.
const LineStep = 16384

// SalesDocument is what GP's sales documents have in common, and what only some
// of them have (GP Web Services WSDL: SalesDocument, SalesOrder, SalesInvoice,
// SalesReturn). What is empty, or an amount that isn't valid, is not sent: a
// create lets GP take its default, an update should leave it as it is. No
// document of GP promises the latter, so read back what matters.
type SalesDocument struct {
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
	SalespersonID, TerritoryID                                    string

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

	TransactionState   string // Work or History
	Voided             bool
	LineTotal, Total   decimal.NullDecimal
	Payment, Deposit   decimal.NullDecimal
	FreightTax         decimal.NullDecimal
	MiscellaneousTax   decimal.NullDecimal
	ExchangeRate       decimal.NullDecimal
	MasterNumber       int // ties an order to its back orders and invoices
	Original           SalesRef
	ShipComplete       bool
	FulfillDate        Date
	ActualShipDate     Date
	InvoiceDate        Date
	BackorderDate      Date
	ReturnDate         Date
	Created, Modified  Date
	LastModified       time.Time
	TrackingNumbers    []string
	PostedDate         Date   // of invoices and returns, as the next two
	PostedBy           string // the user who posted it
	LedgerPostingDate  Date
	TermsDiscountTaken decimal.NullDecimal // TermsDiscountReturnedAmount of returns

	ShippingProcessStatus string // of orders
}

// SalesOrder is a sales order.
type SalesOrder SalesDocument

// SalesInvoice is an invoice: in work until it is posted, then in history.
type SalesInvoice SalesDocument

// SalesReturn is a return of goods, which is also GP's credit for them.
type SalesReturn SalesDocument

// SalesRef names another sales document, from which this one was made.
type SalesRef struct {
	Type   string // GP's SalesDocumentType, such as Order
	Number string
}

// SalesLine is a line of a sales document (GP Web Services WSDL: SalesOrderLine,
// SalesInvoiceLine, SalesReturnLine).
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
	// Return says for a return where the goods go; their sum is Quantity.
	Return ReturnQuantities

	// The rest is read, and never written.

	UnitCost                                                  decimal.NullDecimal
	QuantityAllocated, QuantityToBackorder, QuantityToInvoice decimal.Decimal
	QuantityCanceled, QuantityFulfilled                       decimal.Decimal
	QuantityBilled                                            decimal.Decimal // of invoices
	FulfillDate, ActualShipDate                               Date
}

// ReturnQuantities is where returned goods go (GP Web Services WSDL:
// SalesReturnQuantities). Only what is on hand can be sold again.
type ReturnQuantities struct {
	OnHand, Returned, InUse, InService, Damaged decimal.Decimal
}

func (q ReturnQuantities) sum() decimal.Decimal {
	return decimal.Sum(q.OnHand, q.Returned, q.InUse, q.InService, q.Damaged)
}

// PaymentType is GP's SalesPaymentType. Orders take deposits, invoices and
// returns payments.
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

// Payment is money that came with a document, or goes back with a return (GP Web
// Services WSDL: SalesPayment). A card's number is left out for good: GP must
// not store it.
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

// SalesSummary is a row of a list. It has no lines (GP Web Services WSDL:
// SalesDocumentSummaryBase).
type SalesSummary struct {
	Number, DocumentTypeID               string
	CustomerID, CustomerName, CustomerPO string
	BatchID, CurrencyISO, SalespersonID  string
	MasterNumber                         int
	Date, Created, Modified              Date
	LineTotal, TradeDiscount, Freight    decimal.NullDecimal
	Miscellaneous, Tax, Total            decimal.NullDecimal
	TransactionState                     string
	LastModified                         time.Time
}

// SalesOrderSummary is a row of a list of orders.
type SalesOrderSummary = SalesSummary
