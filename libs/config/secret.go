package config

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// hidden is what is seen of a secret.
const hidden = "[secret]"

// Secret is a value that does not show itself: fmt, slog, JSON and YAML write
// "[secret]", or nothing for the empty one. The zero value is empty.
type Secret struct {
	// A pointer keeps the text even from fmt's look into unexported fields of
	// other types, where no method is called.
	text *string
}

// NewSecret keeps text as a secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal gives the text. Look for callers of this to see where secrets go.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Empty tells whether there is no text.
func (s Secret) Empty() bool { return s.Reveal() == "" }

// IsZero is Empty, for omitzero.
func (s Secret) IsZero() bool { return s.Empty() }

// String implements fmt.Stringer.
func (s Secret) String() string {
	if s.Empty() {
		return ""
	}
	return hidden
}

// Format implements fmt.Formatter: every verb writes the same.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON implements json.Marshaler.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// MarshalText implements encoding.TextMarshaler.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalYAML implements go-yaml's InterfaceMarshaler.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }
