package gp

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/magpie-integration/magpie/libs/failure"
)

var stamp = time.Date(2026, 11, 24, 6, 12, 44, 317e6, time.UTC)

// rows is the answer of a list.
func rows(operation string, rows ...string) string {
	return "<" + operation + `Result xmlns:x="` + nsXSI + `">` + strings.Join(rows, "") + "</" + operation + "Result>"
}

func TestLists(t *testing.T) {
	const stamps = `<CreatedDate>2026-10-02T00:00:00</CreatedDate><ModifiedDate>2026-11-24T00:00:00</ModifiedDate><LastModifiedDate>2026-11-24T06:12:44.317</LastModifiedDate>`
	const pricing = `<ItemKey><Id>MUG  </Id></ItemKey><CurrencyKey><ISOCode>USD</ISOCode></CurrencyKey><PriceLevelKey><Id>RETAIL</Id></PriceLevelKey><UofM>Each</UofM>`
	const change = `<Action>Deleted</Action><LastModifiedDate>2026-11-24T06:12:44.317</LastModifiedDate><LastModifiedBy x:nil="true"/>`
	f := newFakeGP(t)
	for operation, row := range map[string]string{
		"GetSalesOrderList": `<SalesOrderSummary><DocumentTypeKey><Type>Order</Type><Id>WEBORD</Id></DocumentTypeKey><Key><Id>WEB1   </Id></Key><MasterNumber>4711</MasterNumber>
			<CustomerKey><Id>C1</Id></CustomerKey><Date>2026-11-24T00:00:00</Date><TradeDiscountAmount><Value>1.50000</Value></TradeDiscountAmount><TransactionState>History</TransactionState>` + stamps + `</SalesOrderSummary>`,
		"GetCustomerList": `<CustomerSummary><Key><Id>C1  </Id></Key><Name>Ada  </Name><IsActive>true</IsActive><IsOnHold>false</IsOnHold><CustomerClassKey><Id>WEB</Id></CustomerClassKey>
			<SalespersonKey><Id>P</Id></SalespersonKey><State>OR</State>` + stamps + `</CustomerSummary>`,
		"GetCustomerAddressList": `<CustomerAddressSummary><City>Portland</City><Key><CustomerKey><Id>C1</Id></CustomerKey><Id>PRIMARY </Id></Key></CustomerAddressSummary>`,
		"GetItemList":            `<ItemSummary><Key><Id>MUG</Id></Key><Description>Mug</Description><ClassKey><Id>R</Id></ClassKey><Type>Kit</Type><IsDiscontinued>true</IsDiscontinued>` + stamps + `</ItemSummary>`,
		"GetPricingList": `<PricingSummary><Key>` + pricing + `</Key><LastModifiedDate>2026-11-24T06:12:44.317</LastModifiedDate></PricingSummary>` +
			`<PricingSummary>` + pricing + `</PricingSummary>`,
		"GetCashReceiptList": `<CashReceiptSummary><Amount><Value>7.50000</Value></Amount><CustomerKey><Id>C1</Id></CustomerKey><Key><Id>P1</Id></Key><TransactionState>Open</TransactionState></CashReceiptSummary>`,
		"GetGLTransactionList": `<GLTransactionSummary><Key><JournalId>7</JournalId><Date>2026-11-24T00:00:00</Date></Key><Reference>Payout 42  </Reference><TransactionState>Work</TransactionState></GLTransactionSummary>` +
			`<GLTransactionSummary><Key><JournalId>8</JournalId></Key><Reference>payout 43</Reference></GLTransactionSummary>`,
		"GetChangedSalesOrderKeyList":      `<ChangedSalesOrderKey>` + change + `<SalesDocumentTypeKey><Type>Order</Type><Id>WEBORD</Id></SalesDocumentTypeKey><Id>WEB1 </Id></ChangedSalesOrderKey>`,
		"GetChangedSalesInvoiceKeyList":    `<ChangedSalesInvoiceKey>` + change + `<SalesDocumentKey><Id>INV1</Id></SalesDocumentKey></ChangedSalesInvoiceKey>`,
		"GetChangedCustomerAddressKeyList": `<ChangedCustomerAddressKey>` + change + `<CustomerKey><Id>C1</Id></CustomerKey><Id>PRIMARY</Id></ChangedCustomerAddressKey>`,
		"GetChangedPricingKeyList":         `<ChangedPricingKey>` + change + pricing + `</ChangedPricingKey>`,
	} {
		f.answers(operation, rows(operation, row))
	}
	c, ctx := f.client(t), t.Context()
	day1, day2 := day(2026, 10, 2), day(2026, 11, 24)
	key := PricingKey{"MUG", "USD", "RETAIL", "Each"}
	deleted := func(k ChangedKey) []ChangedKey {
		k.Action, k.LastModified = ActionDeleted, stamp
		return []ChangedKey{k}
	}
	for name, tt := range map[string]struct {
		got, want any
		err       error
	}{
		"orders": got(c.SalesOrders(ctx, SalesCriteria{})).wants([]SalesSummary{{
			Number: "WEB1", DocumentTypeID: "WEBORD", MasterNumber: 4711, CustomerID: "C1", Date: day2, TradeDiscount: amount("1.50000"),
			TransactionState: "History", Created: day1, Modified: day2, LastModified: stamp,
		}}),
		"customers": got(c.Customers(ctx, CustomerCriteria{})).wants([]CustomerSummary{{
			ID: "C1", Name: "Ada", ClassID: "WEB", SalespersonID: "P", State: "OR", Active: true, Created: day1, Modified: day2, LastModified: stamp,
		}}),
		"addresses": got(c.CustomerAddresses(ctx, "C1")).wants([]CustomerAddress{{ID: "PRIMARY", CustomerID: "C1", Address: Address{City: "Portland"}}}),
		"items": got(c.Items(ctx, ItemCriteria{})).wants([]ItemSummary{{
			Number: "MUG", Description: "Mug", ClassID: "R", Type: "Kit", Discontinued: true, Created: day1, Modified: day2, LastModified: stamp,
		}}),
		"prices":   got(c.Pricings(ctx, PricingCriteria{})).wants([]PricingSummary{{key, stamp}, {PricingKey: key}}),
		"receipts": got(c.CashReceipts(ctx, ReceiptCriteria{})).wants([]ReceiptSummary{{Number: "P1", CustomerID: "C1", Amount: amount("7.50000"), TransactionState: "Open"}}),
		"journals by reference": got(c.GLTransactionsByReference(ctx, day2, "payout 42")).wants([]GLSummary{{
			GLKey: GLKey{JournalID: 7, Date: day2}, Reference: "Payout 42", TransactionState: "Work",
		}}),
		"changed orders":    got(c.ChangedSalesOrders(ctx, ChangedCriteria{})).wants(deleted(ChangedKey{ID: "WEB1", DocumentTypeID: "WEBORD"})),
		"changed invoices":  got(c.ChangedSalesInvoices(ctx, ChangedCriteria{})).wants(deleted(ChangedKey{ID: "INV1"})),
		"changed addresses": got(c.ChangedCustomerAddresses(ctx, ChangedCriteria{})).wants(deleted(ChangedKey{ID: "PRIMARY", CustomerID: "C1"})),
		"changed prices":    got(c.ChangedPricings(ctx, ChangedCriteria{})).wants(deleted(ChangedKey{Pricing: key})),
		"none":              got(c.ChangedItems(ctx, ChangedCriteria{})).wants([]ChangedKey(nil)),
	} {
		if tt.err != nil || difference("", reflect.ValueOf(tt.got), reflect.ValueOf(tt.want)) != "" {
			t.Errorf("%s: got %+v, %v\nwant %+v", name, tt.got, tt.err, tt.want)
		}
	}
	f.answers("GetItemList", rows("GetItemList", "<ItemSummary><LastModifiedDate>yesterday</LastModifiedDate></ItemSummary>"))
	if _, err := c.Items(ctx, ItemCriteria{}); failure.Of(err).Code != "gp.unreadable" {
		t.Errorf("a row that can't be read: %v", err)
	}
}

