package magento

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// verifies checks an RSA-SHA256 signature with a key as its file shows it.
func verifies(t *testing.T, keyFile, signature string, signed []byte) error {
	t.Helper()
	block, _ := pem.Decode([]byte(keyFile))
	if block == nil {
		t.Fatalf("no PEM: %s", keyFile)
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(signed)
	return rsa.VerifyPKCS1v15(key.(*rsa.PublicKey), crypto.SHA256, sum[:], raw)
}

// hook answers each call with a status and a body, and keeps what was asked.
type hook struct {
	status int
	answer string
	hang   bool
	asked  chan event
}

func (h *hook) listen(s *store, w Webhook) {
	s.t.Helper()
	s.withKeys()
	h.asked = make(chan event, 64)
	released := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		h.asked <- event{header: r.Header, raw: string(raw)}
		if h.hang {
			<-released
		}
		rw.WriteHeader(h.status)
		_, _ = io.WriteString(rw, h.answer)
	}))
	s.t.Cleanup(func() {
		close(released)
		srv.Close()
	})
	w.URL, w.Scheme = srv.URL, SchemeAdobeWebhooks
	if _, err := s.AddWebhook(w); err != nil {
		s.t.Fatal(err)
	}
}

func TestAdobeWebhookIsSigned(t *testing.T) {
	s := open(t)
	h := &hook{status: 200, answer: `{"op":"success"}`}
	h.listen(s, Webhook{})
	s.place(offline())
	e := <-h.asked
	signed := []byte(base64.StdEncoding.EncodeToString([]byte(e.raw)))
	key := s.do("GET", "/_sandbox/webhooks/public-key", "").body
	if err := verifies(t, key, e.header.Get("x-adobe-commerce-webhook-signature"), signed); err != nil {
		t.Errorf("signature: %v", err)
	}
	if err := verifies(t, key, e.header.Get("x-adobe-commerce-webhook-signature"), []byte(e.raw)); err == nil {
		t.Error("the signature is of the body and not of its base64 text")
	}
	if !strings.HasPrefix(e.raw, `{"eventName":"observer.sales_order_save_after","data":{"order":{"entity_id":"1"`) {
		t.Errorf("body %.120s", e.raw)
	}
	if e.header.Get("x-adobe-commerce-request-id") == "" {
		t.Error("no request id")
	}
	if renewed := s.do("POST", "/_sandbox/webhooks/public-key", "").body; renewed == key {
		t.Error("POST made no new key")
	}
	s.place(offline())
	e = <-h.asked
	if err := verifies(t, key, e.header.Get("x-adobe-commerce-webhook-signature"), []byte(base64.StdEncoding.EncodeToString([]byte(e.raw)))); err == nil {
		t.Error("the old key is still good")
	}
}

func TestKeyOutlivesTheStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	var before string
	for range 2 {
		s := open(t, func(c *Config) { c.DB = path })
		key := s.do("GET", "/_sandbox/webhooks/public-key", "").body
		if before != "" && key != before {
			t.Error("the key changed with the process")
		}
		before = key
	}
}

// TestAdobeWebhookDecides is asked before the commit, and its answer is law.
func TestAdobeWebhookDecides(t *testing.T) {
	tests := []struct {
		name    string
		hook    hook
		config  Webhook
		message string // of the refusal; empty places the order
	}{
		{"success", hook{status: 200, answer: `{"op":"success"}`}, Webhook{}, ""},
		{"a list", hook{status: 200, answer: `[{"op":"success"},{"op":"replace","path":"result/x","value":1}]`}, Webhook{}, ""},
		{"exception", hook{status: 200, answer: `{"op":"exception","message":"Not today."}`}, Webhook{}, "Not today."},
		{"exception of an optional hook", hook{status: 200, answer: `{"op":"exception","message":"Not today."}`}, Webhook{Optional: true}, "Not today."},
		{"failure", hook{status: 503}, Webhook{}, "Cannot perform the operation due to an error."},
		{"failure with a text", hook{status: 503}, Webhook{FallbackMessage: "Try later."}, "Try later."},
		{"failure that doesn't matter", hook{status: 503}, Webhook{Optional: true}, ""},
		{"nothing said", hook{status: 200}, Webhook{}, "Cannot perform the operation due to an error."},
		{"accepted, and nothing said", hook{status: 202}, Webhook{Optional: true}, ""},
		{"too slow", hook{status: 200, answer: `{"op":"success"}`, hang: true}, Webhook{Timeout: Duration(10 * time.Millisecond)}, "Cannot perform the operation due to an error."},
		{"too slow, and optional", hook{status: 200, hang: true}, Webhook{Timeout: Duration(10 * time.Millisecond), Optional: true}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			tt.hook.listen(s, tt.config)
			a := s.do("POST", "/_sandbox/orders", `{"payment_method":"checkmo"}`)
			<-tt.hook.asked
			rows, err := s.Orders(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if tt.message == "" {
				if a.status != http.StatusCreated || len(rows) != 1 {
					t.Errorf("%d %s, %d orders", a.status, a.body, len(rows))
				}
				return
			}
			if a.status != http.StatusConflict || !strings.Contains(a.body, tt.message) || len(rows) != 0 {
				t.Errorf("%d %s, %d orders", a.status, a.body, len(rows))
			}
		})
	}
}

func TestAdobeWebhookStopsARESTCall(t *testing.T) {
	s := open(t)
	s.place(offline())
	h := &hook{status: 200, answer: `{"op":"exception","message":"Locked."}`}
	h.listen(s, Webhook{})
	a := s.do("POST", "/rest/V1/orders/1/hold", "")
	if a.status != 400 || a.body != `{"message":"Locked."}` {
		t.Errorf("%d %s", a.status, a.body)
	}
	if got := s.do("GET", "/rest/V1/orders/1/statuses", "").body; got != `"pending"` {
		t.Errorf("order is %s", got)
	}
}

func TestAdobeWebhookOfThePlacement(t *testing.T) {
	s := open(t)
	h := &hook{status: 200, answer: `{"op":"success"}`}
	h.listen(s, Webhook{Events: []string{placePlugin}, Unsigned: true})
	s.place(offline())
	s.do("POST", "/rest/V1/orders/1/hold", "")
	e := <-h.asked
	if !strings.HasPrefix(e.raw, `{"order":{`) || !strings.Contains(e.raw, `,"result":{`) || e.header.Get(signatureHeader) != "" {
		t.Errorf("asked %.80s with %v", e.raw, e.header)
	}
	if n := len(h.asked); n != 0 {
		t.Errorf("asked %d times more", n)
	}
}

func TestAdobeWebhookIsAskedBeforeTheCommit(t *testing.T) {
	s := open(t)
	h := &hook{status: 200, answer: `{"op":"success"}`, hang: true}
	h.listen(s, Webhook{})
	ctx, cancel := context.WithCancel(t.Context())
	placed := make(chan error, 1)
	go func() {
		_, err := s.Place(ctx, offline())
		placed <- err
	}()
	<-h.asked
	if _, err := s.db.order(t.Context(), 1); !errors.Is(err, errNoEntity) {
		t.Errorf("while the hook works, the order reads as %v", err)
	}
	cancel()
	if err := <-placed; err == nil {
		t.Error("a checkout that was cut off succeeded")
	}
}
