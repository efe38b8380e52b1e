package gp

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

// withPrices gives the test's company a second price level, an item with
// breaks, a kit and a salesperson.
func withPrices(c *Config) {
	dec := decimal.RequireFromString
	c.PriceLevels = []Entry{{"RETAIL", "Retail"}, {"WHOLESALE", "Wholesale"}}
	c.Salespersons = []Entry{{"PAUL", "West"}}
	c.Items = append(c.Items,
		Item{
			ItemNumber: "CUP", Description: "Cup", Price: dec("10"), Prices: map[string]decimal.Decimal{"EUR": dec("9")}, OnHand: map[string]decimal.Decimal{"MAIN": dec("5"), "EMPTY": dec("-1")},
			Units: []Unit{{"EACH", dec("1")}, {"CASE", dec("12")}}, UofMSchedule: "CUPS",
			Levels: map[string][]Break{"WHOLESALE": {{From: dec("10"), Price: dec("7")}, {From: dec("1"), Price: dec("8")}}},
		},
		Item{ItemNumber: "NOWHERE", Description: "At no site", Price: dec("1")},
		Item{ItemNumber: "SET", Description: "Set", Type: kitType, Components: []Component{{"CUP", dec("4")}}})
	limit := dec("750")
	c.ClassDefaults = map[string]ClassDefaults{"WEB": {PaymentTerms: "Net 30", PriceLevel: "WHOLESALE", DiscountPercent: dec("2.5"), CreditLimit: &limit}}
}

