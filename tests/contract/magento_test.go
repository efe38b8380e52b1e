package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
	"github.com/magpie-integration/magpie/services/sandbox/fault"
	shop "github.com/magpie-integration/magpie/services/sandbox/magento"
)

// store is a sandbox of Magento and a client of it.
type store struct {
	*magento.Client
	t     *testing.T
	box   *shop.Server
	clock *clock
}

// clock is the store's, and stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	return c.at
}

// storeVariant is a way in which a store is set up, and a client for it.
type storeVariant struct {
	name   string
	box    func(*shop.Config)
	client func(*magento.Config)
}

func openStore(t *testing.T, v storeVariant) *store {
	t.Helper()
	c := &clock{at: time.Date(2026, 11, 24, 14, 30, 5, 999e6, time.UTC)}
	cfg := shop.Config{
		Products: 20, Customers: 10, Seed: 1, CommitDelay: -1, NoiseEvery: 3, Now: c.now,
		Statuses: map[string][]string{"new": {"erp_accepted"}},
	}
	if v.box != nil {
		v.box(&cfg)
	}
	box, err := shop.New(cfg)
	must(t, err)
	web := httptest.NewServer(box.Handler())
	t.Cleanup(func() {
		web.Close()
		must(t, box.Close())
	})
	ccfg := magento.Config{URL: web.URL, Token: box.Token(), Timeout: 30 * time.Second}
	if v.client != nil {
		v.client(&ccfg)
	}
	client, err := magento.New(ccfg)
	must(t, err)
	t.Cleanup(client.Close)
	return &store{client, t, box, c}
}

// place puts orders that stay new into a store view, and gives them.
func (s *store) place(view string, n int) (rows []shop.OrderRow) {
	s.t.Helper()
	for range n {
		row, err := s.box.Place(s.t.Context(), shop.PlaceOrder{Store: view, PaymentMethod: "checkmo"})
		must(s.t, err)
		rows = append(rows, row)
	}
	return rows
}

// row is an order as the store has it.
func (s *store) row(t *testing.T, incrementID string) shop.OrderRow {
	t.Helper()
	rows, err := s.box.Orders(t.Context())
	must(t, err)
	i := slices.IndexFunc(rows, func(r shop.OrderRow) bool { return r.IncrementID == incrementID })
	if i < 0 {
		t.Fatalf("no order %s", incrementID)
	}
	return rows[i]
}

func increments(rows []shop.OrderRow) (ids []string) {
	for _, r := range rows {
		ids = append(ids, r.IncrementID)
	}
	return ids
}

func numbersOf(orders []magento.Order) (ids []string) {
	for _, o := range orders {
		ids = append(ids, o.IncrementID)
	}
	slices.Sort(ids)
	return ids
}