type answeredRows struct {
	rows any
	err  error
}

func got[T any](rows []T, err error) answeredRows { return answeredRows{rows, err} }

func (a answeredRows) wants(want any) struct {
	got, want any
	err       error
} {
	return struct {
		got, want any
		err       error
	}{a.rows, want, a.err}
}

// Keys of several parts go out in the order of the WSDL.
func TestKeysOfReads(t *testing.T) {
	f := newFakeGP(t)
	c, ctx := f.client(t), t.Context()
	for operation, tt := range map[string]struct {
		err  error
		code string
		want string
	}{
		"GetPricingByKey":         {second(c.Pricing(ctx, PricingKey{"mug", "USD", "retail", "Each"})), "gp.price.not_found", "gp:ItemKey gp:CurrencyKey gp:PriceLevelKey gp:UofM"},
		"GetItemCurrencyByKey":    {second(c.ItemCurrency(ctx, "mug", "USD")), "gp.price.not_found", "gp:ItemKey gp:CurrencyKey"},
		"GetCustomerAddressByKey": {second(c.CustomerAddress(ctx, "c1", "primary")), "gp.address.not_found", "gp:CustomerKey gp:Id"},
		"GetGLTransactionByKey":   {second(c.GLTransaction(ctx, 7, day(2026, 11, 24))), "gp.journal.not_found", "gp:JournalId gp:Date"},
		"GetGLPostedTransactionByKey": {
			second(c.GLPostedTransaction(ctx, GLKey{7, day(2026, 11, 24), 0, 2026})), "gp.journal.not_found",
			"gp:JournalId gp:Date gp:RecurringTransactionSequence gp:FiscalYear",
		},
		"GetSalesInvoiceByKey": {second(c.SalesInvoice(ctx, "INV1")), "gp.invoice.not_found", "gp:Id"},
		"GetSalesReturnByKey":  {second(c.SalesReturn(ctx, "RTN1")), "gp.return.not_found", "gp:Id"},
		"GetCashReceiptByKey":  {second(c.CashReceipt(ctx, "P1")), "gp.receipt.not_found", "gp:Id"},
	} {
		if failure.Of(tt.err).Code != tt.code {
			t.Errorf("%s: got %v", operation, tt.err)
		}
		if names := childNames(t, f.sent[operation], []string{"Envelope", "Body", operation, "key"}); !slices.Equal(names, strings.Fields(tt.want)) {
			t.Errorf("%s: got %v, want %s", operation, names, tt.want)
		}
	}
}

