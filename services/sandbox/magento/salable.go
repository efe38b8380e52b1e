package magento

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/shopspring/decimal"
)

// availability is what a stock says of one SKU.
type availability struct {
	stockLevel
	managed bool // a simple product; the others have no stock and are always salable
}

func (a availability) isSalable() bool { return !a.managed || a.stockLevel.isSalable() }

var (
	errNoSourceItems = badRequest("Can't check requested quantity for products without Source Items support.")
	errNotAssigned   = badRequest("The requested sku is not assigned to given stock.")
)

// availability looks a SKU up. A product that only stands for others, such as a
// configurable one, has none.
func (s *Server) availability(ctx context.Context, st stock, sku string) (availability, error) {
	kinds, err := s.productTypes(ctx, sku)
	if err != nil {
		return availability{}, err
	}
	switch kinds[strings.ToUpper(sku)] {
	case "":
		return availability{}, errNoProduct
	case TypeConfigurable, TypeBundle, TypeGrouped:
		return availability{}, errNoSourceItems
	case TypeSimple:
	default:
		return availability{stockLevel: stockLevel{sku: sku}}, nil
	}
	levels, err := st.levels(ctx, s.db.reader, sku)
	if err != nil {
		return availability{}, err
	}
	level, ok := levels[strings.ToUpper(sku)]
	if !ok {
		return availability{stockLevel: stockLevel{sku: sku}, managed: true}, errNotAssigned
	}
	return availability{level, true}, nil
}

// productTypes are the types of SKUs by upper-case SKU.
func (s *Server) productTypes(ctx context.Context, skus ...string) (map[string]string, error) {
	types, args := map[string]string{}, make([]any, len(skus))
	for i, sku := range skus {
		args[i] = sku
	}
	return types, eachRow(ctx, s.db.reader, `SELECT sku, type_id, entity_id FROM catalog_product WHERE sku IN (?`+strings.Repeat(", ?", len(skus)-1)+`)`, args,
		func(sku, kind string, _ int64) error {
			types[strings.ToUpper(sku)] = kind
			return nil
		})
}

// pathSKU is the path's SKU, decoded after the split on slashes.
func pathSKU(c *call) string {
	return strings.TrimRight(phpURLDecode(chi.URLParam(c.Request, "sku")), " ")
}

func (s *Server) pathStock(c *call) (stock, error) {
	text := chi.URLParam(c.Request, "stock")
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return stock{}, errType("stockId", text, "int")
	}
	st, ok := s.stockByID(id)
	if !ok {
		return st, restNoStock(id)
	}
	return st, nil
}

// getSalableQuantity answers a number: what sources have less what is reserved.
func (s *Server) getSalableQuantity(ctx context.Context, c *call) ([]byte, error) {
	st, err := s.pathStock(c)
	if err != nil {
		return nil, err
	}
	a, err := s.availability(ctx, st, pathSKU(c))
	if err != nil {
		return nil, err
	}
	return []byte(a.salable.String()), nil
}

func (s *Server) isProductSalable(ctx context.Context, c *call) ([]byte, error) {
	st, err := s.pathStock(c)
	if err != nil {
		return nil, err
	}
	salable, err := s.salable(ctx, st, pathSKU(c))
	return strconv.AppendBool(nil, salable), err
}

// salable reports whether any of a SKU can be sold. What nobody knows can't.
func (s *Server) salable(ctx context.Context, st stock, sku string) (bool, error) {
	a, err := s.availability(ctx, st, sku)
	switch {
	case err == nil:
		return a.isSalable(), nil
	case errors.Is(err, errNoSourceItems):
		return s.anyPartSalable(ctx, st, sku)
	case errors.Is(err, errNoProduct), errors.Is(err, errNotAssigned):
		return false, nil
	}
	return false, err
}

// anyPartSalable is for products that stand for others: a configurable product
// and a group need one that can be sold, a bundle needs all.
func (s *Server) anyPartSalable(ctx context.Context, st stock, sku string) (bool, error) {
	p := s.shelf.get(sku)
	if p == nil {
		return false, nil
	}
	var parts []string
	for _, child := range s.shelf.childrenOf(p.SKU) {
		parts = append(parts, child.SKU)
	}
	for _, part := range p.Parts {
		parts = append(parts, part.SKU)
	}
	for _, part := range parts {
		ok, err := s.salable(ctx, st, part)
		if err != nil || ok != (p.Type == TypeBundle) {
			return ok, err
		}
	}
	return p.Type == TypeBundle, nil
}

