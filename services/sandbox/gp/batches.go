package gp

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/shopspring/decimal"
)

// Batch sources (SY00500.BCHSOURC).
const (
	salesBatches   = "Sales Entry"
	ledgerBatches  = "GL_Normal"
	receiptBatches = "RM_Cash"
)

// batchStatuses are the names of SY00500.BCHSTTUS by code.
var batchStatuses = []string{
	"available", "posting", "deleting", "receiving from outside", "done", "printing", "updating",
	"posting interrupted", "printing interrupted", "table update interrupted",
}

// useBatch makes sure that a document may go into the batch: it is there or
// the policy makes it, and nobody posts it right now.
func (c *call) useBatch(ctx context.Context, f *findings, source, id string) error {
	if id == "" {
		f.add(ruleMissing, "BatchKey", "The batch id is required.")
		return nil
	}
	var status int
	err := c.q.QueryRowContext(ctx, `SELECT BCHSTTUS FROM SY00500 WHERE BCHSOURC = ? AND BACHNUMB = ?`, source, id).Scan(&status)
	switch {
	case errors.Is(err, sql.ErrNoRows) && c.createsBatches:
		if _, err := c.q.ExecContext(ctx, `INSERT INTO SY00500 (BCHSOURC, BACHNUMB, CREATDDT) VALUES (?, ?, ?)`,
			source, id, c.utc.Format(datetimeLayout)); err != nil {
			return fmt.Errorf("create batch %s: %w", id, err)
		}
	case errors.Is(err, sql.ErrNoRows):
		f.add(ruleBatchMissing, "BatchKey", "The batch %s does not exist.", id)
	case err != nil:
		return fmt.Errorf("read batch %s: %w", id, err)
	case status != 0 && c.cfg.LockedBatchIsSystem:
		return fmt.Errorf("batch %s, status %d: %w", id, status, errLockedBatch)
	case status != 0:
		f.add(ruleBatchLocked, "BatchKey", "The batch %s is in use: it is %s.", id, batchStatus(status))
	}
	return nil
}

func batchStatus(code int) string {
	if code >= 0 && code < len(batchStatuses) {
		return batchStatuses[code]
	}
	return "in error"
}

// countInBatch adds a document's number and amount to its batch, or takes
// them out again when sign is -1.
func (c *call) countInBatch(ctx context.Context, source, id string, sign int64, amount decimal.Decimal) error {
	var total decimal.Decimal
	err := c.q.QueryRowContext(ctx, `SELECT BCHTOTAL FROM SY00500 WHERE BCHSOURC = ? AND BACHNUMB = ?`, source, id).Scan(&total)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read batch %s: %w", id, err)
	}
	total = total.Add(amount.Mul(decimal.NewFromInt(sign)))
	_, err = c.q.ExecContext(ctx, `UPDATE SY00500 SET NUMOFTRX = NUMOFTRX + ?, BCHTOTAL = ? WHERE BCHSOURC = ? AND BACHNUMB = ?`,
		sign, total.String(), source, id)
	if err != nil {
		return fmt.Errorf("update batch %s: %w", id, err)
	}
	return nil
}

func (c *call) batches(ctx context.Context, where condition) ([]any, error) {
	rows, err := c.q.QueryContext(ctx, `SELECT BCHSOURC, BACHNUMB, NUMOFTRX, BCHTOTAL, CREATDDT FROM SY00500`+where.String()+` ORDER BY BCHSOURC, BACHNUMB`, where.args...)
	if err != nil {
		return nil, fmt.Errorf("read batches: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	list := []any{}
	for rows.Next() {
		var source, id, created string
		var n int64
		var total decimal.Decimal
		if err := rows.Scan(&source, &id, &n, &total, &created); err != nil {
			return nil, fmt.Errorf("read batches: %w", err)
		}
		at, err := time.Parse(datetimeLayout, created)
		if err != nil {
			return nil, fmt.Errorf("read batch %s: %w", id, err)
		}
		list = append(list, newObject("Batch").set("Key.Source", source).set("Key.Id", id).set("Key.CreatedDateTime", at).
			set("NumberOfTransactions", n).set("Frequency", "None").set("Total", money(c.cfg.Currencies[0], total)).
			set("CurrencyKey.ISOCode", c.cfg.Currencies[0].ISOCode))
	}
	return list, rows.Err()
}

// getBatch answers with the batch; nothing in it tells that it is being posted.
func getBatch(ctx context.Context, c *call) (any, error) {
	id, source := c.args.str("key.Id"), c.args.str("key.Source")
	var where condition
	where.add("BACHNUMB = ?", id)
	if source != "" {
		where.add("BCHSOURC = ?", source)
	}
	list, err := c.batches(ctx, where)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, c.notFound("Batch", id)
	}
	return list[0], nil
}

func listBatches(ctx context.Context, c *call) (any, error) {
	var where condition
	where.restrictAll(c.args.object("criteria"), map[string]string{"Id": "BACHNUMB", "Source": "BCHSOURC"})
	return c.batches(ctx, where)
}

// notFound is the answer of a GetByKey to a key that isn't there: a validation
// exception, not an empty result.
func (c *call) notFound(object, id string) error {
	return refuse(object, ruleNotFound, "Key", "%s %s does not exist.", object, id)
}
