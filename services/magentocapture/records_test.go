package magentocapture

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/breaker"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

// lists are the records that a shop has of each list.
type lists map[string]magento.FoundRecords

func (l lists) ByKey(_ context.Context, of magento.List, keys []string) (magento.FoundRecords, error) {
	return l.find(of, keys, func(r magento.Record) string { return r.Key }), nil
}

func (l lists) ByID(_ context.Context, of magento.List, ids []int64) (magento.FoundRecords, error) {
	return l.find(of, texts(ids), func(r magento.Record) string { return strconv.FormatInt(r.ID, 10) }), nil
}

func (l lists) OfOrders(_ context.Context, of magento.List, ids []int64) (magento.FoundRecords, error) {
	return l.find(of, texts(ids), func(r magento.Record) string { return strconv.FormatInt(r.OrderID, 10) }), nil
}

func (l lists) Updated(_ context.Context, of magento.List, _, _ time.Time, _ magento.Cursor, _ int) (magento.RecordPage, error) {
	have := l[of.String()]
	return magento.RecordPage{Records: have.Records, Broken: have.Broken}, nil
}

// find compares without case, as the database does.
func (l lists) find(of magento.List, asked []string, id func(magento.Record) string) magento.FoundRecords {
	have := l[of.String()]
	wanted := func(r magento.Record) bool {
		return slices.ContainsFunc(asked, func(a string) bool { return strings.EqualFold(a, id(r)) })
	}
	return magento.FoundRecords{
		Records: only(have.Records, wanted), Foreign: only(have.Foreign, wanted),
		Broken: only(have.Broken, func(b magento.Broken) bool { return slices.Contains(asked, b.ID) }),
	}
}

func texts(ids []int64) (out []string) {
	for _, id := range ids {
		out = append(out, strconv.FormatInt(id, 10))
	}
	return out
}

func listed(id int64, key string, orderID int64) magento.Record {
	raw := fmt.Sprintf(`{"entity_id":%d,"key":%q,"order_id":%d}`, id, key, orderID)
	return magento.Record{JSON: json.RawMessage(raw), ID: id, Key: key, OrderID: orderID, UpdatedAt: time.Now().UTC()}
}

// mall is a shop with a record of each entity.
func mall() *shop {
	some := func(r ...magento.Record) magento.FoundRecords { return magento.FoundRecords{Records: r} }
	return &shop{lists: lists{
		"orders":      some(listed(7, "0007", 0), listed(8, "0008", 0)),
		"invoices":    some(listed(21, "I21", 7), listed(20, "I20", 7), listed(22, "I22", 8)),
		"creditmemos": some(listed(30, "R30", 7)),
		"customers":   {Records: []magento.Record{listed(5, "ann@example.com", 0)}, Foreign: []magento.Record{listed(6, "eve@example.com", 0)}},
		"products":    some(listed(40, "24-mb01", 0)),
	}}
}

