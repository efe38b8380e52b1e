package flow

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/failure"
)

// accountLength is that of account strings (eConnect, ACTNUMST: varchar(75)).
const accountLength = 75

var ledgerFunctions = []function{
	{
		group: "ledger", name: "glAccount", params: []param{need("format", kindText), need("segment", kindAny)}, many: true, gives: kindText,
		doc: "A GL account string of its segments. The format shows the company's, such as 000-0000-00: as many segments, each of that length, with its separators. " +
			"A segment of another length is refused; a number gets its leading zeros.",
		example: `glAccount("000-0000-00", "100", 4110, 2)`, result: `"100-4110-02"`,
		do: func(args []any) (any, error) { return glAccount(args[0].(string), args[1:]) },
	},
	{
		group: "ledger", name: "taxDetails",
		params: []param{need("applied", kindList), need("table", kindTable), need("tax", kindNumber), may("currency", kindText), may("places", kindNumber)}, gives: kindList,
		doc: "The tax of an order by GP's tax details, as {detail, amount}: applied is Magento's applied_taxes, the table has a row for each of its codes, " +
			"and several codes may share a detail. They add up to tax: what is missing (discount tax compensation, rounding) goes to the greatest. A code without a row is refused.",
		example: `taxDetails([{code: "VT", amount: 10.88}], "taxes", 10.89)[0].amount`, result: `"10.89"`,
		do: func(args []any) (any, error) {
			places, err := placesArg(args[4])
			if err != nil {
				return nil, err
			}
			return taxDetails(args[0].([]any), args[1].(*lookupTable), args[2].(decimal.Decimal), textArg(args, 3, "order"), places)
		},
	},
}

func glAccount(format string, segments []any) (any, error) {
	separator := func(r rune) bool {
		return !strings.ContainsRune("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", r)
	}
	lengths := strings.FieldsFunc(format, separator)
	if len(lengths) != len(segments) || len(format) > accountLength {
		return nil, fmt.Errorf("an account of the form %s has %d segments, not %d, and %d characters at most", format, len(lengths), len(segments), accountLength)
	}
	account, rest := "", format
	for i, segment := range segments {
		text := strings.TrimSpace(textOf(segment))
		if _, isNumber := segment.(decimal.Decimal); isNumber {
			text = strings.Repeat("0", max(0, len(lengths[i])-len(text))) + text
		}
		if len(text) != len(lengths[i]) || strings.ContainsFunc(text, separator) {
			return nil, fmt.Errorf("segment %d of an account of the form %s has %d letters or digits, and %q has not", i+1, format, len(lengths[i]), text)
		}
		at := strings.Index(rest, lengths[i])
		account, rest = account+rest[:at]+text, rest[at+len(lengths[i]):]
	}
	return account + rest, nil
}

func taxDetails(applied []any, table *lookupTable, tax decimal.Decimal, currency string, places int32) (any, error) {
	if tax.IsZero() {
		return []any{}, nil
	}
	details := []any{}
	at := map[string]int{}
	rest, greatest := tax, 0
	for _, v := range applied {
		record, _ := v.(map[string]any)
		code := textOf(record["code"])
		amount, err := orderAmount(record, "amount", currency)
		if err != nil {
			return nil, err
		}
		if amount = amount.Round(places); amount.IsZero() {
			continue
		}
		detail := textOf(table.rows[code])
		if detail == "" {
			return nil, failure.Rejected("order.tax.unmapped", "extension_attributes.applied_taxes",
				fmt.Sprintf("the tax code %s has no row in the table %s", code, table.name),
				fmt.Sprintf("add a row %s with GP's tax detail to the table %s, then replay", code, table.name))
		}
		i, ok := at[detail]
		if !ok {
			i = len(details)
			at[detail] = i
			details = append(details, map[string]any{"detail": detail, "amount": decimal.Decimal{}})
		}
		row := details[i].(map[string]any)
		row["amount"] = row["amount"].(decimal.Decimal).Add(amount)
		if row["amount"].(decimal.Decimal).GreaterThan(details[greatest].(map[string]any)["amount"].(decimal.Decimal)) {
			greatest = i
		}
		rest = rest.Sub(amount)
	}
	if len(details) == 0 {
		return nil, failure.Rejected("order.tax.unnamed", "extension_attributes.applied_taxes",
			fmt.Sprintf("the order has %s of tax, and names no tax code that it comes from", tax),
			"look at the order's taxes in Magento, or set order.taxDetails to none")
	}
	row := details[greatest].(map[string]any)
	row["amount"] = row["amount"].(decimal.Decimal).Add(rest)
	return details, nil
}
