package gp

import "context"

// A credit limit is none, unlimited or an amount (RM00101.CRLMTTYP). The WSDL
// has an enumeration for the first two and demands it always, so an amount
// comes with "No Credit" beside it, and the amount counts.

// unlimited is what a customer has that nobody set a limit for.
const unlimited = "Unlimited Credit"

func checkCredit(f *findings, o *object) {
	amount, limited := o.amount("CreditLimit.Amount")
	switch {
	case amount.IsNegative():
		f.add(ruleAmount, "CreditLimit", "The credit limit %s is negative.", amount)
	case limited && !amount.IsZero():
		o.object("CreditLimit").drop("SpecialAmount")
	case o.str("CreditLimit.SpecialAmount") == "":
		o.set("CreditLimit.SpecialAmount", unlimited)
	}
}

// readCredit shows the amount of a stored limit only when it is one.
func readCredit(o *object) {
	if amount, _ := o.amount("CreditLimit.Amount"); o.str("CreditLimit.SpecialAmount") == "" && amount.IsZero() {
		o.set("CreditLimit.SpecialAmount", unlimited)
	}
	if o.str("CreditLimit.SpecialAmount") != "" {
		o.object("CreditLimit").drop("Amount")
	}
}

// putCustomerRow writes RM00101.
func (c *call) putCustomerRow(ctx context.Context, o *object) error {
	more := extras{"INACTIVE": criterion(!o.bool("IsActive")), "TAXEXMT1": "", "TAXEXMT2": ""}
	numbers, _ := o.get("TaxExemptNumbers").([]any)
	for i, column := range []string{"TAXEXMT1", "TAXEXMT2"} {
		if i < len(numbers) {
			more[column] = scalarText(numbers[i])
		}
	}
	return customers.put(ctx, c.q, o, more)
}
