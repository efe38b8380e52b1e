package gp

import (
	"context"
	"fmt"
	"time"
)

// createCashReceipt writes a receipt into work.
func createCashReceipt(ctx context.Context, c *call) (any, error) {
	o := c.args.object("cashReceipt")
	f := &findings{object: "CashReceipt"}
	id := o.str("Key.Id")
	if id == "" {
		f.add(ruleMissing, "Key", "The receipt number is required.")
		return nil, f.err()
	}
	checkText(f, o, "")
	for _, from := range []string{"RM10201 WHERE DOCNUMBR = ?", "RM20101 WHERE RMDTYPAL = 9 AND DOCNUMBR = ?"} {
		if n, err := count(ctx, c.q, from, id); err != nil {
			return nil, err
		} else if n > 0 {
			f.add(ruleDuplicate, "Key", "The cash receipt %s already exists.", id)
		}
	}
	customer := o.str("CustomerKey.Id")
	if n, err := count(ctx, c.q, "RM00101 WHERE CUSTNMBR = ?", customer); err != nil {
		return nil, err
	} else if n == 0 {
		f.add(ruleUnknown, "CustomerKey", "The customer %s does not exist.", customer)
	}
	if err := c.useBatch(ctx, f, receiptBatches, o.str("BatchKey.Id")); err != nil {
		return nil, err
	}
	o.set("BatchKey.Source", receiptBatches)
	c.checkCurrency(f, o)
	if o.str("CurrencyKey.ISOCode") == "" {
		o.set("CurrencyKey.ISOCode", c.cfg.Currencies[0].ISOCode)
	}
	c.checkCheckbook(f, o)
	checkReference(f, o, "PaymentCardTypeKey.Id", c.cfg.CardTypes)
	if o.str("Type") == "Payment Card" && o.str("PaymentCardTypeKey.Id") == "" {
		f.add(ruleMissing, "PaymentCardTypeKey", "The payment card is required for a receipt of type Payment Card.")
	}
	if o.get("Type") == nil {
		f.add(ruleMissing, "Type", "The receipt type is required.")
	}
	if _, ok := o.get("Date").(time.Time); !ok {
		f.add(ruleMissing, "Date", "The date is required.")
	}
	amount, _ := o.amount("Amount")
	k, _ := c.cfg.currency(o.str("CurrencyKey.ISOCode"))
	if iso := o.str("Amount.Currency"); iso != "" && iso != k.ISOCode {
		f.add(ruleUnknown, "Amount", "The currency %s of the amount is not the currency %s of the receipt.", iso, k.ISOCode)
	}
	if !amount.Equal(amount.Truncate(int32(k.Decimals))) { //nolint:gosec // 0 to 5
		f.add(ruleAmount, "Amount", "The amount %s has more than %d decimals.", amount, k.Decimals)
	}
	if !amount.IsPositive() {
		f.add(ruleAmount, "Amount", "The amount must be more than zero.")
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	o.drop("AuditTrailCode", "PostedDate", "PostedBy", "IsVoided", "VoidDate")
	o.set("ModifiedDate", c.now)
	if o.get("GeneralLedgerPostingDate") == nil {
		o.set("GeneralLedgerPostingDate", o.get("Date"))
	}
	if err := receipts.insert(ctx, c.q, o, extras{stampColumn: c.utc.Format(datetimeLayout)}); err != nil {
		return nil, err
	}
	return nil, c.countInBatch(ctx, receiptBatches, o.str("BatchKey.Id"), 1, amount)
}

// checkCheckbook wants a checkbook that is there, active, and of the receipt's
// currency; none is the functional currency's first.
func (c *call) checkCheckbook(f *findings, o *object) {
	id, iso := o.str("BankAccountKey.Id"), o.str("CurrencyKey.ISOCode")
	if id == "" {
		o.set("BankAccountKey.Id", c.cfg.Checkbooks[0].ID)
		id = c.cfg.Checkbooks[0].ID
	}
	b, ok := c.cfg.checkbook(id)
	switch {
	case !ok:
		f.add(ruleUnknown, "BankAccountKey", "BankAccountKey: %s does not exist.", id)
	case b.Inactive:
		f.add(ruleInactive, "BankAccountKey", "The checkbook %s is inactive.", id)
	case b.Currency != iso:
		f.add(ruleUnknown, "BankAccountKey", "The checkbook %s is of currency %s, not %s.", id, b.Currency, iso)
	}
}

func (c *call) loadReceipt(ctx context.Context, id string) (*object, error) {
	rows, err := receipts.query(ctx, c.q, c.cfg.units(), "WHERE DOCNUMBR = ?", id)
	if err != nil || len(rows) > 0 {
		if len(rows) > 0 {
			return rows[0].object, nil
		}
		return nil, err
	}
	rows, err = postedReceipts.query(ctx, c.q, c.cfg.units(), "WHERE RMDTYPAL = ? AND DOCNUMBR = ?", receivablePayment, id)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0].object, nil
}

