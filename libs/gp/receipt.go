package gp

import (
	"context"

	"github.com/shopspring/decimal"
)

// ReceiptType is GP's CashReceiptType.
type ReceiptType string

// The types of cash receipts.
const (
	ReceiptByCheck ReceiptType = "Check"
	ReceiptInCash  ReceiptType = "Cash"
	ReceiptByCard  ReceiptType = "Payment Card"
)

// CashReceipt is a payment of a customer that isn't part of a sales document (GP
// Web Services WSDL: CashReceipt). The services can't apply it to an invoice,
// deposit it, or post it.
type CashReceipt struct {
	// Number is the receipt's; empty lets GP take the next, and never tell it.
	Number      string
	CustomerID  string
	Type        ReceiptType
	Date        Date
	Amount      decimal.NullDecimal
	CurrencyISO string
	BatchID     string
	CheckbookID string
	CardID      string // the kind of card, as it is set up in GP
	// CheckNumber is GP's CheckCardNumber. A card's number must never be in it.
	CheckNumber string
	Description string

	// The rest is read, and never written.

	ExchangeRate      decimal.NullDecimal
	Voided            bool
	VoidDate          Date
	PostedDate        Date
	PostedBy          string
	LedgerPostingDate Date
	Modified          Date
	ModifiedBy        string
	AuditTrail        string // filled on posting
}

// ReceiptCriteria restricts a list of receipts; there is no LastModified. See
// SalesCriteria about lists.
type ReceiptCriteria struct {
	Number, CustomerID, BatchID Match
	CurrencyISO                 string
	State                       string // Work, Open or History; empty for all
	Date, Modified              DateRange
}

func (c ReceiptCriteria) object() object {
	return object{
		"Id": c.Number.object(), "CustomerId": c.CustomerID.object(), "BatchId": c.BatchID.object(),
		"CurrencyISOCode": equalTo(c.CurrencyISO), "TransactionState": equalTo(c.State),
		"Date": c.Date.object(), "ModifiedDate": c.Modified.object(),
	}
}

// ReceiptSummary is a row of a list (GP Web Services WSDL: CashReceiptSummary).
type ReceiptSummary struct {
	Number, CustomerID, BatchID, CheckbookID string
	Description, CurrencyISO                 string
	Amount                                   decimal.NullDecimal
	Date, Modified                           Date
	TransactionState                         string
}

// CashReceipt reads a receipt in work, open or in history.
func (c *Client) CashReceipt(ctx context.Context, number string) (CashReceipt, error) {
	return record(ctx, c, "GetCashReceiptByKey", "receipt", "DOCNUMBR", number, readReceipt)
}

// CashReceipts lists receipts.
func (c *Client) CashReceipts(ctx context.Context, criteria ReceiptCriteria) ([]ReceiptSummary, error) {
	return list(ctx, c, "GetCashReceiptList", criteria.object(), func(r *reading, n *node) ReceiptSummary {
		return ReceiptSummary{
			Number: n.text("Key", "Id"), CustomerID: n.text("CustomerKey", "Id"), BatchID: n.text("BatchKey", "Id"),
			CheckbookID: n.text("BankAccountKey", "Id"), Description: n.text("Description"),
			CurrencyISO: n.text("CurrencyKey", "ISOCode"), Amount: r.amount(n, "Amount"),
			Date: r.date(n, "Date"), Modified: r.date(n, "ModifiedDate"), TransactionState: n.text("TransactionState"),
		}
	})
}

// CreateCashReceipt creates a receipt in work. One which exists is the failure
// gp.receipt.duplicate.
func (c *Client) CreateCashReceipt(ctx context.Context, receipt CashReceipt) error {
	return c.write(ctx, "CreateCashReceipt", object{"cashReceipt": receipt.object()})
}

// VoidCashReceipt voids a receipt; its number stays taken.
func (c *Client) VoidCashReceipt(ctx context.Context, number string) error {
	return c.writeKey(ctx, "VoidCashReceipt", "DOCNUMBR", number)
}

func (r CashReceipt) object() object {
	return object{
		"CustomerKey": key(r.CustomerID), "Key": key(r.Number), "CheckCardNumber": r.CheckNumber,
		"PaymentCardTypeKey": key(r.CardID), "BatchKey": key(r.BatchID), "Type": string(r.Type),
		"BankAccountKey": key(r.CheckbookID), "Date": r.Date.wire(), "Amount": money{r.Amount, r.CurrencyISO},
		"Description": r.Description, "CurrencyKey": currencyKey(r.CurrencyISO),
	}
}

func readReceipt(n *node) (CashReceipt, error) {
	var r reading
	c := CashReceipt{
		Number: n.text("Key", "Id"), CustomerID: n.text("CustomerKey", "Id"), Type: ReceiptType(n.text("Type")),
		Date: r.date(n, "Date"), Amount: r.amount(n, "Amount"), CurrencyISO: n.text("CurrencyKey", "ISOCode"),
		BatchID: n.text("BatchKey", "Id"), CheckbookID: n.text("BankAccountKey", "Id"), CardID: n.text("PaymentCardTypeKey", "Id"),
		Description:  n.text("Description"),
		ExchangeRate: r.decimal(n, "ExchangeRate"), Voided: n.yes("IsVoided"), VoidDate: r.date(n, "VoidDate"),
		PostedDate: r.date(n, "PostedDate"), PostedBy: n.text("PostedBy"),
		LedgerPostingDate: r.date(n, "GeneralLedgerPostingDate"),
		Modified:          r.date(n, "ModifiedDate"), ModifiedBy: n.text("ModifiedBy"), AuditTrail: n.text("AuditTrailCode"),
	}
	if c.Type != ReceiptByCard { // somebody may have entered a card's number in GP
		c.CheckNumber = n.text("CheckCardNumber")
	}
	return c, r.err
}
