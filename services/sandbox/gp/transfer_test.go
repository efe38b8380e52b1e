package gp

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

// clock is a company's time that a test moves.
type clock struct{ atomic.Int64 }

func (c *clock) now() time.Time { return at.Add(time.Duration(c.Load())) }

func (c *clock) tick() { c.Add(int64(time.Minute)) }

// refused is an admin call that GP doesn't do; it returns the reasons.
func (s *sandbox) refused(method, path, body string) string {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), method, "/_sandbox"+path, strings.NewReader(body))
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusConflict {
		s.t.Fatalf("%s %s: status %d: %s, want a refusal", method, path, w.Code, w.Body)
	}
	return w.Body.String()
}

// only is the one document of a list.
func only(t *testing.T, list []OrderRow, err error) OrderRow {
	t.Helper()
	if err != nil || len(list) != 1 {
		t.Fatalf("documents %+v, error %v, want one", list, err)
	}
	return list[0]
}

func (s *sandbox) order() OrderRow {
	s.t.Helper()
	list, err := s.Orders(s.t.Context())
	return only(s.t, list, err)
}

func (s *sandbox) invoice() OrderRow {
	s.t.Helper()
	list, err := s.Invoices(s.t.Context())
	return only(s.t, list, err)
}

// TestOrderBecomesInvoice follows an order from work to a posted invoice.
func TestOrderBecomesInvoice(t *testing.T) {
	var c clock
	s := start(t, func(cfg *Config) { cfg.Now = c.now })
	s.must("CreateSalesOrder", order(t))
	entered := s.order()

	c.tick()
	s.admin(http.MethodPost, "/orders/WEB100000417/fulfil", `{}`)
	o := s.order()
	if !o.LastModified.Equal(entered.LastModified) || !o.Lines[0].Fulfilled.Equal(decimal.NewFromInt(2)) {
		t.Errorf("stamp %v and fulfilled %s, want the header's stamp %v as it was, and 2", o.LastModified, o.Lines[0].Fulfilled, entered.LastModified)
	}
	if st := s.stockOf("MUG-BLUE-11"); st.onHand.String() != "140" || st.allocated.String() != "2" {
		t.Errorf("stock %+v: fulfilling moves nothing", st)
	}

	c.tick()
	s.admin(http.MethodPost, "/orders/WEB100000417/fulfil", `{"tracking": ["1Z1", "1Z2"], "transfer": true}`)
	o, i := s.order(), s.invoice()
	if !o.History || o.Lines[0].Allocated.Sign() != 0 || !o.LastModified.Equal(rowStamp(c.now())) {
		t.Errorf("transferred order %+v, want it in history, newly stamped", o)
	}
	if i.Origin != o.Number || i.Master != o.Master || i.Master == 0 || !i.Amount.Equal(o.Amount) || i.CustomerPO != o.CustomerPO || i.History {
		t.Errorf("invoice %+v of order %+v", i, o)
	}
	if fmt.Sprint(i.Tracking) != "[1Z1 1Z2]" || i.Batch != "SHIP20261124" {
		t.Errorf("tracking %v, batch %s", i.Tracking, i.Batch)
	}
	read := s.must("GetSalesInvoiceByKey", "<key><Id>"+i.Number+"</Id></key>CONTEXT")
	for name, want := range map[string]string{
		"Type": "Invoice", "OriginalSalesDocumentType": "Order", "TransactionState": "Work", "BillingQuantity": "", "ActualShipDate": "2026-11-24T00:00:00",
	} {
		if name == "BillingQuantity" {
			if !strings.Contains(read, "<BillingQuantity><Value>2</Value>") || !strings.Contains(read, "<SalesTrackingNumberKey>") && !strings.Contains(read, "<Id>1Z1</Id>") {
				t.Errorf("invoice reads %s", read)
			}
			continue
		}
		if got := elementText(t, read, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}

	c.tick()
	s.admin(http.MethodPost, "/batches/SHIP20261124/post", "")
	i = s.invoice()
	if !i.History || i.Audit != "SLSTE00000001" || !i.LastModified.Equal(rowStamp(c.now())) {
		t.Errorf("posted invoice %+v", i)
	}
	if st := s.stockOf("MUG-BLUE-11"); st.onHand.String() != "138" || st.allocated.Sign() != 0 {
		t.Errorf("stock after posting %+v", st)
	}
	if got := s.admin(http.MethodGet, "/receivables", ""); !strings.Contains(got, `"CURTRXAM":"77.86"`) {
		t.Errorf("receivables %s", got)
	}
	if got := s.admin(http.MethodGet, "/batches", ""); strings.Contains(got, "SHIP") || !strings.Contains(got, `"NUMOFTRX":0`) {
		t.Errorf("batches %s, want the posted one gone and the order's empty", got)
	}
	for _, op := range []string{"VoidSalesInvoice", "DeleteSalesInvoice"} {
		if _, body := s.call(op, "<key><Id>"+i.Number+"</Id></key>CONTEXT"); !strings.Contains(s.why(body), fmt.Sprint(ruleState)) {
			t.Errorf("%s of a posted invoice: %s", op, s.why(body))
		}
	}
}

// TestPartialTransfer leaves the rest in work; the parts add up to the order.
func TestPartialTransfer(t *testing.T) {
	var c clock
	s := start(t, func(cfg *Config) { cfg.Now, cfg.TrackingOnOrder = c.now, true })
	tax := `<TaxAmount><Currency>USD</Currency><Value>5.36</Value><DecimalDigits>2</DecimalDigits></TaxAmount>`
	s.must("CreateSalesOrder", order(t, "<UofM>EACH</UofM>", "<UofM>EACH</UofM>"+tax+"", "<WarehouseKey><Id>MAIN</Id></WarehouseKey>\n   <ItemKey><Id>MUG-BLUE-11</Id></ItemKey>",
		"<WarehouseKey><Id>MAIN</Id></WarehouseKey>\n   <ItemKey><Id>MUG-BLUE-11</Id></ItemKey><Taxes><SalesLineTax>"+tax+"<Key><TaxDetailKey><Id>WEBTAX</Id></TaxDetailKey></Key></SalesLineTax></Taxes>"))
	entered := s.order()
	c.tick()
	s.admin(http.MethodPost, "/orders/WEB100000417/fulfil", `{"lines": {"mug-blue-11": 1}, "tracking": ["A"], "transfer": true}`)
	o := s.order()
	if o.History || o.Lines[0].Invoiced.String() != "1" || o.Lines[0].Allocated.String() != "1" || o.Lines[0].Fulfilled.Sign() != 0 {
		t.Errorf("order after a partial transfer %+v", o)
	}
	if !o.LastModified.After(entered.LastModified) || fmt.Sprint(o.Tracking) != "[A]" {
		t.Errorf("stamp %v, tracking %v", o.LastModified, o.Tracking)
	}
	for op, params := range map[string]string{
		"VoidSalesOrder": "<key><Id>WEB100000417</Id></key>CONTEXT", "DeleteSalesOrder": "<key><Id>WEB100000417</Id></key>CONTEXT",
		"UpdateSalesOrder": "<salesOrder><Key><Id>WEB100000417</Id></Key><CustomerPONumber>X</CustomerPONumber></salesOrder>CONTEXT",
	} {
		if _, body := s.call(op, params); !strings.Contains(s.why(body), "is transferred to an invoice") {
			t.Errorf("%s of a partly transferred order: %s", op, s.why(body))
		}
	}
	s.admin(http.MethodPost, "/orders/WEB100000417/fulfil", `{"tracking": ["B"], "transfer": true}`)
	if o = s.order(); !o.History || fmt.Sprint(o.Tracking) != "[A B]" {
		t.Errorf("order after the rest %+v", o)
	}
	list, err := s.Invoices(t.Context())
	if err != nil || len(list) != 2 {
		t.Fatalf("invoices %+v, error %v", list, err)
	}
	if sum := list[0].Amount.Add(list[1].Amount); !sum.Equal(o.Amount) || list[0].Freight.String() != "7.5" || list[1].Freight.Sign() != 0 {
		t.Errorf("invoices of %s and %s, freight %s and %s; order %s", list[0].Amount, list[1].Amount, list[0].Freight, list[1].Freight, o.Amount)
	}
	if list[0].Tax.Add(list[1].Tax).String() != "5.36" || list[0].Master != list[1].Master {
		t.Errorf("tax %s and %s, master numbers %d and %d", list[0].Tax, list[1].Tax, list[0].Master, list[1].Master)
	}
	if st := s.stockOf("MUG-BLUE-11"); st.onHand.String() != "140" || st.allocated.String() != "2" {
		t.Errorf("stock %+v before posting", st)
	}
}

// TestHeaderTaxIsLostInPartialTransfer is what USINGHEADERLEVELTAXES warns of.
func TestHeaderTaxIsLostInPartialTransfer(t *testing.T) {
	s := start(t, nil)
	s.must("CreateSalesOrder", order(t))
	s.admin(http.MethodPost, "/orders/WEB100000417/fulfil", `{"lines": {"MUG-BLUE-11": 1}, "transfer": true}`)
	if i := s.invoice(); i.Tax.Sign() != 0 || i.Amount.String() != "40" {
		t.Errorf("invoice of %s with tax %s, want 40 (one mug and the freight) without tax", i.Amount, i.Tax)
	}
}

func TestFulfilRefusals(t *testing.T) {
	s := start(t, nil)
	s.must("CreateSalesOrder", order(t))
	for _, tt := range []struct{ name, path, body, want string }{
		{"more than allocated", "/orders/WEB100000417/fulfil", `{"lines": {"MUG-BLUE-11": 3}}`, "only what is allocated"},
		{"another item", "/orders/WEB100000417/fulfil", `{"lines": {"SCARCE": 1}}`, "only what is allocated"},
		{"less than zero", "/orders/WEB100000417/fulfil", `{"lines": {"MUG-BLUE-11": -1}}`, "less than zero"},
		{"nothing to transfer", "/orders/WEB100000417/fulfil", `{"lines": {}, "transfer": true}`, "nothing fulfilled"},
		{"blank tracking number", "/orders/WEB100000417/fulfil", `{"tracking": [" "]}`, "tracking number"},
		{"no such order", "/orders/NOPE/fulfil", `{}`, "does not exist"},
		{"no deposit", "/orders/WEB100000417/deposits/post", ``, "no deposit"},
		{"no such invoice", "/invoices/NOPE/post", ``, "does not exist"},
		{"no such batch", "/batches/NOPE/post", ``, "does not exist"},
		{"nothing in the batch", "/batches/MAGPIE/post", ``, "nothing to post"},
		{"order of nobody", "/orders", `{"customer": "NOBODY", "lines": {"FEE": 1}}`, "does not exist"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := s.refused(http.MethodPost, tt.path, tt.body); !strings.Contains(got, tt.want) {
				t.Errorf("refused with %s, want %q", got, tt.want)
			}
		})
	}
	if o := s.order(); o.Lines[0].Fulfilled.Sign() != 0 || len(o.Tracking) != 0 {
		t.Errorf("refusals left %+v", o)
	}
}

