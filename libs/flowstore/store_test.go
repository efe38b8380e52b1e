package flowstore_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/flow"
	"github.com/magpie-integration/magpie/libs/flowstore"
)

var testBus *bus.Bus

func TestMain(m *testing.M) {
	os.Exit(bustest.Main(m, func(b *bus.Bus) error {
		testBus = b
		return nil
	}))
}

var anna = flowstore.Author{By: "anna", Note: "because"}

// open gives a store and a pair of the test's own.
func open(t testing.TB) (*flowstore.Store, flowstore.Base) {
	t.Helper()
	s, err := flowstore.Open(t.Context(), testBus)
	if err != nil {
		t.Fatal(err)
	}
	b := flowstore.Base{Pair: events.Key(t.Name()).Token()}
	for _, name := range []string{"order-to-gp", "order-status-to-magento"} {
		d, err := flow.Template(name)
		if err != nil {
			t.Fatal(err)
		}
		b.Flows = append(b.Flows, d)
	}
	return s, b
}

// text gives a template with texts replaced, each of which must be there.
func text(t testing.TB, name string, replacements ...string) []byte {
	t.Helper()
	body, err := fs.ReadFile(flow.Templates(), name+".yaml")
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(replacements); i += 2 {
		if !bytes.Contains(body, []byte(replacements[i])) {
			t.Fatalf("%q is not in %s", replacements[i], name)
		}
		body = bytes.ReplaceAll(body, []byte(replacements[i]), []byte(replacements[i+1]))
	}
	return body
}

const (
	upCity = "city: cp1252(bill.city)"
	shout  = "city: upper(cp1252(bill.city)) # louder"
	louder = "city: upper(cp1252(bill.city)) # louder still"
)

