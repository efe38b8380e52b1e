package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/config"
	"github.com/magpie-integration/magpie/libs/flowstore"
	"github.com/magpie-integration/magpie/libs/magento"
)

// sampleOrders is how many of the store's newest orders stand for all of them.
const sampleOrders = 50

// sample is what the store's newest orders use, for checks of GP and of the
// flows' tables. REST tells neither a store's active payment methods nor its
// shipping methods without a cart.
type sample struct {
	orders     int
	skus       []string
	payments   []string
	shippings  []string
	currencies []string
	// published are the rows that were published for the pair, by table; nil where
	// NATS is away or nothing was.
	published map[string]flowstore.LiveTable
}

// newSample reads a pair's sample once, when it is first asked for; both parts
// of the pair share it.
func newSample(ctx context.Context, cfg *config.Config, pair config.Pair, limit time.Duration) func() (sample, error) {
	return sync.OnceValues(func() (sample, error) {
		store, err := newMagento(pair)
		if err != nil {
			return sample{}, err
		}
		defer store.Close()
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		orders, err := store.Recent(ctx, sampleOrders)
		if err != nil {
			return sample{}, fmt.Errorf("read the store's newest orders: %w", err)
		}
		s := readSample(pair, orders)
		website, _, err := store.OwnWebsite(ctx)
		if err != nil {
			return sample{}, err
		}
		configs, err := store.StoreConfigs(ctx)
		if err != nil {
			return sample{}, fmt.Errorf("read the store's currencies: %w", err)
		}
		for _, c := range configs {
			if c.WebsiteID == website.ID || website.ID == 0 {
				s.currencies = append(s.currencies, inCurrency(pair, c.DefaultDisplayCurrencyCode, c.BaseCurrencyCode))
			}
		}
		s.currencies = distinct(s.currencies)
		s.published = publishedTables(ctx, cfg, pair.Name)
		return s, nil
	})
}

// publishedTables are a pair's published rows. That NATS is away is told by the
// checks of NATS; then those that ship and the configuration's are gone by.
func publishedTables(ctx context.Context, cfg *config.Config, pair string) map[string]flowstore.LiveTable {
	b, err := dial(cfg, nil, nats.RetryOnFailedConnect(false), nats.NoReconnect())
	if err != nil {
		return nil
	}
	defer b.Close()
	store, err := flowstore.Open(ctx, b)
	if err != nil {
		return nil
	}
	state, err := store.State(ctx, pair)
	if err != nil {
		return nil
	}
	return state.Tables
}

// readSample reads what orders use. What an order lacks is left out.
func readSample(pair config.Pair, orders []magento.Order) sample {
	s := sample{orders: len(orders)}
	for _, o := range orders {
		var record struct {
			Currency string `json:"order_currency_code"`
			Base     string `json:"base_currency_code"`
			Payment  struct {
				Method string `json:"method"`
			} `json:"payment"`
			Items []struct {
				SKU  string `json:"sku"`
				Type string `json:"product_type"`
			} `json:"items"`
			Extension struct {
				Assignments []struct {
					Shipping struct {
						Method string `json:"method"`
					} `json:"shipping"`
				} `json:"shipping_assignments"`
			} `json:"extension_attributes"`
		}
		if json.Unmarshal(o.Raw, &record) != nil {
			continue // the capture says what is wrong with it
		}
		s.currencies = append(s.currencies, inCurrency(pair, record.Currency, record.Base))
		s.payments = append(s.payments, record.Payment.Method)
		for _, a := range record.Extension.Assignments {
			s.shippings = append(s.shippings, a.Shipping.Method)
		}
		for _, item := range record.Items {
			if item.Type != "configurable" && item.Type != "bundle" { // their children are what GP has
				s.skus = append(s.skus, string(events.CanonicalKey(events.Magento, events.Product, item.SKU)))
			}
		}
	}
	s.skus, s.payments, s.shippings, s.currencies = distinct(s.skus), distinct(s.payments), distinct(s.shippings), distinct(s.currencies)
	return s
}

// inCurrency chooses the currency that the pair's flow writes into GP.
func inCurrency(pair config.Pair, order, base string) string {
	if givenSettings(pair)["order.currency"] == "base" {
		return base
	}
	return order
}

// distinct sorts texts and drops empty and repeated ones.
func distinct(all []string) []string {
	all = slices.DeleteFunc(all, func(s string) bool { return strings.TrimSpace(s) == "" })
	slices.Sort(all)
	return slices.Compact(all)
}

// tableRows are the rows of a table of the pair's flows: those that ship, those
// of its configuration over them, and those that were published over both.
func tableRows(pair config.Pair, table string, published map[string]flowstore.LiveTable) (map[string]any, error) {
	rows := map[string]any{}
	all, err := templates()
	if err != nil {
		return nil, err
	}
	for _, document := range all {
		for _, t := range document.Tables {
			if t.Name == table {
				maps.Copy(rows, t.Rows)
			}
		}
	}
	given, _ := pair.Flows[flowTables].(map[string]any)
	own, _ := given[table].(map[string]any)
	maps.Copy(rows, own)
	maps.Copy(rows, published[table].Rows)
	return rows, nil
}
