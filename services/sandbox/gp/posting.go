package gp

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// Batch statuses that posting leaves behind (SY00500.BCHSTTUS).
const (
	batchAvailable   = 0
	batchPosting     = 1
	batchInterrupted = 7
	batchInError     = 10 // and up
)

// posting is one kind of transaction in a batch: how to find what is to post,
// why it can't be, and how it is posted.
type posting struct {
	number string
	// blocked tells why the transaction can't be posted, a sentence for each reason.
	blocked []string
	post    func(ctx context.Context, audit string) error
}

// PostBatch posts a batch as a person does: while it is being posted it is
// locked; then its invoices, returns, receipts or journals are history, or, when
// one of them can't be posted, the batch is in error and none is. Orders stay:
// they are transferred, not posted. An empty batch goes away. A
// refusal tells what stood in the way.
func (s *Server) PostBatch(ctx context.Context, source, id string) error {
	if err := s.store.write(ctx, func(q querier) error { return s.lockBatch(ctx, q, source, id) }); err != nil {
		return err
	}
	if s.cfg.PostTime > 0 {
		timer := time.NewTimer(s.cfg.PostTime)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-s.done:
		case <-ctx.Done():
		}
	}
	ctx = context.WithoutCancel(ctx) // a batch isn't left half posted
	var refused error
	err := s.store.write(ctx, func(q querier) error {
		c, err := s.hand(ctx, q, "ACCOUNTANT")
		if err != nil {
			return err
		}
		refused, err = c.postBatch(ctx, source, id)
		return err
	})
	if err != nil {
		interrupted := s.store.write(ctx, func(q querier) error { return setBatchStatus(ctx, q, source, id, batchInterrupted) })
		return errors.Join(fmt.Errorf("post batch %s: %w", id, err), interrupted)
	}
	return refused
}

// lockBatch marks a batch as being posted. One that is in use can't be; one in
// error, or whose posting was interrupted, can be tried again.
func (s *Server) lockBatch(ctx context.Context, q querier, source, id string) error {
	var status int
	err := q.QueryRowContext(ctx, `SELECT BCHSTTUS FROM SY00500 WHERE BCHSOURC = ? AND BACHNUMB = ?`, source, id).Scan(&status)
	if errors.Is(err, sql.ErrNoRows) {
		return refuse("Batch", ruleNotFound, "Key", "The batch %s of %s does not exist.", id, source)
	}
	if err != nil {
		return fmt.Errorf("read batch %s: %w", id, err)
	}
	if status != batchAvailable && status < batchInterrupted {
		return refuse("Batch", ruleBatchLocked, "Key", "The batch %s is in use: it is %s.", id, batchStatus(status))
	}
	if _, err := q.ExecContext(ctx, `DELETE FROM posting_errors WHERE BCHSOURC = ? AND BACHNUMB = ?`, source, id); err != nil {
		return fmt.Errorf("post batch %s: %w", id, err)
	}
	return setBatchStatus(ctx, q, source, id, batchPosting)
}

func setBatchStatus(ctx context.Context, q querier, source, id string, status int) error {
	if _, err := q.ExecContext(ctx, `UPDATE SY00500 SET BCHSTTUS = ? WHERE BCHSOURC = ? AND BACHNUMB = ?`, status, source, id); err != nil {
		return fmt.Errorf("set status of batch %s: %w", id, err)
	}
	return nil
}

// postBatch posts all or nothing. Refused tells why nothing was; the reasons
// stay with the batch.
func (c *call) postBatch(ctx context.Context, source, id string) (refused, err error) {
	list, err := c.postings(ctx, source, id)
	if err != nil {
		return nil, err
	}
	f := &findings{object: "Batch"}
	if len(list) == 0 {
		f.add(ruleNotFound, "Key", "The batch %s has nothing to post.", id)
		return f.err(), setBatchStatus(ctx, c.q, source, id, batchAvailable)
	}
	for _, p := range list {
		for _, reason := range p.blocked {
			f.add(ruleClosed, "Key", "%s: %s", p.number, reason)
			if _, err := c.q.ExecContext(ctx, `INSERT INTO posting_errors (BCHSOURC, BACHNUMB, DOCNUMBR, message) VALUES (?, ?, ?, ?)`,
				source, id, p.number, reason); err != nil {
				return nil, fmt.Errorf("note why batch %s isn't posted: %w", id, err)
			}
		}
	}
	if f.err() != nil {
		return f.err(), setBatchStatus(ctx, c.q, source, id, batchInError)
	}
	audit, err := c.auditTrail(ctx, source)
	if err != nil {
		return nil, err
	}
	for _, p := range list {
		if err := p.post(ctx, audit); err != nil {
			return nil, err
		}
	}
	if _, err := c.q.ExecContext(ctx, `DELETE FROM SY00500 WHERE BCHSOURC = ? AND BACHNUMB = ? AND NUMOFTRX <= 0`, source, id); err != nil {
		return nil, fmt.Errorf("remove batch %s: %w", id, err)
	}
	return nil, setBatchStatus(ctx, c.q, source, id, batchAvailable)
}

