package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/flow"
	"github.com/magpie-integration/magpie/libs/flowstore"
)

type flowCmd struct {
	Ls       flowLsCmd       `cmd:"" help:"List a pair's flows, or what was published of one."`
	Show     flowShowCmd     `cmd:"" help:"Print a version of a flow."`
	Export   flowExportCmd   `cmd:"" help:"Write a version of a flow into a file, to be edited and published."`
	Check    flowCheckCmd    `cmd:"" help:"Say what is wrong with a flow's file, with lines."`
	Test     flowTestCmd     `cmd:"" help:"Run a flow over changes, and tell what becomes of each."`
	Diff     flowDiffCmd     `cmd:"" help:"Compare two versions over past changes, field by field."`
	Publish  flowPublishCmd  `cmd:"" help:"Make a file the live version."`
	Rollback flowRollbackCmd `cmd:"" help:"Make an older version live again."`
}

// pairFlag chooses a pair.
type pairFlag struct {
	Pair string `help:"The pair; of only one it need not be named."`
}

// authorFlags are recorded in the audit trail.
type authorFlags struct {
	By   string `help:"Who does it; the default is the operating system's user."`
	Note string `help:"Why, for those who look later."`
}

func (f authorFlags) author() flowstore.Author {
	return flowstore.Author{By: author(f.By), Note: f.Note}
}

type flowLsCmd struct {
	Name string `arg:"" optional:"" help:"Tell what was published of this flow."`
	pairFlag
}

// Run lists flows.
func (c flowLsCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	return root.withPublished(ctx, t, c.Pair, false, func(ctx context.Context, p *published) error {
		if c.Name != "" {
			return printHistory(ctx, t, p, flowstore.Flow, c.Name)
		}
		type row struct {
			Flow    string             `json:"flow"`
			Version int                `json:"version"`
			Shipped bool               `json:"shipped"`
			On      string             `json:"on"`
			Live    *flowstore.Pointer `json:"live,omitempty"`
		}
		rows, cells := []row{}, [][]string{}
		for _, name := range p.base.Names(p.state) {
			text, err := p.base.Text(p.state, name)
			if err != nil {
				return err
			}
			d, err := flow.Parse(name, text)
			if err != nil {
				return err
			}
			r := row{Flow: name, Version: d.Version, Shipped: true, On: d.On}
			from, by, at, note := "ships", "", "", ""
			if live := p.state.Flows[name].Pointer; live.Version > 0 {
				r.Shipped, r.Live = false, &live
				from, by, at, note = "published", live.By, live.At.Local().Format(time.DateTime), live.Note
			}
			rows = append(rows, r)
			cells = append(cells, []string{name, strconv.Itoa(d.Version), from, d.On, by, at, note})
		}
		if t.json {
			return t.print(rows)
		}
		return t.table("FLOW\tLIVE\tFROM\tSTARTS FROM\tBY\tAT\tNOTE", cells)
	})
}

// printHistory tells what was published of a flow or table.
func printHistory(ctx context.Context, t *terminal, p *published, kind flowstore.Kind, name string) error {
	trail, err := p.store.History(ctx, p.base.Pair, kind, name)
	if err != nil {
		return err
	}
	if t.json {
		return t.print(trail)
	}
	if len(trail) == 0 {
		fmt.Fprintf(t.out, "nothing was published of the %s %s\n", kind, name)
		return nil
	}
	var rows [][]string
	for i, a := range trail {
		live := ""
		if i == len(trail)-1 {
			live = "live"
		}
		rows = append(rows, []string{
			a.At.Local().Format(time.DateTime), a.Action, versionWord(a.Published.Version), versionWord(a.Published.Before), a.By, live, a.Reason,
		})
	}
	return t.table("AT\tACTION\tVERSION\tBEFORE\tBY\t\tNOTE", rows)
}

func versionWord(version int) string {
	if version == 0 {
		return "what ships"
	}
	return strconv.Itoa(version)
}

