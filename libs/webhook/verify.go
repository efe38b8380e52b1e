package webhook

import (
	"crypto/hmac"
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

// ErrSignature is in the chain of every error of [Verifier.Verify].
var ErrSignature = errors.New("the webhook is not signed by a known secret")

// Verifier checks signatures. It is safe for concurrent use.
type Verifier struct {
	cfg     Config
	secrets [][]byte
}

// New checks the settings and makes a verifier.
func New(cfg Config) (*Verifier, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	v := &Verifier{cfg: cfg.withDefaults()}
	for _, secret := range append([]string{cfg.Secret}, cfg.PreviousSecrets...) {
		v.secrets = append(v.secrets, []byte(secret))
	}
	return v, nil
}

// Verify checks that the body was signed with one of the secrets. It wants the
// bytes as they came: JSON that was decoded and encoded again has another hash.
// Every secret is tried in constant time, so the time tells nothing about which.
func (v *Verifier) Verify(h http.Header, body []byte) error {
	sent := strings.TrimSpace(h.Get(v.cfg.Header))
	if sent == "" {
		return v.refuse("signature_missing", "the header is missing",
			"set the secret in the store's webhook, or correct the header's name in the configuration")
	}
	sent, ok := v.cutPrefix(sent)
	if !ok {
		return v.refuse("signature_malformed", fmt.Sprintf("the signature does not begin with %q", *v.cfg.Prefix),
			"set prefix to what the store sends, or to nothing")
	}
	if v.cfg.Scheme == Bearer {
		return v.verifyToken([]byte(sent))
	}
	sum, err := v.decode(sent)
	if err != nil || len(sum) != sha256.Size {
		return v.refuse("signature_malformed", "the signature is not a SHA-256 hash in "+v.cfg.Encoding,
			"set encoding to hex or base64, as the store sends it")
	}
	match := 0
	for _, secret := range v.secrets {
		mac := hmac.New(sha256.New, secret)
		mac.Write(body)
		match |= subtle.ConstantTimeCompare(mac.Sum(nil), sum)
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

func (v *Verifier) verdict(match int) error {
	if match == 1 {
		return nil
	}
	return v.refuse("signature_wrong", "no known secret gives this signature",
		"compare the secret with the store's; during a change put the old one under previousSecrets")
}

// cutPrefix cuts the prefix; the word Bearer has no case (RFC 9110, 11.1).
func (v *Verifier) cutPrefix(s string) (string, bool) {
	prefix := *v.cfg.Prefix
	if v.cfg.Scheme == Bearer && len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return strings.TrimSpace(s[len(prefix):]), true
	}
	return strings.CutPrefix(s, prefix)
}

func (v *Verifier) decode(s string) ([]byte, error) {
	if v.cfg.Encoding == "hex" {
		return hex.DecodeString(s)
	}
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
}

func (v *Verifier) refuse(code, reason, fix string) error {
	return failure.Rejected("webhook."+code, v.cfg.Header, reason, fix).Because(ErrSignature)
}
