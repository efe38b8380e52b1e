package magento

import (
	"context"
	"math"
	"strconv"
	"time"

	"github.com/magpie-integration/magpie/libs/failure"
)

// Broken is a record, mostly an order, on which Magento fails, and with it every page that holds
// it (magento/magento2 issue 36213). A person must mend it in the store.
type Broken struct {
	// ID is the id by which it was asked for, empty in a sweep.
	ID string
	// EntityID is known in a sweep, and when it was asked for by it.
	EntityID int64
	// UpdatedAt is known in a sweep.
	UpdatedAt time.Time
	// Err is what Magento answered for this record alone.
	Err *failure.Error
}

// spoilt tells whether one record may have spoilt the whole answer.
func spoilt(err error) bool {
	switch failure.Of(err).Code {
	case codeInternal, codeFatal, codeTooLarge:
		return true
	}
	return false
}

// prove asks for no record at all: a store that fails on this too is ill itself,
// and none of its records is to blame.
func (c *Client) prove(ctx context.Context, l List) error {
	_, _, err := c.rows(ctx, l, search{groups: []group{{{"entity_id", "eq", "0"}}}, size: 1})
	if err != nil && spoilt(err) {
		f := failure.Down("magento."+l.many+"_fail", "Magento fails on every search for "+l.many+": "+failure.Of(err).Reason, err)
		f.Fix = "look into the store's var/log/exception.log"
		return f
	}
	return err
}

// maxEntityID ends the search for a broken record.
const maxEntityID = math.MaxUint32

// findBroken gives the first record after the cursor when Magento fails on it, so
// that nothing of it can be read. It narrows the window until only that record
// is in it: first by time, then by number. A search for one record fails exactly
// when the broken one, which is the first, is in its window.
func (c *Client) findBroken(ctx context.Context, w sweep) (Broken, error) {
	why := &failure.Error{}
	fails := func(w sweep) (bool, error) {
		_, _, err := c.rows(ctx, w.list, w.search(1))
		if err != nil && spoilt(err) {
			why = failure.Of(err)
			return true, nil
		}
		return false, err
	}
	from := w.from.Unix()
	if w.after.UpdatedAt.Unix() > from {
		from = w.after.UpdatedAt.Unix()
	}
	second, err := least(from, w.to.Unix(), func(second int64) (bool, error) {
		w.to = time.Unix(second, 0)
		return fails(w)
	})
	if err != nil {
		return Broken{}, err
	}
	w.to = time.Unix(second, 0).UTC()
	low := int64(1)
	if w.after.UpdatedAt.Equal(w.to) {
		low = w.after.EntityID + 1
	}
	var high int64
	for step := int64(1024); ; step *= 4 {
		high = min(low+step, maxEntityID)
		w.upTo = high
		hit, err := fails(w)
		if err != nil {
			return Broken{}, err
		}
		if hit {
			break
		}
		if high == maxEntityID {
			return Broken{}, failure.Transient("magento.paging", "Magento failed on a record of "+w.list.many+" and then did not; the window is read again", nil)
		}
	}
	id, err := least(low, high, func(id int64) (bool, error) {
		w.upTo = id
		return fails(w)
	})
	if err != nil {
		return Broken{}, err
	}
	return Broken{EntityID: id, UpdatedAt: w.to, Err: why}, nil
}

// least gives the smallest number from low to high for which is holds; it is
// known to hold for high.
func least(low, high int64, is func(int64) (bool, error)) (int64, error) {
	for low < high {
		mid := low + (high-low)/2
		yes, err := is(mid)
		if err != nil {
			return 0, err
		}
		if yes {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low, nil
}

// upToFilter bounds entity_id while a broken record is looked for.
func upToFilter(id int64) group {
	return group{{"entity_id", "lteq", strconv.FormatInt(id, 10)}}
}
