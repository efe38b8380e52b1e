package magento

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// priceServices are the POST routes of price storage below /V1/products (Magento
// core, Catalog/Model/Product/Price).
func (s *Server) priceServices() map[string]service {
	return map[string]service{
		"base-prices":               s.priceWriter(basePrices),
		"base-prices-information":   s.priceReader(basePrices),
		"cost":                      s.priceWriter(costPrices),
		"cost-information":          s.priceReader(costPrices),
		"cost-delete":               s.deleteCost,
		"special-price":             s.priceWriter(specialPrices),
		"special-price-information": s.priceReader(specialPrices),
		"special-price-delete":      s.priceWriter(specialPriceDeletion),
		"tier-prices":               s.priceWriter(tierPrices),
		"tier-prices-information":   s.priceReader(tierPrices),
		"tier-prices-delete":        s.priceWriter(tierPriceDeletion),
	}
}

// priceKind is one of the price storages.
type priceKind struct {
	class string
	keys  map[string]bool
	types []string // of products that have such prices
	// check says what is wrong with a row; p is nil when there is no such product.
	check func(s *Server, row priceRow, p *Product) []priceFailure
	apply func(s *Server, row priceRow, p *Product) error
	print func(w *phpWriter, p *Product)
}

// priceRow is a row of any of the kinds.
type priceRow struct {
	SKU       string
	Price     *decimal.Decimal // or cost
	StoreID   int64
	From, To  string
	PriceType string
	WebsiteID int64
	Group     string
	Quantity  decimal.Decimal
}

// priceFailure is a row that was left out, while the others were written.
type priceFailure struct {
	message    string
	parameters []any
}

func (g given) priceRow() (row priceRow, err error) {
	amount := func(name string) error {
		raw, ok := g[name]
		if !ok || isNull(raw) {
			return nil
		}
		row.Price = new(decimal.Decimal)
		return g.amount(name, row.Price)
	}
	for _, read := range []func() error{
		func() error { return g.text("sku", &row.SKU) },
		func() error { return amount("price") },
		func() error { return amount("cost") },
		func() error { return g.int("store_id", &row.StoreID) },
		func() error { return g.text("price_from", &row.From) },
		func() error { return g.text("price_to", &row.To) },
		func() error { return g.text("price_type", &row.PriceType) },
		func() error { return g.int("website_id", &row.WebsiteID) },
		func() error { return g.text("customer_group", &row.Group) },
		func() error { return g.amount("quantity", &row.Quantity) },
	} {
		if err := read(); err != nil {
			return row, err
		}
	}
	return row, nil
}

// priceText is a number as PHP casts it to text, "" for null.
func priceText(d *decimal.Decimal) string {
	if d == nil {
		return ""
	}
	return d.String()
}

