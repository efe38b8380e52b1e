package config

import (
	"time"
)

// Sync is when a server syncs what it stores to disk.
type Sync struct {
	// Always means before each acknowledgement.
	Always bool
	// Every is the interval otherwise.
	Every time.Duration
}

// String writes it as in the file.
func (s Sync) String() string {
	if s.Always {
		return "always"
	}
	return s.Every.String()
}

// MarshalText implements encoding.TextMarshaler.
func (s Sync) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// parseSync reads "always" or a duration.
func parseSync(text string) (Sync, *rule) {
	if text == "always" {
		return Sync{Always: true}, nil
	}
	every, broken := parseDuration(text)
	if broken != nil {
		return Sync{}, &rule{broken.rule, `write "always", or a duration such as "2m"`}
	}
	return Sync{Every: every}, nil
}
