package gp

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/shopspring/decimal"
)

func TestCreateSalesOrder(t *testing.T) {
	s := start(t, nil)
	body := s.must("CreateSalesOrder", order(t))
	want := `<CreateSalesOrderResponse xmlns="http://schemas.microsoft.com/dynamics/gp/2006/01"/>`
	if !strings.Contains(body, want) {
		t.Errorf("answer %s, want the empty element %s", body, want)
	}
	orders, err := s.Orders(t.Context())
	if err != nil || len(orders) != 1 {
		t.Fatalf("orders %v, error %v, want one", orders, err)
	}
	o := orders[0]
	if o.Number != "WEB100000417" || o.Amount.String() != "77.86" || o.Batch != "MAGPIE" || o.CustomerPO != "100000417" {
		t.Errorf("order %+v", o)
	}
	if got := o.Lines[0].Allocated.String(); got != "2" {
		t.Errorf("allocated %s, want 2", got)
	}
}

// TestRefusals changes one thing of a good order at a time.
func TestRefusals(t *testing.T) {
	usd := func(v string) string {
		return "<Currency>USD</Currency><Value>" + v + "</Value><DecimalDigits>2</DecimalDigits>"
	}
	tests := []struct {
		name     string
		old, new string
		id       int
		property string
	}{
		{"unknown customer", "<CustomerKey><Id>WEB0000312</Id></CustomerKey>\n <Batch", "<CustomerKey><Id>NOBODY</Id></CustomerKey>\n <Batch", ruleUnknown, "CustomerKey"},
		{"no customer", "<CustomerKey><Id>WEB0000312</Id></CustomerKey>\n <Batch", "<Batch", ruleMissing, "CustomerKey"},
		{"customer on hold", "<CustomerKey><Id>WEB0000312</Id></CustomerKey>\n <Batch", "<CustomerKey><Id>HELD</Id></CustomerKey>\n <Batch", ruleOnHold, "CustomerKey"},
		{"inactive customer", "<CustomerKey><Id>WEB0000312</Id></CustomerKey>\n <Batch", "<CustomerKey><Id>GONE</Id></CustomerKey>\n <Batch", ruleInactive, "CustomerKey"},
		{"address of nobody", "<Id>PRIMARY</Id>", "<Id>SHIP-7</Id>", ruleUnknown, "ShipToAddressKey"},
		{"unknown item", "MUG-BLUE-11", "MUG-RED", ruleUnknown, "Lines.ItemKey"},
		{"discontinued item", "MUG-BLUE-11", "OLD", ruleInactive, "Lines.ItemKey"},
		{"item not at site", "<WarehouseKey><Id>MAIN</Id></WarehouseKey>\n   <ItemKey>", "<WarehouseKey><Id>EMPTY</Id></WarehouseKey>\n   <ItemKey>", ruleNoSite, "Lines.WarehouseKey"},
		{"unknown site", "<WarehouseKey><Id>MAIN</Id></WarehouseKey>\n   <ItemKey>", "<WarehouseKey><Id>MOON</Id></WarehouseKey>\n   <ItemKey>", ruleUnknown, "Lines.WarehouseKey"},
		{"schedule as unit", "<UofM>EACH</UofM>", "<UofM>SCHEDULE</UofM>", ruleUnit, "Lines.UofM"},
		{"no lines", "<Lines>", `<Lines xsi:nil="true">`, ruleMissing, "Lines"},
		{"no quantity", "<Quantity><Value>2</Value>", "<Quantity><Value>0</Value>", ruleMissing, "Lines.Quantity"},
		{"half a mug", "<Quantity><Value>2</Value>", "<Quantity><Value>1.5</Value>", ruleAmount, "Lines.Quantity"},
		{"unknown document id", "<Id>WEBORD</Id>", "<Id>NOPE</Id>", ruleUnknown, "DocumentTypeKey"},
		{"document id of another type", "<Id>WEBORD</Id>", "<Id>STDINV</Id>", ruleUnknown, "DocumentTypeKey"},
		{"no batch", "<BatchKey><Id>MAGPIE</Id>", "<BatchKey>", ruleMissing, "BatchKey"},
		{"document total", usd("77.86"), usd("77.87"), ruleTotal, "TotalAmount"},
		{"line total", usd("65.00"), usd("65.01"), ruleExtended, "Lines.TotalAmount"},
		{"sum of lines", "<TotalAmount>" + usd("77.86"), "<LineTotalAmount>" + usd("64.99") + "</LineTotalAmount><TotalAmount>" + usd("77.86"), ruleLineTotal, "LineTotalAmount"},
		{"third decimal", usd("7.50"), usd("7.505"), ruleAmount, "FreightAmount"},
		{"negative freight", usd("7.50"), usd("-7.50"), ruleAmount, "FreightAmount"},
		{"other currency inside", usd("7.50"), strings.Replace(usd("7.50"), "USD", "EUR", 1), ruleUnknown, "FreightAmount"},
		{"unknown currency", "<ISOCode>USD</ISOCode>", "<ISOCode>XXX</ISOCode>", ruleUnknown, "CurrencyKey"},
		{"unknown tax schedule", "<Id>WEBTAX</Id>", "<Id>NOTAX</Id>", ruleUnknown, "TaxScheduleKey"},
		{"long purchase order number", "<CustomerPONumber>100000417", "<CustomerPONumber>" + strings.Repeat("1", 21), ruleTooLong, "CustomerPONumber"},
		{"long order number", "WEB100000417", "WEB" + strings.Repeat("1", 18), ruleTooLong, "Key.Id"},
		{"long name", "<CustomerPONumber>", "<CustomerName>" + strings.Repeat("n", 65) + "</CustomerName><CustomerPONumber>", ruleTooLong, "CustomerName"},
		{"percent and amount", "<CustomerPONumber>", "<TradeDiscount><Percent><Value>1</Value><DecimalDigits>0</DecimalDigits></Percent><Amount>" + usd("1") + "</Amount></TradeDiscount><CustomerPONumber>", ruleChoice, "TradeDiscount"},
		{"tax rows differ", "<DocumentTypeKey>", "<Taxes><SalesDocumentTax><TaxAmount>" + usd("5.35") + "</TaxAmount><Key><TaxDetailKey><Id>WEBTAX</Id></TaxDetailKey></Key></SalesDocumentTax></Taxes><DocumentTypeKey>", ruleTax, "TaxAmount"},
		{"unknown tax detail", "<DocumentTypeKey>", "<Taxes><SalesDocumentTax><TaxAmount>" + usd("5.36") + "</TaxAmount><Key><TaxDetailKey><Id>VAT</Id></TaxDetailKey></Key></SalesDocumentTax></Taxes><DocumentTypeKey>", ruleUnknown, "Taxes"},
		{"payment of an invoice", "<Lines>", "<Payments><SalesPayment><PaymentAmount>" + usd("1") + "</PaymentAmount><Type>Cash Payment</Type></SalesPayment></Payments><Lines>", rulePayments, "Payments.Type"},
		{"unknown card", "<Lines>", "<Payments><SalesPayment><PaymentAmount>" + usd("1") + "</PaymentAmount><PaymentCardTypeKey><Id>GOLD</Id></PaymentCardTypeKey><Type>Payment Card Deposit</Type></SalesPayment></Payments><Lines>", ruleUnknown, "Payments.PaymentCardTypeKey"},
		{"unknown checkbook", "<Lines>", "<Payments><SalesPayment><PaymentAmount>" + usd("1") + "</PaymentAmount><BankAccountKey><Id>SOCK</Id></BankAccountKey><Type>Cash Deposit</Type></SalesPayment></Payments><Lines>", ruleUnknown, "Payments.BankAccountKey"},
		{"paid too much", "<Lines>", "<Payments><SalesPayment><PaymentAmount>" + usd("99") + "</PaymentAmount><BankAccountKey><Id>UPTOWN TRUST</Id></BankAccountKey><Type>Cash Deposit</Type></SalesPayment></Payments><Lines>", rulePayments, "Payments"},
		{"no back order", "MUG-BLUE-11", "STRICT", ruleNoBackorder, "Lines.Quantity"},
		{"closed period", "<Date>2026-11-24", "<Date>2026-09-30", ruleClosed, "Date"},
	}
	s := start(t, func(c *Config) { c.ClosedThrough, c.RefusesClosedPeriods = at.AddDate(0, -1, 0), true })
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, body := s.call("CreateSalesOrder", order(t, tt.old, tt.new))
			if status != http.StatusInternalServerError {
				t.Fatalf("status %d: %s", status, body)
			}
			for _, text := range []string{"NOBODY", "does not"} {
				if strings.Contains(body, text) {
					t.Errorf("the fault tells %q, where it should only give a GUID", text)
				}
			}
			why := s.why(body)
			want := fmt.Sprintf("<PropertyNames><string>%s</string></PropertyNames><Message>", tt.property)
			if !strings.Contains(why, want) || !strings.Contains(why, fmt.Sprintf("<Id>%d</Id>", tt.id)) {
				t.Errorf("validation result %s\nwant property %s and id %d", why, tt.property, tt.id)
			}
		})
	}
	if orders, err := s.Orders(t.Context()); err != nil || len(orders) != 0 {
		t.Errorf("%d orders are there after refusals, error %v", len(orders), err)
	}
	if st := s.stockOf("MUG-BLUE-11"); st.allocated.Sign() != 0 {
		t.Errorf("refused orders left %s allocated", st.allocated)
	}
}

