package gp

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/failure"
)

// GLTransaction is a journal entry (GP Web Services WSDL: GLTransaction). Its
// debits are equal to its credits.
type GLTransaction struct {
	// JournalID is the entry's number; zero lets GP take the next, and never tell
	// it (GLTransactionsByReference finds it).
	JournalID   int
	Date        Date
	BatchID     string // created when it is missing, where the policy lets it
	CurrencyISO string // of every amount here
	Reference   string
	// SourceDocumentID is GP's code of where the entry comes from, such as GJ.
	SourceDocumentID string
	Lines            []GLLine

	// The rest is read, and never written.

	// RecurringSequence and FiscalYear are of posted entries.
	RecurringSequence, FiscalYear int
	TransactionState              string // Work, Open or History
	LedgerType                    string // Base, IFRS or Local
	ExchangeRate                  decimal.NullDecimal
	Voided                        bool
	Modified                      Date
	ModifiedBy, PostedBy          string
	AuditTrail                    string // filled on posting
}

// GLLine is a line of a journal entry. It has a debit or a credit.
type GLLine struct {
	// Sequence is a multiple of LineStep; zero lets GP take the next.
	Sequence      int
	Account       string // with its separators
	Description   string
	Debit, Credit decimal.NullDecimal
}

// GLKey names a posted journal entry: numbers of recurring entries are used
// again, and a number is one of a fiscal year.
type GLKey struct {
	JournalID                     int
	Date                          Date
	RecurringSequence, FiscalYear int
}

// GLCriteria restricts a list of journal entries; there is no LastModified. See
// SalesCriteria about lists.
type GLCriteria struct {
	JournalID, BatchID, SourceDocumentID Match
	CurrencyISO                          string
	FiscalYear                           int    // zero for any
	State                                string // Work, Open or History; empty for all
	Date, Modified                       DateRange
}

func (c GLCriteria) object() object {
	year := ""
	if c.FiscalYear != 0 {
		year = strconv.Itoa(c.FiscalYear)
	}
	return object{
		"CurrencyISOCode": equalTo(c.CurrencyISO), "Date": c.Date.object(), "ModifiedDate": c.Modified.object(),
		"JournalId": c.JournalID.object(), "BatchId": c.BatchID.object(), "FiscalYear": equalTo(year),
		"SourceDocumentId": c.SourceDocumentID.object(), "TransactionState": equalTo(c.State),
	}
}

// GLSummary is a row of a list (GP Web Services WSDL: GLTransactionSummary).
// RecurringSequence and FiscalYear are only there when the row's key has them.
type GLSummary struct {
	GLKey
	BatchID, CurrencyISO, Reference, SourceDocumentID string
	Modified                                          Date
	TransactionState, LedgerType                      string
}

// GLTransaction reads a journal entry in work.
func (c *Client) GLTransaction(ctx context.Context, journalID int, date Date) (GLTransaction, error) {
	return c.journal(ctx, "GetGLTransactionByKey", journalID, glKey(journalID, date))
}

// GLPostedTransaction reads a posted journal entry.
func (c *Client) GLPostedTransaction(ctx context.Context, k GLKey) (GLTransaction, error) {
	o := glKey(k.JournalID, k.Date)
	o["RecurringTransactionSequence"], o["FiscalYear"] = strconv.Itoa(k.RecurringSequence), strconv.Itoa(k.FiscalYear)
	return c.journal(ctx, "GetGLPostedTransactionByKey", k.JournalID, o)
}

func (c *Client) journal(ctx context.Context, operation string, id int, k object) (GLTransaction, error) {
	if id <= 0 {
		return GLTransaction{}, unsent(failure.Rejected("gp.required", "JRNENTRY", "the journal has no number", "list journals to find it"))
	}
	return recordOf(ctx, c, operation, "journal", strconv.Itoa(id), k, []string{"JournalId"}, readJournal)
}

// GLTransactions lists journal entries, in work and posted.
func (c *Client) GLTransactions(ctx context.Context, criteria GLCriteria) ([]GLSummary, error) {
	return list(ctx, c, "GetGLTransactionList", criteria.object(), func(r *reading, n *node) GLSummary {
		return GLSummary{
			GLKey: readGLKey(r, n), BatchID: n.text("BatchKey", "Id"), CurrencyISO: n.text("CurrencyKey", "ISOCode"),
			Reference: n.text("Reference"), SourceDocumentID: n.text("SourceDocumentKey", "Id"), Modified: r.date(n, "ModifiedDate"),
			TransactionState: n.text("TransactionState"), LedgerType: n.text("LedgerType"),
		}
	})
}

