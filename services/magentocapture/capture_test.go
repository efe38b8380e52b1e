package magentocapture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/breaker"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

func TestManyNoticesOfOneOrderAreOneReadAndOneChange(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	s.put(order("123", 871, "new"))
	before := time.Now().UTC()
	handle(t, newCapture(t, b, s),
		orderNotice(t, b, "123", "n1"), orderNotice(t, b, "123", "n2"), orderNotice(t, b, "123", "n3"))

	if len(s.searches) != 1 || !slices.Equal(s.searches[0], []string{"123"}) {
		t.Errorf("searches for %v", s.searches)
	}
	stored := scan(t, b, bus.Changes)
	if len(stored) != 1 {
		t.Fatalf("%d changes", len(stored))
	}
	m, change := stored[0], payload[events.Change](t, stored[0])
	if m.Subject != "magpie.change.main.magento.order.123" || m.Header.Get("ce-type") != "io.magpie.magento.order.changed.v1" {
		t.Errorf("got %s of type %s", m.Subject, m.Header.Get("ce-type"))
	}
	if got := m.Header.Get("ce-" + events.ExtCausationID); got != "n3" {
		t.Errorf("caused by %s, and the newest notice is n3", got)
	}
	if string(change.Record) != string(order("123", 871, "new").Raw) {
		t.Errorf("the record is %s", change.Record)
	}
	if change.ReadAt.Before(before) || change.ReadAt.After(time.Now()) {
		t.Errorf("read at %s", change.ReadAt)
	}
	if got := outcomes(t, b); len(got) != 0 {
		t.Errorf("a change is no outcome yet: %+v", got)
	}
}

func TestWhatReadsAsBeforeIsNoChange(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	c := newCapture(t, b, s)
	o := order("123", 871, "a <b> & c")
	s.put(o)
	handle(t, c, orderNotice(t, b, "123", "n1"))
	for name, raw := range map[string]string{
		"the same bytes":       string(o.Raw),
		"with blanks in it":    strings.Replace(string(o.Raw), ",", ",\n  ", 2),
		"escaped as PHP likes": strings.ReplaceAll(string(o.Raw), "<b>", `\u003cb\u003e`),
	} {
		t.Run(name, func(t *testing.T) {
			o.Raw = json.RawMessage(raw)
			s.put(o)
			before := len(outcomes(t, b))
			handle(t, c, orderNotice(t, b, "123", name))
			if got := scan(t, b, bus.Changes); len(got) != 1 {
				t.Errorf("%d changes", len(got))
			}
			got := outcomes(t, b)[before:]
			if len(got) != 1 || got[0].Result != events.Unchanged || got[0].Source.Key != "123" || got[0].System != "" {
				t.Errorf("outcomes %+v", got)
			}
		})
	}
}

