package gp

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// OrderRow is a sales document, of an order or another kind, as a judge of
// tests sees it.
type OrderRow struct {
	Number       string          `json:"SOPNUMBE"`
	DocumentID   string          `json:"DOCID"`
	Master       int64           `json:"MSTRNUMB"`
	Origin       string          `json:"ORIGNUMB,omitempty"` // the order of an invoice
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
	Paid         decimal.Decimal `json:"PYMTRCVD"`
	Voided       bool            `json:"VOIDSTTS"`
	History      bool            `json:"history"`
	Audit        string          `json:"TRXSORCE,omitempty"` // of a posted document
	Created      string          `json:"CREATDDT"`
	LastModified time.Time       `json:"DEX_ROW_TS"`
	Tracking     []string        `json:"tracking,omitempty"`
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
	Fulfilled decimal.Decimal `json:"QTYFULFI"`
	Invoiced  decimal.Decimal `json:"QTYPRINV"` // of an order's line
}

// Orders is every order, work first, each by number.
func (s *Server) Orders(ctx context.Context) ([]OrderRow, error) { return s.documents(ctx, orders) }

// Invoices is every invoice, work first, each by number.
func (s *Server) Invoices(ctx context.Context) ([]OrderRow, error) { return s.documents(ctx, invoices) }

// Returns is every return, work first, each by number.
func (s *Server) Returns(ctx context.Context) ([]OrderRow, error) { return s.documents(ctx, returns) }

func (s *Server) documents(ctx context.Context, k *documentKind) ([]OrderRow, error) {
	all := []OrderRow{}
	err := s.store.read(ctx, func(q querier) error {
		for _, p := range k.places() {
			list, err := readDocuments(ctx, q, k, p)
			if err != nil {
				return err
			}
			all = append(all, list...)
		}
		return nil
	})
	return all, err
}

func readDocuments(ctx context.Context, q querier, k *documentKind, p place) ([]OrderRow, error) {
	rows, err := q.QueryContext(ctx, `SELECT SOPNUMBE, DOCID, MSTRNUMB, ORIGNUMB, CUSTNMBR, CSTPONBR, BACHNUMB, CURNCYID, DOCDATE, SUBTOTAL, FRTAMNT,
		MISCAMNT, TAXAMNT, TRDISAMT, DOCAMNT, PYMTRCVD, VOIDSTTS, TRXSORCE, CREATDDT, DEX_ROW_TS FROM `+p.header.name+` WHERE SOPTYPE = ? ORDER BY SOPNUMBE`, k.code)
	if err != nil {
		return nil, fmt.Errorf("read %ss: %w", k.param, err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var list []OrderRow
	at := map[string]int{}
	for rows.Next() {
		o := OrderRow{History: p.state == "History", Lines: []OrderLine{}}
		var stamp string
		if err := rows.Scan(&o.Number, &o.DocumentID, &o.Master, &o.Origin, &o.Customer, &o.CustomerPO, &o.Batch, &o.Currency, &o.Date, &o.Subtotal,
			&o.Freight, &o.Misc, &o.Tax, &o.Discount, &o.Amount, &o.Paid, &o.Voided, &o.Audit, &o.Created, &stamp); err != nil {
			return nil, fmt.Errorf("read %ss: %w", k.param, err)
		}
		if o.LastModified, err = time.Parse(datetimeLayout, stamp); err != nil {
			return nil, fmt.Errorf("read %s %s: %w", k.param, o.Number, err)
		}
		at[o.Number] = len(list)
		list = append(list, o)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read %ss: %w", k.param, err)
	}
	of := func(number string) *OrderRow {
		if i, ok := at[number]; ok {
			return &list[i]
		}
		return nil
	}
	if err := readLines(ctx, q, k, p, of); err != nil {
		return nil, err
	}
	if err := readTracking(ctx, q, k, of); err != nil {
		return nil, err
	}
	return list, readUserDefined(ctx, q, k, of)
}

func readLines(ctx context.Context, q querier, k *documentKind, p place, of func(number string) *OrderRow) error {
	rows, err := q.QueryContext(ctx, `SELECT SOPNUMBE, LNITMSEQ, ITEMNMBR, LOCNCODE, UOFM, QUANTITY, UNITPRCE, XTNDPRCE, ATYALLOC, QTYTBAOR, QTYFULFI, QTYPRINV
		FROM `+p.lines.name+` WHERE SOPTYPE = ? ORDER BY SOPNUMBE, LNITMSEQ`, k.code)
	if err != nil {
		return fmt.Errorf("read lines: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var number string
		var l OrderLine
		if err := rows.Scan(&number, &l.Sequence, &l.Item, &l.Site, &l.Unit, &l.Quantity, &l.Price, &l.Total, &l.Allocated, &l.Backorder,
			&l.Fulfilled, &l.Invoiced); err != nil {
			return fmt.Errorf("read lines: %w", err)
		}
		if o := of(number); o != nil {
			o.Lines = append(o.Lines, l)
		}
	}
	return rows.Err()
}

func readTracking(ctx context.Context, q querier, k *documentKind, of func(number string) *OrderRow) error {
	rows, err := q.QueryContext(ctx, `SELECT SOPNUMBE, Tracking_Number FROM SOP10107 WHERE SOPTYPE = ? ORDER BY SOPNUMBE, Tracking_Number`, k.code)
	if err != nil {
		return fmt.Errorf("read tracking numbers: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var number, tracking string
		if err := rows.Scan(&number, &tracking); err != nil {
			return fmt.Errorf("read tracking numbers: %w", err)
		}
		if o := of(number); o != nil {
			o.Tracking = append(o.Tracking, tracking)
		}
	}
	return rows.Err()
}

// readUserDefined adds the user-defined fields to the orders that have some.
func readUserDefined(ctx context.Context, q querier, k *documentKind, order func(number string) *OrderRow) error {
	columns := []string{"USRDAT01", "USRDAT02", "USRTAB01", "USRTAB09", "USRTAB03", "USERDEF1", "USERDEF2", "USRDEF03", "USRDEF04", "USRDEF05"}
	rows, err := q.QueryContext(ctx, "SELECT SOPNUMBE, "+strings.Join(columns, ", ")+" FROM "+userDefined.name+" WHERE SOPTYPE = ?", k.code)
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