// TestMasterOperations calls each operation once or more on one company.
func TestMasterOperations(t *testing.T) {
	s := start(t, withPrices)
	const each = `<ItemKey><Id>CUP</Id></ItemKey><CurrencyKey><ISOCode>USD</ISOCode></CurrencyKey>`
	amount := func(v string) string {
		return "<Currency>USD</Currency><Value>" + v + "</Value><DecimalDigits>2</DecimalDigits>"
	}
	pricing := func(item string, breaks string) string {
		return `<pricing><Key><ItemKey><Id>` + item + `</Id></ItemKey><CurrencyKey><ISOCode>USD</ISOCode></CurrencyKey><PriceLevelKey><Id>WHOLESALE</Id></PriceLevelKey><UofM>Each</UofM></Key><Details>` + breaks + `</Details></pricing>`
	}
	detail := func(to, price string) string {
		return `<PricingDetail><Key><ToQuantity><Value>` + to + `</Value><DecimalDigits>0</DecimalDigits></ToQuantity></Key><UofMPrice><Amount>` + amount(price) + `</Amount></UofMPrice></PricingDetail>`
	}
	tests := []struct {
		op, params string
		want       string // in the answer, or the id of the refusal
		refused    int
	}{
		{"CreateCustomer", newCustomer, "", 0},
		{"GetCustomerByKey", "<key><Id>WEB0000313</Id></key>", "<PaymentTermsKey><CompanyKey><Id xmlns=\"" + nsDyn + "\">-1</Id></CompanyKey><Id>Net 30</Id>", 0},
		{"GetCustomerByKey", "<key><Id>WEB0000313</Id></key>", "<Id>WHOLESALE</Id>", 0},
		{"GetCustomerByKey", "<key><Id>WEB0000313</Id></key>", "<TradeDiscountPercent><Value>2.50</Value>", 0},
		{"GetCustomerByKey", "<key><Id>WEB0000313</Id></key>", "<Value>750.00</Value>", 0},
		{"UpdateCustomer", `<customer><Key><Id>WEB0000313</Id></Key><Comment1>c</Comment1><CreditLimit><SpecialAmount>No Credit</SpecialAmount></CreditLimit><TaxExemptNumbers><string>T1</string></TaxExemptNumbers><UserDefined2>u</UserDefined2></customer>`, "", 0},
		{"GetCustomerByKey", "<key><Id>WEB0000313</Id></key>", "<CreditLimit><SpecialAmount>No Credit</SpecialAmount><Period xsi:nil", 0},
		{"GetCustomerByKey", "<key><Id>WEB0000313</Id></key>", "<TaxExemptNumbers><string>T1</string><string></string></TaxExemptNumbers>", 0},
		{"UpdateCustomer", `<customer><Key><Id>WEB0000313</Id></Key><CreditLimit><Amount>` + amount("-1") + `</Amount></CreditLimit></customer>`, "", ruleAmount},
		{"CreateCustomerAddress", `<address><Line1>3 Fir St</Line1><City>Bend</City><Key><CustomerKey><Id>WEB0000313</Id></CustomerKey><Id>SHIP-7</Id></Key><SalespersonKey><Id>PAUL</Id></SalespersonKey></address>`, "", 0},
		{"GetCustomerAddressList", "<criteria><Scope>Return All</Scope><CustomerKeyId><EqualValue>web0000313</EqualValue></CustomerKeyId><City><Like>B%</Like></City></criteria>", "<Id>SHIP-7</Id></Key><SalespersonKey>", 0},
		{"DeleteCustomerAddress", "<key><CustomerKey><Id>WEB0000313</Id></CustomerKey><Id>PRIMARY</Id></key>", "", ruleState},
		{"DeleteCustomerAddress", "<key><CustomerKey><Id>WEB0000313</Id></CustomerKey><Id>SHIP-7</Id></key>", "", 0},
		{"DeleteCustomerAddress", "<key><CustomerKey><Id>WEB0000313</Id></CustomerKey><Id>SHIP-7</Id></key>", "", ruleNotFound},
		{"GetCustomerList", "<criteria><Name><Like>Grace%</Like></Name><Scope>Return All</Scope></criteria>", "<PhoneNumbers><PhoneNumber><Value>5035550199</Value>", 0},
		{"GetCustomerList", "<criteria><Scope>Return Based on Customer Id</Scope></criteria>", "<GetCustomerListResult></GetCustomerListResult>", 0},
		{"GetCustomerList", "<criteria><Id><From>D</From><LessThan>DZ</LessThan></Id><Scope>Return All</Scope></criteria>", "<Name>Discounted</Name>", 0},
		{"DeleteCustomer", "<key><Id>WEB0000313</Id></key>", "", 0},
		{"GetCustomerByKey", "<key><Id>WEB0000313</Id></key>", "", ruleNotFound},
		{"DeleteCustomer", "<key><Id>WEB0000313</Id></key>", "", ruleNotFound},

		{"GetItemByKey", "<key><Id>CUP</Id></key>", `xsi:type="SalesItem"`, 0},
		{"GetItemByKey", "<key><Id>CUP</Id></key>", "<OnHandQuantity><Value>-1</Value>", 0},
		{"GetItemByKey", "<key><Id>NOWHERE</Id></key>", "<Quantities></Quantities>", 0},
		{"GetItemByKey", "<key><Id>SET</Id></key>", `xsi:type="Kit"`, 0},
		{"CreateSalesItem", `<salesItem><Key><Id>bowl</Id></Key><Description>Bowl</Description><UofMScheduleKey><Id>CUPS</Id></UofMScheduleKey><AllowBackOrder>false</AllowBackOrder><DefaultSellingUofM>Case</DefaultSellingUofM></salesItem>`, "", 0},
		{"CreateSalesItem", `<salesItem><Key><Id>BOWL</Id></Key><UofMScheduleKey><Id>CUPS</Id></UofMScheduleKey></salesItem>`, "", ruleDuplicate},
		{"CreateSalesItem", `<salesItem><Key><Id>BAD</Id></Key><UofMScheduleKey><Id>NONE</Id></UofMScheduleKey></salesItem>`, "", ruleUnknown},
		{"CreateSalesItem", `<salesItem><Key><Id>BAD</Id></Key><UofMScheduleKey><Id>CUPS</Id></UofMScheduleKey><DefaultSellingUofM>Box</DefaultSellingUofM></salesItem>`, "", ruleUnit},
		{"GetItemByKey", "<key><Id>BOWL</Id></key>", "<DefaultSellingUofM>CASE</DefaultSellingUofM>", 0},
		{"CreateItemWarehouse", `<itemWarehouse><Key><ItemKey><Id>BOWL</Id></ItemKey><WarehouseKey><Id>MAIN</Id></WarehouseKey></Key></itemWarehouse>`, "", 0},
		{"CreateItemWarehouse", `<itemWarehouse><Key><ItemKey><Id>BOWL</Id></ItemKey><WarehouseKey><Id>MAIN</Id></WarehouseKey></Key></itemWarehouse>`, "", ruleDuplicate},
		{"CreateItemWarehouse", `<itemWarehouse><Key><ItemKey><Id>SET</Id></ItemKey><WarehouseKey><Id>MAIN</Id></WarehouseKey></Key></itemWarehouse>`, "", ruleUnknown},
		{"GetItemWarehouseByKey", "<key><ItemKey><Id>BOWL</Id></ItemKey><WarehouseKey><Id>MAIN</Id></WarehouseKey></key>", "<RequisitionedQuantity>", 0},
		{"GetItemWarehouseByKey", "<key><ItemKey><Id>BOWL</Id></ItemKey><WarehouseKey><Id>EMPTY</Id></WarehouseKey></key>", "", ruleNotFound},
		{"GetItemWarehouseList", "<criteria><ItemId><EqualValue>CUP</EqualValue></ItemId><WarehouseId><EqualValue>empty</EqualValue></WarehouseId></criteria>", "<Id>EMPTY</Id>", 0},
		{"CreateItemCurrency", `<itemCurrency><Key><ItemKey><Id>BOWL</Id></ItemKey><CurrencyKey><ISOCode>USD</ISOCode></CurrencyKey></Key><ListPrice>` + amount("4") + `</ListPrice></itemCurrency>`, "", 0},
		{"CreateItemCurrency", `<itemCurrency><Key><ItemKey><Id>BOWL</Id></ItemKey><CurrencyKey><ISOCode>USD</ISOCode></CurrencyKey></Key><ListPrice>` + amount("4") + `</ListPrice></itemCurrency>`, "", ruleDuplicate},
		{"CreateItemCurrency", `<itemCurrency><Key><ItemKey><Id>BOWL</Id></ItemKey><CurrencyKey><ISOCode>XXX</ISOCode></CurrencyKey></Key></itemCurrency>`, "", ruleUnknown},
		{"GetItemCurrencyByKey", "<key><ItemKey><Id>BOWL</Id></ItemKey><CurrencyKey><ISOCode>USD</ISOCode></CurrencyKey></key>", "<Value>4.00</Value>", 0},
		{"GetItemCurrencyByKey", "<key><ItemKey><Id>BOWL</Id></ItemKey><CurrencyKey><ISOCode>EUR</ISOCode></CurrencyKey></key>", "", ruleNotFound},
		{"GetItemCurrencyList", "<criteria><ItemId><EqualValue>CUP</EqualValue></ItemId><CurrencyISOCode><EqualValue>eur</EqualValue></CurrencyISOCode></criteria>", "<Value>9.00</Value>", 0},
		{"GetPricingByKey", "<key>" + each + "<PriceLevelKey><Id>RETAIL</Id></PriceLevelKey><UofM>Case</UofM></key>", "<Value>120.00</Value>", 0},
		{"GetPricingByKey", "<key>" + each + "<PriceLevelKey><Id>WHOLESALE</Id></PriceLevelKey><UofM>EACH</UofM></key>", "<ToQuantity><Value>9</Value>", 0},
		{"GetPricingByKey", "<key>" + each + "<PriceLevelKey><Id>VIP</Id></PriceLevelKey><UofM>EACH</UofM></key>", "", ruleNotFound},
		{"CreatePricing", pricing("BOWL", detail("9", "3.5")+detail("99999", "3")), "", 0},
		{"CreatePricing", pricing("BOWL", detail("9", "3.5")), "", ruleDuplicate},
		{"CreatePricing", pricing("NOWHERE", detail("9", "3.5")+detail("4", "3")), "", ruleAmount},
		{"CreatePricing", pricing("NONE", detail("9", "3.5")), "", ruleUnknown},
		{"CreatePricing", pricing("NOWHERE", ""), "", ruleMissing},
		{"GetPricingList", "<criteria><ItemId><EqualValue>BOWL</EqualValue></ItemId><PriceLevelId><EqualValue>WHOLESALE</EqualValue></PriceLevelId></criteria>", "<UofM>EACH</UofM>", 0},
		{"GetPricingList", "<criteria><LastModifiedDate><GreaterThan>2026-11-24T15:00:00Z</GreaterThan></LastModifiedDate></criteria>", "<GetPricingListResult></GetPricingListResult>", 0},
		{"DiscontinueSalesItem", "<key><Id>BOWL</Id></key>", "", 0},
		{"DiscontinueSalesItem", "<key><Id>SET</Id></key>", "", ruleNotFound},
		{"GetItemList", "<criteria><ItemId><Like>BO%</Like></ItemId><IsDiscontinued><EqualValue>true</EqualValue></IsDiscontinued></criteria>", "<Type>Sales Item</Type><IsDiscontinued>true</IsDiscontinued>", 0},
		{"GetUofMScheduleByKey", "<key><Id>cups</Id></key>", "<UofM>CASE</UofM><EquivalentUofM>EACH</EquivalentUofM><EquivalentUofMQuantity><Value>12</Value>", 0},
		{"GetUofMScheduleByKey", "<key><Id>NONE</Id></key>", "", ruleNotFound},
		{"GetUofMScheduleList", "<criteria></criteria>", "<BaseUofM>EACH</BaseUofM>", 0},
		{"GetPriceLevelList", "<criteria></criteria>", "<Description>Wholesale</Description>", 0},
		{"GetCurrencyList", "<criteria></criteria>", "<ISOCode>GBP</ISOCode>", 0},
		{"GetTaxScheduleList", "<criteria></criteria>", "<TaxScheduleDescription>Tax computed by the shop</TaxScheduleDescription>", 0},
		{"GetBankList", "<criteria></criteria>", "<Name>Uptown Trust</Name>", 0},
		{"GetSalespersonList", "<criteria></criteria>", "<LastName>West</LastName>", 0},
		{"GetSalespersonByKey", "<key><Id>paul</Id></key>", "<LastName>West</LastName>", 0},
		{"GetSalespersonByKey", "<key><Id>MARY</Id></key>", "", ruleNotFound},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprintf("%02d %s", i, tt.op), func(t *testing.T) {
			status, body := s.call(tt.op, strings.TrimSuffix(tt.params, "CONTEXT")+"CONTEXT")
			if tt.refused != 0 {
				if why := s.why(body); status != http.StatusInternalServerError || !strings.Contains(why, fmt.Sprintf("<Id>%d</Id>", tt.refused)) {
					t.Errorf("status %d: %s, want id %d", status, why, tt.refused)
				}
				return
			}
			if status != http.StatusOK || !strings.Contains(body, tt.want) {
				t.Errorf("status %d: no %s in %s\n%s", status, tt.want, body, s.why(body))
			}
		})
	}
}

