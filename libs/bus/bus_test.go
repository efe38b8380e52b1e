package bus_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/broker"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/failure"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T) (*bus.Bus, *server.Server) {
	t.Helper()
	return startWith(t, broker.Config{})
}

func startWith(t *testing.T, cfg broker.Config) (*bus.Bus, *server.Server) {
	t.Helper()
	cfg.Store, cfg.Name, cfg.Listen = t.TempDir(), "bus", "127.0.0.1:0"
	s, err := broker.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	b, err := bus.Connect(s.ClientURL(), nats.InProcessServer(s))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	if _, err := b.Apply(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	return b, s
}

func command(key events.Key, id string) bus.Message {
	return bus.Message{
		Subject: events.CommandSubject("main", events.GP, events.Order, key),
		Type:    events.TypeName(events.GP, events.Order, "write"), ID: id,
		Data: events.Command{Verb: events.Apply, Target: "WEB" + string(key)},
	}
}

func publish(t *testing.T, b *bus.Bus, m bus.Message) bus.Ack {
	t.Helper()
	ack, err := b.Publish(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return ack
}

// consume runs a consumer until the test ends or stop is called.
func consume(t *testing.T, c *bus.Consumer, handle bus.Handler) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx, handle) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// until waits for something that happens on its own.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatal("never happened: " + what)
		case <-tick.C:
		}
	}
}

func spec(parallel int) bus.Spec {
	return bus.WriterSpec(events.RoleGPWriter, "main", events.GP, events.Order, parallel)
}

