package events

import "github.com/shopspring/decimal"

// SalesOrder is the document of a command for a sales order in GP: the whole
// desired state of one SOP order and of the customer that it needs. Amounts
// are in the document's currency and already rounded to its decimals; lengths
// are those that GP takes (GP Web Services SDK, Sales Order; eConnect,
// taSopHdrIvcInsert), and the writer checks them again.
type SalesOrder struct {
	Number       string          `json:"number" jsonschema:"maxLength=20,description=SOPNUMBE"`
	DocumentType string          `json:"documentType" jsonschema:"maxLength=15,description=DOCID"`
	SOPType      string          `json:"sopType" jsonschema:"enum=Order,description=GP's SalesDocumentType"`
	Date         string          `json:"date" jsonschema:"format=date,description=DOCDATE; a business date of the company"`
	Batch        string          `json:"batch" jsonschema:"maxLength=15,description=BACHNUMB"`
	Site         string          `json:"site" jsonschema:"maxLength=10,description=LOCNCODE"`
	Currency     string          `json:"currency" jsonschema:"maxLength=15,description=ISO 4217 code"`
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
	Total        decimal.Decimal `json:"total" jsonschema:"description=subtotal + freight + misc + tax - discount; equals the source's grand total"`
	Customer     SalesCustomer   `json:"customer"`
	ShipTo       Address         `json:"shipTo"`
	BillTo       Address         `json:"billTo"`
	Lines        []SalesLine     `json:"lines" jsonschema:"minItems=1"`
	Payment      *SalesPayment   `json:"payment,omitempty"`
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
	Unit string `json:"unit,omitempty" jsonschema:"maxLength=8,description=UOFM"`
	Site string `json:"site,omitempty" jsonschema:"maxLength=10,description=LOCNCODE"`
}

// SalesPayment is what the source says was paid with the order.
type SalesPayment struct {
	Type      string          `json:"type" jsonschema:"description=GP's SalesPaymentType"`
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
