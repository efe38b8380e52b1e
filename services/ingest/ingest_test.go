package ingest_test

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/libs/webhook"
	"github.com/magpie-integration/magpie/services/ingest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	secret = "the shop's secret"
	order  = `{"event":"sales_order_save_after","data":{"increment_id":"000000123","entity_id":871,"store_id":2}}`
)

// publisher is a stream that keeps what it is given.
type publisher struct {
	// during, when set, runs while the message is being stored.
	during func()
	err    error

	mu       sync.Mutex
	messages []bus.Message
}

func (p *publisher) Publish(_ context.Context, m bus.Message) (bus.Ack, error) {
	if p.during != nil {
		p.during()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return bus.Ack{}, p.err
	}
	p.messages = append(p.messages, m)
	return bus.Ack{Sequence: uint64(len(p.messages))}, nil
}

// only gives the one message that was published.
func (p *publisher) only(t *testing.T) bus.Message {
	t.Helper()
	if len(p.messages) != 1 {
		t.Fatalf("%d messages were published, want one", len(p.messages))
	}
	return p.messages[0]
}

// hook makes a form of webhook; its secret is the shop's unless it says another.
func hook(t testing.TB, cfg webhook.Config) ingest.Hook {
	t.Helper()
	cfg.Secret = cmp.Or(cfg.Secret, secret)
	v, err := webhook.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return ingest.Hook{Config: cfg, Verifier: v}
}

// door is the handler of one pair, main, that takes the hooks.
func door(pub ingest.Publisher, hooks ...ingest.Hook) http.Handler {
	return ingest.Handler(pub, ingest.Config{Hooks: map[string][]ingest.Hook{"main": hooks}}, nil)
}

func sum(key, body string) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(body))
	return mac.Sum(nil)
}

// signed is a webhook to pair main, as a store with the secret sends it.
func signed(body string, set ...func(*http.Request)) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/hooks/magento/main", strings.NewReader(body))
	r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(sum(secret, body)))
	for _, f := range set {
		f(r)
	}
	return r
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func path(p string) func(*http.Request) {
	return func(r *http.Request) { r.URL = &url.URL{Path: p} }
}

