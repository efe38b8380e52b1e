package gp

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/libs/failure"
)

var (
	sampleReturn = SalesReturn{
		Number: "RTN100000417", DocumentTypeID: "STDRTN", Date: day(2026, 11, 28), CustomerID: "WEB0000312", BatchID: "MAGPIE",
		CurrencyISO: "USD", SalespersonID: "PAUL W.", TerritoryID: "WEST",
		Lines: []SalesLine{{
			Sequence: LineStep, ItemNumber: "MUG-BLUE-11", Quantity: dec("2"), UnitPrice: amount("32.5"), UofM: "Each", WarehouseID: "MAIN",
			Return: ReturnQuantities{OnHand: dec("1"), Damaged: dec("1")},
		}},
		Payments: []Payment{{Type: CardPayment, Amount: amount("65"), Date: day(2026, 11, 28), CardID: "Visa"}},
	}
	sampleReceipt = CashReceipt{
		Number: "PYMT0001", CustomerID: "WEB0000312", Type: ReceiptByCard, Date: day(2026, 11, 24), Amount: amount("76.36"),
		CurrencyISO: "USD", BatchID: "MAGPIE", CheckbookID: "UPTOWN TRUST", CardID: "Visa", Description: "order 100000417",
	}
	sampleJournal = GLTransaction{
		Date: day(2026, 11, 24), BatchID: "MAGPIE", CurrencyISO: "USD", Reference: "payout 42", SourceDocumentID: "GJ",
		Lines: []GLLine{
			{Sequence: LineStep, Account: "000-6180-00", Description: "fees", Debit: amount("5")},
			{Sequence: 2 * LineStep, Account: "000-1100-00", Debit: amount("120")},
			{Sequence: 3 * LineStep, Account: "000-1200-00", Credit: amount("125")},
		},
	}
	sampleItem = Item{
		Number: "mug-red-11", Description: "Red mug", ShortDescription: "Red mug", ClassID: "RETAIL", Type: "Sales Item",
		UofMScheduleID: "EACH", DefaultSellingUnit: "Each", Weight: amount("0.45"), CurrencyDecimals: 2, PriceMethod: "Currency Amount",
		DefaultPriceLevelID: "RETAIL", CurrentCost: amount("11.255"), CostCurrencyISO: "USD", Categories: [6]string{1: "MUGS"},
	}
	from, to = time.Date(2026, 11, 24, 7, 0, 0, 0, time.FixedZone("", 3600)), time.Date(2026, 11, 24, 7, 0, 0, 5e6, time.UTC)
	window   = TimeRange{from, to}
)

