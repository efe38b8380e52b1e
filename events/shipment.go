package events

import (
	"slices"

	"github.com/shopspring/decimal"
)

// Shipment is what left the warehouse for an order. GP has no such record: it is
// what a sales order and its invoices tell, so it starts from their changes.
const Shipment Entity = "shipment"

var _ = declare(Shipment, slices.Concat(
	source(Magento, Shipment, "a shipment of the store"),
	[]Type{commanded(Magento, Shipment, "write", Shipments{}, "Have everything shipped in the store that was shipped for this order.")},
)...)

// Shipments is the document of a command: all that was shipped for an order so
// far. Shipments can only be added in Magento, so the writer sends what is missing.
type Shipments struct {
	// Order is the SOP number; its link says which order of the store it is.
	Order string `json:"order" jsonschema:"maxLength=20"`
	// Parts are by source document, oldest first.
	Parts  []ShipmentPart `json:"parts"`
	Notify bool           `json:"notify,omitempty"`
}

// ShipmentPart is what one document of GP says was shipped.
type ShipmentPart struct {
	// Number is the document's: the sales order's own, or an invoice's. It stands in
	// the shipment's comment, by which it is known again, with the source: a document
	// whose lines left several sources has a part for each.
	Number string          `json:"number" jsonschema:"maxLength=20"`
	Date   string          `json:"date,omitempty" jsonschema:"format=date"`
	Source string          `json:"source,omitempty" jsonschema:"maxLength=255,description=MSI source code; empty for the default"`
	Lines  []FulfilledLine `json:"lines"`
	// Tracks are its parcels. A number is given to one shipment of the order only.
	Tracks []Track `json:"tracks,omitempty"`
}

// FulfilledLine is how much of an item a document covers.
type FulfilledLine struct {
	// Item is GP's item number.
	Item string `json:"item" jsonschema:"maxLength=31"`
	// SKUs are the products that it may be in the store, the likeliest first, for
	// several may be one item. "#46" is the product with id 46, whatever its SKU.
	SKUs     []string        `json:"skus" jsonschema:"minItems=1"`
	Quantity decimal.Decimal `json:"quantity"`
}

// Track is a parcel's number.
type Track struct {
	Carrier string `json:"carrier" jsonschema:"maxLength=32,description=carrier code; custom where there is none"`
	Title   string `json:"title,omitempty" jsonschema:"maxLength=255"`
	Number  string `json:"number" jsonschema:"maxLength=255"`
}
