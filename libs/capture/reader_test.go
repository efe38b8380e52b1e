package capture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
)

// Beside each other: a shop of orders that can be resolved, a ledger of
// customers that can't.
func TestEachEntityHasItsReader(t *testing.T) {
	b, s := bustest.Start(t), &shop{guard: open}
	s.put(order("123", 871, "new"))
	people := &reader{records: []Record{{Key: "123", JSON: json.RawMessage(`{"name":"A"}`)}}}
	c := New(config(), b, cursors(t, b), open, nil, s, people)
	handle(t, c, notice(t, b, events.Customer, "123", "n1"), orderNotice(t, b, "123", "n2"), notice(t, b, events.Customer, events.InternalID(9), "n3"))
	var subjects []string
	for _, m := range scan(t, b, bus.Changes) {
		subjects = append(subjects, m.Subject)
	}
	slices.Sort(subjects)
	if !slices.Equal(subjects, []string{"magpie.change.main.magento.customer.123", "magpie.change.main.magento.order.123"}) {
		t.Errorf("changes of %v", subjects)
	}
	if got := outcomes(t, b); len(got) != 1 || got[0].Result != events.Skipped || got[0].Source.Key != events.InternalID(9) {
		t.Errorf("outcomes %+v", got)
	}
}

// reader gives the records that it was made with, as customers.
type reader struct{ records []Record }

func (r *reader) Entity() events.Entity { return events.Customer }

func (r *reader) Read(context.Context, []events.Key) (Found, error) {
	return Found{Records: r.records}, nil
}

func TestARecordIsHeldUntilItsNoticeIsOldEnough(t *testing.T) {
	b := bustest.Start(t)
	people := &reader{records: []Record{{Key: "5", JSON: json.RawMessage(`{}`), Hold: time.Minute, Because: "an edit is under way"}}}
	c := New(config(), b, cursors(t, b), open, nil, people)
	d := notice(t, b, events.Customer, "5", "n1")
	if err := c.Handle(t.Context(), []*bus.Delivery{d})[0]; !isWait(err) || err.Error() != "waiting: an edit is under way" {
		t.Errorf("got %v", err)
	}
	d.First = d.First.Add(-time.Minute)
	handle(t, c, d)
	if got := len(scan(t, b, bus.Changes)); got != 1 {
		t.Errorf("%d changes", got)
	}
}

func TestWhatDependsOnARecordIsNoticedBeforeItsChange(t *testing.T) {
	b := bustest.Start(t)
	also := []Also{{events.Order, "1", "its customer changed"}, {events.Order, "2", "its customer changed"}, {events.Invoice, "2", "its customer changed"}}
	people := &reader{records: []Record{{Key: "5", JSON: json.RawMessage(`{}`), StoreID: 3, Also: also}}}
	c := New(config(), &failing{b, 2}, cursors(t, b), open, nil, people)
	d := notice(t, b, events.Customer, "5", "n1")
	if err := c.Handle(t.Context(), []*bus.Delivery{d})[0]; !errors.Is(err, bus.ErrFull) || len(scan(t, b, bus.Changes)) != 0 {
		t.Fatalf("a change whose dependents are not noticed must not be stored: %v", err)
	}
	c.stream = b
	handle(t, c, d)
	handle(t, c, d)
	var subjects []string
	for _, m := range scan(t, b, bus.Notices)[1:] {
		n := payload[events.Notice](t, m)
		if n.Via != "capture" || n.Event != "its customer changed" || n.StoreID != 3 {
			t.Errorf("got %+v", n)
		}
		subjects = append(subjects, m.Subject)
	}
	if want := []string{"magpie.notice.main.magento.order.1", "magpie.notice.main.magento.order.2", "magpie.notice.main.magento.invoice.2"}; !slices.Equal(subjects, want) {
		t.Errorf("got %v", subjects)
	}
}

func TestWhatIsRelatedIsPartOfTheChangeAndScrubbed(t *testing.T) {
	b := bustest.Start(t)
	people := &reader{records: []Record{{Key: "5", JSON: json.RawMessage(`{}`)}}}
	related := func(raw string) {
		people.records[0].Related = map[string]json.RawMessage{"order": json.RawMessage(raw)}
	}
	c := New(config(), b, cursors(t, b), open, nil, people)
	for i, raw := range []string{`{"state":"new"}`, `{ "state": "new" }`, `{"state":"new","cc_number":"4111111111111111"}`} {
		related(raw)
		handle(t, c, notice(t, b, events.Customer, "5", fmt.Sprint("n", i)))
	}
	got := changes(t, b)
	if len(got) != 2 || string(got[0].Related["order"]) != `{"state":"new"}` || len(outcomes(t, b)) != 1 {
		t.Fatalf("changes %+v", got)
	}
	if text := string(got[1].Related["order"]); text == "" || strings.Contains(text, "4111") {
		t.Errorf("published: %s", text)
	}
}
