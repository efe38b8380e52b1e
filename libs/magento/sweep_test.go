package magento_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

// Property: whatever seconds orders share, however small pages and the store's
// limit are, and whichever orders are broken, a sweep meets every order of the
// website and the window exactly once, in order, and then ends.
func TestASweepMeetsEveryOrderOnce(t *testing.T) {
	s := &fakeStore{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 25).Draw(rt, "orders")
		from, to := rapid.IntRange(0, 4).Draw(rt, "from"), rapid.IntRange(4, 9).Draw(rt, "to")
		var all []row
		for i := range n {
			all = append(all, row{
				id: int64(rapid.IntRange(1, 4).Draw(rt, "gap")) + int64(i)*4, increment: fmt.Sprint(i),
				store:  int64(rapid.SampledFrom([]int{1, 1, 2, 3}).Draw(rt, "store")),
				broken: rapid.IntRange(0, 9).Draw(rt, "broken") == 0, updated: at(rapid.IntRange(0, 9).Draw(rt, "second")),
			})
		}
		s.mu.Lock()
		s.rows, s.maxSize = all, rapid.IntRange(1, 6).Draw(rt, "max size")
		s.mu.Unlock()
		c, err := magento.New(magento.Config{URL: server.URL, Token: token, PageSize: rapid.IntRange(1, 9).Draw(rt, "page size")})
		if err != nil {
			rt.Fatal(err)
		}
		defer c.Close()
		var want, got []int64
		for second := from; second <= to; second++ {
			for _, r := range all {
				if r.store != 3 && r.updated == at(second) {
					want = append(want, r.id)
				}
			}
		}
		limit := rapid.IntRange(1, 7).Draw(rt, "limit")
		var cursor magento.Cursor
		for pages := 0; ; pages++ {
			if pages > 200 {
				rt.Fatal("the sweep does not end")
			}
			p, err := c.OrdersUpdated(t.Context(), noon.Add(time.Duration(from)*time.Second), noon.Add(time.Duration(to)*time.Second+300*time.Millisecond), cursor, limit)
			if err != nil {
				rt.Fatal(err)
			}
			if len(p.Orders) > limit {
				rt.Fatalf("%d orders, the limit is %d", len(p.Orders), limit)
			}
			for _, o := range p.Orders {
				got = append(got, o.EntityID)
			}
			for _, b := range p.Broken {
				got = append(got, b.EntityID)
				i := slices.IndexFunc(all, func(r row) bool { return r.id == b.EntityID })
				if !all[i].broken {
					rt.Fatalf("order %d is not broken", b.EntityID)
				}
			}
			cursor = p.Next
			if !p.More {
				break
			}
		}
		if !slices.Equal(got, want) {
			rt.Fatalf("met %v, want %v", got, want)
		}
	})
}

func TestAStoreThatIgnoresTheCursorDoesNotTrapTheSweep(t *testing.T) {
	s := &fakeStore{rows: rows(3)}
	c := s.start(t, magento.Config{})
	page, err := c.OrdersUpdated(t.Context(), noon, noon.Add(time.Minute), magento.Cursor{}, 2)
	if err != nil || len(page.Orders) != 2 || !page.More {
		t.Fatalf("got %+v, %v", page, err)
	}
	s.respond = func(w http.ResponseWriter, r *http.Request) bool {
		reply(w, 200, `{"items":[`+s.rows[0].json()+`,`+s.rows[1].json()+`],"total_count":3}`)
		return true
	}
	_, err = c.OrdersUpdated(t.Context(), noon, noon.Add(time.Minute), page.Next, 2)
	if f := failure.Of(err); f == nil || f.Code != "magento.paging" {
		t.Errorf("got %v", err)
	}
}

func TestWindowsMustMakeSense(t *testing.T) {
	c := (&fakeStore{}).start(t, magento.Config{})
	if _, err := c.OrdersUpdated(t.Context(), noon, noon.Add(-time.Hour), magento.Cursor{}, 5); failure.Of(err).Kind != failure.KindDefect {
		t.Errorf("got %v", err)
	}
}

func TestRecentOrdersAreTheNewestOfTheWebsite(t *testing.T) {
	s := &fakeStore{rows: rows(5)}
	if _, err := s.start(t, magento.Config{}).Recent(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	q := s.searches[0]
	for key, want := range map[string]string{
		"searchCriteria[sortOrders][0][field]": "entity_id", "searchCriteria[sortOrders][0][direction]": "DESC",
		"searchCriteria[pageSize]": "2", "searchCriteria[filter_groups][0][filters][0][value]": "1,2",
	} {
		if got := q.Get(key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
}

func TestAStoreThatShowsNoWebsitesIsSweptWhole(t *testing.T) {
	s := &recordStore{
		records: map[string][]fields{"/V1/orders": {document(1, 1), document(2, 2)}, "/V1/customers/search": {{"id": 1, "email": "a@example.com", "updated_at": at(1)}}},
		answers: map[string]string{"GET /V1/store/storeViews": `404 {"message":"Request does not match any route."}`},
	}
	c := s.start(t, magento.Config{})
	p, err := c.OrdersUpdated(t.Context(), noon, noon.Add(time.Minute), magento.Cursor{}, 5)
	if err != nil || len(p.Orders) != 2 {
		t.Errorf("got %+v, %v", p, err)
	}
	r, err := c.Updated(t.Context(), magento.Customers, noon, noon.Add(time.Minute), magento.Cursor{}, 5)
	if err != nil || len(r.Records) != 1 {
		t.Errorf("got %+v, %v", r, err)
	}
}
