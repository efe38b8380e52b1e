package magento

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/magpie-integration/magpie/libs/failure"
)

// defaultRows is how many rows one call writes: many more take longer than
// gateways wait, and lock more rows against checkouts (magento/inventory issues
// 2306, 2969).
const defaultRows = 200

// inBatches sends rows a batch at a time. Rows next to each other that belong
// together stay in one batch. A batch that is larger than the store's input
// limit is refused as a whole, before any work; then it is halved, and the size
// is kept for later calls (docs: API security). Where a later batch fails, the
// earlier ones were written; one that may be tried again is then unknown.
func inBatches[T any](rows []T, size *atomic.Int64, together func(a, b T) bool, send func([]T) error) error {
	all := len(rows)
	for len(rows) > 0 {
		limit := int(size.Load())
		n := cut(rows, limit, together)
		err := send(rows[:n])
		if err == nil {
			rows = rows[n:]
			continue
		}
		if failure.Of(err).Code != codeTooMany || cut(rows, 1, together) == n {
			if len(rows) < all {
				return partly(err, all-len(rows), all)
			}
			return err
		}
		size.CompareAndSwap(int64(limit), int64(max(min(limit, n)/2, 1)))
	}
	return nil
}

// partly is the error of a write of which some rows were written.
func partly(err error, written, of int) error {
	was := failure.Of(err)
	if was.Kind != failure.KindTransient || errors.Is(err, failure.ErrUnknownOutcome) {
		return err
	}
	f := failure.Unknown(was.Code, fmt.Errorf("%d of %d rows were written: %w", written, of, err))
	f.System, f.Fix = was.System, was.Fix
	return f
}

// cut gives the length of the first batch: at most size, but never between rows
// that belong together.
func cut[T any](rows []T, size int, together func(a, b T) bool) int {
	n := min(max(size, 1), len(rows))
	for back := n; back > 0; back-- {
		if back == len(rows) || !together(rows[back-1], rows[back]) {
			return back
		}
	}
	for n < len(rows) && together(rows[n-1], rows[n]) {
		n++
	}
	return n
}