// writes are calls whose messages are held against golden files; the lists ask
// with every criterion that they know.
var writes = map[string]func(context.Context, *Client) error{
	"DeleteSalesOrder":  func(ctx context.Context, c *Client) error { return c.DeleteSalesOrder(ctx, "WEB100000417") },
	"CreateSalesReturn": func(ctx context.Context, c *Client) error { return c.CreateSalesReturn(ctx, sampleReturn) },
	"VoidSalesReturn":   func(ctx context.Context, c *Client) error { return c.VoidSalesReturn(ctx, "RTN0001") },
	"CreateCustomerAddress": func(ctx context.Context, c *Client) error {
		return c.CreateCustomerAddress(ctx, "WEB0000312", sampleCustomer.Addresses[0])
	},
	"UpdateCustomerAddress": func(ctx context.Context, c *Client) error {
		return c.UpdateCustomerAddress(ctx, "WEB0000312", CustomerAddress{ID: "PRIMARY", Email: "ada@example.org"})
	},
	"CreateSalesItem":      func(ctx context.Context, c *Client) error { return c.CreateSalesItem(ctx, sampleItem) },
	"DiscontinueSalesItem": func(ctx context.Context, c *Client) error { return c.DiscontinueItem(ctx, "MUG-RED-11") },
	"CreateItemCurrency": func(ctx context.Context, c *Client) error {
		return c.CreateItemCurrency(ctx, ItemCurrency{ItemNumber: "MUG-RED-11", CurrencyISO: "USD", ListPrice: amount("32.505")})
	},
	"CreateCashReceipt":   func(ctx context.Context, c *Client) error { return c.CreateCashReceipt(ctx, sampleReceipt) },
	"VoidCashReceipt":     func(ctx context.Context, c *Client) error { return c.VoidCashReceipt(ctx, "PYMT0001") },
	"CreateGLTransaction": func(ctx context.Context, c *Client) error { return c.CreateGLTransaction(ctx, sampleJournal) },
	"GetSalesOrderList":   func(ctx context.Context, c *Client) error { return second(c.SalesOrders(ctx, everySale)) },
	"GetSalesInvoiceList": func(ctx context.Context, c *Client) error {
		return second(c.SalesInvoices(ctx, SalesCriteria{LastModified: window}))
	},
	"GetSalesReturnList": func(ctx context.Context, c *Client) error {
		return second(c.SalesReturns(ctx, SalesCriteria{LastModified: window}))
	},
	"GetCustomerList": func(ctx context.Context, c *Client) error {
		return second(c.Customers(ctx, CustomerCriteria{
			ID: Match{From: "A", To: "B"}, Name: Match{Like: "Ada%"}, Active: ptr(true), OnHold: ptr(false), ClassID: Match{Equal: "WEB"},
			SalespersonID: Match{Equal: "P"}, Created: days, Modified: days, LastModified: window,
		}))
	},
	"GetCustomerAddressList": func(ctx context.Context, c *Client) error { return second(c.CustomerAddresses(ctx, "web0000312")) },
	"GetItemList": func(ctx context.Context, c *Client) error {
		return second(c.Items(ctx, ItemCriteria{
			Number: Match{Like: "MUG%"}, Description: Match{Like: "%mug%"}, ClassID: Match{Equal: "RETAIL"}, Type: "Sales Item",
			Discontinued: ptr(false), Created: days, Modified: days, LastModified: window,
		}))
	},
	"GetPricingList": func(ctx context.Context, c *Client) error {
		return second(c.Pricings(ctx, PricingCriteria{
			ItemNumber: Match{Equal: "MUG"}, CurrencyISO: Match{Equal: "USD"}, PriceLevelID: Match{Equal: "RETAIL"}, UofM: Match{Equal: "Each"}, LastModified: window,
		}))
	},
	"GetCashReceiptList": func(ctx context.Context, c *Client) error {
		return second(c.CashReceipts(ctx, ReceiptCriteria{
			Number: Match{Equal: "P"}, CustomerID: Match{Equal: "C"}, BatchID: Match{Equal: "B"}, CurrencyISO: "USD", State: "Open", Date: days, Modified: days,
		}))
	},
	"GetGLTransactionList": func(ctx context.Context, c *Client) error {
		return second(c.GLTransactions(ctx, GLCriteria{
			JournalID: Match{Equal: "7"}, BatchID: Match{Equal: "B"}, SourceDocumentID: Match{Equal: "GJ"}, CurrencyISO: "USD",
			FiscalYear: 2026, State: "Work", Date: days, Modified: days,
		}))
	},
	"GetChangedSalesOrderKeyList":      func(ctx context.Context, c *Client) error { return second(c.ChangedSalesOrders(ctx, changed)) },
	"GetChangedSalesInvoiceKeyList":    func(ctx context.Context, c *Client) error { return second(c.ChangedSalesInvoices(ctx, changed)) },
	"GetChangedCustomerKeyList":        func(ctx context.Context, c *Client) error { return second(c.ChangedCustomers(ctx, changed)) },
	"GetChangedCustomerAddressKeyList": func(ctx context.Context, c *Client) error { return second(c.ChangedCustomerAddresses(ctx, changed)) },
	"GetChangedItemKeyList":            func(ctx context.Context, c *Client) error { return second(c.ChangedItems(ctx, changed)) },
	"GetChangedPricingKeyList":         func(ctx context.Context, c *Client) error { return second(c.ChangedPricings(ctx, changed)) },
}

var (
	days      = DateRange{day(2026, 11, 1), day(2026, 11, 30)}
	changed   = ChangedCriteria{LastModified: window, Action: ActionDeleted, ID: Match{From: "A"}}
	everySale = SalesCriteria{
		State: "History", Number: Match{Like: "WEB%"}, CustomerID: Match{Equal: "C"}, CustomerName: Match{Like: "Ada%"},
		CustomerPO: Match{Equal: "1"}, BatchID: Match{Equal: "B"}, DocumentTypeID: Match{Equal: "WEBORD"},
		SalespersonID: Match{Equal: "P"}, MasterNumber: 4711, Date: days, Modified: days, Created: days, LastModified: window,
	}
)

func second[T any](_ T, err error) error { return err }

// sentBy calls each of writes, and gives what was sent.
func sentBy(t *testing.T) *fakeGP {
	t.Helper()
	f := newFakeGP(t)
	c := f.client(t)
	for operation, call := range writes {
		if err := call(t.Context(), c); err != nil {
			t.Errorf("%s: %v", operation, err)
		}
	}
	return f
}

