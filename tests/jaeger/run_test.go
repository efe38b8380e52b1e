package jaeger

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/tests/program"
)

// run starts a program that ends with the test at the latest. What it said is
// shown if the test failed.
func run(t *testing.T, cmd *exec.Cmd) *program.Process {
	t.Helper()
	p, err := program.Start(cmd, filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop(p)
		if t.Failed() {
			t.Logf("%s said:\n%s", p, p.Said(200))
		}
	})
	return p
}

// stop asks a program to end, and waits. One that does not in time is killed.
func stop(p *program.Process) {
	p.Ask()
	_ = p.Wait(20 * time.Second) // it is no test of that
}

func freePorts(t *testing.T, n int) []string {
	t.Helper()
	ports, err := program.FreePorts(n)
	if err != nil {
		t.Fatal(err)
	}
	return ports
}

// until waits for something that happens on its own.
func until(t *testing.T, atMost time.Duration, what string, ok func() bool) {
	t.Helper()
	program.Until(t, 200*time.Millisecond, atMost, what, ok)
}
