package bus_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
)

// Two pairs' changes stand mixed in the stream; one pair's newest are wanted.
func TestTailGivesTheNewestOfAFilter(t *testing.T) {
	b := bustest.Start(t)
	for i := range 30 {
		pair := "main"
		if i%3 == 0 {
			pair = "eu"
		}
		publishChange(t, b, pair, fmt.Sprint(i))
	}
	for _, c := range []struct {
		pair string
		n    int
		want []string
	}{
		{"eu", 3, []string{"21", "24", "27"}},
		{"main", 4, []string{"25", "26", "28", "29"}},
		{"eu", 100, []string{"0", "3", "6", "9", "12", "15", "18", "21", "24", "27"}},
		{"none", 5, nil},
		{"eu", 0, nil},
	} {
		var got []string
		for m, err := range b.Tail(t.Context(), bus.Changes, "magpie.change."+c.pair+".magento.order.*", c.n) {
			if err != nil {
				t.Fatal(err)
			}
			s, err := events.ParseSubject(m.Subject)
			if err != nil || m.Sequence == 0 || m.Time.IsZero() || !json.Valid(m.Data) || m.Header.Get("ce-id") == "" {
				t.Fatalf("got %+v, %v", m, err)
			}
			got = append(got, string(s.Key))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("the newest %d of %s: got %v, want %v", c.n, c.pair, got, c.want)
		}
	}
}

func publishChange(t *testing.T, b *bus.Bus, pair, key string) {
	t.Helper()
	_, err := b.Publish(t.Context(), bus.Message{
		Subject: events.ChangeSubject(pair, events.Magento, events.Order, events.Key(key)),
		Type:    events.TypeName(events.Magento, events.Order, "changed"), ID: "tail-" + key, Data: events.Change{Record: json.RawMessage(`{}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
}
