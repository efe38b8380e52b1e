package magento

import (
	"strconv"
	"strings"
)

// criteria is a SearchCriteriaInterface: filters in one group are joined by
// OR, groups by AND (Magento core, Framework/Api/SearchCriteria).
type criteria struct {
	groups      [][]filter
	sorts       []sortOrder
	pageSize    int64 // 0 = all rows
	currentPage int64 // 0 = not given
}

type filter struct {
	field, value, condition string
	hasField, hasValue      bool
}

type sortOrder struct {
	field, direction string
}

// parseCriteria reads searchCriteria from a query. Where a service requires
// the parameter, leaving it out is a 400; an empty one finds everything.
func parseCriteria(q *phpArray, pageSizeLimit int) (criteria, error) {
	var c criteria
	root := q.get("searchCriteria", "search_criteria")
	if root == nil {
		return c, errRequired("searchCriteria")
	}
	for _, key := range root.keys {
		switch snake(key) {
		case "filter_groups", "sort_orders", "page_size", "current_page":
		default:
			return c, errUnknownProperty(key, `Magento\Framework\Api\SearchCriteriaInterface`)
		}
	}
	for group := range root.get("filter_groups", "filterGroups").each {
		var filters []filter
		for f := range group.get("filters").each {
			var got filter
			got.field, got.hasField = f.text("field")
			got.value, got.hasValue = f.text("value")
			got.condition, _ = f.text("condition_type", "conditionType")
			got.condition = strings.ToLower(orText(got.condition, "eq"))
			filters = append(filters, got)
		}
		c.groups = append(c.groups, filters)
	}
	for s := range root.get("sort_orders", "sortOrders").each {
		var order sortOrder
		order.field, _ = s.text("field")
		direction, given := s.text("direction")
		order.direction = strings.ToUpper(direction)
		if !given {
			order.direction = "DESC"
		}
		if order.direction != "ASC" && order.direction != "DESC" {
			return c, badRequest("The sort order has to be specified as %1 for ascending order or %2 for descending order.", "ASC", "DESC")
		}
		c.sorts = append(c.sorts, order)
	}
	var err error
	if c.pageSize, err = intParameter(root, "pageSize", "page_size"); err != nil {
		return c, err
	}
	if c.currentPage, err = intParameter(root, "currentPage", "current_page"); err != nil {
		return c, err
	}
	if pageSizeLimit > 0 {
		if c.pageSize > int64(pageSizeLimit) {
			return c, &restError{Status: 400, Message: "Maximum SearchCriteria pageSize is %max", Parameters: map[string]any{"max": pageSizeLimit}}
		}
		if c.pageSize == 0 {
			c.pageSize = 20
		}
	}
	return c, nil
}

func intParameter(root *phpArray, camel, under string) (int64, error) {
	text, given := root.text(camel, under)
	if !given || text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, errType(camel, text, "int")
	}
	return max(n, 0), nil
}

// snake turns camelCase into snake_case.
func snake(name string) string {
	var b strings.Builder
	for _, r := range name {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// envelope renders a search result. A repository that found nothing answers
// an empty list, or null where emptyIsNull.
func (c criteria) envelope(items [][]byte, total int64, emptyIsNull bool) []byte {
	size := 256
	for _, item := range items {
		size += len(item) + 1
	}
	w := &phpWriter{buf: make([]byte, 0, size)}
	w.object("", func() {
		if len(items) == 0 && emptyIsNull {
			w.null("items")
		} else {
			w.list("items", func() {
				for _, item := range items {
					w.raw("", item)
				}
			})
		}
		w.object("search_criteria", func() { c.render(w) })
		w.int("total_count", total)
	})
	return w.buf
}

func (c criteria) render(w *phpWriter) {
	w.list("filter_groups", func() {
		for _, group := range c.groups {
			w.object("", func() {
				w.list("filters", func() {
					for _, f := range group {
						w.object("", func() {
							w.textAlways("field", f.field)
							w.textAlways("value", f.value)
							w.textAlways("condition_type", f.condition)
						})
					}
				})
			})
		}
	})
	if len(c.sorts) > 0 {
		w.list("sort_orders", func() {
			for _, s := range c.sorts {
				w.object("", func() {
					w.textAlways("field", s.field)
					w.textAlways("direction", s.direction)
				})
			}
		})
	}
	w.id("page_size", c.pageSize)
	w.id("current_page", c.currentPage)
}
