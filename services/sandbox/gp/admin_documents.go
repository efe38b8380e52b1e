package gp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/shopspring/decimal"
)

const documentsIndex = `
POST   /_sandbox/orders                   enter one by phone: {"customer": "ADA", "lines": {"MUG": 2}}
POST   /_sandbox/orders/{SOPNUMBE}/fulfil {"lines": {"MUG": 1}, "tracking": ["1Z…"], "transfer": true}; no lines: all
POST   /_sandbox/orders/{SOPNUMBE}/deposits/post
GET    /_sandbox/invoices, /returns       as orders; /invoices/{SOPNUMBE}, /returns/{SOPNUMBE}
POST   /_sandbox/invoices/{SOPNUMBE}/post, /returns/{SOPNUMBE}/post
GET    /_sandbox/receipts, /journals, /receivables
GET    /_sandbox/batches                  with status, and why one didn't post
POST   /_sandbox/batches/{BACHNUMB}/post  ?source=Sales Entry, RM_Cash or GL_Normal
GET    /_sandbox/periods                  which fiscal periods are closed
PUT    /_sandbox/periods                  {"2026-10": true}: closed; false: open
`

// documentRoutes are what people do at GP's windows.
func (s *Server) documentRoutes(r chi.Router) {
	r.Post("/orders", s.adminEnterOrder)
	r.Post("/orders/{number}/fulfil", s.adminFulfil)
	r.Post("/orders/{number}/deposits/post", s.adminDo("posted", s.PostDeposits))
	for path, k := range map[string]*documentKind{"/invoices": invoices, "/returns": returns} {
		r.Get(path, func(w http.ResponseWriter, r *http.Request) {
			list, err := s.documents(context.WithoutCancel(r.Context()), k)
			s.reply(w, r, list, err)
		})
		r.Get(path+"/{number}", func(w http.ResponseWriter, r *http.Request) { s.adminDocument(w, r, k) })
		r.Post(path+"/{number}/post", s.adminDo("posted", func(ctx context.Context, number string) error { return s.postOne(ctx, k, number) }))
	}
	r.Get("/receipts", s.adminRows(`SELECT DOCNUMBR, CUSTNMBR, BACHNUMB, DOCDATE, ORTRXAMT, CURNCYID, CHEKBKID, TRXDSCRN, 0 AS VOIDSTTS, '' AS TRXSORCE FROM RM10201
		UNION ALL SELECT DOCNUMBR, CUSTNMBR, BACHNUMB, DOCDATE, ORTRXAMT, CURNCYID, CHEKBKID, TRXDSCRN, VOIDSTTS, TRXSORCE FROM RM20101 WHERE RMDTYPAL = 9 ORDER BY DOCNUMBR`))
	r.Get("/receivables", s.adminRows(`SELECT RMDTYPAL, DOCNUMBR, CUSTNMBR, DOCDATE, ORTRXAMT, CURTRXAM, CURNCYID, VOIDSTTS, TRXSORCE FROM RM20101 ORDER BY DOCNUMBR`))
	r.Get("/journals", s.adminRows(`SELECT h.JRNENTRY, h.TRXDATE, h.BACHNUMB, h.REFRENCE, h.SOURCDOC, h.TRXSORCE, l.SQNCLINE, l.ACTNUMST, l.DEBITAMT, l.CRDTAMNT, l.DSCRIPTN
		FROM (SELECT JRNENTRY, TRXDATE, BACHNUMB, REFRENCE, SOURCDOC, '' AS TRXSORCE FROM GL10000
			UNION ALL SELECT JRNENTRY, TRXDATE, BACHNUMB, REFRENCE, SOURCDOC, TRXSORCE FROM GL20000) h
		JOIN (SELECT JRNENTRY, SQNCLINE, ACTNUMST, DEBITAMT, CRDTAMNT, DSCRIPTN FROM GL10001
			UNION ALL SELECT JRNENTRY, SQNCLINE, ACTNUMST, DEBITAMT, CRDTAMNT, DSCRIPTN FROM GL20001) l ON l.JRNENTRY = h.JRNENTRY ORDER BY h.JRNENTRY, l.SQNCLINE`))
	r.Get("/batches", s.adminBatches)
	r.Post("/batches/{number}/post", func(w http.ResponseWriter, r *http.Request) {
		source := r.URL.Query().Get("source")
		orDefault(&source, salesBatches)
		s.adminDo("posted", func(ctx context.Context, id string) error { return s.PostBatch(ctx, source, id) })(w, r)
	})
	r.Get("/periods", func(w http.ResponseWriter, r *http.Request) {
		periods, err := s.Periods(context.WithoutCancel(r.Context()))
		s.reply(w, r, periods, err)
	})
	r.Put("/periods", s.adminSetPeriods)
}

