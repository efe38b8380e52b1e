package gpcapture

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/gp"
)

// Property: however long a window is, and whatever GP is too slow for, every
// stamp in it is listed.
func TestEveryStampOfAWindowIsListed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := time.Date(2026, 11, 24, 5, 0, 0, 0, time.UTC)
		length := time.Duration(rapid.Int64Range(0, int64(6*time.Hour)).Draw(t, "length"))
		slow := time.Duration(rapid.Int64Range(int64(2*narrowest), int64(2*time.Hour)).Draw(t, "too slow for"))
		stamps := rapid.SliceOf(rapid.Custom(func(t *rapid.T) time.Time {
			return from.Add(time.Duration(rapid.Int64Range(0, int64(length)).Draw(t, "stamp"))).Truncate(time.Millisecond)
		})).Draw(t, "stamps")
		list := func(_ context.Context, r gp.TimeRange) (rows []time.Time, err error) {
			if r.To.Sub(r.From) > slow {
				return nil, noAnswer()
			}
			for _, stamp := range stamps {
				if within(stamp, r) {
					rows = append(rows, stamp)
				}
			}
			return rows, nil
		}
		found := map[time.Time]bool{}
		for after := ""; ; {
			rows, next, err := stamped(context.Background(), window(from, from.Add(length)), after, list)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				found[row] = true
			}
			if next == "" {
				break
			}
			after = next
		}
		for _, stamp := range stamps {
			if !found[stamp] {
				t.Fatalf("the stamp %s is missing", stamp)
			}
		}
	})
}

func TestAListThatIsTooLongIsReadByRangesOfIDs(t *testing.T) {
	s := newSite(t)
	want := []events.Key{"-X", "0", "1A", "AARON", "B", "M", "Z", "ZZ"}
	for _, id := range want {
		s.gp.putCustomer(aCustomer(string(id), ""))
	}
	s.gp.matches = func(operation string, ids gp.Match) bool { return operation != "customers" || ids != gp.Match{} }
	s.sweep(t, events.Customer, "full")
	for _, id := range want {
		if _, ok := s.last(t, events.Customer, id); !ok {
			t.Errorf("%s was not captured", id)
		}
	}
}

func TestAStampOfItsOwn(t *testing.T) {
	stamp := time.Date(2026, 11, 24, 6, 12, 44, 317_000_000, time.UTC)
	own := map[time.Time]bool{stamp: true}
	for i := range 5 {
		own[ownStamp(stamp, fmt.Sprint("INV", i))] = true
	}
	if len(own) != 6 {
		t.Errorf("%d stamps of an order and five invoices", len(own))
	}
	if got := ownStamp(stamp, "INV1"); got != ownStamp(stamp, "INV1") || got.Sub(stamp) >= time.Microsecond {
		t.Errorf("the stamp %s", got)
	}
	if !ownStamp(time.Time{}, "INV1").IsZero() {
		t.Error("no stamp became one")
	}
}

func TestTheRangesOfIDsMeet(t *testing.T) {
	if bounds[0] != "" || bounds[len(bounds)-1] != "" || !slices.IsSorted(bounds[:len(bounds)-1]) {
		t.Errorf("bounds %q", bounds)
	}
}
