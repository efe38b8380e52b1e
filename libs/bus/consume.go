package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/telemetry"
)

// Handler does the work of one message. Its error decides what becomes of the
// message; see the package's text.
type Handler func(ctx context.Context, d *Delivery) error

// Gate stops a consumer from fetching. A breaker is one.
type Gate interface {
	// Wait returns when work may go on, or with ctx's error.
	Wait(ctx context.Context) error
}

// ErrPaused is returned by a handler whose target is not to be called now: the
// message stays at the head of its lane, uncounted, until the gate opens.
var ErrPaused = errors.New("the target is not to be called now")

// Wait is returned by a handler that wants its message again after d: another
// owner is at work, the record is not there yet. It costs no try.
func Wait(d time.Duration, reason string) error { return &waitError{d, reason} }

type waitError struct {
	after  time.Duration
	reason string
}

func (w *waitError) Error() string { return "waiting: " + w.reason }

// Consumer runs a Spec.
type Consumer struct {
	Spec Spec
	// Gate, when set, is waited for before each fetch and each attempt.
	Gate Gate
	// Retry bounds how long a failure that is confined to one key is retried.
	Retry Retry
	// StalledAfter is the watchdog's patience; zero means a minute. See Watch.
	StalledAfter time.Duration
	// Refused, when set, gives the outcome that is published with a dead letter.
	Refused func(d *Delivery, f *failure.Error) (Message, bool)
	// OneLetter lets a dead letter take the place of the key's earlier ones: for
	// messages of which the newest says all, so that a person finds each cause once.
	OneLetter bool

	bus      *Bus
	consumer jetstream.Consumer
	suspects jetstream.KeyValue
	health   health
	metrics  *telemetry.Metrics
	log      *slog.Logger

	turn sync.Mutex // held by the one suspect that runs

	paused atomic.Bool // waiting for the gate
	making sync.Mutex  // held while the durable is made, on the server

	mu   sync.Mutex
	held map[jetstream.Msg]struct{} // fetched and not settled: kept alive
	last time.Time                  // of the newest answer of the server
}

// Consumer prepares a durable consumer; it is created on the server by Run.
func (b *Bus) Consumer(spec Spec, metrics *telemetry.Metrics) *Consumer {
	return &Consumer{
		Spec: spec, bus: b, metrics: metrics, held: map[jetstream.Msg]struct{}{},
		log: slog.Default().With("role", string(spec.Role), "consumer", spec.Name),
	}
}

// drainWait is how long a handler may go on after its role was told to stop.
const drainWait = 8 * time.Second

// Run consumes with one lane a key until ctx ends; it then stops fetching,
// gives back what waits, lets what runs finish for drainWait, and returns.
func (c *Consumer) Run(ctx context.Context, handle Handler) error {
	work, release, err := c.start(ctx)
	if err != nil {
		return err
	}
	defer release()

	lanes := newLanes(c.Spec.parallel(), func(d *Delivery) { c.attempt(ctx, work, d, handle) })
	defer lanes.wait()
	return c.fetch(ctx, func() (more bool, err error) {
		n := lanes.free(ctx)
		if n == 0 {
			return false, nil
		}
		// One long pull brings messages as they come, as many as there is room for.
		return true, c.pull(n, lanes.add)
	})
}

// BatchHandler does the work of many messages at once; it gives one error for
// each, in their order.
type BatchHandler func(ctx context.Context, batch []*Delivery) []error

// A batch of so many says that messages come faster than one by one; the next is
// then fetched a moment later. A message that comes alone never waits.
const (
	busy   = 10
	gather = 100 * time.Millisecond
)

// RunBatches consumes up to size waiting messages at a time, one batch after
// the other.
func (c *Consumer) RunBatches(ctx context.Context, size int, handle BatchHandler) error {
	work, release, err := c.start(ctx)
	if err != nil {
		return err
	}
	defer release()

	return c.fetch(ctx, func() (more bool, err error) {
		batch, err := c.waiting(size)
		if len(batch) > 0 {
			c.attemptBatch(ctx, work, batch, handle)
		}
		if len(batch) >= busy { // more will come; let them come together
			pause(ctx, gather)
		}
		return true, err
	})
}

// start creates the durable and the context that handlers run in: it outlives
// ctx by drainWait.
func (c *Consumer) start(ctx context.Context) (work context.Context, release func(), err error) {
	if c.consumer, err = c.ensure(ctx); err != nil {
		return nil, nil, err
	}
	if c.suspects, err = c.bus.KV(ctx, Suspects); err != nil {
		return nil, nil, err
	}
	c.answered()
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(drainWait, cancel) })
	alive := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { c.keepAlive(alive) })
	return work, func() {
		close(alive)
		wg.Wait()
		stop()
		cancel()
	}, nil
}

// fetch pulls, while the gate is open, until ctx ends or there is no more.
func (c *Consumer) fetch(ctx context.Context, pull func() (more bool, err error)) error {
	for more := true; more && ctx.Err() == nil; {
		if c.wait(ctx) != nil {
			break
		}
		var err error
		if more, err = pull(); err != nil && ctx.Err() == nil {
			c.log.Warn("fetching from NATS failed; trying again", "error", err)
			c.recreate(ctx)
		}
	}
	return nil //nolint:nilerr // it was said, and fetching went on
}

// pullWait is how long a pull waits for messages, and so how long a consumer
// takes to notice that it is to stop. A pull is never cut short: what the server
// had sent by then would be nobody's until its ack wait is over.
const pullWait = time.Second

// pull hands over up to n messages as they come.
func (c *Consumer) pull(n int, deliver func(*Delivery)) error {
	got, err := c.consumer.Fetch(n, jetstream.FetchMaxWait(pullWait))
	if err != nil {
		return err
	}
	return c.take(got, deliver)
}

