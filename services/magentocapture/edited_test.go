package magentocapture

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

// family is a shop with 123, edited into 123-1 and that into 123-2, an hour ago.
func family() *shop {
	s := &shop{}
	s.put(relative("123", 871, "canceled", "", "123-1"))
	s.put(relative("123-1", 872, "canceled", "123", "123-2"))
	s.put(relative("123-2", 873, "new", "123-1", ""))
	return s
}

func relative(number string, id int64, state, parent, child string) magento.Order {
	o := order(number, id, state)
	o.ParentNumber, o.ChildNumber, o.CreatedAt = parent, child, time.Now().Add(-time.Hour)
	o.Raw = json.RawMessage(fmt.Sprintf(`{"entity_id":%d,"increment_id":%q,"state":%q,"relation_parent_real_id":%q,"relation_child_real_id":%q}`,
		id, number, state, parent, child))
	return o
}

// ancestorsIn lists the numbers and states of a change's ancestors.
func ancestorsIn(t *testing.T, c events.Change) (numbers []string) {
	t.Helper()
	if c.Related == nil {
		return nil
	}
	var records []map[string]any
	if err := json.Unmarshal(c.Related["ancestors"], &records); err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		numbers = append(numbers, r["increment_id"].(string)+" "+r["state"].(string))
	}
	return numbers
}

func noticed(t *testing.T, b *bus.Bus) (subjects []string) {
	t.Helper()
	for _, m := range scan(t, b, bus.Notices) {
		subjects = append(subjects, m.Subject)
	}
	return subjects
}

func TestAnEditedOrderIsReadWithAllThatItReplaces(t *testing.T) {
	b, s := bustest.Start(t), family()
	s.put(order("124", 900, "new"))
	handle(t, newCapture(t, b, s), orderNotice(t, b, "123-2", "n1"), orderNotice(t, b, "124", "n2"))
	got := changes(t, b)
	slices.SortFunc(got, func(a, b events.Change) int { return len(b.Related) - len(a.Related) })
	if len(got) != 2 || !slices.Equal(ancestorsIn(t, got[0]), []string{"123-1 canceled", "123 canceled"}) || got[1].Related != nil {
		t.Errorf("changes %+v", got)
	}
	if s.reads() != 3 {
		t.Errorf("%d searches, want one and one for each generation: %v", s.reads(), s.searches)
	}
	handle(t, newCapture(t, b, s), orderNotice(t, b, "123-2", "n3"))
	if last := outcomes(t, b); len(last) != 1 || last[0].Result != events.Unchanged {
		t.Errorf("the same again is unchanged: %+v", last)
	}
}

func TestAParentThatChangesMakesItsChildAnotherChange(t *testing.T) {
	b, s := bustest.Start(t), family()
	s.put(relative("123-1", 872, "new", "123", "123-2")) // not cancelled yet
	c := newCapture(t, b, s)
	handle(t, c, orderNotice(t, b, "123-2", "n1"))
	s.put(relative("123-1", 872, "canceled", "123", "123-2"))
	handle(t, c, orderNotice(t, b, "123-1", "n2"))
	const child = "magpie.notice.main.magento.order.123-2"
	if got := noticed(t, b); len(got) != 3 || got[2] != child {
		t.Fatalf("the child is to be looked at again: %v", got)
	}
	handle(t, c, orderNotice(t, b, "123-1", "n3")) // reads as before
	if got := noticed(t, b); len(got) != 4 {
		t.Errorf("a parent that did not change has nothing to tell: %v", got)
	}
	handle(t, c, orderNotice(t, b, "123-2", "n4"))
	got := changes(t, b)
	if last := ancestorsIn(t, got[len(got)-1]); !slices.Equal(last, []string{"123-1 canceled", "123 canceled"}) {
		t.Errorf("the child's ancestors are %v", last)
	}
}