func (s *Server) priceRows(c *call, kind priceKind) ([]priceRow, error) {
	raw, err := s.entities(c, "prices", kind.class)
	if err != nil {
		return nil, err
	}
	rows := make([]priceRow, len(raw))
	for i, one := range raw {
		sent := given{}
		if err := decodeObject(one, "prices", kind.class, kind.keys, &sent); err != nil {
			return nil, err
		}
		if rows[i], err = sent.priceRow(); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// priceWriter writes the good rows and answers 200 with the failures of the
// others. updated_at stays.
func (s *Server) priceWriter(kind priceKind) service {
	return func(ctx context.Context, c *call) ([]byte, error) {
		rows, err := s.priceRows(c, kind)
		if err != nil {
			return nil, err
		}
		return s.writePrices(ctx, kind, rows, nil)
	}
}

// writePrices applies rows; prepare, when given, sees each product once before.
func (s *Server) writePrices(ctx context.Context, kind priceKind, rows []priceRow, prepare func(p *Product)) ([]byte, error) {
	s.productLock.Lock()
	defer s.productLock.Unlock()
	if s.deadlock() != nil {
		return nil, badRequest("Could not save Prices.")
	}
	skus := make([]string, len(rows))
	for i, row := range rows {
		skus[i] = row.SKU
	}
	known, err := s.productsBySKU(ctx, skus, kind.types)
	if err != nil {
		return nil, err
	}
	var failures []priceFailure
	touched := map[string]*Product{}
	for _, row := range rows {
		at := strings.ToUpper(row.SKU)
		p := known[at]
		wrong := kind.check(s, row, p)
		if wrong = append(wrong, duplicates(kind, rows, row)...); len(wrong) > 0 {
			failures = append(failures, wrong...)
			continue
		}
		if touched[at] == nil {
			touched[at] = p
			if prepare != nil {
				prepare(p)
			}
		}
		if err := kind.apply(s, row, p); err != nil {
			return nil, err
		}
	}
	if err := s.saveTouched(ctx, touched); err != nil {
		return nil, err
	}
	return printFailures(failures), nil
}

func (s *Server) saveTouched(ctx context.Context, touched map[string]*Product) error {
	err := s.db.write(ctx, func(tx *sql.Tx) error {
		for _, at := range slices.Sorted(maps.Keys(touched)) {
			if err := saveProductRow(ctx, tx, touched[at]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for at, p := range touched {
		if s.shelf.get(at) != nil {
			s.shelf.put(p)
		}
	}
	return nil
}

func printFailures(failures []priceFailure) []byte {
	w := &phpWriter{}
	w.list("", func() {
		for _, f := range failures {
			w.object("", func() {
				w.textAlways("message", f.message)
				w.list("parameters", func() {
					for _, p := range f.parameters {
						w.textAlways("", fmt.Sprint(p))
					}
				})
			})
		}
	})
	return w.buf
}

// productsBySKU reads products of the types, by SKU in capitals. They are the
// caller's own to change.
func (s *Server) productsBySKU(ctx context.Context, skus, types []string) (map[string]*Product, error) {
	out := map[string]*Product{}
	if len(skus) == 0 {
		return out, nil
	}
	args := make([]any, len(skus))
	for i, sku := range skus {
		args[i] = sku
	}
	query := `SELECT doc FROM catalog_product WHERE sku IN (?` + strings.Repeat(", ?", len(skus)-1) + `) ORDER BY entity_id` //nolint:gosec // question marks
	rows, err := s.db.reader.QueryContext(ctx, query, args...)                                                               //nolint:gosec // the query is made of question marks
	if err != nil {
		return nil, fmt.Errorf("read products: %w", err)
	}
	products, err := scanDocs[Product](rows)
	if err != nil {
		return nil, err
	}
	for i := range products {
		if p := &products[i]; slices.Contains(types, p.Type) && !p.dynamicBundle() {
			out[strings.ToUpper(p.SKU)] = p
		}
	}
	return out, nil
}

// skus reads the list that names what is asked for.
func (c *call) skus() ([]string, error) {
	raw, ok := c.body["skus"]
	if !ok {
		return nil, errRequired("skus")
	}
	var skus []string
	if err := json.Unmarshal(raw, &skus); err != nil {
		return nil, errType("skus", string(raw), "string[]")
	}
	return skus, nil
}

// priceReader answers the rows of the named products; unknown ones are skipped.
func (s *Server) priceReader(kind priceKind) service {
	return func(ctx context.Context, c *call) ([]byte, error) {
		skus, err := c.skus()
		if err != nil {
			return nil, err
		}
		known, err := s.productsBySKU(ctx, skus, kind.types)
		if err != nil {
			return nil, err
		}
		w := &phpWriter{precise: s.cfg.NoiseEvery > 0}
		w.list("", func() {
			for _, at := range slices.Sorted(maps.Keys(known)) {
				kind.print(w, known[at])
			}
		})
		return w.buf, nil
	}
}

func (s *Server) storeExists(id int64) bool {
	return slices.ContainsFunc(s.allStores(), func(st Store) bool { return st.ID == id })
}

// storesOfPrice are the stores whose rows a price for one of them writes.
func (s *Server) storesOfPrice(id int64) []int64 {
	if id == 0 || !s.cfg.WebsitePrices {
		return []int64{id}
	}
	var out []int64
	for _, st := range s.cfg.Stores {
		if st.WebsiteID == s.storeByID(id).WebsiteID {
			out = append(out, st.ID)
		}
	}
	return out
}
