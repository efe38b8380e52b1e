package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/libs/config"
	"github.com/magpie-integration/magpie/libs/webhook"
)

// snippet is a YAML block, with the blanks that stand before it in a list.
var snippet = regexp.MustCompile("(?ms)^( *)```yaml\n(.*?)^ *```$")

// What docs/webhooks.md tells to write loads, and makes a door that opens.
func TestTheSnippetsOfTheDocumentationLoad(t *testing.T) {
	text, err := os.ReadFile("../../../docs/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	keys := t.TempDir()
	for _, name := range []string{"adobe-webhooks.pem", "adobe-webhooks-previous.pem"} {
		writePublicKey(t, filepath.Join(keys, name))
	}
	env := []string{"MAGENTO_WEBHOOK_SECRET=0123456789abcdef0123456789abcdef", "ADOBE_CLIENT_ID=a1b2c3"}
	schemes := map[string]bool{}
	for _, found := range snippet.FindAllStringSubmatch(string(text), -1) {
		indent, yaml := found[1], strings.ReplaceAll(found[2], "/etc/magpie", keys)
		var doc strings.Builder
		doc.WriteString("pairs:\n  - name: main\n    gp: {url: 'https://gp.example', timezone: UTC, company: -1, user: magpie, password: secret}\n" +
			"    magento:\n      url: https://shop.example\n      token: secret\n")
		for line := range strings.Lines(yaml) {
			doc.WriteString("      " + strings.TrimPrefix(line, indent))
		}
		path := filepath.Join(t.TempDir(), "magpie.yaml")
		if err := os.WriteFile(path, []byte(doc.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		c, warnings, err := config.Load(path, env)
		if err != nil || len(warnings) > 0 {
			t.Errorf("%s\n%v %v", doc.String(), err, warnings)
			continue
		}
		for _, w := range c.Pairs[0].Magento.Webhooks {
			schemes[w.Scheme] = true
			if _, err := webhook.New(webhookConfig(w)); err != nil {
				t.Errorf("%s\n%v", doc.String(), err)
			}
		}
	}
	for _, scheme := range webhook.Schemes {
		if !schemes[scheme] {
			t.Errorf("no snippet shows the scheme %s", scheme)
		}
	}
}

func writePublicKey(t *testing.T, path string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: raw}), 0o600); err != nil {
		t.Fatal(err)
	}
}
