// Package match keeps an index of GP's customers by e-mail address, and by name
// and postcode, so that an account of the store finds the customer that it is. GP
// itself can't be asked: an e-mail address hangs on an address (table SY01200),
// and no list of the services shows or restricts it.
//
// The index is in the KV bucket "matches", by pair:
//
//	<pair>.email.<hash>       the customers with this e-mail, a JSON list of numbers
//	<pair>.name.<hash>        those with this name and postcode
//	<pair>.customer.<token>   under which of these keys a customer is
//	<pair>.complete           there when every customer of GP was read once
//
// hash is the first half of the SHA-256 of the normalised text, in hexadecimal.
//
// The customer's own entry is the truth, since a bucket has no transactions: a
// list may name a customer too many for a moment, and lookups leave out whom its
// own entry doesn't confirm. gp-capture keeps the index while it reads customers,
// gp-writer asks it. It can be made anew: without it, the next full pass fills it.
package match

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/failure"
)

// Customer is what a customer can be found by.
type Customer struct {
	Number events.Key
	// Emails are those of all its addresses.
	Emails []string
	// Names are its names, each with a postcode of one of its addresses.
	Names []Place
}

// Index is one pair's index. It is safe for concurrent use, also by several
// processes.
type Index struct {
	kv   jetstream.KeyValue
	pair string
}

// NewIndex opens a pair's index in the bucket "matches".
func NewIndex(kv jetstream.KeyValue, pair string) *Index { return &Index{kv, pair} }

// crowd is how many customers a text may have. One that has more (the address
// that a shop types in where a customer has none) identifies nobody: its list is
// left as it is from then on, and so stays ambiguous.
const crowd = 25

// ByEmail gives the customers with this e-mail address, in order of their
// numbers; none for an empty one.
func (x *Index) ByEmail(ctx context.Context, email string) ([]events.Key, error) {
	key, ok := x.emailKey(email)
	if !ok {
		return nil, nil
	}
	return x.find(ctx, key)
}

// ByName gives the customers with this name and a postcode of theirs, in order of
// their numbers; none where one of the two is empty.
func (x *Index) ByName(ctx context.Context, name, postcode string) ([]events.Key, error) {
	key, ok := x.nameKey(name, postcode)
	if !ok {
		return nil, nil
	}
	return x.find(ctx, key)
}

// Complete tells whether every customer of GP was put once: until then, that none
// is found says nothing.
func (x *Index) Complete(ctx context.Context) (bool, error) {
	_, err := x.kv.Get(ctx, x.pair+".complete")
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return false, nil
	}
	if err != nil {
		return false, failure.Down("match.get", "the index of customers can't be read", err)
	}
	return true, nil
}

// Completed says that every customer was put.
func (x *Index) Completed(ctx context.Context) error {
	if _, err := x.kv.Put(ctx, x.pair+".complete", []byte("true")); err != nil {
		return failure.Down("match.put", "the index of customers can't be written", err)
	}
	return nil
}

func (x *Index) emailKey(email string) (string, bool) {
	e := Email(email)
	return x.pair + ".email." + hashed(e), e != ""
}

func (x *Index) nameKey(name, postcode string) (string, bool) {
	n, p := Name(name), Postcode(postcode)
	return x.pair + ".name." + hashed(n+"\n"+p), n != "" && p != ""
}

func (x *Index) customerKey(number events.Key) string {
	return x.pair + ".customer." + number.Token()
}

// find gives whom a key lists, and whose own entry says so.
func (x *Index) find(ctx context.Context, key string) ([]events.Key, error) {
	listed, _, err := read[[]events.Key](ctx, x.kv, key)
	if err != nil || len(listed) >= crowd {
		return listed, err
	}
	var confirmed []events.Key
	for _, number := range listed {
		own, _, err := read[entry](ctx, x.kv, x.customerKey(number))
		if err != nil {
			return nil, err
		}
		if slices.Contains(own.Keys, key) {
			confirmed = append(confirmed, number)
		}
	}
	return confirmed, nil
}

// read gives a value of the bucket and its revision: zero both where there is none.
func read[T any](ctx context.Context, kv jetstream.KeyValue, key string) (value T, revision uint64, err error) {
	e, err := kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return value, 0, nil
	}
	if err != nil {
		return value, 0, failure.Down("match.get", "the index of customers can't be read", err)
	}
	if err := json.Unmarshal(e.Value(), &value); err != nil {
		return value, 0, failure.Defect("match.decode", fmt.Sprintf("the entry %s of bucket matches can't be read", key), err)
	}
	return value, e.Revision(), nil
}

// errMoved says that another process wrote an entry in between.
var errMoved = errors.New("the entry was written in between")

// swap writes a value where the bucket still has the revision that was read.
func swap(ctx context.Context, kv jetstream.KeyValue, key string, value any, revision uint64) (uint64, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return 0, failure.Defect("match.encode", "an entry of the index can't be encoded", err)
	}
	var next uint64
	if revision == 0 {
		next, err = kv.Create(ctx, key, data)
	} else {
		next, err = kv.Update(ctx, key, data, revision)
	}
	return next, swapped(err)
}

// drop deletes an entry where the bucket still has the revision that was read.
func drop(ctx context.Context, kv jetstream.KeyValue, key string, revision uint64) error {
	return swapped(kv.Delete(ctx, key, jetstream.LastRevision(revision)))
}

func swapped(err error) error {
	var api *jetstream.APIError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jetstream.ErrKeyExists),
		errors.As(err, &api) && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence:
		return errMoved
	default:
		return failure.Down("match.put", "the index of customers can't be written", err)
	}
}

// Numbers gives the customers that are in the index, in no order.
func (x *Index) Numbers(ctx context.Context) ([]events.Key, error) {
	prefix := x.pair + ".customer."
	keys, err := x.kv.ListKeysFiltered(ctx, prefix+"*")
	if err != nil {
		return nil, failure.Down("match.list", "the index of customers can't be listed", err)
	}
	defer keys.Stop() //nolint:errcheck // nothing depends on it
	var numbers []events.Key
	for key := range keys.Keys() {
		number, err := events.ParseToken(strings.TrimPrefix(key, prefix))
		if err != nil {
			return nil, failure.Defect("match.decode", "the entry "+key+" of bucket matches can't be read", err)
		}
		numbers = append(numbers, number)
	}
	return numbers, nil
}
