package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/services/dlq"
)

// shelf is an item of the company and its product in the store.
type shelf struct {
	*pair
	sku  string // the store's; GP has it in upper case
	item string
}

// stocked makes an item with so many at a site, and, where it is sold, a product.
func (p *pair) stocked(t *testing.T, sku string, onHand string, sold bool) shelf {
	t.Helper()
	s := shelf{p, sku, strings.ToUpper(sku)}
	if sold {
		s.sell(t)
	}
	call(t, http.MethodPost, p.company.URL+"/_sandbox/items", "", fmt.Sprintf(`{"ITEMNMBR": %q, "OnHand": %s}`, s.item, onHand))
	return s
}

// sell makes the product. The store begins with none of it.
func (s shelf) sell(t *testing.T) {
	t.Helper()
	call(t, http.MethodPost, s.store.URL+"/rest/all/V1/products", token, fmt.Sprintf(
		`{"product": {"sku": %q, "name": "Thing", "price": 5, "status": 1, "visibility": 4, "type_id": "simple", "attribute_set_id": 4, "weight": 1,
		"extension_attributes": {"website_ids": [1], "stock_item": {"qty": 0, "is_in_stock": false}}}}`, s.sku))
}

func (s shelf) receive(t *testing.T, site string, n int) {
	t.Helper()
	call(t, http.MethodPost, s.company.URL+"/_sandbox/receive", "", fmt.Sprintf(`{"item": %q, "site": %q, "quantity": "%d"}`, s.item, site, n))
}

// level is what the store has at a source; "-" for none.
func (s shelf) level(t *testing.T, source string) string {
	t.Helper()
	query := url.Values{}
	for i, filter := range [][2]string{{"sku", s.sku}, {"source_code", source}} {
		at := fmt.Sprintf("searchCriteria[filter_groups][%d][filters][0]", i)
		query.Set(at+"[field]", filter[0])
		query.Set(at+"[value]", filter[1])
	}
	var found struct {
		Items []struct {
			Quantity float64 `json:"quantity"`
		} `json:"items"`
	}
	decode(t, call(t, http.MethodGet, s.store.URL+"/rest/all/V1/inventory/source-items?"+query.Encode(), token, ""), &found)
	if len(found.Items) == 0 {
		return "-"
	}
	return strconv.FormatFloat(found.Items[0].Quantity, 'f', -1, 64)
}

// salable is what the store's first website can sell.
func (s shelf) salable(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(string(call(t, http.MethodGet,
		s.store.URL+"/rest/all/V1/inventory/get-product-salable-quantity/"+url.PathEscape(s.sku)+"/1", token, "")))
}

func (s shelf) until(t *testing.T, what string, source, level, salable string) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("%s: the store has %s at %s, and can sell %s", s.sku, s.level(t, source), source, s.salable(t))
		}
	}()
	until(t, what, func() bool { return s.level(t, source) == level && (salable == "" || s.salable(t) == salable) })
}

// Quantities that GP gets are the store's within seconds, at the source of their
// site, less its buffer; whatever is in the SKU.
func TestStockThatGPGetsIsTheStores(t *testing.T) {
	t.Parallel()
	p := all.pairs["stock"]
	s := p.stocked(t, "e2e/Stock 50% a", `{"WAREHOUSE": "5", "STORE": "3"}`, true)
	s.until(t, "the first level", "default", "5", "5")
	s.until(t, "the level of the other source, less its buffer", "store", "1", "")
	s.receive(t, "WAREHOUSE", 12)
	s.until(t, "more", "default", "17", "17")
	s.receive(t, "STORE", -5)
	s.until(t, "less than none is none", "store", "0", "")
}

// At each step of an order's life, what the store can sell is what GP has free.
func TestAnOrdersLifeLeavesTheSalableQuantityRight(t *testing.T) {
	t.Parallel()
	p := all.pairs["stock"]
	s := p.stocked(t, "E2E-LIFE", `{"WAREHOUSE": "10"}`, true)
	s.until(t, "the first level", "default", "10", "10")
	line := func(n int) string {
		return fmt.Sprintf(`{"store": "default", "payment_method": "checkmo", "lines": [{"sku": %q, "qty": %d}]}`, s.sku, n)
	}
	first := p.place(t, line(3)).IncrementID
	sop := p.written(t, first).Number
	s.until(t, "allocated in GP, reserved in the store", "default", "10", "7")

	second := p.place(t, line(2)).IncrementID
	p.written(t, second)
	s.until(t, "both", "default", "10", "5")
	p.cancel(t, second)
	s.until(t, "the second is cancelled", "default", "10", "7")

	call(t, http.MethodPost, p.company.URL+"/_sandbox/orders/"+sop+"/fulfil", "", `{"tracking": ["1Z1"], "transfer": true, "batch": "E2ELIFE"}`)
	call(t, http.MethodPost, p.company.URL+"/_sandbox/batches/E2ELIFE/post", "", "")
	s.receive(t, "WAREHOUSE", 1) // GP is read after it posted
	s.until(t, "shipped and posted in GP, and one more received", "default", "11", "8")

	s.ship(t, first)
	s.until(t, "shipped in the store", "default", "8", "8")
}

