package webhook

import (
	"net/http"
	"slices"
	"strings"

	"github.com/magpie-integration/magpie/libs/failure"
)

// The schemes by which a sender proves itself.
const (
	HMACSHA256        = "hmac-sha256"         // a keyed hash of the body in a header
	Bearer            = "bearer"              // the secret itself in a header
	MageOSAsyncEvents = "mageos-async-events" // hmac-sha256 as Mage-OS Async Events sends it
	AdobeWebhooks     = "adobe-webhooks"      // Adobe Commerce's synchronous webhooks: RSA, with a key from the Admin
	AdobeIO           = "adobe-io"            // Adobe I/O Events: CloudEvents, signed with Adobe's keys
)

// Schemes lists the schemes, the most usual first.
var Schemes = []string{HMACSHA256, Bearer, MageOSAsyncEvents, AdobeWebhooks, AdobeIO}

// Config says how one sender signs and where it names the event. The zero value
// needs a Secret only.
type Config struct {
	// Scheme is one of [Schemes]; empty means "hmac-sha256".
	Scheme string
	// Secret is the key of the hash, or the token. The adobe schemes have none.
	Secret string
	// PreviousSecrets are accepted too, for the time of a change.
	PreviousSecrets []string
	// PublicKeys are the PEM texts of the store's keys, for "adobe-webhooks":
	// one, and during a change the new and the old one.
	PublicKeys []string
	// ClientID is the one that events must be for, for "adobe-io".
	ClientID string
	// Header holds the signature; empty means the scheme's own: X-Hub-Signature-256,
	// Authorization for "bearer", X-Magento-Signature for "mageos-async-events".
	Header string
	// Encoding of the hash: "hex" (the default) or "base64".
	Encoding string
	// Prefix stands before the signature; nil means "sha256=" (or "Bearer ") for
	// the scheme's own header, and nothing for another.
	Prefix *string
	// EventIn is where the event is named: "body:NAME", "header:NAME", "path" (the
	// end of the URL) or "none". Empty means "body:event"; for
	// "mageos-async-events" and "adobe-webhooks" the end of the URL, then (Adobe
	// only) the body's eventName, and where neither is there the record's shape.
	EventIn string
	// Event is the one event that this sender sends, when EventIn is "none".
	// Empty means that the record is recognised by its shape.
	Event string
	// Transport gets Adobe's keys for "adobe-io"; nil means http.DefaultTransport.
	Transport http.RoundTripper
}

// form is what a scheme has of its own.
type form struct {
	header, prefix string
	// events are the places that may name the event when EventIn is empty.
	events []string
}

// forms of the schemes. Sources: GitHub's X-Hub-Signature-256, which many
// modules copy; RFC 6750; Mage-OS Async Events, Service/AsyncEvent (hexadecimal
// without a prefix, the bare record); Adobe's docs,
// webhooks/signature-verification and webhooks/hooks (eventName).
var forms = map[string]form{
	HMACSHA256:        {"X-Hub-Signature-256", "sha256=", []string{"body:event"}},
	Bearer:            {"Authorization", "Bearer ", []string{"body:event"}},
	MageOSAsyncEvents: {"X-Magento-Signature", "", []string{"path"}},
	AdobeWebhooks:     {"X-Adobe-Commerce-Webhook-Signature", "", []string{"path", "body:eventName"}},
	AdobeIO:           {"X-Adobe-Digital-Signature-1", "", nil}, // each event names itself
}

// hashed tells whether the sender proves itself by a shared secret.
func hashed(scheme string) bool { return scheme != AdobeWebhooks && scheme != AdobeIO }

func (c Config) withDefaults() Config {
	if c.Scheme == "" {
		c.Scheme = HMACSHA256
	}
	own := forms[c.Scheme]
	if c.Header == "" {
		c.Header = own.header
	}
	if c.Prefix == nil {
		prefix := ""
		if strings.EqualFold(c.Header, own.header) {
			prefix = own.prefix
		}
		c.Prefix = &prefix
	}
	if c.Encoding == "" {
		c.Encoding = "hex"
	}
	return c
}

// eventPlaces gives the places that may name the event, the first first.
func (c Config) eventPlaces() []string {
	if c.EventIn != "" {
		return []string{c.EventIn}
	}
	if c.Scheme == "" {
		c.Scheme = HMACSHA256
	}
	return forms[c.Scheme].events
}

