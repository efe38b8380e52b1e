package webhook

import (
	"strings"

	"github.com/magpie-integration/magpie/libs/failure"
)

// The schemes by which a sender proves itself.
const (
	HMACSHA256 = "hmac-sha256" // a keyed hash of the body in a header
	Bearer     = "bearer"      // the secret itself in a header
)

const (
	defaultSignatureHeader = "X-Hub-Signature-256"
	defaultSignaturePrefix = "sha256="
	defaultBearerHeader    = "Authorization"
	defaultBearerPrefix    = "Bearer "
	defaultEventIn         = "body:event"
)

// Config says how one sender signs and where it names the event. The zero value
// needs a Secret only.
type Config struct {
	// Scheme is "hmac-sha256" (the default) or "bearer".
	Scheme string
	// Secret is the key of the hash, or the token.
	Secret string
	// PreviousSecrets are accepted too, for the time of a change.
	PreviousSecrets []string
	// Header holds the signature; default X-Hub-Signature-256, or Authorization
	// for the scheme "bearer".
	Header string
	// Encoding of the hash: "hex" (the default) or "base64".
	Encoding string
	// Prefix stands before the signature; nil means "sha256=" (or "Bearer ") for
	// the default header, and nothing for another.
	Prefix *string
	// EventIn is where the event is named: "body:NAME" (the default is
	// "body:event"), "header:NAME", "path" (the end of the URL) or "none".
	EventIn string
	// Event is the one event that this sender sends, when EventIn is "none".
	// Empty means that the record is recognised by its shape.
	Event string
}

func (c Config) withDefaults() Config {
	if c.Scheme == "" {
		c.Scheme = HMACSHA256
	}
	header, prefix := defaultSignatureHeader, defaultSignaturePrefix
	if c.Scheme == Bearer {
		header, prefix = defaultBearerHeader, defaultBearerPrefix
	}
	if c.Header == "" {
		c.Header = header
	}
	if c.Prefix == nil {
		if !strings.EqualFold(c.Header, header) {
			prefix = ""
		}
		c.Prefix = &prefix
	}
	if c.Encoding == "" {
		c.Encoding = "hex"
	}
	if c.EventIn == "" {
		c.EventIn = defaultEventIn
	}
	return c
}

// Validate checks the settings; its errors name the key and the fix.
func (c Config) Validate() error {
	d := c.withDefaults()
	refuse := func(key, reason, fix string) error {
		return failure.Rejected("webhook.config", key, reason, fix)
	}
	if d.Scheme != HMACSHA256 && d.Scheme != Bearer {
		return refuse("scheme", "only hmac-sha256 and bearer are known", "write one of the two")
	}
	for i, secret := range append([]string{d.Secret}, d.PreviousSecrets...) {
		key := "secret"
		if i > 0 {
			key = "previousSecrets"
		}
		if secret == "" {
			return refuse(key, "it is empty", "give the secret that is set in the store's webhook")
		}
		if strings.TrimSpace(secret) != secret {
			return refuse(key, "it begins or ends with white space", "cut the line break at the end of the secret's file")
		}
	}
	if d.Encoding != "hex" && d.Encoding != "base64" {
		return refuse("encoding", "only hex and base64 are known", "write one of the two")
	}
	if strings.ContainsAny(d.Header, " :\t\r\n") {
		return refuse("header", "it is no header's name", "write the name alone, such as X-Hub-Signature-256")
	}
	where, name, _ := strings.Cut(d.EventIn, ":")
	switch {
	case (where == "body" || where == "header") && name != "":
	case d.EventIn == "path", d.EventIn == "none":
	default:
		return refuse("eventIn", "it is none of body:NAME, header:NAME, path, none", "write body:event if the body has a member \"event\"")
	}
	if d.Event != "" {
		if d.EventIn != "none" {
			return refuse("event", "a fixed event needs eventIn: none", "set eventIn to none, or leave event out")
		}
		if _, ok := lookUp(d.Event); !ok {
			return refuse("event", (&UnknownEventError{Event: d.Event, Known: KnownEvents()}).Error(), "write one of the known events")
		}
	}
	return nil
}
