package gpcapture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/gp"
)

// dying is a stream whose process dies after some publishes.
type dying struct {
	*bus.Bus
	left int
}

var errDied = errors.New("the process died")

func (d *dying) Publish(ctx context.Context, m bus.Message) (bus.Ack, error) {
	if d.left--; d.left < 0 {
		return bus.Ack{}, errDied
	}
	return d.Bus.Publish(ctx, m)
}

// clock gives the stamps of a GP: many writes get one, but a row never gets the
// same twice.
type clock struct {
	now  time.Time
	last map[string]time.Time
}

func (c *clock) stamp(t *rapid.T, row string) time.Time {
	if rapid.Bool().Draw(t, "the clock moves") {
		c.now = c.now.Add(time.Duration(rapid.IntRange(1, 100).Draw(t, "milliseconds")) * time.Millisecond)
	}
	if !c.now.After(c.last[row]) {
		c.now = c.last[row].Add(time.Millisecond)
	}
	c.last[row] = c.now
	return c.now
}

// Property: whatever is edited, with whatever stamps, committed however late
// within the overlap, and wherever processes die, in the end every record's last
// change is what GP has.
func TestEveryEditIsCapturedInTheEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSite(t)
		// All within the overlap: what is stamped first may be committed last.
		at := &clock{time.Now().UTC().Add(-5 * time.Minute).Truncate(time.Millisecond), map[string]time.Time{}}
		var uncommitted []func()
		quantity := int64(0)
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			n := rapid.IntRange(1, 4).Draw(t, "record")
			number := fmt.Sprint("R", n)
			quantity++
			edit := func(write func()) {
				if rapid.Bool().Draw(t, "committed late") {
					uncommitted = append(uncommitted, func() { s.gp.do(write) })
					return
				}
				s.gp.do(write)
			}
			switch rapid.SampledFrom([]string{"order", "line", "invoice", "tracking", "item", "commit", "sweep", "read", "die", "restamp"}).Draw(t, "step") {
			case "order":
				order := anOrder(number, n)
				order.LastModified, order.Lines[0].Quantity = at.stamp(t, "order"+number), decimal.NewFromInt(quantity)
				edit(func() { s.gp.orders[number] = order })
			case "line": // stamps no header
				s.gp.do(func() {
					if order, ok := s.gp.orders[number]; ok {
						order.Lines = []gp.SalesLine{{ItemNumber: "WIRE100", Quantity: decimal.NewFromInt(quantity)}}
						s.gp.orders[number] = order
					}
				})
			case "invoice":
				name := fmt.Sprint("INV", n, rapid.IntRange(1, 2).Draw(t, "of the order"))
				invoice := anInvoice(name, n, number)
				invoice.LastModified, invoice.Comment = at.stamp(t, name), fmt.Sprint(quantity)
				edit(func() { s.gp.invoices[name] = invoice })
			case "tracking": // stamps no header
				s.gp.do(func() {
					for name, invoice := range s.gp.invoices {
						invoice.TrackingNumbers = []string{fmt.Sprint("1Z", quantity)}
						s.gp.invoices[name] = invoice
					}
				})
			case "item":
				item := anItem(number, rapid.Int64Range(0, 1).Draw(t, "on hand"))
				item.Description = rapid.SampledFrom([]string{"Wire", "Copper wire"}).Draw(t, "description")
				item.LastModified = at.stamp(t, "item"+number)
				edit(func() { s.gp.items[number] = item })
			case "restamp": // a job of GP stamps hundreds of rows at once, and changes nothing
				s.gp.do(func() {
					stamp := at.stamp(t, "job")
					for i := range 200 {
						name := fmt.Sprint("BULK", i)
						item := anItem(name, 1)
						item.LastModified = stamp
						s.gp.items[name] = item
					}
				})
			case "commit":
				for _, commit := range uncommitted {
					commit()
				}
				uncommitted = nil
			case "sweep":
				for _, entity := range []events.Entity{events.Order, events.Stock, events.Product} {
					for _, way := range waysOf[entity] {
						_, _ = s.capture(entity).Sweep(context.Background(), entity, way)
					}
				}
			case "read":
				s.read(t)
			case "die":
				s.restart(t, &dying{broker.bus, rapid.IntRange(0, 10).Draw(t, "publishes until then")})
				for _, entity := range []events.Entity{events.Order, events.Stock, events.Product} {
					for _, way := range waysOf[entity] {
						_, _ = s.capture(entity).Sweep(context.Background(), entity, way)
					}
				}
				s.restart(t, broker.bus)
			}
		}
		for _, commit := range uncommitted {
			commit()
		}
		for _, entity := range []events.Entity{events.Order, events.Stock, events.Product} {
			for _, way := range waysOf[entity] {
				s.sweep(t, entity, way)
			}
		}
		s.same(t)
	})
}

var waysOf = map[events.Entity][]string{
	events.Order:   {events.WaySweep, "invoices", "open"},
	events.Stock:   {events.WaySweep},
	events.Product: {events.WaySweep},
}

// same compares each record's last change with what GP has.
func (s *site) same(t *rapid.T) {
	t.Helper()
	for number := range s.gp.orders {
		key := events.Key(number)
		want, _, err := newOrders(s.cfg, reader{calls: newCalls(s.breaker, 4)}, s.gp).one(context.Background(), key)
		if err != nil {
			t.Fatal(err)
		}
		s.is(t, events.Order, key, want.JSON, want.Related["invoices"])
	}
	shared := newItems(newCalls(s.breaker, 4), s.gp)
	for number := range s.gp.items {
		key := events.Key(number)
		stock, _, err := newStock(s.cfg, reader{calls: shared.calls}, shared, nil).one(context.Background(), key)
		if err != nil {
			t.Fatal(err)
		}
		s.is(t, events.Stock, key, stock.JSON, nil)
		product, _, err := newProducts(s.cfg, reader{calls: shared.calls}, shared, s.gp).one(context.Background(), key)
		if err != nil {
			t.Fatal(err)
		}
		s.is(t, events.Product, key, product.JSON, nil)
	}
}

func (s *site) is(t *rapid.T, entity events.Entity, key events.Key, record, invoices json.RawMessage) {
	t.Helper()
	change, ok := s.last(t, entity, key)
	if !ok || string(change.Record) != string(record) || string(change.Related["invoices"]) != string(invoices) {
		t.Fatalf("the last change of %s %s is\n%s %s\nGP has\n%s %s", entity, key, change.Record, change.Related["invoices"], record, invoices)
	}
}
