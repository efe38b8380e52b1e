package gp

import (
	"encoding/json"

	"github.com/shopspring/decimal"
)

type customerRecord struct {
	Number           string                  `json:"number"`
	Name             string                  `json:"name,omitzero"`
	ShortName        string                  `json:"shortName,omitzero"`
	StatementName    string                  `json:"statementName,omitzero"`
	Class            string                  `json:"class,omitzero"`
	OnHold           bool                    `json:"onHold"`
	Active           bool                    `json:"active"`
	ShipComplete     bool                    `json:"shipComplete"`
	Email            string                  `json:"email,omitzero"`
	Salesperson      string                  `json:"salesperson,omitzero"`
	Currency         string                  `json:"currency,omitzero"`
	PaymentTerms     string                  `json:"paymentTerms,omitzero"`
	PriceLevel       string                  `json:"priceLevel,omitzero"`
	DiscountPercent  decimal.NullDecimal     `json:"discountPercent,omitzero"`
	CreditLimit      creditRecord            `json:"creditLimit,omitzero"`
	TaxRegistration  string                  `json:"taxRegistration,omitzero"`
	Comment1         string                  `json:"comment1,omitzero"`
	Comment2         string                  `json:"comment2,omitzero"`
	Note             string                  `json:"note,omitzero"`
	UserDefined1     string                  `json:"userDefined1,omitzero"`
	UserDefined2     string                  `json:"userDefined2,omitzero"`
	DefaultAddress   string                  `json:"defaultAddress,omitzero"`
	ShipToAddress    string                  `json:"shipToAddress,omitzero"`
	BillToAddress    string                  `json:"billToAddress,omitzero"`
	StatementAddress string                  `json:"statementAddress,omitzero"`
	Addresses        []customerAddressRecord `json:"addresses"`
	stamps
}

type creditRecord struct {
	Special string              `json:"special,omitzero"`
	Amount  decimal.NullDecimal `json:"amount,omitzero"`
}

type customerAddressRecord struct {
	addressRecord
	Customer       partyRecord `json:"customer,omitzero"`
	Email          string      `json:"email,omitzero"`
	EmailCC        string      `json:"emailCC,omitzero"`
	EmailBCC       string      `json:"emailBCC,omitzero"`
	Internet       []string    `json:"internet,omitempty"`
	ShippingMethod string      `json:"shippingMethod,omitzero"`
	TaxSchedule    string      `json:"taxSchedule,omitzero"`
	Salesperson    string      `json:"salesperson,omitzero"`
	Territory      string      `json:"territory,omitzero"`
	Site           string      `json:"site,omitzero"`
	UPSZone        string      `json:"upsZone,omitzero"`
	UserDefined1   string      `json:"userDefined1,omitzero"`
	UserDefined2   string      `json:"userDefined2,omitzero"`
	stamps
}

// MarshalJSON implements json.Marshaler with the shape of a customer (package comment).
// Where GP doesn't say that a customer is inactive, it is active.
func (c Customer) MarshalJSON() ([]byte, error) {
	is := func(b *bool) bool { return b != nil && *b }
	home, _ := c.Address(c.DefaultAddressID)
	r := customerRecord{
		Number: c.ID, Name: c.Name, ShortName: c.ShortName, StatementName: c.StatementName, Class: c.ClassID,
		OnHold: is(c.OnHold), Active: c.Active == nil || *c.Active, ShipComplete: is(c.ShipComplete),
		Email: home.Email, Salesperson: home.SalespersonID, Currency: c.CurrencyISO,
		PaymentTerms: c.PaymentTermsID, PriceLevel: c.PriceLevelID, DiscountPercent: c.TradeDiscountPercent,
		CreditLimit: creditRecord(c.CreditLimit), TaxRegistration: c.TaxRegistration,
		Comment1: c.Comment1, Comment2: c.Comment2, Note: c.Note, UserDefined1: c.UserDefined1, UserDefined2: c.UserDefined2,
		DefaultAddress: c.DefaultAddressID, ShipToAddress: c.ShipToAddressID, BillToAddress: c.BillToAddressID,
		StatementAddress: c.StatementToAddressID,
		Addresses:        make([]customerAddressRecord, len(c.Addresses)),
		stamps:           stamps{c.Created, c.Modified, c.LastModified},
	}
	for i, a := range c.Addresses {
		r.Addresses[i] = customerAddressRecordOf(a)
		r.Addresses[i].Customer = partyRecord{} // it is the customer itself
	}
	return json.Marshal(r)
}

// MarshalJSON implements json.Marshaler with the shape of an address (package comment).
func (a CustomerAddress) MarshalJSON() ([]byte, error) {
	return json.Marshal(customerAddressRecordOf(a))
}

func customerAddressRecordOf(a CustomerAddress) customerAddressRecord {
	return customerAddressRecord{
		addressRecord: addressRecordOf(a.ID, a.Address), Customer: partyRecord{Number: a.CustomerID},
		Email: a.Email, EmailCC: a.EmailCC, EmailBCC: a.EmailBCC, Internet: trimmed(a.Internet[:]),
		ShippingMethod: a.ShippingMethodID, TaxSchedule: a.TaxScheduleID, Salesperson: a.SalespersonID,
		Territory: a.TerritoryID, Site: a.WarehouseID, UPSZone: a.UPSZone,
		UserDefined1: a.UserDefined1, UserDefined2: a.UserDefined2, stamps: stamps{a.Created, a.Modified, a.LastModified},
	}
}

