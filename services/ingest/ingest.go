// Package ingest is the door for webhooks. It faces the internet and knows
// nothing: it verifies the sender, publishes a thin notice, and answers 2xx
// when the stream has it. It holds no API credential, and of the record in the
// body it keeps the key only, so no card data can come in here. It publishes
// notices, and dead letters of its own role.
//
//	POST /hooks/magento/{pair}[/event-name]
//	GET  /hooks/magento/{pair}?challenge=X   Adobe I/O Events asks whether this is ours
//
//	200  the answer to Adobe's webhooks and questions (adobewebhooks.go, adobeio.go)
//	202  the notice is stored
//	400  the body is not JSON (with the offset), or too deep
//	401  no configured secret signed it
//	404  no such pair
//	413  larger than a webhook may be
//	422  an event that is not known (with the known ones), or no key in it
//	429  too many at once; Retry-After says when
//	503  the stream can't take it, or Adobe's key can't be fetched; Retry-After says when
//
// Whatever is answered with 4xx or 5xx is not lost for good: the sweep finds
// the record.
package ingest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/telemetry"
	"github.com/magpie-integration/magpie/libs/webhook"
)

// Publisher is all that ingest may do to the bus.
type Publisher interface {
	Publish(ctx context.Context, m bus.Message) (bus.Ack, error)
}

// Verifier proves who sent a webhook. An error of a transient kind (package
// failure) says that it can't be told now; any other refuses the sender.
// [webhook.Verifier] is the one that is used.
type Verifier interface {
	Verify(ctx context.Context, h http.Header, body []byte) error
}

// Hook is one form of webhook that a pair accepts.
type Hook struct {
	Config   webhook.Config
	Verifier Verifier
}

// Config of the door.
type Config struct {
	// Hooks are the accepted forms, by pair.
	Hooks map[string][]Hook
	// MaxBody bounds a body, in bytes; zero means 1 MiB.
	MaxBody int64
	// AtOnce bounds the webhooks that wait for the stream; zero means 256. More
	// are told to come again: the sender's queue is longer than ours.
	AtOnce int
	// AckWait bounds how long a webhook that holds up a checkout waits for the
	// stream; zero means 2 s.
	AckWait time.Duration
	// Transport carries the answer to Adobe's validation of this address; nil
	// means http.DefaultTransport.
	Transport http.RoundTripper
}

// Handler is the door.
func Handler(pub Publisher, cfg Config, m *telemetry.Metrics) http.Handler {
	cfg.MaxBody = cmp.Or(cfg.MaxBody, 1<<20)
	cfg.AtOnce = cmp.Or(cfg.AtOnce, 256)
	cfg.AckWait = cmp.Or(cfg.AckWait, 2*time.Second)
	d := &door{
		pub: pub, cfg: cfg, metrics: m, room: make(chan struct{}, cfg.AtOnce),
		validating: make(chan struct{}, 1), validator: newValidator(cfg.Transport),
	}
	r := chi.NewRouter()
	for _, path := range []string{"/hooks/magento/{pair}", "/hooks/magento/{pair}/*"} {
		r.Post(path, d.magento)
		r.Get(path, d.challenge)
	}
	return r
}

type door struct {
	pub     Publisher
	cfg     Config
	metrics *telemetry.Metrics
	room    chan struct{} // has place for the webhooks that wait for the stream

	validating chan struct{} // has place for the one validation that is under way
	validator  *http.Client
}

// refusal is the answer to a webhook that is not taken.
type refusal struct {
	*failure.Error
	status int
	after  int // Retry-After in seconds, if it should come again
}

// comesAgain tells whether the same webhook may be taken later.
func (r *refusal) comesAgain() bool { return r.after > 0 }

