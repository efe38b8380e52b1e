package bus_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
)

func change(key events.Key, id string) bus.Message {
	return bus.Message{
		Subject: events.ChangeSubject("main", events.Magento, events.Order, key),
		Type:    events.TypeName(events.Magento, events.Order, "changed"), ID: id, Data: events.Change{},
	}
}

func TestTheEpochRisesWhenChangesBeginAgain(t *testing.T) {
	b, _ := start(t)
	epoch := func() uint64 {
		t.Helper()
		e, err := b.Epoch(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	first := epoch()
	for i := range 10 {
		publish(t, b, change("1", fmt.Sprint(i)))
	}
	if again := epoch(); again != first {
		t.Fatalf("the epoch moved from %d to %d by itself", first, again)
	}

	if err := b.JetStream().DeleteStream(t.Context(), bus.Changes); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Apply(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	second := epoch()
	if second <= first {
		t.Errorf("created anew: %d, then %d", first, second)
	}
}

func TestPurgeKeepsWhatIsUnfinishedOrYoung(t *testing.T) {
	b, _ := start(t)
	for i := range 10 {
		publish(t, b, command(events.Key(fmt.Sprint(i)), fmt.Sprint(i)))
	}
	// A consumer that has acknowledged the first four.
	cfg := jetstream.ConsumerConfig{Durable: "half", AckPolicy: jetstream.AckExplicitPolicy}
	c, err := b.JetStream().CreateConsumer(t.Context(), bus.Commands, cfg)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Fetch(4)
	if err != nil {
		t.Fatal(err)
	}
	for m := range got.Messages() {
		if err := m.DoubleAck(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := b.Purge(t.Context(), time.Hour); err != nil || n != 0 {
		t.Errorf("young messages: purged %d, %v", n, err)
	}
	if n, err := b.Purge(t.Context(), -time.Hour); err != nil || n != 4 {
		t.Errorf("old messages: purged %d, %v; four are finished", n, err)
	}
}
