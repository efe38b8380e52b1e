package events

import (
	"slices"

	"github.com/shopspring/decimal"
)

// Refund is a credit memo of the store, and the return that it is in GP. The key
// is the credit memo's increment id.
const Refund Entity = "refund"

var _ = declare(Refund, slices.Concat(
	source(Magento, Refund, "a credit memo, with its order"),
	[]Type{commanded(GP, Refund, "write", SalesReturn{}, "Have one SOP return that gives this back.")},
)...)

// SalesReturn is the document of a command for a SOP return. A return is written
// once; a credit memo never changes.
type SalesReturn struct {
	Number       string `json:"number" jsonschema:"maxLength=20,description=SOPNUMBE"`
	DocumentType string `json:"documentType" jsonschema:"maxLength=15,description=DOCID"`
	Date         string `json:"date" jsonschema:"format=date,description=DOCDATE"`
	Batch        string `json:"batch" jsonschema:"maxLength=15,description=BACHNUMB"`
	Site         string `json:"site" jsonschema:"maxLength=10,description=LOCNCODE"`
	Currency     string `json:"currency" jsonschema:"maxLength=15"`
	// Order is the SOP number of what is given back; its invoice must be in GP.
	Order      string          `json:"order" jsonschema:"maxLength=20"`
	CustomerPO string          `json:"customerPO" jsonschema:"maxLength=20,description=CSTPONBR; carries the source key"`
	Comment    string          `json:"comment,omitempty" jsonschema:"maxLength=500"`
	Freight    decimal.Decimal `json:"freight"`
	Misc       decimal.Decimal `json:"misc" jsonschema:"description=an adjustment refund, without a line"`
	Tax        decimal.Decimal `json:"tax"`
	Discount   decimal.Decimal `json:"discount" jsonschema:"description=TRDISAMT; also an adjustment fee"`
	Subtotal   decimal.Decimal `json:"subtotal"`
	Total      decimal.Decimal `json:"total"`
	Lines      []ReturnLine    `json:"lines,omitempty"`
}

// ReturnLine is one line of a return.
type ReturnLine struct {
	Item        string          `json:"item" jsonschema:"maxLength=30,description=ITEMNMBR"`
	Description string          `json:"description,omitempty" jsonschema:"maxLength=100,description=ITEMDESC"`
	Quantity    decimal.Decimal `json:"quantity"`
	// ToStock puts the quantity on hand again; else it counts as returned.
	ToStock   bool            `json:"toStock,omitempty"`
	UnitPrice decimal.Decimal `json:"unitPrice"`
	Extended  decimal.Decimal `json:"extended" jsonschema:"description=XTNDPRCE"`
	Unit      string          `json:"unit,omitempty" jsonschema:"maxLength=8,description=UOFM"`
}
