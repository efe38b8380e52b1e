package events

import "fmt"

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

// Types is the whole contract, one row per event type. JSON Schemas and the
// AsyncAPI document are generated from it (make generate).
var Types = []Type{
	{TypeName(Magento, Order, "noticed"), WordNotice, Magento, Order, Notice{}, nil,
		"Magento, or a sweep, says that an order may have changed."},
	{TypeName(Magento, Order, "changed"), WordChange, Magento, Order, Change{}, nil,
		"A whole order as Magento's REST API gave it."},
	{TypeName(GP, Order, "write"), WordCommand, GP, Order, Command{}, SalesOrder{},
		"Bring one SOP order, with its customer, to this state."},
	{TypeName(Magento, Order, "write"), WordCommand, Magento, Order, Command{}, OrderStatus{},
		"Say in the Magento order where it went."},
	{TypeName(Magento, Order, "ended"), WordOutcome, Magento, Order, Outcome{}, nil,
		"What became of a Magento order's notice or change."},
	{DeadType, WordDead, "", "", DeadLetter{}, nil,
		"A message that needs a person, with its reason, history and payload."},
	{BreakerType, WordBreaker, "", "", Breaker{}, nil,
		"A circuit breaker opened, half opened or closed."},
	{AuditType, WordAudit, "", "", Audit{}, nil,
		"What a person did about a message: replayed or discarded it."},
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
