package transform_test

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/shopspring/decimal"
	"go.uber.org/goleak"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/libs/effect"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/flow"
	"github.com/magpie-integration/magpie/services/transform"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newOrder is a Magento order of 68.13 USD in the state new, with the number
// 000000123 and the internal number 871.
//
//go:embed testdata/order.json
var newOrder string

// with gives the order with another text in one place.
func with(t *testing.T, old, text string) string {
	t.Helper()
	if strings.Count(newOrder, old) != 1 {
		t.Fatalf("%q is not once in the order", old)
	}
	return strings.Replace(newOrder, old, text, 1)
}

// stream keeps what is published.
type stream struct {
	messages []bus.Message
	epochs   int // how often it was asked
	err      error
}

func (s *stream) Publish(_ context.Context, m bus.Message) (bus.Ack, error) {
	if s.err != nil {
		return bus.Ack{}, s.err
	}
	s.messages = append(s.messages, m)
	return bus.Ack{Sequence: uint64(len(s.messages))}, nil
}

func (s *stream) Epoch(context.Context) (uint64, error) {
	s.epochs++
	return 7, s.err
}

// only gives the one message that was published, and its payload.
func only[T any](t *testing.T, s *stream) (bus.Message, T) {
	t.Helper()
	if len(s.messages) != 1 {
		t.Fatalf("%d messages, want one: %+v", len(s.messages), s.messages)
	}
	data, ok := s.messages[0].Data.(T)
	if !ok {
		t.Fatalf("got a %T", s.messages[0].Data)
	}
	return s.messages[0], data
}

// pairs are flows that never change.
type pairs map[string]*flow.Set

func (p pairs) Of(pair string) (*flow.Set, error) { return p[pair], nil }

