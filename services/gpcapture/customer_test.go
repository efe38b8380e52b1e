package gpcapture

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/gp"
)

func aCustomer(id, email string) gp.Customer {
	address := gp.CustomerAddress{ID: "PRIMARY", Email: email, Address: gp.Address{Zip: "60601"}}
	return gp.Customer{
		ID: id, Name: "Aaron Fitz " + id, LastModified: now(), DefaultAddressID: "PRIMARY", Addresses: []gp.CustomerAddress{address},
	}
}

func (c *company) putCustomer(x gp.Customer) { c.do(func() { c.customers[x.ID] = x }) }

type customerSeen struct {
	Number, Email string
	Deleted       bool
}

func (s *site) byEmail(t *testing.T, email string) []events.Key {
	t.Helper()
	found, err := s.index.ByEmail(t.Context(), email)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestACustomerIsCapturedAndFound(t *testing.T) {
	s := newSite(t)
	s.gp.putCustomer(aCustomer("AARON01", "Buyer@Fitz.example; office@fitz.example"))
	s.sweep(t, events.Customer, events.WaySweep)
	if got := record[customerSeen](t, s, events.Customer, "AARON01"); got.Number != "AARON01" {
		t.Errorf("the record is %+v", got)
	}
	for _, email := range []string{"buyer@fitz.example", "office@fitz.example"} {
		if got := s.byEmail(t, email); !slices.Equal(got, []events.Key{"AARON01"}) {
			t.Errorf("%s finds %v", email, got)
		}
	}
	if got, err := s.index.ByName(t.Context(), "aaron01 FITZ Aaron", "60601"); err != nil || !slices.Equal(got, []events.Key{"AARON01"}) {
		t.Errorf("by name %v (%v)", got, err)
	}
	if done, err := s.index.Complete(t.Context()); err != nil || done {
		t.Errorf("the index is complete before all customers were read (%v)", err)
	}
}

// An e-mail address stamps nothing that a list shows.
func TestAnEmailIsSeenByTheFullPass(t *testing.T) {
	s := newSite(t)
	s.gp.putCustomer(aCustomer("AARON01", "old@fitz.example"))
	s.sweep(t, events.Customer, events.WaySweep)
	s.sweep(t, events.Customer, "full")
	if done, err := s.index.Complete(t.Context()); err != nil || !done {
		t.Fatalf("all customers were read: %v", err)
	}
	edited := aCustomer("AARON01", "new@fitz.example")
	edited.LastModified = s.gp.customers["AARON01"].LastModified
	s.gp.putCustomer(edited)
	if s.sweep(t, events.Customer, events.WaySweep); s.changes(t, events.Customer) != 1 {
		t.Fatal("the fake shows in a list what GP doesn't")
	}
	s.passBegins(t, events.Customer)
	s.sweep(t, events.Customer, "full")
	if got := record[customerSeen](t, s, events.Customer, "AARON01").Email; got != "new@fitz.example" {
		t.Errorf("the e-mail is %s", got)
	}
	if old := s.byEmail(t, "old@fitz.example"); len(old) > 0 {
		t.Errorf("the old e-mail finds %v", old)
	}
}

// One that is newer than the list of a pass takes part in it.
func TestAPassReadsWhatIsNewerThanItsList(t *testing.T) {
	s := newSite(t)
	r := reader{calls: newCalls(s.breaker, 4), past: past{s.pair, broker.bus}}
	c := newCustomers(s.cfg, r, s.gp, s.index)
	from := time.Now()
	first := window(from.Add(-s.cfg.FullEvery), from)
	if page, err := c.full.page(t.Context(), first, ""); err != nil || len(page.Rows) != 0 {
		t.Fatalf("rows %v of an empty company (%v)", page.Rows, err)
	}
	s.gp.putCustomer(aCustomer("AARON01", "a@fitz.example"))
	if _, err := c.Read(t.Context(), []events.Key{"AARON01"}); err != nil {
		t.Fatal(err)
	}
	next := window(from, from.Add(s.cfg.FullEvery-1)) // nearly a pass
	page, err := c.full.page(t.Context(), next, "")
	if err != nil || len(page.Rows) != 1 || s.gp.called("customers") != 1 {
		t.Errorf("rows %v, after %d lists (%v)", page.Rows, s.gp.called("customers"), err)
	}
}

// passBegins has the next look of the full pass read everything: its cursor is gone.
func (s *site) passBegins(t fatal, entity events.Entity) {
	t.Helper()
	if err := bucket(t, bus.Cursors).Delete(context.Background(), fmt.Sprintf("%s.gp.%s.full", s.pair, entity)); err != nil {
		t.Fatal(err)
	}
}

// An index that was lost is made anew by the next look, whatever its cursor says.
func TestALostIndexIsMadeAnew(t *testing.T) {
	s := newSite(t)
	s.gp.putCustomer(aCustomer("AARON01", "a@fitz.example"))
	s.sweep(t, events.Customer, "full")
	kv := bucket(t, bus.Matches)
	keys, err := kv.ListKeysFiltered(t.Context(), s.pair+".>")
	if err != nil {
		t.Fatal(err)
	}
	for key := range keys.Keys() {
		if err := kv.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	s.restart(t, broker.bus)
	s.sweep(t, events.Customer, "full")
	if got := s.byEmail(t, "a@fitz.example"); len(got) != 1 {
		t.Errorf("found %v", got)
	}
}

func TestADeletedCustomerIsATombstone(t *testing.T) {
	for _, restarted := range []bool{false, true} {
		t.Run(fmt.Sprint("restarted ", restarted), func(t *testing.T) {
			s := newSite(t)
			s.gp.putCustomer(aCustomer("AARON01", "a@fitz.example"))
			s.gp.putCustomer(aCustomer("AARON02", "b@fitz.example"))
			s.sweep(t, events.Customer, "full")
			s.gp.do(func() { delete(s.gp.customers, "AARON01") })
			if restarted {
				s.restart(t, broker.bus)
			}
			s.passBegins(t, events.Customer)
			if _, err := s.documents.Sweep(t.Context(), events.Customer, "full"); err != nil {
				t.Fatal(err)
			}
			batch := s.notices(t)[events.Order]
			if len(batch) != 1 || batch[0].Subject.Key != "AARON01" {
				t.Fatalf("%d notices", len(batch))
			}
			batch[0].First = batch[0].First.Add(-goneHold)
			if err := s.documents.Handle(t.Context(), batch)[0]; err != nil {
				t.Fatal(err)
			}
			if got := record[customerSeen](t, s, events.Customer, "AARON01"); !got.Deleted {
				t.Errorf("the record is %+v", got)
			}
			if got := s.byEmail(t, "a@fitz.example"); len(got) > 0 {
				t.Errorf("the e-mail finds %v", got)
			}
			s.passBegins(t, events.Customer)
			if s.sweep(t, events.Customer, "full"); s.changes(t, events.Customer) != 3 {
				t.Errorf("%d changes; that it is gone is told once", s.changes(t, events.Customer))
			}
		})
	}
}

func TestChangedAddressesAreSeenWhereGPListsThem(t *testing.T) {
	s := newSite(t)
	customer := aCustomer("AARON01", "a@fitz.example")
	customer.LastModified = now().AddDate(0, 0, -1)
	s.gp.putCustomer(customer)
	s.gp.changed = []gp.ChangedKey{{Action: gp.ActionUpdated, ID: "PRIMARY", CustomerID: "AARON01", LastModified: now()}}
	s.sweep(t, events.Customer, "addresses")
	if s.changes(t, events.Customer) != 1 {
		t.Error("the customer was not captured")
	}
	s.gp.fails = func(operation, _ string) error {
		if operation == "changed addresses" {
			return failure.Down("gp.unauthorized", "the account may not", nil)
		}
		return nil
	}
	for range 10 {
		s.sweep(t, events.Customer, "addresses")
	}
	if state := s.breaker.State(); state != "closed" {
		t.Errorf("the breaker is %s because of a list that not every company has", state)
	}
}

// Each record has its moment in a pass: looks beside each other read each once.
func TestAPassReadsEachRecordOnce(t *testing.T) {
	f := full{every: 6 * time.Hour}
	begin := time.Date(2026, 11, 24, 5, 0, 0, 0, time.UTC)
	const looks = 90
	read, most := map[events.Key]int{}, 0
	for look := range looks {
		at := func(i int) time.Time { return begin.Add(time.Duration(i) * f.every / looks) }
		n := 0
		for i := range 2000 {
			key := events.Key(fmt.Sprint("C", i))
			w := window(at(look), at(look+1))
			if f.due(key, w) {
				read[key]++
				n++
			}
		}
		most = max(most, n)
	}
	for key, times := range read {
		if times != 1 {
			t.Errorf("%s was read %d times", key, times)
		}
	}
	if len(read) != 2000 || most > 60 {
		t.Errorf("%d were read, %d in one look", len(read), most)
	}
}
