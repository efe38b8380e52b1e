package ingest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/libs/webhook"
	"github.com/magpie-integration/magpie/services/ingest"
)

const clientID = "a1b2c3"

// ioEvent is one event of Adobe I/O Events.
func ioEvent(id, typ, value string) string {
	return `{"specversion":"1.0","id":"` + id + `","type":"com.adobe.commerce.` + typ + `","eventid":"` + id + `","recipientclientid":"` + clientID + `","data":{"key":"k","value":` + value + `}}`
}

const saved = "observer.sales_order_save_commit_after"

// byAdobe is a delivery of Adobe I/O Events.
func byAdobe(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/hooks/magento/main", strings.NewReader(body))
	r.Header.Set("X-Adobe-Digital-Signature-1", rsaSign(body))
	r.Header.Set("X-Adobe-Public-Key1-Path", "/prod/keys/pub-key-one.pem")
	return r
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func keysOfAdobe(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(publicPEM())), Request: r}, nil
}

func ioHook(t testing.TB, f transport) ingest.Hook {
	return verified(t, webhook.Config{Scheme: webhook.AdobeIO, ClientID: clientID, Transport: f})
}

func TestAnEventOfAdobeIsStoredOrKeptAsADeadLetter(t *testing.T) {
	good := ioEvent("e1", saved, `{"increment_id":"000000123","entity_id":"871"}`)
	for name, tc := range map[string]struct {
		body    string
		notices int
		dead    []string // codes
		subject string   // of the first message
	}{
		"one event":                 {body: good, notices: 1, subject: "magpie.notice.main.magento.order.000000123"},
		"no entity_id":              {body: ioEvent("e1", saved, `{"increment_id":7}`), notices: 1, subject: "magpie.notice.main.magento.order.7"},
		"a batch":                   {body: "[" + good + "," + ioEvent("e2", saved, `{"increment_id":"7"}`) + "]", notices: 2, subject: "magpie.notice.main.magento.order.000000123"},
		"an empty batch":            {body: "[]"},
		"not JSON":                  {body: good[:100], dead: []string{"webhook.syntax"}},
		"no event":                  {body: `5`, dead: []string{"webhook.not_cloudevent"}},
		"an unknown event":          {body: ioEvent("e1", "observer.cms_page_save_after", `{"id":1}`), dead: []string{"webhook.event_unknown"}, subject: "magpie.dead.main.ingest.unknown.e1"},
		"no key":                    {body: ioEvent("e1", saved, `[]`), dead: []string{"webhook.no_key"}, subject: "magpie.dead.main.ingest.order.e1"},
		"a key of blanks":           {body: ioEvent("e1", saved, `{"increment_id":" "}`), dead: []string{"webhook.no_key"}},
		"nested deeply":             {body: ioEvent("e1", saved, strings.Repeat(`{"a":`, 100)+"1"+strings.Repeat("}", 100)), dead: []string{"webhook.too_deep"}},
		"a bad one among good ones": {body: "[" + good + "," + ioEvent("e2", saved, `{}`) + "," + ioEvent("e3", saved, `{"increment_id":"8"}`) + "]", notices: 2, dead: []string{"webhook.no_key"}},
		"an event without any id":   {body: strings.NewReplacer(`"id":"e1",`, "", `"eventid":"e1",`, "").Replace(ioEvent("e1", saved, `{}`)), dead: []string{"webhook.no_key"}},
	} {
		t.Run(name, func(t *testing.T) {
			pub := &publisher{}
			if w := send(door(pub, ioHook(t, keysOfAdobe)), byAdobe(tc.body)); w.Code != http.StatusAccepted {
				t.Fatalf("got %d %s", w.Code, w.Body)
			}
			notices, dead := 0, []string{}
			for _, m := range pub.messages {
				switch data := m.Data.(type) {
				case events.Notice:
					notices++
				case events.DeadLetter:
					dead = append(dead, data.Code)
					if m.Subject.Scope != string(events.RoleIngest) || m.Type != events.DeadType || m.Subject.Key == "" || data.Fix == "" || data.Tries != 1 {
						t.Errorf("got the letter %+v", m)
					}
				}
			}
			if notices != tc.notices || strings.Join(dead, " ") != strings.Join(tc.dead, " ") {
				t.Errorf("got %d notices and the letters %v, want %d and %v", notices, dead, tc.notices, tc.dead)
			}
			if tc.subject != "" && pub.messages[0].Subject.String() != tc.subject {
				t.Errorf("got %s, want %s", pub.messages[0].Subject, tc.subject)
			}
		})
	}
}

