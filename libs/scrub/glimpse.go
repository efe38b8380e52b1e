package scrub

import (
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"
)

// What a reader of a page doesn't see.
var (
	unseen = regexp.MustCompile(`(?is)<(script|style)\b.*?</(script|style)\s*>|<!--.*?-->`)
	tags   = regexp.MustCompile(`(?s)<[^>]*>`)
)

const (
	glimpseRead  = 16 << 10 // bytes of the body that are looked at
	glimpseWords = 100      // bytes of the words that are shown
)

// Glimpse says in a few words what an answer was that makes no sense: its
// content type, and the first words that a reader of it would see, made fit
// for errors as [Text] does. An empty body is "empty".
func Glimpse(contentType string, body []byte) string {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = "no content type"
	}
	body = body[:min(len(body), glimpseRead)]
	text := tags.ReplaceAllString(unseen.ReplaceAllString(strings.ToValidUTF8(string(body), ""), " "), " ")
	words := Text(strings.Join(strings.Fields(text), " "))
	if len(words) > glimpseWords {
		end := glimpseWords
		for !utf8.RuneStart(words[end]) {
			end--
		}
		words = words[:end] + "..."
	}
	switch {
	case len(strings.TrimSpace(string(body))) == 0:
		return kind + ", empty"
	case words == "":
		return kind + ", without words"
	}
	return kind + `, "` + words + `"`
}
