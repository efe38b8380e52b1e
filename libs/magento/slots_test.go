package magento_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/magpie-integration/magpie/libs/magento"
)

// Calls of all kinds share the slots: the store answers none until both slots
// are taken, and a call without a slot would be seen as a third.
func TestAllKindsOfCallsShareTheSlots(t *testing.T) {
	const slots = 2
	var under, most, all atomic.Int64
	var full sync.WaitGroup
	full.Add(slots)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n := under.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer under.Add(-1)
		if all.Add(1) <= slots {
			full.Done()
			full.Wait()
		}
		reply(w, 500, report)
	}))
	defer server.Close()
	c := client(t, server.URL, magento.Config{Parallel: slots})
	var callers sync.WaitGroup
	for range 5 {
		for _, do := range []func(){
			func() { _, _ = c.Ship(t.Context(), 1, magento.Shipment{All: true}) },
			func() { _, _ = c.Customer(t.Context(), 1) },
			func() { _, _ = c.ShopperStock(t.Context(), []string{"A"}) },
			func() { _, _ = c.Async(t.Context(), http.MethodPost, "/V1/products", nil) },
			func() { _, _ = c.Sources(t.Context()) },
			func() { _, _ = c.ByID(t.Context(), magento.Products, []int64{1}) },
		} {
			callers.Go(do)
		}
	}
	callers.Wait()
	if most.Load() != slots || all.Load() < 30 {
		t.Errorf("%d calls at once of %d", most.Load(), all.Load())
	}
}
