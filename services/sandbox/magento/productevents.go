package magento

import "fmt"

// The events of a product's save.
const (
	eventProductSave   = "catalog_product_save_after"
	eventProductCommit = "catalog_product_save_commit_after"
)

func (s *Server) productEvent(event string, p *Product, isNew bool) {
	s.hooks.emit(event, func(shape string) []byte {
		w := &phpWriter{model: true}
		switch shape {
		case BodyBare:
			return s.restProduct(p, 0)
		case bodyAdobe:
			w.object("", func() {
				w.bool("_isNew", isNew)
				w.productModel(p)
			})
			return w.buf
		case bodyMetadata:
			return s.metadata(s.cfg.Stores[0].ID)
		}
		w.object("", func() {
			w.textAlways("event", event)
			w.object("data", func() { w.productModel(p) })
		})
		return w.buf
	})
}

func (w *phpWriter) productModel(p *Product) {
	w.textAlways("entity_id", fmt.Sprint(p.ID))
	w.textAlways("sku", p.SKU)
	w.textAlways("name", p.Name)
	w.textAlways("type_id", p.Type)
	w.textAlways("attribute_set_id", fmt.Sprint(p.attributeSet()))
	w.number("price", p.Price)
	w.textAlways("status", fmt.Sprint(p.status()))
	w.textAlways("visibility", fmt.Sprint(p.visibility()))
	w.textAlways("created_at", p.CreatedAt)
	w.textAlways("updated_at", orText(p.UpdatedAt, p.CreatedAt))
}
