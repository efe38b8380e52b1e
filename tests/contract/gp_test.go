package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/gp"
	"github.com/magpie-integration/magpie/services/sandbox/fault"
	gpbox "github.com/magpie-integration/magpie/services/sandbox/gp"
)

// company is a sandbox of GP and a client of it.
type company struct {
	*gp.Client
	box    *gpbox.Server
	url    string
	faults *fault.Injector
}

// gpVariant is a way in which a GP is set up, and a client for it.
type gpVariant struct {
	name   string
	box    func(*gpbox.Config)
	client func(*gp.Config)
}

func openGP(t *testing.T, v gpVariant) *company {
	t.Helper()
	onHand := func(n string) map[string]decimal.Decimal { return map[string]decimal.Decimal{"WAREHOUSE": dec(n)} }
	faults := fault.New(1)
	cfg := gpbox.Config{
		User: `DOMAIN\magpie`, Password: "secret",
		Items: []gpbox.Item{
			{ItemNumber: "MUG-BLUE-11", Description: "Blue mug 11 oz", Price: dec("32.50"), OnHand: onHand("140"),
				Units: []gpbox.Unit{{Name: "EACH", BaseUnits: dec("1")}, {Name: "CASE", BaseUnits: dec("12")}}},
			{ItemNumber: "SCARCE", Description: "Scarce", Price: dec("10"), OnHand: onHand("3")},
			{ItemNumber: "FINE", Description: "By weight", Price: dec("1.25"), OnHand: onHand("9.5"), QuantityDecimals: 1},
		},
		Customers: []gpbox.Customer{{ID: "WEB1", Name: "Ada Example", Address: gpbox.Address{
			Name: "Ada Example", Line1: "1 Oak St", City: "Portland", State: "OR", PostalCode: "97201", Country: "US", Email: "ada@example.com"}}},
		Sites:      []gpbox.Entry{{ID: "WAREHOUSE", Description: "Main site"}, {ID: "EMPTY", Description: "Nothing here"}},
		CreateTime: time.Nanosecond, Logger: silent(), Middleware: faults.Wrap,
	}
	if v.box != nil {
		v.box(&cfg)
	}
	box, err := gpbox.New(cfg)
	must(t, err)
	web := httptest.NewServer(box.Handler())
	t.Cleanup(func() {
		web.Close()
		must(t, box.Close())
	})
	ccfg := gp.Config{
		URL: web.URL, Paths: "dynamics-gp", Company: "-1", Auth: "basic", User: cfg.User, Password: cfg.Password, Timeout: 30 * time.Second,
	}
	if v.client != nil {
		v.client(&ccfg)
	}
	client, err := gp.New(ccfg)
	must(t, err)
	t.Cleanup(client.Close)
	return &company{client, box, web.URL, faults}
}

// calls is how often an operation was called, whatever became of it.
func (c *company) calls(t *testing.T, operation string) (n int) {
	t.Helper()
	var counts map[string]map[string]int
	must(t, json.Unmarshal(ask(t, http.MethodGet, c.url+"/_sandbox/calls", ""), &counts))
	for name, outcomes := range counts {
		for _, times := range outcomes {
			if operation == "" || name == operation {
				n += times
			}
		}
	}
	return n
}

func (c *company) batchStatus(t *testing.T, batch string, status int) {
	t.Helper()
	ask(t, http.MethodPost, c.url+"/_sandbox/batches/"+batch+"/status", fmt.Sprintf(`{"status": %d}`, status))
}

func paths(preset string) func(*gp.Config) { return func(c *gp.Config) { c.Paths = preset } }
func ntlmBox(c *gpbox.Config)              { c.NTLM = true }
func ntlm(c *gp.Config)                    { c.Auth = "ntlm" }
func shape(s gpbox.FaultShape) func(*gpbox.Config) {
	return func(c *gpbox.Config) { c.FaultShape = s }
}

var gpVariants = []gpVariant{
	{"preset dynamics-gp, basic authentication, faults as exception detail", nil, nil},
	{"preset gp-service, NTLM", ntlmBox, func(c *gp.Config) { c.Auth, c.Paths = "ntlm", "gp-service" }},
	{"preset gp-web-services, faults with a bare message", shape(gpbox.FaultBareMessage), paths("gp-web-services")},
	{"no authentication, faults of the dispatcher", func(c *gpbox.Config) {
		c.User, c.Password, c.FaultShape = "", "", gpbox.FaultDispatcher
	}, func(c *gp.Config) { c.Auth, c.User, c.Password = "", "", "" }},
	{"strict order of elements", func(c *gpbox.Config) { c.StrictOrder = true }, nil},
	{"padded text", func(c *gpbox.Config) { c.PadText = true }, nil},
	{"a company by name, in its own time zone", func(c *gpbox.Config) {
		c.Company, c.CompanyName, c.Location = 7, "Verdant", time.FixedZone("UTC-8", -8*3600)
	}, func(c *gp.Config) { c.Company = "verdant" }},
	{"all at once", func(c *gpbox.Config) {
		c.NTLM, c.StrictOrder, c.PadText, c.FaultShape = true, true, true, gpbox.FaultBareMessage
	}, func(c *gp.Config) { c.Auth, c.Paths, c.Company = "ntlm", "gp-web-services", "Fabrikam, Inc." }},
}