func send(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestEveryStatusSaysWhatToDo(t *testing.T) {
	for name, tc := range map[string]struct {
		request *http.Request
		err     error // of the publisher
		status  int
		code    string
		says    string // in the answer
		retry   string // Retry-After
	}{
		"a signed order is stored":  {request: signed(order), status: http.StatusAccepted},
		"not JSON, with the offset": {request: signed(`{"a":1,]`), status: http.StatusBadRequest, code: "webhook.syntax", says: "from byte 7 on"},
		"nested too deep": {
			request: signed(strings.Repeat("[", 100) + strings.Repeat("]", 100)), status: http.StatusBadRequest, code: "webhook.too_deep", says: "64 levels",
		},
		"a body that breaks off": {
			request: signed(order, func(r *http.Request) { r.Body = io.NopCloser(broken{}) }), status: http.StatusBadRequest, code: "ingest.body", says: "send it again",
		},
		"not signed": {
			request: signed(order, func(r *http.Request) { r.Header.Del("X-Hub-Signature-256") }), status: http.StatusUnauthorized, code: "webhook.signature_missing", says: "X-Hub-Signature-256",
		},
		"signed with another secret": {
			request: signed(order, header("X-Hub-Signature-256", "sha256="+hex.EncodeToString(sum("guess", order)))),
			status:  http.StatusUnauthorized, code: "webhook.signature_wrong",
		},
		"a body that was changed on its way": {
			request: signed(order, func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(order + " ")) }),
			status:  http.StatusUnauthorized, code: "webhook.signature_wrong",
		},
		"no such pair": {request: signed(order, path("/hooks/magento/other")), status: http.StatusNotFound, code: "ingest.pair", says: "/hooks/magento/<pair>"},
		"an event that is not known, with the known ones": {
			request: signed(`{"event":"cms_page_save_after","data":{"entity_id":1}}`),
			status:  http.StatusUnprocessableEntity, code: "webhook.event_unknown", says: "sales_order_save_after, sales_order_save_commit_after",
		},
		"no key in the body": {
			request: signed(`{"event":"sales_order_save_after","data":{}}`), status: http.StatusUnprocessableEntity, code: "webhook.no_key", says: "increment_id",
		},
		"a key of blanks is no key": {
			request: signed(`{"event":"sales_order_save_after","data":{"increment_id":"   "}}`), status: http.StatusUnprocessableEntity, code: "webhook.no_key", says: "increment_id",
		},
		"NATS is away": {request: signed(order), err: errors.New("no servers"), status: http.StatusServiceUnavailable, code: "ingest.not_stored", says: "nothing was kept", retry: "5"},
		"the stream is full": {
			request: signed(order), err: fmt.Errorf("publish: %w", bus.ErrFull), status: http.StatusServiceUnavailable, code: "ingest.not_stored", says: "send it again", retry: "5",
		},
	} {
		t.Run(name, func(t *testing.T) {
			pub := &publisher{err: tc.err}
			w := send(door(pub, hook(t, webhook.Config{})), tc.request)
			if w.Code != tc.status {
				t.Fatalf("got %d %s, want %d", w.Code, w.Body, tc.status)
			}
			if got := w.Header().Get("Retry-After"); got != tc.retry {
				t.Errorf("Retry-After is %q, want %q", got, tc.retry)
			}
			if tc.status == http.StatusAccepted {
				pub.only(t)
				return
			}
			if len(pub.messages) != 0 {
				t.Errorf("refused, and published: %+v", pub.messages)
			}
			var answer struct{ Code, Error, Status string }
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
				t.Fatalf("the answer is not JSON: %v: %s", err, w.Body)
			}
			if answer.Code != tc.code || answer.Error == "" || answer.Status != fmt.Sprint(tc.status) || !strings.Contains(w.Body.String(), jsonText(tc.says)) {
				t.Errorf("got %s, want code %s and %q", w.Body, tc.code, tc.says)
			}
		})
	}
}

// jsonText is how a text stands inside JSON.
func jsonText(s string) string {
	b, _ := json.Marshal(s)
	return strings.Trim(string(b), `"`)
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestABodyMayHaveOneMebibyteAndNotAByteMore(t *testing.T) {
	const limit = 1 << 20
	for size, status := range map[int]int{limit: http.StatusAccepted, limit + 1: http.StatusRequestEntityTooLarge} {
		pub := &publisher{}
		body := order + strings.Repeat(" ", size-len(order))
		if w := send(door(pub, hook(t, webhook.Config{})), signed(body)); w.Code != status {
			t.Errorf("%d bytes: got %d %s, want %d", size, w.Code, w.Body, status)
		}
	}
}

func TestOnlyPostIsAWebhook(t *testing.T) {
	h := door(&publisher{}, hook(t, webhook.Config{}))
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		if w := send(h, httptest.NewRequest(method, "/hooks/magento/main", nil)); w.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s: got %d", method, w.Code)
		}
	}
}

// response tells whether the answer has begun.
type response struct {
	*httptest.ResponseRecorder
	begun bool
}

func (r *response) WriteHeader(status int) { r.begun = true; r.ResponseRecorder.WriteHeader(status) }

