package dlq

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTheCauseLeavesOutWhatIsTheRecordsOwn(t *testing.T) {
	for name, tc := range map[string]struct{ key, reason, fix, want string }{
		"a method that the fix names": {
			"000000123", "the payment method klarna has no row in the table payment", "add a row klarna to the table payment of this flow, then replay",
			"the payment method klarna has no row in the table payment",
		},
		"a row in quotes that the fix names": {
			"000000123", `the table payment has no row "7"`, `add a row "7" to the table payment, then replay`,
			`the table payment has no row "7"`,
		},
		"an item": {
			"000000123", "GP says: The item TNT-HAW-12 does not exist.", "mend the record", "GP says: The item TNT-HAW-12 does not exist.",
		},
		"an item whose name is a number": {"000000123", "GP has no item 240017", "create the item in GP", "GP has no item 240017"},
		"amounts": {
			"000000123", "12.50 USD of 1,312.50 USD are explained by nothing; a difference of -3", "look at the totals",
			"# USD of # USD are explained by nothing; a difference of #",
		},
		"the parts of a total": {
			"7", "the parts make 28.58 USD (subtotal 20, tax 4.08, discount 0)", "look at the totals",
			"the parts make # USD (subtotal #, tax #, discount #)",
		},
		"the record's key, and what is made of it": {
			"000000123", "SOP order WEB000000123 (order 000000123) is posted", "make the difference in GP", "SOP order … (order …) is posted",
		},
		"a short key is no part of another word": {"12", "order 12 has the item TNT-HAW-12", "", "order … has the item TNT-HAW-12"},
		"a value in quotes": {
			"7", `the value has 71 characters ("Maximiliane Mustermann"); 64 are taken`, "shorten it", `the value has # characters ("…"); # are taken`,
		},
		"an address and an id": {
			"7", "ana@example.com is on hold, see 6f9619ff-8b86-d011-b42d-00c04fc964ff", "", "… is on hold, see …",
		},
		"how long it was tried": {
			"7", "tried 20 times since 2026-11-24T22:46:03Z, and only this record fails; last: gp.record.locked: locked for 15m0s", "look at the record",
			"tried # times since …, and only this record fails; last: gp.record.locked: locked for …",
		},
		"nothing": {"7", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := cause(tc.key, tc.reason, tc.fix); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestWhatOneFixMendsIsOneGroup(t *testing.T) {
	unmapped := func(key, method string) Letter {
		return Letter{
			Pair: "main", Role: "transform", Entity: "order", Key: key, Kind: "rejected", Code: "order.payment.unmapped", Field: "payment.method",
			Reason: "the payment method " + method + " has no row in the table payment", Fix: "add a row " + method + " to the table payment of this flow, then replay",
		}
	}
	with := func(l Letter, set func(*Letter)) Letter { set(&l); return l }
	klarna := unmapped("000000001", "klarna")
	line := Letter{Pair: "main", Code: "gp.order.too_long", Field: "lines[0].item (ITEMNMBR)", Reason: "it has 31 characters; 30 are taken"}
	for name, tc := range map[string]struct {
		a, b Letter
		one  bool
	}{
		"another order":   {klarna, unmapped("000000002", "klarna"), true},
		"another method":  {klarna, unmapped("000000002", "paypal"), false},
		"another pair":    {klarna, with(klarna, func(l *Letter) { l.Pair = "eu" }), false},
		"another role":    {klarna, with(klarna, func(l *Letter) { l.Role = "gp-writer" }), false},
		"another entity":  {klarna, with(klarna, func(l *Letter) { l.Entity = "refund" }), false},
		"another kind":    {klarna, with(klarna, func(l *Letter) { l.Kind = "conflict" }), false},
		"another code":    {klarna, with(klarna, func(l *Letter) { l.Code = "x" }), false},
		"another field":   {klarna, with(klarna, func(l *Letter) { l.Field = "x" }), false},
		"another line":    {line, with(line, func(l *Letter) { l.Field = "lines[12].item (ITEMNMBR)" }), true},
		"another length":  {line, with(line, func(l *Letter) { l.Reason = "it has 44 characters; 30 are taken" }), true},
		"another fix":     {klarna, with(klarna, func(l *Letter) { l.Fix = "call the shop" }), false},
		"tried otherwise": {klarna, with(klarna, func(l *Letter) { l.Tries, l.ID, l.Trace = 7, "9", "t" }), true},
	} {
		t.Run(name, func(t *testing.T) {
			if one := groupOf(tc.a) == groupOf(tc.b); one != tc.one {
				t.Errorf("one group: %v", one)
			}
		})
	}
}

// Property: orders that differ only in their own number and amounts are one
// group, whatever the sentence around these is.
func TestTheRecordsOwnValuesPartNoGroup(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.StringMatching(`[a-zA-Z]{1,8}[.,:;]?`), 1, 8).Draw(t, "words"), " ")
		letter := func(n string) Letter {
			key := fmt.Sprintf("%09d", rapid.IntRange(0, 999_999_999).Draw(t, "key "+n))
			sum := fmt.Sprintf("%d.%02d", rapid.IntRange(-99_999, 99_999).Draw(t, "sum "+n), rapid.IntRange(0, 99).Draw(t, "cents "+n))
			return Letter{Key: key, Reason: fmt.Sprintf("%s WEB%s %s (%s)", text, key, text, sum), Fix: text}
		}
		if a, b := letter("a"), letter("b"); groupOf(a) != groupOf(b) {
			t.Fatalf("%q and %q are two groups", cause(a.Key, a.Reason, a.Fix), cause(b.Key, b.Reason, b.Fix))
		}
	})
}

func TestAGroupSaysWhyItWaits(t *testing.T) {
	for name, tc := range map[string]struct {
		letter Letter
		want   Standing
	}{
		"refused data":           {Letter{Kind: "rejected", Role: "gp-writer", Code: "gp.item.unknown"}, Rejected},
		"held by a flow's check": {Letter{Kind: "conflict", Role: "transform", Code: "order.large"}, Held},
		"a target that changed":  {Letter{Kind: "conflict", Role: "gp-writer", Code: "gp.sales.posted"}, Conflict},
		"stuck":                  {Letter{Kind: "transient", Role: "gp-writer", Code: "stuck"}, Stuck},
		"needs an order":         {Letter{Kind: "rejected", Role: "magento-writer", Code: "needs.order"}, Needs},
		"needs":                  {Letter{Kind: "transient", Role: "magento-writer", Code: "needs"}, Needs},
		"only begins like it":    {Letter{Kind: "rejected", Code: "needsome.thing"}, Rejected},
		"a bug":                  {Letter{Kind: "defect", Code: "panic"}, Defect},
	} {
		t.Run(name, func(t *testing.T) {
			if got := standing(tc.letter); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}
