// Package claim orders the effects on one target, whatever is delivered when
// and however many replicas are at work. Nothing in a broker stops a frozen
// process from finishing late; so a writer claims its target before it calls,
// and compares revisions instead of trusting the order of messages.
//
// One record per target key, in the KV bucket "claims":
//
//	          Begin (compare-and-set)             Done
//	idle ─────────────────────────────▶ busy ───────────────▶ idle, applied
//	 ▲                                   │ │
//	 │            Release (refused,      │ └─ Unknown (no answer) ──▶ unknown
//	 └──────────── nothing was sent) ────┘                              │
//	                                     ▲      Begin: ask, then write  │
//	                                     └──────────────────────────────┘
//
// A claim that is busy is waited for until its record has stayed the same for a
// lease, by the observer's own monotonic clock: no two clocks are ever compared.
// Whoever takes over an unknown or a busy claim must ask the system what it has
// before writing, and must not write before the system's longest work time has
// passed since the last send. Until then the record is left alone, so that every
// observer's watch runs on.
//
// The alternatives (partitions, pinned consumers, consumer groups) were
// measured and let a killed or frozen replica reorder or overlap; see
// docs/decisions/0002-order-the-effect.md.
package claim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/failure"
)

// State is where a target's claim stands.
type State string

// The states of a claim.
const (
	Idle    State = "idle"
	Busy    State = "busy"
	Unknown State = "unknown"
)

// Record is what the KV bucket holds for one target.
type Record struct {
	State   State           `json:"state"`
	Applied events.Revision `json:"applied,omitzero"`
	Claimed events.Revision `json:"claimed,omitzero"`
	Owner   string          `json:"owner,omitempty"`
	// Takeovers counts how often this revision was taken over.
	Takeovers int `json:"takeovers,omitempty"`
	// Expected is the fingerprint that is being written, Fingerprint the one
	// that was applied, of the values as read back.
	Expected    string `json:"expected,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"`
	// Exists is true once the target is known to be there, Withdrawn once the
	// source took it back.
	Exists    bool `json:"exists,omitempty"`
	Withdrawn bool `json:"withdrawn,omitempty"`
	// Details are the target's own identifiers, for outcomes that call nothing.
	Details map[string]string `json:"details,omitempty"`
}

// Times are the three durations of the protocol. Call must be well below Lease.
type Times struct {
	// Call bounds one writing of the target; it counts from before the claim.
	Call time.Duration
	// Lease is how long a record must stay the same before it may be taken over.
	Lease time.Duration
	// Work is the longest time that the system may go on working on a call
	// whose answer was lost.
	Work time.Duration
}

// Of derives the times from a call's time-out and the system's work time.
func Of(call, work time.Duration) Times {
	return Times{Call: call, Lease: call + call/2, Work: work}
}

// Store gives out claims for one process.
type Store struct {
	kv    jetstream.KeyValue
	owner string
	times Times

	mu   sync.Mutex
	seen map[string]sighting // busy or unknown claims of others, by key
}

// NewStore opens claims in a bucket for an owner (bus.Owner).
func NewStore(kv jetstream.KeyValue, owner string, times Times) *Store {
	return &Store{kv: kv, owner: owner, times: times, seen: map[string]sighting{}}
}

// Verdict says what a writer has to do.
type Verdict int

// The verdicts of Begin.
const (
	// Write: the target is claimed; call the system.
	Write Verdict = iota
	// Ask: an earlier call may have landed, or may still land. Nothing is claimed
	// yet; ask the system. If Patience was over before, or the answer is the proof
	// that the call Landed, go by it: adopt what is as wanted (Done), write what
	// isn't (TakeOver). Else it is too early: come again.
	Ask
	// Same: the target already is as wanted; nothing is to be called.
	Same
	// Repeated: this very revision was applied before.
	Repeated
	// Old: a newer revision was applied or is claimed.
	Old
	// Wait: another owner is at work; come again after Claim.RetryAfter.
	Wait
)

// Wanted is what a command wants of a target.
type Wanted struct {
	Revision events.Revision
	// Fingerprint is of the desired state; equal fingerprints are equal states.
	Fingerprint string
	// Shared says that several records want this target (a customer, by each of
	// its orders). An older one may then write it as long as none ever did: the
	// newer one's write failed for now, and will come again.
	Shared bool
}

// old tells whether a newer revision was there first.
func (w Wanted) old(r Record) bool {
	if w.Shared && r.Applied.IsZero() {
		return false
	}
	return w.Revision.Compare(r.Claimed) < 0 || w.Revision.Compare(r.Applied) < 0
}

