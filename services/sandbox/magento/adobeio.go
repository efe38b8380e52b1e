package magento

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
)

// What Adobe I/O Events promises about a delivery.
const (
	ioTimeout   = 10 * time.Second // with the connection
	ioGiveUp    = 24 * 60          // minutes of retries
	ioSignature = "x-adobe-digital-signature-"
	ioProvider  = "5d3a2b1c-sandbox-store"
)

// ioBackoff are the minutes before each retry; the last repeats.
var ioBackoff = []int{1, 2, 4, 8, 15}

// ioRetry is the wait after an answer; 505 is final, as every 4xx but 429.
func ioRetry(d *delivery, status int) (time.Duration, bool) {
	waited := 0
	for n := range d.attempt {
		waited += ioBackoff[min(n, len(ioBackoff)-1)]
	}
	wait := time.Duration(ioBackoff[min(d.attempt, len(ioBackoff))-1]) * time.Duration(d.hook.Minute)
	return wait, status != http.StatusHTTPVersionNotSupported && waited <= ioGiveUp
}

// envelop turns the value of a delivery into a CloudEvent. It reports whether
// the delivery goes out on its own: of a batch, only the one that opens it does.
func (w *Webhook) envelop(d *delivery, metadata []byte) bool {
	d.id = uuid.NewString()
	d.body = cloudEvent(w.ClientID, observer+d.event, d.id, d.body, metadata)
	if !w.Batch {
		return true
	}
	w.batch = append(w.batch, d.body)
	d.body = nil
	d.due = d.due.Add(time.Duration(w.Minute)) // cron sends them each minute
	return len(w.batch) == 1
}

// takeBatch is all that waits, as one body; the lock of the hooks is held.
func (w *Webhook) takeBatch() []byte {
	body := append([]byte{'['}, bytes.Join(w.batch, []byte{','})...)
	w.batch = nil
	return append(body, ']')
}

func cloudEvent(client, code, id string, value, metadata []byte) []byte {
	w := &phpWriter{}
	w.object("", func() {
		w.textAlways("specversion", "1.0")
		w.textAlways("id", uuid.NewString())
		w.textAlways("source", "urn:uuid:"+ioProvider)
		w.textAlways("type", "com.adobe.commerce."+code)
		w.textAlways("datacontenttype", "application/json")
		w.textAlways("time", time.Now().UTC().Format("2006-01-02T15:04:05.000Z"))
		w.textAlways("eventid", id)
		w.textAlways("event_id", id)
		w.textAlways("recipientclientid", client)
		w.textAlways("recipient_client_id", client)
		w.object("data", func() {
			w.textAlways("key", uuid.NewString())
			w.raw("value", value)
			w.textAlways("source", "sandbox.store")
			w.raw("_metadata", metadata)
		})
	})
	return w.buf
}

// ioHeaders adds the two signatures of the raw body and where their keys are.
func (h *hooks) ioHeaders(header http.Header, d *delivery) error {
	for n, name := range keysOf[SchemeAdobeIO] {
		key := h.keys.get(name)
		signature, err := key.sign(d.body)
		if err != nil {
			return err
		}
		number := strconv.Itoa(n + 1)
		header.Set(ioSignature+number, signature)
		header.Set("x-adobe-public-key"+number+"-path", key.path())
	}
	header.Set("User-Agent", "Adobe/1.0")
	header.Set("x-adobe-provider", ioProvider)
	header.Set("x-adobe-event-code", "com.adobe.commerce."+observer+d.event)
	if d.hook.Batch {
		header.Set("Content-Type", "application/cloudevents-batch+json")
	} else {
		header.Set("x-adobe-event-id", d.id)
	}
	if d.attempt > 1 {
		header.Set("x-adobe-retry-count", strconv.Itoa(d.attempt-1))
	}
	return nil
}

// challengeEvery is how often a receiver is asked that has not answered.
const challengeEvery = time.Second

// challenge asks unverified receivers until ctx ends.
func (h *hooks) challenge(ctx context.Context) error {
	for ctx.Err() == nil {
		for _, w := range h.webhooks() {
			if w.Status == statusUnverified {
				h.verify(ctx, w)
			}
		}
		_ = pause(ctx, challengeEvery)
	}
	return nil
}

// verify asks a receiver for the challenge; one that doesn't know the answer is
// told an address to fetch instead, and is active once it has.
func (h *hooks) verify(ctx context.Context, w Webhook) {
	ctx, cancel := context.WithTimeout(ctx, ioTimeout)
	defer cancel()
	err := h.ask(ctx, w)
	if err == nil {
		h.activate(w.token)
		return
	}
	h.log.DebugContext(ctx, "challenge not answered", "url", w.URL, "error", err)
	if w.ValidationURL == "" {
		return
	}
	body, _ := json.Marshal(map[string]string{"validationUrl": strings.TrimRight(w.ValidationURL, "/") + validation + w.token})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := h.client.Do(req)
	if err != nil {
		h.log.DebugContext(ctx, "validation address not taken", "url", w.URL, "error", err)
		return
	}
	_ = resp.Body.Close()
}

// ask sends the challenge and checks the answer: the text itself, or JSON.
func (h *hooks) ask(ctx context.Context, w Webhook) error {
	u, err := url.Parse(w.URL)
	if err != nil {
		return err
	}
	q := u.Query()
	q.Set("challenge", w.token)
	u.RawQuery = q.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	resp, err := h.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil {
		return err
	}
	said := string(raw)
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		var answer struct {
			Challenge string `json:"challenge"`
		}
		if err := json.Unmarshal(raw, &answer); err != nil {
			return err
		}
		said = answer.Challenge
	}
	if resp.StatusCode != http.StatusOK || said != w.token {
		return fmt.Errorf("answered %s %.40q", resp.Status, said)
	}
	return nil
}

// activate marks the receiver of a token, and reports whether there is one.
func (h *hooks) activate(token string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range h.list {
		if w.token == token && token != "" {
			w.Status = statusActive
			return true
		}
	}
	return false
}

// validation is the path that a receiver fetches instead of answering.
const validation = "/_sandbox/webhooks/validation/"

func (s *Server) adminValidate(w http.ResponseWriter, r *http.Request) {
	if !s.hooks.activate(chi.URLParam(r, "token")) {
		http.NotFound(w, r)
	}
}
