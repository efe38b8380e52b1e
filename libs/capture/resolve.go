package capture

import (
	"context"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
)

// resolve finds the business keys of notices that have only an internal number,
// and sends them on as notices of their business key.
func (c *Capture) resolve(ctx context.Context, reader Reader, keys []events.Key, notice func(events.Key) *bus.Delivery) map[events.Key]error {
	results := make(map[events.Key]error, len(keys))
	ids := make([]int64, 0, len(keys))
	for _, key := range keys {
		id, _ := key.InternalID()
		ids = append(ids, id)
		results[key] = errNotFound
	}
	resolver, ok := reader.(Resolver)
	if !ok { // see cannot
		return results
	}
	found, err := resolver.Resolve(ctx, ids)
	if err != nil {
		for _, key := range keys {
			results[key] = err
		}
		return results
	}
	for id, key := range found.Keys {
		from := events.InternalID(id)
		if _, asked := results[from]; asked {
			results[from] = c.sendOn(ctx, notice(from), record{reader.Entity(), key})
		}
	}
	for _, id := range found.Foreign {
		results[events.InternalID(id)] = errForeign
	}
	for id, err := range found.Failed {
		results[events.InternalID(id)] = err
	}
	return results
}

// sendOn sends a notice again under its record's business key.
func (c *Capture) sendOn(ctx context.Context, d *bus.Delivery, r record) error {
	var n events.Notice
	if err := d.Data(&n); err != nil {
		return err
	}
	_, err := c.stream.Publish(ctx, bus.Message{
		Subject: events.NoticeSubject(c.cfg.Pair, c.cfg.System, r.entity, r.key),
		Type:    d.Event.Type(), ID: d.Event.ID() + ":resolved", Data: n, Cause: &d.Event,
	})
	return err
}
