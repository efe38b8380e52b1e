package magento

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/failure"
)

// StockItem is the stock of a product in the form that is older than sources;
// with several sources it is that of "default" (Magento core,
// CatalogInventory/Api/Data/StockItemInterface).
type StockItem struct {
	JSON      json.RawMessage `json:"-"`
	ID        ID              `json:"item_id"`
	ProductID ID              `json:"product_id"`
	Qty       decimal.Decimal `json:"qty"`
	InStock   bool            `json:"is_in_stock"`
	// ManageStock is false for what is never counted.
	ManageStock bool `json:"manage_stock"`
	// Backorders is 0 none, 1 allowed, 2 allowed and the shopper is told.
	Backorders ID `json:"backorders"`
}

// LegacyStockItem reads a product's stock. Where the SKU can't stand in a path
// it is read out of the product's record.
func (c *Client) LegacyStockItem(ctx context.Context, sku string) (StockItem, error) {
	req := call{method: http.MethodGet, route: "/V1/stockItems/" + segment(sku), entity: "sku"}
	var body []byte
	err := c.do(ctx, req, &body)
	if err != nil && pathRefused(sku, err) {
		return c.stockOfProduct(ctx, sku)
	}
	if err != nil {
		return StockItem{}, err
	}
	s := StockItem{JSON: body}
	if err := json.Unmarshal(body, &s); err != nil {
		return StockItem{}, unreadable(req, err)
	}
	return s, nil
}

// stockOfProduct reads the stock item that a single product's record holds.
func (c *Client) stockOfProduct(ctx context.Context, sku string) (StockItem, error) {
	r, err := c.Product(ctx, sku)
	if err != nil {
		return StockItem{}, err
	}
	var has struct {
		Extensions struct {
			StockItem json.RawMessage `json:"stock_item"`
		} `json:"extension_attributes"`
	}
	s := StockItem{}
	if json.Unmarshal(r.JSON, &has) != nil || json.Unmarshal(has.Extensions.StockItem, &s) != nil {
		return StockItem{}, failure.Rejected("magento.stock.path", "sku", "the web server does not let this SKU through in a path, and the product's record has no stock",
			"allow encoded slashes (Apache: AllowEncodedSlashes NoDecode), or use source items")
	}
	s.JSON = has.Extensions.StockItem
	return s, nil
}

// SaveLegacyStock sets a product's quantity and whether it is in stock; with
// several sources those of "default". Repeating it does no harm.
func (c *Client) SaveLegacyStock(ctx context.Context, sku string, qty decimal.Decimal, inStock bool) error {
	stock := map[string]any{"qty": decimalJSON(qty), "is_in_stock": inStock}
	item, err := c.LegacyStockItem(ctx, sku)
	if err != nil {
		return err
	}
	var id ID
	err = c.do(ctx, call{
		method: http.MethodPut, route: "/V1/products/" + segment(sku) + "/stockItems/" + strconv.FormatInt(int64(item.ID), 10),
		entity: "sku", about: ofSource, body: map[string]any{"stockItem": stock},
	}, &id)
	if err != nil && pathRefused(sku, err) {
		_, err = c.SaveProduct(ctx, sku, map[string]any{"extension_attributes": map[string]any{"stock_item": stock}})
	}
	return err
}