// TestWhatKeepsAnOrderFromVoid: goods that are picked, money that is posted.
func TestWhatKeepsAnOrderFromVoid(t *testing.T) {
	usd := "<Currency>USD</Currency><Value>20</Value><DecimalDigits>2</DecimalDigits>"
	deposit := "<Payments><SalesPayment><PaymentAmount>" + usd + "</PaymentAmount><BankAccountKey><Id>UPTOWN TRUST</Id></BankAccountKey><Type>Cash Deposit</Type></SalesPayment></Payments>"
	for _, tt := range []struct{ name, action, body, want string }{
		{"fulfilled", "/orders/WEB100000417/fulfil", `{"lines": {"MUG-BLUE-11": 1}}`, "are fulfilled"},
		{"deposit posted", "/orders/WEB100000417/deposits/post", ``, "deposit is posted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, nil)
			s.must("CreateSalesOrder", order(t, "</Lines>", "</Lines>"+deposit))
			s.admin(http.MethodPost, tt.action, tt.body)
			for _, op := range []string{"VoidSalesOrder", "DeleteSalesOrder"} {
				if _, body := s.call(op, "<key><Id>WEB100000417</Id></key>CONTEXT"); !strings.Contains(s.why(body), tt.want) {
					t.Errorf("%s: %s", op, s.why(body))
				}
			}
			s.admin(http.MethodPost, "/orders/WEB100000417/fulfil", `{"transfer": true}`)
			if i := s.invoice(); i.Paid.String() != "20" {
				t.Errorf("invoice has %s of the deposit", i.Paid)
			}
		})
	}
}

