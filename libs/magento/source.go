package magento

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/failure"
)

// SourceItem is the quantity of an SKU at a source (magento/inventory,
// InventoryApi/Api/Data/SourceItemInterface). The quantity is the physical one:
// it includes what open orders of Magento have reserved and not shipped.
type SourceItem struct {
	SKU      string
	Source   string
	Quantity decimal.Decimal
	// InStock is for the writer to set: without it nothing sells, whatever the quantity.
	InStock bool
}

// sourceItem is a SourceItem on the wire.
type sourceItem struct {
	SKU      string          `json:"sku"`
	Source   string          `json:"source_code"`
	Quantity decimal.Decimal `json:"quantity"`
	Status   ID              `json:"status"`
}

// SourceItems reads the quantities of SKUs at all sources.
func (c *Client) SourceItems(ctx context.Context, skus []string) ([]SourceItem, error) {
	rows, err := bySKU(ctx, c, call{route: "/V1/inventory/source-items"}, []string{"sku", "source_code"}, skus,
		func(i sourceItem) any { return [2]string{i.SKU, i.Source} })
	items := make([]SourceItem, len(rows))
	for i, r := range rows {
		items[i] = SourceItem{r.SKU, r.Source, r.Quantity, r.Status == 1}
	}
	return items, err
}

// skusTogether is how many SKUs one search asks for.
const skusTogether = 100

// bySKU reads the rows of many SKUs in as few searches as URLs allow.
func bySKU[T any](ctx context.Context, c *Client, req call, sort, skus []string, id func(T) any) ([]T, error) {
	wanted := distinct(skus)
	var all []T
	for len(wanted) > 0 {
		of := func(n int) search {
			return search{groups: []group{anyOf("sku", wanted[:n])}, sort: sort, size: maxPageSize}
		}
		n := c.fitting(min(len(wanted), skusTogether), func(n int) call { return call{route: req.route, query: of(n).query()} })
		rows, err := numbered(ctx, c, req, of(n), id)
		if err != nil {
			return nil, err
		}
		all, wanted = append(all, rows...), wanted[n:]
	}
	return all, nil
}

// SaveSourceItems sets quantities at sources, one call at a time. It gives the
// SKUs of which no row is sent: those that the store does not have
// (magento.sku.missing), since Magento would keep their rows, for nothing; and
// those with a row for a source that it does not have, to the letter
// (magento.source.unknown): Magento answers such a row like a deadlock, and one in
// other case spoils its tables (magento/magento2 issues 33181, 38488). A lost race
// is magento.stock.deadlock, transient. Repeating a call does no harm.
func (c *Client) SaveSourceItems(ctx context.Context, items []SourceItem) ([]Refused, error) {
	unknown, refused, err := c.unknownSources(ctx, items)
	if err != nil {
		return nil, err
	}
	var skus []string
	for _, item := range items {
		if !unknown[fold(item.SKU)] {
			skus = append(skus, item.SKU)
		}
	}
	known, missing, err := c.knownSKUs(ctx, skus)
	if err != nil {
		return nil, err
	}
	refused = append(refused, missing...)
	var rows []map[string]any
	for _, item := range items {
		sku, ok := known[fold(item.SKU)]
		if !ok {
			continue
		}
		status := 0
		if item.InStock {
			status = 1
		}
		rows = append(rows, map[string]any{"sku": sku, "source_code": item.Source, "quantity": decimalJSON(item.Quantity), "status": status})
	}
	if err := c.stock.Acquire(ctx, 1); err != nil {
		return nil, noAnswer(ctx, call{method: http.MethodPost, route: "/V1/inventory/source-items"}, err, false)
	}
	defer c.stock.Release(1)
	apart := func(_, _ map[string]any) bool { return false }
	return refused, inBatches(rows, &c.batch, apart, func(batch []map[string]any) error {
		var answer []byte
		return c.do(ctx, call{method: http.MethodPost, route: "/V1/inventory/source-items", about: ofSource, body: map[string]any{"sourceItems": batch}}, &answer)
	})
}

// Source is a place with stock (magento/inventory, InventoryApi/Api/Data/SourceInterface).
type Source struct {
	Code    string `json:"source_code"`
	Name    string `json:"name"`
	Enabled bool   `json:"enabled"`
}

// Sources gives all sources; "default" always exists.
func (c *Client) Sources(ctx context.Context) ([]Source, error) {
	return numbered(ctx, c, call{route: "/V1/inventory/sources"}, search{sort: []string{"source_code"}}, func(s Source) any { return s.Code })
}

// sourceCodes is what is known of the sources.
type sourceCodes struct {
	codes map[string]bool
	at    time.Time
}

// unknownSources gives the SKUs, folded, with a row for a source that the store
// does not have. Codes are believed for as long as store views; an unknown one is
// asked for again.
func (c *Client) unknownSources(ctx context.Context, items []SourceItem) (skus map[string]bool, refused []Refused, err error) {
	c.mu.Lock()
	known := c.sources
	c.mu.Unlock()
	lacks := func(i SourceItem) bool { return !known.codes[i.Source] }
	if known == nil || c.now().Sub(known.at) >= viewsLife || slices.ContainsFunc(items, lacks) {
		sources, err := c.Sources(ctx)
		if err != nil {
			return nil, nil, fmt.Errorf("find the sources: %w", err)
		}
		known = &sourceCodes{map[string]bool{}, c.now()}
		for _, s := range sources {
			known.codes[s.Code] = true
		}
		c.mu.Lock()
		c.sources = known
		c.mu.Unlock()
	}
	skus = map[string]bool{}
	for _, item := range items {
		if !lacks(item) || skus[fold(item.SKU)] {
			continue
		}
		skus[fold(item.SKU)] = true
		refused = append(refused, Refused{item.SKU, failure.Rejected("magento.source.unknown", "source_code",
			fmt.Sprintf("the store has no source %q", item.Source),
			"map the site to one of "+strings.Join(slices.Sorted(maps.Keys(known.codes)), ", ")+
				", to the letter, or make the source (Stores, Inventory, Sources)")})
	}
	return skus, refused, nil
}

// Stock is a set of sources that is sold on websites.
type Stock struct {
	ID   ID     `json:"stock_id"`
	Name string `json:"name"`
}

// StockOfWebsite gives the stock that a website sells.
func (c *Client) StockOfWebsite(ctx context.Context, websiteCode string) (Stock, error) {
	var s Stock
	err := c.do(ctx, call{method: http.MethodGet, route: "/V1/inventory/stock-resolver/website/" + segment(websiteCode), entity: "website"}, &s)
	return s, err
}

// Salable is what a website can still sell of an SKU: its sources' quantities
// less what open orders have reserved.
type Salable struct {
	SKU     string          `json:"sku"`
	Qty     decimal.Decimal `json:"qty"`
	Salable bool            `json:"is_salable"`
}

// Salable reads what a website can still sell of SKUs. It follows a write with
// the stock index, which may run by cron (magento/inventory issue 2754).
func (c *Client) Salable(ctx context.Context, websiteCode string, skus []string) ([]Salable, error) {
	req := call{route: "/V1/inventory/export-stock-salable-qty/website/" + segment(websiteCode), entity: "website"}
	return bySKU(ctx, c, req, []string{"sku"}, skus, func(s Salable) any { return s.SKU })
}
