// Command bench measures what the way of an order costs, Magpie's against the
// shortest program that goes the same way, in one run and against the same two
// systems. It is run by `make bench`; docs/performance.md says what its figures
// mean.
//
// The systems are played in this process, from memory and without latency, so
// that what is measured is the way between them; each program that is measured
// is a process of its own, whose CPU and memory the kernel counts.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"
)

// plan is what one run measures.
type plan struct {
	magpie   string
	orders   int
	backlog  int
	latency  time.Duration
	rate     int
	seconds  int
	only     string
	syncs    []string
	profiles string
	keep     bool
	dir      string
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "direct" {
		exit(direct(os.Args[2:]))
		return
	}
	if len(os.Args) > 1 && os.Args[1] == "stock" {
		exit(stockBench(os.Args[2:]))
		return
	}
	var p plan
	var syncs string
	flag.StringVar(&p.magpie, "magpie", "../bin/magpie", "the binary that is measured")
	flag.IntVar(&p.orders, "orders", 5000, "orders of the throughput runs")
	flag.IntVar(&p.backlog, "backlog", 10000, "orders that wait in the backlog run; 0 leaves it out")
	flag.DurationVar(&p.latency, "latency", 150*time.Millisecond, "GP's, in the backlog run")
	flag.IntVar(&p.rate, "rate", 50, "orders a second in the latency runs")
	flag.IntVar(&p.seconds, "seconds", 20, "length of the latency runs")
	flag.StringVar(&p.only, "only", "", "measure this program alone: direct or magpie")
	flag.StringVar(&syncs, "sync", "default,always", "values of nats.sync to measure")
	flag.StringVar(&p.profiles, "profile", "", "keep Magpie's CPU profiles in this folder")
	flag.BoolVar(&p.keep, "keep", false, "keep the programs' folders, to look at what they stored")
	flag.Parse()
	p.syncs = strings.Split(syncs, ",")
	exit(p.run())
}

func exit(err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (p plan) run() (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if p.dir, err = os.MkdirTemp("", "magpie-bench-"); err != nil {
		return err
	}
	if p.keep {
		fmt.Fprintln(os.Stderr, "kept in", p.dir)
	} else {
		defer func() { _ = os.RemoveAll(p.dir) }()
	}

	var rows []row
	for _, sync := range p.syncs {
		for _, program := range programs {
			if p.only != "" && p.only != program.name {
				continue
			}
			fmt.Fprintf(os.Stderr, "%s, sync %s: ", program.name, sync)
			r, err := p.measure(ctx, program, sync)
			if err != nil {
				return fmt.Errorf("%s, sync %s: %w", program.name, sync, err)
			}
			rows = append(rows, r)
			fmt.Fprintf(os.Stderr, "%.0f orders/s\n", r.perSecond)
		}
	}
	report(os.Stdout, p, rows)
	if p.backlog == 0 || p.only == "direct" {
		return nil
	}
	fmt.Fprintf(os.Stderr, "backlog of %d orders, GP answers in %s: ", p.backlog, p.latency)
	b, err := p.drain(ctx)
	if err != nil {
		return fmt.Errorf("backlog: %w", err)
	}
	fmt.Fprintf(os.Stderr, "%.0f orders/s\n", b.perSecond)
	reportBacklog(os.Stdout, p, b)
	return nil
}
