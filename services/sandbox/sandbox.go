// Package sandbox plays both systems on one machine: a Magento store with a
// catalogue, customers and shoppers, and a Dynamics GP company that has the
// same items. They hold their state in SQLite, speak the real wire contracts
// with the real refusals, and misbehave on demand (package fault). They are for
// tests, for a first look, and for trying out a flow before a real system sees it.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/shopspring/decimal"
	"golang.org/x/sync/errgroup"

	"github.com/magpie-integration/magpie/services/sandbox/fault"
	"github.com/magpie-integration/magpie/services/sandbox/gp"
	"github.com/magpie-integration/magpie/services/sandbox/magento"
)

// Config of both sandboxes.
type Config struct {
	// Dir keeps both databases; empty keeps nothing.
	Dir string
	// Token, User and Password are what clients must show.
	Token, User, Password string
	// Site is the GP site that has stock, DocID the document id of orders.
	Site, DocID string
	// Company is GP's company number.
	Company int
	// WebhookURL, when set, is told of every order save, signed with WebhookSecret.
	WebhookURL, WebhookSecret string
	// Webhooks, when there are any, are told instead, each in its own way.
	Webhooks []magento.Webhook
	// Seed makes the catalogue, the customers and the shoppers.
	Seed uint64
	// Version is the store's; see the magento package.
	Version string
	// Mix is what shoppers buy; see the magento package.
	Mix string
	// CreateTime and ReadTime are how long GP works on a write and on a read.
	CreateTime, ReadTime time.Duration
	// PostTime is how long GP has a batch locked while it posts it.
	PostTime time.Duration
	// Busy lets people work in both systems while Run runs: 1 is what goes with
	// about one order a second, 0 nobody. It fills People, Clerk and AccountRate.
	Busy float64
	// People work in GP while Run runs; see the gp package. Their seed is Seed.
	People gp.People
	// TrackingOnOrder is the habit of a site that keeps tracking numbers under
	// the order instead of the invoice.
	TrackingOnOrder bool
	Location        *time.Location
	Logger          *slog.Logger
}

// Sandbox is both systems.
type Sandbox struct {
	Magento *magento.Server
	GP      *gp.Server
	// MagentoFaults and GPFaults make them misbehave.
	MagentoFaults, GPFaults *fault.Injector
}

// onHand is a new item's stock: enough for days of shoppers, with some items
// that run out and show back orders.
func onHand(n int) decimal.Decimal {
	if n%40 == 7 {
		return decimal.NewFromInt(25)
	}
	return decimal.NewFromInt(100_000)
}

// New opens both systems and gives GP the store's items.
func New(cfg Config) (*Sandbox, error) {
	file := func(name string) string {
		if cfg.Dir == "" {
			return ""
		}
		return filepath.Join(cfg.Dir, name)
	}
	if cfg.Dir != "" {
		if err := os.MkdirAll(cfg.Dir, 0o755); err != nil { //nolint:gosec // made-up data, to be read by all
			return nil, fmt.Errorf("sandbox: %w", err)
		}
	}
	s := &Sandbox{
		MagentoFaults: fault.New(cfg.Seed, magento.FaultOptions()),
		GPFaults:      fault.New(cfg.Seed+1, fault.Options{Answers: map[string]func(http.ResponseWriter){"exception": gp.SystemException}}),
	}
	mc := magento.Config{
		DB: file("magento.db"), Token: cfg.Token, Seed: cfg.Seed, Version: cfg.Version, Mix: cfg.Mix,
		Fault: s.MagentoFaults, Logger: cfg.Logger,
	}
	if cfg.Busy > 0 {
		mc.Clerk = magento.Clerk{Rate: min(0.04*cfg.Busy, 1)}
		mc.Behaviour.AccountRate = 0.04 * cfg.Busy
	}
	mc.Webhooks = cfg.Webhooks
	if cfg.WebhookURL != "" && len(cfg.Webhooks) == 0 {
		mc.Webhooks = []magento.Webhook{{URL: cfg.WebhookURL, Secret: cfg.WebhookSecret}}
	}
	var err error
	if s.Magento, err = magento.New(mc); err != nil {
		return nil, fmt.Errorf("sandbox store: %w", err)
	}
	products, err := s.Magento.SKUs(context.Background())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sandbox catalogue: %w", err), s.Magento.Close())
	}
	people := cfg.People
	if cfg.Busy > 0 {
		people = busyPeople(cfg.Busy)
	}
	people.Seed = cfg.Seed + 2
	s.GP, err = gp.New(gp.Config{
		DB: file("gp.db"), Company: cfg.Company, User: cfg.User, Password: cfg.Password,
		Items: items(products, cfg.Site), Sites: []gp.Entry{{ID: cfg.Site, Description: "Web warehouse"}, {ID: shopSite, Description: "Shop in town"}},
		PriceLevels:   []gp.Entry{{ID: "RETAIL", Description: "Retail"}, {ID: wholesale, Description: "Wholesale"}},
		Salespersons:  []gp.Entry{{ID: "PAUL W.", Description: "West"}, {ID: "NANCY B.", Description: "Buchanan"}},
		ClassDefaults: map[string]gp.ClassDefaults{"WEB": {PaymentTerms: "WEB", PriceLevel: "RETAIL"}},
		DocumentTypes: []gp.DocumentType{{Type: "Order", ID: cfg.DocID}},
		CreateTime:    cfg.CreateTime, ReadTime: cfg.ReadTime, PostTime: cfg.PostTime, Location: cfg.Location,
		People: people, TrackingOnOrder: cfg.TrackingOnOrder,
		Middleware: s.GPFaults.Wrap, Admin: s.GPFaults.Admin(), Logger: cfg.Logger,
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sandbox company: %w", err), s.Magento.Close())
	}
	return s, nil
}

