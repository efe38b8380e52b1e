package events

import "github.com/shopspring/decimal"

// Payment is money that came for an order after it was written to GP. What came
// before is in the order's own document.
const Payment Entity = "payment"

var _ = declare(Payment,
	commanded(GP, Payment, "write", Payments{}, "Have everything booked as cash receipts that was paid for this order."),
)

// Payments is the document of a command: all that was paid for an order so far.
// A posted or partly used document is never changed in GP, so what its deposits
// don't cover becomes cash receipts, one for each payment.
type Payments struct {
	// Order is the SOP number, by which the deposits are found.
	Order    string `json:"order" jsonschema:"maxLength=20"`
	Currency string `json:"currency" jsonschema:"maxLength=15"`
	// Credits are the part of the order's deposits that no payment below is: gift
	// cards and store credit.
	Credits decimal.Decimal `json:"credits"`
	// Batch is the receipts' (BACHNUMB).
	Batch    string    `json:"batch" jsonschema:"maxLength=15"`
	Payments []Receipt `json:"payments"`
}

// Receipt is one payment.
type Receipt struct {
	// Number is the cash receipt's, derived from the source's (DOCNUMBR).
	Number string          `json:"number" jsonschema:"maxLength=17,description=DOCNUMBR"`
	Date   string          `json:"date" jsonschema:"format=date"`
	Amount decimal.Decimal `json:"amount"`
	Type   string          `json:"type" jsonschema:"enum=Check,enum=Cash,enum=Payment Card,description=GP's CashReceiptType"`
	// Checkbook is where the money lies (CHEKBKID).
	Checkbook string `json:"checkbook,omitempty" jsonschema:"maxLength=15,description=CHEKBKID"`
	Card      string `json:"card,omitempty" jsonschema:"maxLength=15,description=CARDNAME"`
	Reference string `json:"reference,omitempty" jsonschema:"maxLength=20"`
	// Description carries the source's key.
	Description string `json:"description" jsonschema:"maxLength=30,description=TRXDSCRN"`
}
