package httpserve_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/magpie-integration/magpie/libs/httpserve"
)

func ask(t *testing.T, h httpserve.Health, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w
}

func TestReady(t *testing.T) {
	good := httpserve.Check{Name: "nats", Run: func(context.Context) error { return nil }}
	bad := httpserve.Check{Name: "streams", Run: func(context.Context) error { return errors.New("no NOTICES for jane@example.com") }}
	slow := httpserve.Check{Name: "slow", Run: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
	mad := httpserve.Check{Name: "mad", Run: func(context.Context) error { panic("oh") }}
	for _, tt := range []struct {
		name   string
		checks []httpserve.Check
		status int
		want   httpserve.Readiness
	}{
		{"nothing to check", nil, 200, httpserve.Readiness{Ready: true, Checks: []httpserve.Result{}}},
		{"all is well", []httpserve.Check{good}, 200, httpserve.Readiness{Ready: true, Checks: []httpserve.Result{{Name: "nats", OK: true}}}},
		{
			"each is listed, in their order", []httpserve.Check{bad, good, slow, mad}, 503,
			httpserve.Readiness{Checks: []httpserve.Result{
				{Name: "streams", Reason: "no NOTICES for j***@e***"},
				{Name: "nats", OK: true},
				{Name: "slow", Reason: "context deadline exceeded"},
				{Name: "mad", Reason: "the check panicked: oh"},
			}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := ask(t, httpserve.Health{Checks: tt.checks, Timeout: time.Millisecond}, "/readyz")
			var got httpserve.Readiness
			if err := json.NewDecoder(w.Body).Decode(&got); err != nil {
				t.Fatal(err)
			}
			if w.Code != tt.status || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %d %+v, want %d %+v", w.Code, got, tt.status, tt.want)
			}
		})
	}
}

func TestLiveAndMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "magpie_test_total", Help: "A test."})
	registry.MustRegister(counter)
	h := httpserve.Health{Metrics: registry}
	for path, want := range map[string]string{"/livez": `{"alive":true}`, "/metrics": "magpie_test_total 0"} {
		if w := ask(t, h, path); w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: got %d %s", path, w.Code, w.Body)
		}
	}
	if w := ask(t, httpserve.Health{}, "/metrics"); w.Code != 404 {
		t.Errorf("got %d", w.Code)
	}
}
