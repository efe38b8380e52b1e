package magento

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// The product types the catalogue has.
const (
	TypeSimple       = "simple"
	TypeConfigurable = "configurable"
	TypeBundle       = "bundle"
	TypeGrouped      = "grouped"
	TypeVirtual      = "virtual"
	TypeDownloadable = "downloadable"
	TypeGiftCard     = "giftcard"
)

// Part is what one bundle or group holds of a product.
type Part struct {
	SKU string          `json:"sku"`
	Qty decimal.Decimal `json:"qty"`
}

// Product is a row of the catalogue. A simple product with a ParentSKU is
// sold through its configurable parent.
type Product struct {
	ID        int64           `json:"id"`
	SKU       string          `json:"sku"`
	Name      string          `json:"name"`
	Type      string          `json:"type_id"`
	Price     decimal.Decimal `json:"price"`  // base currency
	Cost      decimal.Decimal `json:"cost"`   // base currency
	Weight    decimal.Decimal `json:"weight"` // pounds
	ParentSKU string          `json:"parent_sku,omitempty"`
	Options   []optionValue   `json:"options,omitempty"`
	CreatedAt string          `json:"created_at"`
	// Special is a reduced price, FPT a fixed product tax, both per unit.
	Special decimal.Decimal `json:"special_price,omitzero"`
	FPT     decimal.Decimal `json:"fpt,omitzero"`
	// Decimal lets it be bought in fractions.
	Decimal bool `json:"is_qty_decimal,omitempty"`
	// Parts are what a bundle or a group holds. A bundle with FixedPrice has a
	// price and an SKU of its own; those of others come from their parts.
	Parts      []Part `json:"parts,omitempty"`
	FixedPrice bool   `json:"fixed_price,omitempty"`
	// Links are the files of a downloadable product.
	Links []int64 `json:"links,omitempty"`

	// UpdatedAt is when it was saved; "" means CreatedAt. Status is 1 enabled, 2
	// disabled, and Visibility 1 to 4; 0 means what the product had at first.
	UpdatedAt      string `json:"updated_at,omitempty"`
	Status         int64  `json:"status,omitempty"`
	Visibility     int64  `json:"visibility,omitempty"`
	AttributeSetID int64  `json:"attribute_set_id,omitempty"`
	// WebsiteIDs are where it is sold; nil means everywhere.
	WebsiteIDs []int64 `json:"website_ids"`
	// SpecialFrom and SpecialTo bound the reduced price; "" means no bound.
	SpecialFrom string `json:"special_from,omitempty"`
	SpecialTo   string `json:"special_to,omitempty"`
	// Custom are other attributes, and Scopes the values that store views have
	// of their own, by store id and attribute.
	Custom map[string]json.RawMessage           `json:"custom,omitempty"`
	Scopes map[int64]map[string]json.RawMessage `json:"scopes,omitempty"`
	Tiers  []tierPrice                          `json:"tier_prices,omitempty"`
	// Lists are product_links, options, media_gallery_entries and category_links
	// as they were sent.
	Lists map[string]json.RawMessage `json:"lists,omitempty"`
}

// virtual reports whether there is nothing to ship.
func (p *Product) virtual() bool {
	switch p.Type {
	case TypeVirtual, TypeDownloadable, TypeGiftCard:
		return true
	}
	return false
}

func (p *Product) dynamicBundle() bool { return p.Type == TypeBundle && !p.FixedPrice }

// price is what a unit costs.
func (p *Product) price() decimal.Decimal {
	if !p.Special.IsZero() {
		return p.Special
	}
	return p.Price
}

// status is 1 for a product that was never disabled.
func (p *Product) status() int64 {
	if p.Status != 0 {
		return p.Status
	}
	return 1
}

// visibility is 4 in catalogue and search, 1 not on its own.
func (p *Product) visibility() int64 {
	switch {
	case p.Visibility != 0:
		return p.Visibility
	case p.ParentSKU != "":
		return 1
	}
	return 4
}

// SKUs returns every product whose SKU an order row can name and an ERP system
// must know: those that stand on shelves, with the children of configurable
// products, then what is virtual, then bundles with a price of their own.
func (s *Server) SKUs(ctx context.Context) ([]Product, error) {
	rows, err := s.db.reader.QueryContext(ctx, `SELECT doc FROM catalog_product
		WHERE type_id NOT IN (?, ?) ORDER BY type_id <> ?, entity_id`, TypeConfigurable, TypeGrouped, TypeSimple)
	if err != nil {
		return nil, fmt.Errorf("magento: read products: %w", err)
	}
	products, err := scanDocs[Product](rows)
	return slices.DeleteFunc(products, func(p Product) bool { return p.dynamicBundle() }), err
}

