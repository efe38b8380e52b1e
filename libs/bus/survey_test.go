package bus_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
)

func TestHeartsTellWhatRuns(t *testing.T) {
	b := bustest.Start(t)
	at := time.Date(2026, 8, 14, 12, 0, 0, 0, time.UTC)
	beat := func(role events.Role, instance string, at time.Time) {
		t.Helper()
		if err := b.Beat(t.Context(), events.Heartbeat{Role: role, Instance: instance, At: at}); err != nil {
			t.Fatal(err)
		}
	}
	beat(events.RoleTransform, "one", at)
	beat(events.RoleGPWriter, "two", at)
	beat(events.RoleGPWriter, "one", at)
	beat(events.RoleGPWriter, "one", at.Add(time.Second))
	if got, want := instances(t, b), "[gp-writer.one+1s gp-writer.two+0s transform.one+0s]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if err := b.Stopped(t.Context(), events.RoleGPWriter, "one"); err != nil {
		t.Fatal(err)
	}
	if got, want := instances(t, b), "[gp-writer.two+0s transform.one+0s]"; got != want {
		t.Errorf("after one ended: got %s, want %s", got, want)
	}
	kv, err := b.KV(t.Context(), bus.Heartbeats)
	if err != nil {
		t.Fatal(err)
	}
	status, err := kv.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if status.TTL() != time.Hour || status.(*jetstream.KeyValueBucketStatus).StreamInfo().Config.Storage != jetstream.MemoryStorage {
		t.Error("heartbeats must cost no sync of the disk, and age out")
	}
}

func instances(t *testing.T, b *bus.Bus) string {
	t.Helper()
	hearts, err := b.Hearts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, h := range hearts {
		all = append(all, fmt.Sprintf("%s.%s+%s", h.Role, h.Instance, h.At.Sub(time.Date(2026, 8, 14, 12, 0, 0, 0, time.UTC))))
	}
	return fmt.Sprint(all)
}

func notice(t *testing.T, b *bus.Bus, key events.Key, via string) {
	t.Helper()
	_, err := b.Publish(t.Context(), bus.Message{
		Subject: events.NoticeSubject("main", events.Magento, events.Order, key),
		Type:    events.TypeName(events.Magento, events.Order, "noticed"), ID: via + string(key),
		Data: events.Notice{Via: via},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestASurveySeesWhatWaitsAndWhatMoves(t *testing.T) {
	b := bustest.Start(t)
	notice(t, b, "1", "webhook")
	c, err := b.JetStream().CreateOrUpdateConsumer(t.Context(), bus.Notices, jetstream.ConsumerConfig{
		Durable: "capture", FilterSubject: "magpie.notice.main.magento.*.*", AckPolicy: jetstream.AckExplicitPolicy,
	})
	if err != nil {
		t.Fatal(err)
	}
	lane := func() bus.Lane {
		t.Helper()
		lanes, err := b.Survey(t.Context())
		if err != nil || len(lanes) != 1 {
			t.Fatalf("got %v, %v", lanes, err)
		}
		return lanes[0]
	}
	waits := lane()
	if waits.Name != "capture" || waits.Stream != bus.Notices || waits.Pending != 1 || waits.Oldest.IsZero() || !waits.Moved.IsZero() {
		t.Errorf("got %+v", waits)
	}
	later := time.Now().Add(time.Hour)
	if !waits.Stalled(later, time.Minute) || waits.Stalled(waits.Oldest, time.Minute) {
		t.Error("a message that waits for an hour with no fetch is stalled, one of this moment is not")
	}
	got, err := c.Fetch(1)
	if err != nil {
		t.Fatal(err)
	}
	for m := range got.Messages() {
		if err := m.DoubleAck(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if done := lane(); done.Pending != 0 || done.AckPending != 0 || done.Moved.IsZero() || done.Stalled(later, time.Minute) {
		t.Errorf("got %+v", done)
	}
}

func TestNewestMessagesAndTheServersClock(t *testing.T) {
	b := bustest.Start(t)
	for _, key := range []events.Key{"1", "2", "1", "3"} {
		notice(t, b, key, fmt.Sprint("via", time.Now().UnixNano()))
	}
	newest, err := b.Newest(t.Context(), bus.Notices, "magpie.notice.>")
	if err != nil || len(newest) != 3 || newest[0].Sequence != 3 || newest[1].Sequence != 2 {
		t.Errorf("got %v, %v", newest, err)
	}
	before, server, after, err := b.ServerTime(t.Context())
	if err != nil || server.Before(before) || server.After(after) {
		t.Errorf("the server's clock, which is ours, says %s between %s and %s (%v)", server, before, after, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Survey(ctx); err == nil {
		t.Error("a survey outlived its context")
	}
}
