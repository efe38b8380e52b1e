package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/history"
)

type traceCmd struct {
	Entity string `arg:"" help:"What kind of record: order."`
	Key    string `arg:"" help:"Its business key, such as the order's increment id."`
	Pair   string `help:"Only this pair."`
}

// Run prints the life of a record.
func (c traceCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	entity := events.Entity(c.Entity)
	if !slices.Contains(events.Entities, entity) {
		return fmt.Errorf("there is no entity %q; the entities are %s", c.Entity, join(events.Entities))
	}
	return root.withBus(ctx, t, func(ctx context.Context, b *bus.Bus) error {
		life, err := history.Of(ctx, b, c.Pair, entity, events.CanonicalKey(events.Magento, entity, c.Key))
		if err != nil {
			return err
		}
		if t.json {
			return t.print(life)
		}
		return printLife(t, life)
	})
}

func printLife(t *terminal, life history.Life) error {
	fmt.Fprintf(t.out, "%s %s: %s\n", life.Entity, life.Key, life.Headline)
	if len(life.Steps) == 0 {
		fmt.Fprintln(t.out, "No message about it is in the streams: it was never noticed, or its history has aged out.")
		return nil
	}
	fmt.Fprintln(t.out)
	began := life.Steps[0].At
	rows := make([][]string, 0, len(life.Steps))
	traces := map[string]bool{}
	for _, s := range life.Steps {
		rows = append(rows, []string{
			s.At.Local().Format("15:04:05.000"), "+" + s.At.Sub(began).Round(time.Millisecond).String(), s.Pair, string(s.Word), s.Text,
		})
		if s.Trace != "" {
			traces[s.Trace] = true
		}
	}
	if err := t.table("TIME\tAFTER\tPAIR\tWHAT\t", rows); err != nil {
		return err
	}
	ids := make([]string, 0, len(traces))
	for id := range traces {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	if len(ids) > 0 {
		fmt.Fprintf(t.out, "\ntrace %s\n", strings.Join(ids, ", "))
	}
	return nil
}

func join[T ~string](all []T) string {
	texts := make([]string, len(all))
	for i, v := range all {
		texts[i] = string(v)
	}
	return strings.Join(texts, ", ")
}

// withBus dials NATS as the configuration says, for a command that only looks.
func (c *cli) withBus(ctx context.Context, t *terminal, do func(context.Context, *bus.Bus) error) error {
	cfg, err := c.loadConfig(t)
	if err != nil {
		return err
	}
	b, err := dial(cfg, nil, nats.RetryOnFailedConnect(false)) // a person waits
	if err != nil {
		return fmt.Errorf("%w; is `magpie up` running with the same configuration?", err)
	}
	defer b.Close()
	return do(ctx, b)
}
