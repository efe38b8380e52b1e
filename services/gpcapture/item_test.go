package gpcapture

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/capture"
	"github.com/magpie-integration/magpie/libs/gp"
)

func window(from, to time.Time) capture.Window { return capture.Window{From: from, To: to} }

func anItem(number string, onHand int64) gp.Item {
	return gp.Item{
		Number: number, Kind: "SalesItem", Type: "Sales Item", Description: "Wire", CostCurrencyISO: "USD", LastModified: now(),
		Stock: []gp.Stock{{WarehouseID: "WAREHOUSE", OnHand: decimal.NewFromInt(onHand)}, {WarehouseID: "NORTH"}},
	}
}

func (c *company) putItem(i gp.Item) { c.do(func() { c.items[i.Number] = i }) }

func (c *company) putPrice(number, level string, price int64) {
	k := gp.PricingKey{ItemNumber: number, CurrencyISO: "USD", PriceLevelID: level, UofM: "EACH"}
	c.do(func() {
		c.pricings[k] = gp.Pricing{PricingKey: k, LastModified: now(), Breaks: []gp.PriceBreak{{
			ToQuantity: decimal.NewFromInt(999), Price: decimal.NewNullDecimal(decimal.NewFromInt(price)),
		}}}
	})
}

type productSeen struct {
	Number, Description string
	Quantities          []any
	LastModified        string
	ListPrices          []struct {
		Currency  string
		ListPrice decimal.Decimal
	}
	Prices []struct {
		PriceLevel string
		Breaks     []struct{ Price decimal.Decimal }
	}
}

type stockSeen struct {
	Number, Kind, Type string
	Discontinued       bool
	Quantities         []struct {
		Site   string
		OnHand decimal.Decimal
	}
	Open, Closing decimal.Decimal
}

func TestAnItemIsAProductAndStock(t *testing.T) {
	s := newSite(t)
	s.gp.putItem(anItem("WIRE100", 65))
	s.gp.putPrice("WIRE100", "RETAIL", 5)
	s.gp.putPrice("WIRE100", "EXTPRCLVL", 4)
	s.gp.putPrice("CABLE", "RETAIL", 9)
	s.gp.lists["WIRE100"] = decimal.NewFromInt(6)
	s.sweep(t, events.Stock, events.WaySweep)
	s.sweep(t, events.Product, events.WaySweep)

	p := record[productSeen](t, s, events.Product, "WIRE100")
	if p.Number != "WIRE100" || p.Quantities != nil || p.LastModified != "" {
		t.Errorf("the product is %+v; quantities and stamps are stock's", p)
	}
	if len(p.Prices) != 2 || p.Prices[0].PriceLevel != "EXTPRCLVL" || !p.Prices[1].Breaks[0].Price.Equal(decimal.NewFromInt(5)) {
		t.Errorf("prices %+v", p.Prices)
	}
	if len(p.ListPrices) != 1 || !p.ListPrices[0].ListPrice.Equal(decimal.NewFromInt(6)) {
		t.Errorf("list prices %+v", p.ListPrices)
	}
	q := record[stockSeen](t, s, events.Stock, "WIRE100")
	if q.Type != "Sales Item" || len(q.Quantities) != 2 || q.Quantities[0].Site != "NORTH" || !q.Quantities[1].OnHand.Equal(decimal.NewFromInt(65)) {
		t.Errorf("the stock is %+v", q)
	}
}

// Every move of stock stamps the item, and an item with its prices costs many calls.
func TestAMoveOfStockIsNoChangeOfTheProduct(t *testing.T) {
	s := newSite(t)
	s.gp.putItem(anItem("WIRE100", 65))
	s.gp.putPrice("WIRE100", "RETAIL", 5)
	for _, entity := range ItemEntities {
		s.sweep(t, entity, events.WaySweep)
	}
	asked := s.gp.called("price")
	moved := anItem("WIRE100", 60)
	moved.LastModified = moved.LastModified.Add(time.Millisecond)
	s.gp.putItem(moved)
	for _, entity := range ItemEntities {
		s.sweep(t, entity, events.WaySweep)
	}
	if s.changes(t, events.Stock) != 2 || s.changes(t, events.Product) != 1 || s.gp.called("price") != asked {
		t.Errorf("%d changes of stock, %d of the product, %d more prices read",
			s.changes(t, events.Stock), s.changes(t, events.Product), s.gp.called("price")-asked)
	}

	moved.Description, moved.LastModified = "Copper wire", moved.LastModified.Add(time.Millisecond)
	s.gp.putItem(moved)
	s.sweep(t, events.Product, events.WaySweep)
	if got := record[productSeen](t, s, events.Product, "WIRE100").Description; got != "Copper wire" {
		t.Errorf("the description is %s", got)
	}
}

