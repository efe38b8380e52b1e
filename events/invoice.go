package events

import "slices"

// Invoice is what was invoiced for an order: in GP a posted SOP invoice, captured
// with its order; in Magento an invoice, which says what was paid.
const Invoice Entity = "invoice"

var _ = declare(Invoice, slices.Concat(
	source(Magento, Invoice, "an invoice of the store, with its order"),
	[]Type{commanded(Magento, Invoice, "write", Invoices{}, "Have everything invoiced in the store that was invoiced for this order.")},
)...)

// Invoices is the document of a command: all that was invoiced for an order so
// far. Invoices can only be added in Magento, so the writer sends what is missing.
type Invoices struct {
	// Order is the SOP number; its link says which order of the store it is.
	Order string `json:"order" jsonschema:"maxLength=20"`
	// Parts are by invoice, oldest first.
	Parts []InvoicePart `json:"parts"`
	// Online are the payment methods of the store, such as braintree, whose gateway
	// takes the money when the invoice is made; all others are paid elsewhere.
	Online []string `json:"online,omitempty"`
	Notify bool     `json:"notify,omitempty"`
}

// InvoicePart is what one invoice of GP covers.
type InvoicePart struct {
	// Number is the SOP invoice's; it stands in the invoice's comment.
	Number string          `json:"number" jsonschema:"maxLength=20"`
	Date   string          `json:"date,omitempty" jsonschema:"format=date"`
	Lines  []FulfilledLine `json:"lines"`
}
