package magento

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/magpie-integration/magpie/libs/failure"
)

// Products reads products by their SKUs, with the default values of all store
// views. Magento ignores the SKU's case: Record.Key is how it spells it.
func (c *Client) Products(ctx context.Context, skus []string) (FoundRecords, error) {
	return c.ByKey(ctx, Products, skus)
}

// Product reads one product. It fails with magento.product.missing, and
// [ErrNotFound] in the chain, when there is none. It searches, since an SKU in a
// path is refused or read otherwise by some web servers (magento/magento2 issues
// 8615, 23043).
func (c *Client) Product(ctx context.Context, sku string) (Record, error) {
	found, err := c.Products(ctx, []string{sku})
	switch {
	case err != nil:
		return Record{}, err
	case len(found.Broken) > 0:
		return Record{}, found.Broken[0].Err
	case len(found.Records) == 0:
		return Record{}, noSKU(fmt.Sprintf("the store has no product %q", sku))
	case len(found.Records) > 1: // the database has no unique key (magento/magento2 issues 7121, 30893)
		return Record{}, failure.Conflict("magento.product.ambiguous", "sku", fmt.Sprintf("the store has %d products %q", len(found.Records), sku),
			"delete the one that was made twice")
	}
	return found.Records[0], nil
}

// SaveProduct writes the given fields of a product that exists, as default
// values of all store views (the store code "all"; any other writes one store
// view's). Absent fields are kept; lists such as category_links, website_ids and
// options are final. A product that is missing is magento.product.missing, unless
// the fields are enough to make one: look first.
//
// Where a proxy or web server does not let the SKU through in the path, the
// product is saved by POST, which updates by the SKU in the body.
func (c *Client) SaveProduct(ctx context.Context, sku string, fields map[string]any) (Record, error) {
	if sku == "" || len(fields) == 0 {
		return Record{}, failure.Defect("magento.product.save", "saving a product needs its SKU and a field", nil)
	}
	product := maps.Clone(fields)
	product["sku"] = sku // another one would rename the product, in some versions
	body := map[string]any{"product": product, "saveOptions": true}
	req := call{method: http.MethodPut, route: "/V1/products/" + segment(sku), store: allStores, entity: "sku", about: ofProduct, body: body}
	r, err := c.saved(ctx, Products, req)
	if err == nil && fold(r.Key) != fold(sku) {
		return r.Record, failure.Conflict("magento.product.other", "sku", fmt.Sprintf("product %q was saved, and Magento answered product %q", sku, r.Key),
			"a proxy may change the SKU in the path: let encoded characters through as they are")
	}
	refused := err != nil && pathRefused(sku, err)
	if refused || err != nil && failure.Of(err).Code == "magento.product.invalid" {
		// Magento takes a product that is missing for a new one, by POST as well.
		if _, err := c.Product(ctx, sku); err != nil {
			return Record{}, err
		}
	}
	if refused {
		req = call{method: http.MethodPost, route: "/V1/products", store: allStores, entity: "sku", about: ofProduct, body: body}
		r, err = c.saved(ctx, Products, req)
	}
	return r.Record, err
}

// CreateProduct creates a product as it is given, with sku, name,
// attribute_set_id and type_id. POST updates a product that exists; but two at
// once can make two products of one SKU (magento/magento2 issues 7121, 30893),
// so look first, and create one SKU at a time.
func (c *Client) CreateProduct(ctx context.Context, product map[string]any) (Record, error) {
	if sku, _ := product["sku"].(string); sku == "" {
		return Record{}, failure.Defect("magento.product.create", "a product to create needs its SKU", nil)
	}
	r, err := c.saved(ctx, Products, call{
		method: http.MethodPost, route: "/V1/products", store: allStores, entity: "sku", about: ofProduct,
		body: map[string]any{"product": product, "saveOptions": true},
	})
	return r.Record, err
}

// segment writes an SKU or a code as a segment of a path. PHP decodes it once, a plus
// to a blank, after the path is split (Magento core, Webapi/Controller/Rest/Router/Route).
func segment(sku string) string {
	return strings.ReplaceAll(url.PathEscape(sku), "+", "%2B")
}

// pathRefused tells whether a web server or proxy turned the path down for its
// encoded characters, before Magento could: another route, a page, or a firewall;
// or handed it on as another SKU.
func pathRefused(sku string, err error) bool {
	if segment(sku) == sku && strings.Trim(sku, ".") != "" {
		return false
	}
	f := failure.Of(err)
	return f.Code == codeNoRoute || f.Code == codeNoSKU || f.Code == codeNotJSON && !errors.Is(err, failure.ErrUnknownOutcome) || f.Code == codeBlocked
}

// knownSKUs tells the products that the store has, as it spells them, by the
// folded SKU; and a refusal for each one that it lacks. Writers of prices and
// stock ask first: Magento skips an unknown SKU or keeps a row that belongs to
// nothing, and says no word.
func (c *Client) knownSKUs(ctx context.Context, skus []string) (map[string]string, []Refused, error) {
	found, err := c.find(ctx, Products, Products.key, skus, "items[id,sku,updated_at],total_count")
	if err != nil {
		return nil, nil, err
	}
	known := map[string]string{}
	for _, r := range found.rows {
		known[fold(r.Key)] = r.Key
	}
	for _, b := range found.broken { // it exists; a price or a stock can be written
		known[fold(b.ID)] = b.ID
	}
	var refused []Refused
	for _, sku := range found.missing {
		f := noSKU(fmt.Sprintf("the store has no product %q", sku))
		f.Code = "magento.sku.missing"
		refused = append(refused, Refused{sku, f})
	}
	return known, refused, nil
}

// Refused is a row of a list that Magento refused while it took the others.
type Refused struct {
	// SKU is empty when Magento does not tell which row it means.
	SKU string
	Err *failure.Error
}
