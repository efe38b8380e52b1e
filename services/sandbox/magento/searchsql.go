package magento

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

// entity says how a kind of record is searched.
type entity struct {
	// from is the FROM clause and key, doc are what is selected.
	from, key, doc string
	fields         map[string]field
	// emptyIsNull says that a search that finds nothing answers null items.
	emptyIsNull bool
	// eav entities answer 400 to an unknown field, flat tables 500.
	eav bool
}

// field is a SQL expression and how its values compare.
type field struct {
	expr string
	kind fieldKind
}

type fieldKind int

const (
	textField fieldKind = iota
	numberField
	timeField
)

// found is one row: its key and its document.
type found struct {
	key int64
	doc []byte
}

// search runs criteria over an entity. Like Magento's collections it sorts
// only when asked to.
func (d *database) search(ctx context.Context, e entity, c criteria) ([]found, int64, error) {
	where, args, err := e.where(c)
	if err != nil {
		return nil, 0, err
	}
	var total int64
	if err := d.reader.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+e.from+where, args...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count: %w", err)
	}
	order, err := e.orderBy(c)
	if err != nil {
		return nil, 0, err
	}
	query := "SELECT " + e.key + ", " + e.doc + " FROM " + e.from + where + order //nolint:gosec // the parts are of this package; what is searched for are parameters
	if c.pageSize > 0 {
		query += " LIMIT ? OFFSET ?"
		args = append(args, c.pageSize, (max(c.currentPage, 1)-1)*c.pageSize)
	}
	rows, err := d.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, 0, fmt.Errorf("search: %w", err)
	}
	defer rows.Close()
	var out []found
	for rows.Next() {
		var f found
		if err := rows.Scan(&f.key, &f.doc); err != nil {
			return nil, 0, fmt.Errorf("search: %w", err)
		}
		out = append(out, f)
	}
	if err := rows.Err(); err != nil {
		return nil, 0, fmt.Errorf("search: %w", err)
	}
	return out, total, nil
}

func (e entity) where(c criteria) (string, []any, error) {
	var groups []string
	var args []any
	for _, group := range c.groups {
		var terms []string
		for _, f := range group {
			term, values, err := e.term(f)
			if err != nil {
				return "", nil, err
			}
			terms = append(terms, term)
			args = append(args, values...)
		}
		if len(terms) > 0 {
			groups = append(groups, "("+strings.Join(terms, " OR ")+")")
		}
	}
	if len(groups) == 0 {
		return "", nil, nil
	}
	return " WHERE " + strings.Join(groups, " AND "), args, nil
}

func (e entity) field(name string) (field, error) {
	f, ok := e.fields[name]
	switch {
	case ok:
		return f, nil
	case e.eav:
		return f, &restError{Status: http.StatusBadRequest, Message: "Invalid attribute name: " + name}
	default:
		return f, internal("SQLSTATE[42S22]: Column not found: 1054 Unknown column '%s' in 'where clause'", name)
	}
}

// term is one filter (Magento core, Framework/DB/Adapter/Pdo/Mysql::prepareSqlCondition).
func (e entity) term(f filter) (string, []any, error) {
	if !f.hasField || !f.hasValue {
		return "", nil, internal("SQLSTATE[42000]: a filter needs a field and a value: %+v", f)
	}
	column, err := e.field(f.field)
	if err != nil {
		return "", nil, err
	}
	x, collate := column.expr, ""
	value := f.value
	switch column.kind {
	case textField:
		collate = " COLLATE NOCASE"
	case timeField:
		value = sqlTime(value)
	}
	compare := func(operator string) (string, []any, error) {
		return x + " " + operator + " ?" + collate, []any{value}, nil
	}
	list := func(operator string) (string, []any, error) {
		parts := strings.Split(f.value, ",")
		values := make([]any, len(parts))
		for i, p := range parts {
			values[i] = p
		}
		return x + collate + " " + operator + " (?" + strings.Repeat(", ?", len(parts)-1) + ")", values, nil
	}
	switch f.condition {
	case "eq":
		return compare("=")
	case "neq":
		return compare("!=")
	case "gt":
		return compare(">")
	case "gteq", "moreq", "from":
		return compare(">=")
	case "lt":
		return compare("<")
	case "lteq", "to":
		return compare("<=")
	case "like":
		return x + " LIKE ?", []any{f.value}, nil
	case "nlike":
		return x + " NOT LIKE ?", []any{f.value}, nil
	case "in":
		return list("IN")
	case "nin":
		return list("NOT IN")
	case "null":
		return x + " IS NULL", nil, nil
	case "notnull":
		return x + " IS NOT NULL", nil, nil
	case "finset":
		return "instr(',' || " + x + " || ',', ',' || ? || ',') > 0", []any{f.value}, nil
	case "nfinset":
		return "instr(',' || " + x + " || ',', ',' || ? || ',') = 0", []any{f.value}, nil
	default:
		return "", nil, internal("unknown condition %q", f.condition)
	}
}

