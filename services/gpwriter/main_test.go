package gpwriter_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
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
	"github.com/magpie-integration/magpie/libs/claim"
	"github.com/magpie-integration/magpie/libs/effect"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/link"
	"github.com/magpie-integration/magpie/services/gpwriter"
)

// shared is one broker for all tests: each has a pair of its own on it.
var shared struct {
	bus    *bus.Bus
	claims jetstream.KeyValue
	links  jetstream.KeyValue
	pairs  atomic.Int64
}

func TestMain(m *testing.M) {
	os.Exit(bustest.Main(m, func(b *bus.Bus) (err error) {
		shared.bus = b
		if shared.claims, err = b.KV(context.Background(), bus.Claims); err != nil {
			return err
		}
		shared.links, err = b.KV(context.Background(), bus.Links)
		return err
	}))
}

// Times of claims. Where an answer is lost, only the work time passes in a test.
var (
	patient   = claim.Times{Call: time.Hour, Lease: 2 * time.Hour, Work: time.Hour}
	shortWork = claim.Times{Call: time.Hour, Lease: 2 * time.Hour, Work: 60 * time.Millisecond}
	noLease   = claim.Times{Call: time.Hour}
)

// world is a pair with a GP of its own, and one replica of the writer.
type world struct {
	t    *testing.T
	pair string
	gp   *fakeGP
	open *reservations
	*replica
}

// replica is one process of the writer.
type replica struct {
	*effect.Worker
	breaker *breaker.Breaker
	stream  *recorder
}

// reservations stands in for the projection of what is open.
type reservations struct{ sync.Map }

func (r *reservations) Set(_ context.Context, order string, reserved map[string]decimal.Decimal) error {
	r.Store(order, reserved)
	return nil
}

func (r *reservations) of(order string) map[string]decimal.Decimal {
	v, _ := r.Load(order)
	reserved, _ := v.(map[string]decimal.Decimal)
	return reserved
}

func newWorld(t *testing.T, times claim.Times) *world {
	t.Helper()
	w := &world{t: t, pair: fmt.Sprintf("p%d", shared.pairs.Add(1)), gp: newFakeGP(), open: &reservations{}}
	w.replica = w.newReplica("first", times)
	return w
}

func (w *world) newReplica(owner string, times claim.Times) *replica {
	return w.replicaOn(shared.claims, owner, times)
}

