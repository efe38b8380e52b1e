package bus

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/events"
)

const (
	// BeatEvery is the time between two heartbeats of a role in a process.
	BeatEvery = 15 * time.Second
	// BeatLate is the age from which a heartbeat is that of a process that died
	// or hangs: three were missed.
	BeatLate = 3*BeatEvery + 5*time.Second
	// beatKept is how long a dead process is still told of.
	beatKept = time.Hour
)

// Beat stores a role's heartbeat. The bucket is in memory: a heartbeat costs
// no sync of the disk, and after the server's restart the next one is seconds
// away.
func (b *Bus) Beat(ctx context.Context, h events.Heartbeat) error {
	kv, err := b.KV(ctx, Heartbeats)
	if err != nil {
		return err
	}
	data, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if _, err := kv.Put(ctx, string(h.Role)+"."+events.Key(h.Instance).Token(), data); err != nil {
		return fmt.Errorf("store the heartbeat of %s: %w", h.Role, err)
	}
	return nil
}

// Stopped takes the heartbeat of a process away that ends well, so that only
// those that died are told of as late.
func (b *Bus) Stopped(ctx context.Context, role events.Role, instance string) error {
	kv, err := b.KV(ctx, Heartbeats)
	if err != nil {
		return err
	}
	return kv.Purge(ctx, string(role)+"."+events.Key(instance).Token())
}

// Hearts gives the newest heartbeat of every role and process that beat within
// the last hour, by role and age.
func (b *Bus) Hearts(ctx context.Context) ([]events.Heartbeat, error) {
	kv, err := b.KV(ctx, Heartbeats)
	if err != nil {
		return nil, err
	}
	keys, err := kv.ListKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the heartbeats: %w", err)
	}
	defer func() { _ = keys.Stop() }()
	var hearts []events.Heartbeat
	for key := range keys.Keys() {
		entry, err := kv.Get(ctx, key)
		if errors.Is(err, jetstream.ErrKeyNotFound) { // it stopped in between
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read the heartbeat %s: %w", key, err)
		}
		var h events.Heartbeat
		if err := json.Unmarshal(entry.Value(), &h); err != nil {
			return nil, fmt.Errorf("read the heartbeat %s: %w", key, err)
		}
		hearts = append(hearts, h)
	}
	slices.SortFunc(hearts, func(x, y events.Heartbeat) int {
		return cmp.Or(cmp.Compare(x.Role, y.Role), y.At.Compare(x.At), cmp.Compare(x.Instance, y.Instance))
	})
	return hearts, nil
}
