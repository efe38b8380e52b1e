package magento

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/magpie-integration/magpie/libs/failure"
)

// Cursor is the last record that a sweep has passed. The zero Cursor is the
// window's start.
type Cursor struct {
	UpdatedAt time.Time
	EntityID  int64
}

// before orders cursors as the sweep goes.
func (c Cursor) before(next Cursor) bool {
	if !c.UpdatedAt.Equal(next.UpdatedAt) {
		return c.UpdatedAt.Before(next.UpdatedAt)
	}
	return c.EntityID < next.EntityID
}

// Page is a part of a sweep of orders.
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

// RecordPage is a part of a sweep of any list; its fields are as of [Page].
type RecordPage struct {
	Records []Record
	Broken  []Broken
	Next    Cursor
	More    bool
}

// sweep is what is asked for.
type sweep struct {
	list     List
	from, to time.Time
	after    Cursor
	upTo     int64 // a bound of entity_id, if not 0
	views    *views
}

// swept is a page of a sweep.
type swept struct {
	rows   []row
	broken []Broken
	next   Cursor
	more   bool
}

// OrdersUpdated is [Client.Updated] for orders.
func (c *Client) OrdersUpdated(ctx context.Context, from, to time.Time, after Cursor, limit int) (Page, error) {
	p, err := c.sweep(ctx, Orders, from, to, after, limit)
	return Page{orders(p.rows), p.broken, p.next, p.more}, err
}

// Updated reads the records of a list whose updated_at lies in the closed window
// [from, to], at most limit of them, behind the cursor. updated_at has whole
// seconds and becomes visible at the commit, so a window should end a few
// seconds ago and the next one overlap it (Magento core, Sales/etc/db_schema;
// docs: performing searches).
//
// Pages are cut by key and not by number: rows that change while a sweep is
// under way move to its end and shift all page numbers. "Behind the cursor" is
// written as two groups, updated_at ≥ T AND (updated_at > T OR entity_id > id),
// as searchCriteria has no OR of ANDs.
//
// updated_at does not tell everything: a tracking number leaves its shipment's
// alone, an address its customer's, a price or a stock its product's
// (magento/magento2 issues 5013, 37670).
func (c *Client) Updated(ctx context.Context, l List, from, to time.Time, after Cursor, limit int) (RecordPage, error) {
	p, err := c.sweep(ctx, l, from, to, after, limit)
	return RecordPage{records(p.rows), p.broken, p.next, p.more}, err
}

func (c *Client) sweep(ctx context.Context, l List, from, to time.Time, after Cursor, limit int) (swept, error) {
	from, to = from.UTC().Truncate(time.Second), to.UTC().Truncate(time.Second)
	if limit < 1 || to.Before(from) {
		return swept{}, failure.Defect("magento.window", fmt.Sprintf("no %s can be in a window from %s to %s with a limit of %d", l.many, stamp(from), stamp(to), limit), nil)
	}
	v, err := c.viewsFor(ctx, l, 0)
	if err != nil {
		return swept{}, err
	}
	w := sweep{list: l, from: from, to: to, after: after, views: v}
	proven := false
	for size := limit; ; {
		found, used, err := c.rows(ctx, l, w.search(size))
		if err == nil {
			return w.page(found, used)
		}
		if !spoilt(err) {
			return swept{}, err
		}
		if !proven {
			if err := c.prove(ctx, l); err != nil {
				return swept{}, err
			}
			proven = true
		}
		if size = min(size, int(c.size.Load())) / 2; size > 0 {
			continue // the records before the broken one
		}
		broken, err := c.findBroken(ctx, w)
		if err != nil {
			return swept{}, err
		}
		return swept{broken: []Broken{broken}, next: Cursor{broken.UpdatedAt, broken.EntityID}, more: true}, nil
	}
}

// Recent reads the newest orders of the pair's website, newest first, with all
// their fields: a sample of what the store sells.
func (c *Client) Recent(ctx context.Context, n int) ([]Order, error) {
	v, err := c.ownViews(ctx, 0)
	if err != nil {
		return nil, err
	}
	found, _, err := c.rows(ctx, Orders, search{groups: v.filter(Orders), sort: []string{"entity_id"}, newestFirst: true, size: n})
	return orders(found), err
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
		}, w.views.filter(w.list)...),
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
func (w sweep) page(found []row, size int) (swept, error) {
	p := swept{next: w.after, more: len(found) >= size}
	for _, r := range found {
		if r.UpdatedAt.IsZero() {
			return swept{}, failure.Transient("magento.paging", fmt.Sprintf("%s %d of a sweep has no updated_at that can be read", w.list.one, r.ID), nil)
		}
		if !p.next.before(r.cursor()) {
			continue // not behind the cursor
		}
		p.next = r.cursor()
		if w.views.owns(w.list, r.Record) {
			p.rows = append(p.rows, r)
		}
	}
	if len(found) > 0 && p.next == w.after {
		f := failure.Transient("magento.paging", "the store gave a page of "+w.list.many+" that were all asked for before", nil)
		f.Fix = "see whether a module or a cache answers searches with pages of its own"
		return swept{}, f
	}
	return p, nil
}
