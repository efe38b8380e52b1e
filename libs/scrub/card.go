package scrub

// span is a part of a text.
type span struct{ start, end int }

// group is an unbroken run of digits and what it touches.
type group struct {
	span
	afterLetter, beforeLetter bool
}

const (
	minCardDigits = 13
	maxCardDigits = 19
	// maxGap is how many blanks and dashes may lie between two groups of a
	// card's digits, as in "4111 - 1111".
	maxGap = 3
)

// finder finds card numbers. It keeps its buffers between texts.
type finder struct {
	groups []group
	found  []span
}

// cards finds the card numbers of a text: digits in one group, or in groups
// with blanks or dashes between them. A number that is part of a longer run of
// digits is none, and in a number of several groups the outer ones must not
// touch letters (a UUID is no card). With escaped, b is the inside of a JSON
// string and escapes are not read as letters. The spans are valid until the
// next call.
func (f *finder) cards(b []byte, escaped bool) []span {
	f.groups, f.found = f.groups[:0], f.found[:0]
	afterEscape := 0 // where the last escape ended
	for i := 0; i < len(b); {
		c := b[i]
		switch {
		case c == '\\' && escaped:
			i += escapeLen(b[i:])
			afterEscape = i
			continue
		case !isDigit(c):
			i++
			continue
		}
		g := group{span: span{start: i}}
		g.afterLetter = i > afterEscape && isLetter(b[i-1])
		for i < len(b) && isDigit(b[i]) {
			i++
		}
		g.end = i
		g.beforeLetter = i < len(b) && isLetter(b[i])
		f.groups = append(f.groups, g)
		next := gap(b, i, escaped)
		if next == len(b) || next > i && !isDigit(b[next]) || next == i {
			f.match(b)
			f.groups = f.groups[:0]
			continue
		}
		if next > i {
			i, afterEscape = next, next
		}
	}
	f.match(b)
	return f.found
}

// match looks for cards in a run of groups, the longest first.
func (f *finder) match(b []byte) {
	var digits [maxCardDigits]byte
	for i := 0; i < len(f.groups); i++ {
		n, last, first := 0, -1, f.groups[i]
		for j := i; j < len(f.groups); j++ {
			g := f.groups[j]
			if n+g.end-g.start > maxCardDigits {
				break
			}
			n += copy(digits[n:], b[g.start:g.end])
			if i != j && (first.afterLetter || g.beforeLetter) {
				continue
			}
			if isCard(digits[:n]) {
				last = j
			}
		}
		if last >= 0 {
			f.found = append(f.found, span{first.start, f.groups[last].end})
			i = last
		}
	}
}

// gap passes over blanks, dashes and no-break spaces.
func gap(b []byte, i int, escaped bool) int {
	for range maxGap {
		switch {
		case i < len(b) && (b[i] == ' ' || b[i] == '-'):
			i++
		case i+1 < len(b) && b[i] == 0xC2 && b[i+1] == 0xA0:
			i += 2
		case escaped && i+6 <= len(b) && (string(b[i:i+6]) == `\u00a0` || string(b[i:i+6]) == `\u00A0`):
			i += 6
		default:
			return i
		}
	}
	return i
}

func escapeLen(b []byte) int {
	n := 2
	if len(b) > 1 && b[1] == 'u' {
		n = 6
	}
	return min(n, len(b))
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }

// isCard tells whether the digits are a card number: a known issuer with that
// length, and a check digit that fits (ISO/IEC 7812-1, annex B).
func isCard(digits []byte) bool {
	return len(digits) >= minCardDigits && luhn(digits) && knownIssuer(digits)
}

func luhn(digits []byte) bool {
	sum, double := 0, false
	for i := len(digits) - 1; i >= 0; i-- {
		d := int(digits[i] - '0')
		if double {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
		double = !double
	}
	return sum%10 == 0
}

// issuer is a range of first digits, all of six digits, and the lengths of its
// numbers.
type issuer struct {
	from, to  int
	low, high int
}

// issuers are the ranges that the schemes publish.
var issuers = []issuer{
	{400000, 499999, 13, 19}, // Visa
	{222100, 272099, 16, 16}, // Mastercard
	{510000, 559999, 16, 16}, // Mastercard
	{340000, 349999, 15, 15}, // American Express
	{370000, 379999, 15, 15}, // American Express
	{300000, 305999, 14, 19}, // Diners Club
	{309500, 309599, 14, 19}, // Diners Club
	{360000, 369999, 14, 19}, // Diners Club
	{380000, 399999, 14, 19}, // Diners Club
	{352800, 358999, 16, 19}, // JCB
	{601100, 601199, 16, 19}, // Discover
	{644000, 659999, 16, 19}, // Discover, RuPay
	{620000, 629999, 16, 19}, // UnionPay
	{810000, 819999, 16, 19}, // UnionPay, RuPay
	{500000, 509999, 13, 19}, // Maestro, Elo, Verve, RuPay
	{560000, 589999, 13, 19}, // Maestro
	{630400, 630499, 13, 19}, // Maestro
	{675900, 676399, 13, 19}, // Maestro
	{639000, 639099, 13, 19}, // Maestro
	{220000, 220499, 16, 19}, // Mir
	{979200, 979299, 16, 16}, // Troy
}

func knownIssuer(digits []byte) bool {
	prefix := 0
	for _, c := range digits[:6] {
		prefix = prefix*10 + int(c-'0')
	}
	for _, r := range issuers {
		if prefix >= r.from && prefix <= r.to && len(digits) >= r.low && len(digits) <= r.high {
			return true
		}
	}
	return false
}