func TestWhatBecomesOfANoticeThatIsNoChange(t *testing.T) {
	lost := failure.Transient("magento.internal", "Magento failed on this order", nil)
	for name, tc := range map[string]struct {
		shop   *shop
		entity events.Entity
		key    events.Key
		age    time.Duration // of the notice
		waits  bool
		kind   failure.Kind // of the failure, if one
		code   string
		result events.Result // of the outcome, if one
		reason string
	}{
		"not committed yet":                  {shop: &shop{}, key: "123", age: 14 * time.Minute, waits: true},
		"never committed":                    {shop: &shop{}, key: "123", age: 16 * time.Minute, result: events.Skipped, reason: "never committed"},
		"of another website":                 {shop: &shop{foreign: []magento.Order{order("123", 871, "new")}}, key: "123", result: events.Skipped, reason: "another website"},
		"two orders with the number":         {shop: &shop{orders: []magento.Order{order("123", 871, "new"), order("123", 872, "new")}}, key: "123", kind: failure.KindConflict, code: "magento.order.ambiguous"},
		"an order that Magento can't load":   {shop: &shop{broken: []magento.Broken{{ID: "123", Err: lost}}}, key: "123", kind: failure.KindTransient, code: "magento.internal"},
		"the shop fails":                     {shop: &shop{err: failure.Down("magento.down", "no connection", nil)}, key: "123", kind: failure.KindTransient, code: "magento.down"},
		"a number not committed yet":         {shop: &shop{}, key: events.InternalID(871), waits: true},
		"a number never committed":           {shop: &shop{}, key: events.InternalID(871), age: time.Hour, result: events.Skipped, reason: "never committed"},
		"a number of another website":        {shop: &shop{foreign: []magento.Order{order("123", 871, "new")}}, key: events.InternalID(871), result: events.Skipped, reason: "another website"},
		"a number that Magento can't load":   {shop: &shop{broken: []magento.Broken{{EntityID: 871, Err: lost}}}, key: events.InternalID(871), kind: failure.KindTransient, code: "magento.internal"},
		"the shop fails on a number":         {shop: &shop{err: failure.Down("magento.down", "no connection", nil)}, key: events.InternalID(871), kind: failure.KindTransient, code: "magento.down"},
		"an entity that nothing captures":    {shop: &shop{}, entity: events.Customer, key: "5", result: events.Skipped, reason: "nothing captures the entity customer"},
		"an order in two websites is by one": {shop: &shop{orders: []magento.Order{order("123", 871, "new")}, foreign: []magento.Order{order("123", 99, "new")}}, key: "123"},
	} {
		t.Run(name, func(t *testing.T) {
			b := bustest.Start(t)
			if tc.entity == "" {
				tc.entity = events.Order
			}
			d := notice(t, b, tc.entity, tc.key, "n1")
			d.First = d.First.Add(-tc.age)
			err := newCapture(t, b, tc.shop).Handle(t.Context(), []*bus.Delivery{d})[0]
			switch {
			case tc.waits:
				if !isWait(err) {
					t.Errorf("got %v", err)
				}
			case tc.kind != "":
				if f := failure.Of(err); f == nil || f.Kind != tc.kind || f.Code != tc.code {
					t.Errorf("got %v", err)
				}
			case err != nil:
				t.Error(err)
			}
			got := outcomes(t, b)
			if tc.result == "" {
				if len(got) != 0 {
					t.Errorf("outcomes %+v", got)
				}
				return
			}
			if len(got) != 1 || got[0].Result != tc.result || !strings.Contains(got[0].Reason, tc.reason) || got[0].Source.Key != tc.key {
				t.Errorf("outcomes %+v", got)
			}
		})
	}
}

func TestANoticeOfANumberBecomesOneOfTheBusinessKey(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	s.put(order("123", 871, "new"))
	c := newCapture(t, b, s)
	d := orderNotice(t, b, events.InternalID(871), "n1")
	handle(t, c, d)
	handle(t, c, d) // delivered again
	stored := scan(t, b, bus.Notices)
	if len(stored) != 2 {
		t.Fatalf("%d notices, want the first and the resolved one", len(stored))
	}
	m := stored[1]
	if m.Subject != "magpie.notice.main.magento.order.123" || m.Header.Get("ce-"+events.ExtCausationID) != "n1" || m.Header.Get("ce-type") != "io.magpie.magento.order.noticed.v1" {
		t.Errorf("got %s, headers %v", m.Subject, m.Header)
	}
	if n := payload[events.Notice](t, m); n.Event != "sales_order_save_after" || n.Via != "webhook" || n.StoreID != 2 {
		t.Errorf("got %+v", n)
	}
	if len(scan(t, b, bus.Changes)) != 0 || len(s.searches) != 0 {
		t.Error("the change is for the notice of the business key")
	}
}

// chatty is a shop that answers more than it was asked for.
type chatty struct{ *shop }

func (s chatty) all() (magento.Found, error) { return magento.Found{Orders: s.orders}, nil }

func (s chatty) OrdersByIncrementID(context.Context, []string) (magento.Found, error) { return s.all() }

func (s chatty) OrdersByEntityID(context.Context, []int64) (magento.Found, error) { return s.all() }

func TestAnOrderThatNobodyAskedForIsLeftAlone(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	s.put(order("123", 871, "new"))
	s.put(order("124", 872, "new"))
	c := captureOn(t, b, b, chatty{s}, breaker.New("magento", breaker.Config{}))
	handle(t, c, orderNotice(t, b, "123", "n1"), orderNotice(t, b, events.InternalID(871), "n2"))
	if got := scan(t, b, bus.Changes); len(got) != 1 || got[0].Subject != "magpie.change.main.magento.order.123" {
		t.Errorf("%d changes", len(got))
	}
	if got := scan(t, b, bus.Notices); len(got) != 3 {
		t.Errorf("%d notices", len(got))
	}
}