func TestDeleteCustomerWithOrders(t *testing.T) {
	s := start(t, nil)
	s.must("CreateSalesOrder", order(t))
	if _, body := s.call("DeleteCustomer", "<key><Id>WEB0000312</Id></key>CONTEXT"); !strings.Contains(s.why(body), fmt.Sprint(ruleState)) {
		t.Errorf("delete of a customer with an order: %s", s.why(body))
	}
}

func TestStrictListsNeedAScope(t *testing.T) {
	s := start(t, func(c *Config) { c.StrictOrder = true })
	if status, _ := s.call("GetCustomerList", "<criteria></criteria>CONTEXT"); status != http.StatusInternalServerError {
		t.Errorf("a list without a scope has status %d", status)
	}
	s.must("GetCustomerList", "<criteria><Scope>Return All</Scope></criteria>CONTEXT")
}

// TestAdminOfMasterRecords: what a person does by hand, and mistakes in it.
func TestAdminOfMasterRecords(t *testing.T) {
	tests := []struct {
		name, method, path, body string
		status                   int
		op, params, want         string // what the service shows then
	}{
		{"receive", "POST", "/receive", `{"item":"scarce","site":"main","quantity":"4.5"}`, 200, "GetItemByKey", "<key><Id>SCARCE</Id></key>", "<OnHandQuantity><Value>7.5</Value>"},
		{"take away more than there is", "POST", "/receive", `{"item":"SCARCE","site":"MAIN","quantity":-5}`, 200, "GetItemByKey", "<key><Id>SCARCE</Id></key>", "<OnHandQuantity><Value>-2</Value>"},
		{"receive at a site", "POST", "/receive", `{"item":"SCARCE","site":"EMPTY","quantity":"1"}`, 200, "GetItemWarehouseList", "<criteria></criteria>", "<Id>EMPTY</Id>"},
		{"receive a fee", "POST", "/receive", `{"item":"FEE","site":"MAIN","quantity":1}`, 404, "", "", ""},
		{"receive nowhere", "POST", "/receive", `{"item":"SCARCE","site":"NOWHERE","quantity":1}`, 404, "", "", ""},
		{"stock of no item", "POST", "/stock", `{"set":[{"item":"NONE","site":"MAIN","onHand":1}]}`, 404, "", "", ""},
		{"stock by another name", "POST", "/stock", `{"items":[]}`, 400, "", "", ""},
		{"discontinue", "POST", "/items/scarce", `{"discontinued":true,"price":"12.5"}`, 200, "GetItemByKey", "<key><Id>SCARCE</Id></key>", "<IsDiscontinued>true</IsDiscontinued>"},
		{"price", "POST", "/items/SCARCE", `{"price":"12.5"}`, 200, "GetItemCurrencyByKey", "<key><ItemKey><Id>SCARCE</Id></ItemKey><CurrencyKey><ISOCode>USD</ISOCode></CurrencyKey></key>", "<Value>12.50</Value>"},
		{"patch of no item", "POST", "/items/NONE", `{}`, 404, "", "", ""},
		{"patch of no field", "POST", "/items/SCARCE", `{"colour":"red"}`, 400, "", "", ""},
		{"generate none", "POST", "/items/generate", `{"count":0}`, 400, "", "", ""},
		{"generate nowhere", "POST", "/items/generate", `{"count":1,"sites":["NOWHERE"]}`, 404, "", "", ""},
		{"generate", "POST", "/items/generate", `{"count":2,"prefix":"x","sites":["EMPTY"]}`, 200, "GetItemByKey", "<key><Id>X000002</Id></key>", "<OnHandQuantity><Value>26</Value>"},
		{"generated price", "POST", "/items/generate", `{"count":1}`, 200, "GetPricingByKey", "<key><ItemKey><Id>GEN-000001</Id></ItemKey><CurrencyKey><ISOCode>USD</ISOCode></CurrencyKey><UofM>EACH</UofM></key>", "<Value>42.07</Value>"},
		{"add customer", "POST", "/customers", `{"id":"new","name":"New","class":"WEB","address":{"line1":"1 Elm","email":"n@example.com"}}`, 200, "GetCustomerByKey", "<key><Id>NEW</Id></key>", "<EmailToAddress>n@example.com</EmailToAddress>"},
		{"add customer twice", "POST", "/customers", `{"id":"HELD"}`, 400, "", "", ""},
		{"add nobody", "POST", "/customers", `{}`, 400, "", "", ""},
		{"edit customer", "POST", "/customers/held", `{"name":"Free","hold":false,"terms":"Net 30","discountPercent":"1.5","creditLimit":"100","userDefined1":"u"}`, 200, "GetCustomerByKey", "<key><Id>HELD</Id></key>", "<Name>Free</Name>"},
		{"unknown terms", "POST", "/customers/HELD", `{"terms":"Never"}`, 400, "", "", ""},
		{"edit nobody", "POST", "/customers/NONE", `{"hold":true}`, 404, "", "", ""},
		{"e-mail without address", "POST", "/customers/HELD", `{"email":"h@example.com"}`, 404, "", "", ""},
		{"address and e-mail", "POST", "/customers/HELD", `{"address":{"id":"main","line1":"1 Elm"},"email":"h@example.com"}`, 200, "GetCustomerAddressByKey", "<key><CustomerKey><Id>HELD</Id></CustomerKey><Id>MAIN</Id></key>", "<EmailToAddress>h@example.com</EmailToAddress>"},
		{"bad duration", "PUT", "/stamps", `{"lateCommits":"soon"}`, 400, "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, nil)
			r, err := http.NewRequestWithContext(t.Context(), tt.method, s.url+"/_sandbox"+tt.path, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			status, body := s.do(r)
			if status != tt.status {
				t.Fatalf("status %d: %s, want %d", status, body, tt.status)
			}
			if tt.op == "" {
				return
			}
			if got := s.must(tt.op, tt.params+"CONTEXT"); !strings.Contains(got, tt.want) {
				t.Errorf("no %s in %s", tt.want, got)
			}
		})
	}
}

