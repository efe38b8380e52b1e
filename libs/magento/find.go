package magento

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/magpie-integration/magpie/libs/failure"
)

// FoundRecords is what a look-up of many records gave; its lists are as of
// [Found]. A field such as order_id may stand for several records.
type FoundRecords struct {
	Records []Record
	Foreign []Record
	Missing []string
	Broken  []Broken
}

// ByID reads records by Magento's internal numbers.
func (c *Client) ByID(ctx context.Context, l List, ids []int64) (FoundRecords, error) {
	return c.findRecords(ctx, l, "entity_id", numbers(ids))
}

// ByKey reads records by what people know them by: increment ids, customers'
// e-mails, products' SKUs. The database ignores case and blanks at the end, so a
// record may be spelled otherwise than it was asked for.
func (c *Client) ByKey(ctx context.Context, l List, keys []string) (FoundRecords, error) {
	return c.findRecords(ctx, l, l.key, keys)
}

// OfOrders reads the invoices, credit memos or shipments of orders, by the
// orders' internal numbers. Missing are the orders that have none.
func (c *Client) OfOrders(ctx context.Context, l List, orderIDs []int64) (FoundRecords, error) {
	if l != Invoices && l != Creditmemos && l != Shipments {
		return FoundRecords{}, failure.Defect("magento.lookup", l.many+" do not belong to orders", nil)
	}
	return c.findRecords(ctx, l, "order_id", numbers(orderIDs))
}

func (c *Client) findRecords(ctx context.Context, l List, field string, ids []string) (FoundRecords, error) {
	found, err := c.find(ctx, l, field, ids, "")
	return FoundRecords{records(found.rows), records(found.foreign), found.missing, found.broken}, err
}

// found is what a look-up gave, sorted as in [Found].
type found struct {
	rows, foreign []row
	missing       []string
	broken        []Broken
}

// find looks for ids in as few searches as URLs and pages allow.
func (c *Client) find(ctx context.Context, l List, field string, ids []string, fields string) (found, error) {
	wanted := distinct(ids)
	look := lookUp{client: c, list: l, field: field, fields: fields}
	for len(wanted) > 0 {
		n := look.chunk(wanted)
		if err := look.collect(ctx, wanted[:n]); err != nil {
			return found{}, err
		}
		wanted = wanted[n:]
	}
	all := found{broken: look.broken}
	seen := map[string]bool{}
	for _, r := range look.rows {
		v, err := c.viewsFor(ctx, l, r.StoreID)
		if err != nil {
			return found{}, err
		}
		if v.owns(l, r.Record) {
			all.rows = append(all.rows, r)
		} else {
			all.foreign = append(all.foreign, r)
		}
		seen[look.id(r)] = true
	}
	for _, b := range look.broken {
		seen[fold(b.ID)] = true
	}
	for _, id := range ids {
		if key := fold(id); !seen[key] {
			seen[key] = true
			all.missing = append(all.missing, id)
		}
	}
	return all, nil
}

// fold gives a text as the database compares it.
func fold(s string) string { return strings.ToLower(strings.TrimRight(s, " ")) }

// distinct gives the ids that the database tells apart, sorted.
func distinct(ids []string) []string {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, func(a, b string) int { return strings.Compare(fold(a), fold(b)) })
	return slices.CompactFunc(ids, func(a, b string) bool { return fold(a) == fold(b) })
}

// lookUp is one look-up under way.
type lookUp struct {
	client *Client
	list   List
	field  string
	fields string
	proven bool // the store does answer searches
	rows   []row
	broken []Broken
}

// id is what a record was asked for by.
func (l *lookUp) id(r row) string {
	switch l.field {
	case "entity_id":
		return strconv.FormatInt(r.ID, 10)
	case "order_id":
		return strconv.FormatInt(r.OrderID, 10)
	}
	return fold(r.Key)
}

// chunk tells how many of the ids fit into one search. One place of the page
// stays free: a page that is not full is the last one.
func (l *lookUp) chunk(ids []string) int {
	most := min(len(ids), max(int(l.client.size.Load())-1, 1))
	return l.client.fitting(most, func(n int) call { return l.list.call(l.search(ids[:n], 1<<62)) })
}

// maxURL keeps a URL below what proxies and web servers take.
const maxURL = 4 << 10

// fitting gives a number of ids up to n with which a call's URL is short enough.
func (c *Client) fitting(n int, of func(n int) call) int {
	for n > 1 && len(c.url(of(n))) > maxURL {
		n -= max(n/8, 1)
	}
	return n
}

// search asks for ids that are greater than after, as entity_id; a page is
// followed by key, since page numbers shift.
func (l *lookUp) search(ids []string, after int64) search {
	s := search{groups: []group{anyOf(l.field, ids)}, sort: []string{"entity_id"}, size: maxPageSize, fields: l.fields}
	if after > 0 {
		s.groups = append(s.groups, group{{"entity_id", "gt", strconv.FormatInt(after, 10)}})
	}
	return s
}

// anyOf joins ids into one "in". One that holds a comma can't be in it, nor an
// empty one; they are compared on their own, joined by OR.
func anyOf(field string, ids []string) group {
	var list []string
	var g group
	for _, id := range ids {
		if id == "" || strings.Contains(id, ",") {
			g = append(g, filter{field, "eq", id})
		} else {
			list = append(list, id)
		}
	}
	if len(list) > 0 {
		g = append(group{{field, "in", strings.Join(list, ",")}}, g...)
	}
	return g
}

// collect reads a chunk. If Magento fails on it, one of its records is broken:
// halves are read until it is found.
func (l *lookUp) collect(ctx context.Context, ids []string) error {
	rows, err := l.read(ctx, ids)
	if err == nil {
		l.rows = append(l.rows, rows...)
		return nil
	}
	if !spoilt(err) {
		return err
	}
	if !l.proven {
		if err := l.client.prove(ctx, l.list); err != nil {
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

// read reads all the pages of a chunk; there are more records than ids when
// several store views use the same numbers, or an order has several documents.
func (l *lookUp) read(ctx context.Context, ids []string) ([]row, error) {
	var all []row
	for after := int64(0); ; {
		s := l.search(ids, after)
		s.size = len(ids) + 1
		rows, size, err := l.client.rows(ctx, l.list, s)
		if err != nil {
			return nil, err
		}
		last := after
		for _, r := range rows {
			if r.ID > last {
				all, last = append(all, r), r.ID
			}
		}
		if len(rows) < size || last == after {
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