// Whatever is written, reading it gives the same.
func TestReceiptAndJournalRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := func(column string) string { return text(column).Draw(t, column) }
		receipt := CashReceipt{
			Number: s("DOCNUMBR"), CustomerID: s("CUSTNMBR"), Type: rapid.SampledFrom([]ReceiptType{"", ReceiptByCheck, ReceiptInCash}).Draw(t, "type"),
			Date: drawDate(t, "date"), Amount: drawAmount(t, "amount", 2), CurrencyISO: "USD", BatchID: s("BACHNUMB"),
			CheckbookID: s("CHEKBKID"), CardID: s("CARDNAME"), CheckNumber: s("CHEKNMBR"), Description: s("TRXDSCRN"),
		}
		journal := GLTransaction{
			JournalID: rapid.IntRange(0, 1e6).Draw(t, "journal"), Date: drawDate(t, "journal date"), BatchID: s("BACHNUMB"),
			CurrencyISO: "JPY", Reference: s("REFRENCE"), SourceDocumentID: s("SOURCDOC"),
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "lines") {
			journal.Lines = append(journal.Lines, GLLine{
				Sequence: i * LineStep, Account: s("ACTNUMST"), Description: s("DSCRIPTN"),
				Debit: drawAmount(t, "debit", 0), Credit: drawAmount(t, "credit", 0),
			})
		}
		if journal.Date.IsZero() {
			journal.Date = day(2026, 11, 24)
		}
		gotReceipt, err := readReceipt(sent(t, "CreateCashReceipt", "cashReceipt", receipt.object()))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, gotReceipt, receipt)
		gotJournal, err := readJournal(sent(t, "CreateGLTransaction", "glTransaction", journal.object()))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, gotJournal, journal)
	})
}

func TestReturnAndItemRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := func(column string) string { return text(column).Draw(t, column) }
		goods := SalesReturn(drawOrder(t))
		for i := range goods.Lines {
			whole := decimal.New(rapid.Int64Range(0, 1e6).Draw(t, "returned"), -rapid.Int32Range(0, 5).Draw(t, "places"))
			goods.Lines[i].Return = ReturnQuantities{OnHand: whole, Damaged: decimal.NewFromInt(int64(i))}
		}
		item := Item{
			Number: s("ITEMNMBR"), Description: s("ITEMDESC"), ShortDescription: s("ITMSHNAM"), GenericDescription: s("ITMGEDSC"),
			Type: "Sales Item", ClassID: s("ITMCLSCD"), UofMScheduleID: s("UOMSCHDL"), DefaultSellingUnit: s("UOFM"), PurchaseUnit: s("UOFM"),
			DefaultWarehouseID: s("LOCNCODE"), DefaultPriceLevelID: s("PRCLEVEL"), TaxBasis: "Taxable", TaxScheduleID: s("TAXSCHID"),
			Weight: drawAmount(t, "weight", 2), PriceMethod: "Currency Amount", ValuationMethod: "FIFO Perpetual", TrackingOption: "None",
			StandardCost: drawAmount(t, "cost", 5), QuantityDecimals: rapid.IntRange(0, 5).Draw(t, "quantity decimals"),
			CurrencyDecimals: rapid.IntRange(0, 5).Draw(t, "currency decimals"), AllowsBackOrders: rapid.Bool().Draw(t, "back orders"),
			Categories: [6]string{0: s("USCATVLS"), 5: s("USCATVLS")},
		}
		gotReturn, err := readSalesReturn(sent(t, "CreateSalesReturn", "salesReturn", goods.object()))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, gotReturn, goods)
		gotItem, err := readItem(sent(t, "CreateSalesItem", "salesItem", item.object()))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, gotItem, item)
	})
}

// sent writes an operation with its one parameter, and gives that as it is read.
func sent(t *rapid.T, operation, param string, o object) *node {
	message, err := envelope(operation, object{param: o, "context": object{"CultureName": "en-US"}, "policy": &node{}})
	if err != nil {
		t.Fatal(err)
	}
	document, err := parse(message)
	if err != nil {
		t.Fatalf("%v in %s", err, message)
	}
	return document.at("Body", operation, param)
}