func publish(t testing.TB, s *flowstore.Store, b flowstore.Base, body []byte, over int) events.Published {
	t.Helper()
	p, err := s.PublishFlow(t.Context(), b, body, over, anna)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func state(t testing.TB, s *flowstore.Store, b flowstore.Base) flowstore.State {
	t.Helper()
	st, err := s.State(t.Context(), b.Pair)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func code(err error) string {
	var f *failure.Error
	if errors.As(err, &f) {
		return f.Code
	}
	return fmt.Sprint(err)
}

func TestAFlowIsPublishedAndRolledBack(t *testing.T) {
	s, b := open(t)
	shipped := b.Flows[0].Version
	if v := b.LiveVersion(state(t, s, b), "order-to-gp"); v != shipped {
		t.Errorf("with nothing published version %d is live", v)
	}
	first := publish(t, s, b, text(t, "order-to-gp", upCity, shout), 0)
	if want := (events.Published{Kind: "flow", Name: "order-to-gp", Version: shipped + 1}); first != want {
		t.Errorf("got %+v", first)
	}
	st := state(t, s, b)
	live, err := b.Text(st, "order-to-gp")
	if err != nil {
		t.Fatal(err)
	}
	want := text(t, "order-to-gp", upCity, shout, fmt.Sprintf("\nversion: %d\n", shipped), fmt.Sprintf("\nversion: %d\n", shipped+1))
	if !bytes.Equal(live, want) {
		t.Errorf("more than the version differs from what was published: %s", live)
	}
	set, err := b.Set(st)
	if err != nil || set.Flow("order-to-gp").Document().Version != shipped+1 || len(set.Flows) != 2 {
		t.Fatalf("got %+v, %v", set, err)
	}
	if _, err := s.Rollback(t.Context(), b, flowstore.Flow, "order-to-gp", 0, anna); err != nil {
		t.Fatal(err)
	}
	if v := b.LiveVersion(state(t, s, b), "order-to-gp"); v != shipped {
		t.Errorf("rolled back to %d", v)
	}
	// A number is used once, whatever is live.
	if p := publish(t, s, b, text(t, "order-to-gp", upCity, louder), 0); p.Version != shipped+2 || p.Before != 0 {
		t.Errorf("got %+v", p)
	}
	trail, err := s.History(t.Context(), b.Pair, flowstore.Flow, "order-to-gp")
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, a := range trail {
		told = append(told, fmt.Sprintf("%s %d over %d by %s: %s", a.Action, a.Published.Version, a.Published.Before, a.By, a.Reason))
	}
	if want := []string{"published 2 over 0 by anna: because", "rolled back 0 over 2 by anna: because", "published 3 over 0 by anna: because"}; shipped == 1 && !reflect.DeepEqual(told, want) {
		t.Errorf("got %v", told)
	}
}

func TestAPublishedVersionNeverChanges(t *testing.T) {
	s, b := open(t)
	v := publish(t, s, b, text(t, "order-to-gp", upCity, shout), 0).Version
	kv, err := testBus.KV(t.Context(), bus.Flows)
	if err != nil {
		t.Fatal(err)
	}
	before, err := s.FlowText(t.Context(), b.Pair, "order-to-gp", v)
	if err != nil {
		t.Fatal(err)
	}
	publish(t, s, b, text(t, "order-to-gp", upCity, louder), v)
	if _, err := s.Rollback(t.Context(), b, flowstore.Flow, "order-to-gp", v, anna); err != nil {
		t.Fatal(err)
	}
	entry, err := kv.Get(t.Context(), fmt.Sprintf("%s.flow.order-to-gp.%d", b.Pair, v))
	if err != nil || !bytes.Equal(entry.Value(), before) {
		t.Errorf("version %d changed: %v", v, err)
	}
	if _, err := kv.Create(t.Context(), entry.Key(), []byte("other")); !errors.Is(err, jetstream.ErrKeyExists) {
		t.Errorf("it can be created again: %v", err)
	}
}

func TestWhatCanNotBePublished(t *testing.T) {
	s, b := open(t)
	mine := text(t, "order-status-to-magento", "flow: order-status-to-magento", "flow: mine")
	for name, c := range map[string]struct {
		text []byte
		code string
		says string
	}{
		"no YAML":                   {[]byte("flow: ["), "flow.invalid", "can't be used"},
		"an unknown field":          {text(t, "order-to-gp", "city: cp1252(bill.city)", "citty: cp1252(bill.city)"), "flow.invalid", "did you mean city?"},
		"a misspelt name":           {text(t, "order-to-gp", "city: cp1252(bill.city)", "city: cp1252(bil.city)"), "flow.invalid", "did you mean bill?"},
		"a second owner":            {mine, "flow.two_owners", "magento.order"},
		"a flow that starts itself": {text(t, "order-status-to-magento", `outcome.system == "gp" and outcome.entity == "order"`, "true"), "flow.cycle", "circle"},
		"what is live already":      {text(t, "order-to-gp"), "flow.unchanged", "is live"},
		"an older version's text":   {text(t, "order-to-gp", "\nversion: 1\n", "\nversion: 7\n", upCity, shout), "flow.overtaken", "ships with this release"},
		"a name that no key can be": {text(t, "order-status-to-magento", "flow: order-status-to-magento", "flow: a.b"), "flow.name", "a.b"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.PublishFlow(t.Context(), b, c.text, 0, anna)
			if code(err) != c.code || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v", err)
			}
		})
	}
	if st := state(t, s, b); len(st.Flows) != 0 {
		t.Errorf("something is live: %+v", st)
	}
	if _, err := s.Rollback(t.Context(), b, flowstore.Flow, "order-to-gp", 9, anna); code(err) != "flow.no_version" {
		t.Errorf("got %v", err)
	}
	if trail, err := s.History(t.Context(), b.Pair, flowstore.Flow, "order-to-gp"); err != nil || len(trail) != 0 {
		t.Errorf("the trail has %v, %v", trail, err)
	}
}

