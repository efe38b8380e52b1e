package ingest

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/scrub"
	"github.com/magpie-integration/magpie/libs/webhook"
)

// adobeIO takes a delivery of Adobe I/O Events: one event or several. Adobe
// drops what is answered with 4xx, so an event that can't be used is kept as a
// dead letter; 503 makes it come again, whole, and what was stored is known by
// its id.
func (d *door) adobeIO(w http.ResponseWriter, req *http.Request, pair string, body []byte) {
	list, err := webhook.CloudEvents(body)
	if err != nil {
		// Not even an event: one letter for the whole body.
		list = nil
		if refused := d.bury(req.Context(), pair, webhook.CloudEvent{Raw: body}, unreadable(err).Error); refused != nil {
			d.refuse(w, pair, refused)
			return
		}
	}
	for _, e := range list {
		if refused := d.takeEvent(req.Context(), pair, e); refused != nil {
			refused.status = http.StatusServiceUnavailable
			d.refuse(w, pair, refused)
			return
		}
	}
	d.accept(w, pair)
}

// takeEvent stores an event as a notice or as a dead letter. It is refused only
// where it should come again.
func (d *door) takeEvent(ctx context.Context, pair string, e webhook.CloudEvent) *refusal {
	notice, err := e.Notice()
	if err != nil {
		return d.bury(ctx, pair, e, unreadable(err).Error)
	}
	refused := d.store(ctx, pair, notice, noticeID(pair, notice.DeliveryID, nil))
	if refused != nil && !refused.comesAgain() {
		return d.bury(ctx, pair, e, refused.Error)
	}
	return refused
}

// bury keeps an event that can't be used as a dead letter, without card data.
// It was never a message of ours, so it can't be replayed: who works it mends
// the subscription; the sweep finds the record.
func (d *door) bury(ctx context.Context, pair string, e webhook.CloudEvent, f *failure.Error) *refusal {
	now := time.Now().UTC()
	id := noticeID(pair, e.ID, e.Raw)
	key, entity := events.Key(e.ID), events.Entity(e.Entity())
	if key == "" || len(key) > maxLetterKey {
		key = events.Key(id)
	}
	if entity == "" {
		entity = "unknown"
	}
	_, err := d.pub.Publish(ctx, bus.Message{
		Subject: events.DeadSubject(pair, events.RoleIngest, entity, key),
		Type:    events.DeadType,
		ID:      "dead:ingest:" + id,
		Data: events.DeadLetter{
			Kind: string(f.Kind), Code: f.Code, Reason: f.Reason, Field: f.Field, Fix: f.Fix,
			Tries: 1, First: now, Last: now, Message: kept(e.Raw),
		},
	})
	if err != nil {
		return notStored(ctx, pair, err)
	}
	d.metrics.DeadLetter(string(events.RoleIngest), string(f.Kind), f.Code)
	slog.WarnContext(ctx, "dead letter", "role", "ingest", "pair", pair, "code", f.Code, "reason", f.Reason)
	return nil
}

// kept is a body as a letter keeps it: scrubbed, and of a very long one the head.
func kept(body []byte) events.Message {
	clean, _ := scrub.JSON(body)
	m := events.Message{Headers: map[string]string{"content-type": "application/cloudevents+json"}}
	switch {
	case len(clean) > maxKept:
		m.Raw = clean[:maxKept]
	case json.Valid(clean):
		m.Body = clean
	default:
		m.Raw = clean
	}
	return m
}

// maxKept bounds the body in a letter, in bytes: NATS takes messages of 1 MiB,
// and what is not JSON is written in base64.
const maxKept = 512 << 10

// maxLetterKey bounds an event's id as the key of its letter; Adobe's are UUIDs.
const maxLetterKey = 64

// Bounds of the questions by which Adobe I/O Events makes sure of an address.
const (
	maxChallenge   = 256 // Adobe's are UUIDs
	validationWait = 10 * time.Second
)

// challenge answers Adobe's question by its own words.
func (d *door) challenge(w http.ResponseWriter, req *http.Request) {
	pair := chi.URLParam(req, "pair")
	_, known := d.cfg.Hooks[pair]
	switch {
	case !known:
		d.refuse(w, "", unknownPair)
		return
	case !d.takesAdobeIO(pair):
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	words := req.URL.Query().Get("challenge")
	if words == "" || len(words) > maxChallenge {
		d.refuse(w, pair, &refusal{status: http.StatusBadRequest, Error: failure.Rejected("ingest.challenge", "challenge",
			"a GET is Adobe's question ?challenge=..., and there is none", "send webhooks by POST")})
		return
	}
	d.metrics.Webhook(pair, http.StatusOK)
	// As plain text only, whatever a stranger may put there.
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = io.WriteString(w, words) //nolint:gosec // as above
}

func (d *door) takesAdobeIO(pair string) bool {
	return slices.ContainsFunc(d.cfg.Hooks[pair], func(h Hook) bool { return h.Config.Scheme == webhook.AdobeIO })
}

// validation answers Adobe's other question, a POST with a URL that is to be
// called, and tells whether the body was one. Anyone can send it, so only
// Adobe's host is called, and one at a time.
func (d *door) validation(w http.ResponseWriter, req *http.Request, pair string, body []byte) bool {
	if !d.takesAdobeIO(pair) {
		return false
	}
	url, err := webhook.ValidationURL(body)
	switch {
	case err != nil:
		d.refuse(w, pair, unreadable(err))
		return true
	case url == "":
		return false
	}
	select {
	case d.validating <- struct{}{}:
	default:
		d.refuse(w, pair, &refusal{status: http.StatusServiceUnavailable, after: 5, Error: &failure.Error{
			Code: "ingest.busy", Reason: "another validation is under way", Fix: "send it again in some seconds",
		}})
		return true
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(req.Context()), validationWait)
	go func() {
		defer func() { cancel(); <-d.validating }()
		d.validate(ctx, pair, url)
	}()
	d.metrics.Webhook(pair, http.StatusOK)
	w.WriteHeader(http.StatusOK)
	return true
}

func newValidator(transport http.RoundTripper) *http.Client {
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // to Adobe's host and nowhere else
	}}
}

// validate calls the URL. It is a key of its own kind, so it is not logged.
func (d *door) validate(ctx context.Context, pair, url string) {
	log := slog.With("role", "ingest", "pair", pair)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		log.WarnContext(ctx, "Adobe's validation URL can't be used")
		return
	}
	resp, err := d.validator.Do(req)
	if err != nil {
		log.WarnContext(ctx, "Adobe's validation URL can't be called; open it from the registration in Adobe's Developer Console", "host", req.URL.Host)
		return
	}
	_ = resp.Body.Close() // its status says all
	log.InfoContext(ctx, "Adobe's validation URL was called", "host", req.URL.Host, "status", resp.StatusCode)
}
