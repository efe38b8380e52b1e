package gpwriter

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/gp"
)

// compare lists where GP holds an order otherwise than it was sent: its price
// list may have replaced a price, a policy may not have allocated, and site
// customisations may have changed anything (never assume that the stored value
// equals the sent one).
func compare(sent events.SalesOrder, found gp.SalesOrder) []events.Difference {
	var out []events.Difference
	text := func(field, s, f string) {
		if !strings.EqualFold(strings.TrimSpace(s), strings.TrimSpace(f)) {
			out = append(out, events.Difference{Field: field, Sent: s, Found: f})
		}
	}
	money := func(field string, s decimal.Decimal, f decimal.NullDecimal) {
		if f.Valid && !f.Decimal.Equal(s) {
			out = append(out, events.Difference{Field: field, Sent: s.String(), Found: f.Decimal.String()})
		}
	}
	text("customer", sent.Customer.Number, found.CustomerID)
	text("customerPO", sent.CustomerPO, found.CustomerPO)
	text("batch", sent.Batch, found.BatchID)
	if found.CurrencyISO != "" {
		text("currency", sent.Currency, found.CurrencyISO)
	}
	money("freight", sent.Freight, found.Freight)
	money("misc", sent.Misc, found.Miscellaneous)
	money("tax", sent.Tax, found.Tax)
	money("discount", sent.Discount, found.TradeDiscount)
	money("subtotal", sent.Subtotal, found.LineTotal)
	money("total", sent.Total, found.Total)
	if len(sent.Lines) != len(found.Lines) {
		return append(out, events.Difference{
			Field: "lines", Sent: fmt.Sprint(len(sent.Lines)), Found: fmt.Sprint(len(found.Lines)),
		})
	}
	for i, line := range sent.Lines {
		got, at := found.Lines[i], fmt.Sprintf("lines[%d].", i)
		text(at+"item", line.Item, got.ItemNumber)
		money(at+"unitPrice", line.UnitPrice, got.UnitPrice)
		money(at+"extended", line.Extended, got.Total)
		if !got.Quantity.Equal(line.Quantity) {
			out = append(out, events.Difference{Field: at + "quantity", Sent: line.Quantity.String(), Found: got.Quantity.String()})
		}
		if got.QuantityAllocated.LessThan(line.Quantity) {
			out = append(out, events.Difference{Field: at + "allocated", Sent: line.Quantity.String(), Found: got.QuantityAllocated.String()})
		}
	}
	return out
}
