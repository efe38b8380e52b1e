package magentowriter_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/breaker"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/libs/claim"
	"github.com/magpie-integration/magpie/libs/effect"
	"github.com/magpie-integration/magpie/libs/link"
	"github.com/magpie-integration/magpie/services/magentowriter"
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
	shortWork = claim.Times{Call: time.Hour, Lease: 2 * time.Hour, Work: 40 * time.Millisecond}
	noLease   = claim.Times{Call: time.Hour}
)

// world is a pair with a store of its own, and one replica of the writer.
type world struct {
	t     *testing.T
	pair  string
	way   string
	store *fakeStore
	book  *fakeBook
	*replica
}

// replica is one process of the writer.
type replica struct {
	*effect.Worker
	stream *recorder
}

// newWorld has order 7, which the store calls 000000123, in the state new.
func newWorld(t *testing.T, way string, times claim.Times) *world {
	t.Helper()
	w := &world{t: t, pair: fmt.Sprintf("p%d", shared.pairs.Add(1)), way: way, store: newFakeStore(), book: &fakeBook{}}
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
	r := &replica{stream: &recorder{Bus: shared.bus}}
	b := breaker.New(w.pair, breaker.Config{Failures: 3, Probe: time.Hour})
	claims := claim.NewStore(kv, owner, times)
	r.Worker = &effect.Worker{
		Role: events.RoleMagentoWriter, Pair: w.pair, Stream: r.stream, Claims: claims, Links: link.NewStore(shared.links, w.pair),
		Carriers: magentowriter.New(w.pair, w.way, w.store, claims, b, w.book).Carriers(),
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

// taken is the document that says that GP took order 000000123.
func taken(change ...func(*events.OrderStatus)) events.OrderStatus {
	doc := events.OrderStatus{
		EntityID: 7, IncrementID: "000000123", From: "new", State: "processing", Status: "processing",
		Comment: "SOP order WEB000000123 in Dynamics GP", Mark: "WEB000000123",
	}
	for _, c := range change {
		c(&doc)
	}
	return doc
}

func accepted(d *events.OrderStatus) { d.Status = "erp_accepted" }

func write(outcome uint64, doc events.OrderStatus) events.Command {
	document, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return events.Command{
		Verb: events.Apply, Revision: events.Revision{Epoch: 1, Change: 10, Outcome: outcome},
		Flow: "order-status-to-magento", FlowVersion: 1, Target: doc.IncrementID, Document: document,
		Source: events.SourceRef{System: events.Magento, Entity: events.Order, Key: events.Key(doc.IncrementID), ID: 7},
	}
}

// deliver publishes a command and gives it as a handler gets it.
func (w *world) deliver(cmd events.Command) *bus.Delivery {
	w.t.Helper()
	entity := events.Order
	switch cmd.Flow {
	case "shipment-to-magento":
		entity = events.Shipment
	case "invoice-to-magento":
		entity = events.Invoice
	}
	subject := events.CommandSubject(w.pair, events.Magento, entity, cmd.Source.Key)
	_, err := shared.bus.Publish(w.t.Context(), bus.Message{
		Subject: subject, Type: events.TypeName(events.Magento, entity, "write"), Data: cmd,
		ID: fmt.Sprintf("%s:%s:%s:%s", w.pair, entity, cmd.Source.Key, cmd.Revision),
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
	for began := time.Now(); ; {
		err := r.Handle(w.t.Context(), d)
		switch {
		case err == nil:
			return last[events.Outcome](w.t, r)
		case !waiting(err):
			w.t.Fatal(err)
		case time.Since(began) > 20*time.Second:
			w.t.Fatalf("never settled: %v", err)
		}
	}
}

// do delivers a command and settles it.
func (w *world) do(cmd events.Command) events.Outcome {
	w.t.Helper()
	return w.settle(w.replica, w.deliver(cmd))
}

// waiting tells bus.Wait from every other error.
func waiting(err error) bool { return err != nil && strings.HasPrefix(err.Error(), "waiting: ") }

func (w *world) want(what string, got, want any) {
	w.t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		w.t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// wantOrder is how the order stands, and how many comments name the SOP order.
func (w *world) wantOrder(state, status string, comments int) {
	w.t.Helper()
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	if o := w.store.orders["000000123"]; o.State != state || o.Status != status {
		w.t.Errorf("the order is %s, %s; want %s, %s", o.State, o.Status, state, status)
	}
	if got := w.store.comments; len(got) != comments {
		w.t.Errorf("comments %+v, want %d", got, comments)
	}
}

func difference(field, sent, found string) []events.Difference {
	return []events.Difference{{Field: field, Sent: sent, Found: found}}
}
