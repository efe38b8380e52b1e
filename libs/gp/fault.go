package gp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/magpie-integration/magpie/libs/failure"
)

// fault is what a SOAP fault says, as far as it can be trusted.
//
// GP knows two kinds (SDK: Exceptions). A validation exception has a sentence
// that says nothing, and somewhere in its detail a Message whose text is the id
// of a log entry. A system exception has another such sentence, and no Message.
// Wrapper and faultcode are not documented, so they are not relied on.
type fault struct {
	code, text, logID string
}

var guid = regexp.MustCompile(`[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}`)

// findFault finds a fault of SOAP 1.1, or of 1.2, in the envelope.
func findFault(document *node) *fault {
	n := document.at("Body", "Fault")
	if n == nil {
		return nil
	}
	f := &fault{code: n.text("faultcode"), text: n.text("faultstring")}
	if f.code == "" {
		f.code = n.text("Code", "Value")
	}
	if f.text == "" {
		f.text = n.text("Reason", "Text")
	}
	_, local, ok := strings.Cut(f.code, ":")
	if ok {
		f.code = local
	}
	detail := n.child("detail")
	if detail == nil {
		detail = n.child("Detail")
	}
	anywhere := ""
	detail.walk(func(n *node) {
		found := guid.FindString(n.content)
		if f.logID == "" && n.name.Local == "Message" {
			f.logID = found
		}
		if anywhere == "" {
			anywhere = found
		}
	})
	if f.logID == "" {
		f.logID = anywhere
	}
	return f
}

// system reports whether the sentence is the one of a system exception.
func (f fault) system() bool { return strings.Contains(strings.ToLower(f.text), "system exception") }

// explain makes a failure of a fault, and asks GP's log for what it hides.
func (c *Client) explain(ctx context.Context, call call, f fault) error {
	text := strings.ToLower(f.text)
	switch {
	case f.code == "DeserializationFailed", strings.Contains(text, "error deserializing"),
		strings.Contains(text, "error in xml document"):
		return failure.Defect("gp.message_refused", fmt.Sprintf("GP can't read our %s: %s", call.operation, f.text), nil)
	case f.code == "ActionNotSupported":
		e := failure.Down("gp.no_service", fmt.Sprintf("the service at %s has no %s", call.address, call.operation), nil)
		e.Fix, e.Unsent = "correct the paths of the services", true
		return e
	case strings.Contains(text, "access is denied"), f.code == "FailedAuthentication", f.code == "InvalidSecurity":
		e := unauthorized(f.text)
		e.Unsent = true
		return e
	case f.logID == "":
		return systemException(call, f, "", nil)
	}

	entry, err := c.logged(ctx, call, f)
	switch {
	case len(entry.errors) > 0:
		return verdict(call, entry.errors, f.logID)
	case f.system() || entry.exception != "":
		return systemException(call, f, entry.exception, err)
	case err != nil:
		return failure.Transient("gp.validation_unread",
			fmt.Sprintf("GP refused %s, and its log could not be read: %v", call.operation, err), err)
	}
	why := "its log has no text for it"
	if entry.fault != "" {
		why = "asking its log for the text failed too: " + entry.fault
	}
	return failure.Rejected("gp.validation", "",
		fmt.Sprintf("GP refused %s (%s); %s", call.operation, f.text, why),
		"look for "+f.logID+" in GP's Exception Management Console")
}

func systemException(call call, f fault, logged string, cause error) error {
	reason := fmt.Sprintf("GP failed in %s: %s", call.operation, f.text)
	if logged != "" {
		reason += " (" + logged + ")"
	}
	e := failure.Transient("gp.system_exception", reason, cause)
	e.Fix = "when it stays: look in GP's Exception Management Console; causes are permissions, locks, and characters that XML can't carry in a stored note"
	return e
}

// logEntry is what GP's log has under an id.
type logEntry struct {
	errors    []message
	exception string // of a system exception
	fault     string // the log's own
}