func TestGP(t *testing.T) {
	for _, v := range gpVariants {
		t.Run(v.name, func(t *testing.T) {
			c := openGP(t, v)
			t.Run("a policy is read once", c.policyIsReadOnce)
			t.Run("companies", c.companies)
			t.Run("customers", c.customers)
			t.Run("an order is read back to the cent", c.orderToTheCent)
			t.Run("an order is updated", c.orderIsUpdated)
			t.Run("an order is voided", c.orderIsVoided)
			t.Run("a number is taken once", c.numberIsTakenOnce)
			t.Run("refusals", c.refusals)
			t.Run("what is too long is not sent", c.tooLongIsNotSent)
			t.Run("a locked batch passes", c.lockedBatchPasses)
			t.Run("what is not there", c.notFound)
			t.Run("items and sites", c.itemsAndSites)
			t.Run("a lost answer", c.lostAnswer)
		})
	}
}

// mugs is an order of two mugs that GP computes as 77.86.
func mugs(number string, change ...func(*gp.SalesOrder)) gp.SalesOrder {
	o := gp.SalesOrder{
		Number: number, DocumentTypeID: "STDORD", Date: gp.Date{Year: 2026, Month: 11, Day: 24}, CustomerID: "WEB1", CustomerName: "Ada Example",
		CustomerPO: "PO-" + number, BatchID: "WEB20261124", WarehouseID: "WAREHOUSE", CurrencyISO: "USD",
		Freight: gp.Amount(dec("7.50")), Tax: gp.Amount(dec("5.36")), Miscellaneous: gp.Amount(decimal.Zero), TradeDiscount: gp.Amount(decimal.Zero),
		ShippingMethodID: "GROUND", PaymentTermsID: "Net 30", TaxScheduleID: "WEBTAX", Comment: "Please leave it at the side door.",
		ShipTo: gp.Address{
			Name: "Zoë Østergård", Line1: "9 Elm Ave", Line2: "c/o Müller & Sons <Ltd>", City: "Portland", State: "OR", Zip: "97202",
			Country: "US", Phone1: gp.Phone{Number: "5035550100"},
		},
		ShipToAddressID: "PRIMARY", BillToAddressID: "PRIMARY",
		Lines: []gp.SalesLine{{
			Sequence: gp.LineStep, ItemNumber: "MUG-BLUE-11", Description: "Blue mug, 11 oz", Quantity: dec("2"),
			UnitPrice: gp.Amount(dec("32.50")), Total: gp.Amount(dec("65.00")), UofM: "EACH", WarehouseID: "WAREHOUSE",
		}},
	}
	for _, c := range change {
		c(&o)
	}
	return o
}

func (c *company) policyIsReadOnce(t *testing.T) {
	before := c.calls(t, "GetPolicyByOperation")
	for i := range 3 {
		must(t, c.CreateSalesOrder(t.Context(), mugs(fmt.Sprintf("POLICY%d", i))))
	}
	want(t, "reads of the policy", c.calls(t, "GetPolicyByOperation")-before, 1)
	policy, err := c.Policy(t.Context(), "CreateSalesOrder")
	must(t, err)
	want(t, "id", policy.ID, "4d060bdc-fa1e-4ea1-9e89-e1d19a5cb2ce")
	want(t, "behaviors", len(policy.Behaviors), 23)
	batch, ok := policy.Behavior("create batch")
	if !ok || batch.Selected.ID != 1 || !batch.Internal {
		t.Errorf("behavior %+v, %v", batch, ok)
	}
	want(t, "reads of the policy", c.calls(t, "GetPolicyByOperation")-before, 1)
	c.Forget()
	_, err = c.Policy(t.Context(), "CreateSalesOrder")
	must(t, err)
	want(t, "reads after Forget", c.calls(t, "GetPolicyByOperation")-before, 2)
	_, err = c.Policy(t.Context(), "CreateNothing")
	refusal(t, err, failure.KindRejected, "gp.validation", "no policy")
}

