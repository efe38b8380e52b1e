package webhook_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/webhook"
)

// keyServer is Adobe's host of keys.
type keyServer struct {
	calls  atomic.Int64
	answer func(*http.Request) (*http.Response, error)
}

func (a *keyServer) RoundTrip(r *http.Request) (*http.Response, error) {
	a.calls.Add(1)
	return a.answer(r)
}

func answer(status int, body string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Status: http.StatusText(status), Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{"Location": {"https://evil.example/"}}, Request: r}, nil
	}
}

const (
	clientID = "a1b2c3"
	ioEvent  = `{"specversion":"1.0","id":"x","type":"com.adobe.commerce.observer.sales_order_save_commit_after","eventid":"e1",` +
		`"recipientclientid":"a1b2c3","data":{"key":"k","value":{"increment_id":"000000123","store_id":"2"}}}`
)

// ioHeaders signs as Adobe does: first with a key that is not the one told.
func ioHeaders(t testing.TB, body string) http.Header {
	t.Helper()
	h := http.Header{}
	h.Set("x-adobe-digital-signature-1", rsaSign(t, storeKey(), body))
	h.Set("x-adobe-public-key1-path", "/prod/keys/pub-key-one.pem")
	return h
}

func ioVerifier(t testing.TB, a *keyServer) *webhook.Verifier {
	t.Helper()
	v, err := webhook.New(webhook.Config{Scheme: webhook.AdobeIO, ClientID: clientID, Transport: a})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAdobeIO(t *testing.T) {
	good := answer(200, publicPEM(t, &storeKey().PublicKey))
	down := func(*http.Request) (*http.Response, error) { return nil, errors.New("no route") }
	set := func(pairs ...string) func(http.Header) {
		return func(h http.Header) {
			for i := 0; i < len(pairs); i += 2 {
				h.Set(pairs[i], pairs[i+1])
			}
		}
	}
	const sig1, sig2, path1, path2 = "X-Adobe-Digital-Signature-1", "X-Adobe-Digital-Signature-2", "X-Adobe-Public-Key1-Path", "X-Adobe-Public-Key2-Path"
	second := set(sig1, "AAAA", sig2, rsaSign(t, storeKey(), ioEvent), path2, "/prod/keys/pub-key-two.pem")
	for name, tc := range map[string]struct {
		body   string
		edit   func(http.Header)
		answer func(*http.Request) (*http.Response, error)
		code   string
		again  bool // the sender should come again
	}{
		"signed":                              {answer: good},
		"the second signature alone fits":     {edit: second, answer: good},
		"a batch":                             {body: "[" + ioEvent + "," + ioEvent + "]", answer: good},
		"the old names":                       {body: strings.NewReplacer("eventid", "event_id", "recipientclientid", "recipient_client_id").Replace(ioEvent), answer: good},
		"not JSON, but signed by Adobe":       {body: "{", answer: good},
		"not signed":                          {edit: set(sig1, ""), answer: good, code: "webhook.signature_missing"},
		"no path of the key":                  {edit: set(path1, ""), answer: good, code: "webhook.signature_missing"},
		"a wrong signature":                   {edit: set(sig1, rsaSign(t, otherKey(), ioEvent)), answer: good, code: "webhook.signature_wrong"},
		"a key that is not under /prod/keys/": {edit: set(path1, "/evil/pub-key-one.pem"), answer: good, code: "webhook.key_foreign"},
		"a path that climbs out":              {edit: set(path1, "/prod/keys/../../evil.pem"), answer: good, code: "webhook.key_foreign"},
		"a path that is another host":         {edit: set(path1, "@evil.example/prod/keys/a.pem"), answer: good, code: "webhook.key_foreign"},
		"for another project":                 {body: strings.ReplaceAll(ioEvent, clientID, "another"), answer: good, code: "webhook.recipient"},
		"one of a batch for another project":  {body: "[" + ioEvent + "," + strings.ReplaceAll(ioEvent, clientID, "another") + "]", answer: good, code: "webhook.recipient"},
		"for nobody":                          {body: strings.ReplaceAll(ioEvent, "recipientclientid", "x"), answer: good, code: "webhook.recipient"},
		"Adobe's host is down":                {answer: down, code: "webhook.key_unfetched", again: true},
		"Adobe's host has an error":           {answer: answer(500, ""), code: "webhook.key_unfetched", again: true},
		"a redirect is not followed":          {answer: answer(302, ""), code: "webhook.key_unfetched", again: true},
		"no key but a page":                   {answer: answer(200, "<html>"), code: "webhook.key_unfetched", again: true},
		"a very long key":                     {answer: answer(200, strings.Repeat("A", 1<<20)), code: "webhook.key_unfetched", again: true},
		"one key wrong, the other unfetched": {
			edit: second, code: "webhook.key_unfetched", again: true,
			answer: func(r *http.Request) (*http.Response, error) {
				if strings.Contains(r.URL.Path, "two") {
					return down(r)
				}
				return good(r)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := &keyServer{answer: func(r *http.Request) (*http.Response, error) {
				if r.URL.Scheme != "https" || r.URL.Host != "static.adobeioevents.com" || !strings.HasPrefix(r.URL.Path, "/prod/keys/") {
					t.Errorf("asked %s for a key", r.URL)
				}
				return tc.answer(r)
			}}
			body := tc.body
			if body == "" {
				body = ioEvent
			}
			h := ioHeaders(t, body)
			if tc.edit != nil {
				tc.edit(h)
			}
			err := ioVerifier(t, a).Verify(t.Context(), h, []byte(body))
			if tc.code == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if err == nil || failure.Of(err).Code != tc.code || errors.Is(err, webhook.ErrSignature) == tc.again || (failure.Of(err).Kind == failure.KindTransient) != tc.again {
				t.Errorf("got %v, want %s", err, tc.code)
			}
		})
	}
}

func TestAdobesKeysAreKeptADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &keyServer{answer: answer(200, publicPEM(t, &storeKey().PublicKey))}
		v, h := ioVerifier(t, a), ioHeaders(t, ioEvent)
		verify := func(calls int64) {
			t.Helper()
			if err := v.Verify(t.Context(), h, []byte(ioEvent)); err != nil {
				t.Errorf("refused: %v", err)
			}
			if n := a.calls.Load(); n != calls {
				t.Errorf("Adobe was asked %d times, want %d", n, calls)
			}
		}
		verify(1)
		time.Sleep(23 * time.Hour)
		verify(1)
		time.Sleep(2 * time.Hour)
		verify(2)
		time.Sleep(25 * time.Hour)
		a.answer = answer(503, "")
		if err := v.Verify(t.Context(), h, []byte(ioEvent)); failure.Of(err).Code != "webhook.key_unfetched" {
			t.Errorf("a key of yesterday was believed: %v", err)
		}
	})
}