// message is a ValidationError (GP Web Services WSDL), or an error of eConnect,
// which has a procedure and a number.
type message struct {
	text       string
	properties []string
	procedure  string
	number     string
}

// logged asks for the validation result and then for the exception, unless the
// fault's sentence says that it can only be the latter.
func (c *Client) logged(ctx context.Context, of call, f fault) (entry logEntry, err error) {
	about, err := c.context(ctx)
	if err != nil {
		return entry, err
	}
	ask := func(operation string) *node {
		again, response, failed := c.once(ctx, call{operation: operation, address: of.address},
			object{"logId": f.logID, "context": about})
		if again != nil {
			entry.fault = again.text
		}
		err = errors.Join(err, failed)
		return response.child(operation + "Result")
	}
	if !f.system() {
		if entry.errors = readErrors(ask("GetLoggedValidationResultByKey")); len(entry.errors) > 0 {
			return entry, nil
		}
	}
	data := ask("GetLoggedExceptionDataByKey")
	var texts []string
	for n := data.child("ExceptionDetail"); n != nil; n = n.child("InnerException") {
		if text := n.text("Message"); text != "" && !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	entry.exception = strings.Join(texts, ": ")
	if entry.errors = readErrors(data.child("ValidationResult")); len(entry.errors) == 0 {
		entry.errors = eConnectErrors(entry.exception)
	}
	return entry, err
}

func readErrors(result *node) []message {
	var messages []message
	for _, n := range result.all("Errors") {
		m := message{text: n.text("Message")}
		for _, p := range n.all("PropertyNames") {
			m.properties = append(m.properties, p.text())
		}
		if m.text == "" {
			m.text = strings.TrimSpace("error " + n.text("Id"))
		}
		messages = append(messages, m)
	}
	return messages
}

var eConnectError = regexp.MustCompile(`(?s)Error Number\s*=\s*(\d+)\s+Stored Procedure\s*=\s*(\S+)\s+Error Description\s*=\s*(.*?)(?:\r?\n|\s*Node Identifier|$)`)

// eConnectErrors reads the numbered errors of eConnect underneath, which a
// system exception may carry: they are broken rules, and no retry mends them.
func eConnectErrors(exception string) []message {
	var messages []message
	for _, m := range eConnectError.FindAllStringSubmatch(exception, -1) {
		messages = append(messages, message{
			text: fmt.Sprintf("%s (%s %s)", strings.TrimSpace(m[3]), m[2], m[1]), procedure: m[2], number: m[1],
		})
	}
	return messages
}

// verdict is one failure of all that GP complains about: a person who mends the
// first must not wait for the second. A duplicate decides, because whoever finds
// the document there need not care for the rest; locks decide only alone.
func verdict(call call, messages []message, logID string) error {
	var texts, fields []string
	best, locked, absent := "gp.validation", 0, 0
	for _, m := range messages {
		texts = append(texts, m.text)
		for _, p := range m.properties {
			if p != "" && !slices.Contains(fields, p) {
				fields = append(fields, p)
			}
		}
		if gone.MatchString(m.text) && !aboutCompany.MatchString(m.text) {
			absent++
		}
		switch code := codeOf(call, m); {
		case strings.HasSuffix(code, ".locked"):
			if locked++; locked == len(messages) {
				return failure.Transient(code, "GP says: "+strings.Join(texts, "; "), nil)
			}
		case strings.HasSuffix(code, ".duplicate"), best == "gp.validation":
			best = code
		}
	}
	e := failure.Rejected(best, strings.Join(fields, ", "), "GP says: "+strings.Join(texts, "; "),
		cmp.Or(mend[best], "mend the record, or GP's setup")+", then replay; GP's log has it as "+logID)
	if strings.HasSuffix(call.operation, "ByKey") && absent == len(messages) {
		e = e.Because(ErrNotFound)
	}
	return e
}