// magento takes one webhook: who sent it decides how it is answered.
func (d *door) magento(w http.ResponseWriter, req *http.Request) {
	pair := chi.URLParam(req, "pair")
	hooks, known := d.cfg.Hooks[pair]
	if !known {
		d.refuse(w, "", unknownPair)
		return
	}
	body, refused := d.read(w, req)
	if refused != nil {
		d.refuse(w, pair, refused)
		return
	}
	if d.validation(w, req, pair, body) {
		return
	}
	hook, refused := sender(req.Context(), hooks, req.Header, body)
	if refused != nil {
		d.refuse(w, pair, refused)
		return
	}
	switch hook.Config.Scheme {
	case webhook.AdobeWebhooks:
		d.adobeWebhook(w, req, pair, hook, body)
	case webhook.AdobeIO:
		d.adobeIO(w, req, pair, body)
	default:
		if refused := d.take(req.Context(), pair, hook, req, body); refused != nil {
			d.refuse(w, pair, refused)
			return
		}
		d.accept(w, pair)
	}
}

var unknownPair = &refusal{status: http.StatusNotFound, Error: failure.Rejected("ingest.pair", "pair", "no pair of this name takes webhooks",
	"look at the URL: /hooks/magento/<pair>, as named in the configuration")}

// firstRead is how much room a body gets before it has come, in bytes: most
// orders fit, and a stranger can't claim much by a header.
const firstRead = 32 << 10

func (d *door) read(w http.ResponseWriter, req *http.Request) ([]byte, *refusal) {
	size := min(max(req.ContentLength, 0), firstRead)
	// A buffer wants room for one more read, to see the end.
	body := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead))
	_, err := body.ReadFrom(http.MaxBytesReader(w, req.Body, d.cfg.MaxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, &refusal{status: http.StatusRequestEntityTooLarge, Error: failure.Rejected("ingest.too_large", "",
			fmt.Sprintf("a webhook may have %d bytes", tooLarge.Limit), "send the fields of the record only; the rest is read by the API")}
	}
	if err != nil {
		return nil, &refusal{status: http.StatusBadRequest, Error: failure.Rejected("ingest.body", "",
			"the body could not be read: "+err.Error(), "send it again")}
	}
	return body.Bytes(), nil
}

// sender finds the form whose secret signed the body. Of the reasons of several
// forms the most telling is given: that a key could not be fetched, then that a
// signature is wrong, then that there is none.
func sender(ctx context.Context, hooks []Hook, h http.Header, body []byte) (Hook, *refusal) {
	best := failure.Rejected("ingest.no_webhook", "webhooks", "this pair takes no webhooks", "add one to magento.webhooks in the configuration")
	told := -1
	for _, hook := range hooks {
		err := hook.Verifier.Verify(ctx, h, body)
		if err == nil {
			return hook, nil
		}
		f := failure.Of(err)
		telling := 1
		switch {
		case f.Kind == failure.KindTransient:
			telling = 2
		case f.Code == "webhook.signature_missing":
			telling = 0
		}
		if telling >= told {
			best, told = f, telling
		}
	}
	if best.Kind == failure.KindTransient {
		slog.WarnContext(ctx, "a webhook can't be verified", "role", "ingest", "error", best)
		return Hook{}, &refusal{status: http.StatusServiceUnavailable, after: 5, Error: &failure.Error{
			Code: best.Code, Reason: "the signature can't be checked at the moment", Fix: "send it again; nothing was kept of it",
		}}
	}
	return Hook{}, &refusal{status: http.StatusUnauthorized, Error: best}
}

// take stores a body of one record as a notice.
func (d *door) take(ctx context.Context, pair string, hook Hook, req *http.Request, body []byte) *refusal {
	notice, err := webhook.Parse(hook.Config, req.Header, chi.URLParam(req, "*"), body)
	if err != nil {
		return unreadable(err)
	}
	return d.store(ctx, pair, notice, noticeID(pair, notice.DeliveryID, body))
}

