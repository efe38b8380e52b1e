package transform_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/libs/flow"
	"github.com/magpie-integration/magpie/libs/flowstore"
	"github.com/magpie-integration/magpie/services/transform"
)

// TestAPublishedVersionMakesTheNextCommand goes the whole way over a broker,
// with one transform that is never restarted.
func TestAPublishedVersionMakesTheNextCommand(t *testing.T) {
	b := bustest.Start(t)
	store, err := flowstore.Open(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	base := flowstore.Base{Pair: "main", Flows: []*flow.Document{template(t, "order-to-gp").Document(), template(t, "order-status-to-magento").Document()}}
	live := flowstore.NewLive(store, []flowstore.Base{base})
	tr := transform.New(b, live, nil)
	ctx, cancel := context.WithCancel(t.Context())
	consumer := b.Consumer(bus.TransformChangesSpec(1), nil)
	done := make(chan error, 2)
	go func() { done <- live.Run(ctx) }()
	go func() {
		if live.Wait(ctx) != nil {
			done <- nil
			return
		}
		done <- consumer.Run(ctx, tr.Change)
	}()
	t.Cleanup(func() {
		cancel()
		for range cap(done) {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})

	number := 0
	next := func() events.Command { // the command of one more order
		t.Helper()
		number++
		key := events.Key(fmt.Sprintf("%09d", number))
		_, err := b.Publish(t.Context(), bus.Message{
			Subject: events.ChangeSubject("main", events.Magento, events.Order, key),
			Type:    events.TypeName(events.Magento, events.Order, "changed"), ID: "change-" + string(key),
			Data: events.Change{Record: json.RawMessage(with(t, `"increment_id": "000000123"`, fmt.Sprintf(`"increment_id": %q`, key)))},
		})
		if err != nil {
			t.Fatal(err)
		}
		var cmd events.Command
		until(t, "the command", func() bool {
			m, ok, err := b.Last(t.Context(), bus.Commands, events.CommandSubject("main", events.GP, events.Order, key).String())
			return err == nil && ok && json.Unmarshal(m.Data, &cmd) == nil
		})
		return cmd
	}
	shipped := base.Flows[0].Version
	if cmd := next(); cmd.FlowVersion != shipped || cmd.Tables != nil {
		t.Fatalf("with nothing published: version %d, tables %v", cmd.FlowVersion, cmd.Tables)
	}

	text, err := fs.ReadFile(flow.Templates(), "order-to-gp.yaml")
	if err != nil {
		t.Fatal(err)
	}
	louder := strings.Replace(string(text), "      batch: ", "      batch: '\"LOUD\"' #", 1)
	author := flowstore.Author{By: "anna"}
	published, err := store.PublishFlow(t.Context(), base, []byte(louder), 0, author)
	if err != nil {
		t.Fatal(err)
	}
	goesLive := func(what string, ok func(*flow.Program) bool) {
		t.Helper()
		until(t, what+" is live", func() bool {
			set, err := live.Of("main")
			return err == nil && ok(set.Flow("order-to-gp"))
		})
	}
	goesLive("the version", func(p *flow.Program) bool { return p.Document().Version == published.Version })
	if cmd := next(); cmd.FlowVersion != published.Version || !strings.Contains(string(cmd.Document), `"batch":"LOUD"`) {
		t.Errorf("version %d made %s", cmd.FlowVersion, cmd.Document)
	}

	_, err = store.EditRows(t.Context(), base, "payment", func(rows map[string]any) error {
		rows["checkmo"] = map[string]any{"terms": "Net 14"}
		return nil
	}, author)
	if err != nil {
		t.Fatal(err)
	}
	goesLive("the row", func(p *flow.Program) bool { return p.Tables()["payment"] == 1 })
	if cmd := next(); cmd.Tables["payment"] != 1 || !strings.Contains(string(cmd.Document), `"paymentTerms":"Net 14"`) {
		t.Errorf("tables %v made %s", cmd.Tables, cmd.Document)
	}

	if _, err := store.Rollback(t.Context(), base, flowstore.Flow, "order-to-gp", 0, author); err != nil {
		t.Fatal(err)
	}
	goesLive("what ships", func(p *flow.Program) bool { return p.Document().Version == shipped })
	if cmd := next(); cmd.FlowVersion != shipped || cmd.Tables["payment"] != 1 {
		t.Errorf("version %d with tables %v", cmd.FlowVersion, cmd.Tables)
	}
}

// The id names the versions of tables too: the same change with another row is
// another command.
func TestTableVersionsAreInTheCommandsID(t *testing.T) {
	ids := map[string]bool{}
	for version := range 3 {
		var options []flow.Option
		if version > 0 {
			options = append(options, flow.WithPublished("payment", version, nil))
		}
		p, err := flow.Compile(template(t, "order-to-gp").Document(), options...)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			s := &stream{}
			if err := newTransform(s, p).Change(t.Context(), changed(newOrder).open(t)); err != nil {
				t.Fatal(err)
			}
			m, _ := only[events.Command](t, s)
			ids[m.ID] = true
		}
	}
	if len(ids) != 3 {
		t.Errorf("%d ids for three versions", len(ids))
	}
}

// noFlows has no set that can be used.
type noFlows struct{ err error }

func (n noFlows) Of(string) (*flow.Set, error) { return nil, n.err }

func TestNothingIsHandledWhileThereIsNoSet(t *testing.T) {
	s := &stream{}
	away := fmt.Errorf("not read yet")
	tr := transform.New(s, noFlows{away}, nil)
	for what, err := range map[string]error{
		"change": tr.Change(t.Context(), changed(newOrder).open(t)), "outcome": tr.Outcome(t.Context(), ended(nil, 1).open(t)),
	} {
		if err == nil || len(s.messages) > 0 {
			t.Errorf("a %s is handled: %v, %v", what, err, s.messages)
		}
	}
}