// TestPeopleAreDeterministic: two companies of one seed get the same deliveries
// and edits.
func TestPeopleAreDeterministic(t *testing.T) {
	act := func(seed uint64) string {
		s := start(t, withPrices)
		for i, act := range []func(context.Context, *rand.Rand) error{s.receiveGoods, s.editACustomer} {
			dice := newPerson(seed, i)
			for range 20 {
				if err := act(t.Context(), dice); err != nil {
					t.Fatal(err)
				}
			}
		}
		all := s.must("GetItemByKey", "<key><Id>SCARCE</Id></key>CONTEXT") + s.must("GetItemByKey", "<key><Id>MUG-BLUE-11</Id></key>CONTEXT")
		for _, id := range []string{"WEB0000312", "HELD", "GONE", "DISC"} {
			all += s.must("GetCustomerByKey", "<key><Id>"+id+"</Id></key>CONTEXT")
		}
		return all
	}
	one, two, other := act(7), act(7), act(8)
	if one != two {
		t.Error("the same seed does different things")
	}
	if one == other {
		t.Error("another seed does the same")
	}
}

// TestListsUseIndexes: a window of stamps is found without reading all rows.
func TestListsUseIndexes(t *testing.T) {
	s := start(t, nil)
	for query, index := range map[string]string{
		"SELECT 1 FROM IV00101 WHERE DEX_ROW_TS >= 'a' " + orderByItem:                                     "IV00101_stamp",
		"SELECT 1 FROM IV00101 WHERE DEX_ROW_TS >= 'a' AND DEX_ROW_TS <= 'b' " + orderByItem:               "IV00101_stamp",
		"SELECT 1 FROM IV00107 WHERE DEX_ROW_TS > 'a'" + orderByItem + ", CURNCYID":                        "IV00107_stamp",
		"SELECT 1 FROM RM00101 c LEFT JOIN RM00102 a ON a.CUSTNMBR = c.CUSTNMBR WHERE c.DEX_ROW_TS >= 'a'": "RM00101_stamp",
		"SELECT 1 FROM eConnect_Out WHERE DOCTYPE = 'Item' AND DEX_ROW_TS >= 'a'":                          "eConnect_Out_stamp",
	} {
		plan := s.plan(query)
		if !strings.Contains(plan, index) {
			t.Errorf("%s: %s", query, plan)
		}
	}
}

