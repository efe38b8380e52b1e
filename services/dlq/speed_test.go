package dlq_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/services/dlq"
)

// BenchmarkGroups groups ten thousand letters of 4.5 KB each: a second on two cores.
func BenchmarkGroups(b *testing.B) {
	s := bustest.Start(b)
	const letters, causes = 10_000, 20
	record := json.RawMessage(`{"record":{"text":"` + strings.Repeat("an order as the shop gave it, ", 150) + `"}}`)
	for i := range letters {
		key := fmt.Sprintf("%09d", i)
		data, err := json.Marshal(events.DeadLetter{
			Kind: "rejected", Code: "gp.item.unknown", Reason: fmt.Sprintf("order %s: GP has no item A-%d", key, i%causes), Fix: "create the item in GP",
			Message: events.Message{Subject: "magpie.change.main.magento.order." + key, Body: record},
		})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.JetStream().PublishMsgAsync(&nats.Msg{Subject: "magpie.dead.main.transform.order." + key, Data: data}); err != nil {
			b.Fatal(err)
		}
	}
	<-s.JetStream().PublishAsyncComplete()
	for b.Loop() {
		groups, err := dlq.NewLetters(s).Groups(b.Context(), dlq.Filter{})
		if err != nil || len(groups) != causes || groups[0].Count != letters/causes {
			b.Fatalf("%d groups, %v", len(groups), err)
		}
	}
}
