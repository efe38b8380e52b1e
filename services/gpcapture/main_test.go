package gpcapture

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/breaker"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/libs/capture"
	"github.com/magpie-integration/magpie/libs/gp"
	"github.com/magpie-integration/magpie/libs/match"
)

var broker struct {
	bus   *bus.Bus
	pairs atomic.Int64
}

func TestMain(m *testing.M) {
	os.Exit(bustest.Main(m, func(b *bus.Bus) error {
		broker.bus = b
		return nil
	}))
}

// company is a GP that the test moves: what it shows is what is committed.
type company struct {
	mu        sync.Mutex
	orders    map[string]gp.SalesOrder
	invoices  map[string]gp.SalesInvoice
	customers map[string]gp.Customer
	items     map[string]gp.Item
	pricings  map[gp.PricingKey]gp.Pricing
	lists     map[string]decimal.Decimal // list prices in USD
	changed   []gp.ChangedKey            // of addresses

	err     error                                          // of every call
	fails   func(operation, key string) error              // of some calls
	calls   map[string]int                                 // by operation
	reading func(ctx context.Context, op, key string)      // runs before a read looks
	ranges  map[string][]gp.TimeRange                      // that lists were asked for
	tooLong func(operation string, r gp.TimeRange) bool    // which of them time out
	matches func(operation string, ids gp.Match) (ok bool) // which ranges of ids time out not
}

func newCompany() *company {
	return &company{
		orders: map[string]gp.SalesOrder{}, invoices: map[string]gp.SalesInvoice{}, customers: map[string]gp.Customer{},
		items: map[string]gp.Item{}, pricings: map[gp.PricingKey]gp.Pricing{}, lists: map[string]decimal.Decimal{},
		calls: map[string]int{}, ranges: map[string][]gp.TimeRange{},
	}
}

