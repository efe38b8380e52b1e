package magento

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/scrub/jsonscan"
)

// stampLayout is how Magento writes times, in UTC (docs: performing searches).
const stampLayout = "2006-01-02 15:04:05"

// filter is one condition; filters of a group are joined by OR, groups by AND.
type filter struct{ field, condition, value string }

type group []filter

// search is a searchCriteria. Every index is written out: Magento makes separate
// filters of a missing one, and fails (magento/magento2 issue 12790).
type search struct {
	groups []group
	sort   []string // ascending, unless newestFirst
	// newestFirst sorts from the highest to the lowest.
	newestFirst bool
	size        int
	page        int // from 1, which 0 stands for
	fields      string
}

// query writes the search as a URL's query; a blank is %20, as in Magento's docs.
func (s search) query() string {
	var b strings.Builder
	add := func(value, format string, args ...any) {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(escape(fmt.Sprintf(format, args...)))
		b.WriteByte('=')
		b.WriteString(escape(value))
	}
	for g, filters := range s.groups {
		for f, cond := range filters {
			const at = "searchCriteria[filter_groups][%d][filters][%d]"
			add(cond.field, at+"[field]", g, f)
			add(cond.value, at+"[value]", g, f)
			add(cond.condition, at+"[condition_type]", g, f)
		}
	}
	direction := "ASC"
	if s.newestFirst {
		direction = "DESC"
	}
	for i, field := range s.sort {
		add(field, "searchCriteria[sortOrders][%d][field]", i)
		add(direction, "searchCriteria[sortOrders][%d][direction]", i)
	}
	add(strconv.Itoa(s.size), "searchCriteria[pageSize]")
	add(strconv.Itoa(max(s.page, 1)), "searchCriteria[currentPage]")
	if s.fields != "" {
		add(s.fields, "fields")
	}
	return b.String()
}

func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

func stamp(t time.Time) string { return t.UTC().Format(stampLayout) }

// rows runs a search of a list. It tells the page size that was used.
func (c *Client) rows(ctx context.Context, l List, s search) (found []row, size int, err error) {
	req := l.call(s)
	body, size, err := c.searched(ctx, req, s)
	if err != nil {
		return nil, 0, err
	}
	if found, err = l.parse(body); err != nil {
		return nil, 0, unreadable(req, err)
	}
	return found, size, nil
}

func (l List) call(s search) call {
	return call{method: http.MethodGet, route: l.route, store: l.store, query: s.query()}
}

// searched sends a search. A page size that the store refuses is made smaller
// for good (docs: API security; the limit is a setting of the store). It tells
// the size that was used.
func (c *Client) searched(ctx context.Context, req call, s search) (body []byte, size int, err error) {
	for {
		s.size = min(s.size, int(c.size.Load()))
		req.query = s.query()
		if err = c.do(ctx, req, &body); err == nil {
			return body, s.size, nil
		}
		if failure.Of(err).Code != codePageSize || s.size <= 1 {
			return nil, 0, err
		}
		s.size /= 2
		for known := c.size.Load(); known > int64(s.size) && !c.size.CompareAndSwap(known, int64(s.size)); {
			known = c.size.Load()
		}
	}
}

var errNoEnvelope = errors.New(`it is no list with "items"; fields at the wrong level give []`)

// parse cuts the records out of a search's envelope in one pass.
func (l List) parse(body []byte) ([]row, error) {
	var scan jsonscan.Scanner
	scan.Reset(body, 0)
	t, err := scan.Next()
	if err != nil {
		return nil, err
	}
	if t.Kind != jsonscan.ObjectStart {
		return nil, errNoEnvelope
	}
	var found []row
	seen := false
	for {
		t, err := scan.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if t.Kind != jsonscan.Key {
			continue
		}
		if string(body[t.Start:t.End]) != `"items"` {
			if err := scan.Skip(); err != nil {
				return nil, err
			}
			continue
		}
		seen = true
		if found, err = l.parseItems(body, &scan); err != nil {
			return nil, err
		}
	}
	if !seen {
		return nil, errNoEnvelope
	}
	return found, nil
}

// parseItems reads the list of items; some repositories give null for none.
func (l List) parseItems(body []byte, scan *jsonscan.Scanner) ([]row, error) {
	t, err := scan.Next()
	if err != nil || t.Kind == jsonscan.Null {
		return nil, err
	}
	if t.Kind != jsonscan.ArrayStart {
		return nil, errNoEnvelope
	}
	var found []row
	for {
		t, err := scan.Next()
		if err != nil {
			return nil, err
		}
		if t.Kind == jsonscan.ArrayEnd {
			return found, nil
		}
		r, err := l.scan(body, scan, t)
		if err != nil {
			return nil, err
		}
		found = append(found, r)
	}
}
