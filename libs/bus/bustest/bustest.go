// Package bustest gives tests a bus: a broker of their own, in the process,
// with every stream and bucket of the topology. Tests that need a broker use
// the real one; it starts in milliseconds.
package bustest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"github.com/magpie-integration/magpie/libs/broker"
	"github.com/magpie-integration/magpie/libs/bus"
)

// Start gives a test a bus that ends with it.
func Start(t testing.TB) *bus.Bus {
	t.Helper()
	b, stop, err := open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return b
}

// Main runs a package's tests with one bus for all of them, and finds
// goroutines that they left. It gives the exit code.
func Main(m *testing.M, use func(*bus.Bus) error) int {
	code, err := run(m, use)
	if err == nil && code == 0 {
		err = goleak.Find()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func run(m *testing.M, use func(*bus.Bus) error) (code int, err error) {
	dir, err := os.MkdirTemp("", "bustest")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b, stop, err := open(context.Background(), dir)
	if err != nil {
		return 1, err
	}
	defer stop()
	if err := use(b); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

func open(ctx context.Context, dir string) (*bus.Bus, func(), error) {
	s, err := broker.Start(broker.Config{Store: dir, Name: "bustest", Listen: "127.0.0.1:0"})
	if err != nil {
		return nil, nil, err
	}
	end := func() { s.Shutdown(); s.WaitForShutdown() }
	b, err := bus.Connect(s.ClientURL(), nats.InProcessServer(s))
	if err != nil {
		end()
		return nil, nil, err
	}
	stop := func() { b.Close(); end() }
	if _, err := b.Apply(ctx, 1); err != nil {
		stop()
		return nil, nil, err
	}
	return b, stop, nil
}

// Until waits for something that happens on its own, and fails the test when it
// does not.
func Until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			t.Fatal("never happened: " + what)
		case <-tick.C:
		}
	}
}