// busyPeople are the people of a company that gets so many orders a second.
func busyPeople(busy float64) gp.People {
	return gp.People{Warehouse: busy, Accountant: busy / 5, Clerk: busy / 30, Buyer: busy / 5, Bookkeeper: busy / 30}
}

// shopSite is the company's second site: some items are there too.
const shopSite = "STORE"

// wholesale is a price level with quantity breaks, that some items have.
const wholesale = "WHOLESALE"

// items are GP's for the store's products: the SKU is the item number, in
// capitals as GP keeps its ids. A bundle with a price of its own is a kit, and
// what has no weight is a service.
func items(products []magento.Product, site string) []gp.Item {
	out := make([]gp.Item, 0, len(products))
	for i, p := range products {
		it := gp.Item{ItemNumber: p.SKU, Description: p.Name, Price: p.Price, Cost: p.Cost}
		if p.Decimal {
			it.QuantityDecimals = 4
		}
		switch p.Type {
		case magento.TypeSimple:
			it.OnHand = map[string]decimal.Decimal{site: onHand(i)}
			if i%3 == 0 && site != shopSite {
				it.OnHand[shopSite] = decimal.NewFromInt(int64(i % 12))
			}
			if i%4 == 0 {
				it.Levels = map[string][]gp.Break{wholesale: {
					{From: decimal.NewFromInt(1), Price: p.Price.Mul(decimal.RequireFromString("0.9")).Round(2)},
					{From: decimal.NewFromInt(10), Price: p.Price.Mul(decimal.RequireFromString("0.8")).Round(2)},
				}}
			}
		case magento.TypeBundle:
			it.Type = "Kit"
			for _, part := range p.Parts {
				it.Components = append(it.Components, gp.Component{ItemNumber: strings.ToUpper(part.SKU), Quantity: part.Qty})
			}
		default:
			it.Type = "Service"
		}
		out = append(out, it)
	}
	return append(out,
		gp.Item{ItemNumber: "FIELD-LAMP-OLD", Description: "Field lamp, old model", Discontinued: true, OnHand: map[string]decimal.Decimal{site: decimal.NewFromInt(4)}},
		gp.Item{ItemNumber: "SAMPLE-BOX", Description: "Sample box, at no site yet", Price: decimal.NewFromInt(15)})
}

// Run delivers the store's webhooks, settles its payments, and lets people work
// in the company, until ctx ends.
func (s *Sandbox) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.Magento.Run(ctx) })
	group.Go(func() error { return s.GP.Run(ctx) })
	return group.Wait()
}

// Close closes both databases.
func (s *Sandbox) Close() error { return errors.Join(s.Magento.Close(), s.GP.Close()) }
