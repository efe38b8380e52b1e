package gp

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
)

const index = `Dynamics GP sandbox: the legacy SOAP 1.1 endpoint of the GP web services.

POST  /DynamicsGPWebServices/DynamicsGPService.asmx          every operation
POST  /Dynamics/GPService/{SOPService,CustomerService,InventoryService,GLService}.svc
POST  /Dynamics/GP/WebServices/{SalesOrderService,CustomerService,InventoryService,GLService}.svc
      /Dynamics/GPService/GPService                          native endpoint: 415

GET    /_sandbox/orders                   orders with lines and totals
GET    /_sandbox/orders/{SOPNUMBE}
GET    /_sandbox/customers
GET    /_sandbox/calls                    how often each operation was called
POST   /_sandbox/items                    add or patch an item: {"ITEMNMBR": "MUG", "OnHand": {"WAREHOUSE": "5"}}
DELETE /_sandbox/items/{ITEMNMBR}
POST   /_sandbox/items/{ITEMNMBR}         patch an item: {"OnHand": {"WAREHOUSE": "5"}, "price": "9.50", "discontinued": true}
POST   /_sandbox/items/generate           {"count": 100000, "sites": ["WAREHOUSE", "STORE"]}
POST   /_sandbox/receive                  {"item": "MUG", "site": "WAREHOUSE", "quantity": "12"}
POST   /_sandbox/stock                    many at once: {"set": [{"item": "MUG", "site": "STORE", "onHand": "3"}], "random": 0}
POST   /_sandbox/customers                {"id": "C1", "name": "Ada", "address": {"line1": "1 Oak St"}}
POST   /_sandbox/customers/{CUSTNMBR}     {"hold": true, "terms": "Net 30", "email": "ada@example.com", "address": {"city": "Salem"}}
GET    /_sandbox/stamps                   PUT {"lateCommits": "300ms", "changedKeys": false}
POST   /_sandbox/batches/{BACHNUMB}/status  {"status": 1}: posting; 0: available
       /_sandbox/faults                   fault injection, when it is wired
`

func (s *Server) adminRoutes() http.Handler {
	r := chi.NewRouter()
	r.Get("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = fmt.Fprint(w, index+documentsIndex)
	})
	r.Route("/_sandbox", func(r chi.Router) {
		r.Get("/orders", s.adminOrders)
		r.Get("/orders/{number}", s.adminOrder)
		r.Get("/customers", s.adminCustomers)
		r.Get("/calls", s.adminCalls)
		r.Post("/items", s.adminPutItem)
		r.Delete("/items/{number}", s.adminDeleteItem)
		s.masterRoutes(r)
		r.Post("/batches/{id}/status", s.adminBatchStatus)
		s.documentRoutes(r)
		if s.cfg.Admin != nil {
			r.Handle("/faults", s.cfg.Admin)
			r.Handle("/faults/*", s.cfg.Admin)
		}
	})
	return r
}

