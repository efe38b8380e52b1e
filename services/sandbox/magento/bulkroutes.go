package magento

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-chi/chi/v5"
)

const bulkResource = "Magento_Logging::system_magento_logging_bulk_operations"

// The caller of an integration (Magento core, Authorization/Model/UserContextInterface).
const (
	integrationUserType = 1
	integrationUserID   = 1
)

// bulk is a row of magento_bulk.
type bulk struct {
	id, start, description, topic string
	count                         int64
}

func (s *Server) bulk(ctx context.Context, c *call) (b bulk, operations []asyncCall, err error) {
	b.id = chi.URLParam(c.Request, "uuid")
	err = s.db.reader.QueryRowContext(ctx, `SELECT start_time, description, topic_name, operation_count FROM magento_bulk WHERE uuid = ?`, b.id).
		Scan(&b.start, &b.description, &b.topic, &b.count)
	if errors.Is(err, sql.ErrNoRows) {
		return b, nil, errNoSuchEntity("bulkUuid", b.id)
	}
	if err != nil {
		return b, nil, fmt.Errorf("read bulk %s: %w", b.id, err)
	}
	rows, err := s.db.reader.QueryContext(ctx, `SELECT operation_key, topic_name, body, status, error_code, result_message, result
		FROM magento_operation WHERE bulk_uuid = ? ORDER BY operation_key`, b.id)
	if err != nil {
		return b, nil, fmt.Errorf("read operations of %s: %w", b.id, err)
	}
	defer rows.Close()
	for rows.Next() {
		var op asyncCall
		if err := rows.Scan(&op.key, &op.topic, &op.body, &op.status, &op.errorCode, &op.message, &op.result); err != nil {
			return b, nil, fmt.Errorf("read operations of %s: %w", b.id, err)
		}
		operations = append(operations, op)
	}
	return b, operations, rows.Err()
}

func (s *Server) bulkStatus(ctx context.Context, c *call) ([]byte, error) {
	return s.showBulk(ctx, c, false)
}

// bulkDetails adds what was sent and what the service answered.
func (s *Server) bulkDetails(ctx context.Context, c *call) ([]byte, error) {
	return s.showBulk(ctx, c, true)
}

func (s *Server) showBulk(ctx context.Context, c *call, detailed bool) ([]byte, error) {
	b, operations, err := s.bulk(ctx, c)
	if err != nil {
		return nil, err
	}
	w := &phpWriter{}
	w.object("", func() {
		w.list("operations_list", func() {
			for _, op := range operations {
				w.operation(b, op, detailed)
			}
		})
		w.bulkColumns(b)
	})
	return w.buf, nil
}

func (w *phpWriter) operation(b bulk, op asyncCall, detailed bool) {
	w.object("", func() {
		w.int("id", op.key)
		if detailed {
			w.textAlways("bulk_uuid", b.id)
			w.textAlways("topic_name", op.topic)
			w.textAlways("serialized_data", op.body)
			w.text("result_serialized_data", op.result)
		}
		w.int("status", op.status)
		w.text("result_message", op.message)
		if op.errorCode.Valid {
			w.int("error_code", op.errorCode.Int64)
		}
	})
}

func (w *phpWriter) bulkColumns(b bulk) {
	w.int("user_type", integrationUserType)
	w.textAlways("bulk_id", b.id)
	w.textAlways("description", b.description)
	w.textAlways("start_time", b.start)
	w.int("user_id", integrationUserID)
	w.int("operation_count", b.count)
}

// bulkCount counts the operations of one status.
func (s *Server) bulkCount(ctx context.Context, c *call) ([]byte, error) {
	text := chi.URLParam(c.Request, "status")
	status, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, errType("status", text, "int")
	}
	_, operations, err := s.bulk(ctx, c)
	if err != nil {
		return nil, err
	}
	n := int64(0)
	for _, op := range operations {
		if op.status == status {
			n++
		}
	}
	return strconv.AppendInt(nil, n, 10), nil
}

var operationEntity = entity{
	from: "magento_operation JOIN (SELECT uuid, start_time FROM magento_bulk) ON uuid = bulk_uuid", key: "number",
	doc: "json_object('id', operation_key, 'bulk_uuid', bulk_uuid, 'topic_name', topic_name, 'status', status, 'result_message', result_message)",
	fields: map[string]field{
		"bulk_uuid": {"bulk_uuid", textField}, "start_time": {"start_time", timeField}, "status": {"status", numberField},
		"topic_name": {"topic_name", textField}, "id": {"number", numberField},
	},
}

// searchBulks answers operations of all bulks.
func (s *Server) searchBulks(ctx context.Context, c *call) ([]byte, error) {
	crit, err := parseCriteria(c.query, s.cfg.PageSizeLimit)
	if err != nil {
		return nil, err
	}
	rows, total, err := s.db.search(ctx, operationEntity, crit)
	if err != nil {
		return nil, err
	}
	items := make([][]byte, len(rows))
	for i, row := range rows {
		items[i] = phpJSON(row.doc)
	}
	return crit.envelope(items, total, false), nil
}
