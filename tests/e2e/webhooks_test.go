package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/webhook"
	"github.com/magpie-integration/magpie/services/ingest"
)

// TestAnOrderArrivesByEachFormOfWebhook: the store signs as each scheme's sender
// does, and nothing but its webhook tells Magpie of the order.
func TestAnOrderArrivesByEachFormOfWebhook(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"default", "adobe-webhooks", "mageos", "adobe-io"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := all.pairs[name]
			if name == "adobe-io" {
				door := p.door(t, func(path string) string { return p.store.URL + path })
				call(t, http.MethodPost, p.store.URL+"/_sandbox/webhooks", "", fmt.Sprintf(`{"scheme": "adobe-io", "url": %q, "client_id": %q}`, door, ioClient))
			}
			o := p.place(t, twoStraps)
			for _, fault := range compare(p.order(t, o.IncrementID), placed{OrderRow: o}, p.written(t, o.IncrementID)) {
				t.Error(fault)
			}
			p.outcome(t, o.IncrementID, "is told where it went", func(o events.Outcome) bool {
				return o.System == events.Magento && o.Result == events.Applied
			})
			back := p.order(t, o.IncrementID)
			if said := fmt.Sprint(back["status_histories"]); back["state"] != "processing" || !strings.Contains(said, "WEB"+o.IncrementID) {
				t.Errorf("the order is in state %v, with the comments %s", back["state"], said)
			}
			for _, step := range p.life(t, o.IncrementID).Steps {
				if step.Word == events.WordNotice && strings.Contains(step.Text, "sweep") {
					t.Errorf("%s: the webhook has not told", step.Text)
				}
			}
		})
	}
}

// TestAForgedWebhookIsRefused: of a store that signs with other keys, nothing
// comes in, and its shoppers are not held up by that.
func TestAForgedWebhookIsRefused(t *testing.T) {
	t.Parallel()
	p := all.pairs["forged"]
	call(t, http.MethodPost, p.store.URL+"/_sandbox/webhooks/public-key", "", "") // another than Magpie has
	p.place(t, twoStraps)

	door := p.door(t, func(string) string { return all.pairs["default"].store.URL + "/_sandbox/webhooks/public-key" })
	call(t, http.MethodPost, p.store.URL+"/_sandbox/webhooks", "", fmt.Sprintf(`{"scheme": "adobe-io", "url": %q, "client_id": %q, "events": ["observer.sales_order_save_commit_after"]}`, door, ioClient))
	p.place(t, twoStraps)

	// An order is committed twice and created once: two by HMAC and one by Mage-OS
	// of each, and two by I/O of the second. A store gives up what is answered 401.
	until(t, "all webhooks were refused for good", func() bool {
		n := p.Magento.WebhookCounts()
		return n["gaveUp"] == 2*3+2 && n["sent"] == n["gaveUp"] && n["asked"] >= 2
	})
	if n := p.Magento.WebhookCounts(); n["delivered"] > 0 || n["aborted"] > 0 {
		t.Errorf("webhooks are taken, or stop the shoppers: %v", n)
	}
	noticed, err := p.world.bus.Newest(t.Context(), bus.Notices, "magpie.notice."+p.name+".>")
	if err != nil || len(noticed) > 0 {
		t.Errorf("forged webhooks have become notices: %v %v", noticed, err)
	}
}

// door is ingest's for Adobe I/O Events of the pair, in the test. It reads keys
// where a test says, by their paths; a real one reads them from Adobe's host.
func (p *pair) door(t *testing.T, keys func(path string) string) string {
	t.Helper()
	transport := transportFunc(func(r *http.Request) (*http.Response, error) {
		r, err := http.NewRequestWithContext(r.Context(), http.MethodGet, keys(r.URL.Path), nil)
		if err != nil {
			return nil, err
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	cfg := webhook.Config{Scheme: webhook.AdobeIO, ClientID: ioClient, Transport: transport}
	verifier, err := webhook.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	door := httptest.NewServer(ingest.Handler(p.world.bus, ingest.Config{
		Hooks: map[string][]ingest.Hook{p.name: {{Config: cfg, Verifier: verifier}}},
	}, nil))
	t.Cleanup(door.Close)
	return door.URL + "/hooks/magento/" + p.name
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
