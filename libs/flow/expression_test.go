package flow

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/expr-lang/expr/vm"
	"github.com/shopspring/decimal"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testRecord = func() map[string]any {
	v, err := decodeJSON([]byte(`{
		"n": 1.10, "big": 12345678901234567890.12, "t": "12", "zero": 0, "yes": true, "list": [1, 2, 3], "none": [],
		"rows": [{"q": 2, "p": 0.1}, {"q": 1, "p": 0.2}, {"q": 1}], "deep": {"er": {"x": "y"}}, "nothing": null
	}`))
	if err != nil {
		panic(err)
	}
	return v.(map[string]any)
}()

func testScope() *scope {
	return &scope{
		names: map[string]kind{"o": kindRecord}, lets: map[string]int{},
		tables: map[string]*lookupTable{
			"colours":    newLookupTable("colours", map[string]any{"red": map[string]any{"code": "R"}}),
			"surcharges": newLookupTable("surcharges", map[string]any{"handling_fee": "misc"}),
			"paths":      newLookupTable("paths", map[string]any{"text1": "x_forwarded_for"}),
			"taxes":      newLookupTable("taxes", map[string]any{"VT": "USASTVT"}),
		},
	}
}

func eval(source string) (any, error) {
	c, err := compileExpression(Expression{Source: source, Line: 1}, testScope())
	if err != nil {
		return nil, err
	}
	return c.evaluate(new(vm.VM), map[string]any{"o": testRecord})
}

// onlyOurs fails for a value with a float, a machine integer or any Go type in
// it that expressions don't have.
func onlyOurs(t *testing.T, source string, v any) {
	t.Helper()
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			onlyOurs(t, source, e)
		}
	case map[string]any:
		for _, e := range v {
			onlyOurs(t, source, e)
		}
	default:
		if kindOf(v) == kindAny {
			t.Errorf("%s gives a %T", source, v)
		}
	}
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		`0.1 + 0.2 == 0.3`:                    `true`,
		`0.1 + 0.2`:                           `"0.3"`,
		`text(0.10)`:                          `"0.1"`,
		`1e400 > 1e399`:                       `true`,
		`1e400 / 1e400`:                       `"1"`,
		`99999999999999999999999 + 1`:         `"100000000000000000000000"`,
		`1_000.5`:                             `"1000.5"`,
		`.5 + 1`:                              `"1.5"`,
		`1 / 3`:                               `"0.3333333333333333"`,
		`2 / 3`:                               `"0.6666666666666667"`,
		`-2 / 3`:                              `"-0.6666666666666667"`,
		`1e-16 / 2`:                           `"0"`,
		`3e-16 / 2`:                           `"0.0000000000000002"`,
		`5e-16 / 2`:                           `"0.0000000000000002"`,
		`-5e-16 / 2`:                          `"-0.0000000000000002"`,
		`7 % 2.5`:                             `"2"`,
		`-o.n`:                                `"-1.1"`,
		`-(1 - 3)`:                            `"2"`,
		`len(o.list) + 0.5`:                   `"3.5"`,
		`o.list[len(o.list) - 1]`:             `"3"`,
		`o.list[-1]`:                          `"3"`,
		`o.list[7]`:                           `null`,
		`o.none[0].x`:                         `null`,
		`o.list[1:]`:                          `["2","3"]`,
		`"Ünïcode"[0:2]`:                      `"Ün"`,
		`o.no?.such.field ?? "d"`:             `"d"`,
		`o.no.such.field`:                     `null`,
		`o.deep.er.x`:                         `"y"`,
		`o["deep"]["er"].x`:                   `"y"`,
		`o.deep["e" + "r"].x`:                 `"y"`,
		`o.nothing == nil`:                    `true`,
		`o.n == 1.1`:                          `true`,
		`o.n != 1.1`:                          `false`,
		`1.0 in [1, 2]`:                       `true`,
		`"1" in [1, 2]`:                       `false`,
		`"n" in o`:                            `true`,
		`o.n not in [1.10]`:                   `false`,
		`sum(o.rows, .q)`:                     `"4"`,
		`sum(o.rows, .q * number(.p, 0))`:     `"0.4"`,
		`sum(o.rows, .p)`:                     `"0.3"`,
		`sum(o.none)`:                         `"0"`,
		`sum(o.missing, .p)`:                  `"0"`,
		`count(o.rows, .q > 1) + 0.5`:         `"1.5"`,
		`map(o.list, #index + 0.5)`:           `["0.5","1.5","2.5"]`,
		`reduce(o.list, #acc + #, 0)`:         `"6"`,
		`filter(o.list, # > 1)`:               `["2","3"]`,
		`any(o.rows, .p == 0.2)`:              `true`,
		`find(o.rows, .q == 1).p`:             `"0.2"`,
		`o.list | map(# * 2) | sum()`:         `"12"`,
		`{a: 1, 2: "x"}`:                      `{"2":"x","a":"1"}`,
		`let x = o.n; x * 2`:                  `"2.2"`,
		`if o.yes { 1 } else { 2 }`:           `"1"`,
		`o.yes ? "a" : "b"`:                   `"a"`,
		`not o.yes or o.n > 1 and true`:       `true`,
		`o.t matches "^[0-9]+$"`:              `true`,
		`o.t startsWith "1"`:                  `true`,
		`o.nothing contains "1"`:              `false`,
		`number(o.t) + 1`:                     `"13"`,
		`upper(o.nothing)`:                    `null`,
		`upper(o.nothing) ?? "x"`:             `"x"`,
		`12345678901234567890.12 == o.big`:    `true`,
		`lookup("colours", "blue", {}).code`:  `null`,
		`lookup("colours", "red").code + "!"`: `"R!"`,
	} {
		v, err := eval(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		onlyOurs(t, source, v)
		if got, _ := json.Marshal(v); string(got) != want {
			t.Errorf("%s gives %s, want %s", source, got, want)
		}
	}
}

