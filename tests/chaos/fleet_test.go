package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/services/sandbox"
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
	cmd    *exec.Cmd
	exited chan struct{}
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
	natsPort, ingestPort := freePort(t), freePort(t)
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
	log, err := os.OpenFile(f.log(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		f.t.Fatal(err)
	}
	health := freePort(f.t)
	cmd := exec.Command(magpie, "run", name, "--config", f.config)
	cmd.Env = append(environment(), "MAGPIE_HTTP_HEALTH="+health)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	p := &process{cmd: cmd, exited: make(chan struct{}), health: "http://" + health}
	f.mu.Lock()
	if old := f.roles[name]; old != nil {
		p.kills = old.kills
	}
	f.roles[name] = p
	f.mu.Unlock()
	f.running.Go(func() {
		_ = cmd.Wait()
		_ = log.Close()
		close(p.exited)
	})
}

// environment is this process's, without what is meant for the test itself:
// magpie refuses variables that it does not know.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MAGPIE_") })
}

func (f *fleet) log(name string) string { return filepath.Join(f.dir, name+".log") }

func (f *fleet) process(name string) *process {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.roles[name]
}

// kill kills a role with SIGKILL, and starts it again.
func (f *fleet) kill(name string) error {
	p := f.process(name)
	if err := p.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill %s: %w", name, err)
	}
	<-p.exited
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		return fmt.Errorf("%s ended by itself: %s", name, p.cmd.ProcessState)
	}
	f.mu.Lock()
	p.kills++
	f.mu.Unlock()
	f.start(name)
	return nil
}

func (f *fleet) waitReady(name string) {
	f.t.Helper()
	until(f.t, time.Minute, name+" is ready", func() bool {
		resp, err := http.Get(f.process(name).health + "/readyz")
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		_, _ = io.Copy(io.Discard, resp.Body)
		return resp.StatusCode == http.StatusOK
	})
}

func (f *fleet) shutdown() {
	f.mu.Lock()
	roles := f.roles
	f.roles = map[string]*process{}
	f.mu.Unlock()
	for _, p := range roles {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
	}
	for name, p := range roles {
		select {
		case <-p.exited:
		case <-time.After(15 * time.Second):
			f.t.Errorf("%s did not end within 15 s of SIGTERM", name)
			_ = p.cmd.Process.Kill()
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
		data, err := os.ReadFile(f.log(name))
		if err == nil && len(data) > 0 {
			f.t.Logf("---- log of %s (its end)\n%s", name, tail(string(data), 40))
		}
	}
}

// run runs a command of the CLI and gives what it prints.
func (f *fleet) run(args ...string) string {
	f.t.Helper()
	cmd := exec.Command(magpie, append(args, "--config", f.config)...)
	cmd.Env = environment()
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

func tail(s string, lines int) string {
	all := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(all[max(len(all)-lines, 0):], "\n")
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// until waits for something that happens on its own.
func until(t *testing.T, atMost time.Duration, what string, ok func() bool) {
	t.Helper()
	look(t, 50*time.Millisecond, atMost, what, ok)
}

// seldom is until for what is costly to look at: a judge that reads a thousand
// orders twenty times a second takes the machine from those that it judges.
func seldom(t *testing.T, atMost time.Duration, what string, ok func() bool) {
	t.Helper()
	look(t, 2*time.Second, atMost, what, ok)
}

func look(t *testing.T, every, atMost time.Duration, what string, ok func() bool) {
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
