package capture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/events"
)

// cursor is how far a sweep has come; bucket cursors keeps it.
type cursor struct {
	// To is the end of the last window that was read to its end, in UTC.
	To time.Time `json:"to"`
}

// SweptTo tells how far the sweep of that name has come; zero when none has
// ended yet. Cursors is the KV bucket of that name.
func SweptTo(ctx context.Context, cursors jetstream.KeyValue, pair string, system events.System, entity events.Entity, way string) (time.Time, error) {
	at, _, err := readCursor(ctx, cursors, cursorKey(pair, system, entity, way))
	return at.To, err
}

// cursorKey names the cursor of a sweep: main.magento.order, and
// main.gp.order.open for one that isn't its entity's usual sweep.
func cursorKey(pair string, system events.System, entity events.Entity, way string) string {
	key := pair + "." + string(system) + "." + string(entity)
	if way != events.WaySweep {
		key += "." + way
	}
	return key
}

func (s *sweep) cursorKey(cfg Config) string { return cursorKey(cfg.Pair, cfg.System, s.entity, s.Way) }

func readCursor(ctx context.Context, cursors jetstream.KeyValue, key string) (at cursor, revision uint64, err error) {
	entry, err := cursors.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return cursor{}, 0, nil
	}
	if err != nil {
		return cursor{}, 0, fmt.Errorf("read the sweep's cursor: %w", err)
	}
	if err := json.Unmarshal(entry.Value(), &at); err != nil {
		return cursor{}, 0, fmt.Errorf("read the sweep's cursor: %w", err)
	}
	return at, entry.Revision(), nil
}

// moveCursor moves the cursor forward; another replica that was faster wins.
func (c *Capture) moveCursor(ctx context.Context, key string, to cursor, revision uint64) error {
	data, err := json.Marshal(to)
	if err != nil {
		return err
	}
	if revision == 0 { // there is none, or somebody deleted it
		_, err = c.cursors.Create(ctx, key, data)
	} else {
		_, err = c.cursors.Update(ctx, key, data, revision)
	}
	if err != nil && !errors.Is(err, jetstream.ErrKeyExists) {
		return fmt.Errorf("move the sweep's cursor: %w", err)
	}
	return nil
}
