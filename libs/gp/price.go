package gp

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// ItemCurrency is an item's list price in a currency (GP Web Services WSDL:
// ItemCurrency; IV00105).
type ItemCurrency struct {
	ItemNumber, CurrencyISO string
	// Decimals is how many GP keeps of the item's prices in the currency; zero
	// with a create takes as many as the price needs.
	Decimals  int
	ListPrice decimal.NullDecimal
}

// ItemCurrency reads an item's list price. An item without one in the currency is
// ErrNotFound.
func (c *Client) ItemCurrency(ctx context.Context, itemNumber, currencyISO string) (ItemCurrency, error) {
	item, currency, err := itemAndCurrency(itemNumber, currencyISO)
	if err != nil {
		return ItemCurrency{}, err
	}
	k := object{"ItemKey": item, "CurrencyKey": currency}
	return recordOf(ctx, c, "GetItemCurrencyByKey", "price", itemNumber+" "+currencyISO, k, []string{"ItemKey", "Id"},
		func(n *node) (ItemCurrency, error) {
			var r reading
			return ItemCurrency{
				ItemNumber: n.text("Key", "ItemKey", "Id"), CurrencyISO: n.text("Key", "CurrencyKey", "ISOCode"),
				Decimals:  max(0, slices.Index(decimalPlaces, n.text("CurrencyDecimalPlaces"))),
				ListPrice: r.amount(n, "ListPrice"),
			}, r.err
		})
}

// CreateItemCurrency gives an item a list price in a currency. One which has it
// is the failure gp.price.duplicate.
func (c *Client) CreateItemCurrency(ctx context.Context, price ItemCurrency) error {
	item, currency, err := itemAndCurrency(price.ItemNumber, price.CurrencyISO)
	if err != nil {
		return err
	}
	decimals := price.Decimals
	if decimals == 0 {
		decimals = max(int(Digits(price.CurrencyISO)), int(-price.ListPrice.Decimal.Exponent()))
	}
	return c.write(ctx, "CreateItemCurrency", object{"itemCurrency": object{
		"Key": object{"ItemKey": item, "CurrencyKey": currency}, "CurrencyDecimalPlaces": decimalPlaces[min(decimals, maxDecimals)],
		"ListPrice": unitPrice{price.ListPrice, price.CurrencyISO},
	}})
}

func itemAndCurrency(itemNumber, currencyISO string) (item, currency object, err error) {
	if item, err = mustKey("ITEMNMBR", itemNumber); err != nil {
		return nil, nil, err
	}
	iso, err := mustKey("CURNCYID", currencyISO)
	if err != nil {
		return nil, nil, err
	}
	return item, currencyKey(iso["Id"].(string)), nil
}

// PricingKey names a price list's entry for an item.
type PricingKey struct {
	ItemNumber, CurrencyISO, PriceLevelID string
	UofM                                  string // a unit such as EACH, not a schedule
}

// Pricing is what an item costs at a price level, by quantity (GP Web Services
// WSDL: Pricing; IV00107, IV00108).
type Pricing struct {
	PricingKey
	// UnitOption is GP's UofMSalesAvailable: whether whole or part units are sold.
	UnitOption   string
	Breaks       []PriceBreak
	LastModified time.Time
}

// PriceBreak is the price up to a quantity. What a Percent is of, the item's
// PriceMethod says.
type PriceBreak struct {
	ToQuantity   decimal.Decimal
	Price        decimal.NullDecimal
	Percent      decimal.NullDecimal
	LastModified time.Time
}

// PricingCriteria restricts a list of prices. See SalesCriteria about lists.
type PricingCriteria struct {
	ItemNumber, CurrencyISO, PriceLevelID, UofM Match
	LastModified                                TimeRange
}

func (c PricingCriteria) object() object {
	return object{
		"ItemId": c.ItemNumber.object(), "CurrencyISOCode": c.CurrencyISO.object(), "PriceLevelId": c.PriceLevelID.object(),
		"UofM": c.UofM.object(), "LastModifiedDate": c.LastModified.object(),
	}
}

// PricingSummary is a row of a list. It has no prices.
type PricingSummary struct {
	PricingKey
	LastModified time.Time
}

// Pricing reads an entry of a price list with its breaks. One that isn't there is
// ErrNotFound.
func (c *Client) Pricing(ctx context.Context, k PricingKey) (Pricing, error) {
	item, currency, err := itemAndCurrency(k.ItemNumber, k.CurrencyISO)
	if err != nil {
		return Pricing{}, err
	}
	level, err := mustKey("PRCLEVEL", k.PriceLevelID)
	if err != nil {
		return Pricing{}, err
	}
	name := strings.Join([]string{k.ItemNumber, k.CurrencyISO, k.PriceLevelID, k.UofM}, " ")
	o := object{"ItemKey": item, "CurrencyKey": currency, "PriceLevelKey": level, "UofM": k.UofM}
	return recordOf(ctx, c, "GetPricingByKey", "price", name, o, []string{"ItemKey", "Id"}, readPricing)
}

// Pricings lists the entries of price lists.
func (c *Client) Pricings(ctx context.Context, criteria PricingCriteria) ([]PricingSummary, error) {
	return list(ctx, c, "GetPricingList", criteria.object(), func(r *reading, n *node) PricingSummary {
		row := PricingSummary{PricingKey: readPricingKey(n.child("Key")), LastModified: r.time(n, "LastModifiedDate")}
		if row.ItemNumber == "" { // the keys may stand in the row itself
			row.PricingKey = readPricingKey(n)
		}
		return row
	})
}

func readPricing(n *node) (Pricing, error) {
	var r reading
	p := Pricing{
		PricingKey: readPricingKey(n.child("Key")), UnitOption: n.text("UofMSalesOption"),
		LastModified: r.time(n, "LastModifiedDate"),
	}
	for _, d := range n.all("Details") {
		p.Breaks = append(p.Breaks, PriceBreak{
			ToQuantity: r.quantity(d, "Key", "ToQuantity"), Price: r.amount(d, "UofMPrice", "Amount"),
			Percent: r.amount(d, "UofMPrice", "Percent"), LastModified: r.time(d, "LastModifiedDate"),
		})
	}
	return p, r.err
}

func readPricingKey(n *node) PricingKey {
	return PricingKey{
		ItemNumber: n.text("ItemKey", "Id"), CurrencyISO: n.text("CurrencyKey", "ISOCode"),
		PriceLevelID: n.text("PriceLevelKey", "Id"), UofM: n.text("UofM"),
	}
}
