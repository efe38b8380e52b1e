// Package failure names the ways in which a step can go wrong, and is the one
// place that decides which of them an error is.
//
//	transient   the system is slow, down or busy: try again later
//	rejected    the target, or a rule of ours, refused the data: a person must mend it
//	conflict    both sides changed, or what is there is not ours: a person must decide
//	defect      a bug or a poison message: a person must look
//
// Connectors and flows return these errors; libs/bus turns the kind into an
// acknowledgement, a scheduled retry or a dead letter, and nothing else looks
// at them. An error of no kind is a transient one: a retry that was not needed
// costs time, a dead letter that was not needed costs a person.
package failure

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind is one of the four kinds of failure, as it stands in dead letters.
type Kind string

// The kinds; see the package's text.
const (
	KindTransient Kind = "transient"
	KindRejected  Kind = "rejected"
	KindConflict  Kind = "conflict"
	KindDefect    Kind = "defect"
)

// Error says what went wrong to a person and to a program. Every text in it is
// shown as it is, so a value must be scrubbed before it gets here.
type Error struct {
	Kind Kind
	// Code is stable and dotted, such as "gp.customer.name_too_long".
	Code string
	// Field is the target's or the source's field that broke the rule, if one did.
	Field string
	// Reason is one sentence: the rule and what broke it.
	Reason string
	// Fix is the next step for the person who reads it.
	Fix string
	// After is the shortest time that a retry should wait (a Retry-After header).
	After time.Duration
	// System is true when the failure is the system's, whatever the record: it
	// refused the connection, or a gateway answered for it. Breakers count it
	// even when only one key is under way.
	System bool
	// Unsent is true when no byte of the call's effect can have reached the system.
	Unsent bool

	cause error
}

// Error implements error.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Code)
	b.WriteString(": ")
	if e.Field != "" {
		b.WriteString(e.Field)
		b.WriteString(": ")
	}
	b.WriteString(e.Reason)
	if e.Fix != "" {
		b.WriteString("; ")
		b.WriteString(e.Fix)
	}
	return b.String()
}

// Unwrap gives the error that caused this one.
func (e *Error) Unwrap() error { return e.cause }

// Because keeps the error underneath, for logs and errors.Is.
func (e *Error) Because(cause error) *Error { e.cause = cause; return e }

// Rejected is data that the target, or a rule of ours, refuses.
func Rejected(code, field, reason, fix string) *Error {
	return &Error{Kind: KindRejected, Code: code, Field: field, Reason: reason, Fix: fix}
}

// Conflict is a state of the target that only a person may overrule.
func Conflict(code, field, reason, fix string) *Error {
	return &Error{Kind: KindConflict, Code: code, Field: field, Reason: reason, Fix: fix}
}

// Defect is a bug, or a message that can't be read.
func Defect(code, reason string, cause error) *Error {
	return &Error{Kind: KindDefect, Code: code, Reason: reason, cause: cause}
}

// Transient is a failure that confines itself to this record, or may: a lock, a
// deadlock, an answer that makes no sense.
func Transient(code, reason string, cause error) *Error {
	return &Error{Kind: KindTransient, Code: code, Reason: reason, cause: cause}
}

// Down is a failure of the whole system: no connection, a gateway's error page.
func Down(code, reason string, cause error) *Error {
	return &Error{Kind: KindTransient, Code: code, Reason: reason, System: true, cause: cause}
}

// Of returns err as an *Error. An error of no kind becomes a transient one with
// the code "unclassified", so that nothing is ever lost by a kind that was forgotten.
func Of(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	code := "unclassified"
	if errors.Is(err, context.DeadlineExceeded) {
		code = "timeout"
	}
	return &Error{Kind: KindTransient, Code: code, Reason: err.Error(), cause: err}
}

// ErrUnknownOutcome marks a call that was sent and not answered: its work may
// have been done. Find out before sending it again.
var ErrUnknownOutcome = errors.New("sent, but no answer came")

// Unknown wraps a transport failure after the request was sent.
func Unknown(code string, cause error) *Error {
	return &Error{
		Kind: KindTransient, Code: code, System: true,
		Reason: fmt.Sprintf("the call was sent and not answered: %v", cause),
		cause:  errors.Join(ErrUnknownOutcome, cause),
	}
}
