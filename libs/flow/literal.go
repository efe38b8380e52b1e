package flow

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser/lexer"
	"github.com/shopspring/decimal"
)

// maxExponent bounds the powers of ten of a number, and maxDigits its digits:
// far beyond money, and small enough that no sum can fill the memory.
const (
	maxExponent = 1000
	maxDigits   = 1000
)

// parseDecimal makes a number of its text; no float is ever in between.
func parseDecimal(text string) (decimal.Decimal, error) {
	if len(text) > maxDigits {
		return decimal.Decimal{}, fmt.Errorf("a number of %d characters is too long; %d are allowed", len(text), maxDigits)
	}
	d, err := decimal.NewFromString(text)
	if err != nil {
		return d, fmt.Errorf("%q is not a number, or out of bounds", text)
	}
	return d, bounded(d)
}

func bounded(d decimal.Decimal) error {
	if e := d.Exponent(); e > maxExponent || e < -maxExponent || d.NumDigits() > maxDigits {
		return fmt.Errorf("a number is out of bounds: more than %d digits or powers of ten", maxDigits)
	}
	return nil
}

var decimalLiteral = regexp.MustCompile(`^(\d[\d_]*(\.[\d_]*)?|\.\d[\d_]*)([eE][+-]?\d+)?$`)

// literals holds the numeric literals of a source by their place.
//
// The parser reads literals as int and float64: 1e400 would not parse, 0.1
// would not be 0.1, and their text is lost in the tree. So the parser is given
// a source in which each literal is replaced by as many zeros, and the tree's
// number nodes get their values from the text that stood at their place.
type literals map[int]string

// maskLiterals finds the literals of a source and gives the source to parse.
func maskLiterals(source string) (masked string, found literals, err error) {
	tokens, err := lexer.Lex(file.NewSource(source))
	if err != nil {
		return source, nil, nil //nolint:nilerr // the parser will say it, with the place
	}
	found = literals{}
	runes := []rune(source)
	for _, t := range tokens {
		if !t.Is(lexer.Number) {
			continue
		}
		text := string(runes[t.From:t.To])
		if !decimalLiteral.MatchString(text) {
			return "", nil, &file.Error{Location: t.Location, Message: fmt.Sprintf("%q is not a decimal number", text)}
		}
		found[t.From] = strings.ReplaceAll(text, "_", "")
		copy(runes[t.From:t.To], slices.Repeat([]rune{'0'}, t.To-t.From))
	}
	return string(runes), found, nil
}