// do changes something in GP.
func (c *company) do(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

// called is how often an operation was.
func (c *company) called(operation string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls[operation]
}

// enter counts a call and says whether it fails.
func (c *company) enter(ctx context.Context, operation, key string) error {
	if c.reading != nil {
		c.reading(ctx, operation, key)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[operation]++
	if c.err != nil {
		return c.err
	}
	if c.fails != nil {
		return c.fails(operation, key)
	}
	return ctx.Err()
}

func one[T any](ctx context.Context, c *company, operation, key string, of map[string]T) (none T, err error) {
	if err := c.enter(ctx, operation, key); err != nil {
		return none, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if got, ok := of[strings.ToUpper(key)]; ok {
		return got, nil
	}
	return none, missing(key)
}

func missing(key string) error {
	return fmt.Errorf("%s: %w", key, gp.ErrNotFound)
}

func (c *company) SalesOrder(ctx context.Context, number string) (gp.SalesOrder, error) {
	return one(ctx, c, "order", number, c.orders)
}

func (c *company) SalesInvoice(ctx context.Context, number string) (gp.SalesInvoice, error) {
	return one(ctx, c, "invoice", number, c.invoices)
}

func (c *company) Customer(ctx context.Context, id string) (gp.Customer, error) {
	return one(ctx, c, "customer", id, c.customers)
}

func (c *company) Item(ctx context.Context, number string) (gp.Item, error) {
	return one(ctx, c, "item", number, c.items)
}

func (c *company) ItemCurrency(ctx context.Context, number, iso string) (gp.ItemCurrency, error) {
	if iso != "USD" {
		return gp.ItemCurrency{}, missing(number + iso)
	}
	price, err := one(ctx, c, "list price", number, c.lists)
	return gp.ItemCurrency{ItemNumber: number, CurrencyISO: iso, ListPrice: decimal.NewNullDecimal(price)}, err
}

func (c *company) Pricing(ctx context.Context, k gp.PricingKey) (gp.Pricing, error) {
	if err := c.enter(ctx, "price", k.ItemNumber); err != nil {
		return gp.Pricing{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, ok := c.pricings[k]; ok {
		return p, nil
	}
	return gp.Pricing{}, missing(k.ItemNumber)
}

func (c *company) SalesOrders(ctx context.Context, criteria gp.SalesCriteria) ([]gp.SalesSummary, error) {
	return sold(ctx, c, "orders", criteria, c.orders)
}

func (c *company) SalesInvoices(ctx context.Context, criteria gp.SalesCriteria) ([]gp.SalesSummary, error) {
	return sold(ctx, c, "invoices", criteria, c.invoices)
}

func sold[T gp.SalesOrder | gp.SalesInvoice](ctx context.Context, c *company, operation string, criteria gp.SalesCriteria, of map[string]T) ([]gp.SalesSummary, error) {
	if err := c.list(ctx, operation, criteria.LastModified, gp.Match{}); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var rows []gp.SalesSummary
	for _, some := range of {
		d := gp.SalesDocument(some)
		if within(d.LastModified, criteria.LastModified) &&
			(criteria.State == "" || criteria.State == d.TransactionState) &&
			(criteria.MasterNumber == 0 || criteria.MasterNumber == d.MasterNumber) &&
			(criteria.CustomerPO.Equal == "" || criteria.CustomerPO.Equal == d.CustomerPO) &&
			(criteria.CustomerID.Equal == "" || criteria.CustomerID.Equal == d.CustomerID) &&
			criteria.Date.From.String() <= d.Date.String() {
			rows = append(rows, gp.SalesSummary{
				Number: d.Number, CustomerID: d.CustomerID, CustomerPO: d.CustomerPO, MasterNumber: d.MasterNumber,
				Date: d.Date, TransactionState: d.TransactionState, LastModified: d.LastModified,
			})
		}
	}
	return rows, nil
}

func (c *company) Customers(ctx context.Context, criteria gp.CustomerCriteria) (rows []gp.CustomerSummary, err error) {
	if err := c.list(ctx, "customers", criteria.LastModified, criteria.ID); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range c.customers {
		if within(x.LastModified, criteria.LastModified) && between(x.ID, criteria.ID) {
			rows = append(rows, gp.CustomerSummary{ID: x.ID, Name: x.Name, LastModified: x.LastModified})
		}
	}
	return rows, nil
}

func (c *company) ChangedCustomerAddresses(ctx context.Context, criteria gp.ChangedCriteria) (rows []gp.ChangedKey, err error) {
	if err := c.list(ctx, "changed addresses", criteria.LastModified, gp.Match{}); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.changed), nil
}

func (c *company) Items(ctx context.Context, criteria gp.ItemCriteria) (rows []gp.ItemSummary, err error) {
	if err := c.list(ctx, "items", criteria.LastModified, criteria.Number); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range c.items {
		if within(x.LastModified, criteria.LastModified) && between(x.Number, criteria.Number) {
			rows = append(rows, gp.ItemSummary{Number: x.Number, LastModified: x.LastModified})
		}
	}
	return rows, nil
}

func (c *company) Pricings(ctx context.Context, criteria gp.PricingCriteria) (rows []gp.PricingSummary, err error) {
	if err := c.list(ctx, "prices", criteria.LastModified, gp.Match{}); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, x := range c.pricings {
		if within(x.LastModified, criteria.LastModified) && (criteria.ItemNumber.Equal == "" || criteria.ItemNumber.Equal == k.ItemNumber) {
			rows = append(rows, gp.PricingSummary{PricingKey: k, LastModified: x.LastModified})
		}
	}
	return rows, nil
}

// list is enter for lists, which may take too long.
func (c *company) list(ctx context.Context, operation string, r gp.TimeRange, ids gp.Match) error {
	if err := c.enter(ctx, operation, ""); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ranges[operation] = append(c.ranges[operation], r)
	if c.tooLong != nil && c.tooLong(operation, r) || c.matches != nil && !c.matches(operation, ids) {
		return noAnswer()
	}
	return nil
}

// within is GP's comparison: inclusive, of milliseconds.
func within(t time.Time, r gp.TimeRange) bool {
	from, to := r.From.Truncate(time.Millisecond), r.To.Truncate(time.Millisecond)
	return (r.From.IsZero() || !t.Before(from)) && (r.To.IsZero() || !t.After(to))
}

func between(id string, m gp.Match) bool {
	return (m.From == "" || id >= m.From) && (m.To == "" || id <= m.To)
}

// site is a pair with a GP and what captures it.
type site struct {
	pair      string
	gp        *company
	index     *match.Index
	open      Open
	cfg       Config
	documents *capture.Capture
	items     *capture.Capture
	breaker   *breaker.Breaker
}

// fatal is of *testing.T and *rapid.T both.
type fatal interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// newSite makes a pair with an empty GP. Its sweeps run when the test says so.
func newSite(t fatal) *site {
	t.Helper()
	s := &site{pair: fmt.Sprintf("p%d", broker.pairs.Add(1)), gp: newCompany()}
	s.index = match.NewIndex(bucket(t, bus.Matches), s.pair)
	s.cfg = Config{
		Pair: s.pair, Location: time.UTC, Parallel: 4, Every: time.Hour, Overlap: 10 * time.Minute,
		OpenEvery: time.Hour, OpenDays: 14, FullEvery: 6 * time.Hour,
	}
	s.restart(t, broker.bus)
	return s
}

func bucket(t fatal, name string) jetstream.KeyValue {
	t.Helper()
	kv, err := broker.bus.KV(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	return kv
}

// restart makes the captures anew, as a process that died would: what they only
// remembered is lost.
func (s *site) restart(t fatal, stream capture.Stream) {
	t.Helper()
	cursors := bucket(t, bus.Cursors)
	s.breaker = breaker.New("gp", breaker.Config{Failures: 1000})
	s.documents = Documents(s.cfg, s.gp, s.index, stream, cursors, s.breaker, nil)
	s.items = Items(s.cfg, s.gp, s.open, stream, cursors, s.breaker, nil)
}

func (s *site) capture(entity events.Entity) *capture.Capture {
	if slices.Contains(ItemEntities, entity) {
		return s.items
	}
	return s.documents
}

// sweep looks once, and reads what was noticed.
func (s *site) sweep(t fatal, entity events.Entity, way string) events.Reading {
	t.Helper()
	read, err := s.capture(entity).Sweep(context.Background(), entity, way)
	if err != nil {
		t.Fatalf("sweep %s of %s: %v", way, entity, err)
	}
	s.read(t)
	return read
}

// read handles the notices that wait, and gives how many there were.
func (s *site) read(t fatal) (handled int) {
	t.Helper()
	for {
		batch := s.notices(t)
		if len(batch) == 0 {
			return handled
		}
		for entity, some := range batch {
			for i, err := range s.capture(entity).Handle(context.Background(), some) {
				if err != nil && !strings.HasPrefix(err.Error(), "waiting: ") {
					t.Fatalf("notice of %s: %v", some[i].Subject, err)
				}
			}
			handled += len(some)
		}
	}
}

// notices takes the pair's notices off the stream, by their capture's first entity.
func (s *site) notices(t fatal) map[events.Entity][]*bus.Delivery {
	t.Helper()
	ctx := context.Background()
	batch := map[events.Entity][]*bus.Delivery{}
	stream, err := broker.bus.JetStream().Stream(ctx, bus.Notices)
	if err != nil {
		t.Fatal(err)
	}
	for m, err := range broker.bus.Scan(ctx, bus.Notices, "magpie.notice."+s.pair+".>") {
		if err != nil {
			t.Fatal(err)
		}
		ev, err := bus.Decode(ctx, m.Header, m.Data)
		if err != nil {
			t.Fatal(err)
		}
		subject, err := events.ParseSubject(m.Subject)
		if err != nil {
			t.Fatal(err)
		}
		first := DocumentEntities[0]
		if slices.Contains(ItemEntities, subject.Entity) {
			first = ItemEntities[0]
		}
		batch[first] = append(batch[first], &bus.Delivery{Event: ev, Subject: subject, Sequence: m.Sequence, Stored: m.Time, First: m.Time})
		if err := stream.DeleteMsg(ctx, m.Sequence); err != nil {
			t.Fatal(err)
		}
	}
	return batch
}

// notice is a notice of a record that was stored some time ago.
func (s *site) notice(t fatal, entity events.Entity, key events.Key, ago time.Duration) *bus.Delivery {
	t.Helper()
	subject := events.NoticeSubject(s.pair, events.GP, entity, key)
	_, err := broker.bus.Publish(context.Background(), bus.Message{
		Subject: subject, Type: events.TypeName(events.GP, entity, "noticed"),
		ID: fmt.Sprint("test:", s.pair, broker.pairs.Add(1)), Data: events.Notice{Via: "cli"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, some := range s.notices(t) {
		some[0].First = some[0].First.Add(-ago)
		return some[0]
	}
	t.Fatal("the notice is not there")
	return nil
}

// last gives the newest change of a record.
func (s *site) last(t fatal, entity events.Entity, key events.Key) (events.Change, bool) {
	t.Helper()
	var change events.Change
	m, ok, err := broker.bus.Last(context.Background(), bus.Changes, events.ChangeSubject(s.pair, events.GP, entity, key).String())
	if err == nil && ok {
		err = json.Unmarshal(m.Data, &change)
	}
	if err != nil {
		t.Fatal(err)
	}
	return change, ok
}

// changes is how many changes of an entity there are.
func (s *site) changes(t fatal, entity events.Entity) (n int) {
	t.Helper()
	for _, err := range broker.bus.Scan(context.Background(), bus.Changes, "magpie.change."+s.pair+".gp."+string(entity)+".>") {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// record decodes the record of a change.
func record[T any](t fatal, s *site, entity events.Entity, key events.Key) (r T) {
	t.Helper()
	change, ok := s.last(t, entity, key)
	if !ok {
		t.Fatalf("%s %s was not captured", entity, key)
	}
	if err := json.Unmarshal(change.Record, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// now is a stamp of GP: milliseconds in UTC, old enough for a sweep to close over.
func now() time.Time { return time.Now().UTC().Add(-5 * time.Second).Truncate(time.Millisecond) }

func today() gp.Date { return gp.DateOf(time.Now().UTC()) }