type itemRecord struct {
	Number             string              `json:"number"`
	Description        string              `json:"description,omitzero"`
	ShortDescription   string              `json:"shortDescription,omitzero"`
	GenericDescription string              `json:"genericDescription,omitzero"`
	Kind               string              `json:"kind,omitzero"`
	Type               string              `json:"type,omitzero"`
	Class              string              `json:"class,omitzero"`
	Discontinued       bool                `json:"discontinued"`
	UnitSchedule       string              `json:"unitSchedule,omitzero"`
	SellingUnit        string              `json:"sellingUnit,omitzero"`
	PurchaseUnit       string              `json:"purchaseUnit,omitzero"`
	Weight             decimal.NullDecimal `json:"weight,omitzero"`
	PriceMethod        string              `json:"priceMethod,omitzero"`
	PriceLevel         string              `json:"priceLevel,omitzero"`
	Site               string              `json:"site,omitzero"`
	TaxBasis           string              `json:"taxBasis,omitzero"`
	TaxSchedule        string              `json:"taxSchedule,omitzero"`
	Valuation          string              `json:"valuation,omitzero"`
	Tracking           string              `json:"tracking,omitzero"`
	AllowsBackOrders   bool                `json:"allowsBackOrders"`
	QuantityDecimals   int                 `json:"quantityDecimals"`
	CurrencyDecimals   int                 `json:"currencyDecimals"`
	StandardCost       decimal.NullDecimal `json:"standardCost,omitzero"`
	CurrentCost        decimal.NullDecimal `json:"currentCost,omitzero"`
	CostCurrency       string              `json:"costCurrency,omitzero"`
	Categories         []string            `json:"categories,omitempty"`
	Quantities         []stockRecord       `json:"quantities"`
	stamps
}

type stockRecord struct {
	Site        string          `json:"site"`
	OnHand      decimal.Decimal `json:"onHand"`
	Allocated   decimal.Decimal `json:"allocated"`
	Available   decimal.Decimal `json:"available"`
	OnOrder     decimal.Decimal `json:"onOrder"`
	BackOrdered decimal.Decimal `json:"backOrdered"`
	InUse       decimal.Decimal `json:"inUse"`
	InService   decimal.Decimal `json:"inService"`
	Returned    decimal.Decimal `json:"returned"`
	Damaged     decimal.Decimal `json:"damaged"`
}

// MarshalJSON implements json.Marshaler with the shape of an item (package comment).
func (i Item) MarshalJSON() ([]byte, error) {
	r := itemRecord{
		Number: i.Number, Description: i.Description, ShortDescription: i.ShortDescription, GenericDescription: i.GenericDescription,
		Kind: i.Kind, Type: i.Type, Class: i.ClassID, Discontinued: i.Discontinued, UnitSchedule: i.UofMScheduleID,
		SellingUnit: i.DefaultSellingUnit, PurchaseUnit: i.PurchaseUnit, Weight: i.Weight, PriceMethod: i.PriceMethod,
		PriceLevel: i.DefaultPriceLevelID, Site: i.DefaultWarehouseID, TaxBasis: i.TaxBasis, TaxSchedule: i.TaxScheduleID,
		Valuation: i.ValuationMethod, Tracking: i.TrackingOption, AllowsBackOrders: i.AllowsBackOrders,
		QuantityDecimals: i.QuantityDecimals, CurrencyDecimals: i.CurrencyDecimals,
		StandardCost: i.StandardCost, CurrentCost: i.CurrentCost, CostCurrency: i.CostCurrencyISO,
		Categories: trimmed(i.Categories[:]), Quantities: make([]stockRecord, len(i.Stock)),
		stamps: stamps{i.Created, i.Modified, i.LastModified},
	}
	for n, s := range i.Stock {
		r.Quantities[n] = stockRecord{
			s.WarehouseID, s.OnHand, s.Allocated, s.Available(), s.OnOrder, s.BackOrdered,
			s.InUse, s.InService, s.Returned, s.Damaged,
		}
	}
	return json.Marshal(r)
}

// MarshalJSON implements json.Marshaler with the shape of a list price (package comment).
func (p ItemCurrency) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Item      string              `json:"item"`
		Currency  string              `json:"currency"`
		Decimals  int                 `json:"decimals"`
		ListPrice decimal.NullDecimal `json:"listPrice,omitzero"`
	}{p.ItemNumber, p.CurrencyISO, p.Decimals, p.ListPrice})
}

type pricingRecord struct {
	Item       string        `json:"item"`
	Currency   string        `json:"currency"`
	PriceLevel string        `json:"priceLevel"`
	Unit       string        `json:"unit,omitzero"`
	UnitOption string        `json:"unitOption,omitzero"`
	Breaks     []breakRecord `json:"breaks"`
	stamps
}

type breakRecord struct {
	ToQuantity decimal.Decimal     `json:"toQuantity"`
	Price      decimal.NullDecimal `json:"price,omitzero"`
	Percent    decimal.NullDecimal `json:"percent,omitzero"`
}

// MarshalJSON implements json.Marshaler with the shape of a price list's entry (package comment).
func (p Pricing) MarshalJSON() ([]byte, error) {
	r := pricingRecord{
		Item: p.ItemNumber, Currency: p.CurrencyISO, PriceLevel: p.PriceLevelID, Unit: p.UofM, UnitOption: p.UnitOption,
		Breaks: make([]breakRecord, len(p.Breaks)), stamps: stamps{LastModified: p.LastModified},
	}
	for i, b := range p.Breaks {
		r.Breaks[i] = breakRecord{b.ToQuantity, b.Price, b.Percent}
	}
	return json.Marshal(r)
}
