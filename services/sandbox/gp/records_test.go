package gp

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

const newCustomer = `<customer><Key><Id>web0000313</Id></Key><Name>Grace Example</Name><ClassKey><Id>WEB</Id></ClassKey><CurrencyKey><ISOCode>EUR</ISOCode></CurrencyKey>` +
	`<Addresses><CustomerAddress><Line1>2 Elm St</Line1><City>Salem</City><State>OR</State><PostalCode>97301</PostalCode><Phone1><Value>5035550199</Value></Phone1>` +
	`<InternetAddresses><EmailToAddress>grace@example.com</EmailToAddress></InternetAddresses><Key><Id>PRIMARY</Id></Key></CustomerAddress></Addresses></customer>CONTEXT`

func TestCustomers(t *testing.T) {
	s := start(t, nil)
	s.must("CreateCustomer", newCustomer)
	got := s.must("GetCustomerByKey", "<key><Id>WEB0000313</Id></key>CONTEXT")
	for name, want := range map[string]string{"Name": "Grace Example", "IsActive": "true", "ISOCode": "EUR", "EmailToAddress": "grace@example.com", "City": "Salem"} {
		if text := elementText(t, got, name); text != want {
			t.Errorf("%s is %q, want %q", name, text, want)
		}
	}
	s.must("UpdateCustomer", `<customer><Key><Id>WEB0000313</Id></Key><IsOnHold>true</IsOnHold><Shortname>Grace</Shortname></customer>CONTEXT`)
	got = s.must("GetCustomerByKey", "<key><Id>WEB0000313</Id></key>CONTEXT")
	if elementText(t, got, "IsOnHold") != "true" || elementText(t, got, "Name") != "Grace Example" || elementText(t, got, "EmailToAddress") != "grace@example.com" {
		t.Errorf("after update %s", got)
	}
	s.must("CreateCustomerAddress", `<address><Line1>3 Fir St</Line1><Key><CustomerKey><Id>WEB0000313</Id></CustomerKey><Id>ship-7</Id></Key></address>CONTEXT`)
	s.must("UpdateCustomerAddress", `<address><City>Bend</City><Key><CustomerKey><Id>WEB0000313</Id></CustomerKey><Id>SHIP-7</Id></Key></address>CONTEXT`)
	got = s.must("GetCustomerAddressByKey", `<key><CustomerKey><Id>WEB0000313</Id></CustomerKey><Id>SHIP-7</Id></key>CONTEXT`)
	if elementText(t, got, "Line1") != "3 Fir St" || elementText(t, got, "City") != "Bend" {
		t.Errorf("address %s", got)
	}
}

func TestCustomerRefusals(t *testing.T) {
	address := `<address><Line1>1</Line1><Key><CustomerKey><Id>%s</Id></CustomerKey><Id>%s</Id></Key></address>CONTEXT`
	tests := []struct {
		name, op, params string
		id               int
	}{
		{"duplicate", "CreateCustomer", strings.Replace(newCustomer, "web0000313", "Held", 1), ruleDuplicate},
		{"no id", "CreateCustomer", `<customer><Name>N</Name></customer>CONTEXT`, ruleMissing},
		{"long id", "CreateCustomer", strings.Replace(newCustomer, "web0000313", strings.Repeat("X", 16), 1), ruleTooLong},
		{"long city", "CreateCustomer", strings.Replace(newCustomer, "Salem", strings.Repeat("S", 36), 1), ruleTooLong},
		{"unknown class", "CreateCustomer", strings.Replace(newCustomer, "<ClassKey><Id>WEB", "<ClassKey><Id>VIP", 1), ruleUnknown},
		{"unknown currency", "CreateCustomer", strings.Replace(newCustomer, "EUR", "XXX", 1), ruleUnknown},
		{"default address that isn't sent", "CreateCustomer", strings.Replace(newCustomer, "<CurrencyKey>", "<DefaultAddressKey><Id>HOME</Id></DefaultAddressKey><CurrencyKey>", 1), ruleUnknown},
		{"update of nobody", "UpdateCustomer", `<customer><Key><Id>NOBODY</Id></Key></customer>CONTEXT`, ruleNotFound},
		{"get nobody", "GetCustomerByKey", `<key><Id>NOBODY</Id></key>CONTEXT`, ruleNotFound},
		{"address twice", "CreateCustomerAddress", fmt.Sprintf(address, "WEB0000312", "primary"), ruleDuplicate},
		{"address of nobody", "CreateCustomerAddress", fmt.Sprintf(address, "NOBODY", "A"), ruleUnknown},
		{"update of no address", "UpdateCustomerAddress", fmt.Sprintf(address, "WEB0000312", "A"), ruleNotFound},
		{"no address", "CreateCustomerAddress", `CONTEXT`, ruleMissing},
	}
	s := start(t, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, body := s.call(tt.op, tt.params)
			if why := s.why(body); status != http.StatusInternalServerError || !strings.Contains(why, fmt.Sprintf("<Id>%d</Id>", tt.id)) {
				t.Errorf("status %d: %s, want id %d", status, why, tt.id)
			}
		})
	}
}