// auditTrail is the next audit trail code of a source (TRXSORCE).
func (c *call) auditTrail(ctx context.Context, source string) (string, error) {
	prefix := map[string]string{salesBatches: "SLSTE", receiptBatches: "RMCSH", ledgerBatches: "GLTRX"}[source]
	if prefix == "" {
		return "", fmt.Errorf("batches of %s can't be posted here", source)
	}
	n, err := nextNumber(ctx, c.q, prefix)
	return fmt.Sprintf("%s%08d", prefix, n), err
}

func (c *call) postings(ctx context.Context, source, id string) ([]posting, error) {
	switch source {
	case receiptBatches:
		return c.receiptPostings(ctx, id)
	case ledgerBatches:
		return c.journalPostings(ctx, id)
	}
	var list []posting
	for _, k := range []*documentKind{invoices, returns} {
		rows, err := k.work.header.query(ctx, c.q, c.cfg.units(), "WHERE SOPTYPE = ? AND BACHNUMB = ? ORDER BY SOPNUMBE", k.code, id)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			p, err := c.documentPosting(ctx, k, r.str("Key.Id"))
			if err != nil {
				return nil, err
			}
			list = append(list, p)
		}
	}
	return list, nil
}

// documentPosting is the posting of an invoice or a return.
func (c *call) documentPosting(ctx context.Context, k *documentKind, number string) (posting, error) {
	p := posting{number: number}
	o, err := c.loadDocument(ctx, k, number)
	if err != nil {
		return p, err
	}
	if o == nil || o.str("TransactionState") != "Work" {
		return p, refuse(k.object, ruleState, "Key", "The sales document %s is not in work.", number)
	}
	if p.blocked, err = c.blockedByPeriod(ctx, o.time("Date")); err != nil {
		return p, err
	}
	for _, l := range o.list("Lines") {
		if k == invoices && unfulfilled(l).IsPositive() {
			p.blocked = append(p.blocked, fmt.Sprintf("%s of item %s are billed and not fulfilled.", unfulfilled(l), l.str("ItemKey.Id")))
		}
	}
	p.post = func(ctx context.Context, audit string) error { return c.postDocument(ctx, k, o, audit) }
	return p, nil
}

func (c *call) blockedByPeriod(ctx context.Context, date time.Time) ([]string, error) {
	closed, err := periodClosed(ctx, c.q, c.cfg, date)
	if !closed {
		return nil, err
	}
	return []string{fmt.Sprintf("the fiscal period of %s is closed.", date.Format(time.DateOnly))}, err
}

// postDocument changes stock and moves the document to history and its amount
// to receivables.
func (c *call) postDocument(ctx context.Context, k *documentKind, o *object, audit string) error {
	for _, l := range o.list("Lines") {
		move := c.issue
		if k == returns {
			move = c.putBack
		}
		if err := move(ctx, l); err != nil {
			return err
		}
	}
	if err := c.toHistory(ctx, o); err != nil {
		return err
	}
	number := o.str("Key.Id")
	if _, err := c.q.ExecContext(ctx, `UPDATE SOP30200 SET PSTGSTUS = 2, TRXSORCE = ?, POSTEDDT = ?, PTDUSRID = ?, GLPOSTDT = DOCDATE
		WHERE SOPNUMBE = ? AND SOPTYPE = ?`, audit, dateOf(c.now).Format(datetimeLayout), c.user, number, k.code); err != nil {
		return fmt.Errorf("post %s: %w", number, err)
	}
	if _, err := c.q.ExecContext(ctx, `UPDATE SOP10103 SET TRXSORCE = ? WHERE SOPNUMBE = ? AND SOPTYPE = ?`, audit, number, k.code); err != nil {
		return fmt.Errorf("post payments of %s: %w", number, err)
	}
	total, _ := o.amount("TotalAmount")
	paid, _ := o.amount("PaymentAmount")
	return c.openReceivable(ctx, receivableOf[k], number, o, total, total.Sub(paid), audit)
}

