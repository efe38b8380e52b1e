package magento_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

// TestBadAnswersSayWhatCameAndWhatToDo: each bad answer of a read gives one
// whole sentence with what happened, the rule, and the next step.
func TestBadAnswersSayWhatCameAndWhatToDo(t *testing.T) {
	const page = "<html><script>var x</script><h1>Just a moment</h1> ask avery.quinn@example.com</html>"
	for _, tt := range []struct {
		name         string
		status       int
		kind, body   string
		code         string
		unknown      bool // of a write
		reason, next string
	}{
		{
			name: "a page instead of JSON", status: 200, kind: "text/html; charset=utf-8", body: page, code: "magento.not_json", unknown: true,
			reason: `GET /V1/orders/12/comments: the answer is a page, not JSON (200, text/html, "Just a moment ask a***@e***")`,
			next:   "check that the address is the store's API, and that no proxy, login or maintenance page stands before it",
		}, {
			name: "an empty answer", status: 200, kind: "application/json", code: "magento.empty", unknown: true,
			reason: "GET /V1/orders/12/comments: the answer is empty (200, application/json, empty)", next: "see the web server's and PHP's error log",
		}, {
			name: "half an answer", status: 200, kind: "application/json", body: `{"items":[`, code: "magento.unreadable", unknown: true,
			reason: "GET /V1/orders/12/comments: the answer (200) is not the JSON that it should be: unexpected end of JSON input",
			next:   "call it by hand and look",
		}, {
			name: "an error's page", status: 500, kind: "text/html", body: page, code: "magento.fatal_error", unknown: true,
			reason: `the web server answered for PHP, which broke down (500, text/html, "Just a moment`, next: "see the web server's error log",
		}, {
			name: "a firewall", status: 403, kind: "text/html", body: page, code: "magento.blocked",
			reason: `a firewall or proxy refused the call (403, text/html, "Just a moment`, next: "let Magpie's address through to /rest",
		}, {
			name: "a redirect", status: 301, code: "magento.redirected",
			reason: "the store redirects to https://www.shop.example/rest/V1 (301)", next: "set the address to the one that does not redirect",
		}, {
			name: "an expired token", status: 401, kind: "application/json",
			body: `{"message":"The consumer isn't authorized to access %resources.","parameters":{"resources":"Magento_Sales::comment"}}`,
			code: "magento.unauthorized", reason: "the token may not use Magento_Sales::comment, or is not known (401)",
			next: "switch on 'Allow OAuth Access Tokens to be used as standalone Bearer tokens'",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tt.kind)
				w.Header().Set("Location", "https://www.shop.example/rest/V1?token=hunter2")
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}))
			defer server.Close()
			c := client(t, server.URL, magento.Config{})
			_, err := c.Comments(t.Context(), 12)
			read, write := failure.Of(err), failure.Of(c.AddComment(t.Context(), 12, "text", "processing"))
			if read.Code != tt.code || read.Kind != failure.KindTransient || read.System != (tt.code != "magento.unreadable") {
				t.Errorf("got %+v", read)
			}
			if !strings.Contains(read.Reason, tt.reason) {
				t.Errorf("got  %s\nwant %s", read.Reason, tt.reason)
			}
			if !strings.HasPrefix(read.Fix, tt.next) {
				t.Errorf("got the next step %q, want %q", read.Fix, tt.next)
			}
			if write.Code != tt.code || write.Fix != read.Fix || errors.Is(write, failure.ErrUnknownOutcome) != tt.unknown {
				t.Errorf("of a write: %+v", write)
			}
			for _, secret := range []string{"hunter2", "avery", token} {
				if strings.Contains(read.Error()+write.Error(), secret) {
					t.Errorf("%q is shown", secret)
				}
			}
		})
	}
}

func TestTLSFailuresSayWhatIsWrongWithTheCertificate(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	defer server.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	for url, next := range map[string]string{
		server.URL: "give the PEM file of the authority that signed the certificate as ca",
		"https" + strings.TrimPrefix(plain.URL, "http"): "the server speaks no TLS at this port",
	} {
		c := client(t, url, magento.Config{})
		_, err := c.Comments(t.Context(), 12)
		for _, f := range []*failure.Error{failure.Of(err), failure.Of(c.AddComment(t.Context(), 12, "x", "new"))} {
			if f.Code != "magento.tls" || !f.System || !f.Unsent || errors.Is(f, failure.ErrUnknownOutcome) || !strings.HasPrefix(f.Fix, next) {
				t.Errorf("%s: got %+v", url, f)
			}
		}
	}
}
