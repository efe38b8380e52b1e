package magento

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// consumer is async.operations.all: it makes the queued calls one after the
// other, in the order in which they came.
type consumer struct {
	wake chan struct{} // has one token when there is something to do
}

func newConsumer() *consumer { return &consumer{wake: make(chan struct{}, 1)} }

func (c *consumer) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// consume runs until ctx ends. While it is paused, operations stay open.
func (s *Server) consume(ctx context.Context) error {
	s.consumer.signal() // what an earlier process left open
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.consumer.wake:
		}
		for ctx.Err() == nil && !s.Behaviour().ConsumerPaused {
			op, err := s.db.nextOperation(ctx)
			if errors.Is(err, sql.ErrNoRows) {
				break
			}
			if err == nil {
				s.operate(ctx, &op)
				err = s.db.finish(ctx, op)
			}
			if err != nil && ctx.Err() == nil {
				return fmt.Errorf("magento: consumer: %w", err)
			}
		}
	}
}

// retriable are the texts of failures that are worth another try.
var retriable = regexp.MustCompile(`(?i)deadlock|lock wait timeout|lost connection|could not save source item|unable to be saved`)

// operate makes the call through the same routes as a synchronous one.
func (s *Server) operate(ctx context.Context, op *asyncCall) {
	if s.conduct.happens(s.Behaviour().RetriableRate) {
		op.status, op.message = operationRetriable, "SQLSTATE[HY000]: General error: 2006 MySQL server has gone away"
		op.errorCode = sql.NullInt64{Int64: 2006, Valid: true}
		return
	}
	status, body, err := s.replay(ctx, op)
	switch {
	case err != nil:
		op.status, op.message = operationFailed, err.Error()
	case status == http.StatusOK:
		op.status, op.message, op.result = operationComplete, "Service execution success "+op.topic, string(body)
	default:
		op.message = filled(body)
		op.errorCode = sql.NullInt64{Valid: true}
		if op.status = operationFailed; retriable.MatchString(op.message) {
			op.status = operationRetriable
		}
	}
}

func (s *Server) replay(ctx context.Context, op *asyncCall) (int, []byte, error) {
	ctx = context.WithValue(context.WithValue(ctx, storeKey{}, op.store), queueKey{}, consumed)
	req, err := http.NewRequestWithContext(ctx, op.method, "/", io.NopCloser(strings.NewReader(op.body)))
	if err != nil {
		return 0, nil, err
	}
	req.URL = &url.URL{Path: op.path, RawPath: op.path}
	req.Header.Set("Authorization", "Bearer "+s.cfg.Token) // the caller was allowed to
	req.Header.Set("Content-Type", "application/json")
	w := &answerBuffer{header: http.Header{}, status: http.StatusOK}
	s.routes.ServeHTTP(w, req)
	return w.status, w.body.Bytes(), nil
}

// filled puts the parameters of a refusal into its text.
func filled(body []byte) string {
	var refusal struct {
		Message    string          `json:"message"`
		Parameters json.RawMessage `json:"parameters"`
	}
	if err := json.Unmarshal(body, &refusal); err != nil {
		return string(body)
	}
	var list []any
	if json.Unmarshal(refusal.Parameters, &list) == nil {
		for i, v := range list {
			refusal.Message = strings.ReplaceAll(refusal.Message, fmt.Sprintf("%%%d", i+1), fmt.Sprint(v))
		}
	}
	var named map[string]any
	if json.Unmarshal(refusal.Parameters, &named) == nil {
		for name, v := range named {
			refusal.Message = strings.ReplaceAll(refusal.Message, "%"+name, fmt.Sprint(v))
		}
	}
	return refusal.Message
}

// answerBuffer keeps an answer.
type answerBuffer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *answerBuffer) Header() http.Header         { return w.header }
func (w *answerBuffer) WriteHeader(status int)      { w.status = status }
func (w *answerBuffer) Write(b []byte) (int, error) { return w.body.Write(b) }

func (d *database) nextOperation(ctx context.Context) (op asyncCall, err error) {
	err = d.reader.QueryRowContext(ctx, `SELECT o.number, o.operation_key, o.topic_name, o.method, o.path, o.body, b.store FROM magento_operation AS o
		JOIN magento_bulk AS b ON b.uuid = o.bulk_uuid WHERE o.status = 4 ORDER BY o.number LIMIT 1`).
		Scan(&op.number, &op.key, &op.topic, &op.method, &op.path, &op.body, &op.store)
	return op, err
}

func (d *database) finish(ctx context.Context, op asyncCall) error {
	return d.write(context.WithoutCancel(ctx), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(context.WithoutCancel(ctx), `UPDATE magento_operation SET status = ?, error_code = ?, result_message = ?, result = ? WHERE number = ?`,
			op.status, op.errorCode, op.message, op.result, op.number)
		return err
	})
}
