package magento

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// observer and placePlugin are Adobe's names for what a hook listens to.
const (
	observer    = "observer."
	placePlugin = "plugin.magento.sales.api.order_management.place"
)

const signatureHeader = "x-adobe-commerce-webhook-signature"

// The counters of calls that are made within a save.
const (
	countAsked   = "asked"
	countAborted = "aborted" // the save was given up
)

// ask calls the Adobe Commerce Webhooks of an order's event.
func (s *Server) ask(ctx context.Context, event string, o *order) error {
	return s.askHooks(ctx, event, func() []byte { return adobeBody(event, o) })
}

// askHooks calls the Adobe Commerce Webhooks of an event, one after the other,
// and waits for their answers: it happens within the save and before its commit.
// An error is what the caller of the save is told.
func (s *Server) askHooks(ctx context.Context, event string, render func() []byte) error {
	for _, w := range s.hooks.asking(event) {
		s.hooks.counts.count(countAsked)
		body := render()
		err := s.askOne(ctx, w, body)
		var stop *restError
		switch {
		case err == nil:
		case errors.As(err, &stop):
			s.hooks.counts.count(countAborted)
			return stop
		case w.Optional:
			s.cfg.Logger.WarnContext(ctx, "webhook failed, and is not required", "url", w.URL, "event", event, "error", err)
		default:
			s.hooks.counts.count(countAborted)
			s.cfg.Logger.DebugContext(ctx, "webhook failed", "url", w.URL, "event", event, "error", err)
			return badRequest(orText(w.FallbackMessage, "Cannot perform the operation due to an error."))
		}
	}
	return nil
}

// asking are the hooks of an event.
func (h *hooks) asking(event string) []Webhook {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []Webhook
	for _, w := range h.list {
		if w.Scheme == SchemeAdobeWebhooks && slices.Contains(w.Events, event) {
			out = append(out, *w)
		}
	}
	return out
}

// adobeBody is what a hook without a list of fields gets: an observer the event
// and its data, a plugin the arguments and the result.
func adobeBody(event string, o *order) []byte {
	w := &phpWriter{model: true}
	order := func() {
		w.orderModelID(o)
		w.orderModel(o)
	}
	w.object("", func() {
		if !strings.HasPrefix(event, observer) {
			w.object("order", order)
			w.object("result", order)
			return
		}
		w.textAlways("eventName", event)
		w.object("data", func() { w.object("order", order) })
	})
	return w.buf
}

// askOne returns a restError for an answer that forbids the save, and another
// error for a hook that failed.
func (s *Server) askOne(ctx context.Context, w Webhook, body []byte) error {
	if w.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(w.Timeout))
		defer cancel()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("x-adobe-commerce-request-id", uuid.NewString())
	if !w.Unsigned {
		// The signed bytes are the base64 text of the body, not the body.
		signature, err := s.keys.get(keyAdobe).sign([]byte(base64.StdEncoding.EncodeToString(body)))
		if err != nil {
			return err
		}
		req.Header.Set(signatureHeader, signature)
	}
	resp, err := s.hooks.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("answered %s", resp.Status)
	}
	return obey(answer)
}

// operation is one thing that a hook wants; add, replace and remove change
// results that an order's save doesn't have.
type operation struct {
	Op      string `json:"op"`
	Message string `json:"message"`
}

// obey reads the answer of a hook: one operation or a list.
func obey(answer []byte) error {
	var list []operation
	if err := json.Unmarshal(answer, &list); err != nil {
		var single operation
		if err := json.Unmarshal(answer, &single); err != nil {
			return fmt.Errorf("answered %.80q, which is no operation", answer)
		}
		list = []operation{single}
	}
	for _, o := range list {
		switch o.Op {
		case "success", "add", "replace", "remove":
		case "exception":
			return badRequest(orText(o.Message, "Cannot perform the operation due to an error."))
		default:
			return fmt.Errorf("answered the unknown operation %q", o.Op)
		}
	}
	return nil
}
