package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	wire "github.com/magpie-integration/magpie/libs/magento"
	"github.com/magpie-integration/magpie/services/sandbox"
	"github.com/magpie-integration/magpie/services/sandbox/gp"
	"github.com/magpie-integration/magpie/services/sandbox/magento"
)

// stockPlan is what `bench stock` measures: the first load of a catalogue with two
// sources, then changes of which most hit the same SKUs, while shoppers buy those.
//
// Both systems are the sandboxes, in this process; Magpie is a process of its own.
type stockPlan struct {
	plan

	skus    int
	changes int
	hot     int
	rate    int
	orders  int
	buffer  int
	wait    time.Duration

	shop    *sandbox.Sandbox
	store   *httptest.Server
	company *httptest.Server
	meter   *meter
	dice    *rand.Rand

	warehouse map[string]int // on hand at WAREHOUSE, by SKU
	at        map[string]int // on hand at STORE
	sold      map[string]int
}

// taken is the most that one change takes of an item at WAREHOUSE: what another
// channel sold. The buffer is larger than what is taken while a change is under way.
const taken = 3

func stockBench(args []string) error {
	p := stockPlan{warehouse: map[string]int{}, at: map[string]int{}, sold: map[string]int{}, dice: rand.New(rand.NewPCG(1, 1))} //nolint:gosec // no secret
	flags := flag.NewFlagSet("bench stock", flag.ContinueOnError)
	flags.StringVar(&p.magpie, "magpie", "../bin/magpie", "the binary that is measured")
	flags.IntVar(&p.skus, "skus", 100000, "SKUs, each at two sources")
	flags.IntVar(&p.changes, "changes", 10000, "changes of a quantity in GP")
	flags.IntVar(&p.hot, "hot", 500, "SKUs that nine of ten changes hit, and that shoppers buy")
	flags.IntVar(&p.rate, "rate", 200, "changes a second")
	flags.IntVar(&p.orders, "orders", 5, "orders a second, beside the changes")
	flags.IntVar(&p.buffer, "buffer", 20, "the buffer of each SKU at the site of orders")
	flags.DurationVar(&p.wait, "wait", 20*time.Minute, "how long the first load may take, and how long the end")
	if err := flags.Parse(args); err != nil {
		return err
	}
	p.hot = min(p.hot, p.skus)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return p.run(ctx)
}

