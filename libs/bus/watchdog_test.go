package bus_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
)

// stall makes the server hand out no more: the durable may have one message
// unacknowledged, and a thief keeps one for an hour.
func stall(t *testing.T, b *bus.Bus, spec bus.Spec) (stolen jetstream.Msg) {
	t.Helper()
	consumer, err := b.JetStream().Consumer(t.Context(), spec.Stream, spec.Name)
	if err != nil {
		t.Fatal(err)
	}
	config := consumer.CachedInfo().Config
	config.MaxAckPending, config.AckWait = 1, time.Hour
	if consumer, err = b.JetStream().UpdateConsumer(t.Context(), spec.Stream, config); err != nil {
		t.Fatal(err)
	}
	thief, err := consumer.Fetch(1, jetstream.FetchMaxWait(30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; ; i++ { // the server takes turns between the thief and the role
		publish(t, b, command("bait", "bait"+string(rune('a'+i))))
		select {
		case m := <-thief.Messages():
			return m
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func TestAStalledConsumerIsMadeAgainFromItsAckFloor(t *testing.T) {
	b, _ := start(t)
	spec := bus.WriterSpec(events.RoleGPWriter, "main", events.GP, events.Order, 4)
	c := b.Consumer(spec, nil)
	c.StalledAfter = 600 * time.Millisecond

	var mu sync.Mutex
	handled := map[string]int{}
	seen := func(id string) int {
		mu.Lock()
		defer mu.Unlock()
		return handled[id]
	}
	publish(t, b, command("1", "before"))
	consume(t, c, func(_ context.Context, d *bus.Delivery) error {
		mu.Lock()
		defer mu.Unlock()
		handled[d.Event.ID()]++
		return nil
	})
	until(t, "the first is handled", func() bool { return seen("before") == 1 })

	stolen := stall(t, b, spec)
	for _, id := range []string{"x", "y", "z"} {
		publish(t, b, command(events.Key(id), id))
	}
	watching, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Watch(watching) }()
	until(t, "all that waited is handled", func() bool { return seen("x")+seen("y")+seen("z") == 3 })
	id := stolen.Headers().Get("ce-id")
	until(t, "what the thief has is handled too", func() bool { return seen(id) == 1 })
	if n := seen("before"); n != 1 {
		t.Errorf("what was acknowledged below the floor came %d times", n)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}

	// A role that starts later takes the durable as it is.
	consumer, err := b.JetStream().Consumer(t.Context(), spec.Stream, spec.Name)
	if err != nil {
		t.Fatal(err)
	}
	if config := consumer.CachedInfo().Config; config.DeliverPolicy != jetstream.DeliverByStartSequencePolicy || config.MaxAckPending == 1 {
		t.Errorf("the consumer is %+v", config)
	}
	later := b.Consumer(spec, nil)
	consume(t, later, func(context.Context, *bus.Delivery) error { return nil })
	until(t, "another replica runs", func() bool { return later.Ready(t.Context()) == nil })
}

func TestAPausedConsumerIsLeftAlone(t *testing.T) {
	b, _ := start(t)
	spec := bus.WriterSpec(events.RoleGPWriter, "main", events.GP, events.Order, 4)
	c := b.Consumer(spec, nil)
	c.StalledAfter = 300 * time.Millisecond
	consume(t, c, func(context.Context, *bus.Delivery) error { return nil })
	until(t, "it runs", func() bool { return c.Ready(t.Context()) == nil })
	if _, err := b.JetStream().PauseConsumer(t.Context(), spec.Stream, spec.Name, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	publish(t, b, command("1", "waits"))
	watching, stop := context.WithTimeout(t.Context(), time.Second)
	defer stop()
	if err := c.Watch(watching); err != nil { // until the time is over
		t.Error(err)
	}
	consumer, err := b.JetStream().Consumer(t.Context(), spec.Stream, spec.Name)
	if err != nil {
		t.Fatal(err)
	}
	if info := consumer.CachedInfo(); !info.Paused || info.NumPending != 1 {
		t.Errorf("paused %t, %d waiting", info.Paused, info.NumPending)
	}
}
