package webhook

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
)

// minKeyBits is the shortest RSA key that is believed. Adobe's have 2048.
const minKeyBits = 2048

// ParsePublicKey reads an RSA public key in PEM ("PUBLIC KEY" or "RSA PUBLIC
// KEY"). Its errors never show the text: it may be a private key by mistake.
func ParsePublicKey(text string) (*rsa.PublicKey, error) {
	const fix = "give the whole text from -----BEGIN PUBLIC KEY----- to -----END PUBLIC KEY-----, or file:PATH of it"
	block, rest := pem.Decode([]byte(text))
	switch {
	case block == nil:
		return nil, refuse("public_keys", "it is no PEM text", fix)
	case strings.Contains(block.Type, "PRIVATE"):
		return nil, refuse("public_keys", "it is a private key, which Magpie must not have", fix)
	case strings.TrimSpace(string(rest)) != "":
		return nil, refuse("public_keys", "there is more than one key in it", "give each key as an element of its own")
	}
	key, err := parseRSA(block)
	if err != nil {
		return nil, refuse("public_keys", "it is no RSA public key: "+err.Error(), fix)
	}
	if n := key.N.BitLen(); n < minKeyBits {
		return nil, refuse("public_keys", fmt.Sprintf("it has %d bits, the least is %d", n, minKeyBits), "make a new key pair in the store's Admin")
	}
	return key, nil
}

func parseRSA(block *pem.Block) (*rsa.PublicKey, error) {
	switch block.Type {
	case "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	case "PUBLIC KEY":
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, err
		}
		if key, ok := key.(*rsa.PublicKey); ok {
			return key, nil
		}
		return nil, fmt.Errorf("it is a %T", key)
	}
	return nil, fmt.Errorf("it is a %s", strings.ToLower(block.Type))
}

// signedBy tells whether one of the keys made the base64 signature over the
// hash (PKCS#1 v1.5). Nothing in it is secret, so it need not take constant time.
func signedBy(keys []*rsa.PublicKey, sum []byte, signature string) bool {
	raw, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	for _, key := range keys {
		if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum, raw) == nil {
			return true
		}
	}
	return false
}

// sumOfBase64 hashes the base64 text of a body: that, and not the body, is what
// Adobe Commerce signs (Adobe's docs, webhooks/signature-verification).
func sumOfBase64(body []byte) []byte {
	hash := sha256.New()
	text := base64.NewEncoder(base64.StdEncoding, hash)
	_, _ = text.Write(body) // a hash takes everything
	_ = text.Close()
	return hash.Sum(nil)
}
