package magento

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/shopspring/decimal"
)

const productClass = `Magento\Catalog\Api\Data\ProductInterface`

var productKeys = keySet(`id sku name attribute_set_id price status visibility type_id created_at updated_at weight extension_attributes
	product_links options media_gallery_entries tier_prices custom_attributes`)

// sku is the path's SKU: PHP decodes a segment after the split on slashes.
func (c *call) sku() string {
	return strings.TrimRight(phpURLDecode(chi.URLParam(c.Request, "sku")), " ")
}

func (s *Server) searchProducts(ctx context.Context, c *call) ([]byte, error) {
	crit, err := parseCriteria(c.query, s.cfg.PageSizeLimit)
	if err != nil {
		return nil, err
	}
	rows, total, err := s.db.search(ctx, s.productEntity(), crit)
	if err != nil {
		return nil, err
	}
	items := make([][]byte, len(rows))
	for i, row := range rows {
		p, err := decodeProduct(row.doc)
		if err != nil {
			return nil, err
		}
		items[i] = s.restProduct(p, s.shownIn(c.store))
	}
	return crit.envelope(items, total, false), nil
}

func (s *Server) getProduct(ctx context.Context, c *call) ([]byte, error) {
	p, err := s.db.product(ctx, c.sku())
	if err != nil {
		return nil, err
	}
	return s.restProduct(p, s.shownIn(c.store)), nil
}

func (s *Server) deleteProduct(ctx context.Context, c *call) ([]byte, error) {
	s.productLock.Lock()
	defer s.productLock.Unlock()
	p, err := s.db.product(ctx, c.sku())
	if err != nil {
		return nil, err
	}
	err = s.db.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM catalog_product WHERE entity_id = ?`, p.ID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM inventory_source_item WHERE sku = ?`, p.SKU)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.shelf.remove(p)
	return jsonTrue, nil
}

// saveProduct saves by SKU: a POST of a known SKU changes it, a PUT of an
// unknown one creates it. A PUT whose body has another SKU renames.
func (s *Server) saveProduct(ctx context.Context, c *call) ([]byte, error) {
	sent := given{}
	if err := c.object("product", productClass, productKeys, &sent); err != nil {
		return nil, err
	}
	var sku string
	if err := sent.text("sku", &sku); err != nil {
		return nil, err
	}
	sku = strings.TrimRight(sku, " ")
	at := sku
	if path := c.sku(); path != "" {
		at, sku = path, orText(sku, path)
	}
	switch {
	case at == "":
		return nil, errEmptyAttribute("SKU")
	case len([]rune(sku)) > 64:
		return nil, badRequest("SKU length should be %1 characters maximum.", 64)
	}
	s.productLock.Lock()
	defer s.productLock.Unlock()
	if err := s.deadlock(); err != nil {
		return nil, err
	}
	before, err := s.db.product(ctx, at)
	if err != nil && err != errNoProduct { //nolint:errorlint // it is this very value
		return nil, err
	}
	p, stock, err := s.editProduct(before, sku, sent, c.store)
	if err != nil {
		return nil, err
	}
	if err := s.commitProduct(ctx, before, p, stock); err != nil {
		return nil, err
	}
	return s.restProduct(p, s.shownIn(c.store)), nil
}

// errEmptyAttribute is what the EAV validator says to a required attribute.
func errEmptyAttribute(label string) *restError {
	return badRequest(`The "%1" attribute value is empty. Set the attribute and try again.`, label)
}

// editProduct returns the product as the save makes it, with the legacy stock
// item that came along. before is nil for a new one.
func (s *Server) editProduct(before *Product, sku string, sent given, store string) (*Product, given, error) {
	p := &Product{SKU: sku, Type: TypeSimple, CreatedAt: s.timestamp()}
	isNew := before == nil
	if isNew {
		if store != "all" {
			st, _ := s.storeByCode(store)
			p.WebsiteIDs = []int64{st.WebsiteID}
		}
		if err := sent.text("type_id", &p.Type); err != nil {
			return nil, nil, err
		}
	} else {
		copied := *before
		p = &copied
		if !strings.EqualFold(p.SKU, sku) {
			p.SKU = sku
		}
	}
	p.Custom, p.UpdatedAt = maps.Clone(p.Custom), s.timestamp()
	values, err := sent.customValues(s.productAttributes())
	if err != nil {
		return nil, nil, err
	}
	if values == nil {
		values = map[string]json.RawMessage{}
	}
	for _, name := range []string{"name", "price", "status", "visibility", "weight"} {
		if raw, ok := sent[name]; ok {
			values[name] = raw
		}
	}
	for code, value := range values {
		scope := s.scopeOf(store, code)
		if isNew {
			scope = 0
		}
		if err := p.setIn(scope, code, value); err != nil {
			return nil, nil, err
		}
	}
	if err := sent.int("attribute_set_id", &p.AttributeSetID); err != nil {
		return nil, nil, err
	}
	stock, err := s.setLists(p, sent)
	if err != nil {
		return nil, nil, err
	}
	return p, stock, s.checkProduct(p, isNew, values)
}