// Document types of receivables (RM20101.RMDTYPAL).
const (
	receivableSale    = 1
	receivableReturn  = 8
	receivablePayment = 9
)

var receivableOf = map[*documentKind]int{invoices: receivableSale, returns: receivableReturn}

// openReceivable writes an open document of receivables.
func (c *call) openReceivable(ctx context.Context, typ int, number string, o *object, amount, open decimal.Decimal, audit string) error {
	if _, err := c.q.ExecContext(ctx, `INSERT INTO RM20101 (RMDTYPAL, DOCNUMBR, CUSTNMBR, DOCDATE, GLPOSTDT, POSTDATE, ORTRXAMT, CURTRXAM, CURNCYID,
		BCHSOURC, BACHNUMB, TRXSORCE, PSTUSRID, DEX_ROW_TS) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		typ, number, strings.ToUpper(o.str("CustomerKey.Id")), o.time("Date").Format(datetimeLayout), o.time("Date").Format(datetimeLayout),
		dateOf(c.now).Format(datetimeLayout), amount.String(), open.String(), o.str("CurrencyKey.ISOCode"), o.str("BatchKey.Source"),
		o.str("BatchKey.Id"), audit, c.user, c.utc.Format(datetimeLayout)); err != nil {
		return fmt.Errorf("open receivable %s: %w", number, err)
	}
	return nil
}

// postOne posts one invoice or return outside of its batch.
func (s *Server) postOne(ctx context.Context, k *documentKind, number string) error {
	return s.store.write(ctx, func(q querier) error {
		c, err := s.hand(ctx, q, "ACCOUNTANT")
		if err != nil {
			return err
		}
		if _, err := c.workDocument(ctx, k, number, "posted"); err != nil {
			return err
		}
		p, err := c.documentPosting(ctx, k, number)
		if err != nil {
			return err
		}
		f := &findings{object: k.object}
		for _, reason := range p.blocked {
			f.add(ruleClosed, "Key", "%s: %s", number, reason)
		}
		if err := f.err(); err != nil {
			return err
		}
		audit, err := c.auditTrail(ctx, salesBatches)
		if err != nil {
			return err
		}
		return p.post(ctx, audit)
	})
}

// PostInvoice posts one invoice outside of its batch.
func (s *Server) PostInvoice(ctx context.Context, number string) error {
	return s.postOne(ctx, invoices, number)
}

// PostReturn posts one return outside of its batch.
func (s *Server) PostReturn(ctx context.Context, number string) error {
	return s.postOne(ctx, returns, number)
}

// PostDeposits posts an order's deposits to receivables. From then on the order
// can be neither voided nor deleted.
func (s *Server) PostDeposits(ctx context.Context, number string) error {
	return s.store.write(ctx, func(q querier) error {
		c, err := s.hand(ctx, q, "ACCOUNTANT")
		if err != nil {
			return err
		}
		o, err := c.workDocument(ctx, orders, number, "posted")
		if err != nil {
			return err
		}
		list := o.list("Payments")
		if len(list) == 0 {
			return refuse("SalesOrder", ruleNotFound, "Payments", "The order %s has no deposit.", number)
		}
		audit, err := c.auditTrail(ctx, receiptBatches)
		if err != nil {
			return err
		}
		for i, p := range list {
			v, _ := p.amount("PaymentAmount")
			if err := c.openReceivable(ctx, receivablePayment, fmt.Sprintf("%s-%d", o.str("Key.Id"), i+1), o, v, v, audit); err != nil {
				if isDuplicate(err) {
					return refuse("SalesOrder", ruleState, "Payments", "The deposit of order %s is posted already.", number)
				}
				return err
			}
		}
		_, err = c.q.ExecContext(ctx, `UPDATE SOP10103 SET DEPSTATS = 2, TRXSORCE = ? WHERE SOPNUMBE = ? AND SOPTYPE = ?`, audit, number, orders.code)
		return err
	})
}
