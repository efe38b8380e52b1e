package magentowriter_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/breaker"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/claim"
	"github.com/magpie-integration/magpie/libs/effect"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
	"github.com/magpie-integration/magpie/services/magentowriter"
)

// stockroom is a store's sources in memory. It has products; what it is given of
// others it refuses, as magento.Client does.
type stockroom struct {
	mu       sync.Mutex
	products map[string]bool
	items    map[[2]string]magento.SourceItem // by SKU in upper case, and source
	saves    [][]magento.SourceItem
	reads    int
	next     []hook // of the next saves
	spoiled  string // an SKU that spoils the call that it is in
	down     error  // of the reads
}

func newStockroom(skus ...string) *stockroom {
	s := &stockroom{products: map[string]bool{}, items: map[[2]string]magento.SourceItem{}}
	for _, sku := range skus {
		s.products[sku] = true
	}
	return s
}

func (s *stockroom) SourceItems(_ context.Context, skus []string) (items []magento.SourceItem, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reads++; s.down != nil {
		return nil, s.down
	}
	for _, sku := range skus {
		for key, item := range s.items {
			if key[0] == strings.ToUpper(sku) {
				items = append(items, item)
			}
		}
	}
	return items, nil
}

func (s *stockroom) SaveSourceItems(_ context.Context, items []magento.SourceItem) (refused []magento.Refused, err error) {
	s.mu.Lock()
	var h hook
	if len(s.next) > 0 {
		h, s.next = s.next[0], s.next[1:]
	}
	s.mu.Unlock()
	work := func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.saves = append(s.saves, items)
		for _, item := range items {
			switch sku := strings.ToUpper(item.SKU); {
			case item.SKU == s.spoiled:
				return failure.Rejected("magento.source_item.invalid", "quantity", "Validation Failed", "look")
			case !s.products[sku]:
				refused = append(refused, magento.Refused{SKU: item.SKU, Err: failure.Rejected("magento.sku.missing", "sku", "no product", "make it").Because(magento.ErrNotFound)})
			case item.Source == "nowhere":
				refused = append(refused, magento.Refused{SKU: item.SKU, Err: failure.Rejected("magento.source.unknown", "source_code", "no source", "map it")})
			default:
				s.items[[2]string{sku, item.Source}] = item
			}
		}
		return nil
	}
	if h == nil {
		return refused, work()
	}
	err = h(work)
	return refused, err
}

func (s *stockroom) LegacyStockItem(_ context.Context, sku string) (magento.StockItem, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.products[strings.ToUpper(sku)] {
		return magento.StockItem{}, failure.Rejected("magento.product.missing", "sku", "no product", "make it").Because(magento.ErrNotFound)
	}
	item := s.items[[2]string{strings.ToUpper(sku), "default"}]
	return magento.StockItem{Qty: item.Quantity, InStock: item.InStock}, nil
}

func (s *stockroom) SaveLegacyStock(ctx context.Context, sku string, qty decimal.Decimal, inStock bool) error {
	_, err := s.SaveSourceItems(ctx, []magento.SourceItem{{SKU: sku, Source: "default", Quantity: qty, InStock: inStock}})
	return err
}

// level is an SKU's quantity at a source, "-" where the store has none, and what
// is not sold in brackets.
func (s *stockroom) level(sku, source string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch item, there := s.items[[2]string{strings.ToUpper(sku), source}]; {
	case !there:
		return "-"
	case !item.InStock:
		return "(" + item.Quantity.String() + ")"
	default:
		return item.Quantity.String()
	}
}

func (s *stockroom) rows() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, save := range s.saves {
		n += len(save)
	}
	return n
}

// stockWorld is a pair with a stockroom.
type stockWorld struct {
	*testing.T
	pair      string
	store     *stockroom
	inventory string
	rows      int
}

func newStockWorld(t *testing.T, skus ...string) *stockWorld {
	return &stockWorld{T: t, pair: fmt.Sprintf("p%d", shared.pairs.Add(1)), store: newStockroom(skus...), inventory: magentowriter.MSI, rows: 200}
}

func (w *stockWorld) worker(owner string, times claim.Times) *effect.BulkWorker {
	claims := claim.NewStore(shared.claims, owner, times)
	return &effect.BulkWorker{
		Role: events.RoleMagentoWriter, Pair: w.pair, Stream: &recorder{Bus: shared.bus}, Claims: claims,
		Carrier: magentowriter.NewStock(w.pair, w.inventory, w.rows, w.store, claims, breaker.New(w.pair, breaker.Config{Failures: 3, Probe: time.Hour})),
	}
}

