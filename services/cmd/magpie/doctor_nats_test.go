package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/libs/config"
)

// natsOf examines NATS as a configuration that names the bus' server would.
func natsOf(t *testing.T, b *bus.Bus, change func(*config.Config)) []finding {
	t.Helper()
	cfg, _, err := config.Load("", []string{"MAGPIE_NATS_URL=" + b.Conn().ConnectedUrl()})
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(cfg)
	}
	return natsPart(cfg).examine(t.Context(), 5*time.Second)
}

func beat(t *testing.T, b *bus.Bus, role events.Role, at time.Time, readings ...events.Reading) {
	t.Helper()
	if err := b.Beat(t.Context(), events.Heartbeat{Role: role, Instance: string(role), Host: "box", Started: at, At: at, Readings: readings}); err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, b *bus.Bus, subject events.Subject, eventType, id string, data any) {
	t.Helper()
	if _, err := b.Publish(t.Context(), bus.Message{Subject: subject, Type: eventType, ID: id, Data: data}); err != nil {
		t.Fatal(err)
	}
}

func notice(t *testing.T, b *bus.Bus, key int, via string) {
	t.Helper()
	put(t, b, events.NoticeSubject("main", events.Magento, events.Order, events.Key(fmt.Sprint(key))),
		events.TypeName(events.Magento, events.Order, "noticed"), fmt.Sprint(via, key), events.Notice{Via: via})
}

func sweptTo(t *testing.T, b *bus.Bus, to time.Time) {
	t.Helper()
	kv, err := b.KV(t.Context(), bus.Cursors)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kv.Put(t.Context(), "main.magento.order", fmt.Appendf(nil, `{"to":%q}`, to.UTC().Format(time.RFC3339))); err != nil {
		t.Fatal(err)
	}
}

