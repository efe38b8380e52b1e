package events

import (
	"encoding/json"
	"time"
)

// Notice says that a record may have changed. It proves nothing about the
// record, so it carries nothing of it.
type Notice struct {
	// Event is the sender's name for what happened, such as sales_order_save_after.
	Event string `json:"event,omitempty"`
	// Via is who noticed: "webhook", "sweep", "capture", "writer", "cli" or "replay".
	Via string `json:"via"`
	// Anew asks for a change even where the record reads as before: a dead letter
	// of it is replayed, so its flows are to run again.
	Anew bool `json:"anew,omitempty"`
	// At is when Magpie noticed, in UTC.
	At time.Time `json:"at"`
	// StoreID is Magento's store_id, when the sender told it.
	StoreID int64 `json:"storeId,omitempty"`
}

// Change is a whole record as its system's API gave it at a stated time.
type Change struct {
	// ReadAt is the time just before the read began, in UTC.
	ReadAt time.Time `json:"readAt"`
	// Hash is the SHA-256 of Record and Related in compact form, as they were
	// read: equal hashes are equal content. A change that a person edits keeps it,
	// so that the source is not found changed by that.
	Hash string `json:"hash"`
	// Record is the system's own JSON, scrubbed of card data and else untouched.
	Record json.RawMessage `json:"record" jsonschema:"type=object"`
	// Related holds what flows ask for beside the record, by the name they gave it.
	Related map[string]json.RawMessage `json:"related,omitempty"`
}

// Verb says what a command wants of its target.
type Verb string

// The verbs of commands.
const (
	// Apply brings the target to the document's state.
	Apply Verb = "apply"
	// Withdraw says that the source no longer wants the target: if nothing was
	// applied yet, nothing ever will be; else the document is voided.
	Withdraw Verb = "withdraw"
)

// Command asks a writer to bring one target to a state. Document is the whole
// desired state, never a difference: writers compare, they don't add up.
type Command struct {
	Verb     Verb     `json:"verb"`
	Revision Revision `json:"revision"`
	// Flow, FlowVersion and Write say which rule made the command.
	Flow        string `json:"flow"`
	FlowVersion int    `json:"flowVersion"`
	Write       int    `json:"write"`
	// Target is the target's own key: the SOP number, the increment id.
	Target string `json:"target"`
	// Mark is the text in the target by which a withdrawal knows it as its own;
	// empty for the source's key. A document to apply carries its mark itself.
	Mark string `json:"mark,omitempty"`
	// Source names the record that the command came from.
	Source SourceRef `json:"source"`
	// Needs are the records whose links must exist before this can be written: the
	// order of a shipment. Until then the command waits.
	Needs []Ref `json:"needs,omitempty"`
	// Document is one of the document types of this package, by the event's type.
	Document json.RawMessage `json:"document,omitempty" jsonschema:"type=object"`
	// Tables are the published versions of the pair's tables that the flow read;
	// a table that nobody published rows for is not in it.
	Tables map[string]int `json:"tables,omitempty"`
	// Warnings are what the flow's checks found and let pass.
	Warnings []string `json:"warnings,omitempty"`
	// Reason says why a withdrawal is one.
	Reason string `json:"reason,omitempty"`
}

// Ref names a record of one of the systems.
type Ref struct {
	System System `json:"system"`
	Entity Entity `json:"entity"`
	Key    Key    `json:"key"`
}

// String gives system.entity and the key: gp.order WEB000000123.
func (r Ref) String() string { return string(r.System) + "." + string(r.Entity) + " " + string(r.Key) }

// SourceRef names a record of the source system.
type SourceRef struct {
	System System `json:"system"`
	Entity Entity `json:"entity"`
	Key    Key    `json:"key"`
	// ID is the system's internal number (Magento's entity_id), when it has one.
	ID int64 `json:"id,omitempty"`
	// At is the record's own time of creation in the source system, in UTC.
	At time.Time `json:"at,omitzero"`
}

// Ref is the record without what only the source knows of it.
func (s SourceRef) Ref() Ref { return Ref{s.System, s.Entity, s.Key} }

// Result is the word for what became of a change.
type Result string

// The results that an outcome can state.
const (
	Applied    Result = "applied"    // the target was written
	Unchanged  Result = "unchanged"  // the target already is as it should be; nothing was called
	Superseded Result = "superseded" // a newer revision was there first
	Skipped    Result = "skipped"    // no flow wanted it; Flow and Reason say which condition
	Withdrawn  Result = "withdrawn"  // the source took it back
	Refused    Result = "refused"    // dead-lettered; Reason says why
)

// Results lists all results.
var Results = []Result{Applied, Unchanged, Superseded, Skipped, Withdrawn, Refused}

