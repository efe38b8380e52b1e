package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const webhookSecret = "bench-secret"

// program is one way that orders go, as a process.
type program struct {
	name string
	// command gives the command line for a data folder and a value of nats.sync, and
	// where its door and its readiness are.
	command func(p plan, s *systems, dir, sync string, port int) (argv []string, hook, ready string, err error)
}

// programs are measured one after the other, the one to compare with first.
var programs = []program{
	{"direct", func(_ plan, s *systems, dir, sync string, port int) ([]string, string, string, error) {
		self, err := os.Executable()
		base := fmt.Sprintf("http://127.0.0.1:%d", port)
		return []string{self, "direct", "-listen", base[len("http://"):], "-store", dir, "-sync", sync, "-shop", s.shop, "-company", s.company},
			base + "/hook", base + "/ready", err
	}},
	{"magpie", func(p plan, s *systems, dir, sync string, port int) ([]string, string, string, error) {
		magpie, err := filepath.Abs(p.magpie)
		if err != nil {
			return nil, "", "", err
		}
		file := filepath.Join(dir, "magpie.yaml")
		if sync == "default" {
			sync = "2m" // nats-server's own default
		}
		err = os.WriteFile(file, fmt.Appendf(nil, magpieConfig, dir, port+3, sync, port, port+1, port+2, s.shop, webhookSecret, s.company), 0o600)
		argv := []string{magpie, "up", "--config", file}
		if p.profiles != "" {
			argv = append(argv, "--cpu-profile", filepath.Join(p.profiles, "cpu-"+sync+".pprof"))
		}
		return argv, fmt.Sprintf("http://127.0.0.1:%d/hooks/magento/main/sales_order_save_commit_after", port),
			fmt.Sprintf("http://127.0.0.1:%d/readyz", port+2), err
	}},
}

const magpieConfig = `
nats: {url: embedded, store: %s/data, listen: "127.0.0.1:%d", sync: %s}
http: {ingest: "127.0.0.1:%d", console: "127.0.0.1:%d", health: "127.0.0.1:%d"}
log: {level: warn}
pairs:
  - name: main
    magento:
      url: %s
      token: bench
      parallel: 16
      webhooks: [{scheme: hmac-sha256, secret: %s}]
    gp: {url: "%s", company: -1, auth: basic, user: bench, password: bench, parallel: 32}
`

// running is a program under way.
type running struct {
	command *exec.Cmd
	hook    string
	started time.Duration // until it was ready
	log     *bytes.Buffer
}

func (p plan) start(ctx context.Context, prog program, s *systems, sync string) (*running, error) {
	dir, err := os.MkdirTemp(p.dir, prog.name+"-")
	if err != nil {
		return nil, err
	}
	port, err := freePorts(4)
	if err != nil {
		return nil, err
	}
	argv, hook, ready, err := prog.command(p, s, dir, sync, port)
	if err != nil {
		return nil, err
	}
	r := &running{hook: hook, log: &bytes.Buffer{}}
	r.command = exec.CommandContext(context.WithoutCancel(ctx), argv[0], argv[1:]...) //nolint:gosec // our own programs, which stop() ends
	r.command.Stdout, r.command.Stderr = r.log, r.log
	began := time.Now()
	if err := r.command.Start(); err != nil {
		return nil, err
	}
	for {
		if response, err := http.Get(ready); err == nil { //nolint:noctx,gosec // on this machine
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				break
			}
		}
		if ctx.Err() != nil || time.Since(began) > 20*time.Second {
			r.stop()
			return nil, fmt.Errorf("it did not get ready: %s", r.log)
		}
		rest(ctx, time.Millisecond)
	}
	r.started = time.Since(began)
	return r, nil
}

// stop ends the program, by force if it does not end by itself.
func (r *running) stop() {
	_ = r.command.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(15*time.Second, func() { _ = r.command.Process.Kill() })
	defer kill.Stop()
	_ = r.command.Wait()
}

// cpu is the user and system time that the program has used.
func (r *running) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", r.command.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 13 {
		return 0, errors.New("the kernel's stat line is too short")
	}
	user, err := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	const ticks = 100 // a second: sysconf(_SC_CLK_TCK) on every Linux that Go runs on
	return time.Duration(user+system) * time.Second / ticks, errors.Join(err, err2)
}

// memory is the program's resident memory, now and at its peak, in MiB.
func (r *running) memory() (now, peak float64) {
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", r.command.Process.Pid))
	if err != nil {
		return 0, 0
	}
	defer func() { _ = file.Close() }()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		kib, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
		switch name {
		case "VmRSS":
			now = kib / 1024
		case "VmHWM":
			peak = kib / 1024
		}
	}
	return now, peak
}

// webhookBody is what the store sends for an order.
func webhookBody(increment string) []byte {
	body, _ := json.Marshal(map[string]any{"event": "sales_order_save_commit_after", "data": map[string]any{"order": map[string]string{"increment_id": increment}}})
	return body
}
