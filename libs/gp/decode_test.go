package gp

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/libs/failure"
)

const orderAnswer = `<GetSalesOrderByKeyResult xmlns:xsi="` + nsXSI + `" xmlns:d="` + nsDyn + `">
  <Key><CompanyKey><d:Id>-1</d:Id></CompanyKey><Id>WEB100000417        </Id></Key>
  <Type>Order</Type>
  <Date>2026-11-24T00:00:00</Date>
  <FreightAmount><Currency>USD</Currency><Value>7.50000</Value><DecimalDigits>2</DecimalDigits></FreightAmount>
  <TradeDiscount><Amount><Currency>USD</Currency><Value>1.5</Value><DecimalDigits>2</DecimalDigits></Amount></TradeDiscount>
  <CustomerName>Ada Example   </CustomerName>
  <RequestedShipDate>1900-01-01T00:00:00</RequestedShipDate>
  <TransactionState>History</TransactionState>
  <LineTotalAmount><Value>65</Value></LineTotalAmount>
  <LastModifiedDate>2026-11-24T06:12:44.317</LastModifiedDate>
  <ActualShipDate xsi:nil="true"/>
  <IsVoided>true</IsVoided>
  <CustomerKey><Id>WEB0000312     </Id></CustomerKey>
  <TrackingNumbers><SalesTrackingNumber><Key><Id>1Z 999</Id></Key></SalesTrackingNumber></TrackingNumbers>
  <Lines><SalesOrderLine>
    <Key><SalesDocumentKey><Id>WEB100000417</Id></SalesDocumentKey><LineSequenceNumber>16384</LineSequenceNumber></Key>
    <Quantity><Value>2.00000</Value><DecimalDigits>0</DecimalDigits></Quantity>
    <ItemKey><Id>MUG-BLUE-11  </Id></ItemKey>
    <QuantityAllocated><Value>1</Value></QuantityAllocated>
  </SalesOrderLine></Lines>
</GetSalesOrderByKeyResult>`

func TestReadSalesOrder(t *testing.T) {
	prefixed := regexp.MustCompile(`<(/?)([A-Z])`).ReplaceAllString(orderAnswer, "<${1}z:${2}")
	prefixed = strings.Replace(prefixed, "<z:GetSalesOrderByKeyResult", `<z:GetSalesOrderByKeyResult xmlns:z="urn:another"`, 1)
	for name, answer := range map[string]string{"default namespace": orderAnswer, "odd prefix, wrong namespace": prefixed} {
		t.Run(name, func(t *testing.T) {
			f := newFakeGP(t)
			f.answers("GetSalesOrderByKey", answer)
			o, err := f.client(t).SalesOrder(t.Context(), "web100000417")
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case o.Number != "WEB100000417", o.CustomerName != "Ada Example", o.CustomerID != "WEB0000312":
				t.Errorf("padding was kept: %+v", o)
			case !o.RequestedShipDate.IsZero(), !o.ActualShipDate.IsZero():
				t.Errorf("no date is a date: %+v", o)
			case o.Date != day(2026, 11, 24), !o.LastModified.Equal(time.Date(2026, 11, 24, 6, 12, 44, 317e6, time.UTC)):
				t.Errorf("dates: %v, %v", o.Date, o.LastModified)
			case !o.Freight.Decimal.Equal(dec("7.5")), o.Tax.Valid, !o.TradeDiscount.Decimal.Equal(dec("1.5")):
				t.Errorf("amounts: %+v", o)
			case o.TransactionState != "History", !o.Voided, len(o.TrackingNumbers) != 1:
				t.Errorf("state: %+v", o)
			case len(o.Lines) != 1, o.Lines[0].ItemNumber != "MUG-BLUE-11", o.Lines[0].Sequence != LineStep, !o.Lines[0].QuantityAllocated.Equal(dec("1")):
				t.Errorf("lines: %+v", o.Lines)
			}
		})
	}
}

