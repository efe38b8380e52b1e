package sandbox

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/magpie-integration/magpie/services/sandbox/magento"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestGPHasWhatTheStoreSells: each SKU that a row of the usual mix names is an
// item, or the parent of rows that are.
func TestGPHasWhatTheStoreSells(t *testing.T) {
	s, err := New(Config{Site: "WAREHOUSE", DocID: "STDORD", Seed: 3, Mix: magento.MixAll})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	products, err := s.Magento.SKUs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]string{}
	for _, it := range items(products, "WAREHOUSE") {
		types[it.ItemNumber] = it.Type
		if it.Type == "Kit" && len(it.Components) == 0 {
			t.Errorf("the kit %s is empty", it.ItemNumber)
		}
	}
	for range 150 {
		if _, err := s.Magento.Place(context.WithoutCancel(t.Context()), magento.PlaceOrder{}); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := s.Magento.DB().QueryContext(t.Context(), `SELECT sku, product_type FROM sales_order_item`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	seen := 0
	for rows.Next() {
		var sku, typ string
		if err := rows.Scan(&sku, &typ); err != nil {
			t.Fatal(err)
		}
		if _, ok := types[sku]; !ok && (typ != magento.TypeBundle) {
			t.Errorf("a %s row names %s, which GP lacks", typ, sku)
		}
		seen++
	}
	if err := rows.Err(); err != nil || seen < 150 {
		t.Errorf("%d rows, %v", seen, err)
	}
	if types["CAMP-KITCHEN"] != "Kit" || types["CLASS-TICKET"] != "Service" {
		t.Errorf("CAMP-KITCHEN is %q, CLASS-TICKET %q", types["CAMP-KITCHEN"], types["CLASS-TICKET"])
	}
}

// TestFaultsOfDocuments: faults lie before every operation, and never before
// what a person does.
func TestFaultsOfDocuments(t *testing.T) {
	s, err := New(Config{Site: "WAREHOUSE", DocID: "STDORD", Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	send := func(method, path, action, body string) (int, string) {
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "text/xml; charset=utf-8")
		r.Header.Set("SOAPAction", `"http://schemas.microsoft.com/dynamics/gp/2006/01/`+action+`"`)
		w := httptest.NewRecorder()
		s.GP.Handler().ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	if status, body := send(http.MethodPut, "/_sandbox/faults", "", `{"errorRate": 1}`); status != http.StatusOK {
		t.Fatal(status, body)
	}
	for _, op := range []string{
		"CreateSalesInvoice", "GetSalesInvoiceList", "CreateSalesReturn", "VoidSalesReturn", "GetCashReceiptList", "VoidCashReceipt", "GetGLTransactionList",
	} {
		envelope := `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><` + op + ` xmlns="http://schemas.microsoft.com/dynamics/gp/2006/01"/></s:Body></s:Envelope>`
		if status, body := send(http.MethodPost, "/DynamicsGPWebServices/DynamicsGPService.asmx", op, envelope); status != http.StatusInternalServerError || strings.Contains(body, "Envelope") {
			t.Errorf("%s: status %d, %s; want the fault's", op, status, body)
		}
	}
	if status, body := send(http.MethodPost, "/_sandbox/orders", "", `{"lines": {"CAMP-MUG": 1}}`); status != http.StatusOK {
		t.Errorf("a clerk's order: status %d, %s", status, body)
	}
}
