package config

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/webhook"
)

// secretLength is what a webhook's secret should have at least, in bytes.
const secretLength = 16

func (v *validator) webhook(key string, w Webhook) {
	v.webhookSettings(key, w)
	switch w.Scheme {
	case SchemeAdobeIO:
		v.clientID(key+".client_id", w.ClientID)
	case SchemeAdobeWebhooks:
		v.publicKeys(key+".public_keys", w.PublicKeys)
		v.webhookEvent(key, w)
	default:
		v.webhookSecret(key+".secret", w.Secret)
		for i, secret := range w.PreviousSecrets {
			v.webhookSecret(index(key+".previous_secrets", i), secret)
		}
		v.webhookEvent(key, w)
	}
	if w.Header != "" && !headerToken.MatchString(w.Header) {
		v.fail(key+".header", w.Header, rule{"is not a header's name", "write one such as X-Hub-Signature-256"})
	}
}

// webhookSettings refuses the settings that mean nothing in the scheme.
func (v *validator) webhookSettings(key string, w Webhook) {
	adobe, io := w.Scheme == SchemeAdobeWebhooks || w.Scheme == SchemeAdobeIO, w.Scheme == SchemeAdobeIO
	for _, setting := range []struct {
		name    string
		written bool
		foreign bool
		of      string // the schemes that have it
	}{
		{"secret", !w.Secret.Empty(), adobe, "hmac-sha256, mageos-async-events and bearer"},
		{"previous_secrets", len(w.PreviousSecrets) > 0, adobe, "hmac-sha256, mageos-async-events and bearer"},
		{"header", w.Header != "", adobe, "hmac-sha256, mageos-async-events and bearer"},
		{"encoding", w.Encoding != "", adobe, "hmac-sha256 and mageos-async-events"},
		{"prefix", w.Prefix != nil, adobe, "hmac-sha256, mageos-async-events and bearer"},
		{"public_keys", len(w.PublicKeys) > 0, !adobe || io, SchemeAdobeWebhooks},
		{"client_id", w.ClientID != "", !io, SchemeAdobeIO},
		{"event_in", w.EventIn != "", io, "the other schemes: its events name themselves"},
		{"event", w.Event != "", io, "the other schemes: its events name themselves"},
	} {
		if setting.written && setting.foreign {
			v.fail(key+"."+setting.name, "", rule{"is no setting of " + w.Scheme + ", it is one of " + setting.of, "leave it out, or correct scheme"})
		}
	}
}

func (v *validator) clientID(key, id string) {
	if id == "" {
		v.fail(key, "", rule{"is missing: anyone's events would be taken", "write the client id of the project in Adobe's Developer Console"})
	}
}

func (v *validator) publicKeys(key string, keys []Secret) {
	if len(keys) == 0 {
		v.fail(key, "", rule{
			"is missing: anyone could send webhooks",
			"write the public key from the store's Admin (Stores > Configuration > Adobe Services > Webhooks), or file:PATH of it",
		})
	}
	for i, k := range keys {
		if _, err := webhook.ParsePublicKey(k.Reveal()); err != nil {
			f := failure.Of(err) // it never shows the text
			v.fail(index(key, i), "", rule{"can't be used: " + f.Reason, f.Fix})
		}
	}
}

func (v *validator) webhookEvent(key string, w Webhook) {
	place, name, _ := strings.Cut(w.EventIn, ":")
	switch {
	case w.EventIn == "", place == "body" && name != "", place == "header" && headerToken.MatchString(name), w.EventIn == "path":
	case w.EventIn == "none":
		return
	default:
		v.fail(key+".event_in", w.EventIn, rule{"is no place of a webhook", "write body:FIELD, header:NAME, path or none"})
	}
	if w.Event != "" {
		v.fail(key+".event", w.Event, rule{"is told twice: event_in says where the sender tells it", "write event_in: none, or leave event out"})
	}
}

func (v *validator) webhookSecret(key string, secret Secret) {
	switch n := len(secret.Reveal()); {
	case strings.TrimSpace(secret.Reveal()) != secret.Reveal():
		v.fail(key, "", rule{"begins or ends with white space", "cut it off"})
	case n == 0:
		v.fail(key, "", rule{"is empty: anyone could send webhooks", "write ${MAGENTO_WEBHOOK_SECRET} and set that variable"})
	case n < secretLength:
		v.warn(key, "", rule{fmt.Sprintf("is short (%d bytes) and can be guessed", n), fmt.Sprintf("take at least %d", secretLength)})
	}
}

// headerToken is a header's name as RFC 9110 has it.
var headerToken = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")
