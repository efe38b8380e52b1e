package gp

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// OrderRow is an order as a judge of tests sees it.
type OrderRow struct {
	Number       string          `json:"SOPNUMBE"`
	Customer     string          `json:"CUSTNMBR"`
	CustomerPO   string          `json:"CSTPONBR"`
	Batch        string          `json:"BACHNUMB"`
	Currency     string          `json:"CURNCYID"`
	Date         string          `json:"DOCDATE"`
	Subtotal     decimal.Decimal `json:"SUBTOTAL"`
	Freight      decimal.Decimal `json:"FRTAMNT"`
	Misc         decimal.Decimal `json:"MISCAMNT"`
	Tax          decimal.Decimal `json:"TAXAMNT"`
	Discount     decimal.Decimal `json:"TRDISAMT"`
	Amount       decimal.Decimal `json:"DOCAMNT"`
	Voided       bool            `json:"VOIDSTTS"`
	History      bool            `json:"history"`
	Created      string          `json:"CREATDDT"`
	LastModified time.Time       `json:"DEX_ROW_TS"`
	// UserDefined are the filled fields of SOP10106 by their columns.
	UserDefined map[string]string `json:"user_defined,omitempty"`
	Lines       []OrderLine       `json:"lines"`
}

// OrderLine is a line of an OrderRow.
type OrderLine struct {
	Sequence  int64           `json:"LNITMSEQ"`
	Item      string          `json:"ITEMNMBR"`
	Site      string          `json:"LOCNCODE"`
	Unit      string          `json:"UOFM"`
	Quantity  decimal.Decimal `json:"QUANTITY"`
	Price     decimal.Decimal `json:"UNITPRCE"`
	Total     decimal.Decimal `json:"XTNDPRCE"`
	Allocated decimal.Decimal `json:"ATYALLOC"`
	Backorder decimal.Decimal `json:"QTYTBAOR"`
}

// Orders is every order, work first, each by number.
func (s *Server) Orders(ctx context.Context) ([]OrderRow, error) {
	orders := []OrderRow{}
	err := s.store.read(ctx, func(q querier) error {
		for _, t := range []struct{ header, lines table }{{headerWork, lineWork}, {headerHistory, lineHistory}} {
			list, err := readOrders(ctx, q, t.header, t.lines)
			if err != nil {
				return err
			}
			orders = append(orders, list...)
		}
		return nil
	})
	return orders, err
}

func readOrders(ctx context.Context, q querier, header, lines table) ([]OrderRow, error) {
	rows, err := q.QueryContext(ctx, `SELECT SOPNUMBE, CUSTNMBR, CSTPONBR, BACHNUMB, CURNCYID, DOCDATE, SUBTOTAL, FRTAMNT, MISCAMNT, TAXAMNT, TRDISAMT, DOCAMNT,
		VOIDSTTS, CREATDDT, DEX_ROW_TS FROM `+header.name+` ORDER BY SOPNUMBE`)
	if err != nil {
		return nil, fmt.Errorf("read orders: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var list []OrderRow
	at := map[string]int{}
	for rows.Next() {
		o := OrderRow{History: header.name == headerHistory.name, Lines: []OrderLine{}}
		var stamp string
		if err := rows.Scan(&o.Number, &o.Customer, &o.CustomerPO, &o.Batch, &o.Currency, &o.Date, &o.Subtotal, &o.Freight, &o.Misc,
			&o.Tax, &o.Discount, &o.Amount, &o.Voided, &o.Created, &stamp); err != nil {
			return nil, fmt.Errorf("read orders: %w", err)
		}
		if o.LastModified, err = time.Parse(datetimeLayout, stamp); err != nil {
			return nil, fmt.Errorf("read order %s: %w", o.Number, err)
		}
		at[o.Number] = len(list)
		list = append(list, o)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read orders: %w", err)
	}
	lineRows, err := q.QueryContext(ctx, `SELECT SOPNUMBE, LNITMSEQ, ITEMNMBR, LOCNCODE, UOFM, QUANTITY, UNITPRCE, XTNDPRCE, ATYALLOC, QTYTBAOR
		FROM `+lines.name+` ORDER BY SOPNUMBE, LNITMSEQ`)
	if err != nil {
		return nil, fmt.Errorf("read lines: %w", err)
	}
	defer lineRows.Close() //nolint:errcheck // rows.Err tells
	for lineRows.Next() {
		var number string
		var l OrderLine
		if err := lineRows.Scan(&number, &l.Sequence, &l.Item, &l.Site, &l.Unit, &l.Quantity, &l.Price, &l.Total, &l.Allocated, &l.Backorder); err != nil {
			return nil, fmt.Errorf("read lines: %w", err)
		}
		if i, ok := at[number]; ok {
			list[i].Lines = append(list[i].Lines, l)
		}
	}
	if err := lineRows.Err(); err != nil {
		return nil, fmt.Errorf("read lines: %w", err)
	}
	return list, readUserDefined(ctx, q, func(number string) *OrderRow {
		if i, ok := at[number]; ok {
			return &list[i]
		}
		return nil
	})
}

// readUserDefined adds the user-defined fields to the orders that have some.
func readUserDefined(ctx context.Context, q querier, order func(number string) *OrderRow) error {
	columns := []string{"USRDAT01", "USRDAT02", "USRTAB01", "USRTAB09", "USRTAB03", "USERDEF1", "USERDEF2", "USRDEF03", "USRDEF04", "USRDEF05"}
	rows, err := q.QueryContext(ctx, "SELECT SOPNUMBE, "+strings.Join(columns, ", ")+" FROM "+userDefined.name)
	if err != nil {
		return fmt.Errorf("read user-defined fields: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var number string
		values := make([]sql.NullString, len(columns))
		into := []any{&number}
		for i := range values {
			into = append(into, &values[i])
		}
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("read user-defined fields: %w", err)
		}
		o := order(number)
		for i, v := range values {
			if o == nil || v.String == "" || strings.HasPrefix(v.String, "1900-01-01") {
				continue // a date of GP that is none
			}
			if o.UserDefined == nil {
				o.UserDefined = map[string]string{}
			}
			o.UserDefined[columns[i]] = v.String
		}
	}
	return rows.Err()
}