// TestClosedPeriod: GP takes the document and doesn't post its batch.
func TestClosedPeriod(t *testing.T) {
	s := start(t, nil)
	s.admin(http.MethodPut, "/periods", `{"2026-11": true}`)
	s.must("CreateSalesInvoice", invoiceXML(t))
	if got := s.refused(http.MethodPost, "/batches/MAGPIE/post", ""); !strings.Contains(got, "fiscal period of 2026-11-24 is closed") {
		t.Errorf("posting refused with %s", got)
	}
	var batches []Batch
	if err := json.Unmarshal([]byte(s.admin(http.MethodGet, "/batches", "")), &batches); err != nil {
		t.Fatal(err)
	}
	if len(batches) != 1 || batches[0].Status != batchInError || len(batches[0].Errors) != 1 || batches[0].State != "in error" {
		t.Errorf("batches %+v", batches)
	}
	if st := s.stockOf("MUG-BLUE-11"); st.onHand.String() != "140" {
		t.Errorf("stock %+v after a batch that didn't post", st)
	}
	if _, body := s.call("CreateSalesInvoice", invoiceXML(t, "WEB100000417", "INV2")); !strings.Contains(s.why(body), fmt.Sprint(ruleBatchLocked)) {
		t.Errorf("a batch in error takes a document: %s", s.why(body))
	}
	s.admin(http.MethodPut, "/periods", `{"2026-11": false}`)
	s.admin(http.MethodPost, "/batches/MAGPIE/post", "")
	if i := s.invoice(); !i.History {
		t.Errorf("invoice %+v after the period was opened", i)
	}
	if got := s.refused(http.MethodPut, "/periods", `{"November": true}`); !strings.Contains(got, "2026-11") {
		t.Errorf("refused with %s", got)
	}
}

