package magento

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
)

// The types of a transaction (Magento core, Sales/Model/Order/Payment/Transaction).
const (
	txnAuthorization = "authorization"
	txnCapture       = "capture"
	txnRefund        = "refund"
)

// transaction is what a payment gateway did: a row of sales_payment_transaction,
// which has no updated_at.
type transaction struct {
	orderID          int64
	id, parent, kind string
	at               string
}

func (t transaction) insert(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO sales_payment_transaction (order_id, txn_id, parent_txn_id, txn_type, is_closed, created_at)
		VALUES (?, ?, NULLIF(?, ''), ?, ?, ?)`, t.orderID, t.id, t.parent, t.kind, asFlag(t.kind != txnAuthorization), t.at); err != nil {
		return fmt.Errorf("insert transaction %s: %w", t.id, err)
	}
	return nil
}

// authorization is the transaction of a card that was authorised.
func (o *order) authorization() transaction {
	return transaction{orderID: o.EntityID, id: o.Payment.CCTransID, kind: txnAuthorization, at: o.UpdatedAt}
}

var transactionEntity = entity{
	from: "sales_payment_transaction", key: "transaction_id",
	doc: `json_object('transaction_id', transaction_id, 'order_id', order_id, 'txn_id', txn_id, 'parent_txn_id', parent_txn_id,
		'txn_type', txn_type, 'is_closed', is_closed, 'created_at', created_at)`,
	fields: map[string]field{
		"transaction_id": {"transaction_id", numberField}, "order_id": {"order_id", numberField}, "payment_id": {"order_id", numberField},
		"txn_id": {"txn_id", textField}, "parent_txn_id": {"parent_txn_id", textField}, "txn_type": {"txn_type", textField},
		"is_closed": {"is_closed", numberField}, "created_at": {"created_at", timeField},
	},
}

func (s *Server) searchTransactions(ctx context.Context, c *call) ([]byte, error) {
	crit, err := parseCriteria(c.query, s.cfg.PageSizeLimit)
	if err != nil {
		return nil, err
	}
	rows, total, err := s.db.search(ctx, transactionEntity, crit)
	if err != nil {
		return nil, err
	}
	items := make([][]byte, len(rows))
	for i, row := range rows {
		if items[i], err = restTransaction(row.doc); err != nil {
			return nil, err
		}
	}
	return crit.envelope(items, total, true), nil
}

func (s *Server) getTransaction(ctx context.Context, c *call) ([]byte, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	byID := criteria{groups: [][]filter{{{field: "transaction_id", value: fmt.Sprint(id), condition: "eq", hasField: true, hasValue: true}}}}
	rows, _, err := s.db.search(ctx, transactionEntity, byID)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errNoEntity
	}
	return restTransaction(rows[0].doc)
}

func restTransaction(doc []byte) ([]byte, error) {
	var t struct {
		ID        int64  `json:"transaction_id"`
		OrderID   int64  `json:"order_id"`
		TxnID     string `json:"txn_id"`
		Parent    string `json:"parent_txn_id"`
		Type      string `json:"txn_type"`
		Closed    int64  `json:"is_closed"`
		CreatedAt string `json:"created_at"`
	}
	if err := json.Unmarshal(doc, &t); err != nil {
		return nil, internal("decode transaction: %w", err)
	}
	w := &phpWriter{}
	w.object("", func() {
		w.int("transaction_id", t.ID)
		w.int("order_id", t.OrderID)
		w.int("payment_id", t.OrderID)
		w.textAlways("txn_id", t.TxnID)
		w.text("parent_txn_id", t.Parent)
		w.textAlways("txn_type", t.Type)
		w.int("is_closed", t.Closed)
		w.list("additional_information", func() {})
		w.textAlways("created_at", t.CreatedAt)
		w.list("child_transactions", func() {})
	})
	return w.buf, nil
}
