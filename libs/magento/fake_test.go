package magento_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/magpie-integration/magpie/libs/magento"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "tok3nOfTests"

// row is an order of the fake store.
type row struct {
	id        int64
	increment string
	store     int64
	updated   string
	broken    bool
	state     string
}

// fakeStore answers as section "performing searches" of Magento's docs says. It
// has two websites: base (store views 1 and 2) and other (3).
type fakeStore struct {
	mu       sync.Mutex
	rows     []row
	maxSize  int // input limit, 0 for none
	allFail  bool
	searches []url.Values
	longest  int
	respond  func(w http.ResponseWriter, r *http.Request) bool // overrides if it returns true
}

func (s *fakeStore) start(tb testing.TB, cfg magento.Config) *magento.Client {
	server := httptest.NewServer(s)
	tb.Cleanup(server.Close)
	return client(tb, server.URL, cfg)
}

func client(tb testing.TB, url string, cfg magento.Config) *magento.Client {
	cfg.URL, cfg.Token = url, token
	c, err := magento.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return c
}

func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	http.SetCookie(w, &http.Cookie{Name: "PHPSESSID", Value: "x"})
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

const report = `{"message":"Internal Error. Details are available in Magento log file. Report ID: webapi-5a37c96156541"}`

func (s *fakeStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.respond != nil && s.respond(w, r) {
		return
	}
	if r.Header.Get("Cookie") != "" || r.Header.Get("Accept") != "application/json" {
		reply(w, 400, `{"message":"cookie or accept"}`)
		return
	}
	switch strings.TrimPrefix(r.URL.Path, "/rest/default") {
	case "/V1/store/storeViews":
		reply(w, 200, `[{"id":0,"code":"admin","website_id":0},{"id":1,"code":"default","website_id":1},{"id":"2","code":"eu","website_id":"1"},{"id":3,"code":"us","website_id":2}]`)
	case "/V1/store/websites":
		reply(w, 200, `[{"id":0,"code":"admin"},{"id":1,"code":"base"},{"id":2,"code":"other"}]`)
	case "/V1/orders":
		s.longest = max(s.longest, len("http://"+r.Host+r.URL.RequestURI()))
		s.search(w, r.URL.Query())
	default:
		reply(w, 404, `{"message":"Request does not match any route."}`)
	}
}

func (s *fakeStore) search(w http.ResponseWriter, q url.Values) {
	s.searches = append(s.searches, q)
	size, _ := strconv.Atoi(q.Get("searchCriteria[pageSize]"))
	if s.maxSize > 0 && size > s.maxSize {
		reply(w, 400, fmt.Sprintf(`{"message":"Maximum SearchCriteria pageSize is %%max","parameters":{"max":%d}}`, s.maxSize))
		return
	}
	if s.allFail {
		reply(w, 500, report)
		return
	}
	var hits []row
	for _, r := range s.rows {
		if matches(q, r) {
			hits = append(hits, r)
		}
	}
	byTime := q.Get("searchCriteria[sortOrders][0][field]") == "updated_at"
	slices.SortFunc(hits, func(a, b row) int {
		if byTime && a.updated != b.updated {
			return strings.Compare(a.updated, b.updated)
		}
		return cmp.Compare(a.id, b.id)
	})
	total := len(hits)
	if size > 0 && len(hits) > size {
		hits = hits[:size]
	}
	items := make([]string, len(hits))
	for i, r := range hits {
		if r.broken {
			reply(w, 500, report)
			return
		}
		items[i] = r.json()
	}
	list := "null"
	if len(items) > 0 {
		list = "[" + strings.Join(items, ", ") + "]"
	}
	reply(w, 200, fmt.Sprintf(`{"items":%s,"search_criteria":{"filter_groups":[{"filters":[{"field":"items","value":"x","condition_type":"eq"}]}]},"total_count":%d}`, list, total))
}

func (r row) json() string {
	return fmt.Sprintf(`{"entity_id":%d, "increment_id":%q,"store_id":"%d","state":%q,"grand_total":29.949999999999999,"updated_at":%q,"items":[{"entity_id":99}]}`,
		r.id, r.increment, r.store, r.state, r.updated)
}

func matches(q url.Values, r row) bool {
	for g := 0; ; g++ {
		hit, some := false, false
		for f := 0; ; f++ {
			at := fmt.Sprintf("searchCriteria[filter_groups][%d][filters][%d]", g, f)
			if !q.Has(at + "[field]") {
				break
			}
			some = true
			hit = hit || holds(r, q.Get(at+"[field]"), q.Get(at+"[condition_type]"), q.Get(at+"[value]"))
		}
		if !some {
			return true
		}
		if !hit {
			return false
		}
	}
}

func holds(r row, field, condition, value string) bool {
	have := map[string]string{
		"entity_id": fmt.Sprintf("%020d", r.id), "increment_id": r.increment, "updated_at": r.updated, "store_id": fmt.Sprintf("%020d", r.store),
	}[field]
	norm := func(v string) string {
		if field == "entity_id" || field == "store_id" {
			n, err := strconv.ParseInt(v, 10, 64)
			if err != nil {
				panic("not a number: " + v)
			}
			return fmt.Sprintf("%020d", n)
		}
		return v
	}
	switch condition {
	case "in":
		for _, v := range strings.Split(value, ",") {
			if strings.EqualFold(have, norm(v)) {
				return true
			}
		}
		return false
	case "eq":
		return strings.EqualFold(have, norm(value))
	case "gt":
		return have > norm(value)
	case "gteq":
		return have >= norm(value)
	case "lteq":
		return have <= norm(value)
	}
	panic("condition " + condition)
}

var noon = time.Date(2026, 8, 14, 12, 0, 0, 0, time.UTC)

func at(seconds int) string {
	return noon.Add(time.Duration(seconds) * time.Second).Format("2006-01-02 15:04:05")
}

func rows(n int) []row {
	list := make([]row, n)
	for i := range list {
		list[i] = row{id: int64(i + 1), increment: fmt.Sprintf("%09d", i+1), store: 1, updated: at(i), state: "new"}
	}
	return list
}

func increments(orders []magento.Order) []string {
	var ids []string
	for _, o := range orders {
		ids = append(ids, o.IncrementID)
	}
	return ids
}

func mustJSON(tb testing.TB, raw []byte) map[string]any {
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		tb.Fatal(err)
	}
	return m
}
