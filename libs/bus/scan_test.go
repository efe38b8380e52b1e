package bus_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
)

func TestSinceReadsWhatIsThereAndNoMore(t *testing.T) {
	b := bustest.Start(t)
	const n = 1200 // more than one request gives
	for i := range n {
		publish(t, b, command(events.Key(fmt.Sprint(i%2)), fmt.Sprint(i)))
	}
	read := func(filter string, start bus.Start) (sequences []uint64, bodies int) {
		for m, err := range b.Since(t.Context(), bus.Commands, filter, start) {
			if err != nil {
				t.Fatal(err)
			}
			sequences = append(sequences, m.Sequence)
			bodies += min(len(m.Data), 1)
		}
		return sequences, bodies
	}
	third, _, err := b.Get(t.Context(), bus.Commands, 3)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		filter        string
		start         bus.Start
		first         uint64
		count, bodies int
	}{
		"all":                {"magpie.command.>", bus.Start{}, 1, n, n},
		"one key":            {"magpie.command.*.*.*.1", bus.Start{}, 2, n / 2, n / 2},
		"from a sequence":    {"magpie.command.>", bus.Start{Sequence: n - 1}, n - 1, 2, 2},
		"since a time":       {"magpie.command.>", bus.Start{Time: third.Time}, 3, n - 2, n - 2},
		"headers":            {"magpie.command.>", bus.Start{HeadersOnly: true}, 1, n, 0},
		"nothing is there":   {"magpie.command.*.*.*.7", bus.Start{}, 0, 0, 0},
		"behind the last":    {"magpie.command.>", bus.Start{Sequence: n + 1}, 0, 0, 0},
		"a sequence, a time": {"magpie.command.>", bus.Start{Sequence: n, Time: third.Time}, n, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			sequences, bodies := read(tc.filter, tc.start)
			if len(sequences) != tc.count || bodies != tc.bodies || tc.count > 0 && sequences[0] != tc.first || !slices.IsSorted(sequences) {
				t.Errorf("%d messages, %d bodies, from %v", len(sequences), bodies, sequences[:min(len(sequences), 3)])
			}
		})
	}
	s, err := b.JetStream().Stream(t.Context(), bus.Commands)
	if err != nil {
		t.Fatal(err)
	}
	for name := range s.ConsumerNames(t.Context()).Name() {
		t.Errorf("the consumer %s is left", name)
	}
}