// store publishes a notice and returns when the stream has it.
func (d *door) store(ctx context.Context, pair string, n webhook.Notice, id string) *refusal {
	key, err := keyOf(n)
	if err != nil {
		return unreadable(err)
	}
	select {
	case d.room <- struct{}{}:
		defer func() { <-d.room }()
	default:
		return &refusal{status: http.StatusTooManyRequests, after: 1, Error: &failure.Error{
			Code: "ingest.busy", Reason: "too many webhooks wait to be stored", Fix: "send it again in a second",
		}}
	}
	entity := events.Entity(n.Entity)
	_, err = d.pub.Publish(telemetry.WithKey(ctx, pair, n.Entity, string(key)), bus.Message{
		Subject: events.NoticeSubject(pair, events.Magento, entity, key),
		Type:    events.TypeName(events.Magento, entity, "noticed"),
		ID:      id,
		Data:    events.Notice{Event: n.Event, Via: "webhook", At: time.Now().UTC(), StoreID: n.StoreID},
	})
	if err != nil {
		return notStored(ctx, pair, err)
	}
	return nil
}

func notStored(ctx context.Context, pair string, err error) *refusal {
	slog.ErrorContext(ctx, "a webhook can't be stored", "role", "ingest", "pair", pair, "error", err)
	return &refusal{status: http.StatusServiceUnavailable, after: 5, Error: &failure.Error{
		Code: "ingest.not_stored", Reason: "the webhook can't be stored at the moment", Fix: "send it again; nothing was kept of it",
	}}
}

// unreadable gives the answer to a body that was signed and can't be used.
func unreadable(err error) *refusal {
	f := failure.Of(err)
	var syntax *webhook.SyntaxError
	var unknown *webhook.UnknownEventError
	switch {
	case errors.As(err, &syntax):
		return &refusal{status: http.StatusBadRequest, Error: failure.Rejected(f.Code, "", syntax.Error(), "send JSON")}
	case f.Code == "webhook.too_deep":
		return &refusal{status: http.StatusBadRequest, Error: f}
	case errors.As(err, &unknown):
		return &refusal{status: http.StatusUnprocessableEntity, Error: failure.Rejected(f.Code, "event", unknown.Error(), "send one of the known events")}
	}
	return &refusal{status: http.StatusUnprocessableEntity, Error: f}
}

// keyOf gives the business key, or the internal number where there is none. A
// key of blanks is none.
func keyOf(n webhook.Notice) (events.Key, error) {
	key := events.CanonicalKey(events.Magento, events.Entity(n.Entity), n.Key)
	switch {
	case key != "":
		return key, nil
	case n.ID != 0:
		return events.InternalID(n.ID), nil
	}
	return "", failure.Rejected("webhook.no_key", "", "the body does not say which "+n.Entity+" it is about: its key is blank",
		"send increment_id (or sku) as the store shows it")
}

// noticeID is the sender's own id of the delivery, together with the body (a
// sender may number its deliveries badly), so that a repeated delivery is one
// notice; without such an id every webhook is a notice of its own.
func noticeID(pair, delivery string, body []byte) string {
	if delivery == "" {
		return uuid.Must(uuid.NewV7()).String()
	}
	hash := sha256.New()
	_, _ = io.WriteString(hash, pair+"\n"+delivery+"\n") // a hash takes everything
	_, _ = hash.Write(body)
	return hex.EncodeToString(hash.Sum(nil)[:16])
}

func (d *door) accept(w http.ResponseWriter, pair string) {
	d.metrics.Webhook(pair, http.StatusAccepted)
	w.WriteHeader(http.StatusAccepted)
}

// refuse answers with the reason, as JSON. What a stranger sent is not said back.
func (d *door) refuse(w http.ResponseWriter, pair string, r *refusal) {
	d.metrics.Webhook(pair, r.status)
	w.Header().Set("Content-Type", "application/json")
	if r.comesAgain() {
		w.Header().Set("Retry-After", strconv.Itoa(r.after))
	}
	w.WriteHeader(r.status)
	body := map[string]string{"code": r.Code, "error": r.Reason, "status": strconv.Itoa(r.status)}
	if r.Field != "" {
		body["field"] = r.Field
	}
	if r.Fix != "" {
		body["fix"] = r.Fix
	}
	_ = json.NewEncoder(w).Encode(body) // the sender may be gone
}