// template gives a flow that ships with Magpie, changed where a test wants it.
func template(t *testing.T, name string, changes ...string) *flow.Program {
	t.Helper()
	text, err := fs.ReadFile(flow.Templates(), name+".yaml")
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.NewReplacer(changes...).Replace(string(text))
	if len(changes) > 0 && changed == string(text) {
		t.Fatalf("nothing of %q is in the flow", changes)
	}
	document, err := flow.Parse(name+".yaml", []byte(changed))
	if err != nil {
		t.Fatal(err)
	}
	program, err := flow.Compile(document)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// refuser is a flow of a name that refuses every order with a code.
func refuser(t *testing.T, name, code string) *flow.Program {
	t.Helper()
	return template(t, "order-to-gp", "flow: order-to-gp", "flow: "+name,
		"\nchecks:\n", "\nchecks:\n  - {that: order.increment_id == \"none\", else: refuse, code: "+code+", reason: \"never, says "+name+"\"}\n")
}

// templates are the two flows of the default pair.
func templates(t *testing.T) []*flow.Program {
	t.Helper()
	return []*flow.Program{template(t, "order-to-gp"), template(t, "order-status-to-magento")}
}

func newTransform(s transform.Stream, flows ...*flow.Program) *transform.Transform {
	return transform.New(s, pairs{"main": {Flows: flows}}, nil)
}

// delivery is a message as a consumer gives it.
type delivery struct {
	subject  events.Subject
	typ      string
	id       string
	sequence uint64
	headers  map[string]string
	data     any
}

func (m delivery) open(t *testing.T) *bus.Delivery {
	t.Helper()
	body, err := json.Marshal(m.data)
	if err != nil {
		t.Fatal(err)
	}
	header := nats.Header{}
	for name, value := range map[string]string{
		"ce-specversion": "1.0", "ce-id": m.id, "ce-type": m.typ, "ce-source": "/test", "content-type": "application/json",
	} {
		header.Set(name, value)
	}
	for name, value := range m.headers {
		header.Set("ce-"+name, value)
	}
	ev, err := bus.Decode(t.Context(), header, body)
	if err != nil {
		t.Fatal(err)
	}
	return &bus.Delivery{Event: ev, Subject: m.subject, Sequence: m.sequence, Stored: time.Now()}
}

// changed is a change of the order, the 42nd message in CHANGES.
func changed(record string) delivery {
	return delivery{
		subject: events.ChangeSubject("main", events.Magento, events.Order, "000000123"),
		typ:     events.TypeName(events.Magento, events.Order, "changed"), id: "c1", sequence: 42,
		data: events.Change{Record: json.RawMessage(record)},
	}
}

// ended is an outcome of GP's having taken the order, the 9th in OUTCOMES.
func ended(set func(o *events.Outcome), depth int) delivery {
	o := events.Outcome{
		Result: events.Applied, System: events.GP, Entity: events.Order, Target: "WEB000000123", Flow: "order-to-gp",
		FlowVersion: 1, Revision: events.Revision{Epoch: 7, Change: 42}, Source: source(),
	}
	if set != nil {
		set(&o)
	}
	return delivery{
		subject: events.OutcomeSubject("main", events.Magento, events.Order, "000000123"),
		typ:     events.TypeName(events.Magento, events.Order, "ended"), id: "o1", sequence: 9,
		headers: map[string]string{events.ExtDepth: strconv.Itoa(depth)}, data: o,
	}
}

// ofPair is the message in another pair.
func ofPair(m delivery, pair string) delivery {
	m.subject.Pair = pair
	return m
}

func source() events.SourceRef {
	return events.SourceRef{
		System: events.Magento, Entity: events.Order, Key: "000000123", ID: 871, At: time.Date(2026, 11, 25, 3, 30, 0, 0, time.UTC),
	}
}

func TestAChangeBecomesACommand(t *testing.T) {
	s := &stream{}
	d := changed(newOrder).open(t)
	if err := newTransform(s, templates(t)...).Change(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	m, cmd := only[events.Command](t, s)
	if m.Subject.String() != "magpie.command.main.gp.order.000000123" || m.Type != "io.magpie.gp.order.write.v1" {
		t.Errorf("got %s of type %s", m.Subject, m.Type)
	}
	if m.Cause == nil || m.Cause.ID() != "c1" || m.Depth != 0 {
		t.Errorf("caused by %v, depth %d", m.Cause, m.Depth)
	}
	if cmd.Verb != events.Apply || cmd.Target != "WEB000000123" || cmd.Flow != "order-to-gp" || cmd.FlowVersion != 1 || cmd.Write != 0 {
		t.Errorf("got %+v", cmd)
	}
	if want := (events.Revision{Epoch: 7, Change: 42}); cmd.Revision != want {
		t.Errorf("revision %s, want %s", cmd.Revision, want)
	}
	if cmd.Source != source() {
		t.Errorf("source %+v, want %+v", cmd.Source, source())
	}
	var document events.SalesOrder
	if err := json.Unmarshal(cmd.Document, &document); err != nil {
		t.Fatal(err)
	}
	if document.Number != "WEB000000123" || !document.Total.Equal(decimal.RequireFromString("68.13")) || len(document.Lines) != 2 {
		t.Errorf("document %s", cmd.Document)
	}
	if len(cmd.Warnings) != 1 || !strings.Contains(cmd.Warnings[0], "order.shipping.unmapped") {
		t.Errorf("warnings %q", cmd.Warnings)
	}
}

func TestACommandsIDNamesItsOccurrence(t *testing.T) {
	run := func(d delivery, program *flow.Program) string {
		s := &stream{}
		if err := newTransform(s, program).Change(t.Context(), d.open(t)); err != nil {
			t.Fatal(err)
		}
		m, _ := only[events.Command](t, s)
		return m.ID
	}
	v1 := template(t, "order-to-gp")
	first := run(changed(newOrder), v1)
	another, elsewhere := changed(newOrder), changed(newOrder)
	another.id = "c2"
	elsewhere.sequence = 43
	for name, tc := range map[string]struct {
		id   string
		same bool
	}{
		"delivered again":                 {run(changed(newOrder), v1), true},
		"delivered again, from elsewhere": {run(elsewhere, v1), true},
		"another change":                  {run(another, v1), false},
		"another version of the flow":     {run(changed(newOrder), template(t, "order-to-gp", "version: 1", "version: 2")), false},
		"another flow":                    {run(changed(newOrder), template(t, "order-to-gp", "flow: order-to-gp", "flow: mine")), false},
	} {
		if (tc.id == first) != tc.same {
			t.Errorf("%s: got %s after %s", name, tc.id, first)
		}
	}
}

func TestAnOrderThatNoFlowTakesYetIsSkippedWithTheCondition(t *testing.T) {
	s := &stream{}
	d := changed(with(t, `"state": "new"`, `"state": "pending_payment"`))
	if err := newTransform(s, templates(t)...).Change(t.Context(), d.open(t)); err != nil {
		t.Fatal(err)
	}
	m, o := only[events.Outcome](t, s)
	if m.Subject.String() != "magpie.outcome.main.magento.order.000000123" || m.Type != "io.magpie.magento.order.ended.v1" || m.Depth != 1 {
		t.Errorf("got %s of type %s, depth %d", m.Subject, m.Type, m.Depth)
	}
	if o.Result != events.Skipped || o.Flow != "order-to-gp" || o.FlowVersion != 1 || o.System != events.GP || o.Target != "WEB000000123" {
		t.Errorf("got %+v", o)
	}
	if o.Reason != "waits for its payment (state pending_payment)" || o.Details["condition"] != `order.state != "pending_payment"` {
		t.Errorf("reason %q, condition %q", o.Reason, o.Details["condition"])
	}
	if o.Source != source() || o.Revision != (events.Revision{Epoch: 7, Change: 42}) {
		t.Errorf("of %+v, revision %s", o.Source, o.Revision)
	}
}

func TestACancelledOrderIsWithdrawn(t *testing.T) {
	s := &stream{}
	d := changed(with(t, `"state": "new"`, `"state": "canceled"`))
	if err := newTransform(s, templates(t)...).Change(t.Context(), d.open(t)); err != nil {
		t.Fatal(err)
	}
	_, cmd := only[events.Command](t, s)
	if cmd.Verb != events.Withdraw || cmd.Target != "WEB000000123" || cmd.Mark != "000000123" || cmd.Document != nil || !strings.Contains(cmd.Reason, "cancelled") {
		t.Errorf("got %+v", cmd)
	}
}

// An order that replaces an edited one amends its document and withdraws its
// own number; both commands name the order itself as their source.
func TestAnEditedOrderTakesOverTheFirstOnesDocument(t *testing.T) {
	s := &stream{}
	d := changed(with(t, `"increment_id": "000000123"`, `"increment_id": "000000123-1", "relation_parent_real_id": "000000123"`))
	d.subject.Key = "000000123-1"
	change := d.data.(events.Change)
	change.Related = map[string]json.RawMessage{
		"ancestors": json.RawMessage(`[{"increment_id": "000000123", "state": "canceled", "relation_child_real_id": "000000123-1"}]`),
	}
	d.data = change
	if err := newTransform(s, templates(t)...).Change(t.Context(), d.open(t)); err != nil {
		t.Fatal(err)
	}
	if len(s.messages) != 2 || s.messages[0].ID == s.messages[1].ID {
		t.Fatalf("published %+v", s.messages)
	}
	amend, own := s.messages[0].Data.(events.Command), s.messages[1].Data.(events.Command)
	if amend.Verb != events.Apply || amend.Target != "WEB000000123" || amend.Source.Key != "000000123-1" {
		t.Errorf("got %+v", amend)
	}
	if own.Verb != events.Withdraw || own.Target != "WEB000000123-1" || own.Mark != "000000123-1" || own.Write != 1 || own.Source.Key != "000000123-1" {
		t.Errorf("got %+v", own)
	}
}

func TestWhatAFlowCantDoIsAFailureThatSaysWhy(t *testing.T) {
	for name, tc := range map[string]struct {
		d        delivery
		settings map[string]any
		kind     failure.Kind
		code     string
		says     string
	}{
		"totals that don't fit, with the difference": {
			d: changed(with(t, `"grand_total": 68.13`, `"grand_total": 69.13`)), kind: failure.KindRejected, code: "order.total.mismatch", says: "a difference of 1",
		},
		"a payment method without a row": {
			d: changed(with(t, `"method": "checkmo"`, `"method": "bitcoin"`)), kind: failure.KindRejected, code: "order.payment.unmapped", says: "bitcoin",
		},
		"a pair that is not configured": {
			d: ofPair(changed(newOrder), "other"), kind: failure.KindRejected, code: "transform.pair", says: "no pair other",
		},
		"a setting of the wrong kind": {
			d: changed(newOrder), settings: map[string]any{"order.prefix": 5}, kind: failure.KindRejected, code: "flow.setting", says: "order.prefix",
		},
		"a record that is none": {d: changed(`["?"]`), kind: failure.KindDefect, code: "flow.record.unreadable", says: "not a record"},
		"a payload that is none": {
			d: delivery{subject: changed("").subject, typ: changed("").typ, id: "c1", data: "hello"}, kind: failure.KindDefect, code: "bus.payload", says: "payload",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &stream{}
			err := transform.New(s, pairs{"main": {Flows: templates(t), Settings: tc.settings}}, nil).Change(t.Context(), tc.d.open(t))
			if f := failure.Of(err); f == nil || f.Kind != tc.kind || f.Code != tc.code || !strings.Contains(f.Reason, tc.says) {
				t.Errorf("got %v", err)
			}
			if len(s.messages) != 0 {
				t.Errorf("published %+v", s.messages)
			}
		})
	}
}

func TestOneFlowsRefusalKeepsNoOtherFromRunning(t *testing.T) {
	for name, flows := range map[string][]*flow.Program{
		"the refusing flow first": {refuser(t, "strict", "strict.no"), template(t, "order-to-gp")},
		"the refusing flow last":  {template(t, "order-to-gp"), refuser(t, "strict", "strict.no")},
	} {
		t.Run(name, func(t *testing.T) {
			s := &stream{}
			err := newTransform(s, flows...).Change(t.Context(), changed(newOrder).open(t))
			if f := failure.Of(err); f == nil || f.Code != "strict.no" || f.Kind != failure.KindRejected {
				t.Errorf("got %v", err)
			}
			if _, cmd := only[events.Command](t, s); cmd.Flow != "order-to-gp" {
				t.Errorf("got %+v", cmd)
			}
		})
	}
}

func TestSeveralRefusalsAreToldTogether(t *testing.T) {
	s := &stream{}
	err := newTransform(s, refuser(t, "strict", "strict.no"), refuser(t, "stricter", "stricter.no")).Change(t.Context(), changed(newOrder).open(t))
	f := failure.Of(err)
	if f == nil || f.Kind != failure.KindRejected || f.Code != "strict.no" {
		t.Fatalf("got %v", err)
	}
	for _, part := range []string{"never, says strict", "flow stricter", "stricter.no", "never, says stricter"} {
		if !strings.Contains(f.Reason, part) {
			t.Errorf("a dead letter would not say %q: %s", part, f.Reason)
		}
	}
}

func TestEachPairHasItsOwnFlowsAndSettings(t *testing.T) {
	s := &stream{}
	tr := transform.New(s, pairs{
		"main": {Flows: templates(t), Settings: map[string]any{"order.prefix": "US"}},
		"eu":   {Flows: []*flow.Program{refuser(t, "strict", "strict.no")}},
		"bare": {},
	}, nil)
	if err := tr.Change(t.Context(), changed(newOrder).open(t)); err != nil {
		t.Fatal(err)
	}
	if m, cmd := only[events.Command](t, s); m.Subject.Pair != "main" || cmd.Target != "US000000123" {
		t.Errorf("got %s for %s", m.Subject, cmd.Target)
	}
	if err := tr.Change(t.Context(), ofPair(changed(newOrder), "eu").open(t)); err == nil || failure.Of(err).Code != "strict.no" {
		t.Errorf("got %v", err)
	}
	s.messages = nil
	if err := tr.Change(t.Context(), ofPair(changed(newOrder), "bare").open(t)); err != nil {
		t.Fatal(err)
	}
	if m, o := only[events.Outcome](t, s); m.Subject.Pair != "bare" || !strings.Contains(o.Reason, "no flow starts from") {
		t.Errorf("got %s with %+v", m.Subject, o)
	}
}

func TestAChangeThatNoFlowStartsFromIsSkipped(t *testing.T) {
	s := &stream{}
	d := changed(`{"id":5}`)
	d.subject = events.ChangeSubject("main", events.Magento, events.Customer, "5")
	if err := newTransform(s, templates(t)...).Change(t.Context(), d.open(t)); err != nil {
		t.Fatal(err)
	}
	m, o := only[events.Outcome](t, s)
	if m.Subject.String() != "magpie.outcome.main.magento.customer.5" || o.Result != events.Skipped ||
		o.Reason != "no flow starts from io.magpie.magento.customer.changed.v1" || o.System != "" {
		t.Errorf("got %s with %+v", m.Subject, o)
	}
}

func TestAReplayedChangeIsNeverNewerThanItWas(t *testing.T) {
	s := &stream{}
	d := changed(newOrder)
	d.id, d.sequence, d.headers = "replay:dead:transform_changes:42", 99, map[string]string{events.ExtOrigin: "42"}
	if err := newTransform(s, templates(t)...).Change(t.Context(), d.open(t)); err != nil {
		t.Fatal(err)
	}
	if _, cmd := only[events.Command](t, s); cmd.Revision != (events.Revision{Epoch: 7, Change: 42}) {
		t.Errorf("revision %s", cmd.Revision)
	}
}

func TestWhatGPHasTakenIsToldToMagento(t *testing.T) {
	s := &stream{}
	d := ended(func(o *events.Outcome) { o.Result = events.Applied }, 1)
	if err := newTransform(s, templates(t)...).Outcome(t.Context(), d.open(t)); err != nil {
		t.Fatal(err)
	}
	m, cmd := only[events.Command](t, s)
	if m.Subject.String() != "magpie.command.main.magento.order.000000123" || m.Type != "io.magpie.magento.order.write.v1" || m.Depth != 1 {
		t.Errorf("got %s of type %s, depth %d", m.Subject, m.Type, m.Depth)
	}
	if want := (events.Revision{Epoch: 7, Change: 42, Outcome: 9}); cmd.Revision != want {
		t.Errorf("revision %s, want %s", cmd.Revision, want)
	}
	var status events.OrderStatus
	if err := json.Unmarshal(cmd.Document, &status); err != nil {
		t.Fatal(err)
	}
	if cmd.Source != source() || cmd.Target != "000000123" || status.EntityID != 871 || status.Mark != "WEB000000123" || status.State != "processing" {
		t.Errorf("got %+v with %s", cmd, cmd.Document)
	}
}

// Every write is told as applied once, so "unchanged" has nothing new to say.
func TestWhatGPHadAlreadyIsNotToldAgain(t *testing.T) {
	s := &stream{}
	d := ended(func(o *events.Outcome) { o.Result = events.Unchanged }, 1)
	if err := newTransform(s, templates(t)...).Outcome(t.Context(), d.open(t)); err != nil {
		t.Fatal(err)
	}
	if len(s.messages) != 0 {
		t.Errorf("got %v", s.messages)
	}
}

func TestOutcomesThatStartNothing(t *testing.T) {
	for name, tc := range map[string]struct {
		set   func(o *events.Outcome)
		depth int
		pair  string
	}{
		"of a notice":                       {set: func(o *events.Outcome) { o.System, o.Entity, o.Result = "", "", events.Skipped }},
		"of the Magento order itself":       {set: func(o *events.Outcome) { o.System = events.Magento }},
		"GP refused it":                     {set: func(o *events.Outcome) { o.Result = events.Refused }},
		"GP was not asked":                  {set: func(o *events.Outcome) { o.Result = events.Skipped }},
		"at the end of its chain":           {depth: transform.MaxDepth},
		"of a pair that is not there (now)": {pair: "gone"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &stream{}
			d := ofPair(ended(tc.set, tc.depth), cmp.Or(tc.pair, "main"))
			if err := newTransform(s, templates(t)...).Outcome(t.Context(), d.open(t)); err != nil {
				t.Error(err)
			}
			if len(s.messages) != 0 {
				t.Errorf("published %+v", s.messages)
			}
		})
	}
}