func letters(t *testing.T, b *bus.Bus) (out []events.DeadLetter) {
	t.Helper()
	s, err := b.JetStream().Stream(t.Context(), bus.Dead)
	if err != nil {
		t.Fatal(err)
	}
	info := s.CachedInfo().State
	for seq := info.FirstSeq; info.Msgs > 0 && seq <= info.LastSeq; seq++ {
		raw, err := s.GetMsg(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		var l events.DeadLetter
		if err := json.Unmarshal(raw.Data, &l); err != nil {
			t.Fatal(err)
		}
		out = append(out, l)
	}
	return out
}

func TestTheSameIDIsOneMessage(t *testing.T) {
	b, _ := start(t)
	first := publish(t, b, command("1", "a"))
	again := publish(t, b, command("1", "a"))
	if first.Duplicate || !again.Duplicate || first.Sequence != again.Sequence {
		t.Errorf("got %+v and %+v", first, again)
	}
}

func TestANewerMessageOvertakes(t *testing.T) {
	b, _ := start(t)
	first := publish(t, b, command("1", "a"))
	m := command("1", "b")
	m.ExpectLast = &first.Sequence
	second := publish(t, b, m)
	m.ID = "c"
	if _, err := b.Publish(t.Context(), m); !errors.Is(err, bus.ErrOvertaken) {
		t.Errorf("after sequence %d, expecting %d: got %v", second.Sequence, first.Sequence, err)
	}
}

func TestTheTopologyIsAppliedTwiceAndDriftIsSaid(t *testing.T) {
	b, _ := start(t)
	drifts, err := b.Apply(t.Context(), 1)
	if err != nil || len(drifts) != 0 {
		t.Fatalf("a second time changes nothing: %v, %v", drifts, err)
	}
	s, err := b.JetStream().Stream(t.Context(), bus.Changes)
	if err != nil {
		t.Fatal(err)
	}
	cfg := s.CachedInfo().Config
	cfg.Duplicates /= 2
	if _, err := b.JetStream().UpdateStream(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	drifts, err = b.Apply(t.Context(), 1)
	if err != nil || len(drifts) != 1 || drifts[0].Property != "duplicate window" {
		t.Errorf("got %v, %v", drifts, err)
	}
	if err := b.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAKeysMessagesRunOneByOneAndKeysRunBesideEachOther(t *testing.T) {
	b, _ := start(t)
	const keys, each = 6, 5
	for i := range each {
		for k := range keys {
			publish(t, b, command(events.Key(fmt.Sprint(k)), fmt.Sprintf("%d-%d", k, i)))
		}
	}
	var mu sync.Mutex
	running, order := map[events.Key]int{}, map[events.Key][]string{}
	atOnce, done := 0, 0
	together := make(chan struct{})
	consume(t, b.Consumer(spec(keys), nil), func(_ context.Context, d *bus.Delivery) error {
		mu.Lock()
		running[d.Subject.Key]++
		if running[d.Subject.Key] > 1 {
			t.Errorf("two of key %s at once", d.Subject.Key)
		}
		if atOnce = max(atOnce, len(running)); atOnce == 2 {
			select {
			case <-together:
			default:
				close(together)
			}
		}
		order[d.Subject.Key] = append(order[d.Subject.Key], d.Event.ID())
		mu.Unlock()
		<-together // two keys must be able to run at once, or this waits for ever
		mu.Lock()
		defer mu.Unlock()
		delete(running, d.Subject.Key)
		done++
		return nil
	})
	until(t, "all are handled", func() bool { mu.Lock(); defer mu.Unlock(); return done == keys*each })
	for k, ids := range order {
		if !slices.IsSorted(ids) {
			t.Errorf("key %s in order %v", k, ids)
		}
	}
}

func TestFailuresBecomeRetriesOrDeadLetters(t *testing.T) {
	b, _ := start(t)
	for name, tc := range map[string]struct {
		err   error // of the first attempts
		times int
		kind  string // of the dead letter, if one comes
		code  string
	}{
		"transient, then well":   {failure.Transient("gp.locked", "in use", nil), 1, "", ""},
		"no kind is transient":   {errors.New("?"), 1, "", ""},
		"waiting costs no try":   {bus.Wait(time.Millisecond, "another owner"), 3, "", ""},
		"rejected":               {failure.Rejected("gp.item.unknown", "ITEMNMBR", "no item X", "create it"), 1, "rejected", "gp.item.unknown"},
		"conflict":               {failure.Conflict("gp.posted", "", "already posted", "make a return"), 1, "conflict", "gp.posted"},
		"wrapped":                {fmt.Errorf("line 3: %w", failure.Rejected("gp.uofm", "UOFM", "no", "fix")), 1, "rejected", "gp.uofm"},
		"a panic is a defect":    {nil, 1, "defect", "panic"},
		"stuck after some tries": {failure.Transient("gp.locked", "in use", nil), 1 << 20, "transient", "stuck"},
	} {
		t.Run(name, func(t *testing.T) {
			key := events.Key(strings.ReplaceAll(name, " ", "_"))
			before := len(letters(t, b))
			s := spec(1)
			s.Name, s.Filters = "t_"+events.Key(name).Token(), []string{events.CommandSubject("main", events.GP, events.Order, key).String()}
			c := b.Consumer(s, nil)
			c.Retry = bus.Retry{Tries: 3}
			if name == "stuck after some tries" {
				c.Retry.Tries = 2
			}
			var mu sync.Mutex
			attempts, tries, well := 0, 0, false
			stop := consume(t, c, func(_ context.Context, d *bus.Delivery) error {
				mu.Lock()
				defer mu.Unlock()
				attempts++
				tries = d.Tries
				if tc.err == nil {
					panic("boom")
				}
				if attempts <= tc.times {
					return tc.err
				}
				well = true
				return nil
			})
			publish(t, b, command(key, name))
			until(t, "an end", func() bool {
				mu.Lock()
				defer mu.Unlock()
				return well || len(letters(t, b)) > before
			})
			stop()
			got := letters(t, b)[before:]
			if tc.kind == "" {
				if len(got) != 0 {
					t.Fatalf("dead letters: %+v", got)
				}
				if name == "waiting costs no try" && tries != 0 {
					t.Errorf("%d tries were counted", tries)
				}
				return
			}
			if len(got) != 1 || got[0].Kind != tc.kind || got[0].Code != tc.code {
				t.Fatalf("got %+v", got)
			}
			if tc.code == "panic" && !strings.Contains(got[0].Stack, "bus_test.go") {
				t.Errorf("the stack does not show where: %q", got[0].Stack)
			}
			if tc.code == "stuck" && (got[0].Tries != 2 || len(got[0].History) != 2) {
				t.Errorf("tries %d, history %v", got[0].Tries, got[0].History)
			}
			var body events.Command
			if err := json.Unmarshal(got[0].Message.Body, &body); err != nil || body.Target != "WEB"+string(key) {
				t.Errorf("the letter can't be replayed: %s, %v", got[0].Message.Body, err)
			}
		})
	}
}

func TestAMessageThatIsNoEventIsDead(t *testing.T) {
	b, _ := start(t)
	if _, err := b.JetStream().Publish(t.Context(), "magpie.command.main.gp.order.7", []byte("hello")); err != nil {
		t.Fatal(err)
	}
	consume(t, b.Consumer(spec(1), nil), func(context.Context, *bus.Delivery) error {
		t.Error("the handler was called")
		return nil
	})
	until(t, "a dead letter", func() bool { return len(letters(t, b)) == 1 })
	if l := letters(t, b)[0]; l.Kind != "defect" || l.Code != "bus.not_an_event" || string(l.Message.Raw) != "hello" {
		t.Errorf("got %+v", l)
	}
}

// gate is a breaker that the test moves.
type gate struct {
	mu   sync.Mutex
	open chan struct{}
}

func newGate() *gate { g := &gate{open: make(chan struct{})}; close(g.open); return g }

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = make(chan struct{})
}

func (g *gate) let() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.open)
}