func (s *sandbox) stockOf(item string) stock {
	s.t.Helper()
	var list []stock
	if err := s.store.read(s.t.Context(), func(q querier) (err error) {
		list, err = stocks(s.t.Context(), q, item)
		return err
	}); err != nil || len(list) == 0 {
		s.t.Fatalf("no stock of %s: %v", item, err)
	}
	return list[0]
}

func TestErrorsComeTogether(t *testing.T) {
	s := start(t, nil)
	_, body := s.call("CreateSalesOrder", order(t, "MUG-BLUE-11", "NO-ITEM", "<ISOCode>USD", "<ISOCode>XXX", "<Id>WEBORD", "<Id>NOPE"))
	if n := strings.Count(s.why(body), "<ValidationError>"); n < 3 {
		t.Errorf("%d errors in one result, want at least 3: %s", n, s.why(body))
	}
}

func TestNumberIsTakenInWorkHistoryAndVoid(t *testing.T) {
	s := start(t, nil)
	s.must("CreateSalesOrder", order(t))
	again := func() {
		t.Helper()
		status, body := s.call("CreateSalesOrder", order(t, "<Id>WEB100000417</Id>", "<Id>web100000417  </Id>"))
		if status != http.StatusInternalServerError || !strings.Contains(s.why(body), "already exists") {
			t.Errorf("status %d: %s", status, s.why(body))
		}
	}
	again()
	s.must("VoidSalesOrder", "<key><Id>WEB100000417</Id></key>CONTEXT")
	again()
	if st := s.stockOf("MUG-BLUE-11"); !st.allocated.IsZero() {
		t.Errorf("a voided order keeps %s allocated", st.allocated)
	}
	read := s.must("GetSalesOrderByKey", "<key><Id>WEB100000417</Id></key>CONTEXT")
	if elementText(t, read, "TransactionState") != "History" || elementText(t, read, "IsVoided") != "true" {
		t.Errorf("voided order reads %s", read)
	}
	for _, op := range []string{"VoidSalesOrder", "DeleteSalesOrder"} {
		if status, body := s.call(op, "<key><Id>WEB100000417</Id></key>CONTEXT"); status != http.StatusInternalServerError || !strings.Contains(s.why(body), fmt.Sprint(ruleState)) {
			t.Errorf("%s of a voided order: status %d", op, status)
		}
	}
}

