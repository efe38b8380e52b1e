package gp

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

// day lets each person act a number of times, in turns, and tells what became
// of it.
func day(t *testing.T, seed uint64) string {
	t.Helper()
	s := start(t, func(c *Config) { c.People.Seed = seed })
	rng := newPerson(seed, 0)
	for range 12 {
		for _, act := range []func() error{
			func() error { return s.answerThePhone(t.Context(), rng) },
			func() error { return s.pickAnOrder(t.Context(), rng) },
			func() error { return s.postABatch(t.Context(), rng) },
		} {
			if err := act(); err != nil {
				if !strings.Contains(err.Error(), "back orders") && !strings.Contains(err.Error(), "hold") {
					t.Fatal(err)
				}
			}
		}
	}
	var all []OrderRow
	for _, list := range []func(context.Context) ([]OrderRow, error){s.Orders, s.Invoices} {
		rows, err := list(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rows...)
	}
	b, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPeopleAreOfTheirSeed(t *testing.T) {
	one, again, other := day(t, 1), day(t, 1), day(t, 2)
	if one != again {
		t.Errorf("one seed, two days:\n%s\n%s", one, again)
	}
	if one == other {
		t.Error("two seeds, one day")
	}
	for _, want := range []string{`"SOPNUMBE":"WEBORD000009"`, `"BACHNUMB":"PHONE"`, `"ORIGNUMB":"WEBORD`, `"TRXSORCE":"SLSTE`, `"tracking":["1Z`} {
		if !strings.Contains(one, want) {
			t.Errorf("no %s in %s", want, one)
		}
	}
}

// TestAccountantLeavesOursAlone: a batch with an invoice that no order led to
// is not posted, nor is a batch in error.
func TestAccountantLeavesOursAlone(t *testing.T) {
	s := start(t, nil)
	s.must("CreateSalesInvoice", invoiceXML(t, "WEB100000417", "OURS"))
	s.must("CreateSalesOrder", order(t))
	if _, err := s.FulfilOrder(t.Context(), "WEB100000417", Fulfilment{Transfer: true, Batch: "MAGPIE"}); err != nil {
		t.Fatal(err)
	}
	if err := s.postABatch(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	list, err := s.Invoices(t.Context())
	if err != nil || len(list) != 2 || list[0].History || list[1].History {
		t.Errorf("invoices %+v, error %v, want both in work", list, err)
	}
}

// TestRun: people work while it runs, beside calls of the service.
func TestRun(t *testing.T) {
	s := start(t, func(c *Config) { c.People = People{Seed: 3, Warehouse: 200, Accountant: 100, Clerk: 200} })
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	deadline := time.Now().Add(20 * time.Second)
	for n := 0; ; n++ {
		if status, body := s.call("CreateSalesOrder", order(t, "WEB100000417", fmt.Sprintf("W%d", n))); status != 200 {
			if why := s.why(body); !strings.Contains(why, fmt.Sprint(ruleBatchLocked)) {
				t.Fatal(why)
			}
		}
		list, err := s.Invoices(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		posted := 0
		for _, i := range list {
			if i.History {
				posted++
			}
		}
		if posted >= 3 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d invoices posted, want 3", posted)
		}
	}
	cancel()
	if err := <-ran; err != nil {
		t.Error(err)
	}
}

// TestStockAddsUp: whatever people do, what left the shelf is on posted
// invoices, and what is allocated is on documents in work.
func TestStockAddsUp(t *testing.T) {
	s := start(t, nil)
	rng := newPerson(7, 0)
	for range 40 {
		for _, act := range []func() error{
			func() error { return s.answerThePhone(t.Context(), rng) },
			func() error { return s.pickAnOrder(t.Context(), rng) },
		} {
			_ = act() //nolint:errcheck // refusals are part of the day
		}
		if rng.IntN(3) == 0 {
			_ = s.postABatch(t.Context(), rng) //nolint:errcheck // as above
		}
	}
	sold, allocated := decimal.Zero, decimal.Zero
	for _, list := range []func(context.Context) ([]OrderRow, error){s.Orders, s.Invoices} {
		rows, err := list(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range rows {
			for _, l := range o.Lines {
				if l.Item != "MUG-BLUE-11" {
					continue
				}
				allocated = allocated.Add(l.Allocated)
				if o.Audit != "" {
					sold = sold.Add(l.Quantity)
				}
			}
		}
	}
	st := s.stockOf("MUG-BLUE-11")
	if sold.IsZero() || !st.onHand.Add(sold).Equal(decimal.NewFromInt(140)) || !st.allocated.Equal(allocated) {
		t.Errorf("stock %+v, sold %s, allocated on documents %s", st, sold, allocated)
	}
}

// TestOlderDatabase: one without the columns of documents gets them.
func TestOlderDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gp.db")
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		headerWork.ddl(), lineWork.ddl(), "ALTER TABLE SOP10100 DROP COLUMN REMSUBTO", "ALTER TABLE SOP10200 DROP COLUMN QTYPRINV",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := start(t, func(c *Config) { c.DB = path })
	s.must("CreateSalesOrder", order(t))
	if _, err := s.FulfilOrder(t.Context(), "WEB100000417", Fulfilment{Lines: map[string]decimal.Decimal{"MUG-BLUE-11": decimal.NewFromInt(1)}, Transfer: true}); err != nil {
		t.Error(err)
	}
}
