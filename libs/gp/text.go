package gp

import (
	"strings"
	"unicode"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// Representable reports whether s can be stored as it is: GP's char columns are
// in code page 1252, and what that page lacks turns into a question mark.
func Representable(s string) bool {
	for _, r := range s {
		if !representable(r) {
			return false
		}
	}
	return true
}

func representable(r rune) bool {
	if unicode.IsControl(r) {
		return r == '\t' || r == '\n' || r == '\r'
	}
	_, ok := charmap.Windows1252.EncodeRune(r)
	return ok && r != unicode.ReplacementChar
}

// plain are letters and signs that Unicode does not decompose, with what a
// typist without them would write.
var plain = map[rune]string{
	'Ł': "L", 'ł': "l", 'Đ': "D", 'đ': "d", 'Ħ': "H", 'ħ': "h", 'Ŧ': "T", 'ŧ': "t",
	'ı': "i", 'ĸ': "k", 'Ŋ': "N", 'ŋ': "n", 'ẞ': "SS", 'Ə': "E", 'ə': "e",
	'‐': "-", '‑': "-", '‒': "-", '―': "-", '−': "-", '′': "'", '″': `"`, '⁄': "/",
}

// transliterate brings s into code page 1252: composed where a composed letter
// is in it, otherwise the letter without its marks. Control characters except
// tab, CR and LF are dropped, because a stored one breaks every later read of
// its record; so are format characters, which show nothing. The second result
// is the first character that has no place there, or zero.
func transliterate(s string) (string, rune) {
	var b strings.Builder
	for _, r := range norm.NFC.String(strings.ToValidUTF8(s, "\uFFFD")) {
		switch t, known := plain[r]; {
		case representable(r):
			b.WriteRune(r)
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
		case known:
			b.WriteString(t)
		default:
			for _, d := range norm.NFKD.String(string(r)) {
				switch t, known := plain[d]; {
				case unicode.Is(unicode.M, d):
				case representable(d):
					b.WriteRune(d)
				case known:
					b.WriteString(t)
				default:
					return "", r
				}
			}
		}
	}
	return b.String(), 0
}

// upper is strings.ToUpper which stays in the code page: µ and ƒ have capitals
// that are not in it.
func upper(s string) string {
	return strings.Map(func(r rune) rune {
		if u := unicode.ToUpper(r); representable(u) {
			return u
		}
		return r
	}, s)
}
