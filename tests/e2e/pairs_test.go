package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/magpie-integration/magpie/libs/flow"
	"github.com/magpie-integration/magpie/services/sandbox/magento"
)

// settings of a pair of the world.
type settings struct {
	name string
	// sends are the store's webhooks, without their URL.
	sends []magento.Webhook
	// accepts are the forms of webhook that the pair takes, as YAML.
	accepts []accepted
	// flows is more YAML at pairs[].flows.
	flows string
	// runs are the flows that the pair runs besides those of orders.
	runs []string
	// gp is more YAML at pairs[].gp.
	gp string
}

// accepted gives an item of pairs[].magento.webhooks for a store at this address.
type accepted func(store string) (string, error)

func form(yaml string) accepted { return func(string) (string, error) { return yaml, nil } }

const (
	hookSecret = "webhook-secret-of-the-sandbox"
	ioClient   = "client-of-the-sandbox"
)

var (
	// byHMAC is what most pairs have.
	byHMAC      = []magento.Webhook{{Secret: hookSecret}}
	acceptsHMAC = []accepted{form("{scheme: hmac-sha256, secret: " + hookSecret + "}")}
)

// acceptsAdobe has the key that the store signs with, as its Admin shows it.
func acceptsAdobe(store string) (string, error) {
	answer, err := http.Get(store + "/_sandbox/webhooks/public-key") //nolint:gosec,noctx // the test's own server
	if err != nil {
		return "", err
	}
	defer answer.Body.Close() //nolint:errcheck // read to the end
	pem, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(string(pem)) // which is YAML too
	return fmt.Sprintf("{scheme: adobe-webhooks, public_keys: [%s]}", text), err
}

// pairs of the world. Each has a store of its own, for a store tells every
// receiver of every order.
var pairs = []settings{
	// All that a merchant may have to decide is decided.
	{name: "decided", sends: byHMAC, accepts: acceptsHMAC, flows: `
      order: {credits: payment, pricePlaces: 2}
      tables:
        credits:
          gift_cards: {type: Cash Deposit, checkbook: UPTOWN TRUST}
          customer_balance: {type: Cash Deposit, checkbook: UPTOWN TRUST}
          reward_currency: {type: Cash Deposit, checkbook: UPTOWN TRUST}
        surcharges:
          extension_attributes.handling_surcharge: misc`},
	// As Magpie comes.
	{name: "default", sends: byHMAC, accepts: acceptsHMAC},
	// The other forms of webhook. The door of adobe-io is the test's own, for
	// Adobe's keys are at a host of Adobe's.
	{name: "adobe-webhooks", sends: []magento.Webhook{{Scheme: magento.SchemeAdobeWebhooks}}, accepts: []accepted{acceptsAdobe}},
	{
		name: "mageos", sends: []magento.Webhook{{Scheme: magento.SchemeMageOS, Secret: hookSecret}},
		accepts: []accepted{form("{scheme: mageos-async-events, secret: " + hookSecret + "}")},
	},
	{name: "adobe-io", accepts: []accepted{form("{scheme: adobe-io, client_id: " + ioClient + "}")}},
	// Whose webhooks are not signed as the pair wants them.
	{
		name: "forged",
		sends: []magento.Webhook{
			{Secret: "another", Events: []string{"sales_order_save_commit_after"}},
			{Scheme: magento.SchemeMageOS, Secret: "another", Events: []string{"sales.order.created"}},
			{Scheme: magento.SchemeAdobeWebhooks, Optional: true},
		},
		accepts: append([]accepted{form("{scheme: mageos-async-events, secret: " + hookSecret + "}"), acceptsAdobe}, acceptsHMAC...),
	},
	// Whose webhooks can't be read.
	{name: "door", sends: byHMAC, accepts: acceptsHMAC},
	// Whose orders can't be, or wait for a person.
	{name: "bad", sends: byHMAC, accepts: acceptsHMAC},
	{name: "letters", sends: byHMAC, accepts: acceptsHMAC},
	// Whose systems answer with what is no answer of theirs.
	{name: "webshop", sends: byHMAC, accepts: acceptsHMAC},
	{name: "books", sends: byHMAC, accepts: acceptsHMAC},
	// Whose orders are edited: a company of its own, for each look reads all of it.
	{name: "edited", sends: byHMAC, accepts: acceptsHMAC},
	// Whose stock is watched.
	{name: "stock", sends: byHMAC, accepts: acceptsHMAC, runs: []string{"stock-to-magento"}, gp: "capture: {every: 1s, overlap: 10s}", flows: `
      tables:
        sources:
          WAREHOUSE: {source: default, buffer: 0}
          STORE: {source: store, buffer: 2}`},
	// Whose GP goes down.
	{name: "outage", sends: byHMAC, accepts: acceptsHMAC},
	// Of which one is down while the other works.
	{name: "north", sends: byHMAC, accepts: acceptsHMAC},
	{name: "south", sends: byHMAC, accepts: acceptsHMAC},
	// Whose warehouse ships.
	{name: "shipped", sends: byHMAC, accepts: acceptsHMAC, runs: []string{"shipment-to-magento", "invoice-to-magento"}, gp: "capture: {every: 1s, open_every: 2s}"},
}

// flowsOf is YAML at pairs[].flows: a pair runs the flows of orders and those
// that its tests are about, for each of the others reads both systems whole.
func flowsOf(set settings) string {
	var off []string
	for _, name := range flow.TemplateNames() {
		if name != "order-to-gp" && name != "order-status-to-magento" && !slices.Contains(set.runs, name) {
			off = append(off, name+": false")
		}
	}
	for _, name := range set.runs { // some are off as they come
		off = append(off, name+": true")
	}
	return "{" + strings.Join(off, ", ") + "}" + set.flows
}

const configuration = `
nats: {url: embedded, store: %q, listen: %q}
http: {ingest: %q, console: %q, health: %q}
log: {level: warn, format: text}
retry: {needs_after: 8s}
pairs:
`

// pairConfiguration has a sweep that finds nothing while a test lasts: what
// arrives came by a webhook.
const pairConfiguration = `
  - name: %s
    magento:
      url: %q
      token: %q
      webhooks: [%s]
      sweep: {every: 1h}
      timeout: 5s
      edit_wait: 3s
    gp:
      url: %q
      company: -1
      timezone: America/New_York
      user: magpie
      password: secret-of-gp
      timeout: 5s
      work_time: 1s
      %s
    flows:
      run: %s
`
