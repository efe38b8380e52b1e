package gp

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// logException keeps what a fault hides (table WSExceptionLog; SDK,
// LoggedExceptionData).
func logException(ctx context.Context, q querier, c *call, m message, id string, cause error) error {
	kind, list := "SystemException", []violation{}
	var invalid *validationError
	if errors.As(cause, &invalid) {
		kind, list = "ValidationException", invalid.violations
	}
	_, err := q.ExecContext(ctx, `INSERT INTO WSExceptionLog
		(LogId, ExceptionType, Message, Errors, ServiceType, BusinessObjectType, UserName, RequestXml, LoggedDate)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		id, kind, cause.Error(), toJSON(list), c.op.kind, c.op.object, c.user, m.raw, c.now.Format(datetimeLayout))
	if err != nil {
		return fmt.Errorf("log exception %s: %w", id, err)
	}
	return nil
}

// logged is a row of the exception log.
type logged struct {
	id, kind, message, service, object, user, request string
	at                                                time.Time
	violations                                        []violation
}

const loggedColumns = `SELECT LogId, ExceptionType, Message, Errors, ServiceType, BusinessObjectType, UserName, RequestXml, LoggedDate FROM WSExceptionLog `

func scanLogged(scan func(...any) error) (logged, error) {
	var l logged
	var list, at string
	if err := scan(&l.id, &l.kind, &l.message, &list, &l.service, &l.object, &l.user, &l.request, &at); err != nil {
		return l, err
	}
	if err := json.Unmarshal([]byte(list), &l.violations); err != nil {
		return l, fmt.Errorf("read exception log: %w", err)
	}
	var err error
	l.at, err = time.Parse(datetimeLayout, at)
	return l, err
}

func (c *call) logged(ctx context.Context) (logged, error) {
	id := c.args.str("logId")
	l, err := scanLogged(c.q.QueryRowContext(ctx, loggedColumns+`WHERE LogId = ?`, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return l, refuse("LoggedExceptionData", ruleNotFound, "logId", "The logged exception %s was not found.", id)
	}
	return l, err
}

func (l logged) validationResult() *object {
	entries := []any{}
	for _, v := range l.violations {
		properties := []any{}
		for _, p := range v.Properties {
			properties = append(properties, p)
		}
		entries = append(entries, newObject("ValidationError").set("ObjectType", v.Object).
			set("PropertyNames", properties).set("Message", v.Message).set("Id", int64(v.ID)))
	}
	return newObject("ValidationResult").set("Errors", entries).set("Warnings", []any{})
}

func getLoggedValidationResult(ctx context.Context, c *call) (any, error) {
	l, err := c.logged(ctx)
	if err != nil {
		return nil, err
	}
	return l.validationResult(), nil
}

func getLoggedExceptionData(ctx context.Context, c *call) (any, error) {
	l, err := c.logged(ctx)
	if err != nil {
		return nil, err
	}
	o := newObject("LoggedExceptionData").set("LogId", l.id).set("ExceptionType", l.kind).
		set("ExceptionDetail.ExceptionType", l.kind).set("ExceptionDetail.Message", l.message).
		set("ServiceType", l.service).set("BusinessObjectType", l.object).set("User", l.user).
		set("RequestXml", l.request).set("LoggedDate", l.at)
	if l.kind == "ValidationException" {
		o.set("ValidationResult", l.validationResult())
	}
	return o, nil
}

func listLoggedExceptionData(ctx context.Context, c *call) (any, error) {
	rows, err := c.q.QueryContext(ctx, loggedColumns+`WHERE LoggedDate BETWEEN ? AND ? ORDER BY LoggedDate`,
		c.args.time("beginDate").Format(datetimeLayout), c.args.time("endDate").Format(datetimeLayout))
	if err != nil {
		return nil, fmt.Errorf("read exception log: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	list := []any{}
	for rows.Next() {
		l, err := scanLogged(rows.Scan)
		if err != nil {
			return nil, err
		}
		list = append(list, newObject("LoggedExceptionDataSummary").set("LogId", l.id).set("Message", l.message).
			set("User", l.user).set("CompanyName", c.cfg.CompanyName).set("BusinessExceptionType", l.kind).
			set("ServiceType", l.service).set("BusinessObjectType", l.object).set("LoggedDate", l.at))
	}
	return list, rows.Err()
}
