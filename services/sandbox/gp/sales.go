package gp

import (
	"context"
	"fmt"

	"github.com/shopspring/decimal"
)

// document is a sales document on its way into the tables.
type document struct {
	*object
	kind *documentKind
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
	// origin is the sequence number of the order line that it came from.
	origin int64
}

func (d *document) number() string { return d.str("Key.Id") }

// cents rounds to the decimals of the document's currency.
func (d *document) cents(v decimal.Decimal) decimal.Decimal {
	return v.Round(int32(d.currency.Decimals)) //nolint:gosec // 0 to 5
}

func newDocument(k *documentKind, o *object) *document {
	return &document{object: o, kind: k, findings: findings{object: k.object}}
}

// givenByGP are elements that a caller sends in vain.
var givenByGP = []string{
	"CreatedDate", "ModifiedDate", "LastModifiedDate", "IsVoided", "TransactionState", "AuditTrailCode",
	"GeneralLedgerPostingDate", "PostedDate", "PostedBy",
}

// createSales answers with nothing, not even the number: a caller that sends
// none finds the document by what it wrote into it (WSDL).
func createSales(k *documentKind) operate {
	return func(ctx context.Context, c *call) (any, error) {
		o := c.args.object(k.param)
		if o == nil {
			return nil, refuse(k.object, ruleMissing, k.param, "The %s is required.", k.param)
		}
		o.drop(givenByGP...)
		return nil, c.enterDocument(ctx, newDocument(k, o))
	}
}

// enterDocument writes a new document.
func (c *call) enterDocument(ctx context.Context, d *document) error {
	d.set("CreatedDate", c.now).set("CreatedBy", c.user)
	if err := c.checkNumber(ctx, d); err != nil {
		return err
	}
	return c.putDocument(ctx, d)
}

// checkNumber refuses a number that is in work, in history, or voided; the
// number of a refused document isn't used up.
func (c *call) checkNumber(ctx context.Context, d *document) error {
	if d.number() == "" {
		return nil // the document id's next number is drawn when all is well
	}
	used, err := c.numberUsed(ctx, d.kind, d.number())
	if err != nil {
		return err
	}
	if used {
		d.add(ruleDuplicate, "Key", "The sales document %s already exists.", d.number())
	}
	return nil
}

func (c *call) numberUsed(ctx context.Context, k *documentKind, number string) (bool, error) {
	for _, p := range k.places() {
		n, err := count(ctx, c.q, p.header.name+" WHERE SOPNUMBE = ? AND SOPTYPE = ?", number, k.code)
		if err != nil || n > 0 {
			return n > 0, err
		}
	}
	return false, nil
}

// putDocument checks, completes and writes a document. It is the one way in
// for create and update, so that both obey the same rules.
func (c *call) putDocument(ctx context.Context, d *document) error {
	if err := c.checkDocument(ctx, d); err != nil {
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
		if err := c.takeQuantities(ctx, d, l); err != nil {
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
	if d.int("MasterNumber") == 0 {
		master, err := nextNumber(ctx, c.q, "MSTRNUMB")
		if err != nil {
			return err
		}
		d.set("MasterNumber", master)
	}
	return c.writeDocument(ctx, d)
}

// takeQuantities splits a line's quantity as its kind of document does, and
// reserves stock.
func (c *call) takeQuantities(ctx context.Context, d *document, l *line) error {
	switch d.kind {
	case returns:
		c.returnQuantities(d, l)
		return nil
	case invoices:
		return c.allocateInvoice(ctx, d, l)
	}
	return c.allocate(ctx, d, l)
}

// writeDocument writes a document that is complete, and counts it in its batch.
func (c *call) writeDocument(ctx context.Context, d *document) error {
	d.set("ModifiedDate", c.now).set("LastModifiedDate", c.utc)
	if err := c.insertDocument(ctx, d); err != nil {
		if isDuplicate(err) {
			return refuse(d.kind.object, ruleDuplicate, "Key", "The sales document %s already exists.", d.number())
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
	if err := c.q.QueryRowContext(ctx, `SELECT SOPNUMBE FROM SOP40200 WHERE SOPTYPE = ? AND DOCID = ?`, d.kind.code, id).Scan(&next); err != nil {
		return fmt.Errorf("draw number of %s: %w", id, err)
	}
	for {
		number := next
		next = increment(next)
		used, err := c.numberUsed(ctx, d.kind, number)
		if err != nil {
			return err
		}
		if used {
			continue
		}
		d.set("Key.Id", number)
		if _, err := c.q.ExecContext(ctx, `UPDATE SOP40200 SET SOPNUMBE = ? WHERE SOPTYPE = ? AND DOCID = ?`, next, d.kind.code, id); err != nil {
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

// updateSales replaces what it sends of the header, and the lines whose
// sequence number it sends. Other lines stay; DeleteOnUpdate takes one out.
func updateSales(k *documentKind) operate {
	return func(ctx context.Context, c *call) (any, error) {
		sent := c.args.object(k.param)
		stored, err := c.workDocument(ctx, k, sent.str("Key.Id"), "updated")
		if err != nil {
			return nil, err
		}
		if err := c.notTransferred(ctx, stored, "updated"); err != nil {
			return nil, err
		}
		if err := c.removeDocument(ctx, stored); err != nil {
			return nil, err
		}
		lines := stored.list("Lines")
		sent.drop(givenByGP...)
		sent.drop("CreatedBy")
		stored.drop("LineTotalAmount", "TotalAmount", "DepositAmount", "PaymentAmount") // computed again
		stored.overlay(sent)
		stored.set("Lines", anyList(mergeLines(lines, sent.list("Lines"))))
		dropComputedTaxes(stored, sent)
		return nil, c.putDocument(ctx, newDocument(k, stored))
	}
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
		if l.has("BillingQuantity") && !unfulfilled(l).IsPositive() {
			l.drop("QuantityFulfilled") // of an invoice, it follows what is billed
		}
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

// workDocument reads a document that can still be changed: it is in work.
func (c *call) workDocument(ctx context.Context, k *documentKind, number, verb string) (*object, error) {
	o, err := c.loadDocument(ctx, k, number)
	if err != nil {
		return nil, err
	}
	if o == nil {
		return nil, c.notFound(k.object, number)
	}
	if o.str("TransactionState") == "History" {
		return nil, refuse(k.object, ruleState, "TransactionState", "The sales document %s is in history or voided and can not be %s.", number, verb)
	}
	return o, c.batchFree(ctx, k, o.str("BatchKey.Id"))
}

// batchFree refuses changes to documents of a batch in use.
func (c *call) batchFree(ctx context.Context, k *documentKind, id string) error {
	f := &findings{object: k.object}
	if err := c.useBatch(ctx, f, salesBatches, id); err != nil {
		return err
	}
	return f.err()
}
