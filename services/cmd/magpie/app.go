package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/oklog/run"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/broker"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/config"
	"github.com/magpie-integration/magpie/libs/httpserve"
	"github.com/magpie-integration/magpie/libs/telemetry"
)

// loadConfig reads the file, or gives the sandbox's configuration.
func (c *cli) loadConfig(t *terminal) (*config.Config, error) {
	cfg, warnings, err := config.Load(c.Config, os.Environ())
	if err != nil {
		return nil, err
	}
	for _, w := range warnings {
		fmt.Fprintln(t.err, "magpie: warning:", w)
	}
	return cfg, nil
}

// component is one thing that a process runs until its context ends.
type component struct {
	name  string
	role  string // whose spans it makes; empty: the process's
	run   func(context.Context) error
	ready func(context.Context) error // nil: ready when it runs
}

// app is a running process: a configuration, a bus, and the roles' components.
type app struct {
	cfg       *config.Config
	bus       *bus.Bus
	server    *server.Server // embedded, or nil
	telemetry *telemetry.Telemetry
	log       *slog.Logger
	parts     []component
	adding    string // the role whose components are being added
	hearts    map[events.Role]*heart
	closers   []func()
	urls      map[string]string // of the HTTP servers, by name
}

// rights are what a process may do to NATS.
type rights struct {
	// serve: the embedded server runs in this process.
	serve bool
	// create: it creates and mends streams. The door to the internet may not, and
	// waits until another role has.
	create bool
}

// openApp prepares telemetry and the bus.
func openApp(ctx context.Context, cfg *config.Config, may rights, logs telemetry.Config) (*app, error) {
	a := &app{cfg: cfg, hearts: map[events.Role]*heart{}, urls: map[string]string{}}
	logs.OTLP, logs.Service, logs.Version = cfg.Telemetry.OTLP, "magpie", version
	observed, flush, err := telemetry.Setup(ctx, logs)
	if err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	a.telemetry, a.log = observed, observed.Log
	a.closers = append(a.closers, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if err := flush(ctx); err != nil {
			a.log.Warn("the last traces could not be exported", "error", err)
		}
	})
	if err := a.connect(ctx, may); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

func (a *app) connect(ctx context.Context, may rights) (err error) {
	if may.serve && a.cfg.NATS.Embedded() {
		a.server, err = broker.Start(broker.Config{
			Store: a.cfg.NATS.Store, Listen: a.cfg.NATS.Listen, Name: "magpie",
			SyncAlways: a.cfg.NATS.Sync.Always, SyncInterval: a.cfg.NATS.Sync.Every,
		})
		if err != nil {
			return err
		}
		a.closers = append(a.closers, func() { a.server.Shutdown(); a.server.WaitForShutdown() })
		if err := os.WriteFile(addressFile(a.cfg), []byte(a.server.ClientURL()), 0o600); err != nil {
			return fmt.Errorf("nats.store: %w", err)
		}
	}
	if a.bus, err = dial(a.cfg, a.server); err != nil {
		return err
	}
	a.closers = append(a.closers, a.bus.Close)
	if may.create {
		return a.apply(ctx)
	}
	return a.await(ctx)
}