func (p *stockPlan) run(ctx context.Context) (err error) {
	if p.dir, err = os.MkdirTemp("", "magpie-bench-stock-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(p.dir) }()
	if err := p.found(ctx); err != nil {
		return err
	}
	defer p.close()
	flushes, err := flushRate(p.dir)
	if err != nil {
		return err
	}
	began := time.Now()
	run, err := p.start(ctx, program{"magpie", p.command}, &systems{shop: p.store.URL, company: p.company.URL}, "default")
	if err != nil {
		return err
	}
	defer run.stop()
	shopping, stopShopping := context.WithCancel(ctx)
	defer stopShopping()
	go func() { _ = p.shop.Run(shopping) }() // which sends its webhooks

	fmt.Fprintf(os.Stderr, "first load of %d SKUs: ", p.skus)
	if err := p.until(ctx, "the first load", p.loaded); err != nil {
		return err
	}
	load := time.Since(began)
	loaded := p.meter.counts()
	fmt.Fprintf(os.Stderr, "%.0f SKUs/s\n%d changes: ", float64(p.skus)/load.Seconds(), p.changes)

	if err := p.work(ctx); err != nil {
		return err
	}
	if err := p.until(ctx, "the newest levels", p.newest); err != nil {
		return err
	}
	all := p.meter.counts()
	p50, p99 := quantiles(p.meter.late)
	fmt.Fprintln(os.Stderr, "done")
	_, peak := run.memory()
	cpu, err := run.cpu()
	out := os.Stdout
	fmt.Fprintf(out, "\n%d SKUs at two sources; then %d changes, %d a second, nine of ten at %d SKUs; %d orders a second. %.0f disk flushes/s.\n\n",
		p.skus, p.changes, p.rate, p.hot, p.orders, flushes)
	fmt.Fprintln(out, "| first load | SKUs/s | rows a call | changes | SKUs written | calls | p50 / p99 of a change to the store | sold | oversold | stale | CPU | peak MiB |")
	fmt.Fprintln(out, "|---|---|---|---|---|---|---|---|---|---|---|---|")
	fmt.Fprintf(out, "| %s | %.0f | %.0f | %d | %d | %d | %s / %s | %d | %d | 0 | %s | %.0f |\n",
		load.Round(100*time.Millisecond), float64(p.skus)/load.Seconds(), float64(loaded.rows)/float64(max(loaded.calls, 1)),
		p.changes, all.skus-loaded.skus, all.calls-loaded.calls, p50.Round(10*time.Millisecond), p99.Round(10*time.Millisecond),
		p.total(), p.oversold(), cpu.Round(time.Second), peak)
	if n := p.oversold(); n > 0 {
		return fmt.Errorf("%d were sold that GP doesn't have", n)
	}
	return err
}

// found makes the two systems, with their items and products.
func (p *stockPlan) found(ctx context.Context) (err error) {
	p.shop, err = sandbox.New(sandbox.Config{
		Token: "bench", User: "bench", Password: "bench", Site: "WAREHOUSE", DocID: "STDORD", Company: -1, Seed: 1,
		CreateTime: time.Microsecond, ReadTime: time.Microsecond,
	})
	if err != nil {
		return err
	}
	p.meter = &meter{handler: p.shop.Magento.Handler(), waiting: map[string][]change{}}
	p.store, p.company = httptest.NewServer(p.meter), httptest.NewServer(p.shop.GP.Handler())
	if _, _, err := p.shop.Magento.Generate(ctx, p.skus, []string{"default"}); err != nil {
		return err
	}
	if err := p.shop.GP.Generate(ctx, p.skus, "", []string{"WAREHOUSE", "STORE"}); err != nil {
		return err
	}
	var levels []gp.StockLevel
	for n := range p.skus {
		sku := skuOf(n)
		p.warehouse[sku], p.at[sku] = 500+n%400, 1+n%400
		levels = append(levels, level(sku, "WAREHOUSE", p.warehouse[sku]), level(sku, "STORE", p.at[sku]))
	}
	return p.shop.GP.SetStock(ctx, levels)
}

func skuOf(n int) string { return fmt.Sprintf("GEN-%06d", n+1) }

func level(sku, site string, n int) gp.StockLevel {
	return gp.StockLevel{Item: sku, Site: site, OnHand: decimal.NewFromInt(int64(n))}
}

func (p *stockPlan) close() {
	p.store.Close()
	p.company.Close()
	_ = p.shop.Close()
}

func (p *stockPlan) command(_ plan, s *systems, dir, _ string, port int) ([]string, string, string, error) {
	magpie, err := filepath.Abs(p.magpie)
	if err != nil {
		return nil, "", "", err
	}
	hook := fmt.Sprintf("http://127.0.0.1:%d/hooks/magento/main", port)
	if _, err := p.shop.Magento.AddWebhook(magento.Webhook{URL: hook, Secret: webhookSecret}); err != nil {
		return nil, "", "", err
	}
	file := filepath.Join(dir, "magpie.yaml")
	err = os.WriteFile(file, fmt.Appendf(nil, stockConfig, dir, port+3, port, port+1, port+2, s.shop, webhookSecret, s.company, p.buffer), 0o600)
	return []string{magpie, "up", "--config", file}, hook, fmt.Sprintf("http://127.0.0.1:%d/readyz", port+2), err
}

const stockConfig = `
nats: {url: embedded, store: %s/data, listen: "127.0.0.1:%d"}
http: {ingest: "127.0.0.1:%d", console: "127.0.0.1:%d", health: "127.0.0.1:%d"}
log: {level: error}
pairs:
  - name: main
    magento:
      url: %s
      token: bench
      parallel: 8
      webhooks: [{scheme: hmac-sha256, secret: %s}]
    gp: {url: "%s", company: -1, auth: basic, user: bench, password: bench, parallel: 16, capture: {every: 1s, overlap: 10s}}
    flows:
      tables:
        sources:
          WAREHOUSE: {source: default, buffer: %d}
          STORE: {source: store, buffer: 0}
`

// work makes the changes at their rate, and orders beside them.
func (p *stockPlan) work(ctx context.Context) error {
	tick := time.NewTicker(time.Second / time.Duration(p.rate))
	defer tick.Stop()
	for i := range p.changes {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		n := p.dice.IntN(p.hot)
		if p.dice.IntN(10) == 0 {
			n = p.dice.IntN(p.skus)
		}
		if err := p.change(ctx, skuOf(n), i); err != nil {
			return err
		}
		if p.orders > 0 && i%max(p.rate/p.orders, 1) == 0 {
			if err := p.buy(ctx, skuOf(p.dice.IntN(p.hot))); err != nil {
				return err
			}
		}
	}
	return nil
}

// change counts an item anew at STORE, or lets another channel take some at
// WAREHOUSE, or brings some.
func (p *stockPlan) change(ctx context.Context, sku string, i int) error {
	if i%2 == 0 {
		p.at[sku] = 1000 + i // never the same twice: so the store's row tells which change it is of
		p.meter.expect(sku, p.at[sku])
		return p.shop.GP.SetStock(ctx, []gp.StockLevel{level(sku, "STORE", p.at[sku])})
	}
	n := p.dice.IntN(2*taken+1) - taken
	if p.warehouse[sku]-p.sold[sku]+n < 0 {
		n = taken
	}
	p.warehouse[sku] += n
	return p.shop.GP.Receive(ctx, sku, "WAREHOUSE", decimal.NewFromInt(int64(n)))
}

// buy places an order of more than one in ten of what there is, so that SKUs run out.
func (p *stockPlan) buy(ctx context.Context, sku string) error {
	n := 40 + p.dice.IntN(80)
	_, err := p.shop.Magento.Place(ctx, magento.PlaceOrder{
		Store: "default", PaymentMethod: "checkmo", Lines: []magento.PlaceLine{{SKU: sku, Qty: decimal.NewFromInt(int64(n))}},
	})
	if errors.Is(err, magento.ErrNotSalable) {
		return nil
	}
	if err == nil {
		p.sold[sku] += n
	}
	return err
}

func (p *stockPlan) total() (n int) {
	for _, sold := range p.sold {
		n += sold
	}
	return n
}

// oversold is how many were sold that GP doesn't have.
func (p *stockPlan) oversold() (n int) {
	for sku, sold := range p.sold {
		n += max(sold-p.warehouse[sku], 0)
	}
	return n
}

// until waits for what is true of every SKU in the end.
func (p *stockPlan) until(ctx context.Context, what string, wrong func(context.Context) (int, string, error)) error {
	for began := time.Now(); ; {
		n, example, err := wrong(ctx)
		if err != nil || n == 0 {
			return err
		}
		if time.Since(began) > p.wait {
			return fmt.Errorf("%s: %d SKUs are not as they should be after %s, such as %s", what, n, p.wait, example)
		}
		if rest(ctx, 500*time.Millisecond); ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// loaded tells how many SKUs have not been written yet, by the rows that came.
func (p *stockPlan) loaded(context.Context) (int, string, error) {
	return max(2*p.skus-p.meter.counts().rows, 0), "any", nil
}

// newest tells how many SKUs are at another level than the newest.
func (p *stockPlan) newest(ctx context.Context) (wrong int, example string, err error) {
	store, err := wire.New(wire.Config{URL: p.store.URL, Token: "bench"})
	if err != nil {
		return 0, "", err
	}
	skus := make([]string, p.skus)
	for n := range skus {
		skus[n] = skuOf(n)
	}
	for some := range slices.Chunk(skus, 5000) {
		items, err := store.SourceItems(ctx, some)
		if err != nil {
			return 0, "", err
		}
		if len(items) != 2*len(some) {
			return p.skus, "a source without a row", nil
		}
		for _, item := range items {
			want := p.at[item.SKU]
			if item.Source == "default" { // what is sold is allocated, and open
				want = max(p.warehouse[item.SKU]-p.sold[item.SKU]-p.buffer, 0) + p.sold[item.SKU]
			}
			if !item.Quantity.Equal(decimal.NewFromInt(int64(want))) {
				wrong++
				example = fmt.Sprintf("%s at %s: %s, want %d", item.SKU, item.Source, item.Quantity, want)
			}
		}
	}
	return wrong, example, nil
}

// quantiles are the median and the 99th percentile.
func quantiles(all []time.Duration) (p50, p99 time.Duration) {
	if len(all) == 0 {
		return 0, 0
	}
	slices.Sort(all)
	return all[len(all)/2], all[len(all)*99/100]
}