// Each of two authors started from the version that ships; one goes live, the
// other is told whose was there first, and loses nothing.
func TestOfTwoPublishersOneWins(t *testing.T) {
	s, b := open(t)
	shipped := b.Flows[0].Version
	errs := make([]error, 8)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			body := text(t, "order-to-gp", upCity, fmt.Sprintf("city: upper(cp1252(bill.city)) # %d", i))
			_, errs[i] = s.PublishFlow(t.Context(), b, body, 0, flowstore.Author{By: fmt.Sprint(i)})
		})
	}
	all.Wait()
	winner := -1
	for i, err := range errs {
		switch {
		case err == nil && winner < 0:
			winner = i
		case err == nil:
			t.Errorf("%d and %d both went live", winner, i)
		case !errors.Is(err, flowstore.ErrOvertaken):
			t.Errorf("%d: %v", i, err)
		}
	}
	live := state(t, s, b).Flows["order-to-gp"]
	if winner < 0 || live.By != fmt.Sprint(winner) || !strings.Contains(string(live.Text), fmt.Sprintf("# %d\n", winner)) {
		t.Fatalf("winner %d, live is %+v", winner, live.Pointer)
	}
	if trail, err := s.History(t.Context(), b.Pair, flowstore.Flow, "order-to-gp"); err != nil || len(trail) != 1 {
		t.Errorf("the trail has %d entries, %v", len(trail), err)
	}
	// A late one is told that its text was made from an older version; it may say that it knows.
	late := text(t, "order-to-gp", upCity, louder)
	if _, err := s.PublishFlow(t.Context(), b, late, 0, anna); !errors.Is(err, flowstore.ErrOvertaken) {
		t.Errorf("got %v", err)
	}
	if p := publish(t, s, b, late, live.Version); p.Before != live.Version || p.Version <= shipped+1 {
		t.Errorf("got %+v", p)
	}
}

func TestAllRowsOfManyEditorsAreKept(t *testing.T) {
	s, b := open(t)
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			_, err := s.EditRows(t.Context(), b, "shipping", func(rows map[string]any) error {
				rows[fmt.Sprint("carrier", i)] = "GROUND"
				return nil
			}, anna)
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	table := state(t, s, b).Tables["shipping"]
	if len(table.Rows) != 6 {
		t.Errorf("rows %v", table.Rows)
	}
	trail, err := s.History(t.Context(), b.Pair, flowstore.Table, "shipping")
	if err != nil || len(trail) != 6 {
		t.Errorf("the trail has %d entries, %v", len(trail), err)
	}
}

// The flow's rows, then the configuration's, then the published ones.
func TestWhoseRowsCount(t *testing.T) {
	s, b := open(t)
	b.Tables = map[string]map[string]any{"shipping": {"a": "CONFIG", "b": "CONFIG"}}
	p, err := s.EditRows(t.Context(), b, "shipping", func(rows map[string]any) error {
		rows["b"], rows["c"] = "MINE", json.Number("5")
		return nil
	}, anna)
	if err != nil {
		t.Fatal(err)
	}
	st := state(t, s, b)
	if want := map[string]any{"b": "MINE", "c": json.Number("5")}; !reflect.DeepEqual(st.Tables["shipping"].Rows, want) {
		t.Errorf("got %v", st.Tables["shipping"].Rows)
	}
	set, err := b.Set(st)
	if err != nil {
		t.Fatal(err)
	}
	if got := set.Flow("order-to-gp").Tables(); !reflect.DeepEqual(got, map[string]int{"shipping": p.Version}) {
		t.Errorf("the program names %v", got)
	}
	if got := set.Flow("order-status-to-magento").Tables(); got != nil {
		t.Errorf("a flow that reads no table names %v", got)
	}
	if _, err := s.EditRows(t.Context(), b, "shipping", func(rows map[string]any) error { rows["x"] = []any{1}; return nil }, anna); code(err) != "flow.invalid" {
		t.Errorf("a row that no flow can read: %v", err)
	}
	if _, err := s.Rollback(t.Context(), b, flowstore.Table, "shipping", 0, anna); err != nil {
		t.Fatal(err)
	}
	if set, err = b.Set(state(t, s, b)); err != nil || set.Flow("order-to-gp").Tables() != nil {
		t.Errorf("after going back: %v", err)
	}
}