func getCashReceipt(ctx context.Context, c *call) (any, error) {
	id := c.args.str("key.Id")
	o, err := c.loadReceipt(ctx, id)
	if err != nil {
		return nil, err
	}
	if o == nil {
		return nil, c.notFound("CashReceipt", id)
	}
	return o, nil
}

// listCashReceipts has receipts in work, then open ones.
func listCashReceipts(ctx context.Context, c *call) (any, error) {
	list := []any{}
	for _, from := range []struct {
		table
		state, only string
	}{{receipts, "Work", "1 = 1"}, {postedReceipts, "Open", "RMDTYPAL = 9"}} {
		var where condition
		where.add(from.only)
		where.restrictAll(c.args.object("criteria"), map[string]string{
			"Id": "DOCNUMBR", "CustomerId": "CUSTNMBR", "BatchId": "BACHNUMB", "CurrencyISOCode": "CURNCYID",
			"TransactionState": "'" + from.state + "'", "Date": "DOCDATE", "ModifiedDate": "MODIFDT",
		})
		rows, err := from.query(ctx, c.q, c.cfg.units(), where.String()+" ORDER BY DOCNUMBR", where.args...)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			s := newObject("CashReceiptSummary")
			copyShared(s, r.object)
			list = append(list, s.set("Key", r.object.object("Key")).set("TransactionState", from.state))
		}
	}
	return list, nil
}

// voidCashReceipt reverses a receipt and keeps it. It has to be posted: the
// service voids with taRMVoidTransaction, which looks for open documents.
func voidCashReceipt(ctx context.Context, c *call) (any, error) {
	id := c.args.str("key.Id")
	o, err := c.loadReceipt(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case o == nil:
		return nil, c.notFound("CashReceipt", id)
	case o.bool("IsVoided"):
		return nil, refuse("CashReceipt", ruleState, "IsVoided", "The cash receipt %s is voided already.", id)
	case o.str("AuditTrailCode") == "":
		return nil, refuse("CashReceipt", ruleState, "TransactionState", "The cash receipt %s is not posted, so it can not be voided.", id)
	}
	blocked, err := c.blockedByPeriod(ctx, dateOf(c.now))
	if err != nil {
		return nil, err
	}
	if len(blocked) > 0 {
		return nil, refuse("CashReceipt", ruleClosed, "VoidDate", "The cash receipt %s can not be voided: %s", id, blocked[0])
	}
	_, err = c.q.ExecContext(ctx, `UPDATE RM20101 SET VOIDSTTS = 1, VOIDDATE = ?, CURTRXAM = '0', MODIFDT = ?, DEX_ROW_TS = ? WHERE RMDTYPAL = ? AND DOCNUMBR = ?`,
		dateOf(c.now).Format(datetimeLayout), dateOf(c.now).Format(datetimeLayout), c.utc.Format(datetimeLayout), receivablePayment, id)
	if err != nil {
		return nil, fmt.Errorf("void receipt %s: %w", id, err)
	}
	return nil, nil
}

// receiptPostings are the receipts of a batch.
func (c *call) receiptPostings(ctx context.Context, batch string) ([]posting, error) {
	rows, err := receipts.query(ctx, c.q, c.cfg.units(), "WHERE BCHSOURC = ? AND BACHNUMB = ? ORDER BY DOCNUMBR", receiptBatches, batch)
	if err != nil {
		return nil, err
	}
	var list []posting
	for _, r := range rows {
		o, number := r.object, r.str("Key.Id")
		p := posting{number: number, post: func(ctx context.Context, audit string) error { return c.postReceipt(ctx, o, audit) }}
		if p.blocked, err = c.blockedByPeriod(ctx, o.time("GeneralLedgerPostingDate")); err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

func (c *call) postReceipt(ctx context.Context, o *object, audit string) error {
	amount, _ := o.amount("Amount")
	o.set("AuditTrailCode", audit).set("PostedDate", dateOf(c.now)).set("PostedBy", c.user)
	if err := postedReceipts.insert(ctx, c.q, o, extras{"RMDTYPAL": receivablePayment, "CURTRXAM": amount.String(), stampColumn: c.utc.Format(datetimeLayout)}); err != nil {
		return err
	}
	if _, err := c.q.ExecContext(ctx, `DELETE FROM RM10201 WHERE DOCNUMBR = ?`, o.str("Key.Id")); err != nil {
		return fmt.Errorf("post receipt %s: %w", o.str("Key.Id"), err)
	}
	return c.countInBatch(ctx, receiptBatches, o.str("BatchKey.Id"), -1, amount)
}
