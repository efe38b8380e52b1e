package dlq

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

// What letters of one cause have in common: everything but what is the record's
// own. Left out ("…") are the record's key and names made of it, e-mail
// addresses, ids, times and quoted values; amounts and counts become "#". Kept
// is what the fix is about: a word that the fix names too, and one that follows
// the name of a thing that is set up in a system (item 24001, method klarna).
// So every order that pays by klarna is one group, and every order with an item
// that GP lacks is a group of that item.

var (
	// words are quoted texts and what stands between blanks.
	words  = regexp.MustCompile(`"[^"]*"|[^\s"]+`)
	number = regexp.MustCompile(`^[-+]?\d[\d.,]*%?$`)
	amount = regexp.MustCompile(`^[-+]?\d[\d,]*[.,]\d+$`)
	// passing are values of one moment or one message: a time, a duration, an
	// e-mail address, a UUID, a hash.
	passing = regexp.MustCompile(`^(\d{4}-\d\d-\d\d\S*|\d\d:\d\d(:\d\d)?\S*|(\d+(\.\d+)?(ns|us|µs|ms|h|m|s))+|\S+@\S+\.\S+|` +
		`\{?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?|[0-9a-f]{16,})$`)
	// things are what is set up in a system by people, and has a name.
	things = regexp.MustCompile(`(?i)^(account|alias|batch|checkbook|class|code|country|currency|item|method|pair|preset|row|schedule|site|SKU|store|table|unit|warehouse|website)$`)
	index  = regexp.MustCompile(`\[\d+\]`)
)

// punctuation is what a word may be wrapped in.
const punctuation = `.,;:!?()[]'"`

// cause gives what a letter's reason shares with those of the same cause.
func cause(key, reason, fix string) string {
	named := map[string]bool{}
	for _, word := range words.FindAllString(fix, -1) {
		named[strings.Trim(word, punctuation)] = true
	}
	return replaceWords(reason, func(before, word string, quoted bool) string {
		switch {
		case own(key, word), passing.MatchString(word):
			return "…"
		case named[word], things.MatchString(before) && !amount.MatchString(word):
			return word
		case number.MatchString(word):
			return "#"
		case quoted:
			return "…"
		}
		return word
	})
}

// commonFix gives what a fix shares with those of the same cause: it names what
// is to be done, so only what can't be that is left out.
func commonFix(key, fix string) string {
	return replaceWords(fix, func(_, word string, _ bool) string {
		switch {
		case own(key, word), passing.MatchString(word):
			return "…"
		case amount.MatchString(word):
			return "#"
		}
		return word
	})
}

// replaceWords gives each word, without its punctuation, to f.
func replaceWords(text string, f func(before, word string, quoted bool) string) string {
	before := ""
	return words.ReplaceAllStringFunc(text, func(word string) string {
		core := strings.Trim(word, punctuation)
		if core == "" {
			return word
		}
		head, tail, _ := strings.Cut(word, core)
		out := head + f(before, core, strings.HasPrefix(word, `"`)) + tail
		before = core
		return out
	})
}

// shortKey is the length below which a key may stand in another word by chance.
const shortKey = 6

// own tells whether a word is the record's key, or made of it (its SOP number).
func own(key, word string) bool {
	return key != "" && (word == key || len(key) >= shortKey && strings.Contains(word, key))
}

// groupOf gives the stable id of the group that a letter belongs to: what has
// one cause is mended by one fix.
func groupOf(l Letter) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		l.Pair, l.Role, l.Entity, l.Kind, l.Code, index.ReplaceAllString(l.Field, "[]"),
		cause(l.Key, l.Reason, l.Fix), commonFix(l.Key, l.Fix),
	}, "\x00")))
	return hex.EncodeToString(sum[:6])
}
