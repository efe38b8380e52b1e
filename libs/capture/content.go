package capture

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/scrub"
)

// clean gives what is published of a record, scrubbed and in compact form, and
// which fields of the record itself were scrubbed.
func (r Record) clean() (record json.RawMessage, related map[string]json.RawMessage, scrubbed []string) {
	record, scrubbed = content(r.JSON)
	for name, raw := range r.Related {
		if related == nil {
			related = make(map[string]json.RawMessage, len(r.Related))
		}
		related[name], _ = content(raw)
	}
	return record, related, scrubbed
}

func content(raw json.RawMessage) (clean json.RawMessage, scrubbed []string) {
	clean, scrubbed = scrub.JSON(raw)
	// What is not JSON can't be compact; publishing it says what is wrong.
	if compact, err := jsonv1.Marshal(clean); err == nil {
		clean = compact
	}
	return clean, scrubbed
}

// hashOf is of all that a change holds, in compact form.
func hashOf(record json.RawMessage, related map[string]json.RawMessage) string {
	sum := sha256.New()
	sum.Write(record)
	for _, name := range slices.Sorted(maps.Keys(related)) {
		fmt.Fprintf(sum, "\n%s\n%s", name, related[name])
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// changeID names an occurrence: the same content after another change is
// another happening (A, B, A are three changes).
func changeID(subject events.Subject, hash string, last previous) string {
	return digest("%s\n%s\n%d %s", subject, hash, last.sequence, last.id)
}

func digest(format string, args ...any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, format, args...))
	return hex.EncodeToString(sum[:16])
}
