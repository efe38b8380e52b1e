package gp

import (
	"encoding/json"

	"github.com/shopspring/decimal"
)

// MarshalJSON implements json.Marshaler with the shape of a sales document (package comment).
func (o SalesOrder) MarshalJSON() ([]byte, error) {
	return json.Marshal(salesRecordOf("Order", SalesDocument(o)))
}

// MarshalJSON implements json.Marshaler with the shape of a sales document (package comment).
func (o SalesInvoice) MarshalJSON() ([]byte, error) {
	return json.Marshal(salesRecordOf("Invoice", SalesDocument(o)))
}

// MarshalJSON implements json.Marshaler with the shape of a sales document (package comment).
func (o SalesReturn) MarshalJSON() ([]byte, error) {
	return json.Marshal(salesRecordOf("Return", SalesDocument(o)))
}

type salesRecord struct {
	Type           string `json:"type"`
	Number         string `json:"number"`
	DocumentType   string `json:"documentType,omitzero"`
	State          string `json:"state,omitzero"`
	Voided         bool   `json:"voided"`
	Date           Date   `json:"date,omitzero"`
	Batch          string `json:"batch,omitzero"`
	Site           string `json:"site,omitzero"`
	Currency       string `json:"currency,omitzero"`
	CustomerPO     string `json:"customerPO,omitzero"`
	Reference      string `json:"reference,omitzero"`
	Comment        string `json:"comment,omitzero"`
	Note           string `json:"note,omitzero"`
	MasterNumber   int    `json:"masterNumber,omitzero"`
	PaymentTerms   string `json:"paymentTerms,omitzero"`
	ShippingMethod string `json:"shippingMethod,omitzero"`
	TaxSchedule    string `json:"taxSchedule,omitzero"`
	PriceLevel     string `json:"priceLevel,omitzero"`
	Salesperson    string `json:"salesperson,omitzero"`
	Territory      string `json:"territory,omitzero"`
	ShipComplete   bool   `json:"shipComplete"`
	ShippingStatus string `json:"shippingStatus,omitzero"`

	Customer partyRecord    `json:"customer,omitzero"`
	Original originalRecord `json:"original,omitzero"`

	Subtotal      decimal.NullDecimal `json:"subtotal,omitzero"`
	Discount      decimal.NullDecimal `json:"discount,omitzero"`
	Freight       decimal.NullDecimal `json:"freight,omitzero"`
	Misc          decimal.NullDecimal `json:"misc,omitzero"`
	Tax           decimal.NullDecimal `json:"tax,omitzero"`
	FreightTax    decimal.NullDecimal `json:"freightTax,omitzero"`
	MiscTax       decimal.NullDecimal `json:"miscTax,omitzero"`
	Total         decimal.NullDecimal `json:"total,omitzero"`
	PaymentAmount decimal.NullDecimal `json:"paymentAmount,omitzero"`
	DepositAmount decimal.NullDecimal `json:"depositAmount,omitzero"`
	ExchangeRate  decimal.NullDecimal `json:"exchangeRate,omitzero"`
	TermsDiscount decimal.NullDecimal `json:"termsDiscount,omitzero"`

	RequestedShipDate Date   `json:"requestedShipDate,omitzero"`
	FulfillDate       Date   `json:"fulfillDate,omitzero"`
	ActualShipDate    Date   `json:"actualShipDate,omitzero"`
	InvoiceDate       Date   `json:"invoiceDate,omitzero"`
	BackorderDate     Date   `json:"backorderDate,omitzero"`
	ReturnDate        Date   `json:"returnDate,omitzero"`
	PostedDate        Date   `json:"postedDate,omitzero"`
	PostedBy          string `json:"postedBy,omitzero"`
	LedgerPostingDate Date   `json:"ledgerPostingDate,omitzero"`

	ShipTo          addressRecord     `json:"shipTo,omitzero"`
	BillTo          addressRecord     `json:"billTo,omitzero"`
	Lines           []lineRecord      `json:"lines"`
	Payments        []paymentRecord   `json:"payments,omitempty"`
	Taxes           []taxRecord       `json:"taxes,omitempty"`
	TrackingNumbers []string          `json:"trackingNumbers,omitempty"`
	UserDefined     userDefinedRecord `json:"userDefined,omitzero"`
	stamps
}

