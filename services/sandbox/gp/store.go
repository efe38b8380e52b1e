package gp

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed tables.sql
var tablesSQL string

// store is the company database. One connection writes; SQLite takes one
// writer at a time anyway, and so a write never waits for a lock it may lose.
type store struct {
	writer *sql.DB
	reader *sql.DB
	stamps *stamps
}

func openStore(ctx context.Context, path string, stamps *stamps) (*store, error) {
	pragmas := "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_txlock=immediate"
	if path == "" {
		path, pragmas = ":memory:", "?_pragma=busy_timeout(10000)"
	}
	writer, err := sql.Open("sqlite", "file:"+path+pragmas)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	writer.SetMaxOpenConns(1)
	writer.SetConnMaxIdleTime(0)
	s := &store{writer: writer, reader: writer, stamps: stamps}
	if path != ":memory:" { // an in-memory database lives in its one connection
		if s.reader, err = sql.Open("sqlite", "file:"+path+strings.Replace(pragmas, "immediate", "deferred", 1)); err != nil {
			return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), writer.Close())
		}
		s.reader.SetMaxOpenConns(4)
	}
	var ddl []string
	for _, t := range mapped {
		ddl = append(ddl, t.ddl())
	}
	if _, err := writer.ExecContext(ctx, strings.Join(ddl, ";\n")+";\n"+tablesSQL); err != nil {
		return nil, errors.Join(fmt.Errorf("create tables in %s: %w", path, err), s.close())
	}
	if err := addColumns(ctx, writer); err != nil {
		return nil, errors.Join(err, s.close())
	}
	if _, err := writer.ExecContext(ctx, documentsSQL); err != nil {
		return nil, errors.Join(fmt.Errorf("create tables in %s: %w", path, err), s.close())
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare %s: %w", path, err), s.close())
	}
	return s, nil
}

// prepare makes the triggers, and goes on after the last stamp.
func (s *store) prepare(ctx context.Context) error {
	if _, err := s.writer.ExecContext(ctx, triggers()); err != nil {
		return fmt.Errorf("create triggers: %w", err)
	}
	return s.stamps.resume(ctx, s.writer)
}

func (s *store) close() error {
	err := s.writer.Close()
	if s.reader != s.writer {
		err = errors.Join(err, s.reader.Close())
	}
	return err
}

// write runs f in a transaction, which is undone when f fails: one call of the
// web service is one SQL transaction, as in eConnect underneath. All rows that
// f writes have one stamp, which [stampOf] tells.
func (s *store) write(ctx context.Context, f func(querier) error) error {
	early, late := s.stamps.early(ctx)
	return inTransaction(ctx, s.writer, nil, func(q querier) error {
		stamp := early
		if !late {
			stamp = s.stamps.next()
		}
		if err := setStamp(ctx, q, stamp); err != nil {
			return err
		}
		return f(q)
	})
}

// record runs f in a transaction that isn't the company's business: nothing of
// it has a stamp.
func (s *store) record(ctx context.Context, f func(querier) error) error {
	return inTransaction(ctx, s.writer, nil, f)
}

// read runs f on one snapshot.
func (s *store) read(ctx context.Context, f func(querier) error) error {
	return inTransaction(ctx, s.reader, &sql.TxOptions{ReadOnly: true}, f)
}

func inTransaction(ctx context.Context, db *sql.DB, opts *sql.TxOptions, f func(querier) error) error {
	tx, err := db.BeginTx(ctx, opts)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := f(tx); err != nil {
		if undo := tx.Rollback(); undo != nil {
			return errors.Join(err, fmt.Errorf("roll back: %w", undo))
		}
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// isDuplicate reports a broken primary key.
func isDuplicate(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && (e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY || e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE)
}

// seed puts in what the configuration brings and the database lacks.
func (s *Server) seed(ctx context.Context) error {
	return s.store.write(ctx, func(q querier) error {
		if err := setFeed(ctx, q, !s.cfg.NoChangedKeys); err != nil {
			return err
		}
		for _, d := range s.cfg.DocumentTypes {
			next := d.NextNumber
			if next == "" {
				next = strings.ToUpper(d.ID) + "000001"
			}
			if _, err := q.ExecContext(ctx, `INSERT INTO SOP40200 (SOPTYPE, DOCID, SOPNUMBE) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
				sopType(d.Type), strings.ToUpper(d.ID), next); err != nil {
				return fmt.Errorf("seed document id %s: %w", d.ID, err)
			}
		}
		if err := s.seedAccounts(ctx, q); err != nil {
			return err
		}
		for _, it := range s.cfg.Items {
			if err := s.seedItem(ctx, q, it); err != nil {
				return err
			}
		}
		for _, c := range s.cfg.Customers {
			if err := s.seedCustomer(ctx, q, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// count is how many rows the query's condition meets.
func count(ctx context.Context, q querier, from string, args ...any) (int, error) {
	var n int
	if err := q.QueryRowContext(ctx, "SELECT count(*) FROM "+from, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count %s: %w", from, err)
	}
	return n, nil
}

func toJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "null"
	}
	return string(b)
}
