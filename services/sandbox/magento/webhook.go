package magento

import (
	"bytes"
	"container/heap"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// How a webhook proves where it comes from.
const (
	SchemeHMAC   = "hmac-sha256" // a hex HMAC-SHA256 of the raw body
	SchemeBearer = "bearer"      // the secret as a Bearer token
	SchemeNone   = "none"
)

// The shapes of a webhook's body.
const (
	BodyEvent = "event" // {"event": "...", "data": {...}}, data as the PHP model holds it
	BodyBare  = "bare"  // the record as REST answers it
)

// Webhook is a receiver of events.
type Webhook struct {
	ID  int64  `json:"id"`
	URL string `json:"url"`
	// Scheme is one of the Scheme constants; empty means SchemeHMAC.
	Scheme string `json:"scheme"`
	Secret string `json:"secret,omitempty"`
	// Header carries the signature. The default of SchemeHMAC is
	// X-Hub-Signature-256 with the value sha256=<hex>; under any other name,
	// such as x-magento-signature, the value is the bare hex.
	Header string `json:"header"`
	// Body is one of the Body constants; empty means BodyEvent.
	Body string `json:"body"`
	// Events limits what is sent; empty means the save events of orders and
	// customers.
	Events []string `json:"events"`
}

const hubSignature = "X-Hub-Signature-256"

func (w *Webhook) setDefaults() error {
	u, err := url.Parse(w.URL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return fmt.Errorf("magento: webhook url %q is not an http address", w.URL)
	}
	w.Scheme, w.Body = orText(w.Scheme, SchemeHMAC), orText(w.Body, BodyEvent)
	switch w.Scheme {
	case SchemeHMAC:
		w.Header = orText(w.Header, hubSignature)
	case SchemeBearer:
		w.Header = orText(w.Header, "Authorization")
	case SchemeNone:
	default:
		return fmt.Errorf("magento: webhook scheme %q", w.Scheme)
	}
	if w.Scheme != SchemeNone && w.Secret == "" {
		return fmt.Errorf("magento: webhook %s needs a secret", w.URL)
	}
	if w.Body != BodyEvent && w.Body != BodyBare {
		return fmt.Errorf("magento: webhook body %q", w.Body)
	}
	if len(w.Events) == 0 {
		w.Events = []string{eventOrderSave, eventOrderCommit, eventCustomerSave, eventCustomerCommit}
	}
	return nil
}

// sign sets the header that proves the body.
func (w *Webhook) sign(header http.Header, body []byte) {
	switch w.Scheme {
	case SchemeHMAC:
		mac := hmac.New(sha256.New, []byte(w.Secret))
		mac.Write(body)
		signature := hex.EncodeToString(mac.Sum(nil))
		if strings.EqualFold(w.Header, hubSignature) {
			signature = "sha256=" + signature
		}
		header.Set(w.Header, signature)
	case SchemeBearer:
		header.Set(w.Header, "Bearer "+w.Secret)
	}
}

// WebhookFaults is what goes wrong with events on their way.
type WebhookFaults struct {
	// DropRate is the share that is never sent: only a sweep finds the change.
	DropRate float64 `json:"dropRate"`
	// DuplicateRate is the share that is sent twice.
	DuplicateRate float64 `json:"duplicateRate"`
	// DelayMax delays each event by a random part of itself.
	DelayMax time.Duration `json:"delayMax"`
	// ReorderRate is the share that later events overtake.
	ReorderRate float64 `json:"reorderRate"`
}

func (f WebhookFaults) validate() error {
	for _, rate := range []float64{f.DropRate, f.DuplicateRate, f.ReorderRate} {
		if rate < 0 || rate > 1 {
			return fmt.Errorf("magento: rate %v is not a share between 0 and 1", rate)
		}
	}
	if f.DelayMax < 0 {
		return fmt.Errorf("magento: delay %v is negative", f.DelayMax)
	}
	return nil
}

// The counters of deliveries.
const (
	countSent      = "sent"      // attempts made
	countDelivered = "delivered" // answered 2xx
	countRetried   = "retried"   // attempts after the first
	countGaveUp    = "gaveUp"    // out of attempts, or answered a final 4xx
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
	log      *slog.Logger
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
	body    []byte
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

func newHooks(cfg Config) *hooks {
	return &hooks{
		attempts: cfg.WebhookAttempts, backoff: cfg.WebhookBackoff, log: cfg.Logger,
		rng: rand.New(rand.NewPCG(cfg.Seed, 0x686f6f6b)), wake: make(chan struct{}, 1),
	}
}

func (h *hooks) add(w Webhook) (Webhook, error) {
	if err := w.setDefaults(); err != nil {
		return w, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	w.ID = int64(len(h.list) + 1)
	h.list = append(h.list, &w)
	return w, nil
}

func (h *hooks) webhooks() []Webhook {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]Webhook, len(h.list))
	for i, w := range h.list {
		out[i] = *w
	}
	return out
}

// emit queues an event for each receiver that wants it. body is asked once per
// shape, and not at all when nobody wants the event.
func (h *hooks) emit(event string, body func(shape string) []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	bodies := map[string][]byte{}
	for _, w := range h.list {
		if !slices.Contains(w.Events, event) && !slices.Contains(w.Events, "*") {
			continue
		}
		if bodies[w.Body] == nil {
			bodies[w.Body] = body(w.Body)
		}
		h.schedule(&delivery{hook: w, event: event, body: bodies[w.Body], due: time.Now()})
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
	if duplicate < f.DuplicateRate {
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
	return heap.Pop(&h.queue).(*delivery), 0
}

// run delivers until ctx ends and leaves no request under way.
func (h *hooks) run(ctx context.Context) error {
	client := &http.Client{
		Timeout:       deliveryTimeout,
		Transport:     &http.Transport{MaxIdleConnsPerHost: 16},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	var group errgroup.Group
	group.SetLimit(16)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		d, wait := h.next(time.Now())
		if d != nil {
			group.Go(func() error {
				h.deliver(ctx, client, d)
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

// deliver sends once and queues a retry when the answer allows one: no answer,
// 429, and 5xx are tried again, everything else is final.
func (h *hooks) deliver(ctx context.Context, client *http.Client, d *delivery) {
	d.attempt++
	h.counts.count(countSent)
	if d.attempt > 1 {
		h.counts.count(countRetried)
	}
	status, retryAfter, err := post(ctx, client, d)
	switch {
	case err == nil && status/100 == 2:
		h.counts.count(countDelivered)
		return
	case ctx.Err() != nil:
		return
	}
	retry := err != nil || status == http.StatusTooManyRequests || status >= 500
	if !retry || d.attempt >= h.attempts {
		h.counts.count(countGaveUp)
		h.log.DebugContext(ctx, "webhook given up", "event", d.event, "url", d.hook.URL, "status", status, "attempts", d.attempt, "error", err)
		return
	}
	wait := min(time.Duration(d.attempt*d.attempt)*h.backoff, time.Minute)
	h.mu.Lock()
	defer h.mu.Unlock()
	d.due = time.Now().Add(max(wait, retryAfter))
	heap.Push(&h.queue, d)
	h.signal()
}

func post(ctx context.Context, client *http.Client, d *delivery) (status int, retryAfter time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.hook.URL, bytes.NewReader(d.body))
	if err != nil {
		return 0, 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "GuzzleHttp/7")
	d.hook.sign(req.Header, d.body)
	resp, err := client.Do(req)
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

// AddWebhook registers a receiver and returns it with its defaults filled in.
func (s *Server) AddWebhook(w Webhook) (Webhook, error) { return s.hooks.add(w) }

// Webhooks returns the registered receivers.
func (s *Server) Webhooks() []Webhook { return s.hooks.webhooks() }

// SetWebhookFaults replaces what goes wrong with events.
func (s *Server) SetWebhookFaults(f WebhookFaults) error {
	if err := f.validate(); err != nil {
		return err
	}
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	s.hooks.faults = f
	return nil
}

// WebhookFaults returns what goes wrong with events.
func (s *Server) WebhookFaults() WebhookFaults {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	return s.hooks.faults
}

// WebhookCounts returns how many deliveries were sent, delivered, retried and
// gaveUp, how often each fault fired, and how many are queued.
func (s *Server) WebhookCounts() map[string]int64 {
	counts := s.hooks.counts.snapshot()
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	counts["queued"] = int64(len(s.hooks.queue))
	return counts
}
