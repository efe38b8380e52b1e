package gp

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func journalXML(t *testing.T, replacements ...string) string {
	t.Helper()
	amounts := func(credit, debit string) string {
		return fmt.Sprintf(`<CreditAmount xsi:type="MoneyAmount"><Currency>USD</Currency><Value>%s</Value><DecimalDigits>2</DecimalDigits></CreditAmount>`+
			`<DebitAmount xsi:type="MoneyAmount"><Currency>USD</Currency><Value>%s</Value><DecimalDigits>2</DecimalDigits></DebitAmount>`, credit, debit)
	}
	text := `<glTransaction><Key><JournalId>0</JournalId><Date>2026-11-24T00:00:00</Date></Key><BatchKey><Id>GL1</Id></BatchKey><Lines>` +
		`<GLTransactionLine><Key><SequenceNumber>1</SequenceNumber></Key>` + amounts("0", "125") + `<GLAccountKey><Id>000-1100-00</Id></GLAccountKey></GLTransactionLine>` +
		`<GLTransactionLine><Key><SequenceNumber>2</SequenceNumber></Key>` + amounts("125", "0") + `<GLAccountKey><Id>000-1110-00</Id></GLAccountKey></GLTransactionLine>` +
		`</Lines><Reference>Payout 7</Reference><SourceDocumentKey><Id>PAYOUT</Id></SourceDocumentKey></glTransaction>CONTEXT`
	return replaced(t, text, replacements)
}

func TestJournalRefusals(t *testing.T) {
	s := start(t, func(c *Config) { c.ClosedThrough = at.AddDate(0, -1, 0) })
	s.must("CreateGLTransaction", journalXML(t, "<JournalId>0", "<JournalId>77"))
	for _, tt := range []refuses{
		{"number taken", "CreateGLTransaction", journalXML(t, "<JournalId>0", "<JournalId>77"), ruleDuplicate},
		{"out of balance", "CreateGLTransaction", journalXML(t, "<Value>125", "<Value>124"), ruleBalance},
		{"unknown account", "CreateGLTransaction", journalXML(t, "000-1110-00", "999-9999-99"), ruleUnknown},
		{"inactive account", "CreateGLTransaction", journalXML(t, "000-1110-00", "000-1190-00"), ruleInactive},
		{"no account", "CreateGLTransaction", journalXML(t, "<Id>000-1110-00</Id>", ""), ruleMissing},
		{"closed period", "CreateGLTransaction", journalXML(t, "2026-11-24T", "2026-10-24T"), ruleClosed},
		{"no date", "CreateGLTransaction", journalXML(t, "2026-11-24T", "0001-01-01T"), ruleMissing},
		{"no reference", "CreateGLTransaction", journalXML(t, "<Reference>Payout 7</Reference>", ""), ruleMissing},
		{"no batch", "CreateGLTransaction", journalXML(t, "<Id>GL1</Id>", ""), ruleMissing},
		{"less than zero", "CreateGLTransaction", journalXML(t, "<Value>125", "<Value>-125", "<Value>125", "<Value>-125"), ruleAmount},
		{"sequence twice", "CreateGLTransaction", journalXML(t, "<SequenceNumber>2", "<SequenceNumber>1"), ruleDuplicateLine},
		{"long reference", "CreateGLTransaction", journalXML(t, "Payout 7", strings.Repeat("x", 31)), ruleTooLong},
		{"read of nobody's", "GetGLTransactionByKey", "<key><JournalId>7</JournalId></key>CONTEXT", ruleNotFound},
		{"not posted", "GetGLPostedTransactionByKey", "<key><JournalId>77</JournalId></key>CONTEXT", ruleNotFound},
	} {
		tt.run(t, s)
	}
	status, body := s.call("CreateGLTransaction", journalXML(t, ` xsi:type="MoneyAmount"`, ""))
	if status != http.StatusInternalServerError || guid.FindString(body) != "" {
		t.Errorf("an amount without xsi:type: status %d, %s; want a system exception", status, body)
	}
}

