// Command magpie is every role of Magpie in one binary: it runs them, plays
// both systems for a first look, and shows and mends what they do.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"runtime/pprof"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/willabides/kongplete"

	"github.com/magpie-integration/magpie/libs/failure"
)

// version is set by the Makefile.
var version = "dev"

// cli is the command line. Each command is a struct with a Run method.
type cli struct {
	Config string `short:"c" env:"MAGPIE_CONFIG" type:"existingfile" placeholder:"FILE" help:"The configuration file. Without it: a sandbox of both systems on this machine."`
	Output string `short:"o" enum:"text,json" default:"text" help:"How to print: ${enum}."`
	// CPUProfile is for whoever asks where the time goes; go tool pprof reads it.
	CPUProfile string `name:"cpu-profile" type:"path" placeholder:"FILE" help:"Write a CPU profile of the whole command to this file."`

	Up      upCmd      `cmd:"" help:"Run every role in this process; without --config, with a sandbox of both systems and orders that flow."`
	Run     runCmd     `cmd:"" help:"Run some roles against a NATS server."`
	Sandbox sandboxCmd `cmd:"" help:"Run the sandbox Magento and the sandbox Dynamics GP only."`
	Order   orderCmd   `cmd:"" help:"Place orders in the sandbox store."`
	Trace   traceCmd   `cmd:"" help:"Tell the whole life of a record."`
	Explain explainCmd `cmd:"" help:"Tell of each field of a written document which rule made it of what."`
	Flow    flowCmd    `cmd:"" help:"Look at, test, compare, publish and roll back flows."`
	Table   tableCmd   `cmd:"" help:"Look at and edit the rows of a pair's tables."`
	DLQ     dlqCmd     `cmd:"" name:"dlq" help:"List, group, show, edit, replay and discard dead letters."`
	Status  statusCmd  `cmd:"" help:"Show what runs, what waits, and what needs a person."`
	Doctor  doctorCmd  `cmd:"" help:"Check the configuration, NATS and both systems, and say how to mend what is wrong."`
	Health  healthCmd  `cmd:"" help:"Ask a running process whether it is ready; for health checks of containers."`
	Version versionCmd `cmd:"" help:"Print the version."`

	Completion kongplete.InstallCompletions `cmd:"" help:"Print the lines that install shell completion."`
}

const description = `Magpie keeps Magento stores and Dynamics GP companies in step.

  magpie up                                   a sandbox of both systems, and orders that flow
  magpie up --config magpie.yaml              your store and your company, all roles in one process
  magpie run gp-writer --config magpie.yaml   one role, as a service of its own
  magpie trace order 000000123                where is order 000000123?
  magpie explain order 000000123              why is each field in GP what it is?
  magpie dlq groups                           what needs a person?
  magpie status                               what runs, what waits?
  magpie doctor --config magpie.yaml          what is wrong?`

func main() {
	garbage()
	os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr))
}

// garbage lets the heap grow further before it is collected than Go does by
// default, up to a bound: an order is a few hundred kilobytes of short-lived
// values. Who sets GOGC or GOMEMLIMIT knows better.
func garbage() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(300)
		debug.SetMemoryLimit(180 << 20)
	}
}

// execute runs the command line and gives the exit code: 0 well, 1 failed,
// 2 not understood.
func execute(args []string, stdout, stderr io.Writer) int {
	var c cli
	exit := -1
	parser := kong.Must(&c, kong.Name("magpie"), kong.Description(description), kong.UsageOnError(),
		kong.Writers(stdout, stderr), kong.Exit(func(code int) { exit = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}))
	kongplete.Complete(parser)

	command, err := parser.Parse(args)
	if exit >= 0 { // help was printed
		return exit
	}
	if err != nil {
		fmt.Fprintln(stderr, "magpie:", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	command.BindTo(ctx, (*context.Context)(nil))
	profiled, err := profile(c.CPUProfile)
	if err != nil {
		explain(stderr, err)
		return 1
	}
	defer profiled()
	if err := command.Run(&c, &terminal{out: stdout, err: stderr, json: c.Output == "json"}); err != nil {
		explain(stderr, err)
		return 1
	}
	return 0
}

// profile writes a CPU profile until done is called; no file, no profile.
func profile(path string) (done func(), err error) {
	if path == "" {
		return func() {}, nil
	}
	file, err := os.Create(path) //nolint:gosec // where the user says
	if err != nil {
		return nil, fmt.Errorf("--cpu-profile: %w", err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() { pprof.StopCPUProfile(); _ = file.Close() }, nil
}

// explain prints an error with its next step.
func explain(w io.Writer, err error) {
	fmt.Fprintln(w, "magpie:", err)
	var f *failure.Error
	if errors.As(err, &f) && f.Fix != "" && f.Error() != err.Error() {
		fmt.Fprintln(w, "  fix:", f.Fix)
	}
}

type versionCmd struct{}

func (versionCmd) Run(t *terminal) error {
	if t.json {
		return t.print(map[string]string{"version": version})
	}
	fmt.Fprintln(t.out, version)
	return nil
}
