package flow

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/failure"
)

var surchargeFunctions = []function{
	{
		group: "orders", name: "surcharges",
		params: []param{need("order", kindRecord), need("table", kindTable), may("currency", kindText), may("places", kindNumber)}, gives: kindRecord,
		doc: "What the rows of a table make of an order's own amounts: {misc, freight, tax, discount} as sums and {lines} as rows like those of priceRows. " +
			"A row's key is a field of the order, dotted (extension_attributes.handling_fee; a path through a list adds its elements up); the row says where the amount goes: " +
			"misc, freight, tax, discount (which lowers the total, whatever the field's sign), or line, with the item: {to: line, item: GIFTWRAP}. " +
			`The key is the field's name in the order's currency; with "base" its base_ twin is read.`,
		example: `surcharges({handling_fee: "4.5000"}, "surcharges").misc`, result: `"4.5"`,
		do: func(args []any) (any, error) {
			places, err := placesArg(args[3])
			if err != nil {
				return nil, err
			}
			return surcharges(args[0].(map[string]any), args[1].(*lookupTable), textArg(args, 2, "order"), places)
		},
	},
	{
		group: "orders", name: "surchargeAdvice",
		params: []param{need("order", kindRecord), need("difference", kindNumber), may("currency", kindText)}, gives: kindText,
		doc:     "For the fix of a refusal: which of the order's fields that Magento's core doesn't have amounts to just the difference, and the row for the table surcharges that books it.",
		example: `surchargeAdvice({handling_fee: 4.5}, 4.5)`,
		result:  `"handling_fee is just this amount: add the row  handling_fee: {to: misc}  to the table surcharges, then replay"`,
		do: func(args []any) (any, error) {
			return surchargeAdvice(args[0].(map[string]any), args[1].(decimal.Decimal), textArg(args, 2, "order")), nil
		},
	},
}

func placesArg(v any) (int32, error) {
	d, ok := v.(decimal.Decimal)
	if !ok {
		return 2, nil
	}
	n, err := wholeNumber(d)
	if err != nil || n < 0 || n > unitPlaces {
		return 0, fmt.Errorf("a currency has 0 to %d places, not %s", unitPlaces, d)
	}
	return int32(n), nil //nolint:gosec // bounded above
}

func surcharges(order map[string]any, table *lookupTable, currency string, places int32) (any, error) {
	sums := map[string]decimal.Decimal{"misc": {}, "freight": {}, "tax": {}, "discount": {}}
	lines := []any{}
	for _, field := range table.keys() {
		amount, err := surcharge(order, field, currency)
		if err != nil {
			return nil, err
		}
		if amount = amount.Round(places); amount.IsZero() {
			continue
		}
		row, _ := table.row(field)
		to, item, name := surchargeRule(row)
		sum, ok := sums[to]
		switch {
		case to == "discount":
			sums[to] = sum.Add(amount.Abs())
		case ok:
			sums[to] = sum.Add(amount)
		case to != "line" || item == "":
			return nil, failure.Rejected("order.surcharge.rule", field,
				fmt.Sprintf("the row %s of the table %s says to: %q, item: %q, which is no rule", field, table.name, to, item),
				"write {to: misc}, freight, tax or discount, or {to: line, item: <item number>}, then replay")
		case amount.IsNegative():
			return nil, failure.Rejected("order.surcharge.negative", field,
				fmt.Sprintf("%s is %s, and GP takes no line below zero", field, amount),
				fmt.Sprintf("let the row %s of the table %s say {to: discount}, then replay", field, table.name))
		default:
			if name == "" {
				name = item
			}
			lines = append(lines, map[string]any{
				"sku": item, "name": name, "type": "surcharge", "quantity": decimal.NewFromInt(1), "price": amount, "rowTotal": amount,
				"unitPrice": amount, "extended": amount, "rest": decimal.Decimal{}, "tax": decimal.Decimal{}, "discount": decimal.Decimal{},
				"fpt": decimal.Decimal{}, "virtual": true,
			})
		}
	}
	return map[string]any{
		"misc": sums["misc"], "freight": sums["freight"], "tax": sums["tax"], "discount": sums["discount"], "lines": lines,
	}, nil
}

// surchargeRule reads a row: {to, item, name}, or just where it goes.
func surchargeRule(row any) (to, item, name string) {
	switch row := row.(type) {
	case string:
		return row, "", ""
	case map[string]any:
		return textOf(row["to"]), textOf(row["item"]), textOf(row["name"])
	}
	return textOf(row), "", ""
}

