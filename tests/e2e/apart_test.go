package e2e

import (
	"net/http"
	"testing"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
)

// Two pairs, with equal order numbers, in one Magpie: while one's systems are
// both down, the other's orders arrive; nothing of one is ever seen in the other;
// and what waited arrives when its systems are back.
func TestOnePairsOutageSlowsNoOther(t *testing.T) {
	north, south := all.pairs["north"], all.pairs["south"]
	first := north.place(t, twoStraps)
	north.written(t, first.IncrementID)

	for _, url := range []string{north.company.URL, north.store.URL} {
		call(t, http.MethodPut, url+"/_sandbox/faults", "", `{"down": "refuse"}`)
		defer call(t, http.MethodDelete, url+"/_sandbox/faults", "", "")
	}
	var waiting, arrived []string
	for range 12 {
		waiting = append(waiting, north.place(t, twoStraps).IncrementID)
		row := south.place(t, twoStraps)
		south.written(t, row.IncrementID)
		arrived = append(arrived, row.IncrementID)
	}
	if n := len(north.allDocuments(t)); n != 1 {
		t.Fatalf("GP of north has %d orders while it is down", n)
	}
	until(t, "north's breaker is open", func() bool {
		moves, err := south.world.bus.Newest(t.Context(), bus.Breakers, "magpie.breaker.north.>")
		return err == nil && len(moves) > 0
	})
	if moves, err := south.world.bus.Newest(t.Context(), bus.Breakers, "magpie.breaker.south.>"); err != nil || len(moves) > 0 {
		t.Errorf("south's breakers moved: %d (%v)", len(moves), err)
	}
	if letters := south.letters(t, ""); len(letters) > 0 {
		t.Errorf("south has dead letters: %+v", letters)
	}

	for _, url := range []string{north.company.URL, north.store.URL} {
		call(t, http.MethodDelete, url+"/_sandbox/faults", "", "")
	}
	for _, number := range waiting {
		north.written(t, number)
	}
	if n := len(south.allDocuments(t)); n != len(arrived) {
		t.Errorf("GP of south has %d orders, want %d", n, len(arrived))
	}
	// Numbers repeat over the pairs, links don't meet.
	for _, p := range []*pair{north, south} {
		links, err := p.world.bus.KV(t.Context(), bus.Links)
		if err != nil {
			t.Fatal(err)
		}
		key := p.name + ".gp.order." + events.Key("WEB"+arrived[0]).Token()
		if _, err := links.Get(t.Context(), key); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
}
