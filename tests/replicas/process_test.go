//go:build unix

package replicas

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// process is a replica in a process of its own.
type process struct {
	owner string
	t     *testing.T
	cmd   *exec.Cmd
	stdin io.Closer
	log   string
	gone  chan struct{} // closed when it has ended
	still time.Time     // since when it stands still, once it was frozen
}

func (w *world) replica(t *testing.T, owner string) *process {
	t.Helper()
	cfg := w.config
	cfg.Owner = owner
	encoded, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{owner: owner, t: t, cmd: exec.Command(self), gone: make(chan struct{}), log: filepath.Join(w.logs, owner+".log")}
	log, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	p.cmd.Env = append(os.Environ(), replicaEnv+"="+string(encoded))
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.gone)
		_ = p.cmd.Wait() // what it came to stands in ProcessState
	}()
	t.Cleanup(func() {
		if !p.ended() {
			_ = p.cmd.Process.Kill() // also ends a stopped one
		}
		<-p.gone
		_ = p.stdin.Close()
		if t.Failed() {
			p.showLog()
		}
	})
	return p
}

func (p *process) ended() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

// showLog shows the end of what the replica said.
func (p *process) showLog() {
	const end = 4 << 10
	said, err := os.ReadFile(p.log)
	if err != nil {
		p.t.Log(err)
		return
	}
	p.t.Logf("%s (%s) said last:\n%s", p.owner, p.cmd.ProcessState, said[max(0, len(said)-end):])
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("%s to %s: %v", s, p.owner, err)
	}
}

// freeze returns when the kernel says that the process stands still.
func (p *process) freeze() {
	p.t.Helper()
	p.signal(syscall.SIGSTOP)
	p.still = time.Now()
	var status syscall.WaitStatus
	for {
		_, err := syscall.Wait4(p.cmd.Process.Pid, &status, syscall.WUNTRACED, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || !status.Stopped() {
			p.t.Fatalf("%s was not stopped: status %v, %v", p.owner, status, err)
		}
		return
	}
}

func (p *process) wake() { p.t.Helper(); p.signal(syscall.SIGCONT) }

// kill returns when the process has ended by SIGKILL and by nothing else.
func (p *process) kill() {
	p.t.Helper()
	p.signal(syscall.SIGKILL)
	<-p.gone
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		p.t.Fatalf("%s was not killed: %s", p.owner, p.cmd.ProcessState)
	}
}

// stop tells the replica to end, and that must go well: a race that it found
// shows here too.
func (p *process) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	<-p.gone
	if !p.cmd.ProcessState.Success() {
		p.t.Errorf("%s ended badly: %s", p.owner, p.cmd.ProcessState)
	}
}

func (p *process) String() string { return fmt.Sprintf("%s (pid %d)", p.owner, p.cmd.Process.Pid) }
