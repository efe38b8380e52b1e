package magento_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

const html = "<html><body>503 Backend fetch failed</body></html>"

func TestRefusals(t *testing.T) {
	read := func(c *magento.Client) error { _, err := c.Comments(t.Context(), 12); return err }
	write := func(c *magento.Client) error { return c.AddComment(t.Context(), 12, "text", "processing") }
	list := func(c *magento.Client) error { _, err := c.StoreConfigs(t.Context()); return err }
	type want struct {
		kind    failure.Kind
		code    string
		system  bool
		unknown bool
		is      error
		after   time.Duration
		texts   []string
	}
	for _, tc := range []struct {
		name   string
		do     func(*magento.Client) error
		status int
		header string
		body   string
		want   want
	}{
		{"missing permission", read, 401, "", `{"message":"The consumer isn't authorized to access %resources.","parameters":{"resources":"Magento_Sales::actions_view"}}`,
			want{kind: failure.KindTransient, code: "magento.unauthorized", system: true, texts: []string{"Magento_Sales::actions_view", "Bearer"}}},
		{"a proxy's password", read, 401, "", html, want{kind: failure.KindTransient, code: "magento.blocked", system: true}},
		{"template with a list", write, 400, "", `{"message":"%1 of %2, %10","parameters":["a",7,"c","d","e","f","g","h","i","ten"]}`,
			want{kind: failure.KindRejected, code: "magento.refused", texts: []string{"a of 7, ten"}}},
		{"template with a map", read, 404, "", `{"message":"No such entity with %fieldName = %fieldValue","parameters":{"fieldName":"orderId","fieldValue":12,"field":"x"}}`,
			want{kind: failure.KindRejected, code: "magento.not_found", is: magento.ErrNotFound, texts: []string{"orderId = 12"}}},
		{"several errors", write, 400, "", `{"message":"bad","errors":[{"message":"\"%1\" is wrong","parameters":["qty"]}],"trace":"secret"}`,
			want{kind: failure.KindRejected, code: "magento.refused", texts: []string{`bad: "qty" is wrong`}}},
		{"values are scrubbed", write, 400, "", `{"message":"%1 and %2","parameters":["avery@example.com","4111111111111111"]}`,
			want{kind: failure.KindRejected, code: "magento.refused", texts: []string{"a***@e***", "[scrubbed]"}}},
		{"status refused", write, 400, "", `{"message":"Unable to add comment: The status \"%1\" is not part of the order status history.","parameters":["processing"]}`,
			want{kind: failure.KindRejected, code: "magento.status_refused", is: magento.ErrStatusRefused, texts: []string{`"processing"`}}},
		{"status refused in another language", write, 400, "", `{"message":"Der Status \"%1\" ist nicht erlaubt.","parameters":["processing"]}`,
			want{kind: failure.KindRejected, code: "magento.status_refused", is: magento.ErrStatusRefused}},
		{"deadlock", write, 400, "", `{"message":"SQLSTATE[40001]: Serialization failure: 1213 Deadlock found when trying to get lock"}`,
			want{kind: failure.KindTransient, code: "magento.deadlock"}},
		{"no such route", read, 404, "", `{"message":"Request does not match any route."}`, want{kind: failure.KindTransient, code: "magento.no_route", system: true}},
		{"a list is missing", list, 404, "", `{"message":"Keine Route."}`, want{kind: failure.KindTransient, code: "magento.no_route", system: true}},
		{"another server's 404", read, 404, "", html, want{kind: failure.KindTransient, code: "magento.not_json", system: true}},
		{"too many", write, 429, "7", `{"message":"Too Many Requests","trace":null}`, want{kind: failure.KindTransient, code: "magento.rate_limited", system: true, after: 7 * time.Second}},
		{"maintenance with a time", write, 503, "120", html, want{kind: failure.KindTransient, code: "magento.unavailable", system: true, after: 2 * time.Minute}},
		{"far too long", read, 503, "999999", html, want{kind: failure.KindTransient, code: "magento.unavailable", system: true, after: time.Hour}},
		{"maintenance", read, 503, "", html, want{kind: failure.KindTransient, code: "magento.gateway", system: true}},
		{"gateway time-out of a write", write, 504, "", html, want{kind: failure.KindTransient, code: "magento.gateway", system: true, unknown: true}},
		{"report", read, 500, "", report, want{kind: failure.KindTransient, code: "magento.internal_error", texts: []string{"webapi-5a37c96156541"}}},
		{"fatal error", write, 500, "", `{"messages":{"error":[{"code":500,"message":"Server internal error. See details in report api/1234567"}]}}`,
			want{kind: failure.KindTransient, code: "magento.internal_error", texts: []string{"api/1234567"}}},
		{"PHP broke down", read, 500, "", "", want{kind: failure.KindTransient, code: "magento.fatal_error", system: true}},
		{"firewall", write, 403, "", html, want{kind: failure.KindTransient, code: "magento.blocked"}},
		{"login", write, 302, "", "", want{kind: failure.KindTransient, code: "magento.redirected", system: true, texts: []string{"/login"}}},
		{"page instead of JSON", read, 200, "", html, want{kind: failure.KindTransient, code: "magento.not_json", system: true}},
		{"page instead of JSON for a write", write, 200, "", html, want{kind: failure.KindTransient, code: "magento.not_json", system: true, unknown: true}},
		{"cut JSON", read, 200, "", `{"items":[{"entity_id":1,`, want{kind: failure.KindTransient, code: "magento.unreadable"}},
		{"false", write, 200, "", `false`, want{kind: failure.KindRejected, code: "magento.refused"}},
		{"not acceptable", read, 406, "", `{"message":"no"}`, want{kind: failure.KindDefect, code: "magento.protocol"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "login") {
					t.Error("a redirect was followed")
				}
				if tc.body == html {
					w.Header().Set("Content-Type", "text/html")
				} else {
					w.Header().Set("Content-Type", "application/json; charset=utf-8")
				}
				w.Header().Set("Location", "/login?token="+token)
				if tc.header != "" {
					w.Header().Set("Retry-After", tc.header)
				}
				w.WriteHeader(tc.status)
				_, _ = w.Write([]byte(tc.body))
			}))
			defer server.Close()
			err := tc.do(client(t, server.URL, magento.Config{}))
			f := failure.Of(err)
			if f == nil {
				t.Fatal("no error")
			}
			if f.Kind != tc.want.kind || f.Code != tc.want.code || f.System != tc.want.system || f.After != tc.want.after || f.Unsent {
				t.Errorf("got %+v", f)
			}
			if errors.Is(err, failure.ErrUnknownOutcome) != tc.want.unknown {
				t.Errorf("unknown outcome: %t", !tc.want.unknown)
			}
			if tc.want.is != nil && !errors.Is(err, tc.want.is) {
				t.Errorf("%v is not in the chain of %v", tc.want.is, err)
			}
			for _, text := range tc.want.texts {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("%q lacks %q", err, text)
				}
			}
			for _, secret := range []string{token, "secret", "4111111111111111", "avery"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%q tells %q", err, secret)
				}
			}
		})
	}
}

func TestNothingListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	c := client(t, "http://"+l.Addr().String(), magento.Config{})
	err = c.AddComment(t.Context(), 1, "x", "pending")
	f := failure.Of(err)
	if f.Code != "magento.unreachable" || !f.System || !f.Unsent || errors.Is(err, failure.ErrUnknownOutcome) {
		t.Errorf("got %+v", f)
	}
}

// hangUp takes a request and closes the connection without an answer.
func hangUp(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		conn.Close()
	}
}

func TestNoAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(hangUp))
	defer server.Close()
	c := client(t, server.URL, magento.Config{})
	if err := c.AddComment(t.Context(), 1, "x", "pending"); !errors.Is(err, failure.ErrUnknownOutcome) {
		t.Errorf("write: %v", err)
	}
	_, err := c.Comments(t.Context(), 1)
	if f := failure.Of(err); f.Code != "magento.no_answer" || !f.System || f.Unsent || errors.Is(err, failure.ErrUnknownOutcome) {
		t.Errorf("read: %+v", f)
	}
}

func TestSilenceAndCancelling(t *testing.T) {
	arrived, release := make(chan struct{}, 4), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-release
	}))
	defer server.Close()
	defer close(release)
	c := client(t, server.URL, magento.Config{Timeout: 20 * time.Millisecond})
	if err := c.AddComment(t.Context(), 1, "x", "pending"); !errors.Is(err, failure.ErrUnknownOutcome) {
		t.Errorf("write: %v", err)
	}
	_, err := c.Comments(t.Context(), 1)
	if f := failure.Of(err); f.Code != "magento.no_answer" || !f.System {
		t.Errorf("read: %+v", f)
	}
	patient := client(t, server.URL, magento.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	<-arrived
	<-arrived
	go func() { <-arrived; cancel() }()
	_, err = patient.Comments(ctx, 1)
	if f := failure.Of(err); f.Code != "magento.cancelled" || f.System || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %+v", f)
	}
}

func TestCutAnswerOfAWriteIsUnknown(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`tr`))
	}))
	defer server.Close()
	c := client(t, server.URL, magento.Config{})
	if err := c.AddComment(t.Context(), 1, "x", "pending"); !errors.Is(err, failure.ErrUnknownOutcome) {
		t.Errorf("got %v", err)
	}
}