func TestANewOrderWhoseParentIsAliveIsWaitedFor(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		parent          string
		placed, noticed time.Time
		waits           bool
	}{
		"just placed":                  {"new", now, now, true},
		"placed a minute ago":          {"new", now.Add(-time.Minute), now, false},
		"noticed a minute ago":         {"new", now, now.Add(-time.Minute), false},
		"the parent is cancelled":      {"canceled", now, now, false},
		"a store whose clock is ahead": {"new", now.Add(time.Hour), now, true},
		"ahead, and waited for":        {"new", now.Add(time.Hour), now.Add(-time.Minute), false},
		"the store tells no time":      {"new", time.Time{}, now, false},
	} {
		t.Run(name, func(t *testing.T) {
			b, s := bustest.Start(t), &shop{}
			s.put(relative("123", 871, c.parent, "", ""))
			child := relative("123-1", 872, "new", "123", "")
			child.CreatedAt = c.placed
			s.put(child)
			d := orderNotice(t, b, "123-1", "n1")
			d.First = c.noticed
			err := newCapture(t, b, s).Handle(t.Context(), []*bus.Delivery{d})[0]
			if isWait(err) != c.waits || !c.waits && err != nil {
				t.Errorf("got %v", err)
			}
			if got := len(scan(t, b, bus.Changes)); (got == 0) != c.waits {
				t.Errorf("%d changes", got)
			}
		})
	}
}

func TestAFailureOfAParentIsItsChildrens(t *testing.T) {
	b, s := bustest.Start(t), &shop{}
	s.put(relative("123-1", 872, "new", "123", ""))
	s.put(order("124", 900, "new"))
	s.broken = []magento.Broken{{ID: "123", EntityID: 871, Err: failure.Transient("magento.internal", "the store can't load it", nil)}}
	results := newCapture(t, b, s).Handle(t.Context(), []*bus.Delivery{orderNotice(t, b, "123-1", "n1"), orderNotice(t, b, "124", "n2")})
	if failure.Of(results[0]).Code != "magento.internal" || results[1] != nil {
		t.Errorf("got %v", results)
	}
}

func TestALineOfParentsEnds(t *testing.T) {
	for name, c := range map[string]struct {
		shop *shop
		want []string
	}{
		"at one that is gone":          {&shop{orders: []magento.Order{relative("9-1", 2, "new", "9", "")}}, nil},
		"at one of the other's number": {&shop{orders: []magento.Order{relative("9-1", 2, "new", "9", ""), order("9", 5, "new"), order("9", 1, "canceled")}}, []string{"9 canceled"}},
		"in a ring": {&shop{orders: []magento.Order{relative("9-1", 2, "canceled", "9", ""), relative("9", 1, "canceled", "9-1", "")}},
			slices.Repeat([]string{"9 canceled", "9-1 canceled"}, maxAncestors/2)},
	} {
		t.Run(name, func(t *testing.T) {
			b := bustest.Start(t)
			for i := range c.shop.orders {
				c.shop.orders[i].ParentID = 1
			}
			handle(t, newCapture(t, b, c.shop), orderNotice(t, b, "9-1", "n1"))
			if got := ancestorsIn(t, changes(t, b)[0]); !slices.Equal(got, c.want) {
				t.Errorf("got %v", got)
			}
		})
	}
}

// An edited order's change holds more than the sweep reads; the sweep must not
// take that for a difference, every time anew.
func TestASweepLeavesAnEditedOrderAlone(t *testing.T) {
	b, s := bustest.Start(t), family()
	for i := range s.orders { // texts that encoders write in several ways
		o := &s.orders[i]
		o.Raw = json.RawMessage(strings.Replace(string(o.Raw), "{", `{ "note": "<b>Tom & J\u00e9r\u00f4me é \u2028 \/ 5\u20ac</b>", "weight": 1.50,`, 1))
	}
	c := newCapture(t, b, s)
	handle(t, c, orderNotice(t, b, "123", "n1"), orderNotice(t, b, "123-1", "n2"), orderNotice(t, b, "123-2", "n3"))
	before := len(noticed(t, b))
	sweep(t, c, s)
	if got := noticed(t, b); len(got) != before {
		t.Errorf("noticed again: %v", got[before:])
	}
}
