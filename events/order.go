package events

import (
	"slices"

	"github.com/shopspring/decimal"
)

// Order is what a shopper buys, and the sales order (SOP order) that it is in GP.
// In GP it is captured with its invoices, for they tell what became of it.
const Order Entity = "order"

var _ = declare(Order, slices.Concat(
	source(Magento, Order, "an order"),
	source(GP, Order, "a sales order, with the invoices made of it"),
	[]Type{
		commanded(GP, Order, "write", SalesOrder{}, "Bring one SOP order, with its customer, to this state."),
		commanded(Magento, Order, "write", OrderStatus{}, "Say in the Magento order where it went."),
		commanded(Magento, Order, "show", ShownOrder{}, "Show an order that was entered in GP in the shopper's account."),
	},
)...)

// SalesOrder is the document of a command for a sales order in GP: the whole
// desired state of one SOP order and of the customer that it needs. Amounts
// are in the document's currency and already rounded to its decimals; lengths
// are those that GP takes (GP Web Services SDK, Sales Order; eConnect,
// taSopHdrIvcInsert), and the writer checks them again.
type SalesOrder struct {
	Number       string `json:"number" jsonschema:"maxLength=20,description=SOPNUMBE"`
	DocumentType string `json:"documentType" jsonschema:"maxLength=15,description=DOCID"`
	SOPType      string `json:"sopType" jsonschema:"enum=Order,description=GP's SalesDocumentType"`
	Date         string `json:"date" jsonschema:"format=date,description=DOCDATE; a business date of the company"`
	Batch        string `json:"batch" jsonschema:"maxLength=15,description=BACHNUMB"`
	Site         string `json:"site" jsonschema:"maxLength=10,description=LOCNCODE"`
	Currency     string `json:"currency" jsonschema:"maxLength=15,description=ISO 4217 code"`
	// CustomerPO is the mark by which a writer knows its own document: the number
	// of the order that the document was first made of. An order that replaces an
	// edited one keeps the mark of the first, and so takes over its document.
	CustomerPO   string          `json:"customerPO" jsonschema:"maxLength=20,description=CSTPONBR; carries the source key"`
	PaymentTerms string          `json:"paymentTerms,omitempty" jsonschema:"maxLength=20,description=PYMTRMID"`
	Shipping     string          `json:"shippingMethod,omitempty" jsonschema:"maxLength=15,description=SHIPMTHD"`
	TaxSchedule  string          `json:"taxSchedule,omitempty" jsonschema:"maxLength=15,description=TAXSCHID"`
	Comment      string          `json:"comment,omitempty" jsonschema:"maxLength=500"`
	Freight      decimal.Decimal `json:"freight"`
	Misc         decimal.Decimal `json:"misc"`
	Tax          decimal.Decimal `json:"tax"`
	Discount     decimal.Decimal `json:"discount" jsonschema:"description=TRDISAMT; positive"`
	Subtotal     decimal.Decimal `json:"subtotal" jsonschema:"description=the sum of the lines' extended prices"`
	Total        decimal.Decimal `json:"total" jsonschema:"description=subtotal + freight + misc + tax - discount; equals the source's grand total and what credits have paid of it"`
	Customer     SalesCustomer   `json:"customer"`
	ShipTo       Address         `json:"shipTo"`
	BillTo       Address         `json:"billTo"`
	Lines        []SalesLine     `json:"lines" jsonschema:"minItems=1"`
	Payments     []SalesPayment  `json:"payments,omitempty"`
	Taxes        []SalesTax      `json:"taxes,omitempty" jsonschema:"description=tax by detail; their sum is tax. Empty where GP works by schedule alone"`
	UserDefined  *UserDefined    `json:"userDefined,omitempty" jsonschema:"description=SOP10106"`
	// SourceTotal is the source's own grand total, for people who compare.
	SourceTotal decimal.Decimal `json:"sourceTotal"`
}

