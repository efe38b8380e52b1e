package gp

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// answered reads the answer of an operation from testdata.
func answered(t *testing.T, operation string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "answers", operation+".xml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestRecords holds the JSON of each record against a file, which is what flows read.
func TestRecords(t *testing.T) {
	for name, tt := range map[string]struct {
		operation string
		read      func(context.Context, *Client) (any, error)
	}{
		"order":   {"GetSalesOrderByKey", func(ctx context.Context, c *Client) (any, error) { return c.SalesOrder(ctx, "WEB100000417") }},
		"invoice": {"GetSalesInvoiceByKey", func(ctx context.Context, c *Client) (any, error) { return c.SalesInvoice(ctx, "INV0001") }},
		"return":  {"GetSalesReturnByKey", func(ctx context.Context, c *Client) (any, error) { return c.SalesReturn(ctx, "RTN0001") }},
		"customer": {"GetCustomerByKey", func(ctx context.Context, c *Client) (any, error) {
			return c.Customer(ctx, "WEB0000312")
		}},
		"customer_address": {"GetCustomerAddressByKey", func(ctx context.Context, c *Client) (any, error) {
			return c.CustomerAddress(ctx, "WEB0000312", "PRIMARY")
		}},
		"item":       {"GetItemByKey", func(ctx context.Context, c *Client) (any, error) { return c.Item(ctx, "MUG-BLUE-11") }},
		"list_price": {"GetItemCurrencyByKey", func(ctx context.Context, c *Client) (any, error) { return c.ItemCurrency(ctx, "MUG-BLUE-11", "USD") }},
		"price": {"GetPricingByKey", func(ctx context.Context, c *Client) (any, error) {
			return c.Pricing(ctx, PricingKey{"MUG-BLUE-11", "USD", "RETAIL", "Each"})
		}},
		"receipt": {"GetCashReceiptByKey", func(ctx context.Context, c *Client) (any, error) { return c.CashReceipt(ctx, "PYMT0001") }},
		"journal": {"GetGLTransactionByKey", func(ctx context.Context, c *Client) (any, error) {
			return c.GLTransaction(ctx, 3456, day(2026, 11, 24))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeGP(t)
			f.answers(tt.operation, answered(t, tt.operation))
			got, err := tt.read(t.Context(), f.client(t))
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("records", name+".json"), indented(t, got))
		})
	}
}

func indented(t *testing.T, record any) string {
	t.Helper()
	text, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		t.Fatal(err)
	}
	return b.String() + "\n"
}

// A record of nothing has its quantities and yes/no, and nothing that isn't there.
func TestEmptyRecords(t *testing.T) {
	for want, record := range map[string]any{
		`{"type":"Order","number":"A","voided":false,"shipComplete":false,"lines":[{"sequence":0,"item":"","quantity":"0","nonInventory":false,"dropShip":false,` +
			`"quantityAllocated":"0","quantityFulfilled":"0","quantityToBackorder":"0","quantityCanceled":"0","quantityToInvoice":"0"}]}`: SalesOrder{Number: "A", Lines: make([]SalesLine, 1)},
		`{"number":"A","onHold":false,"active":true,"shipComplete":false,"addresses":[]}`:                                        Customer{ID: "A"},
		`{"number":"A","discontinued":false,"allowsBackOrders":false,"quantityDecimals":0,"currencyDecimals":0,"quantities":[]}`: Item{Number: "A"},
		`{"number":"A","customer":{},"amount":"0","voided":false}`:                                                               CashReceipt{Number: "A", Amount: amount("0.00")},
		`{"number":"7","voided":false,"lines":[]}`:                                                                               GLTransaction{JournalID: 7},
	} {
		got, err := json.Marshal(record)
		if err != nil || string(got) != want {
			t.Errorf("got  %s, %v\nwant %s", got, err, want)
		}
	}
}

// Every name that a record can have is in the package comment, which is where
// people look for it.
func TestRecordsAreListed(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	comment := string(text)
	comment = strings.NewReplacer("list1..list3", "list1 list2 list3", "text1..text5", "text1 text2 text3 text4 text5").Replace(comment)
	var names func(reflect.Type)
	names = func(of reflect.Type) {
		for of.Kind() == reflect.Slice || of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct || of.PkgPath() != reflect.TypeFor[salesRecord]().PkgPath() || of == reflect.TypeFor[Date]() {
			return
		}
		for i := range of.NumField() {
			field := of.Field(i)
			names(field.Type)
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name != "" && !regexp.MustCompile(`[\s{]`+name+`[\s{}\[]`).MatchString(comment) {
				t.Errorf("%s of %s is not listed", name, of.Name())
			}
		}
	}
	for _, record := range []any{salesRecord{}, customerRecord{}, itemRecord{}, pricingRecord{}, receiptRecord{}, journalRecord{}} {
		names(reflect.TypeOf(record))
	}
}
