package webhook_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/webhook"
)

// storeKey and otherKey are made once: that takes longer than all tests.
var storeKey, otherKey = sync.OnceValue(newKey), sync.OnceValue(newKey)

func newKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

func publicPEM(t testing.TB, key any) string {
	t.Helper()
	raw, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: raw}))
}

// rsaSign is the base64 signature over a text.
func rsaSign(t testing.TB, key *rsa.PrivateKey, text string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(text))
	raw, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

func TestAdobeWebhooksAreSignedOverTheBase64TextOfTheBody(t *testing.T) {
	body := `{"eventName":"observer.sales_order_save_after","data":{"order":{"increment_id":"1\/2"}}}`
	text := base64.StdEncoding.EncodeToString([]byte(body))
	store, other := publicPEM(t, &storeKey().PublicKey), publicPEM(t, &otherKey().PublicKey)
	for name, tc := range map[string]struct {
		keys      []string
		signature string
		code      string
	}{
		"signed":                                {[]string{store}, rsaSign(t, storeKey(), text), ""},
		"the second key, during a change":       {[]string{other, store}, rsaSign(t, storeKey(), text), ""},
		"over the body itself":                  {[]string{store}, rsaSign(t, storeKey(), body), "webhook.signature_wrong"},
		"by another key":                        {[]string{store}, rsaSign(t, otherKey(), text), "webhook.signature_wrong"},
		"over JSON that was encoded again":      {[]string{store}, rsaSign(t, storeKey(), base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(body, `\/`, "/")))), "webhook.signature_wrong"},
		"an HMAC, as the page's prose says":     {[]string{store}, base64.StdEncoding.EncodeToString(sum(secret, text)), "webhook.signature_wrong"},
		"not base64":                            {[]string{store}, "%%", "webhook.signature_wrong"},
		"not signed: it is off in the store":    {[]string{store}, "", "webhook.signature_missing"},
		"a key of PKCS #1, as some tools write": {[]string{string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&storeKey().PublicKey)}))}, rsaSign(t, storeKey(), text), ""},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := webhook.New(webhook.Config{Scheme: webhook.AdobeWebhooks, PublicKeys: tc.keys})
			if err != nil {
				t.Fatal(err)
			}
			h := http.Header{}
			h.Set("x-adobe-commerce-webhook-signature", tc.signature)
			err = v.Verify(t.Context(), h, []byte(body))
			if tc.code == "" && err != nil {
				t.Errorf("refused: %v", err)
			}
			if tc.code != "" && (!errors.Is(err, webhook.ErrSignature) || failure.Of(err).Code != tc.code || failure.Of(err).Fix == "") {
				t.Errorf("got %v, want %s", err, tc.code)
			}
		})
	}
}

func TestAKeyThatCannotBeUsedIsNeverShown(t *testing.T) {
	private := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(storeKey())}))
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := publicPEM(t, &storeKey().PublicKey)
	for name, tc := range map[string]struct{ text, says string }{
		"nothing":       {"", "no PEM"},
		"no PEM":        {"hunter2hunter2", "no PEM"},
		"a private key": {private, "private key"},
		"two keys":      {good + good, "more than one"},
		"a short key":   {publicPEM(t, &short.PublicKey), "1024 bits"},
		"another kind":  {publicPEM(t, &curve.PublicKey), "ecdsa"},
		"a certificate": {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "certificate"},
		"no key in it":  {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "no RSA public key"},
	} {
		_, err := webhook.ParsePublicKey(tc.text)
		f := failure.Of(err)
		if f == nil || !strings.Contains(f.Reason, tc.says) || f.Fix == "" {
			t.Errorf("%s: got %v", name, err)
			continue
		}
		if len(tc.text) > 10 && strings.Contains(err.Error(), tc.text[len(tc.text)/3:len(tc.text)/3+10]) {
			t.Errorf("%s: the error shows the text: %v", name, err)
		}
	}
}
