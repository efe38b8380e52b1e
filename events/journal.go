package events

import (
	"slices"

	"github.com/shopspring/decimal"
)

// Journal is what a day's payments leave for the ledger that no document posts:
// fees, clearing, rounding. The source is made by Magpie itself of a business
// date and a payment method; its key is date and method.
const Journal Entity = "journal"

var _ = declare(Journal, slices.Concat(
	source(Magento, Journal, "a business date's settled money of one payment method"),
	[]Type{commanded(GP, Journal, "write", LedgerEntry{}, "Have one GL transaction that books this.")},
)...)

// LedgerEntry is the document of a command for a GL transaction. Web services give
// no journal number back, so it is found again by batch and reference.
type LedgerEntry struct {
	Batch     string       `json:"batch" jsonschema:"maxLength=15,description=BACHNUMB"`
	Reference string       `json:"reference" jsonschema:"maxLength=30,description=REFRENCE; carries the source key"`
	Date      string       `json:"date" jsonschema:"format=date,description=TRXDATE"`
	Source    string       `json:"source" jsonschema:"maxLength=11,description=SOURCDOC"`
	Currency  string       `json:"currency" jsonschema:"maxLength=15"`
	Lines     []LedgerLine `json:"lines" jsonschema:"minItems=2"`
}

// LedgerLine is one line: a debit or a credit.
type LedgerLine struct {
	Account     string          `json:"account" jsonschema:"maxLength=75,description=ACTNUMST; with separators"`
	Debit       decimal.Decimal `json:"debit"`
	Credit      decimal.Decimal `json:"credit"`
	Description string          `json:"description,omitempty" jsonschema:"maxLength=30,description=DSCRIPTN"`
}