// levels is the command of a change: "SKU default=5 north=0".
func (w *stockWorld) levels(change uint64, text string) *bus.Delivery {
	w.Helper()
	words := strings.Split(text, "|")
	doc := events.StockLevels{SKU: words[0]}
	for _, level := range words[1:] {
		source, n, _ := strings.Cut(level, "=")
		doc.Levels = append(doc.Levels, events.StockLevel{Source: source, Quantity: decimal.RequireFromString(n)})
	}
	document, err := json.Marshal(doc)
	if err != nil {
		w.Fatal(err)
	}
	key := events.CanonicalKey(events.GP, events.Stock, doc.SKU)
	subject := events.CommandSubject(w.pair, events.Magento, events.Stock, key)
	cmd := events.Command{
		Verb: events.Apply, Revision: events.Revision{Epoch: 1, Change: change}, Flow: "stock-to-magento", FlowVersion: 1,
		Target: doc.SKU, Document: document, Source: events.SourceRef{System: events.GP, Entity: events.Stock, Key: key},
	}
	if _, err := shared.bus.Publish(w.Context(), bus.Message{
		Subject: subject, Type: events.TypeName(events.Magento, events.Stock, "write"), Data: cmd,
		ID: fmt.Sprintf("%s:%s:%d", w.pair, key, change),
	}); err != nil {
		w.Fatal(err)
	}
	stored, ok, err := shared.bus.Last(w.Context(), bus.Commands, subject.String())
	if err != nil || !ok {
		w.Fatal(err)
	}
	event, err := bus.Decode(w.Context(), stored.Header, stored.Data)
	if err != nil {
		w.Fatal(err)
	}
	return &bus.Delivery{Event: event, Subject: subject, Sequence: stored.Sequence}
}

// settle hands deliveries over until none need come again, and gives the last error of each.
func (w *stockWorld) settle(on *effect.BulkWorker, batch ...*bus.Delivery) []error {
	w.Helper()
	last := make([]error, len(batch))
	todo := make([]int, len(batch))
	for i := range batch {
		todo[i] = i
	}
	for began := time.Now(); len(todo) > 0; {
		if time.Since(began) > 20*time.Second {
			w.Fatalf("never settled: %v", last)
		}
		var some []*bus.Delivery
		for _, i := range todo {
			some = append(some, batch[i])
		}
		var again []int
		for n, err := range on.Handle(w.Context(), some) {
			if last[todo[n]] = err; waiting(err) {
				again = append(again, todo[n])
			}
		}
		todo = again
	}
	return last
}

// results are the outcomes that a worker told, by SKU and revision.
func results(on *effect.BulkWorker) map[string]events.Result {
	r := on.Stream.(*recorder)
	r.mu.Lock()
	defer r.mu.Unlock()
	all := map[string]events.Result{}
	for _, m := range r.published {
		if o, ok := m.Data.(events.Outcome); ok {
			all[fmt.Sprintf("%s %d", o.Target, o.Revision.Change)] = o.Result
		}
	}
	return all
}

