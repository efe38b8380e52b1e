package gpcapture

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

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
		Entities: append(slices.Clone(DocumentEntities), ItemEntities...),
		Pair:     s.pair, Location: time.UTC, Parallel: 4, Every: time.Hour, Overlap: 10 * time.Minute,
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