func TestALetterHoldsTheEventWithoutCards(t *testing.T) {
	pub := &publisher{}
	body := ioEvent("e1", saved, `{"status":"pending","payment":{"cc_number":"4111111111111111","cc_cid":"737"}}`)
	send(door(pub, ioHook(t, keysOfAdobe)), byAdobe(body))
	letter := pub.only(t).Data.(events.DeadLetter)
	if text := string(letter.Message.Body); !json.Valid(letter.Message.Body) || strings.Contains(text, "4111") || strings.Contains(text, "737") || !strings.Contains(text, `"status":"pending"`) {
		t.Errorf("got %s", text)
	}
}

func TestALongBodyIsKeptInPart(t *testing.T) {
	pub := &publisher{}
	send(door(pub, ioHook(t, keysOfAdobe)), byAdobe(`{"x":"`+strings.Repeat("y", 1<<20-100)+`"`))
	if letter := pub.only(t).Data.(events.DeadLetter); len(letter.Message.Raw) != 512<<10 || letter.Code != "webhook.syntax" {
		t.Errorf("kept %d bytes as %s", len(letter.Message.Raw), letter.Code)
	}
}

// What Adobe should send again is answered with 503 and nothing else.
func TestAnEventOfAdobeThatShouldComeAgain(t *testing.T) {
	good := ioEvent("e1", saved, `{"increment_id":"000000123"}`)
	for name, tc := range map[string]struct {
		body string
		keys transport
		err  error
		code string
	}{
		"the stream is full":           {good, keysOfAdobe, bus.ErrFull, "ingest.not_stored"},
		"no dead letter can be kept":   {ioEvent("e1", saved, `{}`), keysOfAdobe, bus.ErrFull, "ingest.not_stored"},
		"not even of what is no event": {"{", keysOfAdobe, bus.ErrFull, "ingest.not_stored"},
		"Adobe's key can't be fetched": {good, func(*http.Request) (*http.Response, error) { return nil, errors.New("no route") }, nil, "webhook.key_unfetched"},
	} {
		w := send(door(&publisher{err: tc.err}, hook(t, webhook.Config{}), ioHook(t, tc.keys)), byAdobe(tc.body))
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "5" || !strings.Contains(w.Body.String(), tc.code) {
			t.Errorf("%s: got %d %s", name, w.Code, w.Body)
		}
	}
	entered, release := make(chan struct{}), make(chan struct{})
	pub := &publisher{during: func() { entered <- struct{}{}; <-release }}
	h := ingest.Handler(pub, ingest.Config{Hooks: map[string][]ingest.Hook{"main": {ioHook(t, keysOfAdobe)}}, AtOnce: 1}, nil)
	var first sync.WaitGroup
	first.Go(func() { send(h, byAdobe(good)) })
	<-entered
	if w := send(h, byAdobe(good)); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "1" {
		t.Errorf("without room: got %d %s", w.Code, w.Body)
	}
	close(release)
	first.Wait()
}

func TestAForeignEventIsRefused(t *testing.T) {
	pub := &publisher{}
	body := strings.ReplaceAll(ioEvent("e1", saved, `{"increment_id":"7"}`), clientID, "another")
	// The reason is that of the scheme whose headers came.
	w := send(door(pub, ioHook(t, keysOfAdobe), hook(t, webhook.Config{})), byAdobe(body))
	if w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), "webhook.recipient") || len(pub.messages) != 0 {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestAnEventThatComesAgainIsOneNotice(t *testing.T) {
	b := bustest.Start(t)
	h := door(b, ioHook(t, keysOfAdobe))
	first := ioEvent("e1", saved, `{"increment_id":"000000123"}`)
	for _, body := range []string{first, "[" + first + "," + ioEvent("e2", saved, `{"increment_id":"000000123"}`) + "]", ioEvent("e3", saved, `{}`), ioEvent("e3", saved, `{}`)} {
		if w := send(h, byAdobe(body)); w.Code != http.StatusAccepted {
			t.Fatalf("got %d %s", w.Code, w.Body)
		}
	}
	for stream, want := range map[string]int{bus.Notices: 2, bus.Dead: 1} {
		seen := 0
		for _, err := range b.Scan(t.Context(), stream, ">") {
			if err != nil {
				t.Fatal(err)
			}
			seen++
		}
		if seen != want {
			t.Errorf("%s holds %d messages, want %d", stream, seen, want)
		}
	}
}

func TestAdobesQuestion(t *testing.T) {
	get := func(h http.Handler, target string) *httptest.ResponseRecorder {
		return send(h, httptest.NewRequest(http.MethodGet, target, nil))
	}
	h := door(&publisher{}, ioHook(t, keysOfAdobe))
	w := get(h, "/hooks/magento/main?challenge=%3Cb%3E8ec8d794")
	if w.Code != http.StatusOK || w.Body.String() != "<b>8ec8d794" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("got %d %s %v", w.Code, w.Body, w.Header())
	}
	for target, status := range map[string]int{
		"/hooks/magento/main": http.StatusBadRequest,
		"/hooks/magento/main?challenge=" + strings.Repeat("x", 257): http.StatusBadRequest,
		"/hooks/magento/other?challenge=x":                          http.StatusNotFound,
	} {
		if w := get(h, target); w.Code != status {
			t.Errorf("%s: got %d %s", target, w.Code, w.Body)
		}
	}
	if w := get(door(&publisher{}, hook(t, webhook.Config{})), "/hooks/magento/main?challenge=x"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("a pair that takes no events: got %d", w.Code)
	}
}

