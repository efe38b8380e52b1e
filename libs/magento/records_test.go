package magento_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/magpie-integration/magpie/libs/magento"
)

// fields is a record of the fake store; broken ones spoil each answer.
type fields map[string]any

func (f fields) text(name string) string {
	if name == "entity_id" && f[name] == nil {
		name = "id" // what customers and products call it
	}
	if f[name] == nil {
		return ""
	}
	return fmt.Sprint(f[name])
}

// sent is a request as it came; the path is not decoded.
type sent struct {
	method, path, auth string
	body               map[string]any
}

// recordStore answers searches of any route that it has records for, as section
// "performing searches" of Magento's docs says, and other calls by its answers.
type recordStore struct {
	mu      sync.Mutex
	records map[string][]fields // by route, without /rest and the store code
	answers map[string]string   // by "METHOD /V1/route", a status and a body such as "400 {}"
	maxSize int                 // input limit of pages, 0 for none
	maxRows int                 // input limit of written rows
	repeats bool                // the last page again and again, as in 2.3
	sent    []sent
	longest int
}

func (s *recordStore) start(tb testing.TB, cfg magento.Config) *magento.Client {
	server := httptest.NewServer(s)
	tb.Cleanup(server.Close)
	return client(tb, server.URL, cfg)
}

func (s *recordStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	raw, _ := io.ReadAll(r.Body)
	call := sent{method: r.Method, path: r.URL.EscapedPath(), auth: r.Header.Get("Authorization")}
	_ = json.Unmarshal(raw, &call.body)
	s.sent = append(s.sent, call)
	s.longest = max(s.longest, len("http://"+r.Host+r.URL.RequestURI()))
	route := strings.TrimPrefix(strings.TrimPrefix(call.path, "/rest/default"), "/rest/all")
	for _, list := range []string{"prices", "sourceItems"} {
		if rows, ok := call.body[list].([]any); ok && s.maxRows > 0 && len(rows) > s.maxRows {
			reply(w, 400, fmt.Sprintf(`{"message":"Maximum items of type \"%%type\" is %%max","parameters":{"type":"x","max":%d}}`, s.maxRows))
			return
		}
	}
	if answer, ok := s.answers[r.Method+" "+route]; ok {
		status, body, _ := strings.Cut(answer, " ")
		code, _ := strconv.Atoi(status)
		reply(w, code, body)
		return
	}
	switch records, ok := s.records[route]; {
	case route == "/V1/store/storeViews":
		reply(w, 200, `[{"id":1,"code":"default","website_id":1},{"id":3,"code":"us","website_id":2}]`)
	case route == "/V1/store/websites":
		reply(w, 200, `[{"id":1,"code":"base"},{"id":2,"code":"other"}]`)
	case ok && r.Method == http.MethodGet:
		s.search(w, r.URL.Query(), records)
	default:
		reply(w, 404, `{"message":"Request does not match any route."}`)
	}
}

func (s *recordStore) search(w http.ResponseWriter, q url.Values, records []fields) {
	size, _ := strconv.Atoi(q.Get("searchCriteria[pageSize]"))
	page, _ := strconv.Atoi(q.Get("searchCriteria[currentPage]"))
	if s.maxSize > 0 && size > s.maxSize {
		reply(w, 400, fmt.Sprintf(`{"message":"Maximum SearchCriteria pageSize is %%max","parameters":{"max":%d}}`, s.maxSize))
		return
	}
	var hits []fields
	for _, f := range records {
		if f.matches(q) {
			hits = append(hits, f)
		}
	}
	slices.SortStableFunc(hits, func(a, b fields) int {
		for i := 0; ; i++ {
			field := q.Get(fmt.Sprintf("searchCriteria[sortOrders][%d][field]", i))
			if field == "" {
				return 0
			}
			if c := compare(a.text(field), b.text(field)); c != 0 {
				return c
			}
		}
	})
	total := len(hits)
	if last := max(1, (total+size-1)/size); s.repeats && page > last {
		page = last
	}
	from := min((page-1)*size, total)
	hits = hits[from:min(from+size, total)]
	if slices.ContainsFunc(hits, func(f fields) bool { return f["broken"] == true }) {
		reply(w, 500, report)
		return
	}
	answer, _ := json.Marshal(map[string]any{"items": hits, "total_count": total})
	reply(w, 200, string(answer))
}

// compare is the database's: numbers by value, texts without case and blanks at the end.
func compare(a, b string) int {
	x, errX := strconv.ParseInt(a, 10, 64)
	y, errY := strconv.ParseInt(b, 10, 64)
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	return strings.Compare(strings.ToLower(strings.TrimRight(a, " ")), strings.ToLower(strings.TrimRight(b, " ")))
}

func (f fields) matches(q url.Values) bool {
	for g := 0; ; g++ {
		hit, some := false, false
		for i := 0; ; i++ {
			at := fmt.Sprintf("searchCriteria[filter_groups][%d][filters][%d]", g, i)
			if !q.Has(at + "[field]") {
				break
			}
			some = true
			have, value := f.text(q.Get(at+"[field]")), q.Get(at+"[value]")
			switch q.Get(at + "[condition_type]") {
			case "in":
				hit = hit || slices.ContainsFunc(strings.Split(value, ","), func(v string) bool { return compare(have, v) == 0 })
			case "eq":
				hit = hit || compare(have, value) == 0
			case "gt":
				hit = hit || compare(have, value) > 0
			case "gteq":
				hit = hit || compare(have, value) >= 0
			case "lteq":
				hit = hit || compare(have, value) <= 0
			}
		}
		if !some {
			return true
		}
		if !hit {
			return false
		}
	}
}

// written gives the writes that came, without reads.
func (s *recordStore) written() []sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.sent), func(c sent) bool { return c.method == http.MethodGet })
}

// wire gives a body as JSON for comparing.
func wire(tb testing.TB, v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}