func newMallCapture(t *testing.T, b *bus.Bus, s *shop) func(entity events.Entity, key events.Key) error {
	t.Helper()
	cfg := config()
	cfg.Entities = []events.Entity{events.Invoice, events.Refund, events.Customer, events.Product}
	c := New(cfg, s, b, cursors(t, b), breaker.New("magento", breaker.Config{}), nil)
	for _, entity := range cfg.Entities {
		if _, err := c.Sweep(t.Context(), entity, events.WaySweep); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	return func(entity events.Entity, key events.Key) error {
		n++
		return c.Handle(t.Context(), []*bus.Delivery{notice(t, b, entity, key, fmt.Sprint("n", n))})[0]
	}
}

func TestEachEntityIsSweptResolvedAndReadWithWhatBelongsToIt(t *testing.T) {
	for entity, want := range map[events.Entity]struct {
		id      int64
		key     events.Key
		related string
	}{
		events.Invoice:  {21, "I21", "invoices [20 21] order 7"},
		events.Refund:   {30, "R30", "order 7"},
		events.Customer: {5, "5", ""},
		events.Product:  {40, "24-MB01", ""},
	} {
		t.Run(string(entity), func(t *testing.T) {
			b := bustest.Start(t)
			handle := newMallCapture(t, b, mall())
			subject := events.NoticeSubject("main", events.Magento, entity, want.key).String()
			swept := only(scan(t, b, bus.Notices), func(m bus.Stored) bool { return m.Subject == subject })
			if len(swept) != 1 {
				t.Errorf("%d notices of %s from the sweep", len(swept), subject)
			}
			for _, key := range []events.Key{events.InternalID(want.id), want.key} {
				if err := handle(entity, key); err != nil {
					t.Fatal(err)
				}
			}
			if got := only(scan(t, b, bus.Notices), func(m bus.Stored) bool { return m.Subject == subject }); len(got) != 3 {
				t.Errorf("%d notices, want one each from the sweep, the resolver and the test", len(got))
			}
			got := scan(t, b, bus.Changes)
			if len(got) != 1 || got[0].Subject != events.ChangeSubject("main", events.Magento, entity, want.key).String() {
				t.Fatalf("%d changes", len(got))
			}
			if related := told(t, payload[events.Change](t, got[0]).Related); related != want.related {
				t.Errorf("with %q, want %q", related, want.related)
			}
		})
	}
}

// told says what a change carries beside its record, by internal numbers.
func told(t *testing.T, related map[string]json.RawMessage) string {
	t.Helper()
	type number struct {
		ID int64 `json:"entity_id"`
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(related)) {
		var one number
		var many []number
		switch {
		case json.Unmarshal(related[name], &one) == nil:
			out = append(out, fmt.Sprint(name, " ", one.ID))
		case json.Unmarshal(related[name], &many) == nil:
			ids := []int64{}
			for _, n := range many {
				ids = append(ids, n.ID)
			}
			out = append(out, fmt.Sprint(name, " ", ids))
		default:
			t.Errorf("%s is %s", name, related[name])
		}
	}
	return strings.Join(out, " ")
}

func TestWhatCantBeCapturedOfAList(t *testing.T) {
	lost := failure.Transient("magento.internal", "the store can't load it", nil)
	for name, tc := range map[string]struct {
		entity events.Entity
		key    events.Key
		spoil  func(lists)
		code   string // of the failure
		result events.Result
		waits  bool
	}{
		"a customer of another website": {entity: events.Customer, key: "6", result: events.Skipped},
		"a customer that is no number":  {entity: events.Customer, key: "ann@example.com", waits: true},
		"an unknown product":            {entity: events.Product, key: "NONE", waits: true},
		"two invoices with one number": {entity: events.Invoice, key: "I21", code: "magento.invoice.ambiguous", spoil: func(l lists) {
			l["invoices"] = magento.FoundRecords{Records: []magento.Record{listed(21, "I21", 7), listed(23, "I21", 8)}}
		}},
		"an invoice whose order is not shown": {entity: events.Invoice, key: "I21", code: "magento.order.missing", spoil: func(l lists) { delete(l, "orders") }},
		"a refund whose order is broken": {entity: events.Refund, key: "R30", code: "magento.internal", spoil: func(l lists) {
			l["orders"] = magento.FoundRecords{Broken: []magento.Broken{{ID: "7", EntityID: 7, Err: lost}}}
		}},
		"a broken product": {entity: events.Product, key: "24-MB02", code: "magento.internal", spoil: func(l lists) {
			l["products"] = magento.FoundRecords{Broken: []magento.Broken{{ID: "24-MB02", EntityID: 41, Err: lost}}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			b, s := bustest.Start(t), mall()
			if tc.spoil != nil {
				tc.spoil(s.lists)
			}
			err := newMallCapture(t, b, s)(tc.entity, tc.key)
			switch {
			case tc.code != "":
				if f := failure.Of(err); f == nil || f.Code != tc.code {
					t.Errorf("got %v", err)
				}
			case isWait(err) != tc.waits, !tc.waits && err != nil:
				t.Errorf("got %v", err)
			}
			got := outcomes(t, b)
			if tc.result != "" && (len(got) != 1 || got[0].Result != tc.result) || tc.result == "" && len(got) != 0 {
				t.Errorf("outcomes %+v", got)
			}
		})
	}
}
