package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/services/sandbox/gp"
	"github.com/magpie-integration/magpie/services/sandbox/magento"
	"github.com/magpie-integration/magpie/tests/program"
)

const (
	// twoStraps and blocks are what shoppers buy and then think better of.
	twoStraps = `{"store": "default", "payment_method": "checkmo", "lines": [{"sku": "YOGA-STRAP-06", "qty": 2}]}`
	blocks    = `"lines": [{"sku": "YOGA-BLOCK-FOAM", "qty": 3}, {"sku": "CAMP-MUG", "qty": 1}]`
)

// live are the sales orders that an order's family is to have in GP, by their
// numbers: each with the order that it was made of.
type live map[string]magento.OrderRow

// TestEditedOrders edits orders in every way in which their two halves may
// reach Magpie. In the end GP has one live sales order for each living order.
func TestEditedOrders(t *testing.T) { //nolint:tparallel // what follows the group needs its end
	t.Parallel()
	p := all.pairs["edited"]
	edited := func(how string) func(*testing.T, magento.OrderRow) live {
		return func(t *testing.T, first magento.OrderRow) live {
			p.written(t, first.IncrementID)
			return live{"WEB" + first.IncrementID: p.edit(t, first.IncrementID, how)}
		}
	}
	families := []*family{
		{name: "the child comes first", edit: edited(`{` + blocks + `}`)},
		{name: "the parent is cancelled first", edit: edited(`{"parent_first": true, ` + blocks + `}`)},
		{name: "the parent, and a while later", edit: edited(`{"parent_first": true, "delay": "1s", ` + blocks + `}`)},
		{name: "the parent is cancelled within wait", edit: edited(`{"delay": "1s", ` + blocks + `}`)},
		{name: "the parent is cancelled too late", edit: func(t *testing.T, first magento.OrderRow) live {
			second := p.edit(t, first.IncrementID, `{"delay": "5s", `+blocks+`}`)
			// The child was taken for an order of its own, and that is taken back.
			p.outcome(t, second.IncrementID, "is withdrawn", func(o events.Outcome) bool {
				return o.Result == events.Withdrawn && o.Target == "WEB"+second.IncrementID
			})
			if d := p.document(t, second.IncrementID); !d.Voided {
				t.Errorf("%s is alive", d.Number)
			}
			return live{"WEB" + first.IncrementID: second}
		}},
		{name: "nothing but the freight changes", edit: edited(`{"shipping_method": "freeshipping_freeshipping"}`)},
		{name: "before it was written", edit: func(t *testing.T, first magento.OrderRow) live {
			return live{"WEB" + first.IncrementID: p.edit(t, first.IncrementID, `{`+blocks+`}`)}
		}},
		{name: "an edit of an edit", edit: func(t *testing.T, first magento.OrderRow) live {
			p.written(t, first.IncrementID)
			second := p.edit(t, first.IncrementID, `{`+blocks+`}`)
			return live{"WEB" + first.IncrementID: p.edit(t, second.IncrementID, `{"lines": [{"sku": "CAMP-MUG", "qty": 4}]}`)}
		}},
		{name: "a re-order", edit: func(t *testing.T, first magento.OrderRow) live {
			p.written(t, first.IncrementID)
			second := p.edit(t, first.IncrementID, `{"reorder": true}`)
			return live{"WEB" + first.IncrementID: first, "WEB" + second.IncrementID: second}
		}},
		{name: "a re-order of what is cancelled then", edit: func(t *testing.T, first magento.OrderRow) live {
			second := p.edit(t, first.IncrementID, `{"reorder": true}`)
			p.written(t, second.IncrementID)
			p.cancel(t, first.IncrementID)
			return live{"WEB" + second.IncrementID: second}
		}},
		{name: "the child is cancelled", edit: func(t *testing.T, first magento.OrderRow) live {
			p.written(t, first.IncrementID)
			second := p.edit(t, first.IncrementID, `{`+blocks+`}`)
			p.settles(t, first.IncrementID, live{"WEB" + first.IncrementID: second})
			p.cancel(t, second.IncrementID)
			return live{}
		}},
		{name: "the child is cancelled at once", edit: func(t *testing.T, first magento.OrderRow) live {
			p.written(t, first.IncrementID)
			p.cancel(t, p.edit(t, first.IncrementID, `{`+blocks+`}`).IncrementID)
			return live{}
		}},
	}
	for _, f := range families {
		f.first = p.place(t, twoStraps)
	}
	t.Run("settles", func(t *testing.T) {
		for _, f := range families {
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				f.want = f.edit(t, f.first)
				p.settles(t, f.first.IncrementID, f.want)
			})
		}
	})
	if t.Failed() {
		return
	}
	p.quiet(t)
	for _, f := range families {
		if fault := p.differs(t, f.first.IncrementID, f.want); fault != "" {
			t.Errorf("%s: order %s had settled, and then: %s", f.name, f.first.IncrementID, fault)
		}
		if letters := p.lettersOf(t, f.first.IncrementID); len(letters) > 0 {
			t.Errorf("%s: order %s has dead letters: %+v", f.name, f.first.IncrementID, letters)
		}
	}
}