// replyOrRefuse writes v, or why GP doesn't do it as 409 with all reasons.
func (s *Server) replyOrRefuse(w http.ResponseWriter, r *http.Request, v any, err error) {
	var refused *validationError
	if !errors.As(err, &refused) {
		s.reply(w, r, v, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusConflict)
	if err := json.NewEncoder(w).Encode(map[string]any{"errors": refused.violations}); err != nil {
		s.log.DebugContext(r.Context(), "answer not delivered", "error", err)
	}
}

// body reads JSON into v, and answers 400 when it isn't.
func body(w http.ResponseWriter, r *http.Request, v any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxMessage))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

// adminDo is an action on what the path names.
func (s *Server) adminDo(done string, act func(ctx context.Context, number string) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		number := strings.ToUpper(chi.URLParam(r, "number"))
		s.replyOrRefuse(w, r, map[string]string{done: number}, act(context.WithoutCancel(r.Context()), number))
	}
}

func (s *Server) adminEnterOrder(w http.ResponseWriter, r *http.Request) {
	var p PhoneOrder
	if !body(w, r, &p) {
		return
	}
	number, err := s.EnterOrder(context.WithoutCancel(r.Context()), p)
	s.replyOrRefuse(w, r, map[string]string{"SOPNUMBE": number}, err)
}

func (s *Server) adminFulfil(w http.ResponseWriter, r *http.Request) {
	var f Fulfilment
	if !body(w, r, &f) {
		return
	}
	invoice, err := s.FulfilOrder(context.WithoutCancel(r.Context()), chi.URLParam(r, "number"), f)
	s.replyOrRefuse(w, r, map[string]string{"invoice": invoice}, err)
}

func (s *Server) adminDocument(w http.ResponseWriter, r *http.Request, k *documentKind) {
	list, err := s.documents(context.WithoutCancel(r.Context()), k)
	for _, o := range list {
		if strings.EqualFold(o.Number, chi.URLParam(r, "number")) {
			s.reply(w, r, o, err)
			return
		}
	}
	if err != nil {
		s.reply(w, r, nil, err)
		return
	}
	http.NotFound(w, r)
}

func (s *Server) adminSetPeriods(w http.ResponseWriter, r *http.Request) {
	var closed map[string]bool
	if !body(w, r, &closed) {
		return
	}
	ctx := context.WithoutCancel(r.Context())
	err := s.SetPeriods(ctx, closed)
	if err != nil {
		s.replyOrRefuse(w, r, nil, err)
		return
	}
	periods, err := s.Periods(ctx)
	s.reply(w, r, periods, err)
}

// Batch is a batch, and why it didn't post.
type Batch struct {
	Source string          `json:"BCHSOURC"`
	ID     string          `json:"BACHNUMB"`
	Status int             `json:"BCHSTTUS"`
	State  string          `json:"state"`
	Count  int             `json:"NUMOFTRX"`
	Total  decimal.Decimal `json:"BCHTOTAL"`
	Errors []string        `json:"errors,omitempty"`
}

// Batches are all batches by source and id.
func (s *Server) Batches(ctx context.Context) ([]Batch, error) {
	list := []Batch{}
	err := s.store.read(ctx, func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT BCHSOURC, BACHNUMB, BCHSTTUS, NUMOFTRX, BCHTOTAL FROM SY00500 ORDER BY BCHSOURC, BACHNUMB`)
		if err != nil {
			return fmt.Errorf("read batches: %w", err)
		}
		defer rows.Close() //nolint:errcheck // rows.Err tells
		for rows.Next() {
			var b Batch
			if err := rows.Scan(&b.Source, &b.ID, &b.Status, &b.Count, &b.Total); err != nil {
				return fmt.Errorf("read batches: %w", err)
			}
			b.State = batchStatus(b.Status)
			list = append(list, b)
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("read batches: %w", err)
		}
		for i, b := range list {
			if list[i].Errors, err = texts(ctx, q, `SELECT DOCNUMBR || ': ' || message FROM posting_errors WHERE BCHSOURC = ? AND BACHNUMB = ? ORDER BY 1`,
				b.Source, b.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

func (s *Server) adminBatches(w http.ResponseWriter, r *http.Request) {
	list, err := s.Batches(context.WithoutCancel(r.Context()))
	s.reply(w, r, list, err)
}

// adminRows answers with a query's rows by their columns.
func (s *Server) adminRows(query string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		list := []map[string]any{}
		ctx := context.WithoutCancel(r.Context())
		err := s.store.read(ctx, func(q querier) error {
			rows, err := q.QueryContext(ctx, query)
			if err != nil {
				return fmt.Errorf("read %s: %w", r.URL.Path, err)
			}
			defer rows.Close() //nolint:errcheck // rows.Err tells
			columns, err := rows.Columns()
			if err != nil {
				return fmt.Errorf("read %s: %w", r.URL.Path, err)
			}
			for rows.Next() {
				values := make([]any, len(columns))
				into := make([]any, len(columns))
				for i := range values {
					into[i] = &values[i]
				}
				if err := rows.Scan(into...); err != nil {
					return fmt.Errorf("read %s: %w", r.URL.Path, err)
				}
				row := map[string]any{}
				for i, c := range columns {
					row[c] = values[i]
				}
				list = append(list, row)
			}
			return rows.Err()
		})
		s.reply(w, r, list, err)
	}
}