func TestDeleteFreesTheNumber(t *testing.T) {
	s := start(t, nil)
	s.must("CreateSalesOrder", order(t))
	s.must("DeleteSalesOrder", "<key><Id>WEB100000417</Id></key>CONTEXT")
	if status, _ := s.call("GetSalesOrderByKey", "<key><Id>WEB100000417</Id></key>CONTEXT"); status != http.StatusInternalServerError {
		t.Errorf("a deleted order reads with status %d", status)
	}
	s.must("CreateSalesOrder", order(t))
}

func TestNextNumber(t *testing.T) {
	s := start(t, nil)
	for range 2 {
		s.must("CreateSalesOrder", order(t, "<Key><Id>WEB100000417</Id></Key>", ""))
	}
	orders, err := s.Orders(t.Context())
	if err != nil || len(orders) != 2 || orders[0].Number != "WEBORD000009" || orders[1].Number != "WEBORD000010" {
		t.Errorf("orders %+v, error %v", orders, err)
	}
}

func TestIncrement(t *testing.T) {
	for number, want := range map[string]string{"STDORD000001": "STDORD000002", "A99": "A100", "999": "1000", "NONE": "NONE1", "X0999": "X1000"} {
		if got := increment(number); got != want {
			t.Errorf("increment(%s) = %s, want %s", number, got, want)
		}
	}
}

