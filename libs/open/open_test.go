package open_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/libs/open"
)

var shared struct {
	kv    jetstream.KeyValue
	pairs atomic.Int64
}

func TestMain(m *testing.M) {
	os.Exit(bustest.Main(m, func(b *bus.Bus) (err error) {
		shared.kv, err = b.KV(context.Background(), bus.Open)
		return err
	}))
}

func n(i int) decimal.Decimal { return decimal.NewFromInt(int64(i)) }

// world is a pair's book, and somebody who follows it.
type world struct {
	*open.Book
	*open.Sums
	mu   sync.Mutex
	told map[string]int
}

func newWorld(ctx context.Context) *world {
	pair := fmt.Sprintf("p%d", shared.pairs.Add(1))
	w := &world{Book: open.NewBook(shared.kv, pair), told: map[string]int{}}
	w.Sums = open.NewSums(shared.kv, pair, func(_ context.Context, item string, _ uint64) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.told[item]++
	})
	go w.Run(ctx) //nolint:errcheck // what it can't follow the test misses
	return w
}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// want waits until an item's sums are these.
func (w *world) want(t fataler, ctx context.Context, item string, opened, closing int) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		q, err := w.Of(ctx, item)
		if err != nil {
			t.Fatalf("%v", err)
		}
		if q.Open.Equal(n(opened)) && q.Closing.Equal(n(closing)) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %s open, %s closing; want %d and %d", item, q.Open, q.Closing, opened, closing)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestTheLifeOfAnOrder(t *testing.T) {
	ctx := t.Context()
	w := newWorld(ctx)
	w.want(t, ctx, "MUG", 0, 0)
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(w.Set(ctx, "WEB1", map[string]decimal.Decimal{"mug": n(3), "CAP": n(1)}))
	do(w.Set(ctx, "WEB2", map[string]decimal.Decimal{"MUG": n(2)}))
	w.want(t, ctx, "MUG", 5, 0)
	do(w.Closing(ctx, "web1", map[string]decimal.Decimal{"MUG": n(2)}))
	w.want(t, ctx, "MUG", 3, 2)
	// The store is read while it ships: what is closing is not open once more.
	do(w.Set(ctx, "WEB1", map[string]decimal.Decimal{"MUG": n(3), "CAP": n(1)}))
	w.want(t, ctx, "MUG", 3, 2)
	do(w.Closed(ctx, "WEB1"))
	w.want(t, ctx, "MUG", 3, 0)
	do(w.Set(ctx, "WEB1", map[string]decimal.Decimal{"MUG": n(1), "CAP": n(0)}))
	w.want(t, ctx, "MUG", 3, 0)
	w.want(t, ctx, "CAP", 0, 0)
	do(w.Set(ctx, "WEB1", nil))
	do(w.Set(ctx, "WEB2", nil))
	w.want(t, ctx, "MUG", 0, 0)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.told["MUG"] == 0 || w.told["CAP"] == 0 {
		t.Errorf("told of %v", w.told)
	}
}

// The sums of one who follows, and of one who begins later, are those of the
// records, whatever was done in whatever order.
func TestSumsAreOfTheRecords(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		w := newWorld(ctx)
		items := []string{"A", "B/1", "C D"}
		reserved, closing := map[string]map[string]int{}, map[string]map[string]int{}
		for range rapid.IntRange(1, 20).Draw(rt, "steps") {
			order := rapid.SampledFrom([]string{"O1", "O2", "O3"}).Draw(rt, "order")
			item := rapid.SampledFrom(items).Draw(rt, "item")
			q := rapid.IntRange(0, 5).Draw(rt, "quantity")
			if closing[order] == nil {
				reserved[order], closing[order] = map[string]int{}, map[string]int{}
			}
			var err error
			switch rapid.SampledFrom([]string{"set", "closing", "closed"}).Draw(rt, "step") {
			case "set":
				err = w.Set(ctx, order, map[string]decimal.Decimal{item: n(q)})
				reserved[order] = map[string]int{item: max(q-closing[order][item], 0)}
			case "closing":
				err = w.Closing(ctx, order, map[string]decimal.Decimal{item: n(q)})
				for name, c := range closing[order] {
					reserved[order][name] += c
				}
				moved := min(q, reserved[order][item])
				closing[order] = map[string]int{item: moved}
				reserved[order][item] -= moved
			case "closed":
				err = w.Closed(ctx, order)
				closing[order] = map[string]int{}
			}
			if err != nil {
				rt.Fatalf("%v", err)
			}
		}
		for _, item := range items {
			opened, closes := 0, 0
			for order := range reserved {
				opened += reserved[order][item]
				closes += closing[order][item]
			}
			w.want(rt, ctx, item, opened, closes)
		}
	})
}
