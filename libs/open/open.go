// Package open keeps what the store still reserves of orders that GP has
// allocated already. Both systems take such a quantity off what may be sold: GP
// by its allocation, Magento by its reservation (MSI appends one when an order is
// placed, and the opposite when it is shipped). A stock level for the store is
// therefore what GP has free, plus what is open.
//
// One record per sales order in the KV bucket "open", <pair>.<SOP number>. Two
// rules make every error one that sells too little:
//
//   - an order is marked after GP allocated it, and before its outcome is told;
//   - what is about to be shipped in the store is marked as closing before the
//     call, and no more counted; the record goes when the call is done. Each step
//     is a change of the projection, so the level is worked out again.
package open

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"sync"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/failure"
)

// Quantities are of one item.
type Quantities struct {
	// Open is reserved in the store and allocated in GP.
	Open decimal.Decimal `json:"open,omitzero"`
	// Closing is being shipped in the store at this moment.
	Closing decimal.Decimal `json:"closing,omitzero"`
}

// IsZero tells whether there is neither.
func (q Quantities) IsZero() bool { return q.Open.IsZero() && q.Closing.IsZero() }

func (q Quantities) plus(o Quantities) Quantities {
	return Quantities{Open: q.Open.Add(o.Open), Closing: q.Closing.Add(o.Closing)}
}

func (q Quantities) minus(o Quantities) Quantities {
	return Quantities{Open: q.Open.Sub(o.Open), Closing: q.Closing.Sub(o.Closing)}
}

// record is what is open of one order, by item number in upper case.
type record map[string]Quantities

// Book writes one pair's records.
type Book struct {
	kv   jetstream.KeyValue
	pair string
}

// NewBook opens a pair's records in the bucket of that name.
func NewBook(kv jetstream.KeyValue, pair string) *Book { return &Book{kv, pair} }

func (b *Book) key(order string) string {
	return b.pair + "." + events.CanonicalKey(events.GP, events.Order, order).Token()
}

// Set says what the store reserves of an order now, by item number. Nothing, or
// nothing above zero, ends the record. What is closing stays so.
func (b *Book) Set(ctx context.Context, order string, reserved map[string]decimal.Decimal) error {
	return b.change(ctx, order, func(r record) record {
		next := record{}
		for item, q := range r {
			if q.Closing.IsPositive() {
				next[item] = Quantities{Closing: q.Closing}
			}
		}
		for item, n := range reserved {
			item = itemKey(item)
			q := next[item]
			q.Open = q.Open.Add(decimal.Max(n, decimal.Zero))
			next[item] = q
		}
		for item, q := range next { // what is closing is a part of what was reserved
			q.Open = decimal.Max(q.Open.Sub(q.Closing), decimal.Zero)
			next[item] = q
		}
		return next
	})
}

// Closing says that these quantities of an order, and no others, are about to be
// shipped in the store. Said twice, it is the same.
func (b *Book) Closing(ctx context.Context, order string, shipping map[string]decimal.Decimal) error {
	return b.change(ctx, order, func(r record) record {
		closing := map[string]decimal.Decimal{}
		for item, n := range shipping {
			item = itemKey(item)
			closing[item] = closing[item].Add(decimal.Max(n, decimal.Zero))
		}
		for item, q := range r {
			all := q.Open.Add(q.Closing)
			moved := decimal.Min(closing[item], all)
			r[item] = Quantities{Open: all.Sub(moved), Closing: moved}
		}
		return r
	})
}

// Closed says that what was closing of an order has been shipped in the store,
// or, where it was not, that nobody knows: then the next reading of the order
// says what is reserved.
func (b *Book) Closed(ctx context.Context, order string) error {
	return b.change(ctx, order, func(r record) record {
		for item, q := range r {
			r[item] = Quantities{Open: q.Open}
		}
		return r
	})
}

func itemKey(item string) string { return string(events.CanonicalKey(events.GP, events.Stock, item)) }

// change changes an order's record by compare-and-set; one that says nothing new
// is not written.
func (b *Book) change(ctx context.Context, order string, edit func(record) record) error {
	key := b.key(order)
	for {
		r, revision, err := b.get(ctx, key)
		if err != nil {
			return err
		}
		next := edit(maps.Clone(r))
		maps.DeleteFunc(next, func(_ string, q Quantities) bool { return q.IsZero() })
		if equal(r, next) {
			return nil
		}
		switch err := b.put(ctx, key, next, revision); {
		case errors.Is(err, jetstream.ErrKeyExists), lostRace(err):
			continue
		case err != nil:
			return failure.Down("open.put", "what is open of "+order+" can't be written", err)
		}
		return nil
	}
}

