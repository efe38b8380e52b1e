package gpwriter

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/gp"
)

// allocatedField ends the name of the difference that tells of missing stock.
const allocatedField = "allocated"

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
	has := userFields(foundUserDefined(found.UserDefined))
	for i, field := range userFields(sent.UserDefined) {
		if field.value != "" { // what is empty is never sent
			text("userDefined."+field.name, field.value, has[i].value)
		}
	}
	for _, tax := range sent.Taxes {
		at := slices.IndexFunc(found.Taxes, func(f gp.DocumentTax) bool { return strings.EqualFold(f.DetailID, tax.Detail) })
		if at < 0 {
			out = append(out, events.Difference{Field: "taxes." + tax.Detail, Sent: tax.Amount.String(), Found: "none"})
			continue
		}
		money("taxes."+tax.Detail, tax.Amount, found.Taxes[at].Amount)
	}
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
			out = append(out, events.Difference{Field: at + allocatedField, Sent: line.Quantity.String(), Found: got.QuantityAllocated.String()})
		}
	}
	return out
}

// sameContent tells whether an order in GP has everything that the document
// says, but for what GP could allocate.
func sameContent(sent events.SalesOrder, found gp.SalesOrder) bool {
	for _, d := range compare(sent, found) {
		if !strings.HasSuffix(d.Field, allocatedField) {
			return false
		}
	}
	for i, line := range sent.Lines {
		if !holds("ITEMDESC", line.Description, found.Lines[i].Description) ||
			!holds("CMMTTEXT", line.Comment, found.Lines[i].Comment) ||
			!holds("ACTNUMST", line.SalesAccount, found.Lines[i].SalesAccount) ||
			!holds("LOCNCODE", cmp.Or(line.Site, sent.Site), found.Lines[i].WarehouseID) {
			return false
		}
	}
	return found.Date.String() == sent.Date && holdsAddress(address(sent.ShipTo), found.ShipTo) &&
		holds("SHIPMTHD", sent.Shipping, found.ShippingMethodID) && holds("PYMTRMID", sent.PaymentTerms, found.PaymentTermsID) &&
		holds("TAXSCHID", sent.TaxSchedule, found.TaxScheduleID) && holds("CMMTTEXT", sent.Comment, found.Comment)
}

// userField is a user-defined field by the name that flows give it.
type userField struct{ name, value string }

// userFields lists the user-defined fields of a document; none, if it has none.
func userFields(u *events.UserDefined) []userField {
	if u == nil {
		return nil
	}
	return []userField{
		{"date1", u.Date1}, {"date2", u.Date2}, {"list1", u.List1}, {"list2", u.List2}, {"list3", u.List3},
		{"text1", u.Text1}, {"text2", u.Text2}, {"text3", u.Text3}, {"text4", u.Text4}, {"text5", u.Text5},
	}
}

// foundUserDefined are GP's user-defined fields in the words of flows.
func foundUserDefined(u gp.UserDefined) *events.UserDefined {
	return &events.UserDefined{
		Date1: u.Date1.String(), Date2: u.Date2.String(),
		List1: u.Lists[0], List2: u.Lists[1], List3: u.Lists[2],
		Text1: u.Texts[0], Text2: u.Texts[1], Text3: u.Texts[2], Text4: u.Texts[3], Text5: u.Texts[4],
	}
}

func holdsAddress(sent, found gp.Address) bool {
	return holds("ShipToName", sent.Name, found.Name) && holds("CNTCPRSN", sent.Contact, found.Contact) &&
		holds("ADDRESS1", sent.Line1, found.Line1) && holds("ADDRESS2", sent.Line2, found.Line2) && holds("ADDRESS3", sent.Line3, found.Line3) &&
		holds("CITY", sent.City, found.City) && holds("STATE", sent.State, found.State) && holds("ZIP", sent.Zip, found.Zip) &&
		holds("COUNTRY", sent.Country, found.Country) && holds("PHONE", sent.Phone1.Number, found.Phone1.Number)
}

// holds tells whether GP has a text as it was sent: as its column can store it,
// in any case of letters. What is empty is never sent.
func holds(column, sent, found string) bool {
	text, err := gp.Clean(column, sent)
	return text == "" || err == nil && strings.EqualFold(text, found)
}