func TestAdobesValidationURLIsCalledOnceAtATime(t *testing.T) {
	const url = "https://csm.adobe.io/csm/registration_status?id=1"
	called, release := make(chan string), make(chan struct{})
	h := ingest.Handler(&publisher{}, ingest.Config{
		Hooks: map[string][]ingest.Hook{"main": {ioHook(t, keysOfAdobe)}},
		Transport: transport(func(r *http.Request) (*http.Response, error) {
			called <- r.Method + " " + r.URL.String()
			<-release
			return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {"https://evil.example/"}}, Body: http.NoBody, Request: r}, nil
		}),
	}, nil)
	ask := func(url string) *httptest.ResponseRecorder {
		return send(h, httptest.NewRequest(http.MethodPost, "/hooks/magento/main", strings.NewReader(`{"validationUrl":"`+url+`"}`)))
	}
	if w := ask(url); w.Code != http.StatusOK {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	if got := <-called; got != "GET "+url {
		t.Errorf("got %s", got)
	}
	if w := ask(url); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("a second at once: got %d %s", w.Code, w.Body)
	}
	if w := ask("https://evil.example/"); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "webhook.validation") {
		t.Errorf("a foreign host: got %d %s", w.Code, w.Body)
	}
	close(release) // the redirect is not followed: goleak and the channel would tell
}

// trusting takes any body as signed: signing takes longer than all the rest.
type trusting struct{}

func (trusting) Verify(context.Context, http.Header, []byte) error { return nil }

// FuzzAdobe: whatever is signed, the store gets success, and Adobe a 2xx with a
// notice, or a letter of ingest's own, for each event.
func FuzzAdobe(f *testing.F) {
	for _, body := range []string{
		observed, ioEvent("e1", saved, `{"increment_id":"7"}`), "[" + ioEvent("e1", saved, `{}`) + "]", "{", "[]", "[null]", `"x"`, "\xff",
		`{"validationUrl":"https://csm.adobe.io/"}`,
	} {
		f.Add([]byte(body))
	}
	nowhere := transport(func(*http.Request) (*http.Response, error) { return nil, errors.New("no route") })
	handler := func(pub ingest.Publisher, scheme string) http.Handler {
		hooks := []ingest.Hook{{Config: webhook.Config{Scheme: scheme}, Verifier: trusting{}}}
		return ingest.Handler(pub, ingest.Config{Hooks: map[string][]ingest.Hook{"main": hooks}, Transport: nowhere}, nil)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		post := func(h http.Handler) *httptest.ResponseRecorder {
			return send(h, httptest.NewRequest(http.MethodPost, "/hooks/magento/main", strings.NewReader(string(body))))
		}
		if w := post(handler(&publisher{}, webhook.AdobeWebhooks)); w.Code != http.StatusOK || w.Body.String() != `{"op":"success"}` {
			t.Fatalf("%q: the store got %d %s", body, w.Code, w.Body)
		}
		if url, err := webhook.ValidationURL(body); url != "" || err != nil {
			return
		}
		pub := &publisher{}
		w := post(handler(pub, webhook.AdobeIO))
		list, err := webhook.CloudEvents(body)
		if want := max(len(list), 1); w.Code != http.StatusAccepted || len(pub.messages) != want && (err != nil || len(list) > 0) {
			t.Fatalf("%q: Adobe got %d %s, and %d messages for %d events", body, w.Code, w.Body, len(pub.messages), want)
		}
		for _, m := range pub.messages {
			back, err := events.ParseSubject(m.Subject.String())
			mayPublish := m.Subject.Word == events.WordNotice || m.Subject.Word == events.WordDead && m.Subject.Scope == string(events.RoleIngest)
			if err != nil || back != m.Subject || m.Subject.Key == "" || m.ID == "" || !mayPublish {
				t.Fatalf("%q became %s with the id %q: %v", body, m.Subject, m.ID, err)
			}
		}
	})
}
