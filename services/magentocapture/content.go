package magentocapture

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/magento"
	"github.com/magpie-integration/magpie/libs/scrub"
)

// content gives an order's record as it is published, scrubbed and in compact
// form, and which fields were scrubbed.
func content(o magento.Order) (record json.RawMessage, scrubbed []string) {
	record, scrubbed = scrub.JSON(o.Raw)
	// What is not JSON can't be compact; publishing it says what is wrong.
	if compact, err := jsonv1.Marshal(record); err == nil {
		record = compact
	}
	return record, scrubbed
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
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%d %s", subject, hash, last.sequence, last.id))
	return hex.EncodeToString(sum[:16])
}