type flowShowCmd struct {
	Name    string `arg:"" help:"The flow."`
	Version string `arg:"" optional:"" default:"live" help:"live, template or a number."`
	pairFlag
}

// Run prints a version.
func (c flowShowCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	return root.withPublished(ctx, t, c.Pair, false, func(ctx context.Context, p *published) error {
		text, err := p.text(ctx, c.Version, c.Name)
		if err != nil {
			return err
		}
		_, err = t.out.Write(text)
		return err
	})
}

type flowExportCmd struct {
	Name    string `arg:"" help:"The flow."`
	File    string `arg:"" help:"The file; one that is there is not overwritten."`
	Version string `default:"live" help:"live, template or a number."`
	pairFlag
}

// Run writes a version into a file.
func (c flowExportCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	return root.withPublished(ctx, t, c.Pair, false, func(ctx context.Context, p *published) error {
		text, err := p.text(ctx, c.Version, c.Name)
		if err != nil {
			return err
		}
		f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // a document to share
		if err != nil {
			return err
		}
		if _, err := f.Write(text); err != nil {
			return errors.Join(err, f.Close())
		}
		if err := f.Close(); err != nil {
			return err
		}
		fmt.Fprintf(t.out, "%s has %s; edit it, then: magpie flow check %s, magpie flow diff live %s, magpie flow publish %s\n", c.File, c.Name, c.File, c.File, c.File)
		return nil
	})
}

type flowPublishCmd struct {
	File string `arg:"" help:"The flow's document. Its version says from which live version it was made."`
	Over int    `help:"The live version that it goes over, where the file doesn't say it."`
	pairFlag
	authorFlags
}

// Run publishes a file.
func (c flowPublishCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	return root.withPublished(ctx, t, c.Pair, false, func(ctx context.Context, p *published) error {
		done, err := p.store.PublishFlow(ctx, p.base, text, c.Over, c.author())
		if err != nil {
			return err
		}
		return printPublished(t, done)
	})
}

func printPublished(t *terminal, done events.Published) error {
	if t.json {
		return t.print(done)
	}
	version := "version " + strconv.Itoa(done.Version)
	if done.Version == 0 {
		version = "what ships"
	}
	fmt.Fprintf(t.out, "%s %s: %s is live (before: %s)\n", done.Kind, done.Name, version, versionWord(done.Before))
	return nil
}

type flowRollbackCmd struct {
	Name string `arg:"" help:"The flow."`
	To   string `arg:"" optional:"" name:"version" help:"A number, or template; the default is what was live before."`
	pairFlag
	authorFlags
}

// Run moves the pointer back.
func (c flowRollbackCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	return root.withPublished(ctx, t, c.Pair, false, func(ctx context.Context, p *published) error {
		version, err := p.rollbackTo(ctx, flowstore.Flow, c.Name, c.To, p.state.Flows[c.Name].Pointer)
		if err != nil {
			return err
		}
		done, err := p.store.Rollback(ctx, p.base, flowstore.Flow, c.Name, version, c.author())
		if err != nil {
			return err
		}
		return printPublished(t, done)
	})
}

// rollbackTo reads the version to go back to.
func (p *published) rollbackTo(ctx context.Context, kind flowstore.Kind, name, to string, live flowstore.Pointer) (int, error) {
	switch {
	case to == "" && live.At.IsZero():
		return 0, fmt.Errorf("nothing was published of the %s %s", kind, name)
	case to == "":
		return live.Before, nil
	case to == refTemplate:
		return 0, nil
	}
	version, err := strconv.Atoi(to)
	if err != nil {
		return 0, fmt.Errorf("%q is no version: give a number or template", to)
	}
	// The number that ships means what ships, unless it was published too.
	if d := p.base.Shipped(name); kind == flowstore.Flow && d != nil && d.Version == version {
		if _, err := p.store.FlowText(ctx, p.base.Pair, name, version); errors.Is(err, flowstore.ErrNoVersion) {
			return 0, nil
		}
	}
	return version, nil
}
