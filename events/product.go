package events

import (
	"slices"

	"github.com/shopspring/decimal"
)

// Product is a product of the store, and the item that it is in GP. The key is
// the SKU, or the item's number.
const Product Entity = "product"

var _ = declare(Product, slices.Concat(
	source(Magento, Product, "a product"),
	source(GP, Product, "an item with its prices"),
	[]Type{
		commanded(Magento, Product, "write", CatalogProduct{}, "Bring one product of the store, with its prices, to this state."),
		commanded(GP, Product, "write", NewItem{}, "Make an item of a new product."),
	},
)...)

// CatalogProduct is the document of a command for a product of the store. Only
// what it names is touched.
type CatalogProduct struct {
	SKU string `json:"sku" jsonschema:"maxLength=64"`
	// Item is GP's number of it.
	Item string `json:"item" jsonschema:"maxLength=30"`
	// Create lets a product be made that the store doesn't have.
	Create       bool             `json:"create,omitempty"`
	AttributeSet int64            `json:"attributeSet,omitempty" jsonschema:"description=of a new product"`
	Name         string           `json:"name,omitempty" jsonschema:"maxLength=255"`
	Status       string           `json:"status,omitempty" jsonschema:"enum=enabled,enum=disabled"`
	Weight       *decimal.Decimal `json:"weight,omitempty"`
	Attributes   []Attribute      `json:"attributes,omitempty" jsonschema:"description=custom attributes"`
	// Price is the base price, of store 0.
	Price      *decimal.Decimal `json:"price,omitempty"`
	TierPrices []TierPrice      `json:"tierPrices,omitempty" jsonschema:"description=the whole set, where replaceTiers is given"`
	// ReplaceTiers says that TierPrices are all that there are to be.
	ReplaceTiers bool `json:"replaceTiers,omitempty"`
}

// TierPrice is the price of a customer group from a quantity on.
type TierPrice struct {
	Group    string          `json:"group" jsonschema:"maxLength=32,description=the customer group's name, or ALL GROUPS"`
	Quantity decimal.Decimal `json:"quantity"`
	Price    decimal.Decimal `json:"price"`
}

// NewItem is the document of a command that makes an item in GP. An item that is
// there is left alone: GP owns its items.
type NewItem struct {
	Number      string          `json:"number" jsonschema:"maxLength=30,description=ITEMNMBR"`
	Description string          `json:"description" jsonschema:"maxLength=100,description=ITEMDESC"`
	ShortName   string          `json:"shortName,omitempty" jsonschema:"maxLength=15,description=ITMSHNAM"`
	Class       string          `json:"class,omitempty" jsonschema:"maxLength=10,description=ITMCLSCD"`
	Unit        string          `json:"unit" jsonschema:"maxLength=8,description=the selling unit"`
	UnitSet     string          `json:"unitSchedule" jsonschema:"maxLength=10,description=UOMSCHDL"`
	Weight      decimal.Decimal `json:"weight"`
	Price       decimal.Decimal `json:"price" jsonschema:"description=list price"`
	Currency    string          `json:"currency,omitempty" jsonschema:"maxLength=15"`
	Site        string          `json:"site,omitempty" jsonschema:"maxLength=10,description=LOCNCODE"`
}
