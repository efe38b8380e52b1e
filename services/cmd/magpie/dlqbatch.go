package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/services/dlq"
)

// dlqSelection is how commands that change something select letters: all of
// them only when that is said.
type dlqSelection struct {
	IDs []string `arg:"" optional:"" name:"id" help:"The letters' ids."`
	dlqFilter
	All bool   `help:"All that wait, where nothing else selects."`
	By  string `help:"Who does it; the default is the operating system's user."`
}

func (s dlqSelection) selection() (dlq.Selection, error) {
	filtered := s.dlqFilter != dlqFilter{}
	switch {
	case len(s.IDs) > 0 && (filtered || s.All):
		return dlq.Selection{}, fmt.Errorf("give either the ids of letters or a filter, not both")
	case len(s.IDs) == 0 && !filtered && !s.All:
		return dlq.Selection{}, fmt.Errorf("say which letters: their ids, --group, --code, another filter, or --all")
	}
	return dlq.Selection{IDs: s.IDs, Filter: s.filter()}, nil
}

type dlqReplayCmd struct {
	dlqSelection
	AsCaptured bool          `xor:"mode" help:"Send the messages as they were. The default: it needs neither system, judges the very record that was refused, and overwrites nothing newer."`
	Anew       bool          `xor:"mode" help:"Have the records read again from their source, for what was mended there; the letters' own content is not used."`
	Wait       time.Duration `default:"30s" help:"How long to follow what becomes of them; 0 doesn't."`
}

// Help is the command's long help.
func (dlqReplayCmd) Help() string {
	return `Mend the cause first. --as-captured sends each message as it was, with its revision: right after a table row, a flow, a setting
or an item was added. --anew asks for the record as it is now in the source: right after it was mended there and no webhook told.
A replay that is cut short leaves the rest of the letters listed; give the same command again.`
}

// Run replays letters.
func (c dlqReplayCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	mode := dlq.AsCaptured
	if c.Anew {
		mode = dlq.Anew
	}
	return c.run(ctx, root, t, dlq.Action{Mode: mode, By: author(c.By)}, c.Wait)
}

type dlqDiscardCmd struct {
	dlqSelection
	Reason string `required:"" help:"Why these messages are not wanted."`
}

// Run discards letters.
func (c dlqDiscardCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	return c.run(ctx, root, t, dlq.Action{Discard: true, By: author(c.By), Reason: c.Reason}, 0)
}

type dlqReportCmd struct {
	ID   string        `arg:"" help:"The batch's id, as replay printed it."`
	Wait time.Duration `help:"How long to follow what is still under way."`
}

// Run tells how far a batch has come.
func (c dlqReportCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	return root.withBus(ctx, t, func(ctx context.Context, b *bus.Bus) error {
		letters := dlq.NewLetters(b)
		batch, err := letters.Batch(ctx, c.ID)
		if err != nil {
			return err
		}
		following, cancel := context.WithTimeout(ctx, c.Wait)
		defer cancel()
		report, err := letters.Follow(following, batch, 0)
		switch {
		case err != nil:
			return err
		case t.json:
			return t.print(report)
		}
		printReport(t, report, nil)
		return nil
	})
}

// run orders an action, does it, follows what becomes of it, and reports.
func (s dlqSelection) run(ctx context.Context, root *cli, t *terminal, a dlq.Action, wait time.Duration) error {
	selection, err := s.selection()
	if err != nil {
		return err
	}
	return root.withBus(ctx, t, func(ctx context.Context, b *bus.Bus) error {
		letters := dlq.NewLetters(b)
		batch, err := letters.Order(ctx, selection, a)
		if err != nil {
			return err
		}
		left, err := letters.Work(ctx, batch, func(done int) {
			if every := max(batch.Letters/10, 1); done%every == 0 || done == batch.Letters {
				fmt.Fprintf(t.err, "%d of %d\n", done, batch.Letters)
			}
		})
		if err != nil {
			return fmt.Errorf("stopped, and the letters that are not done stay listed: %w", err)
		}
		following, cancel := context.WithTimeout(ctx, wait)
		defer cancel()
		report, err := letters.Follow(following, batch, len(left))
		if err != nil {
			return err
		}
		if t.json {
			return t.print(struct {
				dlq.Report
				NotDone []dlq.Left `json:"notDone,omitempty"`
			}{report, left})
		}
		printReport(t, report, left)
		if len(left) > 0 {
			return fmt.Errorf("%d of %d letters could not be worked", len(left), batch.Letters)
		}
		return nil
	})
}

func printReport(t *terminal, r dlq.Report, left []dlq.Left) {
	done := "discarded"
	if r.Mode != "" {
		done = "replayed " + strings.ReplaceAll(string(r.Mode), "-", " ")
	}
	fmt.Fprintf(t.out, "%d of %d %s, as batch %s\n", r.Done, r.Letters, done, r.ID)
	for _, l := range left {
		fmt.Fprintf(t.out, "  letter %s was not: %s (%s)\n", l.ID, l.Reason, l.Code)
	}
	for _, result := range sortedKeys(r.Results) {
		if result != "refused" {
			fmt.Fprintf(t.out, "  %d %s\n", r.Results[result], result)
		}
	}
	for _, code := range sortedKeys(r.Refused) {
		fmt.Fprintf(t.out, "  %d refused again: %s\n", r.Refused[code], code)
	}
	if r.UnderWay > 0 {
		fmt.Fprintf(t.out, "  %d still under way; magpie dlq report %s\n", r.UnderWay, r.ID)
	}
}

func sortedKeys[K ~string, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