func TestLists(t *testing.T) {
	now := at
	s := start(t, func(c *Config) { c.Now = func() time.Time { return now } })
	s.must("CreateSalesOrder", order(t))
	now = now.Add(time.Hour)
	s.must("CreateSalesOrder", order(t, "WEB100000417", "WEB2", "<CustomerPONumber>100000417", "<CustomerPONumber>PO-2"))
	s.must("CreateCustomer", newCustomer)
	s.must("VoidSalesOrder", "<key><Id>WEB2</Id></key>CONTEXT")
	tests := []struct {
		name, op, criteria, entry string
		want                      int
	}{
		{"all orders", "GetSalesOrderList", "", "SalesOrderSummary", 2},
		{"by purchase order", "GetSalesOrderList", "<CustomerPONumber><EqualValue>po-2</EqualValue></CustomerPONumber>", "SalesOrderSummary", 1},
		{"work", "GetSalesOrderList", "<TransactionState><Items><SalesTransactionState>Work</SalesTransactionState></Items></TransactionState>", "SalesOrderSummary", 1},
		{"history by equal", "GetSalesOrderList", "<TransactionState><EqualValue>History</EqualValue></TransactionState>", "SalesOrderSummary", 1},
		{"like", "GetSalesOrderList", "<DocumentId><Like>WEB1%</Like></DocumentId>", "SalesOrderSummary", 1},
		{"from and to are inclusive", "GetSalesOrderList", "<DocumentId><From>WEB100000417</From><To>WEB2</To></DocumentId>", "SalesOrderSummary", 2},
		{"since", "GetSalesOrderList", `<LastModifiedDate><EqualValue xsi:nil="true"/><GreaterThan>2026-11-24T15:00:00Z</GreaterThan></LastModifiedDate>`, "SalesOrderSummary", 1},
		{"items of a list", "GetSalesOrderList", "<DocumentId><Items><string>WEB2</string><string>X</string></Items></DocumentId>", "SalesOrderSummary", 1},
		{"documents", "GetSalesDocumentList", "", "SalesDocumentSummary", 2},
		{"documents that are invoices", "GetSalesDocumentList", "<Type><EqualValue>Invoice</EqualValue></Type>", "SalesDocumentSummary", 0},
		{"customers since", "GetCustomerList", "<LastModifiedDate><GreaterThan>2026-11-24T15:00:00Z</GreaterThan></LastModifiedDate>", "CustomerSummary", 1},
		{"active customers", "GetCustomerList", "<IsActive><EqualValue>true</EqualValue></IsActive>", "CustomerSummary", 4},
		{"customers by state", "GetCustomerList", "<State><EqualValue>OR</EqualValue></State>", "CustomerSummary", 2},
		{"items", "GetItemList", "", "ItemSummary", 5},
		{"stocked items", "GetInventoriedItemList", "", "ItemSummary", 4},
		{"items that an order touched", "GetItemList", "<LastModifiedDate><From>2026-11-24T15:00:00Z</From></LastModifiedDate>", "ItemSummary", 1},
		{"items for sale", "GetItemList", "<IsDiscontinued><EqualValue>false</EqualValue></IsDiscontinued>", "ItemSummary", 4},
		{"batches", "GetBatchList", "<Source><EqualValue>Sales Entry</EqualValue></Source>", "Batch", 1},
		{"sites", "GetWarehouseList", "", "Warehouse", 2},
		{"payment terms", "GetPaymentTermsList", "", "PaymentTerms", 2},
		{"shipping methods", "GetShippingMethodList", "", "ShippingMethod", 2},
		{"companies", "GetCompanyList", "", "Company", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := s.must(tt.op, "<criteria>"+tt.criteria+"</criteria>CONTEXT")
			if got := strings.Count(body, "<"+tt.entry+">"); got != tt.want {
				t.Errorf("%d entries, want %d: %s", got, tt.want, body)
			}
			if tt.want == 0 && !strings.Contains(body, "<"+tt.op+"Result></"+tt.op+"Result>") {
				t.Errorf("empty result %s", body)
			}
		})
	}
}