func TestCardDataIsRemovedBeforePublishing(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	o := order("123", 871, "new")
	o.Raw = json.RawMessage(`{"entity_id":871,"increment_id":"123","payment":{"cc_number":"4111111111111111","cc_last4":"1111"},"note":"paid by 4111 1111 1111 1111"}`)
	s.put(o)
	c := newCapture(t, b, s)
	handle(t, c, orderNotice(t, b, "123", "n1"))
	record := string(changes(t, b)[0].Record)
	if strings.Contains(record, "4111") || !strings.Contains(record, `"cc_last4":"1111"`) {
		t.Errorf("published: %s", record)
	}
	handle(t, c, orderNotice(t, b, "123", "n2"))
	if got := scan(t, b, bus.Changes); len(got) != 1 {
		t.Errorf("what was removed must not make it another change: %d", len(got))
	}
}

func TestASearchAsksForFiftyAtMost(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	var batch []*bus.Delivery
	for i := range 120 {
		number := fmt.Sprint(1000 + i)
		s.put(order(number, int64(1+i), "new"))
		batch = append(batch, orderNotice(t, b, events.Key(number), "n"+number))
	}
	for i := range 60 {
		batch = append(batch, orderNotice(t, b, events.InternalID(int64(1+i)), fmt.Sprint("i", i)))
	}
	handle(t, newCapture(t, b, s), batch...)
	sizes := func(n int, size func(int) int) (out []int) {
		for i := range n {
			out = append(out, size(i))
		}
		slices.Sort(out)
		return out
	}
	if got := sizes(len(s.searches), func(i int) int { return len(s.searches[i]) }); !slices.Equal(got, []int{20, 50, 50}) {
		t.Errorf("searches for %v numbers", got)
	}
	if got := sizes(len(s.ids), func(i int) int { return len(s.ids[i]) }); !slices.Equal(got, []int{10, 50}) {
		t.Errorf("searches for %v internal numbers", got)
	}
	if got := len(scan(t, b, bus.Changes)); got != 120 {
		t.Errorf("%d changes", got)
	}
}

func TestOneOrdersFailureIsItsOwn(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	s.put(order("1", 1, "new"))
	s.put(order("2", 2, "new"))
	s.put(order("2", 3, "new"))
	results := newCapture(t, b, s).Handle(t.Context(), []*bus.Delivery{
		orderNotice(t, b, "1", "n1"), orderNotice(t, b, "2", "n2"), orderNotice(t, b, "3", "n3"), orderNotice(t, b, "1", "n4"),
	})
	if results[0] != nil || results[3] != nil {
		t.Errorf("the good order: %v, %v", results[0], results[3])
	}
	if failure.Of(results[1]).Kind != failure.KindConflict || !isWait(results[2]) {
		t.Errorf("the others: %v, %v", results[1], results[2])
	}
}

func TestAnOpenBreakerPausesAndAsksNothing(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	s.put(order("123", 871, "new"))
	c := captureOn(t, b, b, s, openBreaker(t))
	for i, err := range c.Handle(t.Context(), []*bus.Delivery{orderNotice(t, b, "123", "n1"), orderNotice(t, b, events.InternalID(871), "n2")}) {
		if !errors.Is(err, bus.ErrPaused) {
			t.Errorf("notice %d: got %v", i, err)
		}
	}
	if len(s.searches)+len(s.ids) != 0 {
		t.Errorf("the shop was asked for %v and %v", s.searches, s.ids)
	}
}

func TestAShopThatIsDownOpensTheBreaker(t *testing.T) {
	b, s := bustest.Start(t), &shop{err: failure.Down("magento.down", "no connection", nil)}
	guard := breaker.New("magento", breaker.Config{Failures: 2, Probe: time.Hour})
	c := captureOn(t, b, b, s, guard)
	for i := range 3 {
		_ = c.Handle(t.Context(), []*bus.Delivery{orderNotice(t, b, "123", fmt.Sprint("n", i))})
	}
	if guard.State() != "open" || s.reads() != 2 {
		t.Errorf("the breaker is %s after %d reads", guard.State(), s.reads())
	}
}
