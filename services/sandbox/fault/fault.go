// Package fault makes an HTTP server misbehave on demand: it is slow, answers
// errors, goes down, or does the work and loses the answer. Both sandboxes
// wrap their handler in it, so a test turns the same knobs for the store and
// for the ERP system.
//
//	request ─▶ down? ─▶ throttled? ─▶ latency ─▶ slow above N? ─▶ error? ─▶ other answer? ─▶ work ─▶ answer lost? ─▶ truncated? ─▶ answer
//
// Against a proxy such as toxiproxy it adds one thing: it knows the difference
// between work not done and work done whose answer never came, which is the
// case that creates duplicates.
package fault

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// The names of the counters that [Injector.Fired] reports.
const (
	FiredLatency    = "latency"
	FiredSlow       = "slow"
	FiredError      = "error"
	FiredThrottle   = "throttle"
	FiredDown       = "down"
	FiredInstead    = "instead"
	FiredLostAnswer = "lostAnswer"
	FiredTruncate   = "truncate"
)

// Options are the parts of the misbehaviour that differ by the system played.
type Options struct {
	// ErrorBody answers a request that ErrorRate picked: status, headers, and
	// body. The default is a plain text 500.
	ErrorBody func(w http.ResponseWriter)
	// Answers are what Faults.Instead can name, beside those that any web server
	// gives: "html", "502", "empty" and "redirect".
	Answers map[string]func(w http.ResponseWriter)
}

// Injector decides for each request whether and how it fails. It is safe for
// concurrent use. The decisions are a function of the seed and of the order in
// which requests arrive.
type Injector struct {
	opts     Options
	underWay atomic.Int64

	mu      sync.Mutex
	rng     *rand.Rand
	faults  Faults
	only    *regexp.Regexp // compiled LostAnswerOn, nil = every request
	fired   map[string]int64
	changed chan struct{} // closed and replaced whenever the faults change
}

// New returns an injector that leaves every request alone until faults are
// set. At most one Options is used.
func New(seed uint64, opts ...Options) *Injector {
	i := &Injector{
		rng:     rand.New(rand.NewPCG(seed, 0x6d6167706965)),
		fired:   make(map[string]int64),
		changed: make(chan struct{}),
	}
	if len(opts) > 0 {
		i.opts = opts[0]
	}
	if i.opts.ErrorBody == nil {
		i.opts.ErrorBody = func(w http.ResponseWriter) {
			http.Error(w, "internal server error", http.StatusInternalServerError)
		}
	}
	answers := maps.Clone(webAnswers)
	maps.Copy(answers, i.opts.Answers)
	i.opts.Answers = answers
	return i
}

// Set replaces the faults. Invalid ones are refused and the old ones stay.
func (i *Injector) Set(f Faults) error {
	only, err := f.validate()
	if err != nil {
		return err
	}
	if _, ok := i.opts.Answers[f.Instead]; !ok && (f.Instead != "" || f.InsteadRate > 0) {
		return fmt.Errorf("fault: instead: %q is not one of %q", f.Instead, slices.Sorted(maps.Keys(i.opts.Answers)))
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.faults, i.only = f, only
	close(i.changed)
	i.changed = make(chan struct{})
	return nil
}

// Faults returns what is injected now.
func (i *Injector) Faults() Faults {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.faults
}

// Fired returns how often each fault was injected since the start.
func (i *Injector) Fired() map[string]int64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	out := make(map[string]int64, len(i.fired))
	for name, n := range i.fired {
		out[name] = n
	}
	return out
}

