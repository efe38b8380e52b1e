package magento

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// How a webhook is sent, and proves where it comes from.
const (
	SchemeHMAC   = "hmac-sha256" // a hex HMAC-SHA256 of the raw body
	SchemeBearer = "bearer"      // the secret as a Bearer token
	SchemeNone   = "none"
	// SchemeAdobeWebhooks is Adobe Commerce Webhooks: asked inside the save, before
	// the commit, RSA-signed, and able to stop it.
	SchemeAdobeWebhooks = "adobe-webhooks"
	// SchemeAdobeIO is Adobe I/O Events: CloudEvents with two RSA signatures.
	SchemeAdobeIO = "adobe-io"
	// SchemeMageOS is the Mage-OS Async Events module: the REST record after the
	// commit, hex HMAC in x-magento-signature, no event name.
	SchemeMageOS = "mageos-async-events"
)

// The shapes of a webhook's body.
const (
	BodyEvent = "event" // {"event": "...", "data": {...}}, data as the PHP model holds it
	BodyBare  = "bare"  // the record as REST answers it

	bodyAdobe    = "adobe"    // the value of an I/O Event
	bodyMetadata = "metadata" // what stands beside it
)

// Webhook is a receiver of events.
type Webhook struct {
	ID  int64  `json:"id"`
	URL string `json:"url"`
	// Scheme is one of the Scheme constants; empty means SchemeHMAC.
	Scheme string `json:"scheme"`
	// Secret is the shared secret, Mage-OS's verification token.
	Secret string `json:"secret,omitempty"`
	// Header carries the signature. The default of SchemeHMAC is
	// X-Hub-Signature-256 with the value sha256=<hex>; under any other name,
	// such as x-magento-signature, the value is the bare hex.
	Header string `json:"header"`
	// Body is one of the Body constants; empty means BodyEvent. The schemes of
	// Adobe and Mage-OS have their own.
	Body string `json:"body"`
	// Events limits what is sent; empty means the save events of orders and
	// customers, as the scheme names them.
	Events []string `json:"events"`

	// Timeout bounds one delivery; 0 means the scheme's own, and none for
	// SchemeAdobeWebhooks.
	Timeout Duration `json:"timeout,omitempty"`
	// Unsigned leaves the signature of SchemeAdobeWebhooks out, which is its default in
	// a real store.
	Unsigned bool `json:"unsigned,omitempty"`
	// Optional lets a save go on when a hook of SchemeAdobeWebhooks fails (required =
	// false); FallbackMessage is what the shopper reads when it doesn't.
	Optional        bool   `json:"optional,omitempty"`
	FallbackMessage string `json:"fallback_error_message,omitempty"`

	// ClientID is the recipientclientid of SchemeAdobeIO, and Batch puts many
	// events into one delivery.
	ClientID string `json:"client_id,omitempty"`
	Batch    bool   `json:"batch,omitempty"`
	// Minute is how long a minute of SchemeAdobeIO's clock is; 0 means a minute.
	Minute Duration `json:"minute,omitempty"`
	// ValidationURL is the store's own address in front of the path that proves a
	// receiver of SchemeAdobeIO that doesn't answer the challenge.
	ValidationURL string `json:"validation_url,omitempty"`
	// Status is "active", or "unverified" while a receiver of SchemeAdobeIO has
	// not answered its challenge; it gets nothing until then.
	Status string `json:"status"`

	token string   // the challenge
	batch [][]byte // events that wait for the next delivery
}

// The values of Webhook.Status.
const (
	statusActive     = "active"
	statusUnverified = "unverified"
)

const hubSignature = "X-Hub-Signature-256"