// Claim is the right to write one target once.
type Claim struct {
	Record Record
	// RetryAfter is set with the verdict Wait.
	RetryAfter time.Duration

	store    *Store
	key      string
	revision uint64
	began    time.Time
	deadline time.Time
	waited   time.Duration // at began
	wanted   Wanted        // what it was begun for
	landed   bool          // see Landed
}

// Landed tells, after the verdict Ask, whether a target that is found as wanted
// proves that the unanswered call is done: it was to bring about just that, and
// before it the target was otherwise. Without the proof what is found may be the
// state before a call that is still at work (an order that was held, released
// and is held again), and says nothing until Patience is over.
func (c *Claim) Landed() bool { return c.landed }

func landed(r Record, want Wanted) bool {
	before := r.Fingerprint // "" is not known, or not there
	return want.Fingerprint != "" && want.Fingerprint == r.Expected && before != r.Expected &&
		(before != "" || !r.Exists)
}

// maxTakeovers of one revision make it a defect.
const maxTakeovers = 5

// Key gives the KV key of a target.
func Key(pair string, system events.System, entity events.Entity, target string) string {
	return pair + "." + string(system) + "." + string(entity) + "." + events.Key(target).Token()
}

// Begin claims a target for a revision, or says why not.
func (s *Store) Begin(ctx context.Context, key string, want Wanted) (*Claim, Verdict, error) {
	for {
		// The deadline counts from before the claim is written: a process that
		// freezes between the two wakes up too late to send.
		began := time.Now()
		record, revision, err := s.get(ctx, key)
		if err != nil {
			return nil, 0, err
		}
		claim := &Claim{Record: record, store: s, key: key, revision: revision,
			began: began, deadline: began.Add(s.times.Call)}
		if want.old(record) {
			return claim, Old, nil
		}
		verdict := Write
		switch {
		case record.State == Busy:
			// Ours is no different: another lane of this process may be at work on
			// a target that several records want.
			seen := time.Since(s.sighted(key, revision))
			if seen < s.times.Lease {
				// Look again soon: its owner will most likely finish long before.
				claim.RetryAfter = min(s.times.Lease-seen, max(time.Second, seen/2))
				return claim, Wait, nil
			}
			// Its call was sent Call after the first sight at the latest; a store
			// without a lease takes it for over at once.
			verdict, claim.waited = Ask, seen-min(s.times.Call, s.times.Lease)
		case record.State == Unknown:
			verdict, claim.waited = Ask, time.Since(s.sighted(key, revision))
		case record.Claimed.Epoch < want.Revision.Epoch && !record.Claimed.IsZero():
			// Made before CHANGES was lost: a memory, not knowledge.
			verdict, claim.waited = Ask, s.times.Work
		case want.Revision == record.Applied:
			return claim, Repeated, nil
		case want.Fingerprint == record.Fingerprint && record.Fingerprint != "":
			return s.advance(ctx, claim, want)
		}
		claim.wanted, claim.landed = want, landed(record, want)
		if verdict == Ask {
			// Asking changes nothing, also not the record: all who watch it go on
			// counting, and the first to whom Patience is over takes over.
			return claim, Ask, nil
		}
		switch err := claim.put(ctx, claim.busy()); {
		case errors.Is(err, ErrLost):
			continue
		case err != nil:
			return nil, 0, err
		}
		return claim, Write, nil
	}
}

// busy is the record while the claim's revision is being written.
func (c *Claim) busy() Record {
	next := c.Record
	if c.wanted.Revision != next.Claimed {
		next.Takeovers = 0
	}
	next.State, next.Owner = Busy, c.store.owner
	next.Claimed, next.Expected = c.wanted.Revision, c.wanted.Fingerprint
	return next
}

// advance moves the applied revision of a target that already is as wanted.
func (s *Store) advance(ctx context.Context, claim *Claim, want Wanted) (*Claim, Verdict, error) {
	next := claim.Record
	next.State, next.Applied, next.Claimed, next.Owner = Idle, want.Revision, want.Revision, ""
	next.Takeovers, next.Expected = 0, ""
	switch err := claim.put(ctx, next); {
	case errors.Is(err, ErrLost):
		return s.Begin(ctx, claim.key, want)
	case err != nil:
		return nil, 0, err
	}
	return claim, Same, nil
}

// ErrLost is given when somebody else changed the claim meanwhile. Lost after
// a call was sent, that call may have landed last: the target's newest command
// must be written again.
var ErrLost = errors.New("another writer took the claim over")

// Context bounds the calls that are made under the claim.
func (c *Claim) Context(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithDeadlineCause(ctx, c.deadline, errDeadline)
}

// Deadline is when the calls that are made under the claim must be over.
func (c *Claim) Deadline() time.Time { return c.deadline }

