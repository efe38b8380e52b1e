package magento

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// The types of a tier price, and the group that stands for all.
const (
	tierFixed    = "fixed"
	tierDiscount = "discount"
	allGroups    = 32000
)

// tierPrice is a price from a quantity on, for a group and a website, 0 being all.
type tierPrice struct {
	GroupID   int64           `json:"customer_group_id"`
	WebsiteID int64           `json:"website_id"`
	Quantity  decimal.Decimal `json:"qty"`
	Type      string          `json:"price_type"`
	Value     decimal.Decimal `json:"value"` // an amount, or a percentage off
}

func (t tierPrice) sameKey(o tierPrice) bool {
	return t.GroupID == o.GroupID && t.WebsiteID == o.WebsiteID && t.Quantity.Equal(o.Quantity)
}

var tierPrices = priceKind{
	class: `Magento\Catalog\Api\Data\TierPriceInterface`, types: pricedTypes, check: checkTier,
	keys: keySet("price price_type website_id sku customer_group quantity extension_attributes"),
	apply: func(_ *Server, row priceRow, p *Product) error {
		t := row.tier()
		p.Tiers = slices.DeleteFunc(slices.Clone(p.Tiers), t.sameKey)
		p.Tiers = append(p.Tiers, t)
		return nil
	},
	print: func(w *phpWriter, p *Product) {
		for _, t := range p.Tiers {
			w.object("", func() {
				w.number("price", t.Value)
				w.textAlways("price_type", t.Type)
				w.int("website_id", t.WebsiteID)
				w.textAlways("sku", p.SKU)
				w.textAlways("customer_group", groupCode(t.GroupID))
				w.number("quantity", t.Quantity)
			})
		}
	},
}

// tierPriceDeletion takes the row of the same group, website and quantity away.
var tierPriceDeletion = priceKind{
	class: tierPrices.class, keys: tierPrices.keys, types: tierPrices.types, check: checkTier,
	apply: func(_ *Server, row priceRow, p *Product) error {
		p.Tiers = slices.DeleteFunc(slices.Clone(p.Tiers), row.tier().sameKey)
		return nil
	},
}

// replaceTierPrices leaves a product only the rows that are sent for it.
func (s *Server) replaceTierPrices(ctx context.Context, c *call) ([]byte, error) {
	rows, err := s.priceRows(c, tierPrices)
	if err != nil {
		return nil, err
	}
	return s.writePrices(ctx, tierPrices, rows, func(p *Product) { p.Tiers = nil })
}

func (row priceRow) tier() tierPrice {
	id, _ := groupID(row.Group)
	return tierPrice{GroupID: id, WebsiteID: row.WebsiteID, Quantity: row.Quantity, Type: row.PriceType, Value: *row.Price}
}

// groupID finds a group by its name, which may be in either case.
func groupID(name string) (int64, bool) {
	if strings.EqualFold(name, "all groups") {
		return allGroups, true
	}
	for _, g := range customerGroups {
		if strings.EqualFold(g.Code, name) {
			return g.ID, true
		}
	}
	return 0, false
}

func groupCode(id int64) string {
	for _, g := range customerGroups {
		if g.ID == id {
			return g.Code
		}
	}
	return "ALL GROUPS"
}

const tierRowID = "Row ID: SKU = %SKU, Website ID: %websiteId, Customer Group: %customerGroup, Quantity: %qty."

// tierFailure keeps the text a template.
func tierFailure(row priceRow, text string, first ...any) priceFailure {
	return priceFailure{text + tierRowID, append(first, row.SKU, row.WebsiteID, row.Group, row.Quantity)}
}

// checkTier is Magento core's Catalog/Model/Product/Price/Validation/TierPriceValidator.
func checkTier(s *Server, row priceRow, p *Product) (out []priceFailure) {
	if p == nil {
		out = append(out, tierFailure(row, "Invalid attribute SKU = %SKU. "))
	}
	if row.Price == nil || row.Price.IsNegative() || row.PriceType == tierDiscount && row.Price.GreaterThan(hundred) {
		out = append(out, tierFailure(row, "Invalid attribute Price = %price. ", priceText(row.Price)))
	}
	if row.PriceType != tierFixed && row.PriceType != tierDiscount || p != nil && p.Type == TypeBundle && row.PriceType != tierDiscount {
		out = append(out, tierFailure(row, "Invalid attribute Price Type = %priceType. ", row.PriceType))
	}
	if p != nil && (row.Quantity.Sign() <= 0 || row.Quantity.LessThan(one) && !p.Decimal) {
		out = append(out, tierFailure(row, "Invalid attribute Quantity = %qty. "))
	}
	known := slices.ContainsFunc(s.cfg.Stores, func(st Store) bool { return st.WebsiteID == row.WebsiteID })
	if row.WebsiteID != 0 && (!known || !s.cfg.WebsitePrices) {
		out = append(out, tierFailure(row, "Invalid attribute Website ID = %websiteId. "))
	}
	if _, ok := groupID(row.Group); !ok {
		out = append(out, tierFailure(row, "No such entity with Customer Group = %customerGroup. "))
	}
	return out
}

// duplicates refuses a tier that the call holds twice.
func duplicates(kind priceKind, rows []priceRow, row priceRow) []priceFailure {
	if kind.class != tierPrices.class {
		return nil
	}
	same := 0
	for _, other := range rows {
		if other.SKU == row.SKU && strings.EqualFold(other.Group, row.Group) && other.WebsiteID == row.WebsiteID && other.Quantity.Equal(row.Quantity) {
			same++
		}
	}
	if same < 2 {
		return nil
	}
	return []priceFailure{tierFailure(row, "We found a duplicate website, tier price, customer group and quantity: "+
		"Customer Group = %customerGroup, Website ID = %websiteId, Quantity = %qty. ")}
}

// productTiers reads tier_prices of a product's body.
func productTiers(raw json.RawMessage) ([]tierPrice, error) {
	var rows []struct {
		GroupID   int64           `json:"customer_group_id"`
		Quantity  decimal.Decimal `json:"qty"`
		Value     decimal.Decimal `json:"value"`
		Extension struct {
			Percentage *decimal.Decimal `json:"percentage_value"`
			WebsiteID  int64            `json:"website_id"`
		} `json:"extension_attributes"`
	}
	if err := json.Unmarshal(raw, &rows); err != nil {
		return nil, errType("tier_prices", string(raw), `Magento\Catalog\Api\Data\ProductTierPriceInterface[]`)
	}
	tiers := make([]tierPrice, len(rows))
	for i, row := range rows {
		tiers[i] = tierPrice{GroupID: row.GroupID, WebsiteID: row.Extension.WebsiteID, Quantity: row.Quantity, Type: tierFixed, Value: row.Value}
		if row.Extension.Percentage != nil {
			tiers[i].Type, tiers[i].Value = tierDiscount, *row.Extension.Percentage
		}
	}
	return tiers, nil
}

// productTier prints a tier as ProductInterface has it.
func (w *phpWriter) productTier(t tierPrice) {
	w.object("", func() {
		w.int("customer_group_id", t.GroupID)
		w.number("qty", t.Quantity)
		if t.Type == tierFixed {
			w.number("value", t.Value)
		}
		w.object("extension_attributes", func() {
			if t.Type == tierDiscount {
				w.number("percentage_value", t.Value)
			}
			w.int("website_id", t.WebsiteID)
		})
	})
}
