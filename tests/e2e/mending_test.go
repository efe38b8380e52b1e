package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/services/dlq"
)

// faulty is an order that becomes a dead letter, and how a person mends it.
type faulty struct {
	name, order, code string
	// mend is done once for the cause, before its group is replayed.
	mend func(t *testing.T, p *pair)
	// store: the order itself is impossible, and is mended in the store.
	store bool
	// edit is what is changed in the letter, as --set takes it.
	edit string
}

// faults are ten causes; two of them have two orders each.
func faults(t *testing.T) []faulty {
	const ship = "/extension_attributes/shipping_assignments/0/shipping/address"
	plain := func(rest string) string {
		return `{"store": "default", "payment_method": "checkmo", "lines": [{"sku": "YOGA-STRAP-06", "qty": 2}]` + rest + `}`
	}
	magpie := func(args ...string) func(*testing.T, *pair) {
		return func(t *testing.T, p *pair) { p.world.run(t, append(args, "--pair", p.name)...) }
	}
	method := strings.Replace(plain(""), "checkmo", "store_account", 1)
	surcharge := `{"store": "default", "payment_method": "checkmo", "kind": "surcharge"}`
	return []faulty{
		{name: "a payment method without a row", order: method, code: "order.payment.unmapped",
			mend: magpie("table", "set", "payment", "store_account", "terms=", "type=", "checkbook=", "card=")},
		{name: "another order of it", order: method, code: "order.payment.unmapped"},
		{name: "a surcharge that nothing explains", order: surcharge, code: "order.total.mismatch",
			mend: magpie("table", "set", "surcharges", "extension_attributes.handling_surcharge", "to=misc")},
		{name: "another order with it", order: surcharge, code: "order.total.mismatch"},
		{name: "an item that GP lacks", order: `{"store": "default", "payment_method": "checkmo", "lines": [{"sku": "CAMP-MUG", "qty": 1}]}`, code: "gp.item.unknown",
			mend: func(t *testing.T, p *pair) {
				t.Helper()
				call(t, http.MethodPost, p.company.URL+"/_sandbox/items", "", `{"ITEMNMBR": "CAMP-MUG", "OnHand": {"WAREHOUSE": "100"}}`)
			}},
		{name: "a gift card that no rule places", order: `{"store": "default", "payment_method": "checkmo", "kind": "gift-card-paid"}`, code: "order.credits.unmapped",
			mend: func(t *testing.T, p *pair) { publishCredits(t, p) }},
		{name: "a postcode of 40 characters", order: plain(`, "damage": {"/billing_address/postcode": "` + strings.Repeat("1234567890", 4) + `"}`), code: "gp.order.too_long",
			edit: "record.billing_address.postcode=05401", store: true},
		{name: "a name of 200 characters", order: plain(`, "damage": {"/billing_address/lastname": "` + strings.Repeat("Featherstone", 17) + `"}`), code: "gp.order.too_long",
			store: true},
		{name: "a negative quantity", order: plain(`, "damage": {"/items/0/qty_ordered": -2}`), code: "order.items.quantity",
			store: true},
		{name: "a method of nobody", order: plain(`, "damage": {"/payment/method": "klarna"}`), code: "order.payment.unmapped",
			store: true},
		{name: "no address", order: plain(`, "damage": {"/billing_address": null}`), code: "order.billing.missing",
			store: true},
		{name: "a shipping address of 40 characters", order: plain(`, "damage": {"` + ship + `/city": "` + strings.Repeat("Llanfair", 6) + `"}`), code: "gp.order.too_long",
			store: true},
	}
}

// publishCredits publishes a version of the flow in which credits are a discount.
func publishCredits(t *testing.T, p *pair) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "order-to-gp.yaml")
	p.world.run(t, "flow", "export", "order-to-gp", file, "--pair", p.name)
	text, err := os.ReadFile(file) //nolint:gosec // written just now
	if err != nil {
		t.Fatal(err)
	}
	const before, after = `order.credits:      {default: "refuse"`, `order.credits:      {default: "discount"`
	if !strings.Contains(string(text), before) {
		t.Fatalf("the flow has no line %s", before)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), before, after, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	p.world.run(t, "flow", "publish", file, "--pair", p.name, "--note", "gift cards are a discount")
}

