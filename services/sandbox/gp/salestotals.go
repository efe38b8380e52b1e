package gp

import (
	"slices"

	"github.com/shopspring/decimal"
)

// totals computes what GP computes and refuses what was sent and differs. No
// tolerance: a cent is an error.
//
//	line total     = quantity × (price − markdown), rounded to the currency
//	document total = line totals + freight + miscellaneous + taxes of the
//	                 three − trade discount
func (c *call) totals(d *document) {
	var sum decimal.Decimal
	for _, l := range d.lines {
		sum = sum.Add(c.lineTotal(d, l))
	}
	if sent, ok := d.amount("LineTotalAmount"); ok && !sent.Equal(sum) {
		d.add(ruleLineTotal, "LineTotalAmount", "The line total amount %s does not match the total %s of the lines.", sent, sum)
	}
	d.set("LineTotalAmount", money(d.currency, sum))

	discount := c.tradeDiscount(d, sum)
	c.taxes(d)
	total := sum.Sub(discount)
	for _, name := range []string{"FreightAmount", "MiscellaneousAmount", "TaxAmount", "FreightTaxAmount", "MiscellaneousTaxAmount"} {
		v, sent := d.amount(name)
		if !sent {
			d.set(name, money(d.currency, decimal.Zero))
		}
		total = total.Add(v)
	}
	if sent, ok := d.amount("TotalAmount"); ok && !sent.Equal(total) {
		d.add(ruleTotal, "TotalAmount", "The document amount %s does not match %s, the sum of line totals, freight, miscellaneous and taxes less trade discount.", sent, total)
	}
	if total.IsNegative() {
		d.add(ruleAmount, "TotalAmount", "The document amount %s is less than zero.", total)
	}
	d.set("TotalAmount", money(d.currency, total))
	c.payments(d, total)
}

func (c *call) lineTotal(d *document, l *line) decimal.Decimal {
	q, _ := l.amount("Quantity")
	total := d.cents(q.Mul(l.unitTotal()))
	if sent, ok := l.amount("TotalAmount"); ok && !sent.Equal(total) {
		d.add(ruleExtended, "Lines.TotalAmount", "The total %s of line %d does not match %s, quantity times price less markdown.", sent, l.int("Key.LineSequenceNumber"), total)
	}
	l.set("TotalAmount", money(d.currency, total))
	return total
}

// unitTotal is the price of one less its markdown.
func (l *line) unitTotal() decimal.Decimal {
	price, _ := l.amount("UnitPrice")
	if p, ok := l.amount("Discount.Percent"); ok {
		return price.Sub(price.Mul(p).Div(decimal.NewFromInt(100)).Round(int32(max(l.item.CurrencyDecimals, 2)))) //nolint:gosec // 0 to 5
	}
	markdown, _ := l.amount("Discount.Amount")
	return price.Sub(markdown)
}

func (c *call) tradeDiscount(d *document, sum decimal.Decimal) decimal.Decimal {
	if p, ok := d.amount("TradeDiscount.Percent"); ok {
		v := d.cents(sum.Mul(p).Div(decimal.NewFromInt(100)))
		d.set("TradeDiscount.Amount", money(d.currency, v)) // both columns; a read shows one
		return v
	}
	v, _ := d.amount("TradeDiscount.Amount")
	return v
}

// taxes takes a header amount, or rows per tax detail, or both when they agree.
func (c *call) taxes(d *document) {
	for _, t := range []struct{ amount, rows string }{
		{"TaxAmount", "Taxes"}, {"FreightTaxAmount", "FreightTaxes"}, {"MiscellaneousTaxAmount", "MiscellaneousTaxes"},
	} {
		var sum decimal.Decimal
		rows := d.list(t.rows)
		if t.rows == "Taxes" {
			for _, l := range d.lines {
				lineRows := l.list("Taxes")
				v := c.sumTaxes(d, "Lines.Taxes", lineRows)
				if sent, ok := l.amount("TaxAmount"); ok && len(lineRows) > 0 && !sent.Equal(v) {
					d.add(ruleTax, "Lines.TaxAmount", "The tax amount %s does not match the tax details of the line, %s.", sent, v)
				} else if !ok {
					l.set("TaxAmount", money(d.currency, v))
				}
				sum = sum.Add(v)
				rows = append(rows, lineRows...)
			}
		}
		sum = sum.Add(c.sumTaxes(d, t.rows, d.list(t.rows)))
		sent, ok := d.amount(t.amount)
		switch {
		case len(rows) == 0:
		case ok && !sent.Equal(sum):
			d.add(ruleTax, t.amount, "%s %s does not match the tax details, %s.", t.amount, sent, sum)
		case !ok:
			d.set(t.amount, money(d.currency, sum))
		}
	}
}

func (c *call) sumTaxes(d *document, property string, rows []*object) decimal.Decimal {
	var sum decimal.Decimal
	for _, r := range rows {
		id := r.str("Key.TaxDetailKey.Id")
		if _, ok := find(c.cfg.TaxDetails, id); !ok {
			d.add(ruleUnknown, property, "The tax detail %s does not exist.", id)
		}
		v, _ := r.amount("TaxAmount")
		sum = sum.Add(v)
	}
	return sum
}

// paymentNeeds is which reference each payment type must bring.
var paymentNeeds = map[string]string{
	"Cash Deposit": "BankAccountKey", "Check Deposit": "BankAccountKey", "Payment Card Deposit": "PaymentCardTypeKey",
	"Cash Payment": "BankAccountKey", "Check Payment": "BankAccountKey", "Payment Card Payment": "PaymentCardTypeKey",
}

func (c *call) payments(d *document, total decimal.Decimal) {
	var sum decimal.Decimal
	for i, p := range d.list("Payments") {
		typ := p.str("Type")
		if !slices.Contains(d.kind.payments, typ) {
			d.add(rulePayments, "Payments.Type", "The payment type %s does not fit: %s.", typ, d.kind.takes)
			continue
		}
		need := paymentNeeds[typ]
		id := p.str(need + ".Id")
		_, known := find(c.cfg.CardTypes, id)
		if need == "BankAccountKey" {
			_, known = c.cfg.checkbook(id)
		}
		if id == "" {
			d.add(ruleMissing, "Payments."+need, "%s is required for a payment of type %s.", need, typ)
		} else if !known {
			d.add(ruleUnknown, "Payments."+need, "%s %s does not exist.", need, id)
		}
		if p.int("Key.SequenceNumber") == 0 {
			p.set("Key.SequenceNumber", int64(i+1)*lineStep)
		}
		v, _ := p.amount("PaymentAmount")
		sum = sum.Add(v)
	}
	for _, name := range []string{"DepositAmount", "PaymentAmount"} {
		if sent, ok := d.amount(name); ok && !sent.IsZero() && !sent.Equal(sum) {
			d.add(rulePayments, name, "%s %s does not match the payments, %s.", name, sent, sum)
		}
	}
	if sum.GreaterThan(total) {
		d.add(rulePayments, "Payments", "The payments %s are more than the document amount %s.", sum, total)
	}
	d.set("PaymentAmount", money(d.currency, sum))
	if d.has("DepositAmount") {
		d.set("DepositAmount", money(d.currency, sum))
	}
}