func TestReadItem(t *testing.T) {
	f := newFakeGP(t)
	f.answers("GetItemByKey", `<GetItemByKeyResult xmlns:i="`+nsXSI+`" i:type="SalesItem">
	  <Key><Id>MUG-BLUE-11</Id></Key><Description>Blue mug 11 oz   </Description><Type>Sales Item</Type>
	  <QuantityDecimalPlaces>Two</QuantityDecimalPlaces>
	  <Quantities>
	    <SalesItemWarehouse><Key><ItemKey><Id>MUG-BLUE-11</Id></ItemKey><WarehouseKey><Id>MAIN  </Id></WarehouseKey></Key>
	      <OnHandQuantity><Value>140</Value></OnHandQuantity><AllocatedQuantity><Value>150</Value></AllocatedQuantity></SalesItemWarehouse>
	  </Quantities></GetItemByKeyResult>`)
	item, err := f.client(t).Item(t.Context(), "mug-blue-11")
	if err != nil {
		t.Fatal(err)
	}
	stock, ok := item.At("main")
	if !ok || !stock.Available().Equal(dec("-10")) || item.Kind != "SalesItem" || item.QuantityDecimals != 2 || item.Description != "Blue mug 11 oz" {
		t.Errorf("got %+v", item)
	}
	if f.paths["GetItemByKey"] != "/Dynamics/GPService/InventoryService.svc" {
		t.Errorf("went to %s", f.paths["GetItemByKey"])
	}
}

func TestReadCustomer(t *testing.T) {
	f := newFakeGP(t)
	f.answers("GetCustomerByKey", `<GetCustomerByKeyResult><Key><Id>WEB1</Id></Key><IsOnHold>false</IsOnHold><Name>Ada  </Name>
	  <LastModifiedDate>2026-11-24T06:12:44Z</LastModifiedDate>
	  <Addresses><CustomerAddress><Line1>1 Main St</Line1><Phone1><Value>5035550100    </Value><Extension>0000</Extension></Phone1>
	    <InternetAddresses><EmailToAddress>ada@example.com</EmailToAddress></InternetAddresses>
	    <Key><CustomerKey><Id>WEB1</Id></CustomerKey><Id>PRIMARY</Id></Key></CustomerAddress></Addresses></GetCustomerByKeyResult>`)
	c, err := f.client(t).Customer(t.Context(), "WEB1")
	if err != nil {
		t.Fatal(err)
	}
	a, ok := c.Address("primary")
	if !ok || a.Email != "ada@example.com" || a.Phone1.Number != "5035550100" || c.OnHold == nil || *c.OnHold || c.Active != nil {
		t.Errorf("got %+v", c)
	}
}

func TestNotFound(t *testing.T) {
	for name, answer := range map[string]string{
		"no result": "", "an empty result": "<GetItemByKeyResult/>",
		"a nil result": `<GetItemByKeyResult xmlns:i="` + nsXSI + `" i:nil="true"/>`,
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeGP(t)
			f.answers("GetItemByKey", answer)
			_, err := f.client(t).Item(t.Context(), "X")
			if e := failure.Of(err); !errors.Is(err, ErrNotFound) || e.Code != "gp.item.not_found" || e.Kind != failure.KindRejected {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestUnreadableAnswer(t *testing.T) {
	for name, body := range map[string]string{
		"half an answer":   `<s:Envelope xmlns:s="` + nsSOAP + `"><s:Body><CreateCust`,
		"another response": `<s:Envelope xmlns:s="` + nsSOAP + `"><s:Body><Other/></s:Body></s:Envelope>`,
		"a bad amount":     `<s:Envelope xmlns:s="` + nsSOAP + `"><s:Body><GetCustomerByKeyResponse><GetCustomerByKeyResult><Key><Id>A</Id></Key><TradeDiscountPercent><Value>1e999999999</Value></TradeDiscountPercent></GetCustomerByKeyResult></GetCustomerByKeyResponse></s:Body></s:Envelope>`,
		"a tower":          strings.Repeat("<a>", 1000),
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeGP(t)
			answer := func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/xml; charset=utf-8")
				_, _ = w.Write([]byte(body))
			}
			f.handle["CreateCustomer"], f.handle["GetCustomerByKey"] = answer, answer
			c := f.client(t)
			err := c.CreateCustomer(t.Context(), sampleCustomer)
			if !errors.Is(err, failure.ErrUnknownOutcome) {
				t.Errorf("a write gave %v", err)
			}
			_, err = c.Customer(t.Context(), "A")
			if e := failure.Of(err); e.Code != "gp.unreadable" || e.Kind != failure.KindTransient {
				t.Errorf("a read gave %v", err)
			}
		})
	}
}

