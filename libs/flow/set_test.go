package flow_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/flow"
)

// changed compiles a template with texts replaced, each of which must be there.
func changed(t testing.TB, name string, replacements ...string) *flow.Program {
	t.Helper()
	text, err := fs.ReadFile(flow.Templates(), name+".yaml")
	if err != nil {
		t.Fatal(err)
	}
	body := string(text)
	for i := 0; i < len(replacements); i += 2 {
		if !strings.Contains(body, replacements[i]) {
			t.Fatalf("%q is not in %s", replacements[i], name)
		}
		body = strings.ReplaceAll(body, replacements[i], replacements[i+1])
	}
	d, err := flow.Parse(name+".yaml", []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	p, err := flow.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWhichSetsMayGoLive(t *testing.T) {
	t.Parallel()
	const about = `      - {that: 'outcome.system == "gp" and outcome.entity == "order"', else: skip, say: "is not about a sales order in GP"}`
	const status = "order-status-to-magento"
	for name, c := range map[string]struct {
		flows []*flow.Program
		code  string
	}{
		"those that ship":           {[]*flow.Program{changed(t, "order-to-gp"), changed(t, status)}, ""},
		"two owners":                {[]*flow.Program{changed(t, "order-to-gp"), changed(t, "order-to-gp", "flow: order-to-gp", "flow: mine")}, "flow.two_owners"},
		"a flow that starts itself": {[]*flow.Program{changed(t, status, about, "")}, "flow.cycle"},
		"a condition that only a run can decide keeps no circle open": {
			[]*flow.Program{changed(t, status, about, `      - {that: 'outcome.system != "magento" or outcome.reason != "x"', else: skip}`)}, "flow.cycle",
		},
		"the whole outcome is read, so nothing is known": {
			[]*flow.Program{changed(t, status, about, `      - {that: 'text(outcome) == ""', else: skip}`)}, "flow.cycle",
		},
		"two flows that start each other": {[]*flow.Program{
			changed(t, status),
			changed(t, "order-to-gp", "flow: order-to-gp", "flow: back", "order.changed.v1", "order.ended.v1", "\nlet:\n", "\nlet:\n  order: outcome\n", "\nwith: [ancestors]\n", "\n", "originalNumber(order.increment_id, order.relation_parent_real_id, related.ancestors)", "order.increment_id"),
		}, "flow.cycle"},
		"a let decides": {[]*flow.Program{changed(t, status, about, `      - {that: ours, else: skip}`, "\nwrite:", "\nlet:\n  ours: outcome.system == \"gp\"\n\nwrite:")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := (&flow.Set{Flows: c.flows}).Check()
			var f *failure.Error
			if errors.As(err, &f); c.code == "" && err != nil || c.code != "" && (f == nil || f.Code != c.code) {
				t.Errorf("got %v, want %q", err, c.code)
			}
		})
	}
}
