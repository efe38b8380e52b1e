package gp

import (
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/libs/failure"
)

// TestBadAnswersSayWhatCameAndWhatToDo: each bad answer of a read gives one
// whole sentence with what happened, the rule, and the next step.
func TestBadAnswersSayWhatCameAndWhatToDo(t *testing.T) {
	const page = "<html><head><style>h1 {}</style></head><body><h1>Web Gateway</h1> Ask avery.quinn@example.com</body></html>"
	for _, tt := range []struct {
		name         string
		status       int
		kind, body   string
		location     string
		code         string
		system       bool
		unknown      bool // of a write
		reason, next string
	}{
		{
			name: "a page instead of SOAP", status: 200, kind: "text/html; charset=utf-8", body: page, code: "gp.not_soap", system: true, unknown: true,
			reason: `GP's answer to GetCustomerByKey is no SOAP (200, text/html, "Web Gateway Ask a***@e***")`,
			next:   "check that the address is that of the services, and that no proxy, login or start page stands before it",
		}, {
			name: "an empty answer", status: 200, kind: "text/xml", code: "gp.not_soap", system: true, unknown: true,
			reason: "GP's answer to GetCustomerByKey is no SOAP (200, text/xml, empty)", next: "check that the address",
		}, {
			name: "half an answer", status: 200, kind: "text/xml", body: "<s:Envelope><s:Bo", code: "gp.unreadable", unknown: true,
			reason: "GP's answer to GetCustomerByKey can't be read: XML syntax error on line 1: unexpected EOF (200, text/xml, \"<s:Bo\")",
			next:   "call it by hand and look",
		}, {
			name: "an error's page", status: 500, kind: "text/html", body: page, code: "gp.gateway", system: true, unknown: true,
			reason: `GP answered GetCustomerByKey with an error that is no SOAP fault (500, text/html, "Web Gateway`,
			next:   "look into the web server's log",
		}, {
			name: "a redirect", status: 302, location: "https://login.example.com/x?token=hunter2", code: "gp.redirected", system: true,
			reason: "GP redirects GetCustomerByKey to login.example.com (302), and a message is not sent after a redirect",
			next:   "set the address that it redirects to",
		}, {
			name: "an expired account", status: 401, kind: "text/html", body: "<h1>401 - Unauthorized</h1>", code: "gp.unauthorized", system: true,
			reason: `GP refused the account for GetCustomerByKey (401, text/html, "401 - Unauthorized")`,
			next:   "check user and password, the account's role in Dynamics Security, and its access to the company",
		}, {
			name: "no room", status: 503, kind: "text/html", body: page, code: "gp.busy", system: true,
			reason: "GP, or a gateway before it, has no room for GetCustomerByKey now (503,", next: "see whether the service",
		}, {
			name: "another server", status: 404, kind: "text/html", body: "<h1>IIS</h1>", code: "gp.no_service", system: true,
			reason: `/Dynamics/GPService/CustomerService.svc (404, text/html, "IIS")`, next: "correct the URL, or the paths of the services",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeGP(t)
			f.both(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tt.kind)
				if tt.location != "" {
					w.Header().Set("Location", tt.location)
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			})
			write, read := both(t, f.client(t))
			if read.Code != tt.code || read.Kind != failure.KindTransient || read.System != tt.system {
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
			for _, secret := range []string{"hunter2", "avery"} {
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
	trusting := func(cfg *Config) {
		transport := newTransport()
		transport.TLSClientConfig.RootCAs = x509.NewCertPool()
		transport.TLSClientConfig.RootCAs.AddCert(server.Certificate())
		transport.TLSClientConfig.ServerName = "gp.other"
		cfg.Transport = transport
		t.Cleanup(transport.CloseIdleConnections)
	}
	for _, tt := range []struct {
		name, url, next string
		change          func(*Config)
	}{
		{"a certificate of an unknown authority", server.URL, "give the PEM file of the authority", func(*Config) {}},
		{"a certificate for another name", server.URL, "set the address to a name that the certificate has", trusting},
		{"no TLS there", "https" + strings.TrimPrefix(plain.URL, "http"), "the server speaks no TLS at this port", func(*Config) {}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeGP(t)
			c := f.client(t, func(cfg *Config) { cfg.URL = tt.url; tt.change(cfg) })
			write, read := both(t, c)
			for _, e := range []*failure.Error{write, read} {
				if e.Code != "gp.tls" || !e.System || !e.Unsent || errors.Is(e, failure.ErrUnknownOutcome) || !strings.HasPrefix(e.Fix, tt.next) {
					t.Errorf("got %+v", e)
				}
			}
		})
	}
}