func TestSetupReads(t *testing.T) {
	s := start(t, nil)
	for _, tt := range []struct{ op, key, element, want string }{
		{"GetCurrencyByKey", "<ISOCode>eur</ISOCode>", "ISOCode", "EUR"},
		{"GetPaymentTermsByKey", "<Id>net 30</Id>", "Id", "-1"},
		{"GetShippingMethodByKey", "<Id>GROUND</Id>", "Description", "Ground"},
		{"GetTaxScheduleByKey", "<Id>WEBTAX</Id>", "TaxScheduleDescription", "Tax computed by the shop"},
		{"GetBankByKey", "<Id>UPTOWN TRUST</Id>", "Name", "Uptown Trust"},
		{"GetPriceLevelByKey", "<Id>RETAIL</Id>", "Description", "Retail"},
		{"GetWarehouseByKey", "<Id>MAIN</Id>", "Description", "Main"},
		{"GetCompanyByKey", "<d:Id>-1</d:Id>", "Name", "Fabrikam, Inc."},
		{"GetInventoriedItemByKey", "<Id>scarce</Id>", "Description", "Scarce"},
		{"GetPricingByKey", "<ItemKey><Id>MUG-BLUE-11</Id></ItemKey><CurrencyKey><ISOCode>USD</ISOCode></CurrencyKey><UofM>Case</UofM>", "Currency", "USD"},
	} {
		t.Run(tt.op, func(t *testing.T) {
			if got := elementText(t, s.must(tt.op, "<key>"+tt.key+"</key>CONTEXT"), tt.element); got != tt.want {
				t.Errorf("%s is %q, want %q", tt.element, got, tt.want)
			}
			missing := strings.NewReplacer("eur", "XXX", "net 30", "X", "GROUND", "X", "WEBTAX", "X", "UPTOWN TRUST", "X",
				"RETAIL", "X", "MAIN", "X", "-1", "7", "scarce", "FEE", "Case", "X").Replace(tt.key)
			if status, body := s.call(tt.op, "<key>"+missing+"</key>CONTEXT"); status != http.StatusInternalServerError || guid.FindString(body) == "" {
				t.Errorf("missing key: status %d: %s", status, body)
			}
		})
	}
}

func TestJournalsAndReceipts(t *testing.T) {
	s := start(t, nil)
	amount := `<CreditAmount xsi:type="MoneyAmount"><Currency>USD</Currency><Value>%s</Value><DecimalDigits>2</DecimalDigits></CreditAmount><DebitAmount xsi:type="MoneyAmount"><Currency>USD</Currency><Value>%s</Value><DecimalDigits>2</DecimalDigits></DebitAmount>`
	line := func(sequence int, credit, debit string) string {
		return fmt.Sprintf(`<GLTransactionLine><Key><SequenceNumber>%d</SequenceNumber></Key>`+amount+`<GLAccountKey><Id>000-1100-00</Id></GLAccountKey></GLTransactionLine>`, sequence, credit, debit)
	}
	journal := func(lines string) string {
		return `<glTransaction><Key><JournalId>77</JournalId><Date>2026-11-24T00:00:00</Date></Key><BatchKey><Id>GL1</Id></BatchKey><Lines>` + lines + `</Lines><Reference>Payout</Reference></glTransaction>CONTEXT`
	}
	_, body := s.call("CreateGLTransaction", journal(line(1, "125", "0")+line(1, "0", "124")))
	if why := s.why(body); !strings.Contains(why, fmt.Sprint(ruleBalance)) || !strings.Contains(why, fmt.Sprint(ruleDuplicateLine)) {
		t.Errorf("validation result %s", why)
	}
	s.must("CreateGLTransaction", journal(line(1, "125", "0")+line(2, "0", "125")))
	got := s.must("GetGLTransactionByKey", "<key><JournalId>77</JournalId><Date>2026-11-24T00:00:00</Date></key>CONTEXT")
	if !strings.Contains(got, `<CreditAmount xsi:type="MoneyAmount"><Currency>USD</Currency><Value>125.00</Value>`) {
		t.Errorf("journal %s", got)
	}
	receipt := `<cashReceipt><CustomerKey><Id>WEB0000312</Id></CustomerKey><Key><Id>PMT1</Id></Key><BatchKey><Id>CASH</Id></BatchKey><Type>Cash</Type><BankAccountKey><Id>UPTOWN TRUST</Id></BankAccountKey><Date>2026-11-24T00:00:00</Date><Amount><Currency>USD</Currency><Value>%s</Value><DecimalDigits>2</DecimalDigits></Amount></cashReceipt>CONTEXT`
	s.must("CreateCashReceipt", fmt.Sprintf(receipt, "10.50"))
	if got := s.must("GetCashReceiptByKey", "<key><Id>pmt1</Id></key>CONTEXT"); elementText(t, got, "Value") != "10.50" {
		t.Errorf("receipt %s", got)
	}
	for _, again := range []string{fmt.Sprintf(receipt, "10.50"), strings.Replace(fmt.Sprintf(receipt, "0"), "PMT1", "PMT2", 1)} {
		if status, _ := s.call("CreateCashReceipt", again); status != http.StatusInternalServerError {
			t.Errorf("status %d of %s", status, again)
		}
	}
}

