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
	Groups  dlqGroupsCmd  `cmd:"" help:"List them by cause: what one fix mends is one group."`
	Show    dlqShowCmd    `cmd:"" help:"Show one, with its history and payload."`
	Edit    dlqEditCmd    `cmd:"" help:"Edit the payload of one and replay it."`
	Replay  dlqReplayCmd  `cmd:"" help:"Send some again, or have their records read again; that can't create a second document."`
	Report  dlqReportCmd  `cmd:"" help:"Tell how far a replay of some has come, and what became of them."`
	Discard dlqDiscardCmd `cmd:"" help:"Take some away, with a reason."`
}

// dlqFilter is how commands select letters.
type dlqFilter struct {
	Pair   string `help:"Only this pair."`
	Role   string `help:"Only of this role."`
	Entity string `help:"Only of this entity."`
	Key    string `help:"Only of this record."`
	Code   string `help:"Only with this code."`
	Group  string `help:"Only of this group; magpie dlq groups has the ids."`
}

func (f dlqFilter) filter() dlq.Filter {
	return dlq.Filter{Pair: f.Pair, Role: f.Role, Entity: f.Entity, Key: f.Key, Code: f.Code, Group: f.Group}
}

type dlqLsCmd struct {
	dlqFilter
}

// Run lists letters.
func (c dlqLsCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	return root.withBus(ctx, t, func(ctx context.Context, b *bus.Bus) error {
		letters, err := dlq.NewLetters(b).List(ctx, c.filter())
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
				l.ID, l.Group, l.Pair, l.Role, l.Entity, l.Key, l.Kind, l.Code, l.Last.Local().Format(time.DateTime), l.Reason,
			})
		}
		return t.table("ID\tGROUP\tPAIR\tROLE\tENTITY\tKEY\tKIND\tCODE\tLAST\tREASON", rows)
	})
}

type dlqGroupsCmd struct {
	dlqFilter
}

// Run lists groups.
func (c dlqGroupsCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	return root.withBus(ctx, t, func(ctx context.Context, b *bus.Bus) error {
		groups, err := dlq.NewLetters(b).Groups(ctx, c.filter())
		if err != nil {
			return err
		}
		if t.json {
			return t.print(groups)
		}
		if len(groups) == 0 {
			fmt.Fprintln(t.out, "no dead letter waits")
			return nil
		}
		for _, g := range groups {
			fmt.Fprintf(t.out, "%s  %d × %s (%s), pair %s, %s, %s\n", g.ID, g.Count, g.Standing, g.Code, g.Pair, g.Role, g.Entity)
			fmt.Fprintf(t.out, "  %s\n", g.Cause)
			if g.Field != "" {
				fmt.Fprintf(t.out, "  field: %s\n", g.Field)
			}
			if g.Fix != "" {
				fmt.Fprintf(t.out, "  fix:   %s\n", g.Fix)
			}
			fmt.Fprintf(t.out, "  from %s to %s, such as letter %s: %s\n",
				g.Oldest.Local().Format(time.DateTime), g.Newest.Local().Format(time.DateTime), g.Example.ID, g.Example.Key)
		}
		return nil
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
		fmt.Fprintf(t.out, "  %s (%s), group %s\n  %s\n", l.Kind, l.Code, l.Group, l.Reason)
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
