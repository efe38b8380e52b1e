package chaos

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/services/sandbox"
	"github.com/magpie-integration/magpie/tests/program"
)

// magpie is the binary under test, built once; see TestMain.
var magpie string

// services are the processes of a fleet. NATS comes first, as it must.
var services = []string{"nats", "ingest", "magento-capture", "transform", "gp-writer", "magento-writer", "dlq"}

// fleet is both sandboxes, in this process, and every role as a process.
type fleet struct {
	t       *testing.T
	dir     string
	config  string
	natsURL string
	ingest  string
	sandbox *sandbox.Sandbox
	store   *httptest.Server
	company *httptest.Server
	stop    context.CancelFunc
	running sync.WaitGroup

	mu    sync.Mutex
	roles map[string]*process
}

type process struct {
	*program.Process
	kills  int
	health string
}

// options of a fleet.
type options struct {
	seed uint64
	// webhooks of the store reach ingest.
	webhooks bool
	// extra lines below pairs[0].magento, and below pairs[0].gp (a time-out of 4 s if none).
	magento, gp string
	version     string
}

// launch starts the sandboxes and every role, and stops them with the test.
func launch(t *testing.T, o options) *fleet {
	t.Helper()
	if o.gp == "" {
		o.gp = "      timeout: 4s"
	}
	f := &fleet{t: t, dir: t.TempDir(), roles: map[string]*process{}}
	ports := freePorts(t, 2)
	natsPort, ingestPort := ports[0], ports[1]
	f.natsURL = "nats://" + natsPort
	f.ingest = "http://" + ingestPort + "/hooks/magento/main"

	cfg := sandbox.Config{
		Dir: filepath.Join(f.dir, "sandbox"), Token: token, User: "magpie", Password: "secret-of-gp",
		Site: "WAREHOUSE", DocID: "STDORD", Company: -1, Seed: o.seed, Version: o.version,
		CreateTime: 3 * time.Millisecond, ReadTime: time.Millisecond,
	}
	if o.webhooks {
		cfg.WebhookURL, cfg.WebhookSecret = f.ingest, hookSecret
	}
	var err error
	if f.sandbox, err = sandbox.New(cfg); err != nil {
		t.Fatal(err)
	}
	f.store = httptest.NewServer(f.sandbox.Magento.Handler())
	f.company = httptest.NewServer(f.sandbox.GP.Handler())
	ctx, cancel := context.WithCancel(context.Background())
	f.stop = cancel
	f.running.Go(func() { _ = f.sandbox.Run(ctx) })

	f.config = filepath.Join(f.dir, "magpie.yaml")
	text := fmt.Sprintf(configuration, filepath.Join(f.dir, "nats"), natsPort, ingestPort,
		f.store.URL, token, hookSecret, o.magento, f.company.URL, o.gp)
	if err := os.WriteFile(f.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.shutdown)
	for _, name := range services {
		f.start(name)
	}
	for _, name := range services {
		f.waitReady(name)
	}
	return f
}

const (
	token      = "integration-token-of-the-sandbox"
	hookSecret = "webhook-secret-of-the-sandbox"
)

// configuration has short times, so that a test lives to see a lease run out.
const configuration = `
nats: {url: embedded, store: %q, listen: %q, sync: always}
http: {ingest: %q, console: "127.0.0.1:0", health: "127.0.0.1:0"}
log: {level: warn, format: text}
pairs:
  - name: main
    magento:
      url: %q
      token: %q
      webhooks: [{scheme: hmac-sha256, secret: %q}]
      sweep: {every: 3s, overlap: 10m}
      timeout: 5s
%s
    gp:
      url: %q
      company: -1
      timezone: America/New_York
      user: magpie
      password: secret-of-gp
      work_time: 2s
%s
`

// start starts a role's process. Its log goes to a file that a failed test shows.
func (f *fleet) start(name string) {
	f.t.Helper()
	health := freePorts(f.t, 1)[0]
	cmd := exec.Command(magpie, "run", name, "--config", f.config)
	cmd.Env = program.Environment("MAGPIE_HTTP_HEALTH=" + health)
	started, err := program.Start(cmd, filepath.Join(f.dir, name+".log"))
	if err != nil {
		f.t.Fatal(err)
	}
	p := &process{Process: started, health: "http://" + health}
	f.mu.Lock()
	defer f.mu.Unlock()
	if old := f.roles[name]; old != nil {
		p.kills = old.kills
	}
	f.roles[name] = p
}

func (f *fleet) process(name string) *process {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.roles[name]
}

// kill kills a role with SIGKILL, and starts it again.
func (f *fleet) kill(name string) error {
	p := f.process(name)
	if err := p.Cmd.Process.Signal(syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill %s: %w", name, err)
	}
	<-p.Exited
	if status, ok := p.Cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		return fmt.Errorf("%s ended by itself: %s", name, p.Cmd.ProcessState)
	}
	f.mu.Lock()
	p.kills++
	f.mu.Unlock()
	f.start(name)
	return nil
}

func (f *fleet) waitReady(name string) {
	f.t.Helper()
	if err := f.process(name).Ready(f.process(name).health+"/readyz", time.Minute); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fleet) shutdown() {
	f.mu.Lock()
	roles := f.roles
	f.roles = map[string]*process{}
	f.mu.Unlock()
	for _, p := range roles {
		p.Ask()
	}
	for _, p := range roles {
		if err := p.Wait(15 * time.Second); err != nil {
			f.t.Error(err)
		}
	}
	f.stop()
	f.store.CloseClientConnections()
	f.company.CloseClientConnections()
	f.store.Close()
	f.company.Close()
	f.running.Wait()
	if err := f.sandbox.Close(); err != nil {
		f.t.Error(err)
	}
	if !f.t.Failed() {
		return
	}
	for _, name := range services {
		if p := roles[name]; p != nil {
			f.t.Logf("---- log of %s (its end)\n%s", name, p.Said(40))
		}
	}
}

// run runs a command of the CLI and gives what it prints.
func (f *fleet) run(args ...string) string {
	f.t.Helper()
	cmd := exec.Command(magpie, append(args, "--config", f.config)...)
	cmd.Env = program.Environment()
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			f.t.Fatalf("magpie %s: %v: %s", strings.Join(args, " "), err, exit.Stderr)
		}
		f.t.Fatal(err)
	}
	return string(out)
}

// freePorts are addresses for processes that this test starts.
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
	program.Until(t, 50*time.Millisecond, atMost, what, ok)
}

// seldom is until for what is costly to look at: a judge that reads a thousand
// orders twenty times a second takes the machine from those that it judges.
func seldom(t *testing.T, atMost time.Duration, what string, ok func() bool) {
	t.Helper()
	program.Until(t, 2*time.Second, atMost, what, ok)
}
