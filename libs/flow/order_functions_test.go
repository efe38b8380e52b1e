package flow

import (
	"strings"
	"testing"
)

// What the functions of orders, surcharges and the ledger give, or in which
// words they refuse: one of the two.
func TestOrderFunctions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ source, want, refused string }{
		"an account":                    {`glAccount("000-0000-00", "100", "4110", "02")`, "100-4110-02", ""},
		"a number gets its zeros":       {`glAccount("000-0000-00", 1, 4110, 2)`, "001-4110-02", ""},
		"other separators, letters":     {`glAccount("00.AAAA/0", "01", "AB12", "9")`, "01.AB12/9", ""},
		"like segments":                 {`glAccount("00-00", "12", "34")`, "12-34", ""},
		"too few segments":              {`glAccount("000-0000", "100")`, "", "has 2 segments, not 1"},
		"a segment that is too long":    {`glAccount("000-0000", "1000", "4110")`, "", `segment 1 of an account of the form 000-0000 has 3 letters or digits, and "1000"`},
		"a number that is too long":     {`glAccount("000", 1000)`, "", `"1000" has not`},
		"a separator in a segment":      {`glAccount("000-0000", "1-0", "4110")`, "", `"1-0" has not`},
		"an account beyond 75":          {`glAccount("` + strings.Repeat("0", 76) + `", "1")`, "", "75 characters at most"},
		"no tax, no details":            {`len(taxDetails([{code: "XX", amount: 1}], "taxes", 0))`, "0", ""},
		"a code that took nothing":      {`len(taxDetails([{code: "XX", amount: 0}, {code: "VT", amount: 1}], "taxes", 1))`, "1", ""},
		"tax in the base currency":      {`taxDetails([{code: "VT", amount: 10, base_amount: 11}], "taxes", 11, "base")[0].amount`, "11", ""},
		"tax in yen":                    {`taxDetails([{code: "VT", amount: 10.4}], "taxes", 10, "order", 0)[0].amount`, "10", ""},
		"no places":                     {`taxDetails([], "taxes", 1, "order", 9)`, "", "0 to 5 places"},
		"no surcharge":                  {`surcharges({}, "surcharges").misc`, "0", ""},
		"a surcharge that is no amount": {`surcharges({handling_fee: "yes"}, "surcharges")`, "", `handling_fee: "yes" is not a number`},
		"a surcharge in a record":       {`surcharges({handling_fee: {value: 1}}, "surcharges")`, "", "handling_fee is a record, not an amount"},
		"its own number":                {`originalNumber("7")`, "7", ""},
		"a parent that is not asked for": {
			`originalNumber("7-1", "6", [{increment_id: "7", state: "canceled", relation_child_real_id: "7-1"}])`, "7-1", "",
		},
		"an index in a path":       {`at({a: [{b: 1}, {b: 2}]}, "a.1.b")`, "2", ""},
		"an index beyond the list": {`text(at({a: [1]}, "a.7") ?? "nothing")`, "nothing", ""},
		"a path into a text":       {`text(at({a: "x"}, "a.b") ?? "nothing")`, "nothing", ""},
		"advice: none":             {`surchargeAdvice({fee: 3}, 4)`, "look for a fee or credit of a module", ""},
		"advice: of two":           {`surchargeAdvice({b_fee: "4.0000", a_fee: 4}, 4)`, "a_fee is just this amount: add the row  a_fee: {to: misc}  to the table surcharges, then replay; so are b_fee", ""},
		"advice: core's own fields": {
			`surchargeAdvice({shipping_amount: 4, items: [{fee: 4}], extension_attributes: {shipping_assignments: [{shipping: {total: {shipping_amount: 4}}}], gift_cards: [{amount: 4}]}}, 4)`,
			"look for a fee", "",
		},
		"advice: a list adds up":         {`surchargeAdvice({extension_attributes: {fees: [{v: 1}, {v: 3}]}}, 4)`, "extension_attributes.fees.v is just", ""},
		"advice: not the other currency": {`surchargeAdvice({base_fee: 4, base_currency_code: "USD", order_currency_code: "EUR"}, 4)`, "look for a fee", ""},
		"advice: in the base currency": {
			`surchargeAdvice({fee: 3.7, base_fee: 4, base_currency_code: "USD", order_currency_code: "EUR"}, 4, "base")`, "fee is just", "",
		},
		"advice: one currency, no twin": {`surchargeAdvice({fee: 4, base_currency_code: "USD", order_currency_code: "USD"}, 4, "base")`, "fee is just", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, err := eval(c.source)
			switch {
			case c.refused != "":
				if err == nil || !strings.Contains(err.Error(), c.refused) {
					t.Errorf("got %s, %v; want it refused: %s", textOf(v), err, c.refused)
				}
			case err != nil || !strings.HasPrefix(textOf(v), c.want):
				t.Errorf("got %s, %v; want %s", textOf(v), err, c.want)
			}
		})
	}
}
