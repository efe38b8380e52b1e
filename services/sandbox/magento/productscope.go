package magento

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// catalogAttributes are the custom attributes of a new installation's products.
var catalogAttributes = strings.Fields(`description short_description meta_title meta_keyword meta_description url_key tax_class_id cost
	special_price special_from_date special_to_date news_from_date news_to_date msrp manufacturer color size country_of_manufacture
	gift_message_available options_container page_layout custom_design`)

// priceAttributes have the scope that the store's prices have.
var priceAttributes = []string{"price", "cost", "special_price", "special_from_date", "special_to_date"}

// productAttributes are those that custom_attributes may name.
func (s *Server) productAttributes() []string {
	return slices.Concat(catalogAttributes, s.cfg.ProductAttributes)
}

// scopeOf is the store whose value of an attribute a save writes: 0 holds for
// all that have none of their own. Without a store code it is the default
// store view's, which is the classic mistake.
func (s *Server) scopeOf(store, attribute string) int64 {
	if store == "all" || attribute == "weight" || slices.Contains(priceAttributes, attribute) && !s.cfg.WebsitePrices {
		return 0
	}
	st, _ := s.storeByCode(store)
	return st.ID
}

// shownIn is the store whose values a call reads.
func (s *Server) shownIn(store string) int64 { return s.scopeOf(store, "") }

// in is the product as a store view has it.
func (p *Product) in(storeID int64) *Product {
	out := *p
	out.Custom = maps.Clone(p.Custom)
	for code, value := range p.Scopes[storeID] {
		_ = out.set(code, value) // it was set before
	}
	return &out
}

// setIn gives an attribute its value in a store's scope, which has null for
// "as all others".
func (p *Product) setIn(storeID int64, code string, value json.RawMessage) error {
	if storeID == 0 {
		return p.set(code, value)
	}
	trial := *p
	trial.Custom = maps.Clone(p.Custom)
	if err := trial.set(code, value); err != nil {
		return err
	}
	scopes := maps.Clone(p.Scopes)
	if scopes == nil {
		scopes = map[int64]map[string]json.RawMessage{}
	}
	values := maps.Clone(scopes[storeID])
	if values == nil {
		values = map[string]json.RawMessage{}
	}
	if values[code] = value; isNull(value) {
		delete(values, code)
	}
	scopes[storeID] = values
	p.Scopes = scopes
	return nil
}

// set gives an attribute its default value. p.Custom must be p's own.
func (p *Product) set(code string, value json.RawMessage) error {
	one := given{code: value}
	switch code {
	case "name":
		return one.text(code, &p.Name)
	case "status":
		return one.int(code, &p.Status)
	case "visibility":
		return one.int(code, &p.Visibility)
	case "special_from_date":
		return one.text(code, &p.SpecialFrom)
	case "special_to_date":
		return one.text(code, &p.SpecialTo)
	case "price":
		return one.amount(code, &p.Price)
	case "weight":
		return one.amount(code, &p.Weight)
	case "cost":
		return one.amount(code, &p.Cost)
	case "special_price":
		return one.amount(code, &p.Special)
	}
	if p.Custom == nil {
		p.Custom = map[string]json.RawMessage{}
	}
	if p.Custom[code] = attributeText(value); isNull(value) || string(value) == `""` {
		delete(p.Custom, code)
	}
	return nil
}

// attributeText is a value as REST shows it: a number is a text.
func attributeText(value json.RawMessage) json.RawMessage {
	switch value[0] {
	case '"', '[', '{', 'n':
		return value
	}
	return json.RawMessage(`"` + strings.Trim(string(value), `"`) + `"`)
}

// amount reads a number, which may be a text; null and "" are zero.
func (g given) amount(name string, into *decimal.Decimal) error {
	raw, ok := g[name]
	if !ok {
		return nil
	}
	text := strings.Trim(string(raw), `"`)
	if isNull(raw) || text == "" {
		*into = decimal.Zero
		return nil
	}
	d, err := decimal.NewFromString(text)
	if err != nil {
		return errType(name, text, "float")
	}
	*into = d
	return nil
}
