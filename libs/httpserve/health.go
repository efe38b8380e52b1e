package httpserve

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/magpie-integration/magpie/libs/telemetry"
)

// Check is one thing that must be so before a role can do its work.
type Check struct {
	// Name says what is checked, such as "nats".
	Name string
	// Run returns nil if it is so, and else why not. It must heed its context.
	Run func(ctx context.Context) error
}

// Health answers orchestrators and Prometheus:
//
//	/livez    200 as long as the process can answer: restarting would not help
//	/readyz   200 if every check is ok, else 503; the body lists each with its reason
//	/metrics  what the gatherer has
//
// Systems that Magpie writes to are no checks of readiness: while they are
// down a role waits and must not be taken out. Breakers tell of them.
type Health struct {
	// Checks decide about readiness; without any the role is ready.
	Checks []Check
	// Metrics are shown at /metrics; nil means that there is no /metrics.
	Metrics prometheus.Gatherer
	// Timeout bounds each check; zero means 2 s, within a probe's usual patience.
	Timeout time.Duration
}

// Handler gives the handler of the three paths.
func (h Health) Handler() http.Handler {
	if h.Timeout == 0 {
		h.Timeout = 2 * time.Second
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]bool{"alive": true})
	})
	mux.HandleFunc("GET /readyz", h.ready)
	if h.Metrics != nil {
		mux.Handle("GET /metrics", promhttp.HandlerFor(h.Metrics, promhttp.HandlerOpts{}))
	}
	return mux
}

// Readiness is the body of /readyz.
type Readiness struct {
	Ready  bool     `json:"ready"`
	Checks []Result `json:"checks"`
}

// Result is what a check gave.
type Result struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	// Reason is why it is not ok, scrubbed.
	Reason string `json:"reason,omitempty"`
}

func (h Health) ready(w http.ResponseWriter, r *http.Request) {
	all := Readiness{Ready: true, Checks: make([]Result, len(h.Checks))}
	var running sync.WaitGroup
	for i, check := range h.Checks {
		running.Go(func() { all.Checks[i] = h.result(r.Context(), check) })
	}
	running.Wait()
	status := http.StatusOK
	for _, result := range all.Checks {
		if !result.OK {
			all.Ready, status = false, http.StatusServiceUnavailable
		}
	}
	answer(w, status, all)
}

func (h Health) result(ctx context.Context, check Check) (result Result) {
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			result = Result{Name: check.Name, Reason: telemetry.ScrubText(fmt.Sprint("the check panicked: ", p))}
		}
	}()
	if err := check.Run(ctx); err != nil {
		return Result{Name: check.Name, Reason: telemetry.ScrubText(err.Error())}
	}
	return Result{Name: check.Name, OK: true}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client is gone, or has it
}