func (w *Webhook) setDefaults() error {
	u, err := url.Parse(w.URL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return fmt.Errorf("magento: webhook url %q is not an http address", w.URL)
	}
	w.Scheme, w.Status = orText(w.Scheme, SchemeHMAC), statusActive
	switch w.Scheme {
	case SchemeHMAC:
		w.Header, w.Body = orText(w.Header, hubSignature), orText(w.Body, BodyEvent)
	case SchemeBearer:
		w.Header, w.Body = orText(w.Header, "Authorization"), orText(w.Body, BodyEvent)
	case SchemeNone:
		w.Body = orText(w.Body, BodyEvent)
	case SchemeMageOS:
		w.Header, w.Body = orText(w.Header, "x-magento-signature"), BodyBare
	case SchemeAdobeWebhooks:
		w.Header, w.Body = signatureHeader, bodyAdobe
	case SchemeAdobeIO:
		w.Header, w.Body, w.Status, w.token = ioSignature+"1", bodyAdobe, statusUnverified, uuid.NewString()
		w.ClientID = orText(w.ClientID, "sandbox-client")
		setDefault(&w.Minute, Duration(time.Minute))
	default:
		return fmt.Errorf("magento: webhook scheme %q", w.Scheme)
	}
	if w.needsSecret() && w.Secret == "" {
		return fmt.Errorf("magento: webhook %s needs a secret", w.URL)
	}
	if w.Body != BodyEvent && w.Body != BodyBare && w.Body != bodyAdobe {
		return fmt.Errorf("magento: webhook body %q", w.Body)
	}
	if w.Timeout < 0 || w.Minute < 0 {
		return fmt.Errorf("magento: webhook %s has a negative duration", w.URL)
	}
	if len(w.Events) == 0 {
		w.Events = usualEvents[w.Scheme]
	}
	if len(w.Events) == 0 {
		w.Events = []string{eventOrderSave, eventOrderCommit, eventCustomerSave, eventCustomerCommit}
	}
	return nil
}

// usualEvents are what a merchant subscribes under each scheme's names.
var usualEvents = map[string][]string{
	SchemeAdobeWebhooks: {observer + eventOrderSave},
	SchemeAdobeIO:       {observer + eventOrderCommit, observer + eventCustomerCommit},
	SchemeMageOS: {
		asyncOrderCreated, asyncOrderUpdated, asyncOrderPaid, asyncOrderShipped, asyncOrderHolded, asyncOrderUnholded, asyncOrderCancelled,
		asyncShipmentCreated, asyncInvoiceCreated, asyncInvoicePaid, asyncCreditmemoCreated,
		asyncCustomerCreated, asyncCustomerUpdated, asyncAddressCreated, asyncAddressUpdated,
	},
}

func (w *Webhook) needsSecret() bool {
	return w.Scheme == SchemeHMAC || w.Scheme == SchemeBearer || w.Scheme == SchemeMageOS
}

// hears reports whether the receiver gets an event, by the name that its scheme
// has for it, after the action that caused it.
func (w *Webhook) hears(event string) bool {
	switch w.Scheme {
	case SchemeAdobeWebhooks:
		return false // asked within the action
	case SchemeAdobeIO:
		if w.Status != statusActive {
			return false
		}
		event = observer + event
	case SchemeMageOS:
	default:
		if isAsyncEvent(event) {
			return false
		}
	}
	return slices.Contains(w.Events, event) || slices.Contains(w.Events, "*")
}

// sign sets the header that proves the body with a shared secret.
func (w *Webhook) sign(header http.Header, body []byte) {
	switch w.Scheme {
	case SchemeHMAC, SchemeMageOS:
		mac := hmac.New(sha256.New, []byte(w.Secret))
		mac.Write(body)
		signature := hex.EncodeToString(mac.Sum(nil))
		if strings.EqualFold(w.Header, hubSignature) {
			signature = "sha256=" + signature
		}
		header.Set(w.Header, signature)
	case SchemeBearer:
		header.Set(w.Header, "Bearer "+w.Secret)
	}
}

func (h *hooks) add(w Webhook) (Webhook, error) {
	if err := w.setDefaults(); err != nil {
		return w, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	w.ID = int64(len(h.list) + 1)
	h.list = append(h.list, &w)
	h.signal()
	return w, nil
}

func (h *hooks) webhooks() []Webhook {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]Webhook, len(h.list))
	for i, w := range h.list {
		out[i] = *w
	}
	return out
}

// AddWebhook registers a receiver and returns it with its defaults filled in.
// One of SchemeAdobeIO is asked for its challenge while Run runs.
func (s *Server) AddWebhook(w Webhook) (Webhook, error) {
	if w.Scheme == SchemeAdobeWebhooks || w.Scheme == SchemeAdobeIO {
		if err := s.keys.make(w.Scheme); err != nil {
			return w, err
		}
	}
	return s.hooks.add(w)
}

// Webhooks returns the registered receivers.
func (s *Server) Webhooks() []Webhook { return s.hooks.webhooks() }
