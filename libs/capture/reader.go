package capture

import (
	"context"
	"encoding/json"
	"time"

	"github.com/magpie-integration/magpie/events"
)

// Reader reads one entity of one system. A capture is a set of readers; a new
// entity is a new reader. A reader makes its own calls, behind the breaker, and
// hands on its bus.ErrPaused. It is used by several goroutines at once.
type Reader interface {
	// Entity is what it reads.
	Entity() events.Entity
	// Read reads the records that exist among some keys, [ReadSize] at most, in as
	// many calls as that takes. Its error is about all of them; one about a single
	// record is in Found.Failed.
	Read(ctx context.Context, keys []events.Key) (Found, error)
}

// Found is what a reader found of some keys. A key that is nowhere in it is a
// record that the system does not have (yet).
type Found struct {
	// Records may hold more than was asked for; that is left alone. Of two with the
	// same key neither is captured, and a person is asked.
	Records []Record
	// Foreign are records that are another pair's: of another website.
	Foreign []events.Key
	// Failed are records that are there and can't be captured, and why.
	Failed map[events.Key]error
}

// Record is one record as it was read.
type Record struct {
	Key events.Key
	// JSON is the system's own record, Related what flows ask for beside it. The
	// capture scrubs both of card data.
	JSON    json.RawMessage
	Related map[string]json.RawMessage
	// ModifiedAt is the time that the system gives it, in UTC.
	ModifiedAt time.Time
	// StoreID is Magento's.
	StoreID int64
	// Hold keeps the record back until its notice is this old: an edit of it may be
	// under way, and Because says which.
	Hold    time.Duration
	Because string
	// Also are records whose reading depends on what this one is: they are noticed
	// when it has changed.
	Also []Also
}

// Also is a record that is to be read again because another one changed.
type Also struct {
	Entity events.Entity
	Key    events.Key
	// Event says for people what happened.
	Event string
}

// Resolver is a Reader of records that notices may name by the system's
// internal number only.
type Resolver interface {
	// Resolve gives the business keys of those numbers that exist.
	Resolve(ctx context.Context, ids []int64) (Resolved, error)
}

// Resolved are the business keys of internal numbers.
type Resolved struct {
	Keys map[int64]events.Key
	// Foreign are another pair's.
	Foreign []int64
	Failed  map[int64]error
}

// Sweeper is a Reader that can look for records of which nobody told. Its sweeps
// are asked for once, when the capture is made.
type Sweeper interface {
	Sweeps() []Sweep
}

// Sweep is one way of looking, again and again. What it lists is noticed, and
// read like any other notice.
type Sweep struct {
	// Way names it in heartbeats and cursors: "sweep" for an entity's usual one,
	// which reads what was modified since; "open", "full".
	Way string
	// Every is the time between two looks.
	Every time.Duration
	// Overlap is how far each look goes back behind the last one, for what was
	// stamped before and became visible after: a look may begin at the cursor minus
	// this. A sweep without a cursor lists everything at each look.
	Overlap time.Duration
	Cursor  bool
	// First is how far back the very first look goes, if farther than the overlap;
	// nothing older is looked at.
	First time.Duration
	// Settled is how old a stamp must be before a window may be closed over it.
	Settled time.Duration
	// List gives a page of what changed in a window, beginning behind After (empty
	// for the first page), by stamp and key.
	List func(ctx context.Context, w Window, after string) (Page, error)
}

// Window is a closed span of time stamps, in UTC; zero for a sweep without a cursor.
type Window struct{ From, To time.Time }

// Page is a part of what a sweep lists.
type Page struct {
	Rows []Row
	// Next is where the next page begins; empty when there is none.
	Next string
}

// Row is one record of a list.
type Row struct {
	Key events.Key
	// ID is the internal number of a record whose key can't be read: it is noticed
	// by that, for the capture to say what is wrong with it.
	ID int64
	// ModifiedAt is the row's stamp, in UTC.
	ModifiedAt time.Time
	// Record is the whole record where the list has it: then it is only noticed when
	// it reads otherwise than its last change. Else a row is noticed once per stamp,
	// so each modification must have a stamp of its own (a row's timestamp, never a
	// business date); without a stamp, or in a sweep without a cursor, at each look.
	Record  json.RawMessage
	StoreID int64
}
