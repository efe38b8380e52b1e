package match

import (
	"context"
	"errors"
	"slices"

	"github.com/magpie-integration/magpie/events"
)

// Place is a name at a postcode.
type Place struct{ Name, Postcode string }

// entry is what a customer's own entry holds.
type entry struct {
	// Keys are those of the lists that name it.
	Keys []string `json:"keys"`
	// Moving says that the lists are being changed: until that is done they may
	// lack the customer.
	Moving bool `json:"moving,omitempty"`
}

// Put brings a customer's place in the index to what it is now. A customer who
// is there as he should be costs one look.
//
// The own entry is written first, with the old keys and the new ones, and with
// the new ones alone when the lists are done: who is killed in between leaves a
// mark, and the next Put does it all again.
func (x *Index) Put(ctx context.Context, c Customer) error {
	return x.move(ctx, c.Number, x.keysOf(c))
}

// Remove takes a customer out that GP has no more.
func (x *Index) Remove(ctx context.Context, number events.Key) error {
	return x.move(ctx, number, nil)
}

// keysOf gives the keys of the lists that are to name a customer.
func (x *Index) keysOf(c Customer) []string {
	keys := []string{}
	for _, email := range c.Emails {
		if key, ok := x.emailKey(email); ok {
			keys = append(keys, key)
		}
	}
	for _, n := range c.Names {
		if key, ok := x.nameKey(n.Name, n.Postcode); ok {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func (x *Index) move(ctx context.Context, number events.Key, want []string) error {
	for {
		err := x.tryMove(ctx, number, want)
		if !errors.Is(err, errMoved) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func (x *Index) tryMove(ctx context.Context, number events.Key, want []string) error {
	own := x.customerKey(number)
	has, revision, err := read[entry](ctx, x.kv, own)
	if err != nil || !has.Moving && slices.Equal(has.Keys, want) && (revision != 0 || len(want) == 0) {
		return err
	}
	both := slices.Concat(has.Keys, want)
	slices.Sort(both)
	both = slices.Compact(both)
	if revision, err = swap(ctx, x.kv, own, entry{Keys: both, Moving: true}, revision); err != nil {
		return err
	}
	for _, key := range both {
		if err := x.list(ctx, key, number, slices.Contains(want, key)); err != nil {
			return err
		}
	}
	if len(want) == 0 {
		return drop(ctx, x.kv, own, revision)
	}
	_, err = swap(ctx, x.kv, own, entry{Keys: want}, revision)
	return err
}

// list puts a customer on the list of a key, or takes it off.
func (x *Index) list(ctx context.Context, key string, number events.Key, on bool) error {
	for {
		listed, revision, err := read[[]events.Key](ctx, x.kv, key)
		if err != nil {
			return err
		}
		at, there := slices.BinarySearch(listed, number)
		if there == on || len(listed) >= crowd {
			return nil
		}
		if on {
			listed = slices.Insert(listed, at, number)
		} else {
			listed = slices.Delete(listed, at, at+1)
		}
		if len(listed) == 0 {
			err = drop(ctx, x.kv, key, revision)
		} else {
			_, err = swap(ctx, x.kv, key, listed, revision)
		}
		if !errors.Is(err, errMoved) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}
