package ingest_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/telemetry"
	"github.com/magpie-integration/magpie/libs/webhook"
	"github.com/magpie-integration/magpie/services/ingest"
)

// storeKey signs as the store or as Adobe does; it is made once.
var storeKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func publicPEM() string {
	raw, err := x509.MarshalPKIXPublicKey(&storeKey().PublicKey)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: raw}))
}

func rsaSign(text string) string {
	sum := sha256.Sum256([]byte(text))
	raw, err := rsa.SignPKCS1v15(rand.Reader, storeKey(), crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

func verified(t testing.TB, cfg webhook.Config) ingest.Hook {
	t.Helper()
	v, err := webhook.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return ingest.Hook{Config: cfg, Verifier: v}
}

func adobeHook(t testing.TB) ingest.Hook {
	return verified(t, webhook.Config{Scheme: webhook.AdobeWebhooks, PublicKeys: []string{publicPEM()}})
}

// byStore is a webhook of Adobe Commerce, as the store sends it.
func byStore(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/hooks/magento/main", strings.NewReader(body))
	r.Header.Set("X-Adobe-Commerce-Webhook-Signature", rsaSign(base64.StdEncoding.EncodeToString([]byte(body))))
	return r
}

const observed = `{"eventName":"observer.sales_order_save_after","data":{"order":{"increment_id":"000000123","entity_id":"871","store_id":"2"}}}`

// counted gives a counter's value from a registry, for the label's value.
func counted(t testing.TB, tel *telemetry.Telemetry, name, value string) float64 {
	t.Helper()
	families, err := tel.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if f.GetName() == name && l.GetValue() == value {
					return m.GetCounter().GetValue()
				}
			}
		}
	}
	return 0
}

func observe(t testing.TB) *telemetry.Telemetry {
	t.Helper()
	tel, stop, err := telemetry.Setup(t.Context(), telemetry.Config{LogWriter: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return tel
}

func TestASignedHookOfTheStoreNeverStopsACheckout(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		err  error  // of the publisher
		left string // why it was not stored
	}{
		"an order":                {body: observed},
		"a plugin's arguments":    {body: `{"order":{"increment_id":"000000123","items":[]},"result":{"entity_id":"871"}}`},
		"a list of fields":        {body: `{"increment_id":"000000123","store_id":"2"}`},
		"not JSON":                {body: observed[:40], left: "webhook.syntax"},
		"nothing":                 {body: ``, left: "webhook.syntax"},
		"nested deeply":           {body: strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100), left: "webhook.too_deep"},
		"an event that's unknown": {body: `{"eventName":"observer.cms_page_save_after","data":{}}`, left: "webhook.event_unknown"},
		"no key":                  {body: `{"eventName":"observer.sales_order_save_after","data":{"order":{}}}`, left: "webhook.no_key"},
		"a key of blanks":         {body: `{"increment_id":"  ","items":[]}`, left: "webhook.no_key"},
		"NATS is away":            {body: observed, err: errors.New("no servers"), left: "ingest.not_stored"},
		"the stream is full":      {body: observed, err: bus.ErrFull, left: "ingest.not_stored"},
	} {
		t.Run(name, func(t *testing.T) {
			tel, pub := observe(t), &publisher{err: tc.err}
			h := ingest.Handler(pub, ingest.Config{Hooks: map[string][]ingest.Hook{"main": {adobeHook(t)}}}, tel.Metrics)
			w := send(h, byStore(tc.body))
			if w.Code != http.StatusOK || w.Body.String() != `{"op":"success"}` || w.Header().Get("Content-Type") != "application/json" {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
			if tc.left == "" {
				if m := pub.only(t); m.Subject.String() != "magpie.notice.main.magento.order.000000123" {
					t.Errorf("got %s", m.Subject)
				}
				return
			}
			if len(pub.messages) != 0 {
				t.Errorf("published %+v", pub.messages)
			}
			if n := counted(t, tel, "magpie_webhooks_left_total", tc.left); n != 1 {
				t.Errorf("counted %v as %s, want 1", n, tc.left)
			}
		})
	}
}

func TestAHookOfTheStoreThatIsNotSignedIsRefused(t *testing.T) {
	for name, edit := range map[string]func(*http.Request){
		"no signature":      func(r *http.Request) { r.Header.Del("X-Adobe-Commerce-Webhook-Signature") },
		"over another body": header("X-Adobe-Commerce-Webhook-Signature", rsaSign("another")),
	} {
		pub, r := &publisher{}, byStore(observed)
		edit(r)
		if w := send(door(pub, adobeHook(t)), r); w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), "webhook.signature_") || len(pub.messages) != 0 {
			t.Errorf("%s: got %d %s", name, w.Code, w.Body)
		}
	}
}

// stuck is a stream that never acknowledges.
type stuck struct{ began chan struct{} }

func (s stuck) Publish(ctx context.Context, _ bus.Message) (bus.Ack, error) {
	s.began <- struct{}{}
	<-ctx.Done()
	return bus.Ack{}, ctx.Err()
}

func TestAShopperWaitsTwoSecondsAtMost(t *testing.T) {
	hook, tel := adobeHook(t), observe(t)
	synctest.Test(t, func(t *testing.T) {
		pub := stuck{make(chan struct{}, 2)}
		h := ingest.Handler(pub, ingest.Config{Hooks: map[string][]ingest.Hook{"main": {hook}}, AtOnce: 1}, tel.Metrics)
		began := time.Now()
		var first sync.WaitGroup
		first.Go(func() {
			if w := send(h, byStore(observed)); w.Code != http.StatusOK {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
		})
		<-pub.began
		// There is no room for a second: it is answered at once.
		if w := send(h, byStore(observed)); w.Code != http.StatusOK || w.Body.String() != `{"op":"success"}` || time.Since(began) != 0 {
			t.Errorf("with no room: got %d %s after %s", w.Code, w.Body, time.Since(began))
		}
		first.Wait()
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("the answer took %s", took)
		}
	})
	for _, code := range []string{"ingest.busy", "ingest.not_stored"} {
		if n := counted(t, tel, "magpie_webhooks_left_total", code); n != 1 {
			t.Errorf("counted %v as %s", n, code)
		}
	}
}
