package gp

import (
	"context"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"
)

// taxTypes are the values of SOP10105.TAXTYPE by the element of their rows.
var taxTypes = []string{"Taxes", "FreightTaxes", "MiscellaneousTaxes"}

// insertDocument writes a document into the work tables and into those that
// hold work and history alike.
func (c *call) insertDocument(ctx context.Context, d *document) error {
	of := extras{"SOPTYPE": d.kind.code, "SOPNUMBE": d.number()}
	origin := extras{"SOPTYPE": d.kind.code, "ORIGTYPE": sopType(d.str("OriginalSalesDocumentType"))}
	if err := d.kind.work.header.insert(ctx, c.q, d.object, origin); err != nil {
		return err
	}
	if err := userDefined.insert(ctx, c.q, d.object, of); err != nil {
		return err
	}
	for taxType, name := range taxTypes {
		for i, t := range d.list(name) {
			if t.int("Key.SequenceNumber") == 0 {
				t.set("Key.SequenceNumber", int64(i+1)*lineStep)
			}
			if err := documentTaxes.insert(ctx, c.q, t, of.with("TAXTYPE", taxType)); err != nil {
				return err
			}
		}
	}
	for _, p := range d.list("Payments") {
		p.set("CurrencyKey.ISOCode", d.currency.ISOCode)
		if err := payments.insert(ctx, c.q, p, of); err != nil {
			return err
		}
	}
	for _, t := range d.list("TrackingNumbers") {
		if t.bool("DeleteOnUpdate") {
			continue
		}
		if err := tracking.insert(ctx, c.q, t, of); err != nil {
			return err
		}
	}
	for _, l := range d.lines {
		if err := c.insertLine(ctx, l, of); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) insertLine(ctx context.Context, l *line, of extras) error {
	base := l.unit.BaseUnits
	if base.IsZero() {
		base = decimal.NewFromInt(1)
	}
	more := of.with("QTYBSUOM", base.String()).with("DECPLQTY", l.item.QuantityDecimals+1).
		with("ORGSEQNM", l.origin).with(stampColumn, c.utc.Format(datetimeLayout))
	if err := kindOf(l.object).work.lines.insert(ctx, c.q, l.object, more); err != nil {
		return err
	}
	for _, tax := range l.list("Taxes") {
		if err := lineTaxes.insert(ctx, c.q, tax, of.with("LNITMSEQ", l.int("Key.LineSequenceNumber"))); err != nil {
			return err
		}
	}
	return nil
}

func (e extras) with(name string, v any) extras {
	more := extras{name: v}
	for k, old := range e {
		more[k] = old
	}
	return more
}

// removeDocument takes a work document out of all tables, its stock and its
// batch.
func (c *call) removeDocument(ctx context.Context, o *object) error {
	number, k := o.str("Key.Id"), kindOf(o)
	if err := c.releaseLines(ctx, o); err != nil {
		return err
	}
	for _, t := range []table{headerWork, lineWork, documentTaxes, payments, userDefined, tracking} {
		if _, err := c.q.ExecContext(ctx, "DELETE FROM "+t.name+" WHERE SOPNUMBE = ? AND SOPTYPE = ?", number, k.code); err != nil {
			return fmt.Errorf("remove %s from %s: %w", number, t.name, err)
		}
	}
	total, _ := o.amount("TotalAmount")
	return c.countInBatch(ctx, salesBatches, o.str("BatchKey.Id"), -1, total)
}

// releaseLines gives back what all lines have reserved.
func (c *call) releaseLines(ctx context.Context, o *object) error {
	for _, l := range o.list("Lines") {
		if err := c.release(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// toHistory moves a work document to history, with a new stamp: for who looks
// at work, it was deleted. It leaves its batch, and nothing in it is allocated.
func (c *call) toHistory(ctx context.Context, o *object) error {
	number, code := o.str("Key.Id"), kindOf(o).code
	if err := moveRows(ctx, c.q, headerWork, headerHistory, number, code); err != nil {
		return err
	}
	if err := moveRows(ctx, c.q, lineWork, lineHistory, number, code); err != nil {
		return err
	}
	stamp := c.utc.Format(datetimeLayout)
	if _, err := c.q.ExecContext(ctx, `UPDATE SOP30200 SET MODIFDT = ?, DEX_ROW_TS = ? WHERE SOPNUMBE = ? AND SOPTYPE = ?`,
		dateOf(c.now).Format(datetimeLayout), stamp, number, code); err != nil {
		return fmt.Errorf("move %s to history: %w", number, err)
	}
	if _, err := c.q.ExecContext(ctx, `UPDATE SOP30300 SET ATYALLOC = '0', DEX_ROW_TS = ? WHERE SOPNUMBE = ? AND SOPTYPE = ?`,
		stamp, number, code); err != nil {
		return fmt.Errorf("move %s to history: %w", number, err)
	}
	total, _ := o.amount("TotalAmount")
	return c.countInBatch(ctx, salesBatches, o.str("BatchKey.Id"), -1, total)
}

// moveRows moves a document's rows between two tables of the same columns.
func moveRows(ctx context.Context, q querier, from, to table, number string, code int) error {
	where := " WHERE SOPNUMBE = ? AND SOPTYPE = ?"
	columns := strings.Join(from.names(), ", ")
	if _, err := q.ExecContext(ctx, "INSERT INTO "+to.name+" ("+columns+") SELECT "+columns+" FROM "+from.name+where, number, code); err != nil {
		return fmt.Errorf("move %s to %s: %w", number, to.name, err)
	}
	if _, err := q.ExecContext(ctx, "DELETE FROM "+from.name+where, number, code); err != nil {
		return fmt.Errorf("move %s from %s: %w", number, from.name, err)
	}
	return nil
}

// loadDocument reads a document from work or else from history; nil when it is
// in neither.
func (c *call) loadDocument(ctx context.Context, k *documentKind, number string) (*object, error) {
	for _, p := range k.places() {
		rows, err := p.header.query(ctx, c.q, c.cfg.units(), "WHERE SOPNUMBE = ? AND SOPTYPE = ?", number, k.code)
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 {
			o := rows[0].object
			o.set("TransactionState", p.state)
			if from := rows[0].extra["ORIGTYPE"]; from != "0" {
				for _, other := range documentKinds {
					if from == fmt.Sprint(other.code) {
						o.set("OriginalSalesDocumentType", other.name)
					}
				}
			}
			return o, c.completeDocument(ctx, k, o, p.lines)
		}
	}
	return nil, nil
}

// completeDocument adds what stands in other tables than the header's.
func (c *call) completeDocument(ctx context.Context, k *documentKind, o *object, lines table) error {
	number := o.str("Key.Id")
	u := c.cfg.units()
	u.iso = o.str("CurrencyKey.ISOCode")
	o.set("Type", k.name).set("DocumentTypeKey.Type", k.name)
	oneOfChoice(o, "TradeDiscount")
	for _, name := range []string{"BillToAddressKey", "ShipToAddressKey"} {
		if o.object(name) != nil {
			o.set(name+".CustomerKey.Id", o.str("CustomerKey.Id"))
		}
	}
	user, err := userDefined.query(ctx, c.q, u, "WHERE SOPNUMBE = ? AND SOPTYPE = ?", number, k.code)
	if err != nil {
		return err
	}
	if len(user) > 0 {
		o.set("Comment", user[0].str("Comment")).set("UserDefined", user[0].object.object("UserDefined"))
	}
	for taxType, name := range taxTypes {
		if err := c.addRows(ctx, o, name, documentTaxes, u, "AND LNITMSEQ = 0 AND TAXTYPE = ? ORDER BY SEQNUMBR", taxType); err != nil {
			return err
		}
	}
	if err := c.addRows(ctx, o, "Payments", payments, u, "ORDER BY SEQNUMBR"); err != nil {
		return err
	}
	if err := c.addRows(ctx, o, "TrackingNumbers", tracking, u, "ORDER BY Tracking_Number"); err != nil {
		return err
	}
	if err := c.addRows(ctx, o, "Lines", lines, u, "AND CMPNTSEQ = 0 ORDER BY LNITMSEQ"); err != nil {
		return err
	}
	for _, l := range o.list("Lines") {
		oneOfChoice(l, "Discount")
		sequence := l.int("Key.LineSequenceNumber")
		if err := c.addRows(ctx, l, "Taxes", lineTaxes, u, "AND LNITMSEQ = ?", sequence); err != nil {
			return err
		}
		for _, tax := range l.list("Taxes") {
			tax.set("Key.SalesLineKey.SalesDocumentKey.Id", number).set("Key.SalesLineKey.LineSequenceNumber", sequence)
		}
	}
	return nil
}

// addRows sets an array of o to the rows of a table that belong to the
// document whose number is in o, or in the key of the line that o is.
func (c *call) addRows(ctx context.Context, o *object, name string, t table, u units, tail string, args ...any) error {
	number := o.str("Key.Id")
	if o.typ.is("SalesLine") {
		number = o.str("Key.SalesDocumentKey.Id")
	}
	rows, err := t.query(ctx, c.q, u, "WHERE SOPNUMBE = ? AND SOPTYPE = ? "+tail, append([]any{number, kindOf(o).code}, args...)...)
	if err != nil {
		return err
	}
	list := []any{}
	for _, r := range rows {
		if f, ok := r.typ.field("Key"); ok {
			if _, ok := f.typ.field("SalesDocumentKey"); ok {
				r.set("Key.SalesDocumentKey.Id", number)
			}
		}
		list = append(list, r.object)
	}
	o.set(name, list)
	return nil
}

// oneOfChoice leaves the percent of a choice when there is one, else the amount.
func oneOfChoice(o *object, name string) {
	if choice := o.object(name); choice.object("Percent") != nil {
		choice.drop("Amount")
	}
}