// TestBatchIsLockedWhilePosting: nothing goes in, and it posts once.
func TestBatchIsLockedWhilePosting(t *testing.T) {
	s := start(t, func(c *Config) { c.PostTime = time.Hour })
	s.must("CreateSalesInvoice", invoiceXML(t))
	posted := make(chan error, 1)
	ctx, hurry := context.WithCancel(t.Context())
	go func() { posted <- s.PostBatch(ctx, salesBatches, "MAGPIE") }()
	for locked := false; !locked; {
		list, err := s.Batches(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		locked = list[0].Status == batchPosting
	}
	if _, body := s.call("CreateSalesOrder", order(t)); !strings.Contains(s.why(body), fmt.Sprint(ruleBatchLocked)) {
		t.Errorf("a batch that is being posted takes an order: %s", s.why(body))
	}
	if got := s.refused(http.MethodPost, "/batches/MAGPIE/post", ""); !strings.Contains(got, "posting") {
		t.Errorf("posted twice: %s", got)
	}
	hurry()
	if err := <-posted; err != nil {
		t.Error(err)
	}
	if i := s.invoice(); !i.History {
		t.Errorf("invoice %+v", i)
	}
}

// TestBackorderStaysInWork: what isn't there isn't transferred, and what has no
// stock goes along.
func TestBackorderStaysInWork(t *testing.T) {
	s := start(t, nil)
	if _, err := s.EnterOrder(t.Context(), PhoneOrder{Lines: map[string]decimal.Decimal{"scarce": decimal.NewFromInt(5), "FEE": decimal.NewFromInt(1)}}); err != nil {
		t.Fatal(err)
	}
	s.admin(http.MethodPost, "/orders/WEBORD000009/fulfil", `{"transfer": true}`)
	o, i := s.order(), s.invoice()
	if o.History || i.Amount.String() != "35" || len(i.Lines) != 2 || o.Customer != "PHONE" || i.Customer != "PHONE" {
		t.Errorf("order %+v\ninvoice %+v, want three of the scarce and the fee", o, i)
	}
	s.admin(http.MethodPost, "/invoices/"+i.Number+"/post", "")
	if st := s.stockOf("SCARCE"); st.onHand.Sign() != 0 || st.allocated.Sign() != 0 || st.backorder.String() != "2" {
		t.Errorf("stock %+v", st)
	}
}

// TestKitLeavesStock: of a posted kit, its components are gone.
func TestKitLeavesStock(t *testing.T) {
	s := start(t, func(c *Config) {
		c.Items = append(c.Items, Item{ItemNumber: "SET", Type: kitType, Price: decimal.NewFromInt(60),
			Components: []Component{{"MUG-BLUE-11", decimal.NewFromInt(2)}, {"SCARCE", decimal.NewFromInt(1)}}})
	})
	s.admin(http.MethodPost, "/orders", `{"lines": {"SET": 3}}`)
	s.admin(http.MethodPost, "/orders/WEBORD000009/fulfil", `{"transfer": true, "batch": "kits"}`)
	s.admin(http.MethodPost, "/batches/KITS/post", "")
	for item, want := range map[string]string{"MUG-BLUE-11": "134", "SCARCE": "0"} {
		if st := s.stockOf(item); st.onHand.String() != want || st.allocated.Sign() != 0 {
			t.Errorf("stock of %s %+v, want %s", item, st, want)
		}
	}
}
