package match

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Email is an e-mail address in the form that is compared: in lower case, without
// blanks around it.
func Email(text string) string { return strings.ToLower(strings.TrimSpace(text)) }

// unaccented are letters of code page 1252 that Unicode doesn't take apart.
var unaccented = strings.NewReplacer("æ", "ae", "œ", "oe", "ø", "o", "ð", "d", "þ", "th", "đ", "d", "ł", "l", "’", "", "'", "")

// Name is a person's or company's name in the form that is compared: its words in
// letters and digits, without case and accents, in alphabetical order, so that
// "Müller, Jörg" is "jorg muller". An apostrophe parts no words.
func Name(text string) string {
	// A Caser keeps a state, so each call has its own.
	folded := unaccented.Replace(cases.Fold().String(norm.NFKD.String(text)))
	var b strings.Builder
	for _, r := range norm.NFKD.String(folded) {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // an accent
		default:
			b.WriteByte(' ')
		}
	}
	words := strings.Fields(b.String())
	slices.Sort(words)
	return strings.Join(words, " ")
}

// Postcode is a postcode in the form that is compared: its letters and digits in
// upper case.
func Postcode(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToUpper(r)
		}
		return -1
	}, text)
}

// hashed stands for a normalised text in keys of the bucket: what customers are
// called is nothing for a list of keys.
func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:32]
}
