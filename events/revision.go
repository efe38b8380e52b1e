package events

import (
	"cmp"
	"fmt"
)

// Revision orders the commands of one target. Whatever is delivered when, an
// older revision never replaces a newer one.
type Revision struct {
	// Epoch rises when the stream CHANGES is created anew, restored, or found
	// behind what writers have already applied.
	Epoch uint64 `json:"epoch" jsonschema:"description=rises when CHANGES is created or restored"`
	// Change is the sequence in CHANGES of the change that the chain began with.
	Change uint64 `json:"change"`
	// Outcome is the sequence in OUTCOMES of the outcome that started the flow, or 0.
	Outcome uint64 `json:"outcome,omitempty"`
	// Rewrite rises when a person orders the same revision again with another payload.
	Rewrite uint64 `json:"rewrite,omitempty"`
}

// Compare is negative when r is older than o, positive when it is newer.
func (r Revision) Compare(o Revision) int {
	return cmp.Or(
		cmp.Compare(r.Epoch, o.Epoch),
		cmp.Compare(r.Change, o.Change),
		cmp.Compare(r.Outcome, o.Outcome),
		cmp.Compare(r.Rewrite, o.Rewrite),
	)
}

// IsZero tells whether nothing was ever applied or claimed.
func (r Revision) IsZero() bool { return r == Revision{} }

// String gives the form used in logs: epoch/change/outcome/rewrite.
func (r Revision) String() string {
	return fmt.Sprintf("%d/%d/%d/%d", r.Epoch, r.Change, r.Outcome, r.Rewrite)
}
