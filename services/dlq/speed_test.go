package dlq_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/services/dlq"
)

func TestTenThousandLettersAreGroupedInSeconds(t *testing.T) {
	b := bustest.Start(t)
	const letters, causes = 10_000, 20
	record := json.RawMessage(`{"record":{"text":"` + strings.Repeat("an order as the shop gave it, ", 150) + `"}}`)
	for i := range letters {
		key := fmt.Sprintf("%09d", i)
		data, err := json.Marshal(events.DeadLetter{
			Kind: "rejected", Code: "gp.item.unknown", Reason: fmt.Sprintf("order %s: GP has no item A-%d", key, i%causes), Fix: "create the item in GP",
			Message: events.Message{Subject: "magpie.change.main.magento.order." + key, Body: record},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.JetStream().PublishMsgAsync(&nats.Msg{Subject: "magpie.dead.main.transform.order." + key, Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	<-b.JetStream().PublishAsyncComplete()
	began := time.Now()
	groups, err := dlq.NewLetters(b).Groups(t.Context(), dlq.Filter{})
	took := time.Since(began)
	if err != nil || len(groups) != causes || groups[0].Count != letters/causes {
		t.Fatalf("%d groups, %v", len(groups), err)
	}
	t.Logf("%d letters of %d bytes in %s", letters, len(record), took)
	if took > 10*time.Second { // about a second on an idle machine
		t.Errorf("took %s", took)
	}
}
