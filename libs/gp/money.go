package gp

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/failure"
)

// Amount is a decimal that is there: GP takes it as it is, zero included. An
// absent one (the zero NullDecimal) is left to GP, which takes its default or
// computes it.
func Amount(d decimal.Decimal) decimal.NullDecimal { return decimal.NewNullDecimal(d) }

// digits is ISO 4217's list of currencies whose minor unit is not two digits.
var digits = func() map[string]int32 {
	m := map[string]int32{}
	for _, l := range []struct {
		digits     int32
		currencies string
	}{
		{0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"},
		{3, "BHD IQD JOD KWD LYD OMR TND"},
		{4, "CLF UYW"},
	} {
		for c := range strings.FieldsSeq(l.currencies) {
			m[c] = l.digits
		}
	}
	return m
}()

// Digits is the number of decimals of a currency by ISO 4217.
func Digits(currencyISO string) int32 {
	if d, ok := digits[strings.ToUpper(currencyISO)]; ok {
		return d
	}
	return 2
}

// Columns of money and of quantities are numeric(19,5).
const maxDecimals = 5

var numericLimit = decimal.New(1, 19-maxDecimals)

// money is a MoneyAmount before it is written.
type money struct {
	decimal.NullDecimal
	currency string
}

// object gives Currency, Value, DecimalDigits. A value with more decimals than
// the currency has is refused: whoever rounds must also settle the totals.
func (m money) object() (object, error) {
	if !m.Valid {
		return nil, nil
	}
	places := Digits(m.currency)
	value, err := fixed("money", m.Decimal, places)
	if err != nil {
		return nil, err
	}
	return object{"Currency": m.currency, "Value": value, "DecimalDigits": strconv.Itoa(int(places))}, nil
}

// unitPrice is the MoneyAmount of one unit: it has the decimals that it needs,
// at least the currency's. How many GP takes is the item's setting
// (CurrencyDecimalPlaces).
type unitPrice money

func (m unitPrice) object() (object, error) {
	if !m.Valid {
		return nil, nil
	}
	places := Digits(m.currency)
	for places < maxDecimals && !m.Decimal.Equal(m.Decimal.Truncate(places)) {
		places++
	}
	value, err := fixed("money", m.Decimal, places)
	if err != nil {
		return nil, err
	}
	return object{"Currency": m.currency, "Value": value, "DecimalDigits": strconv.Itoa(int(places))}, nil
}

// quantity is a Quantity before it is written: it has the decimals that it needs.
type quantity decimal.Decimal

func (q quantity) object() (object, error) {
	d := decimal.Decimal(q)
	places := int32(0)
	for places < maxDecimals && !d.Equal(d.Truncate(places)) {
		places++
	}
	value, err := fixed("quantity", d, places)
	if err != nil {
		return nil, err
	}
	return object{"Value": value, "DecimalDigits": strconv.Itoa(int(places))}, nil
}

func fixed(thing string, d decimal.Decimal, places int32) (string, error) {
	if !d.Equal(d.Truncate(places)) {
		return "", failure.Rejected("gp."+thing+".too_precise", "",
			fmt.Sprintf("GP takes %d decimals here, %s has more", places, d),
			"round it in the flow, where the totals can be settled")
	}
	if d.Abs().GreaterThanOrEqual(numericLimit) {
		return "", failure.Rejected("gp."+thing+".too_large", "",
			fmt.Sprintf("GP's columns are numeric(19,5), %s does not fit", d), "correct the amount")
	}
	return d.StringFixed(places), nil
}
