package magento

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

var specialPrices = priceKind{
	class: `Magento\Catalog\Api\Data\SpecialPriceInterface`, keys: keySet("price store_id sku price_from price_to extension_attributes"),
	types: pricedTypes, check: checkSpecial,
	apply: func(s *Server, row priceRow, p *Product) error {
		for _, id := range s.storesOfPrice(row.StoreID) {
			for code, value := range map[string]json.RawMessage{
				"special_price": json.RawMessage(row.Price.String()), "special_from_date": dateOrNull(row.From), "special_to_date": dateOrNull(row.To),
			} {
				if err := p.setIn(id, code, value); err != nil {
					return err
				}
			}
		}
		return nil
	},
	print: func(w *phpWriter, p *Product) {
		if !p.Special.IsZero() {
			w.specialPrice(p, 0)
		}
		for _, id := range p.scoped("special_price") {
			w.specialPrice(p.in(id), id)
		}
	},
}

// specialPriceDeletion takes the price away whose store, amount and dates are
// those of the row.
var specialPriceDeletion = priceKind{
	class: specialPrices.class, keys: specialPrices.keys, types: specialPrices.types, check: checkSpecial,
	apply: func(_ *Server, row priceRow, p *Product) error {
		has := p.in(row.StoreID)
		if !has.Special.Equal(*row.Price) || has.SpecialFrom != row.From || has.SpecialTo != row.To {
			return nil
		}
		if row.StoreID == 0 {
			p.Special, p.SpecialFrom, p.SpecialTo = decimal.Zero, "", ""
			return nil
		}
		for _, code := range []string{"special_price", "special_from_date", "special_to_date"} {
			delete(p.Scopes[row.StoreID], code)
		}
		return nil
	},
}

func dateOrNull(date string) json.RawMessage {
	if date == "" {
		return json.RawMessage("null")
	}
	return json.RawMessage(strconv.Quote(date))
}

// checkSpecial fills the texts in, and keeps the values as parameters too.
func checkSpecial(s *Server, row priceRow, p *Product) (out []priceFailure) {
	const rowID = "Row ID: SKU = %SKU, Store ID: %storeId, Price From: %priceFrom, Price To: %priceTo."
	fail := func(text string, first ...string) {
		values := []any{row.SKU, row.StoreID, row.From, row.To}
		for _, v := range first {
			values = append([]any{v}, values...)
		}
		label := strings.Join(first, "")
		filled := strings.NewReplacer("%SKU", row.SKU, "%storeId", strconv.FormatInt(row.StoreID, 10), "%priceFrom", row.From,
			"%priceTo", row.To, "%price", label, "%label", label).Replace(text + rowID)
		out = append(out, priceFailure{filled, values})
	}
	if p == nil {
		fail("The product that was requested doesn't exist. Verify the product and try again. ")
	}
	if !s.cfg.WebsitePrices && row.StoreID != 0 {
		fail("Could not change non global Price when price scope is global. ")
	}
	if !s.storeExists(row.StoreID) {
		fail("Requested store is not found. ")
	}
	if row.Price == nil || row.Price.IsNegative() {
		fail("Invalid attribute Price = %price. ", priceText(row.Price))
	}
	for _, date := range []struct{ label, value string }{{"Price From", row.From}, {"Price To", row.To}} {
		if _, err := time.Parse(time.DateTime, date.value); date.value != "" && err != nil {
			fail("Invalid attribute %label = %priceTo. ", date.label)
		}
	}
	return out
}

func (w *phpWriter) specialPrice(p *Product, storeID int64) {
	w.object("", func() {
		w.number("price", p.Special)
		w.int("store_id", storeID)
		w.textAlways("sku", p.SKU)
		w.text("price_from", p.SpecialFrom)
		w.text("price_to", p.SpecialTo)
	})
}
