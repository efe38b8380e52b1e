package e2e

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/gp"
)

// A while of what two shops do: orders are placed, cancelled, shipped in GP and
// then in the store, goods come in. When all is quiet, the store can sell of each
// SKU what GP has free; and it never sold more than there was.
func TestWhatTheStoreCanSellIsWhatGPHasFree(t *testing.T) {
	t.Parallel()
	p := all.pairs["stock"]
	company, err := gp.New(gp.Config{URL: p.company.URL, Paths: "dynamics-gp", Auth: "basic", Company: "-1", User: "magpie", Password: "secret-of-gp", Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano()) //nolint:gosec // any will do
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // no secret

	const begin = 6
	shelves := make([]shelf, 3)
	there := map[string]int{} // in all, so far
	for i := range shelves {
		shelves[i] = p.stocked(t, fmt.Sprintf("E2E/RANDOM %d", i), fmt.Sprintf(`{"WAREHOUSE": "%d"}`, begin), true)
		there[shelves[i].sku] = begin
	}
	for _, s := range shelves {
		s.until(t, "the first level", "default", strconv.Itoa(begin), "")
	}
	type sale struct {
		shelf
		number string
		n      int
	}
	var open []sale
	sold := map[string]int{}
	take := func() sale {
		i := dice.IntN(len(open))
		taken := open[i]
		open = append(open[:i], open[i+1:]...)
		return taken
	}
	for range 30 {
		s := shelves[dice.IntN(len(shelves))]
		switch what := dice.IntN(10); {
		case what < 5:
			n := 1 + dice.IntN(3)
			if number := p.buy(t, s, n); number != "" {
				open = append(open, sale{s, number, n})
				sold[s.sku] += n
			}
		case what < 6 && len(open) > 0:
			o := take()
			p.written(t, o.number)
			p.cancel(t, o.number)
			sold[o.sku] -= o.n
		case what < 8 && len(open) > 0:
			o := take()
			sop, batch := p.written(t, o.number).Number, "R"+o.number
			if !fulfilled(t, p.company.URL+"/_sandbox/orders/"+sop+"/fulfil", batch) {
				open = append(open, o) // GP allocated less than all; it goes on
				continue
			}
			call(t, http.MethodPost, p.company.URL+"/_sandbox/batches/"+batch+"/post", "", "")
			o.ship(t, o.number)
		default:
			n := 1 + dice.IntN(4)
			s.receive(t, "WAREHOUSE", n)
			there[s.sku] += n
		}
		if sold[s.sku] > there[s.sku] {
			t.Errorf("%d of %s are sold, and there were %d", sold[s.sku], s.sku, there[s.sku])
		}
	}
	for _, s := range shelves {
		var free, salable string
		until(t, "the store can sell of "+s.sku+" what GP has free", func() bool {
			item, err := company.Item(t.Context(), s.item)
			if err != nil {
				t.Fatal(err)
			}
			at, _ := item.At("WAREHOUSE")
			free, salable = decimal.Max(at.Available(), decimal.Zero).String(), s.salable(t)
			return free == salable
		})
		t.Logf("%s: %s free in GP, %s salable, %d sold of %d", s.sku, free, salable, sold[s.sku], there[s.sku])
	}
}

// buy places an order, and gives its number; none where the store has too little.
func (p *pair) buy(t *testing.T, s shelf, n int) string {
	t.Helper()
	r, err := http.Post(p.store.URL+"/_sandbox/orders", "application/json", strings.NewReader( //nolint:noctx // the test's own server
		fmt.Sprintf(`{"store": "default", "payment_method": "checkmo", "lines": [{"sku": %q, "qty": %d}]}`, s.sku, n)))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close() //nolint:errcheck // read to the end
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if r.StatusCode/100 != 2 {
		if !strings.Contains(string(body), "salable") {
			t.Fatalf("the order is refused: %s", body)
		}
		return ""
	}
	var row struct {
		IncrementID string `json:"increment_id"`
	}
	decode(t, body, &row)
	return row.IncrementID
}

// fulfilled has GP's warehouse ship an order; not where GP has too little for it.
func fulfilled(t *testing.T, url, batch string) bool {
	t.Helper()
	r, err := http.Post(url, "application/json", strings.NewReader(fmt.Sprintf(`{"tracking": ["1Z1"], "transfer": true, "batch": %q}`, batch))) //nolint:noctx // the test's own server
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	return r.StatusCode/100 == 2
}