// family is an order, and what became of it.
type family struct {
	name  string
	edit  func(t *testing.T, first magento.OrderRow) live
	first magento.OrderRow
	want  live
}

// TestOrdersEditedWhileGPIsDown: what waits is brought to its newest state when
// GP is back, and the first state is not written for its own sake.
func TestOrdersEditedWhileGPIsDown(t *testing.T) {
	t.Parallel()
	p := all.pairs["outage"]
	before := p.place(t, twoStraps)
	p.written(t, before.IncrementID)

	faults := p.company.URL + "/_sandbox/faults"
	call(t, http.MethodPut, faults, "", `{"down": "refuse"}`)
	during := p.place(t, twoStraps)
	ends := map[string]live{
		before.IncrementID: {"WEB" + before.IncrementID: p.edit(t, before.IncrementID, `{`+blocks+`}`)},
		during.IncrementID: {"WEB" + during.IncrementID: p.edit(t, during.IncrementID, `{"parent_first": true, `+blocks+`}`)},
	}
	for _, want := range ends {
		for _, child := range want {
			until(t, "a command of "+child.IncrementID+" waits for GP", func() bool {
				return strings.Contains(p.world.run(t, "trace", "order", child.IncrementID, "--pair", p.name), "apply WEB")
			})
		}
	}
	call(t, http.MethodDelete, faults, "", "")
	for number, want := range ends {
		p.settles(t, number, want)
	}
	p.quiet(t)
	for number, want := range ends {
		if fault := p.differs(t, number, want); fault != "" {
			t.Errorf("order %s had settled, and then: %s", number, fault)
		}
	}
}

// settles waits until GP has of an order and its successors what it is to have.
func (p *pair) settles(t *testing.T, number string, want live) {
	t.Helper()
	fault := ""
	defer func() {
		if t.Failed() {
			t.Logf("in the end %s", fault)
			p.tellLife(t, number)
			for _, row := range want {
				p.tellLife(t, row.IncrementID)
			}
		}
	}()
	program.Until(t, 250*time.Millisecond, patience, "GP has of order "+number+" what it is to have", func() bool {
		fault = p.differs(t, number, want)
		return fault == ""
	})
}

// differs says in what GP differs from what it is to have.
func (p *pair) differs(t *testing.T, number string, want live) string {
	t.Helper()
	found := map[string]gp.OrderRow{}
	for _, d := range p.related(t, number) {
		if !d.Voided {
			found[d.Number] = d
		}
	}
	if has, wants := slices.Sorted(maps.Keys(found)), slices.Sorted(maps.Keys(want)); !slices.Equal(has, wants) {
		return fmt.Sprintf("GP has the live sales orders %v, want %v", has, wants)
	}
	for sop, order := range want {
		d := found[sop]
		if "WEB"+d.CustomerPO != sop {
			return fmt.Sprintf("%s has the mark %s", sop, d.CustomerPO)
		}
		if faults := compare(p.order(t, order.IncrementID), placed{OrderRow: order}, d); len(faults) > 0 {
			return fmt.Sprintf("%s is not as order %s: %s", sop, order.IncrementID, strings.Join(faults, "; "))
		}
	}
	return ""
}

// related are the sales orders of an order and of those that replaced it.
func (p *pair) related(t *testing.T, number string) []gp.OrderRow {
	t.Helper()
	return slices.DeleteFunc(p.allDocuments(t), func(d gp.OrderRow) bool {
		rest, ours := strings.CutPrefix(d.Number, "WEB"+number)
		return !ours || rest != "" && rest[0] != '-'
	})
}