var errDeadline = errors.New("the time for one write of this target is over")

// Sendable is checked right before a call is sent.
func (c *Claim) Sendable() error {
	if time.Now().After(c.deadline) {
		return &failure.Error{
			Kind: failure.KindTransient, Code: "claim.late", Unsent: true,
			Reason: "the process was held up for longer than a write may take; nothing was sent",
		}
	}
	return nil
}

// AsExpected stands for the fingerprint that the claim was begun with.
const AsExpected = "as expected"

// Applied is what Done writes down.
type Applied struct {
	// Fingerprint is of the desired state as it was accepted (AsExpected), or,
	// where the target changes what it is given, of what it was read back as.
	Fingerprint string
	Exists      bool
	Withdrawn   bool
	Details     map[string]string
}

// Done ends the claim: its revision is applied.
func (c *Claim) Done(ctx context.Context, a Applied) error {
	next := c.Record
	next.State, next.Owner, next.Takeovers = Idle, "", 0
	next.Claimed, next.Applied = c.wanted.Revision, c.wanted.Revision
	if a.Fingerprint == AsExpected {
		a.Fingerprint = c.wanted.Fingerprint
	}
	next.Expected, next.Fingerprint = "", a.Fingerprint
	next.Exists, next.Withdrawn, next.Details = a.Exists, a.Withdrawn, a.Details
	c.store.forget(c.key)
	return c.put(ctx, next)
}

// Release ends the claim with nothing changed: the system refused, or nothing
// was sent.
func (c *Claim) Release(ctx context.Context) error {
	next := c.Record
	next.State, next.Owner, next.Expected = Idle, "", ""
	c.store.forget(c.key)
	return c.put(ctx, next)
}

// Patience is how long the last unanswered call may still be at work in the
// system; nothing may be written before.
func (c *Claim) Patience() time.Duration {
	return max(c.store.times.Work-c.waited-time.Since(c.began), 0)
}

// TakeOver goes on from asking to writing: the system does not have the
// target, and nothing can be at work on it any more. The fifth takeover of one
// revision is a defect.
func (c *Claim) TakeOver(ctx context.Context) error {
	next := c.busy()
	if next.Takeovers++; next.Takeovers >= maxTakeovers {
		// A person decides now; a replay of theirs begins to count anew.
		given := c.Record
		given.Takeovers = 0
		if err := c.put(ctx, given); err != nil {
			return err
		}
		return failure.Defect("claim.takeovers",
			fmt.Sprintf("revision %s was begun %d times and never finished", next.Claimed, next.Takeovers), nil)
	}
	// If this write is refused, the target is as the unanswered call left it:
	// nobody knows that as a fingerprint.
	next.Fingerprint = ""
	c.began = time.Now()
	c.deadline = c.began.Add(c.store.times.Call)
	return c.put(ctx, next)
}

// Unknown leaves the claim to whoever comes next: a call was sent and its
// outcome is not known.
func (c *Claim) Unknown(ctx context.Context) error {
	next := c.Record
	next.State, next.Owner = Unknown, ""
	if err := c.put(ctx, next); err != nil {
		return err
	}
	c.store.sighted(c.key, c.revision)
	return nil
}

// put is the compare-and-set that everything rests on.
func (c *Claim) put(ctx context.Context, next Record) error {
	data, err := json.Marshal(next)
	if err != nil {
		return failure.Defect("claim.encode", "the claim can't be encoded", err)
	}
	var revision uint64
	if c.revision == 0 { // never written, or deleted by a person
		revision, err = c.store.kv.Create(ctx, c.key, data)
	} else {
		revision, err = c.store.kv.Update(ctx, c.key, data, c.revision)
	}
	var api *jetstream.APIError
	switch {
	case err == nil:
		c.Record, c.revision = next, revision
		return nil
	case errors.Is(err, jetstream.ErrKeyExists),
		errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
			api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant):
		return ErrLost
	default:
		return failure.Down("claim.put", "the claim of "+c.key+" can't be written", err)
	}
}

func (s *Store) get(ctx context.Context, key string) (Record, uint64, error) {
	entry, err := s.kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return Record{State: Idle}, 0, nil
	}
	if err != nil {
		return Record{}, 0, failure.Down("claim.get", "the claim of "+key+" can't be read", err)
	}
	var r Record
	if err := json.Unmarshal(entry.Value(), &r); err != nil {
		return Record{}, 0, failure.Defect("claim.decode", "the claim of "+key+" can't be read", err)
	}
	return r, entry.Revision(), nil
}

// Get reads a target's claim without touching it.
func (s *Store) Get(ctx context.Context, key string) (Record, error) {
	r, _, err := s.get(ctx, key)
	return r, err
}
