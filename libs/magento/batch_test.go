package magento

import (
	"slices"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/magpie-integration/magpie/libs/failure"
)

// Property: whatever the store's limit, every row is written once and in order,
// rows that belong together in one batch; and it fails only for a group that is
// larger than the limit.
func TestBatchesWriteEachRowOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rows := rapid.SliceOfN(rapid.IntRange(0, 6), 0, 40).Draw(rt, "rows")
		slices.Sort(rows)
		limit := rapid.IntRange(1, 12).Draw(rt, "limit")
		grouped := rapid.Bool().Draw(rt, "grouped")
		together := func(a, b int) bool { return grouped && a == b }
		var size atomic.Int64
		size.Store(rapid.Int64Range(1, 50).Draw(rt, "size"))
		var written []int
		err := inBatches(rows, &size, together, func(batch []int) error {
			if len(batch) > limit {
				return failure.Rejected(codeTooMany, "", "too many", "")
			}
			if n := len(written); n > 0 && together(written[n-1], batch[0]) {
				rt.Fatalf("%v was cut off from %v", batch, written)
			}
			written = append(written, batch...)
			return nil
		})
		largest := 1
		for _, r := range rows {
			if n := len(slices.DeleteFunc(slices.Clone(rows), func(x int) bool { return x != r })); grouped {
				largest = max(largest, n)
			}
		}
		if (err != nil) != (largest > limit && len(rows) > 0) {
			rt.Fatalf("limit %d, largest group %d: %v", limit, largest, err)
		}
		if err == nil && !slices.Equal(written, rows) {
			rt.Fatalf("wrote %v of %v", written, rows)
		}
	})
}
