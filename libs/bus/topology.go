package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/events"
)

// Names of the streams.
const (
	Notices  = "NOTICES"
	Changes  = "CHANGES"
	Commands = "COMMANDS"
	Outcomes = "OUTCOMES"
	Dead     = "DEAD"
	Breakers = "BREAKERS"
	Audit    = "AUDIT"
)

// Names of the KV buckets.
const (
	Claims   = "claims"   // one per target key: who writes it, what was applied
	Cursors  = "cursors"  // how far sweeps have come
	Meta     = "meta"     // the epoch, and how far CHANGES had come
	Suspects = "suspects" // messages whose handling killed a process
	Flows    = "flows"    // published versions of flows and tables, and which are live
	Links    = "links"    // which records of the two systems are the same thing
	Open     = "open"     // what Magento still reserves of orders that GP has allocated
	Matches  = "matches"  // GP's customers by e-mail, and by name and postcode
	// Heartbeats has the newest of each role and process.
	Heartbeats = "heartbeats"
)

// Streams is the one table of streams. What holds for all of them is in
// [stream]: file storage, limits retention, and no limit of age or size of
// their own, since unfinished work is never aged out or pushed out. The
// server's store (max_file_store; three quarters of the free disk by default)
// bounds them together: when it is full every stream refuses, and the door
// answers 503. History is purged by [Bus.Purge] from behind what every
// consumer has acknowledged.
//
//	stream    retention  size          discard  duplicate window
//	NOTICES   limits     the server's  old (*)  10 min (senders retry that long)
//	CHANGES   limits     the server's  new       2 min (and expected last sequence)
//	COMMANDS  limits     the server's  old (*)   2 min (and revisions)
//	OUTCOMES  limits     the server's  new       2 min
//	DEAD      limits     the server's  new       2 min
//	BREAKERS  limits     30 days       old       2 min
//	AUDIT     limits     the server's  new       2 min; neither deleted nor purged
//
// (*) A stream with message schedules can't discard new (nats-server error
// 10052). With no limit of its own it never discards at all.
var Streams = []jetstream.StreamConfig{
	stream(Notices, "what systems say has changed", func(c *jetstream.StreamConfig) {
		c.Subjects = []string{"magpie.notice.*.*.*.*", "magpie.later.notice.>"}
		c.AllowMsgSchedules, c.Discard = true, jetstream.DiscardOld
		c.Duplicates = 10 * time.Minute
	}),
	stream(Changes, "whole records, as read", func(c *jetstream.StreamConfig) {
		c.Subjects = []string{"magpie.change.*.*.*.*"}
	}),
	stream(Commands, "target-ready documents", func(c *jetstream.StreamConfig) {
		c.Subjects = []string{"magpie.command.*.*.*.*", "magpie.later.command.>"}
		c.AllowMsgSchedules, c.Discard = true, jetstream.DiscardOld
	}),
	stream(Outcomes, "what became of notices and changes", func(c *jetstream.StreamConfig) {
		c.Subjects = []string{"magpie.outcome.*.*.*.*"}
	}),
	stream(Dead, "what needs a person", func(c *jetstream.StreamConfig) {
		c.Subjects = []string{"magpie.dead.*.*.*.*"}
	}),
	stream(Breakers, "circuit breakers that moved", func(c *jetstream.StreamConfig) {
		c.Subjects = []string{"magpie.breaker.>"}
		c.Discard, c.MaxAge = jetstream.DiscardOld, 30*24*time.Hour
	}),
	stream(Audit, "who replayed, discarded or published what", func(c *jetstream.StreamConfig) {
		c.Subjects = []string{"magpie.audit.>"}
		c.DenyDelete, c.DenyPurge = true, true
	}),
}

func stream(name, description string, set func(*jetstream.StreamConfig)) jetstream.StreamConfig {
	c := jetstream.StreamConfig{
		Name: name, Description: description,
		Retention: jetstream.LimitsPolicy, Storage: jetstream.FileStorage,
		Discard: jetstream.DiscardNew, MaxBytes: -1, Duplicates: 2 * time.Minute,
		AllowDirect: true,
	}
	set(&c)
	return c
}

