package jaeger

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/tests/program"
)

// way is an order's, from the webhook to the write-back: each span is the child
// of the one before. (The reading of the order stands between notice and change
// only where its notice was alone in its batch; a larger batch is linked to.)
var way = []string{
	"magpie-ingest: webhook",
	"magpie-ingest: publish notice",
	"magpie-magento-capture: publish change",
	"magpie-transform: transform change",
	"magpie-transform: publish command",
	"magpie-gp-writer: gp-writer command",
	"magpie-gp-writer: publish outcome",
	"magpie-transform: transform outcome",
	"magpie-transform: publish command",
	"magpie-magento-writer: magento-writer command",
	"magpie-magento-writer: publish outcome",
}

const (
	batch   = "magpie-magento-capture: magento-capture batch"
	created = "magpie-gp-writer: gp CreateSalesOrder"
)

func TestAnOrderIsOneTraceThatItsNumberFinds(t *testing.T) {
	skipWithoutJaeger(t)
	magpie, err := program.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name      string
		processes [][]string
	}{
		{"all roles in one process", [][]string{{"up", "--rate", "0"}}},
		{"each role a process", [][]string{
			{"run", "nats"}, {"run", "ingest"}, {"run", "magento-capture"}, {"run", "transform"},
			{"run", "gp-writer"}, {"run", "magento-writer"}, {"sandbox"},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			jaeger := startJaeger(t) // one for each: the orders have the same numbers
			ports := freePorts(t, 5)
			store := "http://" + ports[4]
			env := program.Environment(
				"MAGPIE_TELEMETRY_OTLP="+jaeger.otlp,
				"MAGPIE_NATS_STORE="+t.TempDir(),
				"MAGPIE_NATS_LISTEN="+ports[0],
				"MAGPIE_HTTP_INGEST="+ports[1],
				"MAGPIE_HTTP_CONSOLE="+ports[2],
				"MAGPIE_PAIRS_0_MAGENTO_URL="+store,
				"MAGPIE_PAIRS_0_GP_URL=http://"+ports[3],
				"OTEL_BSP_SCHEDULE_DELAY=200", // milliseconds; 5 seconds by default
			)
			var running []*program.Process
			var health []string
			for _, args := range tt.processes {
				cmd := exec.Command(magpie, args...)
				port := freePorts(t, 1)[0]
				cmd.Env = append(slices.Clip(env), "MAGPIE_HTTP_HEALTH="+port)
				running = append(running, run(t, cmd))
				if args[0] != "sandbox" {
					health = append(health, "http://"+port+"/readyz")
				}
			}
			for i, url := range health {
				until(t, time.Minute, strings.Join(tt.processes[i], " ")+" is ready", func() bool { return program.Answers(url, http.StatusOK) })
			}

			until(t, time.Minute, "the store answers", func() bool { return program.Answers(store, http.StatusOK) })
			orders := place(t, magpie, env, 5)
			for _, order := range orders {
				// The write-back is a save of the order too: its webhooks come back as
				// traces that end as "unchanged" at GP's writer.
				until(t, time.Minute, "order "+order+" was written back, and heard of again", func() bool {
					return len(jaeger.find(t, "magpie-gp-writer", order)) > 1 && len(jaeger.find(t, "magpie-magento-writer", order)) > 0
				})
			}
			for _, p := range slices.Backward(running) { // what they have not sent yet they send now; NATS goes last
				stop(p)
			}
			for _, order := range orders {
				judge(t, jaeger, order)
			}
			t.Logf("judged orders %s", strings.Join(orders, ", "))
		})
	}
}

// judge looks at all traces of an order: one of them has its whole way.
func judge(t *testing.T, jaeger server, order string) {
	t.Helper()
	written := jaeger.find(t, "magpie-magento-writer", order)
	if len(written) != 1 {
		t.Errorf("order %s: %d traces write back, want 1", order, len(written))
		return
	}
	tr := written[0]
	last := tr.named(way[len(way)-1])
	if len(last) != 1 {
		t.Errorf("order %s: %d spans are the end of its way, want 1", order, len(last))
		return
	}
	got := slices.DeleteFunc(tr.way(last[0]), func(name string) bool { return name == batch })
	if !slices.Equal(got, way) {
		t.Errorf("order %s went this way:\n  %s\nwant:\n  %s", order, strings.Join(got, "\n  "), strings.Join(way, "\n  "))
	}
	if n := len(tr.named(created)); n != 1 {
		t.Errorf("order %s: its trace creates %d sales orders, want 1", order, n)
	}
	beginnings := slices.DeleteFunc(slices.Clone(tr.Spans), func(s span) bool {
		return slices.ContainsFunc(tr.Spans, func(other span) bool { return other.ID == s.parent() })
	})
	if len(beginnings) != 1 {
		t.Errorf("order %s: its trace has %d beginnings, want 1: a parent is missing", order, len(beginnings))
	}
	for _, other := range jaeger.find(t, "magpie-gp-writer", order) {
		if n := len(other.named(created)); other.ID != tr.ID && n > 0 {
			t.Errorf("order %s: trace %s creates it too", order, other.ID)
		}
	}
	for _, service := range []string{"magpie-ingest", "magpie-magento-capture", "magpie-transform", "magpie-gp-writer"} {
		found := jaeger.find(t, service, order)
		if !slices.ContainsFunc(found, func(other trace) bool { return other.ID == tr.ID }) {
			t.Errorf("order %s: its number does not find it among the spans of %s", order, service)
		}
	}
}

// place places orders that are to be sent at once, and gives their numbers.
func place(t *testing.T, magpie string, env []string, n int) (numbers []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "order.json")
	if err := os.WriteFile(file, []byte(`{"store": "default", "payment_method": "checkmo"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for len(numbers) < n {
		cmd := exec.Command(magpie, "order", "place", "--output", "json", file)
		cmd.Env = env
		out, err := cmd.Output()
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			t.Fatalf("place an order: %v\n%s", err, failed.Stderr)
		}
		if err != nil {
			t.Fatal(err)
		}
		var placed struct {
			Number string `json:"increment_id"`
		}
		if err := json.Unmarshal(out, &placed); err != nil || placed.Number == "" {
			t.Fatalf("place an order: %v\n%s", err, out)
		}
		numbers = append(numbers, placed.Number)
	}
	return numbers
}