// await waits until the streams are there.
func (a *app) await(ctx context.Context) error {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for said := false; ; said = true {
		err := a.bus.Ready(ctx)
		if err == nil {
			return nil
		}
		if !said {
			a.log.Warn("waiting for NATS and its streams, which another role creates", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// addressFile is where the embedded server says where it listens: with port 0
// in nats.listen only it knows.
func addressFile(cfg *config.Config) string { return filepath.Join(cfg.NATS.Store, "nats.url") }

// embeddedURL is where an embedded server of another process listens.
func embeddedURL(cfg *config.Config) string {
	if _, port, err := net.SplitHostPort(cfg.NATS.Listen); err == nil && port == "0" {
		if url, err := os.ReadFile(addressFile(cfg)); err == nil {
			return string(url)
		}
	}
	return "nats://" + cfg.NATS.Listen
}

// dial connects to the embedded server in the process, to the one that another
// magpie embeds, or to the cluster that the configuration names.
func dial(cfg *config.Config, embedded *server.Server, options ...nats.Option) (*bus.Bus, error) {
	switch {
	case embedded != nil:
		return bus.Connect(embedded.ClientURL(), append(options, nats.InProcessServer(embedded))...)
	case cfg.NATS.Embedded():
		return bus.Connect(embeddedURL(cfg), options...)
	}
	if cfg.NATS.Creds != "" {
		options = append(options, nats.UserCredentials(cfg.NATS.Creds))
	}
	if c := cfg.NATS.TLS; c != nil {
		options = append(options, nats.Secure(&tls.Config{MinVersion: tls.VersionTLS12}))
		if c.CA != "" {
			options = append(options, nats.RootCAs(c.CA))
		}
		if c.Cert != "" {
			options = append(options, nats.ClientCert(c.Cert, c.Key))
		}
	}
	return bus.Connect(cfg.NATS.URL, options...)
}

// apply brings the topology to its state; while NATS is away it keeps trying,
// since roles and server may start in any order.
func (a *app) apply(ctx context.Context) error {
	for said := false; ; {
		drifts, err := a.bus.Apply(ctx, a.replicas())
		if err == nil {
			for _, d := range drifts {
				a.log.Warn("the stream was otherwise than it should be, and was mended", "drift", d.String())
			}
			return nil
		}
		if ctx.Err() != nil || a.bus.Conn().IsConnected() {
			return err
		}
		if !said {
			a.log.Warn("waiting for NATS", "url", a.bus.Conn().Opts.Url)
			said = true
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// replicas is three in a cluster, else one.
func (a *app) replicas() int {
	if a.bus.Conn().ConnectedClusterName() != "" && len(a.bus.Conn().Servers()) >= 3 {
		return 3
	}
	return 1
}

// addRole adds a role's components, and its heart.
func (a *app) addRole(ctx context.Context, r role) error {
	a.heart(events.Role(r.name))
	a.adding = r.name
	defer func() { a.adding = "" }()
	if err := r.add(ctx, a); err != nil {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	return nil
}

// add appends components.
func (a *app) add(parts ...component) {
	for _, p := range parts {
		p.role = a.adding
		a.parts = append(a.parts, p)
	}
}

// serve adds an HTTP server; its address is bound now, so that a port that is
// taken is said before anything runs.
func (a *app) serve(ctx context.Context, name string, l config.Listener, h http.Handler) (*httpserve.Server, error) {
	c := httpserve.Config{Listen: l.Listen, Drain: 5 * time.Second}
	if l.TLS != nil {
		c.Cert, c.Key = l.TLS.Cert, l.TLS.Key
	}
	s := httpserve.New(h, c)
	if err := s.Listen(ctx); err != nil {
		return nil, fmt.Errorf("http.%s: %w", name, err)
	}
	a.add(component{name: "http " + name, run: s.Run})
	a.urls[name] = s.URL()
	return s, nil
}

// health adds /livez, /readyz and /metrics for what was added so far.
func (a *app) health(ctx context.Context) (*httpserve.Server, error) {
	checks := []httpserve.Check{{Name: "streams", Run: a.bus.Ready}}
	for _, p := range a.parts {
		if p.ready != nil {
			checks = append(checks, httpserve.Check{Name: p.name, Run: p.ready})
		}
	}
	h := httpserve.Health{Checks: checks, Metrics: a.telemetry.Registry}
	return a.serve(ctx, "health", a.cfg.HTTP.Health, h.Handler())
}

// run runs every component until ctx ends or one fails, and returns when all
// have ended. NATS goes last.
func (a *app) run(ctx context.Context) error {
	defer a.close()
	var g run.Group
	for _, p := range a.parts {
		ctx, cancel := context.WithCancel(ctx)
		if p.role != "" {
			ctx = a.telemetry.WithRole(ctx, p.role)
		}
		g.Add(func() error {
			if err := p.run(ctx); err != nil && ctx.Err() == nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			<-ctx.Done() // a component that has nothing to do is no reason to stop the others
			return context.Cause(ctx)
		}, func(error) { cancel() })
	}
	err := g.Run()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func (a *app) close() {
	for i := len(a.closers) - 1; i >= 0; i-- {
		a.closers[i]()
	}
	a.closers = nil
}
