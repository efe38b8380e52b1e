package magento

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"
)

var pricedTypes = []string{TypeSimple, TypeVirtual, TypeDownloadable, TypeBundle, TypeGiftCard}

const invalidAttribute = "Invalid attribute %fieldName = %fieldValue."

var basePrices = priceKind{
	class: `Magento\Catalog\Api\Data\BasePriceInterface`, keys: keySet("price store_id sku extension_attributes"), types: pricedTypes,
	check: func(s *Server, row priceRow, p *Product) (out []priceFailure) {
		if p == nil {
			out = append(out, priceFailure{invalidAttribute, []any{"SKU", row.SKU}})
		}
		if row.Price == nil || row.Price.IsNegative() {
			out = append(out, priceFailure{invalidAttribute, []any{"Price", priceText(row.Price)}})
		}
		return append(out, s.unknownStore(row)...)
	},
	apply: func(s *Server, row priceRow, p *Product) error { return s.setPrice(p, row, "price") },
	print: func(w *phpWriter, p *Product) { w.pricesOf(p, "price", p.Price) },
}

var costPrices = priceKind{
	class: `Magento\Catalog\Api\Data\CostInterface`, keys: keySet("cost store_id sku extension_attributes"),
	types: []string{TypeSimple, TypeVirtual, TypeDownloadable},
	check: func(s *Server, row priceRow, p *Product) (out []priceFailure) {
		if p == nil {
			out = append(out, priceFailure{invalidAttribute, []any{"SKU", row.SKU}})
		}
		if row.Price == nil || row.Price.IsNegative() {
			cost := priceText(row.Price)
			out = append(out, priceFailure{
				fmt.Sprintf("Invalid attribute Cost = %s. Row ID: SKU = %s, Store ID: %d.", cost, row.SKU, row.StoreID), []any{cost, row.SKU, row.StoreID},
			})
		}
		return append(out, s.unknownStore(row)...)
	},
	apply: func(s *Server, row priceRow, p *Product) error { return s.setPrice(p, row, "cost") },
	print: func(w *phpWriter, p *Product) { w.pricesOf(p, "cost", p.Cost) },
}

func (s *Server) unknownStore(row priceRow) []priceFailure {
	if s.storeExists(row.StoreID) {
		return nil
	}
	return []priceFailure{{
		fmt.Sprintf("Requested store is not found. Row ID: SKU = %s, Store ID: %d.", row.SKU, row.StoreID), []any{row.SKU, row.StoreID},
	}}
}

func (s *Server) setPrice(p *Product, row priceRow, code string) error {
	for _, id := range s.storesOfPrice(row.StoreID) {
		if err := p.setIn(id, code, json.RawMessage(row.Price.String())); err != nil {
			return err
		}
	}
	return nil
}

// pricesOf prints a product's default price and those of its scopes.
func (w *phpWriter) pricesOf(p *Product, code string, def decimal.Decimal) {
	one := func(storeID int64, amount decimal.Decimal) {
		w.object("", func() {
			w.number(code, amount)
			w.int("store_id", storeID)
			w.textAlways("sku", p.SKU)
		})
	}
	if code != "cost" || !def.IsZero() {
		one(0, def)
	}
	for _, id := range p.scoped(code) {
		of := p.in(id)
		one(id, map[string]decimal.Decimal{"price": of.Price, "cost": of.Cost}[code])
	}
}

// scoped are the stores that have a value of their own of an attribute.
func (p *Product) scoped(code string) []int64 {
	var ids []int64
	for id, values := range p.Scopes {
		if _, ok := values[code]; ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// deleteCost forgets the costs of the named products; unknown ones are skipped.
func (s *Server) deleteCost(ctx context.Context, c *call) ([]byte, error) {
	skus, err := c.skus()
	if err != nil {
		return nil, err
	}
	s.productLock.Lock()
	defer s.productLock.Unlock()
	known, err := s.productsBySKU(ctx, skus, costPrices.types)
	if err != nil {
		return nil, err
	}
	for _, p := range known {
		p.Cost = decimal.Zero
		for _, id := range p.scoped("cost") {
			delete(p.Scopes[id], "cost")
		}
	}
	return jsonTrue, s.saveTouched(ctx, known)
}
