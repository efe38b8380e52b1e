package magento

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/magpie-integration/magpie/libs/failure"
)

// Found is what a look-up of many orders gave. Each id that was asked for is in
// exactly one of the lists; an increment id may stand for several orders, since
// store views count on their own (Magento core, SalesSequence).
type Found struct {
	// Orders are those of the pair's website.
	Orders []Order
	// Foreign are those of other websites.
	Foreign []Order
	// Missing are ids that Magento does not have, or not yet: a webhook comes
	// before the commit.
	Missing []string
	// Broken are ids whose orders Magento fails to load.
	Broken []Broken
}

// maxURL keeps a URL below what proxies and web servers take.
const maxURL = 4 << 10

// OrdersByIncrementID reads orders by the numbers that people see.
func (c *Client) OrdersByIncrementID(ctx context.Context, ids []string) (Found, error) {
	return c.find(ctx, "increment_id", ids, "")
}

// OrdersByEntityID reads orders by Magento's internal numbers.
func (c *Client) OrdersByEntityID(ctx context.Context, ids []int64) (Found, error) {
	return c.find(ctx, "entity_id", numbers(ids), "")
}

// Order reads one order by its increment id. It fails with [ErrNotFound] in the
// chain when there is none in the pair's website.
func (c *Client) Order(ctx context.Context, incrementID string) (Order, error) {
	found, err := c.OrdersByIncrementID(ctx, []string{incrementID})
	if err != nil {
		return Order{}, err
	}
	return found.order(incrementID)
}

// order gives the one order that has a number.
func (f Found) order(incrementID string) (Order, error) {
	has := func(o Order) bool { return strings.EqualFold(o.IncrementID, incrementID) }
	own := slices.IndexFunc(f.Orders, has)
	if own >= 0 {
		if more := slices.IndexFunc(f.Orders[own+1:], has); more >= 0 {
			return Order{}, failure.Conflict("magento.order_ambiguous", "increment_id",
				fmt.Sprintf("several orders of the website have the number %s", incrementID),
				"give the store views prefixes of their own for order numbers")
		}
		return f.Orders[own], nil
	}
	if i := slices.IndexFunc(f.Broken, func(b Broken) bool { return strings.EqualFold(b.ID, incrementID) }); i >= 0 {
		return Order{}, f.Broken[i].Err
	}
	if i := slices.IndexFunc(f.Foreign, has); i >= 0 {
		return Order{}, failure.Rejected("magento.order_foreign", "store_id",
			fmt.Sprintf("the order %s belongs to store view %d of another website", incrementID, f.Foreign[i].StoreID),
			"send its webhooks to the pair of that website").Because(ErrNotFound)
	}
	return Order{}, failure.Rejected("magento.not_found", "increment_id", fmt.Sprintf("the store has no order %s", incrementID),
		"see whether it was rolled back or deleted").Because(ErrNotFound)
}

// OrderState is where an order stands.
type OrderState struct {
	EntityID      int64
	IncrementID   string
	StoreID       int64
	State, Status string
	UpdatedAt     time.Time
}

// lightFields are what [Client.State] reads. They begin at the envelope: at
// another level Magento answers [] (magento/magento2 issue 23609).
const lightFields = "items[entity_id,increment_id,store_id,state,status,updated_at],total_count"

// State reads only where orders of the pair's website stand, by their internal
// numbers. It saves transfer, not the store's work (docs: retrieve filtered
// responses). Orders that are missing, foreign or broken are left out.
func (c *Client) State(ctx context.Context, ids []int64) ([]OrderState, error) {
	found, err := c.find(ctx, "entity_id", numbers(ids), lightFields)
	if err != nil {
		return nil, err
	}
	states := make([]OrderState, len(found.Orders))
	for i, o := range found.Orders {
		states[i] = o.state()
	}
	return states, nil
}

func (o Order) state() OrderState {
	return OrderState{o.EntityID, o.IncrementID, o.StoreID, o.State, o.Status, o.UpdatedAt}
}

// find looks for ids in as few searches as URLs and pages allow.
func (c *Client) find(ctx context.Context, field string, ids []string, fields string) (Found, error) {
	var all Found
	wanted := slices.Clone(ids)
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	l := lookUp{client: c, field: field, fields: fields}
	for len(wanted) > 0 {
		n := l.chunk(wanted)
		if err := l.collect(ctx, wanted[:n]); err != nil {
			return Found{}, err
		}
		wanted = wanted[n:]
	}
	all.Broken = l.broken
	if err := c.sortOut(ctx, &all, l.orders); err != nil {
		return Found{}, err
	}
	seen := map[string]bool{}
	for _, o := range l.orders {
		seen[l.id(o)] = true
	}
	for _, b := range l.broken {
		seen[strings.ToLower(b.ID)] = true
	}
	for _, id := range ids {
		if key := strings.ToLower(id); !seen[key] {
			seen[key] = true
			all.Missing = append(all.Missing, id)
		}
	}
	return all, nil
}