func TestJournalLife(t *testing.T) {
	s := start(t, nil)
	s.must("CreateGLTransaction", journalXML(t, "<JournalId>0", "<JournalId>1"))
	s.must("CreateGLTransaction", journalXML(t, "GL1", "GL2")) // 1 is taken: GP draws 2
	scope := func(criteria string) string { return "<criteria>" + criteria + "</criteria>CONTEXT" }
	for _, tt := range []struct{ criteria, want string }{
		{"", "1 2"},
		{"<BatchId><EqualValue>GL2</EqualValue></BatchId>", "2"},
		{"<JournalId><EqualValue>1</EqualValue></JournalId>", "1"},
		{"<SourceDocumentId><EqualValue>PAYOUT</EqualValue></SourceDocumentId>", "1 2"},
		{"<SourceDocumentId><EqualValue>GJ</EqualValue></SourceDocumentId>", ""},
		{"<Date><From>2026-11-24T00:00:00</From><To>2026-11-24T00:00:00</To></Date>", "1 2"},
		{"<ModifiedDate><GreaterThan>2026-11-24T00:00:00</GreaterThan></ModifiedDate>", ""},
		{"<FiscalYear><EqualValue>2026</EqualValue></FiscalYear><TransactionState><EqualValue>Work</EqualValue></TransactionState>", "1 2"},
		{"<TransactionState><EqualValue>Open</EqualValue></TransactionState>", ""},
	} {
		body, got := s.must("GetGLTransactionList", scope(tt.criteria)), []string{}
		for _, id := range []string{"1", "2"} {
			if strings.Contains(body, "<JournalId>"+id+"</JournalId>") {
				got = append(got, id)
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("journals by %s: %v, want %s", tt.criteria, got, tt.want)
		}
	}
	s.admin(http.MethodPost, "/batches/GL2/post?source=GL_Normal", "")
	read := s.must("GetGLPostedTransactionByKey", "<key><JournalId>2</JournalId><FiscalYear>2026</FiscalYear></key>CONTEXT")
	if elementText(t, read, "TransactionState") != "Open" || elementText(t, read, "AuditTrailCode") != "GLTRX00000001" || strings.Count(read, "<GLTransactionLine>") != 2 {
		t.Errorf("posted journal reads %s", read)
	}
	refuses{"posted number", "CreateGLTransaction", journalXML(t, "<JournalId>0", "<JournalId>2"), ruleDuplicate}.run(t, s)
	s.admin(http.MethodPut, "/periods", `{"2026-11": true}`) // after the journal came
	if got := s.refused(http.MethodPost, "/batches/GL1/post?source=GL_Normal", ""); !strings.Contains(got, "is closed") {
		t.Errorf("refused with %s", got)
	}
	if got := s.admin(http.MethodGet, "/journals", ""); strings.Count(got, `"JRNENTRY":2`) != 2 {
		t.Errorf("journals %s", got)
	}
	if body := s.must("GetGLAccountList", scope("<IsActive><EqualValue>false</EqualValue></IsActive>")); elementText(t, body, "Description") != "Closed Account" || strings.Count(body, "<GLAccountSummary>") != 1 {
		t.Errorf("inactive accounts %s", body)
	}
}

func receiptXML(t *testing.T, replacements ...string) string {
	t.Helper()
	return replaced(t, `<cashReceipt><CustomerKey><Id>WEB0000312</Id></CustomerKey><Key><Id>PMT1</Id></Key><BatchKey><Id>CASH</Id></BatchKey><Type>Cash</Type>`+
		`<BankAccountKey><Id>UPTOWN TRUST</Id></BankAccountKey><Date>2026-11-24T00:00:00</Date><Amount><Currency>USD</Currency><Value>10.50</Value>`+
		`<DecimalDigits>2</DecimalDigits></Amount><CurrencyKey><ISOCode>USD</ISOCode></CurrencyKey></cashReceipt>CONTEXT`, replacements)
}

func TestReceipts(t *testing.T) {
	s := start(t, func(c *Config) {
		c.Checkbooks = []Checkbook{{Entry: Entry{"UPTOWN TRUST", "Uptown Trust"}}, {Entry: Entry{"SHUT", ""}, Inactive: true}, {Entry: Entry{"PARIS", ""}, Currency: "EUR"}}
	})
	s.must("CreateCashReceipt", receiptXML(t))
	for _, tt := range []refuses{
		{"number taken", "CreateCashReceipt", receiptXML(t, "PMT1", "pmt1"), ruleDuplicate},
		{"no number", "CreateCashReceipt", receiptXML(t, "<Id>PMT1</Id>", ""), ruleMissing},
		{"unknown customer", "CreateCashReceipt", receiptXML(t, "PMT1", "P", "WEB0000312", "NOBODY"), ruleUnknown},
		{"unknown checkbook", "CreateCashReceipt", receiptXML(t, "PMT1", "P", "UPTOWN TRUST", "SOCK"), ruleUnknown},
		{"inactive checkbook", "CreateCashReceipt", receiptXML(t, "PMT1", "P", "UPTOWN TRUST", "SHUT"), ruleInactive},
		{"checkbook of another currency", "CreateCashReceipt", receiptXML(t, "PMT1", "P", "UPTOWN TRUST", "PARIS"), ruleUnknown},
		{"amount of another currency", "CreateCashReceipt", receiptXML(t, "PMT1", "P", "<ISOCode>USD", "<ISOCode>EUR", "UPTOWN TRUST", "PARIS"), ruleUnknown},
		{"nothing", "CreateCashReceipt", receiptXML(t, "PMT1", "P", "10.50", "0"), ruleAmount},
		{"less than zero", "CreateCashReceipt", receiptXML(t, "PMT1", "P", "10.50", "-1"), ruleAmount},
		{"a third decimal", "CreateCashReceipt", receiptXML(t, "PMT1", "P", "10.50", "10.505"), ruleAmount},
		{"no batch", "CreateCashReceipt", receiptXML(t, "PMT1", "P", "<Id>CASH</Id>", ""), ruleMissing},
		{"card without its name", "CreateCashReceipt", receiptXML(t, "PMT1", "P", "<Type>Cash", "<Type>Payment Card"), ruleMissing},
		{"void of nobody's", "VoidCashReceipt", "<key><Id>NOPE</Id></key>CONTEXT", ruleNotFound},
		{"void before it is posted", "VoidCashReceipt", "<key><Id>PMT1</Id></key>CONTEXT", ruleState},
	} {
		tt.run(t, s)
	}
	list := func(criteria string) string {
		return s.must("GetCashReceiptList", "<criteria>"+criteria+"<Scope>Return All</Scope></criteria>CONTEXT")
	}
	work := "<TransactionState><Items><ReceivablesTransactionState>Work</ReceivablesTransactionState></Items></TransactionState>"
	if body := list("<CustomerId><EqualValue>WEB0000312</EqualValue></CustomerId><BatchId><EqualValue>CASH</EqualValue></BatchId>" + work); elementText(t, body, "Value") != "10.50" {
		t.Errorf("receipts in work %s", body)
	}
	s.admin(http.MethodPost, "/batches/CASH/post?source=RM_Cash", "")
	if body := list(work); strings.Contains(body, "PMT1") {
		t.Errorf("receipts in work after posting %s", body)
	}
	if body := list(""); elementText(t, body, "TransactionState") != "Open" {
		t.Errorf("receipts %s", body)
	}
	refuses{"posted number", "CreateCashReceipt", receiptXML(t), ruleDuplicate}.run(t, s)
	s.must("VoidCashReceipt", "<key><Id>PMT1</Id></key>CONTEXT")
	if read := s.must("GetCashReceiptByKey", "<key><Id>PMT1</Id></key>CONTEXT"); elementText(t, read, "IsVoided") != "true" || elementText(t, read, "AuditTrailCode") != "RMCSH00000001" {
		t.Errorf("voided receipt reads %s", read)
	}
	refuses{"void of a voided one", "VoidCashReceipt", "<key><Id>PMT1</Id></key>CONTEXT", ruleState}.run(t, s)
}
