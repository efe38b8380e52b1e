package bus_test

import (
	"testing"

	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/failure"
)

func TestDurabilityIsStatedAndNotAssumed(t *testing.T) {
	b, _ := start(t)
	got, err := b.Durability(t.Context())
	if err != nil || got.Replicas != 1 || got.Clustered {
		t.Fatalf("got %+v, %v", got, err)
	}
	for name, tc := range map[string]struct {
		durability bus.Durability
		sync       bus.Sync
		fix        string // the line to change, "" where it is durable
	}{
		"a lone server that syncs each write":      {bus.Durability{Replicas: 1}, bus.SyncAlways, ""},
		"a lone server that syncs later":           {bus.Durability{Replicas: 1}, bus.SyncLater, "nats.sync"},
		"a lone server that nobody knows":          {bus.Durability{Replicas: 1}, bus.SyncUnknown, ""},
		"a cluster with three of each message":     {bus.Durability{Replicas: 3, Clustered: true}, bus.SyncUnknown, ""},
		"a cluster with one replica of one stream": {bus.Durability{Replicas: 1, Clustered: true, Stream: "DEAD"}, bus.SyncUnknown, "replicas"},
	} {
		t.Run(name, func(t *testing.T) {
			f := failure.Of(tc.durability.Weaker(tc.sync))
			if field := fieldOf(f); field != tc.fix {
				t.Errorf("got %v, want the field %q", f, tc.fix)
			}
		})
	}
}

func fieldOf(f *failure.Error) string {
	if f == nil {
		return ""
	}
	return f.Field
}
