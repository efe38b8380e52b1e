package gp

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"
)

// createGLTransaction writes a journal into work. Debits must equal credits.
// Without a journal id GP draws the next number, and doesn't answer it.
func createGLTransaction(ctx context.Context, c *call) (any, error) {
	o := c.args.object("glTransaction")
	if o == nil {
		o = c.args.object("transaction")
	}
	f := &findings{object: "GLTransaction"}
	if o == nil {
		f.add(ruleMissing, "glTransaction", "The transaction is required.")
		return nil, f.err()
	}
	checkText(f, o, "")
	if err := c.checkJournalNumber(ctx, f, o.int("Key.JournalId")); err != nil {
		return nil, err
	}
	if err := c.useBatch(ctx, f, ledgerBatches, o.str("BatchKey.Id")); err != nil {
		return nil, err
	}
	o.set("BatchKey.Source", ledgerBatches)
	c.checkCurrency(f, o)
	if o.str("CurrencyKey.ISOCode") == "" {
		o.set("CurrencyKey.ISOCode", c.cfg.Currencies[0].ISOCode)
	}
	if date, ok := o.get("Key.Date").(time.Time); !ok || date.Year() < 1900 {
		f.add(ruleMissing, "Key.Date", "The transaction date is required.")
	} else if blocked, err := c.blockedByPeriod(ctx, dateOf(date)); err != nil {
		return nil, err
	} else if len(blocked) > 0 {
		f.add(ruleClosed, "Key.Date", "The fiscal period of %s is closed.", date.Format(time.DateOnly))
	}
	if o.str("Reference") == "" {
		f.add(ruleMissing, "Reference", "The reference is required.")
	}
	total := c.checkJournalLines(f, o.list("Lines"))
	if err := f.err(); err != nil {
		return nil, err
	}
	if o.str("SourceDocumentKey.Id") == "" {
		o.set("SourceDocumentKey.Id", "GJ")
	}
	return nil, c.writeJournal(ctx, o, total)
}

// checkJournalNumber refuses a number that is in work or posted.
func (c *call) checkJournalNumber(ctx context.Context, f *findings, id int64) error {
	for _, t := range []table{journals, postedJournals} {
		n, err := count(ctx, c.q, t.name+" WHERE JRNENTRY = ?", id)
		if err != nil {
			return err
		}
		if n > 0 {
			f.add(ruleDuplicate, "Key", "The journal entry %d already exists.", id)
		}
	}
	return nil
}

func (c *call) writeJournal(ctx context.Context, o *object, total decimal.Decimal) error {
	id := o.int("Key.JournalId")
	for id == 0 { // the next one that nobody has taken by hand
		next, err := nextNumber(ctx, c.q, "JRNENTRY")
		if err != nil {
			return err
		}
		f := &findings{object: "GLTransaction"}
		if err := c.checkJournalNumber(ctx, f, next); err != nil {
			return err
		}
		if f.err() == nil {
			id = next
		}
	}
	o.set("Key.JournalId", id).set("ModifiedDate", c.now).set("ModifiedBy", c.user)
	if err := journals.insert(ctx, c.q, o, extras{stampColumn: c.utc.Format(datetimeLayout)}); err != nil {
		return err
	}
	for i, l := range o.list("Lines") {
		sequence := l.int("Key.SequenceNumber")
		if sequence == 0 {
			sequence = int64(i+1) * lineStep
		}
		debit, _ := l.amount("DebitAmount")
		credit, _ := l.amount("CreditAmount")
		if _, err := c.q.ExecContext(ctx, `INSERT INTO GL10001 (JRNENTRY, SQNCLINE, ACTNUMST, DEBITAMT, CRDTAMNT, DSCRIPTN) VALUES (?, ?, ?, ?, ?, ?)`,
			id, sequence, l.str("GLAccountKey.Id"), debit.String(), credit.String(), l.str("Description")); err != nil {
			return fmt.Errorf("insert line of journal %d: %w", id, err)
		}
	}
	return c.countInBatch(ctx, ledgerBatches, o.str("BatchKey.Id"), 1, total)
}

// ruleDuplicateLine is taGLTransactionLineInsert's number for a sequence that
// is there twice.
const ruleDuplicateLine = 7738

func (c *call) checkJournalLines(f *findings, lines []*object) decimal.Decimal {
	var debits, credits decimal.Decimal
	taken := map[int64]bool{}
	for _, l := range lines {
		debit, _ := l.amount("DebitAmount")
		credit, _ := l.amount("CreditAmount")
		debits, credits = debits.Add(debit), credits.Add(credit)
		c.checkAccount(f, l.str("GLAccountKey.Id"))
		if debit.IsNegative() || credit.IsNegative() || debit.IsPositive() && credit.IsPositive() {
			f.add(ruleAmount, "Lines", "A line has a debit or a credit, not less than zero: debit %s, credit %s.", debit, credit)
		}
		if n := l.int("Key.SequenceNumber"); n != 0 {
			if taken[n] {
				f.add(ruleDuplicateLine, "Lines.Key", "The sequence number %d is there twice.", n)
			}
			taken[n] = true
		}
	}
	if len(lines) == 0 {
		f.add(ruleMissing, "Lines", "The journal entry needs lines.")
	}
	if !debits.Equal(credits) {
		f.add(ruleBalance, "Lines", "The journal entry is out of balance: debits %s, credits %s.", debits, credits)
	}
	return debits
}

