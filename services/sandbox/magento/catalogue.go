package magento

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
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

// price is what a unit costs today.
func (p *Product) price() decimal.Decimal {
	if !p.Special.IsZero() {
		return p.Special
	}
	return p.Price
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
	for _, p := range products {
		doc, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("encode product %s: %w", p.SKU, err)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO catalog_product
			(entity_id, sku, type_id, name, price, status, visibility, created_at, updated_at, doc) VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, ?)`,
			p.ID, p.SKU, p.Type, p.Name, p.Price.String(), p.visibility(), p.CreatedAt, p.CreatedAt, string(doc)); err != nil {
			return fmt.Errorf("insert product %s: %w", p.SKU, err)
		}
	}
	return nil
}

// visibility is 4 in catalogue and search, 1 not on its own.
func (p *Product) visibility() int64 {
	if p.ParentSKU != "" {
		return 1
	}
	return 4
}

var productEntity = entity{
	from: "catalog_product", key: "entity_id", doc: "doc", eav: true,
	fields: map[string]field{
		"entity_id": {"entity_id", numberField}, "sku": {"sku", textField}, "type_id": {"type_id", textField}, "name": {"name", textField},
		"price": {"CAST(price AS NUMERIC)", numberField}, "status": {"status", numberField}, "visibility": {"visibility", numberField},
		"created_at": {"created_at", timeField}, "updated_at": {"updated_at", timeField},
	},
}

func (s *Server) searchProducts(ctx context.Context, c *call) ([]byte, error) {
	crit, err := parseCriteria(c.query, s.cfg.PageSizeLimit)
	if err != nil {
		return nil, err
	}
	rows, total, err := s.db.search(ctx, productEntity, crit)
	if err != nil {
		return nil, err
	}
	items := make([][]byte, len(rows))
	for i, row := range rows {
		if items[i], err = s.restProduct(row.doc); err != nil {
			return nil, err
		}
	}
	return crit.envelope(items, total, false), nil
}

// getProduct decodes its path segment after the split on slashes, as PHP does,
// and compares without case, as MySQL does.
func (s *Server) getProduct(ctx context.Context, c *call) ([]byte, error) {
	sku := strings.TrimRight(phpURLDecode(chi.URLParam(c.Request, "sku")), " ")
	rows, _, err := s.db.search(ctx, productEntity, criteria{groups: [][]filter{{{field: "sku", value: sku, condition: "eq", hasField: true, hasValue: true}}}})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errNoProduct
	}
	return s.restProduct(rows[0].doc)
}

func (s *Server) restProduct(doc []byte) ([]byte, error) {
	var p Product
	if err := json.Unmarshal(doc, &p); err != nil {
		return nil, internal("decode product: %w", err)
	}
	w := &phpWriter{precise: s.cfg.NoiseEvery > 0 && p.ID%int64(s.cfg.NoiseEvery) == 0}
	w.object("", func() {
		w.int("id", p.ID)
		w.textAlways("sku", p.SKU)
		w.textAlways("name", p.Name)
		w.int("attribute_set_id", 4)
		if p.Type == TypeConfigurable || p.Type == TypeGrouped || p.dynamicBundle() {
			w.int("price", 0)
		} else {
			w.number("price", p.Price)
		}
		w.int("status", 1)
		w.int("visibility", p.visibility())
		w.textAlways("type_id", p.Type)
		w.textAlways("created_at", p.CreatedAt)
		w.textAlways("updated_at", p.CreatedAt)
		if !p.Weight.IsZero() {
			w.number("weight", p.Weight)
		}
		w.object("extension_attributes", func() {
			w.list("website_ids", func() {
				for _, st := range s.cfg.Stores {
					w.int("", st.WebsiteID)
				}
			})
			if p.Type == TypeConfigurable {
				w.list("configurable_product_links", func() {
					for _, child := range s.shelf.children[p.SKU] {
						w.int("", child.ID)
					}
				})
			}
		})
		for _, name := range []string{"product_links", "options", "media_gallery_entries", "tier_prices"} {
			w.list(name, func() {})
		}
		w.list("custom_attributes", func() {
			attribute := func(code, value string) {
				w.object("", func() {
					w.textAlways("attribute_code", code)
					w.textAlways("value", value)
				})
			}
			attribute("tax_class_id", "2")
			attribute("url_key", strings.ToLower(strings.NewReplacer(" ", "-", "/", "-", "+", "", "%", "").Replace(p.SKU)))
			if !p.Cost.IsZero() {
				attribute("cost", p.Cost.StringFixed(6))
			}
			for _, opt := range p.Options {
				attribute(map[string]string{"93": "color", "144": "size"}[opt.OptionID], fmt.Sprint(opt.Value))
			}
		})
	})
	return w.buf, nil
}

// shelf is the catalogue in memory, for shoppers who are in a hurry.
type shelf struct {
	bySKU    map[string]*Product // upper-case SKU
	children map[string][]*Product
	ordinary []*Product // what every shopper puts into a basket
	special  bool       // has the products of specials
}

func newShelf(products []Product) *shelf {
	sh := &shelf{bySKU: map[string]*Product{}, children: map[string][]*Product{}, special: true}
	for i := range products {
		p := &products[i]
		sh.bySKU[strings.ToUpper(p.SKU)] = p
		if p.ParentSKU != "" {
			sh.children[p.ParentSKU] = append(sh.children[p.ParentSKU], p)
		}
	}
	extra := map[string]bool{}
	for _, p := range specials() {
		extra[p.SKU] = true
		sh.special = sh.special && sh.bySKU[p.SKU] != nil
	}
	for i := range products {
		p := &products[i]
		if p.Type == TypeSimple && p.ParentSKU == "" && !extra[p.SKU] || len(sh.children[p.SKU]) > 0 {
			sh.ordinary = append(sh.ordinary, p)
		}
	}
	return sh
}

// find returns a product that can be bought, and the configurable it is sold
// through.
func (sh *shelf) find(sku string) (p, parent *Product, ok bool) {
	p = sh.bySKU[strings.ToUpper(strings.TrimRight(sku, " "))]
	if p == nil || p.Type == TypeConfigurable {
		return nil, nil, false
	}
	if p.ParentSKU != "" {
		parent = sh.bySKU[strings.ToUpper(p.ParentSKU)]
	}
	return p, parent, true
}
