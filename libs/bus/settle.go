package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/telemetry"
)

// Retry says when a failure that is confined to one key goes to a person.
// The zero value means 24 hours or 20 tries, whichever comes first.
type Retry struct {
	StuckAfter time.Duration
	Tries      int
}

func (r Retry) stuck(d *Delivery, now time.Time) bool {
	after, tries := r.StuckAfter, r.Tries
	if after == 0 {
		after = 24 * time.Hour
	}
	if tries == 0 {
		tries = 20
	}
	return d.Tries >= tries || now.Sub(d.First) >= after
}

const (
	backoffBase = time.Second
	backoffCap  = 15 * time.Minute
)

// backoff is exponential with full jitter: anything from nothing to
// 2^(tries-1) seconds, at most 15 minutes, and at least what the system asked for.
func backoff(tries int, atLeast time.Duration) time.Duration {
	ceiling := min(backoffBase<<min(max(tries-1, 0), 20), backoffCap)
	return max(rand.N(ceiling), atLeast, 50*time.Millisecond)
}

// attempt runs the handler until the delivery is settled; it repeats only for
// ErrPaused. ctx ends when the role is told to stop, work some seconds later.
func (c *Consumer) attempt(ctx, work context.Context, d *Delivery, handle Handler) {
	defer c.release(d)
	if ctx.Err() != nil { // told to stop before it began: another replica may have it
		_ = d.msg.Nak()
		return
	}
	if !c.open(work, d) {
		return
	}
	if d.redelivered() {
		c.turn.Lock()
		defer c.turn.Unlock()
	}
	for {
		err := c.counted(work, d, func() error { return c.once(work, d, handle) })
		if !errors.Is(err, ErrPaused) {
			c.settle(ctx, work, d, err)
			return
		}
		if c.Gate == nil || c.Gate.Wait(ctx) != nil {
			_ = d.msg.Nak()
			return
		}
	}
}

// attemptBatch handles a batch, and what was delivered before one by one: a
// poison message must not take a whole batch with it.
func (c *Consumer) attemptBatch(ctx, work context.Context, batch []*Delivery, handle BatchHandler) {
	var fresh []*Delivery
	for _, d := range batch {
		defer c.release(d)
		switch {
		case !c.open(work, d):
		case d.redelivered():
			err := c.counted(work, d, func() error { return c.batchOnce(work, []*Delivery{d}, handle)[0] })
			c.settleBatched(ctx, work, d, err)
		default:
			fresh = append(fresh, d)
		}
	}
	if len(fresh) == 0 {
		return
	}
	results := c.batchOnce(work, fresh, handle)
	for i, d := range fresh {
		err := results[i]
		if len(fresh) > 1 && failure.Of(err) != nil && failure.Of(err).Code == codePanic {
			err = c.batchOnce(work, []*Delivery{d}, handle)[0] // who of them was it?
		}
		c.settleBatched(ctx, work, d, err)
	}
}

// settleBatched settles one of a batch: it has no lane to wait in, so a paused
// one is scheduled, and the next fetch waits for the gate.
func (c *Consumer) settleBatched(ctx, work context.Context, d *Delivery, err error) {
	if errors.Is(err, ErrPaused) {
		err = Wait(time.Second, "the breaker is open")
	}
	c.settle(ctx, work, d, err)
}

// open reads the delivery; one that can't be read is dead at once.
func (c *Consumer) open(ctx context.Context, d *Delivery) bool {
	err := d.read()
	if err == nil {
		d.Event, err = Decode(ctx, d.msg.Headers(), d.msg.Data())
	}
	if err != nil {
		c.bury(ctx, d, failure.Of(err))
		return false
	}
	return true
}

