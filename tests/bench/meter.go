package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// meter stands before the store and counts the rows of stock that are written, and
// how late each change is that it expects.
type meter struct {
	handler http.Handler

	mu      sync.Mutex
	count   counts
	waiting map[string][]change // by SKU, at the source "store", oldest first
	late    []time.Duration
}

// counts are of what was written so far.
type counts struct{ calls, rows, skus int }

// change is a quantity that an SKU was set to.
type change struct {
	quantity int
	at       time.Time
}

// expect says that an SKU has another quantity from now on.
func (m *meter) expect(sku string, quantity int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiting[sku] = append(m.waiting[sku], change{quantity, time.Now()})
}

func (m *meter) counts() counts {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.count
}

func (m *meter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/inventory/source-items") {
		m.handler.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	m.handler.ServeHTTP(w, r)
	var sent struct {
		Rows []struct {
			SKU      string  `json:"sku"`
			Source   string  `json:"source_code"`
			Quantity float64 `json:"quantity"`
		} `json:"sourceItems"`
	}
	if json.Unmarshal(body, &sent) != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count.calls++
	skus := map[string]bool{}
	for _, row := range sent.Rows {
		if !strings.HasPrefix(row.SKU, "GEN-") { // of the sandbox's own catalogue
			continue
		}
		skus[row.SKU] = true
		m.count.rows++
		if row.Source == "store" {
			m.reached(row.SKU, int(row.Quantity))
		}
	}
	m.count.skus += len(skus)
}

// reached ends the wait of the change of that quantity, and of those before it.
func (m *meter) reached(sku string, quantity int) {
	waiting := m.waiting[sku]
	for i, c := range waiting {
		if c.quantity != quantity {
			continue
		}
		for _, c := range waiting[:i+1] {
			m.late = append(m.late, time.Since(c.at))
		}
		m.waiting[sku] = waiting[i+1:]
		return
	}
}
