package fault_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/magpie-integration/magpie/services/sandbox/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// system is a server behind an injector that counts the work it really did.
type system struct {
	*httptest.Server
	work atomic.Int64
}

func start(t *testing.T, i *fault.Injector) *system {
	t.Helper()
	s := &system{}
	s.Server = httptest.NewServer(i.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.work.Add(1)
		_, _ = io.WriteString(w, strings.Repeat("0123456789", 20))
	})))
	t.Cleanup(s.Close)
	return s
}

func (s *system) get(ctx context.Context, path string) (status int, body, retryAfter string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
	if err != nil {
		return 0, "", "", err
	}
	resp, err := s.Client().Transport.RoundTrip(req) // follows nothing
	if err != nil {
		return 0, "", "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), resp.Header.Get("Retry-After"), err
}

func TestWhatTheClientSees(t *testing.T) {
	tests := []struct {
		name       string
		faults     fault.Faults
		path       string
		wantStatus int // 0 = no answer
		wantBody   string
		wantRetry  string
		wantWork   int64
		wantFired  string
	}{
		{name: "nothing set", wantStatus: 200, wantBody: "0123", wantWork: 1},
		{name: "error before any work", faults: fault.Faults{ErrorRate: 1}, wantStatus: 500, wantBody: "report", wantFired: fault.FiredError},
		{name: "throttled", faults: fault.Faults{ThrottleRate: 1}, wantStatus: 429, wantRetry: "1", wantFired: fault.FiredThrottle},
		{name: "down with an HTML page", faults: fault.Faults{Down: fault.Down503}, wantStatus: 503, wantBody: "<!DOCTYPE html>", wantFired: fault.FiredDown},
		{name: "down and refusing", faults: fault.Faults{Down: fault.DownRefuse}, wantFired: fault.FiredDown},
		{name: "work done, answer lost", faults: fault.Faults{LostAnswerRate: 1}, wantWork: 1, wantFired: fault.FiredLostAnswer},
		{name: "lost only where it matches", faults: fault.Faults{LostAnswerRate: 1, ErrorRate: 1, LostAnswerOn: "^POST "}, wantStatus: 200, wantWork: 1},
		{name: "lost where it matches", faults: fault.Faults{LostAnswerRate: 1, LostAnswerOn: "^GET /orders"}, path: "/orders", wantWork: 1, wantFired: fault.FiredLostAnswer},
		{name: "a page instead", faults: fault.Faults{InsteadRate: 1, Instead: "html"}, wantStatus: 200, wantBody: "<!DOCTYPE html>", wantFired: fault.FiredInstead},
		{name: "a gateway's page", faults: fault.Faults{InsteadRate: 1, Instead: "502"}, wantStatus: 502, wantBody: "<!DOCTYPE html>", wantFired: fault.FiredInstead},
		{name: "nothing instead", faults: fault.Faults{InsteadRate: 1, Instead: "empty"}, wantStatus: 200, wantFired: fault.FiredInstead},
		{name: "to a login", faults: fault.Faults{InsteadRate: 1, Instead: "redirect"}, wantStatus: 302, wantFired: fault.FiredInstead},
		{name: "the system's own", faults: fault.Faults{InsteadRate: 1, Instead: "tea"}, wantStatus: 418, wantFired: fault.FiredInstead},
		{name: "instead only where it matches", faults: fault.Faults{InsteadRate: 1, Instead: "502", LostAnswerOn: "^POST "}, wantStatus: 200, wantBody: "0123", wantWork: 1},
		{name: "latency", faults: fault.Faults{Latency: time.Millisecond, LatencyJitter: time.Millisecond}, wantStatus: 200, wantWork: 1, wantFired: fault.FiredLatency},
		{name: "slow when crowded", faults: fault.Faults{SlowBy: time.Millisecond}, wantStatus: 200, wantWork: 1, wantFired: fault.FiredSlow},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := fault.New(1, fault.Options{ErrorBody: func(w http.ResponseWriter) {
				w.WriteHeader(http.StatusInternalServerError)
				_, _ = io.WriteString(w, "report")
			}, Answers: map[string]func(http.ResponseWriter){"tea": func(w http.ResponseWriter) { w.WriteHeader(http.StatusTeapot) }}})
			if err := i.Set(tt.faults); err != nil {
				t.Fatal(err)
			}
			s := start(t, i)
			status, body, retry, err := s.get(t.Context(), tt.path)
			if (err != nil) != (tt.wantStatus == 0) {
				t.Fatalf("error = %v, want status %d", err, tt.wantStatus)
			}
			if status != tt.wantStatus || !strings.HasPrefix(body, tt.wantBody) || retry != tt.wantRetry {
				t.Errorf("got %d %.20q Retry-After %q", status, body, retry)
			}
			if got := s.work.Load(); got != tt.wantWork {
				t.Errorf("work done %d times, want %d", got, tt.wantWork)
			}
			if tt.wantFired != "" && i.Fired()[tt.wantFired] == 0 {
				t.Errorf("fired = %v, want %s", i.Fired(), tt.wantFired)
			}
		})
	}
}