// surcharge is the amount of a field in the currency. A field that has no base_
// twin is taken for the base currency only where the two are one.
func surcharge(order map[string]any, field, currency string) (decimal.Decimal, error) {
	amount, found, err := amountAt(order, strings.Split(field, "."), currency)
	if err != nil {
		return amount, failure.Rejected("order.surcharge.amount", field, err.Error(), "let the table surcharges name a field that holds an amount")
	}
	if found || currency != "base" {
		return amount, nil
	}
	amount, found, err = amountAt(order, strings.Split(field, "."), "order")
	if err != nil || !found || amount.IsZero() || order["base_currency_code"] == order["order_currency_code"] {
		return amount, err
	}
	return amount, failure.Rejected("order.surcharge.currency", field,
		fmt.Sprintf("%s is in %s, and has no base_ twin in %s; the two are never mixed",
			field, textOf(order["order_currency_code"]), textOf(order["base_currency_code"])),
		"set order.currency to order, or write this order by hand")
}

// amountAt adds up what stands at a path; found tells whether anything does.
func amountAt(v any, path []string, currency string) (sum decimal.Decimal, found bool, err error) {
	switch v := v.(type) {
	case nil:
		return sum, false, nil
	case []any:
		for _, e := range v {
			amount, has, err := amountAt(e, path, currency)
			if err != nil {
				return sum, false, err
			}
			sum, found = sum.Add(amount), found || has
		}
		return sum, found, nil
	case map[string]any:
		if len(path) > 1 {
			return amountAt(v[path[0]], path[1:], currency)
		}
		if v[path[0]] == nil && currency == "order" || currency == "base" && v[baseName(v, path[0])] == nil {
			return sum, false, nil
		}
		sum, err = orderAmount(v, path[0], currency)
		return sum, err == nil, err
	}
	return sum, false, fmt.Errorf("%s is in %v, which has no fields", path[0], kindOf(v))
}

// surchargeAdvice looks among the fields that core doesn't have; it runs only
// for an order that is refused.
func surchargeAdvice(order map[string]any, difference decimal.Decimal, currency string) string {
	sums := map[string]decimal.Decimal{}
	same := order["base_currency_code"] == order["order_currency_code"]
	var walk func(v any, path string)
	walk = func(v any, path string) {
		switch v := v.(type) {
		case map[string]any:
			for k, e := range v {
				known := knownFields["magento.order"]
				if known[join(path, k)] && !isContainer(e) || known[join(path, k)+".*"] || slices.Contains(notTotals, k) {
					continue
				}
				plain, isBase := strings.CutPrefix(k, "base_")
				switch {
				case currency == "order" && isBase:
				case currency == "base" && !isBase && !isContainer(e) && (!same || v["base_"+k] != nil):
				default:
					walk(e, join(path, plain))
				}
			}
		case []any:
			for _, e := range v {
				walk(e, path)
			}
		default:
			if amount, ok := amountOf(v); ok {
				sums[path] = sums[path].Add(amount)
			}
		}
	}
	walk(order, "")
	var fits []string
	for _, field := range slices.Sorted(maps.Keys(sums)) {
		if sums[field].Round(3).Abs().Equal(difference.Abs()) && !difference.IsZero() { // no currency in use has more
			fits = append(fits, field)
		}
	}
	if len(fits) == 0 {
		return "look for a fee or credit of a module in the order's totals: a row of the table surcharges books it; no field of the order has just this amount. " +
			"A rounding difference can be allowed by the setting order.tolerance"
	}
	to := "misc"
	if difference.IsNegative() {
		to = "discount"
	}
	advice := fmt.Sprintf("%s is just this amount: add the row  %s: {to: %s}  to the table surcharges, then replay", fits[0], fits[0], to)
	if len(fits) > 1 {
		advice += "; so are " + strings.Join(fits[1:], ", ")
	}
	return advice
}

// notTotals are the parts of an order that hold no totals of modules.
var notTotals = []string{"items", "billing_address", "payment", "status_histories", "shipping_assignments"}

func isContainer(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// amountOf is the decimal that a value or its text is.
func amountOf(v any) (decimal.Decimal, bool) {
	switch v := v.(type) {
	case decimal.Decimal:
		return v, true
	case string:
		d, err := parseDecimal(strings.TrimSpace(v))
		return d, err == nil
	}
	return decimal.Decimal{}, false
}