func equal(a, b record) bool {
	return maps.EqualFunc(a, b, func(x, y Quantities) bool { return x.Open.Equal(y.Open) && x.Closing.Equal(y.Closing) })
}

func lostRace(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
		api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

func (b *Book) put(ctx context.Context, key string, r record, revision uint64) error {
	if len(r) == 0 {
		return b.kv.Delete(ctx, key, jetstream.LastRevision(revision))
	}
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if revision == 0 {
		_, err = b.kv.Create(ctx, key, data)
	} else {
		_, err = b.kv.Update(ctx, key, data, revision)
	}
	return err
}

func (b *Book) get(ctx context.Context, key string) (record, uint64, error) {
	entry, err := b.kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return record{}, 0, nil
	}
	if err != nil {
		return nil, 0, failure.Down("open.get", "what is open can't be read", err)
	}
	r := record{}
	if err := json.Unmarshal(entry.Value(), &r); err != nil {
		return nil, 0, failure.Defect("open.decode", "what is open of "+key+" can't be read", err)
	}
	return r, entry.Revision(), nil
}

// Sums follows a pair's records and knows what is open of each item.
type Sums struct {
	kv   jetstream.KeyValue
	pair string
	// Changed, when set, is told of each item of which something else is open than
	// before, once the records that there were have been read, with the revision
	// of the record that changed it.
	changed func(ctx context.Context, item string, revision uint64)

	mu     sync.Mutex
	orders map[string]record
	items  map[string]Quantities
	loaded chan struct{}
	once   sync.Once
}

// NewSums prepares to follow a pair's records; changed may be nil.
func NewSums(kv jetstream.KeyValue, pair string, changed func(ctx context.Context, item string, revision uint64)) *Sums {
	return &Sums{
		kv: kv, pair: pair, changed: changed,
		orders: map[string]record{}, items: map[string]Quantities{}, loaded: make(chan struct{}),
	}
}

// Run follows the records until ctx ends.
func (s *Sums) Run(ctx context.Context) error {
	w, err := s.kv.Watch(ctx, s.pair+".*")
	if err != nil {
		return failure.Down("open.watch", "what is open can't be followed", err)
	}
	defer w.Stop() //nolint:errcheck // nothing depends on it
	ready := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case entry, more := <-w.Updates():
			switch {
			case !more:
				if ctx.Err() != nil {
					return nil //nolint:nilerr // told to stop
				}
				return failure.Down("open.watch", "what is open is no longer followed: the watch has ended", nil)
			case entry == nil: // all that there was
				ready = true
				s.once.Do(func() { close(s.loaded) })
				continue
			}
			for _, item := range s.take(entry) {
				if ready && s.changed != nil {
					s.changed(ctx, item, entry.Revision())
				}
			}
		}
	}
}

// take takes an order's newest record in, and gives the items that it changes.
func (s *Sums) take(entry jetstream.KeyValueEntry) (changed []string) {
	next := record{}
	if entry.Operation() == jetstream.KeyValuePut {
		// A record that can't be read counts as none: too little is sold.
		if json.Unmarshal(entry.Value(), &next) != nil {
			next = record{}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.orders[entry.Key()]
	for item, q := range old {
		s.items[item] = s.items[item].minus(q)
		if n := next[item]; !n.Open.Equal(q.Open) || !n.Closing.Equal(q.Closing) {
			changed = append(changed, item)
		}
	}
	for item, q := range next {
		s.items[item] = s.items[item].plus(q)
		if _, was := old[item]; !was {
			changed = append(changed, item)
		}
	}
	for _, item := range changed {
		if s.items[item].IsZero() {
			delete(s.items, item)
		}
	}
	if s.orders[entry.Key()] = next; len(next) == 0 {
		delete(s.orders, entry.Key())
	}
	return changed
}

// Of gives what is open of an item. It waits until all records were read once.
func (s *Sums) Of(ctx context.Context, item string) (Quantities, error) {
	select {
	case <-s.loaded:
	case <-ctx.Done():
		return Quantities{}, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.items[itemKey(item)], nil
}
