package gpcapture

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/magpie-integration/magpie/libs/capture"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/gp"
)

// GP's lists have neither pages nor an order, and one that is too long for it
// ends in a time-out (GP Web Services WSDL: the criteria have no limit).

const (
	// span is how much time a page of a sweep covers.
	span = time.Hour
	// narrowest is the shortest time that a list is cut down to.
	narrowest = time.Second
	// settled is how old a stamp must be before a window is closed over it: two
	// clocks are compared.
	settled = 2 * time.Second
)

// stamped lists a page of what was stamped in a window: what lies behind after,
// up to a span of time. Both ends of a page are in it, so the next may show a row
// of its end again.
func stamped[T any](
	ctx context.Context, w capture.Window, after string, list func(context.Context, gp.TimeRange) ([]T, error),
) (rows []T, next string, err error) {
	from, to := w.From, w.To
	if after != "" {
		if from, err = time.Parse(time.RFC3339Nano, after); err != nil {
			return nil, "", fmt.Errorf("the page after %q: %w", after, err)
		}
	}
	if to.Sub(from) > span {
		to = from.Add(span)
		next = to.Format(time.RFC3339Nano)
	}
	rows, err = halving(ctx, gp.TimeRange{From: from, To: to}, list)
	return rows, next, err
}

// halving lists a span of time, and where GP takes too long for it each half.
func halving[T any](ctx context.Context, r gp.TimeRange, list func(context.Context, gp.TimeRange) ([]T, error)) ([]T, error) {
	rows, err := list(ctx, r)
	length := r.To.Sub(r.From)
	if !tooLong(err) || length <= narrowest {
		return rows, err
	}
	// GP takes milliseconds: both halves end and begin with one of them.
	middle := r.From.Add(length / 2).Truncate(time.Millisecond)
	first, err := halving(ctx, gp.TimeRange{From: r.From, To: middle}, list)
	if err != nil {
		return nil, err
	}
	second, err := halving(ctx, gp.TimeRange{From: middle, To: r.To}, list)
	return append(first, second...), err
}

// tooLong tells whether GP took the call and didn't answer in time.
func tooLong(err error) bool {
	f := failure.Of(err)
	return err != nil && f.Code == "gp.no_answer" && !f.System
}

// bounds part all ids by their first character.
var bounds = []string{
	"", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M",
	"N", "O", "P", "Q", "R", "S", "T", "U", "V", "W", "X", "Y", "Z", "",
}

// everything lists all records, and where GP takes too long for that, by ranges
// of their ids. The ranges meet, in whatever order GP's collation has.
func everything[T any](ctx context.Context, list func(context.Context, gp.Match) ([]T, error)) (all []T, err error) {
	all, err = list(ctx, gp.Match{})
	if !tooLong(err) {
		return all, err
	}
	all = nil
	for i, from := range bounds[:len(bounds)-1] {
		rows, err := list(ctx, gp.Match{From: from, To: bounds[i+1]})
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}

// byStamp puts rows in order, and leaves out the second of two equal ones.
func byStamp(rows []capture.Row) []capture.Row {
	slices.SortFunc(rows, func(a, b capture.Row) int {
		return cmp.Or(a.ModifiedAt.Compare(b.ModifiedAt), cmp.Compare(a.Key, b.Key))
	})
	return slices.CompactFunc(rows, func(a, b capture.Row) bool { return a.Key == b.Key && a.ModifiedAt.Equal(b.ModifiedAt) })
}

// lastPage is the page behind the last one, for sweeps that remember what they
// saw: it is asked for when the rows of all others were noticed.
const lastPage = "end"

// ownStamp gives a stamp what GP's milliseconds leave free, by the name of the
// stamped row: a record is noticed once per stamp, and GP may give one stamp to
// several rows that belong to it (the invoices of an order).
func ownStamp(stamp time.Time, name string) time.Time {
	if stamp.IsZero() {
		return stamp
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return stamp.Truncate(time.Microsecond).Add(time.Duration(1 + h.Sum32()%999))
}
