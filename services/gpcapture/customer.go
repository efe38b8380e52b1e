package gpcapture

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/capture"
	"github.com/magpie-integration/magpie/libs/gp"
	"github.com/magpie-integration/magpie/libs/match"
)

// customerCards is what the reader of customers needs of GP.
type customerCards interface {
	Customer(ctx context.Context, id string) (gp.Customer, error)
	Customers(ctx context.Context, criteria gp.CustomerCriteria) ([]gp.CustomerSummary, error)
	ChangedCustomerAddresses(ctx context.Context, criteria gp.ChangedCriteria) ([]gp.ChangedKey, error)
}

// customers reads customers with their addresses, and keeps the index by which
// accounts of the store find them.
type customers struct {
	reader

	cfg   Config
	gp    customerCards
	index Index
	full  full
}

func newCustomers(cfg Config, r reader, company customerCards, index Index) *customers {
	c := &customers{reader: r, cfg: cfg, gp: company, index: index}
	c.full = full{
		entity: events.Customer, every: cfg.FullEvery, look: cfg.Every, reader: r, read: c.one,
		list: c.all, known: index.Numbers, complete: index.Complete, completed: index.Completed,
	}
	return c
}

func (c *customers) Entity() events.Entity { return events.Customer }

func (c *customers) Sweeps() []capture.Sweep {
	byStamp := capture.Sweep{Cursor: true, Every: c.cfg.Every, Overlap: c.cfg.Overlap, Settled: settled}
	customers, addresses := byStamp, byStamp
	customers.Way, customers.List = events.WaySweep, c.modified
	addresses.Way, addresses.List = "addresses", c.addressed
	return []capture.Sweep{customers, addresses, c.full.sweep()}
}

func (c *customers) Read(ctx context.Context, keys []events.Key) (capture.Found, error) {
	return c.each(ctx, keys, c.one)
}

func (c *customers) one(ctx context.Context, key events.Key) (capture.Record, bool, error) {
	customer, err := ask(ctx, c.calls, string(key), func(ctx context.Context) (gp.Customer, error) {
		return c.gp.Customer(ctx, string(key))
	})
	if errors.Is(err, gp.ErrNotFound) {
		if err := c.index.Remove(ctx, key); err != nil {
			return capture.Record{}, false, err
		}
		return c.past.gone(ctx, events.Customer, key)
	}
	if err != nil {
		return capture.Record{}, false, err
	}
	if err := c.index.Put(ctx, matched(key, customer)); err != nil {
		return capture.Record{}, false, err
	}
	c.full.learn(key)
	modified := customer.LastModified
	customer.LastModified = time.Time{} // a stamp alone is no change
	addresses := make([]gp.CustomerAddress, len(customer.Addresses))
	for i, a := range customer.Addresses {
		a.LastModified = time.Time{}
		addresses[i] = a
	}
	customer.Addresses = addresses
	record, err := json.Marshal(customer)
	return capture.Record{Key: key, JSON: record, ModifiedAt: modified}, true, err
}

// matched is what a customer can be found by: the e-mails of each of his
// addresses (GP lets people write several into one), and his name at each of their
// postcodes.
func matched(key events.Key, customer gp.Customer) match.Customer {
	m := match.Customer{Number: key}
	for _, a := range customer.Addresses {
		m.Emails = append(m.Emails, strings.FieldsFunc(a.Email, func(r rune) bool { return r == ';' || r == ',' })...)
		m.Names = append(m.Names, match.Place{Name: customer.Name, Postcode: a.Zip})
	}
	return m
}

func (c *customers) list(ctx context.Context, criteria gp.CustomerCriteria) ([]gp.CustomerSummary, error) {
	return ask(ctx, c.calls, "customers", func(ctx context.Context) ([]gp.CustomerSummary, error) { return c.gp.Customers(ctx, criteria) })
}

func (c *customers) all(ctx context.Context) ([]events.Key, error) {
	rows, err := everything(ctx, func(ctx context.Context, ids gp.Match) ([]gp.CustomerSummary, error) {
		return c.list(ctx, gp.CustomerCriteria{ID: ids})
	})
	keys := make([]events.Key, len(rows))
	for i, row := range rows {
		keys[i] = keyOf(events.Customer, row.ID)
	}
	return keys, err
}

// modified lists the customers that were stamped.
func (c *customers) modified(ctx context.Context, w capture.Window, after string) (capture.Page, error) {
	listed, next, err := stamped(ctx, w, after, func(ctx context.Context, r gp.TimeRange) ([]gp.CustomerSummary, error) {
		return c.list(ctx, gp.CustomerCriteria{LastModified: r})
	})
	page := capture.Page{Next: next}
	for _, row := range listed {
		page.Rows = append(page.Rows, capture.Row{Key: keyOf(events.Customer, row.ID), ModifiedAt: row.LastModified})
	}
	page.Rows = byStamp(page.Rows)
	return page, err
}

// addressed lists the customers whose addresses are in the changed-key list. Most
// companies don't feed that list, and many accounts may not read it; neither is a
// failure, so the call isn't made through the breaker, which it would open.
func (c *customers) addressed(ctx context.Context, w capture.Window, after string) (capture.Page, error) {
	listed, next, err := stamped(ctx, w, after, func(ctx context.Context, r gp.TimeRange) ([]gp.ChangedKey, error) {
		return c.gp.ChangedCustomerAddresses(ctx, gp.ChangedCriteria{LastModified: r})
	})
	if err != nil {
		slog.DebugContext(ctx, "the list of changed addresses can't be read; the full pass reads all customers", "error", err)
		return capture.Page{Next: next}, ctx.Err()
	}
	page := capture.Page{Next: next}
	for _, row := range listed {
		if row.CustomerID != "" {
			page.Rows = append(page.Rows, capture.Row{Key: keyOf(events.Customer, row.CustomerID), ModifiedAt: row.LastModified})
		}
	}
	page.Rows = byStamp(page.Rows)
	return page, nil
}
