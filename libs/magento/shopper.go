package magento

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/scrub"
)

// ShopperStock is what a shopper sees of a product's stock.
type ShopperStock struct {
	SKU     string
	InStock bool
	// OnlyLeft is told when little is left, if the store is set up so.
	OnlyLeft *decimal.Decimal
}

// shopperQuery asks for what is the same in all versions since 2.3 (docs:
// GraphQL, products query).
const shopperQuery = `query($skus:[String],$size:Int){products(filter:{sku:{in:$skus}},pageSize:$size){items{sku stock_status only_x_left_in_stock}}}`

// ShopperStock asks GraphQL, without the token, what a shopper of the client's
// store view sees. Products that are switched off, in no category or only sold
// as a part of others are not in the answer.
func (c *Client) ShopperStock(ctx context.Context, skus []string) ([]ShopperStock, error) {
	var all []ShopperStock
	for some := range slices.Chunk(skus, skusTogether) {
		seen, err := c.shopperStock(ctx, some)
		if err != nil {
			return nil, err
		}
		all = append(all, seen...)
	}
	return all, nil
}

func (c *Client) shopperStock(ctx context.Context, skus []string) ([]ShopperStock, error) {
	req := call{
		method: http.MethodPost, route: "/graphql", shopper: true,
		body: map[string]any{"query": shopperQuery, "variables": map[string]any{"skus": skus, "size": len(skus)}},
	}
	var answer struct {
		Data struct {
			Products struct {
				Items []struct {
					SKU      string           `json:"sku"`
					Status   string           `json:"stock_status"`
					OnlyLeft *decimal.Decimal `json:"only_x_left_in_stock"`
				} `json:"items"`
			} `json:"products"`
		} `json:"data"`
		Errors []struct {
			Message string `json:"message"`
		} `json:"errors"`
	}
	if err := c.do(ctx, req, &answer); err != nil {
		return nil, err
	}
	if len(answer.Errors) > 0 { // GraphQL's errors have status 200
		var texts []string
		for _, e := range answer.Errors {
			texts = append(texts, e.Message)
		}
		text := scrub.Text(strings.Join(texts, ": "))
		f := failure.Transient("magento.graphql", req.name()+": "+text, errors.New(text))
		f.Fix = "see the store's var/log/exception.log"
		return nil, f
	}
	var seen []ShopperStock
	for _, i := range answer.Data.Products.Items {
		seen = append(seen, ShopperStock{i.SKU, i.Status == "IN_STOCK", i.OnlyLeft})
	}
	return seen, nil
}
