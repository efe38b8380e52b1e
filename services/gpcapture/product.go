package gpcapture

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/capture"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/gp"
)

// priceLists is what the reader of products needs of GP beside items.
type priceLists interface {
	ItemCurrency(ctx context.Context, itemNumber, currencyISO string) (gp.ItemCurrency, error)
	Pricing(ctx context.Context, k gp.PricingKey) (gp.Pricing, error)
	Pricings(ctx context.Context, criteria gp.PricingCriteria) ([]gp.PricingSummary, error)
}

// products reads items with their prices, and without their quantities, which
// are stock's.
type products struct {
	reader

	cfg   Config
	items *items
	gp    priceLists
	full  full

	mu   sync.Mutex
	seen map[events.Key]itemSight // of stamped items
	next map[events.Key]itemSight // of the look under way
}

// itemSight is what an item's card was when it was looked at because of a stamp.
type itemSight struct {
	stamp time.Time
	sum   [sha256.Size]byte
}

func newProducts(cfg Config, r reader, shared *items, company priceLists) *products {
	p := &products{reader: r, cfg: cfg, items: shared, gp: company, seen: map[events.Key]itemSight{}}
	p.full = full{
		entity: events.Product, every: max(productEvery, cfg.FullEvery), look: cfg.Every, reader: r, read: p.one, list: shared.all,
	}
	return p
}

func (p *products) Entity() events.Entity { return events.Product }

func (p *products) Sweeps() []capture.Sweep {
	byStamp := capture.Sweep{Cursor: true, Every: p.cfg.Every, Overlap: p.cfg.Overlap, Settled: settled}
	items, prices := byStamp, byStamp
	items.Way, items.List = events.WaySweep, p.modified
	prices.Way, prices.List = "prices", p.priced
	return []capture.Sweep{items, prices, p.full.sweep()}
}

func (p *products) Read(ctx context.Context, keys []events.Key) (capture.Found, error) {
	return p.each(ctx, keys, p.one)
}

func (p *products) one(ctx context.Context, key events.Key) (capture.Record, bool, error) {
	item, err := p.items.read(ctx, key)
	if errors.Is(err, gp.ErrNotFound) {
		return p.past.gone(ctx, events.Product, key)
	}
	if err != nil {
		return capture.Record{}, false, err
	}
	p.full.learn(key)
	prices, err := p.prices(ctx, item)
	if err != nil {
		return capture.Record{}, false, err
	}
	lists, err := p.listPrices(ctx, item, prices)
	if err != nil {
		return capture.Record{}, false, err
	}
	fields, err := card(item)
	if err != nil {
		return capture.Record{}, false, err
	}
	if fields["prices"], err = json.Marshal(prices); err != nil {
		return capture.Record{}, false, err
	}
	if fields["listPrices"], err = json.Marshal(lists); err != nil {
		return capture.Record{}, false, err
	}
	record, err := json.Marshal(fields)
	return capture.Record{Key: key, JSON: record, ModifiedAt: item.LastModified}, true, err
}

// card gives the fields of an item that its stock doesn't move: neither the
// quantities nor the stamp.
func card(item gp.Item) (map[string]json.RawMessage, error) {
	item.LastModified = time.Time{}
	fields, err := fieldsOf(item)
	delete(fields, "quantities")
	return fields, err
}

// prices reads an item's entries in the price lists, in order of their keys.
func (p *products) prices(ctx context.Context, item gp.Item) ([]gp.Pricing, error) {
	rows, err := p.list(ctx, gp.PricingCriteria{ItemNumber: gp.Match{Equal: item.Number}})
	if err != nil {
		return nil, err
	}
	prices := []gp.Pricing{} // never nil: a list in JSON
	for _, row := range rows {
		if !strings.EqualFold(row.ItemNumber, item.Number) {
			continue
		}
		pricing, err := ask(ctx, p.calls, item.Number, func(ctx context.Context) (gp.Pricing, error) { return p.gp.Pricing(ctx, row.PricingKey) })
		if errors.Is(err, gp.ErrNotFound) { // deleted in between
			continue
		}
		if err != nil {
			return nil, err
		}
		pricing.LastModified = time.Time{}
		prices = append(prices, pricing)
	}
	slices.SortFunc(prices, func(a, b gp.Pricing) int {
		return cmp.Or(cmp.Compare(a.PriceLevelID, b.PriceLevelID), cmp.Compare(a.CurrencyISO, b.CurrencyISO), cmp.Compare(a.UofM, b.UofM))
	})
	return prices, nil
}

