package flowstore_test

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/flow"
	"github.com/magpie-integration/magpie/libs/flowstore"
)

// fill stores n changes of orders that differ in their numbers and totals;
// size pads the records to what Magento sends.
func fill(t testing.TB, b flowstore.Base, n, size int) {
	t.Helper()
	base, err := os.ReadFile("../flow/testdata/order-to-gp/base.json")
	if err != nil {
		t.Fatal(err)
	}
	var record map[string]any
	if err := json.Unmarshal(base, &record); err != nil {
		t.Fatal(err)
	}
	items := record["items"].([]any)
	for i := 0; len(base) < size; i++ {
		row := items[i%len(items)].(map[string]any)
		row[fmt.Sprintf("base_other_amount_%d", i)] = "12.3400"
		if base, err = json.Marshal(record); err != nil {
			t.Fatal(err)
		}
	}
	js := testBus.JetStream()
	for i := range n {
		number := fmt.Sprintf("%09d", i)
		record["increment_id"] = number
		body, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		body, err = json.Marshal(events.Change{Record: body, Hash: "x"})
		if err != nil {
			t.Fatal(err)
		}
		subject := events.ChangeSubject(b.Pair, events.Magento, events.Order, events.Key(number)).String()
		if _, err := js.PublishMsgAsync(&nats.Msg{Subject: subject, Data: body}); err != nil {
			t.Fatal(err)
		}
	}
	<-js.PublishAsyncComplete()
}

func compare(t testing.TB, b flowstore.Base, old, next *flow.Program, n int) *flow.Comparison {
	t.Helper()
	past, err := flowstore.Past(t.Context(), testBus, b, old.Document().On, "", n)
	if err != nil {
		t.Fatal(err)
	}
	c, err := flow.Compare(old, next, past, runtime.GOMAXPROCS(0))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func program(t testing.TB, b flowstore.Base, body []byte) *flow.Program {
	t.Helper()
	d, err := flow.Parse("order-to-gp", body)
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.Compile(flowstore.State{}, d)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPastChangesAreComparedToTheCent(t *testing.T) {
	_, b := open(t)
	fill(t, b, 120, 0)
	old := program(t, b, text(t, "order-to-gp"))
	next := program(t, b, text(t, "order-to-gp", "      freight: freight\n", "      freight: 'freight + (number(order.increment_id) % 10 == 0 ? 0.01 : 0)'\n"))
	c := compare(t, b, old, next, 100) // numbers 20 to 119
	if c.Inputs != 100 || c.Records != 100 || c.Affected != 10 || c.AffectedRecords != 10 || len(c.Fields) != 1 || len(c.Verdicts) != 0 {
		t.Fatalf("got %+v", c)
	}
	if f := c.Fields[0]; f.Path != "freight" || f.Documents != 10 || f.Money[0].Net.String() != "0.1" || f.Examples[0].Key != "000000020" {
		t.Errorf("got %+v", f)
	}
	one, err := flowstore.Past(t.Context(), testBus, b, old.Document().On, "000000077", 5)
	if err != nil {
		t.Fatal(err)
	}
	for read, err := range one {
		if err != nil {
			t.Fatal(err)
		}
		if in, err := read(); err != nil || in.Subject.Key != "000000077" {
			t.Errorf("got %v, %v", in.Subject, err)
		}
	}
	if _, err := flowstore.Past(t.Context(), testBus, b, "io.magpie.gp.order.write.v1", "", 5); err == nil {
		t.Error("a flow starts from a command")
	}
}

// BenchmarkDiff is what `flow diff --last 10000` does: it reads 10,000 changes
// of 9 KiB from a stream and runs two versions over each. One round is to take
// less than 10 s on 2 CPUs.
func BenchmarkDiff(b *testing.B) {
	_, base := open(b)
	const n = 10_000
	fill(b, base, n, 9<<10)
	old := program(b, base, text(b, "order-to-gp"))
	next := program(b, base, text(b, "order-to-gp", upCity, shout))
	for b.Loop() {
		if c := compare(b, base, old, next, n); c.Inputs != n || c.Affected != n {
			b.Fatalf("%+v", c)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "changes/s")
}