func TestTruncatedBody(t *testing.T) {
	i := fault.New(1)
	if err := i.Set(fault.Faults{TruncateRate: 1}); err != nil {
		t.Fatal(err)
	}
	status, body, _, err := start(t, i).get(t.Context(), "/")
	if status != 200 || len(body) != 100 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("got %d, %d bytes, %v", status, len(body), err)
	}
}

func TestHangEndsWhenTheClientLeaves(t *testing.T) {
	i := fault.New(1)
	if err := i.Set(fault.Faults{Down: fault.DownHang}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, _, _, err := start(t, i).get(ctx, "/"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error = %v", err)
	}
}

func TestSameSeedSameFaults(t *testing.T) {
	run := func() (got []int) {
		i := fault.New(7)
		if err := i.Set(fault.Faults{ErrorRate: 0.5}); err != nil {
			t.Fatal(err)
		}
		s := start(t, i)
		for range 20 {
			status, _, _, err := s.get(t.Context(), "/")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, status)
		}
		return got
	}
	a, b := run(), run()
	for n := range a {
		if a[n] != b[n] {
			t.Fatalf("request %d: %d and %d", n, a[n], b[n])
		}
	}
}

func TestAdmin(t *testing.T) {
	i := fault.New(1)
	srv := httptest.NewServer(i.Admin())
	defer srv.Close()
	steps := []struct {
		name, method, body string
		wantStatus         int
		want               fault.Faults
	}{
		{"nothing at first", "GET", "", 200, fault.Faults{}},
		{"replace", "PUT", `{"latency":"200ms","errorRate":0.1}`, 200, fault.Faults{Latency: 200 * time.Millisecond, ErrorRate: 0.1}},
		{"change one", "PATCH", `{"down":"hang"}`, 200, fault.Faults{Latency: 200 * time.Millisecond, ErrorRate: 0.1, Down: "hang"}},
		{"refuse a wrong name", "PATCH", `{"nope":1}`, 400, fault.Faults{Latency: 200 * time.Millisecond, ErrorRate: 0.1, Down: "hang"}},
		{"refuse a rate of 2", "PUT", `{"errorRate":2}`, 400, fault.Faults{Latency: 200 * time.Millisecond, ErrorRate: 0.1, Down: "hang"}},
		{"refuse an unknown answer", "PUT", `{"insteadRate":1,"instead":"poem"}`, 400, fault.Faults{Latency: 200 * time.Millisecond, ErrorRate: 0.1, Down: "hang"}},
		{"refuse a rate of no answer", "PUT", `{"insteadRate":1}`, 400, fault.Faults{Latency: 200 * time.Millisecond, ErrorRate: 0.1, Down: "hang"}},
		{"refuse a broken pattern", "PUT", `{"lostAnswerOn":"("}`, 400, fault.Faults{Latency: 200 * time.Millisecond, ErrorRate: 0.1, Down: "hang"}},
		{"clear", "DELETE", "", 200, fault.Faults{}},
		{"other verbs", "POST", "", 405, fault.Faults{}},
	}
	for _, step := range steps {
		req, err := http.NewRequestWithContext(t.Context(), step.method, srv.URL, strings.NewReader(step.body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var answer struct{ Faults fault.Faults }
		if resp.StatusCode == 200 {
			err = json.NewDecoder(resp.Body).Decode(&answer)
		}
		resp.Body.Close()
		if err != nil || resp.StatusCode != step.wantStatus {
			t.Fatalf("%s: status %d, %v", step.name, resp.StatusCode, err)
		}
		if got := i.Faults(); got != step.want || (resp.StatusCode == 200 && answer.Faults != step.want) {
			t.Fatalf("%s: %+v, answered %+v", step.name, got, answer.Faults)
		}
	}
}
