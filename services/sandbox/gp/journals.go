package gp

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"
)

// createGLTransaction writes a journal into work. Debits must equal credits.
func createGLTransaction(ctx context.Context, c *call) (any, error) {
	o := c.args.object("glTransaction")
	if o == nil {
		o = c.args.object("transaction")
	}
	f := &findings{object: "GLTransaction"}
	if o == nil || o.int("Key.JournalId") == 0 {
		f.add(ruleMissing, "Key", "The journal id is required.")
		return nil, f.err()
	}
	id := o.int("Key.JournalId")
	checkText(f, o, "")
	if n, err := count(ctx, c.q, "GL10000 WHERE JRNENTRY = ?", id); err != nil {
		return nil, err
	} else if n > 0 {
		f.add(ruleDuplicate, "Key", "The journal entry %d already exists.", id)
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
	} else if !c.cfg.ClosedThrough.IsZero() && !dateOf(date).After(dateOf(c.cfg.ClosedThrough)) {
		f.add(ruleClosed, "Key.Date", "The fiscal period of %s is closed.", date.Format(time.DateOnly))
	}
	total := checkJournalLines(f, o.list("Lines"))
	if err := f.err(); err != nil {
		return nil, err
	}
	o.set("ModifiedDate", c.now)
	if err := journals.insert(ctx, c.q, o, extras{stampColumn: c.utc.Format(datetimeLayout)}); err != nil {
		return nil, err
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
			return nil, fmt.Errorf("insert line of journal %d: %w", id, err)
		}
	}
	return nil, c.countInBatch(ctx, ledgerBatches, o.str("BatchKey.Id"), 1, total)
}

// ruleDuplicateLine is taGLTransactionLineInsert's number for a sequence that
// is there twice.
const ruleDuplicateLine = 7738

func checkJournalLines(f *findings, lines []*object) decimal.Decimal {
	var debits, credits decimal.Decimal
	taken := map[int64]bool{}
	for _, l := range lines {
		debit, _ := l.amount("DebitAmount")
		credit, _ := l.amount("CreditAmount")
		debits, credits = debits.Add(debit), credits.Add(credit)
		if l.str("GLAccountKey.Id") == "" {
			f.add(ruleMissing, "Lines.GLAccountKey", "The account is required.")
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
	id := c.args.int("key.JournalId")
	found, err := journals.query(ctx, c.q, c.cfg.units(), "WHERE JRNENTRY = ?", id)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, c.notFound("GLTransaction", fmt.Sprint(id))
	}
	o := found[0].object
	k, _ := c.cfg.currency(o.str("CurrencyKey.ISOCode"))
	rows, err := c.q.QueryContext(ctx, `SELECT SQNCLINE, ACTNUMST, DEBITAMT, CRDTAMNT, DSCRIPTN FROM GL10001 WHERE JRNENTRY = ? ORDER BY SQNCLINE`, id)
	if err != nil {
		return nil, fmt.Errorf("read journal %d: %w", id, err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	list := []any{}
	for rows.Next() {
		var sequence int64
		var account, text string
		var debit, credit decimal.Decimal
		if err := rows.Scan(&sequence, &account, &debit, &credit, &text); err != nil {
			return nil, fmt.Errorf("read journal %d: %w", id, err)
		}
		list = append(list, newObject("GLTransactionLine").set("Key.TransactionKey", o.object("Key")).set("Key.SequenceNumber", sequence).
			set("CreditAmount", money(k, credit)).set("DebitAmount", money(k, debit)).
			set("Description", text).set("GLAccountKey.Id", account))
	}
	return o.set("Lines", list).set("TransactionState", "Work"), rows.Err()
}
