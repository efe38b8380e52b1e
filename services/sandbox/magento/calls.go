package magento

import (
	"maps"
	"sync"
)

// tally counts things by name.
type tally struct {
	mu sync.Mutex
	n  map[string]int64
}

func (t *tally) count(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n == nil {
		t.n = make(map[string]int64)
	}
	t.n[name]++
}

func (t *tally) snapshot() map[string]int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := maps.Clone(t.n)
	if out == nil {
		out = map[string]int64{}
	}
	return out
}