// plan is how SQLite answers a query.
func (s *sandbox) plan(query string) string {
	s.t.Helper()
	rows, err := s.DB().QueryContext(s.t.Context(), "EXPLAIN QUERY PLAN "+query)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	plan := ""
	for rows.Next() {
		var a, b, c int
		var step string
		if err := rows.Scan(&a, &b, &c, &step); err != nil {
			s.t.Fatal(err)
		}
		plan += step + "; "
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return plan
}

func (s *Server) lastStamp(ctx context.Context) (stamp time.Time, err error) {
	err = s.store.read(ctx, func(q querier) error {
		stamp, err = stampOf(ctx, q)
		return err
	})
	return stamp, err
}

// TestOlderFile: a file of a version that had fewer columns opens.
func TestOlderFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "gp.db")
	s := start(t, func(c *Config) { c.DB = file })
	for _, change := range []string{
		"ALTER TABLE RM00101 DROP COLUMN CRLMTAMT", "ALTER TABLE SY01200 DROP COLUMN DEX_ROW_TS", "DROP TABLE IV00107", "DROP TABLE IV00108", "DROP TABLE IV40202",
	} {
		if _, err := s.store.writer.ExecContext(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := start(t, func(c *Config) { c.DB = file })
	again.admin(http.MethodPost, "/customers/WEB0000312", `{"creditLimit":"70","email":"a@example.com"}`)
	got := again.must("GetCustomerByKey", "<key><Id>WEB0000312</Id></key>CONTEXT")
	if !strings.Contains(got, "<Value>70.00</Value>") || !strings.Contains(got, "a@example.com") {
		t.Errorf("customer %s", got)
	}
	again.must("GetPricingByKey", "<key><ItemKey><Id>SCARCE</Id></ItemKey><CurrencyKey><ISOCode>USD</ISOCode></CurrencyKey><UofM>EACH</UofM></key>CONTEXT")
}

// TestBuyerAndBookkeeperWork: both act until they are told to stop.
func TestBuyerAndBookkeeperWork(t *testing.T) {
	for _, people := range []People{{Buyer: 500}, {Bookkeeper: 500}} {
		acts := make(chan struct{}, 1000)
		s := start(t, func(c *Config) { c.People = people })
		s.store.stamps.wait = func(context.Context, time.Duration) { acts <- struct{}{} }
		s.store.stamps.late.Store(1)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Run(ctx) }()
		for range 3 {
			<-acts
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// BenchmarkHundredThousandItems times what the stock benchmark needs.
func BenchmarkHundredThousandItems(b *testing.B) {
	for b.Loop() {
		s, err := New(Config{Logger: slog.New(slog.DiscardHandler), Sites: []Entry{{"WAREHOUSE", ""}, {"STORE", ""}}})
		if err != nil {
			b.Fatal(err)
		}
		begin := time.Now()
		if err := s.Generate(b.Context(), 100_000, "", []string{"WAREHOUSE", "STORE"}); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(begin).Seconds(), "generate-s")
		begin = time.Now()
		if _, err := s.CountStock(b.Context(), 10_000, 1); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(begin).Seconds(), "count10000-s")
		ask := func(unit, op, params string) {
			begin := time.Now()
			r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, everything, strings.NewReader(envelope(op, params+"CONTEXT")))
			r.Header.Set("Content-Type", "text/xml; charset=utf-8")
			r.Header.Set("SOAPAction", `"`+nsGP+"/"+op+`"`)
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, r)
			if w.Code != http.StatusOK || w.Body.Len() < 500 {
				b.Fatalf("%s: status %d: %s", op, w.Code, w.Body)
			}
			b.ReportMetric(float64(time.Since(begin).Microseconds())/1000, unit)
		}
		since, err := s.lastStamp(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		ask("list10000-ms", "GetItemList", "<criteria><LastModifiedDate><From>"+since.Format("2006-01-02T15:04:05.000")+"</From></LastModifiedDate></criteria>")
		ask("item-ms", "GetItemByKey", "<key><Id>GEN-050000</Id></key>")
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
