package gp

import (
	"context"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// Item is an item with its quantities (GP Web Services WSDL: Item, SalesItem).
type Item struct {
	Number, Description, ShortDescription string
	// Kind is the type of object that GP answered with, such as SalesItem or Kit.
	Kind string
	// Type is GP's ItemType, such as "Sales Item".
	Type                                        string
	ClassID, UofMScheduleID, DefaultSellingUnit string
	DefaultWarehouseID, DefaultPriceLevelID     string
	// QuantityDecimals and CurrencyDecimals are how many decimals GP keeps of
	// the item's quantities and prices.
	QuantityDecimals, CurrencyDecimals int
	AllowsBackOrders, Discontinued     bool
	LastModified                       time.Time
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

func readItem(n *node) (Item, error) {
	var r reading
	item := Item{
		Number: n.text("Key", "Id"), Description: n.text("Description"), ShortDescription: n.text("ShortDescription"),
		Kind: n.kind.Local, Type: n.text("Type"),
		ClassID: n.text("ClassKey", "Id"), UofMScheduleID: n.text("UofMScheduleKey", "Id"),
		DefaultSellingUnit: n.text("DefaultSellingUofM"), DefaultWarehouseID: n.text("DefaultWarehouseKey", "Id"),
		DefaultPriceLevelID: n.text("DefaultPriceLevelKey", "Id"),
		QuantityDecimals:    max(0, slices.Index(decimalPlaces, n.text("QuantityDecimalPlaces"))),
		CurrencyDecimals:    max(0, slices.Index(decimalPlaces, n.text("CurrencyDecimalPlaces"))),
		AllowsBackOrders:    n.yes("AllowBackOrder"), Discontinued: n.yes("IsDiscontinued"),
		LastModified: r.time(n, "LastModifiedDate"),
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

// Warehouse is a site (GP Web Services WSDL: Warehouse).
type Warehouse struct{ ID, Description string }

// Warehouse reads a site.
func (c *Client) Warehouse(ctx context.Context, id string) (Warehouse, error) {
	return record(ctx, c, "GetWarehouseByKey", "site", "LOCNCODE", id, func(n *node) (Warehouse, error) {
		return Warehouse{ID: n.text("Key", "Id"), Description: n.text("Description")}, nil
	})
}