// scanDocs decodes a result of one document column and closes it.
func scanDocs[T any](rows *sql.Rows) ([]T, error) {
	defer rows.Close()
	var out []T
	for rows.Next() {
		var doc []byte
		var v T
		if err := rows.Scan(&doc); err != nil {
			return nil, fmt.Errorf("magento: read row: %w", err)
		}
		if err := json.Unmarshal(doc, &v); err != nil {
			return nil, fmt.Errorf("magento: decode row: %w", err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("magento: read rows: %w", err)
	}
	return out, nil
}

// oddSKUs are legal and break careless clients: a slash, a plus, a space, a
// lower-case letter.
var oddSKUs = []struct{ sku, name, price string }{
	{"FLASK/750+", "Vacuum Flask 750 ml Plus", "27.95"},
	{"Strap 06 ft", "Yoga Strap 6 ft", "13.50"},
	{"wax-50%", "Bees Wax Half Strength", "8.25"},
}

// lateProducts are the odd SKUs that came later: they stand behind all others so
// that a seed still makes the same catalogue. No random shopper buys them.
func lateProducts(count int64, now string) []Product {
	out := make([]Product, len(lateSKUs))
	for i, odd := range lateSKUs {
		price := decimal.RequireFromString(odd.price)
		out[i] = Product{
			ID: count + int64(i) + 1, SKU: odd.sku, Name: odd.name, Type: TypeSimple, Price: price, CreatedAt: now,
			Cost: price.Mul(decimal.New(5, -1)).Round(2), Weight: decimal.New(6, -1),
		}
	}
	return out
}

var lateSKUs = []struct{ sku, name, price string }{
	{"CORD#550", "Paracord 550", "11.90"},
	{"KIT#2/A+B 50%", "Patch Kit 2, Half Size", "6.40"},
}

// newCatalogue makes up n products out of the random numbers alone, and adds
// the special ones.
func newCatalogue(rng *rand.Rand, n int, now string) []Product {
	var out []Product
	used := map[string]bool{}
	add := func(p Product) *Product {
		if used[strings.ToUpper(p.SKU)] {
			return nil
		}
		used[strings.ToUpper(p.SKU)] = true
		p.ID, p.CreatedAt = int64(len(out)+1), now
		p.Cost = p.Price.Mul(decimal.New(int64(45+rng.IntN(20)), -2)).Round(2)
		out = append(out, p)
		return &out[len(out)-1]
	}
	for _, odd := range oddSKUs[:min(n, len(oddSKUs))] {
		add(Product{SKU: odd.sku, Name: odd.name, Type: TypeSimple, Price: decimal.RequireFromString(odd.price), Weight: decimal.New(6, -1)})
	}
	for try := 0; len(out) < n && try < 50*n; try++ {
		line := pick(rng, productLines)
		brand := pick(rng, brands)
		number := rng.IntN(90) + 10
		name := brand + " " + line.name
		sku := fmt.Sprintf("%s-%s-%02d", line.code, strings.ToUpper(brand[:3]), number)
		price := decimal.New(int64(line.from+rng.IntN(line.to-line.from)), 0).Add(pick(rng, priceEndings))
		weight := decimal.New(int64(rng.IntN(40)+2), -1)
		if !line.sized || n-len(out) < 3 {
			add(Product{SKU: sku, Name: name, Type: TypeSimple, Price: price, Weight: weight})
			continue
		}
		if add(Product{SKU: sku, Name: name, Type: TypeConfigurable, Price: price}) == nil {
			continue
		}
		colour := rng.IntN(len(colours))
		for c := range 2 {
			for i, size := range sizes {
				if len(out) >= n {
					break
				}
				shade := colours[(colour+c)%len(colours)]
				add(Product{
					SKU: sku + "-" + size + "-" + strings.ToUpper(shade[:3]), Name: name + "-" + size + "-" + shade, Type: TypeSimple,
					Price: price, Weight: weight, ParentSKU: sku,
					Options: []optionValue{{"93", int64(49 + (colour+c)%len(colours))}, {"144", int64(166 + i)}},
				})
			}
		}
	}
	for _, p := range specials() {
		add(p)
	}
	return out
}

func insertProducts(ctx context.Context, tx *sql.Tx, products []Product) error {
	for i := range products {
		if err := saveProductRow(ctx, tx, &products[i]); err != nil {
			return err
		}
	}
	return nil
}
