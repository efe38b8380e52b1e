package e2e

import (
	"strings"
	"testing"
)

// TestTheCommandsOfAnOrder places, edits, cancels and traces an order by the
// CLI, which talks to the store of the first pair.
func TestTheCommandsOfAnOrder(t *testing.T) {
	t.Parallel()
	p := all.pairs[pairs[0].name]
	place := func(args ...string) string {
		var row struct {
			IncrementID string `json:"increment_id"`
		}
		decode(t, []byte(p.world.run(t, append([]string{"order"}, append(args, "--output", "json")...)...)), &row)
		return row.IncrementID
	}
	// Some shoppers pay later, elsewhere: what is edited then is not in GP yet.
	first := place("place", "--kind", "bundle")
	second := place("edit", first, "--parent-first", "--delay", "100ms")
	if second != first+"-1" {
		t.Errorf("the edited order is %s, want %s-1", second, first)
	}
	p.world.run(t, "order", "cancel", second)
	until(t, "the trace of "+second+" tells of its cancellation", func() bool {
		return strings.Contains(p.world.run(t, "trace", "order", second, "--pair", p.name), "state canceled")
	})
	p.settles(t, first, live{})
}
