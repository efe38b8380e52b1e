package magento

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/magpie-integration/magpie/libs/failure"
)

// Cursor is the last order that a sweep has passed. The zero Cursor is the
// window's start.
type Cursor struct {
	UpdatedAt time.Time
	EntityID  int64
}

// before orders cursors as the sweep goes.
func (c Cursor) before(updatedAt time.Time, entityID int64) bool {
	if !c.UpdatedAt.Equal(updatedAt) {
		return c.UpdatedAt.Before(updatedAt)
	}
	return c.EntityID < entityID
}

// Page is a part of a sweep.
type Page struct {
	// Orders are in the order of (UpdatedAt, EntityID), all of the pair's website.
	Orders []Order
	// Broken are orders that stand where Orders end and can't be read.
	Broken []Broken
	// Next goes on behind this page.
	Next Cursor
	// More tells that the window may hold more. A page may be empty and have more.
	More bool
}

// sweep is what is asked for.
type sweep struct {
	from, to time.Time
	after    Cursor
	upTo     int64 // a bound of entity_id, if not 0
	views    *views
}

// OrdersUpdated reads the orders whose updated_at lies in the closed window
// [from, to], at most limit of them, behind the cursor. updated_at has whole
// seconds and becomes visible at the commit, so a window should end a few
// seconds ago and the next one overlap it (Magento core, Sales/etc/db_schema;
// docs: performing searches).
//
// Pages are cut by key and not by number: rows that change while a sweep is
// under way move to its end and shift all page numbers. "Behind the cursor" is
// written as two groups, updated_at ≥ T AND (updated_at > T OR entity_id > id),
// as searchCriteria has no OR of ANDs.
func (c *Client) OrdersUpdated(ctx context.Context, from, to time.Time, after Cursor, limit int) (Page, error) {
	from, to = from.UTC().Truncate(time.Second), to.UTC().Truncate(time.Second)
	if limit < 1 || to.Before(from) {
		return Page{}, failure.Defect("magento.window", fmt.Sprintf("no orders can be in a window from %s to %s with a limit of %d", stamp(from), stamp(to), limit), nil)
	}
	v, err := c.ownViews(ctx, 0)
	if err != nil {
		return Page{}, err
	}
	w := sweep{from: from, to: to, after: after, views: v}
	proven := false
	for size := limit; ; {
		found, used, err := c.orders(ctx, w.search(size))
		if err == nil {
			return w.page(found, used)
		}
		if !spoilt(err) {
			return Page{}, err
		}
		if !proven {
			if err := c.prove(ctx); err != nil {
				return Page{}, err
			}
			proven = true
		}
		if size = min(size, int(c.size.Load())) / 2; size > 0 {
			continue // the orders before the broken one
		}
		broken, err := c.findBroken(ctx, w)
		if err != nil {
			return Page{}, err
		}
		return Page{Broken: []Broken{broken}, Next: Cursor{broken.UpdatedAt, broken.EntityID}, More: true}, nil
	}
}

// Recent reads the newest orders of the pair's website, newest first, with all
// their fields: a sample of what the store sells.
func (c *Client) Recent(ctx context.Context, n int) ([]Order, error) {
	v, err := c.ownViews(ctx, 0)
	if err != nil {
		return nil, err
	}
	found, _, err := c.orders(ctx, search{groups: v.filter(), sort: []string{"entity_id"}, newestFirst: true, size: n})
	return found, err
}

func (w sweep) search(size int) search {
	from := w.from
	if w.after.UpdatedAt.After(from) {
		from = w.after.UpdatedAt
	}
	s := search{
		groups: append([]group{
			{{"updated_at", "gteq", stamp(from)}},
			{{"updated_at", "lteq", stamp(w.to)}},
		}, w.views.filter()...),
		sort: []string{"updated_at", "entity_id"},
		size: size,
	}
	if !w.after.UpdatedAt.IsZero() {
		s.groups = append(s.groups, group{
			{"updated_at", "gt", stamp(w.after.UpdatedAt)},
			{"entity_id", "gt", strconv.FormatInt(w.after.EntityID, 10)},
		})
	}
	if w.upTo > 0 {
		s.groups = append(s.groups, upToFilter(w.upTo))
	}
	return s
}

// page checks that the store kept to the search: one that ignores a filter must
// not make a sweep go round in circles.
func (w sweep) page(found []Order, size int) (Page, error) {
	p := Page{Next: w.after, More: len(found) >= size}
	for _, o := range found {
		if o.UpdatedAt.IsZero() {
			return Page{}, failure.Transient("magento.paging", fmt.Sprintf("order %d of a sweep has no updated_at that can be read", o.EntityID), nil)
		}
		if !p.Next.before(o.UpdatedAt, o.EntityID) {
			continue // not behind the cursor
		}
		p.Next = Cursor{o.UpdatedAt, o.EntityID}
		if slices.Contains(w.views.own, o.StoreID) {
			p.Orders = append(p.Orders, o)
		}
	}
	if len(found) > 0 && p.Next == w.after {
		f := failure.Transient("magento.paging", "the store gave a page of orders that were all asked for before", nil)
		f.Fix = "see whether a module or a cache answers searches with pages of its own"
		return Page{}, f
	}
	return p, nil
}
