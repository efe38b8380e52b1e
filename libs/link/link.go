// Package link keeps which records of the two systems are the same thing: the
// order and its sales order, the account and its customer. A link is kept under
// both records, in the KV bucket "links":
//
//	<pair>.<system>.<entity>.<key>   events.Link, whose From is that record
//
// Links are written by writers, by the first-day matcher and by people. They can
// be made again from the two systems, except those that a person made; losing
// one costs a search, never a double (package claim sees to that).
package link

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/failure"
)

// Store has one pair's links.
type Store struct {
	kv   jetstream.KeyValue
	pair string
}

// NewStore opens a pair's links in the bucket of that name.
func NewStore(kv jetstream.KeyValue, pair string) *Store { return &Store{kv, pair} }

func (s *Store) key(r events.Ref) string {
	return strings.Join([]string{s.pair, string(r.System), string(r.Entity), r.Key.Token()}, ".")
}

// Of gives the link of a record, and whether there is one.
func (s *Store) Of(ctx context.Context, r events.Ref) (events.Link, bool, error) {
	entry, err := s.kv.Get(ctx, s.key(r))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return events.Link{}, false, nil
	}
	if err != nil {
		return events.Link{}, false, failure.Down("link.get", "the link of "+r.String()+" can't be read", err)
	}
	var l events.Link
	if err := json.Unmarshal(entry.Value(), &l); err != nil {
		return events.Link{}, false, failure.Defect("link.decode", "the link of "+r.String()+" can't be read", err)
	}
	return l, true, nil
}

// Make ties two records, and looses what either was tied to before. A link that
// is there already with the same records, number and details is left alone, so
// that its time says when it came about. A person's link gives way to a
// person's only.
func (s *Store) Make(ctx context.Context, l events.Link) error {
	if l.At.IsZero() {
		l.At = time.Now().UTC()
	}
	for _, side := range []events.Link{l, l.Reverse()} {
		old, there, err := s.Of(ctx, side.From)
		if err != nil {
			return err
		}
		switch {
		case there && same(old, side):
			continue
		case there && old.Via == events.ViaPerson && l.Via != events.ViaPerson && old.To != side.To:
			return failure.Conflict("link.by_person", "", fmt.Sprintf("%s was linked to %s by %s", side.From, old.To, old.By),
				"see which of both is right; the link that a person made stays")
		case there && old.To != side.To && old.To.Entity == side.To.Entity:
			if err := s.forget(ctx, old.To, old.From); err != nil {
				return err
			}
		}
		if err := s.put(ctx, side); err != nil {
			return err
		}
	}
	return nil
}

// same tells whether a link says what another does. The side that doesn't know
// the other's number or details says nothing against them.
func same(old, l events.Link) bool {
	if old.To != l.To || l.ID != 0 && l.ID != old.ID || old.Via != l.Via && l.Via == events.ViaPerson {
		return false
	}
	for k, v := range l.Details {
		if old.Details[k] != v {
			return false
		}
	}
	return true
}

// forget takes the link away that a record has to another, if it has that one.
func (s *Store) forget(ctx context.Context, from, to events.Ref) error {
	l, there, err := s.Of(ctx, from)
	if err != nil || !there || l.To != to {
		return err
	}
	if err := s.kv.Delete(ctx, s.key(from)); err != nil {
		return failure.Down("link.delete", "the link of "+from.String()+" can't be deleted", err)
	}
	return nil
}

func (s *Store) put(ctx context.Context, l events.Link) error {
	data, err := json.Marshal(l)
	if err != nil {
		return failure.Defect("link.encode", "the link can't be encoded", err)
	}
	if _, err := s.kv.Put(ctx, s.key(l.From), data); err != nil {
		return failure.Down("link.put", "the link of "+l.From.String()+" can't be written", err)
	}
	return nil
}

// Break looses a record from what it is tied to, on both sides. It gives the
// link that was there.
func (s *Store) Break(ctx context.Context, r events.Ref) (events.Link, bool, error) {
	l, there, err := s.Of(ctx, r)
	if err != nil || !there {
		return l, false, err
	}
	return l, true, errors.Join(s.forget(ctx, l.To, l.From), s.forget(ctx, l.From, l.To))
}

// All gives the links of an entity of a system, in no order.
func (s *Store) All(ctx context.Context, system events.System, entity events.Entity) iter.Seq2[events.Link, error] {
	return func(yield func(events.Link, error) bool) {
		filter := strings.Join([]string{s.pair, string(system), string(entity), "*"}, ".")
		w, err := s.kv.Watch(ctx, filter, jetstream.IgnoreDeletes())
		if err != nil {
			yield(events.Link{}, failure.Down("link.list", "the links can't be listed", err))
			return
		}
		defer w.Stop() //nolint:errcheck // nothing depends on it
		for entry := range w.Updates() {
			if entry == nil { // all that there were
				return
			}
			var l events.Link
			err := json.Unmarshal(entry.Value(), &l)
			if !yield(l, err) {
				return
			}
		}
	}
}
