//go:build unix

package replicas

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
)

// poison is the reason of a command that kills whoever handles it.
const poison = "poison"

func command(key string, change int, doc document, reason string) (events.Command, error) {
	data, err := json.Marshal(doc)
	return events.Command{
		Verb: events.Apply, Revision: events.Revision{Epoch: 1, Change: uint64(change)}, Flow: "test", Target: key,
		Source:   events.SourceRef{System: events.Magento, Entity: events.Order, Key: events.Key(key)},
		Document: data, Reason: reason,
	}, err
}

func (w *world) publish(t *testing.T, cmd events.Command, id string) {
	t.Helper()
	_, err := w.bus.Publish(t.Context(), bus.Message{
		Subject: events.CommandSubject(pair, events.GP, events.Order, cmd.Source.Key),
		Type:    events.TypeName(events.GP, events.Order, "write"), ID: id, Data: cmd,
	})
	if err != nil {
		t.Error(err)
	}
}

// workload is what is published, in its order.
type workload struct {
	messages  []message
	keys      []string
	newest    map[string]wanted
	published atomic.Int64

	late, duplicates int // messages out of order, messages of a revision that came before
}

type message struct {
	id     string
	key    string
	change int
	doc    document
}

type wanted struct {
	change int
	doc    document
}

// newWorkload draws 10 to 30 revisions for each key. Three of ten messages come
// right behind the one before, one or two after newer ones of their key, and
// one of twenty comes twice.
func newWorkload(rng *rand.Rand, keys int) *workload {
	type scheduled struct {
		message
		at float64
	}
	var all []scheduled
	w := &workload{newest: map[string]wanted{}}
	for k := range keys {
		key := fmt.Sprintf("K%03d", k)
		w.keys = append(w.keys, key)
		next := 0.0
		for change, last := 1, 10+rng.IntN(21); change <= last; change++ {
			m := message{fmt.Sprintf("%s-%d", key, change), key, change, content(rng, k, change)}
			if rng.IntN(100) < 70 {
				next = float64(change) + rng.Float64()
			} // else right behind the one before, so that replicas meet
			at := next
			if rng.IntN(100) < 15 {
				at += 1 + 4*rng.Float64()
			}
			all = append(all, scheduled{m, at})
			if rng.IntN(100) < 5 {
				again := m
				again.id += "-again"
				all = append(all, scheduled{again, at + 5*rng.Float64()})
			}
			w.newest[key] = wanted{change, m.doc}
		}
	}
	slices.SortStableFunc(all, func(a, b scheduled) int { return cmp.Compare(a.at, b.at) })
	seen, highest := map[string]bool{}, map[string]int{}
	for _, m := range all {
		w.messages = append(w.messages, m.message)
		revision := fmt.Sprint(m.key, m.change)
		switch {
		case seen[revision]:
			w.duplicates++
		case m.change < highest[m.key]:
			w.late++
		}
		seen[revision], highest[m.key] = true, max(highest[m.key], m.change)
	}
	return w
}

// content is of its own for each revision of half of the keys. The others go
// back and forth between three, as an order that is held and released does:
// there an equal content does not mean that it is the newest.
func content(rng *rand.Rand, key, change int) document {
	if key%2 == 0 {
		return document{Content: fmt.Sprint("state ", rng.IntN(3))}
	}
	return document{Content: fmt.Sprint("version ", change)}
}

// publishAll publishes at a rate that three replicas hold easily, so that most
// revisions are written and not overtaken in the queue.
func (w *world) publishAll(t *testing.T, load *workload, perSecond int) {
	tick := time.NewTicker(time.Second / time.Duration(perSecond))
	defer tick.Stop()
	for _, m := range load.messages {
		select {
		case <-t.Context().Done():
			return
		case <-tick.C:
		}
		cmd, err := command(m.key, m.change, m.doc, "")
		if err != nil {
			t.Error(err)
			return
		}
		w.publish(t, cmd, m.id)
		load.published.Add(1)
	}
}

// reached tells whether a percentage of the workload was published.
func (l *workload) reached(percent int) bool {
	return 100*int(l.published.Load()) >= percent*len(l.messages)
}
