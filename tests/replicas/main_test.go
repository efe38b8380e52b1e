//go:build unix

package replicas

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain is also the main of a replica: the test runs its own binary again.
func TestMain(m *testing.M) {
	if config := os.Getenv(replicaEnv); config != "" {
		if err := runReplica(config); err != nil {
			fmt.Fprintln(os.Stderr, "replica:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}