// echo is a flow that starts from every outcome, also from its own: a mistake.
func echo(t *testing.T) *flow.Program {
	t.Helper()
	text, err := fs.ReadFile(flow.Templates(), "order-status-to-magento.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, conditions, _ := strings.Cut(string(text), "    when:\n")
	conditions, _, _ = strings.Cut(conditions, "    fields:\n")
	return template(t, "order-status-to-magento", "    when:\n"+conditions, "")
}

func TestFlowsThatStartEachOtherComeToAnEnd(t *testing.T) {
	s := &stream{}
	tr := newTransform(s, echo(t))
	d := ended(nil, 1).open(t)
	for range 100 {
		if err := tr.Outcome(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if len(s.messages) == 0 {
			break
		}
		command, cmd := only[events.Command](t, s)
		s.messages = nil
		// The writer does it, and says so.
		done := effect.Outcome(delivery{
			subject: command.Subject, typ: command.Type, id: command.ID, data: cmd,
			headers: map[string]string{events.ExtDepth: strconv.Itoa(command.Depth)},
		}.open(t), cmd, events.Outcome{Result: events.Applied})
		d = delivery{
			subject: done.Subject, typ: done.Type, id: done.ID, sequence: 10, data: done.Data,
			headers: map[string]string{events.ExtDepth: strconv.Itoa(done.Depth)},
		}.open(t)
	}
	if got := d.Depth(); got != transform.MaxDepth {
		t.Errorf("the chain ended at depth %d", got)
	}
}

func TestNothingIsDoneBeforeTheStreamHasIt(t *testing.T) {
	away := failure.Down("nats.no_ack", "NATS did not acknowledge the message", nil)
	for name, record := range map[string]string{
		"a command": newOrder, "a skip": with(t, `"state": "new"`, `"state": "pending_payment"`),
	} {
		t.Run(name, func(t *testing.T) {
			s := &stream{}
			tr := newTransform(s, templates(t)...)
			if err := tr.Change(t.Context(), changed(newOrder).open(t)); err != nil { // the epoch is known now
				t.Fatal(err)
			}
			s.err = away
			if err := tr.Change(t.Context(), changed(record).open(t)); !errors.Is(err, away) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestTheEpochIsAskedForOnceAndAFailureIsNotKept(t *testing.T) {
	s := &stream{err: errors.New("NATS is away")}
	tr := newTransform(s, templates(t)...)
	if err := tr.Change(t.Context(), changed(newOrder).open(t)); !errors.Is(err, s.err) {
		t.Errorf("got %v", err)
	}
	s.err = nil
	for range 3 {
		if err := tr.Change(t.Context(), changed(newOrder).open(t)); err != nil {
			t.Fatal(err)
		}
	}
	if s.epochs != 2 {
		t.Errorf("asked %d times", s.epochs)
	}
}

func TestARefusedChangeHasAnOutcome(t *testing.T) {
	f := failure.Rejected("order.total.mismatch", "total", "a difference of 1", "look")
	m, ok := transform.Refused(changed(newOrder).open(t), f)
	o, _ := m.Data.(events.Outcome)
	if !ok || m.Subject.String() != "magpie.outcome.main.magento.order.000000123" || o.Result != events.Refused || o.Code != f.Code || o.Reason != f.Reason {
		t.Errorf("got %+v, %v", m, ok)
	}
	if _, ok := transform.Refused(ended(nil, 1).open(t), f); ok {
		t.Error("an outcome of an outcome says nothing new")
	}
}

// TestAReplayAfterTheFlowWasMended goes the whole way over a broker: refused,
// dead, told; mended, replayed, written; and the revision is the first one's.
func TestAReplayAfterTheFlowWasMended(t *testing.T) {
	b := bustest.Start(t)
	publish := func(key events.Key, record string) bus.Ack {
		ack, err := b.Publish(t.Context(), bus.Message{
			Subject: events.ChangeSubject("main", events.Magento, events.Order, key),
			Type:    events.TypeName(events.Magento, events.Order, "changed"), ID: "change-" + string(key),
			Data: events.Change{Record: json.RawMessage(record)},
		})
		if err != nil {
			t.Fatal(err)
		}
		return ack
	}
	publish("000000122", with(t, `"state": "new"`, `"state": "holded"`))
	first := publish("000000123", with(t, `"grand_total": 68.13`, `"grand_total": 68.14`))

	consume := func(settings map[string]any) (stop func()) {
		tr := transform.New(b, pairs{"main": {Flows: templates(t), Settings: settings}}, nil)
		c := b.Consumer(bus.TransformChangesSpec(1), nil)
		c.Refused = transform.Refused
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.Run(ctx, tr.Change) }()
		stop = sync.OnceFunc(func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
		t.Cleanup(stop)
		return stop
	}
	stop := consume(map[string]any{})
	until(t, "the refusal is told", func() bool {
		_, ok, err := b.Last(t.Context(), bus.Outcomes, "magpie.outcome.main.magento.order.000000123")
		return ok && err == nil
	})
	stop()
	stored, ok, err := b.Last(t.Context(), bus.Dead, "magpie.dead.main.transform.order.000000123")
	if err != nil || !ok {
		t.Fatalf("no dead letter: %v", err)
	}
	var letter events.DeadLetter
	if err := json.Unmarshal(stored.Data, &letter); err != nil {
		t.Fatal(err)
	}
	if letter.Code != "order.total.mismatch" || letter.Message.Sequence != first.Sequence {
		t.Fatalf("got %+v", letter)
	}

	if _, err := b.Resend(t.Context(), bus.Replay{Letter: letter, ID: "replay:1", Cause: "dead:1", Rewrite: 2}); err != nil {
		t.Fatal(err)
	}
	consume(map[string]any{"order.tolerance": json.Number("0.01")})
	var written bus.Stored
	until(t, "the command", func() bool {
		var ok bool
		written, ok, err = b.Last(t.Context(), bus.Commands, "magpie.command.main.gp.order.000000123")
		return ok && err == nil
	})
	var cmd events.Command
	if err := json.Unmarshal(written.Data, &cmd); err != nil {
		t.Fatal(err)
	}
	if cmd.Revision.Change != first.Sequence || cmd.Revision.Rewrite != 2 {
		t.Errorf("revision %s, and the change is %d, edited for the second time", cmd.Revision, first.Sequence)
	}
	if got := written.Header.Get("ce-" + events.ExtCorrelationID); got != "change-000000123" {
		t.Errorf("the chain began with %s", got)
	}
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
