package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/magpie-integration/magpie/libs/failure"
)

// ErrSignature is in the chain of every error of [Verifier.Verify] that says
// that the sender is not the one it should be.
var ErrSignature = errors.New("the webhook is not signed by a known sender")

// Verifier checks signatures. It is safe for concurrent use.
type Verifier struct {
	cfg     Config
	secrets [][]byte         // hmac-sha256, mageos-async-events, bearer
	keys    []*rsa.PublicKey // adobe-webhooks
	adobe   *adobeKeys       // adobe-io
}

// New checks the settings and makes a verifier.
func New(cfg Config) (*Verifier, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	v := &Verifier{cfg: cfg.withDefaults()}
	switch v.cfg.Scheme {
	case AdobeIO:
		v.adobe = newAdobeKeys(cfg.Transport)
	case AdobeWebhooks:
		for _, text := range cfg.PublicKeys {
			key, err := ParsePublicKey(text)
			if err != nil {
				return nil, err
			}
			v.keys = append(v.keys, key)
		}
	default:
		for _, secret := range append([]string{cfg.Secret}, cfg.PreviousSecrets...) {
			v.secrets = append(v.secrets, []byte(secret))
		}
	}
	return v, nil
}

// Verify checks that the body comes from the sender. It wants the bytes as they
// came: JSON that was decoded and encoded again has another hash. An error with
// [ErrSignature] in its chain is a refusal for good. Any other is transient: for
// "adobe-io", Adobe's key could not be fetched, and the sender should come again.
func (v *Verifier) Verify(ctx context.Context, h http.Header, body []byte) error {
	if v.cfg.Scheme == AdobeIO {
		return v.verifyAdobeIO(ctx, h, body)
	}
	sent := strings.TrimSpace(h.Get(v.cfg.Header))
	if sent == "" {
		return v.refuse("signature_missing", "the header is missing", v.missingFix())
	}
	if v.cfg.Scheme == AdobeWebhooks {
		return v.verifyStore(sent, body)
	}
	sent, ok := v.cutPrefix(sent)
	if !ok {
		return v.refuse("signature_malformed", fmt.Sprintf("the signature does not begin with %q", *v.cfg.Prefix),
			"set prefix to what the store sends, or to nothing")
	}
	if v.cfg.Scheme == Bearer {
		return v.verifyToken([]byte(sent))
	}
	return v.verifyHash(sent, body)
}

func (v *Verifier) missingFix() string {
	if v.cfg.Scheme == AdobeWebhooks {
		return "switch the digital signature on in the store's Admin (Stores > Configuration > Adobe Services > Webhooks)"
	}
	return "set the secret in the store's webhook, or correct the header's name in the configuration"
}

// verifyHash tries every secret in constant time, so the time tells nothing
// about which.
func (v *Verifier) verifyHash(sent string, body []byte) error {
	var sum [sha256.Size]byte
	if !v.decode(sum[:], sent) {
		return v.refuse("signature_malformed", "the signature is not a SHA-256 hash in "+v.cfg.Encoding,
			"set encoding to hex or base64, as the store sends it")
	}
	match := 0
	var want [sha256.Size]byte
	for _, secret := range v.secrets {
		mac := hmac.New(sha256.New, secret)
		mac.Write(body)
		match |= subtle.ConstantTimeCompare(mac.Sum(want[:0]), sum[:])
	}
	return v.verdict(match)
}

// verifyToken compares hashes, so that not even the length shows in the time.
func (v *Verifier) verifyToken(sent []byte) error {
	got, match := sha256.Sum256(sent), 0
	for _, secret := range v.secrets {
		want := sha256.Sum256(secret)
		match |= subtle.ConstantTimeCompare(want[:], got[:])
	}
	return v.verdict(match)
}

// verifyStore checks the signature of Adobe Commerce's webhooks.
func (v *Verifier) verifyStore(sent string, body []byte) error {
	if signedBy(v.keys, sumOfBase64(body), sent) {
		return nil
	}
	return v.refuse("signature_wrong", "no configured public key fits this signature",
		"copy the public key from the store's Admin into public_keys, and keep the old one beside it during a change")
}

func (v *Verifier) verdict(match int) error {
	if match == 1 {
		return nil
	}
	return v.refuse("signature_wrong", "no known secret gives this signature",
		"compare the secret with the store's; during a change put the old one under previous_secrets")
}

// cutPrefix cuts the prefix; the word Bearer has no case (RFC 9110, 11.1).
func (v *Verifier) cutPrefix(s string) (string, bool) {
	prefix := *v.cfg.Prefix
	if v.cfg.Scheme == Bearer && len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return strings.TrimSpace(s[len(prefix):]), true
	}
	return strings.CutPrefix(s, prefix)
}

// decode reads a hash of exactly the length of sum.
func (v *Verifier) decode(sum []byte, s string) bool {
	var n int
	var err error
	if v.cfg.Encoding == "hex" {
		if hex.DecodedLen(len(s)) != len(sum) {
			return false
		}
		n, err = hex.Decode(sum, []byte(s))
	} else {
		s = strings.TrimRight(s, "=")
		if base64.RawStdEncoding.DecodedLen(len(s)) != len(sum) {
			return false
		}
		n, err = base64.RawStdEncoding.Decode(sum, []byte(s))
	}
	return err == nil && n == len(sum)
}

func (v *Verifier) refuse(code, reason, fix string) error {
	return failure.Rejected("webhook."+code, v.cfg.Header, reason, fix).Because(ErrSignature)
}