// Buckets is the one table of KV buckets.
var Buckets = []jetstream.KeyValueConfig{
	{Bucket: Claims, Description: "who writes which target, and what was applied", Storage: jetstream.FileStorage},
	{Bucket: Cursors, Description: "how far sweeps have come", Storage: jetstream.FileStorage},
	{Bucket: Meta, Description: "the epoch of revisions", Storage: jetstream.FileStorage},
	{Bucket: Suspects, Description: "messages whose handling killed a process", Storage: jetstream.FileStorage, TTL: 24 * time.Hour},
	{Bucket: Flows, Description: "published versions of flows and tables, and which are live", Storage: jetstream.FileStorage},
	{Bucket: Links, Description: "which records of the two systems are the same thing", Storage: jetstream.FileStorage},
	{Bucket: Open, Description: "what Magento still reserves of orders that GP has allocated", Storage: jetstream.FileStorage},
	{Bucket: Matches, Description: "GP's customers by e-mail, and by name and postcode", Storage: jetstream.FileStorage},
	{Bucket: Heartbeats, Description: "which roles run, and what captures last read", Storage: jetstream.MemoryStorage, TTL: beatKept},
}

// Drift is one property that the server has otherwise than the table says.
type Drift struct {
	Name, Property string
	Have, Want     string
}

func (d Drift) String() string {
	return fmt.Sprintf("%s: %s is %s, should be %s", d.Name, d.Property, d.Have, d.Want)
}

// Apply creates what is missing and brings the rest to the table's state. It
// returns what it found otherwise and has mended; what can't be mended in
// place (storage, retention) is an error that says so. Replicas is 1, or 3 in
// a cluster.
func (b *Bus) Apply(ctx context.Context, replicas int) ([]Drift, error) {
	var found []Drift
	for _, want := range Streams {
		want.Replicas = replicas
		drifts, err := b.applyStream(ctx, want)
		if err != nil {
			return found, fmt.Errorf("apply stream %s: %w", want.Name, err)
		}
		found = append(found, drifts...)
	}
	for _, want := range Buckets {
		want.Replicas = replicas
		if _, err := b.js.CreateOrUpdateKeyValue(ctx, want); err != nil {
			return found, fmt.Errorf("apply KV bucket %s: %w", want.Bucket, err)
		}
	}
	return found, nil
}

func (b *Bus) applyStream(ctx context.Context, want jetstream.StreamConfig) ([]Drift, error) {
	s, err := b.js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		_, err = b.js.CreateOrUpdateStream(ctx, want)
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	// Who runs the cluster may have more replicas than a role can know of.
	want.Replicas = max(want.Replicas, s.CachedInfo().Config.Replicas)
	drifts := Compare(s.CachedInfo().Config, want)
	if len(drifts) == 0 {
		return nil, nil
	}
	_, err = b.js.CreateOrUpdateStream(ctx, want)
	return drifts, err
}

// Compare lists where a stream differs from what the table says.
func Compare(have, want jetstream.StreamConfig) []Drift {
	var out []Drift
	add := func(property string, h, w any) {
		if hs, ws := fmt.Sprint(h), fmt.Sprint(w); hs != ws {
			out = append(out, Drift{Name: want.Name, Property: property, Have: hs, Want: ws})
		}
	}
	add("subjects", have.Subjects, want.Subjects)
	add("retention", have.Retention, want.Retention)
	add("storage", have.Storage, want.Storage)
	add("replicas", have.Replicas, want.Replicas)
	add("discard", have.Discard, want.Discard)
	add("max bytes", have.MaxBytes, want.MaxBytes)
	add("max age", have.MaxAge, want.MaxAge)
	add("duplicate window", have.Duplicates, want.Duplicates)
	add("message schedules", have.AllowMsgSchedules, want.AllowMsgSchedules)
	add("deny delete", have.DenyDelete, want.DenyDelete)
	add("deny purge", have.DenyPurge, want.DenyPurge)
	return out
}

