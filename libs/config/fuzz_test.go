package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/libs/config"
)

// Whatever the file and the environment say, Load ends with a configuration
// that can be shown, or with problems that are told in a line each.
func FuzzLoad(f *testing.F) {
	f.Add(pair, "MAGPIE_PAIRS_MAIN_GP_TIMEOUT", "5s")
	f.Add(string(config.Sandbox), "MAGPIE_HTTP_INGEST_TLS_CERT", "x")
	f.Add("a: &a [*a]\n", "MAGPIE_NATS_URL", "${X}")
	f.Add("pairs: {<<: [1]}", "MAGPIE_PAIRS_0_NAME", "file:x")
	f.Add("pairs: [~, [], {gp: {order: !!str 5}}]", "MAGPIE_PAIRS_3_FLOWS_X", "1")
	f.Add("? [a]\n: b\n", "MAGPIE_", "")
	path := filepath.Join(f.TempDir(), "magpie.yaml")
	f.Fuzz(func(t *testing.T, text, variable, value string) {
		if strings.Contains(text+value, "file:") {
			t.Skip("it would read this machine's files")
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, _, err := config.Load(path, []string{variable + "=" + value, "SECRET=hunter2"})
		if err == nil {
			if c == nil || c.Redacted() == "" {
				t.Fatal("there is neither a configuration nor an error")
			}
			return
		}
		var broken *config.Error
		if !errors.As(err, &broken) || len(broken.Problems) == 0 {
			t.Fatalf("got %v, want an *Error", err)
		}
		for _, p := range broken.Problems {
			if !strings.HasPrefix(p.String(), "config: ") || p.Rule == "" {
				t.Errorf("got %#v", p)
			}
			if strings.Contains(p.Value, "hunter2") && !strings.Contains(text+value, "hunter2") {
				t.Errorf("what a variable holds is shown: %v", p)
			}
		}
	})
}
