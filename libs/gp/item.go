package gp

import (
	"context"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// Item is an item with its quantities (GP Web Services WSDL: Item, SalesItem).
// What is empty, zero or not valid is not sent with a create: GP takes it from
// the item's class.
type Item struct {
	Number, Description, ShortDescription, GenericDescription string
	// Kind is the type of object that GP answered with, such as SalesItem or Kit;
	// it is read, and never written.
	Kind string
	// Type is GP's ItemType, such as "Sales Item".
	Type                                        string
	ClassID, UofMScheduleID, DefaultSellingUnit string
	PurchaseUnit                                string
	DefaultWarehouseID, DefaultPriceLevelID     string
	TaxBasis                                    string // GP's SalesTaxBasis, such as "Based On Customer"
	TaxScheduleID                               string
	// Weight is that of one unit for shipping, in the company's own unit.
	Weight decimal.NullDecimal
	// PriceMethod says what the numbers of a price list are, such as "Currency
	// Amount" or "Percent Of List Price".
	PriceMethod     string
	ValuationMethod string // such as "FIFO Perpetual"
	TrackingOption  string // None, Serial Numbers or Lot Numbers
	// StandardCost and CurrentCost are in the company's functional currency.
	StandardCost, CurrentCost decimal.NullDecimal
	// CostCurrencyISO is the currency of the costs.
	CostCurrencyISO string
	// QuantityDecimals and CurrencyDecimals are how many decimals GP keeps of
	// the item's quantities and prices.
	QuantityDecimals, CurrencyDecimals int
	AllowsBackOrders                   bool
	// Categories are GP's six lists of categories, which a company names itself.
	Categories [6]string

	// The rest is read, and never written.

	Discontinued      bool
	Created, Modified Date
	LastModified      time.Time
	// Stock has one entry for each site. Kits and services have none.
	Stock []Stock
}

// Stock is an item's quantities at a site, in its base unit.
type Stock struct {
	WarehouseID                             string
	OnHand, Allocated, OnOrder, BackOrdered decimal.Decimal
	InUse, InService, Returned, Damaged     decimal.Decimal
}

// Available is what can still be promised; it may be negative.
func (s Stock) Available() decimal.Decimal { return s.OnHand.Sub(s.Allocated) }

// At gives the stock at a site.
func (i Item) At(warehouseID string) (Stock, bool) {
	at := slices.IndexFunc(i.Stock, func(s Stock) bool { return s.WarehouseID == upper(warehouseID) })
	if at < 0 {
		return Stock{}, false
	}
	return i.Stock[at], true
}

// Item reads an item with its quantities at each site.
func (c *Client) Item(ctx context.Context, number string) (Item, error) {
	return record(ctx, c, "GetItemByKey", "item", "ITEMNMBR", number, readItem)
}

// decimalPlaces are GP's QuantityDecimalPlaces and CurrencyDecimalPlaces.
var decimalPlaces = []string{"Zero", "One", "Two", "Three", "Four", "Five"}

var categoryLists = [6]string{
	"UserCategoryList1", "UserCategoryList2", "UserCategoryList3", "UserCategoryList4", "UserCategoryList5", "UserCategoryList6",
}

// weightDecimals is how many GP keeps of a weight (IV00101.ITEMSHWT, weight × 100).
const weightDecimals = 2

// places names a number of decimals, and nothing for none: the class decides.
func places(n int) string {
	if n <= 0 || n >= len(decimalPlaces) {
		return ""
	}
	return decimalPlaces[n]
}

func (i Item) object() object {
	weight := ""
	if i.Weight.Valid {
		weight = i.Weight.Decimal.String()
	}
	o := object{
		"Key": key(i.Number), "Description": i.Description, "ShortDescription": i.ShortDescription,
		"GenericDescription": i.GenericDescription, "ClassKey": key(i.ClassID), "Type": i.Type,
		"SalesTaxBasis": i.TaxBasis, "SalesTaxScheduleKey": key(i.TaxScheduleID), "UofMScheduleKey": key(i.UofMScheduleID),
		"ShippingWeight": weight, "QuantityDecimalPlaces": places(i.QuantityDecimals),
		"CurrencyDecimalPlaces": places(i.CurrencyDecimals),
		"StandardCost":          unitPrice{i.StandardCost, i.CostCurrencyISO}, "CurrentCost": unitPrice{i.CurrentCost, i.CostCurrencyISO},
		"AllowBackOrder": yes(i.AllowsBackOrders), "PurchaseUofM": i.PurchaseUnit,
		"DefaultWarehouseKey": key(i.DefaultWarehouseID), "PriceMethod": i.PriceMethod,
		"DefaultPriceLevelKey": key(i.DefaultPriceLevelID), "DefaultSellingUofM": i.DefaultSellingUnit,
		"ValuationMethod": i.ValuationMethod, "TrackingOption": i.TrackingOption,
	}
	for n, name := range categoryLists {
		o[name] = i.Categories[n]
	}
	return o
}

func readItem(n *node) (Item, error) {
	var r reading
	item := Item{
		Number: n.text("Key", "Id"), Description: n.text("Description"), ShortDescription: n.text("ShortDescription"),
		GenericDescription: n.text("GenericDescription"),
		Kind:               n.kind.Local, Type: n.text("Type"),
		ClassID: n.text("ClassKey", "Id"), UofMScheduleID: n.text("UofMScheduleKey", "Id"),
		DefaultSellingUnit: n.text("DefaultSellingUofM"), PurchaseUnit: n.text("PurchaseUofM"),
		DefaultWarehouseID: n.text("DefaultWarehouseKey", "Id"), DefaultPriceLevelID: n.text("DefaultPriceLevelKey", "Id"),
		TaxBasis: n.text("SalesTaxBasis"), TaxScheduleID: n.text("SalesTaxScheduleKey", "Id"),
		Weight: r.decimal(n, "ShippingWeight"), PriceMethod: n.text("PriceMethod"),
		ValuationMethod: n.text("ValuationMethod"), TrackingOption: n.text("TrackingOption"),
		StandardCost: r.amount(n, "StandardCost"), CurrentCost: r.amount(n, "CurrentCost"),
		CostCurrencyISO:  n.text("CurrentCost", "Currency"),
		QuantityDecimals: max(0, slices.Index(decimalPlaces, n.text("QuantityDecimalPlaces"))),
		CurrencyDecimals: max(0, slices.Index(decimalPlaces, n.text("CurrencyDecimalPlaces"))),
		AllowsBackOrders: n.yes("AllowBackOrder"), Discontinued: n.yes("IsDiscontinued"),
		Created: r.date(n, "CreatedDate"), Modified: r.date(n, "ModifiedDate"), LastModified: r.time(n, "LastModifiedDate"),
	}
	for i, name := range categoryLists {
		item.Categories[i] = n.text(name)
	}
	for _, q := range n.all("Quantities") {
		item.Stock = append(item.Stock, Stock{
			WarehouseID: upper(q.text("Key", "WarehouseKey", "Id")),
			OnHand:      r.quantity(q, "OnHandQuantity"), Allocated: r.quantity(q, "AllocatedQuantity"),
			OnOrder: r.quantity(q, "OnOrderQuantity"), BackOrdered: r.quantity(q, "BackOrderedQuantity"),
			InUse: r.quantity(q, "InUseQuantity"), InService: r.quantity(q, "InServiceQuantity"),
			Returned: r.quantity(q, "ReturnedQuantity"), Damaged: r.quantity(q, "DamagedQuantity"),
		})
	}
	return item, r.err
}

// ItemCriteria restricts a list of items; what is nil or empty restricts nothing.
// LastModified changes with every quantity too, but a row doesn't say of which
// site. See SalesCriteria about lists.
type ItemCriteria struct {
	Number, Description, ClassID Match
	Type                         string // such as "Sales Item"
	Discontinued                 *bool
	Created, Modified            DateRange
	LastModified                 TimeRange
}

func (c ItemCriteria) object() object {
	return object{
		"ItemId": c.Number.object(), "Description": c.Description.object(), "ItemClassId": c.ClassID.object(),
		"CreatedDate": c.Created.object(), "ModifiedDate": c.Modified.object(), "LastModifiedDate": c.LastModified.object(),
		"Type": equalTo(c.Type), "IsDiscontinued": equalTo(boolean(c.Discontinued)),
	}
}

// ItemSummary is a row of a list (GP Web Services WSDL: ItemSummary).
type ItemSummary struct {
	Number, Description, ShortDescription, ClassID, Type string
	Discontinued                                         bool
	Created, Modified                                    Date
	LastModified                                         time.Time
}

// Items lists items of all types.
func (c *Client) Items(ctx context.Context, criteria ItemCriteria) ([]ItemSummary, error) {
	return list(ctx, c, "GetItemList", criteria.object(), func(r *reading, n *node) ItemSummary {
		return ItemSummary{
			Number: n.text("Key", "Id"), Description: n.text("Description"), ShortDescription: n.text("ShortDescription"),
			ClassID: n.text("ClassKey", "Id"), Type: n.text("Type"), Discontinued: n.yes("IsDiscontinued"),
			Created: r.date(n, "CreatedDate"), Modified: r.date(n, "ModifiedDate"), LastModified: r.time(n, "LastModifiedDate"),
		}
	})
}

// CreateSalesItem creates an item that is kept in stock. It has no price yet
// (CreateItemCurrency), and is at no site but those of its class. One which
// exists is the failure gp.item.duplicate. No operation updates an item.
func (c *Client) CreateSalesItem(ctx context.Context, item Item) error {
	if _, err := mustKey("ITEMNMBR", item.Number); err != nil {
		return err
	}
	if _, err := fixed("weight", item.Weight.Decimal, weightDecimals); err != nil {
		return unsent(in("ShippingWeight", err))
	}
	return c.write(ctx, "CreateSalesItem", object{"salesItem": item.object()})
}

// DiscontinueItem marks an item as one that is sold until its stock ends.
func (c *Client) DiscontinueItem(ctx context.Context, number string) error {
	return c.writeKey(ctx, "DiscontinueSalesItem", "ITEMNMBR", number)
}
