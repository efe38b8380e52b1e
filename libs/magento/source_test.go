package magento_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

func stocked(n int) *recordStore {
	s := &recordStore{records: priced(), answers: map[string]string{"POST /V1/inventory/source-items": "200 []"}}
	s.records["/V1/inventory/sources"] = []fields{{"source_code": "default", "name": "Default", "enabled": true}, {"source_code": "north"}}
	for i := range n {
		sku := fmt.Sprintf("SKU/%d", i)
		s.records["/V1/products"] = append(s.records["/V1/products"], fields{"id": i + 1, "sku": sku})
		for _, source := range []string{"north", "default"} {
			s.records["/V1/inventory/source-items"] = append(s.records["/V1/inventory/source-items"],
				fields{"sku": sku, "source_code": source, "quantity": i, "status": i % 2})
		}
		s.records["/V1/inventory/export-stock-salable-qty/website/base"] = append(s.records["/V1/inventory/export-stock-salable-qty/website/base"],
			fields{"sku": sku, "qty": i - 1, "is_salable": i > 1})
	}
	return s
}

func TestSourceItemsOfManySKUs(t *testing.T) {
	for _, repeats := range []bool{false, true} {
		s := stocked(250)
		s.maxSize, s.repeats = 30, repeats
		var skus []string
		for i := range 250 {
			skus = append(skus, fmt.Sprintf("SKU/%d", i))
		}
		c := s.start(t, magento.Config{})
		items, err := c.SourceItems(t.Context(), skus)
		if err != nil || len(items) != 500 {
			t.Fatalf("%d items, %v", len(items), err)
		}
		if i := slices.IndexFunc(items, func(i magento.SourceItem) bool { return i.SKU == "SKU/7" && i.Source == "north" }); i < 0 ||
			!items[i].Quantity.Equal(dec("7")) || !items[i].InStock {
			t.Errorf("got %+v", items)
		}
		salable, err := c.Salable(t.Context(), "base", skus)
		if err != nil || len(salable) != 250 || s.longest > 4096 {
			t.Errorf("%d salable, URLs of %d, %v", len(salable), s.longest, err)
		}
	}
}

func TestSaveSourceItems(t *testing.T) {
	s := stocked(3)
	refused, err := s.start(t, magento.Config{}).SaveSourceItems(t.Context(), []magento.SourceItem{
		{SKU: "sku/1", Source: "north", Quantity: dec("2.5000"), InStock: true}, {SKU: "NOPE", Source: "default"}, {SKU: "SKU/2", Source: "default"},
	})
	if err != nil || len(refused) != 1 || refused[0].SKU != "NOPE" || refused[0].Err.Code != "magento.sku.missing" {
		t.Fatalf("got %+v, %v", refused, err)
	}
	const want = `{"sourceItems":[{"quantity":2.5,"sku":"SKU/1","source_code":"north","status":1},{"quantity":0,"sku":"SKU/2","source_code":"default","status":0}]}`
	if got := wire(t, s.written()[0].body); got != want {
		t.Errorf("sent %s\nwant %s", got, want)
	}
}

func TestAnSKUAtAnUnknownSourceIsNotSent(t *testing.T) {
	s := stocked(1)
	c := s.start(t, magento.Config{})
	for _, code := range []string{"south", "North"} {
		refused, err := c.SaveSourceItems(t.Context(), []magento.SourceItem{{SKU: "SKU/0", Source: "default"}, {SKU: "SKU/0", Source: code}})
		if err != nil || len(refused) != 1 {
			t.Fatalf("%s: %+v, %v", code, refused, err)
		}
		f := refused[0].Err
		if refused[0].SKU != "SKU/0" || f.Code != "magento.source.unknown" || f.Kind != failure.KindRejected || !strings.Contains(f.Fix, "default, north") {
			t.Errorf("%s: %+v", code, refused)
		}
	}
	if len(s.written()) > 0 {
		t.Errorf("sent %+v", s.written())
	}
	s.mu.Lock()
	s.records["/V1/inventory/sources"] = append(s.records["/V1/inventory/sources"], fields{"source_code": "south"})
	s.mu.Unlock()
	if refused, err := c.SaveSourceItems(t.Context(), []magento.SourceItem{{SKU: "SKU/0", Source: "south"}}); err != nil || len(refused) > 0 {
		t.Errorf("a source that was made meanwhile: %+v, %v", refused, err)
	}
}

func TestStockRefusals(t *testing.T) {
	for answer, want := range map[string]struct {
		code string
		kind failure.Kind
	}{
		`400 {"message":"Could not save Source Item"}`:                                   {"magento.stock.deadlock", failure.KindTransient},
		`400 {"message":"SQLSTATE[40001]: Serialization failure: 1213 Deadlock found"}`:  {"magento.stock.deadlock", failure.KindTransient},
		`400 {"message":"Validation Failed: \"sku\" can not be empty."}`:                 {"magento.source_item.invalid", failure.KindRejected},
		`400 {"message":"Input data is empty"}`:                                          {"magento.source_item.refused", failure.KindRejected},
		`401 {"message":"The consumer isn't authorized to access %resources."}`:          {"magento.unauthorized", failure.KindTransient},
		`400 {"message":"Maximum items of type \"%type\" is %max","parameters":{"a":1}}`: {"magento.too_many_items", failure.KindRejected},
	} {
		s := stocked(1)
		s.answers["POST /V1/inventory/source-items"] = answer
		_, err := s.start(t, magento.Config{}).SaveSourceItems(t.Context(), []magento.SourceItem{{SKU: "SKU/0", Source: "default"}})
		if f := failure.Of(err); f == nil || f.Code != want.code || f.Kind != want.kind {
			t.Errorf("%s: %v", answer, err)
		}
	}
}

// However many callers there are and however few rows the store takes, each row
// is written.
func TestSourceItemsAreWrittenInBatches(t *testing.T) {
	s := stocked(100)
	s.maxRows = 20
	c := s.start(t, magento.Config{Parallel: 2})
	var callers sync.WaitGroup
	for k := range 4 {
		callers.Go(func() {
			var items []magento.SourceItem
			for i := k * 25; i < k*25+25; i++ {
				items = append(items, magento.SourceItem{SKU: fmt.Sprintf("SKU/%d", i), Source: "default", Quantity: dec("1")})
			}
			if refused, err := c.SaveSourceItems(t.Context(), items); err != nil || len(refused) > 0 {
				t.Errorf("%+v, %v", refused, err)
			}
		})
	}
	callers.Wait()
	written := map[any]bool{}
	for _, w := range s.written() {
		if rows := w.body["sourceItems"].([]any); len(rows) <= 20 {
			for _, r := range rows {
				written[r.(map[string]any)["sku"]] = true
			}
		}
	}
	if len(written) != 100 {
		t.Errorf("%d rows were written", len(written))
	}
}

func TestStockOfWebsite(t *testing.T) {
	s := &recordStore{answers: map[string]string{
		"GET /V1/inventory/stock-resolver/website/base": `200 {"stock_id":2,"name":"EU"}`,
		"GET /V1/inventory/stock-resolver/website/none": `404 {"message":"No linked stock found"}`,
	}}
	c := s.start(t, magento.Config{})
	if stock, err := c.StockOfWebsite(t.Context(), "base"); err != nil || stock != (magento.Stock{ID: 2, Name: "EU"}) {
		t.Errorf("got %+v, %v", stock, err)
	}
	if _, err := c.StockOfWebsite(t.Context(), "none"); failure.Of(err).Code != "magento.not_found" {
		t.Errorf("got %v", err)
	}
}
