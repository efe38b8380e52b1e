// Package ingest is the door for webhooks. It faces the internet and knows
// nothing: it verifies the sender, publishes a thin notice, and answers 2xx
// when the stream has it. It holds no API credential, and of the record in the
// body it keeps the key only, so no card data can come in here.
//
//	POST /hooks/magento/{pair}[/event-name]
//
//	202  the notice is stored
//	400  the body is not JSON (with the offset), or too deep
//	401  no configured secret signed it
//	404  no such pair
//	413  larger than a webhook may be
//	422  an event that is not known (with the known ones), or no key in it
//	429  too many at once; Retry-After says when
//	503  the stream can't take it; Retry-After says when
//
// Whatever is answered with 4xx or 5xx is not lost for good: the sweep finds
// the record.
package ingest

import (
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

// Hook is one form of webhook that a pair accepts.
type Hook struct {
	Config   webhook.Config
	Verifier *webhook.Verifier
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
}

// Handler is the door.
func Handler(pub Publisher, cfg Config, m *telemetry.Metrics) http.Handler {
	if cfg.MaxBody == 0 {
		cfg.MaxBody = 1 << 20
	}
	if cfg.AtOnce == 0 {
		cfg.AtOnce = 256
	}
	d := &door{pub: pub, cfg: cfg, metrics: m, room: make(chan struct{}, cfg.AtOnce)}
	r := chi.NewRouter()
	r.Post("/hooks/magento/{pair}", d.magento)
	r.Post("/hooks/magento/{pair}/*", d.magento)
	return r
}

type door struct {
	pub     Publisher
	cfg     Config
	metrics *telemetry.Metrics
	room    chan struct{}
}

func (d *door) magento(w http.ResponseWriter, req *http.Request) {
	pair := chi.URLParam(req, "pair")
	hooks, known := d.cfg.Hooks[pair]
	if !known {
		d.refuse(w, "", http.StatusNotFound, failure.Rejected("ingest.pair", "pair", "no pair of this name takes webhooks",
			"look at the URL: /hooks/magento/<pair>, as named in the configuration"))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, d.cfg.MaxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		d.refuse(w, pair, http.StatusRequestEntityTooLarge, failure.Rejected("ingest.too_large", "", fmt.Sprintf("a webhook may have %d bytes", tooLarge.Limit),
			"send the fields of the record only; the rest is read by the API"))
		return
	}
	if err != nil {
		d.refuse(w, pair, http.StatusBadRequest, failure.Rejected("ingest.body", "", "the body could not be read: "+err.Error(), "send it again"))
		return
	}
	hook, err := sender(hooks, req.Header, body)
	if err != nil {
		d.refuse(w, pair, http.StatusUnauthorized, failure.Of(err))
		return
	}
	notice, err := webhook.Parse(hook.Config, req.Header, chi.URLParam(req, "*"), body)
	var key events.Key
	if err == nil {
		key, err = keyOf(notice)
	}
	if err != nil {
		status, f := unreadable(err)
		d.refuse(w, pair, status, f)
		return
	}
	select {
	case d.room <- struct{}{}:
		defer func() { <-d.room }()
	default:
		w.Header().Set("Retry-After", "1")
		d.refuse(w, pair, http.StatusTooManyRequests, &failure.Error{
			Code: "ingest.busy", Reason: "too many webhooks wait to be stored", Fix: "send it again in a second",
		})
		return
	}
	if err := d.publish(req.Context(), pair, key, notice, body); err != nil {
		w.Header().Set("Retry-After", "5")
		slog.ErrorContext(req.Context(), "a webhook can't be stored", "role", "ingest", "pair", pair, "error", err)
		d.refuse(w, pair, http.StatusServiceUnavailable, &failure.Error{
			Code: "ingest.not_stored", Reason: "the webhook can't be stored at the moment", Fix: "send it again; nothing was kept of it",
		})
		return
	}
	d.metrics.Webhook(pair, http.StatusAccepted)
	w.WriteHeader(http.StatusAccepted)
}

// sender finds the form whose secret signed the body.
func sender(hooks []Hook, h http.Header, body []byte) (Hook, error) {
	refusal := error(failure.Rejected("ingest.no_webhook", "webhooks", "this pair takes no webhooks", "add one to magento.webhooks in the configuration"))
	for _, hook := range hooks {
		if refusal = hook.Verifier.Verify(h, body); refusal == nil {
			return hook, nil
		}
	}
	return Hook{}, refusal
}

// unreadable gives the status and the reason for a body that was signed and
// can't be used.
func unreadable(err error) (int, *failure.Error) {
	f := failure.Of(err)
	var syntax *webhook.SyntaxError
	var unknown *webhook.UnknownEventError
	switch {
	case errors.As(err, &syntax):
		return http.StatusBadRequest, failure.Rejected(f.Code, "", syntax.Error(), "send JSON")
	case f.Code == "webhook.too_deep":
		return http.StatusBadRequest, f
	case errors.As(err, &unknown):
		return http.StatusUnprocessableEntity, failure.Rejected(f.Code, "event", unknown.Error(), "send one of the known events")
	}
	return http.StatusUnprocessableEntity, f
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

func (d *door) publish(ctx context.Context, pair string, key events.Key, n webhook.Notice, body []byte) error {
	entity := events.Entity(n.Entity)
	_, err := d.pub.Publish(telemetry.WithKey(ctx, pair, n.Entity, string(key)), bus.Message{
		Subject: events.NoticeSubject(pair, events.Magento, entity, key),
		Type:    events.TypeName(events.Magento, entity, "noticed"),
		ID:      noticeID(pair, n.DeliveryID, body),
		Data:    events.Notice{Event: n.Event, Via: "webhook", At: time.Now().UTC(), StoreID: n.StoreID},
	})
	return err
}

// noticeID is the sender's own id of the delivery, together with the body (a
// sender may number its deliveries badly), so that a repeated delivery is one
// notice; without such an id every webhook is a notice of its own.
func noticeID(pair, delivery string, body []byte) string {
	if delivery == "" {
		return uuid.Must(uuid.NewV7()).String()
	}
	sum := sha256.Sum256(append([]byte(pair+"\n"+delivery+"\n"), body...))
	return hex.EncodeToString(sum[:16])
}

// refuse answers with the reason, as JSON. What a stranger sent is not said back.
func (d *door) refuse(w http.ResponseWriter, pair string, status int, f *failure.Error) {
	d.metrics.Webhook(pair, status)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	body := map[string]string{"code": f.Code, "error": f.Reason, "status": strconv.Itoa(status)}
	if f.Field != "" {
		body["field"] = f.Field
	}
	if f.Fix != "" {
		body["fix"] = f.Fix
	}
	_ = json.NewEncoder(w).Encode(body) // the sender may be gone
}