func TestTheDoctorFindsNothingInNATSWhereAllIsWell(t *testing.T) {
	b, now := bustest.Start(t), time.Now().UTC()
	for _, r := range roles {
		beat(t, b, events.Role(r.name), now)
	}
	beat(t, b, events.RoleMagentoCapture, now, events.Reading{Pair: "main", System: events.Magento, Way: events.WaySweep, At: now.Add(-12 * time.Second), Due: now.Add(time.Minute)})
	sweptTo(t, b, now)
	notice(t, b, 1, "webhook")
	_, err := b.JetStream().CreateOrUpdateConsumer(t.Context(), bus.Notices, jetstream.ConsumerConfig{Durable: "magento-capture_main", AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil {
		t.Fatal(err)
	}
	found := natsOf(t, b, nil)
	for _, f := range found {
		if f.Verdict != isOK {
			t.Errorf("got %+v", f)
		}
	}
	for _, want := range []expectation{
		{"nats", "server", isOK, "connected to", ""}, {"nats", "streams", isOK, "", ""}, {"nats", "stream settings", isOK, "", ""},
		{"nats", "durability", isOK, "one server keeps each message", ""}, {"nats", "clock", isOK, "agrees", ""},
		{"nats", "role transform", isOK, "1 process(es)", ""},
		{"nats", "capture of pair main", isOK, "sweep of magento read 0 rows 1", ""},
		{"nats", "consumer magento-capture_main", isOK, "1 wait", ""},
		{"nats", "dead letters", isOK, "none", ""}, {"nats", "sweep of pair main", isOK, "has come to", ""},
		{"nats", "webhooks of pair main", isOK, "0 of 1 records", ""},
	} {
		want.meets(t, found)
	}
}

func TestTheDoctorFindsWhatWaitsAndWhatDied(t *testing.T) {
	b, now := bustest.Start(t), time.Now().UTC()
	beat(t, b, events.RoleGPWriter, now.Add(-10*time.Minute))
	beat(t, b, events.RoleMagentoCapture, now,
		events.Reading{Pair: "main", System: events.Magento, Way: events.WaySweep, At: now.Add(-time.Hour), Due: now.Add(-55 * time.Minute)},
		events.Reading{Pair: "eu", System: events.Magento, Way: events.WaySweep, Problem: "the store is down"})
	sweptTo(t, b, now.Add(-time.Hour))
	put(t, b, events.DeadSubject("main", events.RoleGPWriter, events.Order, "7"), events.DeadType, "dead7", events.DeadLetter{Code: "gp.item.unknown"})
	put(t, b, events.BreakerSubject("main", events.GP, events.Order, events.RoleGPWriter), events.BreakerType, "moved",
		events.Breaker{Scope: "main.gp.order.gp-writer", To: "open", Reason: "gp.unreachable", At: now})
	for key := range 4 {
		notice(t, b, key, "sweep")
	}
	found := natsOf(t, b, func(cfg *config.Config) { cfg.Pairs[0].Magento.Sweep.Every = time.Minute })
	for _, want := range []expectation{
		{"nats", "role gp-writer", failed, "last beat 10m0s ago", "start it again"},
		{"nats", "role transform", failed, "runs nowhere", "magpie run transform"},
		{"nats", "role magento-capture", isOK, "", ""},
		{"nats", "capture of pair main", failed, "the next one is late by 55m", "breaker"},
		{"nats", "capture of pair eu", warned, "the store is down", "goes on by itself"},
		{"nats", "dead letters", warned, "1 wait for a person", "magpie dlq ls"},
		{"nats", "breaker main.gp.order.gp-writer", warned, "is open since", "closes by itself"},
		{"nats", "sweep of pair main", failed, "1h0m ago; it should run every 1m0s", "log of magento-capture"},
		{"nats", "webhooks of pair main", warned, "none has arrived", "magpie_webhooks_total"},
		{"nats", "consumers", skipped, "no role has run yet", ""},
	} {
		want.meets(t, found)
	}
	none := natsOf(t, b, func(cfg *config.Config) { cfg.Pairs[0].Magento.Webhooks = nil })
	expectation{"nats", "webhooks of pair main", skipped, "found by the sweep", ""}.meets(t, none)
}

func TestAStalledConsumerIsNoFaultOfItsOwnWhileItsBreakerIsOpen(t *testing.T) {
	b := bustest.Start(t)
	old := bus.Lane{Name: "gp-writer_main_order", Pending: 1, Oldest: time.Now().Add(-time.Hour), Moved: time.Now().Add(-time.Hour)}
	n := &notes{}
	noteLane(n, old, nil, time.Now())
	expectation{"", "consumer gp-writer_main_order", failed, "nothing moved for 1h0m", "starting the role again is safe"}.meets(t, n.all)
	n = &notes{}
	noteLane(n, old, heldBy("main.gp.order.gp-writer"), time.Now())
	expectation{"", "consumer gp-writer_main_order", warned, "its breaker is open", ""}.meets(t, n.all)
	if got := heldBy("main.magento.order.magento-capture")[0]; got != bus.CaptureSpec(events.RoleMagentoCapture, "main", events.Magento, 1).Name {
		t.Errorf("a capture's consumer is %s", got)
	}
	if got := heldBy("main.gp.order.gp-writer")[1]; got != bus.WriterSpec(events.RoleGPWriter, "main", events.GP, events.Order, 1).Name {
		t.Errorf("a writer's consumer is %s", got)
	}

	n = &notes{}
	checkDurability(t.Context(), n, b, config.NATS{URL: config.Embedded, Sync: config.Sync{Every: time.Minute}})
	expectation{"", "durability", failed, "not durable", "nats.sync: always"}.meets(t, n.all)
}

func TestTheDoctorWorksWithoutNATS(t *testing.T) {
	cfg, _, err := config.Load("", []string{"MAGPIE_NATS_URL=nats://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	found := natsPart(cfg).examine(t.Context(), 5*time.Second)
	expectation{"nats", "server", failed, "127.0.0.1:1", "correct nats.url"}.meets(t, found)
	expectation{"nats", "roles", skipped, "see server", ""}.meets(t, found)
}

func TestStreamsThatSomebodyChangedAndStreamsThatAreNotThere(t *testing.T) {
	b := bustest.Start(t)
	s, err := b.JetStream().Stream(t.Context(), bus.Dead)
	if err != nil {
		t.Fatal(err)
	}
	changed := s.CachedInfo().Config
	changed.MaxBytes = 1 << 20
	if _, err := b.JetStream().UpdateStream(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	expectation{"nats", "stream DEAD", warned, "max bytes is 1048576, should be -1", "start a role again"}.meets(t, natsOf(t, b, nil))
	if err := b.JetStream().DeleteStream(t.Context(), bus.Dead); err != nil {
		t.Fatal(err)
	}
	found := natsOf(t, b, nil)
	expectation{"nats", "streams", failed, "stream DEAD", "start a role"}.meets(t, found)
	expectation{"nats", "roles", skipped, "see streams", ""}.meets(t, found)
}

func TestWebhooksAreCountedByRecord(t *testing.T) {
	b := bustest.Start(t)
	for key := range 20 {
		notice(t, b, key, "webhook")
		notice(t, b, key, "sweep") // it came first, or the order changed again: a webhook told of it
	}
	for key := range 3 {
		notice(t, b, 100+key, "sweep")
	}
	found := natsOf(t, b, nil)
	expectation{"nats", "webhooks of pair main", warned, "3 of 23 records", "docs/webhooks.md"}.meets(t, found)
}