// Adobe waits 10 s; and a stranger who names keys that are not there must not
// keep more than a few connections busy.
func TestAKeyThatDoesNotComeIsNotWaitedForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var busy, most atomic.Int64
		a := &keyServer{answer: func(r *http.Request) (*http.Response, error) {
			most.Store(max(most.Load(), busy.Add(1)))
			defer busy.Add(-1)
			<-r.Context().Done()
			return nil, r.Context().Err()
		}}
		v, h, began := ioVerifier(t, a), ioHeaders(t, ioEvent), time.Now()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if err := v.Verify(t.Context(), h, []byte(ioEvent)); failure.Of(err).Code != "webhook.key_unfetched" {
					t.Errorf("got %v", err)
				}
			})
		}
		all.Wait()
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("it took %s", took)
		}
		if n := most.Load(); n > 4 {
			t.Errorf("%d keys were fetched at once", n)
		}
	})
}

func TestCloudEvents(t *testing.T) {
	const save = "com.adobe.commerce.observer.sales_order_save_commit_after"
	wrap := func(typ, data string) string {
		return `{"type":"` + typ + `","eventid":"e1","data":` + data + `}`
	}
	for name, tc := range map[string]struct {
		body string
		want webhook.Notice
		code string
	}{
		"ids as text": {wrap(save, `{"value":{"increment_id":"000000123","entity_id":"871","store_id":"2"}}`), webhook.Notice{Event: save, Entity: "order", Key: "000000123", ID: 871, StoreID: 2, DeliveryID: "e1"}, ""},
		"ids as numbers, with the merchant's id in the type": {
			wrap("com.adobe.commerce.m1-stage.observer.sales_order_save_commit_after", `{"value":{"increment_id":123,"entity_id":871}}`),
			webhook.Notice{Event: "com.adobe.commerce.m1-stage.observer.sales_order_save_commit_after", Entity: "order", Key: "123", ID: 871, DeliveryID: "e1"}, "",
		},
		"a new order has no entity_id": {wrap(save, `{"value":{"increment_id":"7","_isNew":true,"payment":{"entity_id":3,"additional_information":{"a":"b"}},"extension":[]}}`), webhook.Notice{Event: save, Entity: "order", Key: "7", DeliveryID: "e1"}, ""},
		"the record within the value":  {wrap(save, `{"value":{"order":{"increment_id":"7"}},"_metadata":{"storeId":"1"}}`), webhook.Notice{Event: save, Entity: "order", Key: "7", DeliveryID: "e1"}, ""},
		"a placed order, by a plugin": {
			wrap("com.adobe.commerce.plugin.magento.sales.api.order_management.place", `{"value":{"order":{"increment_id":"7"},"result":{"entity_id":"9","increment_id":"7"}}}`),
			webhook.Notice{Event: "com.adobe.commerce.plugin.magento.sales.api.order_management.place", Entity: "order", Key: "7", DeliveryID: "e1"}, "",
		},
		"the record as the data":    {wrap(save, `{"increment_id":"7"}`), webhook.Notice{Event: save, Entity: "order", Key: "7", DeliveryID: "e1"}, ""},
		"an empty object is a list": {wrap(save, `{"value":[]}`), webhook.Notice{}, "webhook.no_key"},
		"no data":                   {`{"type":"` + save + `"}`, webhook.Notice{}, "webhook.no_record"},
		"no type":                   {`{"data":{"value":{"increment_id":"7"}}}`, webhook.Notice{}, "webhook.event_missing"},
		"a type without end":        {wrap(save+strings.Repeat("x", 200), `{"value":{"increment_id":"7"}}`), webhook.Notice{}, "webhook.event_missing"},
		"another event":             {wrap("com.adobe.commerce.observer.cms_page_save_after", `{"value":{"id":1}}`), webhook.Notice{}, "webhook.event_unknown"},
		"nested deeply":             {wrap(save, strings.Repeat(`{"a":`, 90)+"1"+strings.Repeat("}", 90)), webhook.Notice{}, "webhook.too_deep"},
		"nested without end":        {strings.Repeat("[", 20_000), webhook.Notice{}, "webhook.syntax"},
		"truncated":                 {ioEvent[:len(ioEvent)-2], webhook.Notice{}, "webhook.syntax"},
		"a number":                  {`5`, webhook.Notice{}, "webhook.not_cloudevent"},
		"a type that is a number":   {`{"type":5}`, webhook.Notice{}, "webhook.not_cloudevent"},
		"too many":                  {"[" + strings.Repeat("{},", 1000) + "{}]", webhook.Notice{}, "webhook.batch"},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := webhook.CloudEvents([]byte(tc.body))
			var got webhook.Notice
			if err == nil {
				got, err = list[0].Notice()
			}
			if tc.code != "" {
				if err == nil || failure.Of(err).Code != tc.code {
					t.Errorf("got %+v, %v; want %s", got, err, tc.code)
				}
				return
			}
			if err != nil || got != tc.want {
				t.Errorf("got %+v, %v\nwant %+v", got, err, tc.want)
			}
		})
	}
}

