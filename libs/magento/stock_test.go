package magento_test

import (
	"testing"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

func TestLegacyStock(t *testing.T) {
	s := &recordStore{answers: map[string]string{
		"GET /V1/stockItems/A":                 `200 {"item_id":"9","product_id":4,"qty":12.5000,"is_in_stock":true,"manage_stock":true,"backorders":1}`,
		"PUT /V1/products/A/stockItems/9":      "200 9",
		"GET /V1/stockItems/none":              `404 {"message":"The Product with the \"%1\" SKU doesn't exist.","parameters":["none"]}`,
		"GET /V1/stockItems/A%2FB%20%2B100%25": "404 <html>",
	}}
	c := s.start(t, magento.Config{})
	item, err := c.LegacyStockItem(t.Context(), "A")
	if err != nil || item.ID != 9 || item.ProductID != 4 || !item.Qty.Equal(dec("12.5")) || !item.InStock || !item.ManageStock || item.Backorders != 1 {
		t.Errorf("got %+v, %v", item, err)
	}
	if err := c.SaveLegacyStock(t.Context(), "A", dec("3.00"), false); err != nil {
		t.Fatal(err)
	}
	if got := wire(t, s.written()[0].body); got != `{"stockItem":{"is_in_stock":false,"qty":3}}` {
		t.Errorf("sent %s", got)
	}
	if _, err := c.LegacyStockItem(t.Context(), "none"); failure.Of(err).Code != "magento.product.missing" {
		t.Errorf("missing: %v", err)
	}
}

func TestLegacyStockOfAnSKUThatThePathDoesNotTake(t *testing.T) {
	s := &recordStore{
		records: map[string][]fields{"/V1/products": {{"id": 4, "sku": odd, "extension_attributes": fields{"stock_item": fields{"item_id": 9, "qty": 2}}}}},
		answers: map[string]string{"POST /V1/products": "200 " + product(odd)},
	}
	c := s.start(t, magento.Config{})
	if item, err := c.LegacyStockItem(t.Context(), odd); err != nil || item.ID != 9 || len(item.JSON) == 0 {
		t.Errorf("got %+v, %v", item, err)
	}
	if err := c.SaveLegacyStock(t.Context(), odd, dec("3"), true); err != nil {
		t.Fatal(err)
	}
	w := s.written()
	const want = `{"product":{"extension_attributes":{"stock_item":{"is_in_stock":true,"qty":3}},"sku":"A/B +100%"},"saveOptions":true}`
	if last := w[len(w)-1]; last.method != "POST" || wire(t, last.body) != want {
		t.Errorf("sent %+v", last)
	}
	delete(s.records["/V1/products"][0], "extension_attributes")
	if _, err := c.LegacyStockItem(t.Context(), odd); failure.Of(err).Code != "magento.stock.path" {
		t.Errorf("without a stock item: %v", err)
	}
}

func TestShopperStockIsAskedWithoutTheToken(t *testing.T) {
	s := &recordStore{answers: map[string]string{"POST /graphql": `200 {"data":{"products":{"items":[{"sku":"A","stock_status":"IN_STOCK","only_x_left_in_stock":2.5},{"sku":"B","stock_status":"OUT_OF_STOCK","only_x_left_in_stock":null}]}}}`}}
	c := s.start(t, magento.Config{})
	seen, err := c.ShopperStock(t.Context(), []string{"A", "B", "C"})
	if err != nil || len(seen) != 2 || !seen[0].InStock || !seen[0].OnlyLeft.Equal(dec("2.5")) || seen[1].InStock || seen[1].OnlyLeft != nil {
		t.Errorf("got %+v, %v", seen, err)
	}
	if call := s.sent[0]; call.auth != "" || call.path != "/graphql" || wire(t, call.body["variables"]) != `{"size":3,"skus":["A","B","C"]}` {
		t.Errorf("sent %+v", call)
	}
	s.answers["POST /graphql"] = `200 {"errors":[{"message":"Internal server error"}],"data":{"products":null}}`
	if _, err := c.ShopperStock(t.Context(), []string{"A"}); failure.Of(err).Code != "magento.graphql" || failure.Of(err).Kind != failure.KindTransient {
		t.Errorf("got %v", err)
	}
}

func TestAsync(t *testing.T) {
	s := &recordStore{answers: map[string]string{
		"POST /async/V1/inventory/source-items": `202 {"bulk_uuid":"u-1","request_items":[{"id":0,"status":"accepted"},{"id":1,"status":"rejected","error_message":"no sku"}],"errors":true}`,
		"GET /V1/bulk/u-1/status":               `200 {"operations_list":[{"id":0,"status":2,"result_message":"Deadlock found","error_code":1213},{"id":"1","status":4}],"operation_count":2}`,
		"GET /V1/bulk/u-2/status":               `404 {"message":"No such entity"}`,
	}}
	c := s.start(t, magento.Config{})
	bulk, err := c.Async(t.Context(), "POST", "/V1/inventory/source-items", map[string]any{"sourceItems": []any{}})
	if err != nil || bulk.UUID != "u-1" || len(bulk.Rejected) != 1 || bulk.Rejected[0] != "no sku" {
		t.Errorf("got %+v, %v", bulk, err)
	}
	operations, err := c.BulkStatus(t.Context(), "u-1")
	if err != nil || len(operations) != 2 || operations[0].Status != magento.OperationRetriable || operations[1].Status != magento.OperationOpen {
		t.Errorf("got %+v, %v", operations, err)
	}
	if _, err := c.BulkStatus(t.Context(), "u-2"); failure.Of(err).Code != "magento.not_found" {
		t.Errorf("got %v", err)
	}
	if _, err := c.Async(t.Context(), "GET", "/V1/orders", nil); failure.Of(err).Kind != failure.KindDefect {
		t.Errorf("a read: %v", err)
	}
}
