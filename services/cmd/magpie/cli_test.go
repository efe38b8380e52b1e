package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/magpie-integration/magpie/libs/config"
)

func command(args ...string) (code int, out, errs string) {
	var stdout, stderr bytes.Buffer
	code = execute(args, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestTheCommandLineExplainsItself(t *testing.T) {
	code, out, _ := command("--help")
	if code != 0 {
		t.Errorf("help ends with %d", code)
	}
	for _, want := range []string{"up", "run", "sandbox", "order place", "trace", "explain", "flow", "table", "dlq", "status", "doctor", "version"} {
		if !strings.Contains(out, want) {
			t.Errorf("help does not mention %q", want)
		}
	}
	if code, _, errs := command("fly"); code != 2 || !strings.Contains(errs, "fly") {
		t.Errorf("an unknown command ends with %d: %s", code, errs)
	}
	if code, out, _ := command("version", "-o", "json"); code != 0 || !strings.Contains(out, `"version"`) {
		t.Errorf("version: %d, %s", code, out)
	}
}

func TestAConfigurationErrorStopsWithTheKeyAndTheFix(t *testing.T) {
	file := filepath.Join(t.TempDir(), "magpie.yaml")
	if err := os.WriteFile(file, []byte("nats: {url: embedded}\npairz: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errs := command("up", "--config", file)
	if code != 1 || !strings.Contains(errs, "pairz") || !strings.Contains(errs, "pairs") {
		t.Errorf("ends with %d: %s", code, errs)
	}
}

func TestRolesAreKnownByTheirNames(t *testing.T) {
	names, own, err := runCmd{Roles: []string{"gp-writer", "nats"}}.names()
	if err != nil || !own || !slices.Equal(names, []string{"gp-writer"}) {
		t.Errorf("got %v, %v, %v", names, own, err)
	}
	if names, own, err := (runCmd{Roles: []string{"all"}}).names(); err != nil || !own || len(names) != len(roles) {
		t.Errorf("all: %v, %v, %v", names, own, err)
	}
	if _, _, err := (runCmd{Roles: []string{"gpwriter"}}).names(); err == nil || !strings.Contains(err.Error(), "gp-writer") {
		t.Errorf("a typing error: %v", err)
	}
}

func TestAnEmbeddedServerOnAnyPortIsFoundByItsFile(t *testing.T) {
	cfg := config.Default()
	cfg.NATS.Store, cfg.NATS.Listen = t.TempDir(), "127.0.0.1:0"
	if err := os.WriteFile(addressFile(cfg), []byte("nats://127.0.0.1:54321"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := embeddedURL(cfg); got != "nats://127.0.0.1:54321" {
		t.Errorf("got %s", got)
	}
	cfg.NATS.Listen = "127.0.0.1:4222"
	if got := embeddedURL(cfg); got != "nats://127.0.0.1:4222" {
		t.Errorf("got %s", got)
	}
}

// A path that isn't given stays empty: it is not the folder that the command
// runs in.
func TestPathsThatAreNotGivenAreNone(t *testing.T) {
	var c cli
	parser := kong.Must(&c)
	for _, args := range [][]string{{"sandbox"}, {"up"}, {"order", "place"}} {
		if _, err := parser.Parse(args); err != nil {
			t.Errorf("%v: %v", args, err)
		}
	}
	if c.Sandbox.Store != "" || c.Sandbox.Webhooks != "" || c.CPUProfile != "" {
		t.Errorf("store %q, webhooks %q, profile %q", c.Sandbox.Store, c.Sandbox.Webhooks, c.CPUProfile)
	}
}
