package gp

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/magpie-integration/magpie/libs/failure"
)

func dec(s string) decimal.Decimal        { return decimal.RequireFromString(s) }
func amount(s string) decimal.NullDecimal { return Amount(dec(s)) }
func day(y int, m time.Month, d int) Date { return Date{y, m, d} }
func ptr[T any](v T) *T                   { return &v }

var sampleOrder = SalesOrder{
	Number: "web100000417", DocumentTypeID: "WEBORD", Date: day(2026, 11, 24),
	CustomerID: "web0000312", CustomerName: "Zoë Łukasz & Sons", CustomerPO: "100000417",
	BatchID: "MAGPIE", WarehouseID: "MAIN", CurrencyISO: "USD",
	Freight: amount("7.5"), Tax: amount("5.36"), TradeDiscount: amount("0"),
	TaxScheduleID: "WEBTAX", Note: "Gift wrap\r\n\x07please", RequestedShipDate: day(2026, 11, 26),
	ShipToAddressID: "SHIP-7",
	ShipTo:          Address{Name: "Ada Example", Line1: "1 Main St", City: "Portland", State: "OR", Zip: "97201", Country: "USA", Phone1: Phone{Number: "5035550100"}},
	Lines: []SalesLine{
		{Sequence: LineStep, ItemNumber: "MUG-BLUE-11", Quantity: dec("2"), UnitPrice: amount("32.50"), Total: amount("65"), UofM: "Each", WarehouseID: "MAIN"},
		{Sequence: 2 * LineStep, ItemNumber: "GIFTCARD", Quantity: dec("1.25"), NonInventory: true, Discount: amount("1")},
	},
	Payments:    []Payment{{Type: CardDeposit, Amount: amount("77.86"), Date: day(2026, 11, 24), CardID: "Visa", AuthorizationCode: "A1"}},
	UserDefined: UserDefined{Texts: [5]string{"shop 1"}},
}

var sampleCustomer = Customer{
	ID: "WEB0000312", Name: "Ada Example", ClassID: "WEB", Active: ptr(true), DefaultAddressID: "PRIMARY",
	PaymentTermsID: "Net 30", CurrencyISO: "USD",
	Addresses: []CustomerAddress{{
		ID: "PRIMARY", Address: Address{Line1: "1 Main St", City: "Portland", State: "OR", Zip: "97201"},
		Email: "ada@example.com", ShippingMethodID: "GROUND",
	}},
}

