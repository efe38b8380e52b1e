package gpcapture

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/capture"
	"github.com/magpie-integration/magpie/libs/gp"
)

// Open is what the store still reserves of an item for orders that GP has
// allocated already: a level adds it, since the store takes its reservations off.
type Open interface {
	// Of gives an item's open quantity, and the closing one: what is being shipped
	// in the store at this moment, and so no more to be added.
	Of(ctx context.Context, item string) (open, closing decimal.Decimal, err error)
}

// stock reads the quantities of items at their sites. GP stamps the item whenever
// a quantity changes, so the list of stamped items is that of stock too.
type stock struct {
	reader

	cfg   Config
	items *items
	open  Open
	full  full
}

func newStock(cfg Config, r reader, shared *items, open Open) *stock {
	s := &stock{reader: r, cfg: cfg, items: shared, open: open}
	s.full = full{entity: events.Stock, every: cfg.FullEvery, look: cfg.Every, reader: r, read: s.one, list: shared.all}
	return s
}

func (s *stock) Entity() events.Entity { return events.Stock }

func (s *stock) Sweeps() []capture.Sweep {
	return []capture.Sweep{
		{Way: events.WaySweep, Cursor: true, Every: s.cfg.Every, Overlap: s.cfg.Overlap, Settled: settled, List: s.modified},
		s.full.sweep(),
	}
}

func (s *stock) Read(ctx context.Context, keys []events.Key) (capture.Found, error) {
	return s.each(ctx, keys, s.one)
}

// stockRecord is the record of a change of stock. Quantities are what the item's
// own JSON has under that name: those of each site, in the item's base unit.
type stockRecord struct {
	Number       string          `json:"number"`
	Kind         string          `json:"kind,omitzero"`
	Type         string          `json:"type,omitzero"`
	Discontinued bool            `json:"discontinued"`
	Quantities   json.RawMessage `json:"quantities"`
	Open         decimal.Decimal `json:"open"`
	Closing      decimal.Decimal `json:"closing"`
}

func (s *stock) one(ctx context.Context, key events.Key) (capture.Record, bool, error) {
	var reserved struct{ open, closing decimal.Decimal }
	if s.open != nil { // before GP: an order allocated in between sells too little, never too much
		var err error
		if reserved.open, reserved.closing, err = s.open.Of(ctx, string(key)); err != nil {
			return capture.Record{}, false, err
		}
	}
	item, err := s.items.read(ctx, key)
	if errors.Is(err, gp.ErrNotFound) {
		return s.past.gone(ctx, events.Stock, key)
	}
	if err != nil {
		return capture.Record{}, false, err
	}
	s.full.learn(key)
	item.Stock = slices.Clone(item.Stock) // the item is shared
	slices.SortFunc(item.Stock, func(a, b gp.Stock) int { return cmp.Compare(a.WarehouseID, b.WarehouseID) })
	fields, err := fieldsOf(item)
	if err != nil {
		return capture.Record{}, false, err
	}
	record, err := json.Marshal(stockRecord{
		Number: string(key), Kind: item.Kind, Type: item.Type, Discontinued: item.Discontinued,
		Quantities: fields["quantities"], Open: reserved.open, Closing: reserved.closing,
	})
	return capture.Record{Key: key, JSON: record, ModifiedAt: item.LastModified}, true, err
}

// fieldsOf gives the fields of an item's JSON.
func fieldsOf(item gp.Item) (map[string]json.RawMessage, error) {
	data, err := json.Marshal(item)
	if err != nil {
		return nil, err
	}
	fields := map[string]json.RawMessage{}
	return fields, json.Unmarshal(data, &fields)
}

// modified lists the items that were stamped.
func (s *stock) modified(ctx context.Context, w capture.Window, after string) (capture.Page, error) {
	listed, next, err := stamped(ctx, w, after, func(ctx context.Context, r gp.TimeRange) ([]gp.ItemSummary, error) {
		return s.items.list(ctx, gp.ItemCriteria{LastModified: r})
	})
	page := capture.Page{Next: next}
	for _, row := range listed {
		page.Rows = append(page.Rows, capture.Row{Key: keyOf(events.Stock, row.Number), ModifiedAt: row.LastModified})
	}
	page.Rows = byStamp(page.Rows)
	return page, err
}
