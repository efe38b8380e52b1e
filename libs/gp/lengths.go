package gp

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/magpie-integration/magpie/libs/failure"
)

// limit is the rule of one column: the length that GP allows (its SQL column is
// one longer when that is even), and whether GP keeps it in capitals.
type limit struct {
	thing string // in the failure's code
	max   int
	id    bool
}

// limits are the allowed lengths by GP's own name of the column, from the
// eConnect schema and the tables. Ids are upper-cased as GP's windows do it,
// except units, payment terms and cards: those GP keeps as they were typed.
var limits = map[string]limit{
	// Sales documents.
	"SOPNUMBE": {"sales_number", 20, true}, // char(21), of which windows use 20
	"DOCID":    {"document_type", 15, true},
	"CSTPONBR": {"customer_po", 20, false},
	"BACHNUMB": {"batch", 15, true},
	"REFRENCE": {"reference", 30, false},
	"CMMTTEXT": {"comment", 500, false},
	"NOTETEXT": {"note", 8000, false},
	"USERDEF":  {"user_defined", 20, false},
	"DOCNUMBR": {"payment_number", 20, true},
	"CHEKNMBR": {"check_number", 20, false},
	"AUTHCODE": {"authorization", 15, false},
	"CARDNAME": {"card", 15, false},
	"CHEKBKID": {"checkbook", 15, true},
	"TAXDTLID": {"tax_detail", 15, true},
	"ACTNUMST": {"account", 75, true},
	// Customers and addresses.
	"CUSTNMBR":   {"customer_id", 15, true},
	"CUSTNAME":   {"customer_name", 64, false},
	"SHRTNAME":   {"short_name", 15, false},
	"STMTNAME":   {"statement_name", 64, false},
	"CUSTCLAS":   {"customer_class", 15, true},
	"COMMENT1":   {"customer_comment", 30, false},
	"COMMENT2":   {"customer_comment", 30, false},
	"TXRGNNUM":   {"tax_registration", 25, false},
	"TAXEXMT1":   {"tax_exemption", 25, false},
	"TAXEXMT2":   {"tax_exemption", 25, false},
	"ADRSCODE":   {"address_id", 15, true},
	"ShipToName": {"ship_to_name", 64, false},
	"CNTCPRSN":   {"contact", 60, false},
	"ADDRESS1":   {"address_line", 60, false},
	"ADDRESS2":   {"address_line", 60, false},
	"ADDRESS3":   {"address_line", 60, false},
	"CITY":       {"city", 35, false},
	"STATE":      {"state", 29, false},
	"ZIP":        {"zip", 10, false},
	"CCode":      {"country_code", 6, true},
	"COUNTRY":    {"country", 60, false},
	"PHONE":      {"phone", 21, false},
	"UPSZONE":    {"ups_zone", 3, false},
	"INET":       {"internet_address", 200, false},
	// Items and setup.
	"ITEMNMBR": {"item", 30, true},
	"ITEMDESC": {"item_description", 100, false},
	"UOFM":     {"unit", 8, false},
	"LOCNCODE": {"site", 10, true},
	"PRCLEVEL": {"price_level", 10, true},
	"PYMTRMID": {"payment_terms", 20, false},
	"SHIPMTHD": {"shipping_method", 15, true},
	"TAXSCHID": {"tax_schedule", 15, true},
	"CURNCYID": {"currency", 15, true},
	"SLPRSNID": {"salesperson", 15, true},
	"SALSTERR": {"territory", 15, true},
	"ITMSHNAM": {"item_short_name", 15, false},
	"ITMGEDSC": {"item_generic_description", 10, false},
	"ITMCLSCD": {"item_class", 10, true},
	"UOMSCHDL": {"unit_schedule", 10, true},
	"USCATVLS": {"item_category", 10, false},
	// Receivables and the ledger.
	"TRXDSCRN": {"receipt_description", 30, false},
	"DSCRIPTN": {"journal_description", 30, false},
	"SOURCDOC": {"source_document", 11, true},
}

// Limit is the length that GP allows for a column, in characters.
func Limit(column string) (int, bool) {
	l, ok := limits[column]
	return l.max, ok
}

// Check says whether GP can take value in the column, after what Clean does to it.
func Check(column, value string) error {
	_, err := Clean(column, value)
	return err
}

// Clean gives value as it can be stored in the column: in code page 1252 by
// rule, without control characters and blanks at its end, ids in capitals. It
// never cuts: what is too long, or has a character with no place in the code
// page, is a failure.Rejected that names the column.
//
//	gp.<thing>.too_long    gp.<thing>.character
func Clean(column, value string) (string, error) {
	l, ok := limits[column]
	if !ok {
		return "", failure.Defect("gp.column", fmt.Sprintf("no rule for column %q", column), nil)
	}
	text, err := cleanText(l.thing, column, value)
	if err != nil {
		return "", err
	}
	if l.id {
		text = upper(text)
	}
	if n := utf8.RuneCountInString(text); n > l.max {
		return "", failure.Rejected("gp."+l.thing+".too_long", column,
			fmt.Sprintf("GP takes %d characters, %q has %d", l.max, text, n),
			"shorten it in the source, or map it in the flow")
	}
	return text, nil
}

// cleanText is Clean for text that no length binds.
func cleanText(thing, field, value string) (string, error) {
	text, bad := transliterate(value)
	if bad != 0 {
		return "", failure.Rejected("gp."+thing+".character", field,
			fmt.Sprintf("GP's code page 1252 has no %q (%U), which is in %q", bad, bad, value),
			"write it in Latin letters in the source, or map it in the flow")
	}
	return strings.TrimRightFunc(text, unicode.IsSpace), nil
}
