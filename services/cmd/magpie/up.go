package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/magpie-integration/magpie/libs/config"
	"github.com/magpie-integration/magpie/libs/httpserve"
	"github.com/magpie-integration/magpie/libs/telemetry"
	"github.com/magpie-integration/magpie/services/sandbox"
)

type upCmd struct {
	Rate   float64 `default:"1" help:"Without --config: orders a second that the sandbox's shoppers place; 0 for none."`
	People float64 `default:"1" help:"Without --config: how busy the people are who ship, post, buy, and edit customers in the sandboxes; 0 for nobody."`
}

// Run runs every role; without a file, with both sandboxes and their shoppers.
func (c upCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	cfg, err := root.loadConfig(t)
	if err != nil {
		return err
	}
	logs := telemetry.Config{LogLevel: cfg.Log.Level, LogFormat: cfg.Log.Format, LogWriter: t.err}
	demo := root.Config == ""
	if demo && os.Getenv("MAGPIE_LOG_LEVEL") == "" {
		logs.LogLevel = "error" // the orders are what is to be seen
	}
	a, err := openApp(ctx, cfg, rights{serve: true, create: true}, logs)
	if err != nil {
		return err
	}
	for _, r := range roles {
		if err := a.addRole(ctx, r); err != nil {
			a.close()
			return err
		}
	}
	if _, err := a.health(ctx); err != nil {
		a.close()
		return err
	}
	if demo {
		if err := addSandbox(ctx, a, t, c); err != nil {
			a.close()
			return err
		}
	} else {
		fmt.Fprintf(t.out, "magpie %s: every role runs; webhooks at %s/hooks/magento/<pair>, subjects at %s, dead letters at %s/api/v1/dead, health at %s/readyz\n",
			version, a.urls["ingest"], natsURL(a), a.urls["console"], a.urls["health"])
	}
	return a.run(ctx)
}

func natsURL(a *app) string {
	if a.server != nil {
		return a.server.ClientURL()
	}
	return a.cfg.NATS.URL
}

// addSandbox adds both sandboxes, where the configuration looks for them, the
// shoppers, and the table of what becomes of their orders.
func addSandbox(ctx context.Context, a *app, t *terminal, c upCmd) error {
	pair := a.cfg.Pairs[0]
	sc := sandboxConfig(a.cfg, filepath.Join(a.cfg.NATS.Store, "sandbox"))
	if sc.WebhookURL != "" {
		sc.WebhookURL = a.urls["ingest"] + "/hooks/magento/" + pair.Name
	}
	sc.Busy = c.People
	s, err := sandbox.New(sc)
	if err != nil {
		return err
	}
	a.closers = append(a.closers, func() { _ = s.Close() })
	for _, side := range sides(s, pair) {
		server := httpserve.New(side.handler, httpserve.Config{Listen: side.listen, Drain: 2 * time.Second})
		if err := server.Listen(ctx); err != nil {
			return fmt.Errorf("%s: %w", side.name, err)
		}
		a.add(component{name: side.name, run: server.Run})
	}
	a.add(component{name: "sandbox webhooks", run: s.Run})
	ticker := newTicker(t)
	a.add(component{name: "ticker", run: func(ctx context.Context) error { return ticker.follow(ctx, a.bus.Conn()) }})
	if c.Rate > 0 {
		a.add(component{name: "shoppers", run: func(ctx context.Context) error { return s.Magento.Shop(ctx, c.Rate, nil) }})
	}
	fmt.Fprint(t.out, welcome(a, c.Rate))
	return nil
}

func welcome(a *app, rate float64) string {
	pair := a.cfg.Pairs[0]
	return fmt.Sprintf(`Magpie %s: a sandbox Magento, a sandbox Dynamics GP, and every role between them.

  subjects       nats sub -s %s 'magpie.>'      (without the CLI: make tools, then .tools/nats)
  store          %s   REST under /rest/default/V1; faults, webhooks and orders under /_sandbox
  company        %s   SOAP at /Dynamics/GPService/SOPService.svc; faults and documents under /_sandbox
  webhooks       %s/hooks/magento/%s
  dead letters   %s/api/v1/dead
  health         %s/readyz and /metrics

Try, in another terminal:
  magpie order place                 place an order yourself
  magpie trace order 000000001       where is order 000000001?
  curl -X PUT -d '{"down":"refuse"}' %s/_sandbox/faults     take GP down; orders wait
  curl -X DELETE %s/_sandbox/faults                         and bring it back
  magpie dlq ls                      what needs a person?

%.3g orders a second. Ctrl-C ends it; the same command goes on where it stopped.

`, version, natsURL(a), pair.Magento.URL, pair.GP.URL, a.urls["ingest"], pair.Name, a.urls["console"], a.urls["health"],
		pair.GP.URL, pair.GP.URL, rate)
}

// side is one sandbox as a server.
type side struct {
	name, listen string
	handler      http.Handler
}

func sides(s *sandbox.Sandbox, pair config.Pair) []side {
	return []side{
		{"sandbox store", hostOf(pair.Magento.URL), s.Magento.Handler()},
		{"sandbox company", hostOf(pair.GP.URL), s.GP.Handler()},
	}
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	if u.Port() == "" {
		return net.JoinHostPort(u.Hostname(), "80")
	}
	return u.Host
}

// sandboxConfig gives the sandboxes what the first pair's configuration expects.
func sandboxConfig(cfg *config.Config, dir string) sandbox.Config {
	pair := cfg.Pairs[0]
	company, ok := pair.GP.Company.Number()
	if !ok {
		company = -1
	}
	c := sandbox.Config{
		Dir: dir, Token: pair.Magento.Token.Reveal(), User: pair.GP.User, Password: pair.GP.Password.Reveal(),
		Site: pair.GP.Order.Site, DocID: pair.GP.Order.DocID, Company: company, Location: pair.GP.Location(),
		CreateTime: 120 * time.Millisecond, ReadTime: 25 * time.Millisecond,
	}
	if hooks := pair.Magento.Webhooks; len(hooks) > 0 {
		c.WebhookURL = "http://" + cfg.HTTP.Ingest.Listen + "/hooks/magento/" + pair.Name
		c.WebhookSecret = hooks[0].Secret.Reveal()
	}
	return c
}