func TestExpressionsRefused(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		`"1" == 1`:                    "don't mix",
		`o.t == 12`:                   "don't mix",
		`o.t < 13`:                    "don't mix",
		`"a" + 1`:                     "don't mix",
		`"a" + o.n`:                   "don't mix",
		`o.n + o.nothing`:             "one side is absent",
		`o.nothing + 1`:               "one side is absent",
		`1 / 0`:                       "division by zero",
		`1 % o.zero`:                  "division by zero",
		`0x10`:                        "not a decimal number",
		`1e2000`:                      "out of bounds",
		`2 ** 3`:                      "no powers",
		`1..3`:                        "no ranges",
		`now()`:                       "no function now",
		`uper("a")`:                   "did you mean upper?",
		`float(1)`:                    "no function float",
		`int(1.5)`:                    "no function int",
		`mean([1])`:                   "no function mean",
		`ceil(1.5)`:                   "no function ceil",
		`sortBy(o.list, #)`:           "not part of the language",
		`groupBy(o.list, #)`:          "not part of the language",
		`findIndex(o.list, # == 1)`:   "not part of the language",
		`o.n.InexactFloat64()`:        "no functions of their own",
		`(1).InexactFloat64()`:        "no functions of their own",
		`$env.o`:                      "don't begin so",
		`$env["o"]`:                   "don't begin so",
		`__add(1, 2)`:                 "don't begin so",
		`b"abc"`:                      "byte texts",
		`o.n; o.t`:                    "one expression is wanted",
		`+o.n`:                        "between two values",
		`not o.n`:                     "a condition needs yes or no",
		`o.t ? 1 : 2`:                 "a condition needs yes or no",
		`filter(o.list, #)`:           "a condition needs yes or no",
		`map(o.n, #)`:                 "a loop needs a list",
		`o.t matches o.t`:             "constant text",
		`"a" matches "["`:             "can't be read",
		`o.n contains "1"`:            "text is needed",
		`upper(1)`:                    "s is text, and this is a number",
		`upper(o.n)`:                  "s is text, and this is a number",
		`upper()`:                     "misses s",
		`upper("a", "b")`:             "takes 1 values",
		`lookup("colors", "red")`:     "did you mean colours?",
		`lookup(o.t, "red")`:          "constant text",
		`lookup("colours", "blue")`:   "add a row",
		`o.list[0.5]`:                 "whole number",
		`o.list[o.n]`:                 "whole number",
		`o.t.x`:                       "o.t is text",
		`nobody + 1`:                  "unknown name",
		`1 < 2 < 3`:                   "don't chain",
		`o.n +`:                       "unexpected",
		`let upper = 1; __x`:          "don't begin so",
		`let o = 1; o`:                "taken already",
		`currencyDecimals("EURO")`:    "ISO 4217",
		`date("2026-11-24", "Local")`: "machine to machine",
		`round(1.5, 0, "bankers")`:    "no way of rounding",
		`fill("{{x}}", {y: "a"})`:     "nothing fills",
		`reduce(o.list, #acc * #acc * #acc * #acc * #acc * #acc * #acc * #acc * #acc * #acc * #acc, 1e100)`: "out of bounds",
		`all(o.list, all(o.list, all(o.list, # > 0)))`:                                                      "2 deep",
	} {
		v, err := eval(source)
		if err == nil {
			t.Errorf("%s gives %v, and should be refused", source, v)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q in it", source, err, want)
		}
	}
}

