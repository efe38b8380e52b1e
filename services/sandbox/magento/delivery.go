package magento

import (
	"bytes"
	"container/heap"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// The counters of deliveries.
const (
	countSent      = "sent"      // attempts made
	countDelivered = "delivered" // answered 2xx
	countRetried   = "retried"   // attempts after the first
	countGaveUp    = "gaveUp"    // out of attempts, or answered a final status
	countDrop      = "drop"
	countDuplicate = "duplicate"
	countDelay     = "delay"
	countReorder   = "reorder"
)

// reorderBy is how far an overtaken event is held back.
const reorderBy = 250 * time.Millisecond

// deliveryTimeout is the timeout of the Guzzle client that store modules use.
const deliveryTimeout = 15 * time.Second

// hooks queues events and delivers them.
type hooks struct {
	attempts int
	backoff  time.Duration
	keys     *keyring
	log      *slog.Logger
	client   *http.Client
	counts   tally

	mu     sync.Mutex
	rng    *rand.Rand
	faults WebhookFaults
	list   []*Webhook
	queue  deliveries
	wake   chan struct{} // has one token when the queue changed
}

type delivery struct {
	hook    *Webhook
	event   string
	body    []byte // nil for a batch, which is made when it is due
	id      string // of an I/O Event
	due     time.Time
	attempt int
}

// deliveries is a heap, the next due first.
type deliveries []*delivery

func (q *deliveries) Len() int           { return len(*q) }
func (q *deliveries) Less(i, j int) bool { return (*q)[i].due.Before((*q)[j].due) }
func (q *deliveries) Swap(i, j int)      { (*q)[i], (*q)[j] = (*q)[j], (*q)[i] }
func (q *deliveries) Push(d any)         { *q = append(*q, d.(*delivery)) }
func (q *deliveries) Pop() any {
	old := *q
	d := old[len(old)-1]
	*q, old[len(old)-1] = old[:len(old)-1], nil
	return d
}

func newHooks(cfg Config, keys *keyring) *hooks {
	return &hooks{
		attempts: cfg.WebhookAttempts, backoff: cfg.WebhookBackoff, keys: keys, log: cfg.Logger,
		client: &http.Client{
			Transport:     &http.Transport{MaxIdleConnsPerHost: 16},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		rng: rand.New(rand.NewPCG(cfg.Seed, 0x686f6f6b)), wake: make(chan struct{}, 1),
	}
}

// record renders what an event is about in one of the body shapes.
type record func(shape string) []byte

// emit queues an event for each receiver that wants it. body is asked once per
// shape, and not at all when nobody wants the event.
func (h *hooks) emit(event string, body record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	bodies := map[string][]byte{}
	render := func(shape string) []byte {
		if bodies[shape] == nil {
			bodies[shape] = body(shape)
		}
		return bodies[shape]
	}
	for _, w := range h.list {
		if !w.hears(event) {
			continue
		}
		d := &delivery{hook: w, event: event, body: render(w.Body), due: time.Now()}
		if w.Scheme == SchemeAdobeIO && !w.envelop(d, render(bodyMetadata)) {
			continue // it goes with the batch
		}
		h.schedule(d)
	}
	h.signal()
}

// schedule applies the faults; h.mu is held.
func (h *hooks) schedule(d *delivery) {
	f := h.faults
	drop, duplicate, delay, reorder := h.rng.Float64(), h.rng.Float64(), h.rng.Float64(), h.rng.Float64()
	if drop < f.DropRate {
		h.counts.count(countDrop)
		return
	}
	if f.DelayMax > 0 {
		d.due = d.due.Add(time.Duration(delay * float64(f.DelayMax)))
		h.counts.count(countDelay)
	}
	if reorder < f.ReorderRate {
		d.due = d.due.Add(reorderBy)
		h.counts.count(countReorder)
	}
	heap.Push(&h.queue, d)
	if duplicate < f.DuplicateRate && d.body != nil {
		again := *d
		heap.Push(&h.queue, &again)
		h.counts.count(countDuplicate)
	}
}

func (h *hooks) signal() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// next pops a delivery that is due, or says how long to wait for one.
func (h *hooks) next(now time.Time) (*delivery, time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.queue) == 0 {
		return nil, time.Hour
	}
	if wait := h.queue[0].due.Sub(now); wait > 0 {
		return nil, wait
	}
	d := heap.Pop(&h.queue).(*delivery)
	if d.body == nil {
		d.body = d.hook.takeBatch()
	}
	return d, 0
}

// run delivers until ctx ends and leaves no request under way.
func (h *hooks) run(ctx context.Context) error {
	defer h.client.CloseIdleConnections()
	var group errgroup.Group
	group.SetLimit(16)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		d, wait := h.next(time.Now())
		if d != nil {
			group.Go(func() error {
				h.deliver(ctx, d)
				return nil
			})
			continue
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
		case <-h.wake:
		case <-timer.C:
		}
	}
	return group.Wait()
}

