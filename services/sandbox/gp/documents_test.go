package gp

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// invoiceXML is the worked order as an invoice.
func invoiceXML(t *testing.T, replacements ...string) string {
	t.Helper()
	text := strings.NewReplacer("salesOrder", "salesInvoice", "SalesOrderLine", "SalesInvoiceLine", "<Type>Order</Type><Id>WEBORD</Id>", "<Type>Invoice</Type><Id>STDINV</Id>").Replace(order(t))
	return replaced(t, text, replacements)
}

// returnXML is the worked order as a return of both mugs: one to the shelf, one
// damaged.
func returnXML(t *testing.T, replacements ...string) string {
	t.Helper()
	q := func(name, v string) string {
		return "<" + name + "><Value>" + v + "</Value><DecimalDigits>0</DecimalDigits></" + name + ">"
	}
	text := strings.NewReplacer("salesOrder", "salesReturn", "SalesOrderLine", "SalesReturnLine", "<Type>Order</Type><Id>WEBORD</Id>", "<Type>Return</Type><Id>STDRTN</Id>",
		"</ItemKey>", "</ItemKey><ReturnQuantity>"+q("OnHandQuantity", "1")+q("DamagedQuantity", "1")+"</ReturnQuantity>").Replace(order(t))
	return replaced(t, text, replacements)
}

