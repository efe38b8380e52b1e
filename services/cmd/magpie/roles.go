package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/breaker"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/capture"
	"github.com/magpie-integration/magpie/libs/claim"
	"github.com/magpie-integration/magpie/libs/config"
	"github.com/magpie-integration/magpie/libs/effect"
	"github.com/magpie-integration/magpie/libs/flowstore"
	"github.com/magpie-integration/magpie/libs/gp"
	"github.com/magpie-integration/magpie/libs/link"
	"github.com/magpie-integration/magpie/libs/magento"
	"github.com/magpie-integration/magpie/libs/match"
	"github.com/magpie-integration/magpie/libs/open"
	"github.com/magpie-integration/magpie/libs/telemetry"
	"github.com/magpie-integration/magpie/libs/webhook"
	"github.com/magpie-integration/magpie/services/dlq"
	"github.com/magpie-integration/magpie/services/gpcapture"
	"github.com/magpie-integration/magpie/services/gpwriter"
	"github.com/magpie-integration/magpie/services/ingest"
	"github.com/magpie-integration/magpie/services/magentocapture"
	"github.com/magpie-integration/magpie/services/magentowriter"
	"github.com/magpie-integration/magpie/services/transform"
)

// roleNATS is the embedded server as a role of its own.
const roleNATS = "nats"

// role is a service that a process can run; add prepares its components.
type role struct {
	name string
	what string
	add  func(ctx context.Context, a *app) error
}

// roles is the one list of services. A new service is a row here.
var roles = []role{
	{string(events.RoleIngest), "takes webhooks", addIngest},
	{string(events.RoleMagentoCapture), "reads whole records from Magento, and sweeps", addMagentoCapture},
	{string(events.RoleGPCapture), "reads orders, customers, items and stock from Dynamics GP", addGPCapture},
	{string(events.RoleTransform), "makes commands of changes, by flows", addTransform},
	{string(events.RoleGPWriter), "writes into Dynamics GP", addGPWriter},
	{string(events.RoleMagentoWriter), "writes into Magento", addMagentoWriter},
	{string(events.RoleDLQ), "serves dead letters, and keeps history in bounds", addDLQ},
}

func roleNames() []string {
	names := []string{roleNATS}
	for _, r := range roles {
		names = append(names, r.name)
	}
	return names
}

func findRole(name string) (role, bool) {
	i := slices.IndexFunc(roles, func(r role) bool { return r.name == name })
	if i < 0 {
		return role{}, false
	}
	return roles[i], true
}

func addIngest(ctx context.Context, a *app) error {
	hooks := map[string][]ingest.Hook{}
	for _, pair := range a.cfg.Pairs {
		hooks[pair.Name] = []ingest.Hook{}
		for i, w := range pair.Magento.Webhooks {
			cfg := webhookConfig(w)
			verifier, err := webhook.New(cfg)
			if err != nil {
				return fmt.Errorf("pair %s: magento.webhooks[%d]: %w", pair.Name, i, err)
			}
			hooks[pair.Name] = append(hooks[pair.Name], ingest.Hook{Config: cfg, Verifier: verifier})
		}
	}
	door := ingest.Handler(a.bus, ingest.Config{Hooks: hooks, MaxBody: int64(a.cfg.HTTP.MaxWebhook)}, a.telemetry.Metrics)
	// A trace begins at the door: what a stranger sends as its parent is a link.
	_, err := a.serve(ctx, "ingest", a.cfg.HTTP.Ingest, otelhttp.NewHandler(door, "webhook",
		otelhttp.WithPublicEndpointFn(func(*http.Request) bool { return true }),
		otelhttp.WithSpanNameFormatter(func(operation string, _ *http.Request) string { return operation })))
	return err
}

func webhookConfig(w config.Webhook) webhook.Config {
	cfg := webhook.Config{
		Scheme: w.Scheme, Secret: w.Secret.Reveal(), Header: w.Header, Encoding: w.Encoding,
		Prefix: w.Prefix, EventIn: w.EventIn, Event: w.Event, ClientID: w.ClientID,
	}
	for _, k := range w.PublicKeys {
		cfg.PublicKeys = append(cfg.PublicKeys, k.Reveal())
	}
	for _, s := range w.PreviousSecrets {
		cfg.PreviousSecrets = append(cfg.PreviousSecrets, s.Reveal())
	}
	return cfg
}