// Wrap returns next with the faults in front of it and behind it.
func (i *Injector) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer i.underWay.Add(-1)
		p := i.decide(r, i.underWay.Add(1))
		switch {
		case p.down != "":
			i.serveDown(w, r, p)
			return
		case p.throttled:
			w.Header().Set("Retry-After", "1")
			http.Error(w, "Too Many Requests", http.StatusTooManyRequests)
			return
		}
		if !wait(r, p.latency) {
			return
		}
		switch {
		case p.failed:
			i.opts.ErrorBody(w)
		case p.instead != nil:
			p.instead(w)
		case p.lost:
			next.ServeHTTP(&recording{}, r)
			cut(w)
		case p.truncated:
			rec := &recording{}
			next.ServeHTTP(rec, r)
			rec.writeHalf(w)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// plan is what happens to one request.
type plan struct {
	down                               string
	changed                            <-chan struct{}
	throttled, failed, lost, truncated bool
	instead                            func(http.ResponseWriter)
	latency                            time.Duration
}

// decide draws the same number of random values for each request, so that
// switching one fault on does not move the others.
func (i *Injector) decide(r *http.Request, underWay int64) plan {
	i.mu.Lock()
	defer i.mu.Unlock()
	f := i.faults
	jitter, throttle, fail, lose, truncate := i.rng.Float64(), i.rng.Float64(), i.rng.Float64(), i.rng.Float64(), i.rng.Float64()
	instead := i.rng.Float64()
	p := plan{changed: i.changed}
	count := func(name string) { i.fired[name]++ }

	if f.Down != Up {
		p.down = f.Down
		count(FiredDown)
		return p
	}
	if throttle < f.ThrottleRate {
		p.throttled = true
		count(FiredThrottle)
		return p
	}
	if f.Latency > 0 || f.LatencyJitter > 0 {
		p.latency = f.Latency + time.Duration(jitter*float64(f.LatencyJitter))
		count(FiredLatency)
	}
	if f.SlowBy > 0 && underWay > int64(f.SlowAbove) {
		p.latency += f.SlowBy
		count(FiredSlow)
	}
	picked := i.only == nil || i.only.MatchString(r.Method+" "+r.URL.Path+" "+r.Header.Get("SOAPAction"))
	switch {
	case picked && fail < f.ErrorRate:
		p.failed = true
		count(FiredError)
	case picked && instead < f.InsteadRate:
		p.instead = i.opts.Answers[f.Instead]
		count(FiredInstead)
	case picked && lose < f.LostAnswerRate:
		p.lost = true
		count(FiredLostAnswer)
	case truncate < f.TruncateRate:
		p.truncated = true
		count(FiredTruncate)
	}
	return p
}

// unavailable is what a reverse proxy or a maintenance page says: HTML, and no
// hint about when to come back.
const unavailable = `<!DOCTYPE html>
<html><head><title>503 Service Unavailable</title></head>
<body><h1>Service Temporarily Unavailable</h1>
<p>The server is temporarily unable to service your request due to maintenance downtime or capacity problems. Please try again later.</p>
</body></html>
`

func (i *Injector) serveDown(w http.ResponseWriter, r *http.Request, p plan) {
	switch p.down {
	case DownRefuse:
		cut(w)
	case DownHang:
		// The server notices that a client left only once the body is read.
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-r.Context().Done():
		case <-p.changed: // lifted: don't keep the connection for ever
		}
		cut(w)
	default:
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, unavailable)
	}
}

// wait reports whether the client is still there after d.
func wait(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// cut ends the connection without an answer, with a TCP reset where possible.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil { // HTTP/2, or a writer that can't be taken over
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// recording keeps an answer instead of sending it.
type recording struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (rec *recording) Header() http.Header {
	if rec.header == nil {
		rec.header = make(http.Header)
	}
	return rec.header
}

func (rec *recording) WriteHeader(status int) {
	if rec.status == 0 {
		rec.status = status
	}
}

func (rec *recording) Write(b []byte) (int, error) {
	rec.WriteHeader(http.StatusOK)
	return rec.body.Write(b)
}

// writeHalf promises the whole body and cuts the connection in its middle.
func (rec *recording) writeHalf(w http.ResponseWriter) {
	for name, values := range rec.Header() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(rec.body.Len()))
	if rec.status == 0 {
		rec.status = http.StatusOK
	}
	w.WriteHeader(rec.status)
	_, _ = w.Write(rec.body.Bytes()[:rec.body.Len()/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// validate also compiles LostAnswerOn.
func (f Faults) validate() (*regexp.Regexp, error) {
	for name, rate := range map[string]float64{
		"errorRate": f.ErrorRate, "throttleRate": f.ThrottleRate,
		"lostAnswerRate": f.LostAnswerRate, "truncateRate": f.TruncateRate, "insteadRate": f.InsteadRate,
	} {
		if rate < 0 || rate > 1 {
			return nil, fmt.Errorf("fault: %s: %v is not a share between 0 and 1", name, rate)
		}
	}
	for name, d := range map[string]time.Duration{"latency": f.Latency, "latencyJitter": f.LatencyJitter, "slowBy": f.SlowBy} {
		if d < 0 {
			return nil, fmt.Errorf("fault: %s: %v is negative", name, d)
		}
	}
	switch f.Down {
	case Up, DownRefuse, Down503, DownHang:
	default:
		return nil, fmt.Errorf("fault: down: %q is not one of %q, %q, %q, %q", f.Down, Up, DownRefuse, Down503, DownHang)
	}
	if f.LostAnswerOn == "" {
		return nil, nil
	}
	only, err := regexp.Compile(f.LostAnswerOn)
	if err != nil {
		return nil, fmt.Errorf("fault: lostAnswerOn: %w", err)
	}
	return only, nil
}
