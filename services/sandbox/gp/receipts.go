package gp

import (
	"context"
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
	if n, err := count(ctx, c.q, "RM10201 WHERE DOCNUMBR = ?", id); err != nil {
		return nil, err
	} else if n > 0 {
		f.add(ruleDuplicate, "Key", "The cash receipt %s already exists.", id)
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
	checkReference(f, o, "BankAccountKey.Id", c.cfg.Checkbooks)
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
	if !amount.IsPositive() {
		f.add(ruleAmount, "Amount", "The amount must be more than zero.")
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	o.set("ModifiedDate", c.now)
	if err := receipts.insert(ctx, c.q, o, extras{stampColumn: c.utc.Format(datetimeLayout)}); err != nil {
		return nil, err
	}
	return nil, c.countInBatch(ctx, receiptBatches, o.str("BatchKey.Id"), 1, amount)
}

func getCashReceipt(ctx context.Context, c *call) (any, error) {
	id := c.args.str("key.Id")
	rows, err := receipts.query(ctx, c.q, c.cfg.units(), "WHERE DOCNUMBR = ?", id)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, c.notFound("CashReceipt", id)
	}
	return rows[0].object, nil
}
