package flowstore_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/flowstore"
)

// change stores a change of an order, with texts of its record replaced.
func change(t *testing.T, b flowstore.Base, key events.Key, replacements ...string) (bus.Stored, uint64) {
	t.Helper()
	base, err := os.ReadFile("../flow/testdata/order-to-gp/base.json")
	if err != nil {
		t.Fatal(err)
	}
	record := strings.NewReplacer(append(replacements, "000000123", string(key))...).Replace(string(base))
	m := bus.Message{
		Subject: events.ChangeSubject(b.Pair, events.Magento, events.Order, key),
		Type:    events.TypeName(events.Magento, events.Order, "changed"), ID: b.Pair + string(key) + strings.Join(replacements, ""),
		Data: events.Change{Record: json.RawMessage(record)},
	}
	ack, err := testBus.Publish(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	stored, ok, err := testBus.Get(t.Context(), bus.Changes, ack.Sequence)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	return stored, ack.Sequence
}

// write does what transform and the writer do of a change: the command of what
// is live now, and its outcome, if there is to be one.
func write(t *testing.T, s *flowstore.Store, b flowstore.Base, m bus.Stored, result events.Result, edit func(*events.Command)) {
	t.Helper()
	in, err := b.Input(m)
	if err != nil {
		t.Fatal(err)
	}
	set, err := b.Set(state(t, s, b))
	if err != nil {
		t.Fatal(err)
	}
	p := set.Flow("order-to-gp")
	decisions, err := p.Run(in)
	if err != nil {
		t.Fatal(err)
	}
	d := decisions[0]
	source := events.SourceRef{System: events.Magento, Entity: events.Order, Key: in.Subject.Key}
	cmd := events.Command{
		Verb: d.Verb, Revision: events.Revision{Epoch: 1, Change: m.Sequence}, Flow: "order-to-gp", FlowVersion: p.Document().Version,
		Target: d.TargetKey, Source: source, Document: d.Document, Tables: p.Tables(), Reason: d.Reason,
	}
	if edit != nil {
		edit(&cmd)
	}
	c := bus.Message{
		Subject: events.CommandSubject(b.Pair, events.GP, events.Order, in.Subject.Key), Type: events.TypeName(events.GP, events.Order, "write"),
		ID: "command:" + m.Subject + m.Time.String(), Data: cmd,
	}
	if _, err := testBus.Publish(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if result == "" {
		return
	}
	stored, ok, err := testBus.Last(t.Context(), bus.Commands, c.Subject.String())
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	cause, err := bus.Decode(t.Context(), stored.Header, stored.Data)
	if err != nil {
		t.Fatal(err)
	}
	_, err = testBus.Publish(t.Context(), bus.Message{
		Subject: events.OutcomeSubject(b.Pair, events.Magento, events.Order, in.Subject.Key), Type: events.TypeName(events.Magento, events.Order, "ended"),
		ID: "outcome:" + c.ID, Cause: &cause, Data: events.Outcome{Result: result, System: events.GP, Entity: events.Order, Target: cmd.Target, Source: source},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func explain(t *testing.T, s *flowstore.Store, b flowstore.Base, key events.Key) *flowstore.Account {
	t.Helper()
	a, err := s.Explain(t.Context(), testBus, b, events.GP, events.Order, key)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func fieldOf(t *testing.T, a *flowstore.Account, path string) flowstore.Written {
	t.Helper()
	for _, w := range a.Fields {
		if w.Path == path {
			return w
		}
	}
	t.Fatalf("%s is not accounted for", path)
	return flowstore.Written{}
}

// What was written is explained by the versions of then, and said to be
// otherwise by those of now.
func TestWhatWasWrittenIsExplainedByItsOwnVersions(t *testing.T) {
	s, b := open(t)
	terms := func(value string) {
		t.Helper()
		_, err := s.EditRows(t.Context(), b, "payment", func(rows map[string]any) error {
			rows["checkmo"] = map[string]any{"terms": value, "type": ""}
			return nil
		}, anna)
		if err != nil {
			t.Fatal(err)
		}
	}
	p := publish(t, s, b, text(t, "order-to-gp", upCity, shout), 0)
	terms("NET 14")
	m, sequence := change(t, b, "000000123")
	write(t, s, b, m, events.Applied, nil)
	if a := explain(t, s, b, "000000123"); a.LiveVerdict != "" || len(a.Notes) != 0 || fieldOf(t, a, "paymentTerms").Now != nil {
		t.Errorf("nothing has changed since: %+v", a)
	}

	terms("NET 60")
	if _, err := s.Rollback(t.Context(), b, flowstore.Flow, "order-to-gp", 0, anna); err != nil {
		t.Fatal(err)
	}
	a := explain(t, s, b, "000000123")
	if a.Version != p.Version || a.Shipped || a.Tables["payment"] != 1 || a.Result != events.Applied || a.Revision.Change != sequence || a.Number != "WEB000000123" {
		t.Errorf("got %+v", a)
	}
	if a.Live != b.Flows[0].Version || a.LiveTables["payment"] != 2 {
		t.Errorf("live is version %d with %v", a.Live, a.LiveTables)
	}
	w := fieldOf(t, a, "paymentTerms")
	if string(w.Value) != `"NET 14"` || string(w.Now) != `"NET 60"` || w.Sent != nil || len(w.Lookups) != 1 || w.Lookups[0].Version != 1 {
		t.Errorf("got %+v", w)
	}
	city := fieldOf(t, a, "customer.address.city")
	if city.Rule != "upper(cp1252(bill.city))" || city.Now == nil || strings.ToUpper(string(city.Now)) != string(city.Value) {
		t.Errorf("got %+v", city)
	}
	if total := fieldOf(t, a, "total"); total.Now != nil || len(total.Reads) == 0 {
		t.Errorf("got %+v", total)
	}
}

func TestANewerCommandThatWasNotWrittenIsNotTheOneInGP(t *testing.T) {
	s, b := open(t)
	first, sequence := change(t, b, "000000123")
	write(t, s, b, first, events.Applied, nil)
	second, _ := change(t, b, "000000123", `"customer_email"`, `"note": "x", "customer_email"`)
	write(t, s, b, second, events.Refused, nil)
	if a := explain(t, s, b, "000000123"); a.Revision.Change != sequence || a.Result != events.Applied {
		t.Errorf("got change %d, %s", a.Revision.Change, a.Result)
	}
	third, late := change(t, b, "000000124")
	write(t, s, b, third, "", nil)
	if a := explain(t, s, b, "000000124"); a.Revision.Change != late || a.Result != "" {
		t.Errorf("of one that is under way: change %d, %s", a.Revision.Change, a.Result)
	}
}

func TestAnAccountSaysWhatItsRulesDoNotGive(t *testing.T) {
	s, b := open(t)
	m, _ := change(t, b, "000000123")
	write(t, s, b, m, events.Applied, func(c *events.Command) {
		c.Document = json.RawMessage(strings.Replace(string(c.Document), `"site":"WAREHOUSE"`, `"site":"BY HAND"`, 1))
	})
	a := explain(t, s, b, "000000123")
	if w := fieldOf(t, a, "site"); string(w.Sent) != `"BY HAND"` || string(w.Value) != `"WAREHOUSE"` || len(a.Notes) != 1 {
		t.Errorf("got %+v, notes %v", w, a.Notes)
	}
}

func TestAWithdrawalAndWhatIsGone(t *testing.T) {
	s, b := open(t)
	m, _ := change(t, b, "000000123", `"state": "new"`, `"state": "canceled"`)
	write(t, s, b, m, events.Withdrawn, nil)
	if a := explain(t, s, b, "000000123"); a.Verb != events.Withdraw || !strings.Contains(a.Reason, "cancelled") || len(a.Fields) != 0 {
		t.Errorf("got %+v", a)
	}
	if _, err := s.Explain(t.Context(), testBus, b, events.GP, events.Order, "404"); code(err) != "explain.no_command" {
		t.Errorf("got %v", err)
	}
	if err := testBus.Delete(t.Context(), bus.Changes, m.Sequence); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Explain(t.Context(), testBus, b, events.GP, events.Order, "000000123"); code(err) != "explain.aged_out" {
		t.Errorf("got %v", err)
	}
	other, _ := change(t, b, "000000125")
	write(t, s, b, other, events.Applied, func(c *events.Command) { c.FlowVersion = 77 })
	if _, err := s.Explain(t.Context(), testBus, b, events.GP, events.Order, "000000125"); code(err) != "explain.no_version" {
		t.Errorf("got %v", err)
	}
}

// A release ships a version whose number was published before it: what makes
// the command again is what made it.
func TestANumberThatWasPublishedAndShips(t *testing.T) {
	s, b := open(t)
	shipped := b.Flows[0].Version
	publish(t, s, b, text(t, "order-to-gp", upCity, shout), 0)
	if _, err := s.Rollback(t.Context(), b, flowstore.Flow, "order-to-gp", 0, anna); err != nil {
		t.Fatal(err)
	}
	next := *b.Flows[0]
	next.Version = shipped + 1
	b.Flows[0] = &next
	m, _ := change(t, b, "000000123")
	write(t, s, b, m, events.Applied, nil)
	a := explain(t, s, b, "000000123")
	if city := fieldOf(t, a, "customer.address.city"); !a.Shipped || city.Rule != "cp1252(bill.city)" || city.Sent != nil {
		t.Errorf("explained by %q, shipped %v", city.Rule, a.Shipped)
	}
}