// withoutClaims is a replica after the claims were lost: a bucket made anew.
func (w *world) withoutClaims() *replica {
	w.t.Helper()
	kv, err := shared.bus.JetStream().CreateKeyValue(w.t.Context(), jetstream.KeyValueConfig{
		Bucket: fmt.Sprintf("anew%d", shared.pairs.Add(1)), Storage: jetstream.MemoryStorage,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return w.replicaOn(kv, "anew", patient)
}

func (w *world) replicaOn(kv jetstream.KeyValue, owner string, times claim.Times) *replica {
	r := &replica{
		breaker: breaker.New(w.pair, breaker.Config{Failures: 3, Probe: time.Hour}),
		stream:  &recorder{Bus: shared.bus},
	}
	claims := claim.NewStore(kv, owner, times)
	r.Worker = &effect.Worker{
		Role: events.RoleGPWriter, Pair: w.pair, Stream: r.stream, Claims: claims, Links: link.NewStore(shared.links, w.pair),
		Carriers: gpwriter.New(w.pair, w.gp, claims, r.breaker, w.open).Carriers(),
	}
	return r
}

// recorder is the bus, and keeps what was published.
type recorder struct {
	*bus.Bus
	mu        sync.Mutex
	published []bus.Message
}

func (r *recorder) Publish(ctx context.Context, m bus.Message) (bus.Ack, error) {
	r.mu.Lock()
	r.published = append(r.published, m)
	r.mu.Unlock()
	return r.Bus.Publish(ctx, m)
}

// last gives the newest published payload.
func last[T any](t *testing.T, r *replica) T {
	t.Helper()
	r.stream.mu.Lock()
	defer r.stream.mu.Unlock()
	if len(r.stream.published) == 0 {
		t.Fatal("nothing was published")
	}
	v, ok := r.stream.published[len(r.stream.published)-1].Data.(T)
	if !ok {
		t.Fatalf("published %T, want %T", r.stream.published[len(r.stream.published)-1].Data, v)
	}
	return v
}

const sourceKey events.Key = "000000123"

func apply(change uint64, doc events.SalesOrder) events.Command {
	document, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return events.Command{
		Verb: events.Apply, Revision: events.Revision{Epoch: 1, Change: change}, Flow: "order-to-gp", FlowVersion: 1,
		Target: doc.Number, Document: document,
		Source: events.SourceRef{System: events.Magento, Entity: events.Order, Key: events.Key(doc.CustomerPO), ID: 7},
	}
}

func withdraw(change uint64, doc events.SalesOrder) events.Command {
	cmd := apply(change, doc)
	cmd.Verb, cmd.Document, cmd.Reason = events.Withdraw, nil, "canceled in the store"
	return cmd
}

// deliver publishes a command and gives it as a handler gets it.
func (w *world) deliver(cmd events.Command) *bus.Delivery {
	w.t.Helper()
	subject := events.CommandSubject(w.pair, events.GP, events.Order, cmd.Source.Key)
	_, err := shared.bus.Publish(w.t.Context(), bus.Message{
		Subject: subject, Type: events.TypeName(events.GP, events.Order, "write"), Data: cmd,
		ID: fmt.Sprintf("%s:%s:%s:%s", w.pair, cmd.Source.Key, cmd.Target, cmd.Revision),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return w.newest(subject)
}

func (w *world) newest(subject events.Subject) *bus.Delivery {
	w.t.Helper()
	stored, ok, err := shared.bus.Last(w.t.Context(), bus.Commands, subject.String())
	if err != nil || !ok {
		w.t.Fatalf("no command on %s: %v", subject, err)
	}
	event, err := bus.Decode(w.t.Context(), stored.Header, stored.Data)
	if err != nil {
		w.t.Fatal(err)
	}
	return &bus.Delivery{Event: event, Subject: subject, Sequence: stored.Sequence}
}

// settle hands a delivery to a replica until it need not come again, and gives
// the outcome.
func (w *world) settle(r *replica, d *bus.Delivery) events.Outcome {
	w.t.Helper()
	if err := w.untilSettled(r, d); err != nil {
		w.t.Fatal(err)
	}
	return last[events.Outcome](w.t, r)
}

func (w *world) untilSettled(r *replica, d *bus.Delivery) error {
	w.t.Helper()
	for began := time.Now(); ; {
		err := r.Handle(w.t.Context(), d)
		if !waiting(err) {
			return err
		}
		if time.Since(began) > 20*time.Second {
			w.t.Fatalf("never settled: %v", err)
		}
	}
}

// do delivers a command and settles it.
func (w *world) do(cmd events.Command) events.Outcome {
	w.t.Helper()
	return w.settle(w.replica, w.deliver(cmd))
}

// refused is how a command is refused.
func (w *world) refused(cmd events.Command) *failure.Error {
	w.t.Helper()
	err := w.untilSettled(w.replica, w.deliver(cmd))
	if err == nil {
		w.t.Fatalf("it was not refused: %+v", last[events.Outcome](w.t, w.replica))
	}
	return failure.Of(err)
}

// waiting tells bus.Wait from every other error.
func waiting(err error) bool { return err != nil && strings.HasPrefix(err.Error(), "waiting: ") }

func (w *world) want(what string, got, want any) {
	w.t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		w.t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func (w *world) wantCode(f *failure.Error, kind failure.Kind, code string) {
	w.t.Helper()
	if f.Kind != kind || f.Code != code || f.Fix == "" {
		w.t.Errorf("refused as %s %s (fix %q), want %s %s with a fix: %v", f.Kind, f.Code, f.Fix, kind, code, f)
	}
}

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

// mugs is an order of two mugs by a customer of her own.
func mugs(change ...func(*events.SalesOrder)) events.SalesOrder {
	home := events.Address{
		Code: "PRIMARY", Name: "Ada Example", Line1: "1 Oak St", City: "Portland", State: "OR", Postal: "97201", Country: "US", Phone: "5035550100",
	}
	doc := events.SalesOrder{
		Number: "WEB" + string(sourceKey), DocumentType: "STDORD", SOPType: "Order", Date: "2026-11-24", Batch: "WEB20261124",
		Site: "WAREHOUSE", Currency: "USD", CustomerPO: string(sourceKey),
		Freight: dec("7.50"), Tax: dec("5.36"), Subtotal: dec("65.00"), Total: dec("77.86"), SourceTotal: dec("77.86"),
		Customer: events.SalesCustomer{Number: "WEB0000312", Name: "Ada Example", Class: "WEB", Email: "ada@example.com", Address: home},
		ShipTo:   home, BillTo: home,
		Lines: []events.SalesLine{{Item: "MUG", Description: "Blue mug", Quantity: dec("2"), UnitPrice: dec("32.50"), Extended: dec("65.00")}},
	}
	for _, c := range change {
		c(&doc)
	}
	return doc
}

// one is a single mug, the content of a changed order.
func one(d *events.SalesOrder) {
	d.Lines[0].Quantity, d.Lines[0].Extended, d.Subtotal, d.Total = dec("1"), dec("32.50"), dec("32.50"), dec("45.36")
}

// numbered is another order of the same customer.
func numbered(key string) func(*events.SalesOrder) {
	return func(d *events.SalesOrder) { d.Number, d.CustomerPO = "WEB"+key, key }
}

func elsewhere(d *events.SalesOrder) { d.ShipTo.Code, d.ShipTo.Line1 = "SHIP-7", "9 Elm Ave" }

var errDown = failure.Down("gp.unreachable", "connection refused", errors.New("dial"))