// listPrices reads an item's list prices. No list of GP's services has them, so
// they are asked for in the currency of its costs, and in those of its prices.
func (p *products) listPrices(ctx context.Context, item gp.Item, prices []gp.Pricing) ([]gp.ItemCurrency, error) {
	currencies := []string{item.CostCurrencyISO}
	for _, price := range prices {
		currencies = append(currencies, price.CurrencyISO)
	}
	slices.Sort(currencies)
	lists := []gp.ItemCurrency{}
	for _, iso := range slices.Compact(currencies) {
		if iso == "" {
			continue
		}
		price, err := ask(ctx, p.calls, item.Number, func(ctx context.Context) (gp.ItemCurrency, error) { return p.gp.ItemCurrency(ctx, item.Number, iso) })
		if errors.Is(err, gp.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		lists = append(lists, price)
	}
	return lists, nil
}

func (p *products) list(ctx context.Context, criteria gp.PricingCriteria) ([]gp.PricingSummary, error) {
	return ask(ctx, p.calls, "prices", func(ctx context.Context) ([]gp.PricingSummary, error) { return p.gp.Pricings(ctx, criteria) })
}

// priced lists the items whose prices were stamped.
func (p *products) priced(ctx context.Context, w capture.Window, after string) (capture.Page, error) {
	listed, next, err := stamped(ctx, w, after, func(ctx context.Context, r gp.TimeRange) ([]gp.PricingSummary, error) {
		return p.list(ctx, gp.PricingCriteria{LastModified: r})
	})
	page := capture.Page{Next: next}
	for _, row := range listed {
		name := strings.Join([]string{row.PriceLevelID, row.CurrencyISO, row.UofM}, "\n")
		page.Rows = append(page.Rows, capture.Row{Key: keyOf(events.Product, row.ItemNumber), ModifiedAt: ownStamp(row.LastModified, name)})
	}
	page.Rows = byStamp(page.Rows)
	return page, err
}

// modified lists the items that were stamped, but those whose card reads as it
// did at their last stamp: each move of stock stamps the item, and an item with
// its prices costs many calls where the item costs one.
func (p *products) modified(ctx context.Context, w capture.Window, after string) (capture.Page, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if after == "" {
		p.next = map[events.Key]itemSight{}
	}
	if after == lastPage { // all rows were noticed
		for key, sight := range p.next {
			p.seen[key] = sight
		}
		return capture.Page{}, nil
	}
	listed, next, err := stamped(ctx, w, after, func(ctx context.Context, r gp.TimeRange) ([]gp.ItemSummary, error) {
		return p.items.list(ctx, gp.ItemCriteria{LastModified: r})
	})
	if err != nil {
		return capture.Page{}, err
	}
	listed = slices.DeleteFunc(listed, func(row gp.ItemSummary) bool {
		return p.seen[keyOf(events.Product, row.Number)].stamp.Equal(row.LastModified)
	})
	sights := make([]itemSight, len(listed))
	var g errgroup.Group
	g.SetLimit(cap(p.calls.room))
	for i, row := range listed {
		g.Go(func() (err error) {
			sights[i].sum, err = p.look(ctx, row)
			// A stamp that another edit may still get says nothing of the next look.
			if row.LastModified.Before(w.To.Add(-settled)) {
				sights[i].stamp = row.LastModified
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return capture.Page{}, err
	}
	page := capture.Page{Next: cmp.Or(next, lastPage)}
	for i, row := range listed {
		key := keyOf(events.Product, row.Number)
		p.next[key] = sights[i]
		if sum := sights[i].sum; p.seen[key].sum != sum {
			page.Rows = append(page.Rows, capture.Row{Key: key, ModifiedAt: ownStamp(row.LastModified, string(sum[:]))})
		}
	}
	page.Rows = byStamp(page.Rows)
	return page, nil
}

// look gives the sum of an item's card. One that can't be read is noticed too,
// once for each kind of failure: its reading will say why.
func (p *products) look(ctx context.Context, row gp.ItemSummary) (sum [sha256.Size]byte, err error) {
	item, err := p.items.read(ctx, keyOf(events.Product, row.Number))
	if aboutAll(err) {
		return sum, err
	}
	if err != nil {
		return sha256.Sum256([]byte(failure.Of(err).Code)), nil
	}
	fields, err := card(item)
	if err != nil {
		return sum, err
	}
	data, err := json.Marshal(fields)
	return sha256.Sum256(data), err
}