func addMagentoCapture(ctx context.Context, a *app) error {
	cursors, err := a.bus.KV(ctx, bus.Cursors)
	if err != nil {
		return err
	}
	for _, pair := range a.cfg.Pairs {
		store, err := newMagento(pair)
		if err != nil {
			return err
		}
		entities, err := wantedOf(pair, events.Magento)
		if err != nil {
			return err
		}
		spec := bus.CaptureSpec(events.RoleMagentoCapture, pair.Name, events.Magento, pair.Magento.Parallel)
		b := a.breaker(pair.Name, events.Magento, events.Order, spec)
		c := a.consumer(spec, b)
		reads := magentocapture.New(magentocapture.Config{
			Pair: pair.Name, Entities: entities, NotFoundWait: pair.Magento.NotFoundWait, EditWait: pair.Magento.EditWait, Parallel: pair.Magento.Parallel,
			Every: pair.Magento.Sweep.Every, Overlap: pair.Magento.Sweep.Overlap,
			Looked: a.heart(events.RoleMagentoCapture).looked, Waiting: waiting(c),
		}, store, a.bus, cursors, b, a.telemetry.Metrics)
		a.addCapture(c, reads)
	}
	return nil
}

// addGPCapture runs two captures for each pair, with consumers and breakers of
// their own: the traffic of items must not hold up orders. Each has half of the
// reads that the client lets run at once.
func addGPCapture(ctx context.Context, a *app) error {
	cursors, err := a.bus.KV(ctx, bus.Cursors)
	if err != nil {
		return err
	}
	matches, err := a.bus.KV(ctx, bus.Matches)
	if err != nil {
		return err
	}
	reserved, err := a.bus.KV(ctx, bus.Open)
	if err != nil {
		return err
	}
	for _, pair := range a.cfg.Pairs {
		company, err := newGP(pair)
		if err != nil {
			return err
		}
		cfg := gpcapture.Config{
			Pair: pair.Name, Location: pair.GP.Location(), Parallel: pair.GP.Parallel,
			Every: pair.GP.Capture.Every, Overlap: pair.GP.Capture.Overlap,
			OpenEvery: pair.GP.Capture.OpenEvery, OpenDays: pair.GP.Capture.OpenDays, FullEvery: pair.GP.Capture.FullEvery,
			Looked: a.heart(events.RoleGPCapture).looked,
		}
		if cfg.Entities, err = wantedOf(pair, events.GP); err != nil {
			return err
		}
		if !slices.Contains(cfg.Entities, events.Customer) { // who is whom is known by reading all of them
			cfg.Entities = append(cfg.Entities, events.Customer)
		}
		index := match.NewIndex(matches, pair.Name)
		a.addGPReads(pair.Name, cfg, gpcapture.DocumentEntities, func(cfg gpcapture.Config, b *breaker.Breaker) *capture.Capture {
			return gpcapture.Documents(cfg, company, index, a.bus, cursors, b, a.telemetry.Metrics)
		})
		reservations := gpcapture.NewReservations(reserved, pair.Name, a.bus)
		if slices.Contains(cfg.Entities, events.Stock) {
			a.add(component{name: "open quantities of " + pair.Name, run: reservations.Run})
		}
		a.addGPReads(pair.Name, cfg, gpcapture.ItemEntities, func(cfg gpcapture.Config, b *breaker.Breaker) *capture.Capture {
			return gpcapture.Items(cfg, company, reservations, a.bus, cursors, b, a.telemetry.Metrics)
		})
	}
	return nil
}

// addGPReads adds one capture of a pair's GP, behind a breaker of its own.
func (a *app) addGPReads(
	pair string, cfg gpcapture.Config, entities []events.Entity, of func(gpcapture.Config, *breaker.Breaker) *capture.Capture,
) {
	if !slices.ContainsFunc(entities, func(e events.Entity) bool { return slices.Contains(cfg.Entities, e) }) {
		return // no flow wants any of them
	}
	spec := bus.CaptureSpec(events.RoleGPCapture, pair, events.GP, cfg.Parallel, entities...)
	b := a.breaker(pair, events.GP, entities[0], spec)
	c := a.consumer(spec, b)
	cfg.Waiting = waiting(c)
	a.addCapture(c, of(cfg, b))
}