func TestSimultaneousCreates(t *testing.T) {
	s := start(t, func(c *Config) { c.DB = t.TempDir() + "/gp.db" })
	body := envelope("CreateSalesOrder", order(t))
	const callers = 6
	statuses := make([]int, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() { statuses[i], _ = s.post(everything, "CreateSalesOrder", body) })
	}
	wg.Wait()
	won := 0
	for _, st := range statuses {
		if st == http.StatusOK {
			won++
		}
	}
	if won != 1 {
		t.Errorf("statuses %v: %d won, want one", statuses, won)
	}
}

func TestShortage(t *testing.T) {
	tests := []struct {
		option                         Shortage
		allocated, backorder, canceled string
	}{
		{ShortageBackorderBalance, "3", "2", "0"},
		{ShortageBackorderAll, "0", "5", "0"},
		{ShortageOverride, "5", "0", "0"},
		{ShortageSellBalance, "3", "0", "2"},
		{ShortageCancelBalance, "3", "0", "2"},
		{ShortageCancelAll, "0", "0", "5"},
	}
	for _, tt := range tests {
		t.Run(string(tt.option), func(t *testing.T) {
			s := start(t, func(c *Config) { c.Shortage = tt.option })
			s.must("CreateSalesOrder", scarce(t))
			line := s.must("GetSalesOrderByKey", "<key><Id>WEB100000417</Id></key>CONTEXT")
			_, line, _ = strings.Cut(line, "<Lines>")
			for name, want := range map[string]string{"QuantityAllocated": tt.allocated, "QuantityToBackorder": tt.backorder, "QuantityCanceled": tt.canceled} {
				if !strings.Contains(line, "<"+name+"><Value>"+want+"</Value>") {
					t.Errorf("%s is not %s in %s", name, want, line)
				}
			}
		})
	}
	t.Run("refused", func(t *testing.T) {
		s := start(t, func(c *Config) { c.Shortage = ShortageRefuse })
		status, body := s.call("CreateSalesOrder", scarce(t))
		if status != http.StatusInternalServerError || !strings.Contains(s.why(body), fmt.Sprint(ruleShortage)) {
			t.Errorf("status %d: %s", status, s.why(body))
		}
	})
	t.Run("caller's external choice wins", func(t *testing.T) {
		s := start(t, nil)
		policy := s.must("GetPolicyByOperation", "<operation>CreateSalesOrder</operation>CONTEXT")
		_, policy, _ = strings.Cut(policy, "<GetPolicyByOperationResult>")
		policy, _, _ = strings.Cut(policy, "</GetPolicyByOperationResult>")
		i := strings.LastIndex(policy, "<SelectedOption>") // of Quantity Shortage, the last behavior
		policy = policy[:i] + strings.Replace(policy[i:], "<Id>4</Id>", "<Id>0</Id>", 1)
		status, body := s.call("CreateSalesOrder", scarce(t)+"<policy>"+policy+"</policy>")
		if status != http.StatusInternalServerError || !strings.Contains(s.why(body), fmt.Sprint(ruleShortage)) {
			t.Errorf("status %d: %s", status, s.why(body))
		}
	})
}

// scarce is an order of 5 where 3 are there.
func scarce(t *testing.T) string {
	t.Helper()
	return order(t, "MUG-BLUE-11", "SCARCE", "<Value>2</Value>", "<Value>5</Value>", "<Value>32.50</Value>", "<Value>13.00</Value>")
}