func replaced(t *testing.T, text string, pairs []string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("the message has no %s", pairs[i])
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

// refuses is a call of an operation that GP must refuse by this rule.
type refuses struct {
	name, op, params string
	rule             int
}

func (r refuses) run(t *testing.T, s *sandbox) {
	t.Helper()
	t.Run(r.name, func(t *testing.T) {
		_, body := s.call(r.op, r.params)
		if why := s.why(body); !strings.Contains(why, fmt.Sprintf("<Id>%d</Id>", r.rule)) {
			t.Errorf("%s: %s, want rule %d", r.op, why, r.rule)
		}
	})
}

func TestInvoiceRefusals(t *testing.T) {
	s := start(t, nil)
	s.must("CreateSalesInvoice", invoiceXML(t, "WEB100000417", "TAKEN"))
	for _, tt := range []refuses{
		{"number taken", "CreateSalesInvoice", invoiceXML(t, "WEB100000417", "taken"), ruleDuplicate},
		{"document id of orders", "CreateSalesInvoice", invoiceXML(t, "<Type>Invoice</Type><Id>STDINV", "<Type>Order</Type><Id>WEBORD"), ruleUnknown},
		{"total", "CreateSalesInvoice", invoiceXML(t, "<Value>77.86", "<Value>77.85"), ruleTotal},
		{"line total", "CreateSalesInvoice", invoiceXML(t, "<Value>65.00", "<Value>65.01"), ruleExtended},
		{"unknown item", "CreateSalesInvoice", invoiceXML(t, "MUG-BLUE-11", "NOPE"), ruleUnknown},
		{"fulfilled more than allocated", "CreateSalesInvoice", invoiceXML(t, "</ItemKey>", "</ItemKey><QuantityFulfilled><Value>3</Value><DecimalDigits>0</DecimalDigits></QuantityFulfilled>"), ruleAmount},
		{"payment of no kind", "CreateSalesInvoice", invoiceXML(t, "</Lines>", "</Lines><Payments><SalesPayment><Type xsi:nil=\"true\"/></SalesPayment></Payments>"), rulePayments},
		{"read of nobody's", "GetSalesInvoiceByKey", "<key><Id>NOPE</Id></key>CONTEXT", ruleNotFound},
		{"an order's number", "VoidSalesInvoice", "<key><Id>NOPE</Id></key>CONTEXT", ruleNotFound},
	} {
		tt.run(t, s)
	}
}

// TestInvoiceOfItsOwn: one that no order led to takes stock at once, and what
// isn't there can't be posted.
func TestInvoiceOfItsOwn(t *testing.T) {
	s := start(t, nil)
	s.must("CreateSalesInvoice", invoiceXML(t, "<Key><Id>WEB100000417</Id></Key>", ""))
	i := s.invoice()
	if i.Number != "STDINV000001" || i.Origin != "" || i.Lines[0].Fulfilled.String() != "2" {
		t.Errorf("invoice %+v", i)
	}
	s.admin(http.MethodPost, "/invoices/"+i.Number+"/post", "")
	if st := s.stockOf("MUG-BLUE-11"); st.onHand.String() != "138" || st.allocated.Sign() != 0 {
		t.Errorf("stock %+v", st)
	}
	s.must("CreateSalesInvoice", invoiceXML(t, "WEB100000417", "HALF", "</ItemKey>", "</ItemKey><QuantityFulfilled><Value>1</Value><DecimalDigits>0</DecimalDigits></QuantityFulfilled>"))
	if got := s.refused(http.MethodPost, "/invoices/HALF/post", ""); !strings.Contains(got, "billed and not fulfilled") {
		t.Errorf("refused with %s", got)
	}
	s.must("VoidSalesInvoice", "<key><Id>HALF</Id></key>CONTEXT")
	s.must("CreateSalesInvoice", invoiceXML(t, "WEB100000417", "MORE"))
	s.must("UpdateSalesInvoice", "<salesInvoice><Key><Id>MORE</Id></Key><Lines><SalesInvoiceLine><Key><LineSequenceNumber>16384</LineSequenceNumber></Key>"+
		"<Quantity><Value>3</Value><DecimalDigits>0</DecimalDigits></Quantity></SalesInvoiceLine></Lines></salesInvoice>CONTEXT")
	if read := s.must("GetSalesInvoiceByKey", "<key><Id>MORE</Id></key>CONTEXT"); !strings.Contains(read, "<QuantityFulfilled><Value>3</Value>") {
		t.Errorf("updated invoice reads %s", read)
	}
	s.must("DeleteSalesInvoice", "<key><Id>MORE</Id></key>CONTEXT")
	if st := s.stockOf("MUG-BLUE-11"); st.allocated.Sign() != 0 {
		t.Errorf("a void left %s allocated", st.allocated)
	}
}

func TestListsOfDocuments(t *testing.T) {
	s := start(t, nil)
	s.must("CreateSalesOrder", order(t))
	s.must("CreateSalesInvoice", invoiceXML(t, "WEB100000417", "INV1"))
	s.must("CreateSalesReturn", returnXML(t, "WEB100000417", "RTN1"))
	s.admin(http.MethodPost, "/orders/WEB100000417/fulfil", `{"transfer": true}`)
	stamp := "2026-11-24T14:30:05.317"
	scope := "<Scope>Return All</Scope>"
	for _, tt := range []struct{ name, op, criteria, want string }{
		{"all invoices", "GetSalesInvoiceList", scope, "INV1 STDINV000001"},
		{"by number", "GetSalesInvoiceList", "<DocumentId><EqualValue>inv1</EqualValue></DocumentId>" + scope, "INV1"},
		{"by pattern", "GetSalesInvoiceList", "<DocumentId><Like>STD%</Like></DocumentId>" + scope, "STDINV000001"},
		{"by purchase order", "GetSalesInvoiceList", "<CustomerPONumber><EqualValue>100000417</EqualValue></CustomerPONumber>" + scope, "INV1 STDINV000001"},
		{"by master number", "GetSalesInvoiceList", "<MasterNumber><EqualValue>1</EqualValue></MasterNumber>" + scope, "STDINV000001"},
		{"in work", "GetSalesInvoiceList", "<TransactionState><Items><SalesTransactionState>Work</SalesTransactionState></Items></TransactionState>" + scope, "INV1 STDINV000001"},
		{"in history", "GetSalesInvoiceList", "<TransactionState><EqualValue>History</EqualValue></TransactionState>" + scope, ""},
		{"by batch", "GetSalesInvoiceList", "<BatchId><Like>SHIP%</Like></BatchId>" + scope, "STDINV000001"},
		{"from its stamp on", "GetSalesInvoiceList", "<LastModifiedDate><From>" + stamp + "</From></LastModifiedDate>" + scope, "INV1 STDINV000001"},
		{"after its stamp", "GetSalesInvoiceList", "<LastModifiedDate><GreaterThan>" + stamp + "</GreaterThan></LastModifiedDate>" + scope, ""},
		{"returns", "GetSalesReturnList", scope, "RTN1"},
		{"orders", "GetSalesOrderList", scope, "WEB100000417"},
		{"everything", "GetSalesDocumentList", scope, "INV1 STDINV000001 RTN1 WEB100000417"},
		{"types", "GetSalesDocumentList", scope + "<Type><Items><SalesDocumentType>Return</SalesDocumentType><SalesDocumentType>Order</SalesDocumentType></Items></Type>", "RTN1 WEB100000417"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := s.must(tt.op, "<criteria>"+tt.criteria+"</criteria>CONTEXT")
			var got []string
			for _, number := range []string{"INV1", "STDINV000001", "RTN1", "WEB100000417"} {
				if strings.Contains(body, "<Id>"+number+"</Id>") {
					got = append(got, number)
				}
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("%v, want %s", got, tt.want)
			}
		})
	}
}

