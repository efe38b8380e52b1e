package magento

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/magpie-integration/magpie/libs/scrub"
)

// message is Magento's body of an error (Magento core,
// Framework/Webapi/Rest/Response and Framework/Webapi/ErrorProcessor). A trace,
// which developer mode adds, is never read.
type message struct {
	Message    string          `json:"message"`
	Parameters json.RawMessage `json:"parameters"`
	Errors     []struct {
		Message    string          `json:"message"`
		Parameters json.RawMessage `json:"parameters"`
	} `json:"errors"`
	// Messages is the other shape, of PHP's fatal errors.
	Messages struct {
		Error []struct {
			Message string `json:"message"`
		} `json:"error"`
	} `json:"messages"`
}

// maxMessage is how much of a message is kept, in bytes.
const maxMessage = 1200

func parseMessage(body []byte) message {
	var m message
	if json.Unmarshal(body, &m) != nil {
		return message{}
	}
	return m
}

// text gives the message filled in, with all its details, scrubbed.
func (m message) text() string {
	parts := []string{fill(m.Message, m.Parameters)}
	for _, e := range m.Errors {
		parts = append(parts, fill(e.Message, e.Parameters))
	}
	for _, e := range m.Messages.Error {
		parts = append(parts, e.Message)
	}
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	s := strings.ReplaceAll(scrub.Text(strings.Join(parts, ": ")), "\n", " ")
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + "..."
	}
	if s == "" {
		return "no message"
	}
	return s
}

// parameter gives one named parameter as text.
func (m message) parameter(name string) string {
	var byName map[string]json.RawMessage
	if json.Unmarshal(m.Parameters, &byName) != nil {
		return ""
	}
	return plain(byName[name])
}

// field gives the field that the message, or the first of its details, names.
func (m message) field() string {
	field := m.parameter("fieldName")
	for _, e := range m.Errors {
		if field == "" {
			field = message{Parameters: e.Parameters}.parameter("fieldName")
		}
	}
	return field
}

// first gives the first parameter of a list.
func (m message) first() string {
	var list []json.RawMessage
	if json.Unmarshal(m.Parameters, &list) != nil || len(list) == 0 {
		return ""
	}
	return plain(list[0])
}

// named is a placeholder with a name.
var named = regexp.MustCompile(`%[A-Za-z][A-Za-z0-9]*`)

// fill puts the parameters into a template: %1, %2 for a list, %name for a map,
// the longest name first (Magento core, Framework/Phrase/Renderer/Placeholder).
// The price endpoints give a list to a template with names: they are filled in
// turn.
func fill(template string, parameters json.RawMessage) string {
	values := map[string]string{}
	var list []json.RawMessage
	var byName map[string]json.RawMessage
	switch {
	case json.Unmarshal(parameters, &list) == nil:
		names := named.FindAllString(template, -1)
		for i, v := range list {
			values["%"+strconv.Itoa(i+1)] = plain(v)
			if i < len(names) && values[names[i]] == "" {
				values[names[i]] = plain(v)
			}
		}
	case json.Unmarshal(parameters, &byName) == nil:
		for name, v := range byName {
			values["%"+name] = plain(v)
		}
	}
	if len(values) == 0 {
		return template
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	pairs := make([]string, 0, 2*len(names))
	for _, name := range names {
		pairs = append(pairs, name, values[name])
	}
	return strings.NewReplacer(pairs...).Replace(template)
}

// plain renders a parameter for people.
func plain(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	if len(v) == 0 || string(v) == "null" {
		return ""
	}
	return string(v)
}
