package magento

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// restProduct renders ProductInterface as a store view has it.
func (s *Server) restProduct(of *Product, storeID int64) []byte {
	p := of.in(storeID)
	w := &phpWriter{precise: s.cfg.NoiseEvery > 0 && p.ID%int64(s.cfg.NoiseEvery) == 0}
	w.object("", func() {
		w.int("id", p.ID)
		w.textAlways("sku", p.SKU)
		w.textAlways("name", p.Name)
		w.int("attribute_set_id", p.attributeSet())
		if p.Type == TypeConfigurable || p.Type == TypeGrouped || p.dynamicBundle() {
			w.int("price", 0)
		} else {
			w.number("price", p.Price)
		}
		w.int("status", p.status())
		w.int("visibility", p.visibility())
		w.textAlways("type_id", p.Type)
		w.textAlways("created_at", p.CreatedAt)
		w.textAlways("updated_at", orText(p.UpdatedAt, p.CreatedAt))
		if !p.Weight.IsZero() {
			w.number("weight", p.Weight)
		}
		w.object("extension_attributes", func() {
			w.list("website_ids", func() {
				for _, id := range s.websitesOf(p) {
					w.int("", id)
				}
			})
			if raw, ok := p.Lists["category_links"]; ok {
				w.raw("category_links", phpJSON(raw))
			}
			if p.Type == TypeConfigurable {
				w.list("configurable_product_links", func() {
					for _, child := range s.shelf.childrenOf(p.SKU) {
						w.int("", child.ID)
					}
				})
			}
		})
		for _, name := range []string{"product_links", "options", "media_gallery_entries"} {
			if raw, ok := p.Lists[name]; ok {
				w.raw(name, phpJSON(raw))
			} else {
				w.list(name, func() {})
			}
		}
		w.list("tier_prices", func() {
			for _, t := range p.Tiers {
				w.productTier(t)
			}
		})
		w.list("custom_attributes", func() { w.productAttributes(p) })
	})
	return w.buf
}

func (p *Product) attributeSet() int64 {
	if p.AttributeSetID != 0 {
		return p.AttributeSetID
	}
	return 4 // Default
}

// websitesOf are where a product is sold.
func (s *Server) websitesOf(p *Product) []int64 {
	if p.WebsiteIDs != nil {
		return p.WebsiteIDs
	}
	var ids []int64
	for _, st := range s.cfg.Stores {
		if !slices.Contains(ids, st.WebsiteID) {
			ids = append(ids, st.WebsiteID)
		}
	}
	return ids
}

// phpJSON is a value that was sent, as PHP prints it.
func phpJSON(raw json.RawMessage) []byte {
	v, err := decodeAny(raw)
	if err != nil {
		return []byte("null")
	}
	return appendPHPValue(nil, v)
}

func (w *phpWriter) productAttributes(p *Product) {
	attribute := func(code, value string) {
		if _, own := p.Custom[code]; own {
			return
		}
		w.object("", func() {
			w.textAlways("attribute_code", code)
			w.textAlways("value", value)
		})
	}
	attribute("tax_class_id", "2")
	attribute("url_key", strings.ToLower(strings.NewReplacer(" ", "-", "/", "-", "+", "", "%", "", "#", "").Replace(p.SKU)))
	if !p.Cost.IsZero() {
		attribute("cost", p.Cost.StringFixed(6))
	}
	if !p.Special.IsZero() {
		attribute("special_price", p.Special.StringFixed(6))
	}
	if p.SpecialFrom != "" {
		attribute("special_from_date", p.SpecialFrom)
	}
	if p.SpecialTo != "" {
		attribute("special_to_date", p.SpecialTo)
	}
	for _, opt := range p.Options {
		attribute(map[string]string{"93": "color", "144": "size"}[opt.OptionID], fmt.Sprint(opt.Value))
	}
	for _, code := range sortedKeys(p.Custom) {
		w.customAttribute(code, p.Custom[code])
	}
}
