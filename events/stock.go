package events

import (
	"slices"

	"github.com/shopspring/decimal"
)

// Stock is what an item has at GP's sites, and what the store may sell. The key
// is the item's number.
const Stock Entity = "stock"

var _ = declare(Stock, slices.Concat(
	source(GP, Stock, "the quantities of an item at its sites"),
	[]Type{commanded(Magento, Stock, "write", StockLevels{}, "Bring the levels of one SKU to these.")},
)...)

// StockLevels is the document of a command for the stock of one SKU: a level for
// each source of the store, never a difference.
type StockLevels struct {
	SKU    string       `json:"sku" jsonschema:"maxLength=64"`
	Levels []StockLevel `json:"levels"`
}

// StockLevel is what the store may sell of a SKU from one source, and what it was
// made of. Magento takes its own reservations off it, so orders that GP has
// allocated already are added again (DESIGN, stock is a level).
type StockLevel struct {
	Source   string          `json:"source" jsonschema:"maxLength=255"`
	Quantity decimal.Decimal `json:"quantity"`
	// OnHand, Allocated and Buffer are GP's, of the sites of this source.
	OnHand    decimal.Decimal `json:"onHand"`
	Allocated decimal.Decimal `json:"allocated"`
	Buffer    decimal.Decimal `json:"buffer"`
	// Open is what Magento still reserves of orders that GP has allocated; Closing
	// is what is being shipped there at this moment, and no more added.
	Open    decimal.Decimal `json:"open"`
	Closing decimal.Decimal `json:"closing"`
}
