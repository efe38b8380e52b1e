package dlq_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/services/dlq"
)

func handler(s dlq.Stream) http.Handler {
	letters := dlq.NewLetters(s)
	return dlq.Handler(letters, dlq.NewRunner(letters))
}

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
		{"too long", "POST", "/api/v1/dead/1/replay", `{"by":"` + strings.Repeat("a", 1<<20) + `"}`, "", 422, "dlq.body"},
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
			w := call(handler(b), tc.method, tc.path, tc.body, set...)
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
	h := handler(failing{Bus: bustest.Start(t), scan: errAway})
	if w := call(h, "GET", "/api/v1/dead/1", ""); w.Code != http.StatusServiceUnavailable || !json.Valid(w.Body.Bytes()) {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if w := call(h, "POST", "/api/v1/dead/1/replay", `{"by":"ana"}`); w.Code != http.StatusServiceUnavailable {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestAGroupIsWorkedByHTTP(t *testing.T) {
	w := newWorld(t)
	w.set("A-1", noItem("A-1"))
	w.place(t, 1, 2, "A-1")
	w.set("A-1", nil)
	letters := dlq.NewLetters(w)
	runner := dlq.NewRunner(letters)
	h := dlq.Handler(letters, runner)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- runner.Run(ctx) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()

	var all []dlq.Group
	if r := call(h, "GET", "/api/v1/dead/groups?pair=main", ""); r.Code != 200 || json.Unmarshal(r.Body.Bytes(), &all) != nil || len(all) != 1 || all[0].Count != 2 {
		t.Fatalf("got %d %s", r.Code, r.Body)
	}
	path := "/api/v1/dead/groups/" + all[0].ID
	for _, tc := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"GET", path, "", 200, `"letters":[{"id":"1"`},
		{"GET", "/api/v1/dead/groups/x", "", 404, "dlq.no_group"},
		{"POST", "/api/v1/dead/groups/x/replay", `{"by":"ana"}`, 404, "dlq.no_group"},
		{"POST", path + "/replay", `{"by":"ana","mode":"fast"}`, 422, "dlq.mode"},
		{"POST", path + "/replay", `{}`, 422, "dlq.by"},
		{"POST", path + "/discard", `{"by":"ana"}`, 422, "dlq.no_reason"},
		{"GET", "/api/v1/dead/batches/7", "", 404, "dlq.no_batch"},
		{"PUT", "/api/v1/dead/1/payload", `{"by":"ana","payload":{"verb":7}}`, 422, "verb: "},
		{"PUT", "/api/v1/dead/9/payload", `{"by":"ana","payload":{}}`, 404, "dlq.no_letter"},
	} {
		if r := call(h, tc.method, tc.path, tc.body); r.Code != tc.status || !strings.Contains(r.Body.String(), tc.says) {
			t.Errorf("%s %s: got %d %s", tc.method, tc.path, r.Code, r.Body)
		}
	}
	var ordered dlq.Batch
	if r := call(h, "POST", path+"/replay", `{"by":"ana"}`); r.Code != http.StatusAccepted || json.Unmarshal(r.Body.Bytes(), &ordered) != nil || ordered.Letters != 2 {
		t.Fatalf("got %d %s", r.Code, r.Body)
	}
	until(t, "the batch ends", func() bool {
		r := call(h, "GET", "/api/v1/dead/batches/"+ordered.ID, "")
		var report dlq.Report
		return r.Code == 200 && json.Unmarshal(r.Body.Bytes(), &report) == nil && report.Ended() && report.Results["applied"] == 2
	})
}