func TestTheAnswerWaitsForTheStream(t *testing.T) {
	w := &response{ResponseRecorder: httptest.NewRecorder()}
	pub := &publisher{during: func() {
		if w.begun {
			t.Error("answered before the stream had the notice")
		}
	}}
	door(pub, hook(t, webhook.Config{})).ServeHTTP(w, signed(order))
	if pub.only(t); w.Code != http.StatusAccepted {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestMoreThanMayWaitAreToldToComeAgain(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	pub := &publisher{during: func() { entered <- struct{}{}; <-release }}
	h := ingest.Handler(pub, ingest.Config{Hooks: map[string][]ingest.Hook{"main": {hook(t, webhook.Config{})}}, AtOnce: 2}, nil)
	var waiting sync.WaitGroup
	for range 2 {
		waiting.Go(func() {
			if w := send(h, signed(order)); w.Code != http.StatusAccepted {
				t.Errorf("one that waited: got %d %s", w.Code, w.Body)
			}
		})
		<-entered
	}
	w := send(h, signed(order))
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "1" || !strings.Contains(w.Body.String(), "ingest.busy") {
		t.Errorf("the third at once: got %d %s, Retry-After %q", w.Code, w.Body, w.Header().Get("Retry-After"))
	}
	close(release)
	waiting.Wait()
	pub.during = nil
	if w := send(h, signed(order)); w.Code != http.StatusAccepted {
		t.Errorf("when there is room again: got %d %s", w.Code, w.Body)
	}
}

func TestEveryFormOfProof(t *testing.T) {
	unprefixed := ""
	for name, tc := range map[string]struct {
		cfg    webhook.Config
		header string
		value  string
		status int
	}{
		"hash in hexadecimal":                {webhook.Config{}, "X-Hub-Signature-256", "sha256=" + hex.EncodeToString(sum(secret, order)), 202},
		"hash in base64":                     {webhook.Config{Encoding: "base64"}, "X-Hub-Signature-256", "sha256=" + base64.StdEncoding.EncodeToString(sum(secret, order)), 202},
		"hash without a prefix":              {webhook.Config{Prefix: &unprefixed}, "X-Hub-Signature-256", hex.EncodeToString(sum(secret, order)), 202},
		"another header has no prefix":       {webhook.Config{Header: "X-Shop-Signature"}, "X-Shop-Signature", hex.EncodeToString(sum(secret, order)), 202},
		"the secret before the last change":  {webhook.Config{Secret: "new", PreviousSecrets: []string{"older", secret}}, "X-Hub-Signature-256", "sha256=" + hex.EncodeToString(sum(secret, order)), 202},
		"a secret that was taken out":        {webhook.Config{Secret: "new"}, "X-Hub-Signature-256", "sha256=" + hex.EncodeToString(sum(secret, order)), 401},
		"hexadecimal where base64 is wanted": {webhook.Config{Encoding: "base64"}, "X-Hub-Signature-256", "sha256=" + hex.EncodeToString(sum(secret, order)), 401},
		"bearer":                             {webhook.Config{Scheme: webhook.Bearer}, "Authorization", "Bearer " + secret, 202},
		"the word Bearer has no case":        {webhook.Config{Scheme: webhook.Bearer}, "Authorization", "bearer " + secret, 202},
		"bearer with another token":          {webhook.Config{Scheme: webhook.Bearer}, "Authorization", "Bearer guess", 401},
		"a token where a hash is wanted":     {webhook.Config{}, "X-Hub-Signature-256", "sha256=" + secret, 401},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/hooks/magento/main", strings.NewReader(order))
			r.Header.Set(tc.header, tc.value)
			if w := send(door(&publisher{}, hook(t, tc.cfg)), r); w.Code != tc.status {
				t.Errorf("got %d %s, want %d", w.Code, w.Body, tc.status)
			}
		})
	}
}

