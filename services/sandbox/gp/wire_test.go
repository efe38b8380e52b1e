package gp

import (
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden answers in testdata")

// TestGolden plays the requests of testdata in the order of their names into
// one sandbox. A request is the body of an envelope, named NN-Operation.
func TestGolden(t *testing.T) {
	s := start(t, nil)
	files, err := filepath.Glob("testdata/golden/*.request.xml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden requests: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".request.xml")
		t.Run(name, func(t *testing.T) {
			params, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			op := strings.Split(name, "-")[1]
			_, got := s.call(op, string(params))
			got = strings.ReplaceAll(got, "><", ">\n<") + "\n"
			golden := strings.Replace(file, ".request.", ".response.", 1)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("answer differs from %s:\n%s", golden, got)
			}
		})
	}
}

func TestEndpoints(t *testing.T) {
	company := envelope("GetCompanyList", "CONTEXT")
	customer := envelope("GetCustomerByKey", "<key><Id>HELD</Id></key>CONTEXT")
	item := envelope("GetItemByKey", "<key><Id>SCARCE</Id></key>CONTEXT")
	sales := envelope("GetSalesOrderList", "<criteria><Scope>Return All</Scope></criteria>CONTEXT")
	tests := []struct {
		path string
		yes  map[string]string
		no   map[string]string
	}{
		{"/DynamicsGPWebServices/DynamicsGPService.asmx", map[string]string{"GetCompanyList": company, "GetCustomerByKey": customer, "GetItemByKey": item, "GetSalesOrderList": sales}, nil},
		{"/dynamicsgpwebservices/dynamicsgpservice.ASMX", map[string]string{"GetCompanyList": company}, nil},
		{"/Dynamics/GPService/SOPService.svc", map[string]string{"GetCompanyList": company, "GetSalesOrderList": sales}, map[string]string{"GetCustomerByKey": customer}},
		{"/Dynamics/GPService/CustomerService.svc", map[string]string{"GetCustomerByKey": customer}, map[string]string{"GetItemByKey": item}},
		{"/Dynamics/GPService/InventoryService.svc", map[string]string{"GetItemByKey": item}, map[string]string{"GetSalesOrderList": sales}},
		{"/Dynamics/GPService/GLService.svc", map[string]string{"GetCompanyList": company}, map[string]string{"GetItemByKey": item}},
		{"/Dynamics/GP/WebServices/SalesOrderService.svc", map[string]string{"GetSalesOrderList": sales}, map[string]string{"GetItemByKey": item}},
		{"/Dynamics/GP/WebServices/CustomerService.svc", map[string]string{"GetCustomerByKey": customer}, nil},
		{"/Dynamics/GP/WebServices/InventoryService.svc", map[string]string{"GetItemByKey": item}, nil},
		{"/Dynamics/GP/WebServices/GLService.svc", map[string]string{"GetCompanyList": company}, nil},
	}
	s := start(t, nil)
	for _, tt := range tests {
		t.Run(strings.Trim(tt.path, "/"), func(t *testing.T) {
			for op, body := range tt.yes {
				if status, got := s.post(tt.path, op, body); status != http.StatusOK {
					t.Errorf("%s: status %d: %s", op, status, got)
				}
			}
			for op, body := range tt.no {
				if status, got := s.post(tt.path, op, body); status != http.StatusInternalServerError || !strings.Contains(got, "ActionNotSupported") {
					t.Errorf("%s: status %d: %s", op, status, got)
				}
			}
		})
	}
}

