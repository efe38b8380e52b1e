package magento

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const stockPath = "/rest/V1/inventory/source-items"

func TestSourceItemRefusals(t *testing.T) {
	s := open(t)
	good := `{"sku":"wax-50%","source_code":"default","quantity":77,"status":1}`
	tests := []struct{ name, row, want string }{
		{"empty sku", `{"sku":"","source_code":"default","quantity":1,"status":1}`, `{"message":"Validation Failed: \"sku\" can not be empty."}`},
		{"empty source", `{"sku":"A","source_code":"","quantity":1,"status":1}`, `{"message":"Validation Failed: \"source_code\" can not be empty."}`},
		{"blank in the source", `{"sku":"A","source_code":"a b","quantity":1,"status":1}`, `{"message":"Validation Failed: \"source_code\" can not contain whitespaces."}`},
		{"unknown status", `{"sku":"A","source_code":"default","quantity":1,"status":2}`, `{"message":"Validation Failed: \"status\" should be a known status."}`},
		{"unknown source", `{"sku":"A","source_code":"moon","quantity":1,"status":1}`, `{"message":"Could not save Source Item"}`},
		{"no number", `{"sku":"A","source_code":"default","quantity":"abc","status":1}`, `{"message":"Error occurred during \"quantity\" processing. The \"abc\" value's type is invalid. The \"float\" type was expected. Verify and try again."}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := s.do("POST", stockPath, `{"sourceItems":[`+good+`,`+tt.row+`]}`)
			if a.status != 400 {
				t.Errorf("status %d", a.status)
			}
			sameJSON(t, a.body, tt.want)
			if it := get[map[string]any](s, "/rest/V1/stockItems/wax-50%25"); fmt.Sprint(it["qty"]) == "77" {
				t.Error("the good row was written all the same")
			}
		})
	}
	if a := s.do("POST", stockPath, `{"sourceItems":[]}`); a.status != 400 || a.body != `{"message":"Input data is empty"}` {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestSourceItemsAndLegacyStock(t *testing.T) {
	s := open(t)
	count := func(sku, source string) int {
		return get[struct {
			Total int `json:"total_count"`
		}](s, stockPath+"?"+where([3]string{"sku", "eq", sku}, [3]string{"source_code", "eq", source})).Total
	}
	body := s.must("POST", stockPath, `{"sourceItems":[{"sku":"ORPHAN","source_code":"default","quantity":5,"status":1},
		{"sku":"WAX-50%","source_code":"default","quantity":-3.5,"status":0},{"sku":"wax-50%","source_code":"store","quantity":8,"status":1}]}`)
	if body != "[]" || count("ORPHAN", "default") != 1 || count("wax-50%", "default") != 1 {
		t.Errorf("%s; an unknown SKU is accepted, and letters write the same row", body)
	}
	type legacy struct {
		ItemID  int64   `json:"item_id"`
		Qty     float64 `json:"qty"`
		InStock bool    `json:"is_in_stock"`
		Min     float64 `json:"min_qty"`
	}
	it := get[legacy](s, "/rest/V1/stockItems/wax-50%25")
	if it.Qty != -3.5 || it.InStock {
		t.Errorf("default is not mirrored: %+v", it)
	}
	if id := s.must("PUT", "/rest/V1/products/wax-50%25/stockItems/999", `{"stockItem":{"qty":12,"is_in_stock":true,"min_qty":2}}`); id != fmt.Sprint(it.ItemID) {
		t.Errorf("answered %s", id)
	}
	if it = get[legacy](s, "/rest/V1/stockItems/wax-50%25"); it.Qty != 12 || !it.InStock || it.Min != 2 {
		t.Errorf("%+v", it)
	}
	status := get[struct {
		Qty    float64 `json:"qty"`
		Status int     `json:"stock_status"`
		Item   legacy  `json:"stock_item"`
	}](s, "/rest/V1/stockStatuses/wax-50%25")
	if status.Qty != 12 || status.Status != 1 || status.Item != it {
		t.Errorf("%+v", status)
	}
	low := get[struct {
		Items []legacy `json:"items"`
		Total int      `json:"total_count"`
	}](s, "/rest/V1/stockItems/lowStock/?scopeId=0&qty=12&currentPage=1&pageSize=50")
	if len(low.Items) != low.Total || low.Items[0].ItemID != it.ItemID || slices.ContainsFunc(low.Items, func(l legacy) bool { return l.Qty > 12 }) {
		t.Errorf("%+v", low)
	}
	s.must("POST", stockPath+"-delete", `{"sourceItems":[{"sku":"wax-50%","source_code":"store"},{"sku":"NOPE","source_code":"store"}]}`)
	if count("wax-50%", "store") != 0 {
		t.Error("the row is still there")
	}
}

func TestInputLimits(t *testing.T) {
	s := open(t)
	if a := s.do("PATCH", "/_sandbox/behaviour", `{"entitiesMax":2,"pageSizeMax":300}`); a.status != 200 {
		t.Fatal(a.body)
	}
	row := `{"sku":"wax-50%","source_code":"default","quantity":1,"status":1}`
	a := s.do("POST", stockPath, `{"sourceItems":[`+row+`,`+row+`,`+row+`]}`)
	if a.status != 400 {
		t.Errorf("%d", a.status)
	}
	sameJSON(t, a.body, `{"message":"Maximum items of type \"%type\" is %max","parameters":{"type":"\\Magento\\InventoryApi\\Api\\Data\\SourceItemInterface","max":2}}`)
	a = s.do("GET", stockPath+"?searchCriteria[pageSize]=301", "")
	sameJSON(t, a.body, `{"message":"Maximum SearchCriteria pageSize is %max","parameters":{"max":300}}`)
	if got := get[struct{ Items []any }](s, stockPath+"?searchCriteria="); len(got.Items) != 20 {
		t.Errorf("%d rows without a page size", len(got.Items))
	}
	if a := s.do("PUT", "/_sandbox/behaviour", `{"deadlockRate":2}`); a.status != 400 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestDeadlocks(t *testing.T) {
	s := open(t)
	if err := s.SetBehaviour(Behaviour{DeadlockRate: 1}); err != nil {
		t.Fatal(err)
	}
	row := `{"sourceItems":[{"sku":"wax-50%","source_code":"default","quantity":1,"status":1}]}`
	for path, text := range map[string]string{
		"POST " + stockPath:                        "Could not save Source Item",
		"PUT /rest/all/V1/products/wax-50%25":      "The product was unable to be saved. Please try again.",
		"PUT /rest/all/V1/products/FLASK%2F750%2B": "The product was unable to be saved. Please try again.",
		"POST " + stockPath + "-delete":            "Could not save Source Item",
	} {
		method, to, _ := strings.Cut(path, " ")
		body := row
		if method == "PUT" {
			body = `{"product":{"price":1}}`
		}
		if a := s.do(method, to, body); a.status != 400 || a.body != `{"message":"`+text+`"}` {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

// TestParallelStockWrites: one call alone is never rolled back, and calls that
// meet are.
func TestParallelStockWrites(t *testing.T) {
	s := open(t)
	if err := s.SetBehaviour(Behaviour{ParallelDeadlockRate: 1, RowTime: Duration(20 * time.Millisecond)}); err != nil {
		t.Fatal(err)
	}
	row := `{"sourceItems":[{"sku":"wax-50%","source_code":"default","quantity":1,"status":1}]}`
	start := time.Now()
	s.must("POST", stockPath, row)
	if took := time.Since(start); took < 20*time.Millisecond {
		t.Errorf("a row took %v", took)
	}
	var refused, done atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if a := s.do("POST", stockPath, row); a.status == http.StatusOK {
				done.Add(1)
			} else {
				refused.Add(1)
			}
		})
	}
	wg.Wait()
	if done.Load() == 0 || refused.Load() == 0 {
		t.Errorf("%d done, %d refused", done.Load(), refused.Load())
	}
}