// GLTransactionsByReference lists the entries of a day with a reference, in work
// and posted. It is how an entry is found whose number GP took itself; GP can't
// search for references, so that the day's entries are listed.
func (c *Client) GLTransactionsByReference(ctx context.Context, date Date, reference string) ([]GLSummary, error) {
	k, err := mustKey("REFRENCE", reference)
	if err != nil {
		return nil, err
	}
	listed, err := c.GLTransactions(ctx, GLCriteria{Date: DateRange{From: date, To: date}})
	if err != nil {
		return nil, err
	}
	var found []GLSummary
	for _, row := range listed {
		if strings.EqualFold(row.Reference, k["Id"].(string)) {
			found = append(found, row)
		}
	}
	return found, nil
}

// CreateGLTransaction creates a journal entry in work. One whose debits are not
// its credits is the failure gp.journal.unbalanced, before anything is sent; a
// line that has neither a debit nor a credit, or both, is gp.journal.line.
func (c *Client) CreateGLTransaction(ctx context.Context, t GLTransaction) error {
	if err := t.check(); err != nil {
		return unsent(err)
	}
	return c.write(ctx, "CreateGLTransaction", object{"glTransaction": t.object()})
}

func (t GLTransaction) check() error {
	if t.Date.IsZero() {
		return failure.Rejected("gp.required", "TRXDATE", "the journal has no date", "map one in the flow")
	}
	debits, credits := decimal.Zero, decimal.Zero
	for i, l := range t.Lines {
		if l.Debit.Valid == l.Credit.Valid {
			return failure.Rejected("gp.journal.line", "DEBITAMT",
				fmt.Sprintf("line %d (%s) must have either a debit or a credit", i+1, l.Account), "map one of them in the flow")
		}
		debits, credits = debits.Add(l.Debit.Decimal), credits.Add(l.Credit.Decimal)
	}
	if !debits.Equal(credits) {
		return failure.Rejected("gp.journal.unbalanced", "DEBITAMT",
			fmt.Sprintf("debits are %s and credits %s", debits, credits), "correct the amounts, or the flow that makes the lines")
	}
	return nil
}

func glKey(id int, date Date) object {
	return object{"JournalId": strconv.Itoa(id), "Date": date.wire()}
}

func (t GLTransaction) object() object {
	var lines []object
	for _, l := range t.Lines {
		lines = append(lines, object{
			"Key":          sequenced("SequenceNumber", l.Sequence),
			"CreditAmount": money{l.Credit, t.CurrencyISO}, "DebitAmount": money{l.Debit, t.CurrencyISO},
			"Description": l.Description, "GLAccountKey": key(l.Account),
		})
	}
	return object{
		"Key": glKey(t.JournalID, t.Date), "BatchKey": key(t.BatchID), "CurrencyKey": currencyKey(t.CurrencyISO),
		"Lines": lines, "Reference": t.Reference, "SourceDocumentKey": key(t.SourceDocumentID),
	}
}

func readGLKey(r *reading, n *node) GLKey {
	return GLKey{
		JournalID: r.int(n, "Key", "JournalId"), Date: r.date(n, "Key", "Date"),
		RecurringSequence: r.int(n, "Key", "RecurringTransactionSequence"), FiscalYear: r.int(n, "Key", "FiscalYear"),
	}
}

func readJournal(n *node) (GLTransaction, error) {
	var r reading
	k := readGLKey(&r, n)
	t := GLTransaction{
		JournalID: k.JournalID, Date: k.Date, RecurringSequence: k.RecurringSequence, FiscalYear: k.FiscalYear,
		BatchID: n.text("BatchKey", "Id"), CurrencyISO: n.text("CurrencyKey", "ISOCode"), Reference: n.text("Reference"),
		SourceDocumentID: n.text("SourceDocumentKey", "Id"), TransactionState: n.text("TransactionState"),
		LedgerType: n.text("LedgerType"), ExchangeRate: r.decimal(n, "ExchangeRate"), Voided: n.yes("IsVoided"),
		Modified: r.date(n, "ModifiedDate"), ModifiedBy: n.text("ModifiedBy"), PostedBy: n.text("PostedBy"),
		AuditTrail: n.text("AuditTrailCode"),
	}
	for _, l := range n.all("Lines") {
		t.Lines = append(t.Lines, GLLine{
			Sequence: r.int(l, "Key", "SequenceNumber"), Account: l.text("GLAccountKey", "Id"), Description: l.text("Description"),
			Debit: r.amount(l, "DebitAmount"), Credit: r.amount(l, "CreditAmount"),
		})
	}
	return t, r.err
}
