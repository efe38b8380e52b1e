package gpwriter_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/gp"
)

// fakeGP is a company in memory that keeps the rules which the writer leans on.
type fakeGP struct {
	mu        sync.Mutex
	customers map[string]gp.Customer
	orders    map[string]gp.SalesOrder
	items     map[string]gp.Item
	prices    map[string]decimal.Decimal // GP's own, over the sent ones
	stock     map[string]decimal.Decimal // all that can be allocated; none: no limit
	calls     []gpCall
	next      map[string][]hook
	updated   gp.SalesOrder // the last update, as it was sent
}

// gpCall is one call that reached GP.
type gpCall struct {
	op, key      string
	began, ended time.Time
}

// hook stands in for one call; work does what GP would have done.
type hook func(work func() error) error

func newFakeGP() *fakeGP {
	return &fakeGP{
		customers: map[string]gp.Customer{}, orders: map[string]gp.SalesOrder{},
		items:  map[string]gp.Item{"MUG": {Number: "MUG"}, "TEA": {Number: "TEA", DefaultSellingUnit: "BOX"}},
		prices: map[string]decimal.Decimal{}, stock: map[string]decimal.Decimal{}, next: map[string][]hook{},
	}
}

// on makes the next call of an operation behave as the hook says.
func (f *fakeGP) on(op string, h hook) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next[op] = append(f.next[op], h)
}

var errNoAnswer = failure.Unknown("gp.no_answer", errors.New("connection reset"))

// Hooks: the answer is lost after the work, or before it; the call is refused.
func answerLost(work func() error) error {
	if err := work(); err != nil {
		return err
	}
	return errNoAnswer
}
func neverDone(func() error) error { return errNoAnswer }
func fails(err error) hook         { return func(func() error) error { return err } }

func (f *fakeGP) do(op, key string, work func() error) error {
	f.mu.Lock()
	i := len(f.calls)
	f.calls = append(f.calls, gpCall{op: op, key: key, began: time.Now()})
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
	var err error
	if h != nil {
		err = h(locked)
	} else {
		err = locked()
	}
	f.mu.Lock()
	f.calls[i].ended = time.Now()
	f.mu.Unlock()
	return err
}

// ops lists the operations since the last look, in the order in which they began.
func (f *fakeGP) ops() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := []string{}
	for _, c := range f.calls {
		out = append(out, c.op)
	}
	return out
}

func (f *fakeGP) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = nil
}

func (f *fakeGP) of(op string) (out []gpCall) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.calls {
		if c.op == op {
			out = append(out, c)
		}
	}
	return out
}

func (f *fakeGP) order(number string) gp.SalesOrder {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.orders[number]
}

func (f *fakeGP) customer(id string) gp.Customer {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.customers[id]
}

// change is what a person does to an order in GP.
func (f *fakeGP) change(number string, do func(*gp.SalesOrder)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := f.orders[number]
	do(&o)
	f.orders[number] = o
}

// remove is what a person does who deletes an order in GP.
func (f *fakeGP) remove(number string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.orders, number)
}

func missing(thing, id string) error {
	return failure.Rejected("gp."+thing+".not_found", "", "GP has no "+thing+" "+id, "").Because(gp.ErrNotFound)
}

func (f *fakeGP) Customer(_ context.Context, id string) (c gp.Customer, err error) {
	err = f.do("Customer", id, func() error {
		var ok bool
		if c, ok = f.customers[id]; !ok {
			return missing("customer", id)
		}
		return nil
	})
	return c, err
}

func (f *fakeGP) CreateCustomer(_ context.Context, c gp.Customer) error {
	return f.do("CreateCustomer", c.ID, func() error {
		if _, ok := f.customers[c.ID]; ok {
			return failure.Rejected("gp.customer.duplicate", "Key", "GP says: The customer already exists", "mend it")
		}
		f.customers[c.ID] = c
		return nil
	})
}

func (f *fakeGP) UpdateCustomer(_ context.Context, c gp.Customer) error {
	return f.do("UpdateCustomer", c.ID, func() error {
		old, ok := f.customers[c.ID]
		if !ok {
			return missing("customer", c.ID)
		}
		for _, a := range old.Addresses {
			if _, sent := c.Address(a.ID); !sent {
				c.Addresses = append(c.Addresses, a)
			}
		}
		f.customers[c.ID] = c
		return nil
	})
}

func (f *fakeGP) SalesOrder(_ context.Context, number string) (o gp.SalesOrder, err error) {
	err = f.do("SalesOrder", number, func() error {
		var ok bool
		if o, ok = f.orders[number]; !ok {
			return missing("sales", number)
		}
		o.Lines = slices.Clone(o.Lines)
		return nil
	})
	return o, err
}

func (f *fakeGP) CreateSalesOrder(_ context.Context, o gp.SalesOrder) error {
	return f.do("CreateSalesOrder", o.Number, func() error {
		if _, ok := f.orders[o.Number]; ok {
			return failure.Rejected("gp.sales.duplicate", "Key", "GP says: The sales document already exists", "mend it")
		}
		return f.put(o)
	})
}

func (f *fakeGP) UpdateSalesOrder(_ context.Context, o gp.SalesOrder) error {
	return f.do("UpdateSalesOrder", o.Number, func() error {
		old, ok := f.orders[o.Number]
		if !ok {
			return missing("sales", o.Number)
		}
		f.updated = o
		sent := map[int]bool{}
		lines := []gp.SalesLine{}
		for _, l := range o.Lines {
			sent[l.Sequence] = true
			if !l.Delete {
				lines = append(lines, l)
			}
		}
		for _, l := range old.Lines {
			if !sent[l.Sequence] {
				lines = append(lines, l)
			}
		}
		o.Lines = lines
		return f.put(o)
	})
}

// put stores an order with what GP computes of it.
func (f *fakeGP) put(o gp.SalesOrder) error {
	if _, ok := f.customers[o.CustomerID]; !ok {
		return failure.Rejected("gp.customer.unknown", "CustomerKey", "GP says: The customer does not exist", "mend it")
	}
	sum := decimal.Zero
	o.Lines = slices.Clone(o.Lines)
	for i := range o.Lines {
		l := &o.Lines[i]
		if own, ok := f.prices[l.ItemNumber]; ok {
			l.UnitPrice, l.Total = gp.Amount(own), gp.Amount(own.Mul(l.Quantity))
		}
		l.QuantityAllocated = l.Quantity
		if left, ok := f.stock[l.ItemNumber]; ok {
			l.QuantityAllocated = decimal.Min(left, l.Quantity)
		}
		sum = sum.Add(l.Total.Decimal)
	}
	o.TransactionState, o.LineTotal = "Work", gp.Amount(sum)
	o.Total = gp.Amount(sum.Add(o.Freight.Decimal).Add(o.Miscellaneous.Decimal).Add(o.Tax.Decimal).Sub(o.TradeDiscount.Decimal))
	f.orders[o.Number] = o
	return nil
}

func (f *fakeGP) VoidSalesOrder(_ context.Context, number string) error {
	return f.do("VoidSalesOrder", number, func() error {
		o := f.orders[number]
		o.Voided, o.TransactionState = true, "History"
		f.orders[number] = o
		return nil
	})
}

func (f *fakeGP) Item(_ context.Context, number string) (i gp.Item, err error) {
	err = f.do("Item", number, func() error {
		var ok bool
		if i, ok = f.items[strings.ToUpper(number)]; !ok {
			return missing("item", number)
		}
		return nil
	})
	return i, err
}
