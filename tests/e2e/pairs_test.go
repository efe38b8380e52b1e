package e2e

import (
	"github.com/magpie-integration/magpie/services/sandbox"
	"github.com/magpie-integration/magpie/services/sandbox/magento"
)

// settings of a pair of the world.
type settings struct {
	name string
	// sends is the store's webhook, without its URL; accepts gives what the pair
	// takes, as YAML below pairs[].magento.webhooks.
	sends   magento.Webhook
	accepts func(*sandbox.Sandbox) string
	// flows is YAML at pairs[].flows.
	flows string
}

// hmac is the webhook that most pairs have.
var hmac = magento.Webhook{Secret: hookSecret}

func acceptsHMAC(*sandbox.Sandbox) string {
	return "{scheme: hmac-sha256, secret: " + hookSecret + "}"
}

// pairs of the world. Each has a store of its own, for a store tells every
// receiver of every order.
var pairs = []settings{
	// All that a merchant may have to decide is decided.
	{name: "decided", sends: hmac, accepts: acceptsHMAC, flows: `
      order: {credits: payment, pricePlaces: 2}
      tables:
        credits:
          gift_cards: {type: Cash Deposit, checkbook: UPTOWN TRUST}
          customer_balance: {type: Cash Deposit, checkbook: UPTOWN TRUST}
          reward_currency: {type: Cash Deposit, checkbook: UPTOWN TRUST}
        surcharges:
          extension_attributes.handling_surcharge: misc`},
	// As Magpie comes.
	{name: "default", sends: hmac, accepts: acceptsHMAC, flows: "{}"},
	// Whose GP goes down.
	{name: "outage", sends: hmac, accepts: acceptsHMAC, flows: "{}"},
}

const configuration = `
nats: {url: embedded, store: %q, listen: %q}
http: {ingest: %q, console: %q, health: %q}
log: {level: warn, format: text}
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
    flows: %s
`
