package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/oklog/run"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/httpserve"
	"github.com/magpie-integration/magpie/libs/telemetry"
	"github.com/magpie-integration/magpie/services/sandbox"
	"github.com/magpie-integration/magpie/services/sandbox/magento"
)

type sandboxCmd struct {
	Rate       float64       `default:"0" help:"Orders a second that shoppers place."`
	People     float64       `default:"0" help:"How busy the people are who ship, post, buy, and edit customers: 1 goes with one order a second."`
	Seed       uint64        `default:"0" help:"Makes the catalogue, the customers and the shoppers."`
	Store      string        `type:"path" placeholder:"DIR" help:"The folder of both databases; the default is <nats.store>/sandbox."`
	Memory     bool          `help:"Keep nothing on disk."`
	Mix        string        `enum:"usual,plain,all" default:"usual" help:"What shoppers buy: ${enum}. All has orders that need a merchant's decision."`
	Webhooks   string        `type:"existingfile" placeholder:"FILE" help:"JSON list of the store's webhooks, as POST /_sandbox/webhooks takes them, in place of the one to http.ingest."`
	Version    string        `name:"magento-version" enum:"2.4.6,2.4.7,2.4.8,2.4.9" default:"2.4.8" help:"The store's version: ${enum}."`
	CreateTime time.Duration `default:"120ms" help:"How long GP works on a write."`
	ReadTime   time.Duration `default:"25ms" help:"How long GP works on a read."`
}

// Help gives an example.
func (sandboxCmd) Help() string {
	return `Both systems listen where the first pair of the configuration looks for them, with its
credentials, and the store sends its webhooks to http.ingest.

  magpie sandbox --rate 2 &
  magpie up --config magpie.yaml`
}

// Run runs both sandboxes alone.
func (c sandboxCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	cfg, err := root.loadConfig(t)
	if err != nil {
		return err
	}
	observed, flush, err := telemetry.Setup(ctx, telemetry.Config{
		Service: "sandbox", Version: version, LogLevel: cfg.Log.Level, LogFormat: cfg.Log.Format, LogWriter: t.err,
	})
	if err != nil {
		return err
	}
	defer func() { _ = flush(context.WithoutCancel(ctx)) }()

	dir := filepath.Join(cfg.NATS.Store, "sandbox")
	if c.Store != "" {
		dir = c.Store
	}
	if c.Memory {
		dir = ""
	}
	sc := sandboxConfig(cfg, dir)
	if sc.Webhooks, err = readWebhooks(c.Webhooks); err != nil {
		return err
	}
	sc.Busy = c.People
	sc.Seed, sc.Mix, sc.Version, sc.CreateTime, sc.ReadTime, sc.Logger = c.Seed, c.Mix, c.Version, c.CreateTime, c.ReadTime, observed.Log
	s, err := sandbox.New(sc)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()

	var g run.Group
	add := func(run func(context.Context) error) {
		ctx, cancel := context.WithCancel(ctx)
		g.Add(func() error { return run(ctx) }, func(error) { cancel() })
	}
	for _, side := range sides(s, cfg.Pairs[0]) {
		server := httpserve.New(side.handler, httpserve.Config{Listen: side.listen, Drain: 2 * time.Second})
		if err := server.Listen(ctx); err != nil {
			return fmt.Errorf("%s: %w", side.name, err)
		}
		fmt.Fprintf(t.out, "%s: %s\n", side.name, server.URL())
		add(server.Run)
	}
	add(s.Run)
	if c.Rate > 0 {
		add(func(ctx context.Context) error { return s.Magento.Shop(ctx, c.Rate, nil) })
	}
	return g.Run()
}

// readWebhooks reads a list of webhooks from a file; no file is no list.
func readWebhooks(path string) ([]magento.Webhook, error) {
	if path == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var list []magento.Webhook
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&list); err != nil {
		return nil, failure.Rejected("cli.webhooks", "webhooks", path+" is no JSON list of webhooks: "+err.Error(),
			"write it as docs/sandbox.md shows: [{\"url\": …, \"scheme\": …, \"secret\": …}]")
	}
	return list, nil
}