func TestCalculatedPriceReplacesTheSentOne(t *testing.T) {
	s := start(t, func(c *Config) { c.CalculatesUnitPrice = true })
	status, body := s.call("CreateSalesOrder", order(t, "<Value>32.50</Value>", "<Value>30.00</Value>", "<Value>65.00</Value>", "<Value>60.00</Value>", "<Value>77.86</Value>", "<Value>72.86</Value>"))
	if status != http.StatusInternalServerError || !strings.Contains(s.why(body), fmt.Sprint(ruleTotal)) {
		t.Errorf("status %d: %s", status, s.why(body))
	}
	s.must("CreateSalesOrder", order(t, "<Value>32.50</Value>", "<Value>30.00</Value>", "<Value>65.00</Value>", "<Value>60.00</Value>",
		" <TotalAmount><Currency>USD</Currency><Value>77.86</Value><DecimalDigits>2</DecimalDigits></TotalAmount>\n <Doc", " <Doc"))
	orders, err := s.Orders(t.Context())
	if err != nil || orders[0].Subtotal.String() != "65" {
		t.Errorf("orders %+v, error %v: want GP's own price", orders, err)
	}
}

func TestUpdateSalesOrder(t *testing.T) {
	s := start(t, nil)
	s.must("CreateSalesOrder", order(t))
	line := func(sequence, quantity, more string) string {
		return `<SalesOrderLine><Key><LineSequenceNumber>` + sequence + `</LineSequenceNumber></Key><Quantity><Value>` + quantity +
			`</Value><DecimalDigits>0</DecimalDigits></Quantity>` + more + `<ItemKey><Id>MUG-BLUE-11</Id></ItemKey></SalesOrderLine>`
	}
	s.must("UpdateSalesOrder", `<salesOrder><Key><Id>WEB100000417</Id></Key><CustomerPONumber>PO-2</CustomerPONumber><Lines>`+
		line("32768", "3", "")+`</Lines></salesOrder>CONTEXT`)
	o := s.oneOrder()
	if len(o.Lines) != 2 || o.Subtotal.String() != "162.5" || o.CustomerPO != "PO-2" || o.Amount.String() != "175.36" {
		t.Errorf("after a new line: %+v", o)
	}
	if got := s.stockOf("MUG-BLUE-11").allocated.String(); got != "5" {
		t.Errorf("allocated %s, want 5", got)
	}
	s.must("UpdateSalesOrder", `<salesOrder><Key><Id>WEB100000417</Id></Key><Lines>`+line("16384", "1", "")+
		line("32768", "3", "<DeleteOnUpdate>true</DeleteOnUpdate>")+`</Lines></salesOrder>CONTEXT`)
	o = s.oneOrder()
	if len(o.Lines) != 1 || o.Subtotal.String() != "32.5" {
		t.Errorf("after a line left: %+v", o)
	}
	if got := s.stockOf("MUG-BLUE-11").allocated.String(); got != "1" {
		t.Errorf("allocated %s, want 1", got)
	}
	if status, body := s.call("UpdateSalesOrder", `<salesOrder><Key><Id>NONE</Id></Key></salesOrder>CONTEXT`); status != http.StatusInternalServerError || !strings.Contains(s.why(body), fmt.Sprint(ruleNotFound)) {
		t.Errorf("update of nothing: status %d", status)
	}
}

func (s *sandbox) oneOrder() OrderRow {
	s.t.Helper()
	orders, err := s.Orders(s.t.Context())
	if err != nil || len(orders) != 1 {
		s.t.Fatalf("orders %+v, error %v", orders, err)
	}
	return orders[0]
}

