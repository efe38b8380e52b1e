package gp

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/libs/failure"
)

const (
	logID           = "5d0c6f3e-9a41-4f0e-8b7c-2f6d1e90a7b3"
	genericSystem   = "The application encountered an unhandled system exception. Contact your system administrator for details."
	validationFault = `<s:Fault xmlns:s="` + nsSOAP + `"><faultcode xmlns:a="urn:a">a:InternalServiceFault</faultcode>
	  <faultstring xml:lang="en-US">Business object validation failed.</faultstring>
	  <detail><ExceptionDetail xmlns="http://schemas.datacontract.org/2004/07/System.ServiceModel">
	    <HelpLink/><Message>` + logID + `</Message><Type>Microsoft.Dynamics.ValidationException</Type></ExceptionDetail></detail></s:Fault>`
	systemFault = `<s:Fault xmlns:s="` + nsSOAP + `"><faultcode>s:Server</faultcode><faultstring>` + genericSystem + `</faultstring></s:Fault>`
)

// errorsOf is the log's answer with these messages.
func errorsOf(messages ...string) string {
	var b strings.Builder
	for _, m := range messages {
		b.WriteString(`<ValidationError><ObjectType>SalesOrder</ObjectType><PropertyNames><string>Key</string></PropertyNames><Message>` + m + `</Message><Id>1</Id></ValidationError>`)
	}
	return `<GetLoggedValidationResultByKeyResult><Errors>` + b.String() + `</Errors></GetLoggedValidationResultByKeyResult>`
}

func TestValidationFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		messages []string
		code     string
		kind     failure.Kind
	}{
		"duplicate":             {[]string{"The sales order already exists."}, "gp.sales.duplicate", failure.KindRejected},
		"duplicate number":      {[]string{"Duplicate document number"}, "gp.sales.duplicate", failure.KindRejected},
		"duplicate wins":        {[]string{"The customer does not exist.", "The document number already exists"}, "gp.sales.duplicate", failure.KindRejected},
		"customer":              {[]string{"Customer number WEB9 does not exist"}, "gp.customer.unknown", failure.KindRejected},
		"item":                  {[]string{"The item was not found."}, "gp.item.unknown", failure.KindRejected},
		"item not at site":      {[]string{"The item is not assigned to the site."}, "gp.item.not_at_site", failure.KindRejected},
		"batch missing":         {[]string{"Batch MAGPIE does not exist."}, "gp.batch.unknown", failure.KindRejected},
		"batch locked":          {[]string{"The batch is being posted by another user."}, "gp.batch.locked", failure.KindTransient},
		"record locked":         {[]string{"The document is being edited."}, "gp.record.locked", failure.KindTransient},
		"locked and wrong":      {[]string{"The batch is locked", "The item does not exist"}, "gp.item.unknown", failure.KindRejected},
		"wrong and locked":      {[]string{"The item does not exist", "The batch is locked"}, "gp.item.unknown", failure.KindRejected},
		"words we don't know":   {[]string{"Something &lt;else&gt;"}, "gp.validation", failure.KindRejected},
		"unknown, then certain": {[]string{"Something", "The customer is on hold"}, "gp.customer.on_hold", failure.KindRejected},
		"a line's duplicate":    {[]string{"Duplicate line sequence"}, "gp.validation", failure.KindRejected},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeGP(t)
			f.faults("CreateSalesOrder", validationFault)
			f.answers("GetLoggedValidationResultByKey", errorsOf(tt.messages...))
			err := f.client(t).CreateSalesOrder(t.Context(), sampleOrder)
			e := failure.Of(err)
			if e.Code != tt.code || e.Kind != tt.kind {
				t.Errorf("got %s %v", e.Kind, e)
			}
			for _, m := range tt.messages {
				if text := strings.NewReplacer("&lt;", "<", "&gt;", ">").Replace(m); !strings.Contains(e.Reason, text) {
					t.Errorf("%q is not in %q", text, e.Reason)
				}
			}
			if !strings.Contains(f.sent["GetLoggedValidationResultByKey"], "<logId>"+logID+"</logId>") {
				t.Error(f.sent["GetLoggedValidationResultByKey"])
			}
		})
	}
}

func TestCustomerDuplicate(t *testing.T) {
	f := newFakeGP(t)
	f.faults("CreateCustomer", validationFault)
	f.answers("GetLoggedValidationResultByKey", errorsOf("The customer already exists."))
	e := failure.Of(f.client(t).CreateCustomer(t.Context(), sampleCustomer))
	if e.Code != "gp.customer.duplicate" || e.Field != "Key" {
		t.Errorf("got %v", e)
	}
	if f.paths["GetLoggedValidationResultByKey"] != "/Dynamics/GPService/CustomerService.svc" {
		t.Errorf("the log was asked at %s", f.paths["GetLoggedValidationResultByKey"])
	}
}

func TestReadFaultsAsNotFound(t *testing.T) {
	f := newFakeGP(t)
	f.faults("GetSalesOrderByKey", validationFault)
	f.answers("GetLoggedValidationResultByKey", errorsOf("The sales document could not be found."))
	c := f.client(t)
	if _, err := c.SalesOrder(t.Context(), "A"); !errors.Is(err, ErrNotFound) || failure.Of(err).Code != "gp.sales.not_found" {
		t.Errorf("got %v", err)
	}
	f.answers("GetLoggedValidationResultByKey", errorsOf("The company does not exist."))
	if _, err := c.SalesOrder(t.Context(), "A"); errors.Is(err, ErrNotFound) {
		t.Errorf("a missing company is a missing order: %v", err)
	}
}

