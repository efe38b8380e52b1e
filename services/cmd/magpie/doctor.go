package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/magpie-integration/magpie/libs/config"
	"github.com/magpie-integration/magpie/libs/failure"
)

type doctorCmd struct {
	JSON    bool          `name:"json" help:"Print JSON, as -o json does."`
	Timeout time.Duration `default:"20s" help:"How long one check may take."`
}

// Help says what the doctor does not do.
func (doctorCmd) Help() string {
	return `It changes nothing, in no system. Each line is ok, warn, fail or skip (not looked at, with the
reason). The exit code is 1 when a line says fail. Checks run side by side, each within --timeout,
and go on when one side is down.`
}

// verdict is what a check came to.
type verdict string

const (
	isOK verdict = "ok"
	// warned: it works, and something should be looked at.
	warned verdict = "warn"
	failed verdict = "fail"
	// skipped: not looked at, for the reason that the text gives.
	skipped verdict = "skip"
)

// finding is one thing that the doctor looked at.
type finding struct {
	// Part is what was examined: "nats", "gp of pair main".
	Part    string  `json:"part"`
	What    string  `json:"what"`
	Verdict verdict `json:"verdict"`
	// Text is what was found, Fix the next step.
	Text string `json:"text"`
	Fix  string `json:"fix,omitempty"`
}

// notes are the findings of one check.
type notes struct {
	part string
	all  []finding
}

func (n *notes) add(v verdict, what, text, fix string) {
	n.all = append(n.all, finding{n.part, what, v, text, fix})
}

func (n *notes) ok(what, text string)        { n.add(isOK, what, text, "") }
func (n *notes) warn(what, text, fix string) { n.add(warned, what, text, fix) }
func (n *notes) fail(what, text, fix string) { n.add(failed, what, text, fix) }
func (n *notes) skip(what, text string)      { n.add(skipped, what, text, "") }

// err notes a failure with the next step that it knows.
func (n *notes) err(what string, err error) {
	var known *failure.Error
	if errors.As(err, &known) {
		n.fail(what, known.Reason, known.Fix)
		return
	}
	n.fail(what, err.Error(), "")
}

// check looks at one thing, or at a few that are seen by one call.
type check struct {
	what string
	run  func(ctx context.Context, n *notes)
}

// part is the checks of one side. When its gate fails, the rest would only say
// the same again, and is skipped.
type part struct {
	name string
	gate check
	rest []check
	// after, when set, runs when all checks have ended.
	after func()
}

// atOnce bounds the checks of one part that run side by side: GP's services
// like few calls at a time.
const atOnce = 3

// Run checks what Magpie needs to work and says how to mend what is wrong.
func (c doctorCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	t.json = t.json || c.JSON
	cfg, warnings, err := config.Load(root.Config, os.Environ())
	n := &notes{part: "configuration"}
	if err != nil {
		n.err("file", err)
		return report(t, n.all)
	}
	n.ok("file", fmt.Sprintf("%d pair(s)", len(cfg.Pairs)))
	for _, w := range warnings {
		n.warn("file", w.String(), "")
	}
	bases, err := pairFlows(cfg)
	if err != nil {
		n.err("flows", err)
	}
	for _, base := range bases {
		names := make([]string, len(base.Flows))
		for i, f := range base.Flows {
			names[i] = f.Flow
		}
		n.ok("flows of "+base.Pair, strings.Join(names, ", "))
	}
	return report(t, append(n.all, examine(ctx, c.Timeout, doctorParts(ctx, cfg, c.Timeout))...))
}

// doctorParts are the parts of a configuration: NATS, and both sides of each pair.
func doctorParts(ctx context.Context, cfg *config.Config, limit time.Duration) []part {
	parts := []part{natsPart(cfg)}
	for _, pair := range cfg.Pairs {
		s := newSample(ctx, cfg, pair, limit)
		parts = append(parts, magentoPart(pair, s), gpPart(pair, s))
	}
	return parts
}

// examine runs all parts side by side and gives their findings in order.
func examine(ctx context.Context, limit time.Duration, parts []part) []finding {
	found := make([][]finding, len(parts))
	var wg sync.WaitGroup
	for i, p := range parts {
		wg.Go(func() { found[i] = p.examine(ctx, limit) })
	}
	wg.Wait()
	var all []finding
	for _, f := range found {
		all = append(all, f...)
	}
	return all
}

func (p part) examine(ctx context.Context, limit time.Duration) []finding {
	if p.after != nil {
		defer p.after()
	}
	all := p.gate.within(ctx, limit, p.name)
	for _, f := range all {
		if f.Verdict == failed {
			for _, c := range p.rest {
				all = append(all, finding{p.name, c.what, skipped, "not looked at: see " + f.What, ""})
			}
			return all
		}
	}
	found := make([][]finding, len(p.rest))
	var g errgroup.Group
	g.SetLimit(atOnce)
	for i, c := range p.rest {
		g.Go(func() error { found[i] = c.within(ctx, limit, p.name); return nil })
	}
	_ = g.Wait() // checks give findings, not errors
	for _, f := range found {
		all = append(all, f...)
	}
	return all
}

// grace is how long a check may go on after its time is over, to say itself
// what did not answer.
const grace = time.Second

// within runs the check in its time: a check that does not end is a finding.
func (c check) within(ctx context.Context, limit time.Duration, part string) []finding {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer within %s", limit))
	defer cancel()
	ended := make(chan []finding, 1)
	go func() {
		n := &notes{part: part}
		c.run(ctx, n)
		ended <- n.all
	}()
	select {
	case found := <-ended:
		return found
	case <-ctx.Done():
	}
	late := time.NewTimer(grace)
	defer late.Stop()
	select {
	case found := <-ended:
		return found
	case <-late.C:
		return []finding{{part, c.what, failed, context.Cause(ctx).Error(), "raise --timeout, or see what holds it up"}}
	}
}

// report prints the findings, and is an error when one of them is a failure.
func report(t *terminal, all []finding) error {
	count := map[verdict]int{}
	for _, f := range all {
		count[f.Verdict]++
	}
	if t.json {
		if err := t.print(all); err != nil {
			return err
		}
	} else {
		for _, f := range all {
			fmt.Fprintf(t.out, "%-4s  %s: %s: %s\n", f.Verdict, f.Part, f.What, f.Text)
			if f.Fix != "" {
				fmt.Fprintf(t.out, "      fix: %s\n", f.Fix)
			}
		}
		fmt.Fprintf(t.out, "\n%d ok, %d to look at, %d failed, %d not looked at\n", count[isOK], count[warned], count[failed], count[skipped])
	}
	if count[failed] > 0 {
		return fmt.Errorf("%d of %d checks failed", count[failed], len(all))
	}
	return nil
}