// waiting gives what waits, up to n; where nothing does, it waits for one.
func (c *Consumer) waiting(n int) (batch []*Delivery, err error) {
	keep := func(d *Delivery) { batch = append(batch, d) }
	got, err := c.consumer.FetchNoWait(n)
	if err == nil {
		err = c.take(got, keep)
	}
	if err == nil && len(batch) == 0 {
		err = c.pull(1, keep)
	}
	return batch, err
}

// take hands over what a pull brings until the pull ends.
func (c *Consumer) take(got jetstream.MessageBatch, deliver func(*Delivery)) error {
	for msg := range got.Messages() {
		c.hold(msg)
		deliver(&Delivery{msg: msg})
	}
	err := got.Error()
	if err == nil {
		c.answered()
	}
	return err
}

// answered notes that the server has answered just now.
func (c *Consumer) answered() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = time.Now()
}

// recreate waits until the durable is there again: NATS was away, or somebody
// deleted it. A new one begins at the stream's first message, and what was
// done before is then superseded or a duplicate.
func (c *Consumer) recreate(ctx context.Context) {
	for ctx.Err() == nil {
		consumer, err := c.ensure(ctx)
		if err == nil {
			c.consumer = consumer
			return
		}
		c.log.Debug("the consumer can't be reached", "error", err)
		pause(ctx, 250*time.Millisecond)
	}
}

func (c *Consumer) hold(msg jetstream.Msg) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held[msg] = struct{}{}
}

func (c *Consumer) release(d *Delivery) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.held, d.msg)
}

// keepAlive tells the server that what is held is still under way. A process
// that dies or freezes stops telling, and its messages go to another.
func (c *Consumer) keepAlive(done <-chan struct{}) {
	tick := time.NewTicker(c.Spec.ackWait() / 3)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		c.mu.Lock()
		held := make([]jetstream.Msg, 0, len(c.held))
		for msg := range c.held {
			held = append(held, msg)
		}
		c.mu.Unlock()
		for _, msg := range held {
			// An error means that the connection is away; the message comes again.
			_ = msg.InProgress()
		}
	}
}

// wait waits for the gate, if there is one.
func (c *Consumer) wait(ctx context.Context) error {
	if c.Gate == nil {
		return nil
	}
	c.paused.Store(true)
	defer c.paused.Store(false)
	return c.Gate.Wait(ctx)
}

// fetchedLately is how old the last answer to a fetch may be: an idle fetch is
// answered every few seconds, and a full process fetches nothing for a while.
const fetchedLately = time.Minute

// Ready tells whether the consumer has reached the server lately. A shut gate,
// or handlers that are all at work, are no failure of the consumer.
func (c *Consumer) Ready(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.last.IsZero():
		return fmt.Errorf("%s: %s has not fetched yet", c.Spec.Role, c.Spec.Name)
	case c.paused.Load() || len(c.held) > 0 || time.Since(c.last) < fetchedLately:
		return nil
	default:
		return fmt.Errorf("%s: %s has had no answer from NATS for %s", c.Spec.Role, c.Spec.Name, time.Since(c.last).Round(time.Second))
	}
}

// Lag asks the server how far the consumer is behind.
func (c *Consumer) Lag(ctx context.Context) (telemetry.Lag, error) {
	consumer, err := c.bus.js.Consumer(ctx, c.Spec.Stream, c.Spec.Name)
	if err != nil {
		return telemetry.Lag{}, err
	}
	info := consumer.CachedInfo()
	lag := telemetry.Lag{Pending: info.NumPending, AckPending: info.NumAckPending}
	if info.NumPending == 0 && info.NumAckPending == 0 {
		return lag, nil
	}
	s, err := c.bus.stream(ctx, c.Spec.Stream)
	if err != nil {
		return lag, err
	}
	since, err := oldest(ctx, s, info)
	if err == nil && !since.IsZero() {
		lag.Oldest = time.Since(since)
	}
	return lag, err
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// lanes runs deliveries with one at a time per key and a bounded number of
// keys at once. It holds at most twice that many.
type lanes struct {
	work  func(*Delivery)
	slots chan struct{} // one per running handler
	room  chan struct{} // one per held delivery

	mu    sync.Mutex
	queue map[string][]*Delivery
	wg    sync.WaitGroup
}

func newLanes(parallel int, work func(*Delivery)) *lanes {
	return &lanes{
		work: work, queue: map[string][]*Delivery{},
		slots: make(chan struct{}, parallel), room: make(chan struct{}, 2*parallel),
	}
}

// free waits for room and tells how many deliveries may be added; 0 when ctx ended.
func (l *lanes) free(ctx context.Context) int {
	select {
	case <-ctx.Done():
		return 0
	case l.room <- struct{}{}:
		<-l.room
		return cap(l.room) - len(l.room)
	}
}

// add puts a delivery at the end of its key's lane, and starts the lane if it rests.
func (l *lanes) add(d *Delivery) {
	l.room <- struct{}{}
	key := d.msg.Subject()
	l.mu.Lock()
	defer l.mu.Unlock()
	waiting, running := l.queue[key]
	l.queue[key] = append(waiting, d)
	if !running {
		l.wg.Go(func() { l.run(key) })
	}
}

func (l *lanes) run(key string) {
	for {
		l.mu.Lock()
		waiting := l.queue[key]
		if len(waiting) == 0 {
			delete(l.queue, key)
			l.mu.Unlock()
			return
		}
		d := waiting[0]
		l.queue[key] = waiting[1:]
		l.mu.Unlock()

		l.slots <- struct{}{}
		l.work(d)
		<-l.slots
		<-l.room
	}
}

func (l *lanes) wait() { l.wg.Wait() }
