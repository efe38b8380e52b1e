package gpcapture

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/gp"
)

// company is a GP that the test moves: what it shows is what is committed.
type company struct {
	mu        sync.Mutex
	orders    map[string]gp.SalesOrder
	invoices  map[string]gp.SalesInvoice
	customers map[string]gp.Customer
	items     map[string]gp.Item
	pricings  map[gp.PricingKey]gp.Pricing
	lists     map[string]decimal.Decimal // list prices in USD
	changed   []gp.ChangedKey            // of addresses

	err     error                                          // of every call
	fails   func(operation, key string) error              // of some calls
	calls   map[string]int                                 // by operation
	reading func(ctx context.Context, op, key string)      // runs before a read looks
	ranges  map[string][]gp.TimeRange                      // that lists were asked for
	tooLong func(operation string, r gp.TimeRange) bool    // which of them time out
	matches func(operation string, ids gp.Match) (ok bool) // which ranges of ids time out not
}

func newCompany() *company {
	return &company{
		orders: map[string]gp.SalesOrder{}, invoices: map[string]gp.SalesInvoice{}, customers: map[string]gp.Customer{},
		items: map[string]gp.Item{}, pricings: map[gp.PricingKey]gp.Pricing{}, lists: map[string]decimal.Decimal{},
		calls: map[string]int{}, ranges: map[string][]gp.TimeRange{},
	}
}

