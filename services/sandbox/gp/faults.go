package gp

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// systemSentence is all that a caller sees of a system exception (GP Web
// Services SDK, System exceptions).
const systemSentence = "The application encountered an unhandled system exception. Contact your system administrator for details."

// validationSentence is the faultstring of a validation exception; the rules
// that were broken stand in the log under the GUID (SDK, Validation exceptions).
const validationSentence = "Business object validation failed."

// violation is one broken rule, an entry of ValidationResult.
type violation struct {
	Object     string   `json:"objectType"`
	Properties []string `json:"propertyNames"`
	Message    string   `json:"message"`
	ID         int      `json:"id"`
}

// validationError is every rule that a call broke: they come together.
type validationError struct{ violations []violation }

func (e *validationError) Error() string {
	var all []string
	for _, v := range e.violations {
		all = append(all, v.Message)
	}
	return strings.Join(all, "; ")
}

// findings gathers violations of one object.
type findings struct {
	object     string
	violations []violation
}

func (f *findings) add(id int, property, format string, args ...any) {
	f.violations = append(f.violations, violation{f.object, []string{property}, fmt.Sprintf(format, args...), id})
}

func (f *findings) err() error {
	if len(f.violations) == 0 {
		return nil
	}
	return &validationError{f.violations}
}

// refuse is a validation exception with one violation.
func refuse(object string, id int, property, format string, args ...any) error {
	f := findings{object: object}
	f.add(id, property, format, args...)
	return f.err()
}

// Numbers of violations. Those below 990000 are eConnect's, as published; the
// others are the sandbox's own, because eConnect's aren't published.
const (
	ruleLineTotal      = 67   // taSopHdrIvcInsert: subtotal differs from line totals
	ruleNoBackorder    = 4776 // taSopLineIvcInsert: item doesn't allow back orders
	ruleOwn            = 990000
	ruleMissing        = ruleOwn + iota - 3 // a required value is blank
	ruleTooLong                             // text longer than the column
	ruleNotFound                            // the object of a key isn't there
	ruleUnknown                             // a reference to something that isn't there
	ruleDuplicate                           // the key is taken
	ruleInactive                            // customer or item is inactive or discontinued
	ruleOnHold                              // customer on hold
	ruleNoSite                              // item isn't assigned to the site
	ruleUnit                                // unit of measure isn't in the schedule
	ruleTotal                               // document amount isn't the sum
	ruleExtended                            // line total isn't quantity times price
	ruleTax                                 // tax amount isn't the sum of tax rows
	rulePayments                            // payments aren't the payment amount
	ruleAmount                              // negative, or too many decimals
	ruleChoice                              // both of a choice
	ruleShortage                            // not enough stock
	ruleBatchLocked                         // batch is being posted
	ruleBatchMissing                        // batch missing, policy doesn't create it
	ruleClosed                              // fiscal period closed
	ruleState                               // void or history can't be changed
	ruleBalance                             // journal out of balance
	ruleReturnQuantity                      // quantities of a return by type are not its quantity
)

// errLockedBatch is a batch in use as a system exception, when so configured.
var errLockedBatch = errors.New("the batch is in use by another process")

// fault is an answer that is a SOAP fault.
type fault struct {
	code   xml.Name
	prefix string
	text   string
	detail string // XML inside detail
}

func clientFault(code, text string) *fault {
	return &fault{code: xml.Name{Space: nsSOAP, Local: code}, prefix: "s", text: text}
}

func dispatcherFault(text string) *fault {
	return &fault{code: xml.Name{Space: nsDispatcher, Local: "InternalServiceFault"}, prefix: "a", text: text}
}

// SystemException answers with a SOAP fault that says nothing of its cause.
func SystemException(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = w.Write(dispatcherFault(systemSentence).envelope())
}

// actionMismatch is WCF's answer to an operation that the endpoint hasn't.
func actionMismatch(action string) *fault {
	return &fault{
		code: xml.Name{Space: nsAddressingNone, Local: "ActionNotSupported"}, prefix: "a",
		text: fmt.Sprintf("The message with Action '%s' cannot be processed at the receiver, due to a ContractFilter mismatch at the EndpointDispatcher. This may be because of either a contract mismatch (mismatched Actions between sender and receiver) or a binding/security mismatch between the sender and the receiver. Check that sender and receiver have the same contract and the same binding (including security requirements, e.g. Message, Transport, None).", action),
	}
}

// bodyMismatch is WCF's answer to a body that isn't the action's.
func bodyMismatch(operation, got string) *fault {
	return &fault{
		code: xml.Name{Space: nsDispatcher, Local: "DeserializationFailed"}, prefix: "a",
		text: fmt.Sprintf("OperationFormatter encountered an invalid Message body. Expected to find node type 'Element' with name '%s' and namespace '%s'. Found node type 'Element' with name '%s'.", operation, nsGP, got),
	}
}

// shape makes the fault of a failed operation: GUID and nothing else for a
// validation exception, the sentence and no Message for a system exception
// (SDK, Handling exceptions in code). Wrapper and faultcode are configurable,
// because sources don't tell them.
func (c FaultShape) shape(validation bool, logID string) *fault {
	var f *fault
	switch {
	case c == FaultBareMessage:
		f = clientFault("Server", validationSentence)
	case c == FaultDispatcher || !validation:
		f = dispatcherFault(validationSentence)
	default:
		f = clientFault("Client", validationSentence)
	}
	if !validation {
		f.text = systemSentence
		return f
	}
	message := "<Message>" + logID + "</Message>"
	if c == FaultBareMessage {
		f.detail = message
		return f
	}
	f.detail = `<ExceptionDetail xmlns="` + nsExceptionDetail + `" xmlns:i="` + nsXSI + `"><HelpLink i:nil="true"/><InnerException i:nil="true"/>` +
		message + `<StackTrace i:nil="true"/><Type>Microsoft.Dynamics.GP.BusinessLogic.ValidationException</Type></ExceptionDetail>`
	return f
}
