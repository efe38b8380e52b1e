package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/user"
	"time"

	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/services/dlq"
)

type dlqCmd struct {
	Ls      dlqLsCmd      `cmd:"" help:"List the dead letters that wait."`
	Show    dlqShowCmd    `cmd:"" help:"Show one, with its history and payload."`
	Replay  dlqReplayCmd  `cmd:"" help:"Send some again; that can't create a second document."`
	Discard dlqDiscardCmd `cmd:"" help:"Take one away, with a reason."`
}

type dlqLsCmd struct {
	Pair   string `help:"Only this pair."`
	Role   string `help:"Only of this role."`
	Entity string `help:"Only of this entity."`
	Key    string `help:"Only of this record."`
	Code   string `help:"Only with this code."`
}

// Run lists letters.
func (c dlqLsCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	return root.withBus(ctx, t, func(ctx context.Context, b *bus.Bus) error {
		letters, err := dlq.NewLetters(b).List(ctx, dlq.Filter{Pair: c.Pair, Role: c.Role, Entity: c.Entity, Key: c.Key, Code: c.Code})
		if err != nil {
			return err
		}
		if t.json {
			return t.print(letters)
		}
		if len(letters) == 0 {
			fmt.Fprintln(t.out, "no dead letter waits")
			return nil
		}
		rows := make([][]string, 0, len(letters))
		for _, l := range letters {
			rows = append(rows, []string{
				l.ID, l.Pair, l.Role, l.Entity, l.Key, l.Kind, l.Code, l.Last.Local().Format(time.DateTime), l.Reason,
			})
		}
		return t.table("ID\tPAIR\tROLE\tENTITY\tKEY\tKIND\tCODE\tLAST\tREASON", rows)
	})
}

type dlqShowCmd struct {
	ID string `arg:"" help:"The letter's id."`
}

// Run shows a letter.
func (c dlqShowCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	return root.withBus(ctx, t, func(ctx context.Context, b *bus.Bus) error {
		l, err := dlq.NewLetters(b).Show(ctx, c.ID)
		if err != nil {
			return err
		}
		if t.json {
			return t.print(l)
		}
		fmt.Fprintf(t.out, "dead letter %s: %s %s of pair %s, given up by %s\n", l.ID, l.Entity, l.Key, l.Pair, l.Role)
		fmt.Fprintf(t.out, "  %s (%s)\n  %s\n", l.Kind, l.Code, l.Reason)
		if l.Field != "" {
			fmt.Fprintf(t.out, "  field: %s\n", l.Field)
		}
		if l.Fix != "" {
			fmt.Fprintf(t.out, "  fix:   %s\n", l.Fix)
		}
		fmt.Fprintf(t.out, "  tried %d times from %s to %s, trace %s\n", l.Tries, l.First.Format(time.RFC3339), l.Last.Format(time.RFC3339), l.Trace)
		for _, try := range l.Whole.History {
			fmt.Fprintf(t.out, "    %s %s: %s\n", try.At.Format(time.RFC3339), try.Code, try.Reason)
		}
		body, err := json.MarshalIndent(l.Whole.Message, "  ", "  ")
		if err != nil {
			return err
		}
		fmt.Fprintf(t.out, "  message:\n  %s\n%s", body, l.Whole.Stack)
		return nil
	})
}

type dlqReplayCmd struct {
	IDs  []string `arg:"" optional:"" name:"id" help:"The letters' ids."`
	Code string   `help:"All letters with this code, instead of ids."`
	By   string   `help:"Who does it; the default is the operating system's user."`
}

// Run replays letters.
func (c dlqReplayCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	if (len(c.IDs) == 0) == (c.Code == "") {
		return fmt.Errorf("give either the ids of letters or --code")
	}
	return root.withBus(ctx, t, func(ctx context.Context, b *bus.Bus) error {
		letters := dlq.NewLetters(b)
		ids := c.IDs
		if c.Code != "" {
			list, err := letters.List(ctx, dlq.Filter{Code: c.Code})
			if err != nil {
				return err
			}
			for _, l := range list {
				ids = append(ids, l.ID)
			}
		}
		for _, id := range ids {
			l, err := letters.Replay(ctx, id, author(c.By))
			if err != nil {
				return err
			}
			fmt.Fprintf(t.out, "replayed %s: %s %s\n", id, l.Entity, l.Key)
		}
		return nil
	})
}

type dlqDiscardCmd struct {
	ID     string `arg:"" help:"The letter's id."`
	Reason string `required:"" help:"Why this message is not wanted."`
	By     string `help:"Who does it; the default is the operating system's user."`
}

// Run discards a letter.
func (c dlqDiscardCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	return root.withBus(ctx, t, func(ctx context.Context, b *bus.Bus) error {
		l, err := dlq.NewLetters(b).Discard(ctx, c.ID, author(c.By), c.Reason)
		if err != nil {
			return err
		}
		fmt.Fprintf(t.out, "discarded %s: %s %s\n", c.ID, l.Entity, l.Key)
		return nil
	})
}

// author is who a decision is recorded as.
func author(by string) string {
	if by != "" {
		return by
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return os.Getenv("USER")
}