// Spec declares one durable consumer. All replicas of a role share it.
type Spec struct {
	Role   events.Role
	Name   string // of the durable
	Stream string
	// Filters are the subjects of its messages.
	Filters []string
	// Parallel is how many keys are handled at once in this process.
	Parallel int
	// AckWait is how long a replica that died or froze keeps its messages.
	AckWait time.Duration
}

// defaultAckWait is a compromise: a dead replica's messages wait this long.
const defaultAckWait = 30 * time.Second

// CaptureSpec is the consumer of a capture: the notices of one pair and system,
// of all entities, or of some that share a breaker and have the first one's name.
func CaptureSpec(role events.Role, pair string, system events.System, parallel int, entities ...events.Entity) Spec {
	s := Spec{Role: role, Name: fmt.Sprintf("%s_%s", role, pair), Stream: Notices, Parallel: parallel}
	if len(entities) == 0 {
		s.Filters = []string{fmt.Sprintf("magpie.notice.%s.%s.*.*", pair, system)}
		return s
	}
	s.Name += "_" + string(entities[0])
	for _, e := range entities {
		s.Filters = append(s.Filters, fmt.Sprintf("magpie.notice.%s.%s.%s.*", pair, system, e))
	}
	return s
}

// TransformChangesSpec is the consumer that runs flows over changes.
func TransformChangesSpec(parallel int) Spec {
	return Spec{
		Role: events.RoleTransform, Name: "transform_changes", Stream: Changes,
		Filters: []string{"magpie.change.*.*.*.*"}, Parallel: parallel,
	}
}

// TransformOutcomesSpec is the consumer that runs flows over outcomes.
func TransformOutcomesSpec(parallel int) Spec {
	return Spec{
		Role: events.RoleTransform, Name: "transform_outcomes", Stream: Outcomes,
		Filters: []string{"magpie.outcome.*.*.*.*"}, Parallel: parallel,
	}
}

// WriterSpec is the consumer of a writer: one per role, pair and breaker
// scope, so that one pair's outage stops no other. The scope has the name of its
// first entity; more share its breaker and its lanes.
func WriterSpec(role events.Role, pair string, system events.System, entity events.Entity, parallel int, more ...events.Entity) Spec {
	s := Spec{Role: role, Name: fmt.Sprintf("%s_%s_%s", role, pair, entity), Stream: Commands, Parallel: parallel}
	for _, e := range append([]events.Entity{entity}, more...) {
		s.Filters = append(s.Filters, fmt.Sprintf("magpie.command.%s.%s.%s.*", pair, system, e))
	}
	return s
}

func (s Spec) config() jetstream.ConsumerConfig {
	c := jetstream.ConsumerConfig{
		Durable:   s.Name,
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: s.ackWait(),
		// Deaths are counted by what was under way (suspect.go): the server's
		// count also rises for messages that merely waited beside it.
		MaxDeliver: -1, MaxAckPending: 4096,
	}
	if len(s.Filters) == 1 {
		c.FilterSubject = s.Filters[0]
	} else {
		c.FilterSubjects = s.Filters
	}
	return c
}

// filters are those of a consumer; all, where it has none.
func filters(c jetstream.ConsumerConfig) []string {
	switch {
	case c.FilterSubject != "":
		return []string{c.FilterSubject}
	case len(c.FilterSubjects) > 0:
		return c.FilterSubjects
	}
	return []string{">"}
}

// oldest is when the oldest message was stored that a consumer has still to
// acknowledge; zero if there is none.
func oldest(ctx context.Context, s jetstream.Stream, info *jetstream.ConsumerInfo) (time.Time, error) {
	var first time.Time
	for _, filter := range filters(info.Config) {
		m, err := s.GetMsg(ctx, info.AckFloor.Stream+1, jetstream.WithGetMsgSubject(filter))
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound): // acknowledged in between
		case err != nil:
			return first, fmt.Errorf("read the oldest message of %s: %w", info.Name, err)
		case first.IsZero() || m.Time.Before(first):
			first = m.Time.UTC()
		}
	}
	return first, nil
}

func (s Spec) ackWait() time.Duration {
	if s.AckWait > 0 {
		return s.AckWait
	}
	return defaultAckWait
}

func (s Spec) parallel() int { return max(s.Parallel, 1) }
