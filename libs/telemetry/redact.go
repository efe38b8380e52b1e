package telemetry

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"unicode"

	"github.com/magpie-integration/magpie/libs/scrub"
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

// redact is slog's ReplaceAttr: the last gate before a value is written. It is
// a net, not the plan: callers don't log secrets or people's data at all.
func redact(groups []string, a slog.Attr) slog.Attr {
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
		a.Value = redactAny(a.Value.Any())
	default: // numbers, times and durations say nothing of a person
	}
	return a
}

// redactAny looks into values of any type by way of their JSON, which is how
// they would be written.
func redactAny(v any) slog.Value {
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
	return slog.AnyValue(redactJSON(plain))
}

func redactJSON(v any) any {
	switch v := v.(type) {
	case string:
		return ScrubText(v)
	case []any:
		for i := range v {
			v[i] = redactJSON(v[i])
		}
	case map[string]any:
		for name := range v {
			if secretName(name) {
				v[name] = hidden
			} else {
				v[name] = redactJSON(v[name])
			}
		}
	}
	return v
}

var (
	userinfo   = regexp.MustCompile(`://[^/\s@]+@`)
	credential = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}`)
)

// ScrubText masks what must not be read in a log or on a page without a login:
// what [scrub.Text] does, and credentials in URLs and Authorization headers.
func ScrubText(s string) string {
	if strings.Contains(s, "://") {
		s = userinfo.ReplaceAllString(s, "://"+hidden+"@")
	}
	if strings.Contains(s, " ") {
		s = credential.ReplaceAllStringFunc(s, hideCredential)
	}
	return scrub.Text(s)
}

// hideCredential leaves plain words alone ("Basic authentication").
func hideCredential(s string) string {
	scheme, value, _ := strings.Cut(s, " ")
	if !strings.ContainsFunc(value, func(r rune) bool { return unicode.IsDigit(r) || unicode.IsUpper(r) }) {
		return s
	}
	return scheme + " " + hidden
}
