package gp

import (
	"encoding/json"
	"strconv"

	"github.com/shopspring/decimal"
)

type receiptRecord struct {
	Number            string              `json:"number"`
	Type              ReceiptType         `json:"type,omitzero"`
	Customer          partyRecord         `json:"customer"`
	Date              Date                `json:"date,omitzero"`
	Amount            decimal.NullDecimal `json:"amount,omitzero"`
	Currency          string              `json:"currency,omitzero"`
	Batch             string              `json:"batch,omitzero"`
	Checkbook         string              `json:"checkbook,omitzero"`
	Card              string              `json:"card,omitzero"`
	Reference         string              `json:"reference,omitzero"` // GP's check number
	Description       string              `json:"description,omitzero"`
	Voided            bool                `json:"voided"`
	VoidDate          Date                `json:"voidDate,omitzero"`
	PostedDate        Date                `json:"postedDate,omitzero"`
	PostedBy          string              `json:"postedBy,omitzero"`
	LedgerPostingDate Date                `json:"ledgerPostingDate,omitzero"`
	ExchangeRate      decimal.NullDecimal `json:"exchangeRate,omitzero"`
	Modified          Date                `json:"modified,omitzero"`
	ModifiedBy        string              `json:"modifiedBy,omitzero"`
	AuditTrail        string              `json:"auditTrail,omitzero"`
}

// MarshalJSON implements json.Marshaler with the shape of a receipt (package comment).
func (r CashReceipt) MarshalJSON() ([]byte, error) {
	return json.Marshal(receiptRecord{
		Number: r.Number, Type: r.Type, Customer: partyRecord{Number: r.CustomerID}, Date: r.Date, Amount: r.Amount,
		Currency: r.CurrencyISO, Batch: r.BatchID, Checkbook: r.CheckbookID, Card: r.CardID, Reference: r.CheckNumber,
		Description: r.Description, Voided: r.Voided, VoidDate: r.VoidDate, PostedDate: r.PostedDate, PostedBy: r.PostedBy,
		LedgerPostingDate: r.LedgerPostingDate, ExchangeRate: r.ExchangeRate,
		Modified: r.Modified, ModifiedBy: r.ModifiedBy, AuditTrail: r.AuditTrail,
	})
}

type journalRecord struct {
	Number            string              `json:"number"`
	Date              Date                `json:"date,omitzero"`
	Batch             string              `json:"batch,omitzero"`
	Currency          string              `json:"currency,omitzero"`
	Reference         string              `json:"reference,omitzero"`
	Source            string              `json:"source,omitzero"`
	State             string              `json:"state,omitzero"`
	Ledger            string              `json:"ledger,omitzero"`
	Voided            bool                `json:"voided"`
	FiscalYear        int                 `json:"fiscalYear,omitzero"`
	RecurringSequence int                 `json:"recurringSequence,omitzero"`
	ExchangeRate      decimal.NullDecimal `json:"exchangeRate,omitzero"`
	Modified          Date                `json:"modified,omitzero"`
	ModifiedBy        string              `json:"modifiedBy,omitzero"`
	PostedBy          string              `json:"postedBy,omitzero"`
	AuditTrail        string              `json:"auditTrail,omitzero"`
	Lines             []journalLineRecord `json:"lines"`
}

type journalLineRecord struct {
	Sequence    int                 `json:"sequence"`
	Account     string              `json:"account"`
	Description string              `json:"description,omitzero"`
	Debit       decimal.NullDecimal `json:"debit,omitzero"`
	Credit      decimal.NullDecimal `json:"credit,omitzero"`
}

// MarshalJSON implements json.Marshaler with the shape of a journal (package comment).
func (t GLTransaction) MarshalJSON() ([]byte, error) {
	r := journalRecord{
		Number: strconv.Itoa(t.JournalID), Date: t.Date, Batch: t.BatchID, Currency: t.CurrencyISO, Reference: t.Reference,
		Source: t.SourceDocumentID, State: t.TransactionState, Ledger: t.LedgerType, Voided: t.Voided,
		FiscalYear: t.FiscalYear, RecurringSequence: t.RecurringSequence, ExchangeRate: t.ExchangeRate,
		Modified: t.Modified, ModifiedBy: t.ModifiedBy, PostedBy: t.PostedBy, AuditTrail: t.AuditTrail,
		Lines: make([]journalLineRecord, len(t.Lines)),
	}
	for i, l := range t.Lines {
		r.Lines[i] = journalLineRecord(l)
	}
	return json.Marshal(r)
}
