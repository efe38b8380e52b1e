package magento

import (
	"fmt"

	"github.com/shopspring/decimal"
)

// How a store rounds its taxes (Magento core, Tax/Model/Calculation and its
// UnitBase, RowBase and TotalBaseCalculator).
const (
	RoundUnit  = "unit"  // the tax of one piece is rounded, then multiplied
	RoundRow   = "row"   // the tax of each row is rounded
	RoundTotal = "total" // what rounding a row left over is carried to the next
)

// taxation is how a store taxes.
type taxation struct {
	inclusive bool // prices include the tax, and discounts come off those
	rounding  string
}

func newTaxation(st Store, p PlaceOrder) (taxation, error) {
	t := taxation{inclusive: st.PricesIncludeTax, rounding: orText(p.TaxRounding, orText(st.TaxRounding, RoundRow))}
	if p.PricesIncludeTax != nil {
		t.inclusive = *p.PricesIncludeTax
	}
	switch t.rounding {
	case RoundUnit, RoundRow, RoundTotal:
		return t, nil
	}
	return t, fmt.Errorf("%w: tax rounding %q is not %q, %q or %q", ErrInvalidOrder, t.rounding, RoundUnit, RoundRow, RoundTotal)
}

// carry holds what rounding left over so far, before and after discount.
type carry struct{ before, after decimal.Decimal }

// round rounds v to cents; with total based rounding the rest waits in left.
func (t taxation) round(v decimal.Decimal, left *decimal.Decimal) decimal.Decimal {
	if t.rounding != RoundTotal || v.IsZero() {
		return v.Round(2)
	}
	v = v.Add(*left)
	rounded := v.Round(2)
	*left = v.Sub(rounded)
	return rounded
}

// taxed is one row in one currency.
type taxed struct {
	price, priceInclTax, total, totalInclTax decimal.Decimal
	tax, beforeDiscount, compensation        decimal.Decimal
}

// row taxes qty pieces at a unit price, less a discount on the row. Prices that
// exclude the tax are taxed on top. Of those that include it, the tax is taken
// out; a discount then takes a share of tax with it, which compensation ("hidden
// tax") gives back, so that total − discount + tax + compensation is what the
// shopper pays.
func (t taxation) row(unit, qty, discount, percent decimal.Decimal, left *carry) taxed {
	each := discount.Div(qty)
	sum := unit.Mul(qty).Round(2)
	if !t.inclusive {
		rate := percent.Div(hundred)
		r := taxed{price: unit, total: sum, priceInclTax: unit.Add(unit.Mul(rate).Round(2))}
		if t.rounding == RoundUnit {
			r.beforeDiscount = unit.Mul(rate).Round(2).Mul(qty).Round(2)
			r.tax = unit.Sub(each).Mul(rate).Round(2).Mul(qty).Round(2)
		} else {
			r.beforeDiscount = t.round(sum.Mul(rate), &left.before)
			r.tax = t.round(sum.Sub(discount).Mul(rate), &left.after)
		}
		r.totalInclTax = sum.Add(r.beforeDiscount)
		return r
	}
	rate := percent.Div(hundred.Add(percent))
	r := taxed{priceInclTax: unit, totalInclTax: sum}
	if t.rounding == RoundUnit {
		r.price = unit.Sub(unit.Mul(rate).Round(2))
		r.total = r.price.Mul(qty).Round(2)
		r.beforeDiscount = sum.Sub(r.total)
		r.tax = unit.Sub(each).Mul(rate).Round(2).Mul(qty).Round(2)
	} else {
		r.beforeDiscount = t.round(sum.Mul(rate), &left.before)
		r.total = sum.Sub(r.beforeDiscount)
		r.price = r.total.Div(qty).Round(2)
		r.tax = t.round(sum.Sub(discount).Mul(rate), &left.after)
	}
	if discount.IsZero() {
		r.tax = r.beforeDiscount
	}
	r.compensation = r.beforeDiscount.Sub(r.tax)
	return r
}

// spread shares an amount out over rows by their worth. Each share is rounded
// and what is left goes on, so that they add up and none exceeds its row.
func spread(amount decimal.Decimal, worth []decimal.Decimal) []decimal.Decimal {
	rest := decimal.Zero
	for _, w := range worth {
		rest = rest.Add(w)
	}
	amount = decimal.Min(amount, rest)
	shares := make([]decimal.Decimal, len(worth))
	for i, w := range worth {
		if rest.IsZero() {
			break
		}
		shares[i] = amount.Mul(w).Div(rest).Round(2)
		amount, rest = amount.Sub(shares[i]), rest.Sub(w)
	}
	return shares
}
