package gp

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

// text draws what Clean leaves as it is.
func text(column string) *rapid.Generator[string] {
	runes := []rune(`ABCZ019 -_/.,&<>"'ÄÉÑØ€‰` + "\t\n\r")
	if !limits[column].id {
		runes = append(runes, []rune("abcxyzäéñøßµƒ")...)
	}
	return rapid.Custom(func(t *rapid.T) string {
		s := rapid.StringOfN(rapid.SampledFrom(runes), 0, limits[column].max, -1).Draw(t, column)
		return strings.TrimRight(s, " \t\n\r")
	})
}

func drawAmount(t *rapid.T, name string, places int32) decimal.NullDecimal {
	if !rapid.Bool().Draw(t, name+" is there") {
		return decimal.NullDecimal{}
	}
	return Amount(decimal.New(rapid.Int64Range(-1e12, 1e12).Draw(t, name), -places))
}

func drawDate(t *rapid.T, name string) Date {
	if !rapid.Bool().Draw(t, name+" is there") {
		return Date{}
	}
	return DateOf(time.Date(1901, 1, 1+rapid.IntRange(0, 80000).Draw(t, name), 0, 0, 0, 0, time.UTC))
}

func drawOrder(t *rapid.T) SalesOrder {
	s := func(column string) string { return text(column).Draw(t, column) }
	currency := rapid.SampledFrom([]string{"", "USD", "JPY", "KWD", "CLF"}).Draw(t, "currency")
	places := Digits(currency)
	o := SalesOrder{
		Number: s("SOPNUMBE"), DocumentTypeID: s("DOCID"), Date: drawDate(t, "date"),
		CustomerID: s("CUSTNMBR"), CustomerName: s("CUSTNAME"), CustomerPO: s("CSTPONBR"), BatchID: s("BACHNUMB"),
		WarehouseID: s("LOCNCODE"), CurrencyISO: currency,
		Freight: drawAmount(t, "freight", places), Miscellaneous: drawAmount(t, "misc", places),
		Tax: drawAmount(t, "tax", places), TradeDiscount: drawAmount(t, "discount", places),
		ShippingMethodID: s("SHIPMTHD"), PaymentTermsID: s("PYMTRMID"), TaxScheduleID: s("TAXSCHID"), PriceLevelID: s("PRCLEVEL"),
		Reference: s("REFRENCE"), Comment: s("CMMTTEXT"), Note: s("NOTETEXT"), RequestedShipDate: drawDate(t, "ship"),
		ShipTo: Address{
			Name: s("ShipToName"), Line1: s("ADDRESS1"), Line2: s("ADDRESS2"), City: s("CITY"), State: s("STATE"),
			Zip: s("ZIP"), Country: s("COUNTRY"), CountryCode: s("CCode"), Contact: s("CNTCPRSN"), Fax: Phone{Number: s("PHONE"), Extension: "0000"},
		},
		ShipToAddressID: s("ADRSCODE"), BillToAddressID: s("ADRSCODE"),
		UserDefined: UserDefined{Date2: drawDate(t, "user date"), Lists: [3]string{s("USERDEF")}, Texts: [5]string{4: s("USERDEF")}},
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "lines") {
		o.Lines = append(o.Lines, SalesLine{
			Sequence: i * LineStep, ItemNumber: s("ITEMNMBR"), Description: s("ITEMDESC"),
			Quantity:  decimal.New(rapid.Int64Range(-1e9, 1e9).Draw(t, "quantity"), -rapid.Int32Range(0, 5).Draw(t, "places")),
			UnitPrice: drawAmount(t, "price", places), Total: drawAmount(t, "total", places), Discount: drawAmount(t, "markdown", places),
			UofM: s("UOFM"), WarehouseID: s("LOCNCODE"), Comment: s("CMMTTEXT"), RequestedShipDate: drawDate(t, "line ship"),
			NonInventory: rapid.Bool().Draw(t, "non inventory"), Delete: rapid.Bool().Draw(t, "delete"),
		})
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "payments") {
		o.Payments = append(o.Payments, Payment{
			Sequence: i, Type: rapid.SampledFrom([]PaymentType{"", CashDeposit, CardDeposit}).Draw(t, "type"),
			Amount: drawAmount(t, "payment", places), Date: drawDate(t, "payment date"), Number: s("DOCNUMBR"),
			CheckbookID: s("CHEKBKID"), CardID: s("CARDNAME"), CheckNumber: s("CHEKNMBR"), AuthorizationCode: s("AUTHCODE"),
		})
	}
	return o
}

// equal compares field by field, decimals by their value.
func equal(t *rapid.T, got, want any) {
	t.Helper()
	if d := difference("", reflect.ValueOf(got), reflect.ValueOf(want)); d != "" {
		t.Fatal(d)
	}
}

func difference(path string, got, want reflect.Value) string {
	if g, ok := got.Interface().(decimal.Decimal); ok {
		if w := want.Interface().(decimal.Decimal); !g.Equal(w) {
			return fmt.Sprintf("%s: got %s, want %s", path, g, w)
		}
		return ""
	}
	switch got.Kind() {
	case reflect.Struct:
		if _, ok := got.Interface().(time.Time); ok {
			break
		}
		for i := range got.NumField() {
			if d := difference(path+"."+got.Type().Field(i).Name, got.Field(i), want.Field(i)); d != "" {
				return d
			}
		}
		return ""
	case reflect.Slice, reflect.Array:
		if got.Len() != want.Len() {
			return fmt.Sprintf("%s: got %d, want %d", path, got.Len(), want.Len())
		}
		for i := range got.Len() {
			if d := difference(fmt.Sprintf("%s[%d]", path, i), got.Index(i), want.Index(i)); d != "" {
				return d
			}
		}
		return ""
	}
	if !reflect.DeepEqual(got.Interface(), want.Interface()) {
		return fmt.Sprintf("%s: got %#v, want %#v", path, got.Interface(), want.Interface())
	}
	return ""
}