func TestSalesOrdersByPO(t *testing.T) {
	f := newFakeGP(t)
	f.answers("GetSalesOrderList", `<GetSalesOrderListResult>
	  <SalesOrderSummary><Key><Id>A</Id></Key><CustomerPONumber>100000417   </CustomerPONumber><TransactionState>Work</TransactionState></SalesOrderSummary>
	  <SalesOrderSummary><Key><Id>B</Id></Key><CustomerPONumber>100000418</CustomerPONumber></SalesOrderSummary>
	</GetSalesOrderListResult>`)
	got, err := f.client(t).SalesOrdersByPO(t.Context(), "100000417")
	if err != nil || len(got) != 1 || got[0].Number != "A" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestCompanyByName(t *testing.T) {
	f := newFakeGP(t)
	f.answers("GetCompanyList", `<GetCompanyListResult xmlns:d="`+nsDyn+`">
	  <CompanySummary><Key><d:Id>-1</d:Id></Key><Name>Fabrikam, Inc.   </Name></CompanySummary>
	  <CompanySummary><Key><d:Id>7</d:Id></Key><Name>Web shop</Name></CompanySummary></GetCompanyListResult>`)
	c := f.client(t, func(cfg *Config) { cfg.Company = "web SHOP" })
	for range 2 {
		if err := c.VoidSalesOrder(t.Context(), "A"); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(f.sent["VoidSalesOrder"], "<d:Id>7</d:Id>") {
		t.Error(f.sent["VoidSalesOrder"])
	}
	if f.calls["GetCompanyList"] != 1 || f.calls["GetPolicyByOperation"] != 1 {
		t.Errorf("read again: %v", f.calls)
	}
	c = f.client(t, func(cfg *Config) { cfg.Company = "nobody" })
	if err := c.VoidSalesOrder(t.Context(), "A"); !errors.Is(err, ErrNotFound) || !failure.Of(err).Unsent {
		t.Errorf("got %v", err)
	}
}

func TestPolicy(t *testing.T) {
	f := newFakeGP(t)
	c := f.client(t)
	p, err := c.Policy(t.Context(), "CreateSalesOrder")
	if err != nil {
		t.Fatal(err)
	}
	b, ok := p.Behavior("assign batch prefix")
	if !ok || !b.Internal || b.Selected.ID != 2 || b.Selected.Parameters["Prefix"] != "W & M" || len(b.Options) != 2 {
		t.Errorf("got %+v", b)
	}
	if f.paths["GetPolicyByOperation"] != "/Dynamics/GPService/SOPService.svc" {
		t.Errorf("went to %s", f.paths["GetPolicyByOperation"])
	}
	c.Forget()
	if _, err := c.Policy(t.Context(), "CreateSalesOrder"); err != nil || f.calls["GetPolicyByOperation"] != 2 {
		t.Errorf("%v, %v", f.calls, err)
	}
	f.answers("GetPolicyByOperation", "<GetPolicyByOperationResult/>")
	if _, err := c.Policy(t.Context(), "UpdateCustomer"); failure.Of(err).Code != "gp.policy.not_found" {
		t.Errorf("got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(orderAnswer))
	f.Add([]byte(policyAnswer))
	f.Add([]byte(`<s:Envelope xmlns:s="` + nsSOAP + `"><s:Body>` + validationFault + `</s:Body></s:Envelope>`))
	f.Add([]byte("\uFEFF<?xml version='1.0' encoding='windows-1252'?><a b='&lt;'>\x80<![CDATA[x]]></a>"))
	f.Fuzz(func(t *testing.T, document []byte) {
		n, err := parse(document)
		if err != nil {
			return
		}
		_ = findFault(n)
		_, _ = readSalesOrder(n)
		_, _ = readCustomer(n)
		_, _ = readItem(n)
		_, _ = readPricing(n)
		_, _ = readReceipt(n)
		_, _ = readJournal(n)
		_ = readErrors(n)
		// What was read can be carried in a message, and is the same when it is read there.
		var w writer
		if err := w.node(n.name, n, "urn:none"); err != nil {
			t.Fatal(err)
		}
		again, err := parse([]byte(`<e xmlns:d="` + nsDyn + `" xmlns:x="` + nsXSI + `">` + w.String() + `</e>`))
		if err != nil {
			t.Fatalf("%v in %s", err, w.String())
		}
		if len(again.children) != 1 || again.children[0].text() != n.text() || len(again.children[0].children) != len(n.children) {
			t.Fatalf("became %s", w.String())
		}
	})
}
