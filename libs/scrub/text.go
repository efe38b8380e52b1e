package scrub

import (
	"strings"
	"unicode/utf8"
)

// Text makes a text fit for logs and errors: card numbers become [Mark], and an
// e-mail address keeps the first letter of its name and of its domain:
// avery.quinn@example.com becomes a***@e***.
func Text(s string) string {
	s = maskMail(s)
	if !manyDigits(s) {
		return s
	}
	var f finder
	cards := f.cards([]byte(s), false)
	if len(cards) == 0 {
		return s
	}
	var b strings.Builder
	at := 0
	for _, card := range cards {
		b.WriteString(s[at:card.start])
		b.WriteString(Mark)
		at = card.end
	}
	b.WriteString(s[at:])
	return b.String()
}

func manyDigits(s string) bool {
	n := 0
	for i := range len(s) {
		if isDigit(s[i]) {
			n++
		}
	}
	return n >= minCardDigits
}

func maskMail(s string) string {
	at := strings.IndexByte(s, '@')
	if at < 0 {
		return s
	}
	var b strings.Builder
	done := 0
	for from := at; ; {
		local, domain := from, from+1
		for local > done && isLocal(s[local-1]) {
			local--
		}
		for domain < len(s) && isDomain(s[domain]) {
			domain++
		}
		if local < from && domain > from+1 {
			b.WriteString(s[done:local])
			b.WriteString(firstRune(s[local:from]))
			b.WriteString("***@")
			b.WriteString(firstRune(s[from+1 : domain]))
			b.WriteString("***")
			done = domain
		}
		next := strings.IndexByte(s[from+1:], '@')
		if next < 0 {
			break
		}
		from += 1 + next
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

func firstRune(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return s[:n]
}

func isLocal(c byte) bool {
	return isDomain(c) || strings.IndexByte("_%+", c) >= 0
}

func isDomain(c byte) bool {
	return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '.' || c == '-' || c >= utf8.RuneSelf
}