func wantList(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

var storeVariants = []storeVariant{
	{"2.4.6", func(c *shop.Config) { c.Version = shop.Version246 }, nil},
	{"2.4.7", func(c *shop.Config) { c.Version = shop.Version247 }, nil},
	{"2.4.8", func(c *shop.Config) { c.Version = shop.Version248 }, nil},
	{"2.4.9", func(c *shop.Config) { c.Version = shop.Version249 }, nil},
	{"small pages", nil, func(c *magento.Config) { c.PageSize = 3 }},
	{"a limit of the page size", func(c *shop.Config) { c.PageSizeLimit = 6 }, nil},
	{"below index.php", nil, func(c *magento.Config) { c.URL += "/index.php/" }},
	{"by the website's code", nil, func(c *magento.Config) { c.Store, c.Website = "all", "base" }},
}

func TestMagento(t *testing.T) {
	for _, v := range storeVariants {
		t.Run(v.name, func(t *testing.T) {
			s := openStore(t, v)
			t.Run("whose orders", s.whoseOrders)
			t.Run("orders by increment id", s.byIncrementID)
			t.Run("orders by entity id", s.byEntityID)
			t.Run("one order", s.oneOrder)
			t.Run("a sweep", s.sweep)
			t.Run("a sweep goes on while orders change", s.sweepUnderWay)
			t.Run("comments", s.comments)
			t.Run("a status of another state", s.statusOfAnotherState)
			t.Run("a state is saved", s.stateIsSaved)
			t.Run("lost answers", s.lostAnswers)
			t.Run("outages", s.outages)
			t.Run("ping", s.ping)
			want(t, "session cookies sent back", s.box.Calls()["(session cookie sent back)"], 0)
		})
	}
}

func (s *store) whoseOrders(t *testing.T) {
	site, views, err := s.OwnWebsite(t.Context())
	must(t, err)
	want(t, "website", site, magento.Website{ID: 1, Code: "base", Name: "Main Website"})
	if !slices.Equal(views, []int64{1}) {
		t.Errorf("store views %v", views)
	}
	configs, err := s.StoreConfigs(t.Context())
	must(t, err)
	if len(configs) != 2 || configs[1].Code != "en_eu" || configs[1].DefaultDisplayCurrencyCode != "EUR" || configs[0].Timezone != "America/Chicago" {
		t.Errorf("configs %+v", configs)
	}
}

func (s *store) byIncrementID(t *testing.T) {
	own, foreign := s.place("default", 13), s.place("en_eu", 2)
	asked := slices.Concat(increments(own), []string{"999999999", "", "a,b"}, increments(foreign), increments(own[:1]))
	found, err := s.OrdersByIncrementID(t.Context(), asked)
	must(t, err)
	wantList(t, "orders", numbersOf(found.Orders), increments(own))
	wantList(t, "foreign", numbersOf(found.Foreign), increments(foreign))
	wantList(t, "missing", found.Missing, []string{"999999999", "", "a,b"})
	want(t, "broken", len(found.Broken), 0)

	for _, o := range found.Orders {
		row := s.row(t, o.IncrementID)
		want(t, "entity id", o.EntityID, row.EntityID)
		want(t, "state", o.State+" "+o.Status, "new pending")
		want(t, "updated", o.UpdatedAt.Format(time.DateTime), row.UpdatedAt)
		var record struct {
			GrandTotal json.Number       `json:"grand_total"`
			Items      []json.RawMessage `json:"items"`
		}
		must(t, json.Unmarshal(o.Raw, &record))
		if got := dec(record.GrandTotal.String()); !got.Round(4).Equal(row.GrandTotal) || len(record.Items) == 0 {
			t.Errorf("record of %s: total %s, want %s", o.IncrementID, record.GrandTotal, row.GrandTotal)
		}
	}
	none, err := s.OrdersByIncrementID(t.Context(), nil)
	must(t, err)
	want(t, "orders of no ids", len(none.Orders)+len(none.Missing), 0)
}

func (s *store) byEntityID(t *testing.T) {
	own, foreign := s.place("default", 8), s.place("en_eu", 1)
	ids := []int64{foreign[0].EntityID, 1 << 30}
	for _, r := range own {
		ids = append(ids, r.EntityID)
	}
	found, err := s.OrdersByEntityID(t.Context(), ids)
	must(t, err)
	wantList(t, "orders", numbersOf(found.Orders), increments(own))
	wantList(t, "foreign", numbersOf(found.Foreign), increments(foreign))
	wantList(t, "missing", found.Missing, []string{fmt.Sprint(1 << 30)})
	states, err := s.State(t.Context(), ids)
	must(t, err)
	want(t, "states", len(states), len(own))
	want(t, "state", states[0].State+" "+states[0].Status, "new pending")
	if states[0].UpdatedAt.IsZero() || states[0].IncrementID == "" || states[0].StoreID != 1 {
		t.Errorf("state %+v", states[0])
	}
}

func (s *store) oneOrder(t *testing.T) {
	own, foreign := s.place("default", 1)[0], s.place("en_eu", 1)[0]
	o, err := s.Order(t.Context(), own.IncrementID)
	must(t, err)
	want(t, "entity id", o.EntityID, own.EntityID)
	for id, code := range map[string]string{foreign.IncrementID: "magento.order_foreign", "999999999": "magento.not_found"} {
		_, err := s.Order(t.Context(), id)
		if !errors.Is(err, magento.ErrNotFound) {
			t.Errorf("%s: got %v", id, err)
		}
		refusal(t, err, failure.KindRejected, code, id)
	}
}

// read sweeps a window to its end.
func (s *store) read(t *testing.T, from, to time.Time, limit int, between func()) (numbers []string) {
	t.Helper()
	var after magento.Cursor
	for range 1000 {
		p, err := s.OrdersUpdated(t.Context(), from, to, after, limit)
		must(t, err)
		for _, o := range p.Orders {
			numbers = append(numbers, o.IncrementID)
		}
		if !p.More {
			return numbers
		}
		if p.Next == after {
			t.Fatal("the sweep goes round in circles")
		}
		after = p.Next
		if between != nil {
			between()
		}
	}
	t.Fatal("the sweep never ends")
	return nil
}

func (s *store) sweep(t *testing.T) {
	from := s.clock.move(time.Minute)
	first := s.place("default", 2)
	s.clock.move(time.Second)
	crowd := s.place("default", 11) // in one second
	s.place("en_eu", 3)
	crowd = append(crowd, s.place("default", 4)...)
	to := s.clock.move(time.Second)
	last := s.place("default", 2)
	s.clock.move(time.Second)
	s.place("default", 1) // behind the window

	all := slices.Concat(increments(first), increments(crowd), increments(last))
	for _, limit := range []int{1, 4, 5, 100} {
		wantList(t, fmt.Sprintf("swept by %d", limit), s.read(t, from, to, limit, nil), all)
	}
	wantList(t, "a window of one second", s.read(t, from.Add(time.Second), from.Add(time.Second), 4, nil), increments(crowd))
	wantList(t, "an empty window", s.read(t, from.Add(-30*time.Second), from.Add(-20*time.Second), 4, nil), nil)
}

// sweepUnderWay changes an order after each page: it moves out of the window,
// and no other order may be missed for that.
func (s *store) sweepUnderWay(t *testing.T) {
	from := s.clock.move(time.Minute)
	orders := s.place("default", 9)
	to := from
	s.clock.move(time.Second)
	changed := 0
	got := s.read(t, from, to, 2, func() {
		if changed < 2 {
			must(t, s.AddComment(t.Context(), orders[changed].EntityID, "touched", "pending"))
			changed++
		}
	})
	wantList(t, "swept", got, increments(orders))
	wantList(t, "the rest comes with the next window", s.read(t, from, from.Add(time.Second), 3, nil),
		slices.Concat(increments(orders[2:]), increments(orders[:2])))
}

func (s *store) comments(t *testing.T) {
	o := s.place("default", 1)[0]
	none, err := s.Comments(t.Context(), o.EntityID)
	must(t, err)
	s.clock.move(time.Second)
	must(t, s.AddComment(t.Context(), o.EntityID, "first, <b>müde</b> & \"quoted\"", "pending"))
	at := s.clock.move(time.Second)
	must(t, s.AddComment(t.Context(), o.EntityID, "second", "pending"))
	got, err := s.Comments(t.Context(), o.EntityID)
	must(t, err)
	if len(got) != len(none)+2 {
		t.Fatalf("comments %+v", got)
	}
	newest := got[0]
	newest.EntityID = 0
	want(t, "the newest comes first", newest, magento.Comment{Comment: "second", Status: "pending", CreatedAt: at.Truncate(time.Second), About: "order"})
	want(t, "text", got[1].Comment, "first, <b>müde</b> & \"quoted\"")
	want(t, "status", s.row(t, o.IncrementID).Status, "pending")

	_, err = s.Comments(t.Context(), 1<<30)
	if !errors.Is(err, magento.ErrNotFound) {
		t.Errorf("comments of no order: %v", err)
	}
	if err := s.AddComment(t.Context(), 1<<30, "x", "pending"); !errors.Is(err, magento.ErrNotFound) {
		t.Errorf("a comment to no order: %v", err)
	}
	if f := failure.Of(s.AddComment(t.Context(), o.EntityID, "x", "")); f == nil || f.Kind != failure.KindDefect {
		t.Errorf("a comment without a status, which would blank the order's: %v", f)
	}
}

// statusOfAnotherState: up to 2.4.6 any text is taken; 2.4.7 takes the current
// status; from 2.4.8 on any status of the current state is taken (magento.md 4.6).
func (s *store) statusOfAnotherState(t *testing.T) {
	taken := map[string][]string{
		shop.Version246: {"pending", "processing", "erp_accepted"},
		shop.Version247: {"pending"},
		shop.Version248: {"pending", "erp_accepted"},
		shop.Version249: {"pending", "erp_accepted"},
	}[s.box.Version()]
	for _, status := range []string{"pending", "processing", "erp_accepted"} {
		t.Run(status, func(t *testing.T) {
			o := s.place("default", 1)[0]
			before := len(s.row(t, o.IncrementID).Comments)
			err := s.AddComment(t.Context(), o.EntityID, "SOP order WEB1", status)
			row := s.row(t, o.IncrementID)
			want(t, "state, which a comment never changes", row.State, "new")
			if slices.Contains(taken, status) {
				must(t, err)
				want(t, "status", row.Status, status)
				want(t, "comments", len(row.Comments), before+1)
				return
			}
			if !errors.Is(err, magento.ErrStatusRefused) {
				t.Errorf("got %v, want magento.ErrStatusRefused", err)
			}
			f := refusal(t, err, failure.KindRejected, "magento.status_refused", `The status "`+status+`" is not part of the order status history`)
			want(t, "field", f.Field, "status")
			want(t, "status", row.Status, "pending")
			want(t, "comments", len(row.Comments), before)
		})
	}
}

func (s *store) stateIsSaved(t *testing.T) {
	o := s.place("default", 1)[0]
	got, err := s.SaveState(t.Context(), o.EntityID, o.IncrementID, "processing", "processing")
	must(t, err)
	got.UpdatedAt = time.Time{}
	want(t, "answer", got, magento.OrderState{EntityID: o.EntityID, IncrementID: o.IncrementID, StoreID: 1, State: "processing", Status: "processing"})
	row := s.row(t, o.IncrementID)
	want(t, "state", row.State+" "+row.Status, "processing processing")
	if !row.GrandTotal.Equal(o.GrandTotal) || row.CustomerEmail != o.CustomerEmail {
		t.Errorf("what was not sent changed: %+v, before %+v", row, o)
	}
	must(t, s.AddComment(t.Context(), o.EntityID, "SOP order WEB1", "processing")) // fits its state now, in every version

	_, err = s.SaveState(t.Context(), 1<<30, "999999999", "processing", "processing")
	if !errors.Is(err, magento.ErrNotFound) {
		t.Errorf("of no order: %v", err)
	}
}

// lostAnswers: the store did the work of a write, and nobody was told.
func (s *store) lostAnswers(t *testing.T) {
	o := s.place("default", 1)[0]
	before := len(s.row(t, o.IncrementID).Comments)
	for name, faults := range map[string]fault.Faults{"lost": {LostAnswerRate: 1}, "cut short": {TruncateRate: 1}} {
		must(t, s.box.Fault().Set(faults))
		err := s.AddComment(t.Context(), o.EntityID, name, "pending")
		must(t, s.box.Fault().Set(fault.Faults{}))
		if !errors.Is(err, failure.ErrUnknownOutcome) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	want(t, "comments", len(s.row(t, o.IncrementID).Comments), before+2)

	must(t, s.box.Fault().Set(fault.Faults{LostAnswerRate: 1}))
	_, err := s.SaveState(t.Context(), o.EntityID, o.IncrementID, "processing", "processing")
	must(t, s.box.Fault().Set(fault.Faults{}))
	if !errors.Is(err, failure.ErrUnknownOutcome) {
		t.Errorf("got %v", err)
	}
	want(t, "state", s.row(t, o.IncrementID).State, "processing")
}

func (s *store) outages(t *testing.T) {
	o := s.place("default", 1)[0]
	for name, tc := range map[string]struct {
		faults fault.Faults
		system bool
		code   string
	}{
		"refused":           {fault.Faults{Down: fault.DownRefuse}, true, "magento.no_answer"},
		"a page for a page": {fault.Faults{Down: fault.Down503}, true, "magento.gateway"},
		"throttled":         {fault.Faults{ThrottleRate: 1}, true, "magento.rate_limited"},
	} {
		t.Run(name, func(t *testing.T) {
			must(t, s.box.Fault().Set(tc.faults))
			_, err := s.Comments(t.Context(), o.EntityID)
			must(t, s.box.Fault().Set(fault.Faults{}))
			f := refusal(t, err, failure.KindTransient, tc.code)
			want(t, "the system's own failure", f.System, tc.system)
			want(t, "an unknown outcome of a read", errors.Is(err, failure.ErrUnknownOutcome), false)
			if name == "throttled" {
				want(t, "wait", f.After, time.Second)
			}
		})
	}
	t.Run("PHP fails on every search", func(t *testing.T) {
		must(t, s.box.Fault().Set(fault.Faults{ErrorRate: 1}))
		_, err := s.Order(t.Context(), o.IncrementID)
		must(t, s.box.Fault().Set(fault.Faults{}))
		refusal(t, err, failure.KindTransient, "magento.orders_fail", "Report ID")
	})
}

func (s *store) ping(t *testing.T) {
	rows, err := s.box.Orders(t.Context())
	must(t, err)
	checks, err := s.Ping(t.Context())
	must(t, err)
	want(t, "checks", len(checks), 4)
	for _, c := range checks {
		if c.Err != nil {
			t.Errorf("%s: %v", c.Endpoint, c.Err)
		}
	}
	after, err := s.box.Orders(t.Context())
	must(t, err)
	want(t, "orders, of which a ping makes none", len(after), len(rows))
}

func TestMagentoTokens(t *testing.T) {
	for name, v := range map[string]storeVariant{
		"a wrong token":            {client: func(c *magento.Config) { c.Token = "wrong" }},
		"Bearer tokens are off":    {box: func(c *shop.Config) { c.BearerOff = true }},
		"no permission for orders": {box: func(c *shop.Config) { c.Resources = []string{"Magento_Backend::store"} }},
	} {
		t.Run(name, func(t *testing.T) {
			s := openStore(t, v)
			_, err := s.Comments(t.Context(), 1)
			f := refusal(t, err, failure.KindTransient, "magento.unauthorized", "Magento_Sales::actions_view")
			want(t, "field", f.Field, "Magento_Sales::actions_view")
			want(t, "the system's own failure", f.System, true)
			for _, word := range []string{"standalone Bearer tokens", "Magento_Sales::actions_view"} {
				if !strings.Contains(f.Fix, word) {
					t.Errorf("fix %q does not name %q", f.Fix, word)
				}
			}
			f = refusal(t, s.AddComment(t.Context(), 1, "x", "pending"), failure.KindTransient, "magento.unauthorized", "Magento_Sales::comment")
			want(t, "an unknown outcome", errors.Is(f, failure.ErrUnknownOutcome), false)
		})
	}
}

func TestMagentoPingNamesWhatTheTokenLacks(t *testing.T) {
	all := []string{"Magento_Backend::store", "Magento_Sales::actions_view", "Magento_Sales::comment", "Magento_Sales::create"}
	for i, lacking := range all {
		t.Run(lacking, func(t *testing.T) {
			s := openStore(t, storeVariant{box: func(c *shop.Config) { c.Resources = slices.Delete(slices.Clone(all), i, i+1) }})
			checks, err := s.Ping(t.Context())
			must(t, err)
			var refused []string
			for _, c := range checks {
				if c.Err != nil {
					refused = append(refused, c.Resource)
					refusal(t, c.Err, failure.KindTransient, "magento.unauthorized", lacking)
				}
			}
			wantList(t, "refused", refused, []string{lacking})
		})
	}
	t.Run("nothing at all", func(t *testing.T) {
		s := openStore(t, storeVariant{client: func(c *magento.Config) { c.Token = "wrong" }})
		checks, err := s.Ping(t.Context())
		must(t, err)
		for _, c := range checks {
			if c.Err == nil {
				t.Errorf("%s is let through", c.Endpoint)
			}
		}
	})
	t.Run("a store that is down", func(t *testing.T) {
		s := openStore(t, storeVariant{})
		must(t, s.box.Fault().Set(fault.Faults{Down: fault.Down503}))
		_, err := s.Ping(t.Context())
		refusal(t, err, failure.KindTransient, "magento.gateway")
	})
}

func TestMagentoWithAnUnknownStoreView(t *testing.T) {
	s := openStore(t, storeVariant{client: func(c *magento.Config) { c.Store = "nope" }})
	_, err := s.Order(t.Context(), "000000001")
	f := refusal(t, err, failure.KindTransient, "magento.no_route", "does not match any route")
	if !strings.Contains(f.Fix, "store view's code") {
		t.Errorf("fix %q", f.Fix)
	}
}

func TestMagentoAPageSizeThatTheStoreRefusesIsHalvedForGood(t *testing.T) {
	s := openStore(t, storeVariant{box: func(c *shop.Config) { c.PageSizeLimit = 6 }})
	own := s.place("default", 20)
	_, err := s.OrdersByIncrementID(t.Context(), increments(own))
	must(t, err)
	before := s.box.Calls()["GET /V1/orders"]
	found, err := s.OrdersByIncrementID(t.Context(), increments(own))
	must(t, err)
	wantList(t, "orders", numbersOf(found.Orders), increments(own))
	if calls := s.box.Calls()["GET /V1/orders"] - before; calls > 5 {
		t.Errorf("%d searches for 20 orders by pages of up to 6: it does not remember the limit", calls)
	}
}