// addCapture runs what a capture reads for notices, and its sweeps.
func (a *app) addCapture(c *bus.Consumer, reads *capture.Capture) {
	a.add(
		component{name: c.Spec.Name, ready: c.Ready, run: func(ctx context.Context) error {
			return c.RunBatches(ctx, capture.BatchSize, reads.Handle)
		}},
		component{name: c.Spec.Name + " sweep", run: reads.RunSweeps},
	)
}

// waiting tells how many messages wait for a consumer.
func waiting(c *bus.Consumer) func(context.Context) (uint64, error) {
	return func(ctx context.Context) (uint64, error) {
		lag, err := c.Lag(ctx)
		if errors.Is(err, jetstream.ErrConsumerNotFound) { // it is being made; the first sweep need not wait for that
			return 0, nil
		}
		return lag.Pending, err
	}
}

func addTransform(ctx context.Context, a *app) error {
	pairs, err := pairFlows(a.cfg)
	if err != nil {
		return err
	}
	store, err := flowstore.Open(ctx, a.bus)
	if err != nil {
		return err
	}
	live := flowstore.NewLive(store, pairs)
	t := transform.New(a.bus, live, a.telemetry.Metrics)
	changes := a.consumer(bus.TransformChangesSpec(transformParallel), nil)
	changes.Refused = transform.Refused
	outcomes := a.consumer(bus.TransformOutcomesSpec(transformParallel), nil)
	a.add(
		component{name: "published flows", ready: live.Ready, run: live.Run},
		component{name: changes.Spec.Name, ready: changes.Ready, run: afterFlows(live, changes, t.Change)},
		component{name: outcomes.Spec.Name, ready: outcomes.Ready, run: afterFlows(live, outcomes, t.Outcome)},
	)
	return nil
}

// afterFlows runs a consumer once it is known what is published: a message that
// came before would be mapped by a version that is not live.
func afterFlows(live *flowstore.Live, c *bus.Consumer, handle bus.Handler) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := live.Wait(ctx); err != nil {
			return err // the process ends
		}
		return c.Run(ctx, handle)
	}
}

// transformParallel keys at once: it waits for acknowledgements only.
const transformParallel = 32

func addGPWriter(ctx context.Context, a *app) error {
	for _, pair := range a.cfg.Pairs {
		company, err := newGP(pair)
		if err != nil {
			return err
		}
		worker, err := a.worker(ctx, events.RoleGPWriter, pair.Name, claim.Of(pair.GP.Timeout, pair.GP.WorkTime))
		if err != nil {
			return err
		}
		spec := bus.WriterSpec(events.RoleGPWriter, pair.Name, events.GP, events.Order, gpLanes*pair.GP.Parallel,
			events.Customer, events.Product, events.Payment, events.Refund, events.Journal, events.Bank)
		b := a.breaker(pair.Name, events.GP, events.Order, spec)
		reservations, err := a.bus.KV(ctx, bus.Open)
		if err != nil {
			return err
		}
		worker.Carriers = gpwriter.New(pair.Name, company, worker.Claims, b, open.NewBook(reservations, pair.Name)).Carriers()
		a.addWriter(spec, b, worker.Handle)
		a.add(component{name: spec.Name + " policies", run: func(ctx context.Context) error { return forgetPolicies(ctx, company) }})
	}
	return nil
}

// worker prepares what is around the carriers of a writer.
func (a *app) worker(ctx context.Context, role events.Role, pair string, times claim.Times) (*effect.Worker, error) {
	claims, err := a.bus.KV(ctx, bus.Claims)
	if err != nil {
		return nil, err
	}
	links, err := a.bus.KV(ctx, bus.Links)
	if err != nil {
		return nil, err
	}
	return &effect.Worker{
		Role: role, Pair: pair, Stream: a.bus, Claims: claim.NewStore(claims, a.bus.Owner(), times),
		Links: link.NewStore(links, pair), NeedsWait: a.cfg.Retry.NeedsAfter, Metrics: a.telemetry.Metrics,
	}, nil
}

// gpLanes orders are under way for each write that GP is given at once: while one
// is read back, or its claim written down, another is written.
const gpLanes = 3

