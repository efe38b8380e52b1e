package magento

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"

	"github.com/magpie-integration/magpie/services/sandbox/fault"
)

// restError is an answer of the REST API that is not a success. Message is a
// template; Magento leaves filling it in to the caller (Magento core,
// Framework/Webapi/Rest/Response and ErrorProcessor).
type restError struct {
	Status  int
	Message string
	// Parameters is a list (any []any) or a map (map[string]any), or nil.
	Parameters any
	// Errors are the single refusals of an answer that sums them up.
	Errors []*restError
}

func (e *restError) Error() string {
	if e.Parameters == nil {
		return fmt.Sprintf("%d %s", e.Status, e.Message)
	}
	return fmt.Sprintf("%d %s %v", e.Status, e.Message, e.Parameters)
}

func badRequest(message string, parameters ...any) *restError {
	e := &restError{Status: http.StatusBadRequest, Message: message}
	if len(parameters) > 0 {
		e.Parameters = parameters
	}
	return e
}

// errRequired is InputException::requiredField.
func errRequired(field string) *restError {
	return &restError{Status: http.StatusBadRequest, Message: `"%fieldName" is required. Enter and try again.`, Parameters: map[string]any{"fieldName": field}}
}

// errType is what TypeProcessor says to a value of another type.
func errType(field, value, wanted string) *restError {
	return badRequest(fmt.Sprintf(`Error occurred during "%s" processing. The "%s" value's type is invalid. The "%s" type was expected. Verify and try again.`, field, value, wanted))
}

// errUnknownProperty is what ServiceInputProcessor says to a key that the data
// interface does not have.
func errUnknownProperty(property, class string) *restError {
	accessor := studly(property)
	return badRequest(fmt.Sprintf(`Property "%s" does not have accessor method "get%s" in class "%s".`, accessor, accessor, class))
}

// studly turns foo_bar into FooBar.
func studly(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

// errNoSuchEntity is NoSuchEntityException with a field and its value.
func errNoSuchEntity(field string, value any) *restError {
	return &restError{
		Status: http.StatusNotFound, Message: "No such entity with %fieldName = %fieldValue",
		Parameters: map[string]any{"fieldName": field, "fieldValue": value},
	}
}

var (
	errNoRoute   = &restError{Status: http.StatusNotFound, Message: "Request does not match any route."}
	errNoEntity  = &restError{Status: http.StatusNotFound, Message: "The entity that was requested doesn't exist. Verify the entity and try again."}
	errNoProduct = &restError{Status: http.StatusNotFound, Message: "The product that was requested doesn't exist. Verify the product and try again."}
	errDecoding  = &restError{Status: http.StatusBadRequest, Message: "Decoding error."}
)

func errUnauthorized(resource string) *restError {
	return &restError{
		Status: http.StatusUnauthorized, Message: "The consumer isn't authorized to access %resources.",
		Parameters: map[string]any{"resources": resource},
	}
}

// internalError hides its cause from the caller as production mode does; the
// cause is for the sandbox's log.
type internalError struct{ cause error }

func (e *internalError) Error() string { return "internal error: " + e.cause.Error() }
func (e *internalError) Unwrap() error { return e.cause }

func internal(format string, args ...any) error {
	return &internalError{fmt.Errorf(format, args...)}
}

// asRestError masks what the caller must not see.
func asRestError(err error) *restError {
	var known *restError
	if errors.As(err, &known) {
		return known
	}
	return &restError{Status: http.StatusInternalServerError, Message: "Internal Error. Details are available in Magento log file. Report ID: " + reportID()}
}

func reportID() string { return fmt.Sprintf("webapi-%013x", rand.Int64N(1<<52)) }

func (e *restError) body() []byte {
	w := &phpWriter{}
	w.object("", func() {
		w.refusal(e)
		if len(e.Errors) > 0 {
			w.list("errors", func() {
				for _, one := range e.Errors {
					w.object("", func() { w.refusal(one) })
				}
			})
		}
	})
	return w.buf
}

func (w *phpWriter) refusal(e *restError) {
	w.textAlways("message", e.Message)
	if e.Parameters != nil {
		w.key("parameters")
		w.buf = appendPHPValue(w.buf, e.Parameters)
	}
}

// errAggregated is InputException with several errors: one stands for itself
// (Magento core, Framework/Exception/AbstractAggregateException).
func errAggregated(errs []*restError) error {
	switch len(errs) {
	case 0:
		return nil
	case 1:
		return errs[0]
	}
	return &restError{Status: http.StatusBadRequest, Message: "One or more input exceptions have occurred.", Errors: errs}
}

// errInvalidField is InputException::invalidFieldValue.
func errInvalidField(field, value string) *restError {
	return &restError{
		Status: http.StatusBadRequest, Message: `Invalid value of "%value" provided for the %fieldName field.`,
		Parameters: map[string]any{"fieldName": field, "value": value},
	}
}

// FaultOptions are how a store fails: a 500 whose PHP threw an exception, and
// for Faults.Instead a token that expired or was revoked ("unauthorized"), a
// database deadlock ("deadlock", a 400 that is worth another try), and a fatal
// error of PHP ("fatal", of another shape).
func FaultOptions() fault.Options {
	answer := func(err error) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			e := asRestError(err)
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			w.WriteHeader(e.Status)
			_, _ = w.Write(e.body())
		}
	}
	return fault.Options{
		ErrorBody: answer(errors.New("injected")),
		Answers: map[string]func(http.ResponseWriter){
			"unauthorized": answer(errUnauthorized("Magento_Sales::actions_view")),
			"deadlock": answer(badRequest("SQLSTATE[40001]: Serialization failure: 1213 Deadlock found when trying to get lock; " +
				"try restarting transaction")),
			"fatal": func(w http.ResponseWriter) {
				w.Header().Set("Content-Type", "application/json; charset=utf-8")
				w.WriteHeader(http.StatusInternalServerError)
				_, _ = w.Write([]byte(`{"messages":{"error":[{"code":500,"message":"Server internal error. See details in report api\/1234567"}]}}`))
			},
		},
	}
}
