package telemetry

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"unicode"
)

// hidden stands where a secret would.
const hidden = "[secret]"

// secretWords make an attribute's value secret wherever its name holds one.
var secretWords = []string{"token", "password", "passwd", "secret", "authorization", "cookie", "apikey", "api_key"}

func secretName(name string) bool {
	name = strings.ToLower(name)
	for _, word := range secretWords {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// scrub is slog's ReplaceAttr: the last gate before a value is written. It is
// a net, not the plan: callers don't log secrets or people's data at all.
func scrub(groups []string, a slog.Attr) slog.Attr {
	if secretName(a.Key) {
		return slog.String(a.Key, hidden)
	}
	for _, group := range groups {
		if secretName(group) {
			return slog.String(a.Key, hidden)
		}
	}
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(ScrubText(a.Value.String()))
	case slog.KindAny:
		if len(groups) == 0 && (a.Key == slog.LevelKey || a.Key == slog.SourceKey) {
			return a
		}
		a.Value = scrubAny(a.Value.Any())
	default: // numbers, times and durations say nothing of a person
	}
	return a
}

// scrubAny looks into values of any type by way of their JSON, which is how
// they would be written.
func scrubAny(v any) slog.Value {
	switch v := v.(type) {
	case nil:
		return slog.AnyValue(nil)
	case error:
		return slog.StringValue(ScrubText(v.Error()))
	case json.Marshaler: // as below
	case fmt.Stringer:
		return slog.StringValue(ScrubText(v.String()))
	case []byte:
		return slog.StringValue(ScrubText(string(v)))
	}
	text, err := json.Marshal(v)
	if err != nil {
		return slog.StringValue(ScrubText(fmt.Sprintf("%+v", v)))
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	var plain any
	if err := decoder.Decode(&plain); err != nil {
		return slog.StringValue(ScrubText(string(text)))
	}
	return slog.AnyValue(scrubJSON(plain))
}

func scrubJSON(v any) any {
	switch v := v.(type) {
	case string:
		return ScrubText(v)
	case []any:
		for i := range v {
			v[i] = scrubJSON(v[i])
		}
	case map[string]any:
		for name := range v {
			if secretName(name) {
				v[name] = hidden
			} else {
				v[name] = scrubJSON(v[name])
			}
		}
	}
	return v
}

var (
	userinfo   = regexp.MustCompile(`://[^/\s@]+@`)
	credential = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}`)
	email      = regexp.MustCompile(`([\p{L}\p{N}])[\p{L}\p{N}._%+'-]*@([\p{L}\p{N}-]+\.[\p{L}\p{N}.-]*[\p{L}\p{N}])`)
	cardLike   = regexp.MustCompile(`[3-6](?:[ -]?[0-9]){12,18}`)
)

// ScrubText masks what must not be read in a log or a dead letter's reason:
// e-mail addresses (their first letter and domain stay), numbers that can be a
// payment card's, and credentials in URLs and Authorization headers.
func ScrubText(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r == '@' || r == ' ' || r >= '0' && r <= '9' }) {
		return s
	}
	s = userinfo.ReplaceAllString(s, "://"+hidden+"@")
	s = credential.ReplaceAllStringFunc(s, scrubCredential)
	s = email.ReplaceAllString(s, "$1***@$2")
	return maskCards(s)
}

// scrubCredential leaves plain words alone ("Basic authentication").
func scrubCredential(s string) string {
	scheme, value, _ := strings.Cut(s, " ")
	if !strings.ContainsFunc(value, func(r rune) bool { return unicode.IsDigit(r) || unicode.IsUpper(r) }) {
		return s
	}
	return scheme + " " + hidden
}

// maskCards masks 13 to 19 digits, alone or in groups, that begin like a card's
// and pass its check digit. A longer row of digits is no card.
func maskCards(s string) string {
	var b strings.Builder
	rest := 0
	for _, at := range cardLike.FindAllStringIndex(s, -1) {
		from, to := at[0], at[1]
		if from > 0 && wordByte(s[from-1]) || to < len(s) && wordByte(s[to]) || !luhn(s[from:to]) {
			continue
		}
		b.WriteString(s[rest:from])
		b.WriteString("[card]")
		rest = to
	}
	if rest == 0 {
		return s
	}
	b.WriteString(s[rest:])
	return b.String()
}

func wordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

// luhn is the check of payment card numbers.
func luhn(s string) bool {
	sum, double := 0, false
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] < '0' || s[i] > '9' {
			continue
		}
		digit := int(s[i] - '0')
		if double {
			if digit *= 2; digit > 9 {
				digit -= 9
			}
		}
		sum += digit
		double = !double
	}
	return sum%10 == 0
}