// once runs the handler inside the trace of the event that it handles.
func (c *Consumer) once(ctx context.Context, d *Delivery, handle Handler) (err error) {
	ctx = telemetry.WithKey(telemetry.Extract(ctx, d.Event), d.Subject.Pair, string(d.Subject.Entity), string(d.Subject.Key))
	ctx, span := tracer.Start(ctx, fmt.Sprintf("%s %s", c.Spec.Role, d.Subject.Word),
		trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(
			attribute.String("messaging.system", "nats"),
			attribute.String("messaging.destination.name", d.msg.Subject()),
			attribute.String("messaging.message.id", d.Event.ID()),
			attribute.String("magpie.pair", d.Subject.Pair),
			attribute.String("magpie.key", string(d.Subject.Key)),
			attribute.Int("magpie.tries", d.Tries)))
	began := time.Now()
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
		word := "ok"
		if err != nil {
			word = kindOf(err)
			span.SetStatus(codes.Error, telemetry.ScrubText(err.Error()))
		}
		c.metrics.Handled(string(c.Spec.Role), word, time.Since(began))
		span.End()
	}()
	return handle(ctx, d)
}

func (c *Consumer) batchOnce(ctx context.Context, batch []*Delivery, handle BatchHandler) (results []error) {
	// A batch of one stays in that message's trace; a larger one links to each.
	var links []trace.Link
	if len(batch) == 1 {
		ctx = telemetry.Extract(ctx, batch[0].Event)
	} else {
		for _, d := range batch {
			links = append(links, trace.LinkFromContext(telemetry.Extract(ctx, d.Event)))
		}
	}
	ctx, span := tracer.Start(ctx, string(c.Spec.Role)+" batch", trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithLinks(links...), trace.WithAttributes(attribute.Int("messaging.batch.message_count", len(batch))))
	began := time.Now()
	defer func() {
		if p := recover(); p != nil {
			results = repeat(panicked(p), len(batch))
		}
		c.metrics.Handled(string(c.Spec.Role), "batch", time.Since(began))
		span.End()
	}()
	results = handle(ctx, batch)
	if len(results) != len(batch) {
		results = repeat(failure.Defect("bus.batch", "the handler gave too few results", nil), len(batch))
	}
	return results
}

// codePanic is the code of a handler that panicked.
const codePanic = "panic"

func panicked(p any) error {
	f := failure.Defect(codePanic, fmt.Sprint("the handler panicked: ", p), nil)
	return f.Because(&stackError{string(debug.Stack())})
}

type stackError struct{ stack string }

func (s *stackError) Error() string { return s.stack }

func repeat(err error, n int) []error {
	out := make([]error, n)
	for i := range out {
		out[i] = err
	}
	return out
}

func kindOf(err error) string {
	var w *waitError
	if errors.As(err, &w) {
		return "waiting"
	}
	if errors.Is(err, ErrPaused) {
		return "paused"
	}
	return string(failure.Of(err).Kind)
}

// settle is the one place that decides what becomes of a message. It publishes
// before it acknowledges; when it can't publish, it leaves the message to be
// delivered again.
func (c *Consumer) settle(ctx, work context.Context, d *Delivery, err error) {
	key := d.msg.Subject()
	var w *waitError
	switch {
	case err == nil:
		c.health.succeeded()
		_ = d.msg.Ack()
		return
	case errors.As(err, &w):
		c.later(work, d, w.after)
		return
	case ctx.Err() != nil && failure.Of(err).Kind == failure.KindTransient:
		_ = d.msg.Nak() // stopping: the next owner goes on at once, and asks first
		return
	}

	f, now := failure.Of(err), time.Now().UTC()
	if f.Kind != failure.KindTransient {
		c.bury(work, d, f)
		return
	}
	alone := c.health.failed(key)
	if !f.System { // an outage costs no message its tries
		d.Tries++
	}
	d.remember(f, now)
	if !f.System && alone && c.Retry.stuck(d, now) {
		c.bury(work, d, &failure.Error{
			Kind: failure.KindTransient, Code: "stuck", Field: f.Field,
			Reason: fmt.Sprintf("tried %d times since %s, and only this record fails; last: %s: %s",
				d.Tries, d.First.Format(time.RFC3339), f.Code, f.Reason),
			Fix: "look at the record in the target system, then replay",
		})
		return
	}
	c.log.WarnContext(work, "will be tried again", "key", string(d.Subject.Key), "code", f.Code, "reason", f.Reason, "tries", d.Tries)
	c.later(work, d, backoff(d.Tries, f.After))
}

