package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/tests/program"
)

// TestABadConfigurationIsExplained: nothing starts with it, and what is said
// names the key, the place and the fix, and no secret.
func TestABadConfigurationIsExplained(t *testing.T) {
	t.Parallel()
	const pair = `
  - name: main
    magento: {url: "http://127.0.0.1:1", token: token-of-the-store, webhooks: [{scheme: hmac-sha256, secret: webhook-secret-of-16}]}
    gp: {url: "http://127.0.0.1:2", company: -1, timezone: UTC, user: magpie, password: password-of-gp}
`
	for _, c := range []struct{ name, text, say string }{
		{
			"a misspelt key", "pairs:" + strings.Replace(pair, "url: ", "ulr: ", 1),
			"config: pairs[0].magento.ulr: is not a known key; the nearest is url (magpie.yaml:3",
		}, {
			"a variable that is not set", "pairs:" + strings.Replace(pair, "password-of-gp", `"${GP_PASSWORD_OF_NOBODY}"`, 1),
			"config: pairs[0].gp.password: refers to the variable GP_PASSWORD_OF_NOBODY, which is not set; set GP_PASSWORD_OF_NOBODY, or write the value",
		}, {
			"no secret of webhooks", "pairs:" + strings.Replace(pair, ", secret: webhook-secret-of-16", "", 1),
			"config: pairs[0].magento.webhooks[0].secret: is empty: anyone could send webhooks; write ${MAGENTO_WEBHOOK_SECRET} and set that variable (magpie.yaml:3",
		}, {
			"two pairs of a name", "pairs:" + pair + pair,
			`config: pairs[1].name: "main" is the name of pairs[0] too; give each pair its own (magpie.yaml:6`,
		}, {
			"two pairs of a company", "pairs:" + pair + strings.Replace(pair, "main", "other", 1),
			`config: pairs[1].gp.order.prefix: "WEB" is the prefix of pairs[0] too, which writes into the same company: their SOP numbers would collide; ` +
				"give each pair of a company its own prefix",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "magpie.yaml")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, command := range []string{"doctor", "up"} {
				said, code := all.try(t, path, command)
				if code != 1 || !strings.Contains(said, c.say) {
					t.Errorf("%s ends with %d and says\n%s\nwant 1 and\n%s", command, code, said, c.say)
				}
				for _, secret := range []string{"token-of", "password-of", "webhook-secret"} {
					if strings.Contains(said, secret) {
						t.Errorf("%s tells a secret: %s", command, said)
					}
				}
			}
		})
	}
}

// try runs a command that may fail, and gives what it says and its exit code.
func (w *world) try(t *testing.T, config string, args ...string) (said string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), w.binary, append(args, "--config", config)...)
	cmd.Env = program.Environment()
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return string(out), exit.ExitCode()
	case err != nil:
		t.Fatal(err)
	}
	return string(out), 0
}
