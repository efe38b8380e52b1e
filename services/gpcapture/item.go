package gpcapture

import (
	"context"
	"errors"
	"sync"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/gp"
)

// itemCards is what the readers of products and stock need of GP both.
type itemCards interface {
	Item(ctx context.Context, number string) (gp.Item, error)
	Items(ctx context.Context, criteria gp.ItemCriteria) ([]gp.ItemSummary, error)
}

// items reads items for the readers of products and of stock: who asks for one
// while its read still waits for room is given the same. A read that has begun is
// shared with nobody, since it may not see what the other was told of.
type items struct {
	calls *calls
	gp    itemCards

	mu      sync.Mutex
	waiting map[events.Key]*shared
}

// shared is a read that has not begun.
type shared struct {
	done chan struct{}
	item gp.Item
	err  error
}

func newItems(c *calls, company itemCards) *items {
	return &items{calls: c, gp: company, waiting: map[events.Key]*shared{}}
}

// read reads an item, beginning after it was asked for.
func (i *items) read(ctx context.Context, key events.Key) (gp.Item, error) {
	for {
		read, leads := i.join(key)
		if leads {
			i.lead(ctx, key, read)
			return read.item, read.err
		}
		select {
		case <-read.done:
		case <-ctx.Done():
			return gp.Item{}, ctx.Err()
		}
		if !errors.Is(read.err, context.Canceled) || ctx.Err() != nil {
			return read.item, read.err
		}
		// Who led was told to stop, and we were not.
	}
}

// join gives the read of an item that has not begun, or a new one that the caller
// leads.
func (i *items) join(key events.Key) (read *shared, leads bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	read, there := i.waiting[key]
	if !there {
		read = &shared{done: make(chan struct{})}
		i.waiting[key] = read
	}
	return read, !there
}

// lead makes a read that others may have joined.
func (i *items) lead(ctx context.Context, key events.Key, read *shared) {
	defer close(read.done)
	begun := sync.OnceFunc(func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		delete(i.waiting, key)
	})
	defer begun() // where no call was made
	read.item, read.err = ask(ctx, i.calls, string(key), func(ctx context.Context) (gp.Item, error) {
		begun()
		return i.gp.Item(ctx, string(key))
	})
}

func (i *items) list(ctx context.Context, criteria gp.ItemCriteria) ([]gp.ItemSummary, error) {
	return ask(ctx, i.calls, "items", func(ctx context.Context) ([]gp.ItemSummary, error) { return i.gp.Items(ctx, criteria) })
}

// all lists the keys of all items.
func (i *items) all(ctx context.Context) ([]events.Key, error) {
	rows, err := everything(ctx, func(ctx context.Context, numbers gp.Match) ([]gp.ItemSummary, error) {
		return i.list(ctx, gp.ItemCriteria{Number: numbers})
	})
	keys := make([]events.Key, len(rows))
	for n, row := range rows {
		keys[n] = keyOf(events.Product, row.Number)
	}
	return keys, err
}