func refuse(key, reason, fix string) error {
	return failure.Rejected("webhook.config", key, reason, fix)
}

// Validate checks the settings; its errors name the key and the fix.
func (c Config) Validate() error {
	d := c.withDefaults()
	if !slices.Contains(Schemes, d.Scheme) {
		return refuse("scheme", "only "+strings.Join(Schemes, ", ")+" are known", "write one of them")
	}
	check := d.validateHashed
	if !hashed(d.Scheme) {
		check = c.validateAdobe
	}
	if err := check(); err != nil {
		return err
	}
	return c.validateEvent()
}

// validateHashed checks the settings of the schemes with a shared secret.
func (c Config) validateHashed() error {
	for i, secret := range append([]string{c.Secret}, c.PreviousSecrets...) {
		key := "secret"
		if i > 0 {
			key = "previous_secrets"
		}
		if secret == "" {
			return refuse(key, "it is empty", "give the secret that is set in the store's webhook")
		}
		if strings.TrimSpace(secret) != secret {
			return refuse(key, "it begins or ends with white space", "cut the line break at the end of the secret's file")
		}
	}
	if len(c.PublicKeys) > 0 {
		return refuse("public_keys", "the scheme "+c.Scheme+" has a secret and no keys", "leave it out, or set scheme to adobe-webhooks")
	}
	if c.ClientID != "" {
		return refuse("client_id", "the scheme "+c.Scheme+" has no client id", "leave it out, or set scheme to adobe-io")
	}
	if c.Encoding != "hex" && c.Encoding != "base64" {
		return refuse("encoding", "only hex and base64 are known", "write one of the two")
	}
	if strings.ContainsAny(c.Header, " :\t\r\n") {
		return refuse("header", "it is no header's name", "write the name alone, such as X-Hub-Signature-256")
	}
	return nil
}

// validateAdobe checks the settings of Adobe's schemes. What Adobe has fixed
// can't be set.
func (c Config) validateAdobe() error {
	for _, fixed := range []struct {
		key string
		set bool
	}{
		{"secret", c.Secret != ""},
		{"previous_secrets", len(c.PreviousSecrets) > 0},
		{"header", c.Header != ""},
		{"encoding", c.Encoding != ""},
		{"prefix", c.Prefix != nil},
		{"public_keys", c.Scheme == AdobeIO && len(c.PublicKeys) > 0},
		{"client_id", c.Scheme == AdobeWebhooks && c.ClientID != ""},
		{"event_in", c.Scheme == AdobeIO && c.EventIn != ""},
		{"event", c.Scheme == AdobeIO && c.Event != ""},
	} {
		if fixed.set {
			return refuse(fixed.key, "the scheme "+c.Scheme+" has no such setting", "leave it out")
		}
	}
	if c.Scheme == AdobeIO {
		if c.ClientID == "" || strings.TrimSpace(c.ClientID) != c.ClientID {
			return refuse("client_id", "it is empty, or begins or ends with white space",
				"copy the client id (API key) of the project from Adobe's Developer Console")
		}
		return nil
	}
	if len(c.PublicKeys) == 0 {
		return refuse("public_keys", "it is empty", "copy the public key from the store's Admin, System > Webhooks")
	}
	for _, text := range c.PublicKeys {
		if _, err := ParsePublicKey(text); err != nil {
			return err
		}
	}
	return nil
}

func (c Config) validateEvent() error {
	where, name, _ := strings.Cut(c.EventIn, ":")
	switch {
	case (where == "body" || where == "header") && name != "":
	case c.EventIn == "", c.EventIn == "path", c.EventIn == "none":
	default:
		return refuse("event_in", "it is none of body:NAME, header:NAME, path, none", "write body:event if the body has a member \"event\"")
	}
	if c.Event == "" {
		return nil
	}
	if c.EventIn != "none" {
		return refuse("event", "a fixed event needs event_in: none", "set event_in to none, or leave event out")
	}
	if _, ok := lookUp(c.Event); !ok {
		return refuse("event", (&UnknownEventError{Event: c.Event, Known: KnownEvents()}).Error(), "write one of the known events")
	}
	return nil
}
