package events

import (
	"fmt"
	"strings"
)

// Type is one row of the contract: an event type, where it is published, and
// what its body holds.
type Type struct {
	// Name is the CloudEvents type, io.magpie.<system>.<entity>.<verb>.v1.
	Name string
	Word Word
	// System is the system of the subject's third token; empty for any.
	System System
	Entity Entity
	// Payload is a value of the body's type, Document one of Command.Document's.
	Payload  any
	Document any
	Summary  string
}

// Types is the whole contract, one row per event type: those of no entity, and
// what each entity's file declares. JSON Schemas and the AsyncAPI document are
// generated from it (make generate).
var Types = []Type{
	{Name: DeadType, Word: WordDead, Payload: DeadLetter{},
		Summary: "A message that needs a person, with its reason, history and payload."},
	{Name: BreakerType, Word: WordBreaker, Payload: Breaker{},
		Summary: "A circuit breaker opened, half opened or closed."},
	{Name: AuditType, Word: WordAudit, Payload: Audit{},
		Summary: "What a person did: about a message, a flow, a table, or a link."},
}

// noticed is the type of a source's notices of an entity.
func noticed(system System, entity Entity, summary string) Type {
	return Type{Name: TypeName(system, entity, "noticed"), Word: WordNotice, System: system, Payload: Notice{}, Summary: summary}
}

// changed is the type of a source's changes of an entity.
func changed(system System, entity Entity, summary string) Type {
	return Type{Name: TypeName(system, entity, "changed"), Word: WordChange, System: system, Payload: Change{}, Summary: summary}
}

// ended is the type of what became of a source's record.
func ended(system System, entity Entity) Type {
	return Type{Name: TypeName(system, entity, "ended"), Word: WordOutcome, System: system, Payload: Outcome{},
		Summary: fmt.Sprintf("What became of a notice or a change: %s of %s.", entity, system)}
}

// commanded is the type of the commands that write an entity into a system. The
// verb is "write" unless the system has two documents of one entity.
func commanded(system System, entity Entity, verb string, document any, summary string) Type {
	return Type{Name: TypeName(system, entity, verb), Word: WordCommand, System: system,
		Payload: Command{}, Document: document, Summary: summary}
}

// source is all that a record gives rise to whose system tells of it.
func source(system System, entity Entity, record string) []Type {
	return []Type{
		noticed(system, entity, fmt.Sprintf("%s, or a sweep, says that a record may have changed: %s.", system, record)),
		changed(system, entity, fmt.Sprintf("A whole record as its system gave it: %s.", record)),
		ended(system, entity),
	}
}

// The types that belong to no entity.
const (
	DeadType    = "io.magpie.message.dead.v1"
	BreakerType = "io.magpie.breaker.moved.v1"
	AuditType   = "io.magpie.message.handled.v1"
)

// TypeName gives the name of an event type.
func TypeName(system System, entity Entity, verb string) string {
	return fmt.Sprintf("io.magpie.%s.%s.%s.v1", system, entity, verb)
}

// Target is the name by which flows write a type of command: system.entity, and
// the verb where it isn't "write".
func (t Type) Target() string {
	name := string(t.System) + "." + string(t.Entity)
	if verb := t.Verb(); verb != writeVerb {
		name += "." + verb
	}
	return name
}

// Verb is the last part but one of the name.
func (t Type) Verb() string {
	parts := strings.Split(t.Name, ".")
	return parts[len(parts)-2]
}

const writeVerb = "write"

// CommandType gives the event type of a target's name; see [Type.Target].
func CommandType(target string) (Type, bool) {
	for _, t := range Types {
		if t.Word == WordCommand && t.Target() == target {
			return t, true
		}
	}
	return Type{}, false
}

// TypeOf finds a type by its name.
func TypeOf(name string) (Type, bool) {
	for _, t := range Types {
		if t.Name == name {
			return t, true
		}
	}
	return Type{}, false
}

// Extension names of the CloudEvents that Magpie publishes.
const (
	ExtTraceParent   = "traceparent"
	ExtTraceState    = "tracestate"
	ExtPartitionKey  = "partitionkey"
	ExtCorrelationID = "correlationid"
	ExtCausationID   = "causationid"
	ExtDepth         = "depth"
	// ExtOrigin is, on a replayed message, the sequence that the first one had:
	// revisions are made of it, so that a replay is never newer than it was.
	ExtOrigin = "originsequence"
	// ExtOriginEpoch is the epoch of that sequence.
	ExtOriginEpoch = "originepoch"
	// ExtRewrite is, on a change that a person edited, the last part of the
	// revisions that are made of it.
	ExtRewrite = "rewrite"
)

// TraceID takes the trace id out of the extension traceparent (W3C Trace
// Context: version-trace-span-flags); "" where there is none.
func TraceID(traceParent string) string {
	const whole = len("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	if len(traceParent) != whole {
		return ""
	}
	return traceParent[3:35]
}