// reply writes v as JSON, or the error as 500.
func (s *Server) reply(w http.ResponseWriter, r *http.Request, v any, err error) {
	if err != nil {
		s.log.ErrorContext(r.Context(), "admin request failed", "path", r.URL.Path, "error", err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		s.log.DebugContext(r.Context(), "answer not delivered", "error", err)
	}
}

func (s *Server) adminOrders(w http.ResponseWriter, r *http.Request) {
	list, err := s.Orders(context.WithoutCancel(r.Context()))
	s.reply(w, r, list, err)
}

func (s *Server) adminOrder(w http.ResponseWriter, r *http.Request) {
	list, err := s.Orders(context.WithoutCancel(r.Context()))
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

// adminCustomer is a customer in the admin list.
type adminCustomer struct {
	ID           string `json:"CUSTNMBR"`
	Name         string `json:"CUSTNAME"`
	Hold         bool   `json:"HOLD"`
	Inactive     bool   `json:"INACTIVE"`
	Created      string `json:"CREATDDT"`
	LastModified string `json:"DEX_ROW_TS"`
	Addresses    int    `json:"addresses"`
}

func (s *Server) adminCustomers(w http.ResponseWriter, r *http.Request) {
	ctx := context.WithoutCancel(r.Context())
	list := []adminCustomer{}
	err := s.store.read(ctx, func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT CUSTNMBR, CUSTNAME, HOLD, INACTIVE, CREATDDT, DEX_ROW_TS,
			(SELECT count(*) FROM RM00102 a WHERE a.CUSTNMBR = c.CUSTNMBR) FROM RM00101 c ORDER BY CUSTNMBR`)
		if err != nil {
			return fmt.Errorf("read customers: %w", err)
		}
		defer rows.Close() //nolint:errcheck // rows.Err tells
		for rows.Next() {
			var c adminCustomer
			if err := rows.Scan(&c.ID, &c.Name, &c.Hold, &c.Inactive, &c.Created, &c.LastModified, &c.Addresses); err != nil {
				return fmt.Errorf("read customers: %w", err)
			}
			list = append(list, c)
		}
		return rows.Err()
	})
	s.reply(w, r, list, err)
}

func (s *Server) adminCalls(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	counts := map[string]map[string]int{}
	for op, outcomes := range s.counts {
		counts[op] = map[string]int{}
		for k, n := range outcomes {
			counts[op][k] = n
		}
	}
	s.mu.Unlock()
	s.reply(w, r, counts, nil)
}

// adminPutItem adds an item, or changes the fields that the body names.
func (s *Server) adminPutItem(w http.ResponseWriter, r *http.Request) {
	ctx := context.WithoutCancel(r.Context())
	var body json.RawMessage
	var sent Item
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxMessage)).Decode(&body)
	if err == nil {
		err = json.Unmarshal(body, &sent)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if sent.ItemNumber == "" {
		http.Error(w, "ITEMNMBR is required", http.StatusBadRequest)
		return
	}
	var it Item
	err = s.store.write(ctx, func(q querier) error {
		var err error
		if it, _, err = loadItem(ctx, q, sent.ItemNumber); err != nil {
			return err
		}
		if err := json.Unmarshal(body, &it); err != nil {
			return fmt.Errorf("patch item: %w", err)
		}
		return s.saveItem(ctx, q, it)
	})
	s.reply(w, r, it.withDefaults(), err)
}

func (s *Server) adminDeleteItem(w http.ResponseWriter, r *http.Request) {
	ctx := context.WithoutCancel(r.Context())
	err := s.store.write(ctx, func(q querier) error {
		for _, t := range []string{"IV00108", "IV00107", "IV00102", "IV00101"} {
			if _, err := q.ExecContext(ctx, "DELETE FROM "+t+" WHERE ITEMNMBR = ?", chi.URLParam(r, "number")); err != nil {
				return fmt.Errorf("delete item: %w", err)
			}
		}
		return nil
	})
	s.reply(w, r, map[string]string{"deleted": chi.URLParam(r, "number")}, err)
}

// adminBatchStatus sets SY00500.BCHSTTUS of a sales batch, or of the source
// that the query names; the batch is made when it isn't there.
func (s *Server) adminBatchStatus(w http.ResponseWriter, r *http.Request) {
	ctx := context.WithoutCancel(r.Context())
	var body struct{ Status int }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxMessage)).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	source := r.URL.Query().Get("source")
	orDefault(&source, salesBatches)
	err := s.store.write(ctx, func(q querier) error {
		_, err := q.ExecContext(ctx, `INSERT INTO SY00500 (BCHSOURC, BACHNUMB, BCHSTTUS, CREATDDT) VALUES (?, ?, ?, ?)
			ON CONFLICT (BCHSOURC, BACHNUMB) DO UPDATE SET BCHSTTUS = excluded.BCHSTTUS`,
			source, strings.ToUpper(chi.URLParam(r, "id")), body.Status, rowStamp(s.cfg.Now().UTC()).Format(datetimeLayout))
		return err
	})
	s.reply(w, r, map[string]string{"status": strconv.Itoa(body.Status)}, err)
}
