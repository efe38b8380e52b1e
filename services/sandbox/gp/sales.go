package gp

import (
	"context"
	"fmt"

	"github.com/shopspring/decimal"
)

// orderType is SOPTYPE of an order, the one document type that the sandbox
// creates.
const orderType = 2

// document is a sales order on its way into the tables.
type document struct {
	*object
	findings
	customer *object
	currency Currency
	lines    []*line
}

// line is an order line with what its item says about it.
type line struct {
	*object
	item Item // without a number for a non-inventory line
	unit Unit
}

func (d *document) number() string { return d.str("Key.Id") }

// cents rounds to the decimals of the document's currency.
func (d *document) cents(v decimal.Decimal) decimal.Decimal {
	return v.Round(int32(d.currency.Decimals)) //nolint:gosec // 0 to 5
}

// createSalesOrder answers with nothing, not even the number: a caller that
// sends none finds the document by what it wrote into it (WSDL).
func createSalesOrder(ctx context.Context, c *call) (any, error) {
	o := c.args.object("salesOrder")
	if o == nil {
		return nil, refuse("SalesOrder", ruleMissing, "salesOrder", "The sales order is required.")
	}
	o.drop("CreatedDate", "ModifiedDate", "LastModifiedDate", "IsVoided", "TransactionState")
	d := &document{object: o, findings: findings{object: "SalesOrder"}}
	o.set("CreatedDate", c.now).set("CreatedBy", c.user)
	if err := c.checkNumber(ctx, d); err != nil {
		return nil, err
	}
	return nil, c.putOrder(ctx, d)
}

// checkNumber refuses a number that is in work, in history, or voided; the
// number of a refused document isn't used up.
func (c *call) checkNumber(ctx context.Context, d *document) error {
	if d.number() == "" {
		return nil // the document id's next number is drawn when all is well
	}
	used, err := c.numberUsed(ctx, d.number())
	if err != nil {
		return err
	}
	if used {
		d.add(ruleDuplicate, "Key", "The sales document %s already exists.", d.number())
	}
	return nil
}

func (c *call) numberUsed(ctx context.Context, number string) (bool, error) {
	for _, t := range []table{headerWork, headerHistory} {
		n, err := count(ctx, c.q, t.name+" WHERE SOPNUMBE = ? AND SOPTYPE = ?", number, orderType)
		if err != nil || n > 0 {
			return n > 0, err
		}
	}
	return false, nil
}

// putOrder checks, completes and writes an order. It is the one way in for
// create and update, so that both obey the same rules.
func (c *call) putOrder(ctx context.Context, d *document) error {
	if err := c.checkOrder(ctx, d); err != nil {
		return err
	}
	if err := d.err(); err != nil {
		return err
	}
	c.totals(d)
	if err := d.err(); err != nil {
		return err
	}
	for _, l := range d.lines {
		if err := c.allocate(ctx, d, l); err != nil {
			return err
		}
	}
	if err := d.err(); err != nil {
		return err
	}
	if d.number() == "" {
		if err := c.drawNumber(ctx, d); err != nil {
			return err
		}
	}
	d.set("ModifiedDate", c.now).set("LastModifiedDate", c.utc)
	if err := c.insertOrder(ctx, d); err != nil {
		if isDuplicate(err) {
			return refuse("SalesOrder", ruleDuplicate, "Key", "The sales document %s already exists.", d.number())
		}
		return err
	}
	return c.countInBatch(ctx, salesBatches, d.str("BatchKey.Id"), 1, d.money("TotalAmount"))
}

// money is the value of an amount, zero when it is absent.
func (d *document) money(name string) decimal.Decimal {
	v, _ := d.amount(name)
	return v
}

// drawNumber takes the next number of the document id (SOP40200).
func (c *call) drawNumber(ctx context.Context, d *document) error {
	id := d.str("DocumentTypeKey.Id")
	var next string
	if err := c.q.QueryRowContext(ctx, `SELECT SOPNUMBE FROM SOP40200 WHERE SOPTYPE = ? AND DOCID = ?`, orderType, id).Scan(&next); err != nil {
		return fmt.Errorf("draw number of %s: %w", id, err)
	}
	for {
		number := next
		next = increment(next)
		used, err := c.numberUsed(ctx, number)
		if err != nil {
			return err
		}
		if used {
			continue
		}
		d.set("Key.Id", number)
		if _, err := c.q.ExecContext(ctx, `UPDATE SOP40200 SET SOPNUMBE = ? WHERE SOPTYPE = ? AND DOCID = ?`, next, orderType, id); err != nil {
			return fmt.Errorf("draw number of %s: %w", id, err)
		}
		return nil
	}
}

// increment counts up the digits at the end of a document number.
func increment(number string) string {
	b := []byte(number)
	for i := len(b) - 1; i >= 0 && b[i] >= '0' && b[i] <= '9'; i-- {
		if b[i] < '9' {
			b[i]++
			return string(b)
		}
		b[i] = '0'
		if i == 0 || b[i-1] < '0' || b[i-1] > '9' {
			return string(b[:i]) + "1" + string(b[i:])
		}
	}
	return string(b) + "1"
}