// Outcome says what became of a notice or of a change, for one flow and write.
type Outcome struct {
	Result Result `json:"result"`
	// System and Entity name the target; both are empty for an outcome of a notice.
	System System `json:"system,omitempty"`
	Entity Entity `json:"entity,omitempty"`
	// Target is the target's own key: the SOP number, the increment id.
	Target      string    `json:"target,omitempty"`
	Flow        string    `json:"flow,omitempty"`
	FlowVersion int       `json:"flowVersion,omitempty"`
	Write       int       `json:"write"`
	Revision    Revision  `json:"revision,omitzero"`
	Source      SourceRef `json:"source"`
	// Reason is for people: the condition of a skip, the cause of a refusal.
	Reason string `json:"reason,omitempty"`
	// Code is the failure's stable code, when there was one.
	Code string `json:"code,omitempty"`
	// Differences lists where the target, read back, is not as it was sent.
	Differences []Difference `json:"differences,omitempty"`
	// Details holds the target's own identifiers and facts (customer number, allocation).
	Details map[string]string `json:"details,omitempty"`
	// Began is when the writer claimed the target, in UTC.
	Began time.Time `json:"began,omitzero"`
}

// Difference is one field that the target holds otherwise than it was sent.
type Difference struct {
	Field string `json:"field"`
	Sent  string `json:"sent"`
	Found string `json:"found"`
}

// DeadLetter is a message that needs a person.
type DeadLetter struct {
	// Kind is transient (stuck), rejected, conflict or defect.
	Kind   string `json:"kind"`
	Code   string `json:"code"`
	Reason string `json:"reason"`
	Field  string `json:"field,omitempty"`
	Fix    string `json:"fix,omitempty"`
	// Stack is the goroutine's stack, for a defect.
	Stack string    `json:"stack,omitempty"`
	Tries int       `json:"tries"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	// Message is the message that was given up, so that it can be replayed.
	Message Message `json:"message"`
	// History lists the failures that led here, oldest first.
	History []Try `json:"history,omitempty"`
}

// Message is a CloudEvent at rest: its subject, its headers, its body.
type Message struct {
	Subject string `json:"subject"`
	// Sequence is where the message stood in its stream.
	Sequence uint64 `json:"sequence,omitempty"`
	// Epoch is the one that the sequence counts in; see Revision.
	Epoch   uint64            `json:"epoch,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	// Body is the message's body when it is JSON, Raw when it is not.
	Body json.RawMessage `json:"body,omitempty"`
	Raw  []byte          `json:"raw,omitempty"`
}

// Try is one failed attempt.
type Try struct {
	At     time.Time `json:"at"`
	Code   string    `json:"code"`
	Reason string    `json:"reason"`
}

// Breaker says that a circuit breaker changed its state.
type Breaker struct {
	Scope  string    `json:"scope"`
	From   string    `json:"from"`
	To     string    `json:"to"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
}

// Audit says what a person did.
type Audit struct {
	// Action is "replayed", "edited" or "discarded" for a letter, "ordered" for a
	// group of letters; "published", "rolled back" for a flow or a table;
	// "linked", "unlinked" for a link.
	Action string `json:"action"`
	// By is who did it, as far as the caller told.
	By string `json:"by"`
	// Reason is required for a discard.
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
	// Letter is what it was done to.
	Letter *DeadLetter `json:"letter,omitempty"`
	// Mode says how it was replayed: "as-captured" or "anew".
	Mode string `json:"mode,omitempty"`
	// After is what an edit made of the letter's message.
	After *Message `json:"after,omitempty"`
	// Group is the id of the group action that this was a part of: the sequence
	// in AUDIT of the entry that ordered it, which has the Batch.
	Group string `json:"group,omitempty"`
	Batch *Batch `json:"batch,omitempty"`
	// Published is the flow or table that it was done to.
	Published *Published `json:"published,omitempty"`
	// Link is the link that was made or broken.
	Link *Link `json:"link,omitempty"`
}

// Batch is a group action on dead letters, as it was ordered.
type Batch struct {
	// Action is "replay" or "discard".
	Action string `json:"action" jsonschema:"enum=replay,enum=discard"`
	// Letters is how many there were.
	Letters int `json:"letters"`
	// IDs names them where a person did; else they are all that matched the rest.
	IDs    []string `json:"ids,omitempty"`
	Cause  string   `json:"cause,omitempty" jsonschema:"description=the id of the group"`
	Pair   string   `json:"pair,omitempty"`
	Role   string   `json:"role,omitempty"`
	Entity string   `json:"entity,omitempty"`
	Key    string   `json:"key,omitempty"`
	Code   string   `json:"code,omitempty"`
}

// Published is a version of a flow or of a table's rows.
type Published struct {
	Kind    string `json:"kind" jsonschema:"enum=flow,enum=table"`
	Name    string `json:"name"`
	Version int    `json:"version"`
	// Before is the version that was live until then; 0 for the one that ships.
	Before int `json:"before"`
}