// Ten causes, twelve letters: each is mended as a person would, by a row, a rule,
// a record in GP, another flow, or an edit; and each order arrives once.
func TestFaultyOrdersAreMendedAndArriveOnce(t *testing.T) {
	t.Parallel()
	p := all.pairs["letters"]
	call(t, http.MethodDelete, p.company.URL+"/_sandbox/items/CAMP-MUG", "", "")
	cases := faults(t)
	numbers := make([]string, len(cases))
	for i, c := range cases {
		numbers[i] = p.place(t, c.order).IncrementID
	}
	groups := map[string]bool{}
	letters := make([]dlq.Letter, len(cases))
	for i, c := range cases {
		letters[i] = p.refused(t, numbers[i])
		if letters[i].Code != c.code || letters[i].Fix == "" {
			t.Errorf("%s: %s: %s (%s)", c.name, letters[i].Code, letters[i].Reason, letters[i].Fix)
		}
		groups[letters[i].Group] = true
	}
	var listed []dlq.Group
	decode(t, call(t, http.MethodGet, p.world.console+"/api/v1/dead/groups?pair="+p.name, "", ""), &listed)
	if len(listed) != 10 || len(groups) != 10 || listed[0].Count != 2 || listed[1].Count != 2 {
		t.Fatalf("%d groups of %d letters: %+v", len(listed), len(letters), listed)
	}

	for i, c := range cases {
		if c.edit != "" {
			p.world.run(t, "dlq", "edit", letters[i].ID, "--by", "ana", "--set", c.edit)
			p.outcome(t, numbers[i], "is in GP as it was edited", inGP)
		}
		if c.mend != nil {
			c.mend(t, p)
			report := replayed(t, p, "--group", letters[i].Group)
			if report.UnderWay+report.Left != 0 || len(report.Refused) != 0 || report.Results[events.Applied] != report.Done {
				t.Errorf("%s: %+v", c.name, report)
			}
		}
		if c.store {
			call(t, http.MethodPost, p.store.URL+"/_sandbox/orders/"+numbers[i]+"/mend", "", "")
		}
	}
	// What was mended in the store told of itself; its letters, and one that the
	// edited order's echo made before the store was mended, are read anew.
	p.quiet(t)
	replayed(t, p, "--all", "--anew", "--pair", p.name)
	p.quiet(t)
	for i, c := range cases {
		p.outcome(t, numbers[i], "is in GP", inGP)
		if found := p.documents(t, numbers[i]); len(found) != 1 {
			t.Errorf("%s: %d sales orders", c.name, len(found))
		}
	}
	if left := p.letters(t, ""); len(left) != 0 {
		t.Errorf("letters are left: %+v", left)
	}
	trail := map[string]int{}
	for m, err := range p.world.bus.Scan(t.Context(), bus.Audit, "magpie.audit."+p.name+".>") {
		if err != nil {
			t.Fatal(err)
		}
		var a events.Audit
		decode(t, m.Data, &a)
		trail[a.Action]++
	}
	// Six by their groups, and five of the store's at least.
	if trail["edited"] != 1 || trail["replayed"] < 11 || trail["published"] != 3 {
		t.Errorf("the audit trail has %v", trail)
	}
}

func inGP(o events.Outcome) bool { return o.System == events.GP && o.Result == events.Applied }

// replayed replays letters and waits for the report.
func replayed(t *testing.T, p *pair, which ...string) dlq.Report {
	t.Helper()
	var report dlq.Report
	text := p.world.run(t, append([]string{"dlq", "replay", "--by", "ana", "-o", "json"}, which...)...)
	if err := json.Unmarshal([]byte(text), &report); err != nil {
		t.Fatal(fmt.Errorf("%w in %s", err, text))
	}
	return report
}