func (c *company) companies(t *testing.T) {
	list, err := c.Companies(t.Context())
	must(t, err)
	if len(list) != 1 {
		t.Fatalf("companies %+v", list)
	}
	found, err := c.FindCompany(t.Context(), strings.ToUpper(list[0].Name))
	must(t, err)
	want(t, "by name", found, list[0])
	_, err = c.FindCompany(t.Context(), "No Such Company")
	if !errors.Is(err, gp.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func (c *company) customers(t *testing.T) {
	hold := false
	sent := gp.Customer{
		ID: "web0000312", Name: "Łukasz Müller & Søn “GmbH”", ClassID: "WEB", OnHold: &hold, Comment1: "from the shop", PaymentTermsID: "Net 30",
		DefaultAddressID: "PRIMARY", ShipToAddressID: "ship-7", BillToAddressID: "PRIMARY", Note: "line one\nline\x07 two\t€ 5",
		Addresses: []gp.CustomerAddress{
			{ID: "PRIMARY", Email: "lukasz@example.com", Address: gp.Address{
				Name: "Łukasz Müller", Contact: "Zoë", Line1: "Große Straße 1", City: "Köln", State: "NW", Zip: "50667", Country: "Germany",
				Phone1: gp.Phone{Number: "0221555010"}}},
			{ID: "ship-7", Address: gp.Address{Line1: "2 Elm Ave", City: "Portland"}, ShippingMethodID: "GROUND"},
		},
	}
	must(t, c.CreateCustomer(t.Context(), sent))
	got, err := c.Customer(t.Context(), "web0000312 ")
	must(t, err)
	want(t, "id, as GP keeps ids", got.ID, "WEB0000312")
	want(t, "name, in code page 1252", got.Name, "Lukasz Müller & Søn “GmbH”")
	want(t, "class", got.ClassID, "WEB")
	want(t, "terms", got.PaymentTermsID, "Net 30")
	want(t, "note, without control characters", got.Note, "line one\nline two\t€ 5")
	want(t, "post results to", got.PostResultsTo, "Receivables/Discount Account")
	want(t, "default address", got.DefaultAddressID, "PRIMARY")
	want(t, "ship-to address", got.ShipToAddressID, "SHIP-7")
	if got.OnHold == nil || *got.OnHold || got.Active == nil || !*got.Active || got.LastModified.IsZero() {
		t.Errorf("customer %+v", got)
	}
	home, ok := got.Address("primary")
	if !ok || len(got.Addresses) != 2 {
		t.Fatalf("addresses %+v", got.Addresses)
	}
	want(t, "e-mail, which hangs on the address", home.Email, "lukasz@example.com")
	want(t, "line", home.Line1, "Große Straße 1")
	want(t, "contact", home.Contact, "Zoë")
	want(t, "phone", home.Phone1.Number, "0221555010")

	refusal(t, c.CreateCustomer(t.Context(), sent), failure.KindRejected, "gp.customer.duplicate", "GP says: ", "WEB0000312 already exists")

	must(t, c.UpdateCustomer(t.Context(), gp.Customer{
		ID: "WEB0000312", Name: "Lukasz Müller AG", PostResultsTo: got.PostResultsTo,
		Addresses: []gp.CustomerAddress{
			{ID: "PRIMARY", Email: "office@example.com", Address: gp.Address{Line1: "Domplatz 4"}},
			{ID: "ship-7", Delete: true},
			{ID: "SHIP-8", Address: gp.Address{Line1: "3 Fir Rd", City: "Salem"}},
		},
		ShipToAddressID: "SHIP-8",
	}))
	got, err = c.Customer(t.Context(), "WEB0000312")
	must(t, err)
	home, _ = got.Address("PRIMARY")
	_, gone := got.Address("SHIP-7")
	want(t, "name", got.Name, "Lukasz Müller AG")
	want(t, "e-mail", home.Email, "office@example.com")
	want(t, "line", home.Line1, "Domplatz 4")
	want(t, "city, which was not sent", home.City, "Köln")
	want(t, "class, which was not sent", got.ClassID, "WEB")
	want(t, "an address that was taken away", gone, false)
	want(t, "ship-to address", got.ShipToAddressID, "SHIP-8")

	refusal(t, c.UpdateCustomer(t.Context(), gp.Customer{ID: "NOBODY", Name: "Nobody"}), failure.KindRejected, "gp.customer.unknown", "NOBODY does not exist")
	refusal(t, c.CreateCustomer(t.Context(), gp.Customer{ID: "WEB9", Name: "x", ClassID: "NOCLASS"}), failure.KindRejected, "gp.validation", "NOCLASS")
}

func (c *company) orderToTheCent(t *testing.T) {
	sent := mugs("WEB100000417", func(o *gp.SalesOrder) {
		o.Lines = append(o.Lines, gp.SalesLine{
			Sequence: 2 * gp.LineStep, ItemNumber: "fine", Quantity: dec("2.5"), UnitPrice: gp.Amount(dec("1.25")), Total: gp.Amount(dec("3.13")),
		})
		o.TradeDiscount, o.Miscellaneous = gp.Amount(dec("6.51")), gp.Amount(dec("0.01"))
		o.Payments = []gp.Payment{{Type: gp.CardDeposit, Amount: gp.Amount(dec("74.49")), Date: o.Date, CardID: "VISA", AuthorizationCode: "A1B2"}}
		o.UserDefined.Texts[0] = "000000417"
	})
	must(t, c.CreateSalesOrder(t.Context(), sent))
	got, err := c.SalesOrder(t.Context(), "web100000417")
	must(t, err)
	want(t, "number", got.Number, "WEB100000417")
	want(t, "document id", got.DocumentTypeID, "STDORD")
	want(t, "date", got.Date, sent.Date)
	want(t, "customer", got.CustomerID+", "+got.CustomerName, "WEB1, Ada Example")
	want(t, "PO", got.CustomerPO, "PO-WEB100000417")
	want(t, "batch", got.BatchID, "WEB20261124")
	want(t, "currency", got.CurrencyISO, "USD")
	want(t, "ship-to", got.ShipTo, sent.ShipTo)
	want(t, "ship-to id", got.ShipToAddressID, "PRIMARY")
	want(t, "shipping method", got.ShippingMethodID, "GROUND")
	want(t, "payment terms", got.PaymentTermsID, "Net 30")
	want(t, "tax schedule", got.TaxScheduleID, "WEBTAX")
	want(t, "comment", got.Comment, sent.Comment)
	want(t, "user-defined", got.UserDefined, sent.UserDefined)
	want(t, "state", got.TransactionState, "Work")
	for what, amount := range map[string]struct {
		got  decimal.NullDecimal
		want string
	}{
		"freight": {got.Freight, "7.50"}, "misc": {got.Miscellaneous, "0.01"}, "tax": {got.Tax, "5.36"}, "discount": {got.TradeDiscount, "6.51"},
		"lines": {got.LineTotal, "68.13"}, "total": {got.Total, "74.49"}, "deposit": {got.Deposit, "74.49"},
	} {
		wantAmount(t, what, amount.got, amount.want)
	}
	if len(got.Lines) != 2 || len(got.Payments) != 1 {
		t.Fatalf("order %+v", got)
	}
	mug, fine := got.Lines[0], got.Lines[1]
	want(t, "sequence", fine.Sequence, 2*gp.LineStep)
	want(t, "item", fine.ItemNumber, "FINE")
	want(t, "description, the item's own", fine.Description, "By weight")
	want(t, "description, as sent", mug.Description, "Blue mug, 11 oz")
	want(t, "unit, the item's own", fine.UofM, "EACH")
	want(t, "site, the document's", fine.WarehouseID, "WAREHOUSE")
	want(t, "quantity", fine.Quantity.String(), "2.5")
	want(t, "allocated", fine.QuantityAllocated.String(), "2.5")
	wantAmount(t, "line total", fine.Total, "3.13")
	wantAmount(t, "price", mug.UnitPrice, "32.50")
	if p := got.Payments[0]; p.Type != gp.CardDeposit || p.CardID != "VISA" || !p.Amount.Decimal.Equal(dec("74.49")) || p.AuthorizationCode != "A1B2" {
		t.Errorf("payment %+v", p)
	}

	list, err := c.SalesOrdersByPO(t.Context(), "PO-WEB100000417")
	must(t, err)
	if len(list) != 1 || list[0].Number != "WEB100000417" || list[0].Date != sent.Date || !list[0].Total.Decimal.Equal(dec("74.49")) {
		t.Errorf("by PO: %+v", list)
	}
	none, err := c.SalesOrdersByPO(t.Context(), "PO-NOBODY")
	must(t, err)
	want(t, "orders of another PO", len(none), 0)
}

func (c *company) orderIsUpdated(t *testing.T) {
	must(t, c.CreateSalesOrder(t.Context(), mugs("UPDATE1", func(o *gp.SalesOrder) {
		o.Lines = append(o.Lines, gp.SalesLine{Sequence: 2 * gp.LineStep, ItemNumber: "SCARCE", Quantity: dec("1"), UnitPrice: gp.Amount(dec("10.00")), UofM: "EACH"})
	})))
	must(t, c.UpdateSalesOrder(t.Context(), mugs("UPDATE1", func(o *gp.SalesOrder) {
		o.Lines[0].Quantity, o.Lines[0].Total = dec("3"), gp.Amount(dec("97.50"))
		o.Freight, o.ShipTo.Line1, o.Comment = gp.Amount(dec("9.99")), "12 Maple Court", ""
		o.Lines = append(o.Lines,
			gp.SalesLine{Sequence: 2 * gp.LineStep, ItemNumber: "SCARCE", Quantity: dec("1"), UofM: "EACH", WarehouseID: "WAREHOUSE", Delete: true},
			gp.SalesLine{Sequence: 3 * gp.LineStep, ItemNumber: "FINE", Quantity: dec("2"), UnitPrice: gp.Amount(dec("1.25")), Total: gp.Amount(dec("2.50"))})
	})))
	got, err := c.SalesOrder(t.Context(), "UPDATE1")
	must(t, err)
	if len(got.Lines) != 2 || got.Lines[1].ItemNumber != "FINE" || got.Lines[0].Quantity.String() != "3" {
		t.Fatalf("lines %+v", got.Lines)
	}
	wantAmount(t, "total", got.Total, "115.35")
	want(t, "ship-to", got.ShipTo.Line1, "12 Maple Court")
	want(t, "comment, which was not sent", got.Comment, "Please leave it at the side door.")
	item, err := c.Item(t.Context(), "SCARCE")
	must(t, err)
	stock, _ := item.At("WAREHOUSE")
	want(t, "what the deleted line had allocated", stock.Allocated.String(), "0")
	refusal(t, c.UpdateSalesOrder(t.Context(), mugs("NOWHERE")), failure.KindRejected, "gp.validation", "NOWHERE does not exist")
}

func (c *company) orderIsVoided(t *testing.T) {
	must(t, c.CreateSalesOrder(t.Context(), mugs("VOID1")))
	must(t, c.VoidSalesOrder(t.Context(), "VOID1"))
	got, err := c.SalesOrder(t.Context(), "VOID1")
	must(t, err)
	want(t, "voided", got.Voided, true)
	want(t, "state", got.TransactionState, "History")
	refusal(t, c.VoidSalesOrder(t.Context(), "VOID1"), failure.KindRejected, "gp.validation", "history or voided")
	refusal(t, c.UpdateSalesOrder(t.Context(), mugs("VOID1")), failure.KindRejected, "gp.validation", "history or voided")
	refusal(t, c.CreateSalesOrder(t.Context(), mugs("VOID1")), failure.KindRejected, "gp.sales.duplicate", "VOID1 already exists")
}

func (c *company) numberIsTakenOnce(t *testing.T) {
	must(t, c.CreateSalesOrder(t.Context(), mugs("TAKEN1")))
	f := refusal(t, c.CreateSalesOrder(t.Context(), mugs("taken1 ")), failure.KindRejected, "gp.sales.duplicate", "GP says: ", "TAKEN1 already exists")
	want(t, "field", f.Field, "Key")
	// What else is wrong is told with it, and does not hide it.
	refusal(t, c.CreateSalesOrder(t.Context(), mugs("TAKEN1", func(o *gp.SalesOrder) { o.CustomerID = "NOBODY"; o.ShipToAddressID, o.BillToAddressID = "", "" })),
		failure.KindRejected, "gp.sales.duplicate", "NOBODY")
}

func (c *company) refusals(t *testing.T) {
	for name, tc := range map[string]struct {
		change      func(*gp.SalesOrder)
		code, words string
		field       string
	}{
		"unknown customer": {func(o *gp.SalesOrder) { o.CustomerID, o.ShipToAddressID, o.BillToAddressID = "NOBODY", "", "" },
			"gp.customer.unknown", "The customer NOBODY does not exist", "CustomerKey"},
		"unknown item": {func(o *gp.SalesOrder) { o.Lines[0].ItemNumber = "NO-ITEM" },
			"gp.item.unknown", "The item NO-ITEM does not exist", "Lines.ItemKey"},
		"unknown site": {func(o *gp.SalesOrder) { o.WarehouseID, o.Lines[0].WarehouseID = "MOON", "MOON" },
			"gp.site.unknown", "The site MOON does not exist", "WarehouseKey, Lines.WarehouseKey"},
		"item not at the site": {func(o *gp.SalesOrder) { o.Lines[0].WarehouseID = "EMPTY" },
			"gp.item.not_at_site", "is not assigned to the site EMPTY", "Lines.WarehouseKey"},
		"unknown unit": {func(o *gp.SalesOrder) { o.Lines[0].UofM = "PALLET" },
			"gp.validation", "The unit of measure PALLET is not in the schedule EACH", "Lines.UofM"},
		"unknown document id": {func(o *gp.SalesOrder) { o.DocumentTypeID = "NODOC" },
			"gp.document_type.unknown", "The document type id NODOC does not exist", "DocumentTypeKey"},
		"unknown currency": {func(o *gp.SalesOrder) { o.CurrencyISO = "XXX" },
			"gp.currency.unknown", "The currency XXX does not exist", "CurrencyKey"},
		"unknown shipping method": {func(o *gp.SalesOrder) { o.ShippingMethodID = "BY CAMEL" },
			"gp.validation", "BY CAMEL does not exist", "ShippingMethodKey"},
		"an address of nobody": {func(o *gp.SalesOrder) { o.ShipToAddressID = "SHIP-99" },
			"gp.address.unknown", "The address SHIP-99 does not exist for customer WEB1", "ShipToAddressKey"},
		"a total that is not the sum": {func(o *gp.SalesOrder) { o.Lines[0].Total = gp.Amount(dec("65.01")) },
			"gp.validation", "The total 65.01 of line 16384 does not match 65", "Lines.TotalAmount"},
		"no quantity": {func(o *gp.SalesOrder) { o.Lines[0].Quantity = decimal.Zero },
			"gp.validation", "The quantity of item MUG-BLUE-11 is required", "Lines.Quantity"},
		"a payment of an invoice": {func(o *gp.SalesOrder) {
			o.Payments = []gp.Payment{{Type: gp.CashPayment, Amount: gp.Amount(dec("1.00")), CheckbookID: "UPTOWN TRUST"}}
		}, "gp.validation", "an order takes deposits", "Payments.Type"},
	} {
		t.Run(name, func(t *testing.T) {
			f := refusal(t, c.CreateSalesOrder(t.Context(), mugs("REFUSED1", tc.change)), failure.KindRejected, tc.code, "GP says: ", tc.words)
			for _, field := range strings.Split(tc.field, ", ") {
				if !strings.Contains(f.Field, field) {
					t.Errorf("field %q does not name %s", f.Field, field)
				}
			}
			if f.Fix == "" {
				t.Error("no fix")
			}
			if _, err := c.SalesOrder(t.Context(), "REFUSED1"); !errors.Is(err, gp.ErrNotFound) {
				t.Errorf("a refused order is there: %v", err)
			}
		})
	}
	t.Run("all errors together", func(t *testing.T) {
		err := c.CreateSalesOrder(t.Context(), mugs("REFUSED1", func(o *gp.SalesOrder) { o.DocumentTypeID, o.Lines[0].ItemNumber = "NODOC", "NO-ITEM" }))
		if f := failure.Of(err); f == nil || !strings.Contains(f.Reason, "NODOC") || !strings.Contains(f.Reason, "NO-ITEM") {
			t.Errorf("got %v", err)
		}
	})
}

func (c *company) tooLongIsNotSent(t *testing.T) {
	_, err := c.Policy(t.Context(), "CreateSalesOrder") // and company: read before, so that nothing else is called
	must(t, err)
	_, err = c.Policy(t.Context(), "CreateCustomer")
	must(t, err)
	before := c.calls(t, "")
	for name, tc := range map[string]struct {
		err         error
		code, field string
	}{
		"number":   {c.CreateSalesOrder(t.Context(), mugs("WEB"+strings.Repeat("1", 18))), "gp.sales_number.too_long", "SOPNUMBE"},
		"PO":       {c.CreateSalesOrder(t.Context(), mugs("LONG1", func(o *gp.SalesOrder) { o.CustomerPO = strings.Repeat("1", 21) })), "gp.customer_po.too_long", "CSTPONBR"},
		"item":     {c.CreateSalesOrder(t.Context(), mugs("LONG1", func(o *gp.SalesOrder) { o.Lines[0].ItemNumber = strings.Repeat("M", 31) })), "gp.item.too_long", "ITEMNMBR"},
		"name":     {c.CreateCustomer(t.Context(), gp.Customer{ID: "WEB2", Name: strings.Repeat("n", 65)}), "gp.customer_name.too_long", "CUSTNAME"},
		"customer": {c.CreateCustomer(t.Context(), gp.Customer{ID: strings.Repeat("W", 16), Name: "n"}), "gp.customer_id.too_long", "CUSTNMBR"},
		"zip": {c.CreateCustomer(t.Context(), gp.Customer{ID: "WEB2", Name: "n", Addresses: []gp.CustomerAddress{{ID: "P", Address: gp.Address{Zip: "12345-678901"}}}}),
			"gp.zip.too_long", "ZIP"},
		"a letter that GP has not": {c.CreateCustomer(t.Context(), gp.Customer{ID: "WEB2", Name: "王小明"}), "gp.customer_name.character", "CUSTNAME"},
		"a third decimal":          {c.CreateSalesOrder(t.Context(), mugs("LONG1", func(o *gp.SalesOrder) { o.Freight = gp.Amount(dec("7.505")) })), "gp.money.too_precise", "FreightAmount"},
		"no key":                   {c.VoidSalesOrder(t.Context(), " "), "gp.required", "SOPNUMBE"},
	} {
		f := refusal(t, tc.err, failure.KindRejected, tc.code)
		if f.Field != tc.field || !f.Unsent || f.Fix == "" {
			t.Errorf("%s: %+v, want field %s, unsent, a fix", name, f, tc.field)
		}
	}
	want(t, "calls", c.calls(t, ""), before)
}

func (c *company) lockedBatchPasses(t *testing.T) {
	inBatch := func(o *gp.SalesOrder) { o.BatchID = "LOCKED" }
	c.batchStatus(t, "LOCKED", 1)
	f := refusal(t, c.CreateSalesOrder(t.Context(), mugs("BATCH1", inBatch)), failure.KindTransient, "gp.batch.locked", "LOCKED is in use")
	want(t, "the system's own failure", f.System, false)
	// Another rule that is broken too is no reason to wait.
	refusal(t, c.CreateSalesOrder(t.Context(), mugs("BATCH1", inBatch, func(o *gp.SalesOrder) { o.Lines[0].ItemNumber = "NO-ITEM" })),
		failure.KindRejected, "gp.item.unknown", "LOCKED", "NO-ITEM")
	c.batchStatus(t, "LOCKED", 0)
	must(t, c.CreateSalesOrder(t.Context(), mugs("BATCH1", inBatch)))
	c.batchStatus(t, "LOCKED", 5)
	for name, err := range map[string]error{
		"update": c.UpdateSalesOrder(t.Context(), mugs("BATCH1", inBatch)), "void": c.VoidSalesOrder(t.Context(), "BATCH1"),
	} {
		t.Run(name, func(t *testing.T) { refusal(t, err, failure.KindTransient, "gp.batch.locked", "LOCKED") })
	}
	c.batchStatus(t, "LOCKED", 0)
	must(t, c.VoidSalesOrder(t.Context(), "BATCH1"))
}

func (c *company) notFound(t *testing.T) {
	for name, read := range map[string]func() error{
		"gp.customer.not_found": func() error { _, err := c.Customer(t.Context(), "NOBODY"); return err },
		"gp.sales.not_found":    func() error { _, err := c.SalesOrder(t.Context(), "NOTHING"); return err },
		"gp.item.not_found":     func() error { _, err := c.Item(t.Context(), "NO-ITEM"); return err },
		"gp.site.not_found":     func() error { _, err := c.Warehouse(t.Context(), "MOON"); return err },
	} {
		t.Run(name, func(t *testing.T) {
			err := read()
			if !errors.Is(err, gp.ErrNotFound) {
				t.Fatalf("got %v, want gp.ErrNotFound", err)
			}
			refusal(t, err, failure.KindRejected, name)
		})
	}
}

func (c *company) itemsAndSites(t *testing.T) {
	before, err := c.Item(t.Context(), "mug-blue-11")
	must(t, err)
	want(t, "number", before.Number, "MUG-BLUE-11")
	want(t, "kind", before.Kind, "SalesItem")
	want(t, "unit", before.DefaultSellingUnit, "EACH")
	want(t, "back orders", before.AllowsBackOrders, true)
	want(t, "sites", len(before.Stock), 1)
	must(t, c.CreateSalesOrder(t.Context(), mugs("STOCK1")))
	after, err := c.Item(t.Context(), "MUG-BLUE-11")
	must(t, err)
	was, _ := before.At("warehouse")
	is, ok := after.At("WAREHOUSE")
	if !ok || is.OnHand.String() != "140" || !is.Allocated.Equal(was.Allocated.Add(dec("2"))) || !is.Available().Equal(is.OnHand.Sub(is.Allocated)) {
		t.Errorf("stock %+v, before %+v", is, was)
	}
	fine, err := c.Item(t.Context(), "FINE")
	must(t, err)
	want(t, "quantity decimals", fine.QuantityDecimals, 1)
	stock, _ := fine.At("WAREHOUSE")
	want(t, "on hand", stock.OnHand.String(), "9.5")

	site, err := c.Warehouse(t.Context(), "warehouse")
	must(t, err)
	want(t, "site", site, gp.Warehouse{ID: "WAREHOUSE", Description: "Main site"})
}

// lostAnswer: GP did the work of a write, and nobody was told.
func (c *company) lostAnswer(t *testing.T) {
	_, err := c.Policy(t.Context(), "CreateSalesOrder")
	must(t, err)
	for name, faults := range map[string]fault.Faults{
		"LOST1": {LostAnswerRate: 1, LostAnswerOn: "/CreateSalesOrder"},
		"LOST2": {TruncateRate: 1},
	} {
		must(t, c.faults.Set(faults))
		err := c.CreateSalesOrder(t.Context(), mugs(name))
		must(t, c.faults.Set(fault.Faults{}))
		if !errors.Is(err, failure.ErrUnknownOutcome) || failure.Of(err).Kind != failure.KindTransient {
			t.Errorf("%s: got %v, want an unknown outcome", name, err)
		}
		_, err = c.SalesOrder(t.Context(), name)
		must(t, err)
	}
	must(t, c.faults.Set(fault.Faults{Down: fault.Down503}))
	err = c.CreateSalesOrder(t.Context(), mugs("LOST3"))
	must(t, c.faults.Set(fault.Faults{}))
	f := refusal(t, err, failure.KindTransient, "gp.busy")
	want(t, "the system's own failure", f.System, true)
	must(t, c.faults.Set(fault.Faults{TruncateRate: 1}))
	_, err = c.SalesOrder(t.Context(), "LOST1")
	must(t, c.faults.Set(fault.Faults{}))
	if f := failure.Of(err); f == nil || f.Kind != failure.KindTransient || errors.Is(err, failure.ErrUnknownOutcome) {
		t.Errorf("a read: got %v", err)
	}
}

func TestGPRefusesAWrongPassword(t *testing.T) {
	for name, v := range map[string]gpVariant{"basic": {}, "NTLM": {box: ntlmBox, client: ntlm}} {
		t.Run(name, func(t *testing.T) {
			c := openGP(t, gpVariant{box: v.box, client: func(cfg *gp.Config) {
				if v.client != nil {
					v.client(cfg)
				}
				cfg.Password = "wrong"
			}})
			for what, err := range map[string]error{
				"read":  func() error { _, err := c.Companies(t.Context()); return err }(),
				"write": c.CreateSalesOrder(t.Context(), mugs("WRONG1")),
			} {
				f := refusal(t, err, failure.KindTransient, "gp.unauthorized", "401")
				if !f.Unsent || !f.System || !strings.Contains(f.Fix, "password") || errors.Is(err, failure.ErrUnknownOutcome) {
					t.Errorf("%s: %+v", what, f)
				}
			}
		})
	}
}

func TestGPCalculatesThePriceItself(t *testing.T) {
	c := openGP(t, gpVariant{box: func(cfg *gpbox.Config) { cfg.CalculatesUnitPrice = true }})
	policy, err := c.Policy(t.Context(), "CreateSalesOrder")
	must(t, err)
	price, _ := policy.Behavior("Calculate Unit Price")
	want(t, "selected", price.Selected.Name, "Calculate")
	must(t, c.CreateSalesOrder(t.Context(), mugs("PRICE1", func(o *gp.SalesOrder) {
		o.Lines[0].UnitPrice, o.Lines[0].Total = gp.Amount(dec("30.00")), gp.Amount(dec("60.00"))
	})))
	got, err := c.SalesOrder(t.Context(), "PRICE1")
	must(t, err)
	wantAmount(t, "price", got.Lines[0].UnitPrice, "32.50")
	wantAmount(t, "total", got.Total, "77.86")
}

func TestGPWithAPriceOfMoreDecimalsThanTheCurrency(t *testing.T) {
	c := openGP(t, gpVariant{box: func(cfg *gpbox.Config) {
		cfg.CalculatesUnitPrice = true
		cfg.Items[2].Price, cfg.Items[2].CurrencyDecimals = dec("1.2345"), 4
	}})
	fine := gp.SalesLine{Sequence: 2 * gp.LineStep, ItemNumber: "FINE", Quantity: dec("2"), UofM: "EACH", WarehouseID: "WAREHOUSE"}
	must(t, c.CreateSalesOrder(t.Context(), mugs("FINE1", func(o *gp.SalesOrder) { o.Lines = append(o.Lines, fine) })))
	got, err := c.SalesOrder(t.Context(), "FINE1")
	must(t, err)
	wantAmount(t, "price", got.Lines[1].UnitPrice, "1.2345")
	wantAmount(t, "line total", got.Lines[1].Total, "2.47")
	fine.Delete = true
	must(t, c.UpdateSalesOrder(t.Context(), mugs("FINE1", func(o *gp.SalesOrder) { o.Lines = append(o.Lines, fine) })))
}

func TestGPWhosePolicyCreatesNoBatches(t *testing.T) {
	off := false
	c := openGP(t, gpVariant{box: func(cfg *gpbox.Config) { cfg.PolicyCreatesBatches = &off }})
	refusal(t, c.CreateSalesOrder(t.Context(), mugs("BATCH2")), failure.KindRejected, "gp.batch.unknown", "The batch WEB20261124 does not exist")
	c.batchStatus(t, "WEB20261124", 0) // a person makes it
	must(t, c.CreateSalesOrder(t.Context(), mugs("BATCH2")))
}

func TestGPWhoseLockedBatchIsASystemException(t *testing.T) {
	c := openGP(t, gpVariant{box: func(cfg *gpbox.Config) { cfg.LockedBatchIsSystem = true }})
	c.batchStatus(t, "WEB20261124", 1)
	f := refusal(t, c.CreateSalesOrder(t.Context(), mugs("BATCH3")), failure.KindTransient, "gp.system_exception", "unhandled system exception")
	want(t, "a fix", f.Fix != "", true)
}

func TestGPWithAShortage(t *testing.T) {
	five := func(o *gp.SalesOrder) {
		o.Lines = []gp.SalesLine{{ItemNumber: "SCARCE", Quantity: dec("5"), UnitPrice: gp.Amount(dec("10.00")), Total: gp.Amount(dec("50.00"))}}
	}
	for option, want := range map[gpbox.Shortage][3]string{ // allocated, back ordered, canceled
		gpbox.ShortageBackorderBalance: {"3", "2", "0"},
		gpbox.ShortageBackorderAll:     {"0", "5", "0"},
		gpbox.ShortageOverride:         {"5", "0", "0"},
		gpbox.ShortageSellBalance:      {"3", "0", "2"},
		gpbox.ShortageCancelAll:        {"0", "0", "5"},
	} {
		t.Run(string(option), func(t *testing.T) {
			c := openGP(t, gpVariant{box: func(cfg *gpbox.Config) { cfg.Shortage = option }})
			must(t, c.CreateSalesOrder(t.Context(), mugs("SHORT1", five)))
			o, err := c.SalesOrder(t.Context(), "SHORT1")
			must(t, err)
			l := o.Lines[0]
			if got := [3]string{l.QuantityAllocated.String(), l.QuantityToBackorder.String(), l.QuantityCanceled.String()}; got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
	t.Run("refused", func(t *testing.T) {
		c := openGP(t, gpVariant{box: func(cfg *gpbox.Config) { cfg.Shortage = gpbox.ShortageRefuse }})
		refusal(t, c.CreateSalesOrder(t.Context(), mugs("SHORT1", five)), failure.KindRejected, "gp.item.shortage", "The quantity 5 of item SCARCE is not available")
	})
	t.Run("no back orders", func(t *testing.T) {
		c := openGP(t, gpVariant{box: func(cfg *gpbox.Config) { cfg.Items[1].NoBackorder = true }})
		refusal(t, c.CreateSalesOrder(t.Context(), mugs("SHORT1", five)), failure.KindRejected, "gp.item.no_back_order", "does not allow back orders")
	})
}

func TestGPThatDoesNotAllocate(t *testing.T) {
	off := false
	c := openGP(t, gpVariant{box: func(cfg *gpbox.Config) { cfg.PolicyAllocates = &off }})
	must(t, c.CreateSalesOrder(t.Context(), mugs("ALLOC1")))
	o, err := c.SalesOrder(t.Context(), "ALLOC1")
	must(t, err)
	want(t, "allocated", o.Lines[0].QuantityAllocated.String(), "0")
}