func (g *gate) Wait(ctx context.Context) error {
	g.mu.Lock()
	open := g.open
	g.mu.Unlock()
	select {
	case <-open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestAnOutageCostsNoMessageItsTries(t *testing.T) {
	b, _ := start(t)
	g := newGate()
	s := spec(2)
	s.AckWait = 300 * time.Millisecond // the outage below outlasts it several times
	c := b.Consumer(s, nil)
	c.Gate, c.Retry = g, bus.Retry{Tries: 1}
	var mu sync.Mutex
	paused, handled := 0, map[events.Key]int{}
	down := true
	consume(t, c, func(_ context.Context, d *bus.Delivery) error {
		mu.Lock()
		defer mu.Unlock()
		if down {
			if paused++; paused == 1 {
				g.shut()
			}
			return bus.ErrPaused
		}
		handled[d.Subject.Key] += 1 + 100*d.Tries
		return nil
	})
	for k := range 20 {
		publish(t, b, command(events.Key(fmt.Sprint(k)), fmt.Sprint(k)))
	}
	until(t, "the gate is shut", func() bool { mu.Lock(); defer mu.Unlock(); return paused > 0 })
	outage := time.Now()
	until(t, "an outage of several ack waits", func() bool { return time.Since(outage) > 4*s.AckWait })
	mu.Lock()
	if paused > 4 {
		t.Errorf("%d attempts during the outage; two lanes hold at most four", paused)
	}
	down = false
	mu.Unlock()
	g.let()
	until(t, "all are handled", func() bool { mu.Lock(); defer mu.Unlock(); return len(handled) == 20 })
	for k, n := range handled {
		if n != 1 {
			t.Errorf("key %s: handled with mark %d, want once and without tries", k, n)
		}
	}
	if l := letters(t, b); len(l) != 0 {
		t.Errorf("dead letters: %+v", l)
	}
}

func TestRetriesComeForwardWhenTheSystemIsBack(t *testing.T) {
	b, _ := start(t)
	var mu sync.Mutex
	attempts := 0
	s := spec(1)
	consume(t, b.Consumer(s, nil), func(context.Context, *bus.Delivery) error {
		mu.Lock()
		defer mu.Unlock()
		if attempts++; attempts == 1 {
			return bus.Wait(time.Hour, "the system is away")
		}
		return nil
	})
	publish(t, b, command("1", "a"))
	until(t, "a retry waits", func() bool {
		n, err := b.Hasten(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		return n == 1
	})
	until(t, "the retry", func() bool { mu.Lock(); defer mu.Unlock(); return attempts == 2 })
}

func TestWhatWaitsIsGivenBackAtOnceWhenTheRoleStops(t *testing.T) {
	b, _ := start(t)
	for k := range 4 {
		publish(t, b, command(events.Key(fmt.Sprint(k)), fmt.Sprint(k)))
	}
	began := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	first := b.Consumer(spec(1), nil)
	done := make(chan error)
	var once sync.Once
	go func() {
		done <- first.Run(ctx, func(context.Context, *bus.Delivery) error {
			once.Do(func() { close(began) })
			<-ctx.Done() // told to stop in the middle of its work
			return nil
		})
	}()
	<-began
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	rest := 0
	stopped := time.Now()
	consume(t, b.Consumer(spec(4), nil), func(context.Context, *bus.Delivery) error {
		mu.Lock()
		defer mu.Unlock()
		rest++
		return nil
	})
	until(t, "another replica has the rest", func() bool { mu.Lock(); defer mu.Unlock(); return rest == 3 })
	if took := time.Since(stopped); took > 20*time.Second {
		t.Errorf("the rest waited %s: it was not given back", took)
	}
}

func TestBatchesTakeWhatWaits(t *testing.T) {
	b, _ := start(t)
	for i := range 30 {
		m := command(events.Key(fmt.Sprint(i)), fmt.Sprint(i))
		m.Subject = events.NoticeSubject("main", events.Magento, events.Order, m.Subject.Key)
		publish(t, b, m)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := b.Consumer(bus.CaptureSpec(events.RoleMagentoCapture, "main", events.Magento, 1), nil)
	var sizes []int
	seen := 0
	err := c.RunBatches(ctx, 100, func(_ context.Context, batch []*bus.Delivery) []error {
		sizes = append(sizes, len(batch))
		if seen += len(batch); seen == 30 {
			cancel()
		}
		return make([]error, len(batch))
	})
	if err != nil || len(sizes) > 3 {
		t.Errorf("batches of %v, %v", sizes, err)
	}
}

func TestTheConsumerIsMadeAgainWhenSomebodyDeletesIt(t *testing.T) {
	b, _ := start(t)
	var mu sync.Mutex
	seen := map[events.Key]bool{}
	consume(t, b.Consumer(spec(1), nil), func(_ context.Context, d *bus.Delivery) error {
		mu.Lock()
		defer mu.Unlock()
		seen[d.Subject.Key] = true
		return nil
	})
	publish(t, b, command("1", "a"))
	until(t, "the first", func() bool { mu.Lock(); defer mu.Unlock(); return seen["1"] })
	if err := b.JetStream().DeleteConsumer(t.Context(), bus.Commands, spec(1).Name); err != nil {
		t.Fatal(err)
	}
	publish(t, b, command("2", "b"))
	until(t, "the second", func() bool { mu.Lock(); defer mu.Unlock(); return seen["2"] })
}

func TestAFullStoreRefusesAndLosesNothing(t *testing.T) {
	b, _ := startWith(t, broker.Config{MaxStore: 64 << 10})
	m := command("1", "")
	m.Subject = events.NoticeSubject("main", events.Magento, events.Order, "1")
	m.Data = map[string]string{"padding": strings.Repeat("x", 4<<10)}
	var err error
	stored := uint64(0)
	for i := range 100 {
		m.ID = fmt.Sprint(i)
		if _, err = b.Publish(t.Context(), m); err != nil {
			break
		}
		stored++
	}
	if !errors.Is(err, bus.ErrFull) {
		t.Fatalf("after %d messages: %v", stored, err)
	}
	s, err := b.JetStream().Stream(t.Context(), bus.Notices)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.CachedInfo().State.Msgs; got != stored {
		t.Errorf("%d messages were acknowledged, %d are there", stored, got)
	}
}

// The first death is never seen (see suspect.go), so four that were counted are
// five. That processes really die of a message is proved in tests/replicas.
func TestTheFifthDeathMakesAMessagePoison(t *testing.T) {
	b, _ := start(t)
	s := spec(1)
	s.AckWait = 200 * time.Millisecond
	suspects, err := b.KV(t.Context(), bus.Suspects)
	if err != nil {
		t.Fatal(err)
	}
	durable, err := b.JetStream().CreateOrUpdateConsumer(t.Context(), bus.Commands, jetstream.ConsumerConfig{
		Durable: s.Name, FilterSubject: s.Filters[0], AckPolicy: jetstream.AckExplicitPolicy, AckWait: s.AckWait,
	})
	if err != nil {
		t.Fatal(err)
	}
	for key, counted := range map[events.Key]string{"suspect": "3", "poison": "4"} {
		ack := publish(t, b, command(key, string(key)))
		if _, err := durable.Next(); err != nil { // whoever took it died
			t.Fatal(err)
		}
		if _, err := suspects.PutString(t.Context(), fmt.Sprintf("%s.%d", s.Name, ack.Sequence), counted); err != nil {
			t.Fatal(err)
		}
	}
	handled := make(chan events.Key, 2)
	consume(t, b.Consumer(s, nil), func(_ context.Context, d *bus.Delivery) error {
		handled <- d.Subject.Key
		return nil
	})
	until(t, "a dead letter", func() bool { return len(letters(t, b)) == 1 })
	if l := letters(t, b)[0]; l.Code != "bus.poison" || l.Message.Subject != "magpie.command.main.gp.order.poison" {
		t.Errorf("got %+v", l)
	}
	if key := <-handled; key != "suspect" {
		t.Errorf("%s was handled", key)
	}
}