type originalRecord struct {
	Type   string `json:"type,omitzero"`
	Number string `json:"number"`
}

type lineRecord struct {
	Sequence          int                 `json:"sequence"`
	Item              string              `json:"item"`
	Description       string              `json:"description,omitzero"`
	Quantity          decimal.Decimal     `json:"quantity"`
	Unit              string              `json:"unit,omitzero"`
	UnitPrice         decimal.NullDecimal `json:"unitPrice,omitzero"`
	UnitCost          decimal.NullDecimal `json:"unitCost,omitzero"`
	Extended          decimal.NullDecimal `json:"extended,omitzero"`
	Discount          decimal.NullDecimal `json:"discount,omitzero"`
	Tax               decimal.NullDecimal `json:"tax,omitzero"`
	Site              string              `json:"site,omitzero"`
	ShippingMethod    string              `json:"shippingMethod,omitzero"`
	TaxSchedule       string              `json:"taxSchedule,omitzero"`
	PriceLevel        string              `json:"priceLevel,omitzero"`
	Comment           string              `json:"comment,omitzero"`
	SalesAccount      string              `json:"salesAccount,omitzero"`
	NonInventory      bool                `json:"nonInventory"`
	DropShip          bool                `json:"dropShip"`
	RequestedShipDate Date                `json:"requestedShipDate,omitzero"`
	FulfillDate       Date                `json:"fulfillDate,omitzero"`
	ActualShipDate    Date                `json:"actualShipDate,omitzero"`

	QuantityAllocated   *decimal.Decimal `json:"quantityAllocated,omitempty"`
	QuantityFulfilled   *decimal.Decimal `json:"quantityFulfilled,omitempty"`
	QuantityToBackorder *decimal.Decimal `json:"quantityToBackorder,omitempty"`
	QuantityCanceled    *decimal.Decimal `json:"quantityCanceled,omitempty"`
	QuantityToInvoice   *decimal.Decimal `json:"quantityToInvoice,omitempty"`
	QuantityBilled      *decimal.Decimal `json:"quantityBilled,omitempty"`
	ReturnQuantity      *returnRecord    `json:"returnQuantity,omitempty"`
}

type returnRecord struct {
	OnHand    decimal.Decimal `json:"onHand"`
	Returned  decimal.Decimal `json:"returned"`
	InUse     decimal.Decimal `json:"inUse"`
	InService decimal.Decimal `json:"inService"`
	Damaged   decimal.Decimal `json:"damaged"`
}

type paymentRecord struct {
	Sequence      int                 `json:"sequence"`
	Type          PaymentType         `json:"type,omitzero"`
	Amount        decimal.NullDecimal `json:"amount,omitzero"`
	Date          Date                `json:"date,omitzero"`
	Number        string              `json:"number,omitzero"`
	Checkbook     string              `json:"checkbook,omitzero"`
	Card          string              `json:"card,omitzero"`
	Reference     string              `json:"reference,omitzero"` // GP's check number
	Authorization string              `json:"authorization,omitzero"`
}

type taxRecord struct {
	Detail string              `json:"detail"`
	Amount decimal.NullDecimal `json:"amount,omitzero"`
}

type userDefinedRecord struct {
	Date1 Date   `json:"date1,omitzero"`
	Date2 Date   `json:"date2,omitzero"`
	List1 string `json:"list1,omitzero"`
	List2 string `json:"list2,omitzero"`
	List3 string `json:"list3,omitzero"`
	Text1 string `json:"text1,omitzero"`
	Text2 string `json:"text2,omitzero"`
	Text3 string `json:"text3,omitzero"`
	Text4 string `json:"text4,omitzero"`
	Text5 string `json:"text5,omitzero"`
}