func TestHTTP(t *testing.T) {
	good := envelope("GetCompanyList", "CONTEXT")
	tests := []struct {
		name, method, path, contentType, op, body string
		status                                    int
		contains                                  string
	}{
		{"unknown operation", "POST", everything, "text/xml; charset=utf-8", "GetNothing", good, 500, "ContractFilter mismatch"},
		{"action of another body", "POST", everything, "text/xml; charset=utf-8", "GetCompanyByKey", good, 500, "DeserializationFailed"},
		{"JSON", "POST", everything, "application/json", "GetCompanyList", "{}", 415, "text/xml; charset=utf-8"},
		{"SOAP 1.2", "POST", everything, "application/soap+xml; charset=utf-8", "GetCompanyList", good, 415, "text/xml"},
		{"native endpoint", "POST", "/Dynamics/GPService/GPService", "text/xml; charset=utf-8", "GetCompanyList", good, 415, "application/soap+xml"},
		{"broken XML", "POST", everything, "text/xml", "GetCompanyList", "<s:Envelope", 400, ""},
		{"DTD", "POST", everything, "text/xml", "GetCompanyList", "<!DOCTYPE a>" + good, 400, ""},
		{"control character", "POST", everything, "text/xml", "GetCompanyList", strings.Replace(good, "en-US", "en\x01US", 1), 400, ""},
		{"not an envelope", "POST", everything, "text/xml", "GetCompanyList", "<a/>", 400, ""},
		{"help page", "GET", everything, "", "", "", 200, "DynamicsGP Service"},
		{"PUT", "PUT", everything, "text/xml", "GetCompanyList", good, 405, ""},
		{"nowhere", "POST", "/nowhere", "text/xml", "GetCompanyList", good, 404, ""},
		{"index", "GET", "/", "", "", "", 200, "Dynamics GP sandbox"},
	}
	s := start(t, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), tt.method, s.url+tt.path, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", tt.contentType)
			r.Header.Set("SOAPAction", `"`+nsGP+"/"+tt.op+`"`)
			status, body := s.do(r)
			if status != tt.status || !strings.Contains(body, tt.contains) {
				t.Errorf("status %d, want %d: %s", status, tt.status, body)
			}
		})
	}
}

// TestSystemExceptions are messages that XmlSerializer can't read, and a
// company that isn't there: the caller learns nothing but the sentence.
func TestSystemExceptions(t *testing.T) {
	tests := []struct{ name, op, params string }{
		{"abstract organization without xsi:type", "GetSalesOrderByKey", `<key><Id>A</Id></key><context><d:OrganizationKey><d:Id>-1</d:Id></d:OrganizationKey></context>`},
		{"xsi:type of another namespace", "GetSalesOrderByKey", `<key><Id>A</Id></key><context><d:OrganizationKey xsi:type="CompanyKey"><d:Id>-1</d:Id></d:OrganizationKey></context>`},
		{"unknown company", "GetSalesOrderByKey", `<key><Id>A</Id></key>` + strings.Replace(contextXML, "-1", "7", 1)},
		{"enumeration in lower case", "CreateSalesOrder", `<salesOrder><DocumentTypeKey><Type>order</Type></DocumentTypeKey></salesOrder>CONTEXT`},
		{"number that is none", "CreateSalesOrder", `<salesOrder><FreightAmount><Value>1,5</Value></FreightAmount></salesOrder>CONTEXT`},
		{"exponent", "CreateSalesOrder", `<salesOrder><FreightAmount><Value>1e2</Value></FreightAmount></salesOrder>CONTEXT`},
		{"empty date", "CreateSalesOrder", `<salesOrder><Date></Date></salesOrder>CONTEXT`},
		{"abstract debit without xsi:type", "CreateGLTransaction", `<glTransaction><Lines><GLTransactionLine><DebitAmount><Value>1</Value></DebitAmount></GLTransactionLine></Lines></glTransaction>CONTEXT`},
	}
	s := start(t, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, body := s.call(tt.op, tt.params)
			if status != http.StatusInternalServerError || !strings.Contains(body, systemSentence) || strings.Contains(body, "Message>") {
				t.Errorf("status %d: %s", status, body)
			}
		})
	}
	logged := s.must("GetLoggedExceptionDataList", "<beginDate>2026-11-24T00:00:00</beginDate><endDate>2026-11-25T00:00:00</endDate>CONTEXT")
	if got := strings.Count(logged, "<BusinessExceptionType>SystemException</BusinessExceptionType>"); got != len(tests) {
		t.Errorf("%d system exceptions in the log, want %d", got, len(tests))
	}
}

