package magento

import (
	"encoding/json"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/scrub/jsonscan"
)

// OrderItem is a row of an order, with what shipping and invoicing need of it
// (Magento core, Sales/Api/Data/OrderItemInterface). A configurable and a bundle
// have a row of their own and one for each child; a configurable is shipped and
// invoiced by its parent row.
type OrderItem struct {
	ID int64
	// ParentID is the parent row's ID, 0 for a top row.
	ParentID int64
	// ProductID is 0 when the product was deleted.
	ProductID int64
	SKU       string
	// Type is product_type: simple, configurable, bundle, virtual, downloadable,
	// grouped, giftcard.
	Type string
	// Virtual rows are never shipped.
	Virtual     bool
	QtyOrdered  decimal.Decimal
	QtyInvoiced decimal.Decimal
	QtyShipped  decimal.Decimal
	QtyCanceled decimal.Decimal
	QtyRefunded decimal.Decimal
	// Price is per unit, in the order's currency. The children of a bundle with
	// dynamic prices have one, those of a bundle with a fixed price have none.
	Price decimal.Decimal
	// ShipmentType of a bundle is "0" for together (by the parent row) or "1" for
	// separately (by the children's), where the store tells it on the row; the
	// bundle's product has it as the attribute shipment_type.
	ShipmentType string
}

// Items gives the order's rows.
func (o Order) Items() ([]OrderItem, error) {
	list, _ := jsonscan.Field(o.Raw, "items")
	if len(list) == 0 {
		return nil, nil
	}
	var rows []struct {
		ItemID        ID              `json:"item_id"`
		ParentItemID  ID              `json:"parent_item_id"`
		ProductID     ID              `json:"product_id"`
		SKU           string          `json:"sku"`
		ProductType   string          `json:"product_type"`
		IsVirtual     ID              `json:"is_virtual"`
		QtyOrdered    decimal.Decimal `json:"qty_ordered"`
		QtyInvoiced   decimal.Decimal `json:"qty_invoiced"`
		QtyShipped    decimal.Decimal `json:"qty_shipped"`
		QtyCanceled   decimal.Decimal `json:"qty_canceled"`
		QtyRefunded   decimal.Decimal `json:"qty_refunded"`
		Price         decimal.Decimal `json:"price"`
		ProductOption json.RawMessage `json:"product_option"`
	}
	if err := json.Unmarshal(list, &rows); err != nil {
		return nil, failure.Defect("magento.order_items", "the items of order "+o.IncrementID+" can't be read: "+err.Error(), err)
	}
	items := make([]OrderItem, len(rows))
	for i, r := range rows {
		items[i] = OrderItem{
			ID: int64(r.ItemID), ParentID: int64(r.ParentItemID), ProductID: int64(r.ProductID), SKU: r.SKU, Type: r.ProductType,
			Virtual: r.IsVirtual != 0, QtyOrdered: r.QtyOrdered, QtyInvoiced: r.QtyInvoiced, QtyShipped: r.QtyShipped,
			QtyCanceled: r.QtyCanceled, QtyRefunded: r.QtyRefunded, Price: r.Price, ShipmentType: shipmentType(r.ProductOption),
		}
	}
	return items, nil
}

func shipmentType(option json.RawMessage) string {
	if extensions, ok := jsonscan.Field(option, "extension_attributes"); ok {
		if t, ok := jsonscan.Field(extensions, "shipment_type"); ok {
			return plain(t)
		}
	}
	t, _ := jsonscan.Field(option, "shipment_type")
	return plain(t)
}

// decimalJSON writes a quantity or a price as JSON's number, with all its digits.
func decimalJSON(d decimal.Decimal) json.Number { return json.Number(d.String()) }