// isProductSalableForRequestedQty answers why a quantity can't be sold.
func (s *Server) isProductSalableForRequestedQty(ctx context.Context, c *call) ([]byte, error) {
	st, err := s.pathStock(c)
	if err != nil {
		return nil, err
	}
	text, _ := url.PathUnescape(chi.URLParam(c.Request, "qty"))
	qty, err := decimal.NewFromString(text)
	if err != nil {
		return nil, errType("requestedQty", text, "float")
	}
	a, err := s.availability(ctx, st, pathSKU(c))
	if err != nil {
		return nil, err
	}
	salable := !a.managed || a.serves(qty)
	w := &phpWriter{}
	w.object("", func() {
		w.bool("salable", salable)
		w.list("errors", func() {
			if !salable {
				w.object("", func() {
					w.textAlways("code", "is_salable_with_reservations-not_enough_qty")
					w.textAlways("message", "The requested qty is not available")
				})
			}
		})
	})
	return w.buf, nil
}

func (s *Server) areProductsSalable(ctx context.Context, c *call) ([]byte, error) {
	text, _ := c.query.text("stockId", "stock_id")
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, errType("stockId", text, "int")
	}
	st, ok := s.stockByID(id)
	if !ok {
		return nil, restNoStock(id)
	}
	w := &phpWriter{}
	var failed error
	w.list("", func() {
		for sku := range c.query.get("skus", "skus").each {
			salable, err := s.salable(ctx, st, sku.value)
			if err != nil {
				failed = err
				return
			}
			w.object("", func() {
				w.textAlways("sku", sku.value)
				w.int("stock_id", id)
				w.bool("salable", salable)
			})
		}
	})
	return w.buf, failed
}

// exportStock answers what a website can sell of the products that are searched
// for, reservations counted (magento/inventory, InventoryExportStock).
func (s *Server) exportStock(ctx context.Context, c *call) ([]byte, error) {
	st, err := s.channelStock(c)
	if err != nil {
		return nil, err
	}
	crit, err := parseCriteria(c.query, s.cfg.PageSizeLimit)
	if err != nil {
		return nil, err
	}
	stocked := crit
	stocked.groups = append(append([][]filter(nil), crit.groups...), []filter{{
		field: "type_id", value: strings.Join([]string{TypeSimple, TypeVirtual, TypeDownloadable}, ","), condition: "in", hasField: true, hasValue: true,
	}})
	rows, total, err := s.db.search(ctx, s.productEntity(), stocked)
	if err != nil {
		return nil, err
	}
	levels, err := st.levels(ctx, s.db.reader)
	if err != nil {
		return nil, err
	}
	items := make([][]byte, len(rows))
	for i, row := range rows {
		var p Product
		if err := json.Unmarshal(row.doc, &p); err != nil {
			return nil, internal("decode product: %w", err)
		}
		level := levels[strings.ToUpper(p.SKU)]
		level.sku = p.SKU
		w := &phpWriter{}
		w.object("", func() { w.stockRow(level, p.virtual(), level.salable) })
		items[i] = w.buf
	}
	return crit.envelope(items, total, false), nil
}

// dumpStock answers the stock index: what sources have, whatever is reserved.
func (s *Server) dumpStock(ctx context.Context, c *call) ([]byte, error) {
	st, err := s.channelStock(c)
	if err != nil {
		return nil, err
	}
	levels, err := st.levels(ctx, s.db.reader)
	if err != nil {
		return nil, err
	}
	w := &phpWriter{}
	w.list("", func() {
		for _, sku := range sortedKeys(levels) {
			w.object("", func() { w.stockRow(levels[sku], false, levels[sku].onHand) })
		}
	})
	return w.buf, nil
}

// stockRow leaves the quantity null where stock isn't managed.
func (w *phpWriter) stockRow(l stockLevel, unmanaged bool, qty decimal.Decimal) {
	w.textAlways("sku", l.sku)
	if unmanaged {
		w.null("qty")
		w.bool("is_salable", true)
		return
	}
	w.number("qty", qty)
	w.bool("is_salable", l.isSalable())
}