func TestGoldenOperations(t *testing.T) {
	f := sentBy(t)
	for operation := range writes {
		name := operation
		if operation == "GetSalesOrderList" { // the plain name is that of SalesOrdersByPO
			name += "All"
		}
		golden(t, name+".xml", f.sent[operation])
	}
}

// TestOrderOfOperations holds messages against lists written out from the WSDL by
// hand, as TestOrderAndNamespaces does.
func TestOrderOfOperations(t *testing.T) {
	const item = `gp:Key gp:Description gp:ShortDescription gp:ClassKey gp:Type gp:SalesTaxBasis gp:UofMScheduleKey gp:ShippingWeight
		gp:QuantityDecimalPlaces gp:CurrencyDecimalPlaces gp:PurchaseTaxBasis gp:CurrentCost gp:IncludeInDemandPlanning gp:AllowBackOrder
		gp:WarrantyDays gp:ABCCode gp:UserCategoryList2 gp:KeepCalendarYearHistory gp:KeepFiscalYearHistory gp:KeepTransactionHistory
		gp:KeepDistributionHistory gp:PriceMethod gp:FunctionalCurrencyDecimalPlaces gp:ModifiedDate gp:LastModifiedDate gp:CreatedDate
		gp:IsDiscontinued gp:DefaultPriceLevelKey gp:DefaultSellingUofM gp:ValuationMethod gp:TrackingOption gp:MinimumShelfLifeDays1
		gp:MinimumShelfLifeDays2 gp:RevalueInventory`
	const receipt = `gp:CustomerKey gp:Key gp:PaymentCardTypeKey gp:BatchKey gp:Type gp:BankAccountKey gp:Date gp:PostedDate
		gp:GeneralLedgerPostingDate gp:ModifiedDate gp:Amount gp:Description gp:CurrencyKey gp:ExchangeRate gp:ExchangeDate gp:IsVoided gp:VoidDate`
	const between = "gp:EqualValue gp:NotEqualValue gp:From gp:To gp:GreaterThan gp:LessThan"
	f := sentBy(t)
	for _, tt := range []struct{ operation, path, want string }{
		{"DeleteSalesOrder", "", "gp:key gp:context gp:policy"},
		{"CreateSalesReturn", "", "gp:salesReturn gp:context gp:policy"},
		{"CreateSalesReturn", "salesReturn/DocumentTypeKey", "gp:Type gp:Id"},
		{"CreateSalesReturn", "salesReturn/Lines", "gp:SalesReturnLine"},
		{"CreateSalesReturn", "salesReturn/Lines/SalesReturnLine", `gp:Key gp:UnitPrice gp:Quantity gp:IsNonInventory gp:IsDropShip gp:RequestedShipDate
			gp:UofM gp:DeleteOnUpdate gp:TaxBasis gp:IntegrationSource gp:WarehouseKey gp:ItemKey gp:ReturnQuantity`},
		{"CreateSalesReturn", "salesReturn/Lines/SalesReturnLine/ReturnQuantity", "gp:OnHandQuantity gp:DamagedQuantity"},
		{"CreateCustomerAddress", "", "gp:address gp:context gp:policy"},
		{"CreateCustomerAddress", "address/Key", "gp:CustomerKey gp:Id"},
		{"UpdateCustomerAddress", "address", "gp:CreatedDate gp:ModifiedDate gp:LastModifiedDate gp:InternetAddresses gp:Key gp:DeleteOnUpdate"},
		{"CreateSalesItem", "", "gp:salesItem gp:context gp:policy"},
		{"CreateSalesItem", "salesItem", item},
		{"DiscontinueSalesItem", "", "gp:key gp:context gp:policy"},
		{"CreateItemCurrency", "itemCurrency", "gp:Key gp:CurrencyDecimalPlaces gp:ListPrice"},
		{"CreateItemCurrency", "itemCurrency/Key", "gp:ItemKey gp:CurrencyKey"},
		{"CreateCashReceipt", "", "gp:cashReceipt gp:context gp:policy"},
		{"CreateCashReceipt", "cashReceipt", receipt},
		{"CreateGLTransaction", "", "gp:glTransaction gp:context gp:policy"},
		{"CreateGLTransaction", "glTransaction", `gp:Key gp:BatchKey gp:CurrencyKey gp:Lines gp:Reference gp:SourceDocumentKey gp:ExchangeRate
			gp:ExchangeDate gp:LedgerType gp:IsVoided gp:ModifiedDate gp:TransactionState`},
		{"CreateGLTransaction", "glTransaction/Key", "gp:JournalId gp:Date"},
		{"CreateGLTransaction", "glTransaction/Lines", "gp:GLTransactionLine gp:GLTransactionLine gp:GLTransactionLine"},
		{"CreateGLTransaction", "glTransaction/Lines/GLTransactionLine", "gp:Key gp:DebitAmount gp:Description gp:GLAccountKey gp:ExchangeRate gp:ExchangeDate"},
		{"CreateGLTransaction", "glTransaction/Lines/GLTransactionLine/GLAccountKey", "gp:Id gp:IsEncrypted"},
		{"CreateGLTransaction", "glTransaction/Lines/GLTransactionLine/DebitAmount", "gp:Currency gp:Value gp:DecimalDigits"},
		{"GetSalesOrderList", "", "gp:criteria gp:context"},
		{"GetSalesOrderList", "criteria", `gp:TransactionState gp:DocumentId gp:Date gp:CustomerId gp:CustomerName gp:CustomerPONumber gp:BatchId
			gp:DocumentTypeId gp:SalespersonId gp:MasterNumber gp:ModifiedDate gp:LastModifiedDate gp:CreatedDate gp:Scope`},
		{"GetSalesOrderList", "criteria/TransactionState", "gp:EqualValue gp:NotEqualValue"},
		{"GetSalesOrderList", "criteria/DocumentId", "gp:Like"},
		{"GetSalesOrderList", "criteria/LastModifiedDate", between},
		{"GetSalesInvoiceList", "criteria", "gp:LastModifiedDate gp:Scope"},
		{"GetSalesReturnList", "criteria", "gp:LastModifiedDate gp:Scope"},
		{"GetCustomerList", "criteria", "gp:Id gp:Name gp:IsActive gp:IsOnHold gp:SalespersonId gp:ClassId gp:CreatedDate gp:ModifiedDate gp:LastModifiedDate gp:Scope"},
		{"GetCustomerList", "criteria/Id", "gp:From gp:To"},
		{"GetCustomerAddressList", "criteria", "gp:Scope gp:CustomerKeyId"},
		{"GetItemList", "criteria", "gp:ItemId gp:Description gp:ItemClassId gp:CreatedDate gp:ModifiedDate gp:LastModifiedDate gp:Type gp:IsDiscontinued"},
		{"GetPricingList", "criteria", "gp:ItemId gp:CurrencyISOCode gp:PriceLevelId gp:UofM gp:LastModifiedDate"},
		{"GetCashReceiptList", "criteria", "gp:Id gp:CustomerId gp:BatchId gp:CurrencyISOCode gp:TransactionState gp:Date gp:ModifiedDate gp:Scope"},
		{"GetGLTransactionList", "criteria", "gp:CurrencyISOCode gp:Date gp:ModifiedDate gp:JournalId gp:BatchId gp:FiscalYear gp:SourceDocumentId gp:TransactionState"},
		{"GetChangedSalesOrderKeyList", "criteria", "gp:LastModifiedDate gp:Action gp:SalesDocumentKeyId"},
		{"GetChangedSalesInvoiceKeyList", "criteria", "gp:LastModifiedDate gp:Action gp:SalesDocumentKeyId"},
		{"GetChangedCustomerKeyList", "criteria", "gp:LastModifiedDate gp:Action gp:Id"},
		{"GetChangedCustomerAddressKeyList", "criteria", "gp:LastModifiedDate gp:Action gp:AddressKeyId"},
		{"GetChangedItemKeyList", "criteria", "gp:LastModifiedDate gp:Action gp:ItemKeyId"},
		{"GetChangedPricingKeyList", "criteria", "gp:LastModifiedDate gp:Action gp:ItemKeyId"},
	} {
		t.Run(tt.operation+"/"+tt.path, func(t *testing.T) {
			got := childNames(t, f.sent[tt.operation], append([]string{"Envelope", "Body", tt.operation}, strings.FieldsFunc(tt.path, func(r rune) bool { return r == '/' })...))
			if want := strings.Fields(tt.want); !slices.Equal(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
	for element, want := range map[string]string{"DebitAmount": "MoneyAmount", "CreditAmount": "MoneyAmount", "OrganizationKey": "d:CompanyKey"} {
		if got := attribute(t, f.sent["CreateGLTransaction"], element, "type"); got != want {
			t.Errorf("%s has xsi:type %q", element, got)
		}
	}
	for operation, want := range map[string]string{
		"CreateGLTransaction": "/Dynamics/GPService/GLService.svc", "CreateCashReceipt": "/Dynamics/GPService/GLService.svc",
		"CreateSalesItem": "/Dynamics/GPService/InventoryService.svc", "GetPricingList": "/Dynamics/GPService/InventoryService.svc",
		"CreateCustomerAddress": "/Dynamics/GPService/CustomerService.svc", "CreateSalesReturn": "/Dynamics/GPService/SOPService.svc",
	} {
		if f.paths[operation] != want {
			t.Errorf("%s went to %s", operation, f.paths[operation])
		}
	}
}

// Times go out in UTC, dates as days of the company.
func TestCriteriaValues(t *testing.T) {
	f := sentBy(t)
	for _, want := range []string{
		"<From>2026-11-24T06:00:00</From>", "<To>2026-11-24T07:00:00.005</To>", "<From>2026-11-01T00:00:00</From>", "<EqualValue>4711</EqualValue>",
	} {
		if !strings.Contains(f.sent["GetSalesOrderList"], want) {
			t.Errorf("lacks %s:\n%s", want, f.sent["GetSalesOrderList"])
		}
	}
}

// What can't be right is refused before anything is sent.
func TestRefusedUnsent(t *testing.T) {
	f := newFakeGP(t)
	c := f.client(t)
	journal := func(change func(*GLTransaction)) error {
		j := sampleJournal
		j.Lines = slices.Clone(j.Lines)
		change(&j)
		return c.CreateGLTransaction(t.Context(), j)
	}
	goods := sampleReturn
	goods.Lines = []SalesLine{{ItemNumber: "MUG", Quantity: dec("2"), Return: ReturnQuantities{OnHand: dec("1")}}}
	for name, tt := range map[string]struct {
		err  error
		code string
	}{
		"debits are more":         {journal(func(j *GLTransaction) { j.Lines[0].Debit = amount("5.01") }), "gp.journal.unbalanced"},
		"both sides of a line":    {journal(func(j *GLTransaction) { j.Lines[0].Credit = amount("5") }), "gp.journal.line"},
		"no side of a line":       {journal(func(j *GLTransaction) { j.Lines = append(j.Lines, GLLine{Account: "000-1"}) }), "gp.journal.line"},
		"no date":                 {journal(func(j *GLTransaction) { j.Date = Date{} }), "gp.required"},
		"a reference of 31":       {journal(func(j *GLTransaction) { j.Reference = strings.Repeat("r", 31) }), "gp.reference.too_long"},
		"goods that go nowhere":   {c.CreateSalesReturn(t.Context(), goods), "gp.return.quantity"},
		"an address without id":   {c.CreateCustomerAddress(t.Context(), "WEB1", CustomerAddress{}), "gp.required"},
		"an item without number":  {c.CreateSalesItem(t.Context(), Item{}), "gp.required"},
		"a weight in grams":       {c.CreateSalesItem(t.Context(), Item{Number: "MUG", Weight: amount("0.455")}), "gp.weight.too_precise"},
		"a price of no currency":  {c.CreateItemCurrency(t.Context(), ItemCurrency{ItemNumber: "MUG"}), "gp.required"},
		"a journal of no number":  {second(c.GLTransaction(t.Context(), 0, day(2026, 11, 24))), "gp.required"},
		"a receipt of half cents": {c.CreateCashReceipt(t.Context(), CashReceipt{CurrencyISO: "USD", Amount: amount("0.005")}), "gp.money.too_precise"},
	} {
		if e := failure.Of(tt.err); e == nil || e.Code != tt.code || e.Kind != failure.KindRejected || !e.Unsent {
			t.Errorf("%s: got %v", name, tt.err)
		}
	}
	for operation, n := range f.calls {
		if operation != "GetPolicyByOperation" && n > 0 {
			t.Errorf("%s was sent", operation)
		}
	}
}

func TestPostResultsToIsKept(t *testing.T) {
	f := newFakeGP(t)
	f.answers("GetCustomerByKey", strings.ReplaceAll(answered(t, "GetCustomerByKey"), "Receivables/Discount Account", "Sales Offset Account"))
	if err := f.client(t).UpdateCustomer(t.Context(), Customer{ID: "WEB0000312", Name: "Ada"}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(f.sent["UpdateCustomer"], "<PostResultsTo>Sales Offset Account</PostResultsTo>") {
		t.Error(f.sent["UpdateCustomer"])
	}
	f.faults("GetCustomerByKey", systemFault)
	err := f.client(t).UpdateCustomer(t.Context(), Customer{ID: "WEB0000312"})
	if failure.Of(err).Code != "gp.system_exception" || !failure.Of(err).Unsent || f.calls["UpdateCustomer"] != 1 {
		t.Errorf("got %v", err)
	}
}
