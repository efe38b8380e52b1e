package gp

import (
	"context"
	"fmt"

	"github.com/shopspring/decimal"
)

// deleteSales takes the document out of work: its number is free again.
func deleteSales(k *documentKind) operate {
	return func(ctx context.Context, c *call) (any, error) {
		o, err := c.workDocument(ctx, k, c.args.str("key.Id"), "deleted")
		if err != nil {
			return nil, err
		}
		if err := c.mayLeave(ctx, o, "deleted"); err != nil {
			return nil, err
		}
		return nil, c.removeDocument(ctx, o)
	}
}

// voidSales moves the document to history; its number stays taken, and nothing
// of it stays allocated. Posted documents are in history and can't be voided.
func voidSales(k *documentKind) operate {
	return func(ctx context.Context, c *call) (any, error) {
		o, err := c.workDocument(ctx, k, c.args.str("key.Id"), "voided")
		if err != nil {
			return nil, err
		}
		if err := c.mayLeave(ctx, o, "voided"); err != nil {
			return nil, err
		}
		if err := c.releaseLines(ctx, o); err != nil {
			return nil, err
		}
		if err := c.toHistory(ctx, o); err != nil {
			return nil, err
		}
		number := o.str("Key.Id")
		if _, err := c.q.ExecContext(ctx, `UPDATE SOP30200 SET VOIDSTTS = 1 WHERE SOPNUMBE = ? AND SOPTYPE = ?`, number, k.code); err != nil {
			return nil, fmt.Errorf("void %s: %w", number, err)
		}
		return nil, nil
	}
}

// mayLeave refuses to void or delete an order of which something has happened
// in the warehouse or in receivables.
func (c *call) mayLeave(ctx context.Context, o *object, verb string) error {
	if err := c.notTransferred(ctx, o, verb); err != nil {
		return err
	}
	if kindOf(o) != orders {
		return nil
	}
	f := &findings{object: "SalesOrder"}
	for _, l := range o.list("Lines") {
		if v, _ := l.amount("QuantityFulfilled"); v.IsPositive() {
			f.add(ruleState, "Lines.QuantityFulfilled", "The sales document %s can not be %s: %s of item %s are fulfilled.", o.str("Key.Id"), verb, v, l.str("ItemKey.Id"))
		}
	}
	posted, err := count(ctx, c.q, "SOP10103 WHERE SOPNUMBE = ? AND SOPTYPE = ? AND DEPSTATS <> 0", o.str("Key.Id"), orders.code)
	if err != nil {
		return err
	}
	if posted > 0 {
		f.add(ruleState, "Payments", "The sales document %s can not be %s: its deposit is posted to receivables.", o.str("Key.Id"), verb)
	}
	return f.err()
}

// notTransferred refuses changes to an order of which a part is on an invoice.
func (c *call) notTransferred(ctx context.Context, o *object, verb string) error {
	invoiced, err := c.invoicedOf(ctx, o)
	if err != nil {
		return err
	}
	for _, v := range invoiced {
		if v.IsPositive() {
			return refuse(kindOf(o).object, ruleState, "Lines", "The sales document %s can not be %s: a part of it is transferred to an invoice.", o.str("Key.Id"), verb)
		}
	}
	return nil
}

// invoicedOf is QTYPRINV of a work document's lines by their sequence number.
func (c *call) invoicedOf(ctx context.Context, o *object) (map[int64]decimal.Decimal, error) {
	rows, err := c.q.QueryContext(ctx, `SELECT LNITMSEQ, QTYPRINV FROM SOP10200 WHERE SOPNUMBE = ? AND SOPTYPE = ?`, o.str("Key.Id"), kindOf(o).code)
	if err != nil {
		return nil, fmt.Errorf("read lines of %s: %w", o.str("Key.Id"), err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	invoiced := map[int64]decimal.Decimal{}
	for rows.Next() {
		var sequence int64
		var v decimal.Decimal
		if err := rows.Scan(&sequence, &v); err != nil {
			return nil, fmt.Errorf("read lines of %s: %w", o.str("Key.Id"), err)
		}
		invoiced[sequence] = v
	}
	return invoiced, rows.Err()
}