// TestWrongNamespaceIsAbsent is the trap of a client that writes everything in
// one namespace: nothing complains, the value just isn't there.
func TestWrongNamespaceIsAbsent(t *testing.T) {
	flat := `<key><Id>HELD</Id></key><context><OrganizationKey xsi:type="d:CompanyKey"><Id>-1</Id></OrganizationKey></context>`
	t.Run("lenient", func(t *testing.T) {
		s := start(t, nil)
		_, body := s.call("GetCustomerByKey", flat)
		if !strings.Contains(s.why(body), "organization key is required") {
			t.Errorf("answer %s", body)
		}
	})
	t.Run("strict", func(t *testing.T) {
		s := start(t, func(c *Config) { c.StrictOrder = true })
		if _, body := s.call("GetCustomerByKey", flat); !strings.Contains(body, systemSentence) {
			t.Errorf("answer %s", body)
		}
		policy := s.must("GetPolicyByOperation", "<operation>CreateSalesOrder</operation>CONTEXT")
		_, policy, _ = strings.Cut(policy, "<GetPolicyByOperationResult>")
		policy, _, _ = strings.Cut(policy, "</GetPolicyByOperationResult>")
		s.must("CreateSalesOrder", order(t)+"<policy>"+policy+"</policy>") // own messages pass
		_, body := s.call("CreateSalesOrder", order(t, "<Type xsi:nil=\"true\"/>\n", "", "<Note>", "<Type xsi:nil=\"true\"/><Note>"))
		if !strings.Contains(body, systemSentence) {
			t.Errorf("out of order: %s", body)
		}
	})
}

func TestFaultShapes(t *testing.T) {
	tests := []struct {
		shape              FaultShape
		validation, system string
	}{
		{FaultExceptionDetail, "<faultcode>s:Client</faultcode>", "InternalServiceFault</faultcode>"},
		{FaultDispatcher, "InternalServiceFault</faultcode>", "InternalServiceFault</faultcode>"},
		{FaultBareMessage, "<detail><Message>", "<faultcode>s:Server</faultcode>"},
	}
	for _, tt := range tests {
		t.Run(string(tt.shape), func(t *testing.T) {
			s := start(t, func(c *Config) { c.FaultShape = tt.shape })
			_, body := s.call("GetCustomerByKey", "<key><Id>NONE</Id></key>CONTEXT")
			if !strings.Contains(body, tt.validation) || guid.FindString(body) == "" || strings.Contains(body, "NONE") {
				t.Errorf("validation fault %s", body)
			}
			_, body = s.call("GetCustomerByKey", strings.ReplaceAll("<key><Id>NONE</Id></key>"+contextXML, "-1", "9"))
			if !strings.Contains(body, tt.system) || strings.Contains(body, "<detail>") {
				t.Errorf("system fault %s", body)
			}
		})
	}
}

func TestStoredText(t *testing.T) {
	s := start(t, func(c *Config) { c.PadText = true })
	s.must("CreateSalesOrder", order(t, "<Note>Gift wrap", "<Comment>Zażółć café €  </Comment><Note>Gift wrap", "<Date>2026-11-24T00:00:00", "<Date>2026-11-24T17:45:00"))
	body := s.must("GetSalesOrderByKey", "<key><Id>web100000417</Id></key>CONTEXT")
	for name, want := range map[string]string{
		"Comment": "Za?ó?? café €", "CustomerPONumber": "100000417            ", "Date": "2026-11-24T00:00:00",
		"InvoiceDate": "1900-01-01T00:00:00", "LastModifiedDate": "2026-11-24T14:30:05.317", "ModifiedDate": "2026-11-24T00:00:00",
	} {
		if got := elementText(t, body, name); got != want {
			t.Errorf("%s reads %q, want %q", name, got, want)
		}
	}
	if !strings.Contains(body, `<MasterNumber>1</MasterNumber>`) || !strings.Contains(body, `<DocumentFrequency xsi:nil="true"/>`) {
		t.Errorf("nullable values in %s", body)
	}
}

// TestInstantBecomesLocalDate: a zone turns the evening into the next day.
func TestInstantBecomesLocalDate(t *testing.T) {
	s := start(t, nil)
	s.must("CreateSalesOrder", order(t, "<Date>2026-11-24T00:00:00", "<Date>2026-11-24T22:00:00-08:00"))
	if o := s.oneOrder(); o.Date != "2026-11-25 00:00:00.000" {
		t.Errorf("DOCDATE %s", o.Date)
	}
}

func TestStoredControlCharacterBreaksReads(t *testing.T) {
	s := start(t, nil)
	s.admin(http.MethodPost, "/items", `{"ITEMNMBR": "PASTED", "ITEMDESC": "a\u0002b"}`)
	if _, body := s.call("GetItemByKey", "<key><Id>PASTED</Id></key>CONTEXT"); !strings.Contains(body, systemSentence) {
		t.Errorf("answer %s", body)
	}
}
