package e2e

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/services/sandbox/magento"
)

// badSystem is a system that gives what is no answer of its own.
type badSystem struct {
	name, fault string
	// doctor are a line of the doctor and its fix.
	doctor [2]string
	// breaker is what the breaker says, where the test waits for it to open.
	breaker string
}

// TestAStoreThatDoesNotAnswerAsMagento: nothing is lost by it, the doctor and
// the breaker say what it is, and all orders arrive when it is over.
func TestAStoreThatDoesNotAnswerAsMagento(t *testing.T) { //nolint:tparallel // one store, so one way after the other
	t.Parallel()
	p := all.pairs["webshop"]
	p.suffer(t, p.store.URL, "magento.order.magento-capture", []badSystem{
		{
			"a page instead of JSON", `{"insteadRate": 1, "instead": "html"}`,
			[2]string{
				"permissions: GET /V1/store/storeViews: the answer is a page, not JSON (200, text/html",
				"check that the address is the store's API, and that no proxy, login or maintenance page stands before it",
			}, "",
		}, {
			"nothing", `{"insteadRate": 1, "instead": "empty"}`,
			[2]string{"permissions: GET /V1/store/storeViews: the answer is empty (200", "see the web server's and PHP's error log"}, "",
		}, {
			"a redirect", `{"insteadRate": 1, "instead": "redirect"}`,
			[2]string{"redirects to " + p.store.URL + "/login, and calls are not sent after a redirect", "set magento.url to the address that does not redirect"}, "",
		}, {
			"an expired token", `{"insteadRate": 1, "instead": "unauthorized"}`,
			[2]string{"token: the store takes this caller for a guest at all 4 endpoints", "take the access token anew (System, Integrations; the integration must be active) and set magento.token"},
			"magento.unauthorized: GET /V1/orders: the token may not use Magento_Sales::actions_view, or is not known (401)",
		},
	})
}

// TestACompanyThatDoesNotAnswerAsGP: the same for the other side.
func TestACompanyThatDoesNotAnswerAsGP(t *testing.T) { //nolint:tparallel // one company, so one way after the other
	t.Parallel()
	p := all.pairs["books"]
	p.suffer(t, p.company.URL, "gp.order.gp-writer", []badSystem{
		{
			"a SOAP fault", `{"insteadRate": 1, "instead": "exception"}`,
			[2]string{"company: GP failed in GetCompanyList: The application encountered an unhandled system exception", "look in GP's Exception Management Console"}, "",
		}, {
			"a page instead of SOAP", `{"insteadRate": 1, "instead": "html"}`,
			[2]string{"company: GP's answer to GetCompanyList is no SOAP (200, text/html", "check that the address is that of the services, and that no proxy, login or start page stands before it"}, "",
		}, {
			"nothing", `{"insteadRate": 1, "instead": "empty"}`,
			[2]string{"company: GP's answer to GetCompanyList is no SOAP (200, no content type, empty)", "check that the address is that of the services"}, "",
		}, {
			"a redirect", `{"insteadRate": 1, "instead": "redirect"}`,
			[2]string{"company: GP redirects GetCompanyList to another path (302), and a message is not sent after a redirect", "set the address that it redirects to"},
			"(302), and a message is not sent after a redirect",
		},
	})
}

// suffer has a system go wrong in one way after the other.
func (p *pair) suffer(t *testing.T, system, scope string, ways []badSystem) {
	t.Helper()
	faults, config := system+"/_sandbox/faults", p.alone(t, p.store.URL, p.company.URL)
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			before := p.place(t, twoStraps)
			p.written(t, before.IncrementID)
			met := func() int {
				var state struct{ Fired map[string]int }
				decode(t, call(t, http.MethodGet, faults, "", ""), &state)
				return state.Fired["instead"]
			}
			began, earlier := time.Now(), met()
			call(t, http.MethodPut, faults, "", way.fault)
			defer call(t, http.MethodDelete, faults, "", "")
			orders := []magento.OrderRow{p.place(t, twoStraps), p.place(t, twoStraps)}
			until(t, "an order has met the fault", func() bool { return met() > earlier })
			if way.breaker != "" {
				p.opened(t, scope, began, way.breaker)
			}
			p.world.doctor(t, config, way.doctor)
			call(t, http.MethodDelete, faults, "", "")
			for _, o := range append(orders, p.place(t, twoStraps)) {
				p.written(t, o.IncrementID)
			}
		})
	}
	if letters := p.letters(t, ""); len(letters) > 0 {
		t.Errorf("there are dead letters: %+v", letters)
	}
}

// TestTLSThatFails: of a certificate that nobody vouches for, and of a server
// without TLS, the doctor says what to do about it.
func TestTLSThatFails(t *testing.T) {
	t.Parallel()
	p := all.pairs["webshop"]
	signed := httptest.NewUnstartedServer(http.NotFoundHandler())
	signed.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // that a client refuses it is what is tested
	signed.StartTLS()
	defer signed.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	config := p.alone(t, signed.URL, strings.Replace(plain.URL, "http:", "https:", 1))
	p.world.doctor(t, config,
		[2]string{"magento of pair webshop: address: nothing answers at " + signed.URL + ": tls: failed to verify certificate", "give the PEM file of the authority that signed the certificate as ca"},
		[2]string{"gp of pair webshop: address: nothing answers at https:", "the server speaks no TLS at this port: correct the port, or write http:// if that is meant"},
	)
}

// alone is a configuration of the pair alone, for commands.
func (p *pair) alone(t *testing.T, store, company string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "magpie.yaml")
	text := fmt.Sprintf("nats: {url: %q}\npairs:\n", p.world.bus.Conn().ConnectedUrl()) +
		fmt.Sprintf(pairConfiguration, p.name, store, token, "{scheme: hmac-sha256, secret: "+hookSecret+"}", company, "", flowsOf(settings{}))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// opened waits until a breaker opens for a reason.
func (p *pair) opened(t *testing.T, scope string, since time.Time, reason string) {
	t.Helper()
	until(t, "the breaker "+scope+" of pair "+p.name+" opens: "+reason, func() bool {
		for m, err := range p.world.bus.Since(t.Context(), bus.Breakers, "magpie.breaker."+p.name+"."+scope, bus.Start{Time: since}) {
			if err != nil {
				t.Fatal(err)
			}
			var b events.Breaker
			if err := json.Unmarshal(m.Data, &b); err != nil {
				t.Fatal(err)
			}
			if b.To == "open" && strings.Contains(b.Reason, reason) {
				return true
			}
		}
		return false
	})
}

// doctor runs the doctor, who is to find failures: lines with their fix below.
func (w *world) doctor(t *testing.T, config string, want ...[2]string) {
	t.Helper()
	said, code := w.try(t, config, "doctor")
	if code != 1 {
		t.Errorf("the doctor's exit code is %d, want 1", code)
	}
	lines := strings.Split(said, "\n")
	for _, fail := range want {
		found := false
		for i, line := range lines[:len(lines)-1] {
			found = found || strings.HasPrefix(line, "fail") && strings.Contains(line, fail[0]) && strings.Contains(lines[i+1], fail[1])
		}
		if !found {
			t.Errorf("the doctor does not say\n%s\n%s\nbut\n%s", fail[0], fail[1], said)
		}
	}
}
