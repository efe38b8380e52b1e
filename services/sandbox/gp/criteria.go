package gp

import (
	"fmt"
	"strings"
	"time"
)

// condition is a WHERE clause in the making. All restrictions are ANDed; From
// and To are inclusive and usable alone.
type condition struct {
	parts []string
	args  []any
}

func (c *condition) add(sql string, args ...any) {
	c.parts = append(c.parts, sql)
	c.args = append(c.args, args...)
}

func (c *condition) String() string {
	if len(c.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.parts, " AND ")
}

// restrict adds the restriction r on a column, whichever of the WSDL's
// restriction types it has.
func (c *condition) restrict(col string, r *object) {
	if r == nil {
		return
	}
	for element, operator := range map[string]string{
		"EqualValue": "=", "NotEqualValue": "<>", "From": ">=", "To": "<=", "GreaterThan": ">", "LessThan": "<",
	} {
		if v := r.get(element); v != nil && v != "" {
			c.add(col+" "+operator+" ?", criterion(v))
		}
	}
	if like := r.str("Like"); like != "" {
		c.add(col+" LIKE ?", like)
	}
	if items, _ := r.get("Items").([]any); len(items) > 0 {
		var args []any
		for _, v := range items {
			args = append(args, criterion(v))
		}
		c.add(fmt.Sprintf("%s IN (?%s)", col, strings.Repeat(", ?", len(args)-1)), args...)
	}
}

// criterion is the value as a column holds it.
func criterion(v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.Format(datetimeLayout)
	case bool:
		if v {
			return 1
		}
		return 0
	}
	return v
}

// restrictAll adds the restrictions of a criteria object by element name.
func (c *condition) restrictAll(criteria *object, columns map[string]string) {
	for element, col := range columns {
		c.restrict(col, criteria.object(element))
	}
}
