package magento

import (
	"sync/atomic"

	"github.com/magpie-integration/magpie/libs/failure"
)

// maxBatch is how many rows one call writes: more take longer than gateways
// wait, and lock more rows against checkouts (magento/inventory issues 2306, 2969).
const maxBatch = 200

// inBatches sends rows a batch at a time. Rows next to each other that belong
// together stay in one batch. A batch that is larger than the store's input
// limit is refused as a whole, before any work; then it is halved, and the size
// is kept for later calls (docs: API security).
func inBatches[T any](rows []T, size *atomic.Int64, together func(a, b T) bool, send func([]T) error) error {
	for len(rows) > 0 {
		limit := int(size.Load())
		n := cut(rows, limit, together)
		err := send(rows[:n])
		if err == nil {
			rows = rows[n:]
			continue
		}
		if failure.Of(err).Code != codeTooMany || cut(rows, 1, together) == n {
			return err
		}
		size.CompareAndSwap(int64(limit), int64(max(min(limit, n)/2, 1)))
	}
	return nil
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