func TestTotals(t *testing.T) {
	usd := func(v string) string {
		return "<Currency>USD</Currency><Value>" + v + "</Value><DecimalDigits>2</DecimalDigits>"
	}
	tests := []struct {
		name         string
		replacements []string
		want         string
	}{
		{"trade discount amount", []string{"<CustomerPONumber>", "<TradeDiscount><Amount>" + usd("5") + "</Amount></TradeDiscount><CustomerPONumber>", usd("77.86"), usd("72.86")}, "72.86"},
		{"trade discount percent", []string{"<CustomerPONumber>", "<TradeDiscount><Percent><Value>10</Value><DecimalDigits>0</DecimalDigits></Percent></TradeDiscount><CustomerPONumber>", usd("77.86"), usd("71.36")}, "71.36"},
		{"trade discount of the customer", []string{"<CustomerKey><Id>WEB0000312</Id></CustomerKey>\n <Batch", "<CustomerKey><Id>DISC</Id></CustomerKey>\n <Batch",
			" <ShipToAddressKey><CustomerKey><Id>WEB0000312</Id></CustomerKey><Id>PRIMARY</Id></ShipToAddressKey>\n", "", usd("77.86"), usd("71.36")}, "71.36"},
		{"freight tax and miscellaneous", []string{"<TaxAmount>" + usd("5.36") + "</TaxAmount>", "<MiscellaneousAmount>" + usd("1.10") + "</MiscellaneousAmount><TaxAmount>" + usd("5.36") + "</TaxAmount>",
			"<Note>", "<FreightTaxAmount>" + usd("0.40") + "</FreightTaxAmount><Note>", usd("77.86"), usd("79.36")}, "79.36"},
		{"tax rows alone", []string{"<TaxAmount>" + usd("5.36") + "</TaxAmount>", "", "<Lines>",
			"<Taxes><SalesDocumentTax><TaxAmount>" + usd("5.36") + "</TaxAmount><Key><TaxDetailKey><Id>WEBTAX</Id></TaxDetailKey></Key></SalesDocumentTax></Taxes><Lines>"}, "77.86"},
		{"markdown percent of a line", []string{usd("65.00"), usd("58.50"), "<UofM>", "<Discount><Percent><Value>10</Value><DecimalDigits>0</DecimalDigits></Percent></Discount><UofM>", usd("77.86"), usd("71.36")}, "71.36"},
		{"case price from the price list", []string{"<UnitPrice>" + usd("32.50") + "</UnitPrice>", "", "<UofM>EACH", "<UofM>Case", usd("65.00"), usd("780.00"), usd("77.86"), usd("792.86")}, "792.86"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, nil)
			s.must("CreateSalesOrder", order(t, tt.replacements...))
			if o := s.oneOrder(); o.Amount.String() != tt.want {
				t.Errorf("document amount %s, want %s", o.Amount, tt.want)
			}
		})
	}
}

func TestBatches(t *testing.T) {
	t.Run("locked", func(t *testing.T) {
		s := start(t, nil)
		s.admin(http.MethodPost, "/batches/magpie/status", `{"status": 1}`)
		status, body := s.call("CreateSalesOrder", order(t))
		if status != http.StatusInternalServerError || !strings.Contains(s.why(body), fmt.Sprint(ruleBatchLocked)) {
			t.Errorf("status %d: %s", status, s.why(body))
		}
		s.admin(http.MethodPost, "/batches/MAGPIE/status", `{"status": 0}`)
		s.must("CreateSalesOrder", order(t))
		batch := s.must("GetBatchByKey", "<key><Id>MAGPIE</Id><CreatedDateTime>0001-01-01T00:00:00</CreatedDateTime></key>CONTEXT")
		if elementText(t, batch, "NumberOfTransactions") != "1" || elementText(t, batch, "Value") != "77.86" {
			t.Errorf("batch %s", batch)
		}
	})
	t.Run("locked as a system exception", func(t *testing.T) {
		s := start(t, func(c *Config) { c.LockedBatchIsSystem = true })
		s.admin(http.MethodPost, "/batches/MAGPIE/status", `{"status": 1}`)
		if _, body := s.call("CreateSalesOrder", order(t)); !strings.Contains(body, systemSentence) {
			t.Errorf("fault %s", body)
		}
	})
	t.Run("missing", func(t *testing.T) {
		off := false
		s := start(t, func(c *Config) { c.PolicyCreatesBatches = &off })
		_, body := s.call("CreateSalesOrder", order(t))
		if !strings.Contains(s.why(body), fmt.Sprint(ruleBatchMissing)) {
			t.Errorf("validation result %s", s.why(body))
		}
	})
}

func TestDecimalNeverRounds(t *testing.T) {
	s := start(t, nil)
	s.must("CreateSalesOrder", order(t))
	var text string
	if err := s.DB().QueryRowContext(t.Context(), "SELECT typeof(DOCAMNT) || ' ' || DOCAMNT FROM SOP10100").Scan(&text); err != nil || text != "text 77.86" {
		t.Errorf("DOCAMNT is %q, error %v", text, err)
	}
	if d := decimal.RequireFromString("77.86"); !s.oneOrder().Amount.Equal(d) {
		t.Error("amount changed on its way")
	}
}