// later stores the message's next attempt as a message schedule, then
// acknowledges this one: nothing waits inside the consumer. The streams that
// have no schedules (their sequence is their order) are asked to redeliver.
func (c *Consumer) later(ctx context.Context, d *Delivery, after time.Duration) {
	if c.Spec.Stream != Notices && c.Spec.Stream != Commands {
		_ = d.msg.NakWithDelay(after)
		return
	}
	header := d.retryHeader()
	at := time.Now().Add(after).UTC()
	header.Set(jetstream.MsgIDHeader, fmt.Sprintf("%s:later:%d", d.Event.ID(), d.Sequence))
	header.Set(headerSchedule, "@at "+at.Format(time.RFC3339Nano))
	header.Set(headerScheduleTarget, d.msg.Subject())
	_, err := c.bus.publish(ctx, &nats.Msg{
		Subject: events.LaterSubject(d.Subject, d.Event.ID()), Header: header, Data: d.msg.Data(),
	})
	if err != nil {
		c.log.ErrorContext(ctx, "the retry can't be scheduled; NATS will deliver again", "key", string(d.Subject.Key), "error", err)
		_ = d.msg.NakWithDelay(after)
		return
	}
	_ = d.msg.Ack()
}

// Headers of JetStream message schedules (nats-server ADR-51). They are set by
// hand because jetstream.WithScheduleAt rounds down to whole seconds.
const (
	headerSchedule       = "Nats-Schedule"
	headerScheduleTarget = "Nats-Schedule-Target"
)

// bury stores a dead letter, says so in an outcome, and acknowledges.
func (c *Consumer) bury(ctx context.Context, d *Delivery, f *failure.Error) {
	c.health.succeeded() // a verdict on one record is no failure of the system
	letter := deadLetter(d, f)
	if d.Subject.Word == events.WordChange {
		// The epoch goes with the letter: a replay must not outrank what came
		// after CHANGES began again.
		epoch, err := c.bus.Epoch(ctx)
		if err != nil {
			c.log.ErrorContext(ctx, "the epoch can't be read; NATS will deliver again", "error", err)
			_ = d.msg.NakWithDelay(backoff(5, 0))
			return
		}
		letter.Message.Epoch = d.OriginEpoch(epoch)
	}
	subject := d.Subject
	if subject.Pair == "" { // the subject itself could not be read
		subject = events.Subject{Pair: "unknown", Entity: "unknown", Key: events.Key(d.msg.Subject())}
	}
	subject.Word, subject.Scope = events.WordDead, string(c.Spec.Role)
	msg := Message{
		Subject: subject, Type: events.DeadType, Data: letter,
		ID: fmt.Sprintf("dead:%s:%d", c.Spec.Name, d.Sequence),
	}
	if d.Event.ID() != "" {
		msg.Cause = &d.Event
		ctx = telemetry.Extract(ctx, d.Event)
	}
	ack, err := c.bus.Publish(ctx, msg)
	if err != nil {
		c.log.ErrorContext(ctx, "the dead letter can't be stored; NATS will deliver again", "error", err)
		_ = d.msg.NakWithDelay(backoff(5, 0))
		return
	}
	if c.OneLetter {
		c.replaceLetters(ctx, subject, ack.Sequence)
	}
	if c.Refused != nil && d.Event.ID() != "" {
		if outcome, ok := c.Refused(d, f); ok {
			if _, err := c.bus.Publish(ctx, outcome); err != nil {
				c.log.ErrorContext(ctx, "the outcome can't be stored; NATS will deliver again", "error", err)
				_ = d.msg.NakWithDelay(backoff(5, 0))
				return
			}
		}
	}
	c.metrics.DeadLetter(string(c.Spec.Role), string(f.Kind), f.Code)
	c.log.WarnContext(ctx, "dead letter", "subject", d.msg.Subject(), "kind", string(f.Kind), "code", f.Code, "reason", f.Reason)
	_ = d.msg.Ack()
}