func TestReturns(t *testing.T) {
	s := start(t, nil)
	s.must("CreateSalesReturn", returnXML(t))
	for _, tt := range []refuses{
		{"number taken", "CreateSalesReturn", returnXML(t), ruleDuplicate},
		{"split is less", "CreateSalesReturn", returnXML(t, "WEB100000417", "R2", "<DamagedQuantity><Value>1", "<DamagedQuantity><Value>0"), ruleReturnQuantity},
		{"split is more", "CreateSalesReturn", returnXML(t, "WEB100000417", "R2", "<OnHandQuantity><Value>1", "<OnHandQuantity><Value>2"), ruleReturnQuantity},
		{"split is negative", "CreateSalesReturn", returnXML(t, "WEB100000417", "R2", "<OnHandQuantity><Value>1", "<OnHandQuantity><Value>-1"), ruleAmount},
		{"no split", "CreateSalesReturn", returnXML(t, "WEB100000417", "R2", "<ReturnQuantity>", `<ReturnQuantity xsi:nil="true">`), ruleMissing},
		{"total", "CreateSalesReturn", returnXML(t, "WEB100000417", "R2", "<Value>77.86", "<Value>77.85"), ruleTotal},
		{"deposit", "CreateSalesReturn", returnXML(t, "WEB100000417", "R2", "</Lines>", "</Lines><Payments><SalesPayment><Type>Cash Deposit</Type></SalesPayment></Payments>"), rulePayments},
	} {
		tt.run(t, s)
	}
	if st := s.stockOf("MUG-BLUE-11"); st.onHand.String() != "140" || st.allocated.Sign() != 0 {
		t.Errorf("stock %+v before posting", st)
	}
	s.must("UpdateSalesReturn", "<salesReturn><Key><Id>WEB100000417</Id></Key><Reference>RMA 7</Reference></salesReturn>CONTEXT")
	read := s.must("GetSalesReturnByKey", "<key><Id>WEB100000417</Id></key>CONTEXT")
	if elementText(t, read, "Reference") != "RMA 7" || !strings.Contains(read, "<DamagedQuantity><Value>1</Value>") || !strings.Contains(read, "<InUseQuantity><Value>0</Value>") {
		t.Errorf("return reads %s", read)
	}
	s.admin(http.MethodPost, "/returns/WEB100000417/post", "")
	item := s.must("GetItemByKey", "<key><Id>MUG-BLUE-11</Id></key>CONTEXT")
	for name, want := range map[string]string{"OnHandQuantity": "141", "DamagedQuantity": "1", "ReturnedQuantity": "0"} {
		if !strings.Contains(item, "<"+name+"><Value>"+want+"</Value>") {
			t.Errorf("want %s %s in %s", name, want, item)
		}
	}
	_, body := s.call("VoidSalesReturn", "<key><Id>WEB100000417</Id></key>CONTEXT")
	if !strings.Contains(s.why(body), fmt.Sprint(ruleState)) {
		t.Errorf("void of a posted return: %s", s.why(body))
	}
	s.must("CreateSalesReturn", returnXML(t, "WEB100000417", "R3"))
	s.must("VoidSalesReturn", "<key><Id>R3</Id></key>CONTEXT")
	if read := s.must("GetSalesReturnByKey", "<key><Id>R3</Id></key>CONTEXT"); elementText(t, read, "IsVoided") != "true" {
		t.Errorf("voided return reads %s", read)
	}
}