// policiesKept is how long GP's policies are believed: an administrator may
// change them while Magpie runs.
const policiesKept = 15 * time.Minute

func forgetPolicies(ctx context.Context, company *gp.Client) error {
	tick := time.NewTicker(policiesKept)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			company.Forget()
		}
	}
}

func addMagentoWriter(ctx context.Context, a *app) error {
	for _, pair := range a.cfg.Pairs {
		store, err := newMagento(pair)
		if err != nil {
			return err
		}
		// Magento does its work within the request: what is not done when a proxy
		// gives up is done or rolled back within PHP's own limit.
		worker, err := a.worker(ctx, events.RoleMagentoWriter, pair.Name, claim.Of(4*pair.Magento.Timeout, pair.Magento.Timeout))
		if err != nil {
			return err
		}
		spec := bus.WriterSpec(events.RoleMagentoWriter, pair.Name, events.Magento, events.Order, writeBackLanes,
			events.Customer, events.Shipment, events.Invoice)
		b := a.breaker(pair.Name, events.Magento, events.Order, spec)
		together := magento.NewTogether(store, readTogether)
		reservations, err := a.bus.KV(ctx, bus.Open)
		if err != nil {
			return err
		}
		worker.Carriers = magentowriter.New(pair.Name, pair.Magento.WriteBack, together, worker.Claims, b,
			open.NewBook(reservations, pair.Name)).Carriers()
		a.addWriter(spec, b, worker.Handle)
		a.addStockWriter(pair, store, worker)
	}
	return nil
}

// addStockWriter writes the levels of stock of a pair's store, with a consumer and
// a breaker of its own: a first load must not hold up orders.
func (a *app) addStockWriter(pair config.Pair, store *magento.Client, orders *effect.Worker) {
	spec := bus.WriterSpec(events.RoleMagentoWriter, pair.Name, events.Magento, events.Stock, 1)
	b := a.breaker(pair.Name, events.Magento, events.Stock, spec)
	worker := &effect.BulkWorker{
		Role: orders.Role, Pair: orders.Pair, Stream: orders.Stream, Claims: orders.Claims, Metrics: orders.Metrics,
		Carrier: magentowriter.NewStock(pair.Name, pair.Magento.Inventory, pair.Magento.StockBatch, store, orders.Claims, b),
	}
	size := pair.Magento.StockBatch
	if pair.Magento.Inventory == magentowriter.Legacy {
		size = min(size, legacyTogether)
	}
	c := a.consumer(spec, b)
	c.Refused, c.OneLetter = effect.Refused, true
	a.add(component{name: spec.Name, ready: c.Ready, run: func(ctx context.Context) error { return c.RunBatches(ctx, size, worker.Handle) }})
}

// legacyTogether are the SKUs that a store without sources is given in a row: each
// takes calls of its own, within the time of one claim.
const legacyTogether = 20

// readTogether is how long a write-back waits for others whose orders can be read
// in the same search; nobody waits for a write-back.
const readTogether = 250 * time.Millisecond

// writeBackLanes are the write-backs under way: they mostly wait to be read
// together, and magento.parallel bounds their calls.
const writeBackLanes = 64

func (a *app) addWriter(spec bus.Spec, b *breaker.Breaker, handle bus.Handler) {
	c := a.consumer(spec, b)
	c.Refused = effect.Refused
	a.add(component{name: spec.Name, ready: c.Ready, run: func(ctx context.Context) error { return c.Run(ctx, handle) }})
}

func addDLQ(ctx context.Context, a *app) error {
	letters := dlq.NewLetters(a.bus)
	batches := dlq.NewRunner(letters)
	if _, err := a.serve(ctx, "console", a.cfg.HTTP.Console, dlq.Handler(letters, batches)); err != nil {
		return err
	}
	a.add(component{name: "dead letters in groups", run: batches.Run})
	a.add(component{name: "history keeper", run: func(ctx context.Context) error { return dlq.Keep(ctx, a.bus, a.cfg.Keep) }})
	return nil
}