func TestABatchIsEachOfItsEvents(t *testing.T) {
	second := strings.NewReplacer("e1", "e2", "000000123", "000000124").Replace(ioEvent)
	body := " [" + ioEvent + ", " + second + "]"
	raw := []byte(body)
	list, err := webhook.CloudEvents(raw)
	if err != nil || len(list) != 2 {
		t.Fatalf("got %+v, %v", list, err)
	}
	if string(raw) != body {
		t.Error("the body was written over")
	}
	for i, want := range []string{ioEvent, second} {
		if e := list[i]; string(e.Raw) != want || e.ID != []string{"e1", "e2"}[i] || e.Recipient != clientID {
			t.Errorf("got %+v", e)
		}
	}
}

func TestOnlyAdobesURLIsCalled(t *testing.T) {
	const good = "https://csm.adobe.io/csm/registration_status?id=1"
	for body, want := range map[string]string{
		`{"validationUrl":"` + good + `"}`:                       good,
		`{"validationUrl":"https://events-va6.adobe.io/v?x=1"}`:  "https://events-va6.adobe.io/v?x=1",
		`{"validationUrl":"https://CSM.adobe.io/"}`:              "https://CSM.adobe.io/",
		`{"increment_id":"1"}`:                                   "",
		`{"note":"\"validationUrl\""}`:                           "",
		`{"data":{"validationUrl":"https://evil.example/"}}`:     "",
		`{"validationUrl":5}`:                                    "",
		`{"validationUrl":"http://csm.adobe.io/"}`:               "refused",
		`{"validationUrl":"https://csm.adobe.io:8443/"}`:         "refused",
		`{"validationUrl":"https://csm.adobe.io@evil.example/"}`: "refused",
		`{"validationUrl":"https://a@csm.adobe.io/"}`:            "refused",
		`{"validationUrl":"https://adobe.io.evil.example/"}`:     "refused",
		`{"validationUrl":"https://notadobe.io/"}`:               "refused",
		`{"validationUrl":"https://169.254.169.254/latest"}`:     "refused",
		`{"validationUrl":""}`:                                   "refused",
	} {
		got, err := webhook.ValidationURL([]byte(body))
		if err != nil {
			got = "refused"
		}
		if got != want {
			t.Errorf("%s gave %q, want %q", body, got, want)
		}
	}
}

func FuzzCloudEvents(f *testing.F) {
	for _, body := range []string{ioEvent, "[" + ioEvent + "]", "[]", "[null]", `{"data":{"value":{}}}`, `{"type":5}`, "{", "\xff", strings.Repeat("[", 100)} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		list, err := webhook.CloudEvents(body)
		if err != nil && failure.Of(err).Code == "unclassified" {
			t.Fatalf("%q: %v has no kind", body, err)
		}
		for _, e := range list {
			n, err := e.Notice()
			if err == nil && (n.Entity == "" || n.Key == "" && n.ID == 0 || n.Entity != e.Entity()) {
				t.Fatalf("%q gave %+v", body, n)
			}
			if err != nil && failure.Of(err).Code == "unclassified" {
				t.Fatalf("%q: %v has no kind", body, err)
			}
		}
	})
}
