package magento

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/failure"
)

// BasePrice is a product's price (docs: catalog pricing). Store view 0 is the
// default; with the price scope "website" another one stands for its whole website.
type BasePrice struct {
	SKU     string
	StoreID int64
	Price   decimal.Decimal
}

// SpecialPrice is a price for a while; From and To are in UTC, zero for none.
type SpecialPrice struct {
	SKU      string
	StoreID  int64
	Price    decimal.Decimal
	From, To time.Time
}

// TierPrice is a price of a quantity, a website and a group of customers.
type TierPrice struct {
	SKU string
	// Discount takes Price as per cent off; otherwise it is the price.
	Discount bool
	Price    decimal.Decimal
	// WebsiteID is 0 for all websites.
	WebsiteID int64
	// Group is the group's name, such as "General" or "ALL GROUPS".
	Group    string
	Quantity decimal.Decimal
}

// priceRow is what is sent of a price.
type priceRow struct {
	sku  string
	body map[string]any
}

// BasePrices writes prices. It gives the rows that Magento refused; the others
// are written. Repeating it does no harm. updated_at of products stays, and the
// storefront follows with the price index.
func (c *Client) BasePrices(ctx context.Context, prices []BasePrice) ([]Refused, error) {
	rows := make([]priceRow, len(prices))
	for i, p := range prices {
		rows[i] = priceRow{p.SKU, map[string]any{"price": decimalJSON(p.Price), "store_id": p.StoreID}}
	}
	return c.prices(ctx, http.MethodPost, "/V1/products/base-prices", rows)
}

// SpecialPrices writes special prices; otherwise as [Client.BasePrices]. Adobe
// Commerce wants a From in the future and no overlap.
func (c *Client) SpecialPrices(ctx context.Context, prices []SpecialPrice) ([]Refused, error) {
	rows := make([]priceRow, len(prices))
	for i, p := range prices {
		body := map[string]any{"price": decimalJSON(p.Price), "store_id": p.StoreID}
		if !p.From.IsZero() {
			body["price_from"] = stamp(p.From)
		}
		if !p.To.IsZero() {
			body["price_to"] = stamp(p.To)
		}
		rows[i] = priceRow{p.SKU, body}
	}
	return c.prices(ctx, http.MethodPost, "/V1/products/special-price", rows)
}

// TierPrices adds tier prices, or updates those of the same website, group and
// quantity; otherwise as [Client.BasePrices].
func (c *Client) TierPrices(ctx context.Context, prices []TierPrice) ([]Refused, error) {
	return c.prices(ctx, http.MethodPost, "/V1/products/tier-prices", tierRows(prices))
}

// ReplaceTierPrices makes the given tier prices the only ones of their SKUs;
// otherwise as [Client.BasePrices].
func (c *Client) ReplaceTierPrices(ctx context.Context, prices []TierPrice) ([]Refused, error) {
	return c.prices(ctx, http.MethodPut, "/V1/products/tier-prices", tierRows(prices))
}

func tierRows(prices []TierPrice) []priceRow {
	rows := make([]priceRow, len(prices))
	for i, p := range prices {
		kind := "fixed"
		if p.Discount {
			kind = "discount"
		}
		rows[i] = priceRow{p.SKU, map[string]any{
			"price": decimalJSON(p.Price), "price_type": kind, "website_id": p.WebsiteID, "customer_group": p.Group, "quantity": decimalJSON(p.Quantity),
		}}
	}
	return rows
}

// prices sends rows whose products exist. Rows of one SKU stay in one call, as a
// PUT replaces all of its prices.
func (c *Client) prices(ctx context.Context, method, route string, rows []priceRow) ([]Refused, error) {
	skus := make([]string, len(rows))
	for i, row := range rows {
		skus[i] = row.sku
	}
	known, refused, err := c.knownSKUs(ctx, skus)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(row priceRow) bool { return known[fold(row.sku)] == "" })
	slices.SortStableFunc(rows, func(a, b priceRow) int { return strings.Compare(fold(a.sku), fold(b.sku)) })
	together := func(a, b priceRow) bool { return fold(a.sku) == fold(b.sku) }
	err = inBatches(rows, &c.batch, together, func(batch []priceRow) error {
		list := make([]map[string]any, len(batch))
		for i, row := range batch {
			row.body["sku"] = known[fold(row.sku)]
			list[i] = row.body
		}
		var failures []priceFailure
		if err := c.do(ctx, call{method: method, route: route, store: allStores, entity: "sku", about: ofPrice, body: map[string]any{"prices": list}}, &failures); err != nil {
			return err
		}
		for _, f := range failures {
			refused = append(refused, f.refused(method+" "+route, batch))
		}
		return nil
	})
	return refused, err
}

// priceFailure is a row that was refused. No index is given: the SKU is in the
// parameters, or in the text behind "SKU = ".
type priceFailure struct {
	Message    string          `json:"message"`
	Parameters json.RawMessage `json:"parameters"`
}

func (p priceFailure) refused(name string, batch []priceRow) Refused {
	m := message{Message: p.Message, Parameters: p.Parameters}
	text := m.text()
	f := failure.Rejected("magento.price.refused", "price", name+": "+text, "correct the price in the source, or the website, store view or group that it names")
	return Refused{p.sku(fill(m.Message, m.Parameters), batch), f}
}

func (p priceFailure) sku(text string, batch []priceRow) string {
	var values []json.RawMessage
	_ = json.Unmarshal(p.Parameters, &values) // a map has other names; the text is left then
	for _, row := range batch {
		if slices.ContainsFunc(values, func(v json.RawMessage) bool { return fold(plain(v)) == fold(row.sku) }) {
			return row.sku
		}
	}
	best := ""
	for _, row := range batch { // the longest: "A, 1" is not "A"
		if strings.Contains(fold(text)+",", "sku = "+fold(row.sku)+",") && len(row.sku) > len(best) {
			best = row.sku
		}
	}
	if best == "" && len(batch) == 1 {
		return batch[0].sku
	}
	return best
}