func salesRecordOf(kind string, d SalesDocument) salesRecord {
	r := salesRecord{
		Type: kind, Number: d.Number, DocumentType: d.DocumentTypeID, State: d.TransactionState, Voided: d.Voided,
		Date: d.Date, Batch: d.BatchID, Site: d.WarehouseID, Currency: d.CurrencyISO, CustomerPO: d.CustomerPO,
		Reference: d.Reference, Comment: d.Comment, Note: d.Note, MasterNumber: d.MasterNumber,
		PaymentTerms: d.PaymentTermsID, ShippingMethod: d.ShippingMethodID, TaxSchedule: d.TaxScheduleID,
		PriceLevel: d.PriceLevelID, Salesperson: d.SalespersonID, Territory: d.TerritoryID,
		ShipComplete: d.ShipComplete, ShippingStatus: d.ShippingProcessStatus,
		Customer: partyRecord{d.CustomerID, d.CustomerName}, Original: originalRecord(d.Original),
		Subtotal: d.LineTotal, Discount: d.TradeDiscount, Freight: d.Freight, Misc: d.Miscellaneous, Tax: d.Tax,
		FreightTax: d.FreightTax, MiscTax: d.MiscellaneousTax, Total: d.Total,
		PaymentAmount: d.Payment, DepositAmount: d.Deposit, ExchangeRate: d.ExchangeRate, TermsDiscount: d.TermsDiscountTaken,
		RequestedShipDate: d.RequestedShipDate, FulfillDate: d.FulfillDate, ActualShipDate: d.ActualShipDate,
		InvoiceDate: d.InvoiceDate, BackorderDate: d.BackorderDate, ReturnDate: d.ReturnDate,
		PostedDate: d.PostedDate, PostedBy: d.PostedBy, LedgerPostingDate: d.LedgerPostingDate,
		ShipTo: addressRecordOf(d.ShipToAddressID, d.ShipTo), BillTo: addressRecord{Code: d.BillToAddressID},
		TrackingNumbers: d.TrackingNumbers,
		UserDefined: userDefinedRecord{
			d.UserDefined.Date1, d.UserDefined.Date2, d.UserDefined.Lists[0], d.UserDefined.Lists[1], d.UserDefined.Lists[2],
			d.UserDefined.Texts[0], d.UserDefined.Texts[1], d.UserDefined.Texts[2], d.UserDefined.Texts[3], d.UserDefined.Texts[4],
		},
		Lines:  make([]lineRecord, len(d.Lines)),
		stamps: stamps{d.Created, d.Modified, d.LastModified},
	}
	for i, l := range d.Lines {
		r.Lines[i] = lineRecordOf(kind, l)
	}
	for _, p := range d.Payments {
		r.Payments = append(r.Payments, paymentRecord{
			p.Sequence, p.Type, p.Amount, p.Date, p.Number, p.CheckbookID, p.CardID, p.CheckNumber, p.AuthorizationCode,
		})
	}
	for _, t := range d.Taxes {
		r.Taxes = append(r.Taxes, taxRecord{t.DetailID, t.Amount})
	}
	return r
}

func lineRecordOf(kind string, l SalesLine) lineRecord {
	returns := kind == "Return"
	r := lineRecord{
		Sequence: l.Sequence, Item: l.ItemNumber, Description: l.Description, Quantity: l.Quantity, Unit: l.UofM,
		UnitPrice: l.UnitPrice, UnitCost: l.UnitCost, Extended: l.Total, Discount: l.Discount, Tax: l.Tax,
		Site: l.WarehouseID, ShippingMethod: l.ShippingMethodID, TaxSchedule: l.TaxScheduleID, PriceLevel: l.PriceLevelID,
		Comment: l.Comment, SalesAccount: l.SalesAccount, NonInventory: l.NonInventory, DropShip: l.DropShip,
		RequestedShipDate: l.RequestedShipDate, FulfillDate: l.FulfillDate, ActualShipDate: l.ActualShipDate,
		QuantityAllocated: only(!returns, l.QuantityAllocated), QuantityFulfilled: only(!returns, l.QuantityFulfilled),
		QuantityToBackorder: only(!returns, l.QuantityToBackorder), QuantityCanceled: only(!returns, l.QuantityCanceled),
		QuantityToInvoice: only(kind == "Order", l.QuantityToInvoice), QuantityBilled: only(kind == "Invoice", l.QuantityBilled),
	}
	if returns {
		r.ReturnQuantity = new(returnRecord(l.Return))
	}
	return r
}