func TestAPriceIsSeenByItsOwnStamp(t *testing.T) {
	s := newSite(t)
	item := anItem("WIRE100", 65)
	item.LastModified = now().AddDate(0, 0, -1)
	s.gp.putItem(item)
	s.gp.putPrice("WIRE100", "RETAIL", 5)
	s.sweep(t, events.Product, "prices")
	s.gp.putPrice("WIRE100", "RETAIL", 7)
	s.gp.do(func() { // GP's stamps go forward
		for k, p := range s.gp.pricings {
			p.LastModified = p.LastModified.Add(time.Millisecond)
			s.gp.pricings[k] = p
		}
	})
	s.sweep(t, events.Product, "prices")
	if got := record[productSeen](t, s, events.Product, "WIRE100").Prices[0].Breaks[0].Price; !got.Equal(decimal.NewFromInt(7)) {
		t.Errorf("the price is %s", got)
	}
}

// reservations is an Open that the test moves.
type reservations struct {
	of func(item string) (open, closing decimal.Decimal)
}

func (r reservations) Of(_ context.Context, item string) (open, closing decimal.Decimal, err error) {
	open, closing = r.of(item)
	return open, closing, nil
}

// An order that is allocated between the two readings must sell too little, never
// too much: what is open is read first.
func TestWhatIsOpenIsReadBeforeGP(t *testing.T) {
	s := newSite(t)
	var order []string
	s.open = reservations{func(item string) (decimal.Decimal, decimal.Decimal) {
		order = append(order, "open of "+item)
		return decimal.NewFromInt(3), decimal.NewFromInt(1)
	}}
	s.gp.reading = func(_ context.Context, op, key string) {
		if op == "item" {
			order = append(order, "item "+key)
		}
	}
	s.restart(t, broker.bus)
	s.gp.putItem(anItem("WIRE100", 65))
	s.sweep(t, events.Stock, events.WaySweep)
	if !slices.Equal(order, []string{"open of WIRE100", "item WIRE100"}) {
		t.Errorf("read %q", order)
	}
	if got := record[stockSeen](t, s, events.Stock, "WIRE100"); !got.Open.Equal(decimal.NewFromInt(3)) || !got.Closing.Equal(decimal.NewFromInt(1)) {
		t.Errorf("the stock is %+v", got)
	}
}

// A quantity may move without a stamp (triggers are off in a bulk job), and a list
// price always does.
func TestTheFullPassSeesWhatStampsNothing(t *testing.T) {
	s := newSite(t)
	for i := range 250 { // more than two pages
		s.gp.putItem(anItem(fmt.Sprintf("I%03d", i), 1))
	}
	for _, entity := range ItemEntities {
		s.sweep(t, entity, "full")
		if n := s.changes(t, entity); n != 250 {
			t.Fatalf("%d changes of %s, of 250 items", n, entity)
		}
	}
	s.gp.do(func() {
		item := s.gp.items["I007"]
		item.Stock = []gp.Stock{{WarehouseID: "NORTH", OnHand: decimal.NewFromInt(2)}}
		s.gp.items["I007"] = item
		s.gp.lists["I008"] = decimal.NewFromInt(8)
		delete(s.gp.items, "I009")
	})
	for _, entity := range ItemEntities {
		s.passBegins(t, entity)
		s.sweep(t, entity, "full")
		if n := s.changes(t, entity); n != 251 {
			t.Errorf("%d changes of %s", n, entity)
		}
	}
	for _, entity := range ItemEntities {
		if err := s.items.Handle(t.Context(), []*bus.Delivery{s.notice(t, entity, "I009", goneHold)})[0]; err != nil {
			t.Fatal(err)
		}
		if got := record[tombstone](t, s, entity, "I009"); !got.Deleted {
			t.Errorf("%s I009 is %+v", entity, got)
		}
	}
}

// Product and stock of an item share a read that waits for room; one that has
// begun may not see what came after it.
func TestAReadIsSharedUntilItBegins(t *testing.T) {
	s := newSite(t)
	s.gp.putItem(anItem("WIRE100", 65))
	shared := newItems(newCalls(s.breaker, 1), s.gp)
	first, leads := shared.join("WIRE100")
	if !leads {
		t.Fatal("nobody else leads")
	}
	if read, leads := shared.join("WIRE100"); read != first || leads {
		t.Error("a read that waits is not shared")
	}
	s.gp.reading = func(context.Context, string, string) {
		if _, leads := shared.join("WIRE100"); !leads {
			t.Error("a read that has begun is shared with one that came later")
		}
	}
	shared.lead(t.Context(), "WIRE100", first)
	<-first.done
	if first.err != nil || first.item.Number != "WIRE100" {
		t.Errorf("read %+v, %v", first.item, first.err)
	}
}

// Who waits for another's read goes on by himself when that one is told to stop.
func TestAReadOutlivesWhoLedIt(t *testing.T) {
	s := newSite(t)
	s.gp.putItem(anItem("WIRE100", 65))
	shared := newItems(newCalls(s.breaker, 1), s.gp)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	first, _ := shared.join("WIRE100")
	var wg sync.WaitGroup
	wg.Go(func() {
		if item, err := shared.read(t.Context(), "WIRE100"); err != nil || item.Number != "WIRE100" {
			t.Errorf("read %+v, %v", item, err)
		}
	})
	shared.lead(stopped, "WIRE100", first)
	wg.Wait()
}