// consumer prepares a consumer with the configured retries, a lag gauge and a watchdog.
func (a *app) consumer(spec bus.Spec, b *breaker.Breaker) *bus.Consumer {
	c := a.bus.Consumer(spec, a.telemetry.Metrics)
	if b != nil {
		c.Gate = b
	}
	c.Retry = bus.Retry{StuckAfter: a.cfg.Retry.StuckAfter, Tries: a.cfg.Retry.Tries}
	a.add(
		component{name: spec.Name + " lag", run: func(ctx context.Context) error { return measure(ctx, c, a.telemetry.Metrics) }},
		component{name: spec.Name + " watchdog", run: c.Watch},
	)
	return c
}

// measure keeps a consumer's lag gauge.
func measure(ctx context.Context, c *bus.Consumer, m *telemetry.Metrics) error {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if lag, err := c.Lag(ctx); err == nil { // NATS is away: the gauge stays
			m.Lag(string(c.Spec.Role), c.Spec.Name, lag)
		}
	}
}

// breaker makes a role's breaker before one system: its moves are an event, a
// metric and a line in the log, and what waits comes forward when it closes.
func (a *app) breaker(pair string, system events.System, entity events.Entity, spec bus.Spec) *breaker.Breaker {
	scope := strings.Join([]string{pair, string(system), string(entity), string(spec.Role)}, ".")
	states := map[string]telemetry.BreakerState{
		"closed": telemetry.BreakerClosed, "half-open": telemetry.BreakerHalfOpen, "open": telemetry.BreakerOpen,
	}
	a.telemetry.Metrics.Breaker(scope, telemetry.BreakerClosed)
	return breaker.New(scope, breaker.Config{Moved: func(ctx context.Context, m breaker.Move) {
		a.telemetry.Metrics.Breaker(scope, states[m.To])
		a.log.WarnContext(ctx, "breaker moved", "scope", scope, "from", m.From, "to", m.To, "reason", m.Reason)
		_, err := a.bus.Publish(ctx, bus.Message{
			Subject: events.BreakerSubject(pair, system, entity, spec.Role), Type: events.BreakerType,
			ID:   fmt.Sprintf("breaker:%s:%s:%d", scope, a.bus.Owner(), m.At.UnixNano()),
			Data: events.Breaker{Scope: scope, From: m.From, To: m.To, Reason: m.Reason, At: m.At},
		})
		if err != nil {
			a.log.WarnContext(ctx, "the breaker's move can't be published", "error", err)
		}
		if !m.Closed() {
			return
		}
		if n, err := a.bus.Hasten(ctx, spec); err != nil {
			a.log.WarnContext(ctx, "retries can't be brought forward", "error", err)
		} else if n > 0 {
			a.log.InfoContext(ctx, "retries brought forward", "scope", scope, "messages", n)
		}
	}})
}

func newMagento(pair config.Pair) (*magento.Client, error) {
	transport, err := transportFor(pair.Magento.CA, pair.Magento.Parallel)
	if err != nil {
		return nil, fmt.Errorf("pair %s: magento.ca: %w", pair.Name, err)
	}
	c, err := magento.New(magento.Config{
		URL: pair.Magento.URL, Store: pair.Magento.Store, Website: pair.Magento.Website,
		Token: pair.Magento.Token.Reveal(), Timeout: pair.Magento.Timeout, Parallel: pair.Magento.Parallel, Transport: transport,
		Rows: pair.Magento.StockBatch,
	})
	if err != nil {
		return nil, fmt.Errorf("pair %s: magento: %w", pair.Name, err)
	}
	return c, nil
}

func newGP(pair config.Pair) (*gp.Client, error) {
	transport, err := transportFor(pair.GP.CA, 3*pair.GP.Parallel)
	if err != nil {
		return nil, fmt.Errorf("pair %s: gp.ca: %w", pair.Name, err)
	}
	p := pair.GP.Paths
	c, err := gp.New(gp.Config{
		URL: pair.GP.URL, Paths: p.Preset,
		Services: gp.Services{Sales: p.Sales, Customer: p.Customer, Inventory: p.Inventory, Ledger: p.Ledger},
		Company:  string(pair.GP.Company), Auth: pair.GP.Auth, User: pair.GP.User, Password: pair.GP.Password.Reveal(),
		Timeout: pair.GP.Timeout, Transport: transport, Wrap: traced, Connections: pair.GP.Parallel,
	})
	if err != nil {
		return nil, fmt.Errorf("pair %s: gp: %w", pair.Name, err)
	}
	return c, nil
}
