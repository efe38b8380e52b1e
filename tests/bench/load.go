package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// row is what one program gave at one value of nats.sync.
type row struct {
	program, sync string
	flushes       float64 // of the disk, a second, measured beside it
	perSecond     float64
	cpu           time.Duration // per 1,000 orders
	p50, p99      time.Duration
	idle, peak    float64 // MiB
	ready         time.Duration
	calls         float64 // of the two systems, per order
	reads         float64 // of the store's orders, per order
	doubles       int
}

// measure runs a program twice: as fast as it goes, then at a steady rate.
func (p plan) measure(ctx context.Context, prog program, sync string) (row, error) {
	r := row{program: prog.name, sync: sync}
	var err error
	if r.flushes, err = flushRate(p.dir); err != nil {
		return r, err
	}
	s, err := startSystems()
	if err != nil {
		return r, err
	}
	defer s.close()
	run, err := p.start(ctx, prog, s, sync)
	if err != nil {
		return r, err
	}
	defer run.stop()
	r.ready = run.started
	r.idle, _ = run.memory()

	before, err := run.cpu()
	if err != nil {
		return r, err
	}
	began := time.Now()
	go run.send(ctx, 1, p.orders, 32)
	if err := s.wait(ctx, p.orders); err != nil {
		return r, fmt.Errorf("%w\n%s", err, tail(run.log))
	}
	took := time.Since(began)
	after, err := run.cpu()
	if err != nil {
		return r, err
	}
	r.perSecond = float64(p.orders) / took.Seconds()
	r.cpu = (after - before) * 1000 / time.Duration(p.orders)
	r.calls = float64(s.calls.Load()) / float64(p.orders)
	r.reads = float64(s.reads.Load()) / float64(p.orders)

	if r.p50, r.p99, err = p.steady(ctx, run, s); err != nil {
		return r, err
	}
	_, r.peak = run.memory()
	r.doubles = s.doubles
	return r, nil
}

// drain measures how fast a backlog goes when GP takes its time: the orders'
// webhooks are all there before GP answers.
func (p plan) drain(ctx context.Context) (row, error) {
	r := row{program: "magpie", sync: "always"}
	s, err := startSystems()
	if err != nil {
		return r, err
	}
	defer s.close()
	s.latency = p.latency
	run, err := p.start(ctx, programs[1], s, r.sync)
	if err != nil {
		return r, err
	}
	defer run.stop()
	began := time.Now()
	run.send(ctx, 1, p.backlog, 64)
	if err := s.wait(ctx, p.backlog); err != nil {
		return r, fmt.Errorf("%w\n%s", err, tail(run.log))
	}
	r.perSecond = float64(p.backlog) / time.Since(began).Seconds()
	r.calls = float64(s.calls.Load()) / float64(p.backlog)
	r.reads = float64(s.reads.Load()) / float64(p.backlog)
	_, r.peak = run.memory()
	r.doubles = s.doubles
	return r, nil
}

// send sends the webhooks of n orders, some at once, as fast as they are taken.
func (r *running) send(ctx context.Context, from, n, atOnce int) {
	numbers := make(chan int)
	var wg sync.WaitGroup
	client := client(atOnce)
	for range atOnce {
		wg.Go(func() {
			for n := range numbers {
				for r.webhook(ctx, client, number(n)) != nil && ctx.Err() == nil {
					rest(ctx, 10*time.Millisecond) // it was told to come again
				}
			}
		})
	}
	for i := range n {
		numbers <- from + i
	}
	close(numbers)
	wg.Wait()
}

func client(connections int) *http.Client {
	return &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: connections, DialContext: (&net.Dialer{}).DialContext},
		Timeout:   10 * time.Second,
	}
}

func (r *running) webhook(ctx context.Context, c *http.Client, increment string) error {
	body := webhookBody(increment)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.hook, bytes.NewReader(body))
	if err != nil {
		return err
	}
	mac := hmac.New(sha256.New, []byte(webhookSecret))
	mac.Write(body)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	response, err := c.Do(request)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("the webhook was answered %d", response.StatusCode)
	}
	return nil
}

// wait waits until the store has heard of n more orders.
func (s *systems) wait(ctx context.Context, n int) error {
	deadline := time.Now().Add(10 * time.Minute)
	for s.done.Load() < int64(n) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d of %d orders came through", s.done.Load(), n)
		}
		rest(ctx, 2*time.Millisecond)
	}
	return nil
}

// steady sends orders at a steady rate and tells how long each took from its
// webhook to its document in GP.
func (p plan) steady(ctx context.Context, run *running, s *systems) (p50, p99 time.Duration, err error) {
	const from = 5_000_000
	n := p.rate * p.seconds
	if n == 0 {
		return 0, 0, nil
	}
	done := s.done.Load()
	sent := make([]time.Time, n)
	client := client(16)
	var wg sync.WaitGroup
	tick := time.NewTicker(time.Second / time.Duration(p.rate))
	defer tick.Stop()
	for i := range n {
		<-tick.C
		sent[i] = time.Now()
		wg.Go(func() { _ = run.webhook(ctx, client, number(from+i)) })
	}
	wg.Wait()
	if err := s.wait(ctx, int(done)+n); err != nil {
		return 0, 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	took := make([]time.Duration, n)
	for i := range n {
		took[i] = s.created["WEB"+number(from+i)].Sub(sent[i])
	}
	slices.Sort(took)
	return took[n/2], took[n*99/100], nil
}

// flushRate is how many times a second the disk takes 9 KiB for good.
func flushRate(dir string) (float64, error) {
	file, err := os.Create(filepath.Join(dir, "flush")) //nolint:gosec // a folder of our own
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }()
	block := bytes.Repeat([]byte{'m'}, 9<<10)
	n := 0
	began := time.Now()
	for ; time.Since(began) < 500*time.Millisecond; n++ {
		if _, err := file.Write(block); err != nil {
			return 0, err
		}
		if err := file.Sync(); err != nil {
			return 0, err
		}
	}
	return float64(n) / time.Since(began).Seconds(), nil
}

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func tail(log fmt.Stringer) string {
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}