// messages are what a client sends, by golden file.
func messages(t *testing.T) map[string]string {
	t.Helper()
	f := newFakeGP(t)
	f.answers("GetSalesOrderByKey", `<GetSalesOrderByKeyResult><Key><Id>WEB100000417</Id></Key></GetSalesOrderByKeyResult>`)
	c, ctx := f.client(t), t.Context()
	for _, err := range []error{
		c.CreateSalesOrder(ctx, sampleOrder), c.CreateCustomer(ctx, sampleCustomer), c.VoidSalesOrder(ctx, "WEB100000417"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.SalesOrder(ctx, "WEB100000417"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.SalesOrdersByPO(ctx, "100000417"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Companies(ctx); err != nil {
		t.Fatal(err)
	}
	delete(f.sent, "")
	return f.sent
}

func TestGoldenMessages(t *testing.T) {
	sent := messages(t)
	for _, operation := range []string{
		"CreateSalesOrder", "CreateCustomer", "GetPolicyByOperation", "GetSalesOrderByKey", "VoidSalesOrder",
		"GetSalesOrderList", "GetCompanyList",
	} {
		golden(t, operation+".xml", sent[operation])
	}
}

// TestOrderAndNamespaces holds the messages against lists written out from the
// WSDL by hand, apart from the schema which the writer uses.
func TestOrderAndNamespaces(t *testing.T) {
	const order = `gp:Key gp:Type gp:Date gp:FreightAmount gp:TaxAmount gp:TradeDiscount gp:CustomerName gp:CustomerPONumber
		gp:MasterNumber gp:ExchangeRate gp:ExchangeDate gp:RequestedShipDate gp:FreightTaxBasis gp:MiscellaneousTaxBasis
		gp:Note gp:TransactionState gp:TaxScheduleKey gp:CreatedDate gp:ModifiedDate gp:LastModifiedDate gp:CommissionBasedOn
		gp:ActualShipDate gp:FulfillDate gp:QuoteDate gp:IsIntrastatDocument gp:IsVoided gp:ShipCompleteOnly gp:IntegrationSource
		gp:InvoiceDate gp:BackorderDate gp:ReturnDate gp:DocumentTypeKey gp:WarehouseKey gp:CustomerKey gp:BatchKey
		gp:ShipToAddressKey gp:CurrencyKey gp:ShipToAddress gp:UserDefined gp:ShippingProcessStatus gp:IsRepeating
		gp:DocumentFrequency gp:TimesToRepeat gp:DaysToIncrement gp:WorkflowPriority gp:Lines gp:Payments`
	const line = `gp:Key gp:UnitPrice gp:TotalAmount gp:Quantity gp:IsNonInventory gp:IsDropShip gp:RequestedShipDate gp:UofM
		gp:DeleteOnUpdate gp:TaxBasis gp:IntegrationSource gp:WarehouseKey gp:ItemKey gp:FulfillDate gp:ActualShipDate`
	const customer = `gp:Key gp:IsOnHold gp:IsActive gp:ShipCompleteOnly gp:Name gp:ClassKey gp:Priority gp:DefaultAddressKey
		gp:PaymentTermsKey gp:DiscountGracePeriod gp:DueDateGracePeriod gp:BalanceType gp:AllowRevaluation gp:PostResultsTo
		gp:OrderFullfillmentShortageDefault gp:IncludeInDemandPlanning gp:CurrencyKey gp:StatementCycle gp:SendEmailStatements
		gp:DefaultCashAccountType gp:CreatedDate gp:ModifiedDate gp:LastModifiedDate gp:Addresses`
	sent := messages(t)
	for _, tt := range []struct{ operation, path, want string }{
		{"CreateSalesOrder", "", "gp:salesOrder gp:context gp:policy"},
		{"CreateSalesOrder", "salesOrder", order},
		{"CreateSalesOrder", "salesOrder/FreightAmount", "gp:Currency gp:Value gp:DecimalDigits"},
		{"CreateSalesOrder", "salesOrder/TradeDiscount/Amount", "gp:Currency gp:Value gp:DecimalDigits"},
		{"CreateSalesOrder", "salesOrder/DocumentTypeKey", "gp:Type gp:Id"},
		{"CreateSalesOrder", "salesOrder/BatchKey", "gp:Id gp:CreatedDateTime"},
		{"CreateSalesOrder", "salesOrder/ShipToAddressKey", "gp:CustomerKey gp:Id"},
		{"CreateSalesOrder", "salesOrder/CurrencyKey", "gp:ISOCode"},
		{"CreateSalesOrder", "salesOrder/ShipToAddress", "gp:Line1 gp:City gp:State gp:PostalCode gp:CountryRegion gp:Phone1 gp:Name"},
		{"CreateSalesOrder", "salesOrder/UserDefined", "gp:Date01 gp:Date02 gp:Text01"},
		{"CreateSalesOrder", "salesOrder/Lines", "gp:SalesOrderLine gp:SalesOrderLine"},
		{"CreateSalesOrder", "salesOrder/Lines/SalesOrderLine", line},
		{"CreateSalesOrder", "salesOrder/Lines/SalesOrderLine/Quantity", "gp:Value gp:DecimalDigits"},
		{"CreateSalesOrder", "salesOrder/Payments/SalesPayment", "gp:IsProcessElectronically gp:Date gp:PaymentAmount gp:PaymentCardTypeKey gp:AuthorizationCode gp:ExpirationDate gp:Type gp:DeleteOnUpdate gp:CurrencyKey"},
		{"CreateSalesOrder", "context", "dyn:OrganizationKey dyn:CultureName dyn:CurrencyType"},
		{"CreateSalesOrder", "context/OrganizationKey", "dyn:Id"},
		{"CreateSalesOrder", "policy", "gp:Key gp:Behaviors gp:Name"},
		{"VoidSalesOrder", "", "gp:key gp:context gp:policy"},
		{"VoidSalesOrder", "key", "gp:Id"},
		{"GetSalesOrderByKey", "", "gp:key gp:context"},
		{"GetPolicyByOperation", "", "gp:operation gp:context"},
		{"GetSalesOrderList", "criteria", "gp:CustomerPONumber gp:Scope"},
		{"GetCompanyList", "", "gp:criteria gp:context"},
		{"GetCompanyList", "context", "dyn:CultureName dyn:CurrencyType"},
		{"CreateCustomer", "", "gp:customer gp:context gp:policy"},
		{"CreateCustomer", "customer", customer},
		{"CreateCustomer", "customer/Addresses/CustomerAddress", "gp:Line1 gp:City gp:State gp:PostalCode gp:ShippingMethodKey gp:CreatedDate gp:ModifiedDate gp:LastModifiedDate gp:InternetAddresses gp:Key gp:DeleteOnUpdate"},
		{"CreateCustomer", "customer/Addresses/CustomerAddress/InternetAddresses", "gp:EmailToAddress"},
	} {
		t.Run(tt.operation+"/"+tt.path, func(t *testing.T) {
			got := childNames(t, sent[tt.operation], append([]string{"Envelope", "Body", tt.operation}, strings.FieldsFunc(tt.path, func(r rune) bool { return r == '/' })...))
			if want := strings.Fields(tt.want); !slices.Equal(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
	if kind := attribute(t, sent["CreateSalesOrder"], "OrganizationKey", "type"); kind != "d:CompanyKey" {
		t.Errorf("OrganizationKey has xsi:type %q", kind)
	}
	for _, element := range []string{"Type", "Date"} {
		want := map[string]string{"Type": "true"}[element]
		if got := attribute(t, sent["CreateSalesOrder"], element, "nil"); got != want {
			t.Errorf("%s has xsi:nil %q, want %q", element, got, want)
		}
	}
}

// childNames reads with encoding/xml alone, not with this package's own reader.
func childNames(t *testing.T, document string, path []string) []string {
	t.Helper()
	prefix := map[string]string{nsGP: "gp:", nsDyn: "dyn:", nsSOAP: "s:"}
	var open, names []string
	done := false
	d := xml.NewDecoder(strings.NewReader(document))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			if !done && slices.Equal(open, path) {
				names = append(names, prefix[e.Name.Space]+e.Name.Local)
			}
			open = append(open, e.Name.Local)
		case xml.EndElement:
			done = done || slices.Equal(open, path)
			open = open[:len(open)-1]
		}
	}
}

func attribute(t *testing.T, document, element, name string) string {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(document))
	for {
		token, err := d.Token()
		if err != nil {
			t.Fatalf("no %s: %v", element, err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == element {
			for _, a := range e.Attr {
				if a.Name == (xml.Name{Space: nsXSI, Local: name}) {
					return a.Value
				}
			}
			return ""
		}
	}
}

// Every type that an element names must be in the schema, and every column in
// the table of lengths.
func TestSchemaIsWhole(t *testing.T) {
	for name, elements := range schema {
		seen := map[string]bool{}
		for _, e := range elements {
			if _, ok := schema[e.of]; e.of != "" && !ok {
				t.Errorf("%s.%s is of %s, which is not in the schema", name, e.name, e.of)
			}
			if _, ok := limits[e.column]; e.column != "" && !ok {
				t.Errorf("%s.%s is in column %s, which has no rule", name, e.name, e.column)
			}
			if seen[e.name] {
				t.Errorf("%s has %s twice", name, e.name)
			}
			seen[e.name] = true
		}
	}
	// Extensions come before each object's own: 74 elements of SalesDocument, 39 of
	// SalesLine, 58 of Item.
	for name, want := range map[string]int{
		"SalesOrder": 1 + 74 + 11, "SalesReturn": 1 + 74 + 8, "SalesOrderLine": 1 + 39 + 11, "SalesReturnLine": 1 + 39 + 5,
		"SalesItem": 1 + 58 + 8, "CashReceipt": 1 + 23, "GLTransaction": 1 + 17, "GLTransactionLine": 1 + 10,
		"SalesOrderCriteria": 14, "CustomerCriteria": 13, "CustomerAddressCriteria": 10, "ItemCriteria": 10,
		"PricingCriteria": 5, "CashReceiptCriteria": 8, "GLTransactionCriteria": 10,
	} {
		if n := len(schema[name]); n != want {
			t.Errorf("%s has %d elements, want %d", name, n, want)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	f := newFakeGP(t)
	c := f.client(t)
	for name, tt := range map[string]struct {
		change      func(*SalesOrder)
		code, field string
	}{
		"an item number of 31":    {func(o *SalesOrder) { o.Lines[0].ItemNumber = strings.Repeat("A", 31) }, "gp.item.too_long", "ITEMNMBR"},
		"a name in Chinese":       {func(o *SalesOrder) { o.CustomerName = "王" }, "gp.customer_name.character", "CUSTNAME"},
		"half a cent":             {func(o *SalesOrder) { o.Freight = amount("7.505") }, "gp.money.too_precise", "FreightAmount"},
		"cents of yen":            {func(o *SalesOrder) { o.CurrencyISO = "JPY" }, "gp.money.too_precise", "FreightAmount"},
		"a quadrillion":           {func(o *SalesOrder) { o.Tax = amount("1e15") }, "gp.money.too_large", "TaxAmount"},
		"six decimals of an item": {func(o *SalesOrder) { o.Lines[0].Quantity = dec("0.000001") }, "gp.quantity.too_precise", "Quantity"},
	} {
		t.Run(name, func(t *testing.T) {
			order := sampleOrder
			order.Lines = slices.Clone(order.Lines)
			tt.change(&order)
			e := failure.Of(c.CreateSalesOrder(t.Context(), order))
			if e.Kind != failure.KindRejected || e.Code != tt.code || e.Field != tt.field || !e.Unsent {
				t.Errorf("got %+v", e)
			}
		})
	}
	if f.calls["CreateSalesOrder"] != 0 {
		t.Error("a refused order was sent")
	}
}

func TestEncodeFindsWrongNames(t *testing.T) {
	_, err := envelope("GetItemByKey", object{"key": object{"Id": "A", "Idd": "B"}, "context": object{}})
	if failure.Of(err).Kind != failure.KindDefect {
		t.Errorf("got %v", err)
	}
}

// Whatever order is written, reading it gives the same order.
func TestOrderRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawOrder(t)
		message, err := envelope("CreateSalesOrder", object{
			"salesOrder": want.object(), "context": object{"CultureName": "en-US"}, "policy": &node{},
		})
		if err != nil {
			t.Fatal(err)
		}
		document, err := parse(message)
		if err != nil {
			t.Fatalf("%v in %s", err, message)
		}
		got, err := readSalesOrder(document.at("Body", "CreateSalesOrder", "salesOrder"))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, got, want)
	})
}