// replaceLetters takes the letters of a key away that are older than its newest.
func (c *Consumer) replaceLetters(ctx context.Context, subject events.Subject, newest uint64) {
	for letter, err := range c.bus.Scan(ctx, Dead, subject.String()) {
		if err == nil && letter.Sequence < newest {
			err = c.bus.Delete(ctx, Dead, letter.Sequence)
		}
		if err != nil { // it is replaced with the next one
			c.log.WarnContext(ctx, "an older dead letter can't be replaced", "subject", subject.String(), "error", err)
			return
		}
	}
}

func deadLetter(d *Delivery, f *failure.Error) events.DeadLetter {
	headers := map[string]string{}
	for name := range d.msg.Headers() {
		if strings.HasPrefix(name, "ce-") || name == "content-type" {
			headers[name] = d.msg.Headers().Get(name)
		}
	}
	letter := events.DeadLetter{
		Kind: string(f.Kind), Code: f.Code, Reason: f.Reason, Field: f.Field, Fix: f.Fix,
		Tries: d.Tries, First: d.First, Last: time.Now().UTC(), History: d.History,
		Message: events.Message{Subject: d.msg.Subject(), Sequence: d.Origin(), Headers: headers},
	}
	if f.Code != "stuck" {
		letter.Tries++
	}
	if !d.earlier.First.IsZero() { // it was a letter before, and was replayed
		letter.Tries += d.earlier.Tries
		letter.First = d.earlier.First
	}
	if json.Valid(d.msg.Data()) {
		letter.Message.Body = d.msg.Data()
	} else {
		letter.Message.Raw = d.msg.Data()
	}
	var stack *stackError
	if errors.As(f, &stack) {
		letter.Stack = stack.stack
	}
	return letter
}

// Hasten brings the scheduled retries under a command or notice filter forward
// to now: the system that they wait for is back. A retry that fires meanwhile
// runs twice, which revisions make harmless.
func (b *Bus) Hasten(ctx context.Context, spec Spec) (int, error) {
	s, err := b.stream(ctx, spec.Stream)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, filter := range spec.Filters {
		hastened, err := b.hasten(ctx, s, strings.Replace(filter, "magpie.", "magpie.later.", 1)+".*")
		if n += hastened; err != nil {
			return n, fmt.Errorf("hasten the retries of %s: %w", spec.Name, err)
		}
	}
	return n, nil
}

func (b *Bus) hasten(ctx context.Context, s jetstream.Stream, filter string) (n int, err error) {
	info, err := s.Info(ctx, jetstream.WithSubjectFilter(filter))
	if err != nil {
		return 0, err
	}
	for subject := range info.State.Subjects {
		raw, err := s.GetLastMsgForSubject(ctx, subject)
		if err != nil {
			continue // it fired meanwhile
		}
		header := raw.Header
		header.Set(headerSchedule, "@at "+time.Now().UTC().Format(time.RFC3339Nano))
		header.Set(jetstream.MsgIDHeader, header.Get(jetstream.MsgIDHeader)+":now:"+strconv.FormatUint(raw.Sequence, 10))
		if _, err := b.publish(ctx, &nats.Msg{Subject: subject, Header: header, Data: raw.Data}); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// health knows whether a failing key is alone: a system that fails for others
// too is down or ill, and its messages are tried for ever.
type health struct {
	mu      sync.Mutex
	failing map[string]struct{}
}

func (h *health) succeeded() {
	h.mu.Lock()
	defer h.mu.Unlock()
	// One success shows that the system works: what still fails does so by itself.
	clear(h.failing)
}

// failed notes a failure and tells whether this key is the only one that fails.
func (h *health) failed(key string) (alone bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failing == nil {
		h.failing = map[string]struct{}{}
	}
	h.failing[key] = struct{}{}
	return len(h.failing) == 1
}