// deliver sends once and queues a retry when answer and scheme allow one.
func (h *hooks) deliver(ctx context.Context, d *delivery) {
	d.attempt++
	h.counts.count(countSent)
	if d.attempt > 1 {
		h.counts.count(countRetried)
	}
	status, retryAfter, err := h.post(ctx, d)
	switch {
	case err == nil && status/100 == 2:
		h.counts.count(countDelivered)
		return
	case ctx.Err() != nil:
		return
	}
	wait, retry := h.retry(d, status)
	if !retry {
		h.counts.count(countGaveUp)
		h.log.DebugContext(ctx, "webhook given up", "event", d.event, "url", d.hook.URL, "status", status, "attempts", d.attempt, "error", err)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	d.due = time.Now().Add(max(wait, retryAfter))
	heap.Push(&h.queue, d)
	h.signal()
}

// mageOSAttempts is max_deaths of Mage-OS Async Events.
const mageOSAttempts = 5

// retry says when to try again after an answer, 0 being none: a status other
// than 429 and 5xx is final, and so is what was tried often enough.
func (h *hooks) retry(d *delivery, status int) (time.Duration, bool) {
	if status != 0 && status != http.StatusTooManyRequests && status < 500 {
		return 0, false
	}
	attempts := h.attempts
	switch d.hook.Scheme {
	case SchemeAdobeIO:
		return ioRetry(d, status)
	case SchemeMageOS:
		attempts = mageOSAttempts
	}
	return min(time.Duration(d.attempt*d.attempt)*h.backoff, time.Minute), d.attempt < attempts
}

func (h *hooks) post(ctx context.Context, d *delivery) (status int, retryAfter time.Duration, err error) {
	timeout := deliveryTimeout
	if d.hook.Scheme == SchemeAdobeIO {
		timeout = ioTimeout
	}
	if d.hook.Timeout > 0 {
		timeout = time.Duration(d.hook.Timeout)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.hook.URL, bytes.NewReader(d.body))
	if err != nil {
		return 0, 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "GuzzleHttp/7")
	d.hook.sign(req.Header, d.body)
	if d.hook.Scheme == SchemeAdobeIO {
		if err := h.ioHeaders(req.Header, d); err != nil {
			return 0, 0, fmt.Errorf("sign: %w", err)
		}
	}
	resp, err := h.client.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
		retryAfter = time.Duration(seconds) * time.Second
	}
	return resp.StatusCode, retryAfter, nil
}

// WebhookCounts returns how many deliveries were sent, delivered, retried and
// gaveUp, how many calls within a save were asked and aborted it, how often each
// fault fired, and how many deliveries are queued.
func (s *Server) WebhookCounts() map[string]int64 {
	counts := s.hooks.counts.snapshot()
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	counts["queued"] = int64(len(s.hooks.queue))
	return counts
}