func TestExceptionLog(t *testing.T) {
	s := start(t, nil)
	_, body := s.call("CreateSalesOrder", order(t, "MUG-BLUE-11", "NOPE"))
	id := guid.FindStringSubmatch(body)[1]
	got := s.must("GetLoggedExceptionDataByKey", "<logId>"+id+"</logId>CONTEXT")
	for name, want := range map[string]string{"ServiceType": "Create", "BusinessObjectType": "SalesOrder", "LogId": id, "Message": "The item NOPE does not exist."} {
		if text := elementText(t, got, name); text != want {
			t.Errorf("%s is %q, want %q", name, text, want)
		}
	}
	if !strings.Contains(elementText(t, got, "RequestXml"), "CreateSalesOrder") {
		t.Error("the log has no request")
	}
	if _, body := s.call("GetLoggedValidationResultByKey", "<logId>00000000-0000-0000-0000-000000000009</logId>CONTEXT"); guid.FindString(body) == "" {
		t.Errorf("unknown log id: %s", body)
	}
}

func TestPolicy(t *testing.T) {
	s := start(t, nil)
	got := s.must("GetPolicyByOperation", "<operation>CreateSalesOrder</operation>CONTEXT")
	if n := strings.Count(got, "<Behavior>"); n != 23 || !strings.Contains(got, publishedIDs["CreateSalesOrder"]) {
		t.Errorf("%d behaviors, want 23", n)
	}
	if update := s.must("GetPolicyByKey", "<key><Id>"+publishedIDs["UpdateSalesOrder"]+"</Id></key>CONTEXT"); strings.Count(update, "<Behavior>") != 20 {
		t.Errorf("update policy %s", update)
	}
	_, body := s.call("CreateSalesOrder", order(t)+"<policy><Key><Id>"+publishedIDs["UpdateSalesOrder"]+"</Id></Key></policy>")
	if !strings.Contains(s.why(body), "is not a policy of CreateSalesOrder") {
		t.Errorf("policy of another operation: %s", body)
	}
	if _, body := s.call("GetPolicyByOperation", "<operation>MakeTea</operation>CONTEXT"); guid.FindString(body) == "" {
		t.Errorf("policy of no operation: %s", body)
	}
}

func TestAdmin(t *testing.T) {
	s := start(t, func(c *Config) {
		c.Admin = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("faults")) })
	})
	s.must("CreateSalesOrder", order(t))
	var orders []OrderRow
	if err := json.Unmarshal([]byte(s.admin(http.MethodGet, "/orders", "")), &orders); err != nil || len(orders) != 1 || len(orders[0].Lines) != 1 {
		t.Errorf("orders %+v, error %v", orders, err)
	}
	if got := s.admin(http.MethodGet, "/orders/web100000417", ""); !strings.Contains(got, `"DOCAMNT":"77.86"`) {
		t.Errorf("order %s", got)
	}
	if got := s.admin(http.MethodGet, "/customers", ""); !strings.Contains(got, `"CUSTNMBR":"HELD"`) {
		t.Errorf("customers %s", got)
	}
	if got := s.admin(http.MethodGet, "/calls", ""); !strings.Contains(got, `"CreateSalesOrder":{"ok":1}`) {
		t.Errorf("calls %s", got)
	}
	if got := s.admin(http.MethodGet, "/faults", ""); got != "faults" {
		t.Errorf("faults %s", got)
	}
	s.admin(http.MethodPost, "/customers/WEB0000312", `{"hold": true}`)
	if _, body := s.call("CreateSalesOrder", order(t, "WEB100000417", "W2")); !strings.Contains(s.why(body), fmt.Sprint(ruleOnHold)) {
		t.Errorf("order of a held customer: %s", body)
	}
	s.admin(http.MethodPost, "/items", `{"ITEMNMBR": "SCARCE", "OnHand": {"EMPTY": "7"}}`)
	got := s.must("GetItemByKey", "<key><Id>SCARCE</Id></key>CONTEXT")
	if strings.Count(got, "<SalesItemWarehouse>") != 2 || elementText(t, got, "Description") != "Scarce" {
		t.Errorf("patched item %s", got)
	}
	s.admin(http.MethodDelete, "/items/SCARCE", "")
	if status, _ := s.call("GetItemByKey", "<key><Id>SCARCE</Id></key>CONTEXT"); status != http.StatusInternalServerError {
		t.Errorf("a deleted item reads with status %d", status)
	}
}