func TestOtherFaults(t *testing.T) {
	withID := strings.Replace(systemFault, "</faultstring>", "</faultstring><detail><x>{"+logID+"}</x></detail>", 1)
	exception := func(text string) string {
		return `<GetLoggedExceptionDataByKeyResult><ExceptionType>SystemException</ExceptionType><ExceptionDetail><Message>` + text +
			`</Message><InnerException><Message>inner</Message></InnerException></ExceptionDetail></GetLoggedExceptionDataByKeyResult>`
	}
	for name, tt := range map[string]struct {
		fault, exception, logFault string
		code, reason               string
		kind                       failure.Kind
	}{
		"system":                        {fault: systemFault, code: "gp.system_exception", kind: failure.KindTransient, reason: genericSystem},
		"system with a log":             {fault: withID, exception: exception("deadlock victim"), code: "gp.system_exception", kind: failure.KindTransient, reason: "deadlock victim: inner"},
		"system with a log of eConnect": {fault: withID, exception: exception("Sql procedure error codes returned:\nError Number = 4776  Stored Procedure= taSopLineIvcInsert  Error Description = No back orders\nNode Identifier Parameters: x"), code: "gp.item.no_back_order", kind: failure.KindRejected, reason: "No back orders (taSopLineIvcInsert 4776)"},
		"validation, log empty":         {fault: validationFault, code: "gp.validation", kind: failure.KindRejected, reason: "its log has no text"},
		"validation, log faults":        {fault: validationFault, logFault: systemFault, code: "gp.validation", kind: failure.KindRejected, reason: "asking its log for the text failed too"},
		"validation, log has exception": {fault: validationFault, exception: exception("boom"), code: "gp.system_exception", kind: failure.KindTransient, reason: "boom"},
		"deserialization":               {fault: `<s:Fault xmlns:s="` + nsSOAP + `"><faultcode>a:DeserializationFailed</faultcode><faultstring>The formatter threw</faultstring></s:Fault>`, code: "gp.message_refused", kind: failure.KindDefect, reason: "The formatter threw"},
		"denied":                        {fault: `<s:Fault xmlns:s="` + nsSOAP + `"><faultstring>Access is denied.</faultstring></s:Fault>`, code: "gp.unauthorized", kind: failure.KindTransient},
		"another service":               {fault: `<s:Fault xmlns:s="` + nsSOAP + `"><faultcode>a:ActionNotSupported</faultcode></s:Fault>`, code: "gp.no_service", kind: failure.KindTransient},
		"an empty fault":                {fault: `<s:Fault xmlns:s="` + nsSOAP + `"/>`, code: "gp.system_exception", kind: failure.KindTransient},
		"SOAP 1.2":                      {fault: `<e:Fault xmlns:e="urn:12"><e:Code><e:Value>e:Receiver</e:Value></e:Code><e:Reason><e:Text>other words</e:Text></e:Reason><e:Detail><e:Message>` + logID + `</e:Message></e:Detail></e:Fault>`, code: "gp.validation", kind: failure.KindRejected, reason: "other words"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeGP(t)
			f.faults("CreateSalesOrder", tt.fault)
			f.answers("GetLoggedExceptionDataByKey", tt.exception)
			if tt.logFault != "" {
				f.faults("GetLoggedValidationResultByKey", tt.logFault)
			}
			e := failure.Of(f.client(t).CreateSalesOrder(t.Context(), sampleOrder))
			if e.Code != tt.code || e.Kind != tt.kind || !strings.Contains(e.Reason, tt.reason) {
				t.Errorf("got %s %v", e.Kind, e)
			}
			if errors.Is(e, failure.ErrUnknownOutcome) {
				t.Error("a fault is an answer")
			}
		})
	}
}

func TestLogUnreachable(t *testing.T) {
	f := newFakeGP(t)
	f.faults("CreateSalesOrder", validationFault)
	f.handle["GetLoggedValidationResultByKey"] = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) }
	e := failure.Of(f.client(t).CreateSalesOrder(t.Context(), sampleOrder))
	if e.Code != "gp.validation_unread" || e.Kind != failure.KindTransient || errors.Is(e, failure.ErrUnknownOutcome) {
		t.Errorf("got %v", e)
	}
}

func FuzzFault(f *testing.F) {
	f.Add(validationFault)
	f.Add(systemFault)
	f.Add(`<Fault><detail><Message>no id</Message><Message>` + logID + `</Message></detail></Fault>`)
	f.Fuzz(func(t *testing.T, body string) {
		n, err := parse([]byte("<Envelope><Body>" + body + "</Body></Envelope>"))
		if err != nil {
			return
		}
		if fault := findFault(n); fault != nil && fault.logID != "" && !guid.MatchString(fault.logID) {
			t.Errorf("log id %q", fault.logID)
		}
		for _, m := range eConnectErrors(body) {
			_ = codeOf(call{operation: "CreateSalesOrder"}, m)
		}
	})
}
