package chaos

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/services/sandbox/fault"
	"github.com/magpie-integration/magpie/services/sandbox/magento"
	"github.com/magpie-integration/magpie/tests/program"
)

// TestMain builds the binary under test, with the race detector if this test
// has it: a race in a role then ends the role with exit code 66.
func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "magpie-chaos")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		if magpie, err = program.Build(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// size is how many orders a test places: the default, or the soak's.
func size(orders, soak int) int {
	if os.Getenv("MAGPIE_SOAK") != "" {
		return soak
	}
	return orders
}

// seed is random and printed; MAGPIE_SEED repeats a run.
func seed(t *testing.T) uint64 {
	t.Helper()
	s := rand.Uint64()
	if text := os.Getenv("MAGPIE_SEED"); text != "" {
		var err error
		if s, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal("MAGPIE_SEED: ", err)
		}
	}
	t.Logf("MAGPIE_SEED=%d repeats this run", s)
	return s
}

const killsEach = 3

// TestEachOrderIsInGPExactlyOnce is the product's main promise: orders are
// placed while every process is killed several times, and while both systems
// lose answers, throttle, fail and go down.
func TestEachOrderIsInGPExactlyOnce(t *testing.T) {
	orders := size(1000, 10000)
	s := seed(t)
	rng := rand.New(rand.NewPCG(s, 1))
	f := launch(t, options{seed: s, webhooks: true})
	if err := f.sandbox.Magento.SetWebhookFaults(magento.WebhookFaults{
		DropRate: 0.1, DuplicateRate: 0.2, ReorderRate: 0.2, DelayMax: 500 * time.Millisecond,
	}); err != nil {
		t.Fatal(err)
	}
	shoppers, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() { place(shoppers, t, f, orders) })
	wg.Go(func() { misbehave(shoppers, t, f, rand.New(rand.NewPCG(s, 2))) })

	// Kill each process several times, in random order, while work is under way.
	dead := victims(rng)
	for i, name := range dead {
		seldom(t, 3*time.Minute, "orders are under way", func() bool {
			v := f.judge(t)
			return v.orders >= i*orders/len(dead) && v.orders-v.done > 3
		})
		if err := f.kill(name); err != nil {
			t.Error(err)
		}
		f.waitReady(name)
	}
	wg.Wait()
	calm(t, f)
	began := time.Now()
	var v verdict
	seldom(t, 5*time.Minute, "every order is where it belongs", func() bool {
		v = f.judge(t)
		if len(v.doubles) > 0 {
			t.Fatalf("this may never be:\n  %s", first(v.doubles, 20))
		}
		if !v.right() && time.Since(began) > 4*time.Minute {
			t.Errorf("%d of %d orders are not where they belong:\n  %s\n%s", len(v.faults), v.orders, first(v.faults, 20), f.run("dlq", "ls"))
			t.FailNow()
		}
		return v.right() && v.orders >= orders
	})
	t.Logf("%d orders, each once; the last %s after the faults ended", v.orders, time.Since(began).Round(time.Second))
	proveFaults(t, f)
	if out := f.run("dlq", "ls", "--output", "json"); out != "[]\n" {
		t.Errorf("dead letters: %s", out)
	}
}

// victims lists every service killsEach times, shuffled.
func victims(rng *rand.Rand) []string {
	var all []string
	for range killsEach {
		all = append(all, services...)
	}
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// place places orders of every kind that the spine carries.
func place(ctx context.Context, t *testing.T, f *fleet, orders int) {
	tick := time.NewTicker(60 * time.Millisecond)
	defer tick.Stop()
	for range orders {
		if _, err := f.sandbox.Magento.Place(ctx, magento.PlaceOrder{Store: "default"}); err != nil {
			t.Error(err)
			return
		}
		<-tick.C
	}
}

// misbehave changes what goes wrong every few seconds until every order is placed.
func misbehave(ctx context.Context, t *testing.T, f *fleet, rng *rand.Rand) {
	systems := []*fault.Injector{f.sandbox.MagentoFaults, f.sandbox.GPFaults}
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	for round := 0; ; round++ {
		for i, system := range systems {
			faults := fault.Faults{
				LatencyJitter: 20 * time.Millisecond, LostAnswerRate: 0.04, ErrorRate: 0.03, ThrottleRate: 0.03, TruncateRate: 0.01,
			}
			if round%4 == 1+i { // each system goes down in its turn
				faults.Down = []string{fault.DownRefuse, fault.Down503, fault.DownHang}[rng.IntN(3)]
			}
			if err := system.Set(faults); err != nil {
				t.Error(err)
			}
		}
		pause := time.NewTimer(time.Duration(2+rng.IntN(3)) * time.Second)
		select {
		case <-ctx.Done():
			pause.Stop()
			return
		case <-deadline.C:
			pause.Stop()
			return
		case <-pause.C:
		}
	}
}

// calm ends all faults.
func calm(t *testing.T, f *fleet) {
	t.Helper()
	for _, system := range []*fault.Injector{f.sandbox.MagentoFaults, f.sandbox.GPFaults} {
		if err := system.Set(fault.Faults{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.sandbox.Magento.SetWebhookFaults(magento.WebhookFaults{}); err != nil {
		t.Fatal(err)
	}
}

// proveFaults fails when a fault that the test is about never happened.
func proveFaults(t *testing.T, f *fleet) {
	t.Helper()
	for _, name := range services {
		if kills := f.process(name).kills; kills < killsEach {
			t.Errorf("%s was killed %d times", name, kills)
		}
	}
	for name, system := range map[string]*fault.Injector{"store": f.sandbox.MagentoFaults, "company": f.sandbox.GPFaults} {
		fired := system.Fired()
		for _, what := range []string{fault.FiredLostAnswer, fault.FiredThrottle, fault.FiredError, fault.FiredDown, fault.FiredTruncate} {
			if fired[what] == 0 {
				t.Errorf("the %s never had the fault %s", name, what)
			}
		}
		t.Logf("faults of the %s: %v", name, fired)
	}
	t.Logf("webhooks: %v", f.sandbox.Magento.WebhookCounts())
}
