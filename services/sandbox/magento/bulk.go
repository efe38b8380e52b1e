package magento

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"
)

// How a call meets the queue.
const (
	queueOne  = "one"  // /async/V1/…: one body
	queueMany = "many" // /async/bulk/V1/…: a list of bodies
	consumed  = "consumed"
)

type queueKey struct{}

func queueFrom(ctx context.Context) string {
	mode, _ := ctx.Value(queueKey{}).(string)
	return mode
}

// splitQueue takes /async or /async/bulk off a path.
func splitQueue(path string) (rest, mode string) {
	if after, ok := strings.CutPrefix(path, "/async/bulk/V1/"); ok {
		return "/V1/" + after, queueMany
	}
	if after, ok := strings.CutPrefix(path, "/async/V1/"); ok {
		return "/V1/" + after, queueOne
	}
	return path, ""
}

// The states of an operation (Magento core, AsynchronousOperations/Api/Data/OperationInterface).
const (
	operationComplete  = 1
	operationRetriable = 2 // Magento itself does not try again
	operationFailed    = 3
	operationOpen      = 4
	operationRejected  = 5
)

const bulkSchema = `
CREATE TABLE IF NOT EXISTS magento_bulk (uuid TEXT PRIMARY KEY, start_time TEXT NOT NULL, description TEXT NOT NULL, topic_name TEXT NOT NULL,
	operation_count INTEGER NOT NULL, store TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS magento_operation (number INTEGER PRIMARY KEY, bulk_uuid TEXT NOT NULL, operation_key INTEGER NOT NULL,
	topic_name TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, body TEXT NOT NULL, status INTEGER NOT NULL,
	error_code INTEGER, result_message TEXT NOT NULL, result TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS magento_operation_bulk ON magento_operation (bulk_uuid, operation_key);
CREATE INDEX IF NOT EXISTS magento_operation_open ON magento_operation (number) WHERE status = 4;
`

// asyncCall is one operation of a bulk: a call that waits for the consumer, or was made by it.
type asyncCall struct {
	number    int64
	key       int64 // its place in the bulk
	topic     string
	method    string
	path      string
	body      string
	store     string
	status    int64
	errorCode sql.NullInt64
	message   string // of the result
	result    string // the service's answer as JSON
}

// enqueue accepts a call whose caller may make it, and answers 202: accepted
// says that it is queued, and nothing of what will come of it.
func (s *Server) enqueue(w http.ResponseWriter, c *call, route, mode string) {
	bodies := []json.RawMessage{c.raw}
	if mode == queueMany {
		if err := json.Unmarshal(c.raw, &bodies); err != nil || len(bodies) == 0 {
			s.answerError(w, c.Request, errDecoding)
			return
		}
	}
	if limit := asyncEntitiesMax; s.Behaviour().EntitiesMax > 0 && len(bodies) > limit {
		s.answerError(w, c.Request, &restError{
			Status: http.StatusBadRequest, Message: `Maximum items of type "%type" is %max`, Parameters: map[string]any{"type": route, "max": limit},
		})
		return
	}
	topic := "async." + strings.ToLower(strings.NewReplacer("/", ".", "{", "", "}", "").Replace(strings.TrimPrefix(route, "/"))) + "." + strings.ToLower(c.Method)
	operations := make([]asyncCall, len(bodies))
	refused := false
	for i, body := range bodies {
		op := asyncCall{key: int64(i), topic: topic, method: c.Method, path: c.URL.Path, body: string(body), status: operationOpen}
		if err := op.read(route, mode); err != nil {
			op.status, op.message, refused = operationRejected, err.Error(), true
		}
		operations[i] = op
	}
	id := uuid.NewString()
	if err := s.db.insertBulk(c.Context(), id, s.timestamp(), topic, c.store, operations); err != nil {
		s.answerError(w, c.Request, err)
		return
	}
	s.consumer.signal()
	out := &phpWriter{}
	out.object("", func() {
		out.textAlways("bulk_uuid", id)
		out.list("request_items", func() {
			for _, op := range operations {
				out.accepted(op)
			}
		})
		out.bool("errors", refused)
	})
	s.answer(w, c.Request, http.StatusAccepted, out.buf)
}

func (w *phpWriter) accepted(op asyncCall) {
	hash := sha256.Sum256([]byte(op.body))
	w.object("", func() {
		w.int("id", op.key)
		if op.status == operationRejected {
			w.textAlways("status", "rejected")
			w.textAlways("error_message", op.message)
			return
		}
		w.textAlways("data_hash", hex.EncodeToString(hash[:]))
		w.textAlways("status", "accepted")
	})
}

// read checks a body as far as the queue does: it must be an object. In a bulk
// the parameters of the path come out of it: bySku, byOrderId.
func (op *asyncCall) read(route, mode string) error {
	if op.body == "" && mode == queueOne {
		return nil
	}
	var body map[string]json.RawMessage
	if err := json.Unmarshal([]byte(op.body), &body); err != nil || body == nil {
		return fmt.Errorf("Error processing %d element of input data", op.key) //nolint:staticcheck // Magento's text
	}
	if mode == queueOne {
		return nil
	}
	wanted, got := strings.Split(route, "/"), strings.Split(op.path, "/")
	for i, segment := range wanted {
		if !strings.HasPrefix(segment, "{") {
			continue
		}
		value, ok := pathValue(body, strings.TrimPrefix(got[i], "by"))
		if !ok {
			return fmt.Errorf(`"%s" is required. Enter and try again.`, got[i]) //nolint:staticcheck,revive // Magento's text
		}
		got[i] = url.QueryEscape(value)
	}
	op.path = strings.Join(got, "/")
	return nil
}

// pathValue finds a parameter such as Sku or OrderId at the top of a body or
// in one of its objects.
func pathValue(body map[string]json.RawMessage, name string) (string, bool) {
	name = strings.TrimPrefix(snake(name), "_")
	for _, key := range sortedKeys(body) {
		if snake(key) == name && body[key][0] != '{' && body[key][0] != '[' {
			var text string
			if json.Unmarshal(body[key], &text) == nil {
				return text, true
			}
			return string(body[key]), true
		}
	}
	for _, key := range sortedKeys(body) {
		var inner map[string]json.RawMessage
		if json.Unmarshal(body[key], &inner) == nil && inner != nil {
			short := strings.TrimPrefix(name, snake(key)+"_") // customer_id is the id of "customer"
			for _, at := range []string{name, short} {
				if raw, ok := inner[at]; ok {
					return strings.Trim(string(raw), `"`), true
				}
			}
		}
	}
	return "", false
}

func (d *database) insertBulk(ctx context.Context, id, now, topic, store string, operations []asyncCall) error {
	return d.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO magento_bulk (uuid, start_time, description, topic_name, operation_count, store) VALUES (?, ?, ?, ?, ?, ?)`,
			id, now, "Topic "+topic, topic, len(operations), store); err != nil {
			return fmt.Errorf("insert bulk: %w", err)
		}
		for _, op := range operations {
			if _, err := tx.ExecContext(ctx, `INSERT INTO magento_operation
				(bulk_uuid, operation_key, topic_name, method, path, body, status, result_message, result) VALUES (?, ?, ?, ?, ?, ?, ?, ?, '')`,
				id, op.key, op.topic, op.method, op.path, op.body, op.status, op.message); err != nil {
				return fmt.Errorf("insert operation: %w", err)
			}
		}
		return nil
	})
}
