// Package events is the contract of Magpie: what is said, by whom, on which
// NATS subject and with which payload. Services meet here and nowhere else, so
// the package imports nothing of Magpie and no broker.
//
// Six words carry the whole product; five of them are messages:
//
//	notice   a system says that something changed         magpie.notice.<pair>.<system>.<entity>.<key>
//	change   the whole record, read from the system       magpie.change.<pair>.<system>.<entity>.<key>
//	command  a target-ready document                      magpie.command.<pair>.<target system>.<entity>.<source key>
//	outcome  what became of a notice or a change          magpie.outcome.<pair>.<source system>.<entity>.<source key>
//	dead     a message that needs a person, and why       magpie.dead.<pair>.<role>.<entity>.<key>
//
// (The sixth, the flow, is a document: libs/flow.) Every message is a
// CloudEvent 1.0 in the NATS binding's binary mode: attributes are headers,
// the body is the JSON of one payload type of this package.
//
// A new entity is a file: its name, its event types, its documents.
package events
