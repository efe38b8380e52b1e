package dlq_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/services/dlq"
)

// call asks the API; a body that is not empty is sent as JSON.
func call(h http.Handler, method, path, body string, set ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, f := range set {
		f(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func contentType(v string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Content-Type", v) }
}

func TestEveryStatusOfTheAPI(t *testing.T) {
	b := bustest.Start(t)
	for _, id := range []string{"w1", "w2", "w3"} {
		publish(t, b, command("main", "123", id))
	}
	refuse(t, b, writerSpec, 3, mismatch())
	const ana = `{"by":"ana","reason":"written by hand"}`
	// In this order: letters 2 and 3 go.
	for _, tc := range []struct {
		name         string
		method, path string
		body         string
		contentType  string
		status       int
		says         string
	}{
		{"a list", "GET", "/api/v1/dead", "", "", 200, `"id":"3"`},
		{"a list that is filtered", "GET", "/api/v1/dead?pair=main&role=gp-writer&entity=order&key=123&code=order.total.mismatch", "", "", 200, `"id":"3"`},
		{"an empty list is a list", "GET", "/api/v1/dead?pair=other", "", "", 200, "[]\n"},
		{"a filter that can't be", "GET", "/api/v1/dead?pair=%3E", "", "", 200, "[]\n"},
		{"one, whole", "GET", "/api/v1/dead/1", "", "", 200, `"story":{`},
		{"none", "GET", "/api/v1/dead/9", "", "", 404, "dlq.no_letter"},
		{"not even a number", "GET", "/api/v1/dead/x", "", "", 404, "dlq.no_letter"},
		{"a replay of none", "POST", "/api/v1/dead/9/replay", ana, "", 404, "dlq.no_letter"},
		{"a form of another site", "POST", "/api/v1/dead/1/replay", "by=ana", "application/x-www-form-urlencoded", 422, "dlq.content_type"},
		{"text of another site", "POST", "/api/v1/dead/1/replay", ana, "text/plain", 422, "dlq.content_type"},
		{"no content type", "POST", "/api/v1/dead/1/discard", "", "", 422, "dlq.content_type"},
		{"not JSON", "POST", "/api/v1/dead/1/replay", "{", "", 422, "dlq.body"},
		{"too long", "POST", "/api/v1/dead/1/replay", `{"by":"` + strings.Repeat("a", 64<<10) + `"}`, "", 422, "dlq.body"},
		{"nobody's decision", "POST", "/api/v1/dead/1/replay", "{}", "", 422, "dlq.by"},
		{"a discard without a reason", "POST", "/api/v1/dead/1/discard", `{"by":"ana"}`, "", 422, "dlq.no_reason"},
		{"a replay", "POST", "/api/v1/dead/2/replay", `{"by":"ana"}`, "", 200, `"id":"2"`},
		{"a replay again", "POST", "/api/v1/dead/2/replay", `{"by":"ana"}`, "", 404, "dlq.no_letter"},
		{"a discard, with a charset", "POST", "/api/v1/dead/3/discard", ana, "application/json; charset=utf-8", 200, `"id":"3"`},
		{"a decision by GET", "GET", "/api/v1/dead/1/replay", "", "", 405, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var set []func(*http.Request)
			if tc.contentType != "" {
				set = append(set, contentType(tc.contentType))
			}
			w := call(dlq.Handler(dlq.NewLetters(b)), tc.method, tc.path, tc.body, set...)
			if w.Code != tc.status || !strings.Contains(w.Body.String(), tc.says) {
				t.Errorf("got %d %s, want %d with %s", w.Code, w.Body, tc.status, tc.says)
			}
			if tc.says != "" && (w.Header().Get("Content-Type") != "application/json" || !json.Valid(w.Body.Bytes())) {
				t.Errorf("the answer is not JSON: %s %s", w.Header().Get("Content-Type"), w.Body)
			}
		})
	}
	if left := list(t, b, dlq.Filter{}); len(left) != 1 || left[0].ID != "1" {
		t.Errorf("left %+v", left)
	}
	if got := len(scan(t, b, bus.Commands)); got != 4 {
		t.Errorf("%d commands, want three and one replay", got)
	}
}

func TestTheAPISaysWhenNATSIsAway(t *testing.T) {
	h := dlq.Handler(dlq.NewLetters(failing{Bus: bustest.Start(t), scan: errAway}))
	if w := call(h, "GET", "/api/v1/dead/1", ""); w.Code != http.StatusServiceUnavailable || !json.Valid(w.Body.Bytes()) {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if w := call(h, "POST", "/api/v1/dead/1/replay", `{"by":"ana"}`); w.Code != http.StatusServiceUnavailable {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}