// updateSalesOrder replaces what it sends of the header, and the lines whose
// sequence number it sends. Other lines stay; DeleteOnUpdate takes one out.
func updateSalesOrder(ctx context.Context, c *call) (any, error) {
	sent := c.args.object("salesOrder")
	stored, err := c.workOrder(ctx, sent.str("Key.Id"), "updated")
	if err != nil {
		return nil, err
	}
	if err := c.removeOrder(ctx, stored); err != nil {
		return nil, err
	}
	lines := stored.list("Lines")
	sent.drop("CreatedDate", "ModifiedDate", "LastModifiedDate", "IsVoided", "CreatedBy", "TransactionState")
	stored.drop("LineTotalAmount", "TotalAmount", "DepositAmount", "PaymentAmount") // computed again
	stored.overlay(sent)
	stored.set("Lines", anyList(mergeLines(lines, sent.list("Lines"))))
	dropComputedTaxes(stored, sent)
	return nil, c.putOrder(ctx, &document{object: stored, findings: findings{object: "SalesOrder"}})
}

// dropComputedTaxes lets amounts that tax rows made be made again.
func dropComputedTaxes(o, sent *object) {
	lineRows := 0
	for _, l := range o.list("Lines") {
		lineRows += len(l.list("Taxes"))
	}
	for i, name := range []string{"TaxAmount", "FreightTaxAmount", "MiscellaneousTaxAmount"} {
		rows := len(o.list(taxTypes[i]))
		if i == 0 {
			rows += lineRows
		}
		if rows > 0 && sent.get(name) == nil {
			o.drop(name)
		}
	}
}

func mergeLines(stored, sent []*object) []*object {
	bySequence := map[int64]*object{}
	merged := []*object{}
	for _, l := range stored {
		l.drop("TotalAmount", "QuantityToBackorder", "QuantityToInvoice", "QuantityAllocated", "ExtendedCost")
		bySequence[l.int("Key.LineSequenceNumber")] = l
	}
	deleted := map[int64]bool{}
	for _, l := range sent {
		sequence := l.int("Key.LineSequenceNumber")
		deleted[sequence] = l.bool("DeleteOnUpdate")
		if old := bySequence[sequence]; old != nil && sequence != 0 {
			if l.get("TaxAmount") == nil && len(old.list("Taxes"))+len(l.list("Taxes")) > 0 {
				old.drop("TaxAmount") // made from rows
			}
			old.overlay(l)
			continue
		}
		if !l.bool("DeleteOnUpdate") {
			merged = append(merged, l)
		}
	}
	kept := []*object{}
	for _, l := range stored {
		if !deleted[l.int("Key.LineSequenceNumber")] {
			kept = append(kept, l)
		}
	}
	return append(kept, merged...)
}

// workOrder reads a document that can still be changed: it is in work.
func (c *call) workOrder(ctx context.Context, number, verb string) (*object, error) {
	o, err := c.loadOrder(ctx, number)
	if err != nil {
		return nil, err
	}
	if o == nil {
		return nil, c.notFound("SalesOrder", number)
	}
	if o.str("TransactionState") == "History" {
		return nil, refuse("SalesOrder", ruleState, "TransactionState", "The sales document %s is in history or voided and can not be %s.", number, verb)
	}
	return o, c.batchFree(ctx, o.str("BatchKey.Id"))
}

// batchFree refuses changes to documents of a batch in use.
func (c *call) batchFree(ctx context.Context, id string) error {
	f := &findings{object: "SalesOrder"}
	if err := c.useBatch(ctx, f, salesBatches, id); err != nil {
		return err
	}
	return f.err()
}

// deleteSalesOrder takes the document out of work: its number is free again.
func deleteSalesOrder(ctx context.Context, c *call) (any, error) {
	o, err := c.workOrder(ctx, c.args.str("key.Id"), "deleted")
	if err != nil {
		return nil, err
	}
	return nil, c.removeOrder(ctx, o)
}

// voidSalesOrder moves the document to history; its number stays taken, and
// nothing of it stays allocated.
func voidSalesOrder(ctx context.Context, c *call) (any, error) {
	o, err := c.workOrder(ctx, c.args.str("key.Id"), "voided")
	if err != nil {
		return nil, err
	}
	if err := c.releaseLines(ctx, o); err != nil {
		return nil, err
	}
	number := o.str("Key.Id")
	for _, move := range []struct{ from, to table }{{headerWork, headerHistory}, {lineWork, lineHistory}} {
		if err := moveRows(ctx, c.q, move.from, move.to, number); err != nil {
			return nil, err
		}
	}
	if _, err := c.q.ExecContext(ctx, `UPDATE SOP30200 SET VOIDSTTS = 1, MODIFDT = ?, DEX_ROW_TS = ? WHERE SOPNUMBE = ? AND SOPTYPE = ?`,
		dateOf(c.now).Format(datetimeLayout), c.utc.Format(datetimeLayout), number, orderType); err != nil {
		return nil, fmt.Errorf("void %s: %w", number, err)
	}
	if _, err := c.q.ExecContext(ctx, `UPDATE SOP30300 SET ATYALLOC = '0' WHERE SOPNUMBE = ? AND SOPTYPE = ?`, number, orderType); err != nil {
		return nil, fmt.Errorf("void %s: %w", number, err)
	}
	total, _ := o.amount("TotalAmount")
	return nil, c.countInBatch(ctx, salesBatches, o.str("BatchKey.Id"), -1, total)
}