// setLists takes over what is a final state when it is given.
func (s *Server) setLists(p *Product, sent given) (stock given, err error) {
	extension := given{}
	if raw, ok := sent["extension_attributes"]; ok && !isNull(raw) {
		if err := decodeObject(raw, "extension_attributes", productClass, nil, &extension); err != nil {
			return nil, err
		}
	}
	if raw, ok := extension["website_ids"]; ok {
		ids := []int64{}
		if err := json.Unmarshal(raw, &ids); err != nil {
			return nil, errType("website_ids", string(raw), "int[]")
		}
		for _, id := range ids {
			if !slices.ContainsFunc(s.cfg.Stores, func(st Store) bool { return st.WebsiteID == id }) {
				return nil, badRequest("The website with id %1 that was requested wasn't found. Verify the website and try again.", id)
			}
		}
		p.WebsiteIDs = ids
	}
	lists := maps.Clone(p.Lists)
	if lists == nil {
		lists = map[string]json.RawMessage{}
	}
	for _, name := range []string{"product_links", "options", "media_gallery_entries"} {
		if raw, ok := sent[name]; ok {
			lists[name] = raw
		}
	}
	if raw, ok := extension["category_links"]; ok {
		lists["category_links"] = raw
	}
	p.Lists = lists
	if raw, ok := sent["tier_prices"]; ok {
		if p.Tiers, err = productTiers(raw); err != nil {
			return nil, err
		}
	}
	if raw, ok := extension["stock_item"]; ok && !isNull(raw) {
		stock = given{}
		return stock, decodeObject(raw, "stock_item", stockItemClass, stockItemKeys, &stock)
	}
	return nil, nil
}

func (s *Server) checkProduct(p *Product, isNew bool, sent map[string]json.RawMessage) error {
	name, named := sent["name"]
	switch {
	case p.Name == "", named && (isNull(name) || strings.TrimSpace(string(name)) == `""`):
		return errEmptyAttribute("Product Name")
	case isNew && sent["price"] == nil && (p.Type == TypeSimple || p.Type == TypeVirtual || p.Type == TypeDownloadable):
		return errEmptyAttribute("Price")
	case p.Price.IsNegative():
		return badRequest("Invalid product data: %1", fmt.Sprintf(`Please enter a number 0 or greater in this field. "%s"`, p.Price))
	case p.Status < 0 || p.Status > 2:
		return badRequest("Invalid product data: %1", fmt.Sprintf("status %d", p.Status))
	case p.Visibility < 0 || p.Visibility > 4:
		return badRequest("Invalid product data: %1", fmt.Sprintf("visibility %d", p.Visibility))
	}
	return nil
}

// commitProduct saves between the two save events. A new product gets a stock
// item of nothing; a renamed one takes its source items along.
func (s *Server) commitProduct(ctx context.Context, before, p *Product, stock given) error {
	if before == nil {
		p.ID = s.ids.product.Add(1)
	}
	s.productEvent(eventProductSave, p, before == nil)
	err := s.db.write(ctx, func(tx *sql.Tx) error {
		var other int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM catalog_product WHERE sku = ? AND entity_id <> ?`, p.SKU, p.ID).Scan(&other); err != nil {
			return err
		}
		if other > 0 {
			return badRequest("URL key for specified store already exists.")
		}
		if err := saveProductRow(ctx, tx, p); err != nil {
			return err
		}
		switch {
		case before == nil && (p.Type == TypeSimple || p.Type == TypeVirtual):
			if err := upsertSourceItem(ctx, tx, sourceItem{SKU: p.SKU, SourceCode: defaultSource, Quantity: decimal.Zero}); err != nil {
				return err
			}
		case before != nil && before.SKU != p.SKU:
			if _, err := tx.ExecContext(ctx, `UPDATE inventory_source_item SET sku = ? WHERE sku = ?`, p.SKU, before.SKU); err != nil {
				return err
			}
		}
		if stock == nil {
			return nil
		}
		return saveStockItemRow(ctx, tx, p, stock)
	})
	if err != nil {
		return err
	}
	if before != nil {
		s.shelf.remove(before)
	}
	if !strings.HasPrefix(strings.ToUpper(p.SKU), generatedPrefix) {
		s.shelf.put(p)
	}
	s.productEvent(eventProductCommit, p, before == nil)
	event := asyncProductUpdated
	if before == nil {
		event = asyncProductCreated
	}
	s.hooks.emit(event, func(string) []byte { return s.restProduct(p, 0) })
	return nil
}
