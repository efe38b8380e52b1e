package flow

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

var moneyFunctions = []function{
	{
		group: "money", name: "round", params: []param{need("x", kindNumber), need("places", kindNumber), may("mode", kindText)}, gives: kindNumber,
		doc: "The number with so many places. Modes: half_up (away from zero; the default, and what Magento does), half_even, half_down, " +
			"up and down (away from and towards zero), ceiling, floor.",
		example: `round(2.345, 2) - round(2.345, 2, "half_even")`, result: `"0.01"`,
		do: func(args []any) (any, error) {
			places, err := wholeNumber(args[1].(decimal.Decimal))
			if err != nil {
				return nil, err
			}
			return roundBy(args[0].(decimal.Decimal), places, textArg(args, 2, "half_up"))
		},
	},
	{
		group: "money", name: "abs", params: []param{need("x", kindNumber)}, gives: kindNumber,
		doc: "The number without its sign.", example: `abs(-2.5)`, result: `"2.5"`,
		do: func(args []any) (any, error) { return args[0].(decimal.Decimal).Abs(), nil },
	},
	{
		group: "money", name: "min", params: []param{need("x", kindNumber)}, many: true, gives: kindNumber,
		doc: "The least of the numbers.", example: `min(2, 1.5)`, result: `"1.5"`,
		do: func(args []any) (any, error) { return extreme(args, decimal.Decimal.LessThan) },
	},
	{
		group: "money", name: "max", params: []param{need("x", kindNumber)}, many: true, gives: kindNumber,
		doc: "The greatest of the numbers.", example: `max(2, 1.5)`, result: `"2"`,
		do: func(args []any) (any, error) { return extreme(args, decimal.Decimal.GreaterThan) },
	},
	{
		group: "money", name: "currencyDecimals", params: []param{need("iso", kindText)}, gives: kindNumber,
		doc:     "The decimals of a currency (ISO 4217, minor units): 2 for most, 0 for JPY, 3 for KWD.",
		example: `currencyDecimals("JPY")`, result: `"0"`,
		do: func(args []any) (any, error) {
			n, err := currencyDecimals(args[0].(string))
			return decimal.NewFromInt(int64(n)), err
		},
	},
	{
		group: "money", name: "convert", params: []param{need("amount", kindNumber), need("rate", kindNumber), need("iso", kindText)}, gives: kindNumber,
		doc:     "The amount times the rate, rounded half up to the decimals of the target currency.",
		example: `convert(10.01, 0.92, "EUR")`, result: `"9.21"`,
		do: func(args []any) (any, error) {
			n, err := currencyDecimals(args[2].(string))
			if err != nil {
				return nil, err
			}
			return args[0].(decimal.Decimal).Mul(args[1].(decimal.Decimal)).Round(int32(n)), nil //nolint:gosec // 0 to 4
		},
	},
}

func extreme(args []any, better func(a, b decimal.Decimal) bool) (any, error) {
	best := args[0].(decimal.Decimal)
	for _, v := range args[1:] {
		if d := v.(decimal.Decimal); better(d, best) {
			best = d
		}
	}
	return best, nil
}

var rounders = map[string]func(d decimal.Decimal, places int32) decimal.Decimal{
	"half_up":   decimal.Decimal.Round,
	"half_even": decimal.Decimal.RoundBank,
	"half_down": func(d decimal.Decimal, places int32) decimal.Decimal {
		near := d.Round(places)
		if d.Sub(near).Abs().Mul(decimal.NewFromInt(2)).Equal(decimal.New(1, -places)) {
			return d.RoundDown(places)
		}
		return near
	},
	"up":      decimal.Decimal.RoundUp,
	"down":    decimal.Decimal.RoundDown,
	"ceiling": decimal.Decimal.RoundCeil,
	"floor":   decimal.Decimal.RoundFloor,
}

func roundBy(d decimal.Decimal, places int, mode string) (decimal.Decimal, error) {
	round, ok := rounders[mode]
	if !ok {
		return d, fmt.Errorf("there is no way of rounding %q; known are half_up, half_even, half_down, up, down, ceiling, floor", mode)
	}
	if places < -maxExponent || places > maxExponent {
		return d, fmt.Errorf("%d places are too many", places)
	}
	return round(d, int32(places)), nil //nolint:gosec // bounded above
}

// minorUnits are the currencies of ISO 4217 whose minor unit is not 2.
var minorUnits = map[int][]string{
	0: {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"},
	3: {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"},
	4: {"CLF", "UYW"},
}

func currencyDecimals(iso string) (int, error) {
	if len(iso) != 3 || strings.Trim(iso, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return 0, fmt.Errorf("%q is not a currency code of ISO 4217", iso)
	}
	for _, n := range []int{0, 3, 4} {
		if slices.Contains(minorUnits[n], iso) {
			return n, nil
		}
	}
	return 2, nil
}