// do changes something in GP.
func (c *company) do(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

// called is how often an operation was.
func (c *company) called(operation string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls[operation]
}

// enter counts a call and says whether it fails.
func (c *company) enter(ctx context.Context, operation, key string) error {
	if c.reading != nil {
		c.reading(ctx, operation, key)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[operation]++
	if c.err != nil {
		return c.err
	}
	if c.fails != nil {
		return c.fails(operation, key)
	}
	return ctx.Err()
}

func one[T any](ctx context.Context, c *company, operation, key string, of map[string]T) (none T, err error) {
	if err := c.enter(ctx, operation, key); err != nil {
		return none, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if got, ok := of[strings.ToUpper(key)]; ok {
		return got, nil
	}
	return none, missing(key)
}

func missing(key string) error {
	return fmt.Errorf("%s: %w", key, gp.ErrNotFound)
}

func (c *company) SalesOrder(ctx context.Context, number string) (gp.SalesOrder, error) {
	return one(ctx, c, "order", number, c.orders)
}

func (c *company) SalesInvoice(ctx context.Context, number string) (gp.SalesInvoice, error) {
	return one(ctx, c, "invoice", number, c.invoices)
}

func (c *company) Customer(ctx context.Context, id string) (gp.Customer, error) {
	return one(ctx, c, "customer", id, c.customers)
}

func (c *company) Item(ctx context.Context, number string) (gp.Item, error) {
	return one(ctx, c, "item", number, c.items)
}

func (c *company) ItemCurrency(ctx context.Context, number, iso string) (gp.ItemCurrency, error) {
	if iso != "USD" {
		return gp.ItemCurrency{}, missing(number + iso)
	}
	price, err := one(ctx, c, "list price", number, c.lists)
	return gp.ItemCurrency{ItemNumber: number, CurrencyISO: iso, ListPrice: decimal.NewNullDecimal(price)}, err
}

func (c *company) Pricing(ctx context.Context, k gp.PricingKey) (gp.Pricing, error) {
	if err := c.enter(ctx, "price", k.ItemNumber); err != nil {
		return gp.Pricing{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, ok := c.pricings[k]; ok {
		return p, nil
	}
	return gp.Pricing{}, missing(k.ItemNumber)
}

func (c *company) SalesOrders(ctx context.Context, criteria gp.SalesCriteria) ([]gp.SalesSummary, error) {
	return sold(ctx, c, "orders", criteria, c.orders)
}

func (c *company) SalesInvoices(ctx context.Context, criteria gp.SalesCriteria) ([]gp.SalesSummary, error) {
	return sold(ctx, c, "invoices", criteria, c.invoices)
}

func sold[T gp.SalesOrder | gp.SalesInvoice](ctx context.Context, c *company, operation string, criteria gp.SalesCriteria, of map[string]T) ([]gp.SalesSummary, error) {
	if err := c.list(ctx, operation, criteria.LastModified, gp.Match{}); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var rows []gp.SalesSummary
	for _, some := range of {
		d := gp.SalesDocument(some)
		if within(d.LastModified, criteria.LastModified) &&
			(criteria.State == "" || criteria.State == d.TransactionState) &&
			(criteria.MasterNumber == 0 || criteria.MasterNumber == d.MasterNumber) &&
			(criteria.CustomerPO.Equal == "" || criteria.CustomerPO.Equal == d.CustomerPO) &&
			(criteria.CustomerID.Equal == "" || criteria.CustomerID.Equal == d.CustomerID) &&
			criteria.Date.From.String() <= d.Date.String() {
			rows = append(rows, gp.SalesSummary{
				Number: d.Number, CustomerID: d.CustomerID, CustomerPO: d.CustomerPO, MasterNumber: d.MasterNumber,
				Date: d.Date, TransactionState: d.TransactionState, LastModified: d.LastModified,
			})
		}
	}
	return rows, nil
}

func (c *company) Customers(ctx context.Context, criteria gp.CustomerCriteria) (rows []gp.CustomerSummary, err error) {
	if err := c.list(ctx, "customers", criteria.LastModified, criteria.ID); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range c.customers {
		if within(x.LastModified, criteria.LastModified) && between(x.ID, criteria.ID) {
			rows = append(rows, gp.CustomerSummary{ID: x.ID, Name: x.Name, LastModified: x.LastModified})
		}
	}
	return rows, nil
}

func (c *company) ChangedCustomerAddresses(ctx context.Context, criteria gp.ChangedCriteria) (rows []gp.ChangedKey, err error) {
	if err := c.list(ctx, "changed addresses", criteria.LastModified, gp.Match{}); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.changed), nil
}

func (c *company) Items(ctx context.Context, criteria gp.ItemCriteria) (rows []gp.ItemSummary, err error) {
	if err := c.list(ctx, "items", criteria.LastModified, criteria.Number); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range c.items {
		if within(x.LastModified, criteria.LastModified) && between(x.Number, criteria.Number) {
			rows = append(rows, gp.ItemSummary{Number: x.Number, LastModified: x.LastModified})
		}
	}
	return rows, nil
}

func (c *company) Pricings(ctx context.Context, criteria gp.PricingCriteria) (rows []gp.PricingSummary, err error) {
	if err := c.list(ctx, "prices", criteria.LastModified, gp.Match{}); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, x := range c.pricings {
		if within(x.LastModified, criteria.LastModified) && (criteria.ItemNumber.Equal == "" || criteria.ItemNumber.Equal == k.ItemNumber) {
			rows = append(rows, gp.PricingSummary{PricingKey: k, LastModified: x.LastModified})
		}
	}
	return rows, nil
}

// list is enter for lists, which may take too long.
func (c *company) list(ctx context.Context, operation string, r gp.TimeRange, ids gp.Match) error {
	if err := c.enter(ctx, operation, ""); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ranges[operation] = append(c.ranges[operation], r)
	if c.tooLong != nil && c.tooLong(operation, r) || c.matches != nil && !c.matches(operation, ids) {
		return noAnswer()
	}
	return nil
}

// within is GP's comparison: inclusive, of milliseconds.
func within(t time.Time, r gp.TimeRange) bool {
	from, to := r.From.Truncate(time.Millisecond), r.To.Truncate(time.Millisecond)
	return (r.From.IsZero() || !t.Before(from)) && (r.To.IsZero() || !t.After(to))
}

func between(id string, m gp.Match) bool {
	return (m.From == "" || id >= m.From) && (m.To == "" || id <= m.To)
}