// ship ships an order in the store, unless that is done already.
func (s shelf) ship(t *testing.T, number string) {
	t.Helper()
	r, err := http.Post(s.store.URL+"/_sandbox/orders/"+number+"/ship", "application/json", strings.NewReader("{}")) //nolint:noctx // the test's own server
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
}

// An item that the store doesn't have is one dead letter, however often its stock
// moves; with the product made, its replay brings the newest level.
func TestAnItemThatTheStoreLacksIsOneLetter(t *testing.T) {
	t.Parallel()
	p := all.pairs["stock"]
	s := p.stocked(t, "E2E-MISSING", `{"WAREHOUSE": "5"}`, false)
	of := func() []dlq.Letter { return p.letters(t, "key=E2E-MISSING") }
	until(t, "a letter", func() bool { return len(of()) == 1 })
	before := of()[0]
	if before.Code != "magento.sku.missing" {
		t.Fatalf("the letter is %s: %s", before.Code, before.Reason)
	}
	if s.level(t, "default") != "-" {
		t.Errorf("Magento was given a level of a product that it lacks")
	}
	s.receive(t, "WAREHOUSE", 2)
	until(t, "another letter in its place", func() bool { now := of(); return len(now) == 1 && now[0].ID != before.ID })
	s.sell(t)
	p.world.run(t, "dlq", "replay", of()[0].ID)
	s.until(t, "the newest level", "default", "7", "7")
	until(t, "no letter", func() bool { return len(of()) == 0 })
}

// The store does the work and its answer is lost: it is asked, and nothing is left
// at an older level.
func TestAStoreThatLosesAnswersEndsAtTheRightLevels(t *testing.T) {
	p := all.pairs["stock"]
	shelves := make([]shelf, 5)
	for i := range shelves {
		shelves[i] = p.stocked(t, fmt.Sprintf("E2E-LOST-%d", i), `{"WAREHOUSE": "5"}`, true)
	}
	call(t, http.MethodPut, p.store.URL+"/_sandbox/faults", "", `{"lostAnswerRate": 1, "lostAnswerOn": "^POST .*source-items"}`)
	undo := func() { call(t, http.MethodDelete, p.store.URL+"/_sandbox/faults", "", "") }
	defer func() {
		if t.Failed() {
			undo()
		}
	}()
	for i, s := range shelves {
		s.receive(t, "WAREHOUSE", 1+i)
	}
	for i, s := range shelves {
		s.until(t, "written, unanswered", "default", strconv.Itoa(6+i), "")
	}
	for _, s := range shelves {
		s.receive(t, "WAREHOUSE", 100)
	}
	undo()
	for i, s := range shelves {
		s.until(t, "the newest", "default", strconv.Itoa(106+i), strconv.Itoa(106+i))
	}
}

// A site that is mapped to a source which the store doesn't have: one letter an
// SKU, that names the sources there are; the next change of a mended table mends it.
func TestAnUnknownSourceIsSaid(t *testing.T) {
	p := all.pairs["stock"]
	s := p.stocked(t, "E2E-SOURCE", `{"WAREHOUSE": "5", "STORE": "5"}`, true)
	s.until(t, "the first level", "store", "3", "")
	p.world.run(t, "table", "set", "sources", "STORE", "source=moon", "buffer=2", "--pair", p.name)
	s.receive(t, "STORE", 1)
	of := func() []dlq.Letter { return p.letters(t, "key=E2E-SOURCE") }
	until(t, "a letter", func() bool { return len(of()) == 1 })
	if l := p.letter(t, of()[0].ID); l.Code != "magento.source.unknown" || !strings.Contains(l.Fix, "default") || !strings.Contains(l.Reason, "moon") {
		t.Errorf("the letter is %s: %s: %s", l.Code, l.Reason, l.Fix)
	}
	p.world.run(t, "table", "set", "sources", "STORE", "source=store", "buffer=2", "--pair", p.name)
	p.world.run(t, "dlq", "replay", of()[0].ID, "--anew")
	s.until(t, "the level of the mended table", "store", "4", "")
}
