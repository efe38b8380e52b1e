package gp

import (
	"context"
	"fmt"
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
	Tax          decimal.Decimal `json:"TAXAMNT"`
	Discount     decimal.Decimal `json:"TRDISAMT"`
	Amount       decimal.Decimal `json:"DOCAMNT"`
	Voided       bool            `json:"VOIDSTTS"`
	History      bool            `json:"history"`
	Created      string          `json:"CREATDDT"`
	LastModified time.Time       `json:"DEX_ROW_TS"`
	Lines        []OrderLine     `json:"lines"`
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
	rows, err := q.QueryContext(ctx, `SELECT SOPNUMBE, CUSTNMBR, CSTPONBR, BACHNUMB, CURNCYID, DOCDATE, SUBTOTAL, FRTAMNT, TAXAMNT, TRDISAMT, DOCAMNT,
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
		if err := rows.Scan(&o.Number, &o.Customer, &o.CustomerPO, &o.Batch, &o.Currency, &o.Date, &o.Subtotal, &o.Freight,
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
	return list, lineRows.Err()
}
