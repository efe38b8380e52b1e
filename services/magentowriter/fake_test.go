package magentowriter_test

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

// fakeStore is a store in memory, of version 2.4.8: a comment may carry any
// status of the order's current state (Magento core,
// Sales/Model/Service/OrderService::addComment).
type fakeStore struct {
	mu       sync.Mutex
	orders   map[string]magento.Order
	comments []magento.Comment
	statuses map[string][]string // by state
	calls    []string
	next     map[string][]hook
	fakeSales
}

// hook stands in for one call; work does what the store would have done.
type hook func(work func() error) error

func newFakeStore() *fakeStore {
	return &fakeStore{
		orders:   map[string]magento.Order{"000000123": {EntityID: 7, IncrementID: "000000123", StoreID: 1, State: "new", Status: "pending"}},
		statuses: map[string][]string{"new": {"pending"}, "processing": {"processing"}, "canceled": {"canceled"}, "complete": {"complete"}, "holded": {"holded"}},
		next:     map[string][]hook{},
	}
}

// on makes the next call of an operation behave as the hook says.
func (f *fakeStore) on(op string, h hook) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next[op] = append(f.next[op], h)
}

var errNoAnswer = failure.Unknown("magento.no_answer", errors.New("connection reset"))

// Hooks: the answer is lost after the work, or before it; the call is refused.
func answerLost(work func() error) error {
	if err := work(); err != nil {
		return err
	}
	return errNoAnswer
}
func neverDone(func() error) error { return errNoAnswer }
func fails(err error) hook         { return func(func() error) error { return err } }

func (f *fakeStore) do(op string, work func() error) error {
	f.mu.Lock()
	f.calls = append(f.calls, op)
	var h hook
	if hooks := f.next[op]; len(hooks) > 0 {
		h, f.next[op] = hooks[0], hooks[1:]
	}
	f.mu.Unlock()
	locked := func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		return work()
	}
	if h != nil {
		return h(locked)
	}
	return locked()
}

// ops lists the operations since the last forget.
func (f *fakeStore) ops() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

func (f *fakeStore) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = nil
}

func (f *fakeStore) count(op string) (n int) {
	for _, c := range f.ops() {
		if c == op {
			n++
		}
	}
	return n
}

// move is what the shop does to an order.
func (f *fakeStore) move(state, status string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := f.orders["000000123"]
	o.State, o.Status = state, status
	f.orders["000000123"] = o
}

func (f *fakeStore) Order(_ context.Context, incrementID string) (o magento.Order, err error) {
	err = f.do("Order", func() error {
		var ok bool
		if o, ok = f.orders[incrementID]; !ok {
			return failure.Rejected("magento.not_found", "increment_id", "the store has no order "+incrementID, "see").Because(magento.ErrNotFound)
		}
		if o.EntityID == 7 && f.rows != nil {
			o.Raw = f.raw()
		}
		return nil
	})
	return o, err
}

func (f *fakeStore) Comments(context.Context, int64) (c []magento.Comment, err error) {
	err = f.do("Comments", func() error { c = slices.Clone(f.comments); return nil })
	return c, err
}

func (f *fakeStore) AddComment(_ context.Context, entityID int64, comment, status string) error {
	return f.do("AddComment", func() error {
		for number, o := range f.orders {
			if o.EntityID != entityID {
				continue
			}
			if !slices.Contains(f.statuses[o.State], status) {
				return failure.Rejected("magento.status_refused", "status", "not part of the order status history", "assign it").Because(magento.ErrStatusRefused)
			}
			o.Status = status
			f.orders[number] = o
		}
		f.comments = append([]magento.Comment{{EntityID: int64(len(f.comments) + 1), Comment: comment, Status: status, About: "order"}}, f.comments...)
		return nil
	})
}

func (f *fakeStore) SaveState(_ context.Context, entityID int64, incrementID, state, status string) (s magento.OrderState, err error) {
	err = f.do("SaveState", func() error {
		o := f.orders[incrementID]
		if o.EntityID != entityID {
			return errors.New("SaveState of another order")
		}
		o.State, o.Status = state, status
		f.orders[incrementID] = o
		s = magento.OrderState{EntityID: entityID, IncrementID: incrementID, State: state, Status: status}
		return nil
	})
	return s, err
}
