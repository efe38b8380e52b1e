package link_test

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/link"
)

var shared struct {
	kv    jetstream.KeyValue
	pairs atomic.Int64
}

func TestMain(m *testing.M) {
	os.Exit(bustest.Main(m, func(b *bus.Bus) (err error) {
		shared.kv, err = b.KV(context.Background(), bus.Links)
		return err
	}))
}

func store() *link.Store {
	return link.NewStore(shared.kv, fmt.Sprintf("p%d", shared.pairs.Add(1)))
}

func ref(system events.System, entity events.Entity, key events.Key) events.Ref {
	return events.Ref{System: system, Entity: entity, Key: key}
}

func written(from, to events.Ref) events.Link {
	return events.Link{From: from, To: to, Via: events.ViaWritten}
}

func want(t *testing.T, s *link.Store, from events.Ref, to events.Ref) {
	t.Helper()
	l, there, err := s.Of(t.Context(), from)
	if err != nil || there != (to != events.Ref{}) || l.To != to {
		t.Errorf("%s is linked to %v (%v), want %v", from, l.To, err, to)
	}
}

func TestALinkIsKnownFromBothSides(t *testing.T) {
	s, order, sale := store(), ref(events.Magento, events.Order, "A/1 b"), ref(events.GP, events.Order, "WEB1")
	l := written(order, sale)
	l.Details = map[string]string{"customer": "C1"}
	for range 2 {
		if err := s.Make(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	want(t, s, order, sale)
	want(t, s, sale, order)
	first, _, _ := s.Of(t.Context(), order)
	if first.Details["customer"] != "C1" || first.At.IsZero() {
		t.Errorf("%+v", first)
	}
	if _, there, err := s.Break(t.Context(), sale); !there || err != nil {
		t.Fatal(there, err)
	}
	want(t, s, order, events.Ref{})
	want(t, s, sale, events.Ref{})
}

func TestANewLinkLoosesTheOldOnes(t *testing.T) {
	s, first, edited, sale := store(), ref(events.Magento, events.Order, "1"), ref(events.Magento, events.Order, "1-1"), ref(events.GP, events.Order, "WEB1")
	for _, from := range []events.Ref{first, edited} {
		if err := s.Make(t.Context(), written(from, sale)); err != nil {
			t.Fatal(err)
		}
	}
	want(t, s, sale, edited)
	want(t, s, edited, sale)
	want(t, s, first, events.Ref{})
}

func TestAPersonsLinkStands(t *testing.T) {
	s, account, right, wrong := store(), ref(events.Magento, events.Customer, "7"), ref(events.GP, events.Customer, "C1"), ref(events.GP, events.Customer, "C2")
	byHand := events.Link{From: account, To: right, Via: events.ViaPerson, By: "ann"}
	if err := s.Make(t.Context(), byHand); err != nil {
		t.Fatal(err)
	}
	if f := failure.Of(s.Make(t.Context(), written(account, wrong))); f == nil || f.Code != "link.by_person" {
		t.Errorf("got %v", f)
	}
	if err := s.Make(t.Context(), written(account, right)); err != nil {
		t.Error(err)
	}
	want(t, s, account, right)
	byHand.To = wrong
	if err := s.Make(t.Context(), byHand); err != nil {
		t.Fatal(err)
	}
	want(t, s, account, wrong)
	want(t, s, right, events.Ref{})
}

func TestAllLinksOfAnEntity(t *testing.T) {
	s := store()
	for i := range 5 {
		n := events.Key(fmt.Sprint(i))
		if err := s.Make(t.Context(), written(ref(events.Magento, events.Order, n), ref(events.GP, events.Order, "W"+n))); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for l, err := range s.All(t.Context(), events.GP, events.Order) {
		if err != nil || l.From.System != events.GP {
			t.Fatal(l, err)
		}
		n++
	}
	if n != 5 {
		t.Errorf("%d links", n)
	}
}
