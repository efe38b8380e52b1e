package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/libs/config"
	"github.com/magpie-integration/magpie/libs/flow"
	"github.com/magpie-integration/magpie/libs/flowstore"
	"github.com/magpie-integration/magpie/services/transform"
)

// system is a running system of NATS and transform, which the command line finds.
type system struct {
	*testing.T
	bus  *bus.Bus
	live *flowstore.Live
	dir  string
}

func start(t *testing.T) *system {
	t.Helper()
	b := bustest.Start(t)
	t.Setenv("MAGPIE_NATS_URL", b.Conn().Servers()[0])
	pairs, err := pairFlows(config.Default())
	if err != nil {
		t.Fatal(err)
	}
	store, err := flowstore.Open(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	s := &system{T: t, bus: b, live: flowstore.NewLive(store, pairs), dir: t.TempDir()}
	tr := transform.New(b, s.live, nil)
	changes := b.Consumer(bus.TransformChangesSpec(1), nil)
	changes.Refused = transform.Refused
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 2)
	go func() { done <- s.live.Run(ctx) }()
	go func() { done <- afterFlows(s.live, changes, tr.Change)(ctx) }()
	t.Cleanup(func() {
		cancel()
		for range cap(done) {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
	return s
}

// magpie runs a command that must work, and gives what it prints.
func (s *system) magpie(args ...string) string {
	s.Helper()
	code, out, errs := command(args...)
	if code != 0 {
		s.Fatalf("magpie %s: %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

// fails runs a command that must fail, and gives what it prints.
func (s *system) fails(args ...string) string {
	s.Helper()
	code, out, errs := command(args...)
	if code != 1 {
		s.Fatalf("magpie %s: %d, want 1\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out + errs
}

func (s *system) contains(out string, wants ...string) {
	s.Helper()
	for _, want := range wants {
		if !strings.Contains(out, want) {
			s.Errorf("%q is not in:\n%s", want, out)
		}
	}
}

// order stores a change of an order; method is how it was paid for.
func (s *system) order(number, method string) {
	s.Helper()
	body, err := os.ReadFile("../../transform/testdata/order.json")
	if err != nil {
		s.Fatal(err)
	}
	record := map[string]any{}
	if err := json.Unmarshal(body, &record); err != nil {
		s.Fatal(err)
	}
	record["increment_id"] = number
	record["payment"] = map[string]any{"method": method}
	if body, err = json.Marshal(record); err != nil {
		s.Fatal(err)
	}
	_, err = s.bus.Publish(s.Context(), bus.Message{
		Subject: events.ChangeSubject("main", events.Magento, events.Order, events.Key(number)),
		Type:    events.TypeName(events.Magento, events.Order, "changed"), ID: "change-" + number, Data: events.Change{Record: body, Hash: number},
	})
	if err != nil {
		s.Fatal(err)
	}
}

// written waits for the order's command.
func (s *system) written(number string) {
	s.Helper()
	bustest.Until(s.T, "the command of "+number, func() bool {
		_, ok, err := s.bus.Last(s.Context(), bus.Commands, "magpie.command.main.gp.order."+number)
		return ok && err == nil
	})
}

func (s *system) isLive(ok func(*flow.Program) bool) {
	s.Helper()
	bustest.Until(s.T, "it is live", func() bool {
		set, err := s.live.Of("main")
		return err == nil && ok(set.Flow("order-to-gp"))
	})
}

// edited exports the live order flow and replaces texts in it.
func (s *system) edited(name string, replacements ...string) string {
	s.Helper()
	file := filepath.Join(s.dir, name)
	s.magpie("flow", "export", "order-to-gp", file)
	body, err := os.ReadFile(file)
	if err != nil {
		s.Fatal(err)
	}
	changed := string(body)
	for i := 0; i < len(replacements); i += 2 {
		if !strings.Contains(changed, replacements[i]) {
			s.Fatalf("%q is not in the flow", replacements[i])
		}
		changed = strings.ReplaceAll(changed, replacements[i], replacements[i+1])
	}
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
		s.Fatal(err)
	}
	return file
}

// TestAMerchantPublishesAFlow is the way of a change of a mapping: export, edit,
// check, test, diff, publish, explain, roll back.
func TestAMerchantPublishesAFlow(t *testing.T) {
	s := start(t)
	for i := range 5 {
		s.order(fmt.Sprintf("00000012%d", i), "checkmo")
	}
	s.order("000000129", "klarna")
	s.written("000000124")

	out := s.magpie("flow", "test", "order-to-gp")
	s.contains(out, "over 6 changes: apply 5, refused order.payment.unmapped 1", "refused 1 times: order.payment.unmapped", "000000129: the payment method klarna")

	file := s.edited("mine.yaml", "      freight: freight\n", "      freight: freight + 0.07\n", "      tax: tax\n", "      tax: tax - 0.07\n")
	s.contains(s.magpie("flow", "check", file), "is well")
	out = s.magpie("flow", "diff", "live", file)
	s.contains(out, "write[0].fields.freight", "  + freight + 0.07", "affects 5 of 6 changes, of 5 of 6 records",
		"money: total differs on 0; freight differs on 5 by 0.35 USD in sum; tax differs on 5 by -0.35 USD in sum")
	var report struct {
		Affected int `json:"affected"`
		Fields   []struct{ Path string }
	}
	if err := json.Unmarshal([]byte(s.magpie("flow", "diff", "live", file, "-o", "json", "--key", "000000123")), &report); err != nil || report.Affected != 1 || len(report.Fields) != 2 {
		t.Errorf("got %+v, %v", report, err)
	}

	s.contains(s.magpie("flow", "publish", file, "--by", "anna", "--note", "a handling charge"), "flow order-to-gp: version 2 is live (before: what ships)")
	s.contains(s.fails("flow", "publish", file), "was made from version 1", "version 2 is live (by anna", "--over 2")
	s.contains(s.magpie("flow", "ls"), "order-to-gp", "published", "anna", "a handling charge")
	s.isLive(func(p *flow.Program) bool { return p.Document().Version == 2 })

	s.order("000000130", "checkmo")
	s.written("000000130")
	out = s.magpie("explain", "order", "000000130")
	s.contains(out, "flow order-to-gp version 2 (published)", "freight + 0.07", "total", "customerPO (CSTPONBR)", "order.increment_id=\"000000130\"")
	out = s.magpie("explain", "order", "000000123")
	s.contains(out, "version 1 (ships)", "live now: version 2", "[live now: ")

	s.magpie("flow", "rollback", "order-to-gp", "--by", "anna")
	s.contains(s.magpie("flow", "ls", "order-to-gp"), "published", "rolled back", "what ships")
	s.contains(s.magpie("flow", "show", "order-to-gp"), "version: 1\n")
	s.contains(s.magpie("flow", "show", "order-to-gp", "2"), "version: 2\n", "freight + 0.07")
	s.contains(s.magpie("flow", "diff", "order-to-gp@template", "2", "--rules"), "+ freight + 0.07")
	s.contains(s.fails("flow", "diff", "live", "template"), "which flow")
	s.contains(s.fails("flow", "rollback", "order-to-gp", "9"), "no such version")
}

// TestARowMendsAnOrder adds the missing row of a table while the system runs.
func TestARowMendsAnOrder(t *testing.T) {
	s := start(t)
	s.contains(s.fails("table", "set", "payment", "klarna", "terms=Net 30"), "the column card is missing")
	s.contains(s.fails("table", "set", "payment", "klarna", "trems=x"), "no column trems")
	s.contains(s.fails("table", "show", "paymant"), "no flow of the pair main has a table paymant")
	s.magpie("table", "set", "payment", "klarna", "terms=Net 30", "type=", "checkbook=", "card=", "--by", "anna", "--note", "new")
	s.magpie("table", "set", "shipping", "flatrate_flatrate", "GROUND")
	s.contains(s.magpie("table", "show", "payment"), `klarna`, `terms="Net 30" type=`, "published", "checkmo")
	s.isLive(func(p *flow.Program) bool { return p.Tables()["payment"] == 1 && p.Tables()["shipping"] == 1 })
	s.order("000000131", "klarna")
	s.written("000000131")
	s.contains(s.magpie("explain", "order", "000000131", "--field", "paymentTerms"), "paymentTerms (PYMTRMID) = Net 30", `table payment version 1, row klarna={"card":"",`, "(through payment)")
	s.magpie("table", "rm", "payment", "klarna")
	s.contains(s.fails("table", "rm", "payment", "checkmo"), "have none with the key checkmo")
	s.contains(s.magpie("table", "history", "payment"), "anna", "new")
	s.magpie("table", "rollback", "payment")
	s.contains(s.magpie("table", "show", "payment"), "klarna")
	s.contains(s.magpie("table", "ls"), "payment", "shipping", "items")
}

func TestAFlowsFaultsAreShownWithLines(t *testing.T) {
	s := start(t)
	file := s.edited("bad.yaml", "city: cp1252(bill.city)", "city: cp1252(bil.city)", "      freight: freight\n", "      frieght: freight\n")
	out := s.fails("flow", "check", file)
	s.contains(out, "bad.yaml:", "did you mean bill?", "did you mean freight?", "column ", "problems")
	unknown := s.edited("unknown.yaml", "email: trim(order.customer_email ??", "email: trim(order.customer_emial ??")
	s.contains(s.magpie("flow", "check", unknown), "warning: order.customer_emial is no field of Magento's own", "is well")
	s.contains(s.fails("flow", "publish", file), "did you mean bill?")
	s.contains(s.fails("flow", "check", "nothing.yaml"), "nothing.yaml")
}

// TestPinnedDecisions pins what becomes of files, offline, and finds what differs.
func TestPinnedDecisions(t *testing.T) {
	s := start(t)
	file := s.edited("mine.yaml")
	changes, golden := filepath.Join(s.dir, "changes"), filepath.Join(s.dir, "golden")
	if err := os.Mkdir(changes, 0o750); err != nil {
		t.Fatal(err)
	}
	record, err := os.ReadFile("../../transform/testdata/order.json")
	if err != nil {
		t.Fatal(err)
	}
	whole, err := json.Marshal(events.Change{Hash: "x", Record: json.RawMessage(strings.Replace(string(record), "000000123", "000000124", 1))})
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string][]byte{"record.json": record, "whole.json": whole, "broken.json": []byte("{")} {
		if err := os.WriteFile(filepath.Join(changes, name), body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"flow", "test", file, "--offline", "--changes", changes, "--golden", golden}
	s.contains(s.fails(args...), "000000123.json is not pinned")
	s.contains(s.magpie(append(args, "--update")...), "2 pinned", "000000124", "can't be read: "+filepath.Join(changes, "broken.json"))
	s.contains(s.magpie(args...), "2 as pinned, 0 otherwise")
	other := s.edited("other.yaml", "site: settings.order.site\n      currency", "site: '\"MAIN\"'\n      currency")
	args[2] = other
	s.contains(s.fails(args...), "0 as pinned, 2 otherwise", "000000123.json: line ", `"site": "MAIN"`)
	s.contains(s.magpie("flow", "diff", file, other, "--offline", "--changes", changes), "affects 2 of 2 changes", "site (LOCNCODE)", `"WAREHOUSE" -> "MAIN"`)
	s.contains(s.fails("flow", "test", file, "--offline"), "give a folder of changes")
}
