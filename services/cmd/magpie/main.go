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

	Up      upCmd      `cmd:"" help:"Run every role in this process; without --config, with a sandbox of both systems and orders that flow."`
	Run     runCmd     `cmd:"" help:"Run some roles against a NATS server."`
	Sandbox sandboxCmd `cmd:"" help:"Run the sandbox Magento and the sandbox Dynamics GP only."`
	Order   orderCmd   `cmd:"" help:"Place orders in the sandbox store."`
	Trace   traceCmd   `cmd:"" help:"Tell the whole life of a record."`
	DLQ     dlqCmd     `cmd:"" name:"dlq" help:"List, group, show, edit, replay and discard dead letters."`
	Doctor  doctorCmd  `cmd:"" help:"Check the configuration, NATS and both systems, and say how to mend what is wrong."`
	Version versionCmd `cmd:"" help:"Print the version."`

	Completion kongplete.InstallCompletions `cmd:"" help:"Print the lines that install shell completion."`
}

const description = `Magpie keeps Magento stores and Dynamics GP companies in step.

  magpie up                                   a sandbox of both systems, and orders that flow
  magpie up --config magpie.yaml              your store and your company, all roles in one process
  magpie run gp-writer --config magpie.yaml   one role, as a service of its own
  magpie trace order 000000123                where is order 000000123?
  magpie dlq groups                           what needs a person?
  magpie doctor --config magpie.yaml          what is wrong?`

func main() { os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr)) }

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
	if err := command.Run(&c, &terminal{out: stdout, err: stderr, json: c.Output == "json"}); err != nil {
		explain(stderr, err)
		return 1
	}
	return 0
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