// SalesCustomer is the customer that an order needs.
type SalesCustomer struct {
	Number string `json:"number" jsonschema:"maxLength=15,description=CUSTNMBR"`
	Name   string `json:"name" jsonschema:"maxLength=64,description=CUSTNAME"`
	Class  string `json:"class,omitempty" jsonschema:"maxLength=15,description=CUSTCLAS"`
	Email  string `json:"email,omitempty" jsonschema:"maxLength=80"`
	// Shared customers (one for all guests) are referenced, never written.
	Shared  bool    `json:"shared,omitempty"`
	Address Address `json:"address"`
}

// Address is an address in GP's fields (RM00102).
type Address struct {
	Code    string `json:"code" jsonschema:"maxLength=15,description=ADRSCODE"`
	Name    string `json:"name,omitempty" jsonschema:"maxLength=64,description=ShipToName"`
	Contact string `json:"contact,omitempty" jsonschema:"maxLength=60,description=CNTCPRSN"`
	Line1   string `json:"line1,omitempty" jsonschema:"maxLength=60,description=ADDRESS1"`
	Line2   string `json:"line2,omitempty" jsonschema:"maxLength=60,description=ADDRESS2"`
	Line3   string `json:"line3,omitempty" jsonschema:"maxLength=60,description=ADDRESS3"`
	City    string `json:"city,omitempty" jsonschema:"maxLength=35"`
	State   string `json:"state,omitempty" jsonschema:"maxLength=29"`
	Postal  string `json:"postalCode,omitempty" jsonschema:"maxLength=10,description=ZIPCODE"`
	Country string `json:"country,omitempty" jsonschema:"maxLength=60"`
	Phone   string `json:"phone,omitempty" jsonschema:"maxLength=21,description=PHNUMBR1"`
}

// SalesLine is one line of a sales order.
type SalesLine struct {
	Item        string          `json:"item" jsonschema:"maxLength=30,description=ITEMNMBR"`
	Description string          `json:"description,omitempty" jsonschema:"maxLength=100,description=ITEMDESC"`
	Quantity    decimal.Decimal `json:"quantity"`
	UnitPrice   decimal.Decimal `json:"unitPrice"`
	Extended    decimal.Decimal `json:"extended" jsonschema:"description=XTNDPRCE"`
	// Unit is empty where the item's own selling unit is to be used.
	Unit    string `json:"unit,omitempty" jsonschema:"maxLength=8,description=UOFM"`
	Site    string `json:"site,omitempty" jsonschema:"maxLength=10,description=LOCNCODE"`
	Comment string `json:"comment,omitempty" jsonschema:"maxLength=500,description=CMMTTEXT"`
	// Reserved is what the store still reserves of this line: ordered, and neither
	// shipped nor cancelled there. It is no part of the sales order; see package open.
	Reserved decimal.Decimal `json:"reserved,omitzero"`
	// SalesAccount is empty where the item's own account is to be used.
	SalesAccount string `json:"salesAccount,omitempty" jsonschema:"maxLength=75,description=ACTNUMST; with separators"`
}

// SalesTax is a document's tax of one tax detail.
type SalesTax struct {
	Detail string          `json:"detail" jsonschema:"maxLength=15,description=TAXDTLID"`
	Amount decimal.Decimal `json:"amount" jsonschema:"description=STAXAMNT"`
}

// UserDefined are the fields of a sales document that a company names itself
// (GP Web Services WSDL: SalesUserDefined; eConnect: taSopUserDefined).
type UserDefined struct {
	Date1 string `json:"date1,omitempty" jsonschema:"format=date,description=USRDAT01"`
	Date2 string `json:"date2,omitempty" jsonschema:"format=date,description=USRDAT02"`
	List1 string `json:"list1,omitempty" jsonschema:"maxLength=20,description=USRTAB01"`
	List2 string `json:"list2,omitempty" jsonschema:"maxLength=20,description=USRTAB09"`
	List3 string `json:"list3,omitempty" jsonschema:"maxLength=20,description=USRTAB03"`
	Text1 string `json:"text1,omitempty" jsonschema:"maxLength=20,description=USERDEF1"`
	Text2 string `json:"text2,omitempty" jsonschema:"maxLength=20,description=USERDEF2"`
	Text3 string `json:"text3,omitempty" jsonschema:"maxLength=20,description=USRDEF03"`
	Text4 string `json:"text4,omitempty" jsonschema:"maxLength=20,description=USRDEF04"`
	Text5 string `json:"text5,omitempty" jsonschema:"maxLength=20,description=USRDEF05"`
}