func TestFunctionExamples(t *testing.T) {
	t.Parallel()
	for _, f := range Functions {
		v, err := eval(f.Example)
		if err != nil {
			t.Errorf("%s: %v", f.Example, err)
			continue
		}
		onlyOurs(t, f.Example, v)
		if got, _ := json.Marshal(v); string(got) != f.Result {
			t.Errorf("%s gives %s, and its documentation says %s", f.Example, got, f.Result)
		}
		if f.Doc == "" || f.Signature == "" || !strings.Contains(f.Example, f.Name+"(") {
			t.Errorf("%s is not documented", f.Name)
		}
	}
}

// A literal is the decimal of its text, wherever it stands.
func TestLiteralsAreDecimals(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.StringMatching(`(0|[1-9][0-9]{0,24})(\.[0-9]{1,12})?([eE][+-]?[0-9]{1,2})?`).Draw(t, "a")
		b := rapid.StringMatching(`(0|[1-9][0-9]{0,24})(\.[0-9]{1,12})?`).Draw(t, "b")
		v, err := eval(`"é" == "é" ? [` + a + `, -` + b + `, ` + a + ` + ` + b + `, ` + a + `*` + b + `] : []`)
		if err != nil {
			t.Fatal(err)
		}
		x, y := decimal.RequireFromString(a), decimal.RequireFromString(b)
		for i, want := range []decimal.Decimal{x, y.Neg(), x.Add(y), x.Mul(y)} {
			if got := v.([]any)[i].(decimal.Decimal); !got.Equal(want) {
				t.Fatalf("element %d is %s, want %s", i, got, want)
			}
		}
	})
}

// A quotient is the nearest number of 16 places, the even one of two.
func TestQuotient(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.Custom(func(t *rapid.T) decimal.Decimal {
			return decimal.New(rapid.Int64().Draw(t, "coefficient"), rapid.Int32Range(-12, 6).Draw(t, "exponent"))
		})
		a, b := number.Draw(t, "a"), number.Filter(func(d decimal.Decimal) bool { return !d.IsZero() }).Draw(t, "b")
		got, err := divide(a, b)
		if err != nil {
			t.Fatal(err)
		}
		if want := a.DivRound(b, 60).RoundBank(quotientPlaces); !got.Equal(want) {
			t.Fatalf("%s / %s is %s, want %s", a, b, got, want)
		}
	})
}