// sortOut tells the website's orders from foreign ones.
func (c *Client) sortOut(ctx context.Context, into *Found, orders []Order) error {
	for _, o := range orders {
		v, err := c.ownViews(ctx, o.StoreID)
		if err != nil {
			return err
		}
		if v.has(o.StoreID) {
			into.Orders = append(into.Orders, o)
		} else {
			into.Foreign = append(into.Foreign, o)
		}
	}
	return nil
}

// lookUp is one look-up under way.
type lookUp struct {
	client *Client
	field  string
	fields string
	proven bool // the store does answer searches
	orders []Order
	broken []Broken
}

// id is an order's id as it is compared: the database ignores case.
func (l *lookUp) id(o Order) string {
	if l.field == "entity_id" {
		return strconv.FormatInt(o.EntityID, 10)
	}
	return strings.ToLower(o.IncrementID)
}

// chunk tells how many of the ids fit into one search. One place of the page
// stays free: a page that is not full is the last one.
func (l *lookUp) chunk(ids []string) int {
	n := min(len(ids), max(int(l.client.size.Load())-1, 1))
	for n > 1 && l.urlLen(ids[:n]) > maxURL {
		n -= max(n/8, 1)
	}
	return n
}

func (l *lookUp) urlLen(ids []string) int {
	s := l.search(ids, 1<<62)
	return len(l.client.url(call{route: "/V1/orders", query: s.query()}))
}

// search asks for ids that are greater than after, as entity_id; a page is
// followed by key, since page numbers shift.
func (l *lookUp) search(ids []string, after int64) search {
	s := search{groups: []group{l.match(ids)}, sort: []string{"entity_id"}, size: maxPageSize, fields: l.fields}
	if after > 0 {
		s.groups = append(s.groups, group{{"entity_id", "gt", strconv.FormatInt(after, 10)}})
	}
	return s
}

// match joins ids into one "in". One that holds a comma can't be in it, nor an
// empty one; they are compared on their own, joined by OR.
func (l *lookUp) match(ids []string) group {
	var list []string
	var g group
	for _, id := range ids {
		if id == "" || strings.Contains(id, ",") {
			g = append(g, filter{l.field, "eq", id})
		} else {
			list = append(list, id)
		}
	}
	if len(list) > 0 {
		g = append(group{{l.field, "in", strings.Join(list, ",")}}, g...)
	}
	return g
}

// collect reads a chunk. If Magento fails on it, one of its orders is broken:
// halves are read until it is found.
func (l *lookUp) collect(ctx context.Context, ids []string) error {
	found, err := l.read(ctx, ids)
	if err == nil {
		l.orders = append(l.orders, found...)
		return nil
	}
	if !spoilt(err) {
		return err
	}
	if !l.proven {
		if err := l.client.prove(ctx); err != nil {
			return err
		}
		l.proven = true
	}
	if len(ids) == 1 {
		b := Broken{ID: ids[0], Err: failure.Of(err)}
		if l.field == "entity_id" {
			b.EntityID, _ = strconv.ParseInt(ids[0], 10, 64)
		}
		l.broken = append(l.broken, b)
		return nil
	}
	half := len(ids) / 2
	if err := l.collect(ctx, ids[:half]); err != nil {
		return err
	}
	return l.collect(ctx, ids[half:])
}

// read reads all the pages of a chunk; there are more orders than ids when
// several store views use the same numbers.
func (l *lookUp) read(ctx context.Context, ids []string) ([]Order, error) {
	var all []Order
	for after := int64(0); ; {
		s := l.search(ids, after)
		s.size = len(ids) + 1
		found, size, err := l.client.orders(ctx, s)
		if err != nil {
			return nil, err
		}
		last := after
		for _, o := range found {
			if o.EntityID > last {
				all, last = append(all, o), o.EntityID
			}
		}
		if len(found) < size || last == after {
			return all, nil
		}
		after = last
	}
}

func numbers(ids []int64) []string {
	s := make([]string, len(ids))
	for i, id := range ids {
		s[i] = strconv.FormatInt(id, 10)
	}
	return s
}