// SalesPayment is money that came with the order: a deposit, for only invoices
// take payments.
type SalesPayment struct {
	Type      string          `json:"type" jsonschema:"enum=Cash Deposit,enum=Check Deposit,enum=Payment Card Deposit,description=GP's SalesPaymentType"`
	Amount    decimal.Decimal `json:"amount"`
	Checkbook string          `json:"checkbook,omitempty" jsonschema:"maxLength=15,description=CHEKBKID"`
	Card      string          `json:"card,omitempty" jsonschema:"maxLength=15,description=CARDNAME"`
	Reference string          `json:"reference,omitempty" jsonschema:"maxLength=20"`
}

// OrderStatus is the document of a command for an order in Magento: the state
// that its write-back wants, and the comment that tells the shop where it went.
type OrderStatus struct {
	EntityID    int64  `json:"entityId"`
	IncrementID string `json:"incrementId"`
	// From is the only state that is ever moved; any other is left alone.
	From   string `json:"from"`
	State  string `json:"state"`
	Status string `json:"status"`
	// Comment is posted once; Mark is the text by which it is found again.
	Comment string `json:"comment"`
	Mark    string `json:"mark"`
}

// ShownOrder is the document of a command for an order that was entered in GP
// (by phone, by EDI) and is shown in the store: saved as it is (POST /V1/orders),
// which runs no business logic, so it reserves no stock. Its state follows GP by
// save alone, never through a shipment or an invoice.
type ShownOrder struct {
	// Number is the SOP number; it is the order's ext_order_id, by which it is found.
	Number string `json:"number" jsonschema:"maxLength=32,description=ext_order_id"`
	// Customer is the GP customer; its link says whose account shows the order.
	Customer string          `json:"customer" jsonschema:"maxLength=15"`
	StoreID  int64           `json:"storeId"`
	Date     string          `json:"date" jsonschema:"description=created_at in UTC"`
	Currency string          `json:"currency" jsonschema:"maxLength=3"`
	State    string          `json:"state" jsonschema:"enum=new,enum=processing,enum=complete,enum=closed,enum=canceled,enum=holded"`
	Status   string          `json:"status" jsonschema:"maxLength=32"`
	Subtotal decimal.Decimal `json:"subtotal"`
	Shipping decimal.Decimal `json:"shipping"`
	Tax      decimal.Decimal `json:"tax"`
	Discount decimal.Decimal `json:"discount" jsonschema:"description=positive"`
	Total    decimal.Decimal `json:"total"`
	BillTo   Address         `json:"billTo"`
	ShipTo   Address         `json:"shipTo"`
	Lines    []ShownLine     `json:"lines" jsonschema:"minItems=1"`
	Payment  string          `json:"payment" jsonschema:"maxLength=128,description=payment method"`
}

// ShownLine is one row of a shown order.
type ShownLine struct {
	SKU      string          `json:"sku" jsonschema:"maxLength=64"`
	Name     string          `json:"name,omitempty" jsonschema:"maxLength=255"`
	Quantity decimal.Decimal `json:"quantity"`
	Price    decimal.Decimal `json:"price"`
	RowTotal decimal.Decimal `json:"rowTotal"`
	// Shipped, Invoiced and Canceled are quantities.
	Shipped  decimal.Decimal `json:"shipped"`
	Invoiced decimal.Decimal `json:"invoiced"`
	Canceled decimal.Decimal `json:"canceled"`
}
