// Package program builds and runs the binary under test, for tests that hold the
// whole product, not its packages.
package program

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Build builds magpie into a folder and gives its path. It has the race detector
// if the test has it: a race in a role then ends the role with exit code 66.
func Build(dir string) (string, error) {
	path := filepath.Join(dir, "magpie")
	args := []string{"build", "-o", path}
	if raceEnabled {
		args = append(args, "-race")
	}
	args = append(args, "github.com/magpie-integration/magpie/services/cmd/magpie")
	build := exec.CommandContext(context.Background(), "go", args...) //nolint:gosec // all of it stands above
	if said, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the binary under test: %w\n%s", err, said)
	}
	return path, nil
}

// Environment is this process's with more, and without what is meant for a
// Magpie of the developer: one refuses variables that it does not know.
func Environment(more ...string) []string {
	own := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MAGPIE_") })
	return append(own, more...)
}

// FreePorts are some addresses of this machine where nobody listens. They lie
// below the ports that Linux gives to outgoing connections (from 32768), because a
// program that is killed and started again needs its own back: nothing reserves
// it meanwhile, and a connection of somebody else could have taken it.
func FreePorts(n int) ([]string, error) {
	const lowest, beyond, tries = 12_000, 32_000, 1_000
	var ports []string
	for range tries {
		if len(ports) == n {
			return ports, nil
		}
		addr := fmt.Sprintf("127.0.0.1:%d", lowest+rand.IntN(beyond-lowest)) //nolint:gosec // no secret
		l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
		if err != nil {
			continue // somebody listens there
		}
		defer l.Close() //nolint:errcheck // held so that no two are the same
		ports = append(ports, addr)
	}
	return nil, fmt.Errorf("no %d free ports between %d and %d", n, lowest, beyond)
}

// Process is a program that runs. What it says goes to a file.
type Process struct {
	Cmd *exec.Cmd
	// Exited is closed when it has ended.
	Exited chan struct{}
	log    string
}

// Start starts a program; its log is added to a file.
func Start(cmd *exec.Cmd, log string) (*Process, error) {
	file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) //nolint:gosec // the test's own folder
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = file, file
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	p := &Process{Cmd: cmd, Exited: make(chan struct{}), log: log}
	go func() {
		defer close(p.Exited)
		_ = cmd.Wait() // ProcessState has what matters
		_ = file.Close()
	}()
	return p, nil
}

// Stop asks the program to end, and waits. One that does not in time is killed,
// and that is an error, as is an exit code that isn't 0.
func (p *Process) Stop(within time.Duration) error {
	p.Ask()
	if err := p.Wait(within); err != nil {
		return err
	}
	if code := p.Cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("%s: %s", p, p.Cmd.ProcessState)
	}
	return nil
}

// Ask asks the program to end, with SIGTERM.
func (p *Process) Ask() {
	_ = p.Cmd.Process.Signal(syscall.SIGTERM) // it may have ended
}

// Wait waits until the program has ended. One that does not in time is killed,
// and that is an error.
func (p *Process) Wait(within time.Duration) error {
	late := time.NewTimer(within)
	defer late.Stop()
	select {
	case <-p.Exited:
		return nil
	case <-late.C:
		_ = p.Cmd.Process.Kill() // Exited tells
		<-p.Exited
		return fmt.Errorf("%s did not end within %s", p, within)
	}
}

// Ready waits until a URL of the program answers 200.
func (p *Process) Ready(url string, within time.Duration) error {
	late := time.NewTimer(within)
	defer late.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !Answers(url, http.StatusOK) {
		select {
		case <-tick.C:
		case <-p.Exited:
			return fmt.Errorf("%s has ended; it said:\n%s", p, p.Said(60))
		case <-late.C:
			return fmt.Errorf("%s is not ready within %s; it said:\n%s", p, within, p.Said(60))
		}
	}
	return nil
}

func (p *Process) String() string { return strings.Join(p.Cmd.Args, " ") }

// Said is the end of its log.
func (p *Process) Said(lines int) string {
	said, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(said)), "\n")
	return strings.Join(all[max(len(all)-lines, 0):], "\n")
}

// Answers tells whether a URL answers with a status.
func Answers(url string, status int) bool {
	resp, err := http.Get(url) //nolint:gosec,noctx // the test's own server; Until bounds the whole
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == status
}

// Until waits for something that happens on its own: it looks again and again,
// and ends the test when the time is over.
func Until(t testing.TB, every, atMost time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(atMost)
	defer deadline.Stop()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			t.Fatalf("never happened within %s: %s", atMost, what)
		case <-tick.C:
		}
	}
}
