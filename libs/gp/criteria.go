package gp

import (
	"context"
	"strconv"
	"time"
)

// Match restricts a text in a list. What is empty restricts nothing; what is set
// must all hold (GP Web Services WSDL: LikeRestrictionOfString).
type Match struct {
	Equal string
	// Like is a pattern of SQL, with % for any text.
	Like string
	// From and To are inclusive, and each may stand alone.
	From, To string
}

func (m Match) object() object {
	if m == (Match{}) {
		return nil
	}
	o := object{"EqualValue": m.Equal, "From": m.From, "To": m.To}
	if m.Like != "" { // a BetweenRestrictionOfString has none
		o["Like"] = m.Like
	}
	return o
}

// DateRange restricts a date of the company's calendar; both ends are inclusive,
// and each may stand alone.
type DateRange struct{ From, To Date }

func (d DateRange) object() object {
	if d == (DateRange{}) {
		return nil
	}
	return object{"From": d.From.wire(), "To": d.To.wire()}
}

// TimeRange restricts a LastModifiedDate, which is UTC; both ends are inclusive,
// and each may stand alone. GP stamps a row before its transaction is committed,
// and keeps times in steps of 3.33 ms: overlap the ranges.
type TimeRange struct{ From, To time.Time }

func (t TimeRange) object() object {
	if t == (TimeRange{}) {
		return nil
	}
	return object{"From": wireTime(t.From), "To": wireTime(t.To)}
}

// wireTime gives UTC without a zone, as GP's own stamps are written.
func wireTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.999")
}

// equalTo restricts a value, or nothing when it is empty.
func equalTo(value string) object {
	if value == "" {
		return nil
	}
	return object{"EqualValue": value}
}

// SalesCriteria restricts a list of orders, invoices or returns. Lists have no
// pages and no order (GP Web Services WSDL): bound each by a time, and read again
// with half of it when GP times out.
type SalesCriteria struct {
	State                               string // Work or History; empty for both
	Number, CustomerID, CustomerName    Match
	CustomerPO, BatchID, DocumentTypeID Match
	SalespersonID                       Match
	MasterNumber                        int // zero for any
	Date, Modified, Created             DateRange
	LastModified                        TimeRange
}

func (c SalesCriteria) object() object {
	master := ""
	if c.MasterNumber != 0 {
		master = strconv.Itoa(c.MasterNumber)
	}
	return object{
		"TransactionState": equalTo(c.State), "DocumentId": c.Number.object(), "Date": c.Date.object(),
		"CustomerId": c.CustomerID.object(), "CustomerName": c.CustomerName.object(),
		"CustomerPONumber": c.CustomerPO.object(), "BatchId": c.BatchID.object(),
		"DocumentTypeId": c.DocumentTypeID.object(), "SalespersonId": c.SalespersonID.object(),
		"MasterNumber": equalTo(master), "ModifiedDate": c.Modified.object(),
		"LastModifiedDate": c.LastModified.object(), "CreatedDate": c.Created.object(),
	}
}

// list calls an operation that lists rows, and reads each.
func list[T any](ctx context.Context, c *Client, operation string, criteria object, read func(*reading, *node) T) ([]T, error) {
	result, err := c.read(ctx, operation, object{"criteria": criteria})
	if err != nil {
		return nil, err
	}
	var rows []T
	var r reading
	for _, n := range result.all() {
		rows = append(rows, read(&r, n))
	}
	if r.err != nil {
		return nil, unreadable(operation, r.err)
	}
	return rows, nil
}