// sqlTime completes a date the way MySQL reads it.
func sqlTime(v string) string {
	v = strings.Replace(v, "T", " ", 1)
	if len(v) == len("2006-01-02") {
		v += " 00:00:00"
	}
	return v
}

func (e entity) orderBy(c criteria) (string, error) {
	var terms []string
	for _, s := range c.sorts {
		f, err := e.field(s.field)
		if err != nil {
			return "", err
		}
		terms = append(terms, f.expr+" "+s.direction)
	}
	if len(terms) == 0 {
		return "", nil
	}
	return " ORDER BY " + strings.Join(terms, ", "), nil
}

// inDoc reads a text out of the document; "" is null.
func inDoc(path string) field { return field{expr: "NULLIF(json_extract(doc, '$." + path + "'), '')"} }

// numberInDoc reads a number; null says that zero stands for null.
func numberInDoc(path string, null bool) field {
	expr := "CAST(json_extract(doc, '$." + path + "') AS NUMERIC)"
	if null {
		expr = "CAST(NULLIF(" + expr + ", 0) AS NUMERIC)"
	}
	return field{expr: expr, kind: numberField}
}

var orderEntity = entity{from: "sales_order", key: "entity_id", doc: "doc", fields: orderFields()}

// refundPlaces are where the document keeps what credit memos add up to.
var refundPlaces = map[string]string{
	"total_refunded": "refunded.Total", "total_online_refunded": "refunded.Online", "total_offline_refunded": "refunded.Offline",
	"adjustment_positive": "refunded.AdjustmentPositive", "adjustment_negative": "refunded.AdjustmentNegative",
	"subtotal_refunded": "refunded.Subtotal", "tax_refunded": "refunded.Tax", "shipping_refunded": "refunded.Shipping",
	"shipping_tax_refunded": "refunded.ShippingTax", "discount_refunded": "refunded.Discount",
	"discount_tax_compensation_refunded": "refunded.Compensation",
}

func orderFields() map[string]field {
	fields := make(map[string]field)
	for _, c := range orderTexts {
		fields[c.name] = inDoc(c.name)
	}
	for _, c := range orderInts {
		fields[c.name] = numberInDoc(c.name, c.null)
	}
	for _, c := range orderNumbers {
		fields[c.name] = numberInDoc(c.name, false)
	}
	for _, c := range orderMoney {
		place := orText(refundPlaces[c.name], c.name)
		fields[c.name] = numberInDoc(place+".o", c.null)
		fields[c.baseName()] = numberInDoc(place+".b", c.null)
	}
	for name, f := range map[string]field{
		"entity_id": {"entity_id", numberField}, "store_id": {"store_id", numberField}, "customer_id": {"customer_id", numberField},
		"increment_id": {"increment_id", textField}, "state": {"state", textField}, "status": {"status", textField},
		"customer_email": {"customer_email", textField},
		"created_at":     {"created_at", timeField}, "updated_at": {"updated_at", timeField},
	} {
		fields[name] = f
	}
	return fields
}

// itemEntity answers the document of the order that holds the row.
var itemEntity = entity{
	from: "sales_order_item JOIN (SELECT entity_id AS order_entity_id, doc FROM sales_order) ON order_entity_id = order_id",
	key:  "item_id", doc: "doc",
	fields: map[string]field{
		"item_id": {"item_id", numberField}, "order_id": {"order_id", numberField}, "parent_item_id": {"parent_item_id", numberField},
		"store_id": {"store_id", numberField}, "product_id": {"product_id", numberField}, "product_type": {"product_type", textField},
		"sku": {"sku", textField}, "name": {"name", textField}, "qty_ordered": {"CAST(qty_ordered AS NUMERIC)", numberField},
		"created_at": {"created_at", timeField}, "updated_at": {"updated_at", timeField},
	},
}
