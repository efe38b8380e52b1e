package config_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/libs/config"
)

// withWebhook is [pair] with one webhook.
func withWebhook(settings string) string {
	return edited("token: ", "webhooks: [{"+settings+"}], token: ")
}

func TestWebhookProblems(t *testing.T) {
	for name, tt := range map[string]struct{ settings, want string }{
		"adobe-webhooks without a key": {
			"scheme: adobe-webhooks",
			`webhooks[0].public_keys: is missing: anyone could send webhooks; write the public key from the store's Admin`,
		},
		"a key that is none": {
			"scheme: adobe-webhooks, public_keys: [hunter2]",
			`webhooks[0].public_keys[0]: can't be used: it is no PEM text; give the whole text from -----BEGIN PUBLIC KEY-----`,
		},
		"adobe-webhooks with a secret": {
			"scheme: adobe-webhooks, secret: sixteen-is-enough",
			`webhooks[0].secret: is no setting of adobe-webhooks, it is one of hmac-sha256, mageos-async-events and bearer; leave it out, or correct scheme`,
		},
		"adobe-io without a client id": {"scheme: adobe-io", `webhooks[0].client_id: is missing: anyone's events would be taken; write the client id`},
		"adobe-io with an event":       {"scheme: adobe-io, client_id: a, event_in: path", `webhooks[0].event_in: is no setting of adobe-io`},
		"a secret's form with keys":    {"secret: sixteen-is-enough, public_keys: [a]", `webhooks[0].public_keys: is no setting of hmac-sha256, it is one of adobe-webhooks`},
		"a client id where none is":    {"secret: sixteen-is-enough, client_id: a", `webhooks[0].client_id: is no setting of hmac-sha256, it is one of adobe-io`},
		"a preset without a secret":    {"scheme: mageos-async-events", `webhooks[0].secret: is empty: anyone could send webhooks`},
		"a misspelt key":               {"scheme: adobe-io, clientid: a", `webhooks[0].clientid: is not a known key; the nearest is client_id`},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := load(t, withWebhook(tt.settings))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("the error shows a key")
			}
		})
	}
}

func TestAPublicKeyComesFromAFileOrFromTheDocument(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: raw}))
	path := filepath.Join(t.TempDir(), "store.pem")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := mustLoad(t, withWebhook("scheme: adobe-webhooks, public_keys: ['file:"+path+"', '${STORE_KEY}']"), "STORE_KEY="+text)
	w := c.Pairs[0].Magento.Webhooks[0]
	if w.Scheme != config.SchemeAdobeWebhooks || len(w.PublicKeys) != 2 || w.PublicKeys[0].Reveal()+"\n" != text || w.PublicKeys[1].Reveal() != text {
		t.Errorf("got %+v", w)
	}
	if strings.Contains(c.Redacted(), "BEGIN") {
		t.Error("a key is shown")
	}
}
