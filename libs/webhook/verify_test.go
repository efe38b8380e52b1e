package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/webhook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "a secret for tests only"

func sum(key, body string) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(body))
	return mac.Sum(nil)
}

func TestVerify(t *testing.T) {
	body := `{"event":"sales_order_save_after"}`
	hexSum, base64Sum := hex.EncodeToString(sum(secret, body)), base64.StdEncoding.EncodeToString(sum(secret, body))
	none := ""
	for _, tc := range []struct {
		name, header, value string
		cfg                 webhook.Config
		code                string
	}{
		{"Magpie's own form", "X-Hub-Signature-256", "sha256=" + hexSum, webhook.Config{}, ""},
		{"capital digits", "X-Hub-Signature-256", "sha256=" + strings.ToUpper(hexSum), webhook.Config{}, ""},
		{"Mage-OS Async Events", "x-magento-signature", hexSum, webhook.Config{Header: "x-magento-signature"}, ""},
		{"the preset for Mage-OS Async Events", "x-magento-signature", hexSum, webhook.Config{Scheme: webhook.MageOSAsyncEvents}, ""},
		{"the preset, of another secret", "x-magento-signature", hex.EncodeToString(sum("x", body)), webhook.Config{Scheme: webhook.MageOSAsyncEvents}, "webhook.signature_wrong"},
		{"the preset, with a prefix", "x-magento-signature", "sha256=" + hexSum, webhook.Config{Scheme: webhook.MageOSAsyncEvents}, "webhook.signature_malformed"},
		{"base64", "X-Sig", base64Sum, webhook.Config{Header: "X-Sig", Encoding: "base64"}, ""},
		{"no prefix wanted", "X-Hub-Signature-256", hexSum, webhook.Config{Prefix: &none}, ""},
		{"signed by the previous secret", "X-Hub-Signature-256", "sha256=" + hex.EncodeToString(sum("old", body)), webhook.Config{PreviousSecrets: []string{"older", "old"}}, ""},
		{"bearer", "Authorization", "bearer " + secret, webhook.Config{Scheme: "bearer"}, ""},
		{"bearer in a header of its own", "X-Api-Key", secret, webhook.Config{Scheme: "bearer", Header: "X-Api-Key"}, ""},
		{"missing", "X-Other", hexSum, webhook.Config{}, "webhook.signature_missing"},
		{"prefix missing", "X-Hub-Signature-256", hexSum, webhook.Config{}, "webhook.signature_malformed"},
		{"not hexadecimal", "X-Hub-Signature-256", "sha256=" + base64Sum, webhook.Config{}, "webhook.signature_malformed"},
		{"too short", "X-Hub-Signature-256", "sha256=abcd", webhook.Config{}, "webhook.signature_malformed"},
		{"another secret", "X-Hub-Signature-256", "sha256=" + hex.EncodeToString(sum("x", body)), webhook.Config{}, "webhook.signature_wrong"},
		{"another token", "Authorization", "Bearer x", webhook.Config{Scheme: "bearer"}, "webhook.signature_wrong"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.cfg.Secret = secret
			v, err := webhook.New(tc.cfg)
			if err != nil {
				t.Fatal(err)
			}
			h := http.Header{}
			h.Set(tc.header, tc.value)
			err = v.Verify(t.Context(), h, []byte(body))
			if tc.code == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				if tc.cfg.Scheme != "bearer" && v.Verify(t.Context(), h, []byte(body+" ")) == nil {
					t.Error("another body was accepted")
				}
				return
			}
			if !errors.Is(err, webhook.ErrSignature) || failure.Of(err).Code != tc.code {
				t.Errorf("got %v, want %s", err, tc.code)
			}
			if strings.Contains(err.Error(), secret) {
				t.Error("the error tells the secret")
			}
		})
	}
}

func TestConfigErrorsNameTheKey(t *testing.T) {
	key := publicPEM(t, &storeKey().PublicKey)
	prefix := "v1="
	for _, tc := range []struct {
		key string
		cfg webhook.Config
	}{
		{"secret", webhook.Config{}},
		{"secret", webhook.Config{Scheme: webhook.MageOSAsyncEvents}},
		{"secret", webhook.Config{Scheme: webhook.AdobeWebhooks, PublicKeys: []string{key}, Secret: "a"}},
		{"previous_secrets", webhook.Config{Secret: "a", PreviousSecrets: []string{"b\n"}}},
		{"previous_secrets", webhook.Config{Scheme: webhook.AdobeIO, ClientID: "a", PreviousSecrets: []string{"b"}}},
		{"scheme", webhook.Config{Secret: "a", Scheme: "md5"}},
		{"encoding", webhook.Config{Secret: "a", Encoding: "hexx"}},
		{"encoding", webhook.Config{Scheme: webhook.AdobeWebhooks, PublicKeys: []string{key}, Encoding: "hex"}},
		{"prefix", webhook.Config{Scheme: webhook.AdobeIO, ClientID: "a", Prefix: &prefix}},
		{"header", webhook.Config{Secret: "a", Header: "X-A: b"}},
		{"header", webhook.Config{Scheme: webhook.AdobeIO, ClientID: "a", Header: "X-A"}},
		{"public_keys", webhook.Config{Scheme: webhook.AdobeWebhooks}},
		{"public_keys", webhook.Config{Scheme: webhook.AdobeWebhooks, PublicKeys: []string{key, "no key"}}},
		{"public_keys", webhook.Config{Secret: "a", PublicKeys: []string{key}}},
		{"public_keys", webhook.Config{Scheme: webhook.AdobeIO, ClientID: "a", PublicKeys: []string{key}}},
		{"client_id", webhook.Config{Scheme: webhook.AdobeIO}},
		{"client_id", webhook.Config{Scheme: webhook.AdobeIO, ClientID: " a"}},
		{"client_id", webhook.Config{Scheme: webhook.AdobeWebhooks, PublicKeys: []string{key}, ClientID: "a"}},
		{"client_id", webhook.Config{Secret: "a", ClientID: "a"}},
		{"event_in", webhook.Config{Secret: "a", EventIn: "body"}},
		{"event_in", webhook.Config{Scheme: webhook.AdobeIO, ClientID: "a", EventIn: "path"}},
		{"event", webhook.Config{Secret: "a", EventIn: "none", Event: "nope"}},
		{"event", webhook.Config{Secret: "a", Event: "sales_order_save_after"}},
		{"event", webhook.Config{Scheme: webhook.AdobeIO, ClientID: "a", Event: "sales_order_save_after"}},
	} {
		_, err := webhook.New(tc.cfg)
		if f := failure.Of(err); f == nil || f.Code != "webhook.config" || f.Field != tc.key || f.Fix == "" {
			t.Errorf("%s: got %v", tc.key, err)
		}
	}
}
