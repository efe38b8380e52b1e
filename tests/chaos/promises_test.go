package chaos

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/services/sandbox/fault"
	"github.com/magpie-integration/magpie/services/sandbox/magento"
)

// one places an order that needs no payment first.
func (f *fleet) one(t *testing.T) magento.OrderRow {
	t.Helper()
	o, err := f.sandbox.Magento.Place(t.Context(), magento.PlaceOrder{Store: "default", PaymentMethod: "checkmo"})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (f *fleet) settled(t *testing.T, orders int) {
	t.Helper()
	until(t, time.Minute, "every order is where it belongs", func() bool {
		v := f.judge(t)
		if len(v.doubles) > 0 {
			t.Fatalf("this may never be:\n  %s", first(v.doubles, 20))
		}
		return v.right() && v.orders == orders
	})
}

// writes are the calls that changed something in GP, as GP's own log has them.
func (f *fleet) writes(t *testing.T) (n int) {
	t.Helper()
	if err := f.sandbox.GP.DB().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM calls`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestFiveHundredWebhooksOfOneOrderMakeOneSOPOrder(t *testing.T) {
	f := launch(t, options{seed: seed(t)})
	o := f.one(t)
	rng := rand.New(rand.NewPCG(seed(t), 3))
	events := []string{"sales_order_save_after", "sales_order_save_commit_after", "sales_order_place_after"}
	var wg sync.WaitGroup
	slots := make(chan struct{}, 16)
	for i := range 500 {
		body := fmt.Sprintf(`{"event":%q,"data":{"increment_id":%q,"entity_id":"%d","store_id":"1","n":%d}}`,
			events[rng.IntN(len(events))], o.IncrementID, o.EntityID, rng.IntN(250))
		if i%5 == 0 { // an echo with only the changed fields
			body = fmt.Sprintf(`{"event":"sales_order_save_after","data":{"entity_id":"%d","status":"pending"}}`, o.EntityID)
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if status := f.hook(t, body); status != http.StatusAccepted {
				t.Errorf("answered %d", status)
			}
		})
	}
	wg.Wait()
	f.settled(t, 1)
	reads := f.sandbox.Magento.Calls()["GET /V1/orders"]
	t.Logf("500 webhooks, %d searches", reads)
	if reads > 250 {
		t.Errorf("500 webhooks made %d searches of the store; those that wait are one read", reads)
	}
}

// hook sends a signed webhook to ingest.
func (f *fleet) hook(t *testing.T, body string) int {
	mac := hmac.New(sha256.New, []byte(hookSecret))
	mac.Write([]byte(body))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.ingest, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Error(err)
		return 0
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func TestWithEveryWebhookDroppedTheSweepBringsEveryOrder(t *testing.T) {
	f := launch(t, options{seed: seed(t), webhooks: true})
	if err := f.sandbox.Magento.SetWebhookFaults(magento.WebhookFaults{DropRate: 1}); err != nil {
		t.Fatal(err)
	}
	const orders = 60
	for range orders {
		f.one(t)
	}
	f.settled(t, orders)
}

// The write-back is a change of the order too. It must cost GP nothing: not a
// write, and not even a read.
func TestTheWriteBacksOwnWebhookCostsGPNoCall(t *testing.T) {
	f := launch(t, options{seed: seed(t), webhooks: true})
	o := f.one(t)
	f.settled(t, 1)
	var before string
	until(t, time.Minute, "the write-back's own change has run through", func() bool {
		life := f.life(t, o.IncrementID)
		for _, step := range life.Steps {
			if step.Word == "outcome" && strings.HasPrefix(step.Text, "unchanged in gp") {
				before = fmt.Sprint(f.companyCalls(t))
				return true
			}
		}
		return false
	})
	if n := f.writes(t); n != 2 {
		t.Errorf("GP had %d writes; one customer and one order are two", n)
	}
	// Another echo, by hand: still not a call.
	if status := f.hook(t, fmt.Sprintf(`{"event":"sales_order_save_after","data":{"increment_id":%q}}`, o.IncrementID)); status != http.StatusAccepted {
		t.Fatalf("answered %d", status)
	}
	until(t, time.Minute, "the echo has run through", func() bool {
		steps := f.life(t, o.IncrementID).Steps
		return strings.HasPrefix(steps[len(steps)-1].Text, "unchanged: the order reads as before")
	})
	if after := fmt.Sprint(f.companyCalls(t)); after != before {
		t.Errorf("GP's calls went from %s to %s", before, after)
	}
}

// companyCalls are all calls of GP, reads too, by operation.
func (f *fleet) companyCalls(t *testing.T) map[string]any {
	t.Helper()
	resp, err := http.Get(f.company.URL + "/_sandbox/calls")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var calls map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&calls); err != nil {
		t.Fatal(err)
	}
	return calls
}

// life is what `magpie trace order` tells.
type life struct {
	Headline string
	Steps    []struct{ Word, Text, Trace, Result string }
}

func (f *fleet) life(t *testing.T, incrementID string) life {
	t.Helper()
	var l life
	if err := json.Unmarshal([]byte(f.run("trace", "order", incrementID, "--output", "json")), &l); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestAnOrderCancelledWhileGPIsDownNeverAppearsInGP(t *testing.T) {
	f := launch(t, options{seed: seed(t), webhooks: true})
	if err := f.sandbox.GPFaults.Set(fault.Faults{Down: fault.DownRefuse}); err != nil {
		t.Fatal(err)
	}
	const orders = 10
	var cancelled, kept []magento.OrderRow
	for i := range orders {
		o := f.one(t)
		if i%2 == 0 {
			cancelled = append(cancelled, o)
		} else {
			kept = append(kept, o)
		}
	}
	seen := func(number, text string) func() bool {
		return func() bool {
			for _, step := range f.life(t, number).Steps {
				if step.Word == "command" && strings.HasPrefix(step.Text, text) {
					return true
				}
			}
			return false
		}
	}
	for _, o := range cancelled {
		until(t, time.Minute, "the order is on its way to GP", seen(o.IncrementID, "apply"))
		if err := f.sandbox.Magento.Cancel(t.Context(), o.IncrementID); err != nil {
			t.Fatal(err)
		}
		until(t, time.Minute, "it is taken back", seen(o.IncrementID, "withdraw"))
	}
	if err := f.sandbox.GPFaults.Set(fault.Faults{}); err != nil {
		t.Fatal(err)
	}
	back := time.Now()
	f.settled(t, orders)
	t.Logf("all settled %s after GP came back", time.Since(back).Round(100*time.Millisecond))
	documents, err := f.sandbox.GP.Orders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(documents) != len(kept) {
		t.Errorf("GP has %d orders, voided ones included; %d were not cancelled", len(documents), len(kept))
	}
	for _, o := range cancelled {
		if l := f.life(t, o.IncrementID); !strings.HasPrefix(l.Headline, "withdrawn") {
			t.Errorf("order %s: %s", o.IncrementID, l.Headline)
		}
	}
}

func TestASystemThatComesBackIsUsedAgainWithinSeconds(t *testing.T) {
	f := launch(t, options{seed: seed(t), webhooks: true})
	f.one(t)
	f.settled(t, 1)
	for name, system := range map[string]*fault.Injector{"company": f.sandbox.GPFaults, "store": f.sandbox.MagentoFaults} {
		for _, way := range []string{fault.DownRefuse, fault.Down503} {
			if err := system.Set(fault.Faults{Down: way}); err != nil {
				t.Fatal(err)
			}
			fired := system.Fired()[fault.FiredDown]
			before := f.judge(t).orders
			f.one(t)
			until(t, time.Minute, "calls fail", func() bool { return system.Fired()[fault.FiredDown] > fired+5 })
			if err := system.Set(fault.Faults{}); err != nil {
				t.Fatal(err)
			}
			back := time.Now()
			f.settled(t, before+1)
			t.Logf("%s down by %s: all done %s after it came back", name, way, time.Since(back).Round(100*time.Millisecond))
		}
	}
}

func TestSIGTERMDrainsAndExitsWell(t *testing.T) {
	f := launch(t, options{seed: seed(t), webhooks: true})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = f.sandbox.Magento.Shop(ctx, 20, nil) })
	until(t, time.Minute, "orders are in GP", func() bool { return f.judge(t).done > 5 })
	for _, name := range services[1:] {
		p := f.process(name)
		began := time.Now()
		if err := p.Stop(15 * time.Second); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s ended %s after SIGTERM", name, time.Since(began).Round(time.Millisecond))
		f.start(name)
	}
	cancel()
	wg.Wait()
	until(t, 2*time.Minute, "every order is where it belongs", func() bool { return f.judge(t).right() })
}

// A call that hangs does not hold a role up for long: it is left unknown, and
// the next owner asks first.
func TestSIGTERMWhileACallHangsEndsWithinTenSeconds(t *testing.T) {
	f := launch(t, options{seed: seed(t), webhooks: true, gp: "      timeout: 60s"})
	if err := f.sandbox.GPFaults.Set(fault.Faults{Down: fault.DownHang}); err != nil {
		t.Fatal(err)
	}
	f.one(t)
	until(t, time.Minute, "a call hangs", func() bool { return f.sandbox.GPFaults.Fired()[fault.FiredDown] > 0 })
	p := f.process("gp-writer")
	began := time.Now()
	if err := p.Cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-p.Exited
	took := time.Since(began)
	t.Logf("ended %s after SIGTERM", took.Round(time.Millisecond))
	if code := p.Cmd.ProcessState.ExitCode(); code != 0 || took > 10*time.Second {
		t.Errorf("ended with code %d after %s", code, took)
	}
	if err := f.sandbox.GPFaults.Set(fault.Faults{}); err != nil {
		t.Fatal(err)
	}
	f.start("gp-writer")
	f.settled(t, 1)
}

// One order is one chain: from its first notice to the write-back, every hop has
// the same trace.
func TestAnOrderIsOneTraceFromTheWebhookToTheWriteBack(t *testing.T) {
	f := launch(t, options{seed: seed(t), webhooks: true})
	o := f.one(t)
	f.settled(t, 1)
	hops := map[string]map[string]bool{}
	for _, step := range f.life(t, o.IncrementID).Steps {
		if hops[step.Trace] == nil {
			hops[step.Trace] = map[string]bool{}
		}
		what, _, _ := strings.Cut(step.Text, " ")
		hops[step.Trace][step.Word+" "+what] = true
	}
	for _, whole := range hops {
		if whole["notice noticed"] && whole["change read"] && whole["command apply"] && whole["outcome applied"] {
			return
		}
	}
	t.Errorf("no trace has every hop: %v", hops)
}

// A payment method without a rule is a dead letter; with a rule, its replay
// makes the one order, and a second replay of anything makes no second.
func TestADeadLetterIsMendedAndItsReplayMakesOneOrder(t *testing.T) {
	f := launch(t, options{seed: seed(t), webhooks: true})
	o, err := f.sandbox.Magento.Place(t.Context(), magento.PlaceOrder{Store: "default", PaymentMethod: "store_account"})
	if err != nil {
		t.Fatal(err)
	}
	type letter struct{ ID, Pair, Role, Entity, Key, Kind, Code, Reason, Field string }
	letters := func() (all []letter) {
		if err := json.Unmarshal([]byte(f.run("dlq", "ls", "--output", "json")), &all); err != nil {
			t.Fatal(err)
		}
		return all
	}
	until(t, time.Minute, "a dead letter", func() bool { return len(letters()) > 0 })
	for _, l := range letters() {
		if l.Role != "transform" || l.Key != o.IncrementID || l.Kind != "rejected" || l.Code != "order.payment.unmapped" || !strings.Contains(l.Reason, "store_account") {
			t.Errorf("got %+v", l)
		}
	}

	text, err := os.ReadFile(f.config)
	if err != nil {
		t.Fatal(err)
	}
	mended := string(text) + "    flows: {tables: {payment: {store_account: {terms: Net 30}}}}\n"
	if err := os.WriteFile(f.config, []byte(mended), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.kill("transform"); err != nil {
		t.Fatal(err)
	}
	f.waitReady("transform")
	for _, l := range letters() {
		f.run("dlq", "replay", l.ID, "--by", "the test")
	}
	f.settled(t, 1)
	if n := f.writes(t); n != 2 {
		t.Errorf("GP had %d writes; one customer and one order are two", n)
	}
	if left := letters(); len(left) != 0 {
		t.Errorf("still dead: %+v", left)
	}
	if l := f.life(t, o.IncrementID); !strings.HasPrefix(l.Headline, "in GP as WEB"+o.IncrementID) {
		t.Errorf("headline: %s", l.Headline)
	}
}