func getGLTransaction(ctx context.Context, c *call) (any, error) {
	return c.journal(ctx, journals, "GL10001", "Work", "WHERE JRNENTRY = ?", c.args.int("key.JournalId"))
}

// getGLPostedTransaction reads a journal of an open year.
func getGLPostedTransaction(ctx context.Context, c *call) (any, error) {
	if year := c.args.int("key.FiscalYear"); year != 0 {
		return c.journal(ctx, postedJournals, "GL20001", "Open", "WHERE JRNENTRY = ? AND OPENYEAR = ?", c.args.int("key.JournalId"), year)
	}
	return c.journal(ctx, postedJournals, "GL20001", "Open", "WHERE JRNENTRY = ?", c.args.int("key.JournalId"))
}

func (c *call) journal(ctx context.Context, t table, lines, state, where string, args ...any) (any, error) {
	found, err := t.query(ctx, c.q, c.cfg.units(), where, args...)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, c.notFound("GLTransaction", fmt.Sprint(args[0]))
	}
	o := found[0].object
	k, _ := c.cfg.currency(o.str("CurrencyKey.ISOCode"))
	rows, err := c.q.QueryContext(ctx, `SELECT SQNCLINE, ACTNUMST, DEBITAMT, CRDTAMNT, DSCRIPTN FROM `+lines+` WHERE JRNENTRY = ? ORDER BY SQNCLINE`, args[0])
	if err != nil {
		return nil, fmt.Errorf("read journal %d: %w", args[0], err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	list := []any{}
	for rows.Next() {
		var sequence int64
		var account, text string
		var debit, credit decimal.Decimal
		if err := rows.Scan(&sequence, &account, &debit, &credit, &text); err != nil {
			return nil, fmt.Errorf("read journal %d: %w", args[0], err)
		}
		list = append(list, newObject("GLTransactionLine").set("Key.TransactionKey", o.object("Key")).set("Key.SequenceNumber", sequence).
			set("CreditAmount", money(k, credit)).set("DebitAmount", money(k, debit)).
			set("Description", text).set("GLAccountKey.Id", account))
	}
	return o.set("Lines", list).set("TransactionState", state), rows.Err()
}

// listGLTransactions has journals in work, then posted ones of open years.
func listGLTransactions(ctx context.Context, c *call) (any, error) {
	list := []any{}
	for _, from := range []struct {
		table
		state string
	}{{journals, "Work"}, {postedJournals, "Open"}} {
		var where condition
		where.restrictAll(c.args.object("criteria"), map[string]string{
			"CurrencyISOCode": "CURNCYID", "Date": "TRXDATE", "ModifiedDate": "MODIFDT", "JournalId": "CAST(JRNENTRY AS TEXT)",
			"BatchId": "BACHNUMB", "FiscalYear": "CAST(substr(TRXDATE, 1, 4) AS INTEGER)", "RecurringTransactionSequence": "0",
			"SourceDocumentId": "SOURCDOC", "TransactionState": "'" + from.state + "'", "LedgerType": "'Base'",
		})
		rows, err := from.query(ctx, c.q, c.cfg.units(), where.String()+" ORDER BY JRNENTRY", where.args...)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			s := newObject("GLTransactionSummary")
			copyShared(s, r.object)
			list = append(list, s.set("Key", r.object.object("Key")).set("TransactionState", from.state).set("LedgerType", "Base"))
		}
	}
	return list, nil
}

// journalPostings are the journals of a batch. Their dates were checked when
// they came, but a period may have been closed since.
func (c *call) journalPostings(ctx context.Context, batch string) ([]posting, error) {
	rows, err := journals.query(ctx, c.q, c.cfg.units(), "WHERE BACHNUMB = ? ORDER BY JRNENTRY", batch)
	if err != nil {
		return nil, err
	}
	var list []posting
	for _, r := range rows {
		o := r.object
		p := posting{number: fmt.Sprint(o.int("Key.JournalId"))}
		p.post = func(ctx context.Context, audit string) error { return c.postJournal(ctx, o, audit) }
		if p.blocked, err = c.blockedByPeriod(ctx, o.time("Key.Date")); err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

func (c *call) postJournal(ctx context.Context, o *object, audit string) error {
	id := o.int("Key.JournalId")
	o.set("AuditTrailCode", audit).set("PostedBy", c.user)
	if err := postedJournals.insert(ctx, c.q, o, extras{"OPENYEAR": o.time("Key.Date").Year(), stampColumn: c.utc.Format(datetimeLayout)}); err != nil {
		return err
	}
	for _, statement := range []string{
		`INSERT INTO GL20001 SELECT JRNENTRY, SQNCLINE, ACTNUMST, DEBITAMT, CRDTAMNT, DSCRIPTN FROM GL10001 WHERE JRNENTRY = ?`,
		`DELETE FROM GL10001 WHERE JRNENTRY = ?`, `DELETE FROM GL10000 WHERE JRNENTRY = ?`,
	} {
		if _, err := c.q.ExecContext(ctx, statement, id); err != nil {
			return fmt.Errorf("post journal %d: %w", id, err)
		}
	}
	return c.countInBatch(ctx, ledgerBatches, o.str("BatchKey.Id"), -1, decimal.Zero)
}
