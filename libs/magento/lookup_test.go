package magento_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

func TestOrdersByIncrementID(t *testing.T) {
	s := &fakeStore{rows: rows(4)}
	s.rows[1].store = 3
	s.rows[2].increment = "A,7"
	s.rows[3].broken = true
	s.rows = append(s.rows, row{id: 9, increment: "000000001", store: 2, updated: at(9)})
	c := s.start(t, magento.Config{})
	found, err := c.OrdersByIncrementID(t.Context(), []string{"000000001", "000000002", "A,7", "000000004", "nope", "", "000000001"})
	if err != nil {
		t.Fatal(err)
	}
	got := increments(found.Orders)
	slices.Sort(got)
	if !slices.Equal(got, []string{"000000001", "000000001", "A,7"}) {
		t.Errorf("orders %q", got)
	}
	if !slices.Equal(increments(found.Foreign), []string{"000000002"}) {
		t.Errorf("foreign %q", increments(found.Foreign))
	}
	if !slices.Equal(found.Missing, []string{"nope", ""}) {
		t.Errorf("missing %q", found.Missing)
	}
	if len(found.Broken) != 1 || found.Broken[0].ID != "000000004" || !strings.Contains(found.Broken[0].Err.Reason, "webapi-5a37c96156541") {
		t.Errorf("broken %+v", found.Broken)
	}
	o := found.Orders[0]
	if !strings.Contains(string(o.Raw), "29.949999999999999") || o.StoreID == 0 || o.State != "new" || !o.UpdatedAt.Equal(noon) {
		t.Errorf("order %+v, raw %s", o, o.Raw)
	}
	mustJSON(t, o.Raw)
}

func TestManyIDsStayWithinTheURLAndThePage(t *testing.T) {
	s := &fakeStore{rows: rows(700), maxSize: 120}
	var ids []string
	for i := range s.rows {
		s.rows[i].increment = fmt.Sprintf("a-very-long-prefix-%09d", i)
		ids = append(ids, s.rows[i].increment)
	}
	c := s.start(t, magento.Config{PageSize: 300})
	found, err := c.OrdersByIncrementID(t.Context(), ids)
	if err != nil || len(found.Orders) != 700 || len(found.Missing)+len(found.Broken)+len(found.Foreign) > 0 {
		t.Fatalf("found %d, %v", len(found.Orders), err)
	}
	if s.longest > 4096 {
		t.Errorf("a URL had %d bytes", s.longest)
	}
}

func TestPageSizeIsHalved(t *testing.T) {
	s := &fakeStore{rows: rows(30), maxSize: 10}
	c := s.start(t, magento.Config{PageSize: 50})
	var ids []int64
	for _, r := range s.rows {
		ids = append(ids, r.id)
	}
	found, err := c.OrdersByEntityID(t.Context(), ids)
	if err != nil || len(found.Orders) != 30 {
		t.Fatalf("found %d, %v", len(found.Orders), err)
	}
	if _, err := c.OrdersByEntityID(t.Context(), ids); err != nil {
		t.Fatal(err)
	}
	if last := s.searches[len(s.searches)-1].Get("searchCriteria[pageSize]"); last == "50" {
		t.Error("the smaller size was not kept")
	}
}

func TestAStoreThatFailsOnEverythingIsDown(t *testing.T) {
	s := &fakeStore{rows: rows(3), allFail: true}
	c := s.start(t, magento.Config{})
	_, err := c.OrdersByEntityID(t.Context(), []int64{1, 2, 3})
	if f := failure.Of(err); f.Code != "magento.orders_fail" || !f.System {
		t.Errorf("got %v", err)
	}
	if len(s.searches) > 3 {
		t.Errorf("%d searches", len(s.searches))
	}
}

func TestOrder(t *testing.T) {
	s := &fakeStore{rows: rows(3)}
	s.rows[1].store = 3
	s.rows[2].increment = "000000001"
	c := s.start(t, magento.Config{Website: "base"})
	if _, err := c.Order(t.Context(), "77"); !errors.Is(err, magento.ErrNotFound) {
		t.Errorf("missing: %v", err)
	}
	if _, err := c.Order(t.Context(), "000000002"); !errors.Is(err, magento.ErrNotFound) || failure.Of(err).Code != "magento.order_foreign" {
		t.Errorf("foreign: %v", err)
	}
	if _, err := c.Order(t.Context(), "000000001"); failure.Of(err).Kind != failure.KindConflict {
		t.Errorf("ambiguous: %v", err)
	}
	other := s.start(t, magento.Config{Website: "other"})
	if o, err := other.Order(t.Context(), "000000002"); err != nil || o.EntityID != 2 {
		t.Errorf("got %+v, %v", o, err)
	}
	none := s.start(t, magento.Config{Website: "third"})
	if _, err := none.Order(t.Context(), "000000002"); failure.Of(err).Field != "website" || !strings.Contains(err.Error(), "base, other") {
		t.Errorf("got %v", err)
	}
}

func TestState(t *testing.T) {
	s := &fakeStore{rows: rows(2)}
	c := s.start(t, magento.Config{})
	states, err := c.State(t.Context(), []int64{2, 77})
	want := magento.OrderState{EntityID: 2, IncrementID: "000000002", StoreID: 1, State: "new", UpdatedAt: noon.Add(time.Second)}
	if err != nil || len(states) != 1 || states[0] != want {
		t.Errorf("got %+v, %v", states, err)
	}
	if fields := s.searches[0].Get("fields"); !strings.HasPrefix(fields, "items[") {
		t.Errorf("fields %q", fields)
	}
}

func TestOwnWebsite(t *testing.T) {
	s := &fakeStore{}
	c := s.start(t, magento.Config{})
	site, stores, err := c.OwnWebsite(t.Context())
	if err != nil || site.Code != "base" || !slices.Equal(stores, []int64{1, 2}) {
		t.Errorf("got %+v %v %v", site, stores, err)
	}
}