func TestAPairMayTakeSeveralForms(t *testing.T) {
	hooks := []ingest.Hook{
		hook(t, webhook.Config{Secret: "of the other app", EventIn: "header:X-Event"}),
		hook(t, webhook.Config{}),
	}
	pub := &publisher{}
	if w := send(door(pub, hooks...), signed(order)); w.Code != http.StatusAccepted {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	if n := pub.only(t).Data.(events.Notice); n.Event != "sales_order_save_after" {
		t.Errorf("read by the form of another sender: %+v", n)
	}
	if w := send(door(&publisher{}), signed(order)); w.Code != http.StatusUnauthorized {
		t.Errorf("a pair without webhooks: got %d %s", w.Code, w.Body)
	}
}

func TestANoticeIsOfTheRecordsKey(t *testing.T) {
	for name, tc := range map[string]struct {
		body    string
		subject string
		typ     string
	}{
		"the increment id":                {order, "magpie.notice.main.magento.order.000000123", "io.magpie.magento.order.noticed.v1"},
		"the number, where no key is":     {`{"event":"sales_order_save_after","data":{"entity_id":871}}`, "magpie.notice.main.magento.order.=id=871", "io.magpie.magento.order.noticed.v1"},
		"the number, for a key of blanks": {`{"event":"sales_order_save_after","data":{"increment_id":" ","entity_id":871}}`, "magpie.notice.main.magento.order.=id=871", "io.magpie.magento.order.noticed.v1"},
		"an invoice is about its order":   {`{"event":"sales_order_invoice_pay","data":{"invoice":{"increment_id":"3","order_id":12}}}`, "magpie.notice.main.magento.order.=id=12", "io.magpie.magento.order.noticed.v1"},
		"a SKU has no case":               {`{"event":"catalog_product_save_after","data":{"sku":"24-mb01"}}`, "magpie.notice.main.magento.product.24-MB01", "io.magpie.magento.product.noticed.v1"},
		"a key with dots is one token":    {`{"event":"sales_order_save_after","data":{"increment_id":"a.b >*"}}`, "magpie.notice.main.magento.order.a=2Eb=20=3E=2A", "io.magpie.magento.order.noticed.v1"},
	} {
		t.Run(name, func(t *testing.T) {
			pub := &publisher{}
			if w := send(door(pub, hook(t, webhook.Config{})), signed(tc.body)); w.Code != http.StatusAccepted {
				t.Fatalf("got %d %s", w.Code, w.Body)
			}
			if m := pub.only(t); m.Subject.String() != tc.subject || m.Type != tc.typ {
				t.Errorf("got %s of type %s", m.Subject, m.Type)
			}
		})
	}
}

func TestTheEventMayStandInThePath(t *testing.T) {
	body := `{"increment_id":"7","order_id":"12","items":[]}`
	pub := &publisher{}
	h := door(pub, hook(t, webhook.Config{EventIn: "path"}))
	if w := send(h, signed(body, path("/hooks/magento/main/sales.invoice.paid"))); w.Code != http.StatusAccepted {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	m := pub.only(t)
	if n := m.Data.(events.Notice); n.Event != "sales.invoice.paid" || m.Subject.Key != events.InternalID(12) {
		t.Errorf("got %s with %+v", m.Subject, n)
	}
	if w := send(h, signed(body)); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "webhook.event_missing") {
		t.Errorf("without an event: got %d %s", w.Code, w.Body)
	}
}

func TestOfTheBodyOnlyTheKeyIsKept(t *testing.T) {
	body := `{"event":"sales_order_save_after","data":{"increment_id":"000000123","store_id":2,` +
		`"customer_email":"rowan@example.com","payment":{"cc_number":"4111111111111111","cc_cid":"737"},"grand_total":68.13}}`
	pub := &publisher{}
	before := time.Now().UTC()
	if w := send(door(pub, hook(t, webhook.Config{})), signed(body, header("X-Webhook-Delivery", "d1"))); w.Code != http.StatusAccepted {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	m := pub.only(t)
	n := m.Data.(events.Notice)
	if n.At.Before(before) || n.At.Location() != time.UTC {
		t.Errorf("noticed at %s", n.At)
	}
	n.At = time.Time{}
	if want := (events.Notice{Event: "sales_order_save_after", Via: "webhook", StoreID: 2}); n != want {
		t.Errorf("got %+v, want %+v", n, want)
	}
	if whole := fmt.Sprintf("%+v", m); strings.Contains(whole, "4111") || strings.Contains(whole, "rowan") || strings.Contains(whole, "68.13") {
		t.Errorf("something of the body is in the message: %s", whole)
	}
}

func TestARefusalSaysNothingBackOfTheBody(t *testing.T) {
	w := send(door(&publisher{}, hook(t, webhook.Config{})), signed(`{"event":"sales_order_save_after","data":{"payment":{"cc_number":"4111111111111111"}}}`))
	if strings.Contains(w.Body.String(), "4111") {
		t.Errorf("got %s", w.Body)
	}
}

func TestADeliveryIsOneNoticeHoweverOftenItComes(t *testing.T) {
	other := strings.Replace(order, "123", "124", 1)
	twoDoors := map[string][]ingest.Hook{"main": {hook(t, webhook.Config{})}, "eu": {hook(t, webhook.Config{})}}
	id := func(body, delivery, pair string) string {
		pub := &publisher{}
		r := signed(body, path("/hooks/magento/"+pair))
		if delivery != "" {
			r.Header.Set("X-Webhook-Delivery", delivery)
		}
		if w := send(ingest.Handler(pub, ingest.Config{Hooks: twoDoors}, nil), r); w.Code != http.StatusAccepted {
			t.Fatalf("got %d %s", w.Code, w.Body)
		}
		return pub.only(t).ID
	}
	first := id(order, "d1", "main")
	for name, tc := range map[string]struct {
		id   string
		same bool
	}{
		"the same delivery again":                     {id(order, "d1", "main"), true},
		"another delivery of the same body":           {id(order, "d2", "main"), false},
		"a sender that numbers its deliveries badly":  {id(other, "d1", "main"), false},
		"the same delivery to another pair":           {id(order, "d1", "eu"), false},
		"a sender that doesn't number its deliveries": {id(order, "", "main"), false},
	} {
		if (tc.id == first) != tc.same || tc.id == "" {
			t.Errorf("%s: got %s after %s", name, tc.id, first)
		}
	}
	if a, b := id(order, "", "main"), id(order, "", "main"); a == b {
		t.Errorf("two webhooks without a delivery id are both %s", a)
	}
}

func TestTheStreamHasARepeatedDeliveryOnce(t *testing.T) {
	b := bustest.Start(t)
	h := door(b, hook(t, webhook.Config{}))
	for _, delivery := range []string{"d1", "d1", "d2"} {
		if w := send(h, signed(order, header("X-Webhook-Delivery", delivery))); w.Code != http.StatusAccepted {
			t.Fatalf("got %d %s", w.Code, w.Body)
		}
	}
	var seen int
	for m, err := range b.Scan(t.Context(), bus.Notices, "magpie.notice.>") {
		if err != nil {
			t.Fatal(err)
		}
		if seen++; m.Subject != "magpie.notice.main.magento.order.000000123" {
			t.Errorf("got %s", m.Subject)
		}
	}
	if seen != 2 {
		t.Errorf("three webhooks of two deliveries made %d notices", seen)
	}
}

// FuzzDoor: whatever a signed body and a URL say, the door answers, never with
// a failure of its own, and what it accepts is one notice with a key.
func FuzzDoor(f *testing.F) {
	for _, body := range []string{order, `{`, `{"entity_id":1}`, `[{"increment_id":"=id=7"}]`, `{"increment_id":"  ","items":[]}`, `"x"`, "\xff"} {
		f.Add([]byte(body), "sales.order.created", "d1", false)
		f.Add([]byte(body), "", "", true)
	}
	hooks := map[bool]ingest.Hook{false: hook(f, webhook.Config{}), true: hook(f, webhook.Config{EventIn: "path"})}
	f.Fuzz(func(t *testing.T, body []byte, suffix, delivery string, byPath bool) {
		pub := &publisher{}
		r := signed(string(body), path("/hooks/magento/main/"+suffix))
		r.Header["X-Webhook-Delivery"] = []string{delivery}
		w := send(door(pub, hooks[byPath]), r)
		if w.Code >= 500 {
			t.Fatalf("%q: got %d %s", body, w.Code, w.Body)
		}
		if w.Code != http.StatusAccepted {
			if len(pub.messages) != 0 {
				t.Fatalf("%q: refused with %d, and published", body, w.Code)
			}
			return
		}
		m := pub.only(t)
		back, err := events.ParseSubject(m.Subject.String())
		if err != nil || back != m.Subject || m.Subject.Key == "" || m.ID == "" {
			t.Fatalf("%q became %s with the id %q: %v", body, m.Subject, m.ID, err)
		}
	})
}
