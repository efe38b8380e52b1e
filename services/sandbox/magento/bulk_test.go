package magento

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

type testBulk struct {
	UUID  string `json:"bulk_uuid"`
	Items []struct {
		ID     int    `json:"id"`
		Hash   string `json:"data_hash"`
		Status string `json:"status"`
		Error  string `json:"error_message"`
	} `json:"request_items"`
	Errors bool `json:"errors"`
}

type testOperations struct {
	List []struct {
		ID     int    `json:"id"`
		Status int    `json:"status"`
		Result string `json:"result_message"`
		Answer string `json:"result_serialized_data"`
		Topic  string `json:"topic_name"`
	} `json:"operations_list"`
	Count int `json:"operation_count"`
}

func (s *store) queue(method, path, body string) testBulk {
	s.t.Helper()
	a := s.do(method, path, body)
	if a.status != 202 {
		s.t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
	}
	return decode[testBulk](s.t, a.body)
}

// consumedBulk waits until no operation is open.
func (s *store) consumedBulk(uuid string) testOperations {
	s.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if get[int](s, "/rest/V1/bulk/"+uuid+"/operation-status/4") == 0 {
			return get[testOperations](s, "/rest/V1/bulk/"+uuid+"/detailed-status")
		}
	}
	s.t.Fatalf("bulk %s is still open", uuid)
	return testOperations{}
}

func TestBulk(t *testing.T) {
	s := open(t, func(c *Config) { c.Behaviour.ConsumerPaused = true })
	s.run()
	b := s.queue("PUT", "/rest/all/async/bulk/V1/products/bySku",
		`[{"product":{"sku":"FLASK/750+","name":"Bulk"}},{"product":{"sku":"wax-50%","price":"abc"}},5,{"product":{"name":"no sku"}}]`)
	if len(b.Items) != 4 || !b.Errors || b.Items[0].Status != "accepted" || len(b.Items[0].Hash) != 64 || b.Items[2].Status != "rejected" || b.Items[3].Error == "" {
		t.Errorf("%+v", b)
	}
	// Nothing runs while the consumer is paused.
	if n := get[int](s, "/rest/V1/bulk/"+b.UUID+"/operation-status/4"); n != 2 {
		t.Errorf("%d operations are open", n)
	}
	s.do("PATCH", "/_sandbox/behaviour", `{"consumerPaused":false}`)
	got := s.consumedBulk(b.UUID)
	if got.Count != 4 || got.List[0].Status != 1 || got.List[1].Status != 3 || got.List[2].Status != 5 || !strings.Contains(got.List[1].Result, `"abc"`) || !strings.Contains(got.List[0].Answer, "Bulk") {
		t.Errorf("%+v", got)
	}
	if p := get[testProduct](s, "/rest/all/V1/products/FLASK%2F750%2B"); p.Name != "Bulk" {
		t.Errorf("%+v", p)
	}
	found := get[struct {
		Total int `json:"total_count"`
	}](s, "/rest/V1/bulk?"+where([3]string{"bulk_uuid", "eq", b.UUID}, [3]string{"status", "eq", "3"}))
	if found.Total != 1 {
		t.Errorf("%+v", found)
	}
}

// TestAsyncPricesHideTheirFailures: the operation is complete although a row
// failed.
func TestAsyncPricesHideTheirFailures(t *testing.T) {
	s := open(t)
	s.run()
	b := s.queue("POST", "/rest/all/async/V1/products/base-prices", `{"prices":[{"price":1,"store_id":0,"sku":"NOPE"}]}`)
	if got := s.consumedBulk(b.UUID); got.List[0].Status != 1 || !strings.Contains(got.List[0].Answer, `"NOPE"`) {
		t.Errorf("%+v", got)
	}
	order := s.place(offline())
	b = s.queue("POST", "/rest/async/bulk/V1/orders/byId/hold", fmt.Sprintf(`[{"id":%d}]`, order.EntityID))
	if got := s.consumedBulk(b.UUID); got.List[0].Status != 1 {
		t.Errorf("%+v", got)
	}
}

func TestRetriableOperations(t *testing.T) {
	s := open(t, func(c *Config) { c.Behaviour.DeadlockRate = 1 })
	s.run()
	row := `{"sourceItems":[{"sku":"wax-50%","source_code":"default","quantity":1,"status":1}]}`
	b := s.queue("POST", "/rest/async/V1/inventory/source-items", row)
	if got := s.consumedBulk(b.UUID); got.List[0].Status != 2 || got.List[0].Result != "Could not save Source Item" {
		t.Errorf("deadlock: %+v", got)
	}
	if err := s.SetBehaviour(Behaviour{RetriableRate: 1}); err != nil {
		t.Fatal(err)
	}
	b = s.queue("POST", "/rest/async/V1/inventory/source-items", row)
	if got := s.consumedBulk(b.UUID); got.List[0].Status != 2 {
		t.Errorf("lost connection: %+v", got)
	}
}

func TestBulkRefusals(t *testing.T) {
	s := open(t, func(c *Config) {
		c.Resources = []string{"Magento_Catalog::products", bulkResource}
	})
	for _, tt := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/rest/async/V1/products", "", 404},
		{"POST", "/rest/async/V1/nothing", "{}", 404},
		{"POST", "/rest/async/V1/inventory/source-items", "{}", 401}, // the same right as the synchronous call
		{"POST", "/rest/async/bulk/V1/products", `{"product":{}}`, 400},
		{"GET", "/rest/V1/bulk/0000/status", "", 404},
	} {
		if a := s.do(tt.method, tt.path, tt.body); a.status != tt.status {
			t.Errorf("%s %s: %d %s", tt.method, tt.path, a.status, a.body)
		}
	}
}
