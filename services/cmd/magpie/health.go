package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/magpie-integration/magpie/libs/config"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/httpserve"
)

type healthCmd struct {
	URL     string        `arg:"" optional:"" help:"What to ask; the default is /readyz at the configuration's http.health, on this machine."`
	Timeout time.Duration `default:"5s" help:"How long to wait for the answer."`
}

// Help says what it is for.
func (healthCmd) Help() string {
	return `For containers, whose image has neither shell nor curl. It ends with 0 when the answer is 200,
and says which checks failed when it is not.

  HEALTHCHECK CMD ["/magpie", "health"]`
}

// Run asks a running process whether it is ready.
func (c healthCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	address := c.URL
	if address == "" {
		cfg, err := root.loadConfig(t)
		if err != nil {
			return err
		}
		if address, err = readyURL(cfg.HTTP.Health); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return failure.Rejected("cli.health", "url", err.Error(), "write a URL such as http://127.0.0.1:8082/readyz")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return failure.Rejected("cli.health", "", "nothing answers: "+err.Error(), "start the process, or give the URL of its /readyz")
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode == http.StatusOK {
		fmt.Fprintln(t.out, "ready")
		return nil
	}
	return fmt.Errorf("%s answered %s%s", address, resp.Status, reasons(body))
}

// readyURL is where this machine reaches the listener of health: one that
// listens on all interfaces is asked on loopback.
func readyURL(l config.Listener) (string, error) {
	host, port, err := net.SplitHostPort(l.Listen)
	if err != nil || port == "0" {
		return "", failure.Rejected("cli.health", "http.health", fmt.Sprintf("%q has no fixed port to ask", l.Listen),
			"give the URL of /readyz, or a port in http.health")
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	scheme := "http"
	if l.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port) + "/readyz", nil
}

// reasons lists the checks that failed, or nothing where the body has none.
func reasons(body []byte) string {
	var r httpserve.Readiness
	if json.Unmarshal(body, &r) != nil {
		return ""
	}
	var b strings.Builder
	for _, check := range r.Checks {
		if !check.OK {
			fmt.Fprintf(&b, "\n  %s: %s", check.Name, check.Reason)
		}
	}
	return b.String()
}