func (w *stockWorld) want(what string, got, want any) {
	w.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		w.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestManyLevelsAreOneReadAndOneWrite(t *testing.T) {
	w := newStockWorld(t, "A", "B/1 50%", "C")
	on := w.worker("first", patient)
	w.want("errors", w.settle(on, w.levels(1, "A|default=5|north=0"), w.levels(2, "b/1 50%|default=2.5"), w.levels(3, "C|default=0")), "[<nil> <nil> <nil>]")
	w.want("levels", []string{w.store.level("A", "default"), w.store.level("A", "north"), w.store.level("B/1 50%", "default"), w.store.level("C", "default")},
		"[5 (0) 2.5 (0)]")
	w.want("calls", []int{len(w.store.saves), w.store.reads}, "[1 1]")
	w.want("outcomes", results(on), map[string]events.Result{"A 1": "applied", "b/1 50% 2": "applied", "C 3": "applied"})

	w.settle(on, w.levels(4, "A|default=5|north=1"), w.levels(5, "C|default=0"))
	w.want("only what differs is written", w.store.rows(), 5)
	w.want("and the same is unchanged", results(on)["C 5"], events.Unchanged)
}

func TestTheNewestOfAnSKUStandsForAll(t *testing.T) {
	w := newStockWorld(t, "A", "B")
	on := w.worker("first", patient)
	first, other, second, third := w.levels(1, "A|default=1"), w.levels(2, "B|default=1"), w.levels(3, "A|default=2"), w.levels(4, "A|default=3")
	w.settle(on, third, other, first, second) // in any order
	w.want("level", w.store.level("A", "default"), 3)
	w.want("rows", w.store.rows(), 2)
	w.want("outcomes", results(on), map[string]events.Result{"A 1": "superseded", "A 3": "superseded", "A 4": "applied", "B 2": "applied"})

	waits := w.levels(5, "A|default=4")
	w.levels(6, "A|default=5") // not delivered yet
	w.settle(on, waits)
	w.want("a newer one waits", results(on)["A 5"], events.Superseded)
	w.want("level", w.store.level("A", "default"), 3)
}

func TestAMissingSKUAndAnUnknownSourceHoldUpNobody(t *testing.T) {
	w := newStockWorld(t, "A", "B")
	on := w.worker("first", patient)
	errs := w.settle(on, w.levels(1, "NOPE|default=5"), w.levels(2, "A|default=5"), w.levels(3, "B|nowhere=5"))
	for i, code := range map[int]string{0: "magento.sku.missing", 2: "magento.source.unknown"} {
		if f := failure.Of(errs[i]); f == nil || f.Code != code || f.Kind != failure.KindRejected || f.Fix == "" {
			t.Errorf("got %+v, want %s", f, code)
		}
	}
	if !strings.Contains(failure.Of(errs[0]).Fix, "table items") {
		t.Errorf("fix: %s", failure.Of(errs[0]).Fix)
	}
	w.want("the other", w.store.level("A", "default"), 5)
	w.store.products["NOPE"] = true // made meanwhile, and replayed
	w.want("mended", w.settle(on, w.levels(4, "NOPE|default=5")), "[<nil>]")
	w.want("level", w.store.level("NOPE", "default"), 5)
}

func TestOneBadRowIsFoundInItsCall(t *testing.T) {
	skus := []string{}
	for i := range 20 {
		skus = append(skus, fmt.Sprintf("S%d", i))
	}
	w := newStockWorld(t, skus...)
	w.store.spoiled = "S13"
	var batch []*bus.Delivery
	for i, sku := range skus {
		batch = append(batch, w.levels(uint64(i+1), sku+"|default=7|north=1"))
	}
	for i, err := range w.settle(w.worker("first", patient), batch...) {
		switch {
		case i == 13 && failure.Of(err).Code != "magento.source_item.invalid", i != 13 && err != nil:
			t.Errorf("%s: %v", skus[i], err)
		case i != 13:
			w.want(skus[i], w.store.level(skus[i], "default")+w.store.level(skus[i], "north"), "71")
		}
	}
}

func TestCallsHaveSoManyRows(t *testing.T) {
	w := newStockWorld(t, "A", "B", "C")
	w.rows = 4
	w.settle(w.worker("first", patient), w.levels(1, "A|a=1|b=1"), w.levels(2, "B|a=1|b=1"), w.levels(3, "C|a=1|b=1|c=1|d=1|e=1"))
	var sizes []int
	for _, save := range w.store.saves {
		sizes = append(sizes, len(save))
	}
	w.want("rows of each call; those of an SKU stay together", sizes, "[4 5]")
}

func TestALostAnswerOfALevel(t *testing.T) {
	for name, lost := range map[string]hook{"saved": answerLost, "not saved": neverDone} {
		t.Run(name, func(t *testing.T) {
			w := newStockWorld(t, "A", "B")
			w.store.next = []hook{lost}
			on := w.worker("first", shortWork)
			w.want("errors", w.settle(on, w.levels(1, "A|default=5"), w.levels(2, "B|default=6")), "[<nil> <nil>]")
			w.want("levels", w.store.level("A", "default")+w.store.level("B", "default"), "56")
			w.want("outcomes", results(on), map[string]events.Result{"A 1": "applied", "B 2": "applied"})
			if name == "saved" {
				w.want("saves", len(w.store.saves), 1)
			}
		})
	}
}

func TestADeadlockIsTriedAgain(t *testing.T) {
	w := newStockWorld(t, "A")
	w.store.next = []hook{fails(failure.Transient("magento.stock.deadlock", "Deadlock found", nil))}
	on, d := w.worker("first", patient), w.levels(1, "A|default=5")
	if f := failure.Of(on.Handle(t.Context(), []*bus.Delivery{d})[0]); f == nil || f.Code != "magento.stock.deadlock" || f.Kind != failure.KindTransient {
		t.Errorf("got %v", f)
	}
	w.want("again", w.settle(on, d), "[<nil>]")
	w.want("level", w.store.level("A", "default"), 5)
}

func TestAnOpenBreakerPausesLevels(t *testing.T) {
	w := newStockWorld(t, "A")
	w.store.down = failure.Down("magento.unreachable", "connection refused", nil)
	on, d := w.worker("first", patient), w.levels(1, "A|default=5")
	for range 3 {
		if f := failure.Of(on.Handle(t.Context(), []*bus.Delivery{d})[0]); f == nil || f.Code != "magento.unreachable" {
			t.Fatalf("got %v", f)
		}
	}
	reads := w.store.reads
	if err := on.Handle(t.Context(), []*bus.Delivery{d})[0]; !errors.Is(err, bus.ErrPaused) {
		t.Errorf("got %v, want bus.ErrPaused, which costs no try", err)
	}
	w.want("calls", w.store.reads, reads)
	w.store.down = nil
	w.want("another replica", w.settle(w.worker("second", patient), d), "[<nil>]")
}

func TestAFrozenWriterOfLevelsIsMended(t *testing.T) {
	w := newStockWorld(t, "A", "B")
	second := w.worker("second", noLease)
	frozen := w.worker("first", patient)
	batch := []*bus.Delivery{w.levels(1, "A|default=1"), w.levels(2, "B|default=1")}
	w.store.next = []hook{func(work func() error) error {
		w.settle(second, w.levels(3, "A|default=9"))
		return work() // its older level lands last
	}}
	for i, err := range frozen.Handle(t.Context(), batch) {
		if err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	w.want("the older level landed", w.store.level("A", "default"), 1)
	rewrite := w.newest(batch[0].Subject)
	w.settle(second, rewrite)
	w.want("and is mended", w.store.level("A", "default"), 9)
	w.want("the other", w.store.level("B", "default"), 1)
}

func (w *stockWorld) newest(subject events.Subject) *bus.Delivery {
	w.Helper()
	stored, ok, err := shared.bus.Last(w.Context(), bus.Commands, subject.String())
	if err != nil || !ok {
		w.Fatal(err)
	}
	event, err := bus.Decode(w.Context(), stored.Header, stored.Data)
	if err != nil {
		w.Fatal(err)
	}
	return &bus.Delivery{Event: event, Subject: subject, Sequence: stored.Sequence}
}

func TestAStoreWithoutSourcesGetsOneQuantity(t *testing.T) {
	w := newStockWorld(t, "A", "B")
	w.inventory = magentowriter.Legacy
	on := w.worker("first", patient)
	errs := w.settle(on, w.levels(1, "A|default=5|north=2"), w.levels(2, "NOPE|default=1"), w.levels(3, "B|default=0"))
	w.want("both sources", w.store.level("A", "default"), 7)
	if f := failure.Of(errs[1]); f == nil || f.Code != "magento.sku.missing" {
		t.Errorf("got %v", errs[1])
	}
	w.want("none, and there was none", len(w.store.saves), 1)
	w.settle(on, w.levels(4, "A|default=0"))
	w.want("sold out", w.store.level("A", "default"), "(0)")
}

func TestLevelsThatCanNotBeRead(t *testing.T) {
	w := newStockWorld(t, "A")
	for _, text := range []string{"A", ""} {
		err := w.settle(w.worker("first", patient), w.levels(1, cmp.Or(text, "|default=1")))[0]
		if f := failure.Of(err); f == nil || f.Kind != failure.KindDefect {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// However commands are delivered, batched, lost and tried again, the store ends at
// the newest level of each SKU, and what is written is never more than what came.
func TestNoLevelIsLeftStale(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newStockWorld(t, "A", "B", "C")
		workers := []*effect.BulkWorker{w.worker("first", claim.Times{Call: time.Hour}), w.worker("second", claim.Times{Call: time.Hour})}
		newest := map[string]int{}
		var queue []*bus.Delivery
		unanswered := 0 // the protocol gives a revision to a person at its fifth takeover
		for i := range rapid.IntRange(1, 12).Draw(rt, "changes") {
			sku := rapid.SampledFrom([]string{"A", "B", "C"}).Draw(rt, "sku")
			newest[sku] = rapid.IntRange(0, 3).Draw(rt, "level")
			queue = append(queue, w.levels(uint64(i+1), fmt.Sprintf("%s|default=%d", sku, newest[sku])))
		}
		for len(queue) > 0 {
			n := rapid.IntRange(1, len(queue)).Draw(rt, "batch")
			batch := queue[:n:n]
			queue = queue[n:]
			w.store.next = nil
			switch trouble := rapid.SampledFrom([]string{"", "answer lost", "never done", "deadlock"}).Draw(rt, "trouble"); {
			case trouble == "deadlock":
				w.store.next = []hook{fails(failure.Transient("magento.stock.deadlock", "Deadlock found", nil))}
			case trouble != "" && unanswered < 4:
				unanswered++
				w.store.next = []hook{map[string]hook{"answer lost": answerLost, "never done": neverDone}[trouble]}
			}
			on := workers[rapid.IntRange(0, 1).Draw(rt, "replica")]
			for i, err := range on.Handle(t.Context(), batch) {
				switch f := failure.Of(err); {
				case err == nil:
				case waiting(err), errors.Is(err, bus.ErrPaused), f.Kind == failure.KindTransient:
					queue = append(queue, batch[i])
				default:
					rt.Fatalf("%v", err)
				}
			}
		}
		for sku, want := range newest {
			if got := strings.Trim(w.store.level(sku, "default"), "()"); got != fmt.Sprint(want) {
				rt.Fatalf("%s is at %s, want %d", sku, got, want)
			}
		}
	})
}
